"""Calls in covered and uncovered hours, before and after, here and in other cities: a doubly robust triple difference.

Estimand: the intention-to-treat effect of scheduled team hours on the outcome of a call received in a covered hour of
the treated city (ATT), less any effect on calls received in its uncovered hours, on the scale of a difference of means,
over the covariate mix of the covered hours' calls.

Needs: calls of comparison cities with the same outcome; that without the programme the outcome of covered hours would
have moved relative to that of uncovered hours, among calls with the same covariates, as it did in the comparison
cities, up to the spread measured between them (check: pre_period, placebo_dates, placebo_cities, leave_one_out);
outcomes of calls that the team cannot touch and that did not move (check: exclusion); calls that are not held for the
team (check: holding); eligibility and covariates known before dispatch; a mix of calls within each class of hours that
does not change at the start, or changes in the covariates alone.

Estimator: the target is the calls of the treated city's covered hours. Each other class g of hours of a city is held
against it by the doubly robust difference-in-differences of repeated cross-sections DRDID(target, g): per group and
side of the start an outcome line in the covariates, averaged over the target's calls of both sides, and the residuals
of g weighted to the target's mix by the odds of a logit. c_j = −DRDID(target, j covered) and u_j = −DRDID(target, j
uncovered) are every city's changes at that mix, up to the target's own (c_0 = 0); θ_j = c_j − u_j. Then
covered_hours = c_0 − mean c_j, uncovered_hours = u_0 − mean u_j, and triple_difference = θ_0 − mean θ_j, their
difference exactly. That is the mean over comparison cities, each counting once, of the triple differences
DRDID(target, treated uncovered) + DRDID(target, j covered) − DRDID(target, j uncovered): a sum of comparisons at one
mix, not the difference of two comparisons at mixes of their own. Without covariates all of it is differences of means.

Inference: the influence functions of c_j, u_j and θ_j, summed by week and less the comparison cities' mean, are weekly
series of errors. A step at the start is fitted to each with AR(1) plus white-noise errors by restricted maximum
likelihood, which gives its variance v_j and Satterthwaite degrees of freedom; then τ² and the prediction interval
d ± t(df) √(v_0 + τ²(1 + 1/m)) of did_prediction_interval. Inference "cluster" sums influence by week, t(G − 1), and
takes no account of how far cities drift apart.

Breaks: where the programme moves calls in uncovered hours too. If it moves them the same way as those in covered hours,
and by no more, the triple difference is a lower bound of the size of the effect in covered hours, and the region from
it to covered_hours holds that effect if nothing else moved uncovered hours here; if it moves them the other way, the
triple difference overstates. Fewer than three comparison cities: inference "cluster" alone is left. Schedules drawn by
lot need none of this: take SwitchbackDesign and switchback_randomization.

Reference: Ortiz-Villavicencio & Sant'Anna 2025, doi:10.48550/arXiv.2505.09942; Sant'Anna & Zhao 2020,
doi:10.1016/j.jeconom.2020.06.003; Caron 2025, doi:10.48550/arXiv.2502.19620; Higgins, Thompson & Spiegelhalter 2009,
doi:10.1111/j.1467-985X.2008.00552.x. Each 2 × 2 comparison is checked against DRDID 1.2.3, their sum by hand, against
the saturated regression and against simulated truth: no outside program computes it for one treated city.

Say: On calls received in the hours the team covers in {city}, {outcome} changed by {triple_difference} relative to
other hours and to the comparison cities ({interval}).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference as tests
from coresponder_causal.core.domain import measured_table
from coresponder_causal.core.drdid import Method
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.prediction import Prediction, predict_effects
from coresponder_causal.core.prediction_facts import facts_of_spread
from coresponder_causal.core.prediction_tables import city_table
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.triple import Changes
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.coverage_changes import (
    calls_with_outcome,
    changes_of,
    cities_of,
    estimand_of_calls,
    refuse_few,
)

Array = NDArray[np.float64]
weeks_in_point = 4
terms = {"triple_difference": (-1.0, 1.0), "covered_hours": (0.0, 1.0), "uncovered_hours": (1.0, 0.0)}


class _Term(NamedTuple):
    """A contrast of uncovered and covered hours with its error, and the spread between cities where it was measured."""

    effect: float
    variance: float
    df: float
    across: Prediction | None


@estimator(
    design=CoverageDesign,
    contrasts=("ITT of coverage",),
    reference="Ortiz-Villavicencio & Sant'Anna 2025; Higgins, Thompson & Spiegelhalter 2009",
    checked_against="DRDID 1.2.3 (its parts), worked by hand and simulated truth",
    setting="hour_calls",
)
def did_triple(
    d: CoverageDesign,
    *,
    method: Method = "dr",
    inference: Literal["auto", "prediction", "cluster"] = "auto",
) -> Result:
    """Triple difference of calls: covered against uncovered hours, before and after, across cities.

    Parameters
    ----------
    d : CoverageDesign
        Formed of calls, with an outcome per call: a number, or yes and no.
    method : {"dr", "dr_improved", "ipw", "reg"}
        How each comparison adjusts for the design's covariates; see `cross_section_effect`.
    inference : {"auto", "prediction", "cluster"}
        The prediction interval, which ``"auto"`` takes; or clusters by week.

    Returns
    -------
    Result
        Terms ``triple_difference``, ``covered_hours`` and ``uncovered_hours``, in units of the outcome; ``extra`` holds
        the region ``bound_low`` to ``bound_high`` from the triple difference to the change in covered hours.

    Raises
    ------
    DesignError
        If the design holds counts alone, or the outcome is no number per call.
    EstimationError
        If fewer than three comparison cities bring calls and clusters are not asked for; or a class of hours lacks
        calls or overlap.

    References
    ----------
    Ortiz-Villavicencio & Sant'Anna (2025), Better understanding triple differences estimators, arXiv:2505.09942.

    Examples
    --------
    >>> from coresponder_causal.simulate import WorldConfig, world
    >>> w = world("west_sac_like", seed=3, config=WorldConfig(n_comparison=5))
    >>> calls = w.tables["calls"]
    >>> asked = {"outcome": "arrest", "start": "2020-07-15", "exposure": "calls"}
    >>> d = CoverageDesign.from_tables(calls, w.tables["schedule"], **asked)
    >>> did_triple(d).terms["term"].tolist()
    ['triple_difference', 'covered_hours', 'uncovered_hours']
    """
    calls = calls_with_outcome(d, "did_triple")
    cities = cities_of(d, calls)
    place = pd.Index(cities).get_indexer(pd.Index(calls["city"])).astype(np.int64)
    refuse_few(len(cities) - 1, predicted=inference != "cluster")
    found = changes_of(d, calls, method=method)
    if found.trimmed:
        note(f"{found.trimmed} calls count nothing: their like is hardly seen outside the covered hours")
    by_term = {name: _term(found, np.array(weights), inference) for name, weights in terms.items()}
    _say(by_term, d)
    return _result(d, calls, cities, place, found, by_term)


def _term(found: Changes, weights: Array, inference: str) -> _Term:
    """Contrast of the treated city's classes of hours against that of the comparison cities."""
    effects, errors = found.change @ weights, found.errors @ weights
    if inference != "cluster":
        across = predict_effects(effects, errors, found.after, found.week.astype(float))
        return _Term(across.effect, across.variance, across.df, across)
    weeks = len(found.week)
    spans = np.where(found.after, found.after.sum(), (~found.after).sum())
    shares = (errors[:, 0] - errors[:, 1:].mean(axis=1)) / spans
    variance = weeks / (weeks - 1) * float(shares @ shares)
    return _Term(float(effects[0] - effects[1:].mean()), variance, float(weeks - 1), None)


