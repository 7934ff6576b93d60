"""STUDY.toml: what a study is, checked key by key before anything is read."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from string import Template
from typing import Any, TypeAlias

from coresponder_causal.core.errors import DataError, DisclosureError, Problems
from coresponder_causal.data import dictionary
from coresponder_causal.decide import Bias
from coresponder_causal.design import CausalGraph
from coresponder_causal.plan.bias import read_biases
from coresponder_causal.plan.costs import CostPlan, cost_keys, read_costs
from coresponder_causal.plan.designs import (
    adjusted_calls,
    after_calls,
    by_hours,
    known_keys,
    like_calls,
    of_adopters,
    of_calls,
    settings,
    some_known,
)
from coresponder_causal.plan.designs_of_calls import adjustments, default_adjustment, files_of
from coresponder_causal.plan.designs_partly_known import named, needs_of, ranged
from coresponder_causal.plan.first_call_block import FirstCallPlan, keys_of_first_calls, read_first_calls
from coresponder_causal.plan.funnel_block import read_funnel
from coresponder_causal.plan.group_block import GroupPlan, keys_of_groups, read_groups
from coresponder_causal.plan.qualitative_block import QualitativePlan, keys_of_qualitative, read_qualitative
from coresponder_causal.plan.study_graph import keys_of_graph, study_graph
from coresponder_causal.privacy import Ledger, Policy, inside

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table's file and, where its columns are named otherwise, the dictionary's field of each."""

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study as its file states it.

    Parameters
    ----------
    title : str
    tables : mapping of str to Source
        Files by table of the data dictionary.
    designs : tuple of str
        Names of designs to run, of `plan.designs.settings`; none makes a study of data quality alone.
    options : mapping of design to tuple of mapping
        What is asked of a design, one estimate each: ``outcomes`` (default: the primary one), options of the design and
        of its estimator. A design without an entry is run once with the defaults.
    city, primary : str or None
        Treated city and primary outcome; needed when a design runs.
    start : str or None
    start_between : pair of str or None
        One of the two is needed when a design runs.
    dose : str or None
        A numeric column of ``city_panel``, or ``"planned_hours"`` or ``"delivered_hours"`` of the schedule.
    controls : tuple of str
        Outcomes that the programme cannot touch.
    sensitive : bool
        Whether rows and values of the data stay off the page.
    simulated : bool
        Whether the tables are made up, which the page then says.
    seed : int
        Seed of whatever is random.
    donors : mapping, optional
        How comparison cities are chosen before outcomes are counted, see `design.donor_pool`; ``adopters``, see
        `DonorPool.apply`; ``specifications``, whether the comparison is made under other choices too.
    policy : Policy
        For whom the page is.
    ledger : Ledger or None
        Where releases are recorded.
    bias : mapping of str to Bias or None
        How far each design may be wrong, in the judgement of those who know it; without it nothing is pooled.
    funnel : mapping or None
        How a record is followed from the call on, see `plan.funnel_block.read_funnel`.
    cost : CostPlan or None
        Prices, and whose costs count over how long; without it no cost is told.
    groups : GroupPlan or None
        Groups of calls that are held against each other beside those of the plan, and what is looked through.
    qualitative : QualitativePlan or None
        Coded interviews, and themes that are held beside results.
    first_calls : FirstCallPlan or None
        What is held against the first call; None where nothing is.
    graph : CausalGraph or None
        What moves what, for designs of calls; None for the shipped graph of a call.
    graph_file : Path or None
        Where a graph of its own lies.
    folder : Path or None
        Where its file lies, and its plan where there is one.
    """

    title: str
    tables: Mapping[str, Source]
    designs: tuple[str, ...]
    options: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    city: str | None = None
    start: str | None = None
    start_between: tuple[str, str] | None = None
    dose: str | None = None
    primary: str | None = None
    controls: tuple[str, ...] = ()
    sensitive: bool = True
    simulated: bool = False
    seed: int = 1
    donors: Mapping[str, Any] | None = None
    policy: Policy = inside
    ledger: Ledger | None = None
    bias: Mapping[str, Bias] | None = None
    funnel: Mapping[str, Any] | None = None
    cost: CostPlan | None = None
    groups: GroupPlan | None = None
    qualitative: QualitativePlan | None = None
    first_calls: FirstCallPlan | None = None
    graph: CausalGraph | None = None
    graph_file: Path | None = field(default=None, compare=False)
    folder: Path | None = field(default=None, compare=False)

    def asked(self, design: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every outcome and set of options asked of a design."""
        for options in self.options.get(design, ({},)):
            for outcome in options.get("outcomes", (str(self.primary),)):
                yield outcome, options


