"""The fifty metrics of a city's tables: each with its interval, what it was divided by, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.data.metrics_catalogue import Metric, Part, metric_catalogue
from coresponder_causal.data.metrics_needs import lacking
from coresponder_causal.data.metrics_parts import part_in_cells
from coresponder_causal.data.metrics_rows import Frame, frame_of
from coresponder_causal.data.metrics_sums import is_small

Period: TypeAlias = Literal["month", "quarter", "year", "all"]
head = (
    "metric", "part", "core", "period", "statistic", "numerator", "denominator", "value", "conf_low", "conf_high",
    "interval", "design_effect", "unit", "divided_by", "n_persons", "n_any", "missing", "unplaced", "small", "lacks",
)  # fmt: skip


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
    chosen = _chosen(period, only)
    given = {name: to_pandas(table) for name, table in tables.items()}
    there = {name: tuple(map(str, table.columns)) for name, table in given.items()}
    asked = [(metric, part, lacking(part, there, by)) for metric in chosen for part in metric.parts]
    cut = _date(start)
    frames = {
        rows: frame_of(rows, given, [part for _, part, lacks in asked if part.rows == rows and not lacks], by)
        for rows in dict.fromkeys(part.rows for _, part, lacks in asked if not lacks)
    }
    keys = ("period", *(("phase",) if start else ()), *by)
    labels = {rows: _labels(frame, period, by, cut) for rows, frame in frames.items()}
    made = [
        _absent(metric, part, lacks) if lacks else _computed(metric, part, frames[part.rows], labels[part.rows])
        for metric, part, lacks in asked
    ]
    found = pd.concat(made, ignore_index=True)
    columns = list(dict.fromkeys((*head[:3], *keys, "group", *head[4:])))
    return found.reindex(columns=columns).astype({"missing": "Int64", "unplaced": "Int64", "core": "bool"})


def _chosen(period: str, only: Iterable[str] | None) -> list[Metric]:
    """Look up the metrics asked for."""
    problems = Problems("the metrics asked for")
    if period not in get_args(Period):
        problems.add(f"period is {period!r}", mend=f"take one of {', '.join(get_args(Period))}")
    catalogue = metric_catalogue()
    names = list(catalogue) if only is None else [only] if isinstance(only, str) else list(dict.fromkeys(only))
    if strangers := [str(name) for name in names if name not in catalogue]:
        problems.add(f"no metrics {', '.join(strangers)}", mend="take ids from M01 to M50")
    problems.raise_if_any(DataError)
    return [catalogue[name] for name in names]


def _date(start: str | None) -> pd.Timestamp | None:
    """Read the date at which periods are cut."""
    if start is None:
        return None
    day = pd.to_datetime(start, format="ISO8601", errors="coerce")
    if pd.isna(day):
        raise DataError(f"start is {start!r}", mend="write it as a date, e.g. '2020-07-15'")
    return day


def _labels(frame: Frame, period: Period, by: Sequence[str], cut: pd.Timestamp | None) -> pd.DataFrame:
    """Name the cell of every row: its period, phase and values of ``by``; rows without a time have none."""
    if undated := int(frame.at.isna().sum()):
        note(f"{undated} rows of {frame.rows} have no time and are in no period")
    alias = {"month": "M", "quarter": "Q", "year": "Y"}.get(period)
    made = {"period": "all" if alias is None else frame.at.dt.to_period(alias).astype("str")}
    if cut is not None:
        made["phase"] = np.where(frame.at < cut, "before", "from the start")
    made |= {name: _named(frame.column("in_shift" if name == "shift" else name), name) for name in by}
    return pd.DataFrame(made, index=frame.at.index)


def _named(values: pd.Series, name: str) -> pd.Series:
    """Write the values of a field as text, missing ones as not known."""
    if name == "shift":
        return values.map({True: "covered", False: "other hours"}).astype("str").fillna("not known")
    if values.dtype == "boolean":
        return values.map({True: "yes", False: "no"}).astype("str").fillna("not known")
    return values.astype("str").fillna("not known")


def _absent(metric: Metric, part: Part, lacks: tuple[str, ...]) -> pd.DataFrame:
    """Say what a part lacks."""
    row = {"metric": metric.id, "part": part.part, "core": metric.core, "unit": metric.unit, "small": False}
    return pd.DataFrame([row | {"lacks": ", ".join(lacks)}])


def _computed(metric: Metric, part: Part, frame: Frame, labels: pd.DataFrame) -> pd.DataFrame:
    """Compute one part in every cell and say whose it is."""
    if part.group:
        labels = labels.assign(group=_named(frame.column(part.group), part.group))
    found = part_in_cells(part, frame, labels)
    return found.assign(
        metric=metric.id,
        part=part.part,
        core=metric.core,
        unit=metric.unit,
        divided_by=[_of(number, part) for number in found["denominator"]],
        small=is_small(found),
        lacks="",
    )


def _of(number: float, part: Part) -> str:
    """Say in words what was divided by."""
    written = f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}"
    return f"of {written} {'person-years of ' * bool(part.exposure)}{part.of}"
