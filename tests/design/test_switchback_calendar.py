"""The law of the lot, the calendar drawn from it, and its calendar file."""

import datetime as dt
import io
import re

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.data import validate
from coresponder_causal.data.registers import scheduled_hours
from coresponder_causal.design import switchback_schedule
from coresponder_causal.design.agenda import Event, agenda
from coresponder_causal.design.switchback_calendar import calendar_from_schedule
from coresponder_causal.design.switchback_law import SwitchbackLaw

TEN_HOURS = (("08:00", "18:00"), ("18:00", "04:00"))


def plan(**options):
    return switchback_schedule(**({"weeks": 26, "start": "2027-01-04", "city": "Davis, north", "seed": 1} | options))


def test_every_week_has_its_70_hours_and_every_clock_block_its_share_of_each_run():
    law = SwitchbackLaw(weeks=26, covered_per_week=10)
    drawn = law.draw(500, seed=2)
    assert (drawn.sum(axis=2) * law.block_hours == 70).all()
    assert law.run == 7
    for first in (0, 7, 14):
        assert (drawn[:, first : first + 7].sum(axis=1) == 5).all()
    assert plan().frame.groupby("week")["planned_hours"].sum().eq(70).all()


def test_weekends_and_halves_share_every_week_as_evenly_as_whole_blocks_allow():
    drawn = SwitchbackLaw(weeks=14, covered_per_week=10, strata=("weekend", "half")).draw(200, seed=3)
    assert set(drawn[..., 10:].sum(axis=2).ravel()) == {2, 3}  # 4 · 10/14 = 2.86
    assert set(drawn[..., 10::2].sum(axis=2).ravel()) <= {1, 2}
    assert set(drawn[..., :10:2].sum(axis=2).ravel()) <= {3, 4}  # 5 · 10/14 = 3.57


@pytest.mark.parametrize(
    "law",
    [
        SwitchbackLaw(weeks=10, covered_per_week=10),
        SwitchbackLaw(weeks=9, covered_per_week=9, strata=("half",)),
        SwitchbackLaw(weeks=4, covered_per_week=7, blocks=TEN_HOURS, most_per_day=1, strata=()),
        SwitchbackLaw(weeks=4, covered_per_week=3, blocks=TEN_HOURS, rest_hours=10, strata=()),
    ],
    ids=["70 hours", "63 hours", "one a day", "rest"],
)
def test_frequencies_of_10_000_draws_are_the_stated_probabilities(law):
    drawn = law.draw(10_000, seed=4)
    error = np.sqrt(law.probability * (1 - law.probability) / 10_000)
    # the largest of a hundred or so normal deviations lies beyond 4.5 once in 1,500 draws of the table
    assert np.abs(drawn.mean(axis=0) - law.probability).max() < 4.5 * error
    assert len(np.unique(drawn.reshape(10_000, -1), axis=0)) > 1000


def test_limits_of_a_day_and_of_rest_are_kept():
    one = SwitchbackLaw(weeks=4, covered_per_week=7, blocks=TEN_HOURS, most_per_day=1).draw(300, seed=5)
    assert (one.reshape(300, 4, 7, 2).sum(axis=3) <= 1).all()
    rested = SwitchbackLaw(weeks=4, covered_per_week=3, blocks=TEN_HOURS, rest_hours=10, strata=()).draw(300, seed=6)
    night, morning = rested[..., 1:-1:2], rested[..., 2::2]
    assert not (night & morning).any()


def test_a_law_that_hardly_leaves_a_choice_is_refused():
    with pytest.raises(DesignError, match="0 of 4000 drawn runs of 7 weeks keep the limits") as caught:
        plan(rest_hours=11)
    assert "loosen the limits" in caught.value.mend


def test_seeds_repeat_and_differ():
    assert (plan().covered == plan().covered).all()
    assert (plan().covered != plan(seed=2).covered).any()
    longer = SwitchbackLaw(weeks=26, covered_per_week=10).draw(5, seed=9)
    assert (longer == SwitchbackLaw(weeks=26, covered_per_week=10).draw(5, seed=9)).all()
    assert not longer.flags.writeable


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": "2027-01-05"}, "is a Tuesday"),
        ({"start": "tomorrow"}, "is no date"),
        ({"weeks": 1}, "1 weeks"),
        ({"covered_per_week": 14}, "14 of 14 blocks"),
        ({"strata": ("moon",)}, "strata moon"),
        ({"most_per_day": 1}, "do not fit at 1 a day"),
        ({"blocks": (("08:00", "15:00"), ("14:00", "21:00"))}, "overlap"),
        ({"blocks": (("08:00", "15:00"), ("15:00", "23:00"))}, "differ in length"),
        ({"blocks": (("eight", "15:00"),)}, "no clock times"),
        ({"blocks": ()}, "no block"),
    ],
)
def test_plans_that_cannot_be_drawn_are_refused_with_the_mend(options, said):
    with pytest.raises(DesignError, match=said) as caught:
        plan(**options)
    assert caught.value.mend


