"""Rows of officers in time as an imputation needs them, and the errors of sums over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.clustered_sums import ClusteredSums, clustered_sums
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import note
from coresponder_causal.core.two_way import within_units
from coresponder_causal.core.two_way_imputation import TwoWayRows, imputable
from coresponder_causal.design.columns import counted

if TYPE_CHECKING:
    from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Weighting = Literal["calls", "officers"]
Cluster = Literal["officer", "squad"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfficerRows:
    """Rows in use.

    Parameters
    ----------
    kept : ndarray of int, shape (n,)
        Their places in the design.
    two_way : TwoWayRows
        Officer, period and weight.
    exposed : ndarray of bool, shape (n,)
    since : ndarray, shape (n,)
        Periods since the first exposure, NaN where there is none.
    group : ndarray of str, shape (n,)
        Group of the officer.
    cluster : ndarray of int, shape (n,)
    """

    kept: NDArray[np.int64]
    two_way: TwoWayRows
    exposed: Bools
    since: Array
    group: NDArray[np.str_]
    cluster: NDArray[np.int64]

    @property
    def officers(self) -> int:
        """How many officers there are."""
        return len(np.unique(self.two_way.unit))

    def take(self, chosen: Bools) -> OfficerRows:
        """Return some of the rows."""
        two_way = TwoWayRows(
            _renumbered(self.two_way.unit[chosen]),
            _renumbered(self.two_way.period[chosen]),
            self.two_way.weight[chosen],
        )
        own = {name: getattr(self, name)[chosen] for name in ("kept", "exposed", "since", "group", "cluster")}
        return replace(self, two_way=two_way, **own)

    def weighing(self, weight: Array) -> OfficerRows:
        """Return the rows with other weights, shape (n,)."""
        return replace(self, two_way=self.two_way._replace(weight=weight))

    def mean_over(self, sets: Bools) -> Array:
        """Weights of the rows in means over sets of them, shape (n, k), from sets of shape (n, k)."""
        own = sets * self.two_way.weight[:, None]
        return np.asarray(own / own.sum(axis=0), float)

    def sums(self, weights: Array, outcome: Array, expected: Array) -> ClusteredSums:
        """Errors of weighted sums of an outcome, expected to be officer and period effects and some columns.

        Parameters
        ----------
        weights : ndarray, shape (n, k)
            Orthogonal to the effects of officers and periods.
        outcome : ndarray, shape (n,)
        expected : ndarray, shape (n, p)
        """
        rows = self.two_way
        periods = np.eye(int(rows.period.max()) + 1)[rows.period]
        left = within_units(np.column_stack([outcome, periods, expected]), rows.unit, rows.weight)
        basis, size, _ = np.linalg.svd(left[:, 1:], full_matrices=False)
        basis = basis[:, size > 1e-9 * size[0]]
        return clustered_sums(weights / np.sqrt(rows.weight)[:, None], left[:, 0], basis, self.cluster)


def officer_rows(d: OfficerDesign, *, weighting: Weighting = "calls", cluster: Cluster = "officer") -> OfficerRows:
    """Rows of officers who have a before, of which exposed ones can be imputed; what is left out is said.

    Parameters
    ----------
    d : OfficerDesign
    weighting : {"calls", "officers"}
        Rows weigh by their calls, or each the same.
    cluster : {"officer", "squad"}

    Raises
    ------
    DesignError
        Clusters of squads that are not given, or that officers change.
    EstimationError
        If no exposed row can be imputed: no officer, or no period, has unexposed rows to go by.
    """
    clusters = _clusters(d, cluster)
    before = ~d.source[d.officer].isin(d.always_exposed).to_numpy()
    since, weight = d.since, d.calls() if weighting == "calls" else np.ones(len(d.source))
    exposed = since >= 0
    numbered = TwoWayRows(pd.factorize(d.source[d.officer])[0], d.axis.positions - d.axis.positions.min(), weight)
    tied = imputable(numbered, ~exposed & before)
    lost = int((exposed & before & ~tied).sum())
    kept = np.flatnonzero(before & (tied | ~exposed))
    if not exposed[kept].any():
        raise EstimationError(
            "no exposed officer-period can be imputed: there is no unexposed officer in those periods",
            mend="bring officers who are exposed later or never",
        )
    if lost:
        note(f"{counted(lost, 'exposed officer-period')} without any unexposed officer beside them: left out")
    return OfficerRows(
        kept=kept,
        two_way=TwoWayRows(_renumbered(numbered.unit[kept]), _renumbered(numbered.period[kept]), weight[kept]),
        exposed=exposed[kept],
        since=since[kept],
        group=d.source[d.officer].map(d.group).to_numpy(str)[kept],
        cluster=clusters[kept],
    )


def _renumbered(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the numbers that occur as 0, 1, 2, … in their order."""
    return np.asarray(np.unique(numbers, return_inverse=True)[1], np.int64)


def _clusters(d: OfficerDesign, cluster: Cluster) -> NDArray[np.int64]:
    if cluster == "officer":
        return np.asarray(pd.factorize(d.source[d.officer])[0], np.int64)
    if d.squad is None:
        raise DesignError("the design has no squads to cluster by", mend="give squad=, or cluster by officer")
    moved = int((d.source.groupby(d.officer)[d.squad].nunique(dropna=False) > 1).sum())
    blank = int(d.source[d.squad].isna().sum())
    if moved or blank:
        raise DesignError(
            f"{counted(moved, 'officer')} changed squads and {counted(blank, 'row')} have none",
            mend="cluster by officer, or leave those officers out and say so",
        )
    return np.asarray(pd.factorize(d.source[d.squad])[0], np.int64)
