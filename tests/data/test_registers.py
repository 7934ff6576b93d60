"""Programmes of other cities, changes of recording, and shifts spread over the hours of the week."""

import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data.registers import breaks_for, contaminated, scheduled_hours

PROGRAMMES = pd.DataFrame(
    [
        ("Davis", "SB 82 team", "2014-10-01", "2014-12-31"),
        ("Woodland", "Crisis team", "2020-01-01", "2020-06-30"),
        ("Folsom", "Clinician", "2017-06-01", "2019-03-01"),
        ("Chico", "Outreach", "2022-06-01", None),
        ("Redding", "Outreach", "2022-06-01", "2024-01-01"),
        ("Rocklin", "Wellness unit", "2023-01-01", "2023-02-01"),
        ("Roseville", "Social service unit", "2018-01-01", "2018-01-01"),
    ],
    columns=["city", "programme", "start_earliest", "start_latest"],
).assign(source="council minutes", certainty="reported", model="co-responder")

SHIFT = {"city": "Davis", "planned_hours": 10.0, "delivered_hours": 10.0}


def shifts(*hours, **columns):
    rows = [{**SHIFT, "shift_start": start, "shift_end": end} for start, end in hours]
    return pd.DataFrame(rows).assign(**columns)


def test_programmes_are_placed_against_the_window():
    found = contaminated(PROGRAMMES, PROGRAMMES["city"], "2018-01-01", "2022-12-31")
    assert found.set_index("city")["during"].to_dict() == {
        "Chico": "may have begun",
        "Davis": "throughout the window",
        "Folsom": "begins before or inside the window",
        "Redding": "may have begun",
        "Roseville": "throughout the window",
        "Woodland": "begins inside the window",
    }
    assert found["certainty"].unique().tolist() == ["reported"]


def test_a_programme_that_ended_is_left_out_or_said_to_end():
    ends = {"Davis": "2017-06-30", "Roseville": "2020-03-31", "Woodland": "2023-05-01"}
    ended = PROGRAMMES[PROGRAMMES["city"].isin(ends)].assign(end_date=lambda f: f["city"].map(ends))
    found = contaminated(ended, ended["city"], "2018-01-01", "2022-12-31").set_index("city")["during"]
    assert found.to_dict() == {
        "Roseville": "from before the window, ends inside it",
        "Woodland": "begins inside the window",
    }


def test_only_the_comparison_cities_are_listed_and_silence_is_said():
    cities = pd.DataFrame({"city": ["Davis", "Elk Grove", "Citrus Heights"]})
    with collecting() as notes:
        found = contaminated(PROGRAMMES, cities, "2018-01-01", pd.Timestamp("2022-12-31"))
    assert found["city"].tolist() == ["Davis"]
    assert notes == [
        "2 of 3 comparison cities have no entry in the register of programmes, "
        "so nothing is known of programmes in Citrus Heights, Elk Grove"
    ]


def test_a_register_without_latest_starts_leaves_the_start_open():
    found = contaminated(PROGRAMMES.drop(columns="start_latest"), ["Davis"], "2018-01-01", "2022-12-31")
    assert found["during"].tolist() == ["may have begun"]


@pytest.mark.parametrize(
    ("cities", "start", "end", "says"),
    [
        ("Davis", "2018-01-01", "2022-12-31", "cities is the text 'Davis'"),
        (["Davis"], "2022-12-31", "2018-01-01", "exchange start and end"),
        (["Davis"], "January 2018", "2022-12-31", "start is 'January 2018'"),
        (pd.DataFrame({"town": ["Davis"]}), "2018-01-01", "2022-12-31", "no column 'city'"),
    ],
)
def test_a_wrong_question_is_refused(cities, start, end, says):
    with pytest.raises(DataError, match=says):
        contaminated(PROGRAMMES, cities, start, end)


def test_a_broken_register_is_refused():
    with pytest.raises(DataError, match="'start_earliest': unreadable date"):
        contaminated(PROGRAMMES.assign(start_earliest="spring"), ["Davis"], "2018-01-01", "2022-12-31")


