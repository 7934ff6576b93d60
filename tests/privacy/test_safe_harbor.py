"""The scan for the eighteen identifiers: every letter is found by role or by content, and none in a clean file.

The cells are invented; numbers with check digits were made to hold them. ZIP areas are those of the census tables.
"""

import datetime as dt
import hashlib

import numpy as np
import pandas as pd
import pytest

import coresponder_causal as cc
from coresponder_causal.core.errors import DataError
from coresponder_causal.privacy.identifiers import identifiers, small_zip3


def letters(found: cc.privacy.SafeHarbor, where: str) -> list[str]:
    return found.violations.query("where == @where")["letter"].tolist()


def scan(values: object, column: str = "v", **options: object) -> cc.privacy.SafeHarbor:
    return cc.privacy.safe_harbor(pd.DataFrame({column: values}), as_of=2026, **options)


def tables_of(found: cc.privacy.SafeHarbor) -> str:
    return "\n".join(
        [str(found), found.violations.to_string(), found.roles.to_string(), found.statement(), repr(found)]
    )


@pytest.mark.parametrize(
    ("letter", "cell"),
    [
        ("A", "Maria Lopez"),
        ("A", "lopez, maria"),
        ("A", "Officer Quillfeather arrived"),
        ("B", "1200 Merkley Ave Apt 4"),
        ("B", "5th and Main"),
        ("B", "38.58012, -121.53021"),
        ("B", "Yolo County"),
        ("B", "city of Guinda"),
        ("B", "JEFFERSON AND 15TH"),
        ("B", "near harbor blvd"),
        ("B", "west_sacramento"),
        ("B", "Sacramento, CA 95605"),
        ("C", "2020-07-15 12:30"),
        ("C", "7/15/20"),
        ("C", "July 4"),
        ("C", "March 2021"),
        ("C", "a 94-year-old"),
        ("D", "(916) 555-0134"),
        ("D", "9165550134"),
        ("D", "+44 20 7946 0958"),
        ("E", "fax 916-555-0134"),
        ("F", "jo.ash@example.org"),
        ("G", "219-09-9999"),
        ("G", "SSN 219099999"),
        ("H", "MRN: 0041277"),
        ("I", "1EG4-TE5-MK73"),
        ("I", "Medi-Cal 91234567A"),
        ("J", "4111 1111 1111 1111"),
        ("J", "account no. 88-12345"),
        ("K", "DL A1234567"),
        ("L", "1M8GDM9AXKP042788"),
        ("L", "7ABC123"),
        ("M", "00:1B:44:11:3A:B7"),
        ("M", "IMEI 490154203237518"),
        ("N", "https://example.org/u/7"),
        ("O", "192.0.2.17"),
        ("O", "2001:db8::8a2e:370:7334"),
        ("P", "clips/interview.wav"),
        ("Q", "scans/face_0412.jpg"),
        ("R", "case no. 24-00123"),
        ("R", hashlib.sha256(b"x").hexdigest()),
        ("R", "123e4567-e89b-12d3-a456-426614174000"),
    ],
)
def test_every_letter_is_found_by_content(letter: str, cell: str) -> None:
    found = scan(["other", cell, None])
    assert letter in letters(found, "v"), found
    row = found.violations.query("letter == @letter").iloc[0]
    assert (row["rows"], row["first_rows"], row["basis"]) == (1, (1,), "content")
    assert cell not in tables_of(found)


@pytest.mark.parametrize(
    "cell",
    [
        "arrest",
        "no_action",
        "Welfare check",
        "18_24",
        "90+",
        "2021",
        "1.2.3.400",
        "219-00-9999",
        "4111 1111 1111 1112",
        "1M8GDM9A_KP042788",
        "hispanic",
        "May",
        "will call back",
        "America/Los_Angeles",
        "ed_transport",
        "CA",
        "Officer arrived",
        "3.14159",
        "co_responder",
        "Day Shift",
        "Elder Abuse",
        "WELFARE CHECK",
        "Grand Theft Auto",
        "5150 W&I",
        "PC 647(f)",
        "Gone On Arrival",
        "24-48 hours",
        "Case closed",
        "card declined",
    ],
)
def test_codes_and_words_are_let_pass(cell: str) -> None:
    assert scan(["other", cell, None]).violations.empty


