"""Survey waves on a page: what could be found, first scores, then changes, bounds, pictures and checks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.answers_picture import answer_shares, answers_picture
from coresponder_causal.report.bounds_picture import bounds_picture, bounds_rows
from coresponder_causal.report.effects import effects
from coresponder_causal.report.figures import figure
from coresponder_causal.report.officers_section import remarks_block
from coresponder_causal.report.score_names import score_name, scores_in_words
from coresponder_causal.report.specs import Block, Column, Fold, Section, Table
from coresponder_causal.report.tables import table
from coresponder_causal.report.weighed_checks import numbers_behind
from coresponder_causal.report.workforce_found import ScoreFound, WavesFound

of_whom = {"officer": "Officers", "staff": "Staff"}
interval = (Column("low", "95 % from", "signed"), Column("high", "to", "signed"))
ends = (Column("low", "95 % from", "number"), Column("high", "to", "number"))
matters_note = (
    "“Not testable at this n”: the interval decides nothing, and a change that was said to matter would have been "
    "found less than four times in five. "
)


def waves_section(found: WavesFound) -> Section:
    """Put the scores of officers or staff on a page.

    Parameters
    ----------
    found : WavesFound

    Returns
    -------
    Section
        What could be found, first scores by group, reliability; then changes with intervals, bounds, courses, answers
        of which only the order counts, checks, and remarks.
    """
    scores = (*found.scores, *found.ordinal)
    blocks: list[Block] = []
    if found.scores:
        blocks += [findable_table(found.scores), first_table(found.scores)]
    if found.reliability is not None and len(found.reliability):
        blocks.append(reliability_table(found.reliability))
    blocks += [changes_table(scores)] if any(one.results for one in scores) else []
    if not found.scores:
        blocks.append(moved_table(found))
    blocks += _bounded(found.scores)
    blocks += [course_fold(found, name) for name in found.courses["score"].unique()]
    blocks += [_answers(one) for one in found.ordinal]
    blocks += [block for one in scores for block in _checks(one)]
    said = dict.fromkeys((*found.refused, *(text for one in scores for text in one.refused), *found.remarks))
    names = [*found.courses["score"].unique(), *(one.design.outcome for one in found.ordinal)]
    worded = tuple(scores_in_words(text, names) for text in said)
    people = pd.DataFrame({"persons": [float(found.courses["persons"].max())]})
    return Section(
        title=f"{of_whom[found.who]}: what they say, wave by wave",
        blocks=(*blocks, *remarks_block(worded, people)),
    )


def findable_table(scores: tuple[ScoreFound, ...]) -> Table:
    """Say of each score, before any estimate, which change would be found and which would matter."""
    rows = [
        {
            "score": score_name(one.design.outcome),
            "detectable": one.detectable,
            "matters": one.matters,
            "unit": f"per unit of {one.design.exposure.replace('_', ' ')}",
            "verdict": one.verdict or "could not be estimated",
        }
        for one in scores
    ]
    columns = (
        Column("score", "Score"),
        Column("detectable", "Found four times in five", "number"),
        Column("matters", "Said to matter", "number"),
        Column("unit", "Change"),
        Column("verdict", "Verdict"),
    )
    persons = pd.DataFrame({"persons": [float(one.design.persons) for one in scores]})
    return Table(
        title="Which changes could be found",
        frame=pd.DataFrame(rows),
        columns=columns,
        note=matters_note,
        support=persons,
    )


def first_table(scores: tuple[ScoreFound, ...]) -> Table:
    """Show how those who met the team later, and the others, scored first; groups apart."""
    rows = pd.concat(
        [one.design.baseline().assign(score=score_name(one.design.outcome)) for one in scores], ignore_index=True
    )
    rows["later"] = rows["exposed"].map({True: "yes", False: "no"})
    columns = (
        Column("score", "Score"),
        *((Column("group", "Group"),) if rows["group"].ne("").any() else ()),
        Column("later", "Met the team later"),
        Column("mean", "First score", "number"),
        Column("sd", "Standard deviation", "number"),
        Column("difference", "Difference", "signed"),
    )
    return Table(
        title="How they scored first",
        frame=rows[[column.name for column in columns]],
        columns=columns,
        note="Difference: of those who met the team later from the others of their group, in standard deviations.",
        support=rows[["persons"]].astype(float),
    )


def reliability_table(found: pd.DataFrame) -> Table:
    """Show α and ω by wave with the verdict.

    Parameters
    ----------
    found : DataFrame
        As of `data.reliability`, by wave.
    """
    frame = found.assign(score=found["score"].map(score_name), wave=found["wave"].map("{:g}".format))
    columns = (
        Column("score", "Score"),
        Column("wave", "Wave"),
        Column("alpha", "α", "share"),
        Column("alpha_low", "95 % from", "share"),
        Column("alpha_high", "to", "share"),
        Column("omega", "ω", "share"),
        Column("standard_error", "Error of one score", "number"),
        Column("verdict", "Verdict"),
        Column("persons_needed", "Persons needed", "whole"),
    )
    return Table(
        title="Do the items of a score measure one thing?",
        frame=frame[[column.name for column in columns]],
        columns=columns,
        note="Error of one score: how far a person's score lies from what would be found on asking again. Persons "
        "needed: to tell a reliability of 0.8 from 0.7 four times in five.",
        support=pd.DataFrame({"persons": found["n_persons"].astype(float)}),
    )


def changes_table(scores: tuple[ScoreFound, ...]) -> Table:
    """Put the changes within persons below each other: of all, by group, and in odds."""
    parts = [(one, result) for one in scores for result in one.results]
    frame = pd.concat([_changes(one, result) for one, result in parts], ignore_index=True)
    columns = (
        Column("score", "Score"),
        Column("what", "What"),
        Column("kind", "Kind"),
        Column("estimate", "Estimate", "signed"),
        Column("conf_low", "95 % from", "signed"),
        Column("conf_high", "to", "signed"),
        Column("unit", "Unit"),
        Column("p_value", "p", "p"),
    )
    support = [result.support for _, result in parts if result.support is not None]
    return Table(
        title="Changes within persons, beyond what changed for all",
        frame=frame[[column.name for column in columns]],
        columns=columns,
        note="Several scores are several tests: among many, one with a small p is found where nothing changed.",
        support=pd.concat(support, ignore_index=True),
    )


def _changes(one: ScoreFound, result: Result) -> pd.DataFrame:
    shown = effects(result)
    odds = result.method == "officer_ordinal"
    return shown.assign(
        score=score_name(one.design.outcome),
        what=shown["term"].str.removeprefix("change, ").map(partial(words.term, method=result.method)),
        kind="odds of a higher answer, ordered logit" if odds else "mean change, least squares",
        unit=shown["unit"] if odds else f"per unit of {one.design.exposure.replace('_', ' ')}",
    )


def _bounded(scores: tuple[ScoreFound, ...]) -> list[Block]:
    """Draw changes beside their bounds, and fold the numbers away."""
    bounded = tuple(one for one in scores if one.lee is not None or one.worst is not None)
    if not bounded:
        return []
    rows = bounds_rows(bounded)
    columns = (
        Column("score", "Score"),
        Column("kind", "Of whom"),
        Column("estimate", "Estimate", "signed"),
        Column("set_low", "At the least", "signed"),
        Column("set_high", "At the most", "signed"),
        *interval,
    )
    numbers = Table(
        title="Changes from the first to the last wave, and bounds",
        frame=rows[[column.name for column in columns]],
        columns=columns,
        note="In standard deviations of first scores.",
        support=rows[["persons"]].astype(float),
    )
    return [bounds_picture(bounded), Fold(label=numbers.title, table=numbers)]


def course_fold(found: WavesFound, name: str) -> Fold:
    """Fold the means of a score by wave away, with the picture where an exposure tells two groups apart."""
    rows = found.courses[found.courses["score"] == name].reset_index(drop=True)
    drawn = [one.results[0] for one in found.scores if one.design.outcome == name and one.results]
    columns = (Column("wave", "Wave"), Column("mean", "Mean", "number"), *ends)
    numbers = Table(
        title=f"{score_name(name)}: means of all who answered",
        frame=rows.assign(wave=rows["wave"].map("{:g}".format))[[column.name for column in columns]],
        columns=columns,
        support=rows[["persons"]].astype(float),
    )
    return Fold(label=f"{score_name(name)}, wave by wave", table=numbers, picture=figure(drawn[0]) if drawn else None)


def moved_table(found: WavesFound) -> Table:
    """Show changes of the same persons from the first to the last wave, where nothing is held against an exposure."""
    columns = (
        Column("score", "Score"),
        Column("change", "Mean change", "signed"),
        *interval,
        Column("matters", "Said to matter", "number"),
        Column("verdict", "Verdict"),
    )
    rows = found.moved.assign(score=found.moved["score"].map(score_name))
    return Table(
        title="Changes of the same persons from the first to the last wave",
        frame=rows[[column.name for column in columns]],
        columns=columns,
        note=matters_note + "Description: whatever else changed for all is in it.",
        support=rows[["persons"]].astype(float),
    )


def _answers(one: ScoreFound) -> Fold:
    """Fold the picture of answers of which only the order counts away, with its numbers."""
    picture = answers_picture(one.design)
    rows = answer_shares(one.design)
    frame = pd.DataFrame(
        {
            "wave": rows["wave"].map("{:g}".format),
            "group": rows["treated"].map({True: "with", False: "without"}),
            "level": rows["level"].map("{:g}".format),
            "share": rows["share"],
        }
    )
    columns = (
        Column("wave", "Wave"),
        Column("group", "Met the team"),
        Column("level", "Answer"),
        Column("share", "Share", "share"),
    )
    numbers = Table(
        title=picture.title,
        frame=frame,
        columns=columns,
        support=picture.support,
        counts=tuple(replace(count, part="") for count in picture.counts),
    )
    return Fold(label=picture.title, table=numbers, picture=picture)


def _checks(one: ScoreFound) -> list[Block]:
    """Fold the checks of a score away, and the numbers behind them."""
    if not one.checks:
        return []
    name = score_name(one.design.outcome)
    return [
        Fold(label=f"{name}: checks", table=table(*one.checks)),
        *(Fold(label=f"{name}: {fold.label[:1].lower()}{fold.label[1:]}", table=fold.table)
          for fold in numbers_behind(one.checks)),
    ]  # fmt: skip
