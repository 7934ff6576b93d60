"""The whole corridor for one study: read, run step by step, put on a page, write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

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
from coresponder_causal.plan.study import read_study
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
    started, simulated, steps = datetime.now().astimezone(), None, Steps()
    if study is None:
        say("Simulating a city whose truth is known")
        stated, tables, simulated = embedded_study()
        quality = quality_of(tables)
    else:
        say("Reading and validating the tables")
        stated = read_study(study)
        steps = Steps(kept_beside(stated), fresh=fresh)
        if steps.folder is None:
            say("Keeping no steps: the folder of the study cannot be written to")
        tables, quality = read_tables(stated, steps=steps)
    stated = meant_for(stated, audience, agreement, ledger)
    refuse_filled(out, force=force, policy=stated.policy)
    evaluation = with_workforce(run(stated, tables, quality, say=say, steps=steps), tables, say=say, steps=steps)
    say("Writing the page")
    truth = None if simulated is None else truths(simulated)
    together = weighed(evaluation, tables)
    helped = benefits(evaluation, say=say, steps=steps)
    treated = fairness_of(evaluation, tables, say=say, steps=steps)
    page = with_fairness(with_groups(evaluation_page(evaluation, truth=truth), helped), treated)
    page = with_evidence(page, together)
    page = with_cost(page, evaluation, tables, together)
    page = with_first_calls(page, evaluation, tables)
    page = with_workforce_sections(page, evaluation)
    page = with_what_was_said(page, evaluation, tables)
    page = with_deviations(page, evaluation, tables)
    readers = reader_specs(evaluation, page, tables, together, helped, treated)
    about = manifest(
        evaluation,
        file=study,
        started=started,
        finished=datetime.now().astimezone(),
        steps=[step._asdict() for step in steps.done],
    )
    file = publish(page, evaluation, out, others=readers, beside={manifest_name: as_json(about)}, force=force)
    steps.forget_others()
    made_up = stated.simulated or simulated is not None
    return Written(evaluation=evaluation, page=page, file=file, simulated=made_up, steps=tuple(steps.done))
