"""A page on which a supervisor reads what is wrong with the data, what to do about it, and who."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.version import VERSION
from coresponder_causal.data.quality import Quality
from coresponder_causal.data.quality_issues import code_label, day, label, percent
from coresponder_causal.data.quality_pairs import assumption
from coresponder_causal.data.quality_times import five_minutes
from coresponder_causal.report.quality_pictures import break_pictures, heat_map
from coresponder_causal.report.sensitive import as_sensitive
from coresponder_causal.report.specs import (
    Block,
    Bullets,
    Column,
    Fold,
    Form,
    Page,
    Section,
    Sentence,
    Table,
    of_nobody,
)

first_shown = 12  # issues outside the fold
pictures_shown = 6
sensitive = (
    "Not for release. This page names no values of persons, but it shows shares of few rows; share it only with those "
    "who may see the records themselves."
)


def quality_page(
    found: Quality, *, title: str = "Can these data be trusted?", account: Mapping[str, Any] | None = None
) -> Page:
    """Put the quality of tables on a page.

    Parameters
    ----------
    found : Quality
        As `coresponder_causal.data.quality` gives it.
    title : str
    account : mapping, optional
        The ledger of an ingest, whose account of rows is shown.

    Returns
    -------
    Page
        The worst of three kinds in words; then every one with what to do next and who; then completeness, changes of
        recording, times, codes, double coding, contacts not logged, and rows for the register of breaks.
    """
    sections = [
        issues_section(found),
        _read(found, account),
        _complete(found),
        _changes(found),
        _times(found),
        _codes(found),
        _coders(found),
        _not_logged(found),
        suggestions_section(found),
        _made(),
    ]
    made = Page(
        title=title,
        subtitle="Tables: " + ", ".join(dict.fromkeys(found.rows["table"])) + ".",
        banners=(sensitive,),
        finding=_finding(found),
        sections=tuple(section for section in sections if section is not None),
    )
    return as_sensitive(made, True)


def breaks_table(found: Quality) -> Table:
    """Suggested rows for the register of breaks.

    Parameters
    ----------
    found : Quality

    Returns
    -------
    Table
        ``city, field, date, what, source, certainty``, as the table "breaks" of the dictionary has them.
    """
    frame = found.suggestions.assign(date=found.suggestions["date"].astype("str").str[:10])
    names = ("City", "Field", "Date", "What", "Source", "Certainty")
    columns = tuple(Column(name, words) for name, words in zip(frame.columns, names, strict=True))
    note = "Ask those who record before an entry is taken over; then its certainty is reported or documented."
    return Table(
        title="Suggested for the register of breaks", frame=frame, columns=columns, note=note, support=of_nobody
    )


def _finding(found: Quality) -> tuple[Sentence, ...]:
    """Say the worst thing of each of three kinds."""
    if found.issues.empty:
        return (Sentence(text="Nothing was found that stands in the way of an analysis."),)
    count, first = len(found.issues), found.issues.drop_duplicates("kind").head(3)
    head = f"{count} thing{'s' * (count != 1)} found. What touches most rows, one of a kind:"
    worst = [
        Sentence(text=text, numbers=Facts({"rows": rows}), support=pd.DataFrame({"rows": [rows]}))
        for text, rows in _said(first)
    ]
    return (Sentence(text=head, numbers=Facts({"issues": count}), support=of_nobody), *worst)


def _said(issues: pd.DataFrame) -> list[tuple[str, int]]:
    """Pair sentences with the rows that they are about."""
    return [(str(said), int(rows)) for said, rows in zip(issues["said"], issues["rows"], strict=True)]


def issues_section(found: Quality) -> Section | None:
    """Everything in words, with what to do next and who.

    Parameters
    ----------
    found : Quality

    Returns
    -------
    Section or None
        None where nothing was found.
    """
    if found.issues.empty:
        return None
    columns = (
        Column("said", "What is wrong", "said"),
        Column("next", "What to do next"),
        Column("who", "Who"),
        Column("rows", "Rows touched", "whole"),
    )
    first, others = found.issues.head(first_shown), found.issues.iloc[first_shown:]
    title = "By the rows that each touches"
    blocks: list[Block] = [Table(title=title, frame=first, columns=columns, support=first[["rows"]])]
    if len(others):
        table = Table(title="The others", frame=others, columns=columns, support=others[["rows"]])
        blocks.append(Fold(label=f"{len(others)} more", table=table))
    return Section(title="What is wrong, and what to do?", blocks=tuple(blocks))


def _read(found: Quality, account: Mapping[str, Any] | None) -> Section:
    """Say what was read, and what became of the rows of the exports."""
    spans = found.rows.assign(
        first=found.rows["first"].astype("str").str[:10], last=found.rows["last"].astype("str").str[:10]
    )
    columns = (
        Column("table", "Table"),
        Column("source", "Export"),
        Column("first", "From"),
        Column("last", "To"),
        Column("rows", "Rows", "whole"),
        Column("without_time", "Without a time", "whole"),
    )
    blocks: list[Block] = [
        Table(
            title="Rows by table and export",
            frame=spans,
            columns=columns,
            support=_fewest(spans, ["rows", "without_time"]),
        )
    ]
    if account is not None:
        ends = ("read", "accepted", "repaired", "duplicate", "quarantined")
        shown = tuple(Column(end, end.capitalize(), "whole") for end in ends)
        frame = pd.DataFrame(account["sources"])[["source", "table", *ends]]
        note = (
            "Read = accepted + repaired + duplicate + quarantined. Quarantined rows are kept in full beside the tables."
        )
        heads = (Column("source", "Export"), Column("table", "Table"), *shown)
        title, support = "What became of every row of the exports", _fewest(frame, list(ends))
        blocks.append(Table(title=title, frame=frame, columns=heads, note=note, support=support))
    return Section(title="What was read?", blocks=tuple(blocks))


def _fewest(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return the smallest count of each row, zeros aside."""
    numbers = frame[names].astype(float)
    return pd.DataFrame({"rows": numbers.where(numbers > 0).min(axis=1).fillna(0)}).reset_index(drop=True)


