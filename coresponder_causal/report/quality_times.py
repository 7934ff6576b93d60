"""Sections on what is recorded when: gaps in fields, changes of recording, stamps and lateness."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.data.quality import Quality
from coresponder_causal.data.quality_issues import label, percent
from coresponder_causal.data.quality_times import five_minutes
from coresponder_causal.report.quality_pictures import break_pictures, heat_map
from coresponder_causal.report.quality_rows import parts
from coresponder_causal.report.specs import Block, Column, Fold, Section, Sentence, Table

pictures_shown = 6


def complete_section(found: Quality) -> Section | None:
    """Heat maps of what is missing, one for each table and export."""
    groups = found.completeness.groupby(["table", "source"], sort=False)
    pictures = [heat_map(part, str(table), str(source)) for (table, source), part in groups]
    drawn = tuple(picture for picture in pictures if picture is not None)
    return Section(title="How complete is each field?", blocks=drawn) if drawn else None


def changes_section(found: Quality) -> Section | None:
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


def times_section(found: Quality) -> Section | None:
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
        behind = parts(found.disorder["rows"], found.disorder["of"])
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
    support = parts(odd["rows"], odd["of"])
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
    behind = parts((timeliness["share"] * timeliness["rows"]).round(), timeliness["rows"])
    behind = behind.assign(events=timeliness["before"].to_numpy())
    table = Table(title="Timeliness", frame=named, columns=columns, support=behind)
    return Fold(label="How late each field is recorded", table=table)