@pytest.mark.parametrize(
    ("column", "letter"),
    [
        ("lastName", "A"),
        ("home_city", "B"),
        ("county", "B"),
        ("DOB", "C"),
        ("call_month", "C"),
        ("received_at", "C"),
        ("weekday", "C"),
        ("phone", "D"),
        ("fax_number", "E"),
        ("e-mail", "F"),
        ("ssn", "G"),
        ("mrn", "H"),
        ("member_number", "I"),
        ("account", "J"),
        ("driver_license", "K"),
        ("license_plate", "L"),
        ("vin", "L"),
        ("device_serial", "M"),
        ("url", "N"),
        ("ip_address", "O"),
        ("voiceprint", "P"),
        ("photo", "Q"),
        ("person_id", "R"),
    ],
)
def test_the_name_of_a_column_tells_its_role(column: str, letter: str) -> None:
    found = scan(["x", "y", None], column)
    assert letters(found, column) == [letter]
    assert found.violations["basis"].tolist() == ["column name"]
    assert scan(["x", "y", None], column, roles={column: "other"}).violations.empty


def test_roles_come_from_the_dictionary() -> None:
    calls = pd.DataFrame(
        {"call_id": ["7"], "beat": ["4"], "cleared_at": ["x"], "hold": [True], "initial_type": ["other"]}
    )
    found = cc.privacy.safe_harbor(calls, table="calls")
    assert found.violations[["letter", "where", "basis"]].values.tolist() == [
        ["B", "beat", "dictionary"],
        ["C", "cleared_at", "dictionary"],
        ["R", "call_id", "dictionary"],
    ]


def test_every_field_of_the_dictionary_that_tells_a_person_or_a_day_has_a_role() -> None:
    for name, table in cc.data.dictionary.tables().items():
        rows = pd.DataFrame({field.name: ["x"] for field in table.fields})
        flagged = set(cc.privacy.safe_harbor(rows, table=name, roles={}).violations["where"])
        told = {field.name for field in table.fields if field.type in {"datetime", "date", "month"}}
        told |= {field.name for field in table.fields if field.privacy == "identifying" and field.name != "text"}
        assert told <= flagged, name
    surveys = cc.privacy.safe_harbor(pd.DataFrame({"response": ["x"]}), table="surveys")
    assert letters(surveys, "response") == ["R"]


def test_a_declaration_does_not_silence_what_the_cells_say() -> None:
    found = scan(["call 916-555-0134"], roles={"v": "other"})
    assert letters(found, "v") == ["D"]


@pytest.mark.parametrize("census", [2000, 2010, 2020])
def test_zip_prefixes_follow_the_census(census: int) -> None:
    every = [f"{i:03d}" for i in range(1000)]
    refused = {prefix for prefix in every if not cc.privacy.zip3_allowed(prefix, census)}
    assert small_zip3[census] <= refused
    assert {"000", "956", "957", "958", "100", "945"}.isdisjoint(refused)
    assert len(small_zip3[census]) == {2000: 17, 2010: 14, 2020: 18}[census]
    found = scan(["956", "036", "95605", "000", "345", None], "zip", census=census)
    assert found.violations["first_rows"].tolist() == [(1, 2, 4)]


def test_zip_as_numbers_and_the_vintage_that_makes_the_difference() -> None:
    assert scan([956.0, 36.0, np.nan], "zip3").violations["first_rows"].tolist() == [(1,)]
    assert scan(["202"], "zip3").violations["rows"].tolist() == [1]
    assert scan(["202"], "zip3", census=2010).violations.empty
    with pytest.raises(DataError, match="census 1990"):
        scan(["202"], "zip3", census=1990)


def test_ages_and_years_of_birth() -> None:
    ages = [34, 89, 90, 101, np.nan]
    assert scan(ages, "age").violations["first_rows"].tolist() == [(2, 3)]
    told = ["89", "90+", "90 or older", "over 89", "91+", "88-95", "95+"]
    assert scan(told, "age").violations["first_rows"].tolist() == [(4, 5, 6)]
    assert scan([1936, 1937, 2001], "birth_year").violations["first_rows"].tolist() == [(0,)]


def test_dates_in_every_form() -> None:
    moments = pd.to_datetime(["2021-01-01 00:00", "2021-01-01 00:01", None])
    assert scan(moments).violations["first_rows"].tolist() == [(1,)]
    assert scan([dt.date(2021, 7, 4), None]).violations["rows"].tolist() == [1]
    assert scan(pd.PeriodIndex(["2021-07"], freq="M")).violations["rows"].tolist() == [1]
    assert scan(pd.PeriodIndex(["2021"], freq="Y")).violations.empty
    for numbers in ([1_600_000_000, 1_600_086_400], [1.6e12, 1.7e12], [20200715, 20200716]):
        assert scan(numbers).violations["what"].tolist() == ["numbers that read as moments"], numbers
    assert scan([1.5, 20_200_799.0, 3.0]).violations.empty


