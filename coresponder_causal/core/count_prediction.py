"""One treated city among m others by exact likelihoods of sparse counts, one before and one after the start each.

Given a city's events together, those after the start are binomial: B_j | N_j ~ Bin(N_j, p_j), logit p_j = o_j + μ +
u_j, o_j the log ratio of the exposures after and before and u_j ~ N(0, τ²) in cities without the programme. τ holds
both how far cities drift apart and their month-to-month shocks, which all add to u_j.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from coresponder_causal.core import inference
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.few_treated import breakdown_ratio
from coresponder_causal.core.random_effects import largest, likelihood_limits, probability_of_zero, projection

Array = NDArray[np.float64]
nodes, means, newton_steps, widest_tau = 7, 33, 4, 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountPrediction:
    """The treated city's change against what cities without the programme did, from counts.

    Parameters
    ----------
    effect, variance, df : float
        d, V and its degrees of freedom: the interval is d ± t(df)·√V.
    tau : float
        Standard deviation of u, by restricted maximum likelihood.
    tau_limits : tuple of float
        Its lower and upper 80 % limits.
    effects, variances : ndarray, shape (1 + m,)
        Every city's log ratio less μ̂, and its variance given that ratio, the treated city first.
    """

    effect: float
    variance: float
    df: float
    tau: float
    tau_limits: tuple[float, float]
    effects: Array
    variances: Array

    @property
    def dfs(self) -> Array:
        """Degrees of freedom of the variances, which counts give without estimating them; shape (1 + m,)."""
        return np.full(len(self.effects), np.inf)

    def breakdown(self, level: float = 0.95) -> float:
        """Return τ*, the largest spread between all cities at which the finding survives; 0 for none."""
        m = len(self.effects) - 1
        spare = (self.effect / float(inference.critical(self.df, level))) ** 2 - self.variances[0]
        return float(np.sqrt(max(0.0, spare) / (1 + 1 / m)))


class _Others(NamedTuple):
    """Cities without the programme: events after and in all, log ratios of exposure and of rates, their variances."""

    events: Array
    totals: Array
    offset: Array
    ratios: Array
    variances: Array


def predict_counts(before: Array, after: Array, offset: Array, dose: float = 1.0) -> CountPrediction:
    """Compare the first city's ratio of counts with that of the others.

    Parameters
    ----------
    before, after : ndarray, shape (1 + m,)
        Events, the treated city first.
    offset : ndarray, shape (1 + m,)
        Log of exposure after over exposure before.
    dose : float
        Mean dose after less mean dose before: effects are per full dose.

    Returns
    -------
    CountPrediction

    Raises
    ------
    EstimationError
        With fewer than two comparison cities, or a city without events.

    Notes
    -----
    μ has a flat prior: its integral makes the likelihood of τ a restricted one. V = (1/A_0 + 1/B_0 + τ²) + Var(μ | τ̂),
    half an event added to both counts of a city where one is zero; df = max(m − 1, 2V² / [(1 + 1/m)² 2/tr(PP)]).

    References
    ----------
    Stijnen, Hamza & Özdemir (2010), doi:10.1002/sim.4040 (binomial-normal model); Pinheiro & Bates (1995),
    doi:10.1080/10618600.1995.10474663 (adaptive quadrature).

    Examples
    --------
    >>> many = predict_counts(np.full(6, 9000.0), np.array([4500.0, *[9000.0] * 5]), np.zeros(6))
    >>> round(many.effect, 3), many.tau
    (-0.693, 0.0)
    """
    m = len(before) - 1
    empty = int((before + after == 0).sum())
    if m < 2 or empty:
        raise EstimationError(
            f"{m} comparison cities, {empty} cities without any event",
            mend="bring at least two comparison cities, and leave out those without events",
        )
    half = 0.5 * ((before == 0) | (after == 0))
    ratios = np.log((after + half) / (before + half)) - offset
    variances = 1 / (after + half) + 1 / (before + half)
    others = _Others(after[1:], (before + after)[1:], offset[1:], ratios[1:], variances[1:])
    grid = _means(ratios[1:], variances[1:])

    def loglik(tau_squared: Array) -> Array:
        top = (each := _loglik(tau_squared, grid, others)).max(axis=1)
        return np.asarray(np.log(np.exp(each - top[:, None]).sum(axis=1)) + top)

    tau_squared = largest(loglik, widest_tau**2)
    weights = _loglik(np.array([tau_squared]), grid, others)[0]
    weights = np.exp(weights - weights.max())
    weights /= weights.sum()
    mean = float(weights @ grid)
    known = float(weights @ (grid - mean) ** 2)
    variance = float(variances[0]) + tau_squared + known
    information = float(np.sum(projection(variances[1:] + tau_squared) ** 2))
    return CountPrediction(
        effect=float(ratios[0] - mean) / dose,
        variance=variance / dose**2,
        df=float(max(m - 1, variance**2 * information / (1 + 1 / m) ** 2)),
        tau=float(np.sqrt(tau_squared)) / dose,
        tau_limits=tuple(limit / dose for limit in likelihood_limits(loglik, tau_squared, 0.01)),  # type: ignore[arg-type]
        effects=(ratios - mean) / dose,
        variances=variances / dose**2,
    )


def count_facts(fit: CountPrediction) -> dict[str, object]:
    """Return the small facts of a prediction interval from counts."""
    return {
        "interval": "prediction interval",
        "m": len(fit.effects) - 1,
        "tau": fit.tau,
        "tau_lower": fit.tau_limits[0],
        "tau_upper": fit.tau_limits[1],
        "tau_star": fit.breakdown(),
        "rho_star": breakdown_ratio(fit.effects[:, None]),
        "prob_tau_zero": probability_of_zero(fit.variances[1:], fit.tau_limits[1]),
    }


def _means(ratios: Array, variances: Array) -> Array:
    """Grid of μ that reaches eight standard errors of the mean each way, at the spread seen."""
    error = np.sqrt((np.var(ratios, ddof=1) + variances.mean()) / len(ratios))
    centre = float(np.average(ratios, weights=1 / (variances + np.var(ratios, ddof=1))))
    return np.asarray(centre + np.linspace(-8, 8, means) * error)


def _loglik(tau_squared: Array, grid: Array, others: _Others) -> Array:
    """Log-likelihood at each τ² and μ, u integrated out by quadrature about its mode; shape (len τ², len μ)."""
    events, totals = others.events, others.totals
    tau, mean = np.sqrt(tau_squared)[:, None, None], grid[None, :, None]
    linear = mean + others.offset
    z = tau * (others.ratios - mean) / (tau**2 + others.variances)
    for _ in range(newton_steps):
        p = expit(linear + tau * z)
        z = z + (tau * (events - totals * p) - z) / (tau**2 * totals * p * (1 - p) + 1)
    p = expit(linear + tau * z)
    width = 1 / np.sqrt(tau**2 * totals * p * (1 - p) + 1)
    points, mass = np.polynomial.hermite_e.hermegauss(nodes)
    at = z[..., None] + width[..., None] * points
    eta = linear[..., None] + tau[..., None] * at
    log = events[:, None] * eta - totals[:, None] * np.logaddexp(0.0, eta) - at**2 / 2 + points**2 / 2
    top = log.max(axis=-1, keepdims=True)
    each = np.log((np.exp(log - top) * mass).sum(axis=-1)) + top[..., 0] + np.log(width)
    return np.asarray(each.sum(axis=-1))
