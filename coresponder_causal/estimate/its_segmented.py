"""Segmented regression of one city's series, with errors that persist.

Estimand: the change of the outcome's level (and, on request or with 24 periods after the start, of its slope) at the
start of the programme in this city, against the city's own earlier course carried forward; summed up as the mean over
the periods after the start, the effect at fixed horizons and the number of events averted.

Needs: no other change at the same time (check: placebo_dates, break_date, covid_interval, control_outcomes); a course
before the start that would have gone on (check: pre_period, forecast_skill); no single period that decides (check:
leverage); a recording practice that did not change (register of breaks, given as `breaks`); a mean of about ten events
a period or more for the log link.

Estimator: log(y_t / e_t) = b0 + b1 (t − T0) + b2 D_t + b3 (t − T0)₊ + harmonics + controls + e_t, where D_t is the
share of the period after the start (or the dose); e_t is AR(1) plus white noise, fitted by restricted maximum
likelihood. mean_post averages b2 D_t + b3 (t − T0)₊ over the periods after the start; averted is the sum of
(counterfactual − observed) given the observed counts.

Inference: t with Satterthwaite degrees of freedom, one for each contrast. The alternatives `prais-winsten`,
`newey-west` and `ols` use t(n − k) and exist for comparison with the literature. Intervals of averted events carry the
uncertainty of the coefficients only, not that of the observed counts.

Breaks: when something else happened at about the same time, as the pandemic did in 2020. Then this design describes and
does not identify: take did_prediction_interval. Short series with strong persistence have intervals that are too
narrow. For fewer than about five events a period take longer periods.

Reference: Turner et al. 2021, doi:10.1186/s12874-021-01364-0; Fai & Cornelius 1996, doi:10.1080/00949659608811740.
Prais–Winsten and Newey–West are checked against R (prais, sandwich).

Say: In {city}, {outcome} changed by {mean_post} against the city's own earlier course ({interval}).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import regressors
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.registry import estimator, series_behind
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.result import Result
from coresponder_causal.core.sandwich import newey_west
from coresponder_causal.core.serial import ols, prais_winsten
from coresponder_causal.core.series_regression import SeriesRegression
from coresponder_causal.core.variance import VarianceRecord
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]
Errors = Literal["reml-nugget", "reml-ar1", "prais-winsten", "newey-west", "ols"]
few_events, few_before, long_after = 10, 12, 24


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    beta: Array
    vcov: Array
    ceiling: float
    record: VarianceRecord | None
    facts: dict[str, object]

    def df(self, contrast: Array) -> float:
        return self.ceiling if self.record is None else self.record.df(contrast, self.vcov)


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
    link: Literal["log", "identity"] = "log",
    harmonics: Literal[0, 1, 2, "aicc"] = 2,
    slope_change: bool | None = None,
    horizons: tuple[int, ...] | None = None,
    lags: int | Literal["andrews"] = "andrews",
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
    harmonics : {0, 1, 2, "aicc"}
        Pairs of seasonal terms; ``"aicc"`` chooses among 0, 1 and 2 by least squares.
    slope_change : bool, optional
        Whether the slope may change. Default: when 24 or more periods follow the start.
    horizons : tuple of int, optional
        Periods after the start at which the effect is reported; default 6, 12, 24 months or 26, 52, 104 weeks.
    lags : int or "andrews"
        Lags of Newey–West.

    Returns
    -------
    Result
        Terms ``mean_post, level_change, slope_change, effect_at_<h>_<periods>, averted``.

    Raises
    ------
    EstimationError
        If terms are absorbed, zeros are too many for the log link, or the series is too short; each says its mend.

    References
    ----------
    Turner et al. (2021), BMC Med Res Methodol 21:181, doi:10.1186/s12874-021-01364-0.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=72, freq="M"), "calls": rng.poisson(180, 72)})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    >>> its_segmented(d).tidy()["term"].tolist()[:3]
    ['mean_post', 'level_change', 'slope_change']
    """
    sloped = d.n_after >= long_after if slope_change is None else slope_change
    y = _response(d, link)
    _warn_of_little(d, sloped)
    pairs = _aicc_pairs(d, y, sloped) if harmonics == "aicc" else harmonics
    matrix, names = _regressors(d, sloped, pairs)
    regressors.require_full_rank(matrix, names)
    fit = _fit(y, matrix, d.positions, errors, lags)
    effect = [names.index(name) for name in ("level_change", "slope_change") if name in names]
    terms, contrasts, averted = _contrasts(d, matrix, effect, fit.beta, link, _horizons(d, horizons))
    return Result(
        method="its_segmented",
        estimand=_estimand(d, link),
        terms=pd.DataFrame({"term": terms}),
        estimate=np.append(contrasts[:-1] @ fit.beta, averted.value),
        vcov=contrasts @ fit.vcov @ contrasts.T,
        df=np.array([fit.df(contrast) for contrast in contrasts]),
        scale="log_ratio" if link == "log" else "difference",
        event_base=np.append(np.full(len(terms) - 1, np.nan), averted.base),
        variance_record=None if fit.record is None else fit.record.transform(contrasts),
        support=_support(d, terms),
        path=_path(d, y, matrix, effect, fit, link),
        n_obs=len(y),
        n_units=1,
        extra=Facts(_facts(d, errors, pairs, sloped) | fit.facts),
    )


