"""Sums of every cell of a metric, added up by an engine: first by person, then over persons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import metrics_sums as sums
from coresponder_causal.data.metrics_catalogue import Part, key_of, time_of
from coresponder_causal.data.metrics_engine_rows import EngineRows, answers_in_engine, names_of
from coresponder_causal.data.metrics_sums import Sums, columns_of_sums
from coresponder_causal.data.metrics_table import Period, period_names, phases
from coresponder_causal.data.metrics_years import person_years
from coresponder_causal.data.panel_counts import true_rows

if TYPE_CHECKING:
    from ibis.expr.types import Scalar, Table, Value

at_once = 8  # parts counted in one pass: more of them need more memory for each person
of_period = {"month": "M", "quarter": "Q", "year": "Y"}
by_person = ("events", "number", "missing", "unplaced")


def labels_in_engine(
    rows: Table, name: str, period: Period, by: Sequence[str], cut: pd.Timestamp | None
) -> dict[str, Value]:
    """Express what names the cell of each row.

    Parameters
    ----------
    rows : ibis Table
        With the fields of ``by``.
    name : str
        Name of the table.
    period : {"month", "quarter", "year", "all"}
    by : sequence of str
    cut : Timestamp, optional
        Where every period is cut in two.

    Returns
    -------
    dict of str to ibis value
        ``period`` (its first moment), ``phase`` if cut, and the columns of ``by``.
    """
    import ibis

    stamp = rows[time_of[name]]
    made = {"period": ibis.literal("all") if period == "all" else stamp.truncate(of_period[period])}
    if cut is not None:
        made["phase"] = (stamp < ibis.literal(cut.to_pydatetime()).cast("timestamp(6)")).ifelse(*phases)
    return made | {one: named_in_engine(rows["in_shift" if one == "shift" else one], one) for one in by}


def named_in_engine(values: Value, name: str) -> Value:
    """Write the values of a field as text, missing ones as not known.

    Raises
    ------
    DataError
        A field of decimals or times: its values are no groups.
    """
    import ibis

    kind = values.type()
    if kind.is_boolean():
        yes, no = ("covered", "other hours") if name == "shift" else ("yes", "no")
        return ibis.cases((values.isnull(), "not known"), (values, yes), else_=no)
    if not (kind.is_string() or kind.is_integer()):
        raise DataError(f"{name} is {kind}, its values are no groups", mend="count by a field of text or whole numbers")
    return values.cast("string").fill_null("not known")


def parts_in_engine(
    source: EngineRows,
    parts: Sequence[Part],
    *,
    period: Period,
    by: Sequence[str],
    cut: pd.Timestamp | None,
    cities: pd.DataFrame | None,
) -> Iterator[tuple[Part, pd.DataFrame]]:
    """Count parts in every cell of their rows.

    Parameters
    ----------
    source : EngineRows
    parts : sequence of Part
        Of the same rows.
    period, by, cut
        What names a cell.
    cities : DataFrame, optional
        ``city, population``, for rates per resident.

    Yields
    ------
    Part
    DataFrame
        As `metrics_parts.part_in_cells` returns it.
    """
    ordered = sorted(parts, key=_together)
    for (group, *_), alike in groupby(ordered, key=_together):
        same = list(alike)
        spans = _spans(source, group, period, by, cut)
        keys = [str(name) for name in spans if name not in ("_city", "first", "last")]
        cells = spans[keys].drop_duplicates(ignore_index=True)
        for first in range(0, len(same), at_once):
            some = same[first : first + at_once]
            found = cells.merge(_by_cell(source, some, period, by, cut), on=keys, how="left").fillna(0)
            for number, part in enumerate(some):
                yield part, _finished(part, source, found, keys, number, spans, cities)


def _together(part: Part) -> tuple[str, str, str]:
    """Say which parts are counted in the same passes: of the same groups, clusters, and persons counted once."""
    return part.group, part.cluster, part.among if part.unit == "person" else ""


def _labelled(
    source: EngineRows, parts: Sequence[Part], group: str, period: Period, by: Sequence[str], cut: pd.Timestamp | None
) -> tuple[Table, dict[str, Value]]:
    """Derive the fields that parts read, and express what names a cell; rows without a time have none."""
    names = [name for part in parts for name in names_of(part)]
    of_labels = [*(["in_shift" if one == "shift" else one for one in by]), *([group] if group else [])]
    rows = source.with_fields([*names, *of_labels])
    rows = rows.filter(rows[time_of[source.name]].notnull())
    labels = labels_in_engine(rows, source.name, period, by, cut)
    return rows, labels | ({"group": named_in_engine(rows[group], group)} if group else {})


def _spans(source: EngineRows, group: str, period: Period, by: Sequence[str], cut: pd.Timestamp | None) -> pd.DataFrame:
    """Find the cells, in their order, and the first and last moment of each city in each."""
    rows, labels = _labelled(source, (), group, period, by, cut)
    stamp = rows[time_of[source.name]]
    found: pd.DataFrame = (
        rows.group_by(**labels, _city=rows["city"]).aggregate(first=stamp.min(), last=stamp.max()).to_pandas()
    )
    found["period"] = period_names(found["period"], period)
    return found.sort_values([*labels, "_city"], ignore_index=True)


def _by_cell(
    source: EngineRows, parts: Sequence[Part], period: Period, by: Sequence[str], cut: pd.Timestamp | None
) -> pd.DataFrame:
    """Add up each part by person and cell, and then by cell."""
    rows, labels = _labelled(source, parts, parts[0].group, period, by, cut)
    answers = {f"answer_{number}": answers_in_engine(part, rows) for number, part in enumerate(parts)}
    beside = {"_key": rows[key_of[source.name]], "_at": rows[time_of[source.name]], "_city": rows["city"]}
    coded = rows.select(**labels, **beside, **answers, _who=_persons(source, parts[0], rows))
    if parts[0].unit == "person":
        coded = _first_of_person(coded, list(labels), list(answers))
    numbers = {}
    for number in range(len(parts)):
        answer = coded[f"answer_{number}"]
        for name, meant in zip(by_person, ((1,), (0, 1), (2,), (3,)), strict=True):
            numbers[f"{name}_{number}"] = true_rows(answer.isin(meant))
    persons = coded.group_by(*labels, "_city", "_who").aggregate(**numbers)
    found: pd.DataFrame = persons.group_by(*labels).aggregate(**_over_persons(persons, len(parts))).to_pandas()
    found["period"] = period_names(found["period"], period)
    return found


def _persons(source: EngineRows, part: Part, rows: Table) -> Value:
    """Give the person (or officer) of each row, missing where codes are not known."""
    import ibis

    return rows[part.cluster] if part.cluster in source.table.columns else ibis.null("string")


def _first_of_person(coded: Table, labels: Sequence[str], answers: Sequence[str]) -> Table:
    """Leave to each person the answers of the first row in the cell; parts have their denominator in common."""
    import ibis

    placed = coded[answers[0]].isin([0, 1, 2])
    alone = placed.ifelse(ibis.null("string"), coded["_key"])
    window = ibis.window(
        group_by=[*(coded[name] for name in labels), coded["_city"], coded["_who"], alone],
        order_by=[coded["_at"], coded["_key"]],
    )
    place = coded.mutate(_place=ibis.row_number().over(window))
    return place.filter(place["_place"] == 0)


def _over_persons(persons: Table, many: int) -> dict[str, Scalar]:
    """Express the sums over persons; rows without one stand together, and count as one person each."""
    alone = persons["_who"].isnull()
    made: dict[str, Scalar] = {}
    for number in range(many):
        events, size = persons[f"events_{number}"], persons[f"number_{number}"]
        values = {
            "events": events,
            "number": size,
            "persons": alone.ifelse(size, (size > 0).cast("int64")),
            "squares": alone.ifelse(events, events * events),
            "cross": alone.ifelse(events, events * size),
            "sizes": alone.ifelse(size, size * size),
            "missing": persons[f"missing_{number}"],
            "unplaced": persons[f"unplaced_{number}"],
        }
        made |= {f"{name}_{number}": value.sum().cast("int64") for name, value in values.items()}
    return made


def _finished(
    part: Part,
    source: EngineRows,
    found: pd.DataFrame,
    keys: Sequence[str],
    number: int,
    spans: pd.DataFrame,
    cities: pd.DataFrame | None,
) -> pd.DataFrame:
    """Turn the sums of one part into its numbers."""
    added = Sums(
        **{name: found[f"{name}_{number}"].to_numpy(float) for name in columns_of_sums},
        repeats=part.cluster in source.table.columns,
    )
    named = found[list(keys)]
    if part.kind == "proportion":
        made = sums.proportion(added)
    else:
        exposure = None
        if part.exposure and cities is not None:
            cell = spans.merge(named.assign(cell=np.arange(len(named))), on=list(keys))["cell"]
            exposure = person_years(named, spans.assign(cell=cell, city=spans["_city"]), cities)
        made = sums.rate(added, per=part.per, exposure=exposure)
    counts = {name: found[f"{name}_{number}"].astype(float) for name in ("missing", "unplaced")}
    return pd.concat([named, made], axis=1).assign(**counts)
