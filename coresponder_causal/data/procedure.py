"""How the tables are collected: who records what, when, how long it takes, and what is done where it is missing.

``python -m coresponder_causal.data``, at the root of a checkout, writes ``docs/collection_procedure.md`` from
the dictionary, its instruments and ``data_dictionary/collection.yaml``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.inference import critical
from coresponder_causal.data import dictionary
from coresponder_causal.data.folder import folder, written
from coresponder_causal.data.instrument import instruments

page = Path("docs", "collection_procedure.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one role records on one occasion.

    Parameters
    ----------
    name, role, row : str
        Name, who records it, and for each of what.
    fields : tuple of (table, field)
        What is recorded.
    seconds : float
        How long it takes for one row.
    when, if_missing : str
        When it is recorded, and what is done where it was not.
    instrument : str
        Instrument that is used; empty where a system asks.
    """

    name: str
    role: str
    row: str
    fields: tuple[tuple[str, str], ...]
    seconds: float
    when: str
    if_missing: str
    instrument: str = ""


@cache
def steps() -> tuple[Step, ...]:
    """Return every step of the collection, in order.

    Returns
    -------
    tuple of Step

    Raises
    ------
    DataError
        A step that names a field or an instrument which is not there.

    Examples
    --------
    >>> first = steps()[0]
    >>> first.role, first.seconds
    ('call-taker', 28)
    """
    spec = written(folder() / "collection.yaml")
    return tuple(_step(entry, spec["seconds"]) for entry in spec["steps"])


def procedure() -> str:
    """Write the procedure as one Markdown page.

    Returns
    -------
    str

    Examples
    --------
    >>> procedure().splitlines()[0]
    '# Collection procedure'
    """
    spec = written(folder() / "collection.yaml")
    head = [
        "# Collection procedure",
        "",
        "Written from the data dictionary, its instruments and `data_dictionary/collection.yaml` by "
        "`python -m coresponder_causal.data`; change those, not this page.",
        "",
    ]
    parts = (_overview(spec), _by_step(), _deadlines(), _checks(spec), _listed("Feedback", spec["feedback"]))
    health = ["## Health data", "", spec["hipaa"], ""]
    training = [*_listed("Training for dispatchers and call-takers", spec["dispatchers"])]
    training += _listed("For the public: what to say in the first call", spec["public"])
    lines = [*head, *(line for part in parts for line in part), *health, *training]
    return "\n".join(lines).rstrip() + "\n"


def _step(entry: dict[str, Any], costs: dict[str, float]) -> Step:
    """Make a step; an instrument states its own time, other fields cost what their burden costs."""
    name = entry.get("instrument", "")
    if name:
        if name not in instruments():
            raise DataError(f"step {entry['name']!r} names no instrument {name!r}", mend="correct collection.yaml")
        instrument = instruments()[name]
        fields = dict.fromkeys(item.fills for item in instrument.form.questions if item.fills and not item.automatic)
        seconds: float = instrument.seconds
    else:
        fields = dict.fromkeys((table, field) for table, _, field in (text.partition(".") for text in entry["fields"]))
        seconds = sum(costs[dictionary.table(table).field(field).burden] for table, field in fields)
    return Step(
        name=entry["name"],
        role=entry["role"],
        row=entry["row"],
        fields=tuple(fields),
        seconds=seconds,
        when=entry["when"],
        if_missing=entry["if_missing"],
        instrument=name,
    )


def _overview(spec: dict[str, Any]) -> Iterator[str]:
    """Sum the time of each role by what it is spent on."""
    costs = spec["seconds"]
    yield from ("## Who spends how long", "")
    yield (
        f"A tap or key counts {costs['one tap']} seconds, a field of a form {costs['form']}; what a system writes and "
        "what comes from another agency cost the person who records nothing. An instrument states its own time."
    )
    yield from ("", "| Role | For each | Seconds | In steps |", "|---|---|---:|---|")
    spent: Counter[tuple[str, str]] = Counter()
    for step in steps():
        spent[step.role, step.row] += int(step.seconds)
    for (role, row), seconds in spent.items():
        names = ", ".join(step.name for step in steps() if (step.role, step.row) == (role, row))
        yield f"| {role} | {row} | {seconds} | {names} |"
    whole = [step for step in steps() if step.name in spec["whole_call"]]
    by_role: Counter[str] = Counter()
    for step in whole:
        by_role[step.role] += int(step.seconds)
    parts = ", ".join(f"{role} {seconds}" for role, seconds in by_role.items())
    yield ""
    yield (
        f"A call that goes through every step, {', '.join(step.name.lower() for step in whole)}, costs "
        f"{by_role.total()} seconds in all: {parts}. Most calls go through fewer."
    )
    yield ""


def _by_step() -> Iterator[str]:
    """Describe each step."""
    yield from ("## Step by step", "")
    for step in steps():
        tool = f", with “{instruments()[step.instrument].form.title}”" if step.instrument else ""
        yield f"### {step.name}: {step.role}, for each {step.row}"
        yield ""
        yield f"*When.* {_sentence(step.when)} It takes about {step.seconds:g} seconds{tool}."
        yield ""
        yield f"*What.* {', '.join(f'`{table}.{field}`' for table, field in step.fields)}."
        yield ""
        yield f"*If it is missing.* {_sentence(step.if_missing)}"
        yield ""


def _deadlines() -> Iterator[str]:
    """Count the fields of the main tables by burden, and list what should be there within which hours."""
    yield from ("## Within how many hours", "")
    yield "Completeness is judged at these hours after the call or the contact, never later."
    yield from ("", "| Hours | Fields |", "|---:|---|")
    due: dict[float, list[str]] = {}
    for name in ("calls", "contacts", "outcomes"):
        for field in dictionary.table(name).fields:
            if field.deadline_hours is not None:
                due.setdefault(field.deadline_hours, []).append(f"`{name}.{field.name}`")
    for hours in sorted(due):
        yield f"| {hours:g} | {', '.join(due[hours])} |"
    yield ""


def _checks(spec: dict[str, Any]) -> Iterator[str]:
    """Say how agreement and errors are measured, and how exactly."""
    double, audit = spec["double_coding"], spec["audit"]
    sample = double["rows_per_month"] * double["months"]
    share = double["agreement"]
    half = float(critical(math.inf)) * math.sqrt(share * (1 - share) / sample)
    yield from ("## Double coding", "")
    yield (
        f"{double['rows_per_month']} calls a month. After {double['months']} months these are {sample}: an agreement "
        f"of {100 * share:.0f} % is then known within about {100 * half:.0f} points, 19 times in 20. "
        f"{_sentence(double['how'])}"
    )
    yield ""
    yield f"Coded twice: {', '.join(f'`{name}`' for name in double['fields'])}."
    yield from ("", "## Monthly audit", "")
    yield f"{audit['rows_per_month']} rows a month. {_sentence(audit['how'])}"
    yield ""


def _listed(title: str, lines: list[str]) -> list[str]:
    """Write a list under a title."""
    return [f"## {title}", "", *(f"- {line}" for line in lines), ""]


def _sentence(text: str) -> str:
    """Start with a capital and end with a stop."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}."


def main() -> None:
    """Write the page."""
    page.parent.mkdir(exist_ok=True)
    page.write_text(procedure(), encoding="utf-8")
