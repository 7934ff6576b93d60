"""One family of counts, shown now or before, as a system of cells that add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, vstack

from coresponder_causal.core.cell_system import CellSystem, linked, of_table
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.privacy.counts import Counts, answer, total
from coresponder_causal.privacy.spans import Span, differences

span_column = "span"
not_shown = "not shown"
Key = tuple[str, ...]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One cell of an earlier release.

    Parameters
    ----------
    labels : mapping
        Label by dimension; a dimension that is missing is summed over.
    span : frozenset of str
        Months or areas it spans.
    value : int or None
        What was shown; None where it was hidden.
    """

    labels: Mapping[str, str]
    span: Span
    value: int | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """A family of counts as cells.

    Parameters
    ----------
    system : CellSystem
        Labels: one column per dimension, then ``"span"``.
    spans : mapping of str to frozenset
        Atoms by label of ``"span"``.
    fixed : ndarray of bool, shape (n,)
        Cells that nothing can hide any more: shown before, or the zeros of a category that only fills a table up.
    unseen : ndarray of bool, shape (n,)
        Cells that are hidden: because they were before, or because only subtraction gives them.
    fresh : ndarray of bool, shape (n,)
        Cells of what is shown now.
    wholes : ndarray of bool, shape (n,)
        How many there are in all in a span, of which others are a part: other families may show the same number.
    places : tuple of ndarray of int, shape (rows, k)
        For each of the counts, the cells behind each of its rows.
    """

    system: CellSystem
    spans: Mapping[str, Span]
    fixed: Bools
    unseen: Bools
    fresh: Bools
    wholes: Bools
    places: tuple[NDArray[np.intp], ...]


def family_of(counts: Sequence[Counts], earlier: Sequence[Earlier] = ()) -> Family:
    """Join counts of one family, and what was shown of it before, to one system of cells.

    Parameters
    ----------
    counts : sequence of Counts
        All of one family.
    earlier : sequence of Earlier

    Returns
    -------
    Family

    Raises
    ------
    DisclosureError
        Two counts of one cell that differ, or a cell whose count changed since it was shown.

    Examples
    --------
    >>> shown = pd.DataFrame({"district": ["a", "b"], "count": [3, 20]})
    >>> made = family_of([Counts(family="calls", frame=shown, dimensions=("district",))])
    >>> made.system.values.tolist(), made.places[0].tolist()
    ([3.0, 20.0, 23.0], [[0], [1]])
    """
    names = list(dict.fromkeys([*chain(*(one.plain for one in counts)), *chain(*(cell.labels for cell in earlier))]))
    tables = _tables(counts)
    shown_now = linked(*(_table(rows, names) for rows in tables.values()))
    values = dict(zip(_keys(shown_now), shown_now.values.astype(int), strict=True))
    fresh = set(values)
    before = {_key(cell.labels, cell.span, names): cell for cell in earlier}
    shown = {key: cell.value for key, cell in before.items() if cell.value is not None}
    changed = sum(key in values and values[key] != value for key, value in shown.items())
    if changed:
        raise DisclosureError(
            f"{changed} counts of '{counts[0].family}' differ from what was shown of the same cells before",
            mend="leave released periods as they were released, or open a new family for a revised series "
            "(on the command line: --ledger with a new file, which then knows nothing of what left before)",
        )
    known = (
        *(cell.span for cell in earlier),
        *(span for one in counts for span in (one.atoms.values() or [frozenset()])),
    )
    spans: dict[str, Span] = {_span_label(span): span for span in known}
    derived, sums = _between(values | shown, spans)
    system = _joined(values | shown | derived, shown_now, sums, names)
    keys = _keys(system)
    hidden_before = {key for key, cell in before.items() if cell.value is None}
    filling = np.array([not_shown in key for key in keys])
    still = [_stays_hidden(key, hidden_before, spans) for key in keys]
    return Family(
        system=system,
        spans=spans,
        fixed=np.array([key in shown for key in keys]) | (filling & (system.values == 0)),
        unseen=np.array([key not in fresh and key not in shown for key in keys]) | np.array(still),
        fresh=np.array([key in fresh for key in keys]),
        wholes=np.array([set(key[:-1]) == {total} and any(one.of_known for one in counts) for key in keys]),
        places=tuple(_places(one, keys, names) for one in counts),
    )


