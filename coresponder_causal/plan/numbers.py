"""Every number and every text of an evaluation under an anchor: where it stands, and which result it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.plan.freeze import rows_and_hash
from coresponder_causal.plan.frozen import plan_content, read_record, study_content
from coresponder_causal.plan.manifest import distinct, result_ids
from coresponder_causal.plan.plan_file import plan_path, read_plan
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.study import Study
from coresponder_causal.report.specs import Page, Picture, Sentence, Table

columns = ("anchor", "value", "result", "fingerprint")
longest_name = 40  # letters of the first text of a row that its anchor repeats
telling = 9  # letters from which on a number with decimals is taken to be that very number wherever it stands


def numbers(evaluation: Evaluation, page: Page, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Anchor every number and text of an evaluation.

    Parameters
    ----------
    evaluation : Evaluation
    page : Page
        Its page.
    tables : mapping of DataFrame
        Validated tables it was run on: their rows are counted and hashed.

    Returns
    -------
    DataFrame
        Text columns ``anchor`` (unique), ``value`` (numbers with every digit), ``result`` (id; empty where a part
        belongs to none alone) and ``fingerprint`` of the data of that result, or of all results together.
    """
    whole = fingerprint(*(result.provenance.data for result in evaluation.results))
    rows: list[tuple[str, str, str, str]] = []
    found = zip(result_ids(evaluation.results), evaluation.results, evaluation.checks, strict=True)
    for name, result, checks in found:
        said = {**_of_result(result), "checks": _of_checks(checks)}
        rows += ((anchor, value, name, result.provenance.data) for anchor, value in leaves(name, said))
    origin = _origins(rows)
    prints = {name: data for _, _, name, data in rows}
    rest = {
        "falsification": _of_checks(evaluation.falsification),
        "page": _of_page(page),
        "study": study_content(evaluation.study),
        "plan": _of_plan(evaluation.study),
        "tables": {name: rows_and_hash(table) for name, table in tables.items()},
    }
    for part, content in rest.items():
        for anchor, value in leaves(part, content):
            name = origin.get(value, "")
            rows.append((anchor, value, name, prints.get(name, whole)))
    frame = pd.DataFrame(rows, columns=list(columns), dtype=str)
    return frame.assign(anchor=distinct(frame["anchor"]))


def leaves(where: str, content: object) -> Iterator[tuple[str, str]]:
    """Give every single value of nested content with its place; rows and entries are counted from 1.

    Examples
    --------
    >>> list(leaves("a", {"b": [1, 0.5], "c": pd.DataFrame({"term": ["level"], "estimate": [2.0]})}))
    [('a/b/1', '1'), ('a/b/2', '0.5'), ('a/c/1 level/term', 'level'), ('a/c/1 level/estimate', '2.0')]
    """
    if isinstance(content, pd.DataFrame):
        names = [str(name) for name in content.columns]
        for number, row in enumerate(content.itertuples(index=False, name=None), 1):
            text = next((cell for cell in row if isinstance(cell, str)), "")
            place = f"{where}/{f'{number} {text[:longest_name]}'.strip()}"
            yield from ((f"{place}/{name}", _text(cell)) for name, cell in zip(names, row, strict=True))
    elif isinstance(content, Mapping):
        for key, part in content.items():
            yield from leaves(f"{where}/{key}", part)
    elif isinstance(content, list | tuple):
        for number, part in enumerate(content, 1):
            yield from leaves(f"{where}/{number}", part)
    elif content is not None:
        yield where, _text(content)


def _text(value: object) -> str:
    """Write a value so that no digit is lost; what is missing is empty."""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value))
    return "" if value is None or value is pd.NaT or value is pd.NA else str(value)


def _of_result(result: Result) -> dict[str, object]:
    shown = {"terms": result.tidy()} | ({"ratio": result.tidy(scale="ratio")} if result.scale == "log_ratio" else {})
    return {
        "about": {"method": result.method, **result.estimand.to_dict(), "unit": result.scale, "kind": result.kind},
        "rows": {"n_obs": result.n_obs, "n_units": result.n_units},
        **shown,
        "extra": result.extra,
        "path": result.path,
        "cities": result.cities,
        "support": result.support,
        "notes": result.notes,
        "provenance": {key: value for key, value in result.provenance.to_dict().items() if key != "version"},
    }


def _of_checks(checks: Sequence[CheckResult]) -> dict[str, object]:
    names = distinct(one.check for one in checks)
    kept = ("assumption", "verdict", "power", "could_change", "sentence", "table", "course")
    return {name: {key: getattr(one, key) for key in kept} for name, one in zip(names, checks, strict=True)}


def _of_plan(study: Study) -> dict[str, object] | None:
    """Return the plan beside a study and the seals of its frozen states."""
    path = plan_path(study)
    if path is None:
        return None
    seals = [{key: state[key] for key in ("on", "by", "sha256")} for state in read_record(path.parent)]
    return {"stated": plan_content(read_plan(path, study)), "frozen": seals}


def _of_page(page: Page) -> dict[str, object]:
    about = {"title": page.title, "subtitle": page.subtitle, "banners": page.banners}
    titles = distinct(section.title for section in page.sections)
    parts = [_by_name(list(Page(title="", sections=(section,)).parts())) for section in page.sections]
    return {**about, "finding": [_of_sentence(one) for one in page.finding], **dict(zip(titles, parts, strict=True))}


def _by_name(parts: Sequence[Table | Picture | Sentence]) -> dict[str, object]:
    names = distinct("text" if isinstance(part, Sentence) else part.title for part in parts)
    return dict(zip(names, map(_of_part, parts), strict=True))


def _of_part(part: Table | Picture | Sentence) -> dict[str, object]:
    if isinstance(part, Sentence):
        return _of_sentence(part)
    if isinstance(part, Picture):
        return {"caption": part.caption, "alt": part.alt, "labels": part.labels, **part.data}
    return {"note": part.note, "cells": part.frame}


def _of_sentence(sentence: Sentence) -> dict[str, object]:
    return {"text": sentence.text, **sentence.numbers}


def _origins(rows: Sequence[tuple[str, str, str, str]]) -> dict[str, str]:
    """Map numbers with many decimals to the one result that holds them."""
    found: dict[str, set[str]] = {}
    for _, value, name, _ in rows:
        if len(value) >= telling and "." in value and number_in(value) is not None:
            found.setdefault(value, set()).add(name)
    return {value: next(iter(names)) for value, names in found.items() if len(names) == 1}


def number_in(text: str) -> float | None:
    """Return the number that a text is; None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None
