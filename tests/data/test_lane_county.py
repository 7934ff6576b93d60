"""A real log of a mobile crisis team: its disorder is counted and no row is dropped.

Lane County (Oregon) mobile crisis log, 4,682 dispatches, 2024-08 to 2025-12. The counts by pair were taken
independently of this package by comparing the two columns of the workbook row by row. 910 rows are out of order when
the pair request–dispatch is left out, 922 when all ten pairs count.
"""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.data.frames import read_table
from coresponder_causal.data.panel import panel
from coresponder_causal.data.validate import findings, validate

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
    counted = panel(clean, period="month")
    assert counted["calls"].sum() == 4605
    assert counted["month"].min() == pd.Period("2024-08", "M")
    assert counted["month"].nunique() == 17
