"""Run a study: read and validate its tables, form its designs, estimate, check, and write the page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from coresponder_causal import check, estimate, report
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.data import findings, read_table, validate
from coresponder_causal.data.columns import Finding
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.plan.assemble import Counts, counts
from coresponder_causal.plan.study import Study

Design = SeriesDesign | PanelDesign | CoverageDesign
Say = Callable[[str], None]
enough_events = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluation:
    """What a study found.

    Parameters
    ----------
    study : Study
    quality : DataFrame
        Every finding of validation, one row each, with its table.
    results : tuple of Result
        Headline first.
    designs : tuple
        Designs of the results, in their order.
    checks : mapping from method to its checks
    falsification : tuple of CheckResult
        Checks of the contrast within the treated city alone, which only describes.
    lines : tuple of str
        What was decided about the data on the way.
    """

    study: Study
    quality: pd.DataFrame
    results: tuple[Result, ...]
    designs: tuple[Design, ...]
    checks: Mapping[str, tuple[CheckResult, ...]]
    falsification: tuple[CheckResult, ...]
    lines: tuple[str, ...]


def read_tables(study: Study) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read and validate every table of a study.

    Returns
    -------
    tables : dict of DataFrame
        Typed by the dictionary.
    quality : DataFrame
        Findings with a column ``table``.

    Raises
    ------
    DataError
        Listing every broken rule of every table. A study without designs is about the data alone: there broken rules
        are what it finds, and its tables are returned as they were read.
    """
    columns = {name: source.columns for name, source in study.tables.items()}
    with collecting() as said:
        read = {name: read_table(source.path) for name, source in study.tables.items()}
    given = {name: _with_namesakes_aside(frame, columns[name]) for name, frame in read.items()}
    if study.designs:
        tables, quality = validated(given, columns)
    else:
        tables, quality = given, quality_of(given, columns)
    return tables, _with_remarks(quality, said)