def _parts(count: pd.Series, of: pd.Series) -> pd.DataFrame:
    """Return a part, the others and the whole."""
    return pd.DataFrame({"numerator": count, "count": of - count, "denominator": of}).reset_index(drop=True)


def _complete(found: Quality) -> Section | None:
    """Heat maps of what is missing, one for each table and export."""
    groups = found.completeness.groupby(["table", "source"], sort=False)
    pictures = [heat_map(part, str(table), str(source)) for (table, source), part in groups]
    drawn = tuple(picture for picture in pictures if picture is not None)
    return Section(title="How complete is each field?", blocks=drawn) if drawn else None


def _changes(found: Quality) -> Section | None:
    """Show changes of missingness, a picture for each field, the largest first."""
    if found.breaks.empty:
        return None
    said = Sentence(
        text="These changes were found in the weekly shares of missing values alone; nobody said where to look. On "
        "simulated fields without any change one was found at most one time in twenty; slow drift shows as steps."
    )
    return Section(
        title="When did recording change?",
        blocks=(said, *break_pictures(found.breaks, found.completeness)[:pictures_shown]),
    )


def _times(found: Quality) -> Section | None:
    """Disorder, impossible and rounded stamps, lateness."""
    blocks: list[Block] = []
    if len(found.disorder):
        note = (
            "The last two lines count rows. They differ by the pair of the first two stamps alone: name the reading "
            "with the number."
        )
        columns = (
            Column("table", "Table"),
            Column("what", "Order"),
            Column("rows", "Rows", "whole"),
            Column("of", "Of", "whole"),
        )
        behind = _parts(found.disorder["rows"], found.disorder["of"])
        blocks.append(
            Table(title="Time stamps out of order", frame=found.disorder, columns=columns, note=note, support=behind)
        )
    odd = found.stamps[found.stamps["rows"] > 0]
    if len(odd):
        blocks.append(_odd_stamps(odd))
    if len(found.timeliness):
        blocks.append(_timely(found.timeliness))
    return Section(title="Are the times right?", blocks=tuple(blocks)) if blocks else None


def _odd_stamps(odd: pd.DataFrame) -> Table:
    """Impossible, midnight and rounded stamps, with their shares."""
    named = odd.assign(field=[label(table, field) for table, field in zip(odd["table"], odd["field"], strict=True)])
    shares = named.assign(**{name: named[name].map(percent) for name in ("share", "low", "high", "expected")})
    shares["expected"] = shares["expected"].mask(shares["what"].eq(five_minutes), "taken off")
    columns = (
        Column("table", "Table"),
        Column("field", "Field"),
        Column("what", "What"),
        Column("rows", "Rows", "whole"),
        Column("of", "Of", "whole"),
        Column("share", "Share", "said"),
        Column("low", "95 % from", "said"),
        Column("high", "to", "said"),
        Column("expected", "By chance", "said"),
    )
    note = (
        "Of exact times a fifth fall on five minutes by chance: the share is that of rounded stamps, above chance. "
        "Midnight stamps are left out of it."
    )
    support = _parts(odd["rows"], odd["of"])
    return Table(title="Impossible and rounded stamps", frame=shares, columns=columns, note=note, support=support)


def _timely(timeliness: pd.DataFrame) -> Fold:
    """Share of each field recorded within its deadline."""
    named = timeliness.assign(
        field=[label(table, field) for table, field in zip(timeliness["table"], timeliness["field"], strict=True)],
        share=timeliness["share"].map(percent),
    )
    columns = (
        Column("table", "Table"),
        Column("field", "Field"),
        Column("deadline_hours", "Deadline, hours", "number"),
        Column("share", "In time", "said"),
        Column("rows", "Rows", "whole"),
        Column("median_hours", "Median, hours", "number"),
        Column("before", "Recorded before the event", "whole"),
    )
    behind = _parts((timeliness["share"] * timeliness["rows"]).round(), timeliness["rows"])
    behind = behind.assign(events=timeliness["before"].to_numpy())
    table = Table(title="Timeliness", frame=named, columns=columns, support=behind)
    return Fold(label="How late each field is recorded", table=table)