def _response(d: SeriesDesign, link: str) -> Array:
    """Return the modelled series: log rate, or the count scaled to the mean exposure."""
    counts, exposure = d.outcome_values(), d.exposure_values()
    if link == "identity":
        return np.asarray(counts / (exposure / exposure.mean()))
    if (counts < 0).any():
        raise EstimationError(f"'{d.outcome}' has {(counts < 0).sum()} negative values", mend="use link='identity'")
    zeros = int((counts == 0).sum())
    if zeros > 0.05 * len(counts):
        raise EstimationError(
            f"'{d.outcome}' is zero in {zeros} of {len(counts)} periods: log rates are not to be trusted",
            mend="use longer periods or link='identity'",
        )
    if zeros:
        note(f"{zeros} of {len(counts)} periods without events: half an event was put in their place")
    return regressors.log_rate(counts, exposure)


def _warn_of_little(d: SeriesDesign, sloped: bool) -> None:
    mean = float(d.outcome_values().mean())
    if mean < few_events:
        doubt(f"{mean:.1f} events a period: below about {few_events} the log rate is biased downwards")
    if d.n_before < few_before:
        doubt(f"{d.n_before} periods before the start: season and trend can hardly be told from the change")
    if sloped and d.n_after < long_after:
        doubt(f"{d.n_after} periods after the start: a change of slope is hardly told from a change of level")


def _regressors(d: SeriesDesign, sloped: bool, pairs: int) -> tuple[Array, list[str]]:
    since = d.positions - d.start_position
    seasonal = regressors.harmonics(d.positions, d.season, pairs)
    breaks = [(d.positions >= position).astype(float) for position in d.breaks]
    controls = d.control_values()
    columns = [np.ones(len(since)), since, d.dose]
    names = ["constant", "trend", "level_change"]
    if sloped:
        columns.append(np.maximum(since, 0.0))
        names.append("slope_change")
    columns += [*seasonal.T, *breaks, *(controls - controls.mean(axis=0)).T]
    names += [f"season {i + 1}" for i in range(seasonal.shape[1])]
    names += [f"break {d.label(position)}" for position in d.breaks] + list(d.controls)
    return np.column_stack(columns).astype(float), names


@series_behind("its_segmented")
def _series(result: Result, d: SeriesDesign) -> SeriesRegression:
    matrix, names = _regressors(d, bool(result.extra["slope_change"]), int(result.extra.number("harmonics")))
    effect = [names.index(name) for name in ("level_change", "slope_change") if name in names]
    headline = np.zeros(len(names))
    headline[effect] = matrix[d.after][:, effect].mean(axis=0)
    return SeriesRegression(
        outcome=_response(d, str(result.provenance.option_values()["link"])),
        matrix=matrix,
        time=d.positions,
        periods=d.periods,
        start=d.start_position,
        effect=tuple(effect),
        headline=headline,
    )


def _aicc_pairs(d: SeriesDesign, y: Array, sloped: bool) -> Literal[0, 1, 2]:
    """Pairs of harmonics with the least AICc under least squares."""

    def aicc(pairs: int) -> float:
        matrix = _regressors(d, sloped, pairs)[0]
        n, k = len(y), matrix.shape[1] + 1
        residuals = y - matrix @ np.linalg.lstsq(matrix, y, rcond=None)[0]
        return float(n * np.log(residuals @ residuals / n) + 2 * k + 2 * k * (k + 1) / max(n - k - 1, 1))

    choices: tuple[Literal[0, 1, 2], ...] = (0, 1, 2)
    chosen = min(choices, key=aicc)
    note(f"{chosen} pairs of seasonal terms chosen by AICc; the interval does not know that they were chosen")
    return chosen


def _fit(y: Array, matrix: Array, positions: Array, errors: Errors, lags: int | Literal["andrews"]) -> _Fit:
    if errors in ("reml-nugget", "reml-ar1"):
        serial = serial_design(matrix, time=positions, nugget=errors == "reml-nugget")
        fit, (lower, upper) = serial.fit(y), serial.rho_limits(y)
        facts: dict[str, object] = {"rho": fit.rho, "phi": fit.phi, "rho_lower": lower, "rho_upper": upper}
        facts["at_bound"] = ", ".join(fit.at_bound)
        return _Fit(fit.beta, fit.vcov, fit.record.ceiling, fit.record, facts)
    if len(np.unique(np.diff(positions))) > 1:
        raise EstimationError(f"errors='{errors}' needs a series without gaps", mend="use errors='reml-nugget'")
    if errors == "prais-winsten":
        gls = prais_winsten(y, matrix)
        return _Fit(gls.beta, gls.vcov, gls.df, None, {"rho": gls.rho})
    gls = ols(y, matrix)
    if errors == "ols":
        return _Fit(gls.beta, gls.vcov, gls.df, None, {})
    vcov = newey_west(matrix, gls.residuals, lags=lags, small_sample="n/(n-k)")
    return _Fit(gls.beta, vcov, gls.df, None, {})


