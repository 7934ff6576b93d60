"""What is written, said and answered in a world errs and is biased by as much as its truths say."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.data.metrics_catalogue import stigmatising_terms
from coresponder_causal.simulate import WorldConfig, phrases, world, worlds
from coresponder_causal.simulate.experience import ITEMS
from coresponder_causal.simulate.narratives import THEMES

CONFIG = WorldConfig(n_comparison=1, monthly_calls=800, hand_coded=0.2, coder_kappa=0.7, stigma_bias=0.1)


@pytest.fixture(scope="module")
def study():
    return world(seed=21, config=CONFIG)


def rate(share, n):
    """Four standard errors around a probability, for n independent draws."""
    return pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)


def kappa(first, second):
    """Cohen's kappa of two codes."""
    agree = (first == second).mean()
    chance = first.mean() * second.mean() + (1 - first.mean()) * (1 - second.mean())
    return (agree - chance) / (1 - chance)


def test_every_call_has_a_narrative_by_its_officer(study):
    table = study.tables["narratives"]
    assert table.call_id.equals(study.treated_calls.call_id)
    assert table.author.equals(study.detailed_calls.primary_officer.rename("author"))
    assert (table.written_at > study.treated_calls.cleared_at).all()


def test_the_hand_coded_sample_is_drawn_with_the_stated_probabilities(study):
    table, flagged = study.tables["narratives"], study.treated_calls.crisis_flagged
    by_hand = table.coded_by == "hand"
    for machine in (False, True):
        among = flagged == machine
        share = table.sampling_probability[among].unique().item()
        assert by_hand[among].mean() == rate(share, among.sum())
    assert table.sampling_probability.mean() == pytest.approx(0.2, abs=0.03)
    assert (table.crisis_coded == flagged)[~by_hand].all()
    assert (table.crisis_coded == study.themes["narratives"].crisis)[by_hand].all()
    weighted = (table.crisis_coded / table.sampling_probability)[by_hand].sum() / len(table)
    assert weighted == pytest.approx(study.themes["narratives"].crisis.mean(), abs=0.04)  # se about .01
    assert table.crisis_coded[~by_hand].mean() < weighted - 0.02  # the machine misses more than it makes up


def test_the_second_coder_agrees_by_kappa(study):
    twice = study.tables["narratives"].dropna(subset="second_coder_code")
    assert (twice.coded_by == "hand").all()
    # the sample leans to what the machine reads, which moves kappa little; its standard error is about .01
    assert kappa(twice.crisis_coded, twice.second_coder_code.astype(bool)) == pytest.approx(0.7, abs=0.05)
    told = study.truth.full.full.told
    assert kappa(told.crisis, told.second) == pytest.approx(0.7, abs=0.02)


def test_the_machine_errs_as_the_truth_says(study):
    errs = study.truth.full.coding.set_index(["reader", "arm"])
    crisis, flagged = study.themes["narratives"].crisis, study.treated_calls.crisis_flagged
    attended = study.treated_calls.attended
    assert errs.found["machine", "team"] == pytest.approx(flagged[attended & crisis].mean())
    assert errs.false["machine", "no_team"] == rate(CONFIG.flag_false, (~attended & ~crisis).sum())


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_is_in_the_text_where_it_is_told(study, theme):
    texts, told = study.tables["narratives"].text, study.themes["narratives"][theme]
    found = texts.str.contains("|".join(map(str, phrases.THEMES[theme])), regex=True)
    assert (found == told).all()
    share = study.truth.full.themes.query("source == 'narratives' and theme == @theme and group == 'all'").share.item()
    assert told.mean() == pytest.approx(share, abs=1e-12)
    assert 0.05 < share < 0.5


def test_stigmatising_terms_are_in_the_text_and_not_alike_by_race(study):
    slur = study.themes["narratives"].stigmatising_term
    listed = "|".join(stigmatising_terms())
    assert (study.tables["narratives"].text.str.contains(rf"\b(?:{listed})s?\b", case=False) == slur).all()
    traits, whom = study.truth.full.full.traits, study.truth.play("bundle").play.calls.caller
    white = traits.white[whom]
    assert slur[white].mean() == rate(CONFIG.stigma_words, white.sum())
    assert slur[~white].mean() == rate(CONFIG.stigma_words + CONFIG.stigma_bias, (~white).sum())


def test_officers_who_learnt_write_fewer_of_these_terms():
    taught, not_taught = (
        world(seed=2, config=WorldConfig(n_comparison=1, monthly_calls=500, officer_effect=effect)) for effect in (1, 0)
    )
    first, second = (made.themes["narratives"].stigmatising_term for made in (taught, not_taught))
    assert not (first & ~second).any()
    assert first.sum() < second.sum()


