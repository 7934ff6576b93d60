"""Panels of known calls, by hand."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from coresponder_causal.core.errors import DataError, IdentificationWarning
from coresponder_causal.core.notes import Doubt, collecting, quietly
from coresponder_causal.data.panel import panel

CITIES = pd.DataFrame(
    {
        "city": ["Davis", "Woodland", "Folsom"],
        "population": [66_900, 61_000, 80_500],
        "time_zone": ["America/Los_Angeles", "America/Los_Angeles", "America/Denver"],
    }
)


def calls(stamps, cities="Davis", **columns):
    frame = pd.DataFrame({"received_at": stamps, "city": cities, **columns})
    return frame.assign(call_id=[f"c{row}" for row in range(len(frame))])


def test_months_are_counted_with_their_zeros():
    frame = calls(
        ["2020-01-31 23:59:59", "2020-02-01 00:00", "2020-04-30 12:00", "2020-04-01 12:00"],
        ["Davis", "Davis", "Woodland", "Davis"],
        arrest=["yes", "no", "yes", "yes"],
        initial_type="trespass",
    )
    made = panel(frame, cities=CITIES)
    assert made.columns.tolist() == ["city", "month", "calls", "arrest", "population", "days"]
    assert made["month"].dtype == "period[M]"
    assert made["month"].astype(str).tolist() == ["2020-01", "2020-02", "2020-03", "2020-04"] * 2
    davis, woodland = made[made["city"] == "Davis"], made[made["city"] == "Woodland"]
    assert davis["calls"].tolist() == [1, 1, 0, 1]
    assert davis["arrest"].tolist() == [1, 0, 0, 1]
    assert woodland["calls"].tolist() == [0, 0, 0, 1]
    assert davis["population"].unique().tolist() == [66_900]
    assert davis["days"].tolist() == [31, 29, 31, 30]
    assert (made[["calls", "arrest", "population", "days"]].dtypes == "int64").all()


def test_weeks_start_on_monday():
    made = panel(calls(["2020-07-05 23:59", "2020-07-06 00:00", "2020-07-26 23:59"]), period="week")
    assert made["week"].dtype == "period[W-SUN]"
    assert made["week"].dt.start_time.dt.day_name().unique().tolist() == ["Monday"]
    assert made["calls"].tolist() == [1, 1, 0, 1]
    assert made["days"].tolist() == [7] * 4


def test_hours_of_the_week_start_on_monday_at_midnight():
    stamps = ["2020-07-06 00:00", "2020-07-06 00:59", "2020-07-12 23:59", "2020-07-15 12:30"]
    made = panel(calls(stamps), period="hour_of_week").set_index("hour_of_week")
    assert len(made) == 168
    assert made["calls"][made["calls"] > 0].to_dict() == {0: 2, 60: 1, 167: 1}


def test_clock_hours_of_a_month_are_those_of_its_calendar():
    made = panel(calls(["2020-02-29 00:00", "2021-02-01 00:00"]), period="hour_of_week")
    for month, cells in made.groupby("month"):
        days = pd.date_range(month.start_time, month.end_time, freq="D")
        expected = np.bincount(days.day_of_week, minlength=7)[cells["hour_of_week"] // 24]
        np.testing.assert_array_equal(cells["hours"], expected)


def test_a_missing_outcome_is_said_and_not_counted():
    with collecting() as notes:
        made = panel(calls(["2020-01-01", "2020-01-31"], hold=[True, None], force=[True, False]))
    assert made[["hold", "force"]].to_numpy().tolist() == [[1, 1]]
    assert notes == ["hold is missing in 1 of 2 calls, which the counts of hold leave out"]


@pytest.mark.parametrize(
    ("period", "cut"),
    [
        ("month", "a month that counts as a full one (Davis: 2020-01; Woodland: 2020-03; Davis: 2020-05):"),
        ("week", "a week that counts as a full one (Davis: 2020-01-06/2020-01-12; Woodland: 2020-03-09/2020-03-15):"),
    ],
)
def test_a_period_that_the_calls_of_a_city_cut_is_doubted_and_kept(period, cut):
    davis = pd.date_range("2020-01-09", "2020-05-10 23:00", freq="5h")
    woodland = pd.date_range("2020-03-12", "2020-05-31 23:00", freq="5h")
    frame = calls([*davis, *woodland], ["Davis"] * len(davis) + ["Woodland"] * len(woodland))
    with collecting() as notes, quietly():
        made = panel(frame, period=period)
    (said,) = [note for note in notes if isinstance(note, Doubt)]
    assert cut in said
    assert made["calls"].sum() == len(frame)


def test_ends_that_look_incomplete_are_said():
    with collecting() as notes:
        panel(calls(["2020-01-03 08:00", "2020-03-30 08:00"]))
    assert notes == [
        "the first period starts 2020-01-01 but the first call came on 2020-01-03: it may be incomplete",
        "the last period ends 2020-03-31 but the last call came on 2020-03-30: it may be incomplete",
    ]


def test_fields_known_before_dispatch_are_not_counted():
    made = panel(calls(["2020-01-01"], team_on_duty=True, team_busy=False, attended=True))
    assert made.columns.tolist() == ["city", "month", "calls", "attended", "days"]


def test_cities_without_calls_are_said_and_left_out():
    with collecting() as notes:
        made = panel(calls(["2020-01-01", "2020-01-31"]), cities=CITIES)
    assert made["city"].unique().tolist() == ["Davis"]
    assert notes == ["cities without calls, left out of the panel: Folsom, Woodland"]


def test_a_unit_of_ones_own():
    made = panel(calls(["2020-01-01", "2020-01-02", "2020-01-31"], beat=["north", "south", "north"]), unit="beat")
    assert made[["beat", "calls"]].to_numpy().tolist() == [["north", 2], ["south", 1]]


def test_stamps_with_offsets_are_counted_by_the_local_clock_of_the_city():
    stamps = ["2020-01-01 07:30Z", "2020-01-01 08:30Z", "2020-01-01 06:30Z", "2020-01-01 07:30Z"]
    frame = calls(stamps, ["Davis", "Davis", "Folsom", "Folsom"])
    made = panel(frame, cities=CITIES).set_index(["city", "month"])["calls"]
    assert made.tolist() == [1, 1, 1, 1]
    zones = ["America/Los_Angeles"] * 2 + ["America/Denver"] * 2
    assert panel(frame.assign(time_zone=zones))["calls"].tolist() == [1, 1, 1, 1]


def test_stamps_in_a_named_zone_keep_their_wall_clock():
    stamps = pd.to_datetime(["2020-01-01 07:30Z", "2020-07-01 08:30Z"]).tz_convert("America/Los_Angeles")
    made = panel(calls(stamps), period="hour_of_week")
    assert made.loc[made["calls"] > 0, "hour_of_week"].tolist() == [24 + 23, 2 * 24 + 1]


def test_the_hours_of_summer_time_are_clock_hours():
    # 1 November 2020: 01:30 occurs twice, one hour apart, and both are counted in the hour that clocks show
    made = panel(calls(["2020-11-01 01:30-07:00", "2020-11-01 01:30-08:00"]), period="hour_of_week", cities=CITIES)
    assert made.loc[made["calls"] > 0, ["hour_of_week", "calls"]].to_numpy().tolist() == [[6 * 24 + 1, 2]]


def test_polars_gives_the_same_panel():
    frame = calls(pd.to_datetime(["2020-01-01", "2020-02-03"]), hold=[True, False])
    pd.testing.assert_frame_equal(panel(pl.from_pandas(frame)), panel(frame))


def test_the_calls_are_left_as_they_are():
    frame = calls(["2020-01-01", "2020-02-03"], hold=["yes", None])
    before = frame.copy(deep=True)
    panel(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("period", ["month", "week", "hour_of_week"])
def test_offsets_without_a_known_zone_are_refused(period):
    for stamps in (["2020-01-01 07:30Z", "2020-01-02 07:30Z"], ["2020-01-01 07:30Z", "2020-01-02 07:30-08:00"]):
        with pytest.raises(DataError, match="an offset from UTC but no known local time zone: 2"):
            panel(calls(stamps), period=period)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"call_id": ["a", "a"]}, r"'call_id': occurs again in 1 row \(rows 1\)"),
        ({"received_at": ["2020-01-01", None]}, r"'received_at': missing value in 1 row \(rows 1\)"),
        ({"received_at": ["2020-01-01", "noon"]}, "'received_at': unreadable date"),
        ({"received_at": ["2020-01-01", "2020-01-01 07:30Z"]}, "no offset where other rows have one"),
        ({"city": ["Davis", None]}, "'city': missing value"),
        ({"city": ["Davis", "Chico"]}, r"'city': is not in cities in 1 row \(rows 1\)"),
        ({"arrest": ["yes", "perhaps"]}, "'arrest': not a yes or no"),
        ({"arrest": [0, 3]}, "'arrest': not a yes or no"),
    ],
)
def test_broken_calls_are_refused(change, says):
    with pytest.raises(DataError, match=says):
        panel(calls(["2020-01-01", "2020-01-02"]).assign(**change), cities=CITIES)


def test_all_that_is_wrong_is_said_at_once():
    frame = calls([None, "2020-01-02"], ["Davis", "Chico"]).assign(call_id="a")
    with pytest.raises(DataError, match="table 'calls' breaks 3 rules"):
        panel(frame, cities=CITIES)
    with pytest.raises(DataError, match="table 'calls' breaks 3 rules"):
        panel(pd.DataFrame({"id": [1]}))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"period": "quarter"}, "period is 'quarter'"),
        ({"unit": "beat"}, "column 'beat' is missing"),
        ({"unit": "beat", "cities": CITIES}, "unit is 'beat'"),
        ({"cities": CITIES.assign(population=[1, None, 3])}, "'population': missing value"),
        ({"cities": CITIES.assign(city="Davis")}, "listed twice"),
        ({"cities": CITIES.assign(time_zone="Pacific")}, "unknown time zone"),
        ({"cities": CITIES[["city"]]}, "column 'population' is missing"),
    ],
)
def test_broken_options_are_refused(options, says):
    with pytest.raises(DataError, match=says):
        panel(calls(["2020-01-01"]), **options)


def test_an_empty_table_is_refused():
    with pytest.raises(DataError, match="no rows"):
        panel(calls(["2020-01-01"]).iloc[:0])


def test_a_gap_of_the_export_is_doubted_and_a_quiet_month_is_not():
    days = pd.date_range("2020-01-01", "2020-06-30", freq="D")
    frame = pd.DataFrame({"call_id": range(len(days)), "city": "Davis", "received_at": days})
    with pytest.warns(IdentificationWarning, match=r"no call at all in 2 of 6 months \(2020-03, 2020-04\), about 30"):
        counted = panel(frame[~days.month.isin([3, 4])])
    assert counted["calls"].tolist() == [31, 29, 0, 0, 31, 30]
    few = frame[days.day == 1]
    assert panel(few[few["received_at"].dt.month != 3])["calls"].tolist() == [1, 1, 0, 1, 1, 1]
