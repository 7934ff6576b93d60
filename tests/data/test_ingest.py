"""Exports become tables and no row is lost: small files written here, whose every row has a stated end."""

from __future__ import annotations

import datetime as dt
import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import ingest, validate, write_ingested
from coresponder_causal.data.frames import read_table
from coresponder_causal.data.ingest_mapping import read_mapping
from coresponder_causal.data.ingest_write import example

COLUMNS = {"call_id": "ID", "city": "Town", "received_at": "Time"}
HEAD = "ID,Town,Time"


def source(**more):
    return {"name": "cad", "table": "calls", "files": "*.csv", "columns": COLUMNS} | more


def ingested(tmp_path, rows, head=HEAD, **more):
    (tmp_path / "cad.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return ingest({"source": [source(**more)]}, base=tmp_path)


def ends(done):
    return done.provenance.drop_duplicates(["file", "row"])["end"].tolist()


def stamps(done, name="received_at"):
    return done.tables["calls"][name].astype(str).tolist()


def balanced(done):
    rows = done.ledger["rows"]
    assert rows["read"] == sum(rows[end] for end in ("accepted", "repaired", "duplicate", "quarantined"))
    per_row = done.provenance.groupby(["source", "file", "row"])["end"].nunique()
    assert (per_row == 1).all()
    assert len(per_row) == rows["read"]
    assert sum(map(len, done.tables.values())) == rows["accepted"] + rows["repaired"]
    assert len(done.quarantine) == rows["quarantined"]


def test_each_row_ends_in_one_way(tmp_path):
    rows = [
        "1,Davis,2024-07-01 12:00",
        " 2 ,Davis,2024-07-01 13:00",
        "1,Davis,2024-07-01 12:00",
        "3,Davis,noonish",
        "4,,2024-07-01 12:00",
        "5,Davis",
        "",
        "6,Davis,2024-07-01 12:00,more",
    ]
    done = ingested(tmp_path, rows, repair=["spaces"])
    balanced(done)
    held = ["quarantined"] * 5
    assert ends(done) == ["accepted", "repaired", "duplicate", *held]
    assert done.quarantine["row"].tolist() == [5, 6, 7, 8, 9]
    assert done.quarantine["rules"].tolist() == [
        "received_at: unreadable date",
        "city: missing value",
        "not as many cells as the head",
        "blank row",
        "not as many cells as the head",
    ]
    assert json.loads(done.quarantine["raw"].iloc[0]) == {"ID": "3", "Town": "Davis", "Time": "noonish"}
    assert json.loads(done.quarantine["raw"].iloc[-1])["cells beyond the head"] == ["more"]
    repaired = done.provenance[done.provenance["end"] == "repaired"].iloc[0]
    assert repaired[["row", "field", "rule", "before", "after"]].tolist() == [3, "call_id", "spaces removed", "", "2"]
    assert done.provenance["of"][2] == "cad.csv row 2"
    validate(done.tables["calls"], table="calls")


def test_before_is_shown_for_open_fields_alone(tmp_path):
    done = ingested(tmp_path, [" 1,Davis  West,2024-07-01 12:00"], repair=["spaces"])
    cells = done.provenance.set_index("field")["before"]
    assert cells.to_dict() == {"call_id": "", "city": "Davis  West"}


def test_without_leave_nothing_is_repaired(tmp_path):
    done = ingested(tmp_path, ["1,Davis  West,2024-07-01 12:00"])
    assert ends(done) == ["accepted"]
    assert done.tables["calls"]["city"].tolist() == ["Davis  West"]


def test_overlapping_monthly_exports_are_joined_in_order(tmp_path):
    (tmp_path / "cad_2024_07.csv").write_text(f"{HEAD}\n1,Davis,2024-07-30 12:00\n2,Davis,2024-07-31 12:00\n")
    (tmp_path / "cad_2024_08.csv").write_text("ID,Town,Call Time\n2,Davis,2024-07-31 12:00\n3,Davis,2024-08-01 12:00\n")
    columns = COLUMNS | {"received_at": ["Time", "Call Time"]}
    done = ingest({"source": [source(files="cad_*.csv", columns=columns)]}, base=tmp_path)
    balanced(done)
    assert done.tables["calls"]["call_id"].tolist() == ["1", "2", "3"]
    assert done.provenance.loc[done.provenance["end"] == "duplicate", "of"].tolist() == ["cad_2024_07.csv row 3"]
    assert [entry["rows"] for entry in done.ledger["files"]] == [2, 2]


def test_one_key_with_two_contents_is_quarantined_or_the_latest_is_kept(tmp_path):
    rows = [
        "1,Davis,2024-07-01 12:00,2024-07-01",
        "1,Woodland,2024-07-01 12:00,2024-07-09",
        "2,Davis,2024-07-02 12:00,2024-07-02",
    ]
    done = ingested(tmp_path, rows, head=f"{HEAD},Changed")
    assert ends(done) == ["quarantined", "quarantined", "accepted"]
    assert set(done.quarantine["rules"]) == {"the same key with different content"}
    done = ingested(tmp_path, rows, head=f"{HEAD},Changed", same_key="latest", latest_by="Changed")
    balanced(done)
    assert ends(done) == ["duplicate", "accepted", "accepted"]
    assert done.tables["calls"]["city"].tolist() == ["Woodland", "Davis"]
    assert done.provenance["of"][0] == "cad.csv row 3"


def test_two_latest_rows_that_disagree_are_quarantined(tmp_path):
    rows = ["1,Davis,2024-07-01 12:00,2024-07-09", "1,Woodland,2024-07-01 12:00,2024-07-09"]
    done = ingested(tmp_path, rows, head=f"{HEAD},Changed", same_key="latest", latest_by="Changed")
    assert ends(done) == ["quarantined", "quarantined"]


def test_day_and_month_are_exchanged_only_where_the_mapping_says_so(tmp_path):
    rows = ["1,Davis,07/25/2024 12:00", "2,Davis,25/07/2024 12:00"]
    done = ingested(tmp_path, rows, day_first=False)
    assert ends(done) == ["accepted", "quarantined"]
    done = ingested(tmp_path, rows, day_first=False, repair=["swap_day_and_month"])
    assert ends(done) == ["accepted", "repaired"]
    assert stamps(done) == ["2024-07-25 12:00:00"] * 2


def test_a_date_that_two_formats_read_differently_is_refused(tmp_path):
    formats = ["%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"]
    done = ingested(tmp_path, ["1,Davis,03/04/2024 12:00", "2,Davis,03/25/2024 12:00"], date_formats=formats)
    assert ends(done) == ["quarantined", "accepted"]
    assert done.quarantine["rules"].tolist() == ["received_at: date that can be read in two ways"]


def test_stamps_come_to_the_clocks_of_the_city(tmp_path):
    zones = {"time_zone": "UTC", "local_time_zone": "America/Los_Angeles"}
    done = ingested(tmp_path, ["1,Davis,2024-07-01 19:00", "2,Davis,2024-07-01T12:00-07:00"], **zones)
    assert stamps(done) == ["2024-07-01 12:00:00"] * 2
    assert done.tables["calls"]["time_zone"].tolist() == ["America/Los_Angeles"] * 2


@pytest.mark.parametrize(
    ("policy", "end", "kept"),
    [
        ("quarantine", "quarantined", []),
        ("forward", "repaired", ["2024-03-10 03:30:00"]),
        ("keep", "accepted", ["2024-03-10 02:30:00"]),
    ],
)
def test_a_time_that_the_clocks_skip(tmp_path, policy, end, kept):
    zone = {"local_time_zone": "America/Los_Angeles", "nonexistent": policy}
    done = ingested(tmp_path, ["1,Davis,2024-03-10 02:30"], **zone)
    assert ends(done) == [end]
    assert stamps(done) == kept


@pytest.mark.parametrize(("policy", "kept"), [("earlier", "02:30"), ("later", "03:30"), ("quarantine", None)])
def test_a_time_that_occurs_twice_where_zones_differ(tmp_path, policy, kept):
    # 01:30 in Los Angeles on 3 November 2024 is 02:30 or, an hour later, 02:30 standard time in Denver's own count:
    # 08:30 UTC is 01:30 in Denver (its clocks have gone back at 08:00 UTC), 09:30 UTC is 02:30.
    zones = {"time_zone": "America/Los_Angeles", "local_time_zone": "America/Denver", "ambiguous": policy}
    done = ingested(tmp_path, ["1,Davis,2024-11-03 01:30"], **zones)
    expected = {"earlier": ["2024-11-03 01:30:00"], "later": ["2024-11-03 02:30:00"], "quarantine": []}
    assert stamps(done) == expected[policy]


def test_a_time_that_occurs_twice_on_the_same_clocks_is_kept_and_counted(tmp_path):
    done = ingested(tmp_path, ["1,Davis,2024-11-03 01:30"], local_time_zone="America/Los_Angeles")
    assert ends(done) == ["accepted"]
    assert done.ledger["sources"][0]["local_times_that_occur_twice"] == 1


def test_unknown_codes_are_kept_and_reported_with_their_days(tmp_path):
    rows = ["1,Davis,2024-07-01 12:00,WELFARE CHK", "2,Davis,2024-07-02 12:00,UFO", "3,Davis,2024-07-04 12:00,UFO"]
    columns = COLUMNS | {"initial_type": "Nature"}
    codes = {"initial_type": {"WELFARE CHK": "welfare_check"}}
    done = ingested(tmp_path, rows, head=f"{HEAD},Nature", columns=columns, codes=codes)
    assert done.tables["calls"]["initial_type"].tolist() == ["welfare_check", "UFO", "UFO"]
    (entry,) = done.ledger["unknown_codes"]
    assert entry == {
        "source": "cad",
        "table": "calls",
        "field": "initial_type",
        "code": "UFO",
        "rows": 2,
        "first": "2024-07-02",
        "last": "2024-07-04",
    }


def test_a_crosswalk_of_the_dictionary_stands_behind_the_mappings_own_codes(tmp_path):
    rows = ["1,Davis,2024-07-01 12:00,Welfare Check", "2,Davis,2024-07-02 12:00,WELCK"]
    columns = COLUMNS | {"initial_type": "Nature"}
    asked = {"name": "nature_codes", "from": "code", "to": "type", "where": {"stage": "reported"}}
    more = {"columns": columns, "crosswalks": {"initial_type": asked}, "codes": {"initial_type": {"WELCK": "other"}}}
    done = ingested(tmp_path, rows, head=f"{HEAD},Nature", **more)
    assert done.tables["calls"]["initial_type"].tolist() == ["welfare_check", "other"]


def test_values_beyond_limits_are_kept_unless_the_mapping_says_otherwise(tmp_path):
    rows, columns = ["1,Davis,2024-07-01 12:00,-60"], COLUMNS | {"minutes_on_scene": "Seconds"}
    more = {"head": f"{HEAD},Seconds", "columns": columns, "units": {"minutes_on_scene": "seconds"}}
    done = ingested(tmp_path, rows, **more)
    assert ends(done) == ["accepted"]
    assert done.tables["calls"]["minutes_on_scene"].tolist() == [-1.0]
    assert done.ledger["kept_beyond_limits"][0]["rows"] == 1
    done = ingested(tmp_path, rows, beyond_limits_to_missing=["minutes_on_scene"], **more)
    assert ends(done) == ["repaired"]
    assert done.tables["calls"]["minutes_on_scene"].isna().all()
    assert done.ledger["kept_beyond_limits"] == []


def test_unreadable_cells_cost_the_row_unless_the_mapping_says_otherwise(tmp_path):
    rows, columns = ["1,Davis,2024-07-01 12:00,?"], COLUMNS | {"arrest": "Arrest"}
    more = {"head": f"{HEAD},Arrest", "columns": columns}
    assert ends(ingested(tmp_path, rows, **more)) == ["quarantined"]
    done = ingested(tmp_path, rows, unreadable_to_missing=["arrest"], **more)
    assert ends(done) == ["repaired"]
    assert done.provenance["rule"].tolist() == ["set missing: not a yes or no"]


def test_words_constants_derived_fields_and_periods_of_columns(tmp_path):
    head = "ID,Day,Clock,Old,New,Arrest"
    rows = ["7,2024-06-30,23:00,1,5,J", "8,2024-07-01,01:15,1,5,Nein", "9,2024-07-02,03:00,1,5,-"]
    priority = [{"column": "Old", "until": dt.date(2024, 6, 30)}, {"column": "New", "from": "2024-07-01"}]
    columns = {
        "call_id": "ID",
        "received_at": {"date": "Day", "time": "Clock"},
        "priority": priority,
        "arrest": "Arrest",
    }
    more = {"constants": {"city": "Davis"}, "derived": {"hour": {"hour_of": "received_at"}}}
    words = {"true": ["J"], "false": ["NEIN"], "missing": ["-"]}
    calls = ingested(tmp_path, rows, head=head, columns=columns, **more, **words).tables["calls"]
    assert calls["priority"].tolist() == [1, 5, 5]
    assert calls["hour"].tolist() == [23, 1, 3]
    assert calls["city"].tolist() == ["Davis"] * 3
    assert calls["arrest"].fillna(value=False).tolist() == [True, False, False]
    assert calls["arrest"].isna().tolist() == [False, False, True]


def test_joined_and_numbered_fields(tmp_path):
    rows = ["P,1,arrest", "P,1,hold", "F,1,other"]
    derived = {"call_id": {"join": ["Agency", "ID"]}, "sequence": {"number_within": "call_id"}}
    done = ingested(
        tmp_path,
        rows,
        head="Agency,ID,Word",
        table="dispositions",
        columns={"disposition": "Word"},
        constants={"source": "cad"},
        derived=derived,
    )
    found = done.tables["dispositions"]
    assert found[["call_id", "sequence"]].to_numpy().tolist() == [["P-1", 1], ["P-1", 2], ["F-1", 1]]


def test_every_mistake_of_a_mapping_is_named_at_once():
    wrong = source(
        tabel="calls",
        date_format=["%Y"],
        columns={"call_id": "ID", "citty": "Town", "received_at": "Time"},
        same_key="latest",
        ambiguous="first",
        repair=["space"],
        local_time_zone="Pacific",
        units={"minutes_on_scene": "second"},
        derived={"hour": {"hour": "received_at"}},
        unreadable_to_missing=["call_id"],
        openpolicedata={"sorce": "Davis"},
    )
    with pytest.raises(DataError) as caught:
        read_mapping({"source": [wrong], "default": {}})
    said = caught.value.what
    for part in (
        "unknown section 'default': did you mean 'defaults'?",
        "unknown key 'tabel': did you mean 'table'?",
        "unknown key 'date_format': did you mean 'date_formats'?",
        "no field 'citty' (columns): did you mean 'city'?",
        "required field 'city' has no column",
        "same_key = 'latest' needs latest_by",
        "ambiguous is 'first'",
        "there is no repair 'space': did you mean 'spaces'?",
        "no time zone 'Pacific'",
        "unit of 'minutes_on_scene' is 'second': did you mean 'seconds'?",
        "derived 'hour'",
        "'call_id' is required and cannot be set missing",
        "needs files or openpolicedata: give exactly one",
        "unknown key 'sorce' in openpolicedata: did you mean 'source'?",
    ):
        assert part in said, part


def test_a_column_that_no_file_has_is_named_with_the_closest(tmp_path):
    with pytest.raises(DataError, match="no file has a column 'Tiem' for 'received_at': did you mean 'Time'"):
        ingested(tmp_path, ["1,Davis,2024-07-01"], columns=COLUMNS | {"received_at": "Tiem"})


def test_no_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"source 'cad': no file matches '\*\.csv'"):
        ingest({"source": [source()]}, base=tmp_path)


