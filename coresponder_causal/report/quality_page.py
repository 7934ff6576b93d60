"""A page on which a supervisor reads what is wrong with the data, what to do about it, and who."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.version import VERSION
from coresponder_causal.data.quality import Quality
from coresponder_causal.report.quality_codes import coders_section, codes_section, not_logged_section
from coresponder_causal.report.quality_rows import read_section
from coresponder_causal.report.quality_times import changes_section, complete_section, times_section
from coresponder_causal.report.sensitive import as_sensitive
from coresponder_causal.report.specs import Block, Bullets, Column, Fold, Page, Section, Sentence, Table, of_nobody

first_shown = 12  # issues outside the fold
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
        read_section(found, account),
        complete_section(found),
        changes_section(found),
        times_section(found),
        codes_section(found),
        coders_section(found),
        not_logged_section(found),
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
