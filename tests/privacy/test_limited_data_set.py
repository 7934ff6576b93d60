"""The sixteen identifiers of 45 CFR 164.514(e)(2) go; town, state, ZIP, dates stay; the agreement has seven points."""

import pandas as pd
import pytest

import coresponder_causal as cc
from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.core.notes import collecting

KEPT = {"city": "Davis", "zip": "95616", "received_at": "2021-07-04", "age": 93, "person_id": "p1", "arrest": True}
GONE = {
    "last_name": "Ash",
    "home_address": "1 Elm St",
    "beat": "4",
    "phone": "916-555-0134",
    "fax": "916-555-0135",
    "email": "a@example.org",
    "ssn": "219-09-9999",
    "mrn": "0041",
    "member_number": "77",
    "account": "12",
    "licence": "A1234567",
    "plate": "7ABC123",
    "device": "x",
    "url": "example.org",
    "ip": "192.0.2.1",
    "voiceprint": "v",
    "photo": "f.jpg",
    "notes": "calm",
}


def test_sixteen_go_and_the_rest_stays() -> None:
    frame = pd.DataFrame({name: [value, None] for name, value in {**KEPT, **GONE}.items()})
    with collecting() as notes:
        limited = cc.privacy.limited_data_set(frame, purpose="public health")
    assert limited.frame.columns.tolist() == list(KEPT)
    assert limited.taken_out["column"].tolist() == list(GONE)
    assert limited.taken_out["cells"].eq(1).all()
    assert notes[0].startswith("limited data set: taken out last_name (name), home_address (geography)")
    assert frame.shape == (2, len(KEPT) + len(GONE))


def test_the_fields_of_calls() -> None:
    calls = pd.DataFrame({name: ["x"] for name in ("call_id", "city", "received_at", "address", "beat", "hold")})
    limited = cc.privacy.limited_data_set(calls, purpose="research", table="calls")
    assert limited.frame.columns.tolist() == ["call_id", "city", "received_at", "hold"]


def test_a_heading_that_is_a_row_does_not_leave() -> None:
    frame = pd.DataFrame({"Okonkwo": ["calm"], "916-555-0134": ["calm"], "2021-07-04": ["2021-07-05"]})
    with pytest.raises(DisclosureError, match="column 1: its name reads as phone") as caught:
        cc.privacy.limited_data_set(frame, purpose="research")
    assert "Okonkwo" not in str(caught.value)
    assert "0134" not in str(caught.value)


def test_identifiers_in_cells_that_stay_are_refused_without_showing_them() -> None:
    frame = pd.DataFrame(
        {"outcome": ["calm", "call 916-555-0134"], "site": ["Maria Lopez", "x"], "city": ["Davis"] * 2}
    )
    with pytest.raises(DisclosureError) as caught:
        cc.privacy.limited_data_set(frame, purpose="research")
    said = str(caught.value)
    assert "outcome: 1 cells read as phone (rows 1)" in said
    assert said.count("row 0 is the first below the heading") == 1
    assert "site: 1 cells read as person (rows 0)" in said
    assert "Maria" not in said
    assert "0134" not in said


def test_another_purpose_is_refused() -> None:
    with pytest.raises(DataError, match="take one of research, public health, health care operations"):
        cc.privacy.limited_data_set(pd.DataFrame({"x": [1]}), purpose="marketing")


def test_the_checklist_holds_the_points_of_the_law() -> None:
    said = cc.privacy.limited_data_set(pd.DataFrame({"x": [1]}), purpose="research").checklist()
    for word in ("permitted uses", "who is permitted", "safeguards", "reported", "agents", "contacts the individuals"):
        assert word in said
    assert said.count("[ ]") == 7
    assert "Not legal advice" in said
