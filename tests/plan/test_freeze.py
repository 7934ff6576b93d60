"""Early reads fail; whatever is frozen and changes is found; amendments keep what was before them."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.audience import meant_for
from coresponder_causal.plan.frozen import frozen_state
from coresponder_causal.plan.safety import safety_bounds
from coresponder_causal.plan.sealing import shifted

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


@pytest.fixture(scope="module")
def run_as_planned(tmp_path_factory, town) -> tuple[plan.Evaluation, dict[str, pd.DataFrame]]:
    """A frozen plan's evaluation, and the tables it was run on."""
    file = town(tmp_path_factory.mktemp("town"))
    frozen(file)
    study = plan.read_study(file)
    with quietly():
        tables, quality = plan.read_tables(study)
        return plan.run(study, tables, quality), tables


def departures(evaluation: plan.Evaluation, tables: dict[str, pd.DataFrame]) -> dict[str, tuple[str, str]]:
    found = plan.deviations(evaluation, tables)
    assert found is not None
    return {row.element: (row.planned, row.run) for row in found.itertuples()}


def test_outcomes_from_the_start_on_cannot_be_read_before_the_freeze(tmp_path, town):
    file = town(tmp_path)
    study = plan.read_study(file)
    with pytest.raises(DataError, match=r"PLAN\.toml is not frozen"):
        plan.read_tables(study)
    for source in (file, tmp_path):
        with pytest.raises(DataError, match="is not frozen"):
            plan.city_of(source)
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


def test_run_as_planned_there_is_nothing_to_say(run_as_planned):
    evaluation, tables = run_as_planned
    assert departures(*run_as_planned) == {}
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


def test_the_bound_of_few_events_does_not_tell_them_apart(run_as_planned):
    evaluation, tables = run_as_planned
    state, study = frozen_state(evaluation.study), evaluation.study
    own = tables["city_panel"]["city"].eq("Davis")
    for events in (1, 7):
        few = tables["city_panel"].assign(force=0)
        few.loc[own & few["month"].eq("2021-01"), "force"] = events
        none, some = safety_bounds(state, study, {"city_panel": few}).to_dict("records")
        assert (none["events"], some["events"]) == ("0", "10 or fewer")
        assert none["upper"] == pytest.approx(1000 * 3.688879454 / none["calls"])  # −log .025: no event seen
        assert some["upper"] == pytest.approx(1000 * 18.39035604 / some["calls"])  # χ²(.975, 22)/2: ten
    open_study = replace(study, sensitive=False)
    assert safety_bounds(state, open_study, {"city_panel": few})["events"].tolist() == ["0", "7"]


def test_changed_data_from_before_the_start_are_found_whatever_their_order(run_as_planned):
    evaluation, tables = run_as_planned
    shuffled = tables["city_panel"].sample(frac=1, random_state=1)
    assert departures(evaluation, tables | {"city_panel": shuffled}) == {}
    changed = shuffled.assign(
        calls=shuffled["calls"] + (shuffled["month"] == "2018-03") * (shuffled["city"] == "Chico")
    )
    assert departures(evaluation, tables | {"city_panel": changed}) == {
        "data from before the start: city_panel.sha256": ("as frozen", "other")
    }


def test_other_comparison_cities_and_months_are_found(run_as_planned):
    evaluation, tables = run_as_planned
    programmes = tables["programmes"].assign(city="Redding")
    shorter = tables["city_panel"][tables["city_panel"]["month"] < "2021-12"]
    found = departures(evaluation, tables | {"programmes": programmes, "city_panel": shorter})
    assert "data from before the start: programmes.sha256" in found
    assert found["months from the start on"] == ("18", "17")
    now = "Chico, Folsom, Rocklin, Roseville, Woodland"
    assert found["comparison cities in the tables"] == ("Chico, Folsom, Redding, Rocklin, Woodland", now)


