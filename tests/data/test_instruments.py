"""Instruments bind to the dictionary, the card stays under ten taps on every path, and scores are worked by hand."""

import copy
import re

import numpy as np
import pandas as pd
import pytest
import yaml

import coresponder_causal as cc
from coresponder_causal.core.errors import DataError
from coresponder_causal.data import dictionary
from coresponder_causal.data.folder import folder
from coresponder_causal.data.forms import paths
from coresponder_causal.data.instrument import instruments, published_scales, read

SEND = 1  # the tap that sends the card
STAKEHOLDERS = {"chief", "officer", "clinician", "dispatcher", "person_served", "community"}


@pytest.mark.parametrize("name", sorted(instruments()))
def test_every_item_fills_a_field_or_is_a_note(name):
    found = instruments()[name]
    names = [question.name for question in found.form.questions]
    assert len(set(names)) == len(names)
    for question in found.form.questions:
        if question.kind == "note":
            assert question.fills is None
        else:
            table, field = question.fills
            assert dictionary.table(table).field(field)
    assert found.permission
    assert found.form.intro


def test_the_card_takes_less_than_ten_taps_on_every_path():
    ways = list(paths(instruments()["on_scene_card"].form))
    taps = sorted({len(way) + SEND for way in ways})
    # Nobody met: type, nobody, send. No crisis: type, flag, five of the person, send. A crisis: the hold besides.
    assert taps == [3, 8, 9]
    for way in ways:
        assert all(question.choices for question in way), "whatever is not chosen would have to be typed"
        assert {"final_type", "crisis_on_scene"} <= {question.name for question in way}


def test_paths_follow_branches_of_branches():
    form = instruments()["co_responder_log"].form
    ways = [{question.name for question in way} for way in paths(form)]
    assert all("engaged" in way for way in ways)
    assert all(("referral_kind" in way) <= ("referral_made" in way) for way in ways)
    assert all(("referral_made" in way) <= ("plan_made" in way) for way in ways)
    assert any("referral_kind" in way for way in ways)


@pytest.mark.parametrize("name", sorted(instruments()))
def test_conditions_ask_for_earlier_answers(name):
    seen = {}
    for question in instruments()[name].form.questions:
        if question.condition is not None:
            assert question.condition.code in seen[question.condition.question]
        seen[question.name] = {str(code) for code, _ in question.choices}


def test_one_tap_fields_of_a_call_and_a_contact_are_on_an_instrument():
    asked = {question.fills for entry in instruments().values() for question in entry.form.questions}
    for table, who in (("calls", "first officer on scene"), ("contacts", None)):
        for field in dictionary.table(table).fields:
            if field.burden == "one tap" and (who is None or field.entered_by == who):
                assert (table, field.name) in asked, f"{table}.{field.name}"


def test_a_wave_asks_nothing_of_those_who_do_not_consent():
    for name in ("officer_wave", "staff_wave"):
        refused = [way for way in paths(instruments()[name].form) if len(way) == 1]
        assert [question.name for question in refused[0]] == ["consent"]


def test_every_score_of_a_wave_has_its_key():
    for name, table in (("officer_wave", "officer_waves"), ("staff_wave", "staff_waves")):
        scores = {field.name for field in dictionary.table(table).fields if field.name.endswith("_score")}
        assert {score.field for score in instruments()[name].scores} == scores


def test_the_experience_form_has_five_short_lines():
    form = instruments()["experience"].form
    lines = [question.ask for question in form.questions if question.fills and question.fills[1] in FIVE]
    assert len(lines) == 5
    for line in lines:
        words = re.findall(r"[A-Za-z]+", line)
        assert len(words) <= 10
        assert sum(map(len, words)) / len(words) < 5, line
        assert line.endswith(".")


FIVE = {"respected", "heard", "safe", "choice", "would_call_again"}


def test_there_is_a_guide_for_each_stakeholder_with_its_protocol():
    guides = [entry for entry in instruments().values() if entry.kind == "guide"]
    fixed = {guide.form.question("stakeholder").automatic for guide in guides}
    assert fixed == STAKEHOLDERS
    for guide in guides:
        assert [heading for heading, _ in guide.protocol] == ["Sampling", "Consent", "Distress"]
        assert sum(question.kind == "note" for question in guide.form.questions) >= 5
        assert guide.form.question("consent").required