def _horizons(d: SeriesDesign, horizons: tuple[int, ...] | None) -> tuple[int, ...]:
    """Horizons inside the data; those beyond it are named, not extrapolated."""
    if horizons is not None and any(h < 0 for h in horizons):
        raise EstimationError(
            f"horizons={horizons} lie before the start", mend="give periods after the start, from 0 on"
        )
    asked = {"M": (6, 12, 24), "W": (26, 52, 104)}.get(d.freq, ()) if horizons is None else horizons
    reached = set((d.positions - d.start_position).tolist())
    beyond = [str(h) for h in asked if h not in reached]
    if beyond:
        note(f"no effect is given at {', '.join(beyond)} {d.period_name}: no such period in the series")
    return tuple(h for h in asked if h in reached)


@dataclass(frozen=True, slots=True)
class _Averted:
    value: float
    base: float


def _contrasts(
    d: SeriesDesign, matrix: Array, effect: list[int], beta: Array, link: str, horizons: tuple[int, ...]
) -> tuple[list[str], Array, _Averted]:
    """Names of the terms, their contrasts in the coefficients, and the averted events."""
    only_effect = np.zeros_like(matrix)
    only_effect[:, effect] = matrix[:, effect]
    after = d.after
    terms, rows = ["mean_post"], [only_effect[after].mean(axis=0)]
    for index, name in zip(effect, ("level_change", "slope_change"), strict=False):
        terms.append(name)
        rows.append(np.eye(len(beta))[index])
    for h in horizons:
        terms.append(f"effect_at_{h}_{d.period_name}")
        rows.append(only_effect[d.positions == d.start_position + h][0])
    contrast, averted = _averted(d, only_effect[after], beta, link)
    return [*terms, "averted"], np.vstack([*rows, contrast]), averted


def _averted(d: SeriesDesign, effects: Array, beta: Array, link: str) -> tuple[Array, _Averted]:
    """Contrast of the events averted: exact for the identity link, by the delta method on the log of their ratio."""
    exposure = d.exposure_values()
    if link == "identity":
        share = (exposure / exposure.mean())[d.after]
        contrast = -(share @ effects)
        return contrast, _Averted(float(contrast @ beta), np.nan)
    observed = np.maximum(d.outcome_values()[d.after], 0.5)
    without = observed * np.exp(-(effects @ beta))
    contrast = -(without / without.sum()) @ effects
    return contrast, _Averted(float(np.log(without.sum() / observed.sum())), float(observed.sum()))


def _path(d: SeriesDesign, y: Array, matrix: Array, effect: list[int], fit: _Fit, link: str) -> pd.DataFrame:
    """Observed counts and the counterfactual with its interval, per period."""
    without = matrix.copy()
    without[:, effect] = 0.0
    mean = without @ fit.beta
    half = critical(fit.ceiling) * np.sqrt(np.einsum("ij,jk,ik->i", without, fit.vcov, without))
    exposure = d.exposure_values()
    unit = exposure if link == "log" else exposure / exposure.mean()
    back = np.exp if link == "log" else np.asarray
    return pd.DataFrame(
        {
            "time": d.periods,
            "observed": d.outcome_values(),
            "counterfactual": back(mean) * unit,
            "low": back(mean - half) * unit,
            "high": back(mean + half) * unit,
            "events": d.outcome_values(),
            "dose": d.dose,
        }
    )


def _support(d: SeriesDesign, terms: list[str]) -> pd.DataFrame:
    events = float(d.outcome_values()[d.after].sum())
    return pd.DataFrame({"term": terms, "persons": np.nan, "events": events, "units": 1})


def _estimand(d: SeriesDesign, link: str) -> Estimand:
    return Estimand(
        contrast="change against the city's own course",
        outcome=str(d.outcome),
        treatment=d.treatment,
        population=d.city,
        horizon=f"{d.n_after} {d.period_name} from {d.start}",
        scale="ratio of rates" if link == "log" else "events a period at mean exposure",
    )


def _facts(d: SeriesDesign, errors: str, pairs: int, sloped: bool) -> dict[str, object]:
    kind = "t, Satterthwaite df" if errors.startswith("reml") else "t(n − k)"
    return {
        "city": d.city,
        "start": d.start,
        "errors": errors,
        "harmonics": pairs,
        "slope_change": sloped,
        "interval": kind,
        "mean_events": float(d.outcome_values().mean()),
        "outcome_unit": f"{d.outcome} per period" if d.freq == "int" else f"{d.outcome} a {d.period_name[:-1]}",
        "n_before": d.n_before,
        "n_after": d.n_after,
    }
