"""How far tables can be trusted: completeness, timeliness, stamps, changes of recording, agreement, gaps in the log.

Changes of recording are found from the data alone. In 18 simulated settings of two years of weeks without any change
(1,000 series each: 5, 20 or 60 rows a week, 1, 5 or 30 % missing, variance as binomial or twice that) a series showed a
change at most 2.2 % of the time. Slow drift of a share is cut into steps and is not covered by that number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from coresponder_causal.core.days import day_of
from coresponder_causal.core.errors import DataError
from coresponder_causal.data import dictionary
from coresponder_causal.data.quality_issues import issues_of
from coresponder_causal.data.quality_pairs import agreement, agreement_head, unlogged, unlogged_head
from coresponder_causal.data.quality_times import disorder, stamp_faults, timeliness
from coresponder_causal.data.quality_weeks import Field, breaks_head, code_drift, completeness, missing_breaks
from coresponder_causal.data.validate import examine, findings
from coresponder_causal.data.when import event_field

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Table

fewest_after = 20  # rows of a city on each side of a change, for the change to be suggested for it
everything = "all"
most_words = 40  # distinct values of an undescribed column that is read as coded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quality:
    """How far tables can be trusted.

    Parameters
    ----------
    rows : DataFrame
        ``table, source, rows, first, last, without_time``.
    findings : DataFrame
        What validation found, with its ``table``.
    completeness : DataFrame
        ``table, source, field, week, rows, filled, share``.
    timeliness : DataFrame
        Share recorded within the deadline of each field.
    stamps : DataFrame
        Impossible and rounded stamps.
    disorder : DataFrame
        Disordered stamps by pair and by row, with and without the first pair.
    breaks : DataFrame
        Changes of the share of missing values, found without being told.
    drift : DataFrame
        Codes that appear, vanish or change their share.
    agreement : DataFrame
        Double coding.
    unlogged : DataFrame
        Capture and recapture.
    suggestions : DataFrame
        Rows for the register of breaks: ``city, field, date, what, source, certainty``.
    issues : DataFrame
        Everything in words, worst first: ``rows, table, field, kind, said, next, who``.
    """

    rows: pd.DataFrame
    findings: pd.DataFrame
    completeness: pd.DataFrame
    timeliness: pd.DataFrame
    stamps: pd.DataFrame
    disorder: pd.DataFrame
    breaks: pd.DataFrame
    drift: pd.DataFrame
    agreement: pd.DataFrame
    unlogged: pd.DataFrame
    suggestions: pd.DataFrame
    issues: pd.DataFrame


def quality(
    tables: object,
    *,
    table: str | None = None,
    columns: Mapping[str, str] | None = None,
    source: Mapping[str, Iterable[object]] | Iterable[object] | None = None,
    coders: Sequence[tuple[str, str, str]] = (),
    lists: Mapping[str, Iterable[object]] | None = None,
    since: str | dt.date | None = None,
    until: str | dt.date | None = None,
) -> Quality:
    """Say how far one table or several can be trusted.

    Parameters
    ----------
    tables : DataFrame or Table, or mapping of str to these
        One table of the dictionary, or several by name. Columns that the dictionary does not know are looked at too.
    table : str, optional
        Name of the table, where one is given.
    columns : mapping of str to str, optional
        Field of the dictionary by column, where one table is given.
    source : iterable of str, or mapping of str to these, optional
        The export of each row, by table; each is looked at on its own. Give the city where every city has its own
        form: a change in one of many is lost among the others.
    coders : sequence of (table, column, column)
        Columns in which two people coded the same rows. The second coder of narratives, and dispositions from two
        systems, are compared without being named.
    lists : mapping of str to iterable, optional
        Call numbers of the same contacts on several lists. Calls attended in the dispatch system and contacts in the
        team's log are compared without being named.
    since : ISO date, optional
        First day on which a row is possible.
    until : ISO date, optional
        Last day on which a row is possible; today by default.

    Returns
    -------
    Quality

    Raises
    ------
    DataError
        Neither a table nor a name for it, a day that is none, or a column of ``coders`` that is not there: name it.

    Examples
    --------
    >>> hours = pd.date_range("2024-01-01", periods=600, freq="8h")
    >>> calls = pd.DataFrame({"call_id": range(600), "city": "Davis", "received_at": hours, "arrest": "no"})
    >>> calls.loc[calls.received_at >= "2024-05-08", "arrest"] = None
    >>> quality(calls, table="calls").suggestions[["field", "date"]].astype(str).values.tolist()
    [['arrest', '2024-05-08']]
    """
    given, sources = _given(tables, table, source)
    last = day_of(dt.date.today() if until is None else until, "until") + pd.Timedelta(days=1)
    first = None if since is None else day_of(since, "since")
    typed: dict[str, pd.DataFrame] = {}
    found: dict[str, list[pd.DataFrame]] = {}
    for name, frame in given.items():
        typed[name], parts = _one(name, frame, columns if table else None, sources.get(name), first, last)
        for part, piece in parts.items():
            found.setdefault(part, []).append(piece)
    whole = {part: _stacked(pieces) for part, pieces in found.items()}
    whole["agreement"] = _coded_twice(typed, coders)
    whole["unlogged"] = _unlogged(typed, lists)
    whole["suggestions"] = _suggestions(typed, sources, pd.concat([whole["breaks"], whole["drift"]], ignore_index=True))
    return Quality(**whole, issues=issues_of(whole))


def _given(
    tables: object, table: str | None, source: Mapping[str, Iterable[object]] | Iterable[object] | None
) -> tuple[dict[str, object], dict[str, pd.Series]]:
    """Sort out one table from several, and the exports of their rows."""
    if isinstance(tables, Mapping):
        by_table = source if isinstance(source, Mapping) else {}
        return dict(tables), {name: pd.Series(list(rows), dtype="str") for name, rows in by_table.items()}
    if table is None:
        raise DataError("the table has no name", mend="give table=, or a mapping of tables by name")
    own = {} if source is None or isinstance(source, Mapping) else {table: pd.Series(list(source), dtype="str")}
    return {table: tables}, own


def _stacked(pieces: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the same part of several tables together."""
    filled = [piece for piece in pieces if len(piece)]
    return pd.concat(filled, ignore_index=True) if filled else pieces[0]