def _say(by_term: dict[str, _Term], d: CoverageDesign) -> None:
    """Say what the triple difference is if the programme moved the uncovered hours too, and what clusters leave out."""
    triple, covered, uncovered = (term.effect for term in by_term.values())
    if triple * uncovered > 0:
        note(
            f"uncovered hours moved by {uncovered:+.3g}, the same way as the triple difference, {triple:+.3g}: if the "
            "programme did that, its effect in covered hours is at least as large as the triple difference, and up to "
            f"{covered:+.3g} if it did all of that"
        )
    else:
        note(
            f"uncovered hours moved by {uncovered:+.3g}, the other way than the triple difference, {triple:+.3g}: if "
            f"the programme did all of that, its effect in covered hours is {covered:+.3g}, not the triple difference"
        )
    if by_term["triple_difference"].across is None:
        doubt(f"clusters by week know nothing of how far cities drift apart{_clusters_measured()}")
    if not d.onset.is_step:
        doubt("the dose of single months is not used: every call from the start on counts as one at full dose")
    if not d.covariates:
        note("no covariates: differences of means, which take the mix of calls in each class of hours to be stable")


def _clusters_measured() -> str:
    """Say how often clusters by week rejected where nothing had happened, where that was measured."""
    table = measured_table()
    rows = table[(table["method"] == "triple_week_clusters") & (table["effect"] == 0)]
    if rows.empty:
        return ""
    low, high = (100 * rows["rejection"].min(), 100 * rows["rejection"].max())
    span = f"{low:.0f} to {high:.0f}" if round(low) < round(high) else f"{high:.0f}"
    return f"; measured: a 5 % test rejected {span} % of the time where nothing had happened"


