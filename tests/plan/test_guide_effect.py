"""Whether a guide changed first calls: a simulated folder whose truth is known, and made-up calls for dispatchers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.data.guide_vignettes import guide_vignettes
from coresponder_causal.design import VignetteDesign
from coresponder_causal.estimate import vignette_effects

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
QUESTIONS = ("weapon", "self_harm", "substance", "known_person", "what_helps")
GIVEN = "2022-01-01"


def first_calls(*, before=0.84, after=0.92, relabelled=0.0, seed=1):
    """Four years of calls; each question is asked with a chance that rises when the guide is handed out."""
    rng = np.random.default_rng(seed)
    at = pd.Timestamp("2019-01-01") + pd.to_timedelta(np.sort(rng.uniform(0, 1461 * 24, 7000)), unit="h")
    later = np.asarray(at >= GIVEN)
    crisis = rng.random(len(at)) < 0.7 + relabelled * later
    kind = np.where(crisis, "mental_health_crisis", "other")
    calls = pd.DataFrame({"call_id": np.arange(len(at)).astype(str), "city": "Davis", "received_at": at})
    calls = calls.assign(initial_type=kind, final_type=kind)
    for name in QUESTIONS:
        calls[f"asked_{name}"] = rng.random(len(at)) < np.where(later, after, before)
    return calls


@pytest.fixture(scope="module")
def found():
    return plan.guide_effect(first_calls(), given=GIVEN, city="Davis")


def test_the_true_change_is_found_and_no_change_of_labels(found):
    complete, labels = (result.tidy().iloc[0] for result in found.results)
    truth = 5 * np.log(0.92 / 0.84)
    assert complete["conf_low"] < truth < complete["conf_high"]
    assert complete["estimate"] == pytest.approx(truth, abs=0.12)
    assert complete["conf_low"] > 0
    assert labels["conf_low"] < 0 < labels["conf_high"]


def test_months_and_questions_are_those_counted_by_hand(found):
    calls = first_calls()
    crisis = calls[calls["initial_type"] == "mental_health_crisis"]
    all_five = crisis[[f"asked_{name}" for name in QUESTIONS]].all(axis=1)
    month = crisis["received_at"].dt.to_period("M").astype(str)
    assert found.months.set_index("month")["complete"].to_dict() == all_five.groupby(month).sum().to_dict()
    before = crisis[crisis["received_at"] < GIVEN]
    asked = found.questions.set_index("question").loc["asked_weapon"]
    assert asked["before"] == pytest.approx(before["asked_weapon"].mean())
    assert asked["calls_without"] == len(before)


def test_other_labels_are_seen():
    moved = plan.guide_effect(first_calls(relabelled=0.2), given=GIVEN).results[1].tidy().iloc[0]
    assert moved["conf_low"] > 0


def test_blanks_are_no_answers_and_are_said(found):
    calls = first_calls()
    blank = calls.index[calls["initial_type"] == "mental_health_crisis"][::10]
    calls = calls.astype({f"asked_{name}": "boolean" for name in QUESTIONS})
    calls.loc[blank, [f"asked_{name}" for name in QUESTIONS]] = pd.NA
    with pytest.warns(UserWarning, match="have no record of what was asked"):
        lost = plan.guide_effect(calls, given=GIVEN)
    assert lost.left_out[0][1] == len(blank)
    assert lost.months["eligible"].sum() == found.months["eligible"].sum() - len(blank)


def test_what_is_missing_is_named_at_once():
    calls = first_calls().drop(columns=["asked_weapon", "asked_what_helps"])
    with pytest.raises(DataError, match=r"asked_weapon is missing[\s\S]*asked_what_helps[\s\S]*given is 'soon'"):
        plan.guide_effect(calls, given="soon")
    with pytest.raises(DataError, match="fewer than 12 months before 2019-06-01"):
        plan.guide_effect(first_calls(), given="2019-06-01")


def test_the_guide_at_hand_is_found_in_answers_to_made_up_calls():
    drawn = guide_vignettes(call_takers=40, cases=12, seed=2)
    rng = np.random.default_rng(4)
    own = rng.normal(3, 0.7, 40)[drawn["call_taker"] - 1]
    asked = own + 1.2 * (drawn["guide"] == "yes") + rng.normal(0, 0.8, len(drawn))
    design = VignetteDesign.from_frame(
        drawn.assign(questions_asked=asked.round().clip(0, 6)),
        outcome="questions_asked",
        person="call_taker",
        factors=["guide", "perceived", "sign", "home"],
    )
    effects = vignette_effects(design).tidy().set_index("term")
    guide = effects.loc["guide: yes"]
    assert guide["conf_low"] < 1.2 < guide["conf_high"]
    assert guide["conf_low"] > 0.5
    assert effects.loc["perceived: latino_man", "conf_low"] < 0.1


def test_commands(tmp_path):
    run = CliRunner().invoke
    assert run(app, ["guide", "facts", str(tmp_path / "facts.toml")]).exit_code == 0
    blank = ["guide", "public", "--facts", str(tmp_path / "facts.toml"), "--out", str(tmp_path)]
    refused = run(app, blank)
    assert refused.exit_code == 2
    assert "breaks 4 rules" in refused.output
    facts = ("programme=Care Team", "hours=every day", "non_emergency=311", "records=City Hall")
    filled = [*blank, *(word for fact in facts for word in ("--set", fact))]
    assert run(app, filled).exit_code == 0
    assert "Care Team" in (tmp_path / "guide_public_en.html").read_text(encoding="utf-8")
    assert run(app, filled).exit_code == 2  # the file is there
    assert run(app, [*filled, "--force"]).exit_code == 0
    assert run(app, [*blank, "--set", "city"]).exit_code == 2
    cases = ["guide", "vignettes", "--call-takers", "4", "--cases", "4", "--out", str(tmp_path / "cases")]
    assert run(app, cases).exit_code == 0
    assert len(pd.read_csv(tmp_path / "cases" / "vignettes.csv")) == 16


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_the_page_of_a_folder(tmp_path, audience):
    first_calls().to_csv(tmp_path / "calls.csv", index=False)
    out = tmp_path / audience
    words = ["guide", "effect", str(tmp_path), "--given", GIVEN, "--out", str(out), "--audience", audience]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "Completeness of first calls rose by" in page
    assert "Asked about weapons" in page
    assert (out / "months.csv").exists() == (audience == "internal")


def test_facts_need_a_value():
    with pytest.raises(DataError, match="city has no value"):
        plan.facts_of(["city"])
    with pytest.raises(DesignError):
        plan.write_guide("chief", "en", Path("nowhere"))