def _codes(found: Quality) -> Section | None:
    """Codes that appear, vanish or change their share."""
    if found.drift.empty:
        return None
    rows = found.drift.to_dict("records")
    frame = pd.DataFrame(
        {
            "field": [label(row["table"], row["field"]) for row in rows],
            "what": [
                "all codes together" if row["what"] == "composition" else f"{row['what']}: {_code(row)}" for row in rows
            ],
            "date": [day(row["date"]) for row in rows],
            "before": ["" if pd.isna(row["before"]) else percent(row["before"]) for row in rows],
            "after": [percent(row["after"]) for row in rows],
        }
    )
    names = ("Field", "What changed", "From", "Before", "After")
    forms: tuple[Form, ...] = ("text", "text", "text", "said", "said")
    columns = tuple(map(Column, frame.columns, names, forms))
    ends = [(found.drift[end].fillna(0), found.drift[f"rows_{end}"]) for end in ("before", "after")]
    cells = pd.DataFrame({str(n): (share * of).round() for n, (share, of) in enumerate(ends)})
    cells = cells.assign(**{f"others {n}": of - cells[str(n)] for n, (_, of) in enumerate(ends)})
    note = (
        "Shares of filled rows. Of all codes together: how many rows would have to change their code. A changed share "
        "may be a changed form or changed work; the data cannot tell which."
    )
    said = Sentence(
        text=f"{len(frame)} changes of codes in {frame['field'].nunique()} fields.",
        numbers=Facts({"changes": len(frame), "fields": int(frame["field"].nunique())}),
        support=of_nobody,
    )
    table = Table(
        title="Codes that appear, vanish or change their share",
        frame=frame,
        columns=columns,
        note=note,
        support=_fewest(cells, list(map(str, cells))),
    )
    return Section(title="Did the use of codes change?", blocks=(said, Fold(label=table.title, table=table)))


def _code(row: Mapping[Any, Any]) -> str:
    """Name the code of a row where it may be named."""
    return code_label(row["table"], row["field"], row["code"]).removeprefix("the code ")


def _coders(found: Quality) -> Section | None:
    """Double coding."""
    if found.agreement.empty:
        return None
    frame = found.agreement.assign(observed=found.agreement["observed"].map(percent))
    columns = (
        Column("what", "What was coded twice"),
        Column("rows", "Rows", "whole"),
        Column("observed", "Agree", "said"),
        Column("kappa", "κ", "number"),
        Column("kappa_low", "95 % from", "number"),
        Column("kappa_high", "to", "number"),
        Column("ac1", "AC1", "number"),
        Column("ac1_low", "95 % from", "number"),
        Column("ac1_high", "to", "number"),
        Column("prevalence", "How common each code is", "said"),
    )
    note = (
        "κ is low where a code is rare, even among coders who nearly always agree; AC1 is not. Read both beside "
        "how common each code is."
    )
    cells = frame["counts"].str.extractall(r": (\d+)")[0].astype(float).groupby(level=0).min()
    support = pd.DataFrame({"rows": frame["rows"], "count": cells.reindex(frame.index)}).reset_index(drop=True)
    table = Table(title="Double coding", frame=frame, columns=columns, note=note, support=support)
    return Section(title="Do two coders agree?", blocks=(table,))


def _not_logged(found: Quality) -> Section | None:
    """Contacts that neither of two lists holds."""
    if found.unlogged.empty:
        return None
    columns = (
        Column("first", "First list"),
        Column("second", "Second list"),
        Column("on_first", "On the first", "whole"),
        Column("on_second", "On the second", "whole"),
        Column("on_both", "On both", "whole"),
        Column("listed", "On either", "whole"),
        Column("estimate", "In all, estimated", "whole"),
        Column("low", "95 % from", "whole"),
        Column("high", "to", "whole"),
        Column("unlisted", "On neither", "whole"),
    )
    frame = found.unlogged.assign(
        **{name: found.unlogged[name].round() for name in ("estimate", "low", "high", "unlisted")}
    )
    only = frame.assign(
        first_only=frame["on_first"] - frame["on_both"], second_only=frame["on_second"] - frame["on_both"]
    )
    support = _fewest(only, ["on_both", "first_only", "second_only", "unlisted"])
    table = Table(
        title="Two lists of the same contacts", frame=frame, columns=columns, note=assumption, support=support
    )
    return Section(title="Which contacts were not logged?", blocks=(table,))


def suggestions_section(found: Quality) -> Section | None:
    """Rows for the register of breaks, as a section.

    Parameters
    ----------
    found : Quality

    Returns
    -------
    Section or None
    """
    if found.suggestions.empty:
        return None
    said = Sentence(text="The file breaks.csv beside this page holds these rows, ready for the register of a study.")
    return Section(title="What belongs in the register of breaks?", blocks=(said, breaks_table(found)))


def _made() -> Section:
    """Say with what the page was made."""
    said = Sentence(
        text=f"Made with coresponder_causal {VERSION}; what each field means stands in the data dictionary.",
        support=of_nobody,
    )
    return Section(title="Where do the numbers come from?", blocks=(Bullets(items=(said,)),))
