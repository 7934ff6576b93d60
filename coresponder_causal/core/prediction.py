"""One treated city among m comparison cities: a prediction interval for the change it would have had anyway.

Each city's change is measured against the comparison cities' mean with errors that may persist; the changes of the
comparison cities, which had no programme, say how far cities drift apart without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.random_effects import (
    adjustment,
    between_cities,
    probability_of_zero,
    restricted_loglik,
    tau_limits,
    trait_columns,
)
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.core.reml import SerialDesign, serial_design
from coresponder_causal.core.reml_fit import RemlFit

Array = NDArray[np.float64]
prior_scale = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """The treated city's change against what cities without the programme did.

    Parameters
    ----------
    effect, variance, df : float
        d, V and its degrees of freedom: the interval is d ± t(df)·√V.
    tau, tau_information : float
        REML standard deviation of structural changes between comparison cities, and the information of its square.
    effects, variances, dfs : ndarray, shape (1 + m,)
        θ, v and df of every city, the treated city first.
    own : RemlFit
        The treated city's fit.
    matrix : ndarray, shape (T, k)
        Its regressors: constant, dose, season.
    rho_limits : tuple of float
        Lower and upper 80 % limits of the correlation of the treated city's errors; see `SerialDesign.rho_limits`.
    X : ndarray, shape (m, 1 + p), optional
        Constant and covariates of the comparison cities, where changes are adjusted for covariates.
    adjusting : float
        Part of V that comes from the estimated slopes of the covariates.
    """

    effect: float
    variance: float
    df: float
    tau: float
    tau_information: float
    effects: Array
    variances: Array
    dfs: Array
    own: RemlFit
    matrix: Array
    rho_limits: tuple[float, float]
    X: Array | None = None
    adjusting: float = 0.0

    def breakdown(self, level: float = 0.95) -> tuple[float, float]:
        """Return τ* and κ*, the between-city spread at which the finding just dies (0 where there is none).

        τ* is the standard deviation of structural changes over all cities; κ* the treated city's own standard
        deviation in units of the comparison cities'. κ* is infinite where τ̂ = 0.
        """
        m = len(self.effects) - 1
        limit = self.effect / float(inference.critical(self.df, level))
        return breakdown(limit, float(self.variances[0]) + self.adjusting, tau=self.tau, concentration=1 / m)

    def tau_limits(self) -> tuple[float, float]:
        """Lower and upper 80 % limits of τ, see `tau_limits`."""
        m = len(self.effects) - 1
        return tau_limits(self.effects[1:], self.variances[1:] * m / (m - 1), self.tau**2, self.X)

    def zero_probability(self) -> float:
        """Probability that τ̂ would be 0 if τ were at its upper limit."""
        m = len(self.effects) - 1
        return probability_of_zero(self.variances[1:] * m / (m - 1), self.tau_limits()[1], self.X)

    def integrated(self, level: float = 0.95) -> tuple[float, float]:
        """Interval with τ integrated over a half-normal(0.2) prior times its restricted likelihood, not plugged in.

        A companion to be stated beforehand; the default interval plugs in the REML estimate. Slopes of covariates
        count as known as well as they are at that estimate.
        """
        m = len(self.effects) - 1
        tau = np.linspace(0.0, 6 * prior_scale, 601)
        loglik = restricted_loglik(tau**2, self.effects[1:], self.variances[1:] * m / (m - 1), self.X)
        weights = np.exp(loglik - loglik.max() - 0.5 * (tau / prior_scale) ** 2)
        weights[[0, -1]] /= 2
        variances = self.variances[0] + self.adjusting + tau**2 * (1 + 1 / m)
        dfs = self.dfs[0] * (variances / self.variances[0]) ** 2
        half = inference.mixture_half_width(variances, dfs, weights / weights.sum(), level=level)
        return self.effect - half, self.effect + half


def breakdown(limit: float, variance: float, *, tau: float, concentration: float) -> tuple[float, float]:
    """Return τ* and κ*, see `Prediction.breakdown`.

    Parameters
    ----------
    limit : float
        Effect over the critical value: the standard error at which the finding dies.
    variance : float
        What is not drift between cities: the treated city's own, and that of slopes of covariates.
    tau : float
        Standard deviation of structural changes between comparison cities.
    concentration : float
        Σ w² of the weights with which these enter: 1/m where they are equal.
    """
    spare = limit**2 - variance
    tau_star = float(np.sqrt(max(0.0, spare) / (1 + concentration)))
    if tau == 0:
        return tau_star, float("inf") if spare > 0 else 0.0
    return tau_star, float(np.sqrt(max(0.0, spare / tau**2 - concentration)))


def predict(
    outcomes: Array,
    dose: Array,
    positions: Array,
    *,
    season: float | None,
    pairs: int = 2,
    covariates: Array | None = None,
) -> Prediction:
    """Compare the first city's change with that of the others.

    Parameters
    ----------
    outcomes : ndarray, shape (T, 1 + m)
        Log rates (or gaps of log rates), the treated city in the first column; the same periods for all.
    dose : ndarray, shape (T,)
        The treated city's dose per period, 0 before the start.
    positions : ndarray, shape (T,)
        Integer positions of the periods.
    season : float or None
        Periods in a year.
    pairs : int
        Seasonal harmonics.
    covariates : ndarray, shape (1 + m, p), optional
        Of the cities: d is then θ_0 less what the comparison cities' slopes make of the treated city's distance from
        their mean.

    Returns
    -------
    Prediction

    Raises
    ------
    EstimationError
        With fewer than two comparison cities: take a series design.

    References
    ----------
    Random effects by REML: Viechtbauer (2005), doi:10.3102/10769986030003261. Prediction interval: Higgins, Thompson &
    Spiegelhalter (2009), doi:10.1111/j.1467-985X.2008.00552.x. Few treated groups: Donald & Lang (2007),
    doi:10.1162/rest.89.2.221.
    """
    matrix = gap_matrix(dose, positions, season=season, pairs=pairs)
    serial, (relative,) = _relative(outcomes[None], matrix, positions)
    return _predicted(serial, relative, covariates=covariates)


def predict_effects(effects: Array, errors: Array, after: NDArray[np.bool_], positions: Array) -> Prediction:
    """Compare effects that were estimated elsewhere and whose errors are known by period.

    Parameters
    ----------
    effects : ndarray, shape (1 + m,)
        One of each city, the treated city first.
    errors : ndarray, shape (T, 1 + m)
        Series whose mean after less mean before the start is the error of an effect: how they persist says how well it
        is known.
    after : ndarray of bool, shape (T,)
    positions : ndarray, shape (T,)
        Integer positions of the periods.

    Returns
    -------
    Prediction
        With the effects as given, less the comparison cities' mean; their variances are those of a step at the start,
        fitted to the errors less the comparison cities' mean.

    Raises
    ------
    EstimationError
        As `predict`.
    """
    serial, (relative,) = _relative(errors[None], np.column_stack([np.ones(len(after)), after]), positions)
    return _predicted(serial, relative, effects=effects - effects[1:].mean())


def _predicted(
    serial: SerialDesign, relative: Array, *, effects: Array | None = None, covariates: Array | None = None
) -> Prediction:
    fits = serial.fit_many(relative)
    return Prediction(
        **_pooled(fits, effects, covariates)._asdict(),
        own=fits[0],
        matrix=serial.X,
        rho_limits=serial.rho_limits(relative[:, 0]),
    )


def gap_matrix(dose: Array, positions: Array, *, season: float | None, pairs: int) -> Array:
    """Regressors of a city's gap to the comparison cities: constant, dose, season; shape (T, 2 + 2·pairs)."""
    return np.hstack([np.ones((len(dose), 1)), dose[:, None], harmonics(positions, season, pairs)])


