"""All that a study found of those who work beside the team, as sections of its page."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.report.features_picture import features_picture
from coresponder_causal.report.officers_section import (
    detectable_sentences,
    headline_sentence,
    officers_section,
    remarks_block,
    verdict_sentence,
)
from coresponder_causal.report.score_names import score_name
from coresponder_causal.report.sentences import detectable
from coresponder_causal.report.specs import Block, Section, Sentence
from coresponder_causal.report.tables import table
from coresponder_causal.report.waves_section import waves_section
from coresponder_causal.report.weighed_checks import numbers_behind
from coresponder_causal.report.workforce_found import VignettesFound, Workforce


def workforce_sections(found: Workforce) -> tuple[Section, ...]:
    """Put officers, waves and vignettes on a page, a section each.

    Parameters
    ----------
    found : Workforce
    """
    return (
        *map(officers_section, found.officers),
        *map(waves_section, found.waves),
        *map(vignettes_section, found.vignettes),
    )


def workforce_findings(found: Workforce) -> tuple[Sentence, ...]:
    """Say what was found first of each, with its verdict where there is one.

    Parameters
    ----------
    found : Workforce
    """
    said: list[Sentence] = []
    for one in found.officers:
        said += detectable_sentences(one)
        said += [headline_sentence(one.results[0]), verdict_sentence(one)] if one.results else []
    for waves in found.waves:
        said += [headline_sentence(score.results[0]) for score in waves.scores[:1] if score.results]
    said += [headline_sentence(case.result) for case in found.vignettes if case.result is not None]
    return tuple(said)


def vignettes_section(found: VignettesFound) -> Section:
    """Put the answers to drawn cases on a page.

    Parameters
    ----------
    found : VignettesFound

    Returns
    -------
    Section
        What could be found, what was, the picture, every term, checks, remarks.
    """
    people = pd.DataFrame({"persons": [float(found.design.persons)]})
    shown: tuple[Block, ...] = ()
    if found.result is not None:
        result = found.result
        shown = (detectable(result), headline_sentence(result), features_picture(result), table(result))
    checked: tuple[Block, ...] = (table(*found.checks), *numbers_behind(found.checks)) if found.checks else ()
    said = dict.fromkeys((*found.refused, *found.design.notes, *(found.result.notes if found.result else ())))
    return Section(
        title=f"Drawn cases: {score_name(found.design.outcome)}",
        blocks=(*shown, *checked, *remarks_block(tuple(said), people)),
    )
