"""PLAN.toml: an evaluation plan as its file states it, checked key by key, and the example to start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from pathlib import Path
from string import Template
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.parsed import toml_of
from coresponder_causal.plan.designs import after_calls, like_calls, some_known
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.labour import survey_tables
from coresponder_causal.plan.needed_fields import of_officers
from coresponder_causal.plan.plan_rules import broken_rules, falsifications, planned_order
from coresponder_causal.plan.study import Study
from coresponder_causal.report.words import dates

T = TypeVar("T")
plan_name = "PLAN.toml"
words = {str: "text", bool: "true or false", int: "a whole number", float: "a number", date: "a date: 2026-01-31"}
usual_inference = {
    "hours": "prediction interval where other cities bring hours, else the noise of the city's own ratio",
    "cities": "prediction interval: how far other cities drift apart without a programme",
    "series": "noise and its memory within the series, small-sample degrees of freedom",
    **dict.fromkeys((*like_calls, *after_calls, *some_known), "robust to repeated calls of one person"),
    "strata": "binomial counts, with the noise and the hidden cells of the return",
    "instrument": "Anderson-Rubin interval, which stands where the instrument is weak",
    "two_way": "permutation over cities",
}


def plan_path(study: Study) -> Path | None:
    """Return where the plan of a study lies: beside its file. None: there is none."""
    path = None if study.folder is None else study.folder / plan_name
    return path if path is not None and path.is_file() else None


def read_plan(path: str | Path, study: Study) -> EvaluationPlan:
    """Read a plan and hold it against its study.

    Parameters
    ----------
    path : path of a TOML file
    study : Study
        The study it is the plan of.

    Returns
    -------
    EvaluationPlan

    Raises
    ------
    DataError
        Listing every unknown or missing key, every wrong type and every broken rule.
    """
    file = Path(path)
    return parse_plan(plan_text(file), study, name=file.name)


def plan_text(file: Path) -> str:
    """Return the text of a plan's file, which must be there."""
    if not file.is_file():
        raise DataError(f"there is no plan {file}", mend="write one: coresponder-causal plan init STUDY.toml")
    return file.read_text(encoding="utf-8-sig", errors="replace")


def parse_plan(text: str, study: Study, *, name: str = plan_name) -> EvaluationPlan:
    """Read a plan from text, as `read_plan` does from a file.

    Parameters
    ----------
    text : str
        TOML.
    study : Study
        The study that it plans.
    name : str
        What errors call it.
    """
    problems = Problems(f"plan {name}")
    plan = stated_plan(text, name=name)
    for said, mend in broken_rules(plan, study):
        problems.add(said, mend=mend)
    problems.raise_if_any(DataError)
    return plan


def stated_plan(text: str, *, name: str = plan_name) -> EvaluationPlan:
    """Read a plan from text without holding it against a study: its keys and types alone."""
    content = toml_of(text, name=name)
    problems = Problems(f"plan {name}")
    about = content.pop("plan", {})
    if not isinstance(about, dict):
        problems.add("plan is a value, not a section", mend="write [plan] on a line of its own")
        about = {}
    plan = _entry(EvaluationPlan, about | content, "[plan]", problems)
    problems.raise_if_any(DataError)
    assert plan is not None  # else there was a problem
    return plan


def _entry(kind: type[T], given: Mapping[str, Any], where: str, problems: Problems) -> T | None:
    """Make one dataclass of a section, or note why not."""
    hints, known, before = get_type_hints(kind), {f.name: f for f in fields(kind)}, len(problems.found)  # type: ignore[arg-type]
    for key in sorted(given.keys() - known.keys()):
        problems.add(f"unknown key '{key}' in {where}", mend=f"keys are {', '.join(known)}")
    for key, field in known.items():
        if key not in given and field.default is MISSING:
            problems.add(f"'{key}' in {where} is missing", mend="add it")
    read = {key: _value(hints[key], given[key], key, where, problems) for key in known if key in given}
    return kind(**read) if len(problems.found) == before else None


def _value(hint: Any, given: object, key: str, where: str, problems: Problems) -> object:  # noqa: ANN401
    """Read one value by the type that its field has; a value that does not fit is a problem."""
    if get_origin(hint) is tuple:
        kind, listed = get_args(hint)[0], given if isinstance(given, list) else [given]
        places = [f"[[{key}]] {i}" if is_dataclass(kind) else where for i in range(1, len(listed) + 1)]
        return tuple(_value(kind, one, key, place, problems) for one, place in zip(listed, places, strict=True))
    if isinstance(hint, type) and is_dataclass(hint):
        if isinstance(given, dict):
            return _entry(hint, given, where if where.startswith("[[") else f"[{key}]", problems)
        problems.add(f"{key} is a value, not a section", mend=f"write [{key}] or [[{key}]] on a line of its own")
    elif get_origin(hint) is Literal:
        if given not in get_args(hint):
            problems.add(f"{key} in {where} is {given!r}", mend=f"choose from {', '.join(get_args(hint))}")
    elif hint is float and type(given) is int:
        return float(given)
    elif type(given) is not hint:
        problems.add(f"{key} in {where} is {given!r}", mend=f"write {words[hint]}")
    return " ".join(given.split()) if isinstance(given, str) else given


def example_plan(study: Study) -> str:
    """Return the text of the example plan with a study's title, city, start, designs and data about officers filled in.

    Parameters
    ----------
    study : Study
    """
    shipped = (Path(__file__).parent / "plan_example.toml").read_text(encoding="utf-8")
    start = study.start or " to ".join(study.start_between or ("an unknown date",))
    surveyed = bool(study.tables.keys() & set(of_officers))
    facts = {
        "title": study.title,
        "city": str(study.city),
        "start": dates(start),
        "officer_data": "true" if surveyed else "false",
        "waves": "true" if study.tables.keys() & set(survey_tables) else "false",
        "officer_survey": ", runs the survey of officers" if surveyed else "",
        "officer_answers": "answers to the survey never reach the employer; " if surveyed else "",
    }
    quoted = {key: value.replace("\\", "\\\\").replace('"', '\\"') for key, value in facts.items()}
    designs = [
        f'[[design]]\nname = "{name}"\ninference = "{usual_inference.get(name, "as its method card says")}"\n'
        f'falsification = "{falsifications[name][0]}"\n'
        for name in planned_order(study.designs)
    ]
    return Template(shipped).substitute(quoted, designs="\n".join(designs))


def write_example_plan(study: Study, *, force: bool = False) -> Path:
    """Write the example plan beside a study.

    Parameters
    ----------
    study : Study
        Read from a file.
    force : bool
        Replace a plan that is there.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If a plan is there, or the study is not one of a file.
    """
    if study.folder is None:
        raise DataError("the study has no file beside which a plan could lie", mend="read one: plan.read_study")
    path = study.folder / plan_name
    if path.is_file() and not force:
        raise DataError(f"there is a plan {path}", mend="edit it, or replace it with --force")
    return write_whole(path, example_plan(study).encode())
