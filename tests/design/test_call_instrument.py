"""Calls with an instrument: who counts as received in a planned shift, and what is refused. All frames made by hand."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.design import CallInstrumentDesign

START = "2020-07-01"
DAYS = pd.date_range("2020-06-01", periods=60)


def calls(**changed):
    """Two calls a day, at 08:30 and 14:30; from July on every other one at 14:30 is attended."""
    at = np.sort(np.concatenate([DAYS + pd.Timedelta("8h30min"), DAYS + pd.Timedelta("14h30min")]))
    frame = pd.DataFrame({"received_at": at, "patrol_load": np.linspace(0, 1, 120), "arrest": [0, 1, 1, 0, 1, 0] * 20})
    afternoon = (frame["received_at"] >= START) & (frame["received_at"].dt.hour == 14)
    frame["team_on_duty"], frame["team_busy"] = afternoon, afternoon & (frame.index % 4 == 1)
    frame["attended"] = frame["team_on_duty"] & ~frame["team_busy"]
    return frame.assign(**changed)


def schedule(first=START, days=31, city="Davis", **changed):
    mornings = pd.date_range(first, periods=days)
    shifts = {"city": city, "shift_start": mornings + pd.Timedelta("12h"), "shift_end": mornings + pd.Timedelta("22h")}
    return pd.DataFrame(shifts | {"planned_hours": 10.0} | changed)


def design(frame=None, shifts=None, **changed):
    stated = {"outcome": "arrest", "start": START} | changed
    return CallInstrumentDesign.from_tables(
        calls() if frame is None else frame, schedule() if shifts is None else shifts, **stated
    )


def test_the_instrument_is_a_planned_shift_at_the_moment_of_the_call():
    d = design()
    expected = (d.source["received_at"] >= START) & (d.source["received_at"].dt.hour == 14)
    np.testing.assert_array_equal(d.z(), expected)
    assert d.covered_hours == 70
    assert d.planned == pytest.approx(70, abs=2.5)  # the last call comes in the afternoon of the last day
    assert np.isnan(d.delivered)
    assert (d.contrast, d.outside, d.one_sided) == ("ATT", 0, True)


def test_shifts_that_begin_where_others_end_or_overlap_are_one_plan():
    halves = pd.concat([schedule(), schedule()], ignore_index=True)
    mornings = pd.date_range(START, periods=31)
    halves.loc[:30, "shift_end"] = mornings + pd.Timedelta("16h")
    halves.loc[31:, "shift_start"] = (mornings + pd.Timedelta("14h")).to_numpy()
    np.testing.assert_array_equal(design(shifts=halves).z(), design().z())


def test_shifts_planned_before_the_start_count_as_what_they_are():
    early = pd.concat([schedule(), schedule("2020-06-02", days=5)], ignore_index=True)
    d = design(shifts=early)
    assert int(d.z().sum()) == int(design().z().sum()) + 5
    assert any("5 calls before the start were received in shifts planned then" in text for text in d.notes)
    assert d.covered_hours == 70


def test_treated_calls_off_duty_are_counted_and_end_the_claim_to_be_the_att():
    frame = calls()
    frame.loc[[0, 2], "attended"] = True
    with pytest.warns(IdentificationWarning, match="2 of .* received outside planned shifts"):
        d = design(frame)
    assert (d.contrast, d.outside) == ("LATE", 2)


def test_a_free_team_is_asked_of_calls_on_duty_alone():
    d = design(instrument="team_free", covariates=["patrol_load"])
    assert d.source["team_on_duty"].all()
    np.testing.assert_array_equal(d.z() == 1, ~d.source["team_busy"])
    assert set(d.regressors()) >= {"patrol_load", "weekday_1"}
    with pytest.raises(DesignError, match="after the start"):
        d.before_start()


def test_before_the_start_a_made_up_team_stands_in_the_later_half():
    before = design().before_start()
    assert (before.source["received_at"] < START).all()
    made_up = before.z() == 1
    assert (before.timing.loc[made_up, "hour"] == 14).all()
    assert before.timing.loc[made_up, "week"].min() == -3  # of the weeks −5 to −1
    assert made_up.sum() == 21


def test_weeks_are_counted_from_the_start_so_that_none_holds_both_sides():
    d = design()
    assert (d.timing.groupby("week")["after"].nunique() == 1).all()


@pytest.mark.parametrize("late", ["arrest", "final_type", "minutes_on_scene"])
def test_a_covariate_that_comes_after_dispatch_is_refused(late):
    frame = calls(**{late: np.arange(120) % 7})
    with pytest.raises(DesignError, match=f"'{late}' comes about after dispatch"):
        design(frame.assign(hold=np.arange(120) % 2), outcome="hold", covariates=[late])


def test_every_broken_rule_of_the_tables_is_said_at_once():
    frame = calls().astype({"received_at": str})
    frame.loc[3, "received_at"] = "some time"
    with pytest.raises(DesignError) as caught:
        design(frame, schedule(city=["Davis", "Woodland"] * 15 + ["Davis"]), start="mid July")
    assert all(text in str(caught.value) for text in ("mid July", "2 cities", "cannot be read in 1 row (rows 3)"))


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"start": "2021-07-01"}, "no call was received after the start"),
        ({"start": "2020-01-01"}, "no call was received before the start"),
        ({"instrument": "moon"}, "is not known"),
        ({"city": "Woodland"}, "no shift in 'Woodland'"),
    ],
)
def test_a_statement_that_does_not_fit_the_tables_is_refused(changed, what):
    with pytest.raises(DesignError, match=what):
        design(**changed)


def test_stamps_with_an_offset_are_refused():
    frame = calls()
    with pytest.raises(DesignError, match="not local clock time"):
        design(frame.assign(received_at=frame["received_at"].dt.tz_localize("UTC")))


def test_calls_of_other_cities_are_left_out_and_counted():
    frame = pd.concat([calls(city="Davis"), calls(city="Folsom")], ignore_index=True)
    d = design(frame)
    assert len(d.source) == 120
    assert any("120 calls of other cities are left out" in text for text in d.notes)


def test_a_plan_without_uncovered_hours_is_refused():
    around = schedule(shift_end=pd.date_range(START, periods=31) + pd.Timedelta("36h"))
    with pytest.raises(DesignError, match="all covered"):
        design(shifts=around)


def test_an_instrument_that_brings_nobody_is_refused():
    frame = calls()
    frame["attended"] = False
    frame.loc[0, "attended"] = True
    with pytest.raises(DesignError, match="no call with the instrument"):
        design(frame)


def test_delivered_hours_are_shown_beside_planned_ones():
    d = design(shifts=schedule(delivered_hours=5.0))
    assert d.delivered == pytest.approx(d.planned / 2)
    assert any("delivered" in text for text in d.notes)


def test_the_fingerprint_follows_the_schedule_and_the_outcome():
    early_too = pd.concat([schedule(), schedule("2020-06-02", days=5)])
    prints = {
        design().fingerprint,
        design(shifts=early_too).fingerprint,
        design(outcome=None).fingerprint,
        design(instrument="team_free").fingerprint,
    }
    assert len(prints) == 4
    assert design(outcome=None).with_outcome("arrest").fingerprint == design().fingerprint


def test_the_design_describes_itself():
    said = repr(design(covariates=["patrol_load"]))
    assert said.startswith("CallInstrumentDesign: arrest of 120 calls")
    assert "Davis, start 2020-07-01" in said
    assert "known before dispatch: patrol_load" in said
