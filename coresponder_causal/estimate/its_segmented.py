"""Segmented regression of one city's series, with errors that persist.

Estimand: the change of the outcome's level (and, on request or with 24 periods after the start, of its slope) at the
start of the programme in this city, against the city's own earlier course carried forward; summed up as the mean over
the periods after the start, the effect at fixed horizons and the number of events averted.

Needs: no other change at the same time (check: placebo_dates, break_date, covid_interval, control_outcomes); a course
before the start that would have gone on (check: pre_period, forecast_skill); no single period that decides (check:
leverage); a recording practice that did not change (register of breaks, given as `breaks`: a step each; one next to the
start cannot be told from it); a mean of about ten events a period or more for the log link.

Estimator: log(y_t / e_t) = b0 + b1 (t − T0) + b2 D_t + b3 (t − T0)₊ + season + breaks + holidays + controls + e_t:
D_t is the share of the period after the start, or the dose, or rises over the phase-in; the season is K = 2 pairs of
harmonics or a level for every period of the year; e_t is AR(1) plus white noise, fitted by restricted maximum
likelihood. mean_post averages b2 D_t + b3 (t − T0)₊ over the periods after the start; averted is the sum of
(counterfactual − observed) given the observed counts.

Inference: t with Satterthwaite degrees of freedom, one for each contrast. The alternatives `prais-winsten` (first row
kept, iterated), `newey-west` (Bartlett weights, no prewhitening, times n/(n − k)) and `ols` use t(n − k) and exist for
comparison with the literature. Intervals of averted events carry the uncertainty of the coefficients only, not that of
the observed counts; `averted_predicted` among the facts of a result carries both.

Breaks: when something else happened at about the same time, as the pandemic did in 2020: then this design describes and
does not identify, whether March to June 2020 are left out, given a step of their own or left as they are; take
did_prediction_interval. Short series with strong persistence have intervals that are too narrow. For fewer than about
ten events a period take its_counts or longer periods, for a few events in all its_rare.

Reference: Turner et al. 2021, doi:10.1186/s12874-021-01364-0; Fai & Cornelius 1996, doi:10.1080/00949659608811740.
Prais–Winsten and Newey–West are checked against R (prais, sandwich).

Say: In {city}, {outcome} changed by {mean_post} against the city's own earlier course ({interval}).
"""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.error_models import Errors, Lags, fit_errors
from coresponder_causal.core.notes import note
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_effects import Link, series_result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.design.modelled_series import modelled_series
from coresponder_causal.design.segmented import Season, segmented, slope_may_change
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]


@estimator(
    design=SeriesDesign,
    contrasts=("level change", "slope change"),
    reference="Turner et al. 2021",
    checked_against="R prais and sandwich (Prais–Winsten, Newey–West); dense REML optimum and simulated truth (REML)",
)
def its_segmented(
    d: SeriesDesign,
    *,
    errors: Errors = "reml-nugget",
    link: Link = "log",
    harmonics: Season | Literal["aicc"] = 2,
    trend: bool = True,
    slope_change: bool | None = None,
    horizons: tuple[int, ...] | None = None,
    lags: Lags = "andrews",
    seed: int = 1,
) -> Result:
    """Interrupted time series by segmented regression.

    Parameters
    ----------
    d : SeriesDesign
    errors : {"reml-nugget", "reml-ar1", "prais-winsten", "newey-west", "ols"}
        Error model: AR(1) plus white noise by REML; AR(1) by REML; AR(1) by iterated Prais–Winsten; least squares with
        Newey–West or classical standard errors.
    link : {"log", "identity"}
        ``"log"`` models the log rate; ``"identity"`` the count scaled to the mean exposure.
    harmonics : {0, ..., 6, "aicc", "dummies"}
        Pairs of seasonal terms; ``"aicc"`` chooses among 0, 1 and 2 by least squares; ``"dummies"`` gives every period
        of the year a level of its own.
    trend : bool
        Whether the course before the start has a slope.
    slope_change : bool, optional
        Whether the slope may change. Default: when 24 or more periods follow the start.
    horizons : tuple of int, optional
        Periods after the start at which the effect is reported; default 6, 12, 24 months or 26, 52, 104 weeks.
    lags : int or "andrews"
        Lags of Newey–West.
    seed : int
        Seed of the draws behind the intervals of averted events in ``extra``.

    Returns
    -------
    Result
        Terms ``mean_post, level_change, slope_change, effect_at_<h>_<periods>, averted``, as
        `core.series_effects.series_result` defines them.

    Raises
    ------
    EstimationError
        If terms are absorbed, zeros are too many for the log link, or the series is too short; each says its mend.

    References
    ----------
    Turner et al. (2021), BMC Med Res Methodol 21:181, doi:10.1186/s12874-021-01364-0.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=72, freq="M"), "calls": rng.poisson(180, 72)})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> its_segmented(d).tidy()["term"].tolist()[:3]
    ['mean_post', 'level_change', 'slope_change']
    """
    y = modelled_series(d, link)
    sloped = slope_may_change(d, slope_change)
    season = _aicc_pairs(d, y, sloped, trend) if harmonics == "aicc" else harmonics
    made = segmented(d, slope_change=sloped, season=season, trend=trend)
    found = fit_errors(y, made.matrix, positions=d.positions, errors=errors, lags=lags)
    fit = made.fitted(found, link=link, noise=found.noise.among(d.after).draw)
    facts = {"harmonics": season, "slope_change": sloped} | found.facts
    return series_result(d.course(), fit, method="its_segmented", facts=facts, horizons=horizons, seed=seed)


@series_behind("its_segmented")
def _series(result: Result, d: SeriesDesign) -> SeriesRegression:
    options = result.provenance.option_values()
    made = segmented(
        d,
        slope_change=bool(result.extra["slope_change"]),
        season=cast(Season, result.extra["harmonics"]),
        trend=bool(options["trend"]),
    )
    return SeriesRegression(
        outcome=modelled_series(d, options["link"]),
        matrix=made.matrix,
        time=d.positions,
        periods=d.periods,
        start=d.start_position,
        effect=tuple(made.programme.values()),
        headline=(made.matrix - made.without)[d.after].mean(axis=0),
    )


def _aicc_pairs(d: SeriesDesign, y: Array, sloped: bool, trend: bool) -> Literal[0, 1, 2]:
    """Pairs of harmonics with the least AICc under least squares."""

    def aicc(pairs: Literal[0, 1, 2]) -> float:
        matrix = segmented(d, slope_change=sloped, season=pairs, trend=trend).matrix
        n, k = len(y), matrix.shape[1] + 1
        residuals = y - matrix @ np.linalg.lstsq(matrix, y, rcond=None)[0]
        return float(n * np.log(residuals @ residuals / n) + 2 * k + 2 * k * (k + 1) / max(n - k - 1, 1))

    choices: tuple[Literal[0, 1, 2], ...] = (0, 1, 2)
    chosen = min(choices, key=aicc)
    note(f"{chosen} pairs of seasonal terms chosen by AICc; the interval does not know that they were chosen")
    return chosen
