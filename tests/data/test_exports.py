"""The dictionary as REDCap, XLSForm, Table Schema and workbook: each is read by the program it is written for."""

import csv
import io
import json
import re
import string

import frictionless
import openpyxl
import pandas as pd
import pytest
from pyxform.xls2xform import convert

import coresponder_causal as cc
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data.export_redcap import longest_name, projects, redcap, redcap_names
from coresponder_causal.data.export_tableschema import as_json, data_package, table_schema
from coresponder_causal.data.export_workbook import workbook
from coresponder_causal.data.export_xlsform import xlsform
from coresponder_causal.data.forms import Form, Question, table_forms
from coresponder_causal.data.instrument import instruments

# The eighteen columns as REDCap's own export writes them, with the quotes that CSV needs around the one with commas.
HEADER = (
    b"Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"
    b'"Choices, Calculations, OR Slider Labels",Field Note,Text Validation Type OR Show Slider Number,'
    b"Text Validation Min,Text Validation Max,Identifier?,Branching Logic (Show field only if...),Required Field?,"
    b"Custom Alignment,Question Number (surveys only),Matrix Group Name,Matrix Ranking?,Field Annotation\n"
)
FORMS = [*(entry.form for entry in instruments().values()), *table_forms()]


def rows(project):
    return list(csv.DictReader(io.StringIO(redcap(project).decode())))


@pytest.mark.parametrize("project", sorted(projects()))
def test_a_redcap_dictionary_keeps_the_rules_of_redcap(project):
    assert redcap(project).startswith(HEADER)
    found = rows(project)
    names = [row["Variable / Field Name"] for row in found]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) and len(name) <= longest_name for name in names)
    assert (found[0]["Field Type"], found[0]["Text Validation Type OR Show Slider Number"]) == ("text", "")
    forms = [row["Form Name"] for row in found]
    turns = [form for form, before in zip(forms, [None, *forms], strict=False) if form != before]
    assert len(turns) == len(set(turns)), "the rows of a form are together"
    for row in found:
        assert row["Field Type"] in {"text", "radio", "yesno", "descriptive"}
        assert row["Text Validation Type OR Show Slider Number"] in {
            "",
            "date_ymd",
            "datetime_ymd",
            "integer",
            "number",
        }
        assert row["Identifier?"] in {"", "y"}
        assert row["Required Field?"] in {"", "y"}
        assert set(re.findall(r"@[A-Z]+", row["Field Annotation"])) <= {"@NOW", "@TODAY", "@READONLY", "@DEFAULT"}


@pytest.mark.parametrize("project", sorted(projects()))
def test_choices_and_branches_can_be_followed(project):
    choices = {}
    for row in rows(project):
        cell = row["Choices, Calculations, OR Slider Labels"]
        assert bool(cell) == (row["Field Type"] == "radio")
        pairs = [part.split(", ", 1) for part in cell.split(" | ")] if cell else [["1", "Yes"], ["0", "No"]]
        assert all(len(pair) == 2 and re.fullmatch(r"\w+", pair[0]) for pair in pairs)
        choices[row["Variable / Field Name"]] = {code for code, _ in pairs}
        if logic := row["Branching Logic (Show field only if...)"]:
            name, code = re.fullmatch(r"\[(\w+)\] (?:=|<>) '(\w+)'", logic).groups()
            assert code in choices[name], "a branch asks for an earlier answer"


def test_a_matrix_holds_neighbours_with_the_same_answers():
    groups = {}
    for place, row in enumerate(rows("officer_waves")):
        if name := row["Matrix Group Name"]:
            groups.setdefault(name, []).append((place, row["Choices, Calculations, OR Slider Labels"]))
    assert len(groups) == 4  # the sixteen lines of agreement, and two lines for each of three cases
    for found in groups.values():
        places, answers = zip(*found, strict=True)
        assert list(places) == list(range(places[0], places[0] + len(places)))
        assert len(set(answers)) == 1


