"""What callers tell in a world: valid fields, calls as they were, and a truth that its own numbers give."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.data.validate import findings
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.first_calls import FALSE_LABEL, TRAINED, first_calls
from coresponder_causal.simulate.told_items import ITEMS, draw_told, draws_needed


@pytest.fixture(scope="module")
def study():
    return world(seed=8, config=WorldConfig(n_comparison=1, monthly_calls=300))


def test_first_calls_are_valid_and_add_to_the_detailed_calls(study):
    made, detailed = study.first_calls, study.detailed_calls
    pd.testing.assert_frame_equal(made[list(detailed.columns)], detailed)
    assert findings(made, table="calls").empty
    assert set(made.columns) - set(detailed.columns) == {f"told_{item.name}" for item in ITEMS}


def test_the_truth_of_a_world_is_counted_over_its_calls(study):
    told, made = study.truth.full.told.set_index(["item", "answer"]), study.first_calls
    said = made["told_self_harm"].astype("string").fillna("not_asked")
    for answer in ("yes", "no", "not_known", "not_asked"):
        mine = (said == answer).to_numpy(bool)
        assert told.loc[("self_harm", answer), "share"] == pytest.approx(mine.mean())
        assert told.loc[("self_harm", answer), "need"] == pytest.approx(made["crisis_on_scene"][mine].mean())


def test_what_is_there_is_told_as_often_as_stated():
    n = 40_000
    draws, need = np.random.default_rng(1).random((n, draws_needed)), np.arange(n) % 2 == 0
    told = draw_told(draws, need, np.full(n, 0.8))
    for item in ITEMS:
        there, codes = told.there[item.name], told.answers[item.name]
        assert there[need].mean() == pytest.approx(item.in_need, abs=0.012)
        assert (codes >= 0).mean() == pytest.approx(0.8, abs=0.01)
        assert (codes[there & (codes >= 0)] == 0).mean() == pytest.approx(item.told, abs=0.03)
        assert not (codes[~there] == 0).any()


def test_labels_are_as_good_as_was_asked_for_and_looked_at_sooner_where_written():
    made = first_calls(calls=60_000, sensitivity=0.6, trained=0.2, seed=2)
    written, crisis = made["initial_type"] == "mental_health_crisis", made["crisis_truly"]
    late = made["received_at"] >= TRAINED
    assert written[crisis & ~late].mean() == pytest.approx(0.6, abs=0.02)
    assert written[crisis & late].mean() == pytest.approx(0.8, abs=0.02)
    assert written[~crisis].mean() == pytest.approx(FALSE_LABEL, abs=0.01)
    known = made["crisis_on_scene"].notna()
    assert known[written].mean() > known[~written].mean() + 0.2
