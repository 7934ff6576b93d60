"""Calls with their histories: what comes first, days at liberty, what is refused and what is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, HistoryDesign

ROWS = [
    (1, "custody", 1.0, 4.0),
    (1, "hospital", 3.0, 6.0),
    (1, "repeat", 5.0, np.nan),
    (1, "repeat", 20.0, np.nan),
    (2, "repeat", 7.0, np.nan),
    (2, "custody", 7.0, 30.0),
    (3, "moved", 12.0, np.nan),
    (4, "repeat", 50.0, np.nan),
    *((call, "end", last, np.nan) for call, last in ((1, 90.0), (2, 90.0), (3, 90.0), (4, 40.0))),
]


def calls():
    frame = pd.DataFrame({"call_id": [1, 2, 3, 4], "attended": [1, 0, 1, 0], "night": [0, 0, 1, 1]})
    with quietly():
        return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])


def design(rows=ROWS, **options):
    history = pd.DataFrame(rows, columns=["call_id", "kind", "day", "until"])
    return HistoryDesign.from_history(calls(), history, **options)


def test_what_comes_first_in_some_days():
    d = design()
    assert d.firsts(90).kind.tolist() == ["custody", "repeat", "moved", ""]
    assert d.firsts(90).day.tolist() == [1.0, 7.0, 12.0, 40.0]
    assert d.firsts(6).kind.tolist() == ["custody", "", "", ""]
    assert d.firsts(6).day.tolist() == [1.0, 6.0, 6.0, 6.0]


def test_only_those_who_leave_for_good_are_gone():
    until, gone = design().gone(90)
    assert until.tolist() == [90.0, 90.0, 12.0, 40.0]
    assert gone.tolist() == [False, False, True, False]


def test_a_day_in_two_stays_is_one_day_away():
    d = design()
    assert d.at_liberty(np.array([90.0, 90.0, 12.0, 40.0])).tolist() == [85.0, 67.0, 12.0, 40.0]
    assert d.at_liberty(np.array([3.5, 10.0, 12.0, 40.0])).tolist() == [1.0, 7.0, 12.0, 40.0]


def test_events_up_to_a_day_of_each_calls_own():
    row, day = design().events(np.array([19.0, 90.0, 90.0, 90.0]))
    assert (row.tolist(), day.tolist()) == ([0, 1], [5.0, 7.0])


def test_overlaps_events_in_stays_and_rows_after_the_end_are_said():
    notes = " | ".join(design().notes)
    assert "1 stays overlap" in notes
    assert "1 events (repeat) fall into a stay" in notes
    assert "1 events or stays began after the end" in notes
    zero = design([(1, "repeat", 0.0, np.nan), *ROWS[4:]])
    assert "very moment of the call" in " ".join(zero.notes)


def test_another_kind_may_be_the_outcome():
    d = design(outcome="custody")
    assert d.competing == ("hospital", "moved", "repeat")
    assert d.firsts(90).kind.tolist() == ["custody", "custody", "moved", ""]
    assert d.fingerprint != design().fingerprint
    assert design(outcome=None).with_outcome("custody").fingerprint == d.fingerprint


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[:-1], "1 call without exactly one row of kind 'end'"),
        ([*ROWS, ROWS[-1]], "1 call without exactly one row"),
        ([(1, "custody", 4.0, 1.0), *ROWS], "end before they begin"),
        ([(1, "custody", -4.0, 1.0), *ROWS], "negative"),
    ],
)
def test_broken_histories_are_refused(rows, said):
    with pytest.raises(DesignError, match=said):
        design(rows)


def test_calls_without_ids_and_outcomes_that_never_came_are_refused():
    with pytest.raises(DesignError, match="choose from"):
        design(outcome="wedding")
    frame = pd.DataFrame({"attended": [1, 0, 1, 0], "night": [0, 0, 1, 1]})
    with quietly():
        c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    with pytest.raises(DesignError, match="call_id"):
        HistoryDesign.from_history(c, pd.DataFrame(ROWS, columns=["call_id", "kind", "day", "until"]))