def test_changes_of_recording_are_those_of_the_city_and_its_fields():
    breaks = pd.DataFrame(
        [
            ("Davis", "arrest", "2021-01-01", "NIBRS"),
            ("Davis", "hold", "2020-02-01", "new form"),
            ("Davis", "report_filed", "2019-01-01", "online reports"),
            ("Woodland", "arrest", "2019-01-01", "new system"),
        ],
        columns=["city", "field", "date", "what"],
    ).assign(source="agency", certainty="documented")
    assert breaks_for(breaks, "Davis", ["arrest", "hold"])["what"].tolist() == ["new form", "NIBRS"]
    assert breaks_for(breaks, "Chico", ["arrest"]).empty
    with pytest.raises(DataError, match="fields is the text 'arrest'"):
        breaks_for(breaks, "Davis", "arrest")


def test_a_shift_fills_its_clock_hours():
    made = scheduled_hours(shifts(("2020-07-15 12:00", "2020-07-15 22:00")), "Davis")
    assert len(made) == 168
    assert made["month"].dtype == "period[M]"
    planned = made.set_index("hour_of_week")["planned_hours"]
    wednesday = 2 * 24
    assert planned[planned > 0].to_dict() == pytest.approx({wednesday + hour: 1.0 for hour in range(12, 22)})


def test_parts_of_hours_get_their_share_across_midnight_and_months():
    made = scheduled_hours(shifts(("2020-07-31 22:30", "2020-08-01 00:30"), planned_hours=4.0), "Davis")
    filled = made[made["planned_hours"] > 0]
    cells = list(zip(filled["month"].astype(str), filled["hour_of_week"], filled["planned_hours"], strict=True))
    friday = 4 * 24
    assert cells == [("2020-07", friday + 22, 1.0), ("2020-07", friday + 23, 2.0), ("2020-08", friday + 24, 1.0)]
    assert made["planned_hours"].sum() == pytest.approx(4.0)


def test_delivered_hours_are_spread_in_proportion():
    made = scheduled_hours(shifts(("2020-07-15 12:00", "2020-07-15 22:00"), delivered_hours=4.0), "Davis")
    assert made["delivered_hours"].max() == pytest.approx(0.4)
    assert made["delivered_hours"].sum() == pytest.approx(4.0)


def test_all_hours_are_found_again_and_other_cities_are_left_out():
    weekly = [(f"2020-{month:02d}-15 12:00", f"2020-{month:02d}-16 00:00") for month in (1, 2, 5)]
    frame = pd.concat([shifts(*weekly), shifts(*weekly, city="Woodland")], ignore_index=True)
    made = scheduled_hours(frame, "Davis")
    assert made["month"].astype(str).unique().tolist() == ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"]
    assert len(made) == 5 * 168
    assert made.groupby("month")["planned_hours"].sum().tolist() == pytest.approx([10, 10, 0, 0, 10])


def test_overlapping_shifts_are_team_hours_and_said():
    frame = shifts(("2020-07-15 12:00", "2020-07-15 22:00"), ("2020-07-15 14:00", "2020-07-16 00:00"))
    with collecting() as notes:
        made = scheduled_hours(frame, "Davis")
    assert made["planned_hours"].max() == pytest.approx(2.0)
    assert notes == ["overlapping shifts in Davis: 1; their hours add up to team hours"]


def test_unknown_delivery_stays_unknown():
    frame = shifts(("2020-07-15 12:00", "2020-07-15 22:00"), ("2020-07-16 12:00", "2020-07-16 22:00"))
    frame.loc[0, "delivered_hours"] = None
    with collecting() as notes:
        made = scheduled_hours(frame, "Davis")
    assert made["delivered_hours"].isna().sum() == 10
    assert made["delivered_hours"].sum() == pytest.approx(10.0)
    assert notes == ["shifts in Davis without delivered hours: 1 of 2"]
    assert scheduled_hours(frame.drop(columns="delivered_hours"), "Davis")["delivered_hours"].isna().sum() == 20


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (shifts(("2020-07-15 22:00", "2020-07-15 12:00")), r"do not end after they start: 1 \(rows 0\)"),
        (shifts(("2020-07-15 22:00", "2020-07-15 22:00")), "do not end after they start: 1"),
        (shifts(("2020-07-15 12:00", "2020-07-15 22:00"), city="Chico"), "no shift in 'Davis'"),
        (shifts(("2020-07-15 12:00", "2020-07-15 22:00"), planned_hours=-1), "'planned_hours': below 0"),
    ],
)
def test_a_broken_schedule_is_refused(frame, says):
    with pytest.raises(DataError, match=says):
        scheduled_hours(frame, "Davis")
