"""Variance of one estimate from the influence of its units, added up within clusters of one or of two kinds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence

Array = NDArray[np.float64]


class Spread(NamedTuple):
    """One way to add influences up: its name, how many clusters there are, the influence and its variance."""

    by: str
    clusters: int
    influence: Influence
    variance: float

    def scaled_to(self, variance: float) -> Influence:
        """Return the influence in a size that gives another variance."""
        size = np.sqrt(variance / self.variance) if self.variance > 0 else 1.0
        return self.influence.transform(np.array([[size]]))


def spread_by(influence: Array, units: pd.Index, cluster: pd.Index | None, by: str, *, spent: int) -> Spread:
    """Add the influence up within clusters; the small-sample factor is in it, so that V = Σ ψ_g² / n².

    Parameters
    ----------
    influence : ndarray, shape (n,)
        Influence of every unit over n.
    units : Index, length n
        Their labels.
    cluster : Index, length n, or None
        Clusters; None for none.
    by : str
        Name of the clusters.
    spent : int
        Coefficients k in the factor G/(G − 1) · (n − 1)/(n − k).

    Returns
    -------
    Spread

    Raises
    ------
    EstimationError
        Fewer than two clusters, or no more units than coefficients.

    Examples
    --------
    >>> found = spread_by(np.array([0.25, 0.25, -0.5]), pd.RangeIndex(3), pd.Index(["a", "a", "b"]), "person", spent=1)
    >>> round(found.variance, 6), found.clusters
    (1.0, 2)
    """
    n = len(influence)
    many = n if cluster is None else cluster.nunique()
    if many < 2:
        raise EstimationError(f"all {n} calls are one cluster by {by}", mend="use cluster='none', or bring more calls")
    if n <= spent:
        raise EstimationError(f"{n} calls for {spent} coefficients", mend="bring more calls, or leave out covariates")
    factor = np.sqrt(many / (many - 1) * (n - 1) / (n - spent))
    psi = Influence(left=influence[:, None], right=np.array([[n * factor]]), unit=units, cluster=cluster)
    sums = psi.rows() if cluster is None else psi.by_cluster().to_numpy()
    return Spread(by, many, psi, float((sums**2).sum()) / n**2)


def spread_two_ways(
    influence: Array, units: pd.Index, first: pd.Index, second: pd.Index, by: str, *, spent: int
) -> Spread:
    """Add the influence up by two kinds of clusters at once: V_first + V_second − V_both, no smaller than V_first.

    Parameters
    ----------
    influence, units, by, spent
        As in `spread_by`.
    first, second : Index, length n
        Clusters of both kinds.

    Returns
    -------
    Spread
        Its influence is that by ``first``, scaled to V; its clusters are those of the kind with fewer.

    References
    ----------
    Cameron, Gelbach & Miller (2011), doi:10.1198/jbes.2010.07136.

    Examples
    --------
    >>> pair, person = pd.Index([0, 0, 1, 1]), pd.Index(["a", "b", "a", "c"])
    >>> found = spread_two_ways(np.array([0.3, -0.1, 0.1, -0.3]), pd.RangeIndex(4), pair, person, "both", spent=2)
    >>> round(found.variance, 4), found.clusters
    (0.425, 2)
    """
    one = spread_by(influence, units, first, by, spent=spent)
    two = spread_by(influence, units, second, by, spent=spent)
    within = pd.Index(pd.DataFrame({"first": first, "second": second}).groupby(["first", "second"]).ngroup())
    both = spread_by(influence, units, within, by, spent=spent)
    variance = max(one.variance, one.variance + two.variance - both.variance)
    return Spread(by, min(one.clusters, two.clusters), one.scaled_to(variance), variance)
