"""Every rule of the dictionary is found, counted and mended in words; a sound table is typed and nothing is lost."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data.validate import findings, validate


def calls(**columns):
    sound = {
        "call_id": ["a", "b", "c"],
        "city": ["Davis", "Davis", "Woodland"],
        "received_at": ["2020-07-15 12:00", "2020-07-15 13:00:30", "2020-07-16T00:00:00"],
    }
    return pd.DataFrame({**sound, **columns})


def found(frame, rule, table="calls"):
    listed = findings(frame, table=table)
    rows = listed[listed["rule"] == rule]
    assert len(rows) == 1, f"{rule!r} is not among {listed['rule'].tolist()}"
    return rows.iloc[0]


def test_a_sound_table_gets_its_types_and_keeps_its_rows():
    raw = calls(
        attended=["yes", "no", ""],
        arrest=[1, 0, 1],
        hold=[0.0, np.nan, 1.0],
        force=["TRUE", "false", "0"],
        prior_contacts=["3", "-9", " 12 "],
        minutes_on_scene=["12.5", "1e1", None],
        priority=[1, 2, 3],
        initial_type=pd.Categorical(["trespass", "UNK", "other"]),
        arrived_at=pd.to_datetime(["2020-07-15 12:30", None, "2020-07-16 01:00"]),
    )
    before = raw.copy(deep=True)
    clean = validate(raw, table="calls")
    pd.testing.assert_frame_equal(raw, before)
    assert findings(raw, table="calls").empty
    assert clean["attended"].tolist() == [True, False, pd.NA]
    assert clean["arrest"].tolist() == [True, False, True]
    assert clean["hold"].isna().tolist() == [False, True, False]
    assert clean["force"].tolist() == [True, False, False]
    assert clean["prior_contacts"].tolist() == [3, pd.NA, 12]
    assert clean["minutes_on_scene"].iloc[:2].tolist() == [12.5, 10.0]
    assert clean["initial_type"].isna().tolist() == [False, True, False]
    assert clean["received_at"].iloc[1] == pd.Timestamp("2020-07-15 13:00:30")
    assert {name: str(dtype) for name, dtype in clean.dtypes.items()} == {
        "call_id": "str",
        "city": "str",
        "received_at": "datetime64[us]",
        "attended": "boolean",
        "arrest": "boolean",
        "hold": "boolean",
        "force": "boolean",
        "prior_contacts": "Int64",
        "minutes_on_scene": "float64",
        "priority": "Int64",
        "initial_type": "str",
        "arrived_at": "datetime64[us]",
    }


def test_validating_twice_changes_nothing():
    once = validate(calls(hold=["yes", None, "no"], prior_contacts=[1, 2, None]), table="calls")
    pd.testing.assert_frame_equal(validate(once, table="calls"), once)


def test_polars_and_pandas_agree():
    raw = calls(hold=["yes", None, "no"])
    pd.testing.assert_frame_equal(validate(pl.from_pandas(raw), table="calls"), validate(raw, table="calls"))


def test_columns_are_mapped_onto_the_dictionary():
    raw = calls().rename(columns={"call_id": "Incident", "received_at": "Rec'd"})
    names = {"Incident": "call_id", "Rec'd": "received_at"}
    assert validate(raw, table="calls", columns=names).columns.tolist() == ["call_id", "city", "received_at"]
    assert raw.columns.tolist() == ["Incident", "city", "Rec'd"]


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ({"nothing": "priority"}, "mapped column is not in the table"),
        ({"city": "town"}, "mapped to a field that the dictionary lacks"),
        ({"city": "call_id"}, "two columns for one field"),
    ],
)
def test_a_wrong_mapping_is_an_error(columns, rule):
    listed = findings(calls(), table="calls", columns=columns)
    assert (listed.loc[listed["rule"] == rule, "severity"] == "error").all()
    assert rule in set(listed["rule"])
    with pytest.raises(DataError, match=rule):
        validate(calls(), table="calls", columns=columns)


CASES = [
    ({"call_id": ["a", "b", "a"]}, "duplicated key", "error", 1, ("2",)),
    ({"call_id": ["a", None, " "]}, "missing value", "error", 2, ("1", "2")),
    ({"call_id": [1.5, 2, 3]}, "not a text or code", "error", 1, ("0",)),
    ({"city": [True, False, True]}, "not a text or code", "error", 3, ("0: True", "1: False", "2: True")),
    ({"prior_contacts": ["1,000", "2", "12,345"]}, "number with thousands separators", "error", 2, ("0", "2")),
    ({"prior_contacts": ["few", "2", "3"]}, "not a number", "error", 1, ("0",)),
    ({"prior_contacts": [1.5, 2, 3]}, "not a whole number", "error", 1, ("0",)),
    ({"prior_contacts": [-1, 2, -9]}, "below 0", "error", 1, ("0",)),
    ({"hour": [1, 24, 23]}, "above 23", "error", 1, ("1: 24",)),
    ({"minutes_on_scene": [1, np.inf, -np.inf]}, "infinite number", "error", 2, ("1", "2")),
    ({"minutes_on_scene": ["1", "inf", None]}, "infinite number", "error", 1, ("1",)),
    ({"minutes_on_scene": [True, False, True]}, "boolean values where a number is wanted", "error", 3, ("0", "1", "2")),
    ({"hold": ["yes", "perhaps", "Y"]}, "not a yes or no", "error", 2, ("1", "2")),
    ({"hold": [0, 2, 1]}, "not a yes or no", "error", 1, ("1",)),
    ({"received_at": ["2020-07-15 12:00", "7/15/2020 12:00", "2020-02-30"]}, "unreadable date", "error", 2, ("1", "2")),
    ({"received_at": [1, 2, 3]}, "integer values where a date and time is wanted", "error", 3, ("0", "1", "2")),
    (
        {"received_at": ["2020-07-15 12:00", "2020-07-15 12:00-07:00", "2020-07-15 12:00Z"]},
        "no offset where other rows have one",
        "error",
        1,
        ("0",),
    ),
    (
        {"received_at": ["2020-01-15 12:00-08:00", "2020-07-15 12:00-07:00", "2020-07-16 12:00-0700"]},
        "several offsets from UTC",
        "error",
        2,
        ("1", "2"),
    ),
    ({"received_at": ["2020-07-15", "2020-07-15 12:00", ""]}, "date without a clock time", "quality", 1, ("0",)),
    ({"initial_type": ["trespass", "415", "5150"]}, "unexpected code", "quality", 2, ("1: '415'", "2: '5150'")),
    ({"priority": [1, 0, None]}, "unexpected code", "quality", 1, ("1: 0.0",)),
    ({"sector": [1, None, 3]}, "column is not in the dictionary", "quality", 2, ()),
    ({"time_zone": ["America/Los_Angeles", "PST8", "Pacific"]}, "unknown time zone", "error", 2, None),
]


@pytest.mark.parametrize(("columns", "rule", "severity", "count", "rows"), CASES)
def test_a_broken_rule_is_found_and_counted(columns, rule, severity, count, rows):
    entry = found(calls(**columns), rule)
    assert (entry["severity"], entry["count"]) == (severity, count)
    assert rows is None or entry["rows"] == rows
    assert entry["mend"]


def test_values_are_shown_only_where_the_field_is_open():
    frame = calls(prior_contacts=["secret", "1", "2"], priority=["urgent", "1", "2"], force=["choke", "no", "no"])
    listed = findings(frame, table="calls").set_index("field")["rows"]
    assert listed["prior_contacts"] == ("0",)
    assert listed["force"] == ("0",)
    assert listed["priority"] == ("0: 'urgent'",)
    with pytest.raises(DataError) as caught:
        validate(frame, table="calls")
    assert "secret" not in str(caught.value)
    assert "choke" not in str(caught.value)


def test_at_most_five_rows_are_shown():
    frame = pd.DataFrame({"call_id": [f"c{i}" for i in range(9)], "city": "Davis", "received_at": "noon"})
    entry = found(frame, "unreadable date")
    assert entry["count"] == 9
    assert entry["rows"] == ("0", "1", "2", "3", "4")


def test_all_broken_rules_are_raised_together():
    frame = calls(call_id=["a", "a", "b"], minutes_on_scene=["1,000", "x", "3"]).drop(columns="city")
    with pytest.raises(DataError) as caught:
        validate(frame, table="calls")
    message = str(caught.value)
    assert "table 'calls' breaks 4 rules" in message
    assert "'city': required column is missing: add it" in message
    assert "'minutes_on_scene': number with thousands separators in 1 row (rows 0): write 1,000 as 1000" in message
    assert "'call_id': duplicated key in 1 row (rows 1)" in message


def test_an_empty_table_is_an_error():
    assert found(calls().iloc[:0], "empty table")["severity"] == "error"
    with pytest.raises(DataError, match="empty table"):
        validate(calls().iloc[:0], table="calls")


def test_an_unknown_table_is_an_error():
    with pytest.raises(DataError, match="no table 'call'"):
        findings(calls(), table="call")


def test_doubts_of_quality_become_notes_and_stop_nothing():
    with collecting() as notes:
        clean = validate(calls(initial_type=["trespass", "415", "415"], sector=[1, 2, 3]), table="calls")
    assert clean["initial_type"].tolist() == ["trespass", "415", "415"]
    assert clean["sector"].tolist() == [1, 2, 3]
    assert any("unexpected code in 2 rows (rows 1: '415', 2: '415')" in text for text in notes)
    assert any("'sector': column is not in the dictionary" in text for text in notes)


def test_disordered_stamps_are_counted_by_pair_and_by_row():
    frame = calls(
        dispatched_at=["2020-07-15 12:05", "2020-07-15 13:05", None],
        arrived_at=["2020-07-15 11:59", "2020-07-15 13:05", "2020-07-15 23:00"],
        cleared_at=["2020-07-15 12:20", None, "2020-07-16 02:00"],
    )
    listed = findings(frame, table="calls").set_index("rule")
    assert listed["count"].to_dict() == {
        "arrived_at before received_at": 2,
        "arrived_at before dispatched_at": 1,
        "time stamps out of order, any pair": 2,
    }
    assert (listed["severity"] == "quality").all()
    assert len(validate(frame, table="calls")) == 3


def test_offsets_become_the_clock_of_the_named_zone():
    stamps = ["2020-01-15 12:00-08:00", "2020-07-15 12:00-07:00", "2020-07-15 19:00Z"]
    frame = calls(received_at=stamps, time_zone=["America/Los_Angeles", "America/Los_Angeles", "America/Denver"])
    clean = validate(frame, table="calls")
    assert clean["received_at"].dt.hour.tolist() == [12, 12, 13]
    assert clean["received_at"].dt.tz is None


def test_some_stamps_with_an_offset_and_others_without():
    frame = calls(arrived_at=pd.to_datetime(["2020-07-15 12:30"] * 3, utc=True))
    assert found(frame, "some stamps have an offset, others not")["severity"] == "error"


def test_months_and_dates():
    months = {"city": "Davis", "calls": [3, 4], "population": 66_900, "days": [30, 31]}
    for written in (
        ["2020-06", "2020-07"],
        ["2020-06-01", "2020-07-01"],
        pd.period_range("2020-06", periods=2, freq="M"),
    ):
        clean = validate(pd.DataFrame({**months, "month": written}), table="city_panel")
        assert clean["month"].dtype == "period[M]"
        assert clean["month"].astype(str).tolist() == ["2020-06", "2020-07"]
    bad = pd.DataFrame({**months, "month": [202006, 202007]})
    assert found(bad, "integer values where a date and time is wanted", "city_panel")["count"] == 2
    weekly = pd.DataFrame({**months, "month": pd.period_range("2020-06-01", periods=2, freq="W")})
    assert found(weekly, "period values where a month is wanted", "city_panel")["count"] == 2
    entry = {"city": ["Davis"], "field": "hold", "what": "form", "source": "agency", "certainty": "documented"}
    dated = pd.DataFrame({**entry, "date": ["2020-07-15 13:00"]})
    assert found(dated, "clock time in a date", "breaks")["severity"] == "quality"
    assert validate(dated, table="breaks")["date"].tolist() == [pd.Timestamp("2020-07-15")]
    zoned = pd.DataFrame({**entry, "date": pd.to_datetime(["2020-07-15"], utc=True)})
    assert found(zoned, "date with a time zone", "breaks")["severity"] == "error"


def test_a_key_may_have_a_part_that_is_not_kept():
    rows = {"city": "Davis", "month": ["2020-06", "2020-06"], "series": "noise", "count": [1, 2]}
    assert found(pd.DataFrame(rows), "duplicated key", "control_series")["count"] == 1
    hourly = pd.DataFrame({**rows, "hour_of_week": [0, 1]})
    assert findings(hourly, table="control_series").empty


def test_strange_indexes_do_not_matter():
    frame = calls(prior_contacts=["x", "1", "2"]).set_axis([7, 7, 7])
    assert found(frame, "not a number")["rows"] == ("0",)
