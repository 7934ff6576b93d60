"""Covered and uncovered hours of the week, from calls or from counts; the plan decides which hours are covered."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from coresponder_causal.core.errors import DataError, DesignError, IdentificationWarning
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import panel
from coresponder_causal.design import CoverageDesign
from coresponder_causal.simulate import WorldConfig, world

MONTHS = pd.period_range("2019-07", "2020-12", freq="M")
START = "2020-03"
SHIFT_HOURS = np.arange(12, 22)


@cache
def small_world():
    return world("west_sac_like", seed=4, config=WorldConfig(n_comparison=2, monthly_calls=60))


def shifts(every: int = 1, weekday: int = 2) -> pd.DataFrame:
    """Ten-hour shifts on one weekday (0 is Monday), every so many weeks, from March 2020 on."""
    days = pd.date_range("2020-03-01", "2020-12-31", freq="D")
    days = days[days.day_of_week == weekday][::every]
    return pd.DataFrame(
        {
            "city": "Davis",
            "shift_start": days + pd.Timedelta(hours=12),
            "shift_end": days + pd.Timedelta(hours=22),
            "planned_hours": 10.0,
            "delivered_hours": 5.0,
        }
    )


@pytest.fixture
def hourly() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    keys = pd.MultiIndex.from_product(
        [["Davis", "Woodland", "Folsom"], MONTHS, range(168)], names=["city", "month", "hour_of_week"]
    ).to_frame(index=False)
    return keys.assign(hours=4, calls=rng.poisson(1.2, len(keys)), arrest=rng.poisson(0.3, len(keys)))


def made(hourly, schedule=None, **changed):
    stated = {"outcome": "calls", "start": START} | changed
    return CoverageDesign.from_tables(hourly, shifts() if schedule is None else schedule, **stated)


def test_calls_and_their_hourly_counts_make_the_same_design():
    tables = small_world().tables
    with collecting():
        counted = panel(tables["calls"], unit="city", period="hour_of_week")
    one, other = (
        CoverageDesign.from_tables(calls, tables["schedule"], outcome="arrest", start="2020-07-15")
        for calls in (tables["calls"], counted)
    )
    pd.testing.assert_frame_equal(one.gap(), other.gap())
    assert replace(one, calls=None).fingerprint == other.fingerprint != one.fingerprint
    assert one.gap().shape == (72, 3)


def test_the_plan_of_a_world_covers_seventy_hours():
    tables = small_world().tables
    design = CoverageDesign.from_tables(small_world().hours, tables["schedule"], outcome="calls", start="2020-07-15")
    assert design.covered.sum() == 70
    assert any(note.startswith("70 of 168 hours of the week count as covered; ") for note in design.notes)
    assert 0 < design.delivered < design.planned <= 70


def test_hours_planned_in_every_week_are_covered(hourly):
    design = made(hourly)
    np.testing.assert_array_equal(np.flatnonzero(design.covered), 2 * 24 + SHIFT_HOURS)
    weeks = 306 / 7  # 1 March to 31 December 2020
    assert design.planned == pytest.approx(len(shifts()) * 10 / weeks, rel=1e-12)
    assert design.delivered == pytest.approx(design.planned / 2, rel=1e-12)


def test_half_of_the_weeks_is_enough_and_less_is_not(hourly):
    second = pd.concat([shifts(), shifts(every=2, weekday=4), shifts(every=3, weekday=5)])
    assert len(shifts(every=2, weekday=4)) == 22
    design = made(hourly, second)
    # 22 Fridays in 43.7 weeks are half of them; 15 Saturdays are not.
    assert design.covered[4 * 24 + SHIFT_HOURS].all()
    assert not design.covered[5 * 24 : 6 * 24].any()
    assert design.covered.sum() == 20


def test_shifts_before_the_start_cover_nothing(hourly):
    early = shifts(weekday=0).assign(
        shift_start=lambda t: t["shift_start"] - pd.Timedelta(days=364),
        shift_end=lambda t: t["shift_end"] - pd.Timedelta(days=364),
    )
    design = made(hourly, pd.concat([early[early["shift_start"] < "2020-03-01"], shifts()]))
    assert design.covered.sum() == 10


def test_the_gap_is_the_log_ratio_of_two_rates(hourly):
    design = made(hourly)
    own = hourly[(hourly["city"] == "Davis") & (hourly["month"] == MONTHS[3])]
    covered = own["hour_of_week"].isin(2 * 24 + SHIFT_HOURS)
    rates = own.groupby(covered)[["calls", "hours"]].sum()
    by_hand = np.log(rates["calls"] / rates["hours"]).diff().iloc[-1]
    assert design.gap()["Davis"].iloc[3] == pytest.approx(by_hand, rel=1e-13)
    assert design.gap().columns.tolist() == ["Davis", "Folsom", "Woodland"]
    assert design.events()["Davis"] == hourly.loc[hourly["city"] == "Davis", "calls"].sum()


def test_a_count_may_be_the_exposure(hourly):
    design = made(hourly, outcome="arrest", exposure="calls")
    own = hourly[(hourly["city"] == "Davis") & (hourly["month"] == MONTHS[0])]
    covered = own["hour_of_week"].isin(2 * 24 + SHIFT_HOURS)
    sums = own.groupby(covered)[["arrest", "calls"]].sum()
    by_hand = np.log(sums["arrest"].clip(lower=0.5) / sums["calls"]).diff().iloc[-1]
    assert design.gap()["Davis"].iloc[0] == pytest.approx(by_hand, rel=1e-13)
    assert "arrest per calls in Davis" in design.describe()
    assert design.fingerprint != made(hourly, outcome="arrest").fingerprint


def test_an_exposure_that_is_nothing_somewhere_is_refused(hourly):
    none = hourly.assign(calls=hourly["calls"].where(hourly["hour_of_week"].floordiv(24).ne(2), 0))
    with pytest.raises(DesignError, match="no 'calls' in 54 of 108 city-month-class cells") as caught:
        made(none, outcome="arrest", exposure="calls").gap()
    assert "exposure='hours'" in caught.value.mend


def test_a_month_that_one_city_lacks_is_left_out_and_said(hourly):
    shorter = hourly[~((hourly["city"] == "Folsom") & (hourly["month"] == MONTHS[0]))]
    with pytest.warns(IdentificationWarning, match="1 months are not there for every city"):
        assert len(made(shorter).gap()) == len(MONTHS) - 1


def test_zero_cells_are_said(hourly):
    rare = hourly.assign(calls=np.where(hourly["month"] == MONTHS[0], 0, hourly["calls"]))
    with collecting() as notes:
        made(rare).gap()
    assert notes == ["6 of 108 city-month-class counts are zero: half an event was put in their place"]


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "pyarrow"])
def test_frames_of_other_libraries_make_the_same_design(hourly, convert):
    texts = hourly.assign(month=hourly["month"].astype(str))
    assert made(convert(texts)).gap().equals(made(texts).gap())
    assert made(convert(texts)).fingerprint == made(texts).fingerprint


def test_the_order_of_rows_does_not_matter(hourly):
    shuffled = hourly.sample(frac=1, random_state=1)
    assert made(shuffled, shifts().sample(frac=1, random_state=2)).fingerprint == made(hourly).fingerprint


def test_the_callers_tables_stay_as_they_were(hourly):
    schedule = shifts()
    before = hourly.copy(deep=True), schedule.copy(deep=True)
    design = made(hourly, schedule)
    design.source.loc[0, "calls"] = -1
    pd.testing.assert_frame_equal(hourly, before[0])
    pd.testing.assert_frame_equal(schedule, before[1])


def test_the_fingerprint_changes_with_data_and_statement_and_only_then(hourly):
    design = made(hourly)
    other = hourly.copy()
    other.loc[0, "calls"] += 1
    assert made(hourly.copy()).fingerprint == design.fingerprint
    assert len({design.fingerprint, made(other).fingerprint, made(hourly, shifts(weekday=3)).fingerprint}) == 3
    for changed in ({"outcome": "arrest"}, {"start": "2020-03-16"}, {"season": None}, {"phase_in": 2}):
        assert made(hourly, **changed).fingerprint != design.fingerprint


def test_an_outcome_may_come_later(hourly):
    blank = made(hourly, outcome=None)
    assert "outcome not yet named" in blank.describe()
    assert blank.with_outcome("arrest").fingerprint == made(hourly, outcome="arrest").fingerprint
    with pytest.raises(DesignError, match="column 'hold' is missing"):
        blank.with_outcome("hold")


def test_the_time_before_the_start_takes_a_made_up_one(hourly):
    design = made(hourly)
    drift = design.before_start()
    np.testing.assert_allclose(drift.dose, np.linspace(0, 1, 8), rtol=1e-14)
    assert drift.gap().index.max() < design.start_position
    step = design.before_start(start=int(design.months[4]))
    np.testing.assert_array_equal(step.dose, [0, 0, 0, 0, 1, 1, 1, 1])
    assert step.start == "made-up start 2019-11"


def test_cities_can_be_left_out_and_stand_in_for_the_treated(hourly):
    design = made(hourly)
    assert design.without("Folsom").comparison_units == ["Woodland"]
    placebo = design.pretending("Folsom")
    assert placebo.treated == "Folsom"
    assert placebo.comparison_units == ["Woodland"]
    pd.testing.assert_series_equal(placebo.gap()["Folsom"], design.gap()["Folsom"])


def test_the_design_says_what_it_is(hourly):
    said = made(hourly).describe()
    assert said.startswith(
        "calls per hour in Davis; 10 covered and 158 uncovered hours of the week; 2 comparison cities with hours; "
        "start 2020-03; 10 of 168 hours of the week count as covered; "
    )
    assert made(hourly).estimand == "ITT of coverage on calls in Davis from 2020-03 on"


@pytest.mark.parametrize(
    ("schedule", "changed", "says"),
    [
        (shifts(every=9), {}, "0 of 168 hours are planned in at least half of the weeks"),
        (pd.concat([shifts(), shifts().assign(city="Folsom")]), {}, "the schedule holds 2 cities"),
        (shifts(), {"treated": "Chico"}, "'Chico' is not in both the schedule and the calls"),
        (shifts().drop(columns="city"), {}, "the schedule names no city"),
        (shifts(), {"outcome": "hold"}, "column 'hold' is missing"),
        (shifts(), {"exposure": "residents"}, "column 'residents' is missing"),
        (shifts(), {"start": "2025-01"}, "no period lies after the start 2025-01"),
    ],
    ids=["no hour covered", "two cities", "unknown city", "no city", "outcome", "exposure", "start"],
)
def test_what_cannot_be_a_design_is_refused(hourly, schedule, changed, says):
    with pytest.raises(DesignError, match=says) as caught:
        made(hourly, schedule, **changed)
    assert caught.value.mend


def test_a_shift_that_ends_before_it_starts_is_refused(hourly):
    turned = shifts().rename(columns={"shift_start": "shift_end", "shift_end": "shift_start"})
    with pytest.raises(DataError, match="do not end after they start"):
        made(hourly, turned)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hour_of_week": 168}, "'hour_of_week' is not a whole number from 0 to 167"),
        ({"hours": 0}, "'hours' is zero or negative in 1 row"),
        ({"calls": -1}, "'calls' is negative in 1 row"),
        ({"hour_of_week": 0}, "1 row with a city, month and hour of another row"),
    ],
)
def test_wrong_cells_are_named(hourly, change, says):
    ((column, value),) = change.items()
    hourly.loc[1, column] = value
    with pytest.raises(DesignError, match=says):
        made(hourly)


@pytest.mark.parametrize("dose", ["planned_hours", "delivered_hours"])
def test_the_schedule_may_give_the_dose(dose):
    study = world("west_sac_like", seed=4, config=WorldConfig(n_comparison=2))
    with pytest.warns(IdentificationWarning, match="the contrast is between doses"):
        design = CoverageDesign.from_tables(
            study.hours, study.tables["schedule"], outcome="calls", start="2020-07-15", dose=dose
        )
    months = pd.PeriodIndex(design.axis.labels(design.months))
    by_month = pd.Series(design.dose, index=months)
    assert by_month.max() == 1
    assert by_month["2017-06"] == 0
    assert 0 < by_month["2019-06"] < 0.3 < by_month["2020-11"] < by_month["2021-06"]
    assert any("before the start: the contrast is between doses" in text for text in design.notes)
