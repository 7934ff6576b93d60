"""E-values: how strongly something hidden must go with both the treatment and the outcome to explain an estimate away.

The strength is a risk ratio, the same on both sides. Estimates on other scales are brought to risk ratios first.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical

Array = NDArray[np.float64]
Measure = Literal["risk ratio", "odds ratio", "hazard ratio", "standardised difference"]


class EValue(NamedTuple):
    """Risk ratio with its bounds, the E-value of the estimate and that of the bound nearer to no effect."""

    ratio: float
    low: float
    high: float
    point: float
    limit: float


def evalue(ratio: float, true: float = 1.0) -> float:
    """Least risk ratio of something hidden with treatment and outcome that turns ``ratio`` into ``true``.

    References
    ----------
    VanderWeele & Ding (2017), doi:10.7326/M16-2607.

    Examples
    --------
    >>> round(evalue(3.9), 2), round(evalue(0.8), 2)
    (7.26, 1.81)
    """
    apart = max(ratio / true, true / ratio)
    return float(apart + np.sqrt(apart * (apart - 1)))


def evalues(
    estimate: float, low: float, high: float, *, measure: Measure = "risk ratio", common: bool = True, true: float = 1.0
) -> EValue:
    """Compute the E-values of an estimate and of its interval.

    Parameters
    ----------
    estimate, low, high : float
        Ratio with its 95 % bounds; of a difference in standard deviations of the outcome that difference.
    measure : {"risk ratio", "odds ratio", "hazard ratio", "standardised difference"}
        A ratio of rates is a risk ratio. Differences d become exp(.91 d), their bounds exp(.91 d ± 1.78 SE).
    common : bool
        Whether more than 15 % have the outcome by the end: odds ratios then become √OR, hazard ratios
        (1 − .5^√HR) / (1 − .5^√(1/HR)). Of rare outcomes both are risk ratios.
    true : float
        Risk ratio to which the estimate is to be moved.

    Returns
    -------
    EValue
        ``limit`` is 1 where the interval holds ``true``.

    Raises
    ------
    EstimationError
        Ratios that are not positive, bounds that do not hold the estimate, or an unknown measure.

    References
    ----------
    VanderWeele & Ding (2017), doi:10.7326/M16-2607; VanderWeele (2017), doi:10.1002/sim.7221 (√OR); Chinn (2000),
    doi:10.1002/1097-0258(20001130)19:22<3127::AID-SIM784>3.0.CO;2-M (standardised differences).

    Examples
    --------
    >>> round(evalues(0.8, 0.71, 0.91).limit, 2), round(evalues(2.5, 1.6, 3.9, measure="odds ratio").point, 2)
    (1.43, 2.54)
    """
    if measure not in get_args(Measure):
        raise EstimationError(f"'{measure}' is not a measure", mend=f"choose from {', '.join(get_args(Measure))}")
    if not low <= estimate <= high:
        raise EstimationError(f"the interval {low:g} to {high:g} does not hold {estimate:g}", mend="give both bounds")
    if measure == "standardised difference":
        half = 1.78 / float(critical(np.inf))
        logs = [0.91 * estimate, *(0.91 * estimate + half * (end - estimate) for end in (low, high))]
        return _valued(np.exp(logs), true)
    if not low > 0:
        raise EstimationError(f"a ratio of {low:g} is not positive", mend="give ratios, not differences or logarithms")
    given = np.array([estimate, low, high])
    if common and measure == "odds ratio":
        given = np.sqrt(given)
    elif common and measure == "hazard ratio":
        given = (1 - 0.5 ** np.sqrt(given)) / (1 - 0.5 ** np.sqrt(1 / given))
    return _valued(given, true)


def _valued(ends: Array, true: float) -> EValue:
    ratio, low, high = map(float, ends)
    holds = low <= true <= high
    nearer = low if ratio > true else high
    limit = 1.0 if holds else evalue(nearer, true)
    return EValue(ratio, low, high, evalue(ratio, true), limit)


def evalues_of_counts(events: tuple[float, float], persons: tuple[float, float], *, level: float = 0.95) -> EValue:
    """Compute the E-values of a difference of two risks: of what moves it, or its bound, to nothing.

    The bound is that of a bias factor B, which lowers the difference to (p₁ − B p₀)(f + (1 − f)/B), f the share
    treated, with its delta variance; B is where the bound nearer to nothing is 0.

    Parameters
    ----------
    events, persons : tuple of float
        Of the treated and of the untreated. The arm with the larger risk is compared with the other.

    Returns
    -------
    EValue
        Ratio of the risks; its bound nearer to 1 is B or 1/B, the other open.

    Raises
    ------
    EstimationError
        If an arm has no events: the ratio of the risks is unbounded.

    References
    ----------
    Ding & VanderWeele (2016), doi:10.1097/EDE.0000000000000457.

    Examples
    --------
    >>> found = evalues_of_counts((397, 51), (78954, 108829))
    >>> round(found.point, 2), round(found.limit, 2)
    (20.95, 15.96)
    """
    if min(events) <= 0:
        raise EstimationError("an arm has no events: the ratio of risks is unbounded", mend="choose another outcome")
    risks = [count / many for count, many in zip(events, persons, strict=True)]
    more = int(risks[1] > risks[0])
    (p1, n1), (p0, n0) = (risks[more], persons[more]), (risks[1 - more], persons[1 - more])
    z, f = float(critical(np.inf, level)), n1 / (n1 + n0)
    v1, v0, vf = p1 * (1 - p1) / n1, p0 * (1 - p0) / n0, f * (1 - f) / (n1 + n0)

    def bound(bias: float) -> float:
        left, share = p1 - p0 * bias, f + (1 - f) / bias
        spread = np.sqrt((v1 + v0 * bias**2) * share**2 + left**2 * (1 - 1 / bias) ** 2 * vf)
        return left * share - z * float(spread)

    ratio = p1 / p0
    survived = float(optimize.brentq(bound, 1.0, ratio, xtol=1e-12)) if bound(1.0) > 0 else 1.0
    turned = (1 / ratio, 0.0, 1 / survived) if more else (ratio, survived, float("inf"))
    return EValue(*turned, evalue(ratio), evalue(survived))