def read_study(path: str | Path) -> Study:
    """Read a study file.

    Parameters
    ----------
    path : path of a TOML file
        Table paths are relative to its folder; ``${NAME}`` stands for an environment variable.

    Returns
    -------
    Study

    Raises
    ------
    DataError
        Listing every unknown key, missing key, wrong type and missing file.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(
            f"there is no study file {file}", mend="give its path, or write one: coresponder-causal init DIR"
        )
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{file.name} is not a TOML file in UTF-8: {error}", mend="correct that line") from error
    return parse_study(content, file.parent, name=file.name)


def parse_study(content: Mapping[str, Any], folder: Path, *, name: str) -> Study:
    """Make a study of what its file states, as `read_study` does; paths are relative to ``folder``."""
    problems = Problems(f"study {name}")
    options = _with_files(_design_options(content, problems), folder, problems)
    sections = _sections({key: part for key, part in content.items() if key not in design_names}, problems)
    _check_types(sections, problems)
    tables = {table: _source(table, given, folder, problems) for table, given in sections["tables"].items()}
    _check_complete(sections, problems)
    _check_calls(sections, options, problems)
    policy = _policy(sections["release"], problems)
    bias = read_biases(sections["bias"], _asked(sections), problems)
    followed = read_funnel(sections["funnel"], sections["tables"], problems) if "funnel" in content else None
    costs = read_costs(sections["cost"], problems)
    groups = read_groups(sections["groups"], problems) if "groups" in content else None
    first = read_first_calls(sections["first_calls"], problems) if "first_calls" in content else None
    heard = None
    if "qualitative" in content:
        heard = read_qualitative(
            sections["qualitative"],
            sections["tables"],
            lambda path, what: _file(path, folder, what, problems),
            problems,
        )
    stated = sections["graph"].get("file")
    graph_file = _file(stated, folder, "file in [graph]", problems) if isinstance(stated, str) else None
    graph = study_graph(sections["graph"], graph_file, problems) if "graph" in content else None
    problems.raise_if_any(DataError)
    ledger = sections["release"].get("ledger")
    kept = None if ledger is None else Ledger(folder / ledger)
    chosen = sections["donors"] if "donors" in content else None
    return replace(
        _study(sections, tables, options),
        donors=chosen,
        policy=policy,
        ledger=kept,
        bias=bias,
        funnel=followed,
        cost=costs,
        groups=groups,
        qualitative=heard,
        first_calls=first,
        graph=graph,
        graph_file=graph_file,
        folder=folder,
    )


def _policy(given: Mapping[str, Any], problems: Problems) -> Policy:
    """For whom a study is; what cannot be is a problem."""
    try:
        return Policy(audience=given.get("audience", "internal"), agreement=given.get("agreement"))
    except DisclosureError as error:
        problems.add(f"[release]: {error.what}", mend=error.mend)
        return Policy()


def _sections(content: Mapping[str, Any], problems: Problems) -> Sections:
    """Every section with its known keys, empty where it is missing; whatever is unknown is a problem."""
    for name, entries in content.items():
        if name not in keys:
            known_sections = ", ".join((*keys, *design_names))
            problems.add(f"unknown section [{name}]", mend=f"sections are {known_sections}")
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
            problems.add(f"unknown {word} '{key}' in [{name}]", mend=f"{word}s are {', '.join(known[name])}")
    return {name: {key: entries[key] for key in known[name] if key in entries} for name, entries in given.items()}


def _design_options(content: Mapping[str, Any], problems: Problems) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Options by design: a section, or several of one name in double brackets, each an estimate of its own."""
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    run = content.get("designs", {}).get("run", []) if isinstance(content.get("designs"), dict) else []
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
                problems.add(f"unknown key '{key}' in [{name}]{asked}", mend=f"keys are {', '.join(known)}")
            for key in ("outcomes", "covariates", "exact"):
                if key in entry and not _names(entry[key]):
                    problems.add(f"{key} in [{name}] is {entry[key]!r}", mend="write a list of names")
            _check_known(name, entry, problems)
            if adjust not in adjustments:
                problems.add(f"adjust in [{name}] is {adjust!r}", mend=f"choose from {', '.join(adjustments)}")
        found[name] = tuple(entries)
    return found


