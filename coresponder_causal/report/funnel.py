"""Where the change of a record lies: in a sentence for a council, stage by stage in a picture and a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.decide import Decomposed
from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Picture, Sentence, Table

Row: TypeAlias = Mapping[Any, Any]
plain_stages = {
    "dispatched_at": "calls sent to",
    "report_filed": "reports",
    "crisis_flagged": "calls flagged as a crisis",
}
plain_parts = {
    "record": "all that is on record",
    "dispatch": "what dispatch alone knows",
    "upstream": "what happened",
    "recording": "what was recorded of it",
    "last": "the last stage",
}
part_words = {"upstream": "before the scene", "scene": "on scene", "afterwards": "after the record"}
columns = (
    Column("what", "Stage or sum"),
    Column("where", "Where"),
    Column("change", "Change (95 %)", "said"),
    Column("share", "Share of the record's change", "share"),
    Column("events", "Calls of the city that reached it", "whole"),
)
against_words = {
    "other_hours": "covered against other hours, before and after, here and in {m} other cities",
    "cities": "before and after, here and in {m} other cities",
}


def in_plain_words(found: Decomposed) -> str:
    """Say to a council whether events changed or records of them."""
    name, less = _stage(found.record), found.sums["log_low"].to_dict()["record"] < 0
    fewer, much = ("fewer", "less") if less else ("more", "more")
    if found.verdict == "upstream":
        return f"There were {fewer} {name} because {much} happened, not only because it was recorded otherwise."
    if found.verdict == "recording":
        return f"{fewer.capitalize()} {name} were written, not {fewer} incidents: what is put on record changed."
    return f"Whether incidents changed or only the {name} of them cannot be told."


def funnel_sentence(found: Decomposed) -> Sentence:
    """Say whether events changed or records of them, and by how much.

    Parameters
    ----------
    found : Decomposed

    Returns
    -------
    Sentence
        ``numbers``: log ratios ``record, upstream_low, upstream_high, recording_low, recording_high``.
    """
    sums = found.sums.to_dict("index")
    record, upstream, recording = (sums[part] for part in ("record", "upstream", "recording"))
    text = (
        f"{in_plain_words(found)} On record: {_said(record)}; what happened: {_said(upstream)}; what was recorded of "
        f"it: {_said(recording)}."
    )
    numbers = {"record": record["log_low"], "upstream_low": upstream["log_low"], "upstream_high": upstream["log_high"],
               "recording_low": recording["log_low"], "recording_high": recording["log_high"]}  # fmt: skip
    return Sentence(text=text, numbers=Facts(numbers), support=_support(found))


def funnel_table(found: Decomposed) -> Table:
    """Lay stages and sums below each other.

    Parameters
    ----------
    found : Decomposed
    """
    stages = found.rows.to_dict("records")
    rows = [
        {
            "what": _given(found, row),
            "where": part_words.get(str(row["part"]), str(row["part"])),
            "change": _said(row),
            "share": row["share"],
            "events": row["events"],
        }
        for row in stages
    ]
    rows += [
        {"what": f"Sum: {plain_parts[str(part)]}", "where": "", "change": _said(row), "share": np.nan, "events": np.nan}
        for part, row in found.sums.to_dict("index").items()
    ]
    seen = " or ".join(_stage(name) for name in found.witness)
    told = f"Seen by others than who writes the record: {seen}. " if seen else ""
    note = (
        f"{told}Stages multiply to the last one exactly; intervals of sums hold how stages move together. Rule: a part "
        "is named if its interval lies wholly on the record's side of no change and it is at least half of that "
        f"change. Verdict: {found.verdict}. {'; '.join(words.capital(one) for one in found.notes)}"
    )
    behind = [row["events"] for row in stages]
    support = pd.DataFrame({"events": behind + [min(behind)] * len(found.sums)})
    return Table(
        title="From call to record, stage by stage", frame=pd.DataFrame(rows), columns=columns, note=note.strip(),
        support=support,
    )  # fmt: skip


def funnel_picture(found: Decomposed) -> Picture:
    """Draw the change of a record as steps from call to record and beyond, and its sums.

    Parameters
    ----------
    found : Decomposed

    Returns
    -------
    Picture
        ``data["steps"]``: ``label, role`` (happened, recorded, other, sum), ``begin, end, low, high`` as log ratios and
        ``said``.
    """
    rows = found.rows
    end = rows["log_change"].cumsum().to_numpy(float)
    begin = end - rows["log_change"].to_numpy(float)
    roles = {"upstream": "happened", "scene": "happened", "recording": "recorded"}
    steps = pd.DataFrame(
        {
            "label": [_given(found, row) for row in rows.to_dict("records")],
            "role": [roles.get(str(part), "other") for part in rows["part"]],
            "begin": begin,
            "end": end,
            "low": begin + rows["low"].to_numpy(float),
            "high": begin + rows["high"].to_numpy(float),
            "said": [_percent(value) for value in rows["log_change"]],
        }
    )
    sums = [_bar(found, part, role) for part, role in (("upstream", "happened"), ("recording", "recorded"))]
    data = pd.concat([steps, pd.DataFrame([_bar(found, "record", "sum"), *sums])], ignore_index=True)
    compared = against_words[found.against].format(m=found.cities)
    return Picture(
        title=f"{found.city}: did events change, or what is recorded of them?",
        caption=f"Each bar starts where the one above ends: the change of each stage from call to record, {compared}, "
        f"from {found.start} on. Below the line: its sums. Thin lines: 95 % intervals.",
        alt=f"Bars of the change of each stage. {funnel_sentence(found).text}",
        kind="funnel",
        data={"steps": data},
        labels=Facts({"x": "Change", "stages": len(rows)}),
        support=_support(found),
    )


def _bar(found: Decomposed, part: str, role: str) -> dict[str, object]:
    row = found.sums.to_dict("index")[part]
    one = row["log_low"] == row["log_high"]
    begin, end = (0.0, row["log_low"]) if one else (row["log_low"], row["log_high"])
    said = _percent(end) if one else f"{_percent(row['log_low'])} to {_percent(row['log_high'])}"
    label = _stage(found.record) if part == "record" else plain_parts[part]
    return {"label": f"All: {label}" if part == "record" else words.capital(label), "role": role, "begin": begin,
            "end": end, "low": row["low"], "high": row["high"], "said": said}  # fmt: skip


def _support(found: Decomposed) -> pd.DataFrame:
    return pd.DataFrame({"events": found.rows["events"].to_numpy(float)})


def _stage(name: str) -> str:
    return plain_stages.get(name, words.outcomes.get(name, name.replace("_", " ")))


def _given(found: Decomposed, row: Row) -> str:
    """Name a stage per the one before."""
    name, given = (
        " or ".join(_stage(one) for one in found.witness) if row[key] == "witness" else _stage(str(row[key]))
        for key in ("stage", "given")
    )
    if not given:
        return words.capital(name)
    return f"{words.capital(name)} per {'call' if given.startswith('calls') else '100 ' + given}"


def _percent(log_ratio: float) -> str:
    return words.percent(100 * float(np.expm1(log_ratio)))


def _said(row: Row) -> str:
    """Change in percent with its interval; of a set, from end to end."""
    low, high = (float(row[end]) for end in ("low", "high"))
    ends = f"{_percent(low)} to {_percent(high)}"
    if "log_low" in row and row["log_low"] != row["log_high"]:
        return f"between {_percent(float(row['log_low']))} and {_percent(float(row['log_high']))} ({ends})"
    value = float(row.get("log_change", row.get("log_low")))
    return "as it was, of every call" if low == high == 0 else f"{_percent(value)} ({ends})"
