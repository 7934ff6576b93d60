"""Fields week by week: how complete they are, and when recording changed, found without being told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal.core.segments import Segments, segments

completeness_head = ["table", "source", "field", "week", "rows", "filled", "share"]
breaks_head = [
    "table", "source", "field", "what", "code", "date", "first", "last", "before", "after", "rows_before", "rows_after",
    "gain", "overdispersion",
]  # fmt: skip
most_codes = 12  # of a field, by rows; the others together are one
fewest = 20  # rows of a code, or of a field
rare = 0.005  # a share below this counts as none
least_change = 0.05  # a smaller change of a share is left to the noise of the form
transition = pd.Timedelta(weeks=5)  # successive changes in one direction closer than this are one


class Field(NamedTuple):
    """One column to look at: its values by row, the week of each row, and its moment."""

    table: str
    source: str
    name: str
    values: pd.Series
    when: pd.Series


def completeness(field: Field) -> pd.DataFrame:
    """Count rows and filled rows by week.

    Parameters
    ----------
    field : Field

    Returns
    -------
    DataFrame
        ``table, source, field, week, rows, filled, share``; weeks begin on Monday.
    """
    weekly = field.values.notna().groupby(weeks(field.when)).agg(["size", "sum"])
    frame = weekly.rename(columns={"size": "rows", "sum": "filled"}).rename_axis("week").reset_index()
    frame = frame.assign(
        table=field.table, source=field.source, field=field.name, share=frame["filled"] / frame["rows"]
    )
    return frame.astype({"rows": "int64", "filled": "int64"})[completeness_head]


def weeks(when: pd.Series) -> pd.Series:
    """Monday of the week of each moment."""
    days = when.dt.normalize()
    mondays: pd.Series = days - pd.to_timedelta(days.dt.day_of_week, unit="D")
    return mondays


def missing_breaks(field: Field) -> pd.DataFrame:
    """Find the times at which the share of missing values changed.

    Parameters
    ----------
    field : Field

    Returns
    -------
    DataFrame
        One row per change: ``what`` "missing", shares missing ``before`` and ``after``, the ``date`` to the day, and
        the ``first`` and ``last`` day where the change came in steps.
    """
    absent = field.values.isna()
    return _frame(_breaks(field, absent, "missing", ""))


def code_drift(field: Field) -> pd.DataFrame:
    """Find codes that appear, vanish or change their share, and changes of the composition as a whole.

    Parameters
    ----------
    field : Field

    Returns
    -------
    DataFrame
        As `missing_breaks`; ``what`` is "new code", "code vanishes", "share of code" or "composition", whose ``after``
        is the distance between the shares before and after (half the sum of absolute differences).
    """
    there = field.values.notna()
    kept = field._replace(values=field.values[there].astype("str"), when=field.when[there])
    counts = kept.values.value_counts()
    if len(kept.values) < fewest or len(counts) < 2:
        return _frame([])
    found: list[dict[str, object]] = []
    codes = [str(code) for code in counts[counts >= fewest].index[:most_codes]]
    if set(counts.index) <= {"True", "False"}:
        codes = ["True"]
    for code in codes:
        for entry in _breaks(kept, kept.values == code, "share of code", code):
            before, after = float(str(entry["before"])), float(str(entry["after"]))
            named = (
                "new code" if before < rare <= after else "code vanishes" if after < rare <= before else entry["what"]
            )
            found.append({**entry, "what": named})
    return _frame([*found, *(_composition(kept, codes) if len(codes) > 1 else ())])


def _composition(field: Field, codes: list[str]) -> Iterator[dict[str, object]]:
    """Find changes of all shares together."""
    grouped = field.values.where(field.values.isin(codes), "(others)")
    table = _full_weeks(pd.crosstab(weeks(field.when), grouped))
    cut = segments(table.to_numpy())
    for number, (start, before, after) in enumerate(_around(table, cut)):
        shares = [part.sum() / max(part.to_numpy().sum(), 1) for part in (before, after)]
        distance = float((shares[1] - shares[0]).abs().sum() / 2)
        if distance >= least_change:
            yield _entry(
                field, "composition", "", start, (start, start), (np.nan, distance), (before, after), cut, number
            )


def _breaks(field: Field, hit: pd.Series, what: str, code: str) -> Iterator[dict[str, object]]:
    """Find changes of the share of rows that are hit; steps of one transition are told as one."""
    if not hit.any() or hit.all() or len(hit) < fewest:
        return
    table = _full_weeks(pd.crosstab(weeks(field.when), hit).reindex(columns=[True, False], fill_value=0))
    cut = segments(table.to_numpy())
    parts = list(_around(table, cut))
    for group in _transitions(parts):
        (first, before, _), (last, _, after) = parts[group[0]], parts[group[-1]]
        strongest = max(group, key=lambda number: cut.gains[number])
        date = _day(hit, field.when, parts[strongest][0])
        inside = (field.when >= before.index[0]) & (field.when < after.index[-1] + pd.Timedelta(weeks=1))
        share = [_share(hit[inside & (field.when < date)]), _share(hit[inside & (field.when >= date)])]
        if abs(share[1] - share[0]) < least_change:
            continue
        yield _entry(field, what, code, date, (first, last), (share[0], share[1]), (before, after), cut, strongest)


def _share(hit: pd.Series) -> float:
    """Share of rows that are hit."""
    return float(hit.mean()) if len(hit) else 0.0


Part = tuple[pd.Timestamp, pd.DataFrame, pd.DataFrame]


def _around(table: pd.DataFrame, cut: Segments) -> Iterator[Part]:
    """Give for each change its week and the counts of the segments before and after it."""
    edges = [0, *cut.starts, len(table)]
    for first, middle, last in zip(edges, edges[1:], edges[2:], strict=False):
        yield table.index[middle], table.iloc[first:middle], table.iloc[middle:last]


def _transitions(parts: list[Part]) -> list[list[int]]:
    """Group successive changes in one direction that follow each other closely."""

    def direction(part: Part) -> float:
        shares = [side[True].sum() / max(side.to_numpy().sum(), 1) for side in part[1:]]
        return float(np.sign(shares[1] - shares[0]))

    groups: list[list[int]] = []
    for number, part in enumerate(parts):
        last = parts[groups[-1][-1]] if groups else None
        if last is not None and part[0] - last[0] <= transition and direction(part) == direction(last):
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _day(hit: pd.Series, when: pd.Series, week: pd.Timestamp) -> pd.Timestamp:
    """Place a change on the day, within a week of its Monday, that separates the rows around it best."""
    near = (when >= week - pd.Timedelta(days=21)) & (when < week + pd.Timedelta(days=21))
    daily = hit[near].groupby(when[near].dt.normalize()).agg(["sum", "size"])
    best, place = -np.inf, week
    for day in pd.date_range(week - pd.Timedelta(days=7), week + pd.Timedelta(days=7)):
        sides = [daily[daily.index < day].sum(), daily[daily.index >= day].sum()]
        fit = sum(_loglik(float(side["sum"]), float(side["size"])) for side in sides)
        if fit > best + 1e-9:
            best, place = fit, day
    return place


def _loglik(count: float, total: float) -> float:
    """Binomial log-likelihood at its maximum."""
    share = count / total if total else 0.0
    parts = ((count, share), (total - count, 1 - share))
    return float(sum(part * np.log(value) for part, value in parts if part > 0))


def _full_weeks(table: pd.DataFrame) -> pd.DataFrame:
    """Add the weeks without rows."""
    return table.reindex(pd.date_range(table.index.min(), table.index.max(), freq="7D"), fill_value=0)


def _entry(
    field: Field,
    what: str,
    code: str,
    date: pd.Timestamp,
    span: tuple[pd.Timestamp, pd.Timestamp],
    share: tuple[float, float],
    sides: tuple[pd.DataFrame, pd.DataFrame],
    cut: Segments,
    number: int,
) -> dict[str, object]:
    """One row of the breaks."""
    rows = [int(side.to_numpy().sum()) for side in sides]
    told = {"table": field.table, "source": field.source, "field": field.name, "what": what, "code": code, "date": date}
    more = {"first": min(span[0], date), "last": max(span[1], date), "before": share[0], "after": share[1]}
    counted = {"rows_before": rows[0], "rows_after": rows[1], "gain": cut.gains[number]}
    return {**told, **more, **counted, "overdispersion": cut.overdispersion}


def _frame(entries: object) -> pd.DataFrame:
    """Put breaks into a table, also where there is none."""
    return pd.DataFrame(list(entries), columns=breaks_head)  # type: ignore[call-overload]
