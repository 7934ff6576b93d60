"""The evaluation of a guide as files: a page on first calls before and after, and made-up calls for dispatchers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from coresponder_causal import report
from coresponder_causal.data import dictionary
from coresponder_causal.data.guide_vignettes import guide_vignettes
from coresponder_causal.data.guides import GuideLanguage
from coresponder_causal.plan.describe import City
from coresponder_causal.plan.guide_effect import GuideEffect, guide_effect
from coresponder_causal.plan.run import refuse_filled
from coresponder_causal.report.specs import Column, Page, Section, Sentence, Table, of_nobody
from coresponder_causal.report.tables import plain

explained = (
    "Complete: all five questions of the first call have an answer on record (metric M04).",
    "If more or fewer calls were labelled as a crisis, complete calls are a share of other calls than before.",
)


def guide_effect_page(found: GuideEffect, *, title: str, simulated: bool = False, sensitive: bool = True) -> Page:
    """Put the change of first calls on a page.

    Parameters
    ----------
    found : GuideEffect
    title : str
    simulated, sensitive : bool
        Put a banner on top.

    Returns
    -------
    Page
    """
    made = report.page(
        found.results,
        checks=found.checks,
        title=title,
        subtitle=f"Guides were handed out on {found.given:%Y-%m-%d}; months before and after",
        simulated=simulated,
        sensitive=sensitive,
        design_lines=[
            *(Sentence(text=text, support=of_nobody) for text in explained),
            *(Sentence(text=text, support=pd.DataFrame({"calls": [count]})) for text, count in found.left_out),
        ],
    )
    return replace(made, sections=(*made.sections, Section(title="Question by question", blocks=(_questions(found),))))


def write_guide_effect(city: City, out: Path, *, given: str, force: bool = False) -> list[Path]:
    """Estimate what a guide changed in first calls of a city, and write the page and the months behind it.

    Parameters
    ----------
    city : City
        With the table ``calls``.
    out : Path
        Folder; one that holds files is refused without ``force``.
    given : str
        Day on which the guide was handed out.
    force : bool

    Returns
    -------
    list of Path
        The page first.
    """
    refuse_filled(out, force=force, policy=city.policy)
    named = city.name or "the city"
    found = guide_effect(city.tables.get("calls", pd.DataFrame()), given=given, city=named)
    page = guide_effect_page(
        found, title=f"First calls in {named} and the guide", simulated=city.simulated, sensitive=city.sensitive
    )
    specs: dict[Path, report.Page | Table] = {out: page}
    if not city.policy.guarded:
        months = found.months
        behind = months[["eligible", "complete"]].set_axis(["calls", "events"], axis=1)
        specs[out / "months.csv"] = plain(months, title="First calls by month", support=behind)
    return report.write_all(specs, policy=city.policy, ledger=city.ledger, into=out)


def write_vignettes(
    out: Path, *, call_takers: int, cases: int, seed: int, language: GuideLanguage = "en", force: bool = False
) -> list[Path]:
    """Draw made-up first calls and write them for call-takers to answer.

    Parameters
    ----------
    out : Path
        Folder; one that holds files is refused without ``force``.
    call_takers, cases, seed, language
        As of `data.guide_vignettes.guide_vignettes`.
    force : bool

    Returns
    -------
    list of Path
    """
    refuse_filled(out, force=force)
    drawn = guide_vignettes(call_takers=call_takers, cases=cases, seed=seed, language=language)
    return [report.write(plain(drawn, title="Made-up first calls", support=of_nobody), out / "vignettes.csv")]


def _questions(found: GuideEffect) -> Table:
    calls = dictionary.table("calls")
    frame = found.questions.assign(question=[calls.field(name).label for name in found.questions["question"]])
    numbers = found.questions
    asked = pd.concat(
        [
            pd.DataFrame({"events": share * of, "count": (1 - share) * of})
            for share, of in (
                (numbers["before"], numbers["calls_without"]),
                (numbers["after"], numbers["calls_with"]),
            )
        ],
        axis=1,
    )
    least = asked.T.groupby(level=0).min().T.round()
    return Table(
        title="Share of crisis-eligible calls in which a question was asked",
        frame=frame,
        columns=(
            Column("question", "Question"),
            Column("before", "Before the guide", "share"),
            Column("after", "With the guide", "share"),
            Column("conf_low", "95 % from", "share"),
            Column("conf_high", "to", "share"),
        ),
        note="Shares describe: what rose or fell before the guide goes on in them. The interval is of the later share.",
        support=least,
    )