def placebo_statistics(
    outcomes: Array,
    dose: Array,
    positions: Array,
    *,
    season: float | None,
    pairs: int = 2,
    covariates: Array | None = None,
) -> Array:
    """Give the programme to each comparison city in turn, the treated city left out: their statistics d/√V.

    Parameters
    ----------
    outcomes, dose, positions, season, pairs, covariates
        As in `predict`.

    Returns
    -------
    ndarray, shape (m,)

    Raises
    ------
    EstimationError
        With fewer than three comparison cities: each needs two others.

    References
    ----------
    Abadie, Diamond & Hainmueller (2010), doi:10.1198/jasa.2009.ap08746, section 2.4.
    """
    others = outcomes[:, 1:]
    cities = range(others.shape[1])
    turns = np.stack([np.roll(others, -city, axis=1) for city in cities])
    traits = [None if covariates is None else np.roll(covariates[1:], -city, axis=0) for city in cities]
    effects, errors, _ = _headlines(turns, gap_matrix(dose, positions, season=season, pairs=pairs), positions, traits).T
    return np.asarray(effects / errors)


def predict_many(panels: Array, dose: Array, positions: Array, *, season: float | None, pairs: int = 2) -> Array:
    """Effect, standard error and degrees of freedom of many panels of the same periods, all fitted at once.

    Parameters
    ----------
    panels : ndarray, shape (s, T, 1 + m)
        As the outcomes of `predict`, one panel after the other.
    dose, positions, season, pairs
        As in `predict`.

    Returns
    -------
    ndarray, shape (s, 3)
    """
    matrix = gap_matrix(dose, positions, season=season, pairs=pairs)
    return _headlines(panels, matrix, positions, [None] * len(panels))


