"""One treated city's change among the changes of others, one number a city, with six ways to judge it.

Estimand: the mean change of the treated city's log rate per full dose from the start on, over what it would have been
without the programme (ATT in one city). It is the effect of everything that changed at that time in this city only.

Needs: comparison cities without a programme of their own, chosen before outcomes are seen (`design.donor_pool`);
changes of cities without one that scatter alike, and as the treated city's would (check: pre_period, placebo_dates,
leave_one_out, placebo_cities); no single period that decides (check: leverage); outcomes the programme cannot touch
that did not move (check: control_outcomes); that no choice carries the finding (check: levels_or_logs,
specification_curve, start_range); neighbours it did not reach (check: spillover); about ten events a period or more.

Estimator: r_jt = log(max(y_jt, .5) / e_jt) in the periods that all cities have; θ_j is the coefficient of D_t in
r_j = const + θ_j D_t + two harmonics by least squares; the gap is d = θ_0 − θ̄, θ̄ the mean of θ_1, …, θ_m, and S²
their variance.

Inference: "lee-wooldridge": d ± t(m − 1) S √(1 + 1/m), exact where changes are normal and alike. "lau-li": the same
with √(ρ² + 1/m), the treated city's standard deviation being ρ times the others'. "conley-taber": the rank of |d| among
the residuals θ_j − θ̄ times √((m + 1)/(m − 1)), the correction for m cities. "ferman-pinto": the same with residuals
rescaled by variances a + b/population. "permutation": the rank among the residuals of every comparison city at every
cyclic shift of its course. "hagemann": the rearrangement test, one-sided at α/2 each way, which allows cities to be
unlike and the treated one to be up to ρ times as volatile as any other. Ranks and rearrangement have a smallest
p-value, p_floor: 1/(m + 1), 1/(m T + 1), and twice the smallest bound. With all of them stand ρ*, the ρ up to which the
finding of "lau-li" survives, and mde80, the effect that the test chosen would find four times in five.

Breaks: when the treated city is the smaller or more volatile one all but "hagemann", "lau-li" with a larger ρ and, for
what population explains, "ferman-pinto" reject too often. "permutation" rejects too often wherever cities drift apart,
because a step at the start is not exchangeable with a shifted course. Ranks among fewer than 19 cities never reach 5 %.
A prediction interval uses each city's own precision as well: did_prediction_interval.

Reference: Donald & Lang 2007, doi:10.1162/rest.89.2.221; Lau & Li 2025, arXiv:2511.05710; Conley & Taber
2011, doi:10.1162/REST_a_00049; Ferman & Pinto 2019, doi:10.1162/rest_a_00759; Hagemann 2025, Review of Economic Studies
92:3968. Checked by hand, against a printed critical value of Lau & Li and the printed number of cities from which
Hagemann's test can reject, and against simulated truth.

Say: In {city}, {outcome} changed by {mean_post} against what the comparison cities' changes let expect ({interval}).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import few_treated
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.headlines import Panels, headlines_of
from coresponder_causal.core.inference import (
    critical,
    minimum_detectable_effect,
    randomization_interval,
    rank_critical,
)
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.prediction import Prediction, gap_matrix, predict, process_facts, ranked
from coresponder_causal.core.prediction_tables import city_table, gap_path
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.design.one_treated import OneTreated, gap_regression, one_treated
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Inference = Literal["lee-wooldridge", "lau-li", "conley-taber", "ferman-pinto", "permutation", "hagemann"]
with_a_ratio = ("lau-li", "hagemann")
largest_ratio = 1.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Judged:
    """How one way of inference judges the gap."""

    std_error: float
    facts: Facts
    placebo: Array | None = None
    crossings: Array | None = None

    def half_width(self, df: float, level: float = 0.95) -> float:
        """Half of the interval's width; infinite below the smallest p-value."""
        if self.placebo is not None:
            return rank_critical(self.placebo, level) * self.std_error
        if self.crossings is not None:
            low, high = randomization_interval(self.crossings, level)
            return (high - low) / 2
        return float(critical(df, level)) * self.std_error


