"""What people say beside what was estimated, on a page: the picture, the table, the rule, and signed quotes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest
from coresponder_causal.data import dictionary
from coresponder_causal.privacy.counts import Counts, total
from coresponder_causal.qualitative import JointDisplay
from coresponder_causal.qualitative.joint_display import everybody
from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Picture, Section, Sentence, Table, of_nobody

title = "What do people say, and do the numbers say the same?"
heard_note = (
    "Counted are people who were heard and brought the theme up at all, of all heard in their group. They were not "
    "drawn by lot from everybody: the shares are of them alone."
)


def joint_section(found: JointDisplay, results: Mapping[str, Result], *, quotes: pd.DataFrame | None = None) -> Section:
    """Put themes beside results under one question.

    Parameters
    ----------
    found : JointDisplay
    results : mapping of str to Result
        By their ids.
    quotes : DataFrame, optional
        As `qualitative.quotes` gives them; those that were signed off, where the page is for others.

    Returns
    -------
    Section
        The verdicts in a sentence, the picture, the table with the rule below it, who was heard, and the quotes.
    """
    counted = found.frame["verdict"].value_counts()
    parts = [f"{counted[name]} {name}" for name in ("convergent", "discordant", "silent") if name in counted]
    said = Sentence(text=f"Themes held beside results: {', '.join(parts)}.", support=of_nobody)
    blocks: list[Sentence | Picture | Table] = [
        said,
        joint_picture(found, results),
        joint_table(found, results),
        heard_table(found),
    ]
    if quotes is not None and len(quotes):
        blocks.append(quote_table(quotes))
    return Section(title=title, blocks=tuple(blocks))


def joint_picture(found: JointDisplay, results: Mapping[str, Result]) -> Picture:
    """Draw themes as rows: who brought them up on the left, the interval of the result on the right.

    Parameters
    ----------
    found : JointDisplay
    results : mapping of str to Result
    """
    frame = found.frame.assign(said=[_interval(row) for row in found.frame.to_dict("records")])
    frame = frame.assign(outcome=[_outcome(row, results) for row in found.frame.to_dict("records")])
    shown = ["theme", "says", "outcome", "said", "help_low", "help_high", "verdict"]
    shares = found.shares.assign(label=[group_label(found.by, name) for name in found.shares["group"]])
    each = "; ".join(f"{row['theme']}, said that it {_says(row)}: {row['verdict']}" for row in frame.to_dict("records"))
    return Picture(
        title="Themes beside results",
        caption="Left: share of the people heard who brought the theme up, darker is more, with how many of how many. "
        "Right: 95 % interval of the result, each row on a scale of its own, turned so that right of the line is help; "
        "the numbers are on the result's own scale.",
        alt=f"One row per theme. {each}.",
        kind="joint",
        data={"themes": frame[shown].reset_index(drop=True), "shares": shares.reset_index(drop=True)},
        labels=Facts({"heard": f"Heard, by {found.by.replace('_', ' ')}"}),
        support=_support(found, results),
        counts=_counts(found, "shares"),
    )


def joint_table(found: JointDisplay, results: Mapping[str, Result]) -> Table:
    """Lay themes and results beside each other, with the id of each result, the verdict and the rule.

    Parameters
    ----------
    found : JointDisplay
    results : mapping of str to Result
    """
    rows = found.frame.to_dict("records")
    frame = found.frame.assign(
        says=[_says(row) for row in rows],
        outcome=[_outcome(row, results) for row in rows],
        interval=[_interval(row) for row in rows],
        result=found.frame["result"].replace("", words.missing),
        why=[words.capital(str(row["why"])) for row in rows],
    )
    return Table(
        title="What people say beside what was estimated",
        frame=frame,
        columns=(
            Column("theme", "Theme"),
            Column("says", "Those who bring it up say"),
            Column("outcome", "Outcome"),
            Column("interval", "Change (95 %)", "said"),
            Column("result", "Result"),
            Column("verdict", "Together", "said"),
            Column("why", "Why", "said"),
        ),
        note=found.rule,
        support=_support(found, results),
    )


def heard_table(found: JointDisplay) -> Table:
    """Say of how many people heard each theme is, group by group.

    Parameters
    ----------
    found : JointDisplay
    """
    frame = found.shares.assign(label=[group_label(found.by, name) for name in found.shares["group"]])
    return Table(
        title="Who brought the themes up",
        frame=frame,
        columns=(
            Column("theme", "Theme"),
            Column("label", words.capital(found.by.replace("_", " "))),
            Column("cases_with", "Brought it up", "whole"),
            Column("cases", "Heard", "whole"),
            Column("share", "Share", "share"),
        ),
        note=heard_note,
        counts=_counts(found),
    )


def quote_table(quotes: pd.DataFrame) -> Table:
    """Show quotes with the group of who said them; a group of few people is masked for others.

    Parameters
    ----------
    quotes : DataFrame
        As `qualitative.quotes` gives them. One that nobody signed for passes for no one outside.
    """
    frame = quotes.assign(
        said_by=[group_label("stakeholder", str(name)) for name in quotes["said_by"]],
        signed=quotes["signed_by"].notna(),
    )
    return Table(
        title="In their words",
        frame=frame,
        columns=(
            Column("quote", "Quote"),
            Column("code", "Code"),
            Column("said_by", "Said by", "said"),
            Column("status", "Status", inside=True),
            Column("source", "Source", inside=True),
        ),
        note="Words in brackets stand for what was taken out. A quote shows what was meant, not how many meant it.",
        support=pd.DataFrame({"persons": quotes["people"].to_numpy(float)}),
    )


def _counts(found: JointDisplay, part: str = "") -> tuple[Counts, ...]:
    """People behind the shares, theme by theme: those heard in all are the margin of the groups."""
    shares = found.shares.reset_index(drop=True).replace({"group": {everybody: total}})
    return tuple(
        Counts(
            family=f"people who bring up {theme} by {found.by}",
            frame=rows[["group", "cases_with", "cases"]],
            dimensions=("group",),
            count="cases_with",
            of="cases",
            part=part,
        )
        for theme, rows in shares.groupby("theme", sort=False)
    )


def _support(found: JointDisplay, results: Mapping[str, Result]) -> pd.DataFrame:
    """Persons and events behind each result, and people who brought the theme up; nobody where nothing is told."""
    rows = []
    for row in found.frame.to_dict("records"):
        behind = smallest(results[row["result"]].support) if row["result"] in results else None
        known = {} if behind is None else behind.iloc[0].to_dict()
        people = min(float(row["cases_with"]), known.get("persons", np.inf))
        rows.append({**known, "persons": people})
    return pd.DataFrame(rows)


def _says(row: Mapping[Hashable, object]) -> str:
    return "both" if row["says"] == "mixed" else str(row["says"])


def _outcome(row: Mapping[Hashable, object], results: Mapping[str, Result]) -> str:
    result = results.get(str(row["result"]))
    return words.capital(str(row["outcome"]).replace("_", " ") if result is None else words.counted(result))


def _interval(row: Mapping[Hashable, object]) -> str:
    """Write estimate and interval on the result's own scale, log ratios as percent."""
    values = [float(str(row[name])) for name in ("estimate", "low", "high")]
    if np.isnan(values[1]):
        return words.missing
    ratio = row["scale"] == "log_ratio"
    middle, low, high = (words.percent(100 * np.expm1(v)) if ratio else words.signed(v) for v in values)
    return f"{low} to {high}" if np.isnan(values[0]) else f"{middle} ({low} to {high})"


def group_label(by: str, name: str) -> str:
    """Name a group by the dictionary's label."""
    if name == everybody:
        return "All"
    interviews = dictionary.table("interviews")
    known = {field.name: dict(field.choices) for field in interviews.fields}
    return known.get(by, {}).get(name, words.capital(name.replace("_", " ")))


def unsigned(tables: Sequence[Table]) -> int:
    """Count quotes in tables for which nobody signed.

    Parameters
    ----------
    tables : sequence of Table
    """
    shown = [table.frame for table in tables if any(column.name == "quote" for column in table.columns)]
    return sum(len(frame) - int(frame.get("signed", pd.Series(dtype=bool)).sum()) for frame in shown)
