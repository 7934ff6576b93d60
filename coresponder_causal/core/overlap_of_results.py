"""Differences of two estimates made of some of the same units: what they share is in the influence they store."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal.core.influence import Influence


class Difference(NamedTuple):
    """Difference of two estimates, its standard error, and the correlation of both."""

    estimate: float
    std_error: float
    correlation: float


def difference(
    first: tuple[float, float, Influence], second: tuple[float, float, Influence], cluster_of: pd.Series
) -> Difference:
    """Difference of two estimates of one number each, over units of which they may share some.

    Parameters
    ----------
    first, second : (float, float, Influence)
        Estimate, its standard error, and its influence, of one column.
    cluster_of : Series
        Cluster by label of the unit; holds the units of both.

    Returns
    -------
    Difference

    Notes
    -----
    Variance V_1 + V_2 − 2 r √(V_1 V_2), with r = Σ_g a_g b_g / √(Σ_g a_g² Σ_g b_g²) of the sums a and b of both
    influences within clusters. Where both variances are such sums, this is Σ_g (a_g/n_1 − b_g/n_2)².

    Examples
    --------
    A mean of four units and one of the first two of them, each with variance ψ'ψ / n²:

    >>> x, labels = np.array([1.0, 2.0, 6.0, 7.0]), pd.RangeIndex(4)
    >>> psi = [Influence(left=(y - y.mean())[:, None], right=np.eye(1), unit=labels[: len(y)]) for y in (x, x[:2])]
    >>> made = [(one, float(psi.gram()[0, 0] ** 0.5), psi) for one, psi in zip((4.0, 1.5), psi)]
    >>> found = difference(*made, pd.Series(range(4), index=labels))
    >>> found.estimate, round(found.std_error**2, 9)  # (-3/4 + .5/2)² + (-2/4 - .5/2)² + (2/4)² + (3/4)²
    (2.5, 1.625)
    """
    sums = [one.by_cluster(pd.Index(cluster_of.loc[one.unit])).iloc[:, 0] for _, _, one in (first, second)]
    a, b = pd.concat(sums, axis=1).fillna(0.0).to_numpy(float).T
    size = float(np.sqrt((a @ a) * (b @ b)))
    shared = float(a @ b) / size if size > 0 else 0.0
    variance = first[1] ** 2 + second[1] ** 2 - 2 * shared * first[1] * second[1]
    return Difference(first[0] - second[0], float(np.sqrt(max(variance, 0.0))), shared)
