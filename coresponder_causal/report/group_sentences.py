"""Whom it helps more, as a study asked: groups named beforehand, groups not shown and why, and what was looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from coresponder_causal.core.support import smallest
from coresponder_causal.data import dictionary
from coresponder_causal.decide import Heterogeneity, Subgroups
from coresponder_causal.decide.subgroups import alike, differ, untestable
from coresponder_causal.report import words
from coresponder_causal.report.specs import Block, Bullets, Section, Sentence, of_nobody
from coresponder_causal.report.who_benefits import group_blocks, heterogeneity_section, title

plainly = {
    differ: "it does",
    alike: "nothing shows it, though a difference that matters would have been seen",
    untestable: "too few calls to tell",
}
"""Verdicts for a council, the one that tells most first."""
Reason = Literal["not named", "not yet recorded", "no column", "too small", "no design", "refused"]
reasons: dict[Reason, tuple[str, str]] = {
    "not named": ("nobody named it beforehand", "nobody asked beforehand"),
    "not yet recorded": ("the plan says that nobody records it yet", "not recorded yet"),
    "no column": ("no column of the calls holds it", "not recorded"),
    "too small": ("fewer than two of its groups have enough calls to be shown", "too few calls to compare"),
    "no design": ("no design here compares calls one by one", "calls were not compared one by one"),
    "refused": ("it cannot cut the calls of any design here, see below", "cannot be told"),
}
"""Why no group of a field is shown: for whoever checks, and for a council."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benefits:
    """What a study's results say of whom it helps more.

    Parameters
    ----------
    groups : tuple of Subgroups
        Of each design that can tell groups apart.
    not_shown : mapping of str to Reason
        Fields of which no two groups are shown, and why.
    refused : tuple of str
        What could not be estimated, and why.
    explored : Heterogeneity or None
        What was looked for without being named beforehand; None where nobody asked.
    planned : bool
        Whether a frozen plan named the groups.
    """

    groups: tuple[Subgroups, ...] = ()
    not_shown: Mapping[str, Reason] = field(default_factory=lambda: MappingProxyType({}))
    refused: tuple[str, ...] = ()
    explored: Heterogeneity | None = None
    planned: bool = False


def benefits_section(found: Benefits) -> Section:
    """Put what was found of groups under one question: named beforehand first, then what was looked for.

    Parameters
    ----------
    found : Benefits
    """
    blocks: list[Block] = [_named(found)]
    if items := [*_not_shown(found), *(f"Not told: {text}" for text in found.refused)]:
        blocks.append(Bullets(items=tuple(Sentence(text=text, support=of_nobody) for text in items)))
    for groups in found.groups:
        blocks += [_of_design(groups), *group_blocks(groups), *_read_with(groups)]
    if found.explored is not None:
        lead = "Looked for without being named beforehand, and told only where tests on calls not learnt from pass:"
        blocks += [Sentence(text=lead, support=of_nobody), *heterogeneity_section(found.explored).blocks]
    return Section(title=title, blocks=tuple(blocks))


def benefits_line(found: Benefits) -> Sentence:
    """Say in one sentence, without statistics, whether it helps some more than others.

    Parameters
    ----------
    found : Benefits
    """
    by_field = {name: reasons[why][1] for name, why in found.not_shown.items()}
    by_field |= {name: plainly[verdict] for name, verdict in _verdicts(found).items()}
    each = "; ".join(f"by “{_label(name)}”: {said}" for name, said in by_field.items())
    behind = [smallest(groups.table[["persons", "events", "units"]]) for groups in found.groups]
    return Sentence(text=f"Whether it helps some more than others, {each}.", support=behind[0] if behind else of_nobody)


def _named(found: Benefits) -> Sentence:
    """Say who named which groups, and what the tests of their differences say."""
    verdicts = _verdicts(found)
    if not verdicts:
        return Sentence(text="No groups could be held against each other.", support=of_nobody)
    who = "the frozen plan" if found.planned else "the study, without a plan that fixed them beforehand"
    each = "; ".join(f"{name.replace('_', ' ')}: {verdict}" for name, verdict in verdicts.items())
    behind = smallest(found.groups[0].table[["persons", "events", "units"]])
    return Sentence(text=f"Groups named by {who}: {each}.", support=behind)


def _verdicts(found: Benefits) -> dict[str, str]:
    """Verdict on each field, of the design that can tell most."""
    verdicts: dict[str, str] = {}
    for groups in found.groups:
        for name, verdict in zip(groups.differences["field"], groups.differences["verdict"], strict=True):
            verdicts[name] = min(verdict, verdicts.get(name, untestable), key=list(plainly).index)
    return verdicts


def _not_shown(found: Benefits) -> list[str]:
    return [
        f"{words.capital(_label(name))} ({name}): not shown: {reasons[why][0]}."
        for name, why in found.not_shown.items()
    ]


def _of_design(groups: Subgroups) -> Sentence:
    """Say which effect the groups have."""
    about, left_out = groups.result.estimand, groups.left_out
    text = (
        f"{words.capital(words.outcome(groups.result))}, {about.contrast}: effect of "
        f"{words.dates(about.treatment.replace('_', ' '))}, averaged over {about.population}, by group."
    )
    if left_out:
        text += f" Not shown alone, too small or next to one that is: {', '.join(left_out)}."
    return Sentence(text=text, support=smallest(groups.result.support))


def _read_with(groups: Subgroups) -> tuple[Bullets, ...]:
    """Give what must be read with the numbers."""
    behind = smallest(groups.result.support)
    items = tuple(Sentence(text=text, support=behind) for text in dict.fromkeys(groups.result.notes))
    return (Bullets(items=items),) if items else ()


def _label(name: str) -> str:
    """Return what people call a field."""
    calls = {one.name: one.label for one in dictionary.table("calls").fields}
    return calls.get(name, name.replace("_", " ")).casefold()
