"""The whole corridor for one study: read, run step by step, put on a page, write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from coresponder_causal.plan.audience import meant_for
from coresponder_causal.plan.costed import with_cost
from coresponder_causal.plan.deviations import with_deviations
from coresponder_causal.plan.embedded import embedded_study, truths
from coresponder_causal.plan.fairness import fairness_of, with_fairness
from coresponder_causal.plan.first_calls import with_first_calls
from coresponder_causal.plan.groups import benefits, with_groups
from coresponder_causal.plan.joint import with_what_was_said
from coresponder_causal.plan.manifest import as_json, manifest, manifest_name
from coresponder_causal.plan.readers import reader_specs
from coresponder_causal.plan.reading import quality_of, read_tables
from coresponder_causal.plan.run import Evaluation, Say, evaluation_page, publish, refuse_filled, run
from coresponder_causal.plan.steps import Step, Steps, kept_beside
from coresponder_causal.plan.study import Study, read_study
from coresponder_causal.plan.weighed import weighed, with_evidence
from coresponder_causal.plan.workforce import with_workforce, with_workforce_sections
from coresponder_causal.report.specs import Page


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """An evaluation and where it was written.

    Parameters
    ----------
    evaluation : Evaluation
    page : Page
    file : Path
        The page as a file.
    simulated : bool
        Whether its tables are made up.
    steps : tuple of Step
        What was computed and what was found, none where nothing is kept.
    """

    evaluation: Evaluation
    page: Page
    file: Path
    simulated: bool
    steps: tuple[Step, ...]

    @property
    def finding(self) -> str:
        """What was found, line by line."""
        return "\n".join(sentence.text for sentence in self.page.finding)


def evaluate(
    study: Path | None,
    out: Path,
    *,
    audience: str | None = None,
    agreement: str | None = None,
    ledger: Path | None = None,
    force: bool = False,
    fresh: bool = False,
    say: Say = lambda _: None,
) -> Written:
    """Evaluate a study as its file says, and write what readers get.

    Steps are kept beside the study (see `Steps`): interrupted, the next run goes on where this one stopped.

    Parameters
    ----------
    study : Path or None
        Its file; None for the embedded simulated study, of which nothing is kept.
    out : Path
        Folder.
    audience, agreement, ledger
        As of `meant_for`.
    force : bool
        Replace an evaluation in a folder that holds files.
    fresh : bool
        Compute everything again.
    say : callable
        Told what is being done.

    Returns
    -------
    Written

    Raises
    ------
    DataError, DesignError, EstimationError
        What is wrong with the study, its tables or its plan.
    DisclosureError
        What may not leave for this audience.
    """
    refuse_filled(out, force=force)
    started = datetime.now().astimezone()
    opened = _opened(study, fresh=fresh, say=say)
    tables, steps = opened.tables, opened.steps
    stated = meant_for(opened.study, audience, agreement, ledger)
    refuse_filled(out, force=force, policy=stated.policy)
    evaluation = run(stated, tables, opened.quality, say=say, steps=steps)
    evaluation = with_workforce(evaluation, tables, say=say, steps=steps)
    say("Writing the page")
    together = weighed(evaluation, tables)
    helped = benefits(evaluation, say=say, steps=steps)
    treated = fairness_of(evaluation, tables, say=say, steps=steps)
    page = with_fairness(with_groups(evaluation_page(evaluation, truth=opened.truth), helped), treated)
    page = with_cost(with_evidence(page, together), evaluation, tables, together)
    page = with_workforce_sections(with_first_calls(page, evaluation, tables), evaluation)
    page = with_deviations(with_what_was_said(page, evaluation, tables), evaluation, tables)
    readers = reader_specs(evaluation, page, tables, together, helped, treated)
    finished = datetime.now().astimezone()
    done = [step._asdict() for step in steps.done]
    about = manifest(evaluation, file=study, started=started, finished=finished, steps=done)
    file = publish(page, evaluation, out, others=readers, beside={manifest_name: as_json(about)}, force=force)
    steps.forget_others()
    made_up = stated.simulated or opened.truth is not None
    return Written(evaluation=evaluation, page=page, file=file, simulated=made_up, steps=tuple(steps.done))


class _Opened(NamedTuple):
    study: Study
    tables: dict[str, pd.DataFrame]
    quality: pd.DataFrame
    truth: Mapping[str, float] | None
    steps: Steps


def _opened(study: Path | None, *, fresh: bool, say: Say) -> _Opened:
    """Read a study and its tables, with the steps that are kept of it; or make the embedded study with its truth."""
    if study is None:
        say("Simulating a city whose truth is known")
        stated, tables, simulated = embedded_study()
        return _Opened(stated, tables, quality_of(tables), truths(simulated), Steps())
    say("Reading and validating the tables")
    stated = read_study(study)
    steps = Steps(kept_beside(stated), fresh=fresh)
    if steps.folder is None:
        say("Keeping no steps: the folder of the study cannot be written to")
    return _Opened(stated, *read_tables(stated, steps=steps), truth=None, steps=steps)