def test_checks_that_were_not_made_and_another_headline_are_found(run_as_planned):
    evaluation, tables = run_as_planned
    other = replace(evaluation, checks=((),) * len(evaluation.checks), results=evaluation.results[::-1])
    assert departures(other, tables) == {
        "headline": ("Comparison cities, prediction interval", "Interrupted time series"),
        "falsification of cities": ("control_outcomes", "not made"),
        "falsification of series": ("placebo_dates", "not made"),
    }


def test_a_release_to_others_is_no_departure(run_as_planned, tmp_path):
    evaluation, tables = run_as_planned
    public = meant_for(evaluation.study, "public", None, tmp_path / "releases.jsonl")
    assert departures(replace(evaluation, study=public), tables) == {}


def test_hours_of_the_city_alone_are_not_the_headline_that_was_planned(run_as_planned, monkeypatch):
    evaluation, tables = run_as_planned
    state = frozen_state(evaluation.study)
    first = state["plan"]["design"][0] | {"name": "hours"}
    listed = state | {"plan": state["plan"] | {"design": [first, *state["plan"]["design"]]}}
    monkeypatch.setattr(import_module("coresponder_causal.plan.deviations"), "frozen_state", lambda _: listed)
    assert departures(evaluation, tables)["headline"][0] == "Hours on duty"
    terms = pd.DataFrame({"term": ["covered_hours"]})
    alone = SimpleNamespace(method="call_coverage", terms=terms, estimand=evaluation.results[0].estimand)
    described = replace(evaluation, results=(*evaluation.results, alone), checks=(*evaluation.checks, ()))
    assert "headline" not in departures(described, tables)


def test_other_code_and_other_codes_of_eligible_calls_are_found(run_as_planned, monkeypatch):
    module = import_module("coresponder_causal.plan.freeze")
    monkeypatch.setattr(module, "code_hash", lambda: "other")
    monkeypatch.setattr(module, "eligibility", lambda stage: {"code": stage})
    assert list(departures(*run_as_planned)) == ["code: sha256", "codes of eligible calls"]


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


def test_sealed_results_stay_closed_until_they_are_opened_after_the_freeze(tmp_path, town):
    file = town(tmp_path)
    study = plan.read_study(file)
    with pytest.raises(DataError, match="has no seal"):
        plan.unseal(study, by="A")
    sealed = plan.seal(study)
    with pytest.raises(DataError, match="drawing again would be choosing"):
        plan.seal(study)
    with pytest.raises(DataError, match="the plan is not frozen"):
        plan.unseal(study, by="A")
    frozen(file)
    with pytest.raises(DataError, match="results are sealed"):
        plan.read_tables(study)
    original = sealed.read_text()
    sealed.write_text(original.replace('"salt": "', '"salt": "0'))
    with pytest.raises(DataError, match="not the seal that was frozen"):
        plan.unseal(study, by="A")
    sealed.write_text(original)
    assert plan.unseal(study, by="A") == json.loads(original)["offset"]
    assert len(plan.read_tables(study)[0]["city_panel"]) == 420


def test_a_blinded_result_is_moved_and_as_precise_as_it_was(run_as_planned):
    evaluation, _ = run_as_planned
    one, other = (shifted(evaluation, offset) for offset in (0.0, 0.25))
    assert one["method"].tolist() == [result.method for result in evaluation.results]
    for name in ("ratio", "low", "high"):
        assert (other[name] / one[name]).to_numpy() == pytest.approx(1.2840254166877414)  # e^.25
    assert one["ratio"][0] == pytest.approx(evaluation.results[0].tidy(scale="ratio")["estimate"].iloc[0])
    assert not {"std_error", "p_value"} & set(one.columns)


def test_two_plans_and_their_record_are_held_side_by_side(tmp_path, town):
    file = town(tmp_path)
    record, written = frozen(file), tmp_path / "PLAN.toml"
    assert plan.plan_diff(written, record) == []
    other = tmp_path / "other.toml"
    other.write_text(written.read_text().replace("months_after = 18", "months_after = 12"))
    assert [str(change) for change in plan.plan_diff(record, other)] == ["months_after: 18 → 12"]
    with pytest.raises(DataError, match="there is no file"):
        plan.plan_diff(written, tmp_path / "none.toml")