def test_published_scales_ship_keys_and_permission_but_no_wording():
    for scale in published_scales():
        assert scale.permission
        for subscale in scale.subscales:
            assert (subscale.items is None) == (subscale.reversed is None)
            if subscale.items is not None:
                assert set(subscale.reversed) <= set(subscale.items) <= set(range(1, scale.items + 1))
    text = (folder() / "instruments" / "published_scales.yaml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(text)["published"][0]) == {
        "id", "name", "permission", "reference", "range", "items", "score", "needed", "subscales",
    }  # fmt: skip


def test_the_attribution_questionnaire_has_nine_subscales_of_three():
    items = [item for subscale in published_scales()[0].subscales for item in subscale.items]
    assert sorted(items) == list(range(1, 28))
    assert {len(subscale.items) for subscale in published_scales()[0].subscales} == {3}


def answers(rows=1):
    items = [item for score in instruments()["officer_wave"].scores for item in score.items]
    return pd.DataFrame(3.0, index=range(rows), columns=items).assign(officer="o1", wave=0)


def test_a_score_worked_by_hand():
    # stigma 1, 2 and 5 count as they are, 3 and 4 the other way round: (5 + 4 + (6 - 2) + (6 - 1) + 3) / 5 = 21 / 5.
    given = answers()
    given.loc[0, ["stigma_1", "stigma_2", "stigma_3", "stigma_4", "stigma_5"]] = [5, 4, 2, 1, 3]
    found = cc.data.scored(given, instrument="officer_wave")
    assert found["stigma_score"].tolist() == [4.2]
    assert found["burnout_score"].tolist() == [3.0]
    assert found[["officer", "wave"]].to_numpy().tolist() == [["o1", 0]]
    assert list(found.columns)[2:] == [score.field for score in instruments()["officer_wave"].scores]


def test_too_few_answers_give_no_score_and_none_is_filled_in():
    given = answers(2)
    given.loc[0, ["stigma_1"]] = np.nan  # four of five are enough
    given.loc[1, ["stigma_1", "stigma_2"]] = np.nan
    given.loc[0, "stigma_5"] = 5
    found = cc.data.scored(given, instrument="officer_wave")["stigma_score"]
    assert found[0] == (3 + 3 + 3 + 5) / 4
    assert np.isnan(found[1])


def test_scored_waves_are_a_valid_table():
    given = answers(2).assign(wave=[0, 1], date=["2020-09-01", "2021-03-01"])
    clean = cc.data.validate(cc.data.scored(given, instrument="officer_wave"), table="officer_waves")
    assert clean["vignette_score"].tolist() == [3.0, 3.0]


def test_wrong_answers_are_refused_together():
    given = answers(2).drop(columns="case_1a")
    given.loc[1, "stigma_2"] = 9
    with pytest.raises(DataError) as caught:
        cc.data.scored(given, instrument="officer_wave")
    assert "breaks 2 rules" in str(caught.value)
    assert "'stigma_2': 1 answers beyond the scale (rows 1)" in str(caught.value)
    assert "item 'case_1a' is missing" in str(caught.value)
    with pytest.raises(DataError, match="no instrument 'experience' has a scoring key"):
        cc.data.scored(given, instrument="experience")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda spec: spec["items"][1].update(fills="calls.kind"), "no field 'kind'"),
        (lambda spec: spec["items"][1].update(fills="call.final_type"), "no table 'call'"),
        (lambda spec: spec["items"][1].update(aks="What?"), r"item 2 does not know \['aks'\]"),
        (lambda spec: spec["items"][8].update(unknown="Do not know"), "'unknown' is no missing code of calls.hold"),
    ],
)
def test_a_misspelt_item_is_refused(change, says):
    spec = copy.deepcopy(yaml.safe_load((folder() / "instruments" / "on_scene_card.yaml").read_text(encoding="utf-8")))
    change(spec)
    with pytest.raises(DataError, match=says):
        list(read(spec))


def test_a_key_of_items_that_are_not_there_is_refused():
    spec = yaml.safe_load((folder() / "instruments" / "staff_wave.yaml").read_text(encoding="utf-8"))
    spec["scores"][0]["reversed"] = ["trust_1"]
    with pytest.raises(DataError, match="trust_1 does not count for role_clarity_score"):
        list(read(spec))
