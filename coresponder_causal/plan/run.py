"""Run a study: form its designs, estimate, check, and write the page; every step is kept where asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from coresponder_causal import check, report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import folder_beside, settled
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.data.ingest_files import checksum
from coresponder_causal.design import CallDesign, CoverageDesign, DonorPool
from coresponder_causal.plan.assemble import Counts, counts, sentence_of
from coresponder_causal.plan.designs import Design, Estimated, estimated, rank
from coresponder_causal.plan.donors import further_checks
from coresponder_causal.plan.families import families_of
from coresponder_causal.plan.frozen import study_content
from coresponder_causal.plan.ladder import compares, ladder
from coresponder_causal.plan.steps import Steps
from coresponder_causal.plan.study import Study
from coresponder_causal.privacy import Policy
from coresponder_causal.report.specs import Picture, Spec, Table
from coresponder_causal.report.tables import support_of
from coresponder_causal.report.workforce_found import Workforce
from coresponder_causal.report.write import refuse_mixed, results_inside

Say = Callable[[str], None]
full, folder_of_tables = "index.html", "tables"
of_data = ("city", "start", "start_between", "dose", "primary", "controls", "donors", "seed")
of_counts = ("designs", "options")


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
    ladder : tuple of (Table, Picture), optional
        What became of the calls that are compared, where they have outcomes of several times.
    workforce : Workforce, optional
        What those who work beside the team do and say.
    """

    study: Study
    quality: pd.DataFrame
    results: tuple[Result, ...]
    designs: tuple[Design, ...]
    checks: tuple[tuple[CheckResult, ...], ...]
    falsification: tuple[CheckResult, ...]
    lines: tuple[str, ...]
    pool: DonorPool | None = None
    ladder: tuple[Table, Picture] | None = None
    workforce: Workforce | None = None

    @property
    def every_result(self) -> tuple[Result, ...]:
        """Results of the designs, then those of the workforce."""
        return self.results if self.workforce is None else (*self.results, *self.workforce.results)


