"""Segmented regression of one city's counts, zeros among them.

Estimand: as its_segmented's: the change of the outcome's rate at the start of the programme in this city, against the
city's own earlier course carried forward: its mean over the periods after the start, at fixed horizons, and the number
of events averted.

Needs: no other change at the same time (check: placebo_dates, control_outcomes); a course before the start that would
have gone on (check: pre_period); a recording practice that did not change; events on both sides of the start.

Estimator: log E[y_t] = log e_t + b0 + b1 (t − T0) + b2 D_t + b3 (t − T0)₊ + season + breaks + holidays + controls, by
Poisson quasi-likelihood or by negative binomial likelihood. No logarithm of a count is taken, so that zeros stand as
they are. A fit is a least-squares fit of its working rows, whose errors are Pearson's residuals; with `reml-nugget` it
is followed by one generalised step with their AR(1) plus white noise.

Inference: of the working rows. `reml-nugget`, the default: AR(1) plus white noise by restricted maximum likelihood, t
with Satterthwaite degrees of freedom for each contrast. The others leave the estimate as it is and use t(n − k):
`ar-inflated`, the dispersion times (1 + ρ)/(1 − ρ), ρ the residuals' correlation with those before them, not below 0;
`newey-west`, Bartlett weights on the scores, no prewhitening, times n/(n − k); `quasi`, the dispersion alone. Their
standard errors of the headline are among the facts of every result without gaps (`std_error_ar_inflated`, …). Counting
noise hides persistence from them, and all three were measured too narrow where shocks last.

Breaks: when something else happened at about the same time: one series describes and does not identify; take
did_prediction_interval. A negative binomial regression allows for overdispersion and for no persistence: its variance
is taken from its residuals, as that of Poisson is. For a few events in all take its_rare; where weeks hold fewer than
about ten events take months.

Reference: Bernal, Cummins & Gasparrini 2017, doi:10.1093/ije/dyw098; Zeger 1988, doi:10.1093/biomet/75.4.621 (one
generalised step for counts whose shocks persist). Poisson, quasi-Poisson, Newey–West and negative binomial are checked
against R (glm, sandwich, MASS).

Say: In {city}, {outcome} changed by {mean_post} against the city's own earlier course ({interval}).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.count_regression import CountFit, Family, fit_counts
from coresponder_causal.core.error_models import ErrorFit, Lags, fit_errors
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.core.serial import positive_correlation
from coresponder_causal.core.series_effects import series_result
from coresponder_causal.design.segmented import Season, segmented, slope_may_change
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]
Errors = Literal["reml-nugget", "ar-inflated", "newey-west", "quasi"]
few_events = 10  # a period, or on one side of the start


@estimator(
    design=SeriesDesign,
    contrasts=("level change", "slope change"),
    reference="Bernal, Cummins & Gasparrini 2017; Zeger 1988",
    checked_against="R glm, sandwich and MASS (quasi-Poisson, Newey–West, negative binomial); simulated truth (REML)",
)
def its_counts(
    d: SeriesDesign,
    *,
    family: Family = "poisson",
    errors: Errors = "reml-nugget",
    harmonics: Season = 2,
    trend: bool = True,
    slope_change: bool | None = None,
    horizons: tuple[int, ...] | None = None,
    lags: Lags = "andrews",
    seed: int = 1,
) -> Result:
    """Interrupted time series of counts by segmented regression with a log link.

    Parameters
    ----------
    d : SeriesDesign
        Its exposure is the offset.
    family : {"poisson", "negative-binomial"}
        Weights of the periods: by Poisson's variance, or by one that grows with the square of the mean.
    errors : {"reml-nugget", "ar-inflated", "newey-west", "quasi"}
        Model of the working rows' errors: AR(1) plus white noise by REML; dispersion inflated for first-order
        correlation; Newey–West; dispersion alone.
    harmonics : {0, ..., 6, "dummies"}
        Pairs of seasonal terms; ``"dummies"`` gives every period of the year a level of its own.
    trend : bool
        Whether the course before the start has a slope.
    slope_change : bool, optional
        Whether the slope may change. Default: when 24 or more periods follow the start.
    horizons : tuple of int, optional
        Periods after the start at which the effect is reported; default 6, 12, 24 months or 26, 52, 104 weeks.
    lags : int or "andrews"
        Lags of Newey–West.
    seed : int
        Seed of the draws behind the interval of averted events in ``extra``.

    Returns
    -------
    Result
        Terms ``mean_post, level_change, slope_change, effect_at_<h>_<periods>, averted``, as
        `core.series_effects.series_result` defines them. ``extra`` adds ``dispersion``, ``alpha`` (0 of
        Poisson), and the standard errors of ``mean_post`` under the other error models.

    Raises
    ------
    EstimationError
        If there is no event on one side of the start (take `its_rare`), counts are negative, terms are absorbed, no
        finite coefficients fit, or the series is too short or has gaps that the error model cannot span.

    References
    ----------
    Bernal, Cummins & Gasparrini (2017), doi:10.1093/ije/dyw098; Zeger (1988), doi:10.1093/biomet/75.4.621.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=72, freq="M"), "force": rng.poisson(12, 72)})
    >>> d = SeriesDesign.from_frame(frame, outcome="force", time="month", start="2020-07")
    >>> its_counts(d).tidy()["term"].tolist()[:3]
    ['mean_post', 'level_change', 'slope_change']
    """
    counts = d.outcome_values()
    _say_of_few(d, counts)
    sloped = slope_may_change(d, slope_change)
    made = segmented(d, slope_change=sloped, season=harmonics, trend=trend)
    regression = fit_counts(counts, made.matrix, exposure=d.exposure_values(), family=family, names=made.names)
    found = _fit_errors(regression, d.positions, errors, lags)
    fit = made.fitted(found, link="log")
    facts: dict[str, object] = {"family": family, "harmonics": harmonics, "slope_change": sloped}
    facts |= {"dispersion": regression.dispersion, "alpha": regression.alpha}
    headline = (made.matrix - made.without)[d.after].mean(axis=0)
    facts |= found.facts | _beside(regression, d.positions, lags, headline)
    return series_result(d.course(), fit, method="its_counts", facts=facts, horizons=horizons, seed=seed)


def _say_of_few(d: SeriesDesign, counts: Array) -> None:
    """Refuse a side without events; say zeros, and what longer periods would show."""
    before, after = float(counts[~d.after].sum()), float(counts[d.after].sum())
    if min(before, after) == 0:
        side = f"{d.n_before} {d.period_name} before" if before == 0 else f"{d.n_after} {d.period_name} after"
        raise EstimationError(
            f"'{d.outcome}' has no event in the {side} the start",
            mend="take its_rare, which compares the two totals exactly",
        )
    if min(before, after) < few_events:
        doubt(f"{before:g} events before the start and {after:g} from it on: its_rare compares so few exactly")
    zeros, mean = int((counts == 0).sum()), float(counts.mean())
    if zeros:
        note(f"{zeros} of {len(counts)} {d.period_name} are without events, and stand as zeros")
    if mean < few_events:
        longer = {"W": "months: data.panel(…, period='month')", "D": "weeks or months"}.get(d.freq, "longer periods")
        note(
            f"{mean:.1f} events a period: counting noise hides how long shocks last, and the interval with it; "
            f"take {longer}"
        )


def _fit_errors(fit: CountFit, positions: Array, errors: Errors, lags: Lags) -> ErrorFit:
    """Fit the working rows under a model of their errors."""
    if errors in ("reml-nugget", "newey-west"):
        return fit_errors(fit.response, fit.rows, positions=positions, errors=errors, lags=lags)
    plain = fit_errors(fit.response, fit.rows, positions=positions, errors="ols")
    if errors == "quasi":
        return replace(plain, facts=plain.facts | {"errors": errors})
    rho = positive_correlation(fit.residuals, positions)
    facts = plain.facts | {"errors": errors, "rho": rho}
    return replace(plain, vcov=plain.vcov * (1 + rho) / (1 - rho), facts=facts)


def _beside(fit: CountFit, positions: Array, lags: Lags, contrast: Array) -> dict[str, object]:
    """Give a contrast's standard errors under the error models of the literature; none where periods are missing."""
    if len(np.unique(np.diff(positions))) > 1:
        return {}
    names: tuple[Errors, ...] = ("ar-inflated", "newey-west", "quasi")
    variances = {name: contrast @ _fit_errors(fit, positions, name, lags).vcov @ contrast for name in names}
    return {f"std_error_{name.replace('-', '_')}": float(np.sqrt(value)) for name, value in variances.items()}
