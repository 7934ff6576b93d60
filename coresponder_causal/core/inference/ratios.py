"""Fieller's set of a ratio of two estimates, which need not be an interval."""

from typing import Literal, NamedTuple

import numpy as np

from coresponder_causal.core.inference.student import critical


class RatioSet(NamedTuple):
    """Values of a ratio that a test does not reject.

    "interval" is what lies between ``low`` and ``high``, "outside" all that does not, "all" every value.
    """

    estimate: float
    low: float
    high: float
    kind: Literal["interval", "outside", "all"]


def ratio_set(
    numerator: float,
    denominator: float,
    *,
    variance_of_numerator: float,
    variance_of_denominator: float,
    covariance: float = 0.0,
    df: float = np.inf,
    level: float = 0.95,
) -> RatioSet:
    """Values λ at which numerator − λ·denominator is not found to differ from zero.

    With t the critical value they satisfy λ²(b² − t²v_b) − 2λ(ab − t²c) + a² − t²v_a ≤ 0: an interval only where the
    denominator itself differs from zero.

    Parameters
    ----------
    numerator, denominator : float
    variance_of_numerator, variance_of_denominator, covariance : float
    df : float
        Degrees of freedom of t; ``inf`` is the normal.
    level : float

    References
    ----------
    Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x.

    Examples
    --------
    >>> ratio_set(10, 5, variance_of_numerator=1, variance_of_denominator=1)._asdict()["kind"]
    'interval'
    >>> ratio_set(10, 1, variance_of_numerator=1, variance_of_denominator=1).kind
    'outside'
    """
    square = float(critical(df, level)) ** 2
    lead = denominator**2 - square * variance_of_denominator
    half = numerator * denominator - square * covariance
    rest = half**2 - lead * (numerator**2 - square * variance_of_numerator)
    estimate = numerator / denominator if denominator else float("nan")
    if rest < 0 or lead == 0:
        return RatioSet(estimate, -np.inf, np.inf, "all")
    low, high = sorted(((half - np.sqrt(rest)) / lead, (half + np.sqrt(rest)) / lead))
    return RatioSet(estimate, float(low), float(high), "interval" if lead > 0 else "outside")
