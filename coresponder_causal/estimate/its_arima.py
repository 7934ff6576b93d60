"""Interrupted time series by regression with ARIMA errors.

Estimand: the change of the outcome's level at the start of the programme in this city (a step), of its slope (a ramp)
or in the first period alone (a pulse), against the city's own course; summed up as the mean over the periods after the
start, the effect at fixed horizons and the number of events averted.

Needs: no other change at the same time (check: placebo_dates, control_outcomes); a course before the start that would
have gone on (check: pre_period); a recording practice that did not change (register of breaks); thirty periods before
the start or more, as the order of the errors is chosen from them; errors that the order takes up (check:
residual_autocorrelation, forecast_skill), no other date that fits better (check: break_date) and no single period that
decides (check: leverage); a mean of about ten events a period or more for the
log link.

Estimator: g(y_t / e_t) = regressors as in its_segmented + u_t with φ(B)Φ(B^s)(1 − B)^d (1 − B^s)^D u_t =
θ(B)Θ(B^s) ε_t. Orders (p, q)(P, Q) are chosen from the periods before the start alone, by the corrected AIC, among
(1, 0), (2, 0), each without and with a seasonal autoregression where four years lie before the start: errors without
persistence are not among them, as a few years cannot show that there is none. With differences (0, 0), (0, 1), (1, 1)
and a seasonal moving average join; the differences are given, since likelihoods of different ones do not compare. Exact
Gaussian likelihood, coefficients and variance concentrated out, climbed from four starts. Models whose best parameters
lie at the edge of stationarity or invertibility are not chosen.

Inference: inverse observed information times n/(n − k), t(n − k), k counting regressors and ARMA parameters. It does
not know that the order was chosen. Maximum likelihood takes errors for less persistent than they are, so that in short
series the interval is too narrow: the measured coverage stands with every result; take its_segmented, whose restricted
likelihood and degrees of freedom repair most of that.

Breaks: when something else happened at about the same time; in short series, as above; with counting noise, which hides
persistence from a low order. A mixed model, (1, 0, 1), would see through the noise, but with trend and step beside it
the likelihood of a few years is highest where the moving average takes all slow variation away: far too narrow, and
said as a doubt, as are climbs that end at different heights. Differences leave nothing of the course that carries trend
and season: then the counterfactual is the observed course without the effect.

Reference: Schaffer, Dobbins & Pearson 2021, doi:10.1186/s12874-021-01235-8; Box & Tiao 1975,
doi:10.1080/01621459.1975.10480264. Checked against R arima (maximum likelihood) and statsmodels SARIMAX.

Say: In {city}, {outcome} changed by {mean_post} against the city's own earlier course ({interval}).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.arma import ArmaFit, compare_arma, fit_arma
from coresponder_causal.core.arma_process import Order, autocovariances, differenced, names, whole
from coresponder_causal.core.autocorrelation import ljung_box
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import chi_square_p_value
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.regressors import independent
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.result import Result
from coresponder_causal.core.serial_noise import root
from coresponder_causal.core.series_effects import Link, SeriesFit, series_result
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.design.modelled_series import modelled_series
from coresponder_causal.design.segmented import Season, segmented, slope_may_change
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]
Effect = Literal["step", "ramp", "pulse"]
# (p, q) and (P, Q) that are compared, without differences and with them
candidates = (((1, 0), (2, 0)), ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1)))
seasonal_candidates = (((0, 0), (1, 0)), ((0, 0), (1, 0), (0, 1)))
years_for_seasons = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Regressors:
    """Columns with the programme's own by the term they give."""

    matrix: Array
    programme: dict[str, int]

    def standing(self, order: Order) -> _Regressors:
        """Columns that differencing leaves; those of the programme must be among them."""
        kept = independent(differenced(self.matrix, order), size=np.abs(self.matrix).max(axis=0))
        lost = [name for name, column in self.programme.items() if not kept[column]]
        if lost:
            raise EstimationError(f"{', '.join(lost)} vanish with errors {order}", mend="difference less often")
        return _Regressors(
            self.matrix[:, kept], {name: int(kept[:column].sum()) for name, column in self.programme.items()}
        )

    @property
    def effects(self) -> Array:
        """The matrix with all but the programme taken out."""
        own = np.zeros(self.matrix.shape[1])
        own[list(self.programme.values())] = 1.0
        return self.matrix * own


