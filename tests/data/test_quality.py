"""How far tables can be trusted: simulated tables into which one fault each was built."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import agreement, quality, unlogged, validate

CHANGE = pd.Timestamp("2024-05-08")


def calls(rows=1200, seed=1):
    """A year of calls, about 23 a week, whole: every field filled, stamps exact and in order."""
    rng = np.random.default_rng(seed)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 364 * 86400, rows)), unit="s")
    table = pd.DataFrame({"call_id": [str(i) for i in range(rows)], "city": "Davis", "received_at": when})
    table["dispatched_at"] = table["received_at"] + pd.to_timedelta(rng.integers(30, 900, rows), unit="s")
    table["arrived_at"] = table["dispatched_at"] + pd.to_timedelta(rng.integers(60, 1800, rows), unit="s")
    table["final_type"] = rng.choice(["welfare_check", "disturbance", "other"], rows)
    table["arrest"] = rng.random(rows) < 0.1
    return table


def hidden(table, field, chosen):
    return table.assign(**{field: table[field].where(~chosen)})


def test_of_whole_tables_nothing_is_said():
    found = quality(calls(), table="calls", until="2025-01-01")
    assert found.issues.empty
    assert found.breaks.empty
    assert found.suggestions.empty
    assert (found.completeness["share"] == 1).all()


def test_a_form_change_is_dated_to_the_day_and_ready_for_the_register():
    table = calls()
    rng = np.random.default_rng(2)
    table = hidden(table, "arrest", (table["received_at"] >= CHANGE) & (rng.random(len(table)) < 0.6))
    found = quality(table, table="calls", until="2025-01-01")
    (row,) = found.breaks.to_dict("records")
    assert (row["field"], row["what"], row["before"]) == ("arrest", "missing", 0)
    assert abs(row["date"] - CHANGE) <= pd.Timedelta(days=2)
    assert row["after"] == pytest.approx(0.6, abs=0.06)
    (entry,) = found.suggestions.to_dict("records")
    assert (entry["city"], entry["field"], entry["certainty"]) == ("Davis", "arrest", "presumed")
    validate(found.suggestions, table="breaks")
    said = found.issues["said"].iloc[0]
    assert said.startswith(f"From {row['date'].day} May 2024 on, “Arrest at the incident” is missing in")


@pytest.mark.parametrize("end", ["since", "until"])
def test_a_day_that_is_none_is_refused_by_name(end):
    with pytest.raises(DataError, match=f"{end} is 'a/../b'"):
        quality(calls(50), table="calls", **{end: "a/../b"})


def test_exports_are_looked_at_on_their_own():
    table = calls()
    export = np.where(np.arange(len(table)) % 2, "cad", "rms")
    table = hidden(table, "arrest", (table["received_at"] >= CHANGE) & (export == "cad"))
    found = quality(table, table="calls", source=export, until="2025-01-01")
    assert found.breaks["source"].tolist() == ["cad"]
    assert set(found.completeness["source"]) == {"cad", "rms"}


def test_new_and_vanished_codes_are_found_and_changed_shares_are_not_suggested():
    table = calls()
    after = table["received_at"] >= CHANGE
    table["final_type"] = table["final_type"].mask(after & (table["final_type"] == "disturbance"), "trespass")
    found = quality(table, table="calls", until="2025-01-01")
    kinds = found.drift.set_index("code")["what"]
    assert kinds["trespass"] == "new code"
    assert kinds["disturbance"] == "code vanishes"
    assert (found.suggestions["field"] == "final_type").all()
    shifted = calls()
    shifted["arrest"] = shifted["arrest"] | (after & (np.random.default_rng(3).random(len(shifted)) < 0.5))
    found = quality(shifted, table="calls", until="2025-01-01")
    assert found.drift["what"].tolist() == ["share of code"]
    assert found.suggestions.empty


def test_impossible_midnight_and_rounded_stamps_are_measured():
    table = calls()
    table.loc[:9, "arrived_at"] = pd.Timestamp("2031-01-01 10:01")
    table.loc[10:209, "arrived_at"] = table["arrived_at"].dt.normalize()
    table.loc[210:, "dispatched_at"] = table["dispatched_at"].dt.floor("5min")
    found = quality(table, table="calls", since="2024-01-10", until="2025-01-01")
    rows = found.stamps.set_index(["field", "what"])
    assert rows.loc[("arrived_at", "in the future"), "rows"] == 10
    early = (table["received_at"] < "2024-01-10").sum()
    assert rows.loc[("received_at", "before the first possible day"), "rows"] == early > 0
    assert rows.loc[("arrived_at", "at midnight to the second"), "rows"] == 200
    rounded = rows.loc[("dispatched_at", "rounded to five minutes")]
    assert rounded["low"] <= 990 / 1200 <= rounded["high"]  # 990 of 1,200 stamps were rounded
    exact = rows.loc[("received_at", "rounded to five minutes")]
    assert exact["low"] <= 0.02
    assert {"impossible", "midnight", "rounding", "disorder"} <= set(found.issues["kind"])


def test_planned_times_are_round_by_right():
    start = pd.date_range("2024-01-01 12:00", periods=60, freq="D")
    shifts = {"city": "Davis", "shift_start": start, "shift_end": start + pd.Timedelta(hours=10), "planned_hours": 10.0}
    found = quality(pd.DataFrame(shifts), table="schedule", until="2024-01-31")
    assert found.stamps.empty
    assert found.issues.empty


def test_disorder_is_read_in_both_ways():
    table = calls()
    table.loc[:4, "dispatched_at"] = table["received_at"] - pd.Timedelta(minutes=1)
    table.loc[5:7, "arrived_at"] = table["dispatched_at"] - pd.Timedelta(seconds=1)
    found = quality(table, table="calls", until="2025-01-01").disorder.set_index("what")["rows"]
    assert found["any of the 3 pairs"] == 8
    assert found["any pair but received_at–dispatched_at"] == 3


def test_late_records_are_held_against_the_deadline_of_their_field():
    rows = 200
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(rows) * 20, unit="h")
    late = np.arange(rows) % 4 == 0
    contacts = pd.DataFrame(
        {
            "contact_id": [str(i) for i in range(rows)],
            "city": "Davis",
            "origin": "911",
            "contact_at": when,
            "engaged": True,
            "recorded_at": when + pd.to_timedelta(np.where(late, 50, 2), unit="h"),
        }
    )
    found = quality(contacts, table="contacts", until="2025-01-01")
    engaged = found.timeliness.set_index("field").loc["engaged"]
    assert (engaged["in_time"], engaged["rows"], engaged["deadline_hours"]) == (150, 200, 24)
    assert "late" in set(found.issues["kind"])


def test_double_coding_of_narratives_and_systems_is_compared():
    rng = np.random.default_rng(4)
    first = rng.random(300) < 0.2
    second = np.where(rng.random(300) < 0.3, ~first, first)
    narratives = pd.DataFrame(
        {
            "call_id": [str(i) for i in range(300)],
            "author": "a",
            "written_at": pd.Timestamp("2024-01-01"),
            "crisis_coded": first,
            "second_coder_code": second,
        }
    )
    dispositions = pd.DataFrame(
        {
            "call_id": ["1", "1", "2", "2", "3", "3"],
            "sequence": [1, 2] * 3,
            "disposition": ["arrest", "arrest", "hold", "referral", "hold", "hold"],
            "source": ["cad", "team_log"] * 3,
        }
    )
    found = quality({"narratives": narratives, "dispositions": dispositions}, until="2025-01-01")
    what = found.agreement.set_index("what")
    both = what.loc["narratives: crisis_coded and second_coder_code"]
    assert (both["rows"], both["agree"]) == (300, int((first == second).sum()))
    assert what.loc["dispositions: cad and team_log", "observed"] == pytest.approx(2 / 3)
    assert "agreement" in set(found.issues["kind"])


def test_contacts_on_neither_list_are_estimated():
    table = calls(600).assign(attended=np.arange(600) < 300)
    contacts = pd.DataFrame(
        {
            "contact_id": [f"c{i}" for i in range(240)],
            "city": "Davis",
            "origin": "911",
            "contact_at": pd.Timestamp("2024-06-01 12:01"),
            "call_id": [str(i) for i in range(100, 340)],
        }
    )
    found = quality({"calls": table, "contacts": contacts}, until="2025-01-01")
    (row,) = found.unlogged.to_dict("records")
    assert (row["on_first"], row["on_second"], row["on_both"], row["listed"]) == (300, 240, 200, 340)
    assert row["estimate"] == pytest.approx(301 * 241 / 201 - 1)
    assert "not logged" in set(found.issues["kind"])


def test_no_value_of_a_field_that_is_not_open_is_named():
    table = calls()
    after = table["received_at"] >= CHANGE
    frame = table.assign(injury=np.where(after, "SECRETA", "SECRETB"), nickname=np.where(after, "SECRETC", "SECRETD"))
    found = quality(frame, table="calls", until="2025-01-01")
    assert "nickname" in set(found.drift["field"])
    assert "SECRET" not in found.issues.to_csv() + found.suggestions.to_csv()


def test_what_cannot_be_compared_is_said():
    with pytest.raises(DataError, match="the table has no name"):
        quality(calls())
    with pytest.raises(DataError, match="no column 'second'"):
        quality(calls(), table="calls", coders=[("calls", "final_type", "second")])
    with pytest.raises(DataError, match="0 rows were coded by both"):
        agreement([None, "a"], ["a", None])
    with pytest.raises(DataError, match="one list alone"):
        unlogged({"cad": [1]})


def test_weeks_without_a_row_are_said_and_quiet_ones_are_not():
    frame = calls()
    week = frame["received_at"].dt.to_period("W")
    gone = sorted(week.unique())[20:24]
    said = quality(frame[~week.isin(gone)], table="calls").issues
    (gap,) = said.loc[said["kind"] == "gap", "said"]
    first, last = gone[0].start_time, gone[-1].end_time
    assert f"no row from {first.day} {first:%B %Y} to {last.day} {last:%B %Y}" in gap
    assert "gap" not in set(quality(frame, table="calls").issues["kind"])


def test_disorder_that_midnight_makes_is_told_apart():
    frame = calls()
    frame["dispatched_at"] = frame["received_at"] + pd.Timedelta(minutes=5)
    frame["arrived_at"] = frame["dispatched_at"] + pd.Timedelta(minutes=9)
    frame.loc[:199, "arrived_at"] = frame["arrived_at"].dt.normalize()
    frame.loc[200:209, "arrived_at"] = frame["received_at"] - pd.Timedelta(minutes=1)
    found = quality(frame, table="calls").disorder.set_index("what")["rows"]
    assert found["any pair of stamps that are not exactly midnight"] == 10
    assert found["any of the 3 pairs"] > 150


def test_a_table_of_months_has_no_empty_weeks():
    """Rows on the first of every month alone: the weeks between are nobody's gap."""
    days = pd.date_range("2018-01-01", periods=36, freq="MS").repeat(30)
    frame = pd.DataFrame({"call_id": range(len(days)), "received_at": days, "city": "Springfield"})
    assert "gap" not in set(quality(frame, table="calls").issues["kind"])
