"""One treated city among m comparison cities: a prediction interval for the change it would have had anyway.

Each city's change is measured against the comparison cities' mean with errors that may persist; the changes of the
comparison cities, which had no programme, say how far cities drift apart without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from coresponder_causal.core import inference
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import Doubt, note
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.core.reml import RemlFit, serial_design
from coresponder_causal.core.verdict import as_change

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

    def breakdown(self, level: float = 0.95) -> tuple[float, float]:
        """Return τ* and κ*, the between-city spread at which the finding just dies (0 where there is none).

        τ* is the standard deviation of structural changes over all cities; κ* the treated city's own standard
        deviation in units of the comparison cities'. κ* is infinite where τ̂ = 0.
        """
        m = len(self.effects) - 1
        cut = float(inference.critical(self.df, level))
        return breakdown(self.effect / cut, float(self.variances[0]), tau=self.tau, concentration=1 / m)

    def tau_limits(self) -> tuple[float, float]:
        """Lower and upper 80 % limits of τ, see `tau_limits`."""
        m = len(self.effects) - 1
        return tau_limits(self.effects[1:], self.variances[1:] * m / (m - 1), self.tau**2)

    def integrated(self, level: float = 0.95) -> tuple[float, float]:
        """Interval with τ integrated over a half-normal(0.2) prior times its restricted likelihood, not plugged in.

        A companion to be stated beforehand; the default interval plugs in the REML estimate.
        """
        m = len(self.effects) - 1
        tau = np.linspace(0.0, 6 * prior_scale, 601)
        loglik = _restricted_loglik(tau**2, self.effects[1:], self.variances[1:] * m / (m - 1))
        weights = np.exp(loglik - loglik.max() - 0.5 * (tau / prior_scale) ** 2)
        weights[[0, -1]] /= 2
        variances = self.variances[0] + tau**2 * (1 + 1 / m)
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
        The treated city's own.
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


def predict(outcomes: Array, dose: Array, positions: Array, *, season: float | None, pairs: int = 2) -> Prediction:
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
    m = outcomes.shape[1] - 1
    if m < 2:
        raise EstimationError(
            f"{m} comparison {'city' if m == 1 else 'cities'}: the spread between cities cannot be estimated",
            mend="bring at least two comparison cities (five or more are wanted), or use a series design",
        )
    relative = outcomes - outcomes[:, 1:].mean(axis=1, keepdims=True)
    matrix = gap_matrix(dose, positions, season=season, pairs=pairs)
    serial = serial_design(matrix, time=positions)
    fits = serial.fit_each(list(np.ascontiguousarray(relative.T)))
    contrast = np.eye(matrix.shape[1])[1]
    effects = np.array([fit.beta[1] for fit in fits])
    variances = np.array([fit.vcov[1, 1] for fit in fits])
    dfs = np.array([fit.record.df(contrast, fit.vcov) for fit in fits])
    tau_squared, trace = between_cities(effects[1:], variances[1:] * m / (m - 1))
    variance = variances[0] + tau_squared * (1 + 1 / m)
    spread = (1 + 1 / m) ** 2 * 2 / trace + 2 * variances[0] ** 2 / dfs[0]
    return Prediction(
        effect=float(effects[0]),
        variance=float(variance),
        df=float(max(m - 1, 2 * variance**2 / spread)),
        tau=float(np.sqrt(tau_squared)),
        tau_information=trace / 2,
        effects=effects,
        variances=variances,
        dfs=dfs,
        own=fits[0],
        matrix=matrix,
        rho_limits=serial.rho_limits(relative[:, 0]),
    )


def gap_matrix(dose: Array, positions: Array, *, season: float | None, pairs: int) -> Array:
    """Regressors of a city's gap to the comparison cities: constant, dose, season; shape (T, 2 + 2·pairs)."""
    return np.hstack([np.ones((len(dose), 1)), dose[:, None], harmonics(positions, season, pairs)])


