"""Themes of a study's interviews beside its results, on its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from coresponder_causal import qualitative, report
from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import read_table
from coresponder_causal.plan.manifest import result_ids
from coresponder_causal.plan.qualitative_block import QualitativePlan
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.report.joint_display import title
from coresponder_causal.report.specs import Bullets, Page, Section, Sentence, of_nobody


def with_joint_display(page: Page, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Page:
    """Put what people say beside what was estimated, where a study states coded interviews, or why it cannot be.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    """
    plan = evaluation.study.qualitative
    if plan is None:
        return page
    results = dict(zip(result_ids(evaluation.results), evaluation.results, strict=True))
    try:
        with collecting() as said:
            interviews = tables["interviews"] if "register" not in plan.paths else read_table(plan.paths["register"])
            coded = qualitative.consented(coded_of(plan), interviews)
            found = qualitative.joint_display(
                coded, plan.themes, results, coder=plan.coder, machines=plan.machines, least=plan.least
            )
            quoted, unsigned = _quotes(plan, coded, interviews, guarded=evaluation.study.policy.guarded)
    except CausalError as error:
        refused = _said(f"Not told: {error.what}. To mend it: {error.mend}.")
        return replace(page, sections=(*page.sections, Section(title=title, blocks=(refused,))))
    section = report.joint_section(found, results, quotes=quoted)
    remarks = list(dict.fromkeys(said))
    if unsigned:
        remarks.append("Quotes that nobody has signed for are not shown")
    added = (Bullets(items=tuple(_said(f"{text}.") for text in remarks)),) if remarks else ()
    return replace(page, sections=(*page.sections, replace(section, blocks=(*section.blocks, *added))))


def coded_of(plan: QualitativePlan) -> qualitative.Coded:
    """Read the coded interviews of a study, of whichever program they are.

    Parameters
    ----------
    plan : QualitativePlan

    Raises
    ------
    DataError
        As the readers of `qualitative`.
    """
    path = plan.paths["coded"]
    return qualitative.read_qdpx(path) if path.suffix.casefold() == ".qdpx" else qualitative.read_taguette(path)


def _quotes(
    plan: QualitativePlan, coded: qualitative.Coded, interviews: pd.DataFrame, *, guarded: bool
) -> tuple[pd.DataFrame | None, bool]:
    """Quotes of the themes that were signed for, and whether others were left out."""
    path = plan.paths.get("signed")
    signed = None if path is None else qualitative.read_signed_quotes(path)
    if signed is None:
        return None, False
    parts = [qualitative.quotes(coded, code=theme.code, interviews=interviews, signed=signed) for theme in plan.themes]
    found = pd.concat(parts, ignore_index=True).drop_duplicates("sha256")
    kept = found[found["signed_by"].notna()].reset_index(drop=True)
    return kept, guarded and len(kept) < len(found)


def _said(text: str) -> Sentence:
    return Sentence(text=text, support=of_nobody)
