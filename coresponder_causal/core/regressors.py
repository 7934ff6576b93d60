"""Columns of regressors that several methods share."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]


def harmonics(positions: Array, season: float | None, pairs: int) -> Array:
    """Sine and cosine pairs of a season.

    Parameters
    ----------
    positions : ndarray, shape (n,)
        Integer positions in time.
    season : float or None
        Periods in a year: 12 for months, 365.25/7 for weeks. None gives no column.
    pairs : int
        Number of pairs.

    Returns
    -------
    ndarray, shape (n, 2·pairs)
        A pair at half the season's frequency of sampling has no sine column of its own and loses it.

    Examples
    --------
    >>> harmonics(np.arange(4.0), 12, 1).round(2).tolist()
    [[0.0, 1.0], [0.5, 0.87], [0.87, 0.5], [1.0, 0.0]]
    """
    if season is None or pairs == 0:
        return np.empty((len(positions), 0))
    angle = 2 * np.pi * np.outer(positions, np.arange(1, pairs + 1)) / season
    columns = np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(len(positions), -1)
    return columns[:, np.abs(columns).max(axis=0) > 1e-9]


def log_rate(counts: Array, exposure: Array) -> Array:
    """Log of counts per exposure, with half an event in place of none."""
    return np.log(np.maximum(counts, 0.5) / exposure)


def require_full_rank(matrix: Array, names: Sequence[str]) -> None:
    """Refuse columns that others absorb, by name.

    Raises
    ------
    EstimationError
        Naming every column that is a combination of those before it.

    Examples
    --------
    >>> require_full_rank(np.ones((3, 2)), ["constant", "burglary"])
    Traceback (most recent call last):
    ...
    coresponder_causal.core.errors.EstimationError: 'burglary' is absorbed by the other terms
      mend: leave it out
    """
    _refuse_absorbed(np.asarray(np.linalg.qr(matrix / _scale(matrix), mode="r"), float), matrix, names)


def full_rank_qr(matrix: Array, names: Sequence[str]) -> tuple[Array, Array]:
    """Orthonormal basis of the columns and the triangle that gives them back, refused as `require_full_rank` does.

    Examples
    --------
    >>> basis, triangle = full_rank_qr(np.array([[3.0], [4.0]]), ["load"])
    >>> np.abs(basis).round(1).tolist(), (basis @ triangle).round(9).tolist()
    ([[0.6], [0.8]], [[3.0], [4.0]])
    """
    scale = _scale(matrix)
    basis, triangle = np.linalg.qr(matrix / scale)
    _refuse_absorbed(triangle, matrix, names)
    return np.asarray(basis, float), np.asarray(triangle * scale, float)


def _scale(matrix: Array) -> Array:
    """Largest absolute value of each column, 1 where all are zero; found along the transpose, since rows are short."""
    scale = np.abs(matrix.T, order="C").max(axis=1)
    return np.where(scale > 0, scale, 1.0)


def _refuse_absorbed(triangle: Array, matrix: Array, names: Sequence[str]) -> None:
    small = np.abs(np.diag(triangle)) < 1e-9 * np.sqrt(len(matrix))
    absorbed = [name for name, lost in zip(names, small, strict=False) if lost] + list(names[len(matrix) :])
    if absorbed:
        listed = ", ".join(f"'{name}'" for name in absorbed)
        raise EstimationError(
            f"{listed} {'is' if len(absorbed) == 1 else 'are'} absorbed by the other terms",
            mend=f"leave {'it' if len(absorbed) == 1 else 'them'} out",
        )


def independent(matrix: Array, *, size: Array | None = None) -> NDArray[np.bool_]:
    """Columns that are no combination of those before them, shape (k,).

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    size : ndarray, shape (k,), optional
        Largest absolute values from which the columns were derived, as by differencing: what is left of a column that
        vanished is rounding.

    Examples
    --------
    >>> independent(np.array([[1.0, 2.0, 1.0, 0.0], [1.0, 2.0, 0.0, 0.0]])).tolist()
    [True, False, True, False]
    """
    kept = np.zeros(matrix.shape[1], bool)
    basis = np.empty((len(matrix), 0))
    for j, column in enumerate(matrix.T):
        largest = np.abs(column).max()
        if largest <= 1e-9 * (largest if size is None else size[j]):
            continue
        rest = column / largest
        for _ in range(2):
            rest = rest - basis @ (basis.T @ rest)
        norm = np.linalg.norm(rest)
        if norm >= 1e-9 * np.sqrt(len(matrix)):
            kept[j], basis = True, np.column_stack([basis, rest / norm])
    return kept
