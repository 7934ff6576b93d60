"""How groups are treated, on a page: the three questions, the picture of each, and a line for a council."""

from __future__ import annotations

from dataclasses import dataclass

from coresponder_causal.core.support import smallest
from coresponder_causal.decide import Fairness, FairOutcome
from coresponder_causal.decide.where_bias import label_stage, officer_stage, taker_stage
from coresponder_causal.report import words
from coresponder_causal.report.fairness_pictures import (
    behind,
    contact_picture,
    contact_table,
    label_of,
    quantity_picture,
    quantity_table,
    rate_table,
    stage_picture,
    stage_table,
)
from coresponder_causal.report.label_pictures import drift_picture, drift_table, unknown_table
from coresponder_causal.report.specs import Block, Bullets, Fold, Section, Sentence, of_nobody

title = "Are people treated alike, whoever they seem to be?"
lead = (
    "Groups are those that people were perceived as: nobody was asked who they are. Three questions are kept apart: "
    "what happened to whom; what is left among calls alike in what somebody allowed to differ; and whether calls that "
    "were alike up to a stage were treated unlike there. The first two say nothing of anybody's intent, and none is "
    "about a single officer, call taker or call."
)
in_words = {
    label_stage: "calls that turn out alike are written down unlike",
    taker_stage: "it hangs on who takes the call",
    officer_stage: "calls that were alike until then end unlike",
}
"""Stages for a council."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Treated:
    """What a study says of how groups are treated.

    Parameters
    ----------
    found : tuple of Fairness
        One for each column of groups.
    refused : tuple of str
        What could not be asked, and why.
    planned : tuple of str
        Columns that the frozen plan named.
    """

    found: tuple[Fairness, ...] = ()
    refused: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()


def fairness_section(treated: Treated) -> Section:
    """Put how groups are treated under one question; no gap in what follows a contact stands without its bounds.

    Parameters
    ----------
    treated : Treated
    """
    blocks: list[Block] = [Sentence(text=lead, support=of_nobody)]
    refused = [*treated.refused, *(text for found in treated.found for text in found.refused)]
    if refused:
        blocks.append(_bullets([f"Not told: {text}." for text in dict.fromkeys(refused)]))
    for found in treated.found:
        blocks += _of_groups(found, planned=found.group in treated.planned)
    return Section(title=title, blocks=tuple(blocks))


def fairness_line(treated: Treated) -> Sentence:
    """Say in one sentence, without statistics, whether groups are treated alike.

    Parameters
    ----------
    treated : Treated
    """
    each = [f"by “{label_of(found.group)}”: {_plainly(found)}" for found in treated.found]
    each += [f"by “{label_of(text.split(':')[0])}”: cannot be told" for text in treated.refused]
    tables = [found.table() for found in treated.found]
    support = smallest(tables[0][behind]) if tables and len(tables[0]) else of_nobody
    return Sentence(text=f"Whether people are treated alike, {'; '.join(each)}.", support=support)


def _of_groups(found: Fairness, *, planned: bool) -> list[Block]:
    """Show everything that is known of the groups of one column."""
    who = "the frozen plan" if planned else "the study, without a plan that fixed it beforehand"
    support = smallest(found.table()[behind])
    against = found.reference.replace("_", " ")
    label = words.capital(label_of(found.group))
    said = f"{label}, against persons perceived as {against}, named by {who}: {_plainly(found)}."
    blocks: list[Block] = [Sentence(text=said, support=support)]
    blocks += [quantity_picture(found), Fold(label="The same as a table", table=quantity_table(found))]
    if found.reach is not None or any(one.rates is not None for one in found.outcomes):
        blocks.append(rate_table(found))
    for number, one in enumerate(found.outcomes):
        blocks += _of_outcome(found, one, first=number == 0)
    if found.drift is not None:
        field = label_of(found.group)
        blocks += [
            drift_picture(found.drift, field=field),
            Fold(label="The same as a table", table=drift_table(found.drift, field=field)),
        ]
    if found.notes:
        items = tuple(Sentence(text=f"{words.capital(text)}.", support=support) for text in found.notes)
        blocks.append(Bullets(items=items))
    return blocks


def _of_outcome(found: Fairness, one: FairOutcome, *, first: bool) -> list[Block]:
    """Show stages, those before officers once, and the bounds without which no gap of an outcome is shown."""
    blocks: list[Block] = []
    if one.stages is not None and first:
        blocks += [stage_picture(found, one), Fold(label="The same as a table", table=stage_table(one))]
    if one.bounds is not None:
        blocks += [contact_picture(found, one), Fold(label="The same as a table", table=contact_table(found, one))]
    if one.unknown is not None:
        blocks.append(unknown_table(found, one))
    return blocks


def _plainly(found: Fairness) -> str:
    """Say in plain words at which stage groups are treated unlike."""
    unlike = found.enters_with()
    if unlike:
        return ", and ".join(in_words[name] for name in unlike)
    verdicts = [text for one in found.outcomes if one.stages is not None for text in one.stages.table["verdict"]]
    if not verdicts:
        return "at which stage it could come about cannot be told"
    if "cannot tell" in verdicts:
        return "nothing shows that they are not, and calls are too few to tell"
    return "nothing shows that they are not, though a gap of 5 in 100 calls would have been seen"


def _bullets(texts: list[str]) -> Bullets:
    return Bullets(items=tuple(Sentence(text=text, support=of_nobody) for text in texts))
