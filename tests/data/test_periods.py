"""Time columns, starts inside a period, and starts known only as an interval."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.data.periods import parse_start, parse_time, share_after, start_between

MONTHS = parse_time(["2020-06", "2020-07", "2020-08"])


@pytest.mark.parametrize(
    "values",
    [
        ["2020-06", "2020-07"],
        pd.PeriodIndex(["2020-06", "2020-07"], freq="M"),
        [pd.Period("2020-06"), pd.Period("2020-07")],
        pd.to_datetime(["2020-06-01", "2020-07-01"]),
        [dt.date(2020, 6, 1), dt.date(2020, 7, 1)],
        ["2020-06-30", "2020-07-31"],
        pd.Series(["2020-06", "2020-07"], dtype="category"),
        pd.Series(["2020-06", "2020-07"], dtype=object),
    ],
)
def test_every_form_of_a_month_is_the_same_axis(values):
    axis = parse_time(values)
    assert axis.freq == "M"
    assert axis.positions.tolist() == [(2020 - 1970) * 12 + 5, (2020 - 1970) * 12 + 6]
    assert axis.label(606) == pd.Period("2020-07", "M")
    assert axis.labels([605, 606]).equals(pd.PeriodIndex(["2020-06", "2020-07"], freq="M"))


def test_rows_keep_their_order_and_gaps():
    axis = parse_time(["2021-01", "2020-01", "2020-01"])
    assert (axis.positions - axis.positions.min()).tolist() == [12, 0, 0]


def test_numbers_are_their_own_positions():
    axis = parse_time(pd.Series([3, 1, 7]))
    assert (axis.freq, axis.positions.tolist(), axis.label(7), axis.period_days(7)) == ("int", [3, 1, 7], 7, None)
    assert axis.labels([1, 2]).tolist() == [1, 2]


def test_years_are_numbers():
    assert parse_time([2004, 2005]).freq == "int"


@pytest.mark.parametrize(
    ("first", "alias"), [("2020-07-06", "W-SUN"), ("2020-07-05", "W-SAT"), ("2020-07-08", "W-TUE")]
)
def test_dates_a_week_apart_are_weeks_from_that_weekday(first, alias):
    dates = pd.date_range(first, periods=4, freq="7D")
    axis = parse_time(dates[[0, 1, 3]])
    assert (axis.freq, axis.alias) == ("W", alias)
    assert np.diff(axis.positions).tolist() == [1, 2]
    assert axis.label(int(axis.positions[0])).start_time == dates[0]
    assert axis.period_days(int(axis.positions[0])) == 7


@pytest.mark.parametrize(
    ("values", "freq"),
    [
        (["2020-07-14", "2020-07-15", "2020-07-17"], "D"),
        (["2018-01-01", "2019-01-01"], "Y"),
        (pd.PeriodIndex(["2020Q1", "2020Q2"], freq="Q"), "Q"),
        (pd.PeriodIndex(["2020-07-06", "2020-07-13"], freq="W-SUN"), "W"),
    ],
)
def test_other_frequencies_are_recognised(values, freq):
    assert parse_time(values).freq == freq


@pytest.mark.parametrize("position", [600, 601, 605])
def test_months_have_their_calendar_days(position):
    assert MONTHS.period_days(position) == MONTHS.label(position).days_in_month


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["Jul 2020", "Aug 2020"], "not ISO dates: 2, of the form 'Aaa 9999'"),
        (["7/2020", "8/2020"], "not ISO"),
        (["2020-7", "2020-10"], "not ISO dates: 1, of the form '9999-9'"),
        ([202006, 202007], "look like year and month"),
        ([20200601, 20200602], "look like dates"),
        (["2020-13"], "'9999-99', which no calendar knows"),
        (["2020-02-30"], "'9999-99-99', which no calendar knows"),
        (["2020-06", "2020-07-01"], "mixes months and dates"),
        ([2.0, 3.0], "floating values"),
        ([True, False], "boolean values"),
        (["2020-06", 3], "mixed"),
        (["2020-06", None], "missing in 1 of 2 rows \\(rows 1\\)"),
        ([], "empty"),
        (pd.to_datetime(["2020-06-01 13:00"]), "clock times: 1"),
        (pd.to_datetime(["2020-06-01"], utc=True), "time zone"),
        (pd.PeriodIndex(["2020-06-01 13:00"], freq="h"), "frequency 'h'"),
        (pd.PeriodIndex(["2020-06", "2020-08"], freq="2M"), "frequency '2M'"),
    ],
)
def test_anything_else_is_refused_with_a_mend(values, says):
    with pytest.raises(DesignError, match=says) as caught:
        parse_time(values)
    assert caught.value.mend


def test_an_axis_does_not_share_memory_with_the_table():
    column = pd.Series([1, 2, 3])
    axis = parse_time(column)
    column.iloc[0] = 9
    assert axis.positions.tolist() == [1, 2, 3]
    assert not axis.positions.flags.writeable


@pytest.mark.parametrize(
    "start", ["2020-07-15", dt.date(2020, 7, 15), pd.Timestamp("2020-07-15"), np.datetime64("2020-07-15")]
)
def test_a_date_inside_a_month_gives_the_share_of_its_days(start):
    # 15 to 31 July are 17 of 31 days; the sums are of whole days, so only rounding is allowed
    np.testing.assert_allclose(share_after(MONTHS, start), [0, 17 / 31, 1], atol=1e-15)
    assert parse_start(start, MONTHS) == pytest.approx(606 + 14 / 31, abs=1e-12)


@pytest.mark.parametrize("start", ["2020-07", pd.Period("2020-07", "M"), "2020-07-01", pd.Period("2020Q3", "Q")])
def test_a_period_starts_with_its_first_day(start):
    assert share_after(MONTHS, start).tolist() == [0, 1, 1]
    assert parse_start(start, MONTHS) == 606


def test_a_date_inside_a_week():
    weeks = parse_time(["2020-07-06", "2020-07-13", "2020-07-20"])  # Mondays; 15 July is a Wednesday
    np.testing.assert_allclose(share_after(weeks, "2020-07-15"), [0, 5 / 7, 1], atol=1e-15)
    with_june = int(weeks.positions[0]) - 1  # 29 June to 5 July
    shares = share_after(weeks, pd.Period("2020-07", "M"), [with_june, with_june + 1])
    np.testing.assert_allclose(shares, [5 / 7, 1], atol=1e-15)


def test_days_start_on_their_day():
    days = parse_time(["2020-07-14", "2020-07-15", "2020-07-17"])
    assert share_after(days, "2020-07-15").tolist() == [0, 1, 1]


@pytest.mark.parametrize("start", [3, 3.0, np.int64(3), np.float64(3)])
def test_a_numbered_start(start):
    axis = parse_time([1, 2, 3, 4])
    assert share_after(axis, start).tolist() == [0, 0, 1, 1]
    assert parse_start(start, axis) == 3


@pytest.mark.parametrize(
    ("start", "axis"),
    [
        (606, MONTHS),
        (2020.5, MONTHS),
        ("2020-07", parse_time([1, 2])),
        (dt.date(2020, 7, 15), parse_time([1, 2])),
        (2.5, parse_time([1, 2])),
        (float("nan"), parse_time([1, 2])),
        (True, parse_time([1, 2])),
        (True, MONTHS),
        ("July 2020", MONTHS),
        (pd.Timestamp("2020-07-15 12:00"), MONTHS),
        (pd.Timestamp("2020-07-15", tz="UTC"), MONTHS),
        (pd.NaT, MONTHS),
        (None, MONTHS),
    ],
)
def test_a_start_of_another_kind_is_refused(start, axis):
    with pytest.raises(DesignError, match="start"):
        share_after(axis, start)


def test_shares_add_up_to_the_days_after_the_start():
    axis = parse_time(pd.period_range("2019-01", "2021-12", freq="M"))
    days = np.array([axis.period_days(position) for position in axis.positions])
    expected = (pd.Timestamp("2022-01-01") - pd.Timestamp("2020-07-15")).days
    assert share_after(axis, "2020-07-15") @ days == pytest.approx(expected, abs=1e-9)


def test_an_unknown_start_is_the_mean_over_all_its_dates():
    # midpoint rule over 2,000 starts between the two dates; its error is below one step of the ramp in a month
    axis = parse_time(pd.period_range("2020-06", "2021-01", freq="M"))
    low, high = pd.Timestamp("2020-07-15"), pd.Timestamp("2020-11-02")
    starts = low.value + (np.arange(2000) + 0.5) / 2000 * (high.value - low.value)
    first = axis.labels(axis.positions).start_time.as_unit("ns").asi8
    after = axis.labels(axis.positions + 1).start_time.as_unit("ns").asi8
    shares = np.clip((after[:, None] - starts) / (after - first)[:, None], 0, 1).mean(axis=1)
    np.testing.assert_allclose(start_between(axis, "2020-07-15", "2020-11-02"), shares, atol=1e-5)


def test_a_known_start_needs_no_ramp():
    same = start_between(MONTHS, "2020-07-15", dt.date(2020, 7, 15))
    np.testing.assert_array_equal(same, share_after(MONTHS, "2020-07-15"))


def test_the_ramp_rises_from_nothing_to_all():
    dose = start_between(MONTHS, "2020-06", "2020-08")
    assert dose[2] == 1
    # the mean of a line from 0 at 1 June to 1 at 1 August (61 days) over June and over July
    np.testing.assert_allclose(dose[:2], [15 / 61, (30 + 15.5) / 61], atol=1e-12)


def test_ends_in_the_wrong_order_are_refused():
    with pytest.raises(DesignError, match="lies after"):
        start_between(MONTHS, "2020-08", "2020-07")
