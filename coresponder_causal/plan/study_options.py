"""Options that a study states for its designs, and what the designs it asks for need."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coresponder_causal.core.errors import Problems
from coresponder_causal.data import dictionary
from coresponder_causal.plan.designs import (
    adjusted_calls,
    after_calls,
    by_hours,
    known_keys,
    like_calls,
    of_adopters,
    of_calls,
    some_known,
)
from coresponder_causal.plan.designs_of_calls import adjustments, default_adjustment, files_of
from coresponder_causal.plan.designs_partly_known import named, needs_of, ranged
from coresponder_causal.plan.study_files import file_of
from coresponder_causal.plan.study_keys import Sections, counted, design_names, designs_asked, meant


def design_options(content: Mapping[str, Any], problems: Problems) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Options by design: a section, or several of one name in double brackets, each an estimate of its own."""
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    run = designs_asked(content)
    for name in (name for name in design_names if name in content):
        given = content[name]
        entries = [given] if isinstance(given, dict) else given
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            problems.add(f"{name} is a value, not a section", mend=f"write [{name}] on a line of its own")
            continue
        if name not in run:
            problems.add(
                f"[{name}] has options, but run in [designs] does not name it",
                mend="add it to run, or delete the section",
            )
        for entry in entries:
            adjust = entry.get("adjust", default_adjustment)
            known = known_keys(name, adjust if adjust in adjustments else default_adjustment)
            for key in sorted(entry.keys() - set(known)):
                asked = f" with adjust = '{adjust}'" if name in adjusted_calls else ""
                problems.add(f"unknown key '{key}' in [{name}]{asked}", mend=meant(key, "key", known))
            for key in ("outcomes", "covariates", "exact"):
                if key in entry and not _names(entry[key]):
                    problems.add(f"{key} in [{name}] is {entry[key]!r}", mend="write a list of names")
            _check_known(name, entry, problems)
            if adjust not in adjustments:
                problems.add(f"adjust in [{name}] is {adjust!r}", mend=f"choose from {', '.join(adjustments)}")
        found[name] = tuple(entries)
    return found


def with_files(
    options: dict[str, tuple[Mapping[str, Any], ...]], folder: Path, problems: Problems
) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Options in which files, of plans drawn by lot and of counts returned, are found from the folder of the study."""
    found = dict(options)
    for name in files_of.keys() & options.keys():
        found[name] = tuple(
            entry
            | {
                key: file_of(str(entry[key]), folder, f"{key} in [{name}]", problems)
                for key in files_of[name]
                if key in entry
            }
            for entry in map(dict, options[name])
        )
    return found


def _check_known(name: str, entry: Mapping[str, Any], problems: Problems) -> None:
    """Note what says wrongly of which calls an outcome is known, and in which range it lies."""
    if name not in some_known:
        return
    for key in (key for key in named if key in entry and not isinstance(entry[key], str)):
        problems.add(f"{key} in [{name}] is {entry[key]!r}", mend="write the name of a column")
    for key in (key for key in ranged if key in entry and not isinstance(entry[key], int | float)):
        problems.add(f"{key} in [{name}] is {entry[key]!r}", mend="write a number")


def _names(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(name, str) for name in value)


def check_complete(sections: Sections, problems: Problems) -> None:
    """Note what is missing for a page, and for the designs asked for."""
    for key, section in (("title", "study"), ("run", "designs")):
        if key not in sections[section]:
            problems.add(f"key '{key}' in [{section}] is missing", mend="add it")
    tables, treated, run = set(sections["tables"]), sections["treated"], designs_asked(sections)
    if not tables:
        problems.add("[tables] names no table", mend=f"name at least one of {', '.join(dictionary.tables())}")
    if not run:
        return
    if "city" not in treated:
        problems.add("key 'city' in [treated] is missing", mend="add it: a design is to be run")
    if not set(run) & {*counted, "instrument"}:
        return
    if ("start" in treated) == ("start_between" in treated):
        problems.add("[treated] needs start or start_between", mend="give exactly one of the two")
    if not set(run) & set(counted):
        return
    if "primary" not in sections["outcomes"]:
        problems.add("key 'primary' in [outcomes] is missing", mend="add it: a design is to be run")
    for name in of_adopters:
        if name in run and "programmes" not in tables:
            problems.add(f"design '{name}' needs the table programmes: who started when", mend="add it")
    for name in ("hours", *by_hours):
        if name in run and not {"calls", "schedule"} <= tables:
            problems.add(
                f"design '{name}' needs the tables calls and schedule", mend=f"add them, or leave '{name}' out"
            )
    if not {"calls", "city_panel"} & tables:
        problems.add("designs need the table calls or city_panel", mend="add one of them")
    if treated.get("dose") in ("planned_hours", "delivered_hours") and "schedule" not in tables:
        problems.add(f"dose '{treated['dose']}' needs the table schedule", mend="add it")


def check_calls(sections: Sections, options: Mapping[str, tuple[Mapping[str, Any], ...]], problems: Problems) -> None:
    """Note what designs formed of calls lack: tables, outcomes of calls, what was known, the plan drawn by lot."""
    of_like_calls = ("calls", {"covariates": "what was known before dispatch", "outcomes": "fields of calls"})
    wanted = {
        **dict.fromkeys(like_calls, of_like_calls),
        **dict.fromkeys(
            after_calls,
            ("calls", {"covariates": "what was known before dispatch", "outcomes": 'what came after: ["repeat"]'}),
        ),
        **{name: (of_like_calls[0], of_like_calls[1] | needs_of[name]) for name in some_known},
        "strata": ("", {"returned": "the county's file of counts", "outcomes": 'its counts: ["connected"]'}),
        "instrument": ("calls and schedule", {"outcomes": "fields of calls"}),
        "switchback": ("calls", {"assignment": "the file schedule.csv of the plan drawn by lot"}),
    }
    run = designs_asked(sections)
    for name in (name for name in of_calls if name in run):
        tables, keys_of = wanted[name]
        if tables and not set(tables.split(" and ")) <= set(sections["tables"]):
            table = "table" if tables == "calls" else "tables"
            problems.add(
                f"design '{name}' needs the {table} {tables}",
                mend=f"add {'it' if tables == 'calls' else 'them'}, or leave '{name}' out",
            )
        for entry in options.get(name, ({},)):
            for key in (key for key in keys_of if key not in entry):
                problems.add(f"key '{key}' in [{name}] is missing", mend=f"name {keys_of[key]}")
            if name == "switchback" and "outcomes" not in entry and "primary" not in sections["outcomes"]:
                problems.add("[switchback] has no outcomes", mend="name them, or the primary one in [outcomes]")