def placebo_statistics(
    outcomes: Array, dose: Array, positions: Array, *, season: float | None, pairs: int = 2
) -> Array:
    """Give the programme to each comparison city in turn, the treated city left out: their statistics d/√V.

    Parameters
    ----------
    outcomes, dose, positions, season, pairs
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
    turns = [np.roll(others, -city, axis=1) for city in range(others.shape[1])]
    fits = [predict(turn, dose, positions, season=season, pairs=pairs) for turn in turns]
    return np.array([fit.effect / np.sqrt(fit.variance) for fit in fits])


def between_cities(effects: Array, variances: Array) -> tuple[float, float]:
    """REML variance τ² ≥ 0 of effects with known sampling variances, and tr(PP) at it.

    Parameters
    ----------
    effects, variances : ndarray, shape (m,)

    Returns
    -------
    tau_squared, trace : float
        The asymptotic variance of τ̂² is 2 / trace.

    References
    ----------
    Viechtbauer (2005), doi:10.3102/10769986030003261, equation 8.

    Examples
    --------
    >>> tau_squared, trace = between_cities(np.array([-0.3, 0.0, 0.3]), np.array([0.01, 0.01, 0.01]))
    >>> round(tau_squared, 6)
    0.08
    """
    ceiling = 4 * float(np.var(effects, ddof=1)) + float(variances.max())
    grid = np.concatenate([[0.0], np.geomspace(1e-8, 1.0, 80) * ceiling])
    best = int(np.argmax(_restricted_loglik(grid, effects, variances)))
    tau_squared = 0.0
    if best > 0:
        bounds = (grid[best - 1], grid[min(best + 1, len(grid) - 1)])
        found = minimize_scalar(
            lambda value: -_restricted_loglik(np.array([value]), effects, variances)[0],
            bounds=bounds,
            method="bounded",
            options={"xatol": 1e-13 * ceiling},
        )
        tau_squared = float(found.x)
    weights = 1 / (variances + tau_squared)
    s1, s2, s3 = (float(np.sum(weights**power)) for power in (1, 2, 3))
    return tau_squared, s2 - 2 * s3 / s1 + (s2 / s1) ** 2


def tau_limits(effects: Array, variances: Array, tau_squared: float, *, share: float = 0.8) -> tuple[float, float]:
    """One-sided lower and upper limits of τ, each of confidence ``share``.

    Parameters
    ----------
    effects, variances : ndarray, shape (m,)
    tau_squared : float
        The maximum, as `between_cities` returns it.
    share : float
        Confidence of each limit.

    Returns
    -------
    lower, upper : float
        Ends of {τ : l(τ²) ≥ l(τ̂²) − z²/2}, l the restricted likelihood and z the normal quantile of ``share``; the
        lower one is 0 where l(0) is not below that.

    Examples
    --------
    >>> effects, variances = np.array([-0.3, 0.0, 0.3]), np.array([0.01, 0.01, 0.01])
    >>> [round(limit, 2) for limit in tau_limits(effects, variances, between_cities(effects, variances)[0])]
    [0.18, 0.48]
    """
    top = float(_restricted_loglik(np.array([tau_squared]), effects, variances)[0])
    cut = top - float(inference.critical(np.inf, 2 * share - 1)) ** 2 / 2

    def spare(value: float) -> float:
        return float(_restricted_loglik(np.array([value]), effects, variances)[0]) - cut

    beyond = tau_squared + float(variances.max())
    while spare(beyond) > 0:
        beyond *= 4
    lower = 0.0 if spare(0.0) >= 0 else float(brentq(spare, 0.0, tau_squared))
    return float(np.sqrt(lower)), float(np.sqrt(brentq(spare, tau_squared, beyond)))


def _restricted_loglik(tau_squared: Array, effects: Array, variances: Array) -> Array:
    """Restricted log-likelihood at each τ², up to a constant."""
    total = variances[None, :] + tau_squared[:, None]
    weights = 1 / total
    mean = weights @ effects / weights.sum(axis=1)
    squares = (weights * (effects[None, :] - mean[:, None]) ** 2).sum(axis=1)
    return np.asarray(-0.5 * (np.log(total).sum(axis=1) + np.log(weights.sum(axis=1)) + squares))


class CityEffects(Protocol):
    """Effect, variance and df of every city, the treated city first."""

    @property
    def effects(self) -> Array: ...  # noqa: D102
    @property
    def variances(self) -> Array: ...  # noqa: D102
    @property
    def dfs(self) -> Array: ...  # noqa: D102


def city_table(fit: CityEffects, cities: list[str], events: Array) -> pd.DataFrame:
    """One row per city: its change against the comparison cities, with its own standard error."""
    return pd.DataFrame(
        {
            "city": cities,
            "role": ["treated"] + ["comparison"] * (len(cities) - 1),
            "effect": fit.effects,
            "std_error": np.sqrt(fit.variances),
            "df": fit.dfs,
            "events": events,
        }
    )


def ranked(statistics: Array) -> Facts:
    """Facts of a rank test: its kind, and the p-value below which it cannot go, which is said.

    Parameters
    ----------
    statistics : ndarray, shape (m,)
        Of the units without the treatment.
    """
    of = len(statistics) + 1
    note(f"permutation: a p-value cannot go below 1/{of} = {1 / of:.3f}" + ", so that it never reaches 5 %" * (of < 20))
    return Facts({"interval": f"permutation among {of} cities", "p_floor": 1 / of})


def doubt_bound(fit: Prediction, outcomes: Array, after: NDArray[np.bool_]) -> None:
    """Say when the treated city's errors are fitted as a near random walk."""
    if "rho upper" in fit.own.at_bound:
        doubt_random_walk(fit.effect, outcomes[:, 0] - outcomes[:, 1:].mean(axis=1), after)


