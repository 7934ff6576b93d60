"""Influence functions kept as a product of two thin factors, so that a million units cost little until asked for."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
_SPARSE, _BLOCK = 0.05, 2_000_000  # share of non-zeros that is worth a sparse product; numbers held at once


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Influence:
    """Influence ψ = left @ right of n units on k terms, never stored as an n × k array.

    Parameters
    ----------
    left : ndarray or scipy sparse array, shape (n, p)
        Scores per unit, e.g. ``X * residual``.
    right : ndarray, shape (p, k)
        What turns scores into terms, e.g. ``n (X'X)⁻¹`` restricted to the reported columns.
    unit : Index, length n
        Labels of the units; they travel so that results on the same units combine.
    cluster, time : Index or None, length n
        Labels used for clustered sums and time blocks.
    inner : ndarray, shape (p, p), optional
        left'left, where it is known without adding up n rows.

    Notes
    -----
    The convention is β̂ − β ≈ mean(ψ), hence Var(β̂) ≈ ψ'ψ / n².

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> psi = Influence(left=(x - x.mean())[:, None], right=np.ones((1, 1)), unit=pd.RangeIndex(3))
    >>> round(float(psi.gram()[0, 0]), 4)
    1.5556
    """

    left: Any
    right: Array
    unit: pd.Index
    cluster: pd.Index | None = None
    time: pd.Index | None = None
    inner: Array | None = None

    @property
    def n(self) -> int:
        """Number of units."""
        return int(self.left.shape[0])

    def rows(self) -> Array:
        """Return the n × k influence values, made now."""
        return np.asarray(self.left @ self.right, float)

    def gram(self) -> Array:
        """ψ'ψ / n², the (k, k) variance for independent units."""
        inner = _inner(self.left) if self.inner is None else self.inner
        return np.asarray(self.right.T @ inner @ self.right, float) / self.n**2

    def by_cluster(self, labels: pd.Index | None = None) -> pd.DataFrame:
        """Return sums of ψ within each label (default: ``cluster``), one row per label in sorted order."""
        chosen = self.cluster if labels is None else labels
        if chosen is None:
            chosen = self.unit
        codes, names = pd.factorize(chosen, sort=True)
        if isinstance(self.left, np.ndarray):
            sums = np.zeros((len(names), self.left.shape[1]))
            np.add.at(sums, codes, self.left)
        else:
            from scipy.sparse import coo_array

            ones = (np.ones(self.n), (codes, np.arange(self.n)))
            sums = (coo_array(ones, shape=(len(names), self.n)).tocsr() @ self.left).toarray()
        return pd.DataFrame(sums @ self.right, index=pd.Index(names))

    def transform(self, weights: Array) -> "Influence":
        """Influence of ``weights @ β`` (weights: (q, k))."""
        return replace(self, right=self.right @ weights.T)

    def along(self, scores: Array) -> "Influence":
        """Add ``left @ scores``, shape (p, k) of scores: an influence that is made of the same scores."""
        return replace(self, right=self.right + scores)

    def plus(self, extra: Array) -> "Influence":
        """Add an (n, k) influence, e.g. that of estimated weights."""
        own = self.left if isinstance(self.left, np.ndarray) else self.left.toarray()
        right = np.vstack([self.right, np.eye(extra.shape[1])])
        return replace(self, left=np.hstack([own, extra]), right=right, inner=None)


def _inner(left: Any) -> Array:  # noqa: ANN401
    """left'left; of a sparse array that is hardly so, by blocks of rows made dense."""
    if isinstance(left, np.ndarray):
        return np.asarray(left.T @ left, float)
    n, p = left.shape
    if left.nnz < _SPARSE * n * p:
        return np.asarray((left.T @ left).toarray(), float)
    rows, found, step = left.tocsr(), np.zeros((p, p)), max(1, _BLOCK // p)
    for first in range(0, n, step):
        block = rows[first : first + step].toarray()
        found += block.T @ block
    return found
