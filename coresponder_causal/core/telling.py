"""What an answer says of a need: information in bits, and bounds when what is not told may be there all the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.partial_means import Ends, Moved

Array = NDArray[np.float64]


class Information(NamedTuple):
    """Mutual information in bits, uncorrected; its Hessian in the shares of cells, shape (k d, k d); the entropy."""

    bits: Moved
    hessian: Array
    entropy: float


def mutual_information(parts: Array) -> Information:
    """Information that answers hold about a need.

    Parameters
    ----------
    parts : ndarray, shape (k, d, n)
        What each unit counts for in each cell of k answers and d kinds of need; their sums are the counts.

    Returns
    -------
    Information
        With V the covariance of the shares, the estimate is too large by tr(H V)/2 and, where answers say nothing, its
        variance is tr(H V H V)/2; under simple random sampling the first is (k − 1)(d − 1)/(2n) nats (Miller & Madow).

    References
    ----------
    Miller (1955), in Quastler (ed.), Information Theory in Psychology; Cover & Thomas (2006), chapter 2,
    doi:10.1002/047174882X.

    Examples
    --------
    >>> told = mutual_information(np.array([[[1.0, 1, 0, 0], [0, 0, 0, 0]], [[0, 0, 0, 0], [0, 0, 1, 1]]]))
    >>> told.bits.value, told.entropy
    (1.0, 1.0)
    """
    k, d = parts.shape[:2]
    total = float(parts.sum())
    share = parts.sum(axis=2) / total
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    held = share > 0
    ratio = np.zeros((k, d))
    ratio[held] = np.log2(share[held] / np.outer(rows, columns)[held])
    value = float((share * ratio).sum())
    slope = (np.einsum("kd,kdn->n", ratio, parts) - value * parts.sum(axis=(0, 1))) / total
    one, of_row, of_column = (np.divide(1.0, x, out=np.zeros_like(x), where=x > 0) for x in (share, rows, columns))
    hessian = np.diag(one.ravel())
    hessian -= np.kron(np.diag(of_row), np.ones((d, d))) + np.kron(np.ones((k, k)), np.diag(of_column))
    entropy = -float((columns[columns > 0] * np.log2(columns[columns > 0])).sum())
    return Information(Moved(value, slope), hessian / np.log(2), entropy)


def telling_bounds(parts: Array, *, monotone: bool) -> Ends:
    """Bound the difference in need between where something is there and where it is not, though not everybody tells.

    Parameters
    ----------
    parts : ndarray, shape (3, 2, n)
        Answers yes, no and none, by need (no, yes); an answer is taken to be right.
    monotone : bool
        Whether what is there is told at least as readily as what is not: among those who do not tell it is there no
        more often than among those who do. Else nothing is assumed of them.

    Returns
    -------
    Ends
        With A and B told yes and no, a and b of these in need, N untold, n₁ of them in need, and M = N or, if monotone,
        N A/(A + B): the upper end has min(n₁, M) of those in need among them where it is there, the lower end
        min(N − n₁, M) of the others. Both are sharp.

    References
    ----------
    Manski (1990), doi:10.3386/t0094; Horowitz & Manski (2000), doi:10.1080/01621459.2000.10473902; monotone
    instruments: Manski & Pepper (2000), doi:10.1111/1468-0262.00144.

    Examples
    --------
    >>> cells = np.array([[[10.0], [30.0]], [[80.0], [20.0]], [[40.0], [20.0]]])
    >>> [round(end.value, 3) for end in telling_bounds(cells, monotone=False)]
    [0.042, 0.69]
    >>> [round(end.value, 3) for end in telling_bounds(cells, monotone=True)]
    [0.245, 0.665]
    """
    low, high = (_moved(partial(_difference, monotone=monotone, up=up), parts) for up in (False, True))
    return Ends(low, high)


def _difference(cells: Array, *, monotone: bool, up: bool) -> float:
    """Need where it is there less need where it is not, at one end."""
    no_a, a, no_b, b, rest, needy = (float(count) for count in cells.ravel())
    told, denied, untold = no_a + a, no_b + b, rest + needy
    room = untold * told / (told + denied) if monotone else untold
    if up:
        moved = min(needy, room)
        return (a + moved) / (told + moved) - (b + needy - moved) / (denied + untold - moved)
    moved = min(rest, room)
    return a / (told + moved) - (b + needy) / (denied + untold - moved)


def _moved(of: Callable[[Array], float], parts: Array) -> Moved:
    """Value of a function of the cells, and the part of each unit by central differences."""
    cells = parts.sum(axis=2)
    step = 1e-6 * float(cells.sum())
    slope = np.zeros(parts.shape[2])
    for place in np.ndindex(*cells.shape):
        nudge = np.zeros_like(cells)
        nudge[place] = min(step, cells[place]) or step
        slope += (of(cells + nudge) - of(cells - nudge)) / (2 * nudge[place]) * parts[place]
    return Moved(of(cells), slope)