def test_interviews_ask_every_kind_of_person(study):
    table, coded = study.tables["interviews"], study.themes["interviews"]
    assert table.consent.all()
    assert table.stakeholder.nunique() == 7
    assert (table["mode"] == "group").equals(table.stakeholder == "community")
    truth = study.truth.full.themes.query("source == 'interviews' and group == 'clinician'").set_index("theme").share
    assert coded.query("stakeholder == 'clinician'").hand_over.mean() == pytest.approx(truth.hand_over)


def test_the_log_has_a_row_for_every_call_attended(study):
    contacts, calls = study.tables["contacts"], study.treated_calls.set_index("call_id")
    scenes, later = (contacts[contacts.origin == origin] for origin in ("911", "follow_up"))
    assert set(scenes.call_id) == set(calls.index[calls.attended])
    assert scenes.call_id.is_unique
    assert later.call_id.is_unique
    since = later.contact_at.to_numpy() - calls.cleared_at[later.call_id].to_numpy()
    assert since.max() < np.timedelta64(72, "h")
    ends = calls.loc[scenes.call_id, ["arrest", "hold", "ed_transport"]].any(axis=1).to_numpy()
    assert (scenes.remained_in_community.astype(bool).to_numpy() == ~ends).all()
    assert contacts.contact_at.is_monotonic_increasing
    assert scenes.plan_made[~scenes.engaged].isna().all()
    hours = (contacts.recorded_at - contacts.contact_at).dt.total_seconds() / 3600
    assert (hours > 24).mean() == rate(0.2 * 60 / 60 * (1 - 13 / 60 / 5), len(hours)) or 0.1 < (
        hours > 24
    ).mean() < 0.25
    clinicians = study.tables["staff"].query("role == 'clinician'").staff
    assert set(contacts.recorder) <= set(clinicians)


def test_those_who_liked_it_answer(study):
    truth, table = study.truth.full.experience.set_index("item"), study.tables["surveys"]
    assert list(truth.index) == list(ITEMS)
    assert (truth.mean_of_answers > truth["mean"] + 0.1).all()
    assert (truth.effect > 0.2).all()
    assert table.date.ge("2020-07-15").all()
    assert (table.date >= table.invited_on).all()
    assert table.call_id.isna().mean() == rate(0.2, len(table))


def test_no_presence_of_the_team_is_no_better_experience():
    made = world("null", seed=21, config=WorldConfig(n_comparison=1)).truth.full.experience
    assert (made.effect == 0).all()


def test_links_may_be_missed_more_often_in_one_arm():
    both = WorldConfig(n_comparison=1, monthly_calls=800, missed_links_by_team=0.4, false_links_by_team=0.2)
    made = world(seed=21, config=both).truth.play("bundle").play
    true, shown, came = made.care.observed["linked_30d"], made.records.observed["linked_30d"], made.sent.attended
    assert (~shown)[true & came].mean() == rate(0.4, (true & came).sum())
    assert shown[~true & came].mean() == rate(0.2, (~true & came).sum())
    assert (~shown)[true & ~came].mean() == rate(both.missed_links, (true & ~came).sum())
    same = world(seed=21, config=WorldConfig(n_comparison=1, monthly_calls=800)).truth.play("bundle").play
    np.testing.assert_array_equal(same.records.observed["linked_30d"][~came], shown[~came])


def test_what_is_told_does_not_depend_on_what_was_asked_first():
    names = ["surveys", "contacts", "narratives", "persons"]
    first, second = (world(seed=3, config=WorldConfig(n_comparison=1, monthly_calls=30)) for _ in range(2))
    made = {name: first.tables[name] for name in names}
    for name in reversed(names):
        pd.testing.assert_frame_equal(second.tables[name], made[name])


def test_the_full_tier_plays_the_treated_city_once_and_nothing_before_it_is_asked(monkeypatch):
    played, play = [], worlds.play

    def counted(calls, *others):
        played.append(len(calls.id))
        return play(calls, *others)

    monkeypatch.setattr(worlds, "play", counted)
    made = world(seed=3, config=WorldConfig(n_comparison=2, monthly_calls=30))
    assert len(made.tables) == 19
    assert made.truth.full.scores.reliability.between(0.5, 1).all()
    for name in ("officers", "staff", "interviews"):
        _ = made.tables[name]
    assert played == []
    of_city = ["rides", "units", "contacts", "narratives", "surveys", "officer_waves", "staff_waves"]
    for name in of_city:
        _ = made.tables[name]
    _ = made.detailed_calls, made.truth.full.officers, made.truth.full.labels
    assert len(played) == 1
    _ = made.tables["persons"], made.tables["calls"]
    assert len(played) == 3
