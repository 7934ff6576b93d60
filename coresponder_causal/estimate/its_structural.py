"""Forecast from a city's own past, and from comparison series where there are any.

Estimand: the outcome in this city after the start of the programme less what the course before the start, continued,
would have brought: the mean over the periods after the start, the single periods at fixed horizons, and the number of
events averted.

Needs: no other change at the same time (check: placebo_dates, control_outcomes); a course before the start that would
have gone on (check: pre_period); comparison series, given as `controls` of the design, that the programme does not
touch and that move with the outcome in the same way after the start as before; a course that the model foretells better
than last year's values do (check: forecast_skill) and whose errors it takes up (check: residual_autocorrelation); forty
periods before the start or more; a mean of about ten events a period or more for the log link. From a panel the
controls of one city are the log rates of the others: one column for each beside the rows of the treated city.

Estimator: g(y_t / e_t) = constant + season + controls + level_t + noise_t, fitted to the periods before the start
alone. The level is an AR(1) process (`ar1`), or a random walk (`local`); a local linear trend is not offered, as its
intervals grow without use. The forecast is exact given the two variance parameters (universal kriging, which is the
Kalman filter with a diffuse start) and averaged over them with their restricted likelihood.

Inference: prediction interval, t(n − k) with n periods before the start: it holds the noise of the counts to come, the
wandering of the level, and what is not known of coefficients and variances. The p-value belongs to that interval.
Effects differ from the observed counts by the forecast alone, so that nothing is assumed of their course.

Breaks: without controls it knows the city's own past only, and everything else that changed counts as effect; take
did_prediction_interval. A random walk is honest for a level that wanders and mostly too wide to say anything; the width
stands in a note. A trend is carried forward only where `trend` asks for it, and then widens the interval quickly.

Reference: Brodersen et al. 2015, doi:10.1214/14-AOAS788; Durbin & Koopman 2012, ISBN 978-0-19-964117-8. Checked
against statsmodels UnobservedComponents (given variances) and the published variances of the Nile.

Say: In {city}, {outcome} differed by {mean_post} from the forecast of its own past ({interval}).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.regressors import independent
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.result import Result
from coresponder_causal.core.series_effects import Link, SeriesFit, series_result
from coresponder_causal.core.series_forecast import Component, Forecast, forecast
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.design.modelled_series import modelled_series
from coresponder_causal.design.segmented import Season, segmented, slope_may_change
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]


@estimator(
    design=SeriesDesign,
    contrasts=("difference from a forecast",),
    reference="Brodersen et al. 2015",
    checked_against="statsmodels UnobservedComponents at given variances; the Nile (Durbin & Koopman 2012)",
)
def its_structural(
    d: SeriesDesign,
    *,
    component: Component = "ar1",
    link: Link = "log",
    harmonics: Season = 2,
    trend: bool = False,
    horizons: tuple[int, ...] | None = None,
    seed: int = 1,
) -> Result:
    """Forecast by unobserved components from the periods before the start.

    Parameters
    ----------
    d : SeriesDesign
        Its controls are comparison series on the scale of the link: log rates for ``"log"``.
    component : {"ar1", "local"}
        A level that comes back to its mean, or one that wanders off.
    link : {"log", "identity"}
        ``"log"`` models the log rate; ``"identity"`` the count scaled to the mean exposure.
    harmonics : {0, ..., 6, "dummies"}
        Pairs of seasonal terms, or a level for every period of the year.
    trend : bool
        Whether a straight line before the start is carried forward.
    horizons : tuple of int, optional
        Periods after the start at which the effect is reported; default 6, 12, 24 months or 26, 52, 104 weeks.
    seed : int
        Seed of the draws behind the intervals of averted events in ``extra``.

    Returns
    -------
    Result
        Terms ``mean_post, effect_at_<h>_<periods>, averted``, as `core.series_effects.series_result` defines them, the
        effect of a period being the observed value less its forecast. ``path``: before the start every period as all
        others before the start tell it, from then on the forecast, each with its 95 % prediction interval. ``extra``:
        ``controls, rho, phi``, and ``width``, the half-width of the interval of ``mean_post`` over the standard
        deviation of the series around its regressors before the start.

    Raises
    ------
    EstimationError
        Too few periods before the start; zeros under the log link.

    References
    ----------
    Brodersen et al. (2015), Ann Appl Stat 9:247, doi:10.1214/14-AOAS788.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=72, freq="M"), "calls": rng.poisson(180, 72)})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> its_structural(d).tidy()["term"].tolist()
    ['mean_post', 'effect_at_6_months', 'effect_at_12_months', 'effect_at_24_months', 'averted']
    """
    y, before = modelled_series(d, link), ~d.after
    slope_may_change(d, asked=False)
    X = _regressors(d, harmonics, trend)
    told = forecast(y[before], X, d.positions, component=component)
    lower, upper = serial_design(X[before], time=d.positions[before]).rho_limits(y[before])
    width = _width(y[before], X[before], told)
    _say_what_it_knows(d, component, width)
    facts = {"component": component, "controls": len(d.controls), "interval": "prediction, t(n − k)", "rho": told.rho}
    facts |= {"phi": told.phi, "rho_lower": lower, "rho_upper": upper, "harmonics": harmonics, "width": width}
    against = "its own past and comparison series" if d.controls else "its own past"
    return series_result(
        d.course(),
        _as_series(y, told, link),
        method="its_structural",
        facts=facts,
        contrast=f"difference from the forecast of {against}",
        horizons=horizons,
        seed=seed,
    )


@series_behind("its_structural")
def _series(result: Result, d: SeriesDesign) -> SeriesRegression | None:
    """Regression of the periods before the start at the mean of ρ and φ; a random walk has none in levels."""
    options = result.provenance.option_values()
    if options["component"] == "local":
        return None
    before = ~d.after
    X = _regressors(d, options["harmonics"], options["trend"])[before]
    return SeriesRegression(
        outcome=modelled_series(d, options["link"])[before],
        matrix=X,
        time=d.positions[before],
        periods=d.periods[before],
        start=d.start_position,
        effect=(),
        headline=np.zeros(X.shape[1]),
    )


def _regressors(d: SeriesDesign, harmonics: Season, trend: bool) -> Array:
    """Regressors of the course without the programme; those that nothing before the start tells are left out."""
    made = segmented(d, slope_change=False, season=harmonics, trend=trend)
    course = [column for column in range(len(made.names)) if column not in made.programme.values()]
    known = independent(made.matrix[~d.after][:, course])
    lost = [made.names[column] for column, kept in zip(course, known, strict=True) if not kept]
    if lost:
        doubt(f"nothing before the start tells the effect of {', '.join(lost)}: the forecast does without")
    return np.asarray(made.matrix[:, course][:, known])


def _as_series(y: Array, told: Forecast, link: Link) -> SeriesFit:
    """Forecast as coefficients, one a period, and the observed course as one more that is known."""
    n, m = len(y), len(told.spread)
    vcov = np.zeros((n + 1, n + 1))
    vcov[:m, :m] = np.diag(told.spread)
    vcov[m:n, m:n] = told.scale
    return SeriesFit(
        matrix=np.column_stack([np.zeros((n, n)), y]),
        without=np.column_stack([np.eye(n), np.zeros(n)]),
        beta=np.append(told.mean, 1.0),
        vcov=vcov,
        df=told.df,
        link=link,
        named={},
        own_course=False,
    )


def _width(y: Array, X: Array, told: Forecast) -> float:
    """Half-width of the interval of the mean after the start, over the spread of the series before it."""
    rest = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    spread = np.sqrt(rest @ rest / (len(y) - X.shape[1]))
    return float(critical(told.df) * np.sqrt(told.scale.mean()) / spread)


def _say_what_it_knows(d: SeriesDesign, component: Component, width: float) -> None:
    walk = ", as a level that wanders widens it with every period" if component == "local" else ""
    note(
        f"the interval of the mean over {d.n_after} {d.period_name} is ± {width:.1f} standard deviations of a single "
        f"one before the start{walk}"
    )
    if not d.controls:
        note("the forecast knows the city's own past only: comparison series as controls= of the design tell it more")
