"""Sections on codes and lists: how their use changed, whether two coders agree, what nobody logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.data.quality import Quality
from coresponder_causal.data.quality_issues import code_label, day, label, percent
from coresponder_causal.data.quality_pairs import assumption
from coresponder_causal.report.quality_rows import fewest
from coresponder_causal.report.specs import Column, Fold, Form, Section, Sentence, Table, of_nobody


def codes_section(found: Quality) -> Section | None:
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
        support=fewest(cells, list(map(str, cells))),
    )
    return Section(title="Did the use of codes change?", blocks=(said, Fold(label=table.title, table=table)))


def _code(row: Mapping[Any, Any]) -> str:
    """Name the code of a row where it may be named."""
    return code_label(row["table"], row["field"], row["code"]).removeprefix("the code ")


def coders_section(found: Quality) -> Section | None:
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


def not_logged_section(found: Quality) -> Section | None:
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
    support = fewest(only, ["on_both", "first_only", "second_only", "unlisted"])
    table = Table(
        title="Two lists of the same contacts", frame=frame, columns=columns, note=assumption, support=support
    )
    return Section(title="Which contacts were not logged?", blocks=(table,))
