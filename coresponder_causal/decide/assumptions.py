"""What each method rests on, said once: its key assumption, what it shares with others, and where bias would point.

Two estimates count as two only if they rest on different assumptions and what would mislead one need not mislead the
other: see `apart`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.result import Result
from coresponder_causal.data import dictionary

Sign = Literal["+", "−", "?", "towards no change", "none known"]
Funnel = Literal["upstream", "recording", "unknown"]
own_course = "the city's calls before the start"
own_hours = "the covered hours before the start"
responders = ("officer", "clinician")
tables_of_outcomes = ("calls", "outcomes")
at_receipt = "calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Methods of one key assumption.

    Parameters
    ----------
    title : str
        What is compared, in words.
    assumption : str
        What must hold, as a sentence without its capital and full stop.
    methods : tuple of str
    bias : {"+", "−", "?", "towards no change", "none known"}
        Where the bias of the log ratio would point if the assumption failed: "−" makes a fall too large.
    why : str
        What would bias it, as far as that is known.
    before : str
        Part of the pre-period that the comparison starts from: a shock there misleads all that share it. Empty: none.
    """

    title: str
    assumption: str
    methods: tuple[str, ...]
    bias: Sign
    why: str
    before: str = ""


families = (
    Family(
        title="half-days drawn by lot",
        assumption="the lot decided which half-days are covered",
        methods=("switchback_randomization",),
        bias="towards no change",
        why="what the team does in one half-day may last into the next",
    ),
    Family(
        title="covered against other hours, before and after",
        assumption="covered and other hours would have moved alike",
        methods=("call_coverage", "did_triple"),
        bias="towards no change",
        why="what the team changes in other hours is taken for a change without it",
        before=own_hours,
    ),
    Family(
        title="the city against other cities, before and after",
        assumption="the city would have moved as the other cities did",
        methods=(
            "did_prediction_interval", "did_group_time", "did_few_treated", "did_poisson", "did_gap",
            "did_event_study", "did_two_way", "did_imputation", "did_interaction", "did_stacked", "did_switching",
            "its_conformal", "synth_augmented", "synth_control", "synth_did",
        ),
        bias="?",
        why="whatever else changed in this city alone at that time is in it",
        before=own_course,
    ),
    Family(
        title="the city against its own past",
        assumption="the city's own course would have gone on",
        methods=("its_segmented", "its_counts", "its_rare", "its_arima", "its_structural"),
        bias="?",
        why="whatever else changed at that time, everywhere or here, is in it",
        before=own_course,
    ),
    Family(
        title="calls with the team against like calls without it",
        assumption="calls alike in what is recorded are alike in what is not",
        methods=(
            "call_difference", "call_aipw", "dml_linear", "dml_forest", "call_repeat", "call_recurrent",
            "call_bounds", "call_observed", "call_double_sample", "call_linkage", "call_narrative", "call_strata",
        ),
        bias="?",
        why="the team may be sent to graver calls (+) or to calmer scenes (−) than the record shows",
    ),
    Family(
        title="described cases drawn by lot",
        assumption="the lot decided the features of the cases",
        methods=("vignette_effects",),
        bias="towards no change",
        why="on paper people say what is expected of them more than they do on a call",
    ),
    Family(
        title="persons who met the team against others, wave after wave",
        assumption="persons who met the team would have changed as the others did",
        methods=("wave_change", "officer_ordinal", "wave_bounds"),
        bias="?",
        why="who seeks the team out may be about to change anyway",
    ),
    Family(
        title="calls for which something else moved the team's presence",
        assumption="what moved the team's presence touches outcomes through the team alone",
        methods=("call_iv",),
        bias="?",
        why="calls may differ between the times at which the team can come and cannot",
    ),
    Family(
        title="officers before and after they worked beside the team",
        assumption="officers would have gone on as those who had not yet, or never, worked beside the team",
        methods=("officer_imputation", "officer_poisson", "officer_dose"),
        bias="?",
        why="who volunteers may already be on another course, and squad mates may learn from each other",
    ),
    Family(
        title="calls around the hour at which the team comes on",
        assumption="nothing else changes at the hour at which the team comes on",
        methods=("call_boundary",),
        bias="?",
        why="calls held for the team, and changes of shift at that hour, are in it",
        before=own_hours,
    ),
)  # fmt: skip
"""In the order in which designs are believed."""


@dataclass(frozen=True, slots=True)
class Recording:
    """How an outcome comes on record: its source, and whether the responders themselves write it."""

    source: str
    by_responders: bool


def family_of(method: str) -> Family:
    """Return the family of a method.

    Raises
    ------
    DataError
        If the method is in none: put it into `families`.

    Examples
    --------
    >>> family_of("call_iv").title
    "calls for which something else moved the team's presence"
    """
    found = next((family for family in families if method in family.methods), None)
    if found is None:
        raise DataError(
            f"nothing says what the method {method} rests on",
            mend="put it into decide.assumptions.families, or leave its result out",
        )
    return found


def recording_of(outcome: str) -> Recording:
    """Return how an outcome comes on record, by the data dictionary; of one that it lacks the worst is taken.

    Examples
    --------
    >>> recording_of("arrest")
    Recording(source='police records management system (RMS)', by_responders=True)
    >>> recording_of("calls").by_responders, recording_of("linked_30d").by_responders
    (False, False)
    """
    if outcome == at_receipt:
        return Recording("computer-aided dispatch (CAD)", by_responders=False)
    for name in tables_of_outcomes:
        for field in dictionary.table(name).fields:
            if field.name == outcome:
                written = any(who in field.entered_by for who in responders)
                return Recording(field.source, by_responders=written and field.stage != "pre-dispatch")
    return Recording("not in the data dictionary", by_responders=True)


def shared_before(result: Result) -> str:
    """Return the part of the pre-period that a result starts from; empty where there is none."""
    by_planned_shifts = result.method == "call_iv" and result.extra.get("adjustment") == "coverage_post"
    return own_hours if by_planned_shifts else family_of(result.method).before


def apart(
    kinds: Sequence[str], before: Sequence[str], sources: Sequence[str], doubtful: Sequence[bool]
) -> NDArray[np.bool_]:
    """Which pairs of estimates count as two.

    Those that rest on different assumptions, start from different parts of the pre-period and, where the programme may
    change what is put on record, read different sources.

    Parameters
    ----------
    kinds, before, sources : sequence of str, length d
        Assumption, part of the pre-period (empty: none) and source of the outcome of each.
    doubtful : sequence of bool, length d
        Whether the programme may have changed what its source records.

    Returns
    -------
    ndarray of bool, shape (d, d)

    Examples
    --------
    >>> apart(["a", "b"], ["", ""], ["CAD", "CAD"], [False, False])[0, 1]
    np.True_
    >>> apart(["a", "b"], ["", ""], ["RMS", "RMS"], [True, True])[0, 1]
    np.False_
    """

    def alike(values: Sequence[str]) -> NDArray[np.bool_]:
        held = np.array(values, dtype=object)
        return np.asarray(held[:, None] == held[None, :], bool)

    there, threatened = np.array([bool(one) for one in before]), np.array(doubtful, bool)
    same_start = alike(before) & there[:, None] & there[None, :]
    same_record = alike(sources) & (threatened[:, None] | threatened[None, :])
    return np.asarray(~alike(kinds) & ~same_start & ~same_record)