def _with_remarks(quality: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    """Add what was said while files were read."""
    remarks = [Finding(text, "", "quality", 1, (), "check that this is what was meant") for text in said]
    found = pd.DataFrame(remarks, columns=list(Finding.__slots__)).assign(table="")
    return pd.concat([quality, found], ignore_index=True).astype({"count": "int64"})


def _with_namesakes_aside(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Rename columns that bear the name of a field to which another column was mapped."""
    taken = {ours for theirs, ours in columns.items() if theirs in frame.columns} - set(columns)
    return frame.rename(columns={name: f"{name} (not the one mapped)" for name in frame.columns if name in taken})


def quality_of(
    given: Mapping[str, pd.DataFrame], columns: Mapping[str, Mapping[str, str]] | None = None
) -> pd.DataFrame:
    """Return the findings of validation over several tables, with a column ``table``."""
    found = [
        findings(frame, table=name, columns=(columns or {}).get(name)).assign(table=name)
        for name, frame in given.items()
    ]
    return pd.concat(found, ignore_index=True).astype({"count": "int64"})


def validated(
    given: Mapping[str, pd.DataFrame], columns: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Validate tables in memory; all that is wrong is raised together."""
    quality = quality_of(given, columns)
    problems = Problems("the study's data")
    for entry in quality[quality["severity"] == "error"].to_dict("records"):
        what = f"table '{entry['table']}', {entry['field'] or 'whole table'}: {entry['rule']} ({entry['count']})"
        problems.add(what, mend=str(entry["mend"]), rows=entry["rows"], total=int(entry["count"]))
    problems.raise_if_any(DataError)
    tables = {name: validate(frame, table=name, columns=columns.get(name)) for name, frame in given.items()}
    return tables, quality


def run(
    study: Study, tables: Mapping[str, pd.DataFrame], quality: pd.DataFrame, *, say: Say = lambda _: None
) -> Evaluation:
    """Form the designs a study asks for, estimate and check them.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated tables, as `read_tables` gives them.
    quality : DataFrame
        Findings of validation.
    say : callable
        Told what is being done.
    """
    read = tuple(f"Table {name}: {len(table):,} rows." for name, table in tables.items())
    if not study.designs:
        return Evaluation(study=study, quality=quality, results=(), designs=(), checks={}, falsification=(), lines=read)
    say("Counting calls by city, month and hour")
    data = counts(study, tables)
    results, designs, checks = [], [], {}
    for name in study.designs:
        say(f"Forming the design '{name}' and estimating")
        design = form(name, study, data)
        result = method(name)(design)
        say(f"Checking {result.method}")
        checks[result.method] = check.battery(result, design, controls=study.controls)
        results.append(result)
        designs.append(design)
    order = sorted(range(len(results)), key=lambda i: rank(results[i]))
    return Evaluation(
        study=study,
        quality=quality,
        results=tuple(results[i] for i in order),
        designs=tuple(designs[i] for i in order),
        checks={results[i].method: checks[results[i].method] for i in order},
        falsification=_falsified(study, results, designs),
        lines=(*read, *data.lines),
    )


def _falsified(study: Study, results: list[Result], designs: list[Design]) -> tuple[CheckResult, ...]:
    """Check the within-city contrast of covered hours by outcomes the programme cannot touch."""
    term = "covered_within_city"
    return tuple(
        check.control_outcomes(result, design, outcomes=study.controls, term=term)
        for result, design in zip(results, designs, strict=True)
        if result.terms["term"].eq(term).any()
    )


def rank(result: Result) -> int:
    """Place of a result on the page: the headline first.

    The triple difference leads where the treated city has at least 60 events a month and comparison cities bring
    hours; then the comparison of cities; then the triple difference of fewer events; then the single series; the
    covered hours of one city alone only describe and come last.
    """
    if result.method == "call_coverage":
        if result.terms["term"].iloc[0] != "triple_difference":
            return 4
        return 0 if result.extra.number("mean_events") >= enough_events else 2
    return {"did_prediction_interval": 1, "its_segmented": 3}[result.method]


def method(name: str) -> Callable[..., Result]:
    """Return the estimator of a design's name."""
    methods: dict[str, Callable[..., Result]] = {
        "hours": estimate.call_coverage,
        "cities": estimate.did_prediction_interval,
        "series": estimate.its_segmented,
    }
    return methods[name]


def form(name: str, study: Study, data: Counts) -> Design:
    """Form one of a study's designs."""
    primary, city = str(study.primary), str(study.city)
    if name == "hours":
        return CoverageDesign.from_tables(
            data.hourly,
            data.schedule,
            outcome=primary,
            treated=city,
            start=study.start,
            start_between=study.start_between,
            dose=_schedule_dose(study),
        )
    exposure = "population" if data.monthly["population"].notna().any() else None
    if name == "cities":
        return PanelDesign.from_frame(
            data.monthly,
            outcome=primary,
            unit="city",
            time="month",
            treated=city,
            start=study.start,
            start_between=study.start_between,
            exposure=exposure,
            dose=study.dose,
        )
    return SeriesDesign.from_frame(
        data.monthly[data.monthly["city"] == city],
        outcome=primary,
        time="month",
        start=study.start,
        start_between=study.start_between,
        exposure=exposure,
        dose=study.dose,
        breaks=data.breaks,
        city=city,
    )


def _schedule_dose(study: Study) -> Literal["planned_hours", "delivered_hours"] | None:
    """Return the dose of the hours design: one of the schedule, or none."""
    doses: dict[str | None, Literal["planned_hours", "delivered_hours"]] = {
        "planned_hours": "planned_hours",
        "delivered_hours": "delivered_hours",
    }
    return doses.get(study.dose)


def evaluation_page(evaluation: Evaluation, *, truth: Mapping[str, float] | None = None) -> report.Page:
    """Put an evaluation on a page; ``truth`` marks it as simulated and adds the distances from the truth.

    Parameters
    ----------
    evaluation : Evaluation
    truth : mapping, optional
        True values by ``"method.term"``.
    """
    headline = evaluation.results[0].method if evaluation.results else ""
    quality = evaluation.quality.drop(columns="rows") if evaluation.study.sensitive else evaluation.quality
    return report.page(
        evaluation.results,
        checks=evaluation.checks.get(headline, ()),
        falsification=evaluation.falsification,
        title=evaluation.study.title,
        truth=truth,
        simulated=evaluation.study.simulated or truth is not None,
        sensitive=evaluation.study.sensitive,
        quality=quality,
        design_lines=(*(design.describe() for design in evaluation.designs), *evaluation.lines),
    )


def publish(page: report.Page, evaluation: Evaluation, out: Path, *, force: bool = False) -> Path:
    """Write an evaluation: the page, the results as JSON, the findings about the data. All of it or nothing.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    out : Path
        Folder; one that holds files is refused without ``force``. With it an earlier evaluation is replaced; other
        files stay.

    Returns
    -------
    Path
        The page.
    """
    refuse_filled(out, force=force)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".writing-") as folder:
        made = Path(folder) / "evaluation"
        report.write(page, made)
        results = [json.loads(result.public().to_json()) for result in evaluation.results]
        (made / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        out.mkdir(exist_ok=True)
        for file in made.iterdir():
            file.replace(out / file.name)
    return out / "index.html"


def refuse_filled(out: Path, *, force: bool) -> None:
    """Refuse a folder that holds files, unless it is to be replaced.

    Raises
    ------
    DataError
        Name another folder, or write into this one with ``--force``.
    """
    if out.is_file():
        raise DataError(f"{out} is a file", mend="name a folder")
    if out.is_dir() and any(out.iterdir()) and not force:
        raise DataError(f"the folder {out} is not empty", mend="name another, or write into it with --force")