def test_the_table_is_one_of_the_dictionary_and_other_designs_can_read_it():
    frame = plan().frame
    clean = validate(frame, table="schedule")
    assert len(clean) == 26 * 14
    assert clean["shift_start"].is_unique
    hours = scheduled_hours(frame.assign(delivered_hours=frame["planned_hours"]), "Davis, north")
    assert hours["planned_hours"].sum() == pytest.approx(26 * 70)
    assert frame["probability"].eq(10 / 14).all()
    assert frame["randomised"].all()


def test_the_table_alone_carries_its_law_through_a_file():
    again = calendar_from_schedule(pd.read_csv(io.StringIO(plan().frame.to_csv(index=False))))
    assert again.to_json() == plan().to_json()
    assert (again.covered == plan().covered).all()


def test_a_changed_plan_is_refused():
    frame = plan().frame
    frame.loc[3, "planned_hours"] = 7.0 - frame.loc[3, "planned_hours"]
    with pytest.raises(DesignError, match=r"differs from the one drawn in 1 of 364 blocks \(2027-01-05 15:00:00\)"):
        calendar_from_schedule(frame)
    with pytest.raises(DesignError, match="differs from the one drawn in 14 of 364"):
        calendar_from_schedule(plan().frame.iloc[14:])
    with pytest.raises(DesignError, match="does not say the one law"):
        calendar_from_schedule(plan().frame.drop(columns="law"))
    with pytest.raises(DesignError, match="the law cannot be read"):
        calendar_from_schedule(plan().frame.assign(law="{}"))


# The grammar of RFC 5545 that a calendar program insists on, written from its sections 3.1, 3.3.5, 3.3.11 and 3.6.
PROPERTY = re.compile(r"[A-Z0-9-]+(?:;[A-Z0-9-]+=[^\";:,]*)*:.*", re.DOTALL)
TEXT = re.compile(r"(?:[^\\;,\x00-\x08\x0a-\x1f\x7f]|\\[\\;,Nn])*")
UTC = re.compile(r"\d{8}T\d{6}Z")
ONCE = {"VCALENDAR": {"VERSION", "PRODID"}, "VEVENT": {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION"}}


def parsed(text: str) -> list[dict[str, str]]:
    """Events of a calendar file; anything outside the grammar fails."""
    raw = text.encode()
    assert raw.endswith(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    for line in raw.split(b"\r\n"):
        line.decode()  # no letter is cut in two
    nest, events, seen = [], [], {}
    for line in text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n"):
        assert PROPERTY.fullmatch(line), line
        name, value = line.split(":", 1)
        if name == "BEGIN":
            assert (value, nest) in (("VCALENDAR", []), ("VEVENT", ["VCALENDAR"])), line
            nest.append(value)
            seen[value] = {}
        elif name == "END":
            assert nest.pop() == value
            assert ONCE[value] <= set(seen[value]), value
            if value == "VEVENT":
                events.append(seen[value])
        else:
            assert name not in seen[nest[-1]], f"{name} twice"
            seen[nest[-1]][name] = value
    assert nest == []
    assert seen["VCALENDAR"]["VERSION"] == "2.0"
    for event in events:
        assert all(UTC.fullmatch(event[name]) for name in ("DTSTAMP", "DTSTART", "DTEND")), event
        assert all(TEXT.fullmatch(event[name]) for name in ("SUMMARY", "DESCRIPTION")), event
    assert len({event["UID"] for event in events}) == len(events)
    return events


def test_the_calendar_file_keeps_to_the_grammar_and_holds_every_covered_block():
    events = parsed(plan(time_zone="America/Los_Angeles").to_ics())
    assert len(events) == 260
    spans = [
        dt.datetime.strptime(event["DTEND"], "%Y%m%dT%H%M%SZ")
        - dt.datetime.strptime(event["DTSTART"], "%Y%m%dT%H%M%SZ")
        for event in events
    ]
    assert set(spans) == {dt.timedelta(hours=7)}
    # in winter California is 8 hours behind UTC, in summer 7
    clocks = {event["DTSTART"][9:] for event in events}
    assert clocks == {"160000Z", "230000Z", "150000Z", "220000Z"}
    assert events[0]["SUMMARY"].endswith(r"Davis\, north")


def test_text_is_escaped_and_folded_without_cutting_a_letter():
    noon = dt.datetime(2027, 1, 4, 12)
    hostile = "a;b,c\\d\nEND:VEVENT " + "é" * 80
    event = Event(uid="1@x", start=noon, end=noon + dt.timedelta(hours=1), summary=hostile, description="é" * 200)
    (found,) = parsed(agenda([event], name=hostile, time_zone="UTC", stamp=noon))
    assert found["DESCRIPTION"] == "é" * 200
    assert found["SUMMARY"].startswith(r"a\;b\,c\\d\nEND:VEVENT é")


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(DesignError, match="time zone 'Sacramento'"):
        plan(time_zone="Sacramento").to_ics()
