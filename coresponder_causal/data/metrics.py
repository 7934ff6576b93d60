"""The fifty metrics of a city's tables: each with its interval, what it was divided by, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import note
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.metrics_catalogue import Metric, Part
from coresponder_causal.data.metrics_needs import lacking
from coresponder_causal.data.metrics_parts import part_in_cells
from coresponder_causal.data.metrics_rows import Frame, frame_of
from coresponder_causal.data.metrics_table import (
    Period,
    absent_part,
    as_table,
    chosen_metrics,
    date_of_cut,
    described,
    period_names,
    phases,
)


def metrics(
    tables: Mapping[str, object],
    *,
    period: Period = "month",
    by: Sequence[str] = (),
    only: Iterable[str] | None = None,
    start: str | None = None,
) -> pd.DataFrame:
    """Compute every metric that the tables allow, and name what the others lack.

    Parameters
    ----------
    tables : mapping of str to DataFrame or Table
        By name in the dictionary; only the columns that are needed are read.
    period : {"month", "quarter", "year", "all"}
    by : sequence of str
        Fields whose values are counted apart, e.g. ``"city"`` or ``"beat"``; ``"shift"`` is covered or other hours.
    only : iterable of str, optional
        Ids of metrics, e.g. ``["M15"]``; by default all fifty.
    start : str, optional
        A date at which every period is cut in two; a column ``phase`` then says "before" or "from the start".

    Returns
    -------
    DataFrame
        One row per metric, part, period, value of ``by`` and of the part's own group: ``metric``, ``part``, ``core``,
        ``period``, ``phase`` if cut, the columns of ``by``, ``group`` (of a part that has groups), ``statistic``,
        ``numerator``, ``denominator``, ``value``, ``conf_low``, ``conf_high`` (95 %), ``interval`` (its kind),
        ``design_effect`` of repeated persons, ``unit``, ``divided_by`` in words, ``n_persons`` and, of means, ``n_any``
        (persons, and rows, whose number is not zero), ``missing`` (rows whose
        answer is not known: they are left out and never a no), ``unplaced`` (rows of which it is not known whether they
        belong to the denominator), ``small`` (shows a count of 1 to 10: not for release), ``lacks`` (fields for want of
        which there is no number).

    Raises
    ------
    DataError
        An unknown period, metric or date, or columns that break the dictionary's rules: the message lists all.

    Notes
    -----
    People are counted once in a cell, by their first row in it, so that longer periods do not give more chances.
    Proportions carry Wilson's interval; where persons repeat, at as many trials as the clustered variance leaves.
    Rates carry the exact Poisson interval, means a t interval clustered by person, medians and 90th percentiles
    intervals of order statistics, which take rows as independent. "With another call" is counted only for calls whose
    horizon ends by the last call of their city. Codes of persons count within a city: the same code in two is two
    persons. Rates per resident are a year's.

    Examples
    --------
    >>> calls = pd.DataFrame({
    ...     "call_id": ["a", "b", "c"], "city": "Davis", "arrest": [True, False, None],
    ...     "initial_type": "mental_health_crisis", "final_type": "other",
    ...     "received_at": pd.to_datetime(["2020-01-01 10:00", "2020-01-31 23:59", "2020-01-30 08:00"]),
    ... })
    >>> metrics({"calls": calls}, only=["M15"])[["period", "divided_by", "value", "missing"]].values.tolist()
    [['2020-01', 'of 2 crisis-eligible calls', 0.5, 1]]
    """
    chosen = chosen_metrics(period, only)
    given = {name: to_pandas(table) for name, table in tables.items()}
    there = {name: tuple(map(str, table.columns)) for name, table in given.items()}
    asked = [(metric, part, lacking(part, there, by)) for metric in chosen for part in metric.parts]
    cut = date_of_cut(start)
    frames = {
        rows: frame_of(rows, given, [part for _, part, lacks in asked if part.rows == rows and not lacks], by)
        for rows in dict.fromkeys(part.rows for _, part, lacks in asked if not lacks)
    }
    keys = ("period", *(("phase",) if start else ()), *by)
    labels = {rows: _labels(frame, period, by, cut) for rows, frame in frames.items()}
    made = [
        absent_part(metric, part, lacks) if lacks else _computed(metric, part, frames[part.rows], labels[part.rows])
        for metric, part, lacks in asked
    ]
    return as_table(made, keys)


def _labels(frame: Frame, period: Period, by: Sequence[str], cut: pd.Timestamp | None) -> pd.DataFrame:
    """Name the cell of every row: its period, phase and values of ``by``; rows without a time have none."""
    if undated := int(frame.at.isna().sum()):
        note(f"{undated} rows of {frame.rows} have no time and are in no period")
    made: dict[str, object] = {"period": period_names(frame.at, period)}
    if cut is not None:
        made["phase"] = np.where(frame.at < cut, *phases)
    made |= {name: _named(frame.column("in_shift" if name == "shift" else name), name) for name in by}
    return pd.DataFrame(made, index=frame.at.index)


def _named(values: pd.Series, name: str) -> pd.Series:
    """Write the values of a field as text, missing ones as not known."""
    if name == "shift":
        return values.map({True: "covered", False: "other hours"}).astype("str").fillna("not known")
    if values.dtype == "boolean":
        return values.map({True: "yes", False: "no"}).astype("str").fillna("not known")
    return values.astype("str").fillna("not known")


def _computed(metric: Metric, part: Part, frame: Frame, labels: pd.DataFrame) -> pd.DataFrame:
    """Compute one part in every cell."""
    if part.group:
        labels = labels.assign(group=_named(frame.column(part.group), part.group))
    return described(part_in_cells(part, frame, labels), metric, part)
