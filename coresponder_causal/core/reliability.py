"""How far the sum of some items tells persons apart: α, ω, and agreement of two occasions, with intervals."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import agreement_interval, critical, feldt_interval
from coresponder_causal.core.one_factor import OneFactor, omega_influence

Array = NDArray[np.float64]
Interval = Literal["any distribution", "feldt"]


class Coefficient(NamedTuple):
    """A coefficient of reliability, its standard error and its bounds."""

    estimate: float
    std_error: float
    low: float
    high: float


def alpha_of(covariance: Array) -> float:
    """Cronbach's α of a covariance matrix of k items: k/(k − 1) · (1 − tr S/1'S1).

    References
    ----------
    Cronbach (1951), doi:10.1007/BF02310555.

    Examples
    --------
    >>> round(alpha_of(np.array([[2.0, 1.0], [1.0, 2.0]])), 4)
    0.6667
    """
    k, total = len(covariance), float(covariance.sum())
    return float(k / (k - 1) * (1 - np.trace(covariance) / total)) if total > 0 else float("nan")


def cronbach_alpha(items: Array, *, interval: Interval = "any distribution", level: float = 0.95) -> Coefficient:
    """Cronbach's α of complete answers, shape (n, k).

    The default interval is ± t(n − 1) standard errors on the scale of log(1 − α), with the spread of α's influence
    function over persons, which asks nothing of the items or of their distribution; "feldt" asks for normal answers and
    parallel items.

    References
    ----------
    Maydeu-Olivares, Coffman & Hartmann (2007), doi:10.1037/1082-989X.12.2.157 (any distribution); Bonett (2002),
    doi:10.3102/10769986027004335 (the logarithm); Feldt (1965), doi:10.1007/BF02289499.

    Examples
    --------
    >>> answers = np.array([[1.0, 2], [2, 1], [3, 3], [4, 5], [5, 4], [5, 5]])
    >>> round(cronbach_alpha(answers).estimate, 3)
    0.919
    """
    n, k = items.shape
    estimate = alpha_of(np.cov(items, rowvar=False))
    centred = items - items.mean(axis=0)
    single, whole = np.sum(centred**2, axis=1), np.sum(centred, axis=1) ** 2
    total = whole.mean()
    influence = -k / (k - 1) * (single - single.mean() / total * whole) / total
    found = logarithmic(estimate, influence, level)
    return (
        found
        if interval != "feldt"
        else found._replace(**dict(zip(("low", "high"), feldt_interval(estimate, n, k, level), strict=True)))
    )


def logarithmic(estimate: float, influence: Array, level: float = 0.95) -> Coefficient:
    """Coefficient below 1 with bounds on the scale of log(1 − coefficient), from the influence of each person."""
    n = len(influence)
    error = float(influence.std(ddof=1) / np.sqrt(n))
    left = 1 - estimate
    factor = float(np.exp(critical(n - 1, level) * error / left)) if left > 0 else 1.0
    return Coefficient(estimate, error, 1 - left * factor, 1 - left / factor)


def omega_total(items: Array, fit: OneFactor, *, level: float = 0.95) -> Coefficient:
    """McDonald's ω of one factor, with bounds that hold whatever the distribution of the answers.

    References
    ----------
    McDonald (1999), Test Theory; Kelley & Pornprasertmanit (2016), doi:10.1037/a0040086.
    """
    return logarithmic(fit.omega, omega_influence(items, fit), level)


class Agreement(NamedTuple):
    """Agreement of persons' scores over occasions: the correlation for one occasion, and what stands behind it.

    ``error`` is the standard error of measurement: occasions' own means and what is left, in units of the score.
    """

    coefficient: Coefficient
    error: float


def absolute_agreement(scores: Array, level: float = 0.95) -> Agreement:
    """ICC(A,1) of complete scores, shape (n, k): (MS_p − MS_e)/(MS_p + (k − 1) MS_e + k (MS_o − MS_e)/n).

    References
    ----------
    McGraw & Wong (1996), doi:10.1037/1082-989X.1.1.30; Shrout & Fleiss (1979), doi:10.1037/0033-2909.86.2.420.

    Examples
    --------
    >>> table = np.array([[9.0, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> round(absolute_agreement(table).coefficient.estimate, 2)
    0.29
    """
    n, k = scores.shape
    middle = scores.mean()
    persons = k * float(np.sum((scores.mean(axis=1) - middle) ** 2)) / (n - 1)
    occasions = n * float(np.sum((scores.mean(axis=0) - middle) ** 2)) / (k - 1)
    left = scores - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0) + middle
    error = float(np.sum(left**2)) / ((n - 1) * (k - 1))
    rho = (persons - error) / (persons + (k - 1) * error + k * (occasions - error) / n)
    low, high = agreement_interval(persons, occasions, error, n, k, level)
    noise = float(np.sqrt(error + max((occasions - error) / n, 0.0)))
    return Agreement(Coefficient(float(rho), float("nan"), low, high), noise)