def doubt_random_walk(effect: float, gap: Array, after: NDArray[np.bool_]) -> None:
    """Say that months near the start decide, as errors are fitted as a near random walk."""
    distance = as_change(float(gap[after].mean() - gap[~after].mean()), "log_ratio")
    text = (
        f"the city's errors are fitted as almost a random walk (ρ at its bound): the estimate, "
        f"{as_change(effect, 'log_ratio')}, rests on the periods around the start; the plain distance of the means "
        f"after and before is {distance}"
    )
    note(Doubt(text))


def facts(fit: Prediction) -> dict[str, object]:
    """Return the small facts of a prediction interval, breakdown values included."""
    tau_star, kappa_star = fit.breakdown()
    low, high = fit.integrated()
    tau_lower, tau_upper = fit.tau_limits()
    return {
        "interval": "prediction interval",
        "m": len(fit.effects) - 1,
        "tau": fit.tau,
        "tau_star": tau_star,
        "kappa_star": kappa_star,
        "integrated_low": low,
        "integrated_high": high,
        "at_bound": ", ".join(fit.own.at_bound),
        "rho": fit.own.rho,
        "phi": fit.own.phi,
        "rho_lower": fit.rho_limits[0],
        "rho_upper": fit.rho_limits[1],
        "tau_lower": tau_lower,
        "tau_upper": tau_upper,
    }


def gap_path(fit: Prediction, outcomes: Array, after: NDArray[np.bool_], time: pd.Index, events: Array) -> pd.DataFrame:
    """Ratio of the treated city to the comparison cities' mean, and where it would lie without the programme.

    Notes
    -----
    Both are relative to their mean before the start. The band after the start is the prediction interval of no change,
    exp(± t(df) √V): where the city's mean would lie nineteen times in twenty. There is no band before the start. The
    estimate weights months by the persistence of their errors, so it is not exactly the mean distance drawn.
    """
    series = outcomes[:, 0] - outcomes[:, 1:].mean(axis=1)
    season = fit.matrix[:, 2:] @ fit.own.beta[2:]
    expected = season - season[~after].mean()
    half = np.where(after, float(inference.critical(fit.df)) * np.sqrt(fit.variance), np.nan)
    return pd.DataFrame(
        {
            "time": time,
            "observed": np.exp(series - series[~after].mean()),
            "counterfactual": np.exp(expected),
            "low": np.exp(expected - half),
            "high": np.exp(expected + half),
            "events": events,
            "dose": fit.matrix[:, 1],
        }
    )
