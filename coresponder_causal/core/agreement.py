"""Agreement beyond chance of two readings, and the size of what two incomplete lists were drawn from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from coresponder_causal.core.inference import critical, interval


class Agreement(NamedTuple):
    """A coefficient of agreement beyond chance, its standard error and its bounds."""

    estimate: float
    std_error: float
    low: float
    high: float


def cohen_kappa(table: ArrayLike, level: float = 0.95) -> Agreement:
    """Cohen's κ of a square table of counts, with the large-sample error of Fleiss, Cohen & Everitt.

    References
    ----------
    Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72:323, doi:10.1037/h0028106.

    Examples
    --------
    >>> round(cohen_kappa([[20, 5], [10, 15]]).estimate, 2)
    0.4
    """
    counts = np.asarray(table, float)
    total = counts.sum()
    share = counts / max(total, 1.0)
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    observed, chance = float(np.trace(share)), float(rows @ columns)
    if total == 0 or chance >= 1 - 1e-12:
        return Agreement(np.nan, np.nan, np.nan, np.nan)
    kappa = (observed - chance) / (1 - chance)
    both = rows[None, :] + columns[:, None]
    on = np.diag(share) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    off = (1 - kappa) ** 2 * float((share * both**2).sum() - np.diag(share) @ np.diag(both) ** 2)
    spread = float(on) + off - (kappa - chance * (1 - kappa)) ** 2
    return _agreement(kappa, np.sqrt(max(spread, 0.0) / total) / (1 - chance), level)


def gwet_ac1(table: ArrayLike, level: float = 0.95) -> Agreement:
    """Gwet's AC1 of a square table of counts, with his linearised error.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61:29, doi:10.1348/000711006X126600.

    Examples
    --------
    >>> round(gwet_ac1([[118, 5], [2, 0]]).estimate, 3)
    0.941
    """
    counts = np.asarray(table, float)
    total, categories = counts.sum(), len(counts)
    prevalence = (counts.sum(axis=1) + counts.sum(axis=0)) / (2 * total)
    observed = float(np.trace(counts) / total)
    chance = float(prevalence @ (1 - prevalence)) / (categories - 1)
    estimate = (observed - chance) / (1 - chance)
    own = (np.eye(categories) - chance) / (1 - chance)
    expected = ((1 - prevalence)[:, None] + (1 - prevalence)[None, :]) / 2 / (categories - 1)
    subject = own - 2 * (1 - estimate) * (expected - chance) / (1 - chance)
    spread = float((counts * (subject - estimate) ** 2).sum()) / (total * (total - 1))
    return _agreement(estimate, np.sqrt(spread), level)


def _agreement(estimate: float, std_error: float, level: float) -> Agreement:
    """Bounds of a coefficient that cannot exceed 1."""
    low, high = interval(estimate, std_error, np.inf, level)
    return Agreement(float(estimate), float(std_error), float(np.clip(low, -1, 1)), float(np.clip(high, -1, 1)))


class Population(NamedTuple):
    """Number of all events behind two incomplete lists, with bounds, and how many are on neither."""

    estimate: float
    low: float
    high: float
    unlisted: float


def capture_recapture(first: int, second: int, both: int, level: float = 0.95) -> Population:
    """Chapman's estimate from two lists with the log-normal bounds of Chao, which never fall below what was listed.

    Holds if the lists are independent, every event could be on either, and matches are found without error.

    References
    ----------
    Chapman (1951), University of California Publications in Statistics 1:131; Chao (1987), Biometrics 43:783.

    Examples
    --------
    >>> round(capture_recapture(200, 150, 120).estimate, 1)
    249.8
    """
    listed = first + second - both
    estimate = (first + 1) * (second + 1) / (both + 1) - 1
    spread = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    unlisted = max(estimate - listed, 0.0)
    if unlisted == 0 or spread == 0:
        return Population(float(estimate), float(listed), float(max(estimate, listed)), unlisted)
    factor = float(np.exp(critical(np.inf, level) * np.sqrt(np.log1p(spread / unlisted**2))))
    return Population(float(estimate), listed + unlisted / factor, listed + unlisted * factor, unlisted)