@estimator(
    design=SeriesDesign,
    contrasts=("level change", "slope change", "passing change"),
    reference="Schaffer, Dobbins & Pearson 2021",
    checked_against="R arima (method ML) and forecast; statsmodels SARIMAX",
)
def its_arima(
    d: SeriesDesign,
    *,
    effects: tuple[Effect, ...] | None = None,
    order: tuple[int, ...] | Literal["aicc"] = "aicc",
    differences: tuple[int, ...] = (0, 0),
    link: Link = "log",
    harmonics: Season = 2,
    trend: bool = True,
    horizons: tuple[int, ...] | None = None,
    seed: int = 1,
) -> Result:
    """Interrupted time series by regression with ARIMA errors.

    Parameters
    ----------
    d : SeriesDesign
    effects : tuple of {"step", "ramp", "pulse"}, optional
        Lasting change of level, change of slope, change in the period of the start alone. Default: a step, and a ramp
        when 24 or more periods follow the start.
    order : tuple of int or "aicc"
        (p, d, q) or (p, d, q, P, D, Q); ``"aicc"`` chooses it from the periods before the start.
    differences : (int, int)
        d and D of the orders that ``"aicc"`` compares.
    link : {"log", "identity"}
        ``"log"`` models the log rate; ``"identity"`` the count scaled to the mean exposure.
    harmonics : {0, ..., 6, "dummies"}
        Pairs of seasonal terms, or a level for every period of the year; seasonal differences take their place.
    trend : bool
        Whether the course before the start has a slope; with one difference it is a drift.
    horizons : tuple of int, optional
        Periods after the start at which the effect is reported; default 6, 12, 24 months or 26, 52, 104 weeks.
    seed : int
        Seed of the draws behind the intervals of averted events in ``extra``.

    Returns
    -------
    Result
        Terms ``mean_post, level_change, slope_change, pulse`` (those asked for), ``effect_at_<h>_<periods>, averted``,
        as `core.series_effects.series_result` defines them; the slope counts from 0 in the period of the start.
        ``extra``: the order and its parameters, log-likelihood, AICc, climbs, and Ljung & Box's test of the innovations
        over up to 24 lags less the number of ARMA parameters.

    Raises
    ------
    EstimationError
        An order that is not one, or has seasons where the year is not a whole number of periods; gaps under
        differences; a likelihood that no climb brings to an end; a series too short.

    References
    ----------
    Schaffer, Dobbins & Pearson (2021), BMC Med Res Methodol 21:58, doi:10.1186/s12874-021-01235-8.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=72, freq="M"), "calls": rng.poisson(180, 72)})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> its_arima(d, order=(1, 0, 0)).tidy()["term"].tolist()[:3]
    ['mean_post', 'level_change', 'slope_change']
    """
    y = modelled_series(d, link)
    made = _regressors(d, effects, harmonics, trend)
    chosen = _chosen(d, y, made, differences) if order == "aicc" else _order(d, order)
    _refuse_gaps(d, chosen)
    standing = made.standing(chosen)
    found = fit_arma(y, standing.matrix, chosen, positions=d.positions)
    _say_doubts(found)
    df = float(found.n - standing.matrix.shape[1] - chosen.parameters)
    fit = _as_series(d, y, standing, found, link=link, df=df)
    lower, upper = serial_design(made.matrix, time=d.positions).rho_limits(y)
    facts: dict[str, object] = {"harmonics": harmonics, "interval": "t(n − k)", "rho_lower": lower, "rho_upper": upper}
    facts |= _facts(found)
    return series_result(d.course(), fit, method="its_arima", facts=facts, horizons=horizons, seed=seed)


@series_behind("its_arima")
def _series(result: Result, d: SeriesDesign) -> SeriesRegression | None:
    """Regression in levels; under differences there is none."""
    options, order = result.provenance.option_values(), Order(*cast("tuple[int, ...]", result.extra["order"]))
    made = _regressors(d, options["effects"], options["harmonics"], options["trend"])
    if order.lost or "level_change" not in made.programme:
        return None
    standing = made.standing(order)
    lags = np.abs(d.positions[:, None] - d.positions)
    ar, ma = whole({name: result.extra.number(name) for name in names(order)}, order)
    return SeriesRegression(
        outcome=modelled_series(d, options["link"]),
        matrix=standing.matrix,
        time=d.positions,
        periods=d.periods,
        start=d.start_position,
        effect=tuple(standing.programme[name] for name in ("level_change", "slope_change") if name in made.programme),
        headline=standing.effects[d.after].mean(axis=0),
        errors=autocovariances(ar, ma, int(lags.max()))[lags.astype(int)],
    )


def _regressors(d: SeriesDesign, effects: tuple[Effect, ...] | None, harmonics: Season, trend: bool) -> _Regressors:
    """Regressors of the segmented course with the programme's columns as asked."""
    sloped = slope_may_change(d, None if effects is None else "ramp" in effects)
    asked = ("step", "ramp")[: 1 + sloped] if effects is None else tuple(effects)
    if not asked:
        raise EstimationError("no effect is asked for", mend="name step, ramp or pulse in effects=")
    made = segmented(d, slope_change=sloped, season=harmonics, trend=trend)
    matrix, programme = made.matrix, dict(made.programme)
    if "pulse" in asked:
        programme["pulse"] = matrix.shape[1]
        matrix = np.column_stack([matrix, d.dose * (d.positions == d.start_position)])
        if not independent(matrix)[-1]:
            raise EstimationError("'pulse' is absorbed by the other terms", mend="leave it out")
    if "step" in asked:
        return _Regressors(matrix, programme)
    step = programme.pop("level_change")
    return _Regressors(
        np.delete(matrix, step, axis=1), {name: column - (column > step) for name, column in programme.items()}
    )