def test_numbers_are_read_too() -> None:
    assert scan([9165550134, 12]).violations[["letter", "first_rows"]].values.tolist() == [["D", (0,)]]
    assert scan([4111111111111111.0, np.nan]).violations["letter"].tolist() == ["J"]
    assert scan([1.5, 9165550134.5, 250_000.0]).violations.empty


def test_a_constant_city_and_the_name_of_the_file_are_found() -> None:
    frame = pd.DataFrame({"site": ["West Sacramento"] * 3, "year": [2021] * 3})
    found = cc.privacy.safe_harbor(frame, name="Davis_2021-07_calls.csv")
    assert letters(found, "site") == ["B"]
    assert letters(found, "file name") == ["B", "C"]
    assert "Davis" not in tables_of(found)
    assert letters(cc.privacy.safe_harbor(frame, name="Broadmoor.csv", places=["Broadmoor"]), "file name") == ["B"]
    assert letters(cc.privacy.safe_harbor(frame.rename(columns={"year": "Vacaville"})), "name of column 1") == ["B"]
    assert cc.privacy.safe_harbor(frame[["year"]], name="calls.csv").violations.empty


def test_a_census_without_a_table_is_refused_whatever_the_columns() -> None:
    with pytest.raises(DataError, match="census 1990"):
        scan([1], census=1990)


def test_a_heading_that_is_a_row_is_not_shown() -> None:
    first = ["C0417", "Okonkwo", "916-555-0134", "said that he was calm", "narrative of okonkwo"]
    frame = pd.DataFrame([["C0418", "Ash", "916-555-0135", "calm", "x"]] * 3, columns=first)
    found = cc.privacy.safe_harbor(frame, name="calls.csv")
    assert letters(found, "column 2") == letters(found, "name of column 2") == ["D"]
    for cell in first:
        assert cell not in tables_of(found)
    assert "names of 5 columns are not shown" in str(found)


def test_states_may_stay() -> None:
    assert scan(["CA", "Nevada", None], "state_or_county").violations.empty
    assert scan(["CA", "Nevada", "Yolo"], "county").violations["first_rows"].tolist() == [(2,)]


def test_unique_values_and_rare_codes() -> None:
    n = 40
    assert letters(scan([f"x{i}" for i in range(n)]), "v") == ["R"]
    assert letters(scan(list(range(n))), "v") == ["R"]
    assert scan([i / 7 for i in range(n)]).violations.empty
    rare = ["a"] * 30 + ["b"] * 10
    assert scan(rare, "category").violations.empty
    declared = scan(rare, "category", roles={"category": "code"})
    assert declared.violations["rows"].tolist() == [n]
    record = scan(list(range(n)), "row_number", roles={"row_number": "record_code"})
    assert record.violations.empty
    assert any("164.514(c)" in doubt for doubt in record.doubts)


def test_the_verdict_never_says_that_a_file_complies() -> None:
    clean = scan(["other", "arrest"])
    assert clean.verdict == "the file: no violation found by these checks, in 2 rows."
    for words in (str(clean), clean.statement()):
        assert "complian" not in words.lower()
    assert "Not legal advice" in str(clean)
    assert "164.514(b)(2)(ii)" in clean.statement()
    assert "actual knowledge" in clean.statement()


def test_free_text_and_rows_alone_are_said_as_doubts() -> None:
    found = cc.privacy.safe_harbor(pd.DataFrame({"notes": ["calm"] * 3, "a": [1, 1, 2]}))
    assert found.violations.empty
    assert found.doubts[0].startswith("free text (notes)")
    assert found.doubts[1] == "1 of 3 rows differ from every other in the 1 columns without a violation"


def test_wrong_roles_are_all_listed() -> None:
    with pytest.raises(DataError, match=r"2 rules[\s\S]*no column 'w'[\s\S]*'nonsense'"):
        scan(["x"], roles={"w": "name", "v": "nonsense"})


def test_the_input_is_left_alone_and_the_result_is_frozen() -> None:
    frame = pd.DataFrame({"city": ["Davis", None]}, index=[5, 9])
    before = frame.copy()
    found = cc.privacy.safe_harbor(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert found.violations["first_rows"].tolist() == [(0,)]
    with pytest.raises(AttributeError):
        found.name = "other"


def test_eighteen_letters() -> None:
    assert list(identifiers) == list("ABCDEFGHIJKLMNOPQR")
