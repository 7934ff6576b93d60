"""The page of a bundle under other assumptions: what was varied, and every number before and after."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.plan.vary import Varied
from coresponder_causal.privacy import inside
from coresponder_causal.report.page import simulated_banner
from coresponder_causal.report.specs import Block, Column, Page, Section, Sentence, Spec, Table, of_nobody

warning = (
    "This is not the plan. Assumptions were varied by whoever verified the bundle, after results were known: this "
    "shows how far results hang on them, and is no result of its own."
)
sides = (Column("bundle", "Bundle"), Column("varied", "Varied"))
of_terms = (
    Column("result", "Result"),
    Column("term", "Term"),
    Column("bundle", "Bundle", "number"),
    Column("bundle_low", "from", "number"),
    Column("bundle_high", "to", "number"),
    Column("varied", "Varied", "number"),
    Column("varied_low", "from", "number"),
    Column("varied_high", "to", "number"),
    Column("difference", "Difference", "signed"),
)


def vary_page(found: Varied) -> Page:
    """Put both runs on a page, side by side.

    Parameters
    ----------
    found : Varied
    """
    study = found.evaluation.study
    whole = comparison(found)
    each = [
        replace(whole, title=str(name), frame=rows, columns=of_terms[1:], note="")
        for name, rows in found.terms.groupby("result", sort=False)
    ]
    answers: tuple[tuple[str, tuple[Block, ...]], ...] = (
        ("What was varied?", (_changes(found.changes),)),
        ("What would the estimates be?", (Sentence(text=whole.note, support=of_nobody), *each)),
        ("Which checks would say something else?", (_checks(found),)),
    )
    return Page(
        title=f"Under other assumptions: {study.title}",
        banners=(warning, *((simulated_banner,) if study.simulated else ())),
        sections=tuple(Section(title=title, blocks=blocks) for title, blocks in answers),
        sensitive=study.sensitive,
    )


def comparison(found: Varied) -> Table:
    """Every estimate of both runs, ratios as such, with the difference between the two."""
    return Table(
        title="Estimates in the bundle and under other assumptions",
        frame=found.terms,
        columns=of_terms,
        note="From and to: ends of the 95 % interval. Effects on a ratio scale are shown as ratios: 1 is no change. "
        "A dash: not estimated in that run.",
        support=found.support,
        sensitive=found.evaluation.study.sensitive,
    )


def _changes(changes: pd.DataFrame) -> Sentence | Table:
    if changes.empty:
        return Sentence(text="Nothing: the assumptions are those of the bundle.", support=of_nobody)
    columns = (Column("place", "What"), *sides)
    return Table(title="Assumptions", frame=changes, columns=columns, support=of_nobody)


def _checks(found: Varied) -> Sentence | Table:
    if found.checks.empty:
        return Sentence(text="None: every check says the same.", support=of_nobody)
    columns = (Column("result", "Result"), Column("check", "Check"), *sides)
    return Table(title="Verdicts", frame=found.checks, columns=columns, support=found.support)


def write_varied(found: Varied, out: Path) -> list[Path]:
    """Write the comparison for those inside: the page, and the estimates as a table.

    Parameters
    ----------
    found : Varied
    out : Path
        Folder.

    Returns
    -------
    list of Path
    """
    specs: dict[Path, Spec] = {out / "index.html": vary_page(found), out / "comparison.csv": comparison(found)}
    return report.write_all(specs, policy=inside, into=out)