def run(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    quality: pd.DataFrame,
    *,
    say: Say = lambda _: None,
    steps: Steps | None = None,
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
    steps : Steps, optional
        Where what was computed before is found, and what is computed is kept; by default nowhere.
    """
    step = steps or Steps()
    read = tuple(f"Table {name}: {len(table):,} rows." for name, table in tables.items())
    if not study.designs:
        return Evaluation(study=study, quality=quality, results=(), designs=(), checks=(), falsification=(), lines=read)
    say("Counting calls by city, month and hour")
    stated, keyed = study_content(study), {name: tables[name] for name in sorted(tables)}
    data = step("counts", ([stated[key] for key in (*of_data, *of_counts)], keyed), lambda: counts(study, tables))
    given = ([*(stated[key] for key in of_data), stated.get("graph")], "" if step.folder is None else data.fingerprint)
    with collecting() as said:
        found = [_one(study, data, asked, (*given, asked.said()), step, say) for asked in _asked(study)]
        falsified = step(
            "falsification",
            (*given, [asked.said() for asked in _asked(study)]),
            lambda: _falsified(study, [pair[0] for pair in found]),
        )
        climbed = None
        if compares(study) is not None:
            climbed = step("ladder", (*given, [asked.said() for asked in _asked(study)]), lambda: ladder(study, data))
    found.sort(key=lambda pair: rank(pair[0].result))
    made = [pair[0] for pair in found]
    sensitive = study.sensitive
    return Evaluation(
        study=study,
        quality=quality,
        results=tuple(_of_study(one.result, sensitive) for one in made),
        designs=tuple(one.design for one in made),
        checks=tuple(tuple(replace(one, sensitive=sensitive) for one in checks) for _, checks in found),
        falsification=tuple(replace(one, sensitive=sensitive) for one in falsified),
        lines=(*read, *data.lines, *map(sentence_of, said)),
        pool=data.pool,
        ladder=climbed,
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

    def said(self) -> tuple[object, ...]:
        """All that decides the estimate beside the data, files by what they hold."""
        read = {key: checksum(value) if isinstance(value, Path) else value for key, value in self.options.items()}
        return self.name, self.outcome, read


def _asked(study: Study) -> Iterator[_Asked]:
    for name in study.designs:
        before: set[int] = set()
        for outcome, options in study.asked(name):
            yield _Asked(name, outcome, options, id(options) not in before)
            before.add(id(options))


def _one(
    study: Study, data: Counts, asked: _Asked, given: tuple[object, ...], step: Steps, say: Say
) -> tuple[Estimated, tuple[CheckResult, ...]]:
    name, outcome, options, checked = asked
    say(f"Forming the design '{name}' and estimating {outcome}")
    one = step(f"{name}: {outcome}", given, lambda: estimated(name, study, data, outcome, options))
    if not checked:
        return one, ()
    say(f"Checking {one.result.method}")
    return one, step(f"checks of {name}: {outcome}", given, lambda: _checks(study, data, asked, one))


def _checks(study: Study, data: Counts, asked: _Asked, one: Estimated) -> tuple[CheckResult, ...]:
    controls = study.controls if asked.outcome == study.primary else ()
    further = further_checks(study, data, asked.name, asked.outcome, asked.options, one)
    made = check.battery(one.result, one.design, controls=controls)
    return check.by_what_they_could_change((*made, *further), one.result)


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
    calls = next((design for design in evaluation.designs if isinstance(design, CallDesign)), None)
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
        families=families_of(study, evaluation.results),
        ladder=evaluation.ladder,
        graph=None if calls is None else report.graph_section(calls),
    )


def _lines(evaluation: Evaluation) -> list[report.Sentence]:
    """Say what was compared and decided, each line with what stands behind it."""
    told: dict[str, list[Result]] = {}
    for design, result in zip(evaluation.designs, evaluation.results, strict=True):
        told.setdefault(design.describe(), []).append(result)
    lines = [report.Sentence(text=text, support=support_of(of)) for text, of in told.items()]
    behind = support_of(evaluation.results) if evaluation.results else report.of_nobody
    return [*lines, *(report.Sentence(text=text, support=behind) for text in evaluation.lines)]


def publish(
    page: report.Page,
    evaluation: Evaluation,
    out: Path,
    *,
    others: Mapping[str, Spec] = MappingProxyType({}),
    beside: Mapping[str, bytes] = MappingProxyType({}),
    force: bool = False,
) -> Path:
    """Write an evaluation for the audience of its study: the page, and inside the results as JSON. All or nothing.

    Everything passes the gate together, so that no file gives away what another hides.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    out : Path
        Folder; one that holds files is refused without ``force``. With it an earlier evaluation is replaced, its
        tables go, and other files stay. One that holds files for another audience is refused.
    others : mapping of str to Spec
        Further files by name, such as `reader_specs` gives them.
    beside : mapping of str to bytes
        Files by name that are written as they are, such as the manifest.
    force : bool

    Returns
    -------
    Path
        The page.

    Raises
    ------
    DataError, DisclosureError
        As of `refuse_filled` and `report.write_all`; no file is written then.
    """
    policy = evaluation.study.policy
    refuse_filled(out, force=force, policy=policy)
    refuse_mixed(out / folder_of_tables, policy)
    with folder_beside(out, instead_of=f"{folder_of_tables}/[0-9][0-9]_*") as made:
        specs = {made / name: spec for name, spec in ({full: page} | dict(others)).items()}
        report.write_all(specs, policy=policy, ledger=evaluation.study.ledger)
        if not policy.guarded:
            results = [json.loads(result.to_json()) for result in evaluation.every_result]
            (made / results_inside).write_text(json.dumps(results, indent=1), encoding="utf-8")
        for name, content in beside.items():
            write_whole(made / name, content)
    return out / full


def refuse_filled(out: Path, *, force: bool, policy: Policy | None = None) -> None:
    """Refuse a folder that holds files, unless it is to be replaced; by a policy also one with files for others.

    Parameters
    ----------
    out : Path
    force : bool
        Whether files there may be replaced.
    policy : Policy, optional
        For whom the new files are.

    Raises
    ------
    DataError
        Name another folder, or write into this one with ``--force``.
    DisclosureError
        Name another folder, or empty this one.
    """
    settled(out)
    if out.is_file():
        raise DataError(f"{out} is a file", mend="name a folder")
    if out.is_dir() and any(out.iterdir()) and not force:
        raise DataError(f"the folder {out} is not empty", mend="name another, or write into it with --force")
    if policy is not None:
        refuse_mixed(out, policy)


def refuse_present(target: Path, *, force: bool) -> None:
    """Refuse a file that is there, unless it is to be replaced.

    Parameters
    ----------
    target : Path
    force : bool
        Whether the file may be replaced.

    Raises
    ------
    DataError
        Name another file, or replace it with ``--force``.
    """
    if target.exists() and not force:
        raise DataError(f"there is a {target} already", mend="name another file, or replace it with --force")