def test_the_on_scene_card_in_redcap():
    found = {row["Variable / Field Name"]: row for row in rows("calls")}
    assert next(iter(found)) == "call_id"
    assert found["call_id"]["Identifier?"] == "y"
    crisis = found["crisis_on_scene"]
    assert crisis["Choices, Calculations, OR Slider Labels"] == "1, Yes | 0, No | unknown, Nobody was met"
    assert crisis["Required Field?"] == "y"
    assert found["hold"]["Branching Logic (Show field only if...)"] == "[crisis_on_scene] = '1'"
    assert found["unhoused"]["Branching Logic (Show field only if...)"] == "[crisis_on_scene] <> 'unknown'"
    assert found["recorded_at"]["Field Annotation"] == "@NOW @READONLY"


def test_names_of_several_tables_are_headed_by_the_table():
    names = redcap_names("registers")
    assert names["schedule", "city"] == "schedule_city"
    assert names["schedule", "planned_hours"] == "planned_hours"
    assert names["breaks", "source"] == "breaks_source"


def test_limits_reach_redcap():
    found = {row["Variable / Field Name"]: row for row in rows("registers")}
    hour = found["hour_of_week"]
    assert hour["Text Validation Type OR Show Slider Number"] == "integer"
    assert (hour["Text Validation Min"], hour["Text Validation Max"]) == ("0", "167")


def test_an_unknown_project_is_told_the_known_ones():
    with pytest.raises(DataError, match="no REDCap project 'call'\n  mend: take one of contacts"):
        redcap("call")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_pyxform_converts_every_form_without_a_warning(form, tmp_path):
    file = tmp_path / f"{form.name}.xlsx"
    file.write_bytes(xlsform(form))
    warnings = []
    made = convert(str(file), warnings=warnings)
    assert warnings == []
    for question in form.questions:
        assert f'"/data/{question.name}"' in made.xform


def test_limits_and_branches_reach_the_xform(tmp_path):
    file = tmp_path / "card.xlsx"
    file.write_bytes(xlsform(instruments()["on_scene_card"].form))
    made = convert(str(file)).xform
    assert "/data/crisis_on_scene  = 'yes'" in made
    assert "/data/crisis_on_scene  != 'unknown'" in made
    limited = Form(
        name="f",
        title="F",
        intro="Read.",
        audience="",
        when="",
        table="control_series",
        questions=(Question(name="hour", ask="Hour", kind="integer", minimum=0, maximum=167),),
    )
    file.write_bytes(xlsform(limited))
    assert 'constraint=". &gt;= 0 and . &lt;= 167"' in convert(str(file)).xform


def test_answers_of_a_form_are_a_table_that_can_be_read():
    """What a phone sends of the card: names and codes of the form, blanks where nothing was asked."""
    form = instruments()["on_scene_card"].form
    sent = {"call_id": "007", "city": "Davis", "received_at": "2020-07-15 12:30"}
    sent |= {question.name: str(question.choices[-1][0]) for question in form.questions if question.choices}
    sent["hold"] = ""
    clean = cc.data.validate(pd.DataFrame([sent]), table="calls")
    assert clean["crisis_on_scene"].isna().all()
    assert clean["perceived_age_group"].tolist() == ["65_plus"]


def test_the_data_package_is_valid():
    report = frictionless.Package.validate_descriptor(json.loads(as_json(data_package())))
    assert report.valid, report.flatten(["code", "note"])
    assert len(data_package()["resources"]) == len(cc.data.dictionary.tables())


@pytest.mark.parametrize("name", sorted(cc.data.dictionary.tables()))
def test_every_table_schema_is_valid(name):
    report = frictionless.Schema.validate_descriptor(json.loads(as_json(table_schema(name))))
    assert report.valid, report.flatten(["code", "note"])


