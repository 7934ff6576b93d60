"""What the first call says: how the type written agrees with what was found, and what callers' answers are worth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.support import smallest
from coresponder_causal.data import dictionary
from coresponder_causal.decide import AgreementCourse, Concordance, ToldItems, TriageGain
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.report import words
from coresponder_causal.report.specs import Block, Bullets, Column, Picture, Section, Sentence, Table, of_nobody
from coresponder_causal.report.time_axis import positions, years

title = "What does the first call tell?"
measures = {
    "sensitivity": "Crises written as crises (sensitivity)",
    "positive_predictive_value": "Written as crises that were (predictive value)",
    "specificity": "Others not written as crises (specificity)",
    "negative_predictive_value": "Not written as crises that were none",
    "kappa": "Agreement beyond chance (κ)",
    "prevalence": "Calls that were crises",
}
answer_words = {"yes": "yes", "no": "no", "not_known": "asked, not known", "not_asked": "not asked"}
intervals = (Column("conf_low", "95 % from", "number"), Column("conf_high", "to", "number"))


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
    return Sentence(text=text, numbers=numbers, support=_behind(found.support))


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
        support=_behind(found.support),
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
        support=_behind(found.support),
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
        frame=frame.assign(said=frame["measure"].map(measures), field=frame["by"].map(_label)),
        columns=(
            Column("field", "Field"),
            Column("group", "Group"),
            Column("said", "Measure"),
            Column("estimate", "Corrected", "number"),
            *intervals,
        ),
        note="Groups with too few crises found are left out, and with them the smallest that would give them away.",
        support=_behind(frame),
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
        support=_behind(path),
    )  # fmt: skip


def told_picture(found: ToldItems) -> Picture:
    """Draw for each item how many calls were in need, by answer.

    Parameters
    ----------
    found : ToldItems

    Returns
    -------
    Picture
        ``data["rows"]``: ``item, label, answer, estimate, low, high``.
    """
    rows = found.table.rename(columns={"conf_low": "low", "conf_high": "high"})
    rows = rows.assign(label=rows["item"].map(_label))[["item", "label", "answer", "estimate", "low", "high"]]
    best = found.worth.sort_values("bits", ascending=False)
    each = "; ".join(
        f"{_label(name)} {100 * share:.0f} %" for name, share in zip(best["item"], best["of_all"], strict=True)
    )
    return Picture(
        title="Need found on scene, by what the caller told",
        caption="Points: share of the calls with that answer in which a crisis was found, calls nobody looked at "
        "counted like those of their kind; bars: 95 % intervals. Not told is not the same as not there. Of what there "
        f"is to know of need, the answers hold: {each}.",
        alt=f"One row per item, a point per answer. Share of what there is to know: {each}.",
        kind="told",
        data={"rows": rows},
        labels=Facts({"x": "Share of calls in need", "answers": tuple(answer_words.values())}),
        support=_behind(found.table),
        counts=_told_counts(found, "rows"),
    )


def told_table(found: ToldItems) -> Table:
    """Lay answers beside the need found.

    Parameters
    ----------
    found : ToldItems
    """
    frame = found.table.assign(label=found.table["item"].map(_label), said=found.table["answer"].map(answer_words))
    return Table(
        title="Need found on scene, by answer",
        frame=frame,
        columns=(
            Column("label", "Item"),
            Column("said", "Answer"),
            Column("share", "Of all calls", "number"),
            Column("estimate", "In need", "number"),
            *intervals,
        ),
        note="Answers given too seldom are left out, and with them the smallest that would give them away.",
        support=_behind(found.table),
        counts=_told_counts(found, ""),
    )


def bounds_table(found: ToldItems) -> Table:
    """Say how much more need there is where a thing is there, though not everybody tells.

    Parameters
    ----------
    found : ToldItems
    """
    frame = found.bounds.merge(found.worth[["item", "bits", "of_all", "told"]], on="item")
    return Table(
        title="If everybody were asked and told",
        frame=frame.assign(label=frame["item"].map(_label)),
        columns=(
            Column("label", "Item"),
            Column("told", "Told yes or no", "number"),
            Column("bits", "Information, bits", "number"),
            Column("told_difference", "Need: yes less no", "signed"),
            Column("rests_on", "Can be, resting on"),
            Column("set_low", "from", "signed"),
            Column("set_high", "to", "signed"),
            *intervals,
        ),
        note="Need where the thing is there less need where it is not. Those who were not asked or did not answer may "
        "have it or not; a range from below to above nothing leaves open whether it tells of need at all.",
        support=_behind(found.table),
    )


def gain_table(found: TriageGain) -> Table:
    """Say what told items add to triage.

    Parameters
    ----------
    found : TriageGain
    """
    frame = found.table.assign(label=[_label(name) for name in found.table["item"]])
    known = ", ".join(name.replace("_", " ") for name in found.without)
    return Table(
        title="What answers add to triage",
        frame=frame,
        columns=(
            Column("label", "Item"),
            Column("measure", "Measure", "said"),
            Column("without", "Without", "number"),
            Column("with_item", "With", "number"),
            Column("gain", "Gain", "signed"),
            Column("conf_low", "95 % from", "signed"),
            Column("conf_high", "to", "signed"),
        ),
        note=f"Beside {known}. auc: chance that a call in need is ranked above another. Net benefit at t, per call: "
        "calls in need that are sent to, less t/(1 − t) times the others that are. Models never saw the person.",
        support=_behind(found.support),
    )


def _course_sentence(found: AgreementCourse) -> Sentence:
    """Say how the measure changed."""
    first = found.table.iloc[0]
    text = (
        f"After {found.start:%-d %B %Y}: {measures[found.measure]} {first['estimate']:+.2f} "
        f"({first['conf_low']:+.2f} to {first['conf_high']:+.2f}) against the course before, on average."
    )
    return Sentence(
        text=text, numbers=Facts({"change": float(first["estimate"])}), support=smallest(_behind(found.path))
    )


def _behind(frame: pd.DataFrame) -> pd.DataFrame:
    """Persons and crises found behind each row, and the calls looked at."""
    others = frame["verified"] - frame["crises"]
    return pd.DataFrame({
        "persons": frame["persons"], "events": frame["crises"], "calls": frame["verified"], "rows": others,
    }).astype(float).reset_index(drop=True)  # fmt: skip


def _told_counts(found: ToldItems, part: str) -> tuple[Counts, ...]:
    """Count calls looked at by answer, item by item."""
    cells = found.table[["item", "answer", "crises", "verified"]].rename(columns={"answer": "told"})
    return tuple(
        Counts(family=f"need by {item}", frame=own, dimensions=("told",), count="crises", of="verified", part=part)
        for item, own in cells.groupby("item", sort=False)
    )


def _hundred(row: Mapping[Hashable, Any]) -> str:
    low, high = (words.of_hundred(100 * row[name]) for name in ("conf_low", "conf_high"))
    return f"{words.of_hundred(100 * row['estimate'])} ({low} to {high})"


def _label(name: str) -> str:
    """Return what people call a field."""
    calls = {one.name: one.label for one in dictionary.table("calls").fields}
    return calls.get(name, words.capital(name.replace("_", " ")))