def test_a_named_sheet_and_an_empty_export(tmp_path):
    frame = pd.DataFrame({"ID": [1], "Town": ["Davis"], "Time": [pd.Timestamp("2024-07-01 12:00")]})
    with pd.ExcelWriter(tmp_path / "cad.xlsx") as book:
        pd.DataFrame({"note": ["x"]}).to_excel(book, sheet_name="Notes", index=False)
        frame.to_excel(book, sheet_name="Calls", index=False)
        frame.iloc[:0].to_excel(book, sheet_name="August", index=False)
    done = ingest({"source": [source(files="cad.xlsx", sheet="Calls")]}, base=tmp_path)
    assert done.tables["calls"]["call_id"].tolist() == ["1"]
    empty = ingest({"source": [source(files="cad.xlsx", sheet="August")]}, base=tmp_path)
    balanced(empty)
    assert empty.ledger["rows"]["read"] == 0
    with pytest.raises(DataError, match="no sheet 'July'"):
        ingest({"source": [source(files="cad.xlsx", sheet="July")]}, base=tmp_path)


def test_the_same_export_gives_the_same_bytes_and_the_tables_can_be_read_again(tmp_path):
    rows = [" 1,Davis,2024-07-01 12:00", "2,Davis,x", "1,Davis,2024-07-01 12:00"]
    out = []
    for name in ("one", "two"):
        done = ingested(tmp_path, rows, repair=["spaces"])
        out.append({path.name: path.read_bytes() for path in write_ingested(done, tmp_path / name)})
    assert out[0] == out[1]
    assert set(out[0]) == {
        "calls.csv", "provenance.csv", "quarantine.csv", "unknown_codes.csv", "ledger.json", "SENSITIVE.txt",
    }  # fmt: skip
    again = validate(read_table(tmp_path / "one" / "calls.csv"), table="calls")
    pd.testing.assert_frame_equal(again, done.tables["calls"])
    assert (tmp_path / "one" / ".gitignore").read_text() == "*\n"


