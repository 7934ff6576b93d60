"""Metrics of tables that stay in their files: proportions and rates counted by DuckDB or Spark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from coresponder_causal.core.notes import note
from coresponder_causal.data.engines import Engine, Source, opened
from coresponder_causal.data.metrics_catalogue import Part
from coresponder_causal.data.metrics_engine_rows import can_be_made, rows_in_engine
from coresponder_causal.data.metrics_engine_sums import parts_in_engine
from coresponder_causal.data.metrics_needs import lacking
from coresponder_causal.data.metrics_rows import typed_columns
from coresponder_causal.data.metrics_table import (
    Period,
    absent_part,
    as_table,
    chosen_metrics,
    date_of_cut,
    described,
)


def metrics_of_files(
    tables: Mapping[str, Source],
    *,
    period: Period = "month",
    by: Sequence[str] = (),
    only: Iterable[str] | None = None,
    start: str | None = None,
    engine: Engine = "duckdb",
    memory_limit: str | None = None,
    spill_to: str | Path | None = None,
) -> pd.DataFrame:
    """Compute the metrics that are proportions and rates, without reading the tables into memory.

    Parameters
    ----------
    tables : mapping of str to path, sequence of paths, or ibis Table
        By name in the dictionary: Parquet files typed as it says (``coresponder-causal ingest --form parquet`` writes
        such), or tables of one connection of one's own.
    period : {"month", "quarter", "year", "all"}
    by : sequence of str
        Fields of text, whole numbers or yes and no whose values are counted apart, or ``"shift"``.
    only : iterable of str, optional
        Ids of metrics; by default all fifty.
    start : str, optional
        A date at which every period is cut in two.
    engine : {"duckdb", "spark"}
        Both give the same table to the last digit.
    memory_limit, spill_to : str, path, optional
        What DuckDB may take, such as ``"1GB"``, and the folder for what does not fit.

    Returns
    -------
    DataFrame
        As `metrics` returns it, and of these parts the same numbers to the last digit. Parts that need their rows in
        memory have one row, in which ``lacks`` says so; a note names them.

    Raises
    ------
    DataError
        As of `metrics`; besides, no such files, columns of another type than the dictionary names, and calls, contacts
        or outcomes that stand twice: the message lists all of a kind.

    Notes
    -----
    In memory are needed: medians, means and sums of measured numbers, agreement of readings, standardised ratios, the
    concentration on few people, answers to surveys, and words in narratives.

    Examples
    --------
    >>> import tempfile
    >>> calls = pd.DataFrame({
    ...     "call_id": ["a", "b", "c"], "city": "Davis", "arrest": [True, False, None],
    ...     "initial_type": "mental_health_crisis", "final_type": "other",
    ...     "received_at": pd.to_datetime(["2020-01-01 10:00", "2020-01-31 23:59", "2020-01-30 08:00"]),
    ... }).astype({"arrest": "boolean"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     calls.to_parquet(Path(folder) / "calls.parquet")
    ...     made = metrics_of_files({"calls": folder}, only=["M15"])
    >>> made[["period", "divided_by", "value", "missing"]].values.tolist()
    [['2020-01', 'of 2 crisis-eligible calls', 0.5, 1]]
    """
    chosen, cut = chosen_metrics(period, only), date_of_cut(start)
    with opened(tables, engine=engine, memory_limit=memory_limit, spill_to=spill_to) as given:
        there = {name: tuple(table.columns) for name, table in given.items()}
        asked = [(metric, part, lacking(part, there, by)) for metric in chosen for part in metric.parts]
        able = [part for _, part, lacks in asked if not lacks and can_be_made(part, by)]
        people = next((part for part in able if part.exposure), None)
        columns = ["city", "population"]
        cities = typed_columns(given["cities"].select(*columns).to_pandas(), "cities", columns) if people else None
        found: dict[Part, pd.DataFrame] = {}
        for rows in dict.fromkeys(part.rows for part in able):
            own = list(dict.fromkeys(part for part in able if part.rows == rows))
            source = rows_in_engine(rows, given, own, by)
            found |= dict(parts_in_engine(source, own, period=period, by=by, cut=cut, cities=cities))
    made = []
    for metric, part, lacks in asked:
        missing = lacks or (() if part in found else ("its rows in memory: see data.metrics",))
        made.append(absent_part(metric, part, missing) if missing else described(found[part], metric, part))
    if left := list(dict.fromkeys(metric.id for metric, part, lacks in asked if not lacks and part not in found)):
        note(f"{', '.join(left)}: parts of these need their rows in memory, data.metrics computes them")
    return as_table(made, ("period", *(("phase",) if start else ()), *by))
