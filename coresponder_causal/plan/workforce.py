"""Run the blocks [officers], [waves] and [vignettes] of a study, and put what they found on its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd

from coresponder_causal import check, estimate
from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.result import Result
from coresponder_causal.data import read_table
from coresponder_causal.data.ingest_files import checksum
from coresponder_causal.decide.at_this_n import at_this_n
from coresponder_causal.design import OfficerDesign, VignetteDesign
from coresponder_causal.plan.attempts import tried
from coresponder_causal.plan.run import Evaluation, Say
from coresponder_causal.plan.steps import Steps
from coresponder_causal.plan.text_columns import with_numbers
from coresponder_causal.plan.waves_asked import waves_found
from coresponder_causal.plan.workforce_block import OfficersAsked, VignettesAsked
from coresponder_causal.report.specs import Page
from coresponder_causal.report.workforce_found import OfficersFound, VignettesFound, WavesFound, Workforce
from coresponder_causal.report.workforce_sections import workforce_findings, workforce_sections

Tables: TypeAlias = Mapping[str, pd.DataFrame]
Asked = TypeVar("Asked")
Found = TypeVar("Found")


def with_workforce(
    evaluation: Evaluation, tables: Tables, *, say: Say = lambda _: None, steps: Steps | None = None
) -> Evaluation:
    """Run what a study asks of those who work beside the team.

    Parameters
    ----------
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    say : callable
        Told what is being done.
    steps : Steps, optional
        Where what was computed before is found.

    Raises
    ------
    DataError, DesignError
        Where a design cannot be formed, with the block it belongs to. What a formed design cannot estimate is said on
        the page.
    """
    asked, step = evaluation.study.workforce, steps or Steps()
    if asked is None:
        return evaluation
    told = {name: tables[name] for name in sorted(tables)}
    officers: list[OfficersFound] = []
    waves: list[WavesFound] = []
    vignettes: list[VignettesFound] = []
    for one in asked.officers:
        say(f"Forming officers in time, and estimating {one.outcome}")
        officers.append(step("officers", (told, str(one)), partial(_in, "officers", _officers, one, tables)))
    for wave in asked.waves:
        say(f"Comparing the waves of {wave.who}s" if wave.who == "officer" else "Comparing the waves of staff")
        files = None if wave.items is None else checksum(wave.items)
        waves.append(step("waves", (told, str(wave), files), partial(_in, "waves", waves_found, wave, tables)))
    for case in asked.vignettes:
        say("Comparing answers to drawn cases")
        given = (str(case), checksum(case.cases))
        vignettes += step("vignettes", given, partial(_in, "vignettes", _vignettes, case, tables))
    found = Workforce(officers=tuple(officers), waves=tuple(waves), vignettes=tuple(vignettes))
    return replace(evaluation, workforce=found)


def with_workforce_sections(page: Page, evaluation: Evaluation) -> Page:
    """Put what was found of those who work beside the team on a page, after what each design says.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    """
    found = evaluation.workforce
    if found is None:
        return page
    return replace(
        page,
        finding=(*page.finding, *workforce_findings(found)),
        sections=(*page.sections, *workforce_sections(found)),
    )


def _in(block: str, make: Callable[[Asked, Tables], Found], asked: Asked, tables: Tables) -> Found:
    """Make what a block asks for; what cannot be formed names the block."""
    try:
        return make(asked, tables)
    except CausalError as error:
        raise type(error)(f"[{block}]: {error.what}", mend=error.mend) from error


def _officers(asked: OfficersAsked, tables: Tables) -> OfficersFound:
    """Form the officers of one entry; then estimate what it asks for."""
    with quietly(), collecting():
        design = OfficerDesign.from_tables(
            *(tables[name] for name in ("calls", "units", "rides", "officers")),
            outcome=asked.outcome,
            period=asked.period,
            counted_by=asked.counted_by,
            eligible=asked.eligible,
            covariates=asked.covariates,
        )
    refused: list[str] = []
    least = tried("the smallest detectable effect", design.detectable, refused)
    baseline = design.baseline()
    made = _of_officers(design, asked, refused)
    checks = check.battery(made[0], design) if made else ()
    matters = asked.matters * (np.nan if least is None else least.base)
    verdict = None
    if made:
        row = made[0].tidy().iloc[0]
        verdict = at_this_n(
            row["conf_low"], row["conf_high"], detectable=np.nan if least is None else least.effect, matters=matters
        )
    return OfficersFound(
        design=design,
        detectable=least,
        baseline=baseline,
        results=made,
        checks=checks,
        verdict=verdict,
        matters=matters,
        refused=tuple(refused),
    )


def _of_officers(design: OfficerDesign, asked: OfficersAsked, refused: list[str]) -> tuple[Result, ...]:
    """Estimate the mean effect, then beside it whatever else was asked for; none without it."""
    first = tried("the mean effect", lambda: estimate.officer_imputation(design), refused)
    if first is None:
        return ()
    further: list[tuple[str, Callable[[], Result]]] = []
    if asked.peers == "adjusted":
        further.append(("squad mates", lambda: estimate.officer_imputation(design, peers="adjusted")))
    if asked.inference == "permutation":
        further.append(("exchanges", lambda: estimate.officer_imputation(design, inference="permutation")))
    if asked.as_intended:
        further.append(("being rostered", lambda: estimate.officer_imputation(design.as_intended())))
    further += [(f"the dose ({form})", partial(estimate.officer_dose, design, form=form)) for form in asked.doses]
    made = (tried(what, run, refused) for what, run in further)
    return first, *(result for result in made if result is not None)


def _vignettes(asked: VignettesAsked, _: Tables) -> tuple[VignettesFound, ...]:
    """Form the cases, and estimate each outcome."""
    with quietly(), collecting():
        cases = with_numbers(read_table(asked.cases), asked.outcomes, where="the cases", about="[vignettes]")
        formed = VignetteDesign.from_frame(cases, outcome=None, person=asked.person, factors=asked.factors)
        designs = [formed.with_outcome(outcome) for outcome in asked.outcomes]
    found = []
    for design in designs:
        refused: list[str] = []
        result = tried("the features", partial(estimate.vignette_effects, design), refused)
        checks = () if result is None else check.battery(result, design)
        found.append(VignettesFound(design=design, result=result, checks=checks, refused=tuple(refused)))
    return tuple(found)