def test_parquet_holds_the_same_table(tmp_path):
    pytest.importorskip("pyarrow")
    done = ingested(tmp_path, ["1,Davis,2024-07-01 12:00"])
    write_ingested(done, tmp_path / "out", form="parquet")
    assert read_table(tmp_path / "out" / "calls.parquet")["call_id"].tolist() == ["1"]


def test_the_shipped_example_works(tmp_path):
    (tmp_path / "MAPPING.toml").write_bytes(example.read_bytes())
    head = (
        "Incident,Call Time,Dispatch Time,Arrival Date,Arrival Clock,Nature,Priority,New Priority,"
        "Seconds On Scene,Disposition,Last Update"
    )
    rows = [
        "1,06/30/2024 12:00,06/30/2024 12:05,2024-06-30,12:20,WELFARE CHK,2,7,600,ARREST,2024-07-01",
        "2,,07/01/2024 12:05,2024-07-01,12:20,suicide threat,2,7,-5,TO HOSPITAL,2024-07-02",
    ]
    (tmp_path / "cad_2024.csv").write_text("\n".join([head, *rows]))
    done = ingest(tmp_path / "MAPPING.toml")
    balanced(done)
    assert ends(done) == ["accepted", "repaired"]
    calls = done.tables["calls"]
    assert calls["initial_type"].tolist() == ["welfare_check", "suicide_threat"]
    assert calls["priority"].tolist() == [2, 7]
    assert calls["arrest"].tolist() == [True, False]
    assert calls["minutes_on_scene"].iloc[0] == 10
    assert set(done.provenance["rule"]) == {"", "filled from 'Dispatch Time'", "set missing: below 0"}