def _tables(counts: Sequence[Counts]) -> dict[Key, pd.DataFrame]:
    """Leaves by dimensions, each cell of each span once; what totals count beyond their parts becomes a category."""
    parts: dict[Key, list[pd.DataFrame]] = {}
    for one in counts:
        spans = [_span_label(one.span(row)) for row in one.frame.to_dict("records")]
        leaves = one.leaves().assign(**{span_column: spans * len(one.answers)})
        parts.setdefault(one.plain, []).append(leaves[[*one.plain, span_column, "count"]])
    made: dict[Key, pd.DataFrame] = {}
    for dims, frames in parts.items():
        rows = pd.concat(frames, ignore_index=True).drop_duplicates()
        if rows.duplicated([*dims, span_column]).any():
            raise DisclosureError(
                f"two counts of one cell of '{counts[0].family}' differ", mend="count the same cases in every table"
            )
        if rows[list(dims)].isin([total]).to_numpy().any():
            groups = [part for _, part in rows.groupby(span_column, sort=False)]
            rows = pd.concat([_with_rest(part, list(dims), counts[0].family) for part in groups], ignore_index=True)
        made[dims] = rows
    largest = pd.concat([rows.groupby(span_column)["count"].sum() for rows in made.values()]).groupby(level=0).max()
    return {dims: _filled(rows, dims, largest) for dims, rows in made.items()}


def _filled(rows: pd.DataFrame, dims: Key, largest: pd.Series) -> pd.DataFrame:
    """Leaves of a table that counts as many in each span as the table that counts most."""
    rest = largest - rows.groupby(span_column)["count"].sum()
    for span, count in rest[rest > 0].items() if dims else ():
        rows = _plus(rows, {**dict.fromkeys(dims, not_shown), span_column: str(span)}, int(count))
    return rows


def _with_rest(rows: pd.DataFrame, dims: list[str], family: str) -> pd.DataFrame:
    """Leaves alone: what a stated total counts beyond its parts is a leaf of its own."""
    summed = rows[dims].isin([total])
    leaves = rows[~summed.any(axis=1)]
    order = summed.sum(axis=1).sort_values(kind="stable").index
    for place in order[summed.loc[order].any(axis=1)]:
        row, over = rows.loc[place], summed.loc[place]
        kept = [name for name in dims if not over[name]]
        inside = leaves[(leaves[kept] == row[kept]).all(axis=1)]
        rest = int(row["count"]) - int(inside["count"].sum())
        if rest < 0:
            raise DisclosureError(f"a total of '{family}' counts less than its parts", mend="correct the total")
        if rest:
            labels = {name: not_shown if over[name] else row[name] for name in dims}
            leaves = _plus(leaves, labels | {span_column: row[span_column]}, rest)
    return leaves


def _plus(rows: pd.DataFrame, labels: Mapping[str, str], count: int) -> pd.DataFrame:
    return pd.concat([rows, pd.DataFrame([{**labels, "count": count}])], ignore_index=True)


def _table(rows: pd.DataFrame, names: list[str]) -> CellSystem:
    """One table in each span with its margins; a count without dimensions is one cell a span."""
    dims = [str(name) for name in rows if name not in (span_column, "count")]
    system = of_table(rows, [*dims, span_column], totals=dims)
    return CellSystem(
        system.values, system.relations, system.labels.reindex(columns=[*names, span_column], fill_value=total)
    )


def _span_label(span: Span) -> str:
    return " ".join(sorted(span))


def _keys(system: CellSystem) -> list[Key]:
    return list(system.labels.itertuples(index=False, name=None))


