"""Who was heard for a study, how far coders agree and whether new things were still said, on its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from coresponder_causal import qualitative, report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.data import read_table
from coresponder_causal.plan.qualitative_block import QualitativePlan, coded_by, everything
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.told import told
from coresponder_causal.qualitative.joint_display import by_machine
from coresponder_causal.report.coded_tables import agreement_table, register_table
from coresponder_causal.report.specs import Block, Page, Section, Sentence, of_nobody

title = "Who was heard, and how was it coded?"


def with_heard(page: Page, evaluation: Evaluation, tables: Mapping[str, pd.DataFrame]) -> Page:
    """Say who was heard of whom, how far coders agree, and when nothing new came, each or why it cannot be told.

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
    blocks = [*told(lambda: (_register(plan, tables),), "Interviews planned and done")]
    blocks += told(lambda: _agreement(plan, tables), "Agreement of coders")
    if plan.codes_from_interviews:
        blocks += told(lambda: (_saturation(plan, tables, evaluation.study.seed),), "Saturation")
    return replace(page, sections=(*page.sections, Section(title=title, blocks=tuple(blocks))))


def _register(plan: QualitativePlan, tables: Mapping[str, pd.DataFrame]) -> Block:
    planned: Mapping[str, int] | Mapping[tuple[str, str], int] = plan.planned or qualitative.quotas()
    if not plan.planned:
        note("planned are the quotas of the interview guides: the study states no others")
    return register_table(qualitative.interview_register(register_of(plan, tables), planned=planned))


def _agreement(plan: QualitativePlan, tables: Mapping[str, pd.DataFrame]) -> tuple[Block, ...]:
    """Compare people who coded, on interviews that may be used."""
    whole = coded_of(plan)
    coded = qualitative.consented(whole, register_of(plan, tables))
    programs = {by_machine, *(name.casefold() for name in plan.machines)}
    people = [name for name in {**dict.fromkeys(coded.coders), **plan.read} if name.casefold() not in programs]
    if len(people) < 2:
        text = "Agreement of coders: not told, for one person alone coded. Have a second one code a part."
        return (Sentence(text=text, support=of_nobody),)
    usable, known = [source.name for source in coded.sources], {source.name for source in whole.sources}
    read = {
        coder: usable if names == (everything,) else [name for name in names if name in usable or name not in known]
        for coder, names in plan.read.items()
    }
    return (agreement_table(qualitative.agreement(coded, coders=people, read=read or None)),)


def _saturation(plan: QualitativePlan, tables: Mapping[str, pd.DataFrame], seed: int) -> Block:
    """Draw when new codes ran out, interviews in the order of their dates."""
    coded = qualitative.consented(coded_of(plan), register_of(plan, tables))
    table = coded.source_table()
    if "date" not in table:
        raise DataError("the register has no dates", mend="give date, by which interviews are put in order")
    held = table.groupby("case", sort=False)["date"].min().sort_values(kind="stable")
    found = qualitative.saturation(coded, cases=list(held.index), coder=plan.coder, seed=seed)
    for text in found.notes:
        note(text)
    return report.saturation_picture(found)


def coded_of(plan: QualitativePlan) -> qualitative.Coded:
    """Read the coded interviews of a study, of whichever program they are, and of however many people.

    Parameters
    ----------
    plan : QualitativePlan

    Raises
    ------
    DataError
        As the readers of `qualitative`, and `qualitative.merged`.
    """
    read = {
        name: qualitative.read_qdpx(path) if path.suffix.casefold() == ".qdpx" else qualitative.read_taguette(path)
        for name, path in plan.paths.items()
        if name.startswith("coded")
    }
    if "coded" in read:
        return read["coded"]
    return qualitative.merged({name.removeprefix(coded_by): project for name, project in read.items()})


def register_of(plan: QualitativePlan, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Register of the interviews, from its file or the study's table.

    Parameters
    ----------
    plan : QualitativePlan
    tables : mapping of DataFrame

    Raises
    ------
    DataError
        There is none.
    """
    if "register" in plan.paths:
        return read_table(plan.paths["register"])
    if "interviews" not in tables:
        raise DataError("there is no register of interviews", mend="name register in [qualitative]")
    return tables["interviews"]


def names_of_people(plan: QualitativePlan) -> tuple[str, ...]:
    """Names that a study takes out of texts, one a line of its file.

    Parameters
    ----------
    plan : QualitativePlan
    """
    path = plan.paths.get("known")
    lines = [] if path is None else path.read_text(encoding="utf-8").splitlines()
    return tuple(name.strip() for name in lines if name.strip())