def _with_files(
    options: dict[str, tuple[Mapping[str, Any], ...]], folder: Path, problems: Problems
) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Options in which files, of plans drawn by lot and of counts returned, are found from the folder of the study."""
    found = dict(options)
    for name in files_of.keys() & options.keys():
        found[name] = tuple(
            entry
            | {
                key: _file(str(entry[key]), folder, f"{key} in [{name}]", problems)
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


def _check_types(sections: Sections, problems: Problems) -> None:
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
    run = _asked(sections)
    unknown = [name for name in run if name not in design_names]
    if unknown:
        problems.add(f"unknown designs {unknown}", mend=f"designs are {', '.join(design_names)}")
    elif len(set(run)) < len(run):
        problems.add(f"run in [designs] names a design twice: {', '.join(run)}", mend="name each once")


def _asked(sections: Sections) -> list[Any]:
    """Return the designs asked for, none where the list is missing or no list."""
    run = sections["designs"].get("run")
    return run if isinstance(run, list) else []


def _study(
    sections: Sections, tables: Mapping[str, Source], options: Mapping[str, tuple[Mapping[str, Any], ...]]
) -> Study:
    about, treated, outcomes = (sections[name] for name in ("study", "treated", "outcomes"))
    between = treated.get("start_between")
    start = treated.get("start")
    return Study(
        title=about["title"],
        tables=tables,
        designs=tuple(_asked(sections)),
        options=options,
        city=treated.get("city"),
        start=None if start is None else str(start),
        start_between=None if between is None else (str(between[0]), str(between[1])),
        dose=treated.get("dose"),
        primary=outcomes.get("primary"),
        controls=tuple(outcomes.get("controls", ())),
        sensitive=about.get("sensitive", True),
        simulated=about.get("simulated", False),
        seed=about.get("seed", 1),
    )


def _source(name: str, given: object, folder: Path, problems: Problems) -> Source:
    """File and column names of a table: a path, or a table with ``path`` and ``columns``."""
    entry: dict[str, Any] = given if isinstance(given, dict) else {"path": given}
    path, columns = entry.get("path"), entry.get("columns", {})
    mapped = isinstance(columns, dict) and all(isinstance(theirs, str) for theirs in columns.values())
    if not isinstance(path, str) or not mapped or entry.keys() - {"path", "columns"}:
        problems.add(
            f"table '{name}' is {given!r}", mend='write "file.csv" or {path = "…", columns = {ours = "theirs"}}'
        )
        return Source(path=folder)
    file = _file(path, folder, f"table '{name}'", problems)
    twice = sorted(theirs for theirs, count in Counter(columns.values()).items() if count > 1)
    if twice:
        problems.add(f"table '{name}': columns maps {', '.join(twice)} to several fields", mend="map each column once")
    return Source(path=file, columns={theirs: ours for ours, theirs in columns.items()})


def _file(path: str, folder: Path, what: str, problems: Problems) -> Path:
    """File that a study names, relative to its folder, with environment variables filled in."""
    filled = Template(path).safe_substitute(os.environ)
    if "$" in filled:
        problems.add(f"{what}: {path} names a variable that is not set", mend="set it, or write the path")
        return folder
    if not (folder / filled).is_file():
        problems.add(f"{what}: there is no file {filled}", mend="correct the path")
    return folder / filled


def _check_complete(sections: Sections, problems: Problems) -> None:
    """Note what is missing for a page, and for the designs asked for."""
    for key, section in (("title", "study"), ("run", "designs")):
        if key not in sections[section]:
            problems.add(f"key '{key}' in [{section}] is missing", mend="add it")
    tables, treated, run = set(sections["tables"]), sections["treated"], _asked(sections)
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


def _check_calls(sections: Sections, options: Mapping[str, tuple[Mapping[str, Any], ...]], problems: Problems) -> None:
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
    run = _asked(sections)
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
