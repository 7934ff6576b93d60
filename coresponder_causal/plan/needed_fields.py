"""Which fields of the dictionary a plan needs, what each is needed for, and who holds it: what may be asked of whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from coresponder_causal.data import dictionary, metric_catalogue
from coresponder_causal.data.dictionary import Field
from coresponder_causal.data.metrics_needs import needs
from coresponder_causal.design.call_instrument import needed as needed_by
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.questions import comparisons
from coresponder_causal.plan.study import Study

Use: TypeAlias = tuple[str, str]
Holder = Literal["police", "county", "others", "evaluators"]
holders: Mapping[str, Holder] = {
    **dict.fromkeys(
        (
            "computer-aided dispatch (CAD)", "keyed token made by the agency", "derived from received_at",
            "shift schedule", "police records management system (RMS)", "ambulance record or CAD", "use-of-force file",
            "narrative of the call, read by machine", "on-scene card", "use-of-force file or ambulance record",
            "complaint file", "the agency's counts", "personnel file", "training file", "shift roster", "time sheets",
            "coding of narratives", "log of the app",
        ),
        "police",
    ),
    **dict.fromkeys(
        (
            "team log", "on-scene card and team log", "county behavioural health, returned in strata", "staff list",
            "experience form", "consent form",
        ),
        "county",
    ),
    **dict.fromkeys(
        (
            "county jail", "county jail, returned in strata", "ambulance record, returned in strata",
            "homeless management information system, returned in strata", "coroner, returned in strata",
        ),
        "others",
    ),
    **dict.fromkeys(
        (
            "project register", "census estimates", "state personnel return", "calendar", "reports of past years",
            "survey run by the university", "interview log",
        ),
        "evaluators",
    ),
}  # fmt: skip
"""Who holds what comes from each source of the dictionary."""
of_officers = ("officers", "rides", "officer_waves")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A field that a plan needs.

    Parameters
    ----------
    table : str
    field : Field
    uses : tuple of (kind, name)
        What it is needed for: "every row", a "primary outcome", a "design", the "dose", a "group shown apart".
    """

    table: str
    field: Field
    uses: tuple[Use, ...]

    @property
    def holder(self) -> Holder:
        """Who holds it."""
        return holders[self.field.source]

    @property
    def said(self) -> str:
        """What it is needed for, in words."""
        kinds = dict.fromkeys(kind for kind, _ in self.uses)
        names = {kind: ", ".join(name for known, name in self.uses if known == kind and name) for kind in kinds}
        return "; ".join(f"{kind} {said}".strip() for kind, said in names.items())


def needed_fields(plan: EvaluationPlan, study: Study) -> tuple[Needed, ...]:
    """List the fields that a plan needs, in the dictionary's order: these, and no others, are worth asking for.

    Parameters
    ----------
    plan : EvaluationPlan
    study : Study

    Returns
    -------
    tuple of Needed
        Fields that rows of the study's tables must have; those behind the primary outcomes, the designs with their
        options, and the groups shown apart.

    Examples
    --------
    >>> from coresponder_causal.plan.embedded import embedded_study
    >>> from coresponder_causal.plan.plan_file import example_plan, stated_plan
    >>> study, _, _ = embedded_study()
    >>> {one.field.name: one.said for one in needed_fields(stated_plan(example_plan(study)), study)}["force"]
    'primary outcome M12'
    """
    uses: dict[str, list[Use]] = {}
    for name, use in _uses(plan, study):
        said = uses.setdefault(name, [])
        if use not in said:
            said.append(use)
    return tuple(
        Needed(table=table.name, field=field, uses=tuple(uses[f"{table.name}.{field.name}"]))
        for table in dictionary.tables().values()
        for field in table.fields
        if f"{table.name}.{field.name}" in uses
    )


def _uses(plan: EvaluationPlan, study: Study) -> Iterator[tuple[str, Use]]:
    """Give every use of every field."""
    known = dictionary.tables()
    for table in study.tables:
        yield from ((f"{table}.{name}", ("every row", "")) for name in known[table].required)
    for metric in (one.metric for one in plan.primary if one.metric in metric_catalogue()):
        main = metric_catalogue()[metric].parts[0]
        yield from ((name, ("primary outcome", metric)) for name in needs(main)[0])
    for design in study.designs:
        yield from ((name, ("design", design)) for name in _of_design(design, study))
    if study.dose is not None:
        yield from ((name, ("dose", "")) for name in _known(("schedule", "city_panel"), study.dose))
    for group in plan.subgroup:
        said = "" if group.recorded else "(begin it)"
        yield from ((name, ("group shown apart", said)) for name in _known(("calls", "contacts"), group.field))


def _of_design(design: str, study: Study) -> Iterator[str]:
    """Give the fields of a design: of what it compares, its outcomes and its options."""
    for choice in (one for one in comparisons if one.name == design):
        there = (fields for fields in choice.needs if {name.split(".")[0] for name in fields} <= study.tables.keys())
        yield from next(there, choice.needs[0])
    counted = ("calls",) if "calls" in study.tables else ("city_panel",)
    for outcome, options in study.asked(design):
        by_call = ("attended", "person") if design in ("calls", "instrument") else ()
        moved = needed_by.get(str(options.get("instrument")), ())
        for name in (outcome, *_named(options), *by_call, *moved):
            yield from _known((*counted, "outcomes"), name)


def _named(options: Mapping[str, Any]) -> Iterator[str]:
    """Give every word that stands in the options of a design."""
    for value in options.values():
        yield from [value] if isinstance(value, str) else filter(_is_text, value if isinstance(value, list) else ())


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _known(tables: tuple[str, ...], name: str) -> Iterator[str]:
    """Give a field of the first of these tables that has it; nothing where none does."""
    yield from [f"{table}.{name}" for table in tables if name in dictionary.table(table).names][:1]