def _headlines(panels: Array, matrix: Array, positions: Array, covariates: Sequence[Array | None]) -> Array:
    serial, relative = _relative(panels, matrix, positions)
    fits = iter(serial.fit_many(np.hstack(list(relative))))
    pooled = [_pooled(list(islice(fits, panels.shape[2])), covariates=own) for own in covariates]
    return np.array([(each.effect, np.sqrt(each.variance), each.df) for each in pooled])


def _relative(panels: Array, matrix: Array, positions: Array) -> tuple[SerialDesign, Array]:
    """Design of every city's fit; and each panel (s, T, 1 + m) less the mean of its comparison cities."""
    m = panels.shape[2] - 1
    if m < 2:
        raise EstimationError(
            f"{m} comparison {'city' if m == 1 else 'cities'}: the spread between cities cannot be estimated",
            mend="bring at least two comparison cities (five or more are wanted), or use a series design",
        )
    return serial_design(matrix, time=positions), panels - panels[:, :, 1:].mean(axis=2, keepdims=True)


class _Pooled(NamedTuple):
    effect: float
    variance: float
    df: float
    tau: float
    tau_information: float
    effects: Array
    variances: Array
    dfs: Array
    X: Array | None
    adjusting: float


def _pooled(fits: list[RemlFit], effects: Array | None = None, covariates: Array | None = None) -> _Pooled:
    """Pool the cities' fits (or effects given with them): the first one's, and what it would vary by without effect."""
    m, contrast = len(fits) - 1, np.eye(fits[0].k)[1]
    effects = np.array([fit.beta[1] for fit in fits]) if effects is None else effects
    variances = np.array([fit.vcov[1, 1] for fit in fits])
    dfs = np.array([fit.record.df(contrast, fit.vcov) for fit in fits])
    own, X = variances[1:] * m / (m - 1), None if covariates is None else trait_columns(covariates[1:])
    tau_squared, trace = between_cities(effects[1:], own, X)
    expected, adjusting, left = 0.0, 0.0, m - 1
    if X is not None and covariates is not None:
        away = covariates[0] - covariates[1:].mean(axis=0)
        expected, adjusting = adjustment(effects[1:], own + tau_squared, X, away)
        left = m - X.shape[1]
    variance = float(variances[0] + tau_squared * (1 + 1 / m) + adjusting)
    spread = (1 + 1 / m) ** 2 * 2 / trace + 2 * variances[0] ** 2 / dfs[0] + 2 * adjusting**2 / left
    return _Pooled(
        effect=float(effects[0]) - expected,
        variance=variance,
        df=float(max(left, 2 * variance**2 / spread)),
        tau=float(np.sqrt(tau_squared)),
        tau_information=trace / 2,
        effects=effects,
        variances=variances,
        dfs=dfs,
        X=X,
        adjusting=adjusting,
    )
