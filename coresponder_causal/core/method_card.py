"""The card of a method: what it is, when it holds, when not to use it, and on which simulated data it is studied."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Literal

from coresponder_causal.core.domain import summary
from coresponder_causal.core.errors import EstimationError

headings = ("Estimand", "Needs", "Estimator", "Inference", "Breaks", "Reference", "Say")
not_measured = "domain: not yet measured"
Setting = Literal[
    "series",
    "rare",
    "city",
    "hours",
    "adopters",
    "calls",
    "plain_calls",
    "history",
    "instrument",
    "switchback",
    "boundary",
    "hour_calls",
    "strata",
    "partly_known",
    "double_sample",
    "linkage",
    "narrative",
    "officers",
    "officer_counts",
    "officer_dose",
    "waves",
    "ordinal_waves",
    "lost_waves",
    "vignettes",
]
"""How a method meets the simulated data of the study of coverage."""
setting_of_design: dict[str, Setting] = {
    "SeriesDesign": "series",
    "PanelDesign": "city",
    "CoverageDesign": "hours",
    "CallInstrumentDesign": "instrument",
    "CallDesign": "calls",
    "HistoryDesign": "history",
    "SwitchbackDesign": "switchback",
    "StrataDesign": "strata",
    "PartlyKnownDesign": "partly_known",
    "OfficerDesign": "officers",
    "WaveDesign": "waves",
    "VignetteDesign": "vignettes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCard:
    """What a method is, when it holds and when not to use it.

    Parameters
    ----------
    name : str
        Name of the estimator.
    title : str
        First line of its module.
    design : str
        Name of the design it takes.
    contrasts : tuple of str
        Estimands it can give.
    reference, checked_against : str
        Source of the method; program and version its numbers were checked against.
    sections : tuple of (heading, text)
        The card itself.
    setting : str or None
        Simulated data it is studied on: one city in time ("series"), the same with few events ("rare"), one treated
        city among others ("city"), the same by hours ("hours"), several treated units ("adopters"), calls ("calls"),
        calls that nothing has adjusted ("plain_calls"), what comes after calls ("history"), half-days covered by lot
        ("switchback"), calls near the hours of the team ("boundary"), calls by hours across cities ("hour_calls"),
        counts by strata of two agencies ("strata"), calls whose outcome is known of some ("partly_known"), of whose
        others a sample was found ("double_sample"), was linked ("linkage"), or coded by a machine and a sample by hand
        ("narrative"), officers in time ("officers"), their events ("officer_counts") and dose ("officer_dose"),
        persons' scores on several waves ("waves"), their answers in order ("ordinal_waves"), scores of some of them
        ("lost_waves"), or answers to drawn cases ("vignettes"). None: it is not studied.
    """

    name: str
    title: str
    design: str
    contrasts: tuple[str, ...]
    reference: str
    checked_against: str
    sections: tuple[tuple[str, str], ...]
    setting: Setting | None = None

    @property
    def domain(self) -> str:
        """Where its interval was measured, and how it behaved there."""
        return summary(self.name) or not_measured

    def to_markdown(self) -> str:
        """Return the card as a section of the methods page."""
        facts = [
            f"Design: `{self.design}` · contrasts: {', '.join(self.contrasts)}",
            f"Source: {self.reference} · checked against: {self.checked_against} · {self.domain}",
        ]
        body = [f"**{heading}.** {text}" for heading, text in self.sections]
        return "\n\n".join([f"## `{self.name}`", self.title, *facts, *body])


def card_sections(text: str, name: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Title and sections of a method card: paragraphs that open with one of the headings and a colon."""
    pieces = re.split(rf"^({'|'.join(headings)}):", inspect.cleandoc(text), flags=re.MULTILINE)
    found = dict(zip(pieces[1::2], (" ".join(piece.split()) for piece in pieces[2::2]), strict=True))
    missing = [heading for heading in headings if not found.get(heading)]
    if missing:
        raise EstimationError(
            f"the card of {name} lacks {', '.join(missing)}", mend="write them in its module docstring"
        )
    return " ".join(pieces[0].split()), tuple((heading, found[heading]) for heading in headings)