def _key(labels: Mapping[str, str], span: Span, names: Iterable[str]) -> Key:
    return (*(labels.get(name, total) for name in names), _span_label(span))


def _between(values: Mapping[Key, int], spans: dict[str, Span]) -> tuple[dict[Key, int], list[tuple[Key, list[Key]]]]:
    """Cells that subtraction across spans gives, and how they add up; new spans are added to ``spans``."""
    derived: dict[Key, int] = {}
    sums: list[tuple[Key, list[Key]]] = []
    by_labels: dict[Key, dict[Span, int]] = {}
    for key, value in values.items():
        by_labels.setdefault(key[:-1], {})[spans[key[-1]]] = value
    for labels, known in by_labels.items():
        between, found = differences(known)
        spans |= {_span_label(span): span for span in between}
        derived |= {(*labels, _span_label(span)): value for span, value in between.items()}
        for whole, parts in found:
            sums.append(((*labels, _span_label(whole)), [(*labels, _span_label(part)) for part in parts]))
    return derived, sums


def _joined(
    values: dict[Key, int], shown_now: CellSystem, sums: list[tuple[Key, list[Key]]], names: list[str]
) -> CellSystem:
    """All cells: relations inside each table, then those across spans and inside tables that subtraction gives."""
    keys = list(values)
    place = {key: number for number, key in enumerate(keys)}
    rows = [*sums, *_inside(values, set(_keys(shown_now)))]
    own = shown_now.relations.tocoo()
    moved = np.array([place[key] for key in _keys(shown_now)])
    inside = csr_array(coo_array((own.data, (own.coords[0], moved[own.coords[1]])), shape=(own.shape[0], len(keys))))
    entries = [
        (number, place[key], weight)
        for number, (whole, parts) in enumerate(rows)
        for key, weight in ((whole, -1.0), *((part, 1.0) for part in parts))
    ]
    across = csr_array((len(rows), len(keys)))
    if entries:
        at, cells, weights = map(np.array, zip(*entries, strict=True))
        across = csr_array(coo_array((weights, (at, cells)), shape=across.shape))
    labels = pd.DataFrame(keys, columns=[*names, span_column])
    return CellSystem(np.array(list(values.values()), float), csr_array(vstack([inside, across])), labels)


def _inside(values: Mapping[Key, int], shown_now: set[Key]) -> list[tuple[Key, list[Key]]]:
    """List sums over one dimension inside tables of spans that are not shown now, where all their cells are known."""
    groups: dict[tuple[int, Key], list[Key]] = {}
    for key in values:
        if key in shown_now:
            continue
        for place, label in enumerate(key[:-1]):
            if label != total:
                groups.setdefault((place, (*key[:place], total, *key[place + 1 :])), []).append(key)
    return [
        (whole, parts)
        for (_, whole), parts in groups.items()
        if whole in values and whole not in shown_now and values[whole] == sum(values[part] for part in parts)
    ]


def _stays_hidden(key: Key, hidden_before: set[Key], spans: Mapping[str, Span]) -> bool:
    """Whether a cell was hidden before, itself or in a span inside its own."""
    return any(key[:-1] == cell[:-1] and spans[cell[-1]] <= spans[key[-1]] for cell in hidden_before)


def _places(one: Counts, keys: list[Key], names: list[str]) -> NDArray[np.intp]:
    """Cells behind each row of counts; where answers are told apart, each of them and their sum."""
    index = {key: number for number, key in enumerate(keys)}
    several = len(one.answers) > 1
    answers: list[dict[str, str]] = [*({answer: name} for name in one.answers), {}] if several else [{}]
    found = []
    for row in one.frame.to_dict("records"):
        labels = {name: str(row[name]) for name in one.dimensions if name != one.spans}
        found.append([index[_key(labels | more, one.span(row), names)] for more in answers])
    return np.array(found, np.intp).reshape(len(one.frame), len(answers))
