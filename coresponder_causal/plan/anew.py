"""A study evaluated from its tables without anything kept from before, and the files that say what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.version import VERSION
from coresponder_causal.plan.costed import with_cost
from coresponder_causal.plan.deviations import with_deviations
from coresponder_causal.plan.fairness import fairness_of, with_fairness
from coresponder_causal.plan.first_calls import with_first_calls
from coresponder_causal.plan.groups import benefits, with_groups
from coresponder_causal.plan.joint import with_what_was_said
from coresponder_causal.plan.manifest import as_json
from coresponder_causal.plan.numbers import numbers
from coresponder_causal.plan.reading import read_tables
from coresponder_causal.plan.run import Evaluation, Say, evaluation_page, run
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.weighed import weighed, with_evidence
from coresponder_causal.plan.workforce import with_workforce, with_workforce_sections
from coresponder_causal.privacy import inside
from coresponder_causal.report.write import results_inside

pages = ("index.html", "index.md")
numbers_name = "numbers.csv"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anew:
    """An evaluation, its page, and the tables it was run on.

    Parameters
    ----------
    evaluation : Evaluation
    page : Page
    tables : mapping of DataFrame
    """

    evaluation: Evaluation
    page: report.Page
    tables: Mapping[str, pd.DataFrame]


def evaluated_anew(study: Study, *, version: str = VERSION, say: Say = lambda _: None) -> Anew:
    """Read a study's tables, run it and make its page; doubts stand on the page.

    Parameters
    ----------
    study : Study
        Read from a file; its plan, if it has one, is frozen.
    version : str
        What the results give as the version they were computed with.
    say : callable
        Told what is being done.

    Raises
    ------
    CausalError
        As of `read_tables` and `run`.
    """
    say("Reading and validating the tables")
    with quietly():
        tables, quality = read_tables(study)
        found = with_workforce(run(study, tables, quality, say=say), tables, say=say)
        stamped = (replace(one, provenance=replace(one.provenance, version=version)) for one in found.results)
        evaluation = replace(found, results=tuple(stamped))
        together = weighed(evaluation, tables)
        page = with_groups(evaluation_page(evaluation), benefits(evaluation))
        page = with_fairness(page, fairness_of(evaluation, tables))
        page = with_evidence(page, together)
        page = with_cost(page, evaluation, tables, together)
        page = with_first_calls(page, evaluation, tables)
        page = with_workforce_sections(page, evaluation)
        page = with_what_was_said(page, evaluation, tables)
        page = with_deviations(page, evaluation, tables)
    return Anew(evaluation=evaluation, page=page, tables=tables)


def write_findings(found: Anew, folder: Path) -> None:
    """Write what was found, nothing hidden: the page as HTML and Markdown, the results, and every anchored number.

    Parameters
    ----------
    found : Anew
    folder : Path
    """
    report.write_all({folder / name: found.page for name in pages}, policy=inside)
    results = [json.loads(result.to_json()) for result in found.evaluation.every_result]
    write_whole(folder / results_inside, as_json(results))
    anchored = numbers(found.evaluation, found.page, found.tables)
    write_whole(folder / numbers_name, anchored.to_csv(index=False, lineterminator="\n").encode())


def read_numbers(folder: Path) -> pd.DataFrame:
    """Read anchored numbers as `write_findings` wrote them, every cell as text."""
    return pd.read_csv(folder / numbers_name, dtype=str, keep_default_na=False, encoding="utf-8")
