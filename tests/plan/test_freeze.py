"""Early reads fail; whatever is frozen and changes is found; amendments keep what was before them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan import freeze as freezing
from coresponder_causal.plan.frozen import record_name

AMENDMENT = """
[[amendment]]
on = 2020-08-01
who = "Lead evaluator"
what = "months after the start"
why = "data came late"
"""


def replaced(file: Path, old: str, new: str, *, times: int = 1) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, times), encoding="utf-8")


def frozen(file: Path) -> Path:
    stated = plan.planned(file)
    return plan.freeze(stated.plan, stated.study, stated.before, by="Lead evaluator")


def evaluated(file: Path) -> tuple[plan.Evaluation, dict[str, pd.DataFrame]]:
    study = plan.read_study(file)
    with quietly():
        tables, quality = plan.read_tables(study)
        return plan.run(study, tables, quality), tables


def departures(file: Path) -> dict[str, tuple[str, str]]:
    evaluation, tables = evaluated(file)
    found = plan.deviations(evaluation, tables)
    assert found is not None
    return {row.element: (row.planned, row.run) for row in found.itertuples()}


def test_outcomes_from_the_start_on_cannot_be_read_before_the_freeze(tmp_path, town):
    file = town(tmp_path)
    study = plan.read_study(file)
    with pytest.raises(DataError, match=r"PLAN\.toml is not frozen"):
        plan.read_tables(study)
    with pytest.raises(DataError, match="is not frozen"):
        plan.city_of(file)
    before = plan.read_before(study)
    assert before["city_panel"]["month"].max() == pd.Period("2020-06", "M")
    assert before["control_series"]["month"].max() == pd.Period("2020-06", "M")
    frozen(file)
    assert plan.read_tables(study)[0]["city_panel"]["month"].max() == pd.Period("2021-12", "M")


def test_a_study_without_a_plan_is_read_as_ever(tmp_path, town):
    file = town(tmp_path)
    (tmp_path / "PLAN.toml").unlink()
    assert len(plan.read_tables(plan.read_study(file))[0]["city_panel"]) == 420


def test_what_cannot_be_dated_is_withheld_and_registers_are_not():
    study, tables, _ = plan.embedded_study()
    calls = tables["calls"].iloc[[0, 1, -1]].assign(city=study.city)
    given = {
        "calls": calls,
        "outcomes": pd.DataFrame({"call_id": calls["call_id"], "repeat_90d": True}),
        "officers": pd.DataFrame({"officer": ["a"]}),
        "schedule": tables["schedule"],
    }
    kept = plan.before_start(study, given)
    assert {name: len(table) for name, table in kept.items()} == {
        "calls": 2,
        "outcomes": 2,
        "officers": 0,
        "schedule": len(tables["schedule"]),
    }


def test_designs_are_redrawn_before_the_freeze_without_their_outcomes(tmp_path, town):
    file = town(tmp_path)
    for one in plan.designs_ahead(plan.read_study(file)).values():
        after = one.design.axis.positions >= one.design.start_position
        assert one.design.source.loc[after, "calls"].isna().all()
        assert one.design.source.loc[~after, "calls"].notna().all()


CHANGES = {
    "plan": ("PLAN.toml", "months_after = 18", "months_after = 12", "plan.months_after: 18 → 12"),
    "rule": ("PLAN.toml", "smallest_effect = 0.85", "smallest_effect = 0.80", "plan.decision.smallest_effect"),
    "options": ("STUDY.toml", "[series]", "[series]\ncovid = 'step'", "study.options.series.1.covid: nothing → step"),
    "start": ("STUDY.toml", "2020-07-15", "2020-08-15", "study.start: 2020-07-15 → 2020-08-15"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_plan_or_study_closes_the_door_again(tmp_path, town, name):
    place, old, new, said = CHANGES[name]
    file = town(tmp_path)
    frozen(file)
    replaced(tmp_path / place, old, new)
    with pytest.raises(DataError, match="changed after the freeze") as caught:
        plan.read_tables(plan.read_study(file))
    assert said in str(caught.value)


def test_run_as_planned_there_is_nothing_to_say(tmp_path, town):
    file = town(tmp_path)
    frozen(file)
    evaluation, tables = evaluated(file)
    assert departures(file) == {}
    page = plan.with_deviations(plan.evaluation_page(evaluation), evaluation, tables)
    assert [section.title for section in page.sections[:2]] == [
        "Was it run as planned?",
        "How common may rare harm be?",
    ]
    assert "Everything was run as planned." in page.sections[0].blocks[0].text
    bounds = page.sections[1].blocks[1].frame
    panel = tables["city_panel"][tables["city_panel"]["city"] == "Davis"]
    assert bounds["calls"].sum() == panel["calls"].sum()
    assert bounds["calls"][0] == panel.loc[panel["month"] < "2020-07", "calls"].sum()


def test_changed_data_from_before_the_start_are_found(tmp_path, town):
    file = town(tmp_path)
    frozen(file)
    table = pd.read_csv(tmp_path / "city_panel.csv")
    table.sample(frac=1, random_state=1).to_csv(tmp_path / "city_panel.csv", index=False)
    assert departures(file) == {}
    table.loc[3, "calls"] += 1
    table.to_csv(tmp_path / "city_panel.csv", index=False)
    assert list(departures(file)) == ["data from before the start: city_panel.sha256"]


def test_other_cities_months_checks_code_and_codes_are_found(tmp_path, town, monkeypatch):
    file = town(tmp_path)
    frozen(file)
    replaced(tmp_path / "programmes.csv", "Roseville", "Redding")
    replaced(tmp_path / "control_series.csv", "burglary", "theft", times=420)
    table = pd.read_csv(tmp_path / "city_panel.csv")
    table[table["month"] < "2021-12"].to_csv(tmp_path / "city_panel.csv", index=False)
    replaced(tmp_path / "STUDY.toml", 'controls = ["burglary"]', 'controls = ["theft"]')
    replaced(tmp_path / "PLAN.toml", "[[role]]", AMENDMENT + "\n[[role]]")
    stated = plan.planned(file)
    state = json.loads((tmp_path / record_name).read_text())["states"][0]
    monkeypatch.setattr(freezing, "code_hash", lambda: "other")
    monkeypatch.setattr(freezing, "eligibility", lambda stage: {"code": stage})
    now = freezing.current_state(stated.plan, stated.study, stated.before)
    found = {str(change.where) for change in plan.differences(state, now)}
    assert {"code.sha256", "eligibility", "donors.5", "before.programmes.sha256", "study.controls.1"} <= found


def test_a_run_with_fewer_months_and_without_its_check_says_so(tmp_path, town):
    file = town(tmp_path)
    replaced(tmp_path / "STUDY.toml", 'controls = ["burglary"]', "controls = []")
    frozen(file)
    table = pd.read_csv(tmp_path / "city_panel.csv")
    table[table["month"] < "2021-12"].to_csv(tmp_path / "city_panel.csv", index=False)
    assert departures(file) == {
        "months from the start on": ("18", "17"),
        "falsification of cities": ("control_outcomes", "not made"),
    }


def test_a_freeze_is_repeated_only_with_a_reason_and_keeps_what_was(tmp_path, town):
    file = town(tmp_path)
    record = frozen(file)
    (first,) = plan.read_record(record)
    with pytest.raises(DataError, match="no amendment says why"):
        frozen(file)
    replaced(tmp_path / "PLAN.toml", "months_after = 18", "months_after = 12")
    with pytest.raises(DataError, match="months_after: 18 → 12"):
        frozen(file)
    with (tmp_path / "PLAN.toml").open("a", encoding="utf-8") as text:
        text.write(AMENDMENT)
    frozen(file)
    states = plan.read_record(record)
    assert states[0] == first
    assert states[1]["previous"] == first["sha256"]
    assert "plan.months_after: 18 → 12" in states[1]["changes"]
    plan.read_tables(plan.read_study(file))
    replaced(tmp_path / "PLAN.toml", "data came late", "we felt like it")
    with pytest.raises(DataError, match="no longer begins with them"):
        frozen(file)


@pytest.mark.parametrize("damage", ["edit", "remove", "reorder", "text"])
def test_a_damaged_record_is_refused(tmp_path, town, damage):
    file = town(tmp_path)
    record = frozen(file)
    with (tmp_path / "PLAN.toml").open("a", encoding="utf-8") as text:
        text.write(AMENDMENT)
    frozen(file)
    states = json.loads(record.read_text())["states"]
    if damage == "edit":
        states[0]["plan"]["decision"]["smallest_effect"] = 0.5
    damaged = {"edit": states, "remove": states[1:], "reorder": states[::-1], "text": "states"}[damage]
    record.write_text(json.dumps({"states": damaged}))
    with pytest.raises(DataError, match="was changed after it was frozen" if damage != "text" else "no frozen record"):
        plan.read_tables(plan.read_study(file))


def test_two_plans_and_their_record_are_held_side_by_side(tmp_path, town):
    file = town(tmp_path)
    record, written = frozen(file), tmp_path / "PLAN.toml"
    assert plan.plan_diff(written, record) == []
    other = tmp_path / "other.toml"
    other.write_text(written.read_text().replace("months_after = 18", "months_after = 12"))
    assert [str(change) for change in plan.plan_diff(record, other)] == ["months_after: 18 → 12"]
    with pytest.raises(DataError, match="there is no file"):
        plan.plan_diff(written, tmp_path / "none.toml")