def _result(
    d: CoverageDesign,
    calls: pd.DataFrame,
    cities: list[str],
    place: NDArray[np.int64],
    found: Changes,
    by_term: dict[str, _Term],
) -> Result:
    headline, names = by_term["triple_difference"], list(by_term)
    y = calls[str(d.outcome)].to_numpy(float)
    mine = place == 0
    weeks = len(found.week)
    spread: dict[str, object] = {"interval": f"t({weeks - 1}), clusters: week", "m": len(cities) - 1}
    table = None
    if headline.across is not None:
        spread = _standardised(facts_of_spread(headline.across), float(y.std()))
        table = city_table(headline.across, cities, np.bincount(place).astype(float))
    about: dict[str, object] = {
        "city": d.treated,
        "start": d.start,
        "hours_covered": int(d.covered.sum()),
        "calls": int(mine.sum()),
        "mean_calls": float(mine.sum() / calls["month"].nunique()),
        "adjustment": "covariates" if d.covariates else "no covariates",
        "outcome_unit": f"{str(d.outcome).replace('_', ' ')} per call",
        "yes_or_no": bool(np.isin(y, [0.0, 1.0]).all()),
        "bound_low": min(by_term[name].effect for name in names[:2]),
        "bound_high": max(by_term[name].effect for name in names[:2]),
    }
    variances = [term.variance for term in by_term.values()]
    return Result(
        method="did_triple",
        estimand=estimand_of_calls(d, calls),
        terms=pd.DataFrame({"term": names}),
        estimate=np.array([term.effect for term in by_term.values()]),
        vcov=np.where(np.eye(len(names)) == 1, variances, np.nan),
        df=np.array([term.df for term in by_term.values()]),
        scale="difference",
        support=_support(d, calls, yes_or_no=bool(about["yes_or_no"])),
        path=_path(calls[mine], found, headline),
        cities=table,
        n_obs=len(calls),
        n_units=len(cities),
        extra=Facts(about | spread),
    )


def _standardised(spread: dict[str, object], deviation: float) -> dict[str, object]:
    """Facts with the limits of τ in standard deviations of the outcome."""
    return spread | {f"tau_{side}": spread[f"tau_{side}"] / deviation for side in ("lower", "upper")}  # type: ignore[operator]


def _support(d: CoverageDesign, calls: pd.DataFrame, *, yes_or_no: bool) -> pd.DataFrame:
    """Count calls of all cities behind each term, their persons and their events."""
    covered = calls["covered"].to_numpy(bool)
    parts = [calls, calls[covered], calls[~covered]]
    return pd.DataFrame(
        {
            "term": list(terms),
            "persons": [part[d.person].nunique() if d.person else np.nan for part in parts],
            "events": [float(part[str(d.outcome)].sum()) if yes_or_no else np.nan for part in parts],
            "units": [len(part) for part in parts],
        }
    )


def _path(mine: pd.DataFrame, found: Changes, headline: _Term) -> pd.DataFrame:
    """Triple difference over spans of four weeks, each weighing calls as the estimate does; 0 is the time before.

    The mean after the start is the estimate. The band is where that mean would lie nineteen times in twenty without the
    programme; single points scatter more widely.
    """
    weights = np.array(terms["triple_difference"])
    errors = found.errors @ weights
    observed = errors[:, 0] - errors[:, 1:].mean(axis=1) + np.where(found.after, headline.effect, 0.0)
    span = found.week // weeks_in_point
    points = (
        pd.DataFrame({"observed": observed, "after": found.after})
        .groupby(span)
        .agg({"observed": "mean", "after": "max"})
    )
    begin = (mine["received_at"] - pd.to_timedelta(mine["day"], unit="D")).dt.normalize().min()
    half = float(tests.critical(headline.df)) * np.sqrt(headline.variance)
    within = np.where(points["after"], half, np.nan)
    counted = mine.groupby(mine["week"] // weeks_in_point).size()
    return pd.DataFrame(
        {
            "time": (begin + pd.to_timedelta(7 * weeks_in_point * points.index, unit="D")).strftime("%Y-%m-%d"),
            "observed": points["observed"].to_numpy(),
            "counterfactual": np.zeros(len(points)),
            "low": -within,
            "high": within,
            "events": counted.reindex(points.index, fill_value=0).to_numpy(float),
            "dose": points["after"].to_numpy(float),
        }
    )
