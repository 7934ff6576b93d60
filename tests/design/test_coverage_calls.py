"""The calls of a coverage design one by one: who is eligible, and the clock of the team's hours, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.core.notes import Doubt, collecting, quietly
from coresponder_causal.design import CoverageDesign
from coresponder_causal.design.call_timing import within
from coresponder_causal.design.coverage_calls import edges
from coresponder_causal.validity.layout import with_counts

START = "2020-07-01"
KINDS = ["suicide_threat", "welfare_check", "disturbance"]


def town(seed: int = 3) -> pd.DataFrame:
    """A call about every four hours in two cities from April to September 2020."""
    rng = np.random.default_rng(seed)
    n = 2200
    received = pd.Timestamp("2020-04-01") + pd.to_timedelta(rng.integers(0, 183 * 86_400, n), unit="s")
    return pd.DataFrame(
        {
            "call_id": [f"C{i:05d}" for i in range(n)],
            "city": np.where(rng.random(n) < 0.5, "Davis", "Folsom"),
            "received_at": received,
            "dispatched_at": received + pd.to_timedelta(rng.integers(1, 20, n), unit="min"),
            "initial_type": rng.choice(KINDS, n),
            "priority": rng.integers(1, 4, n),
            "person": [f"P{i % 400}" for i in range(n)],
            "team_busy": False,
            "attended": False,
            "final_type": "welfare_check",
            "arrest": rng.random(n) < 0.3,
            "minutes_on_scene": rng.gamma(4.0, 8.0, n),
        }
    )


def roster(opening: str = "12h", **changed: object) -> pd.DataFrame:
    """A shift of ten hours on every day from July to September."""
    begin = pd.date_range(START, "2020-09-30") + pd.Timedelta(opening)
    frame = pd.DataFrame({"city": "Davis", "shift_start": begin, "shift_end": begin + pd.Timedelta("10h")})
    return frame.assign(planned_hours=10.0, delivered_hours=10.0, **changed)


def made(calls: pd.DataFrame | None = None, shifts: pd.DataFrame | None = None, **changed: object) -> CoverageDesign:
    stated = {"outcome": "arrest", "start": START, "exposure": "calls"} | changed
    return CoverageDesign.from_tables(
        town() if calls is None else calls, roster() if shifts is None else shifts, **stated
    )


def test_the_clock_of_every_call_by_hand():
    calls, timed = town().sort_values(["city", "received_at"], ignore_index=True), made().calls
    assert timed["call_id"].tolist() == calls["call_id"].tolist()
    times = calls["received_at"]
    noon = times.dt.normalize() + pd.Timedelta("12h")
    np.testing.assert_array_equal(timed["covered"], times.dt.hour.between(12, 21))
    np.testing.assert_array_equal(timed["after"], times >= START)
    np.testing.assert_array_equal(timed["planned"], timed["covered"] & timed["after"] & calls["city"].eq("Davis"))
    np.testing.assert_array_equal(timed["month"], times.dt.year * 12 + times.dt.month - 1)
    np.testing.assert_array_equal(timed["week"], (times - pd.Timestamp(START)).dt.days // 7)
    apart = (times - noon).dt.total_seconds() / 60
    np.testing.assert_allclose(timed["minutes_from_opening"], apart.where(apart.abs() <= 720), atol=1e-9)
    late = np.abs(timed["minutes_from_closing"]) < 60
    np.testing.assert_array_equal(late, times.dt.hour.isin([21, 22]) & ~times.dt.strftime("%H:%M:%S").eq("21:00:00"))
    waited = (calls["dispatched_at"] - times).dt.total_seconds() / 60
    np.testing.assert_allclose(timed["held_minutes"], waited, rtol=1e-12)
    assert timed["arrest"].dtype == bool


def test_the_opening_is_where_shifts_begin_not_where_the_clock_hour_does():
    timed = made(shifts=roster("11h 30min")).calls
    times = timed["received_at"]
    at_opening = np.abs(timed["minutes_from_opening"]) < 30
    np.testing.assert_array_equal(at_opening, times.dt.hour.eq(11) & ~times.dt.strftime("%M:%S").eq("00:00"))
    covered = np.isin(np.arange(168), np.arange(167, 169) % 168)
    assert edges(covered, roster().iloc[:0], pd.Timestamp(START), "shift_start").tolist() == [167 * 60]
    assert edges(covered, roster().iloc[:0], pd.Timestamp(START), "shift_end").tolist() == [60]


def test_the_order_of_rows_and_the_library_do_not_matter():
    calls = town()
    first = made(calls)
    for other in (calls.sample(frac=1, random_state=1), pa.Table.from_pandas(calls)):
        again = made(other)
        pd.testing.assert_frame_equal(again.calls, first.calls)
        assert again.fingerprint == first.fingerprint


def test_the_design_does_not_look_at_what_became_of_the_calls():
    calls = town()
    rng = np.random.default_rng(1)
    mixed = calls.assign(arrest=rng.permutation(calls["arrest"]), attended=rng.random(len(calls)) < 0.1)
    one, other = (made(table, covariates=["priority"], person="person") for table in (calls, mixed))
    assert one.design_fingerprint == other.design_fingerprint
    assert one.fingerprint != other.fingerprint
    clock = ["covered", "after", "planned", "week", "minutes_from_opening"]
    pd.testing.assert_frame_equal(one.calls[clock], other.calls[clock])
    moved = calls.assign(received_at=calls["received_at"] + pd.Timedelta("1h"))
    assert made(moved, covariates=["priority"], person="person").design_fingerprint != one.design_fingerprint


def test_eligible_calls_are_chosen_counted_and_said():
    calls = town()
    calls.loc[:4, "initial_type"] = None
    design = made(calls, eligible={"initial_type": KINDS[:2]})
    assert len(design.calls) == calls["initial_type"].isin(KINDS[:2]).sum()
    assert design.source["calls"].sum() == len(design.calls)
    assert "5 calls do not say 'initial_type' and count as not eligible" in design.notes
    assert f"{len(design.calls)} of 2200 calls are eligible by initial_type" in design.notes
    assert "no rule of eligibility was given: all 2200 calls count as eligible" in made(calls).notes


def test_calls_without_time_zero_are_counted_and_left_out():
    calls = town()
    calls.loc[:6, "received_at"] = pd.NaT
    design = made(calls)
    assert len(design.calls) == 2193
    assert "7 of 2200 calls have no time of receipt and are left out" in design.notes


@pytest.mark.parametrize("late", ["final_type", "attended"])
def test_what_comes_after_dispatch_neither_chooses_nor_adjusts(late):
    with pytest.raises(DesignError) as caught:
        made(covariates=[late], eligible={late: [True], "team_busy": [False]}, start="2020-09-30", phase_in=9)
    said = str(caught.value)
    way = "team on duty → team attends" + " → what is written down" * (late == "final_type")
    assert f"'{late}' comes about after dispatch ({way}): the team may have changed it, and calls" in said
    assert f"'{late}' comes about after dispatch ({way}): the treatment may have changed it" in said
    assert "'team_busy' follows from the coverage itself" in said
    assert "phase_in=9 periods reach beyond the data" in said


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"covariates": ["moon"]}, "column 'moon' is missing"),
        ({"covariates": ["team_busy"]}, "'team_busy' follows from the coverage itself"),
        ({"eligible": {"initial_type": "welfare_check"}}, "give a list"),
        ({"eligible": {"initial_type": ["fire"]}}, "no call is eligible"),
        ({"outcome": "initial_type"}, "'initial_type' is not a number per call"),
    ],
)
def test_what_cannot_be_asked_of_calls_is_refused(changed, says):
    with pytest.raises(DesignError, match=says):
        made(**changed)


def test_a_column_with_the_name_of_the_clock_is_refused():
    with pytest.raises(DesignError, match="'week' is the name of a column that the design makes"):
        made(town().assign(week=1))


def test_stamps_that_cannot_be_read_are_refused():
    calls = town().astype({"received_at": "str"})
    calls.loc[3, "received_at"] = "yesterday"
    with pytest.raises(DataError, match="received_at"):
        made(calls)


def test_counts_give_no_calls_and_take_no_choice_of_them():
    hours = pd.MultiIndex.from_product(
        [["Davis", "Folsom"], pd.period_range("2020-04", periods=6, freq="M"), range(168)],
        names=["city", "month", "hour_of_week"],
    ).to_frame(index=False)
    counts = hours.assign(hours=4, calls=np.arange(len(hours)) % 3)
    assert made(counts, outcome="calls", exposure="hours").calls is None
    with pytest.raises(DesignError, match="covariates=, eligible= cannot be used with counts") as caught:
        made(counts, outcome="calls", exposure="hours", covariates=["priority"], eligible={"priority": [1]})
    assert "give the table of calls" in str(caught.value)
    with pytest.raises(DesignError, match="holds no calls"):
        made(counts, outcome="calls", exposure="hours").covariate_frame()


def test_a_number_per_call_is_an_outcome_too():
    calls = town()
    design = made(calls, outcome="minutes_on_scene")
    own = calls[calls["city"].eq("Davis") & calls["received_at"].dt.month.eq(8)]
    covered = own["received_at"].dt.hour.between(12, 21)
    by_hand = np.log(own.groupby(covered)["minutes_on_scene"].mean()).diff().iloc[-1]
    assert design.gap()["Davis"].iloc[4] == pytest.approx(by_hand, rel=1e-12)
    pd.testing.assert_frame_equal(made(calls).with_outcome("minutes_on_scene").gap(), design.gap())


def test_a_rate_per_call_is_one_of_calls_whose_outcome_is_known():
    calls = town()
    inside = calls["received_at"].dt.hour.between(12, 21) & (calls["received_at"] >= START)
    calls["arrest"] = calls["arrest"].astype("boolean").mask(inside & (np.arange(len(calls)) % 2 == 0))
    with collecting() as notes, quietly():
        gap = made(calls).gap()
    np.testing.assert_allclose(gap, made(calls[calls["arrest"].notna()]).gap(), rtol=1e-12)
    (said,) = [note for note in notes if "rates are per call whose arrest is known" in note]
    assert isinstance(said, Doubt)
    assert f"of {calls['arrest'].isna().sum()} of 2200 calls it is not" in said
    calls["arrest"] = town()["arrest"].astype("boolean").mask(np.arange(len(calls)) % 50 == 0)
    with collecting() as notes:
        made(calls).gap()
    assert [type(note) for note in notes if "rates are per call" in note] == [str]


def test_shifts_are_counted_by_what_became_of_them():
    delivered = np.full(92, 10.0)
    delivered[[3, 9]], delivered[20], delivered[[30, 31, 32]] = 0.0, 4.0, np.nan
    reasons = pd.Series([None] * 92, dtype="str")
    reasons[3], reasons[9] = "illness", "leave"
    shifts = roster().assign(delivered_hours=delivered, absence_reason=reasons)
    calls = town()
    calls["team_busy"] = calls["received_at"].dt.hour.eq(13) & (calls["received_at"] >= START)
    design = made(calls, shifts)
    assert (
        "2 of 92 planned shifts from the start on were not delivered (illness 1, leave 1), 1 were delivered in part, "
        "3 do not say and count as delivered" in design.notes
    )
    kept = design.shifts()
    assert kept["absent"].sum() == 2
    assert kept.loc[20, "partly"]
    assert kept["absent"].isna().sum() == 3
    absent_days = pd.to_datetime(["2020-07-04", "2020-07-10"])
    gone = design.calls["planned"] & design.calls["received_at"].dt.normalize().isin(absent_days)
    np.testing.assert_array_equal(design.calls["delivered"], design.calls["planned"] & ~gone)
    july, august, september = (design.fidelity().iloc[month] for month in range(3))
    assert np.isnan([july["delivered_hours"], august["share_delivered"], design.delivered]).all()
    assert (september["planned_hours"], september["delivered_hours"]) == (300.0, pytest.approx(300.0))
    with pytest.raises(DesignError, match="'delivered_hours' is not known in 2 months"):
        made(calls, shifts, dose="delivered_hours")
    told = made(calls, shifts.assign(delivered_hours=shifts["delivered_hours"].fillna(10.0))).fidelity().iloc[0]
    assert told["share_delivered"] == pytest.approx((310 - 20 - 6) / 310)
    there = design.calls[design.calls["delivered"] & design.calls["received_at"].dt.month.eq(7)]
    assert july["calls"] == len(there)
    assert july["share_busy"] == pytest.approx((there["received_at"].dt.hour == 13).mean())


def test_the_part_of_a_shift_that_was_worked_decides_about_its_calls():
    shifts = roster()
    end = shifts["shift_end"].copy()
    shifts.loc[5:14, "delivered_hours"], end[5:15] = 4.0, shifts.loc[5:14, "shift_start"] + pd.Timedelta("4h")
    design = made(shifts=shifts.assign(delivered_end=end))
    differs = design.calls[design.calls["planned"] != design.calls["delivered"]]
    assert len(differs) > 0
    assert differs["received_at"].dt.hour.between(16, 21).all()
    assert differs["received_at"].between("2020-07-06", "2020-07-16").all()
    assert not any("which part of a shift" in note for note in design.notes)
    assert any("which part of a shift" in note for note in made(shifts=shifts).notes)


def test_calls_that_wait_for_the_team_and_a_team_that_is_taken_are_said():
    calls = town()
    before = calls["received_at"].dt.hour.eq(11) & (calls["received_at"] >= START) & calls["city"].eq("Davis")
    calls.loc[before, "dispatched_at"] = calls["received_at"] + pd.Timedelta("45min")
    said = [note for note in made(calls).notes if "waited more than 30 minutes" in note]
    early = calls["received_at"].dt.hour.eq(11) & (calls["received_at"] < START) & calls["city"].eq("Davis")
    assert said == [
        f"of the calls of Davis received in the 60 minutes before covered hours begin, {before.sum()} of "
        f"{before.sum()} waited more than 30 minutes for a unit from the start on, and 0 of {early.sum()} before it"
    ]


def test_a_plan_that_changes_from_week_to_week_points_to_the_switchback():
    rng = np.random.default_rng(4)
    drawn = roster()[rng.random(92) < 0.6]
    growing = pd.concat([roster().iloc[40:], roster().iloc[::7]]).drop_duplicates("shift_start")
    assert any("if lot decided in which" in note for note in made(shifts=drawn).notes)
    assert "SwitchbackDesign.from_tables" in made(shifts=drawn).describe()
    for fixed in (roster(), growing):
        assert not any("SwitchbackDesign" in note for note in made(shifts=fixed).notes)


def test_checks_on_other_times_and_places_take_the_calls_along():
    design = made()
    early = design.before_start(start=int(design.months[1]))
    assert early.calls["received_at"].max() < pd.Timestamp(START)
    np.testing.assert_array_equal(early.calls["after"], early.calls["received_at"] >= "2020-05-01")
    np.testing.assert_array_equal(
        early.calls["planned"], early.calls["after"] & early.calls["covered"] & early.calls["city"].eq("Davis")
    )
    assert early.calls["week"].min() == -5
    assert set(design.pretending("Folsom").calls["city"]) == {"Folsom"}
    assert design.pretending("Folsom").calls["planned"].any()
    assert set(design.without("Folsom").calls["city"]) == {"Davis"}


def test_counts_drawn_anew_leave_the_calls_behind():
    design = made()
    assert with_counts(design, np.arange(len(design.source))).calls is None


def test_of_two_days_the_earlier_divides_the_calls():
    design = made(start=None, start_between=("2020-07-01", "2020-08-01"))
    np.testing.assert_array_equal(design.calls["after"], design.calls["received_at"] >= START)
    assert design.begin == pd.Timestamp(START)
    assert any("from the earlier day on" in note for note in design.notes)


def test_covariates_become_numbers():
    frame = made(covariates=["priority", "initial_type"]).covariate_frame()
    assert frame.columns.tolist() == ["priority", "initial_type: suicide_threat", "initial_type: welfare_check"]
    assert "known before dispatch: priority, initial_type" in made(covariates=["priority", "initial_type"]).describe()


def test_overlapping_shifts_hold_a_call_once():
    begin = pd.Series(pd.to_datetime(["2020-07-01 12:00", "2020-07-01 14:00"]))
    inside = within(pd.DatetimeIndex(["2020-07-01 11:59", "2020-07-01 15:00"]), begin, begin + pd.Timedelta("4h"))
    assert inside.tolist() == [False, True]