def test_minutes_between_stamps_are_those_of_the_clock_on_the_wall(tmp_path):
    """Worked by hand: on 10 March 2024 clocks skip 2:00 to 3:00, on 3 November 1:00 to 2:00 comes twice."""
    rows = [
        "1,Davis,2024-03-10 01:50,2024-03-10 03:15",
        "2,Davis,2024-11-03 00:50,2024-11-03 02:10",
        "3,Davis,2024-11-03 00:50,2024-11-03 01:10",
        "4,Davis,2024-07-01 12:00,2024-07-01 12:25",
    ]
    columns = COLUMNS | {"arrived_at": "Time", "cleared_at": "Done"}
    derived = {"minutes_on_scene": {"minutes_between": ["arrived_at", "cleared_at"]}}
    zone = {"time_zone": "America/Los_Angeles", "local_time_zone": "America/Los_Angeles"}
    done = ingested(tmp_path, rows, head=f"{HEAD},Done", columns=columns, derived=derived, **zone)
    minutes = done.tables["calls"]["minutes_on_scene"]
    assert minutes[[0, 1, 3]].tolist() == [25, 140, 25]
    assert pd.isna(minutes[2])


def test_codes_of_the_map_are_read_in_any_case_and_idle_ones_are_said(tmp_path):
    rows = ["1,Davis,2024-07-01 12:00,Engaged Client", "2,Davis,2024-07-01 12:00,gone"]
    codes = {"arrest": {"Engaged client": True, "Booked": True, "*": False}}
    done = ingested(tmp_path, rows, head=f"{HEAD},End", columns=COLUMNS | {"arrest": "End"}, codes=codes)
    assert done.tables["calls"]["arrest"].tolist() == [True, False]
    assert [entry["code"] for entry in done.ledger["codes_without_a_row"]] == ["Booked"]
    assert [entry["rows"] for entry in done.ledger["taken_by_any_other"]] == [1]


