"""Run a study: read and validate its tables, form its designs, estimate, check, and write the page."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from coresponder_causal import check, report
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.data import findings, read_table, validate
from coresponder_causal.data.columns import Finding
from coresponder_causal.design import CoverageDesign, DonorPool
from coresponder_causal.plan.assemble import Counts, counts, sentence_of
from coresponder_causal.plan.before import before_start
from coresponder_causal.plan.designs import Design, Estimated, estimated, rank
from coresponder_causal.plan.donors import further_checks
from coresponder_causal.plan.frozen import require_frozen
from coresponder_causal.plan.study import Study
from coresponder_causal.privacy import Policy
from coresponder_causal.report.tables import support_of
from coresponder_causal.report.write import refuse_mixed, results_inside

Say = Callable[[str], None]


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
    checks : tuple of tuple of CheckResult
        Checks of each result, in their order; none of a result for a further outcome.
    falsification : tuple of CheckResult
        Checks of the contrast within the treated city alone, which only describes.
    lines : tuple of str
        What was decided about the data on the way.
    pool : DonorPool, optional
        Comparison cities chosen beforehand.
    """

    study: Study
    quality: pd.DataFrame
    results: tuple[Result, ...]
    designs: tuple[Design, ...]
    checks: tuple[tuple[CheckResult, ...], ...]
    falsification: tuple[CheckResult, ...]
    lines: tuple[str, ...]
    pool: DonorPool | None = None


def read_tables(study: Study) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read and validate every table of a study, where its plan, if it has one, is frozen.

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
        are what it finds, and its tables are returned as they were read. Also where a plan lies beside the study and
        is not frozen as it stands.
    """
    require_frozen(study)
    return unguarded(study)


def read_before(study: Study) -> dict[str, pd.DataFrame]:
    """Read and validate a study's tables, and keep the rows from before its start: they may always be read.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict of DataFrame
        See `before.before_start`.
    """
    return before_start(study, unguarded(study)[0])


def unguarded(study: Study) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read and validate every table, frozen or not: for callers that withhold outcomes from the start on themselves."""
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
        return Evaluation(study=study, quality=quality, results=(), designs=(), checks=(), falsification=(), lines=read)
    say("Counting calls by city, month and hour")
    data = counts(study, tables)
    with collecting() as said:
        found = [_one(study, data, *asked, say=say) for asked in _asked(study)]
    found.sort(key=lambda pair: rank(pair[0].result))
    made = [pair[0] for pair in found]
    sensitive = study.sensitive
    return Evaluation(
        study=study,
        quality=quality,
        results=tuple(_of_study(one.result, sensitive) for one in made),
        designs=tuple(one.design for one in made),
        checks=tuple(tuple(replace(one, sensitive=sensitive) for one in checks) for _, checks in found),
        falsification=tuple(replace(one, sensitive=sensitive) for one in _falsified(study, made)),
        lines=(*read, *data.lines, *map(sentence_of, said)),
        pool=data.pool,
    )


def _of_study(result: Result, sensitive: bool) -> Result:
    """Let a result know whether its study is sensitive."""
    return replace(result, provenance=replace(result.provenance, sensitive=sensitive))


class _Asked(NamedTuple):
    """One estimate that a study asks for; the first outcome of each set of options is checked."""

    name: str
    outcome: str
    options: Mapping[str, Any]
    checked: bool


def _asked(study: Study) -> Iterator[_Asked]:
    for name in study.designs:
        before: set[int] = set()
        for outcome, options in study.asked(name):
            yield _Asked(name, outcome, options, id(options) not in before)
            before.add(id(options))


def _one(
    study: Study, data: Counts, name: str, outcome: str, options: Mapping[str, Any], checked: bool, *, say: Say
) -> tuple[Estimated, tuple[CheckResult, ...]]:
    say(f"Forming the design '{name}' and estimating {outcome}")
    one = estimated(name, study, data, outcome, options)
    if not checked:
        return one, ()
    say(f"Checking {one.result.method}")
    controls = study.controls if outcome == study.primary else ()
    further = further_checks(study, data, name, outcome, options, one)
    return one, (*check.battery(one.result, one.design, controls=controls), *further)


