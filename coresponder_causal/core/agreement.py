"""Agreement beyond chance of two readings, and the size of what two incomplete lists were drawn from."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from coresponder_causal.core.agreement_of_many import Agreement, beyond_chance, bounded, unknown
from coresponder_causal.core.inference import critical


def cohen_kappa(table: ArrayLike, level: float = 0.95) -> Agreement:
    """Cohen's κ of a square table of counts, with the large-sample error of Fleiss, Cohen & Everitt and score bounds.

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
        return unknown
    kappa = (observed - chance) / (1 - chance)
    both = rows[None, :] + columns[:, None]
    on = np.diag(share) @ (1 - (rows + columns) * (1 - kappa)) ** 2
    off = (1 - kappa) ** 2 * float((share * both**2).sum() - np.diag(share) @ np.diag(both) ** 2)
    spread = float(on) + off - (kappa - chance * (1 - kappa)) ** 2
    std_error = np.sqrt(max(spread, 0.0) / total) / (1 - chance)
    return bounded(observed, chance, float(std_error), float(total), level)


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
    each = np.eye(len(counts))
    pairs = (each[:, None, :] + each[None, :, :]).reshape(-1, len(counts))
    return beyond_chance(pairs, "ac1", times=counts.ravel(), level=level)


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
