"""Who was heard, how far coders agree, and what a study's texts are made of: tables, each with its people behind it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from coresponder_causal.privacy.counts import Counts, total
from coresponder_causal.qualitative import LexiconUse, Themes
from coresponder_causal.qualitative.lexicon_use import everybody
from coresponder_causal.report import words
from coresponder_causal.report.joint_display import group_label
from coresponder_causal.report.specs import Column, Table

most_words = 25
Row = Mapping[Hashable, object]


def register_table(register: pd.DataFrame) -> Table:
    """Hold interviews done against those planned, stakeholder by stakeholder.

    Parameters
    ----------
    register : DataFrame
        As `qualitative.interview_register` gives it.
    """
    own = register[register["sampled_by"].eq("all")].drop(columns=["sampled_by", "consented_share"])
    numbers = [name for name in own.columns if name != "stakeholder"]
    whole = own[numbers].sum(min_count=1).to_frame().T.assign(stakeholder=everybody)
    frame = pd.concat([own, whole], ignore_index=True).astype(dict.fromkeys(numbers, "Int64"))
    frame["label"] = [group_label("stakeholder", str(name)) for name in frame["stakeholder"]]
    counted = frame.replace({"stakeholder": {everybody: total}})
    return Table(
        title="Interviews planned and done",
        frame=frame,
        columns=(
            Column("label", "Stakeholder"),
            Column("planned", "Planned", "whole"),
            Column("asked", "Asked", "whole"),
            Column("done", "Done, with consent", "whole"),
            Column("short", "Still missing", "whole"),
            Column("declined", "Declined", "whole", inside=True),
            Column("withdrawn", "Withdrawn later", "whole", inside=True),
        ),
        note="Who declined is not in what people say: the smaller the part that consented, the less it stands for all.",
        counts=(
            Counts(
                family="interviews done by stakeholder", frame=counted, dimensions=("stakeholder",), count="done",
                of="asked",
            ),
        ),
    )  # fmt: skip


def agreement_table(found: pd.DataFrame) -> Table:
    """Show how far coders agree on each code, the counts before the coefficients.

    Parameters
    ----------
    found : DataFrame
        As `qualitative.agreement` gives it.
    """
    names = ("percent", "kappa", "ac1", "alpha")
    said = {name: _all_with_bounds(found, name) for name in names}
    parts = found[["by_all", "by_some", "by_none"]].astype(float)
    return Table(
        title="How far coders agree",
        frame=found.assign(**said),
        columns=(
            Column("code", "Code"),
            Column("texts", "Read by two", "whole"),
            Column("by_all", "Given by all", "whole"),
            Column("by_some", "Given by some", "whole"),
            Column("by_none", "Given by none", "whole"),
            Column("prevalence", "Share of readings", "share"),
            Column("percent", "Agreement (95 %)", "said"),
            Column("kappa", "κ (95 %)", "said"),
            Column("ac1", "AC1 (95 %)", "said"),
            Column("alpha", "α (95 %)", "said"),
        ),
        note="A text counts once for a code, wherever in it the code stands. Where a code is rare κ and α are low and "
        "AC1 is high whatever coders do: the counts decide.",
        support=pd.DataFrame({"persons": _least(parts)}),
    )


def keyness_table(found: pd.DataFrame, target: str, reference: str) -> Table:
    """Show the words by which two groups of texts differ most.

    Parameters
    ----------
    found : DataFrame
        As `qualitative.keyness` gives it.
    target, reference : str
        What the two groups are called.
    """
    first = found.head(most_words)
    ratio = _all_with_bounds(first, "log_ratio", "conf")
    return Table(
        title=f"Words by which {target} and {reference} differ",
        frame=first.assign(ratio=ratio),
        columns=(
            Column("word", "Word", "said"),
            Column("per_1000_target", f"Of 1,000, {target}", "number"),
            Column("per_1000_reference", f"Of 1,000, {reference}", "number"),
            Column("clusters_target", f"Used by, {target}", "whole"),
            Column("clusters_reference", f"Used by, {reference}", "whole"),
            Column("ratio", "Log₂ ratio (95 %)", "said"),
            Column("q_value", "q", "p"),
        ),
        note=f"The first {len(first)} of {len(found):,} words that are common enough. Each author is one clump of "
        "words, however often one says a word. q: share of such words expected to differ by chance alone. It says how "
        "words differ, not what anybody means, and is no effect of anything.",
        support=pd.DataFrame({"persons": _least(first[["clusters_target", "clusters_reference"]].astype(float))}),
    )


def topic_table(found: Themes, people: Mapping[int, int]) -> Table:
    """Show themes that a search found in texts, with how stable they are.

    Parameters
    ----------
    found : Themes
    people : mapping of int to int
        Persons or calls whose texts have each theme as their heaviest.
    """
    return Table(
        title="Words that come together",
        frame=found.table,
        columns=(
            Column("theme", "Theme", "whole"),
            Column("words", "Words", "said"),
            Column("texts", "Texts", "whole"),
            Column("share", "Share of texts", "share"),
            Column("over_seeds", "Alike from other starts", "share"),
            Column("over_resamples", "Alike in parts of the texts", "share"),
            Column("coherence", "Coherence", "share"),
        ),
        note=f"{words.capital(found.verdict)}. A theme is kept if other starts and other parts of the texts have it "
        f"too (0.80 or more), and if its words come together more than any did by chance ({found.by_chance:.2f}). "
        "Found by a program and named by nobody: read the texts, and code by hand what is to be counted.",
        support=pd.DataFrame({"persons": [float(people.get(int(own), 0)) for own in found.table["theme"]]}),
    )


def lexicon_tables(found: LexiconUse, by: str) -> tuple[Table, ...]:
    """Show how often a word list is used, corrected by hands where these read a sample, and how the list errs.

    Parameters
    ----------
    found : LexiconUse
    by : str
        What the groups are called; blank where there is one group alone.
    """
    tables = [_use_table(found, by)]
    if len(found.errors):
        tables.append(_error_table(found, by))
    return tuple(tables)


def _use_table(found: LexiconUse, by: str) -> Table:
    ends = [name for name in ("per_1000", "corrected", "rogan_gladen") if name in found.table]
    frame = found.table.assign(**{name: _all_with_bounds(found.table, name) for name in ends})
    heads = {"per_1000": "Per 1,000 words (95 %)", "corrected": "Share by hand (95 %)"}
    heads["rogan_gladen"] = "if the list errs alike (95 %)"
    return Table(
        title=f"{found.lexicon.label}: use in narratives",
        frame=frame.assign(label=[_named(by, str(name)) for name in frame["group"]]),
        columns=(
            Column("label", words.capital(by.replace("_", " ")) or "Narratives"),
            Column("texts", "Narratives", "whole"),
            Column("authors", "Authors", "whole"),
            Column("with_hit", "With a term", "whole"),
            Column("share", "Share with a term", "share"),
            *(Column(name, heads[name], "said") for name in ends),
        ),
        note=(
            "A list finds words and not meanings. The share by hand is what people who read a sample drawn by lot "
            "would code in all of them."
            if found.status == "validated"
            else "UNVALIDATED: nobody checked what the list finds. Not to be compared between groups or times."
        ),
        support=pd.DataFrame({"persons": found.table["authors"].to_numpy(float)}),
        counts=(_counts(frame, f"narratives with a term of {found.lexicon.name}", by, "with_hit", "texts"),),
    )


def _error_table(found: LexiconUse, by: str) -> Table:
    names = ("sensitivity", "specificity")
    errors = found.errors
    frame = errors.assign(**{name: _all_with_bounds(errors, name) for name in names})
    cells = {
        "yes with a term": errors["found"],
        "yes without": errors["yes"] - errors["found"],
        "no with a term": errors["false"],
        "no without": errors["coded"] - errors["yes"] - errors["false"],
    }
    long = pd.concat([errors[["group"]].assign(cell=name, count=part) for name, part in cells.items()])
    return Table(
        title=f"{found.lexicon.label}: how the list errs",
        frame=frame.assign(label=[_named(by, str(name)) for name in frame["group"]]),
        columns=(
            Column("label", words.capital(by.replace("_", " ")) or "Narratives"),
            Column("coded", "Read by hand", "whole"),
            Column("yes", "Yes by hand", "whole"),
            Column("found", "of these found", "whole"),
            Column("false", "Found, but no", "whole"),
            Column("sensitivity", "Sensitivity (95 %)", "said"),
            Column("specificity", "Specificity (95 %)", "said"),
        ),
        note="Sensitivity and specificity are weighted by the chance of being read, the counts are not.",
        counts=(
            Counts(
                family=f"narratives read by hand and terms of {found.lexicon.name} by {by or 'nothing'}",
                frame=long.replace({"group": {everybody: total}}), dimensions=("group", "cell"), count="count",
            ),
        ),
    )  # fmt: skip


def _counts(frame: pd.DataFrame, what: str, by: str, count: str, of: str) -> Counts:
    rows = frame[["group", count, of]].replace({"group": {everybody: total}})
    return Counts(family=f"{what} by {by or 'nothing'}", frame=rows, dimensions=("group",), count=count, of=of)


def _named(by: str, name: str) -> str:
    return {"True": "Yes", "False": "No"}.get(name, group_label(by, name))


def _least(counts: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Smallest count of each row, zeros aside; 0 where all are."""
    return np.asarray(counts.where(counts > 0).min(axis=1).fillna(0.0), float)


def _all_with_bounds(frame: pd.DataFrame, name: str, ends: str | None = None) -> list[str]:
    """Write a number with its bounds, row by row."""
    head = ends or name
    rows = frame[[name, f"{head}_low", f"{head}_high"]].astype(float).to_numpy()
    return [_with_bounds(*row) for row in rows]


def _with_bounds(value: float, low: float, high: float) -> str:
    """Write a number with its bounds.

    Examples
    --------
    >>> _with_bounds(0.5, -0.25, np.inf), _with_bounds(np.nan, np.nan, np.nan)
    ('0.50 (−0.25 to ∞)', '–')
    """
    if np.isnan(value):
        return words.missing
    one, first, last = (f"{part:.2f}".replace("-", "−").replace("inf", "∞") for part in (value, low, high))
    return one if np.isnan(low) else f"{one} ({first} to {last})"