def _falsified(study: Study, made: list[Estimated]) -> tuple[CheckResult, ...]:
    """Check the within-city contrast of covered hours by outcomes the programme cannot touch."""
    term = "covered_within_city"
    return tuple(
        check.control_outcomes(one.result, one.design, outcomes=study.controls, term=term)
        for one in made
        if one.result.terms["term"].eq(term).any() and isinstance(one.design, CoverageDesign)
    )


def evaluation_page(evaluation: Evaluation, *, truth: Mapping[str, float] | None = None) -> report.Page:
    """Put an evaluation on a page; ``truth`` marks it as simulated and adds the distances from the truth.

    Parameters
    ----------
    evaluation : Evaluation
    truth : mapping, optional
        True values by ``"method.term"``.
    """
    study = evaluation.study
    sensitive = study.sensitive or study.policy.guarded
    quality = evaluation.quality.drop(columns="rows") if sensitive else evaluation.quality
    return report.page(
        evaluation.results,
        checks=evaluation.checks,
        falsification=evaluation.falsification,
        title=study.title,
        truth=truth,
        simulated=study.simulated or truth is not None,
        sensitive=study.sensitive,
        quality=quality,
        design_lines=tuple(_lines(evaluation)),
        donors=None if evaluation.pool is None else report.donor_table(evaluation.pool),
    )


def _lines(evaluation: Evaluation) -> list[report.Sentence]:
    """Say what was compared and decided, each line with what stands behind it."""
    told: dict[str, list[Result]] = {}
    for design, result in zip(evaluation.designs, evaluation.results, strict=True):
        told.setdefault(design.describe(), []).append(result)
    lines = [report.Sentence(text=text, support=support_of(of)) for text, of in told.items()]
    behind = support_of(evaluation.results) if evaluation.results else report.of_nobody
    return [*lines, *(report.Sentence(text=text, support=behind) for text in evaluation.lines)]


def publish(page: report.Page, evaluation: Evaluation, out: Path, *, force: bool = False) -> Path:
    """Write an evaluation for the audience of its study: the page, and inside the results as JSON. All or nothing.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    out : Path
        Folder; one that holds files is refused without ``force``. With it an earlier evaluation is replaced; other
        files stay. One that holds files for another audience is refused.

    Returns
    -------
    Path
        The page.
    """
    refuse_filled(out, force=force, policy=evaluation.study.policy)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".writing-") as folder:
        made = Path(folder) / "evaluation"
        report.write_all({made: page}, policy=evaluation.study.policy, ledger=evaluation.study.ledger)
        if not evaluation.study.policy.guarded:
            results = [json.loads(result.to_json()) for result in evaluation.results]
            (made / results_inside).write_text(json.dumps(results, indent=1), encoding="utf-8")
        out.mkdir(exist_ok=True)
        for file in made.iterdir():
            file.replace(out / file.name)
    return out / "index.html"


def refuse_filled(out: Path, *, force: bool, policy: Policy | None = None) -> None:
    """Refuse a folder that holds files, unless it is to be replaced; by a policy also one with files for others.

    Raises
    ------
    DataError
        Name another folder, or write into this one with ``--force``.
    DisclosureError
        Name another folder, or empty this one.
    """
    if out.is_file():
        raise DataError(f"{out} is a file", mend="name a folder")
    if out.is_dir() and any(out.iterdir()) and not force:
        raise DataError(f"the folder {out} is not empty", mend="name another, or write into it with --force")
    if policy is not None:
        refuse_mixed(out, policy)


def refuse_present(target: Path, *, force: bool) -> None:
    """Refuse a file that is there, unless it is to be replaced.

    Raises
    ------
    DataError
        Name another file, or replace it with ``--force``.
    """
    if target.exists() and not force:
        raise DataError(f"there is a {target} already", mend="name another file, or replace it with --force")
