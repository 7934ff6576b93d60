"""Influence functions of several estimates side by side, added up within what their units share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence

Array = NDArray[np.float64]


class Stacked(NamedTuple):
    """Influence functions on common units.

    ``sums`` of ψ/n within joint clusters, shape (clusters, terms of all); the ``unit`` labels of all, and the
    ``cluster`` of each; whether kinds of clusters ``crossed``.
    """

    sums: Array
    unit: pd.Index
    cluster: NDArray[np.intp]
    crossed: bool

    @property
    def vcov(self) -> Array:
        """Covariance of all terms; 0 between estimates that share no cluster."""
        return np.asarray(self.sums.T @ self.sums, float)

    def rows(self, influences: Sequence[Influence]) -> Array:
        """Return ψ of all terms by unit, as of estimates on all N units: N/n_j ψ_j, 0 for a unit that one lacks."""
        made = [np.zeros((len(self.unit), psi.right.shape[1])) for psi in influences]
        for own, psi in zip(made, influences, strict=True):
            own[self.unit.get_indexer(psi.unit)] = psi.rows() * (len(self.unit) / psi.n)
        return np.hstack(made)


def stacked(influences: Sequence[Influence]) -> Stacked:
    """Put influence functions on common clusters: the coarsest within which each of them was added up.

    Units are the same where their labels are. A unit without a cluster is one. Two clusters of different estimates are
    joined where they share a unit, so that persons within weeks give weeks. Where that would leave fewer clusters than
    one of the estimates has, kinds of clusters cross: the estimate with the fewest says for all.

    Parameters
    ----------
    influences : sequence of Influence
        With unit labels of one kind, each label once within an influence.

    Returns
    -------
    Stacked

    Raises
    ------
    EstimationError
        If units repeat within an influence.

    Examples
    --------
    >>> calls = pd.Index(["a", "b", "c", "d"])
    >>> one = Influence(left=np.array([[1.0], [1.0], [-1.0], [-1.0]]), right=np.eye(1), unit=calls)
    >>> other = Influence(left=one.left, right=np.eye(1), unit=calls, cluster=pd.Index([1, 1, 2, 2]))
    >>> stacked([one, other]).vcov.tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    codes, names = pd.factorize(_together([psi.unit for psi in influences]))
    starts = np.cumsum([0, *(psi.n for psi in influences)])
    units = [codes[a:b] for a, b in pairwise(starts)]
    for own in units:
        if len(np.unique(own)) < len(own):
            raise EstimationError("units repeat within an estimate", mend="label its units, each once")
    clusters = [_own_clusters(psi) for psi in influences]
    joint, many = _joined(units, clusters, len(names))
    fewest = int(np.argmin([own.max() + 1 for own in clusters]))
    crossed = many < clusters[fewest].max() + 1
    if crossed:
        joint, many = _by_one(units, clusters, fewest, len(names))
    sums = np.zeros((many, sum(psi.right.shape[1] for psi in influences)))
    ends = np.cumsum([0, *(psi.right.shape[1] for psi in influences)])
    for place, (psi, own) in enumerate(zip(influences, units, strict=True)):
        added = psi.by_cluster(pd.Index(joint[own]))
        sums[added.index.to_numpy(), ends[place] : ends[place + 1]] = added.to_numpy() / psi.n
    unit = pd.Index(names, name=influences[0].unit.name)
    return Stacked(sums, unit, joint, bool(crossed))


def _together(labels: Sequence[pd.Index]) -> NDArray[np.object_]:
    return np.concatenate([np.asarray(own, object) for own in labels])


def _own_clusters(psi: Influence) -> NDArray[np.intp]:
    return np.arange(psi.n) if psi.cluster is None else pd.factorize(psi.cluster)[0]


def _joined(units: list[NDArray[np.intp]], clusters: list[NDArray[np.intp]], many: int) -> tuple[NDArray[np.intp], int]:
    """Find the connected piece of each unit, units joined by the clusters of every estimate."""
    starts = many + np.cumsum([0, *(own.max() + 1 for own in clusters)])
    ends = np.concatenate([own + start for own, start in zip(clusters, starts[:-1], strict=True)])
    pairs = (np.ones(len(ends)), (np.concatenate(units), ends))
    graph = sparse.coo_array(pairs, shape=(int(starts[-1]), int(starts[-1])))
    found, piece = sparse.csgraph.connected_components(graph, directed=False)
    return piece[:many].astype(np.intp), int(found)


def _by_one(
    units: list[NDArray[np.intp]], clusters: list[NDArray[np.intp]], chosen: int, many: int
) -> tuple[NDArray[np.intp], int]:
    """Cluster of each unit by one estimate; units that it lacks stay apart."""
    joint = np.arange(many) + clusters[chosen].max() + 1
    joint[units[chosen]] = clusters[chosen]
    codes, found = pd.factorize(joint)
    return codes, len(found)
