"""Effects of several cities put together: their mean, how far they differ, and where that of another city would lie.

θ̂_j = μ + u_j + e_j, u_j ~ (0, τ²), e_j ~ (0, v_j) with v_j known. τ² by REML; with w_j = 1/(v_j + τ̂²) the mean is
Σ w θ̂ / Σ w, its variance s / Σ w with s = Σ w (θ̂ − μ̂)² / (m − 1), never less than 1 / Σ w, its interval Student's with
m − 1 degrees of freedom (Hartung & Knapp). The effect in another city of the same kind lies within μ̂ ± t √(τ̂² + V),
t with m − 2 degrees of freedom, which needs three cities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.inference import chi_square_p_value, interval, p_value
from coresponder_causal.core.random_effects import between_cities, tau_limits

Array = NDArray[np.float64]
usual_level = 0.95
fewest_pooled, fewest_predicted = 2, 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondStage:
    """What several cities' effects say together; all on the scale of the effects.

    Parameters
    ----------
    estimate, std_error, df, low, high, p_value : float
        The mean effect, with Hartung and Knapp's standard error and m − 1 degrees of freedom.
    tau, tau_low, tau_high : float
        Standard deviation of the true effects between cities, and its limits by the restricted likelihood.
    predicted_low, predicted_high : float
        Where the effect in another city would lie; NaN of two cities.
    q, q_p_value : float
        Cochran's test that all cities have one effect, m − 1 degrees of freedom.
    spread : float
        s above: 1 where the effects scatter as τ̂² says.
    weights : ndarray, shape (m,)
        Share of each city in the mean.
    level : float
    """

    estimate: float
    std_error: float
    df: float
    low: float
    high: float
    p_value: float
    tau: float
    tau_low: float
    tau_high: float
    predicted_low: float
    predicted_high: float
    q: float
    q_p_value: float
    spread: float
    weights: Array
    level: float


def second_stage(effects: Array, variances: Array, *, level: float = usual_level) -> SecondStage:
    """Put the effects of several cities together by random effects.

    Parameters
    ----------
    effects, variances : ndarray, shape (m,)
        One of each city, estimated apart from the others, and its sampling variance.
    level : float
        Of the three intervals.

    Returns
    -------
    SecondStage

    Raises
    ------
    EstimationError
        Fewer than two cities, effects that are no numbers, or variances that are not positive: the message lists all.

    References
    ----------
    Hartung & Knapp (2001), doi:10.1002/sim.1009. REML: Viechtbauer (2005), doi:10.3102/10769986030003261. The standard
    error never less than that of fixed weights: Röver, Knapp & Friede (2015), doi:10.1186/s12874-015-0091-1.
    Prediction: Higgins, Thompson & Spiegelhalter (2009), doi:10.1111/j.1467-985X.2008.00552.x.

    Examples
    --------
    >>> found = second_stage(np.array([-0.3, 0.0, 0.3, -0.4]), np.array([0.01, 0.02, 0.01, 0.04]))
    >>> round(found.estimate, 3), round(found.tau, 3), round(found.low, 3), round(found.predicted_high, 3)
    (-0.083, 0.29, -0.593, 1.342)
    """
    effects, variances = np.asarray(effects, float), np.asarray(variances, float)
    _refuse(effects, variances, level)
    many = len(effects)
    tau_squared, _ = between_cities(effects, variances)
    mean, variance, spread, weights = _mean(effects, variances, tau_squared)
    low, high = interval(mean, np.sqrt(variance), many - 1.0, level)
    spread_of_one = np.sqrt(tau_squared + variance) if many >= fewest_predicted else np.nan
    predicted = interval(mean, spread_of_one, max(many - 2.0, 1.0), level)
    tau_low, tau_high = tau_limits(effects, variances, tau_squared, share=(1 + level) / 2)
    fixed = 1 / variances
    q = float(fixed @ (effects - fixed @ effects / fixed.sum()) ** 2)
    return SecondStage(
        estimate=mean,
        std_error=float(np.sqrt(variance)),
        df=many - 1.0,
        low=float(low),
        high=float(high),
        p_value=float(p_value(mean / np.sqrt(variance), many - 1.0)),
        tau=float(np.sqrt(tau_squared)),
        tau_low=tau_low,
        tau_high=tau_high,
        predicted_low=float(predicted[0]),
        predicted_high=float(predicted[1]),
        q=q,
        q_p_value=float(chi_square_p_value(q, many - 1)),
        spread=spread,
        weights=weights,
        level=level,
    )


def _mean(effects: Array, variances: Array, tau_squared: float) -> tuple[float, float, float, Array]:
    """Give the weighted mean, its variance, the spread s, and each city's share."""
    inverse = 1 / (variances + tau_squared)
    weights = inverse / inverse.sum()
    mean = float(weights @ effects)
    spread = float(inverse @ (effects - mean) ** 2) / (len(effects) - 1)
    return mean, max(1.0, spread) / float(inverse.sum()), spread, weights


def without_each(effects: Array, variances: Array) -> Array:
    """Mean without each city in turn, τ² estimated anew; NaN of two cities.

    Parameters
    ----------
    effects, variances : ndarray, shape (m,)
        As in `second_stage`.

    Returns
    -------
    ndarray, shape (m,)

    Examples
    --------
    >>> without_each(np.array([-0.3, 0.0, 0.3]), np.array([0.01, 0.01, 0.01])).round(2).tolist()
    [0.15, 0.0, -0.15]
    """
    if len(effects) <= fewest_pooled:
        return np.full(len(effects), np.nan)
    left = [np.arange(len(effects)) != city for city in range(len(effects))]
    return np.array(
        [_mean(effects[k], variances[k], between_cities(effects[k], variances[k])[0])[0] for k in left], float
    )


def _refuse(effects: Array, variances: Array, level: float) -> None:
    problems = Problems("effects to put together")
    if effects.ndim != 1 or effects.shape != variances.shape or len(effects) < fewest_pooled:
        problems.add(
            f"effects of shape {effects.shape} with variances of shape {variances.shape}",
            mend=f"give one of each city, of {fewest_pooled} cities or more",
        )
    if wrong := np.flatnonzero(~np.isfinite(effects)).tolist():
        problems.add("effects that are no numbers", rows=wrong, mend="leave these cities out, and say so")
    if wrong := np.flatnonzero(~(np.isfinite(variances) & (variances > 0))).tolist():
        problems.add("variances that are not positive", rows=wrong, mend="leave these cities out, and say so")
    if not 0 < level < 1:
        problems.add(f"level={level!r}", mend="give one between 0 and 1, e.g. 0.95")
    problems.raise_if_any(EstimationError)