def test_a_misspelt_code_of_ours_is_refused(tmp_path):
    codes = {"initial_type": {"MENTAL": "mental_heath_crisis"}}
    with pytest.raises(DataError, match="'mental_heath_crisis' is no code of 'initial_type': did you mean 'mental_hea"):
        ingested(tmp_path, ["1"], columns=COLUMNS | {"initial_type": "Type"}, codes=codes)


cells = st.sampled_from(
    ["", " ", "1", "2", "3 ", "Davis", "Da  vis", "2024-07-01 12:00", "13/01/2024", "NA", "x,y", "y"]
)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(cells, min_size=0, max_size=6), max_size=25),
    again=st.booleans(),
    latest=st.booleans(),
    repair=st.lists(st.sampled_from(["spaces", "swap_day_and_month"]), unique=True),
)
def test_whatever_comes_every_row_is_accounted_for_once(tmp_path_factory, rows, again, latest, repair):
    folder = tmp_path_factory.mktemp("messy")
    body = "\n".join(",".join(row) for row in rows)
    (folder / "a.csv").write_text(f"{HEAD},Arrest,Changed\n{body}\n")
    if again:
        (folder / "b.csv").write_text(f"{HEAD},Arrest,Changed\n{body}\n")
    more = {"same_key": "latest", "latest_by": "Changed"} if latest else {}
    columns = COLUMNS | {"arrest": "Arrest"}
    done = ingest({"source": [source(columns=columns, day_first=False, repair=repair, **more)]}, base=folder)
    balanced(done)
    if not done.tables["calls"].empty:
        validate(done.tables["calls"], table="calls")