def _one(
    name: str,
    given: object,
    columns: Mapping[str, str] | None,
    source: pd.Series | None,
    since: pd.Timestamp | None,
    until: pd.Timestamp,
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Look at one table."""
    entry = dictionary.table(name)
    frame, _ = examine(given, name, columns)
    listed = findings(given, table=name, columns=columns).assign(table=name)
    if source is None or len(source) != len(frame):
        source = pd.Series(everything, index=frame.index, dtype="str")
    looked = list(_fields(frame, entry, source))
    return frame, {
        "rows": _rows(frame, entry, source),
        "findings": listed,
        "completeness": _all([completeness(field) for field in looked], _weekly_head()),
        "timeliness": timeliness(frame, entry),
        "stamps": stamp_faults(frame, entry, since=since, until=until),
        "disorder": disorder(listed, frame, entry),
        "breaks": _all([missing_breaks(field) for field in looked], breaks_head),
        "drift": _all([code_drift(field) for field in looked if _coded(field, entry)], breaks_head),
    }


def _weekly_head() -> list[str]:
    """Columns of completeness."""
    return ["table", "source", "field", "week", "rows", "filled", "share"]


def _all(pieces: list[pd.DataFrame], head: list[str]) -> pd.DataFrame:
    """Put the fields of a table together."""
    filled = [piece for piece in pieces if len(piece)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=head)


def _moments(frame: pd.DataFrame, entry: Table) -> pd.Series:
    """When each row happened; missing where nothing says so."""
    event = event_field(entry)
    if event is None or event not in frame.columns:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[us]")
    column: pd.Series = frame[event]
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.start_time
    naive: pd.Series = column.dt.tz_localize(None)
    return naive


def _fields(frame: pd.DataFrame, entry: Table, source: pd.Series) -> Iterator[Field]:
    """Every column but the event's own, export by export, with the rows that have a time."""
    when, event = _moments(frame, entry), event_field(entry)
    for export in dict.fromkeys(source):
        mine = source.eq(export) & when.notna()
        if mine.any():
            for name in frame.columns:
                if name != event:
                    yield Field(entry.name, str(export), str(name), frame.loc[mine, name], when[mine])


def _coded(field: Field, entry: Table) -> bool:
    """Whether a column holds codes: by the dictionary, or as a column of few words that it does not know."""
    if field.name in entry.names:
        known = entry.field(field.name)
        return known.allowed is not None or known.type == "boolean"
    return pd.api.types.is_string_dtype(field.values.dtype) and field.values.nunique() <= most_words


def _rows(frame: pd.DataFrame, entry: Table, source: pd.Series) -> pd.DataFrame:
    """Count the rows of each export and say which time they span."""
    when = _moments(frame, entry)
    spans = when.groupby(source, sort=False).agg(["size", "min", "max"]).rename_axis("source").reset_index()
    spans = spans.rename(columns={"size": "rows", "min": "first", "max": "last"}).assign(table=entry.name)
    spans["without_time"] = when.isna().groupby(source, sort=False).sum().to_numpy()
    return spans[["table", "source", "rows", "first", "last", "without_time"]]


def _coded_twice(typed: Mapping[str, pd.DataFrame], coders: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    """Compare whatever was coded twice."""
    wanted = list(coders)
    if {"crisis_coded", "second_coder_code"} <= set(typed.get("narratives", pd.DataFrame()).columns):
        wanted.append(("narratives", "crisis_coded", "second_coder_code"))
    found: list[pd.DataFrame] = []
    for name, first, second in wanted:
        frame = typed.get(name, pd.DataFrame())
        if absent := [column for column in (first, second) if column not in frame.columns]:
            raise DataError(f"table '{name}' has no column {absent[0]!r} to compare", mend="correct coders=")
        if (frame[first].notna() & frame[second].notna()).sum() > 1:
            codes = (_words(frame[first]), _words(frame[second]))
            found.append(agreement(*codes, what=f"{name}: {first} and {second}"))
    dispositions = typed.get("dispositions", pd.DataFrame())
    if {"call_id", "source", "disposition"} <= set(dispositions.columns):
        last = dispositions.groupby(["call_id", "source"])["disposition"].last().unstack()
        systems = list(last.columns)
        for number, first in enumerate(systems):
            for second in systems[number + 1 :]:
                if last[[first, second]].notna().all(axis=1).sum() > 1:
                    what = f"dispositions: {first} and {second}"
                    found.append(agreement(last[first], last[second], what=what))
    return _all(found, agreement_head)


def _words(values: pd.Series) -> pd.Series:
    """Codes as text, yes and no alike whether they came as words or as truth values."""
    text = values.astype("str").str.lower()
    return text.replace({"true": "yes", "false": "no", "1": "yes", "0": "no"})


def _unlogged(typed: Mapping[str, pd.DataFrame], lists: Mapping[str, Iterable[object]] | None) -> pd.DataFrame:
    """Compare lists of the same contacts."""
    wanted = dict(lists or {})
    calls, contacts = typed.get("calls", pd.DataFrame()), typed.get("contacts", pd.DataFrame())
    if not wanted and {"call_id", "attended"} <= set(calls.columns) and "call_id" in contacts.columns:
        wanted["calls attended by the dispatch system"] = calls.loc[calls["attended"].eq(True).fillna(False), "call_id"]
        wanted["contacts in the team's log"] = contacts["call_id"]
    return unlogged(wanted) if len(wanted) > 1 else pd.DataFrame(columns=unlogged_head)


def _suggestions(
    typed: Mapping[str, pd.DataFrame], sources: Mapping[str, pd.Series], found: pd.DataFrame
) -> pd.DataFrame:
    """Write rows for the register of breaks, one for each city with enough rows on both sides of a change.

    Changed shares of codes are not suggested: the programme itself may have changed them, and a step for them would
    take its effect away.
    """
    rows: list[dict[str, object]] = []
    for entry in found[found["what"].isin(["missing", "new code", "code vanishes"])].to_dict("records"):
        frame = typed[str(entry["table"])]
        when = _moments(frame, dictionary.table(str(entry["table"])))
        mine = when.notna()
        if entry["source"] != everything and str(entry["table"]) in sources:
            mine &= sources[str(entry["table"])].eq(entry["source"])
        cities = frame["city"] if "city" in frame.columns else pd.Series("all cities", index=frame.index)
        sides = pd.crosstab(cities[mine], when[mine] >= entry["date"]).reindex(columns=[False, True], fill_value=0)
        told = {"field": entry["field"], "date": entry["date"], "what": _what(entry)}
        origin = {"source": "found in the data by data.quality", "certainty": "presumed"}
        rows += [{"city": city, **told, **origin} for city in sides.index[(sides >= fewest_after).all(axis=1)]]
    made = pd.DataFrame(rows, columns=["city", "field", "date", "what", "source", "certainty"])
    return made.drop_duplicates(["city", "field", "date"], ignore_index=True)


def _what(entry: Mapping[object, object]) -> str:
    """Say a change in the words of the register."""
    if entry["what"] == "missing":
        before, after = (f"{100 * float(str(entry[side])):.0f} %" for side in ("before", "after"))
        return f"share missing from {before} to {after}"
    return f"{entry['what']} in the code list"
