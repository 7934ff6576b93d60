"""How often a plan's decision rule would reach each verdict if the truth were known, before any outcome is compared.

Law. Each design d of a primary outcome estimates the log ratio θ_d with error N(0, Σ); its standard error is estimated
with df_d degrees of freedom. Σ comes from the months before the start: the noise of counts, and how far cities drift
apart (`detectable`). The comparison of cities and the city's own course share that course's noise; covered against
other hours shares none of it, since Cov(log a − log b, log(a + b)) = 0 for independent counts a, b whose variances are
proportional to their means. A change of θ in covered hours alone changes all calls by log(1 + s(e^θ − 1)), s the
covered share of calls. The pre-named check of a design that holds contradicts it in one of twenty studies.

Rule. Over the designs that no check contradicts:

- fewer (more): at least ``designs_needed`` of different assumptions have an interval wholly below (above) no change at
  the first step of Holm, 1 − (1 − level)/m for m primary outcomes, and none the other way;
- else no meaningful effect: the first design's equivalence interval lies within the smallest effect and its inverse;
- else consistent, not established: one such interval, and the others on the same side;
- else uninformative.

Holm's later steps can only find more, so that the chances of the first two are lower limits when m > 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype

from coresponder_causal.core.inference import critical
from coresponder_causal.plan import detectable
from coresponder_causal.plan.before import donors, first_day
from coresponder_causal.plan.detectable import Detectable, Monthly
from coresponder_causal.plan.evaluation_plan import Decision, EvaluationPlan
from coresponder_causal.plan.plan_rules import asked_of, assumptions
from coresponder_causal.plan.study import Study

Array = NDArray[np.float64]
verdicts = ("fewer", "more", "no meaningful effect", "consistent, not established", "uninformative")
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
    """

    table: pd.DataFrame
    designs: pd.DataFrame
    left_out: tuple[str, ...]
    monte_carlo: float


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
    for entry in plan.judged:
        names = asked_of(entry.outcome, plan, study)
        found, share = _known(entry.outcome, names, plan.months_after, study, before)
        judging = [one for one in found if one.design != "hours" or _several_cities(before)]
        known += [{"outcome": entry.label, "judges": one in judging} | _described(one) for one in found]
        left += [f"{entry.label}, {said}" for said in _aside(names, found, judging)]
        if len({assumptions[one.design] for one in judging}) < plan.decision.designs_needed:
            left.append(f"{entry.label}: too few designs whose precision is known ahead for a chance of verdicts.")
            continue
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
    return Operating(table=table, designs=pd.DataFrame(known, columns=columns), left_out=tuple(left), monte_carlo=error)


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
    holds = rng.random(estimates.shape) >= false_alarm
    families = [assumptions[one.design] for one in found]
    reached = judge(estimates, spread, df, holds, families, rule, outcomes)
    return {name: float(np.mean(reached == place)) for place, name in enumerate(verdicts)}


def _covariance(found: list[Detectable]) -> Array:
    """Covariance of the designs' estimates: cities and series share the noise of the city's own course."""
    errors = {one.design: one.error for one in found}
    matrix = np.diag([one.error**2 for one in found])
    if {"cities", "series"} <= errors.keys():
        i, j = (list(errors).index(name) for name in ("cities", "series"))
        matrix[i, j] = matrix[j, i] = min(errors["series"], errors["cities"]) ** 2
    return np.asarray(matrix, float)


def judge(
    estimates: Array,
    std_errors: Array,
    df: Array,
    holds: NDArray[np.bool_],
    families: list[str],
    rule: Decision,
    outcomes: int,
) -> NDArray[np.int_]:
    """Apply the decision rule to studies.

    Parameters
    ----------
    estimates, std_errors : ndarray, shape (n, d)
        Log ratios of n studies by d designs, in the plan's order.
    df : ndarray, shape (d,)
    holds : ndarray of bool, shape (n, d)
        Whether the pre-named check leaves a design standing.
    families : list of str
        What each design rests on; those that rest on the same count once.
    rule : Decision
    outcomes : int
        Primary outcomes with a verdict.

    Returns
    -------
    ndarray of int, shape (n,)
        Place in `verdicts`.

    Examples
    --------
    >>> rule = Decision(smallest_effect=0.85, designs_needed=2, true_changes=(0.0,), if_fewer="", if_more="",
    ...     if_no_meaningful_effect="", if_consistent="", if_uninformative="")
    >>> se, df, yes = np.full((4, 2), 0.05), np.full(2, 30.0), np.ones((4, 2), bool)
    >>> log_ratios = np.array([[-0.3, -0.3], [-0.3, -0.05], [0.01, 0.0], [-0.11, 0.1]])
    >>> [verdicts[i] for i in judge(log_ratios, se, df, yes, ["a", "b"], rule, 1)]
    ['fewer', 'consistent, not established', 'no meaningful effect', 'uninformative']
    """
    cut = critical(df, 1 - (1 - rule.level) / outcomes)
    down, up = ((sign * estimates > cut * std_errors) & holds for sign in (-1, 1))
    fewer, more = (_many(side, families) for side in (down, up))
    first = np.argmax(holds, axis=1)[:, None]
    reach = np.abs(estimates) + critical(df, rule.equivalence_level) * std_errors
    within = holds.any(axis=1) & (np.take_along_axis(reach, first, 1)[:, 0] < -np.log(rule.smallest_effect))
    same_way = (estimates < 0).sum(1, where=holds), (estimates > 0).sum(1, where=holds)
    alone = ((fewer > 0) & (same_way[1] == 0)) | ((more > 0) & (same_way[0] == 0))
    needed = rule.designs_needed
    conditions = [(fewer >= needed) & (more == 0), (more >= needed) & (fewer == 0), within, alone]
    return np.asarray(np.select(conditions, range(len(conditions)), len(conditions)))


def _many(found: NDArray[np.bool_], families: list[str]) -> NDArray[np.int_]:
    """Count the different assumptions under which something was found, by study."""
    kinds = [[i for i, family in enumerate(families) if family == kind] for kind in dict.fromkeys(families)]
    return np.asarray(sum(found[:, places].any(axis=1).astype(int) for places in kinds))
