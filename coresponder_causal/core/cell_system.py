"""Linked tables of counts as cells with linear relations: every margin is the sum of its parts.

A published table is a vector of whole numbers a with Ra = 0. Each row of R says that some cells add up to another. One
table with its margins, a table with groups of categories (districts within a city, months within quarters) and several
tables with common margins are all of this form, so that one kernel hides cells in them and one attacks them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from coresponder_causal.core.cell_margins import TOTAL as TOTAL
from coresponder_causal.core.cell_margins import relations_of, sums, tree_of
from coresponder_causal.core.errors import DataError, Problems

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CellSystem:
    """A family of linked tables.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Counts: whole and not negative.
    relations : sparse array, shape (r, n)
        Entries −1, 0 or 1 with ``relations @ values == 0``: sum of the parts less the whole.
    labels : DataFrame, shape (n, d)
        Which cell is which: one column per dimension, ``"total"`` where it is summed over.

    Raises
    ------
    DataError
        Counts that are not whole or negative, relations that do not hold, labels that repeat.
    """

    values: Array
    relations: csr_array
    labels: pd.DataFrame

    def __post_init__(self) -> None:
        values = np.array(self.values, float)
        problems = Problems("family of tables")
        broken = np.flatnonzero(~((values >= 0) & (values == np.round(values))))
        if broken.size:
            problems.add(f"{broken.size} cells are no counts", rows=broken, mend="give whole numbers from 0 on")
        wrong = np.flatnonzero(self.relations @ np.nan_to_num(values))
        if wrong.size and not broken.size:
            problems.add(
                f"{wrong.size} totals are not the sum of their parts",
                rows=wrong,
                mend="give what is left out a category of its own",
            )
        twice = np.flatnonzero(self.labels.duplicated())
        if twice.size:
            problems.add(f"{twice.size} cells appear twice", rows=twice, mend="give each cell once")
        problems.raise_if_any(DataError)
        values.setflags(write=False)
        relations = self.relations.copy()
        relations.eliminate_zeros()
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "relations", relations)
        object.__setattr__(self, "labels", self.labels.reset_index(drop=True))

    @property
    def roots(self) -> NDArray[np.bool_]:
        """Grand totals: cells that are part of no other, shape (n,)."""
        summed = self.labels == TOTAL
        return np.asarray((summed | ~summed.any()).all(axis=1)) & ~np.asarray((self.relations > 0).sum(axis=0) > 0)

    @property
    def margins(self) -> NDArray[np.bool_]:
        """Cells that are the sum of others, shape (n,)."""
        return np.asarray((self.relations < 0).sum(axis=0) > 0)

    @property
    def network(self) -> bool:
        """Whether the relations are those of flows in a graph, so that bounds by linear programs are whole numbers.

        So it is when a cell stands in two relations at most and, after changing the sign of some relations, with
        opposite signs: tables of two dimensions of which one may have groups.
        """
        columns = self.relations.tocsc()
        pairs = np.flatnonzero(np.diff(columns.indptr) == 2)
        if (np.diff(columns.indptr) > 2).any():
            return False
        first = columns.indptr[pairs]
        left, right = (np.asarray(columns.indices[first + k], np.intp) for k in (0, 1))
        turned = columns.data[first] * columns.data[first + 1] > 0
        return _two_colours(left, right, turned, columns.shape[0])

    def find(self, labels: pd.DataFrame) -> NDArray[np.intp]:
        """Positions of cells by their labels; a dimension that is missing is summed over.

        Parameters
        ----------
        labels : DataFrame, shape (m, …)

        Returns
        -------
        ndarray of int, shape (m,)
            −1 where there is no such cell.

        Examples
        --------
        >>> counts = pd.DataFrame({"district": ["a", "b"], "count": [3, 20]})
        >>> of_table(counts, ["district"]).find(pd.DataFrame({"district": ["b", "total", "c"]})).tolist()
        [1, 2, -1]
        """
        own, asked = _keys(self.labels), _keys(labels.reindex(columns=self.labels.columns))
        return np.asarray(own.get_indexer(asked), np.intp)


def of_table(
    counts: pd.DataFrame,
    dimensions: Sequence[str],
    *,
    totals: bool | Sequence[str] = True,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
) -> CellSystem:
    """One table with its margins.

    Parameters
    ----------
    counts : DataFrame
        One row per cell: the dimensions and ``count``. Combinations without a row count zero. A category for what is
        left out belongs here too: the total gives it away.
    dimensions : sequence of str
        Columns that span the table.
    totals : bool or sequence of str
        Dimensions over which the sum is published.
    hierarchies : mapping, optional
        For a dimension the group of each category, and of each group its own: ``{"month": {"2024-01": "2024 Q1"}}``.

    Returns
    -------
    CellSystem

    Raises
    ------
    DataError
        Columns that are missing, cells given twice, a category that is called ``"total"`` or is a group of others.

    Examples
    --------
    >>> counts = pd.DataFrame({"district": ["a", "a", "b"], "arm": ["x", "y", "y"], "count": [3, 20, 4]})
    >>> table = of_table(counts, ["district", "arm"])
    >>> table.values.reshape(3, 3).astype(int).tolist()
    [[3, 20, 23], [0, 4, 4], [3, 24, 27]]
    """
    hierarchies = hierarchies or {}
    rows = _checked(counts, dimensions, hierarchies)
    summed = dimensions if totals is True else totals or []
    leaves = [pd.Index(pd.unique(rows[name])) for name in dimensions]
    trees = [
        tree_of(codes, hierarchies.get(name, {}), name in summed)
        for codes, name in zip(leaves, dimensions, strict=True)
    ]
    cube = np.zeros([len(codes) for codes in leaves])
    places = tuple(codes.get_indexer(pd.Index(rows[name])) for codes, name in zip(leaves, dimensions, strict=True))
    cube[places] = rows["count"].to_numpy(float)
    for axis, tree in enumerate(trees):
        cube = np.moveaxis(np.tensordot(sums(tree, leaves[axis]), cube, axes=(1, axis)), 0, axis)
    labels = pd.MultiIndex.from_product([tree.codes for tree in trees], names=list(dimensions)).to_frame(index=False)
    return CellSystem(cube.ravel(), relations_of(trees), labels)


def linked(*systems: CellSystem, shared: Sequence[str] | None = None) -> CellSystem:
    """Tables published of the same cases, joined in the cells that they have in common.

    Parameters
    ----------
    *systems : CellSystem
        A dimension that one of them has not is summed over there.
    shared : sequence of str, optional
        Dimensions that mean the same in all; others of the same name are kept apart. By default all do.

    Returns
    -------
    CellSystem
        Cells in the order in which they first appear.

    Raises
    ------
    DataError
        When tables disagree about a cell.

    Examples
    --------
    >>> first = of_table(pd.DataFrame({"month": [1, 2], "count": [5, 30]}), ["month"])
    >>> second = of_table(pd.DataFrame({"arm": ["x", "y"], "count": [15, 20]}), ["arm"])
    >>> linked(first, second).labels.to_numpy().tolist()
    [['1', 'total'], ['2', 'total'], ['total', 'total'], ['total', 'x'], ['total', 'y']]
    """
    named = [_apart(system.labels, k, shared) for k, system in enumerate(systems)]
    together = pd.concat(named, ignore_index=True).fillna(TOTAL)
    place, cells = pd.factorize(_keys(together))
    values = np.concatenate([system.values for system in systems])
    first = np.full(len(cells), -1)
    first[place[::-1]] = np.arange(len(place))[::-1]
    differing = np.flatnonzero(values != values[first[place]])
    if differing.size:
        raise DataError(
            f"tables disagree about {differing.size} common cells (rows {', '.join(map(str, differing[:5]))})",
            mend="count the same cases in every table, or give what differs a dimension of its own",
        )
    starts = np.cumsum([0, *(len(system.values) for system in systems)])
    relations = []
    for system, start in zip(systems, starts, strict=False):
        rows = system.relations.tocoo()
        columns = place[rows.coords[1] + start]
        relations.append(coo_array((rows.data, (rows.coords[0], columns)), shape=(rows.shape[0], len(cells))))
    return CellSystem(values[first], _distinct(csr_array(vstack(relations))), together.iloc[first])


def _apart(labels: pd.DataFrame, number: int, shared: Sequence[str] | None) -> pd.DataFrame:
    own = [] if shared is None or number == 0 else [name for name in labels if name not in shared]
    return labels.rename(columns={name: f"{name} ({number + 1})" for name in own})


def _distinct(relations: csr_array) -> csr_array:
    rows = pd.Series(
        [
            tuple(zip(relations.indices[a:b], relations.data[a:b], strict=True))
            for a, b in zip(relations.indptr, relations.indptr[1:], strict=False)
        ]
    )
    return csr_array(relations[np.flatnonzero(~rows.duplicated())])


def _checked(
    counts: pd.DataFrame, dimensions: Sequence[str], hierarchies: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """Dimensions as text and the counts, or every broken rule."""
    problems = Problems("table of counts")
    missing = [name for name in [*dimensions, "count"] if name not in counts]
    if missing:
        problems.add(f"columns {', '.join(missing)} are missing", mend="rename or add them")
        problems.raise_if_any(DataError)
    rows = counts[[*dimensions, "count"]].reset_index(drop=True)
    rows = rows.assign(**{name: rows[name].astype(str) for name in dimensions})
    twice = np.flatnonzero(rows.duplicated(list(dimensions)))
    if twice.size:
        problems.add(f"{twice.size} cells appear twice", rows=twice, mend="sum them first")
    for name in dimensions:
        reserved = np.flatnonzero(rows[name].isin({TOTAL, *hierarchies.get(name, {}).values()}))
        if reserved.size:
            problems.add(f"{name!r} holds totals", rows=reserved, mend="give the parts alone, totals follow from them")
    problems.raise_if_any(DataError)
    return rows


def _keys(labels: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(labels.astype(object).fillna(TOTAL).astype(str))


def _two_colours(left: NDArray[np.intp], right: NDArray[np.intp], turned: NDArray[np.bool_], n: int) -> bool:
    """Whether nodes can be given two colours that differ exactly across the turned edges (a doubled graph)."""
    other = np.where(turned, n, 0)
    ends = np.concatenate([right + other, (right + n + other) % (2 * n)])
    edges = coo_array((np.ones(len(ends)), (np.concatenate([left, left + n]), ends)), shape=(2 * n, 2 * n))
    group = connected_components(edges, directed=False)[1]
    return bool((group[:n] != group[n:]).all())
