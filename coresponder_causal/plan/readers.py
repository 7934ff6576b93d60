"""An evaluation for each of its readers, from one source: council, supervisor, whoever checks, whoever computes on."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.data import metrics, quality
from coresponder_causal.plan.costed import cost_line
from coresponder_causal.plan.describe import city_in
from coresponder_causal.plan.deviations import deviations
from coresponder_causal.plan.frozen import frozen_state
from coresponder_causal.plan.improve import improvements_of
from coresponder_causal.plan.run import Evaluation, folder_of_tables
from coresponder_causal.report import words
from coresponder_causal.report.gate import hidden_whole
from coresponder_causal.report.page import simulated_banner
from coresponder_causal.report.specs import Page, Sentence, Spec, Table, of_nobody
from coresponder_causal.report.supervisor_page import asked_metrics
from coresponder_causal.report.tables import support_of

council, supervisor, workbook = "council.html", "supervisor.html", "tables.xlsx"
endings = (".csv", ".tex")


def reader_specs(
    evaluation: Evaluation,
    page: Page,
    tables: Mapping[str, pd.DataFrame],
    together: report.Weighed | None = None,
    helped: report.Benefits | None = None,
    treated: report.Treated | None = None,
) -> dict[str, Spec]:
    """Return the files of an evaluation beside the full report: what each of its readers is given.

    Parameters
    ----------
    evaluation : Evaluation
    page : Page
        The full report, as it is to be written.
    tables : mapping of DataFrame
        Tables the evaluation was run on.
    together : Weighed, optional
        What all designs say together.
    helped : Benefits, optional
        Whom it helps more, as `benefits` gives it.
    treated : Treated, optional
        How groups are treated, as `fairness_of` gives it.

    Returns
    -------
    dict of str to Spec
        By the file's name, besides the full report: ``council.html``, one printed sheet; ``supervisor.html``,
        for who runs the team; ``tables.xlsx``, every table of the full report, a sheet each; ``tables/``, the same as
        .csv and .tex. A table that may not leave at all is on the page as a sentence, and has no file of its own.

    Examples
    --------
    >>> from coresponder_causal.data import validate
    >>> from coresponder_causal.plan.reading import quality_of
    >>> from coresponder_causal.plan.run import evaluation_page, run
    >>> from coresponder_causal.plan.study import Study
    >>> study = Study(title="A town", tables={}, designs=())
    >>> shifts = pd.DataFrame({"city": ["Davis"], "shift_start": "2020-07-15 12:00", "shift_end": "2020-07-15 22:00"})
    >>> tables = {"schedule": shifts.assign(planned_hours=10.0)}
    >>> found = run(study, tables, quality_of(tables))
    >>> list(reader_specs(found, evaluation_page(found), tables))
    ['council.html', 'supervisor.html', 'tables.xlsx']
    """
    study, simulated = evaluation.study, simulated_banner in page.banners
    behind = support_of(evaluation.results) if evaluation.results else of_nobody
    sheet = report.council_page(
        evaluation.results,
        checks=evaluation.checks,
        title=study.title,
        quality=evaluation.quality,
        design_lines=[Sentence(text=text, support=behind) for text in evaluation.lines],
        planned=_planned(evaluation, tables),
        verdicts={} if together is None else report.council_verdicts(together),
        costs=cost_line(page),
        groups=None if helped is None else report.benefits_line(helped),
        treated=None if treated is None else report.fairness_line(treated),
        simulated=simulated,
        sensitive=study.sensitive,
    )
    team = _supervisor(evaluation, tables, simulated, together)
    return {council: sheet, supervisor: team, workbook: page} | _tables(page, evaluation)


def _tables(page: Page, evaluation: Evaluation) -> dict[str, Spec]:
    """Name each table of a page by its place and its title, as its sheet is."""
    shown = [table for _, table in page.tables() if not hidden_whole(table, evaluation.study.policy)]
    names = [f"{folder_of_tables}/{number:02d}_{_slug(table)}" for number, table in enumerate(shown, 1)]
    return {f"{name}{end}": table for name, table in zip(names, shown, strict=True) for end in endings}


def _slug(table: Table) -> str:
    return re.sub(r"[^a-z0-9]+", "_", table.title.casefold()).strip("_")[:40]


def _planned(evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Sentence:
    """Say in plain words whether the study was run as planned."""
    found, state = deviations(evaluation, tables), frozen_state(evaluation.study)
    text = "No plan was fixed before the data were seen."
    if found is not None and state is not None:
        text = f"The plan was fixed on {words.dates(state['on'])}, before results were seen. "
        count = len(found)
        thing = f"{count} thing{' was' if count == 1 else 's were'} done otherwise; the full report lists what."
        text += thing if count else "It was kept."
    return Sentence(text=text, support=of_nobody)


def _supervisor(
    evaluation: Evaluation, tables: Mapping[str, pd.DataFrame], simulated: bool, together: report.Weighed | None
) -> Page:
    """Count what the supervisor's page shows, of the study's own city alone."""
    study = evaluation.study
    with collecting() as said, quietly():
        if study.designs:
            own = city_in(study, tables)
            return report.supervisor_page(
                own.tables,
                title=study.title,
                city=own.name,
                start=own.start,
                values=metrics(own.tables, period="all", start=own.start, only=asked_metrics),
                monthly=metrics(own.tables, period="month", only=asked_metrics),
                quality=quality(own.tables),
                improvements=improvements_of(evaluation, tables, together),
                notes=said,
                simulated=simulated,
                sensitive=study.sensitive,
            )
        named = {
            name: table.rename(columns=dict(study.tables[name].columns) if name in study.tables else {})
            for name, table in tables.items()
        }
        return report.supervisor_page(
            named, title=study.title, quality=quality(named), notes=said, simulated=simulated, sensitive=study.sensitive
        )
