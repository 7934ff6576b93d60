"""What the first call says: how the type written agrees with what was found, and what callers' answers are worth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.support import smallest
from coresponder_causal.decide import AgreementCourse, Concordance, ToldItems, TriageGain
from coresponder_causal.report import words
from coresponder_causal.report.specs import Block, Bullets, Column, Picture, Section, Sentence, Table, of_nobody
from coresponder_causal.report.time_axis import positions, years
from coresponder_causal.report.told_items import (
    bounds_table,
    field_label,
    gain_table,
    intervals,
    looked_at,
    told_picture,
    told_table,
)

title = "What does the first call tell?"
measures = {
    "sensitivity": "Crises written as crises (sensitivity)",
    "positive_predictive_value": "Written as crises that were (predictive value)",
    "specificity": "Others not written as crises (specificity)",
    "negative_predictive_value": "Not written as crises that were none",
    "kappa": "Agreement beyond chance (κ)",
    "prevalence": "Calls that were crises",
}


def first_call_section(
    agreement: Concordance | None,
    course: AgreementCourse | None = None,
    told: ToldItems | None = None,
    gain: TriageGain | None = None,
    *,
    refused: tuple[str, ...] = (),
) -> Section:
    """Put the first call under one question: agreement, its course, what is told, what that adds to triage.

    Parameters
    ----------
    agreement, course, told, gain
        As `decide` gives them; None where it was not asked for or could not be told.
    refused : tuple of str
        Why something could not be told.
    """
    blocks: list[Block] = []
    if agreement is not None:
        blocks += [agreement_sentence(agreement), agreement_picture(agreement), agreement_table(agreement)]
        if groups := groups_table(agreement):
            blocks.append(groups)
    if course is not None:
        blocks += [_course_sentence(course), course_picture(course)]
    if told is not None:
        blocks += [told_picture(told), told_table(told), bounds_table(told)]
    if gain is not None:
        blocks.append(gain_table(gain))
    said = [text for one in (agreement, course, told, gain) if one is not None for text in one.notes]
    items = (*(f"{text}." for text in dict.fromkeys(said)), *(f"Not told: {text}" for text in refused))
    behind = next((smallest(one.support) for one in (agreement, told, gain) if one is not None), of_nobody)
    if items:
        blocks.append(Bullets(items=tuple(Sentence(text=words.capital(text), support=behind) for text in items)))
    return Section(title=title, blocks=tuple(blocks))


def agreement_sentence(found: Concordance) -> Sentence:
    """Say in one sentence how often the type written and what was found agree.

    Parameters
    ----------
    found : Concordance
    """
    own = {str(row["measure"]): row for row in found.table.to_dict("records")}
    hit, right = own["sensitivity"], own["positive_predictive_value"]
    text = (
        f"Of 100 calls that were a crisis, {_hundred(hit)} were written as one; of 100 written as one, "
        f"{_hundred(right)} were. Counting only calls that somebody went to and reported on, it would seem to be "
        f"{words.of_hundred(100 * hit['as_recorded'])} and {words.of_hundred(100 * right['as_recorded'])}."
    )
    numbers = Facts({"sensitivity": float(hit["estimate"]), "predictive_value": float(right["estimate"])})
    return Sentence(text=text, numbers=numbers, support=looked_at(found.support))


def agreement_picture(found: Concordance) -> Picture:
    """Draw each measure corrected, as recorded, and what it can be.

    Parameters
    ----------
    found : Concordance

    Returns
    -------
    Picture
        ``data["rows"]``: ``name, estimate, low, high, as_recorded``, and ``near_low, near_high, far_low, far_high``:
        what it can be under the least and the widest odds.
    """
    odds = float(found.bounds["odds"].min())
    ends = found.bounds.set_index("measure")[["odds", "set_low", "set_high"]]
    near, far = (ends[ends["odds"] == of(ends["odds"])].drop(columns="odds") for of in (min, max))
    rows = found.table.set_index("measure").loc[list(measures)].rename(columns={"conf_low": "low", "conf_high": "high"})
    rows = rows.join(near.rename(columns={"set_low": "near_low", "set_high": "near_high"}))
    rows = rows.join(far.rename(columns={"set_low": "far_low", "set_high": "far_high"}))
    data = rows.assign(name=list(measures.values())).drop(columns="std_error").reset_index(drop=True)
    each = "; ".join(f"{name}: {value:.2f}" for name, value in zip(data["name"], data["estimate"], strict=True))
    return Picture(
        title="How well the type written at intake agrees with what was found",
        caption="Points: all calls, those nobody looked at counted like those of their kind; bars: 95 % intervals. "
        "Rings: as recorded, calls looked at alone. Wide grey: what it can be if crises were up to "
        f"{odds:g} times likelier or less likely (odds) among calls nobody looked at; thin grey: whatever "
        "they were.",
        alt=f"One row per measure. {each}.",
        kind="agreement",
        data={"rows": data},
        labels=Facts({"x": "Share, or κ"}),
        support=looked_at(found.support),
    )


def agreement_table(found: Concordance) -> Table:
    """Lay the measures, as recorded and corrected, beside what they can be.

    Parameters
    ----------
    found : Concordance
    """
    widest = found.bounds[found.bounds["odds"] == found.bounds["odds"].max()]
    frame = found.table.merge(widest[["measure", "set_low", "set_high"]], on="measure")
    spread = "; ".join(
        f"call takers differ in {name.replace('_', ' ')} by {value:.2f} (standard deviation, chance aside)"
        for name, value in zip(found.takers["measure"], found.takers["spread"], strict=True)
    )
    return Table(
        title="Type written at intake against what was found",
        frame=frame.assign(said=frame["measure"].map(measures)),
        columns=(
            Column("said", "Measure"),
            Column("as_recorded", "As recorded", "number"),
            Column("estimate", "Corrected", "number"),
            *intervals,
            Column("set_low", "Can be from", "number"),
            Column("set_high", "to", "number"),
        ),
        note="Corrected: calls that nobody looked at count like those of their kind that somebody did. Can be: "
        f"whatever they were. {words.capital(spread)}{'.' if spread else ''}".strip(),
        support=looked_at(found.support),
    )


def groups_table(found: Concordance) -> Table | None:
    """Lay groups of calls beside each other, months aside; None where there are none.

    Parameters
    ----------
    found : Concordance
    """
    if found.groups.empty or found.groups["by"].eq("month").all():
        return None
    frame = found.groups[found.groups["by"] != "month"].reset_index(drop=True)
    return Table(
        title="Agreement by group of calls",
        frame=frame.assign(
            said=frame["measure"].map(measures),
            field=frame["by"].map(field_label),
            group=frame["group"].astype(str).str.replace("_", " "),
        ),
        columns=(
            Column("field", "Field"),
            Column("group", "Group"),
            Column("said", "Measure"),
            Column("estimate", "Corrected", "number"),
            *intervals,
        ),
        note="Groups with too few crises found are left out, and with them the smallest that would give them away.",
        support=looked_at(frame),
    )


def course_picture(found: AgreementCourse) -> Picture:
    """Draw a measure period by period, and the course without training carried forward.

    Parameters
    ----------
    found : AgreementCourse
    """
    path = found.path.rename(columns={"estimate": "observed", "without": "counterfactual"})
    data = path[["time", "observed", "counterfactual", "low", "high", "fitted"]].assign(after=path["after"] > 0)
    top = 1.06 * float(np.nanmax(data[["observed", "counterfactual", "fitted", "high"]].to_numpy(float)))
    start = pd.Series([found.start])
    return Picture(
        title=f"{words.capital(measures[found.measure])}, before and after training",
        caption="Dots: periods, corrected for calls nobody looked at. Grey line: the fitted course. Dashed: the course "
        "before training, carried forward, with its 95 % interval.",
        alt=f"Course of the measure over {len(data)} periods. {_course_sentence(found).text}",
        kind="series",
        data={"path": data.assign(position=positions(data["time"]))},
        labels=Facts({
            "y": "Share, corrected" if found.measure != "kappa" else "κ, corrected", "even": 0.0,
            "start": float(years(start)[0]), "start_label": f"training: {found.start:%-d %B %Y}", "whole": None,
            "top": min(top, 1.06), "calendar": True,
        }),
        support=looked_at(path),
    )  # fmt: skip


def _course_sentence(found: AgreementCourse) -> Sentence:
    """Say how the measure changed."""
    first = found.table.iloc[0]
    text = (
        f"After {found.start:%-d %B %Y}: {measures[found.measure]} {first['estimate']:+.2f} "
        f"({first['conf_low']:+.2f} to {first['conf_high']:+.2f}) against the course before, on average."
    )
    return Sentence(
        text=text, numbers=Facts({"change": float(first["estimate"])}), support=smallest(looked_at(found.path))
    )


def _hundred(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["conf_low"]):
        return f"{words.of_hundred(100 * row['estimate'])} (how far chance could move that is not seen)"
    low, high = (words.of_hundred(100 * row[name]) for name in ("conf_low", "conf_high"))
    return f"{words.of_hundred(100 * row['estimate'])} ({low} to {high})"
