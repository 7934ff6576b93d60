"""What a bundle's numbers would be under other assumptions: both runs side by side."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.parsed import read_toml
from coresponder_causal.core.result import Result
from coresponder_causal.plan.bundle import study_name
from coresponder_causal.plan.frozen import differences, study_content
from coresponder_causal.plan.manifest import distinct, result_ids
from coresponder_causal.plan.reading import unguarded
from coresponder_causal.plan.run import Evaluation, Say, run
from coresponder_causal.plan.study import parse_study
from coresponder_causal.plan.study_keys import design_names
from coresponder_causal.plan.verify import opened
from coresponder_causal.report.tables import support_of

not_varied = ("tables", "release")
either = ("start", "start_between")
sides = ("bundle", "varied")
bounds = ("", "_low", "_high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Varied:
    """A bundle's evaluation beside one under other assumptions.

    Parameters
    ----------
    changes : DataFrame
        ``place, bundle, varied``: everything of the study that is another.
    terms : DataFrame
        ``result, term, bundle, bundle_low, bundle_high, varied, varied_low, varied_high, difference``: estimates with
        their 95 % intervals, ratios as such; missing where one of the two has no such term.
    checks : DataFrame
        ``result, check, bundle, varied``: verdicts that are others.
    evaluation : Evaluation
        Under the other assumptions.
    support : DataFrame or None
        What stands behind the estimates.
    """

    changes: pd.DataFrame
    terms: pd.DataFrame
    checks: pd.DataFrame
    evaluation: Evaluation
    support: pd.DataFrame | None


def vary(
    bundle: str | Path,
    assumptions: str | Path,
    base: Evaluation,
    *,
    tables: Path | None = None,
    say: Say = lambda _: None,
) -> Varied:
    """Run the study of a bundle once more with other assumptions.

    Parameters
    ----------
    bundle : path
        A bundle whose study could be run again.
    assumptions : path of a TOML file
        Sections of a study file with the keys to change, see `with_assumptions`.
    base : Evaluation
        The bundle's study as it was run again, see `verify`.
    tables : Path, optional
        As of `verify`.
    say : callable
        Told what is being done.

    Raises
    ------
    DataError
        Listing every key that a study file does not know; what may not be varied; or nothing to compare.
    CausalError
        If the designs cannot be formed under these assumptions.
    """
    file = Path(assumptions)
    stated = read_toml(file)
    with opened(bundle, tables) as folder, quietly():
        content = with_assumptions(read_toml(folder / study_name), stated)
        study = parse_study(content, folder, name=f"{study_name} with the assumptions of {file.name}")
        say("Running it under other assumptions")
        other = run(study, *unguarded(study), say=say)
    results = [*base.results, *other.results]
    if not results:
        raise DataError("neither run has a result to compare", mend="ask for designs: [designs] run = […]")
    changes = differences(study_content(base.study), study_content(study))
    terms = _beside(_terms(base), _terms(other), keys=["result", "term"])
    checks = _beside(_verdicts(base), _verdicts(other), keys=["result", "check"]).fillna("not made")
    return Varied(
        changes=pd.DataFrame([(c.where, _said(c.old), _said(c.new)) for c in changes], columns=["place", *sides]),
        terms=terms.assign(difference=terms["varied"] - terms["bundle"]),
        checks=checks[checks["bundle"] != checks["varied"]].reset_index(drop=True),
        evaluation=other,
        support=support_of(results),
    )


def with_assumptions(content: Mapping[str, Any], assumptions: Mapping[str, Any]) -> dict[str, Any]:
    """Put assumptions over the content of a study file.

    Parameters
    ----------
    content : mapping
        Of a study file.
    assumptions : mapping
        Keys of a section take the place of those it has, in each entry of a design that is asked for several times; a
        section in double brackets takes the place of all entries. Designs that are no longer run lose their options.

    Raises
    ------
    DataError
        If nothing is varied, or tables or the audience are.

    Examples
    --------
    >>> study = {"treated": {"city": "Davis", "start": "2020-07"}, "designs": {"run": ["gap", "series"]}, "gap": {}}
    >>> with_assumptions(study, {"treated": {"start": "2020-09"}, "designs": {"run": ["series"]}})
    {'treated': {'city': 'Davis', 'start': '2020-09'}, 'designs': {'run': ['series']}}
    """
    refused = [name for name in not_varied if name in assumptions]
    if refused or not assumptions:
        what = f"[{'] and ['.join(refused)}] cannot be varied" if refused else "no assumption is varied"
        raise DataError(what, mend="name sections such as [treated], [designs], [donors] or one of a design")
    merged = copy.deepcopy(dict(content))
    for name, part in assumptions.items():
        merged[name] = _over(merged.get(name, {}), part)
    given, designs = assumptions.get("treated"), merged.get("designs")
    if isinstance(given, dict) and sum(key in given for key in either) == 1:
        merged["treated"] = {key: v for key, v in merged["treated"].items() if key in given or key not in either}
    run = designs.get("run", []) if isinstance(designs, dict) else []
    return {k: part for k, part in merged.items() if k not in design_names or k in run or k in assumptions}


def _over(old: object, new: object) -> object:
    """Put one section over another."""
    if not isinstance(new, dict):
        return new
    if isinstance(old, list):
        return [entry | new for entry in old]
    return old | new if isinstance(old, dict) else new


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)


def _terms(evaluation: Evaluation) -> pd.DataFrame:
    """Estimates and intervals of every term of every result."""
    found = zip(result_ids(evaluation.results), evaluation.results, strict=True)
    none = pd.DataFrame(columns=["result", "term", *bounds], dtype=float)
    return pd.concat([_estimates(name, result) for name, result in found] or [none])


def _estimates(name: str, result: Result) -> pd.DataFrame:
    table = result.tidy(scale="ratio" if result.scale == "log_ratio" else None)
    keys = [key for key in result.terms if key != "term"]
    terms = [
        " ".join([str(row["term"]), *(f"{key} {row[key]}" for key in keys if pd.notna(row[key]))])
        for row in table.to_dict("records")
    ]
    values = table[["estimate", "conf_low", "conf_high"]].set_axis(list(bounds), axis=1)
    return values.assign(result=name, term=distinct(terms))


def _verdicts(evaluation: Evaluation) -> pd.DataFrame:
    """Verdict of every check of every result."""
    rows = [
        {"result": name, "check": check, "": one.verdict}
        for name, checks in zip(result_ids(evaluation.results), evaluation.checks, strict=True)
        for check, one in zip(distinct(one.check for one in checks), checks, strict=True)
    ]
    return pd.DataFrame(rows, columns=["result", "check", ""])


def _beside(one: pd.DataFrame, other: pd.DataFrame, *, keys: Sequence[str]) -> pd.DataFrame:
    """Put two tables side by side by their keys, in the order of the first."""
    both = pd.concat([one[keys], other[keys]]).drop_duplicates()
    for side, table in zip(sides, (one, other), strict=True):
        named = {name: f"{side}{name}" for name in table if name not in keys}
        both = both.merge(table.rename(columns=named), on=list(keys), how="left")
    return both
