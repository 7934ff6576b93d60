"""Sections and keys that a study file may have, and of which kind each value is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeAlias

from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary
from coresponder_causal.plan.costs import cost_keys
from coresponder_causal.plan.designs import of_calls, settings
from coresponder_causal.plan.fairness_block import keys_of_fairness
from coresponder_causal.plan.first_call_block import keys_of_first_calls
from coresponder_causal.plan.group_block import keys_of_groups
from coresponder_causal.plan.qualitative_block import keys_of_qualitative
from coresponder_causal.plan.study_graph import keys_of_graph
from coresponder_causal.plan.workforce_block import keys_of_workforce

keys: dict[str, tuple[str, ...]] = {
    "study": ("title", "sensitive", "simulated", "seed"),
    "tables": (),
    "treated": ("city", "start", "start_between", "dose"),
    "outcomes": ("primary", "controls"),
    "designs": ("run",),
    "donors": (
        "neighbours", "distance", "within", "population", "definitions", "traits", "fields", "adopters",
        "specifications",
    ),
    "release": ("audience", "agreement", "ledger"),
    "bias": ("elicited_from", *settings()),
    "funnel": ("stages", "record", "witness", "against"),
    "cost": cost_keys,
    "graph": keys_of_graph,
    "groups": keys_of_groups,
    "fairness": keys_of_fairness,
    "qualitative": keys_of_qualitative,
    "first_calls": keys_of_first_calls,
}  # fmt: skip
design_names = tuple(settings())
counted = tuple(name for name in design_names if name not in of_calls)
kinds: tuple[tuple[str, str, type | tuple[type, ...], str], ...] = (
    ("study", "title", str, "text"),
    ("study", "sensitive", bool, "true or false"),
    ("study", "simulated", bool, "true or false"),
    ("study", "seed", int, "a whole number"),
    ("treated", "city", str, "text"),
    ("treated", "start", (str, date), "a date or month"),
    ("treated", "start_between", list, "a list of two dates"),
    ("treated", "dose", str, "the name of a column"),
    ("outcomes", "primary", str, "text"),
    ("outcomes", "controls", list, "a list of names"),
    ("designs", "run", list, "a list"),
    ("donors", "neighbours", list, "a list of cities"),
    ("donors", "distance", str, "the name of a column of cities"),
    ("donors", "within", (int, float), "kilometres"),
    ("donors", "population", list, "a list of two numbers"),
    ("donors", "definitions", str, "the name of a column of cities"),
    ("donors", "traits", list, "a list of columns of cities"),
    ("donors", "fields", list, "a list of fields"),
    ("donors", "adopters", str, "'leave out' or 'until then'"),
    ("donors", "specifications", bool, "true or false"),
    ("release", "audience", str, "internal, partner or public"),
    ("release", "agreement", str, "the name of the agreement with a partner"),
    ("release", "ledger", str, "a file"),
    ("graph", "name", str, "the name of a shipped graph"),
    ("graph", "file", str, "a file"),
)
adopters = ("leave out", "until then")
Sections: TypeAlias = Mapping[str, Mapping[str, Any]]


def sections_of(content: Mapping[str, Any], problems: Problems) -> Sections:
    """Every section with its known keys, empty where it is missing; whatever is unknown is a problem."""
    known_sections = (*keys, *design_names, *keys_of_workforce)
    for name, entries in content.items():
        if name not in keys:
            problems.add(f"unknown section [{name}]", mend=meant(name, "section", known_sections))
        elif not isinstance(entries, dict):
            problems.add(f"{name} is a value, not a section", mend=f"write [{name}] on a line of its own")
    for name in ("study", "tables", "designs"):
        if name not in content:
            problems.add(f"section [{name}] is missing", mend="add it")
    known = {name: tuple(dictionary.tables()) if name == "tables" else keys[name] for name in keys}
    given = {name: entries if isinstance(entries := content.get(name), dict) else {} for name in keys}
    for name, entries in given.items():
        word = "table" if name == "tables" else "key"
        for key in sorted(entries.keys() - set(known[name])):
            problems.add(f"unknown {word} '{key}' in [{name}]", mend=meant(key, word, known[name]))
    return {name: {key: entries[key] for key in known[name] if key in entries} for name, entries in given.items()}


def meant(name: str, word: str, known: Iterable[str]) -> str:
    """Suggest the name that comes nearest, if one does, and list all.

    Examples
    --------
    >>> meant("strt", "key", ("city", "start"))
    'did you mean start? keys are city, start'
    """
    choices = tuple(known)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.75)
    return f"{''.join(f'did you mean {one}? ' for one in close)}{word}s are {', '.join(choices)}"


def check_types(sections: Sections, problems: Problems) -> None:
    """Note values of a wrong kind, and designs that nobody knows."""
    for section, key, kind, words in kinds:
        value = sections[section].get(key)
        if value is not None and not isinstance(value, kind):
            problems.add(f"{key} in [{section}] is {value!r}", mend=f"write {words}")
    between = sections["treated"].get("start_between")
    if isinstance(between, list) and len(between) != 2:
        problems.add("start_between does not hold two dates", mend="write [earliest, latest]")
    donors = sections["donors"]
    if donors.get("adopters", adopters[0]) not in adopters:
        problems.add(f"adopters in [donors] is {donors['adopters']!r}", mend=f"choose from {', '.join(adopters)}")
    if donors and "cities" not in sections["tables"]:
        problems.add("[donors] needs the table cities: who might be compared", mend="add it")
    run = designs_asked(sections)
    unknown = [name for name in _run_of(sections) if name not in design_names]
    if unknown:
        problems.add(f"unknown designs {unknown}", mend=f"designs are {', '.join(design_names)}")
    elif len(set(run)) < len(run):
        problems.add(f"run in [designs] names a design twice: {', '.join(run)}", mend="name each once")


def designs_asked(sections: Mapping[str, Any]) -> list[str]:
    """Return the designs asked for that have a name, none where the list is missing or no list."""
    return [name for name in _run_of(sections) if isinstance(name, str)]


def _run_of(sections: Mapping[str, Any]) -> list[Any]:
    """Return the list of designs as it is written."""
    designs = sections.get("designs")
    run = designs.get("run") if isinstance(designs, dict) else None
    return run if isinstance(run, list) else []
