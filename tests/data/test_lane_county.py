"""A real log of a mobile crisis team: its disorder is counted and no row is dropped.

Lane County (Oregon) mobile crisis log, 4,682 dispatches, 2024-08 to 2025-12. The counts by pair were taken
independently of this package by comparing the two columns of the workbook row by row. 910 rows are out of order when
the pair request–dispatch is left out, 922 when all ten pairs count.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import IdentificationWarning
from coresponder_causal.data import ingest, quality
from coresponder_causal.data.frames import read_table
from coresponder_causal.data.panel import panel
from coresponder_causal.data.validate import findings, validate

MAPPING = Path(__file__).parents[1] / "studies" / "lane_county" / "MAPPING.toml"
NAMES = {
    "ID": "call_id",
    "City": "city",
    "Dispatch Request Date & Time": "received_at",
    "Dispatch Date & Time": "dispatched_at",
    "Arrival on Scene Date & Time": "arrived_at",
    "Engagement with Client Date & Time": "engaged_at",
    "MCIT Departure Date & Time": "cleared_at",
    "Minutes: Arrival → Departure": "minutes_on_scene",
}


@pytest.fixture(scope="module")
def log(data_dir):
    file = data_dir / "lane_county_mobile_crisis" / "MCSLC.xlsx"
    if not file.is_file():
        pytest.skip("needs CORESPONDER_DATA with lane_county_mobile_crisis/MCSLC.xlsx")
    return read_table(file)[list(NAMES)]


def test_the_disordered_stamps_are_counted(log):
    listed = findings(log, table="calls", columns=NAMES).set_index("rule")
    disorder = listed[listed.index.str.contains(" before |any pair")]
    assert disorder["count"].to_dict() == {
        "dispatched_at before received_at": 83,
        "arrived_at before received_at": 182,
        "engaged_at before received_at": 827,
        "cleared_at before received_at": 124,
        "arrived_at before dispatched_at": 130,
        "engaged_at before dispatched_at": 775,
        "cleared_at before dispatched_at": 94,
        "engaged_at before arrived_at": 687,
        "cleared_at before arrived_at": 63,
        "cleared_at before engaged_at": 37,
        "time stamps out of order, any pair": 922,
    }
    assert (disorder["severity"] == "quality").all()
    assert disorder["rows"].map(lambda rows: all(row.isdigit() for row in rows)).all()


def test_910_rows_are_out_of_order_beside_request_and_dispatch(log):
    stamps = [log[name] for name, field in NAMES.items() if field.endswith("_at")]
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5) if (i, j) != (0, 1)]
    rows = np.logical_or.reduce([stamps[j] < stamps[i] for i, j in pairs])
    assert rows.sum() == 910


def test_what_stops_the_log_is_the_missing_request_time_alone(log):
    listed = findings(log, table="calls", columns=NAMES)
    errors = listed[listed["severity"] == "error"]
    assert errors[["rule", "field", "count"]].to_numpy().tolist() == [["missing value", "received_at", 77]]


def test_no_row_is_dropped(log):
    known = log[log["Dispatch Request Date & Time"].notna()]
    clean = validate(known, table="calls", columns=NAMES)
    assert len(log) == 4682
    assert len(clean) == len(known) == 4605
    assert clean["call_id"].tolist() == known["ID"].astype(str).tolist()
    with pytest.warns(IdentificationWarning, match=r"no call at all in 2 of 17 months \(2024-11, 2024-12\)"):
        counted = panel(clean, period="month")
    assert counted["calls"].sum() == 4605
    assert counted["month"].min() == pd.Period("2024-08", "M")
    assert counted["month"].nunique() == 17


@pytest.fixture(scope="module")
def done(data_dir):
    if not (data_dir / "lane_county_mobile_crisis" / "MCSLC.xlsx").is_file():
        pytest.skip("needs CORESPONDER_DATA with lane_county_mobile_crisis/MCSLC.xlsx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORESPONDER_DATA", str(data_dir))
        return ingest(MAPPING)


def test_every_row_of_the_log_is_accounted_for(done):
    ends = {entry["source"]: entry for entry in done.ledger["sources"]}
    for entry in ends.values():
        assert entry["read"] == 4682
        assert entry["accepted"] + entry["repaired"] + entry["duplicate"] + entry["quarantined"] == 4682
    assert (ends["log"]["accepted"], ends["log"]["quarantined"]) == (4605, 77)
    plain = done.quarantine[done.quarantine["source"] == "log"]
    assert set(plain["rules"]) == {"received_at: missing value"}


def test_a_stated_fallback_repairs_rows_and_says_so(done):
    # Of the 392 rows without an engagement time, 71 have no stamp of the four that the mapping names.
    contacts = next(entry for entry in done.ledger["sources"] if entry["source"] == "contacts")
    filled = [entry["rows"] for entry in done.ledger["repairs"] if entry["rule"].startswith("filled from")]
    assert (contacts["quarantined"], sum(filled)) == (71, 392 - 71)
    assert len(done.tables["contacts"]) == 4682 - 71


def test_end_points_and_dispositions_become_codes_of_the_dictionary(done, log, data_dir):
    raw = read_table(data_dir / "lane_county_mobile_crisis" / "MCSLC.xlsx")
    found = done.tables["dispositions"]["disposition"].value_counts()
    theirs = raw["Disposition"].value_counts()
    assert found["ed_transport"] == theirs["Emergency Department"]
    assert found["arrest"] == theirs["Arrest"]
    assert (
        found["Remained in community"] == theirs["Remained in community"]
    )  # no code of the dictionary: kept, reported
    assert set(done.tables["contacts"]["end_point"].dropna()) == {
        "engaged", "declined", "not_found", "cancelled", "scene_not_safe", "other",
    }  # fmt: skip


@pytest.fixture(scope="module")
def trusted(done):
    return quality(done.tables, until="2025-12-31")


def test_the_new_form_of_june_2025_is_found_without_being_told(trusted):
    # The share of missing end points by week, taken from the workbook: 0 to 7 % up to 15 June 2025, 38 % in the week of
    # 23 June, 47 to 70 % from July to November.
    own = trusted.breaks[trusted.breaks["field"].eq("end_point")].sort_values("date")
    first = own.iloc[0]
    assert pd.Timestamp("2025-06-16") <= first["date"] <= pd.Timestamp("2025-07-07")
    assert first["before"] < 0.03
    assert 0.55 < first["after"] < 0.67
    assert (trusted.suggestions["field"] == "end_point").any()


def test_both_readings_of_the_disorder_stand_side_by_side(trusted):
    rows = trusted.disorder.set_index("what")["rows"]
    assert rows["any of the 10 pairs"] == 922
    assert rows["any pair but received_at–dispatched_at"] == 910


def test_a_fifth_of_the_engagement_times_are_midnight(trusted, log):
    raw = log["Engagement with Client Date & Time"]
    counted = int(
        (raw[log["Dispatch Request Date & Time"].notna()].dropna().dt.strftime("%H:%M:%S") == "00:00:00").sum()
    )
    stamps = trusted.stamps.set_index(["table", "field", "what"])
    assert stamps.loc[("calls", "engaged_at", "at midnight to the second"), "rows"] == counted
