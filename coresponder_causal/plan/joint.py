"""Themes of a study's interviews beside its results, on its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from coresponder_causal import qualitative, report
from coresponder_causal.core.notes import note
from coresponder_causal.plan.heard import coded_of, names_of_people, register_of, with_heard
from coresponder_causal.plan.manifest import result_ids
from coresponder_causal.plan.qualitative_block import QualitativePlan
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.texts_page import with_texts
from coresponder_causal.plan.told import told
from coresponder_causal.report.joint_display import title
from coresponder_causal.report.specs import Block, Page, Section


def with_what_was_said(page: Page, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Page:
    """Put who was heard, what they say beside results, and the words of texts on the page.

    Parameters
    ----------
    page : Page
    evaluation : Evaluation
    tables : mapping of DataFrame
        Validated tables it was run on.
    """
    page = with_heard(page, evaluation, tables)
    page = with_joint_display(page, evaluation, tables)
    return with_texts(page, evaluation, tables)


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

    def blocks() -> tuple[Block, ...]:
        interviews = register_of(plan, tables)
        coded = qualitative.consented(coded_of(plan), interviews)
        found = qualitative.joint_display(
            coded, plan.themes, results, coder=plan.coder, machines=plan.machines, least=plan.least
        )
        quoted = signed_quotes(plan, coded, interviews, guarded=evaluation.study.policy.guarded)
        return report.joint_section(found, results, quotes=quoted).blocks

    return replace(page, sections=(*page.sections, Section(title=title, blocks=told(blocks))))


def signed_quotes(
    plan: QualitativePlan, coded: qualitative.Coded, interviews: pd.DataFrame, *, guarded: bool
) -> pd.DataFrame | None:
    """Quotes of the themes that were signed for; a note says that others were left out.

    Parameters
    ----------
    plan : QualitativePlan
    coded : Coded
    interviews : DataFrame
        The register.
    guarded : bool
        Whether the page is for others.
    """
    path = plan.paths.get("signed")
    if path is None:
        return None
    found = quotes_of(plan, coded, interviews, signed=qualitative.read_signed_quotes(path))
    kept = found[found["signed_by"].notna()].reset_index(drop=True)
    if guarded and len(kept) < len(found):
        note("Quotes that nobody has signed for are not shown")
    return kept


def quotes_of(
    plan: QualitativePlan, coded: qualitative.Coded, interviews: pd.DataFrame, *, signed: pd.DataFrame | None
) -> pd.DataFrame:
    """Every quote of the themes once, redacted as the study says.

    Parameters
    ----------
    plan : QualitativePlan
    coded : Coded
    interviews : DataFrame
        The register.
    signed : DataFrame, optional
        Who read which quotes.
    """
    codes = [theme.code for theme in plan.themes]
    found = qualitative.quotes(
        coded, code=codes, interviews=interviews, signed=signed, known=names_of_people(plan), places=plan.places
    )
    return found.drop_duplicates("sha256").reset_index(drop=True)
