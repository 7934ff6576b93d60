"""How often a plan's decision rule would reach each verdict if the truth were known, before any outcome is compared.

Law. Each design d of a primary outcome estimates the log ratio θ_d with error N(0, Σ); its standard error is estimated
with df_d degrees of freedom. Σ comes from the months before the start: the noise of counts, and how far cities drift
apart (`detectable`). The comparison of cities and the city's own course share that course's noise; covered against
other hours shares none of it, since Cov(log a − log b, log(a + b)) = 0 for independent counts a, b whose variances are
proportional to their means. A change of θ in covered hours alone changes all calls by log(1 + s(e^θ − 1)), s the
covered share of calls. The pre-named checks of designs that hold contradict any of them in one of twenty studies.

Rule. That of `decide.rule`, by Holm's first step, 1 − (1 − level)/m for m primary outcomes: later steps can only find
more, so that the chances of the first two verdicts are lower limits when m > 1. The comparison of cities and the city's
own course start from the same months, and count once. An outcome that the responders themselves record counts once,
whatever the designs, as long as nothing shows that recording stayed as it was: the chances are those before that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype

from coresponder_causal.decide.assumptions import apart, recording_of
from coresponder_causal.decide.rule import judge, verdicts
from coresponder_causal.plan import detectable
from coresponder_causal.plan.before import donors, first_day
from coresponder_causal.plan.detectable import Detectable, Monthly
from coresponder_causal.plan.evaluation_plan import Decision, EvaluationPlan, Primary
from coresponder_causal.plan.plan_rules import asked_of, assumptions, families
from coresponder_causal.plan.study import Study

Array = NDArray[np.float64]
draws, false_alarm = 20_000, 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operating:
    """Operating characteristics of a decision rule.

    Parameters
    ----------
    table : DataFrame
        One row per primary outcome and true change: ``outcome, change`` (percent, in covered hours), ``change_of_all``
        (percent of all calls), and the probability of each verdict.
    designs : DataFrame
        ``outcome, design, assumption, std_error`` (log scale), ``df, found`` (fall in percent that it finds four times
        in five), ``judges`` (whether it takes part in the verdict), ``assumes``.
    left_out : tuple of str
        Designs and outcomes without operating characteristics, and why.
    monte_carlo : float
        Largest Monte-Carlo standard error of the probabilities.
    conditions : tuple of str
        On what the chances of an outcome depend besides.
    """

    table: pd.DataFrame
    designs: pd.DataFrame
    left_out: tuple[str, ...]
    monte_carlo: float
    conditions: tuple[str, ...] = ()


def operating_characteristics(
    plan: EvaluationPlan, study: Study, before: Mapping[str, pd.DataFrame], *, seed: int = 1
) -> Operating:
    """Compute the chance of each verdict under the true changes that a plan names.

    Parameters
    ----------
    plan : EvaluationPlan
    study : Study
    before : mapping of DataFrame
        Validated tables with the rows from before the start alone, as `read_before` gives them.
    seed : int
        The same seed gives the same table.

    Returns
    -------
    Operating
    """
    rows, known, left = [], [], []
    conditions: list[str] = []
    for entry in plan.judged:
        names = asked_of(entry.outcome, plan, study)
        found, share = _known(entry.outcome, names, plan.months_after, study, before)
        judging = [one for one in found if one.design != "hours" or _several_cities(before)]
        known += [{"outcome": entry.label, "judges": one in judging} | _described(one) for one in found]
        left += [f"{entry.label}, {said}" for said in _aside(names, found, judging)]
        if len({assumptions[one.design] for one in judging}) < plan.decision.designs_needed:
            left.append(f"{entry.label}: too few designs whose precision is known ahead for a chance of verdicts.")
            continue
        conditions += _conditions(entry, judging, plan.decision)
        for change in plan.decision.true_changes:
            truth = float(np.log1p(change / 100))
            all_calls = float(np.log1p(share * np.expm1(truth)))
            rows.append(
                {"outcome": entry.label, "change": change, "change_of_all": 100 * np.expm1(all_calls)}
                | _chances(judging, truth, all_calls, plan.decision, len(plan.judged), seed)
            )
    table = pd.DataFrame(rows, columns=["outcome", "change", "change_of_all", *verdicts])
    chances = table[list(verdicts)].to_numpy(float)
    error = float(np.sqrt(np.max(chances * (1 - chances), initial=0.0) / draws))
    columns = ["outcome", "design", "assumption", "std_error", "df", "found", "judges", "assumes"]
    return Operating(
        table=table,
        designs=pd.DataFrame(known, columns=columns),
        left_out=tuple(left),
        monte_carlo=error,
        conditions=tuple(conditions),
    )


def _conditions(entry: Primary, judging: list[Detectable], rule: Decision) -> Iterator[str]:
    """Say where designs count once, and where the record itself must be shown to have stayed as it was."""
    if rule.designs_needed > 1 and not _apart(judging).any():
        names = " and ".join(one.design for one in judging)
        yield f"{entry.label}: {names} start from the same months and count once, so that it cannot be supported."
    if recording_of(entry.outcome).by_responders:
        yield (
            f"{entry.label}: the responders themselves record it. The chances of fewer and more hold once something "
            "else shows that recording stayed as it was; until then it is at best consistent, not established."
        )


def _several_cities(before: Mapping[str, pd.DataFrame]) -> bool:
    """Whether calls of other cities say how much hours drift apart without a team."""
    calls = before.get("calls", pd.DataFrame())
    return "city" in calls and calls["city"].nunique() > 1


def _aside(names: list[str], found: list[Detectable], judging: list[Detectable]) -> Iterator[str]:
    """Say which designs are not part of the verdict, or not of its chances, and why."""
    known = {one.design for one in found}
    for name in (name for name in names if name not in known):
        yield f"{name}: no standard error is known ahead."
    for one in (one for one in found if one not in judging):
        yield f"{one.design}: without calls of other cities it only describes, and takes no part in the verdict."


def _described(one: Detectable) -> dict[str, object]:
    return {
        "design": one.design,
        "assumption": assumptions[one.design],
        "std_error": one.error,
        "df": one.df,
        "found": one.change,
        "assumes": one.assumes,
    }


def _known(
    outcome: str, names: list[str], months_after: int, study: Study, before: Mapping[str, pd.DataFrame]
) -> tuple[list[Detectable], float]:
    """Designs whose standard error is known from the months before, and the share of calls in covered hours."""
    start, schedule = first_day(study), before.get("schedule", pd.DataFrame())
    if start is None or not _countable(outcome, before):
        return [], 1.0
    counted = detectable.monthly_counts(before, outcome)
    if counted.empty or study.city not in counted:
        return [], 1.0
    seen = counted[[str(study.city), *donors(study, before, months_after)]]
    months = pd.period_range(seen.index.min(), start.to_period("M") + months_after - 1, freq="M", name="month")
    data = Monthly(counts=seen.reindex(months), city=study.city, start=start)
    own = _with(outcome, before.get("calls", pd.DataFrame()))
    planned = len(own) > 0 and len(schedule) > 0
    share = detectable.covered_share(data, own, schedule) if planned else 1.0
    found = []
    for name in names:
        one = None
        if name == "hours" and planned:
            one = detectable.of_hours(data, own, schedule)
        elif name == "cities" and seen.shape[1] > 2:
            one = detectable.of_cities(data)
        elif name == "series":
            one = detectable.of_series(data)
        if one is not None:
            found.append(one)
    return found, share


def _countable(outcome: str, before: Mapping[str, pd.DataFrame]) -> bool:
    """Whether an outcome can be counted by month: a column of the panel, all calls, or a yes-or-no field of calls."""
    if "city_panel" in before:
        return outcome in before["city_panel"]
    calls = before.get("calls", pd.DataFrame())
    return len(calls) > 0 and (outcome == "calls" or (outcome in calls and is_bool_dtype(calls[outcome])))


def _with(outcome: str, calls: pd.DataFrame) -> pd.DataFrame:
    """Return the calls with an outcome; none where the calls do not say."""
    if outcome == "calls":
        return calls
    return calls[calls[outcome].fillna(False).astype(bool)] if outcome in calls else calls.iloc[:0]


def _chances(
    found: list[Detectable], truth: float, all_calls: float, rule: Decision, outcomes: int, seed: int
) -> dict[str, float]:
    """Share of drawn studies that reach each verdict."""
    rng = np.random.default_rng(seed)
    errors, df = np.array([one.error for one in found]), np.array([one.df for one in found])
    means = np.array([truth if one.design == "hours" else all_calls for one in found])
    estimates = rng.multivariate_normal(means, _covariance(found), size=draws)
    spread = errors * np.sqrt(rng.chisquare(df, size=estimates.shape) / df)
    holds = rng.random(estimates.shape) >= false_alarm / len(found)
    reached = judge(estimates, spread, df, holds, _apart(found), rule.rule, outcomes)
    return {name: float(np.mean(reached == place)) for place, name in enumerate(verdicts)}


def _apart(found: list[Detectable]) -> NDArray[np.bool_]:
    """Which pairs of designs count as two, of an outcome whose recording stayed as it was."""
    own = [families[one.design] for one in found]
    one_source = [""] * len(own)
    return apart([f.assumption for f in own], [f.before for f in own], one_source, [False] * len(own))


def _covariance(found: list[Detectable]) -> Array:
    """Covariance of the designs' estimates: cities and series share the noise of the city's own course."""
    errors = {one.design: one.error for one in found}
    matrix = np.diag([one.error**2 for one in found])
    if {"cities", "series"} <= errors.keys():
        i, j = (list(errors).index(name) for name in ("cities", "series"))
        matrix[i, j] = matrix[j, i] = min(errors["series"], errors["cities"]) ** 2
    return np.asarray(matrix, float)
