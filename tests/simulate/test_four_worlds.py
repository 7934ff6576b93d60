"""The four worlds share their calls, so their differences are the effects: exactly zero where there are none."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.rates import WORLDS
from coresponder_causal.simulate.spells import COVERED

BUNDLE = WorldConfig(n_comparison=1, posts_effect=0.12, posts_load=0.3)
FIXED = ("received", "severity", "initial_type", "caller_type", "priority", "caller")


@pytest.fixture(scope="module")
def truth():
    return world(seed=8, config=BUNDLE).truth


def by_id(values, played):
    return pd.Series(values, index=played.calls.id)


def test_a_world_without_effects_has_exactly_zero_truths():
    truth = world("null", seed=4, config=BUNDLE).truth
    scalars = ("city_log_ratio", "effect_at_full_dose", "covered_log_ratio", "uncovered_log_ratio", "averted_calls")
    assert [getattr(truth, name) for name in (*scalars, "hours_log_ratio", "att")] == [0.0] * 7
    assert (truth.city_path.mu0 == truth.city_path.mu1).all()
    for frame in (truth.contrasts, truth.hours_of_week, truth.city_effects, truth.effects, truth.outcomes):
        effects = frame.select_dtypes(np.float64)
        assert effects.shape[1] >= 1
        assert len(effects)
        assert (effects == 0).all(axis=None)
    assert truth.play("bundle").play.sent.attended.sum() > truth.play("none").play.sent.attended.sum()


def test_halves_add_up_to_the_bundle(truth):
    ratios = truth.contrasts.set_index("world")
    halves = ratios.loc["co_responder"] + ratios.loc["fewer_posts"]
    np.testing.assert_allclose(halves, ratios.loc["bundle"], atol=1e-12)  # sums of the same numbers
    assert ratios.loc["fewer_posts"].to_numpy() == pytest.approx(0.12, abs=1e-12)
    hours = truth.hours_of_week
    np.testing.assert_allclose(hours.co_responder + hours.fewer_posts, hours.bundle, atol=1e-12)
    assert ratios.all_hours["bundle"] == truth.city_log_ratio
    assert (ratios.covered["bundle"], ratios.uncovered["bundle"]) == (
        truth.covered_log_ratio,
        truth.uncovered_log_ratio,
    )


def test_hours_of_the_week_average_to_covered_and_uncovered(truth):
    hours = truth.hours_of_week
    assert len(hours) == 168
    assert (hours.covered == COVERED).all()
    for covered, ratio in (
        (True, truth.contrasts.covered.iloc[1]),
        (False, truth.contrasts.uncovered.iloc[1]),
    ):
        of_group = hours.co_responder[hours.covered == covered]
        assert of_group.min() - 1e-12 <= ratio <= of_group.max() + 1e-12
        assert np.ptp(of_group) < 0.01  # the dose is the same in all of them; months weigh a little differently


def test_a_call_is_the_same_call_in_every_world(truth):
    plays = {name: truth.play(name).play for name in WORLDS}
    for name in WORLDS[1:]:
        shared = np.intersect1d(plays["none"].calls.id, plays[name].calls.id)
        assert len(shared) > 5000
        for field in FIXED:
            first, second = (by_id(getattr(p.calls, field), p).loc[shared] for p in (plays["none"], plays[name]))
            assert (first == second).all(), field
        first, second = (by_id(p.calls.person, p).loc[shared] for p in (plays["none"], plays[name]))
        assert (first != second).mean() < 0.01  # only where a person is away in one of the worlds
    without_posts = plays["none"], plays["co_responder"]  # patrol load enters the indices, so it must be the same
    shared = np.intersect1d(*(p.calls.id for p in without_posts))
    for outcome in plays["none"].endings.without:
        for potential in ("without", "with_team"):
            first, second = (by_id(getattr(p.endings, potential)[outcome], p).loc[shared] for p in without_posts)
            assert (first == second).all(), outcome


def test_more_calls_contain_the_fewer(truth):
    ids = {name: set(truth.play(name).play.calls.id.tolist()) for name in WORLDS}
    assert ids["co_responder"] < ids["none"] < ids["fewer_posts"]
    assert ids["co_responder"] < ids["bundle"] < ids["fewer_posts"]


def test_calls_before_the_start_are_the_same_in_all_worlds(truth):
    start = np.datetime64("2020-07-15", "s").astype(int)
    before = {name: truth.play(name).play.calls.id[truth.play(name).play.calls.received < start] for name in WORLDS}
    for name in WORLDS[1:]:
        np.testing.assert_array_equal(before["none"], before[name])


def test_counted_calls_have_the_expected_ratios():
    made = world(seed=2, config=WorldConfig(n_comparison=1, monthly_calls=2000, posts_effect=0.12)).truth
    found = made.outcomes[made.outcomes.outcome == "calls"].set_index("world").true
    expected = made.contrasts.set_index("world").all_hours
    # about 52,000 calls in none, of which a fifth differs: the standard error of a log ratio is below .0025
    np.testing.assert_allclose(found, expected.loc[found.index], atol=0.01)


def test_fewer_posts_raise_the_load_and_the_waiting_time():
    made = world(seed=3, config=WorldConfig(n_comparison=1, posts_load=0.5)).truth
    plays = [made.play(name).play for name in ("none", "fewer_posts")]
    np.testing.assert_array_equal(plays[0].calls.id, plays[1].calls.id)  # the load prevents and adds no call
    post = plays[0].calls.received >= np.datetime64("2020-07-15", "s").astype(int)
    load = [p.calls.patrol_load for p in plays]
    assert (load[0] == load[1])[~post].all()
    np.testing.assert_allclose(load[1][post], load[0][post] * np.exp(0.5), atol=0.0015)  # kept to three decimals
    waits = [p.sent.dispatched - p.calls.received for p in plays]
    assert (waits[1] >= waits[0]).all()
    assert waits[1][post].mean() > 1.2 * waits[0][post].mean()


def test_effects_on_calls_follow_from_attendance(truth):
    effects = truth.effects.set_index(["estimand", "outcome", "group"])
    duty = truth.play("bundle")
    post = duty.play.calls.received >= np.datetime64("2020-07-15", "s").astype(int)
    attended = (duty.play.sent.attended & post).sum()
    for estimand, calls in (("itt_delivered", duty.delivered & post), ("itt_planned", duty.planned & post)):
        for outcome in ("arrest", "hold", "ed_transport", "force", "report_filed", "linked_30d"):
            itt, att = (effects.loc[(name, outcome, "all")] for name in (estimand, "att"))
            assert (itt.calls, att.calls) == (calls.sum(), attended)
            # the team attends within delivered shifts alone, so both sum the same changes
            assert itt.true * itt.calls == pytest.approx(att.true * att.calls, abs=1e-9)
            assert itt.recorded * itt.calls == pytest.approx(att.recorded * att.calls, abs=1e-9)
    assert effects.loc[("att", "report_filed", "all")].recorded < -0.1
    assert effects.loc[("att", "report_filed", "all")].true == 0
    assert effects.loc[("att", "arrest", "all")].recorded == effects.loc[("att", "arrest", "all")].true < 0


def test_groups_are_parts_of_all_calls(truth):
    found = truth.effects
    found = found[(found.outcome == "arrest") & (found.estimand == "itt_planned")].set_index("group")
    total = found.loc["all", "calls"] * found.loc["all", "true"]
    types = [name for name in found.index if name not in ("all", "covered", "uncovered", "day", "evening")]
    assert len(types) == 7
    for parts in (["covered"], ["day", "evening"], types):  # shifts lie in covered hours
        assert found.loc[parts, "calls"].sum() == found.loc["all", "calls"]
        assert (found.loc[parts, "calls"] * found.loc[parts, "true"]).sum() == pytest.approx(total, abs=1e-9)


def test_the_earlier_dose_goes_on_in_the_world_without_the_programme(truth):
    duty = truth.play("none")
    day = (duty.play.calls.received[duty.planned] // DAY + 3) % 7
    assert set(day.tolist()) == {1, 3}
    last = duty.play.calls.received[duty.planned].max()
    assert last > np.datetime64("2022-12-01", "s").astype(int)