@estimator(
    design=PanelDesign,
    contrasts=("ATT",),
    reference="Donald & Lang 2007",
    checked_against="worked by hand, printed values of Lau & Li 2025, and simulated truth",
)
def did_few_treated(
    d: PanelDesign,
    *,
    inference: Inference = "lee-wooldridge",
    rho: float = 1.0,
    harmonics: Literal[0, 1, 2, 3] = 2,
) -> Result:
    """Difference-in-differences for one treated city from one change a city.

    Parameters
    ----------
    d : PanelDesign
        With exactly one treated unit.
    inference : {"lee-wooldridge", "lau-li", "conley-taber", "ferman-pinto", "permutation", "hagemann"}
        The test and its interval.
    rho : float
        For "lau-li" and "hagemann": the treated city's standard deviation over the others'.
    harmonics : {0, 1, 2, 3}
        Pairs of seasonal terms in each city's change.

    Returns
    -------
    Result
        One term ``mean_post``; ``cities`` holds every city's own change, with the standard error of its errors in
        time. ``extra``: ``rho_star``, ``p_floor``, ``mde80`` and ``error_ratio``, the variance of the treated city's
        errors in time over the mean of the others'.

    Raises
    ------
    DesignError
        Unless exactly one unit is treated, or when periods common to all cities do not span the start.
    EstimationError
        With fewer than two comparison cities; a city without events in more than 5 % of its periods; ``rho`` where
        it is not used or not positive; no exposure for "ferman-pinto".

    References
    ----------
    Donald & Lang (2007), doi:10.1162/rest.89.2.221; Lau & Li (2025), arXiv:2511.05710.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> did_few_treated(d).df.tolist()
    [4.0]
    """
    _refuse_ratio(inference, rho)
    seen = one_treated(d, method="did_few_treated")
    fit = predict(seen.rates, seen.dose, seen.positions, season=d.season, pairs=harmonics)
    changes = few_treated.collapse(seen.rates, fit.matrix)
    judged = _judge(d, seen, changes, fit.matrix, inference, rho)
    gap, df = few_treated.gap(changes), float(len(changes) - 2)
    half_width = judged.half_width(df)
    return Result(
        method="did_few_treated",
        estimand=seen.estimand,
        terms=pd.DataFrame({"term": ["mean_post"]}),
        estimate=np.array([gap]),
        vcov=np.array([[judged.std_error**2]]),
        df=np.array([df]),
        placebo=None if judged.placebo is None else judged.placebo[None, :],
        crossings=None if judged.crossings is None else judged.crossings[None],
        scale="log_ratio",
        support=seen.support,
        path=gap_path(
            fit, seen.rates, seen.after, d.axis.labels(seen.counts.index.to_numpy()), seen.events, half_width
        ),
        cities=city_table(fit, seen.cities, seen.counts.to_numpy().sum(axis=0)).assign(
            effect=changes - changes[1:].mean()
        ),
        n_obs=seen.counts.size,
        n_units=len(seen.cities),
        extra=Facts(
            {"city": seen.cities[0], "start": d.start, "mean_events": float(seen.events.mean()), "harmonics": harmonics}
            | process_facts(fit)
            | {"rho_star": few_treated.breakdown_ratio(changes), "error_ratio": _error_ratio(fit, inference, rho)}
            | {
                "inference": inference,
                "mde80": _detectable(judged, df, half_width),
                "outcome_unit": f"{d.outcome} a {d.period_name[:-1]}",
            }
            | dict(judged.facts)
        ),
    )


@series_behind("did_few_treated")
def _series(result: Result, d: PanelDesign) -> SeriesRegression:
    return gap_regression(d, method=result.method, pairs=int(result.extra.number("harmonics")))


@headlines_of("did_few_treated")
def _many(given: Panels, options: Mapping[str, Any]) -> Array | None:
    if options["inference"] not in ("lee-wooldridge", "lau-li"):
        return None
    matrix = gap_matrix(given.dose, given.positions, season=given.season, pairs=options["harmonics"])
    changes = [few_treated.collapse(panel, matrix) for panel in given.courses]
    found = [(few_treated.gap(each), few_treated.std_error(each, options["rho"]), len(each) - 2) for each in changes]
    return np.array(found, float)


def _refuse_ratio(inference: Inference, rho: float) -> None:
    if not rho > 0 or not np.isfinite(rho):
        raise EstimationError(f"rho={rho!r} is not a ratio of standard deviations", mend="give a positive number")
    if rho != 1 and inference not in with_a_ratio:
        raise EstimationError(
            f"rho={rho:g} has no place in inference='{inference}'", mend=f"ask for one of {', '.join(with_a_ratio)}"
        )


def _judge(
    d: PanelDesign, seen: OneTreated, changes: Array, matrix: Array, inference: Inference, rho: float
) -> _Judged:
    plain, m = few_treated.std_error(changes), len(changes) - 1
    if inference == "hagemann":
        floor = few_treated.rearrangement_floor(m, rho)
        _say_floor(m, rho, floor)
        interval = f"effects that rearrangement does not reject, ρ up to {rho:g}"
        crossings = few_treated.rearrangement_crossings(changes, rho)
        return _Judged(std_error=plain, facts=Facts({"interval": interval, "p_floor": floor}), crossings=crossings)
    if inference in ("lee-wooldridge", "lau-li"):
        facts = Facts({"interval": f"t({m - 1}) of changes, ρ = {rho:g}", "p_floor": 0.0})
        return _Judged(std_error=few_treated.std_error(changes, rho), facts=facts)
    among = "cities"
    if inference == "ferman-pinto":
        plain, placebo = few_treated.rescaled_placebos(changes, _population(d, seen))
    elif inference == "conley-taber":
        placebo = few_treated.residual_placebos(changes)
    else:
        placebo = few_treated.shifted_placebos(seen.rates, matrix)
        among = "pairs of a city and a shifted course"
    statistics = placebo / plain
    return _Judged(
        std_error=plain, facts=Facts({**ranked(statistics, among=among), "among": among}), placebo=statistics
    )


def _population(d: PanelDesign, seen: OneTreated) -> Array:
    if d.exposure is None:
        raise EstimationError(
            "the design has no exposure to tell how variances go with the size of cities",
            mend="name exposure= in the design, or ask for another inference",
        )
    return np.asarray(seen.exposure.mean(axis=0))


def _say_floor(m: int, rho: float, floor: float) -> None:
    text = f"rearrangement: a p-value cannot go below {floor:.3f} with {m} comparison cities at ρ = {rho:g}"
    note(f"{text}; from {few_treated.rearrangement_needs(rho)} on it can reach 5 %")


def _error_ratio(fit: Prediction, inference: Inference, rho: float) -> float:
    """Variance of the treated city's errors in time over the others' mean; said where it is more than a test allows."""
    m = len(fit.effects) - 1
    found = float(fit.variances[0] / fit.variances[1:].mean() * (m - 1) / m)
    if found > largest_ratio * rho**2 and inference != "ferman-pinto":
        doubt(
            f"the treated city's errors in time have {found:.1f} times the mean variance of the comparison cities': "
            f"with more than {largest_ratio * rho**2:.2g} times this test rejects too often; read ρ*, or take "
            "did_prediction_interval"
        )
    return found


def _detectable(judged: _Judged, df: float, half_width: float) -> float:
    return minimum_detectable_effect(judged.std_error, df, cut=half_width / judged.std_error)
