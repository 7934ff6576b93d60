"""Tables and lists of papers for agencies: a plan's own, the fields it needs, eligible codes, weeks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from coresponder_causal.data import dictionary
from coresponder_causal.data.crosswalks import crosswalk
from coresponder_causal.data.dictionary import Field
from coresponder_causal.data.procedure import steps as collected
from coresponder_causal.plan import plan_document as document
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.needed_fields import Holder, Needed, of_officers
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.timeline import Step, waited
from coresponder_causal.report import words
from coresponder_causal.report.specs import Block, Bullets, Sentence, Table, of_nobody
from coresponder_causal.report.tables import wordy

none_by_name = "The plan names none."
not_named = (
    "The plan says that data about officers are used, and STUDY.toml names none of these tables: settle this before "
    "the letter is sent."
)


def tables(
    plan: EvaluationPlan, study: Study, fields: Sequence[Needed], timed: Sequence[Step], meeting: date | None
) -> Mapping[str, tuple[Block, ...]]:
    """Return the tables and lists of the papers, by name.

    Parameters
    ----------
    plan : EvaluationPlan
    study : Study
    fields : sequence of Needed
        That the plan needs.
    timed : sequence of Step
        Steps on weeks.
    meeting : date or None
        Of the first meeting, by which weeks become days.
    """
    of_plan = {
        "questions": document.questions(plan),
        "groups": document.groups(plan),
        "verdicts": document.following(plan),
        "seen": document.seen(plan),
        "roles": document.people(plan),
        "flows": document.flows(plan),
        "agreement": document.agreement(plan),
    }
    from_county = tuple(flow for flow in plan.flow if flow.giver == "county")
    return {name: section.blocks for name, section in of_plan.items()} | {
        "police_fields": _by_table(fields, "police"),
        "county_fields": _by_table(fields, "county"),
        "other_fields": _by_table(fields, "others"),
        "county_flows": document.flows(replace(plan, flow=from_county)).blocks if from_county else _line(none_by_name),
        "returned_as_counts": (_returned(),),
        "officer_fields": _about_officers(plan, study),
        "eligible_codes": (_codes("yes", "Eligible by the code alone"),),
        "flagged_codes": (_codes("if_flagged", "Eligible only where somebody on scene or the narrative says crisis"),),
        "first_call_fields": (_recorded("call-taker"),),
        "timeline": (_weeks(timed, meeting),),
        "bottleneck": (_holding_up(timed),),
    }


def _by_table(fields: Sequence[Needed], holder: Holder) -> tuple[Block, ...]:
    """Fields that somebody holds, a table for each table of the dictionary."""
    heads = ("Field", "What it is", "Class", "From", "Entered within, hours", "Needed for")
    asked = [one for one in fields if one.holder == holder]
    tables = dict.fromkeys(one.table for one in asked)
    made = tuple(
        wordy(
            f"{dictionary.table(name).label} ({name}): {dictionary.table(name).grain}",
            heads,
            [_field_row(one) for one in asked if one.table == name],
        )
        for name in tables
    )
    return made or _line(none_by_name)


def _field_row(one: Needed) -> tuple[object, ...]:
    hours = one.field.deadline_hours
    within = "" if hours is None else f"{hours:g}"
    return one.field.name, one.field.label, one.field.privacy, one.field.source, within, one.said


def _returned() -> Table:
    rows = [
        (field.name, field.label, field.source.removesuffix(", returned in strata"))
        for field in dictionary.table("outcomes").fields
        if field.source.endswith("returned in strata")
    ]
    return wordy("What can come back as counts, without a row", ("Field", "What it is", "From"), rows)


def _about_officers(plan: EvaluationPlan, study: Study) -> tuple[Block, ...]:
    rows = [
        (name, field.name, field.label, field.privacy, "yes" if name in study.tables else "no")
        for name in of_officers
        for field in dictionary.table(name).fields
    ]
    table = wordy("Data about officers", ("Table", "Field", "What it is", "Class", "In this study"), rows)
    settled = not plan.labour.officer_data or bool(study.tables.keys() & set(of_officers))
    return (table,) if settled else (table, *_line(not_named))


def _codes(eligible: str, title: str) -> Table:
    """Codes of what is reported, by the type they become."""
    rows = [row for row in crosswalk("nature_codes").where("stage", "reported") if row["crisis_eligible"] == eligible]
    types = dict.fromkeys(str(row["type"]) for row in rows)
    listed = [
        (kind.replace("_", " "), ", ".join(str(row["code"]) for row in rows if row["type"] == kind)) for kind in types
    ]
    return wordy(title, ("Type", "Codes"), listed)


def _recorded(role: str) -> Table:
    """List what a role records, with the words for its answers."""
    named = [name for step in collected() if step.role == role for name in step.fields]
    recorded = [dictionary.table(table).field(name) for table, name in named]
    rows = [(field.name, field.label, _answers(field), field.why) for field in recorded]
    return wordy(f"What the {role} records", ("Field", "What it is", "Answers", "Why"), rows)


def _answers(field: Field) -> str:
    return "a tick" if field.type == "boolean" else ", ".join(said for _, said in field.choices)


def _weeks(timed: Sequence[Step], meeting: date | None) -> Table:
    heads: tuple[str, ...] = (
        *("No.", "Step", "Who", "Weeks", "From week", "To week", "May be late by", "After"),
        "Command of coresponder-causal",
    )
    numbers = {step.name: number for number, step in enumerate(timed, 1)}
    rows: list[tuple[object, ...]] = [
        (
            *(numbers[step.name], step.name, step.who, step.weeks, step.begins, step.ends, step.room),
            ", ".join(map(str, sorted(numbers[name] for name in step.after if name in numbers))),
            step.command,
        )
        for step in timed
    ]
    if meeting is not None:
        heads = (*heads, "Done by")
        ended = (words.dates((meeting + timedelta(weeks=step.ends)).isoformat()) for step in timed)
        rows = [(*row, day) for row, day in zip(rows, ended, strict=True)]
    return wordy("Weeks after the first meeting", heads, rows)


def _holding_up(timed: Sequence[Step]) -> Bullets:
    """Say which steps hold the report up, and which of them is longest."""
    held = [step for step in timed if step.room == 0 and step.name != waited]
    longest = max(held, key=lambda step: step.weeks)
    wait = next(step.weeks for step in timed if step.name == waited)
    return _list(
        f"{max(step.ends for step in timed)} weeks from the first meeting to the first report, {wait} of them spent "
        "waiting for outcomes.",
        f"The longest of the others that hold everything up: {longest.name}, {longest.weeks} weeks.",
        f"A week lost in one of these is a week lost in all: {'; '.join(step.name for step in held)}.",
    )


def _list(*lines: str) -> Bullets:
    return Bullets(items=tuple(_said(lines)))


def _line(text: str) -> tuple[Block, ...]:
    return tuple(_said((text,)))


def _said(lines: Sequence[str]) -> Iterator[Sentence]:
    return (Sentence(text=line, support=of_nobody) for line in lines)
