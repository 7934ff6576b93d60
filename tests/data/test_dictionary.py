"""The dictionary reads its YAML files, refuses broken ones, and its README is up to date."""

import copy
import pickle
from pathlib import Path

import pytest
import yaml

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import dictionary, dictionary_page

FOLDER = Path(__file__).parents[2] / "data_dictionary"


def test_the_readme_is_up_to_date():
    on_disk = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert on_disk == dictionary_page.readme(), "run python -m coresponder_causal.data"


def test_the_command_writes_the_readme_beside_the_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(dictionary_page, "folder", lambda: tmp_path)
    expected = dictionary_page.readme()
    dictionary_page.main()
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == expected


def test_every_table_file_is_read():
    files = {path.stem for path in FOLDER.glob("*.yaml") if "table" in yaml.safe_load(path.read_text())}
    assert files == set(dictionary.tables())
    assert len(files) == 24


@pytest.mark.parametrize("name", sorted(dictionary.tables()))
def test_tables_are_sound(name):
    table = dictionary.table(name)
    assert len(set(table.names)) == len(table.names)
    assert set(table.key) | set(table.order) <= set(table.names)
    assert all(table.field(stamp).type == "datetime" for stamp in table.order)
    for field in table.fields:
        assert field.why
        assert field.entered_by
        if field.allowed is not None:
            wanted = int if field.type == "integer" else str
            assert all(type(code) is wanted for code in field.allowed), f"YAML changed a code of {field.name}"
            assert not set(field.allowed) & set(field.missing)
            assert [code for code, _ in field.choices] == list(field.allowed)


def test_what_names_a_person_or_links_to_one_is_identifying():
    keys = {"call_id", "person", "officer", "staff", "contact_id", "interview", "call_taker", "primary_officer"}
    keys |= {"requested_by", "recorder", "author", "address", "unit", "text"}
    for table in dictionary.tables().values():
        for field in table.fields:
            assert (field.privacy == "identifying") == (field.name in keys), f"{table.name}.{field.name}"


def test_what_came_first_keeps_its_place():
    calls = dictionary.table("calls").names
    assert calls[:3] == ("call_id", "city", "received_at")
    assert calls.index("minutes_on_scene") == 25
    assert calls.index("address") == 26
    assert dictionary.table("outcomes").names[:2] == ("call_id", "followed_up_72h")


def test_tables_that_people_fill_are_known_by_their_burden():
    by_hand = {name for name, table in dictionary.tables().items() if table.by_hand}
    assert {"contacts", "schedule", "rides", "staff", "interviews", "surveys", "legacy_metrics"} <= by_hand
    assert not by_hand & {"calls", "units", "outcomes", "persons", "officers"}


def test_references_lead_to_keys():
    for table in dictionary.tables().values():
        for field in table.fields:
            if (to := field.references) is not None:
                assert dictionary.table(to.table).key == (to.field,), f"{table.name}.{field.name}"
                assert dictionary.table(to.table).field(to.field).type == field.type


def test_words_of_codes():
    assert dictionary.table("contacts").field("transported_to").choices[1] == ("ed", "Emergency department")
    assert dictionary.table("schedule").field("absence_reason").choices[0] == ("leave", "leave")
    assert dictionary.table("surveys").field("heard").choices[4] == (5, "Strongly agree")


def test_a_population_with_a_code_that_its_field_lacks_is_refused(tmp_path, monkeypatch):
    from coresponder_causal.data import populations

    spec = yaml.safe_load((FOLDER / "populations.yaml").read_text())
    spec["populations"][3]["codes"] = ["minor"]
    (tmp_path / "populations.yaml").write_text(yaml.safe_dump(spec))
    monkeypatch.setattr(populations, "folder", lambda: tmp_path)
    with pytest.raises(DataError, match=r"'minors' names codes \['minor'\] that calls lacks"):
        populations.populations.__wrapped__()


def test_homelessness_is_among_the_populations_named_beforehand():
    first = dictionary.populations()[0]
    assert (first.name, first.field, first.tables) == ("unhoused", "unhoused", ("calls", "contacts"))
    assert len({group.name for group in dictionary.populations()}) == len(dictionary.populations())


def test_what_a_design_may_adjust_for_is_known_before_dispatch():
    calls = dictionary.table("calls")
    known = set(calls.pre_dispatch)
    assert {"initial_type", "priority", "prior_contacts", "patrol_load", "team_on_duty", "team_busy"} <= known
    assert not known & {"attended", "final_type", "arrest", "hold", "force", "minutes_on_scene", "arrived_at"}
    assert calls.required == ("call_id", "city", "received_at")


def test_no_value_about_a_person_is_open():
    open_after = {f.name for f in dictionary.table("calls").fields if f.privacy == "open" and f.stage == "after"}
    assert open_after == {"final_type", "units_arrived"}
    assert dictionary.table("calls").field("call_id").privacy == "identifying"
    assert dictionary.table("schedule").field("absence_reason").privacy == "restricted"


def test_unknown_names_are_told_the_known_ones():
    with pytest.raises(DataError, match=r"no table 'call'\n  mend: take one of breaks, calls"):
        dictionary.table("call")
    with pytest.raises(DataError, match="no field 'arrests'"):
        dictionary.table("calls").field("arrests")


def test_tables_cannot_be_changed_and_can_be_sent_to_a_worker():
    table = dictionary.table("calls")
    with pytest.raises(AttributeError):
        table.name = "other"
    with pytest.raises(TypeError):
        dictionary.tables()["calls"] = table
    assert pickle.loads(pickle.dumps(table)) == table


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda spec: spec["fields"][0].pop("why"), r"lacks or does not know \['why'\]"),
        (lambda spec: spec["fields"][0].update(alowed=[1]), r"does not know \['alowed'\]"),
        (lambda spec: spec["fields"][0].update(type="string"), "has type 'string'"),
        (lambda spec: spec["fields"][0].update(privacy="secret"), "has privacy 'secret'"),
        (lambda spec: spec["fields"][0].update(burden="none"), "has burden 'none'"),
        (lambda spec: spec["fields"][0].update(labels={"a": "A"}), r"labels and codes that differ in \['a'\]"),
        (lambda spec: spec["fields"][0].update(references={"table": "towns", "field": "town"}), "refers to towns.town"),
        (lambda spec: spec.update(key=["id"]), r"key or order names \['id'\]"),
    ],
)
def test_a_misspelt_file_is_refused(change, says, tmp_path, monkeypatch):
    spec = copy.deepcopy(yaml.safe_load((FOLDER / "cities.yaml").read_text()))
    change(spec)
    (tmp_path / "cities.yaml").write_text(yaml.safe_dump(spec))
    monkeypatch.setattr(dictionary, "_folder", lambda: tmp_path)
    with pytest.raises(DataError, match=says):
        dictionary.tables.__wrapped__()
