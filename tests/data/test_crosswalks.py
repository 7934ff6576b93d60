"""Crosswalks lead to codes that the dictionary has, and a broken file is refused."""

import copy

import pytest
import yaml

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import dictionary
from coresponder_causal.data.crosswalks import parsed
from coresponder_causal.data.folder import folder


def test_every_file_is_read_and_says_where_it_comes_from():
    files = {path.stem for path in (folder() / "crosswalks").glob("*.yaml")}
    assert files == set(dictionary.crosswalks())
    for name in files:
        found = dictionary.crosswalk(name)
        assert found.name == name
        assert found.version >= 1
        assert found.source
        assert found.note


@pytest.mark.parametrize(
    ("name", "column", "table", "field"),
    [
        ("nature_codes", "type", "calls", "initial_type"),
        ("nature_codes", "type", "calls", "final_type"),
        ("dispositions", "disposition", "dispositions", "disposition"),
    ],
)
def test_crosswalks_lead_to_codes_of_the_dictionary(name, column, table, field):
    codes = {row[column] for row in dictionary.crosswalk(name).rows}
    assert codes == set(dictionary.table(table).field(field).allowed)


def test_perceived_values_lead_to_codes_of_their_field():
    found = dictionary.crosswalk("ripa_perceived")
    for field in ("perceived_race", "perceived_gender", "perceived_age_group"):
        codes = {row["code"] for row in found.where("field", field)}
        for table in ("calls", "contacts"):
            assert codes == set(dictionary.table(table).field(field).allowed)


def test_reported_and_found_types_are_kept_apart():
    found = dictionary.crosswalk("nature_codes")
    canonical = dictionary.table("calls").field("initial_type").allowed
    for stage in ("reported", "found"):
        rows = {row["code"]: row for row in found.where("stage", stage)}
        assert len(rows) == len(found.where("stage", stage))
        assert set(canonical) < set(rows)
        assert {row["crisis_eligible"] for row in rows.values()} == {"yes", "no", "if_flagged"}
        assert all(rows[code]["type"] == code for code in canonical)
        assert rows["mental_health_crisis"]["crisis_eligible"] == "yes"
        assert rows["BURGLARY"]["crisis_eligible"] == "no"
        assert rows["TRESPASS"]["crisis_eligible"] == "if_flagged"


def test_a_hold_is_what_is_written_at_the_call():
    held = {row["code"] for row in dictionary.crosswalk("holds").where("hold", "yes")}
    assert {"5150", "5585"} <= held
    assert not held & {"5250", "5353"}


def test_a_crosswalk_cannot_be_changed():
    found = dictionary.crosswalk("holds")
    with pytest.raises(AttributeError):
        found.version = 2
    with pytest.raises(TypeError):
        found.rows[0]["hold"] = "no"


def test_unknown_names_are_told_the_known_ones():
    with pytest.raises(DataError, match="no crosswalk 'hold'\n  mend: take one of dispositions, holds"):
        dictionary.crosswalk("hold")
    with pytest.raises(DataError, match="no column 'section'"):
        dictionary.crosswalk("holds").where("section", "5150")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda spec: spec.pop("source"), r"does not know \['source'\]"),
        (lambda spec: spec.update(rules=[]), r"does not know \['rules'\]"),
        (lambda spec: spec["rows"][1].pop(), "row 2 does not hold one text for each of code, meaning, age, hold"),
        (lambda spec: spec["rows"][0].__setitem__(3, True), "row 1 does not hold one text"),
        (lambda spec: spec["rows"].append(spec["rows"][0]), "holds rows twice: 5150"),
    ],
)
def test_a_broken_file_is_refused(change, says):
    spec = copy.deepcopy(yaml.safe_load((folder() / "crosswalks" / "holds.yaml").read_text(encoding="utf-8")))
    change(spec)
    with pytest.raises(DataError, match=says):
        parsed(spec, "holds.yaml")
