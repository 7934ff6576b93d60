"""Bounds made of ratios of variances: coefficients of reliability."""

import numpy as np
from scipy import stats

from coresponder_causal.core.inference.chi_square import normal_tail


def feldt_interval(alpha: float, persons: int, items: int, level: float = 0.95) -> tuple[float, float]:
    """Bounds of α under normal answers and parallel items: (1 − α)/(1 − α̂) is F(n − 1, (n − 1)(k − 1)).

    References
    ----------
    Feldt (1965), doi:10.1007/BF02289499; Feldt, Woodruff & Salih (1987), doi:10.1177/014662168701100107.

    Examples
    --------
    >>> [round(bound, 3) for bound in feldt_interval(0.8, 100, 5)]
    [0.731, 0.856]
    """
    df_num, df_den, tail = persons - 1, (persons - 1) * (items - 1), (1 - level) / 2
    low = 1 - (1 - alpha) * float(stats.f.isf(tail, df_num, df_den))
    high = 1 - (1 - alpha) * float(stats.f.ppf(tail, df_num, df_den))
    return low, high


def agreement_interval(
    persons: float, occasions: float, error: float, n: int, k: int, level: float
) -> tuple[float, float]:
    """Bounds of the intraclass correlation for absolute agreement, from the mean squares of a two-way table.

    Parameters
    ----------
    persons, occasions, error : float
        Mean squares.
    n, k : int
        Numbers of persons and of occasions.
    level : float

    References
    ----------
    McGraw & Wong (1996), doi:10.1037/1082-989X.1.1.30, table 7, case 2A, with Satterthwaite's df.

    Examples
    --------
    >>> [round(bound, 2) for bound in agreement_interval(11.24, 32.49, 1.02, 6, 4, 0.95)]
    [0.02, 0.76]
    """
    rho = (persons - error) / (persons + (k - 1) * error + k * (occasions - error) / n)
    a = k * rho / (n * (1 - rho))
    b = 1 + k * rho * (n - 1) / (n * (1 - rho))
    df = (a * occasions + b * error) ** 2 / ((a * occasions) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1)))
    rest, tail = k * occasions + (k * n - k - n) * error, (1 - level) / 2
    above, below = float(stats.f.isf(tail, n - 1, df)), float(stats.f.isf(tail, df, n - 1))
    low = n * (persons - above * error) / (above * rest + n * persons)
    high = n * (below * persons - error) / (rest + n * below * persons)
    return float(np.clip(low, -1, 1)), float(np.clip(high, -1, 1))


def reliability_power(true: float, least: float, persons: int, items: int, level: float = 0.95) -> float:
    """Probability that the lower bound of a two-sided interval of α clears ``least`` where ``true`` is the truth.

    By the variance 2k/((k − 1)(n − 2)) of log(1 − α̂).

    References
    ----------
    Bonett (2002), doi:10.3102/10769986027004335.

    Examples
    --------
    >>> round(reliability_power(0.8, 0.7, 121, 5), 2), reliability_persons(0.8, 0.7, 5)
    (0.8, 122)
    """
    spread = np.sqrt(2 * items / ((items - 1) * (persons - 2)))
    cut = float(stats.norm.isf((1 - level) / 2))
    return float(normal_tail(cut - np.log((1 - least) / (1 - true)) / spread))


def reliability_persons(true: float, least: float, items: int, *, power: float = 0.8, level: float = 0.95) -> int:
    """Persons with whom `reliability_power` reaches ``power``."""
    cuts = stats.norm.isf((1 - level) / 2) + stats.norm.isf(1 - power)
    ratio = np.log((1 - least) / (1 - true))
    return int(np.ceil(2 * items / (items - 1) * (cuts / ratio) ** 2 + 2))