def checked(folder):
    """Validate a package; its files are named in it and lie beside it."""
    return frictionless.Package(str(folder / "datapackage.json")).validate()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The first calls of a simulated world with the rows of other tables that go with them, as CSV files."""
    folder = tmp_path_factory.mktemp("package")
    tables = dict(cc.simulate.world("west_sac_like", seed=1).tables)
    tables["calls"] = tables["calls"].head(300)
    for name, table in tables.items():
        for key in ("call_id", "person"):
            if key in table:
                table = table[table[key].isna() | table[key].isin(tables["calls"][key])]
        table.head(300).to_csv(folder / f"{name}.csv", index=False)
    (folder / "datapackage.json").write_bytes(as_json(data_package(sorted(tables))))
    return folder


def test_the_simulated_world_is_valid_under_its_data_package(written):
    report = checked(written)
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "type", "note"])[:5]
    assert {task.name for task in report.tasks} == {path.stem for path in written.glob("*.csv")}


def test_frictionless_finds_what_breaks_the_schema(written, tmp_path):
    for path in written.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    calls = pd.read_csv(tmp_path / "calls.csv", dtype=str)
    calls.loc[2, "hour"], calls.loc[3, "call_id"], calls.loc[4, "city"] = "25", calls.loc[1, "call_id"], "Atlantis"
    calls.to_csv(tmp_path / "calls.csv", index=False)
    found = checked(tmp_path).flatten(["type"])
    assert {"constraint-error", "primary-key", "foreign-key"} <= {kind for (kind,) in found}


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "workbook.xlsx"
    path.write_bytes(workbook())
    return path


def test_the_workbook_has_a_sheet_for_each_table_that_people_fill(book):
    sheets = openpyxl.load_workbook(book)
    by_hand = [name for name, table in cc.data.dictionary.tables().items() if table.by_hand]
    assert sheets.sheetnames == [*by_hand, "codes", "about"]
    assert sheets["codes"].sheet_state == "hidden"
    for name in by_hand:
        table, sheet = cc.data.dictionary.table(name), sheets[name]
        assert tuple(cell.value for cell in sheet[1]) == table.names
        assert sheet.freeze_panes == "A2"
        for field, cell in zip(table.fields, sheet[1], strict=True):
            assert field.label in cell.comment.text
            assert ("Must be filled." in cell.comment.text) == field.required
            assert (cell.fill.fgColor.rgb == "FFDCEBF5") == field.required


def test_lists_of_the_workbook_hold_the_codes(book):
    sheets = openpyxl.load_workbook(book)
    sheet, table = sheets["contacts"], cc.data.dictionary.table("contacts")
    letters = dict(zip(table.names, [*string.ascii_uppercase, "AA", "AB"], strict=True))
    rules = {str(rule.sqref).split("2:")[0]: rule for rule in sheet.data_validations.dataValidation}
    place = rules[letters["transported_to"]].formula1.replace("$", "").split("!")[1]
    codes = [cell.value for (cell,) in sheets["codes"][place]]
    assert codes == list(table.field("transported_to").allowed)
    assert rules[letters["engaged"]].errorStyle == "stop"
    assert rules[letters["transported_to"]].errorStyle == "warning"
    hours = {str(rule.sqref): rule for rule in sheets["schedule"].data_validations.dataValidation}["D2:D2000"]
    assert (hours.type, hours.formula1) == ("decimal", "0")


def test_a_filled_sheet_is_read_and_valid(book, tmp_path):
    filled = openpyxl.load_workbook(book)
    filled["schedule"].append(
        ["West Sacramento", pd.Timestamp("2020-07-15 12:00"), pd.Timestamp("2020-07-15 22:00"), 10, None, "leave"]
    )
    filled["staff"].append(["s1", "West Sacramento", "clinician", "no", "lcsw", pd.Timestamp("2020-11-02"), None])
    filled.save(tmp_path / "filled.xlsx")
    with collecting() as notes:
        shifts = cc.data.validate(cc.data.read_table(tmp_path / "filled.xlsx", sheet="schedule"), table="schedule")
        staff = cc.data.validate(cc.data.read_table(tmp_path / "filled.xlsx", sheet="staff"), table="staff")
    assert notes == []
    assert shifts["planned_hours"].tolist() == [10.0]
    assert shifts["shift_end"].tolist() == [pd.Timestamp("2020-07-15 22:00")]
    assert staff["sworn"].tolist() == [False]


def test_a_sheet_that_is_not_there_is_told_the_others(book, tmp_path):
    with pytest.raises(DataError, match="no sheet 'shifts'\n  mend: take one of 'breaks', 'cities'"):
        cc.data.read_table(book, sheet="shifts")
    with pytest.raises(DataError, match="has a head but no rows"):
        cc.data.read_table(book, sheet="schedule")
    (tmp_path / "calls.csv").write_text("call_id\n1\n", encoding="utf-8")
    with pytest.raises(DataError, match="is no workbook"):
        cc.data.read_table(tmp_path / "calls.csv", sheet="calls")
