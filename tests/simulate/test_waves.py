"""Waves come back from those who think better of it, and scores are worth what the truth says."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.data.scoring import scored
from coresponder_causal.data.validate import findings
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.answers import answer_items, reliability, scores_of
from coresponder_causal.simulate.waves import WAVES

KEYS = {"officer_wave": "officer", "staff_wave": "staff"}
SMALL = WorldConfig(n_comparison=1)


@pytest.fixture(scope="module")
def study():
    return world("riding_along", seed=6, config=SMALL)


@pytest.mark.parametrize("instrument", KEYS)
def test_waves_are_valid_and_are_the_scores_of_the_answers(study, instrument):
    table, items = study.tables[f"{instrument}s"], study.answers[instrument]
    assert findings(table, table=f"{instrument}s").empty
    assert len(table) == len(items) > 30
    made = scored(items, instrument=instrument)
    for score in scores_of(instrument):
        pd.testing.assert_series_equal(made[score.field], table[score.field])
        assert table[score.field][table.consent].notna().mean() > 0.9
    assert table.loc[~table.consent, [score.field for score in scores_of(instrument)]].isna().all(axis=None)
    who = study.tables[KEYS[instrument] if instrument == "staff_wave" else "officers"]
    assert set(table[KEYS[instrument]]) <= set(who[KEYS[instrument]])


@pytest.mark.parametrize("score", scores_of("officer_wave"), ids=lambda score: score.field)
def test_reliability_is_the_correlation_of_two_forms_of_one_attitude(score):
    n = 40_000
    attitude = np.random.default_rng(1).standard_normal(n)
    of_all = {other.field: attitude for other in scores_of("officer_wave")}
    first, second = (
        scored(answer_items(of_all, "officer_wave", ids, 1), instrument="officer_wave")[score.field]
        for ids in (np.arange(n), n + np.arange(n))
    )
    # standard error of a correlation near .8 with 40,000 pairs: .002; left-out items cost less than .005
    assert first.corr(second) == pytest.approx(reliability(score), abs=0.012)


def test_reversed_items_run_against_the_others_until_they_are_turned(study):
    items = study.answers["officer_wave"].dropna()
    for score in scores_of("officer_wave"):
        for item in score.reversed:
            straight = next(other for other in score.items if other not in score.reversed)
            assert items[item].corr(items[straight]) < -0.1


def test_those_who_think_worst_answer_least():
    gaps = []
    for seed in range(15):
        made = world("riding_along", seed=seed, config=SMALL).truth.full.waves
        rows = made[(made.score == "stigma_score") & (made.wave == 3)]
        gaps.append((rows.mean_of_answers - rows["mean"]).item())
    assert np.mean(gaps) < -4 * np.std(gaps) / len(gaps) ** 0.5


def test_attitudes_follow_rides_and_nothing_else(study):
    truth = study.truth.full.waves
    officers = truth[truth.instrument == "officer_wave"]
    assert (officers.effect[officers.wave == 0].abs() < 0.05).all()  # of the team's own two officers alone
    last = officers[officers.wave == 3].set_index("score").effect
    assert last.stigma_score < -0.1
    assert last.self_efficacy_score > 0.1
    none = world(seed=6, config=SMALL).truth.full.waves
    assert (none.effect[none.instrument == "officer_wave"] == 0).all()


def test_only_those_in_the_post_are_asked(study):
    table = study.tables["officer_waves"].merge(study.tables["officers"], on="officer")
    assert table.duplicated(["officer", "wave"]).sum() == 0
    asked = study.truth.full.waves.query("score == 'stigma_score'").asked
    assert (asked == 74).all()
    opened = WAVES[study.tables["officer_waves"].wave]
    assert ((study.tables["officer_waves"].date - opened).dt.days.between(0, 13)).all()
