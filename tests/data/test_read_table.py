"""Frames of other libraries and files are read as they are."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data.frames import read_table, to_pandas

ROWS = {"call_id": ["007", "008"], "city": ["Davis", None], "calls": [1, 2]}


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_of_three_libraries_agree(make):
    frame = to_pandas(make(ROWS))
    assert isinstance(frame, pd.DataFrame)
    assert frame["call_id"].tolist() == ["007", "008"]
    assert frame["city"].isna().tolist() == [False, True]
    assert frame["calls"].sum() == 3


@pytest.mark.parametrize("thing", [ROWS, [1, 2], "calls.csv", None, pl.LazyFrame(ROWS), pd.Series([1])])
def test_what_is_no_table_is_refused(thing):
    with pytest.raises(DataError, match="is not a table in memory"):
        to_pandas(thing)


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DataError, match="same name"):
        to_pandas(pd.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.parametrize(("suffix", "separator"), [("csv", ","), ("tsv", "\t"), ("CSV", ",")])
def test_text_files_keep_every_character(tmp_path, suffix, separator):
    file = tmp_path / f"calls.{suffix}"
    lines = [["call_id", "city", " note "], ["007", "NA", "1,000"], ["008", "", "nan"]]
    file.write_text("\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines))
    frame = read_table(file)
    assert frame.columns.tolist() == ["call_id", "city", "note"]
    assert frame["call_id"].tolist() == ["007", "008"]
    assert frame["note"].tolist() == ["1,000", "nan"]
    assert frame["city"].iloc[0] == "NA"
    assert frame["city"].isna().tolist() == [False, True]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_recognised(tmp_path, encoding):
    file = tmp_path / "cities.csv"
    file.write_bytes("city\nCañon Vista\n".encode(encoding))
    with collecting() as notes:
        frame = read_table(file)
    assert frame.columns.tolist() == ["city"]
    assert frame["city"].tolist() == ["Cañon Vista"]
    assert notes == (["cities.csv is not UTF-8 and was read as Windows-1252"] if encoding == "cp1252" else [])


@pytest.mark.parametrize(
    ("name", "separator", "said"),
    [("calls.csv", ";", ["calls.csv separates its cells by semicolons and was read so"]), ("calls.csv", ",", [])],
)
def test_a_file_with_another_separator_is_read_and_said(tmp_path, name, separator, said):
    file = tmp_path / name
    file.write_text(f'call_id{separator}minutes\n007{separator}"3,5"\n')
    with collecting() as notes:
        frame = read_table(file)
    assert frame.to_dict("list") == {"call_id": ["007"], "minutes": ["3,5"]}
    assert notes == said


def test_parquet_keeps_its_types(tmp_path):
    frame = pd.DataFrame(ROWS)
    frame.to_parquet(tmp_path / "calls.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "calls.parquet"), frame)


def test_a_workbook_keeps_text_cells_and_dates(tmp_path):
    file = tmp_path / "calls.xlsx"
    frame = pd.DataFrame({"call_id": ["007"], "received_at": pd.to_datetime(["2020-07-15 12:30"]), "calls": [3]})
    with pd.ExcelWriter(file) as book:
        frame.to_excel(book, sheet_name="calls", index=False)
        frame.to_excel(book, sheet_name="notes", index=False)
    with collecting() as notes:
        read = read_table(file)
    pd.testing.assert_frame_equal(read, frame, check_dtype=False)
    assert pd.api.types.is_integer_dtype(read["calls"])
    assert pd.api.types.is_datetime64_dtype(read["received_at"])
    assert notes == ["calls.xlsx: of 2 sheets only the first, 'calls', was read"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("calls.csv", b"", "calls.csv is empty"),
        ("calls.csv", b"a,b\n", "has a head but no rows"),
        ("calls.csv", b"\n\n", "cannot be read"),
        ("calls.csv", b"a,a\n1,2\n", "columns of the same name: columns 1, 2"),
        ("calls.csv", b"a,b\n1,2,3\n", "more cells than its head of 2"),
        ("calls.csv", b"a,b\n1,2\n1,2,3\n", "cannot be read"),
        ("calls.csv", b"a\n\x81\n", "neither UTF-8 nor Windows-1252"),
        ("calls.xlsx", b"no workbook", "cannot be read"),
        ("calls.xlsx", b"PK\x03\x04 cut off", "cannot be read"),
        ("calls.parquet", b"no parquet", "cannot be read"),
        ("calls.doc", b"text", "no kind of table"),
    ],
)
def test_broken_files_are_named_with_a_mend(tmp_path, name, content, says):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_table(file)
    assert caught.value.mend


def test_empty_sheets_and_missing_files_are_named(tmp_path):
    pd.DataFrame().to_excel(tmp_path / "calls.xlsx", index=False)
    with pytest.raises(DataError, match="empty first sheet"):
        read_table(tmp_path / "calls.xlsx")
    with pytest.raises(DataError, match="there is no file"):
        read_table(str(tmp_path / "none.csv"))
