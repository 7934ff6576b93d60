"""What callers tell as pictures and tables: need by answer, what an answer holds, and what it adds to triage."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.data import dictionary
from coresponder_causal.decide import ToldItems, TriageGain
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.report import words
from coresponder_causal.report.specs import Column, Picture, Table

answer_words = {"yes": "yes", "no": "no", "not_known": "asked, not known", "not_asked": "not asked"}
intervals = (Column("conf_low", "95 % from", "number"), Column("conf_high", "to", "number"))


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
    rows = rows.assign(label=rows["item"].map(field_label))[["item", "label", "answer", "estimate", "low", "high"]]
    best = found.worth.sort_values("bits", ascending=False)
    each = "; ".join(
        f"{field_label(name)} {100 * share:.0f} %" for name, share in zip(best["item"], best["of_all"], strict=True)
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
        support=looked_at(found.table),
        counts=_told_counts(found, "rows"),
    )


def told_table(found: ToldItems) -> Table:
    """Lay answers beside the need found.

    Parameters
    ----------
    found : ToldItems
    """
    frame = found.table.assign(label=found.table["item"].map(field_label), said=found.table["answer"].map(answer_words))
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
        support=looked_at(found.table),
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
        frame=frame.assign(label=frame["item"].map(field_label)),
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
        support=looked_at(found.table),
    )


def gain_table(found: TriageGain) -> Table:
    """Say what told items add to triage.

    Parameters
    ----------
    found : TriageGain
    """
    frame = found.table.assign(label=[field_label(name) for name in found.table["item"]])
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
        support=looked_at(found.support),
    )


def looked_at(frame: pd.DataFrame) -> pd.DataFrame:
    """Count persons and crises found behind each row, calls looked at, and those of them that were no crisis.

    Parameters
    ----------
    frame : DataFrame
        Columns ``verified, crises, persons``.
    """
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


def field_label(name: str) -> str:
    """Return what people call a field of calls.

    Parameters
    ----------
    name : str
    """
    calls = {one.name: one.label for one in dictionary.table("calls").fields}
    return calls.get(name, words.capital(name.replace("_", " ")))
