"""One city in time: what the start does to the dose, what may be left out, and what a fingerprint sees."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.data.periods import parse_time
from coresponder_causal.design import SeriesDesign
from coresponder_causal.design.known_events import holiday_share, pandemic_share

MONTHS = pd.period_range("2017-01", periods=72, freq="M")
JULY = MONTHS.get_loc(pd.Period("2020-07", "M"))
STATED = {"outcome": "calls", "time": "month", "start": "2020-07-15"}


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "city": "Davis",
            "month": MONTHS.astype(str),
            "calls": rng.poisson(180, 72),
            "arrest": rng.poisson(30, 72),
            "population": 66_900,
            "burglary": rng.poisson(40, 72),
            "hours": np.r_[np.zeros(42), np.linspace(20, 70, 30)],
        }
    )


def made(frame, **changed):
    return SeriesDesign.from_frame(frame, **(STATED | changed))


def test_a_date_inside_a_month_gives_it_the_share_of_its_days(frame):
    design = made(frame)
    assert design.dose[JULY] == pytest.approx(17 / 31, abs=1e-15)
    assert set(design.dose[:JULY]) == {0.0}
    assert set(design.dose[JULY + 1 :]) == {1.0}
    assert (design.n_before, design.n_after) == (JULY, 72 - JULY)


@pytest.mark.parametrize("start", ["2020-07", "2020-07-01", dt.date(2020, 7, 1), pd.Period("2020-07", "M")])
def test_a_period_as_start_is_treated_whole(frame, start):
    design = made(frame, start=start)
    np.testing.assert_array_equal(design.dose, [0.0] * JULY + [1.0] * (72 - JULY))


@pytest.mark.parametrize("start", [dt.date(2020, 7, 15), np.datetime64("2020-07-15"), pd.Timestamp("2020-07-15")])
def test_a_start_may_be_written_in_several_ways(frame, start):
    np.testing.assert_array_equal(made(frame, start=start).dose, made(frame).dose)


def test_an_interval_of_starts_is_a_ramp(frame):
    dose = made(frame, start=None, start_between=("2020-07", "2020-09")).dose
    # The mean of a line from 0 to 1 over 62 days: July's first half-triangle, August's remainder.
    expected = [31 / (2 * 62), 1 - 31 / (2 * 62), 1.0]
    np.testing.assert_allclose(dose[JULY : JULY + 3], expected, rtol=1e-12)
    assert dose[JULY - 1] == 0


def test_equal_ends_of_an_interval_are_a_start(frame):
    both = made(frame, start=None, start_between=("2020-07-15", "2020-07-15"))
    np.testing.assert_array_equal(both.dose, made(frame).dose)


def test_a_measured_dose_is_in_units_of_its_largest_value(frame):
    design = made(frame, start="2020-07", dose="hours")
    np.testing.assert_allclose(design.dose, frame["hours"] / 70, rtol=1e-15)
    assert "dose 'hours' (full dose 70)" in design.start


def test_a_phase_in_rises_step_by_step(frame):
    dose = made(frame, start="2020-07", phase_in=3).dose
    np.testing.assert_allclose(dose[JULY - 1 : JULY + 5], [0, 0.25, 0.5, 0.75, 1, 1], rtol=1e-15)


def test_excluded_periods_are_left_out_and_said(frame):
    design = made(frame, exclude=["2020-03", ("2020-05", "2020-06")])
    gone = {pd.Period(text, "M") for text in ("2020-03", "2020-05", "2020-06")}
    assert set(MONTHS) - set(design.periods) == gone
    assert design.notes == ("3 periods were left out on request",)
    assert np.isin(np.diff(design.positions), [1, 2, 3]).all()


def test_missing_periods_are_said(frame):
    design = made(frame.drop(index=[5, 6]))
    assert design.notes == ("2 periods are missing inside the series; the errors' correlation spans the gaps",)


def test_breaks_are_positions_of_their_months(frame):
    design = made(frame, breaks=["2018-03", "2019-05-20"])
    assert [str(design.label(position)) for position in design.breaks] == ["2018-03", "2019-05"]
    assert "recording breaks: 2018-03, 2019-05" in design.describe()


@pytest.mark.parametrize(
    ("times", "season"),
    [
        (MONTHS.astype(str), 12.0),
        (pd.date_range("2017-01-02", periods=72, freq="7D"), 365.25 / 7),
        (pd.date_range("2017-01-03", periods=72, freq="D"), None),
        (range(72), None),
    ],
)
def test_the_season_follows_the_period(frame, times, season):
    start = list(times)[40]
    design = made(frame.assign(month=times), start=start)
    assert design.season == season
    assert made(frame.assign(month=times), start=start, season=None).season is None
    assert made(frame.assign(month=times), start=start, season=6).season == 6


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "pyarrow"])
def test_frames_of_other_libraries_make_the_same_design(frame, convert):
    one, other = made(frame), made(convert(frame))
    assert one.fingerprint == other.fingerprint
    np.testing.assert_array_equal(one.outcome_values(), other.outcome_values())


def test_the_order_of_rows_does_not_matter(frame):
    shuffled = frame.sample(frac=1, random_state=3)
    assert made(shuffled).fingerprint == made(frame).fingerprint
    np.testing.assert_array_equal(made(shuffled).outcome_values(), frame["calls"])


def test_the_callers_frame_stays_as_it_was(frame):
    shuffled = frame.sample(frac=1, random_state=3)
    before = shuffled.copy(deep=True)
    design = made(shuffled, exposure="population", controls=["burglary"], exclude=["2020-03"])
    design.source.loc[0, "calls"] = -1
    pd.testing.assert_frame_equal(shuffled, before)


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "arrest"},
        {"start": "2020-07-16"},
        {"start": "2020-07"},
        {"exposure": "population"},
        {"season": None},
        {"controls": ["burglary"]},
        {"phase_in": 2},
        {"exclude": ["2017-02"]},
        {"breaks": ["2018-01"]},
        {"city": "Woodland"},
        {"dose": "hours"},
        {"start": None, "start_between": ("2020-07-15", "2020-08-15")},
    ],
    ids=lambda changed: ",".join(changed),
)
def test_the_fingerprint_changes_with_the_statement(frame, changed):
    assert made(frame, **changed).fingerprint != made(frame).fingerprint


def test_the_fingerprint_changes_with_the_data_and_only_then(frame):
    design = made(frame)
    assert made(frame.copy()).fingerprint == design.fingerprint
    other = frame.copy()
    other.loc[7, "calls"] += 1
    assert made(other).fingerprint != design.fingerprint


def test_an_outcome_may_come_later(frame):
    blank = made(frame, outcome=None)
    assert blank.outcome is None
    assert "outcome not yet named" in blank.describe()
    assert blank.with_outcome("calls").fingerprint == made(frame).fingerprint
    assert blank.outcome is None


@pytest.mark.parametrize(
    ("outcome", "says"), [("hold", "column 'hold' is missing"), ("city", "'city' is not numeric: text")]
)
def test_a_later_outcome_is_checked_too(frame, outcome, says):
    with pytest.raises(DesignError, match=says):
        made(frame).with_outcome(outcome)


def test_the_time_before_the_start_takes_a_made_up_one(frame):
    design = made(frame)
    step = design.before_start(start=int(design.positions[20]))
    assert len(step.source) == design.n_before
    np.testing.assert_array_equal(step.dose, np.arange(JULY) >= 20)
    assert step.start == f"made-up start {MONTHS[20]}"
    bend = design.before_start()
    assert bend.dose[: JULY // 2].max() == 0
    assert bend.dose[-1] == 1
    assert (np.diff(bend.dose) >= 0).all()
    assert len(design.source) == 72


def test_every_broken_rule_is_said_at_once(frame):
    broken = frame.assign(calls=frame["calls"].astype(float), population=0)
    broken.loc[3, "calls"] = np.nan
    broken.loc[71, "month"] = "2022-11"
    with pytest.raises(DesignError, match="breaks 4 rules") as caught:
        made(broken, exposure="population", start=None)
    for said in ("periods come more than once (rows 71)", "'population' is zero or negative in 72 rows", "(rows 3)"):
        assert said in caught.value.what
    assert "give either start= or start_between=" in caught.value.what


def test_the_design_says_what_it_is(frame):
    said = made(frame, exposure="population", controls=["burglary"]).describe()
    assert said == (
        "Davis: calls per population; 42 months before and 30 from the start 2020-07-15 on; season of 12 months; "
        "controls: burglary"
    )
    assert made(frame).estimand == "change of calls in Davis from 2020-07-15 on against its own course"


def test_a_change_of_recording_next_to_the_start_is_a_doubt(frame):
    with pytest.warns(IdentificationWarning, match="next to the start"):
        design = made(frame, breaks=["2020-08"])
    assert any("recording changed at 2020-08" in text for text in design.notes)


def test_a_dose_before_the_start_and_a_slip_of_the_dose_are_doubts(frame):
    hours = np.where(np.arange(len(frame)) < 12, 10.0, 70.0)
    hours[-1] = 7000.0
    with pytest.warns(IdentificationWarning) as said:
        made(frame.assign(hours=hours), dose="hours")
    texts = " ".join(str(warning.message) for warning in said)
    assert "full dose of 'hours' is 7000" in texts
    assert "before the start: the contrast is between doses" in texts


def test_a_phase_in_may_be_left_out(frame):
    design = made(frame, start="2020-07", phase_in=3, phase_in_as="exclude")
    assert set(MONTHS) - set(design.periods) == set(MONTHS[JULY : JULY + 3])
    assert set(design.dose) == {0.0, 1.0}
    assert (design.phase_in, design.start_position) == (3, MONTHS[JULY].ordinal)
    assert design.notes == ("3 periods were left out on request",)
    with pytest.raises(DesignError, match="full dose is never seen"):
        made(frame, phase_in=30, phase_in_as="exclude")
    assert made(frame, start=None, start_between=("2020-07", "2020-09")).phase_in == 2


def test_a_dose_may_be_in_units_of_its_full_value(frame):
    design = made(frame.assign(hours=frame["hours"] / 2), dose="hours", full_dose=70)
    np.testing.assert_allclose(design.dose, frame["hours"] / 140, rtol=1e-15)
    assert "(full dose 70)" in design.start
    with pytest.raises(DesignError, match="the full dose is -1"):
        made(frame, dose="hours", full_dose=-1)


def test_holidays_are_the_share_of_days_they_take(frame):
    design = made(frame, holidays=["2017-12-24", "2017-12-25", dt.date(2018, 1, 1), "2031-01-01"])
    share = holiday_share(design.axis, design.holidays)
    assert {str(MONTHS[i]): round(1 / share[i], 1) for i in np.flatnonzero(share)} == {"2017-12": 15.5, "2018-01": 31}
    assert design.notes == ("1 of 4 holidays lie outside the series",)
    assert made(frame, holidays=["2017-12-24"]).fingerprint != made(frame).fingerprint


def test_march_to_june_2020_may_be_left_out_or_marked(frame):
    with pytest.warns(IdentificationWarning, match="does not take the pandemic out"):
        dropped = made(frame, covid="drop")
    assert set(MONTHS) - set(dropped.periods) == set(pd.period_range("2020-03", "2020-06", freq="M"))
    with pytest.warns(IdentificationWarning, match="does not take the pandemic out"):
        marked = made(frame, covid="pulse")
    np.testing.assert_array_equal(pandemic_share(marked.axis) == 1, np.isin(MONTHS, MONTHS[38:42]))
    assert len({dropped.fingerprint, marked.fingerprint, made(frame).fingerprint}) == 3


def test_a_week_is_in_the_pandemic_by_its_days():
    weeks = parse_time(["2020-02-24", "2020-03-02", "2020-06-29", "2020-07-06"])
    # 24 February to 1 March has one day of it, 29 June to 5 July two.
    np.testing.assert_allclose(pandemic_share(weeks), [1 / 7, 1, 2 / 7, 0], rtol=1e-12)


def test_breaks_outside_the_series_get_no_step(frame):
    design = made(frame, breaks=["2016-05", "2017-01", "2019-01-05", "2019-01-20", "2023-04"])
    assert [str(design.label(position)) for position in design.breaks] == ["2019-01"]
    assert "recording changed outside the series, at 2016-05, 2017-01, 2023-04: no step is fitted" in design.notes


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"covid": "skip"}, "covid='skip' is not a choice"),
        ({"phase_in": 2, "phase_in_as": "cut"}, "phase_in_as='cut' is not a choice"),
        ({"holidays": "2017-12-25"}, "is one text"),
        ({"full_dose": 70}, "full_dose= without a dose"),
    ],
)
def test_what_cannot_be_placed_is_refused(frame, changed, says):
    with pytest.raises(DesignError, match=says):
        made(frame, **changed)


@pytest.mark.parametrize("changed", [{"covid": "drop"}, {"holidays": ["2020-01-01"]}])
def test_numbered_periods_have_no_dates(frame, changed):
    with pytest.raises(DesignError, match=r"March to June 2020|only numbered"):
        made(frame.assign(month=range(72)), start=40, **changed)