def _order(design: SeriesDesign, order: tuple[int, ...]) -> Order:
    """Return the order asked for, with the length of the year where it has seasons."""
    if len(order) not in (3, 6) or min(order) < 0:
        raise EstimationError(f"order={tuple(order)} is not an order", mend="give (p, d, q) or (p, d, q, P, D, Q)")
    p, d, q, P, D, Q = (*order, 0, 0, 0)[:6]
    if not P + D + Q:
        return Order(p, d, q)
    if design.season is None or design.season != round(design.season):
        raise EstimationError(
            f"seasonal orders need a whole number of {design.period_name} to the year",
            mend="give harmonics= a number of pairs and order= three numbers",
        )
    return Order(p, d, q, P, D, Q, round(design.season))


def _chosen(d: SeriesDesign, y: Array, made: _Regressors, differences: tuple[int, ...]) -> Order:
    """Order of least AICc in the periods before the start, the programme's columns left out."""
    if len(differences) != 2:
        raise EstimationError(f"differences={tuple(differences)} are not two", mend="give d and D")
    own = np.delete(made.matrix, list(made.programme.values()), axis=1)[~d.after]
    found: dict[Order, float] = {}
    for order in _compared(d, differences):
        _refuse_gaps(d, order)
        if len(own) <= order.lost:
            break
        kept = own[:, independent(differenced(own, order), size=np.abs(own).max(axis=0))]
        try:
            aicc, at_edge = compare_arma(y[~d.after], kept, order, positions=d.positions[~d.after])
        except EstimationError as error:
            note(f"errors {order} could not be compared: {error.what}")
            continue
        if at_edge:
            note(f"errors {order} not compared: {', '.join(at_edge)} at the edge before the start")
        else:
            found[order] = aicc
    if not found:
        raise EstimationError(
            f"the {d.n_before} periods before the start do not choose an order", mend="give order= or fewer terms"
        )
    chosen = min(found, key=lambda order: found[order])
    note(f"errors {chosen} chosen by AICc before the start; the interval does not know that they were chosen")
    return chosen


def _compared(d: SeriesDesign, differences: tuple[int, ...]) -> Iterator[Order]:
    whole = d.season is not None and d.season == round(d.season)
    seasons = whole and (differences[1] or d.n_before >= years_for_seasons * (d.season or 0))
    for p, q in candidates[min(differences[0], 1)]:
        for P, Q in seasonal_candidates[min(differences[1], 1)] if seasons else ((0, 0),):
            yield _order(d, (p, differences[0], q, P, differences[1], Q))


def _refuse_gaps(d: SeriesDesign, order: Order) -> None:
    if order.lost and len(np.unique(np.diff(d.positions))) > 1:
        raise EstimationError(f"errors {order} need a series without gaps", mend="take an order without differences")


def _as_series(d: SeriesDesign, y: Array, standing: _Regressors, found: ArmaFit, *, link: Link, df: float) -> SeriesFit:
    """Coefficients with the course carried forward; under differences that is the observed course less the effect."""
    effects, vcov = standing.effects, found.vcov * found.n / df
    named = {name: np.eye(len(found.beta))[column] for name, column in standing.programme.items()}
    if not found.order.lost:
        errors = root(found.covariance[np.ix_(d.after, d.after)] * found.n / df).astype(np.float32)
        matrix = standing.matrix
        return SeriesFit(
            matrix=matrix,
            without=matrix - effects,
            beta=found.beta,
            vcov=vcov,
            df=df,
            link=link,
            named=named,
            noise=lambda normals: errors @ normals,
        )
    own = np.zeros_like(effects)
    return SeriesFit(
        matrix=np.column_stack([own, y]),
        without=np.column_stack([-effects, y]),
        beta=np.append(found.beta, 1.0),
        vcov=np.pad(vcov, (0, 1)),
        df=df,
        link=link,
        named={name: np.append(contrast, 0.0) for name, contrast in named.items()},
        own_course=False,
    )


def _say_doubts(found: ArmaFit) -> None:
    if found.reached < min(2, found.climbs):
        doubt(f"errors {found.order}: one of {found.climbs} climbs alone reached the highest likelihood")
    if found.at_edge:
        doubt(f"errors {found.order}: {', '.join(found.at_edge)} at the edge of stationarity or invertibility")
    elif not found.curved:
        doubt(f"errors {found.order}: the likelihood is flat; standard errors take its parameters as known")


def _facts(found: ArmaFit) -> dict[str, object]:
    """Facts of the fit, with Ljung & Box's test of the innovations."""
    lags = max(min(24, found.n // 5), found.order.parameters + 1)
    statistic = float(ljung_box(found.innovations, lags)[0][-1])
    return {
        "errors": f"ARIMA {found.order}",
        "order": tuple(found.order),
        **found.parameters,
        "loglik": found.loglik,
        "aicc": found.aicc,
        "climbs": found.climbs,
        "climbs_to_the_top": found.reached,
        "ljung_box": statistic,
        "ljung_box_lags": lags,
        "ljung_box_p": float(chi_square_p_value(statistic, lags - found.order.parameters)),
    }
