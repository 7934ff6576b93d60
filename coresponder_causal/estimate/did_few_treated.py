"""A few treated cities' changes among the changes of others, one number a city, with eight ways to judge them.

Estimand: the mean change of the treated cities' log rates per full dose from their starts on, over what it would have
been without the programme (ATT in one city, or in several with equal weights). It is the effect of everything that
changed at that time in these cities only.

Needs: comparison cities without a programme of their own, chosen before outcomes are seen (`design.donor_pool`);
changes of cities without one that scatter alike, and as the treated cities' would (check: pre_period, placebo_dates,
leave_one_out, placebo_cities); no single period that decides (check: leverage); outcomes the programme cannot touch
that did not move (check: control_outcomes); that no choice carries the finding (check: levels_or_logs,
specification_curve, start_range); neighbours it did not reach (check: spillover); about ten events a period or more.

Estimator: r_jt = log(max(y_jt, .5) / e_jt) in the periods that all cities have; θ_j is the coefficient of D_t in r_j =
const + θ_j D_t + two harmonics by least squares. The rolling transformation takes mean and season before the start out
of r_j (adjust "demean"), and a line through them too ("detrend"); θ_j = Σ D_t r_jt / Σ D_t² of what is left, after the
start: the mean, where the dose is full. With one treated city the gap is d = θ_0 − θ̄, θ̄ the mean of θ_1, …, θ_m, and
S² their variance. Treated cities 1, …, k may start at dates of their own: θ_i is then the change in the window of city
i, that of a comparison city its mean over the k windows, and d the mean of the former less that of the latter.

Inference: "lee-wooldridge": the classical t test of the regression of changes on the treatment, k + m − 2 degrees of
freedom: with one city d ± t(m − 1) S √(1 + 1/m); exact where changes are normal and alike, and starts too. "hc3": its
robust form, from two treated cities on. "lau-li": S √(ρ²/k + 1/m) with t(m − 1), a treated city's standard deviation
being ρ times the others'; of windows that differ each has its own S. "conley-taber": the rank of |d| among means of k
residuals of comparison cities, drawn with replacement, times √((m + k)/(m − 1)), the correction for m cities.
"ferman-pinto": the same with residuals rescaled by variances a + b/population. "sets": the rank among all ways of
giving the starts to k of the k + m cities, exact where they are exchangeable. "permutation": the rank of one treated
city among the residuals of every comparison city at every cyclic shift of its course. "hagemann": the rearrangement
test of one treated city, one-sided at α/2 each way, which allows cities to be unlike and the treated one to be up to ρ
times as volatile as any other. Ranks and rearrangement have a smallest p-value, p_floor: 1/(m^k + 1), one over the
number of sets, 1/(m T + 1), and twice the smallest bound. With all of them stand ρ*, the ρ up to which the finding of
"lau-li" survives, and mde80, the effect that the test chosen would find four times in five.

Breaks: when treated cities are smaller or more volatile all but "hagemann", "lau-li" with a larger ρ and, for what
population explains, "ferman-pinto" reject too often. "permutation" rejects too often wherever cities drift apart,
because a step at the start is not exchangeable with a shifted course. Ranks of one treated city among fewer than 19
others never reach 5 %. Of several they do, but means drawn from a few residuals have no tails: "conley-taber" and
"ferman-pinto" reject too often with few comparison cities, and "sets" does not (docs/cities.md). With several starts a
comparison city's change is a mean over windows and scatters less than a treated city's, which "lee-wooldridge" does
not know; the others do. A line before the start that does not go on makes "detrend" wrong, and its forecast carries
the noise of single months far: with few events, few cities or a noisy treated city it rejects too often. A prediction
interval uses each city's own precision as well: did_prediction_interval.

Reference: Lee & Wooldridge 2023, doi:10.2139/ssrn.4516518, and 2025, doi:10.2139/ssrn.5325686; Donald & Lang 2007,
doi:10.1162/rest.89.2.221; Lau & Li 2025, arXiv:2511.05710; Conley & Taber 2011, doi:10.1162/REST_a_00049; Ferman &
Pinto 2019, doi:10.1162/rest_a_00759; Hagemann 2025, Review of Economic Studies 92:3968. Checked by hand, against Lee &
Wooldridge's printed estimates of castle laws (both transformations, 21 states with five starts) and a Stata run of
them, a printed critical value of Lau & Li and the printed number of cities from which Hagemann's test can reject,
against diff-diff 3.13 (LWDiD with vcov_type="classical", to the last digits), and against simulated truth.

Say: In {city}, {outcome} changed by {mean_post} against what the comparison cities' changes let expect ({interval}).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import few_treated
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.few_treated import Adjust
from coresponder_causal.core.few_treated_judged import Inference, judge
from coresponder_causal.core.headlines import Panels, headlines_of
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.prediction import Prediction, predict
from coresponder_causal.core.prediction_facts import process_facts
from coresponder_causal.core.prediction_tables import city_table, gap_path
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.core.verdict import as_change
from coresponder_causal.design.few_treated import FewTreated
from coresponder_causal.design.few_treated import few_treated as cities_of
from coresponder_causal.design.one_treated import gap_regression
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
largest_ratio, most_told = 1.3, 8


@estimator(
    design=PanelDesign,
    contrasts=("ATT",),
    reference="Lee & Wooldridge 2023",
    checked_against="diff-diff 3.13, printed values of Lee & Wooldridge and of Lau & Li 2025, and simulated truth",
)
def did_few_treated(
    d: PanelDesign,
    *,
    inference: Inference = "lee-wooldridge",
    rho: float = 1.0,
    harmonics: Literal[0, 1, 2, 3] = 2,
    adjust: Adjust = "regression",
    seed: int = 0,
) -> Result:
    """Difference-in-differences for one or a few treated cities from one change a city.

    Parameters
    ----------
    d : PanelDesign
        With one or more treated units, each with a start of its own.
    inference : {"lee-wooldridge", "hc3", "lau-li", "conley-taber", "ferman-pinto", "permutation", "sets", "hagemann"}
        The test and its interval.
    rho : float
        For "lau-li" and "hagemann": a treated city's standard deviation over the others'.
    harmonics : {0, 1, 2, 3}
        Pairs of seasonal terms in each city's change.
    adjust : {"regression", "demean", "detrend"}
        One regression of all periods, or what is taken out by the periods before the start.
    seed : int
        Of draws, where sets or draws of cities are too many to list.

    Returns
    -------
    Result
        One term ``mean_post``; ``cities`` holds the treated cities' change, together, and that of every other city,
        with the standard error of its errors in time. ``extra``: ``rho_star``, ``p_floor``, ``mde80``,
        ``treated_units`` and ``error_ratio``, the variance of a treated city's errors in time over the mean of the
        others'. ``path``, the course of the treated cities' mean, is there where they start together.

    Raises
    ------
    DesignError
        When periods common to all cities do not span every start; "permutation" and "hagemann" with several treated
        cities, "hc3" with one.
    EstimationError
        With fewer than two comparison cities; a city without events in more than 5 % of its periods; ``rho`` where
        it is not used or not positive; no exposure for "ferman-pinto"; too few periods before a start for ``adjust``.

    References
    ----------
    Lee & Wooldridge (2023), doi:10.2139/ssrn.4516518; Donald & Lang (2007), doi:10.1162/rest.89.2.221; Lau & Li (2025),
    arXiv:2511.05710.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> months = pd.period_range("2017-01", periods=60, freq="M")
    >>> frame = pd.DataFrame([(c, m, rng.poisson(180)) for c in "ABCDEF" for m in months],
    ...                      columns=["city", "month", "calls"])
    >>> d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    >>> did_few_treated(d).df.tolist()
    [4.0]
    >>> two = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated=["A", "B"],
    ...                              start="2020-07")
    >>> did_few_treated(two, inference="sets", adjust="demean").extra["p_floor"] == 1 / 15
    True
    """
    seen = cities_of(d)
    fit = predict(seen.pooled, seen.dose.mean(axis=1), seen.positions, season=d.season, pairs=harmonics)
    framed = few_treated.windows(
        seen.rates,
        seen.dose,
        seen.after,
        seen.positions,
        seen.together,
        season=d.season,
        pairs=harmonics,
        adjust=adjust,
    )
    size = None if d.exposure is None else seen.exposure.mean(axis=0)
    judged = judge(framed, inference, rho=rho, size=size, seed=seed)
    changes = framed.table
    if seen.k > 1:
        _say_several(seen, changes)
    ratio = _error_ratio(fit, inference, rho, seen.k)
    return Result(
        method="did_few_treated",
        estimand=seen.estimand,
        terms=pd.DataFrame({"term": ["mean_post"]}),
        estimate=np.array([few_treated.gap(changes)]),
        vcov=np.array([[judged.std_error**2]]),
        df=np.array([judged.df]),
        placebo=None if judged.placebo is None else judged.placebo[None, :],
        crossings=None if judged.crossings is None else judged.crossings[None],
        scale="log_ratio",
        support=seen.support,
        path=_path(d, seen, fit, judged.half_width()) if len(seen.together) == 1 else None,
        cities=_cities(seen, fit, changes),
        n_obs=seen.counts.size,
        n_units=len(seen.cities),
        extra=Facts(
            {"city": seen.name, "start": d.start, "treated_units": seen.k, "mean_events": float(seen.events.mean())}
            | {"harmonics": harmonics, "adjust": adjust}
            | process_facts(fit)
            | {"rho_star": few_treated.breakdown_ratio(changes), "error_ratio": ratio, "inference": inference}
            | {"mde80": judged.detectable(), "outcome_unit": f"{d.outcome} a {d.period_name[:-1]}"}
            | dict(judged.facts)
        ),
    )


@series_behind("did_few_treated")
def _series(result: Result, d: PanelDesign) -> SeriesRegression | None:
    """Regression of the gap of one treated city; the change behind "demean" and "detrend" is not one of it."""
    if len(d.treated_units) > 1 or result.extra["adjust"] != "regression":
        return None
    return gap_regression(d, method=result.method, pairs=int(result.extra.number("harmonics")))


@headlines_of("did_few_treated")
def _many(given: Panels, options: Mapping[str, Any]) -> Array | None:
    if options["inference"] not in ("lee-wooldridge", "lau-li"):
        return None
    framed = few_treated.windows(
        given.courses[0],
        given.dose[:, None],
        given.after[:, None],
        given.positions,
        [1],
        season=given.season,
        pairs=options["harmonics"],
        adjust=options["adjust"],
    )
    tables = [panel.T @ framed.weights for panel in given.courses]
    found = [(few_treated.gap(each), few_treated.std_error(each, options["rho"]), len(each) - 2) for each in tables]
    return np.array(found, float)


def _path(d: PanelDesign, seen: FewTreated, fit: Prediction, half_width: float) -> pd.DataFrame:
    time = d.axis.labels(seen.counts.index.to_numpy())
    return gap_path(fit, seen.pooled, seen.after[:, 0], time, seen.events.sum(axis=1), half_width)


def _cities(seen: FewTreated, fit: Prediction, changes: Array) -> pd.DataFrame:
    others = few_treated.other_changes(changes)
    effect = np.append(few_treated.gap(changes), others - others.mean())
    return city_table(fit, [seen.name, *seen.cities[seen.k :]], seen.pooled_events).assign(effect=effect)


def _say_several(seen: FewTreated, changes: Array) -> None:
    """Say each treated city's change, and how much of a comparison city's scatter goes where starts differ."""
    own = few_treated.treated_changes(changes) - changes[seen.k :].mean(axis=0)
    order = np.argsort(own)
    shown = order if seen.k <= most_told else order[[0, -1]]
    told = "; ".join(f"{seen.cities[i]} {as_change(float(own[i]), 'log_ratio')}" for i in shown)
    note(f"treated cities {'one by one' if seen.k <= most_told else 'from the least to the most'}: {told}")
    if len(seen.together) > 1:
        note(
            f"{len(seen.together)} starts: a comparison city's change varies {few_treated.window_ratio(changes):.2f} "
            "times as much in one window as its mean over them, with which treated cities are compared"
        )


def _error_ratio(fit: Prediction, inference: Inference, rho: float, k: int) -> float:
    """Variance of a treated city's errors in time over the others' mean; said where it is more than a test allows."""
    m = len(fit.effects) - 1
    found = float(k * fit.variances[0] / fit.variances[1:].mean() * (m - 1) / m)
    if found > largest_ratio * rho**2 and inference != "ferman-pinto":
        subject = "the treated city's errors" if k == 1 else "the errors of treated cities"
        doubt(
            f"{subject} in time have {found:.1f} times the mean variance of the comparison cities': "
            f"with more than {largest_ratio * rho**2:.2g} times this test rejects too often; read ρ*, or take "
            "did_prediction_interval"
        )
    return found
