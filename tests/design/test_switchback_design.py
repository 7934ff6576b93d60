"""Blocks of a switchback counted from calls, by hand and from a simulated city."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.design import SwitchbackDesign, switchback_schedule

PLAN = switchback_schedule(weeks=5, start="2027-01-04", city="Davis", seed=1)


def calls(stamps, **columns):
    received = pd.to_datetime([*stamps, "2027-01-04 00:00", "2027-02-07 23:00"])
    base = pd.DataFrame({"call_id": [str(i) for i in range(len(received))], "city": "Davis", "received_at": received})
    fill = {name: [*values, values[0], values[0]] for name, values in columns.items()}
    return base.assign(**fill)


def formed(table, schedule=PLAN, outcome=None, **options):
    return SwitchbackDesign.from_tables(table, schedule, outcome=outcome, **options)


def test_the_stamp_of_receipt_decides_the_block():
    """By hand: the first block is Monday 08:00 to 15:00; a call at 15:00 sharp belongs to the second."""
    stamps = ["2027-01-04 07:59", "2027-01-04 08:00", "2027-01-04 14:59", "2027-01-04 15:00", "2027-01-04 22:00"]
    design = formed(calls(stamps, arrest=[True, True, False, True, True]))
    assert design.source["calls"].tolist()[:3] == [2, 1, 0]
    assert design.source["arrest"].tolist()[:3] == [1, 1, 0]
    assert design.source["calls"].sum() == 3
    assert "3 of 4 calls came in during blocks" in design.describe()
    assert design.weeks == 5


def test_the_first_minutes_of_every_block_are_left_out_whatever_was_drawn():
    stamps = [f"{start:%Y-%m-%d %H:}{minute}" for start in PLAN.starts for minute in ("29", "30")]
    design = formed(calls(stamps), carryover_minutes=30)
    assert (design.source["calls"] == 1).all()
    assert (design.source["hours"] == 6.5).all()


def test_calls_are_chosen_by_what_was_known_before_dispatch():
    stamps = ["2027-01-04 09:00", "2027-01-04 10:00"]
    table = calls(
        stamps, initial_type=["disturbance", "mental_health_crisis"], attended=[True, False], final_type=["x", "x"]
    )
    design = formed(table, eligible={"initial_type": ["mental_health_crisis"]})
    assert design.source["calls"].sum() == 1
    late = {"attended": [True], "final_type": ["x"], "team_on_duty": [True]}
    with pytest.raises(DesignError) as caught:
        formed(table.assign(team_on_duty=True), eligible=late)
    said = str(caught.value)
    assert "'attended' comes about after dispatch (team on duty → team attends)" in said
    assert "'final_type' comes about after dispatch (team on duty → team attends → what is written down)" in said
    assert "'team_on_duty' follows from the coverage" in said
    with pytest.raises(DesignError, match="column 'colour' is missing"):
        formed(table, eligible={"colour": ["red"]})
    with pytest.raises(DesignError, match="give a list"):
        formed(table, eligible={"initial_type": "disturbance"})


def test_weeks_that_are_not_yet_whole_are_left_out_and_said():
    table = calls(["2027-01-04 09:00", "2027-02-01 09:00"])
    design = formed(table[table["received_at"] < "2027-02-05"])
    assert design.weeks == 4
    assert "56 of 70 blocks lie in whole weeks" in design.describe()


def test_calls_that_do_not_cover_the_calendar_are_refused():
    table = calls([])
    with pytest.raises(DesignError, match="do not cover the weeks"):
        formed(table[table["received_at"] > "2027-02-01"])
    with pytest.raises(DesignError, match="no call in 'Davis'"):
        formed(table.assign(city="Elsewhere"))


def test_planned_is_the_contrast_and_delivered_is_said():
    frame = PLAN.frame.assign(delivered_hours=lambda block: block["planned_hours"] * 0.9)
    design = formed(calls([]), frame)
    assert "90 % of 350 planned hours were delivered" in design.describe()
    assert design.covered.sum() == 50
    crossed = frame.assign(delivered_hours=7.0)
    with pytest.warns(IdentificationWarning, match="worked in 20 blocks that were to be uncovered"):
        formed(calls([]), crossed)


def test_counts_by_block_must_be_whole_weeks_from_the_first_on():
    counts = PLAN.frame[["shift_start"]].assign(calls=np.arange(70))
    assert formed(counts.sample(frac=1, random_state=1), outcome="calls").outcome_values().tolist() == list(range(70))
    assert formed(counts.head(56), outcome="calls").weeks == 4
    for wrong in (counts.head(60), counts.tail(56), pd.concat([counts.head(69), counts.head(1)])):
        with pytest.raises(DesignError, match="not one for each block of whole weeks"):
            formed(wrong, outcome="calls")
    with pytest.raises(DesignError, match="1 whole weeks"):
        formed(counts.head(14), outcome="calls")
    with pytest.raises(DesignError, match="cannot be restricted"):
        formed(counts, outcome="calls", carryover_minutes=10)


def test_carry_over_must_fit_into_a_block():
    for minutes in (-1, 420):
        with pytest.raises(DesignError, match="does not fit into blocks of 7 hours"):
            formed(calls([]), carryover_minutes=minutes)


def test_redraws_are_of_the_weeks_used_and_of_the_law():
    design = formed(PLAN.frame[["shift_start"]].assign(calls=np.arange(70)).head(56), outcome="calls")
    drawn = design.redraws(50, seed=1)
    assert drawn.shape == (50, 4, 14)
    assert (drawn.sum(axis=2) == 10).all()
    assert (PLAN.law.draw(50, seed=1)[:, :4] == drawn).all()
