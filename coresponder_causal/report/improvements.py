"""What would help most, on a page: one ranking of the effect, one of people linked, one of the evidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.decide import Improvements
from coresponder_causal.decide.improve import currencies
from coresponder_causal.report import words
from coresponder_causal.report.specs import Bullets, Column, Picture, Section, Sentence, Table, of_nobody

title = "What would help most?"
headings = {
    "averted": "What would avert most",
    "linked": "What would link most people to care",
    "interval": "What would make the answer sharper",
}
intro = (
    "Each change is told as if it came alone, and whole: half of it brings half. Changes overlap, so their numbers "
    "must not be added; where intervals overlap the order may be another. What raises the effect and what sharpens the "
    "answer are ranked apart."
)
range_note = "Of a range without an estimate only the ends are known; its middle gives its place."


def improvement_section(found: Improvements) -> Section:
    """Put what would help most under one question.

    Parameters
    ----------
    found : Improvements

    Returns
    -------
    Section
        First what leads each ranking; the picture; a table a ranking; and what cannot be told, with what to collect.
    """
    told = found.frame["rank"].notna().to_numpy()
    unknown = found.frame[~told]
    blocks: list[Sentence | Picture | Table | Bullets] = [_said(intro), *_leaders(found)]
    if told.any():
        blocks += [improvement_picture(found), *improvement_tables(found)]
    if len(unknown):
        texts = dict.fromkeys(f"{words.capital(row['what'])}: {row['needs']}." for row in unknown.to_dict("records"))
        blocks += [
            _said("What cannot be said from these tables, and what to collect for it:"),
            Bullets(items=tuple(_said(text) for text in texts)),
        ]
    return Section(title=title, blocks=tuple(blocks))


def improvement_tables(found: Improvements) -> tuple[Table, ...]:
    """One table for each currency in which something can be told, ranked.

    Parameters
    ----------
    found : Improvements
    """
    made = []
    for currency, rows, support in _told(found):
        frame = rows.assign(
            place=rows["rank"].astype(int).astype(str),
            what=_changes(rows),
            gain=[_gain(row) for row in rows.to_dict("records")],
            counted=[f"{words.capital(str(row['formula']))}." for row in rows.to_dict("records")],
            holds=[f"{words.capital(str(row['assumes']))}." for row in rows.to_dict("records")],
            read=[f"{words.capital(str(row['said']))}." if row["said"] else "–" for row in rows.to_dict("records")],
        )
        columns = (
            Column("what", "Change"),
            Column("gain", f"{words.capital(_axis(currency, rows))} (95 %)", "said"),
            Column("counted", "How it is counted", "said"),
            Column("holds", "What must hold", "said"),
            Column("read", "To be read with it", "said"),
        )
        note = range_note if rows["estimate"].isna().any() else ""
        made.append(Table(title=headings[currency], frame=frame, columns=columns, note=note, support=support))
    return tuple(made)


def improvement_picture(found: Improvements) -> Picture:
    """Draw the rankings, one panel a currency.

    Parameters
    ----------
    found : Improvements
    """
    parts = list(_told(found))
    bars = pd.concat([rows for _, rows, _ in parts], ignore_index=True)
    bars = bars.assign(
        what=_changes(bars),
        said=[_gain(row) for row in bars.to_dict("records")],
        factor=np.where(bars["currency"].eq("interval"), 100.0, 1.0),
    )
    shown = ["currency", "what", "estimate", "low", "high", "factor", "said"]
    firsts = "; ".join(f"{headings[currency].lower()}: {_changes(rows)[0]}" for currency, rows, _ in parts)
    return Picture(
        title="The changes, ranked",
        caption="Bars: estimates; lines: 95 % intervals; pale bars without a line: all that the gain can be. "
        "Dashed: the interval of today.",
        alt=f"Ranked bars. First stands, of {firsts}.",
        kind="improvements",
        data={"bars": bars[shown]},
        labels=Facts({currency: _axis(currency, rows) for currency, rows, _ in parts}),
        support=pd.concat([support for _, _, support in parts], ignore_index=True),
    )


def _told(found: Improvements) -> list[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Give each currency's ranked rows, and what stands behind them."""
    known = found.frame["rank"].notna()
    masks = [(currency, known & found.frame["currency"].eq(currency)) for currency in currencies]
    return [
        (currency, found.frame[mask].reset_index(drop=True), found.support[mask].reset_index(drop=True))
        for currency, mask in masks
        if mask.any()
    ]


def _leaders(found: Improvements) -> list[Sentence]:
    """Say what stands first in each ranking."""
    made = []
    for currency, rows, support in _told(found):
        size = _gain(rows.iloc[0].to_dict())
        gain = f"an interval {size} % as long as today" if currency == "interval" else f"{size} {_axis(currency, rows)}"
        text = f"{headings[currency]}: {_changes(rows)[0]} – {gain}."
        made.append(Sentence(text=text, support=support.iloc[:1]))
    return made


def _changes(rows: pd.DataFrame) -> list[str]:
    """Name the changes; of intervals also the answer that would be sharper."""
    about = [
        f" ({_counted(name)})" if of == "interval" else ""
        for name, of in zip(rows["outcome"], rows["currency"], strict=True)
    ]
    return [f"{words.capital(what)}{text}" for what, text in zip(rows["what"], about, strict=True)]


def _counted(outcome: str) -> str:
    return words.outcomes.get(outcome, outcome.replace("_", " "))


def _axis(currency: str, rows: pd.DataFrame) -> str:
    """Name what the numbers of a currency are."""
    if currency == "interval":
        return "length of the interval, % of today's"
    if currency == "linked":
        return "more people linked to care a year"
    return f"{_counted(str(rows['outcome'].iloc[0]))} averted a year"


def _gain(row: Mapping[object, object]) -> str:
    factor = 100.0 if row["currency"] == "interval" else 1.0
    estimate, low, high = (factor * float(str(row[name])) for name in ("estimate", "low", "high"))
    small = row["currency"] != "interval" and max(abs(low), abs(high)) < 10
    least, most, middle = (f"{value:.{1 if small else 0}f}".replace("-", "−") for value in (low, high, estimate))
    ends = least if least == most else f"{least} to {most}"
    return ends if np.isnan(estimate) else f"{middle} ({ends})"


def _said(text: str) -> Sentence:
    return Sentence(text=text, support=of_nobody)
