"""Calibration of a user's own design: sizes, failures that are counted, and the same answer from any worker."""

import warnings

import numpy as np
import pytest
from joblib import parallel_config

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.validity import calibrate


@pytest.fixture(scope="module")
def study(known, panel):
    """One study of the known process."""
    return panel(known().draw(1, seed=12)[0])


@pytest.fixture(scope="module")
def found(study):
    """The default method on it."""
    return calibrate(study, effects=(0, -22), tau=0.1, replications=80, seed=3)


def test_the_default_keeps_its_size(found):
    own = found.table.iloc[0]
    assert own["rejected"] <= rejection_rate_limit(0.05, 80, 3)
    assert own["covered"] >= 1 - rejection_rate_limit(0.05, 80, 3)


def test_the_habit_of_the_field_does_not(study):
    habit = calibrate(study, methods=["did_two_way"], effects=(0,), tau=0.1, replications=30, seed=3).table.iloc[0]
    # One treated city among ten, clustered by city: measured .49; three Monte-Carlo errors of 30 studies are .27
    assert habit["method"] == "did_two_way"
    assert habit["rejected"] == pytest.approx(0.49, abs=0.27)
    assert habit["rejected"] > rejection_rate_limit(0.05, 30, 3)


def test_power_is_near_the_measured_one(found):
    table = found.table.set_index(["method", "effect"])
    # 42 and 30 months, 25 events, τ = .10, a log ratio of −.25: .37 measured; the noise fitted to one study of 42
    # months moved it between .22 and .32 in five studies, and 80 draws have an error of .05
    assert 0.12 <= table.loc[("did_prediction_interval", -22.0), "rejected"] <= 0.37 + 3 * 0.054


def test_errors_are_those_of_rates_and_means(found):
    row = found.table.iloc[1]
    assert row["rejected_error"] == pytest.approx(np.sqrt(row["rejected"] * (1 - row["rejected"]) / 80), rel=1e-9)
    assert found.table["failures"].eq(0).all()
    assert abs(row["bias"]) < 4 * row["bias_error"]


def test_the_sentence_says_size_power_and_drift(found):
    assert found.sentence.startswith("Calls in city 00 against 10 others, 42 months before and 30 months from")
    for part in (
        "did_prediction_interval: without any effect",
        "it finds a fall of 22 %",
        "τ = 0.1 was used, as stated",
    ):
        assert part in found.sentence


@pytest.mark.parametrize("name", ["cities", "series", "hours"])
def test_outcomes_from_the_start_on_do_not_matter(designs, change_after, name):
    design = designs[name]
    first = calibrate(design, effects=(0, -20), replications=3)
    for change in (np.random.default_rng(1).permutation, lambda values: values * np.nan):
        again = calibrate(change_after(design, change), effects=(0, -20), replications=3)
        assert again.table.to_csv() == first.table.to_csv()
        assert str(again) == str(first)


def test_workers_do_not_change_the_answer_and_each_batch_is_told(designs):
    alone = calibrate(designs["series"], effects=(0, -20), replications=45)
    told = []
    with parallel_config(backend="threading", n_jobs=2):
        many = calibrate(
            designs["series"], effects=(0, -20), replications=45, tell=lambda done, total: told.append((done, total))
        )
    assert many.table.equals(alone.table)
    assert told == [(done, 6) for done in range(1, 7)]
    other = calibrate(designs["series"], effects=(0, -20), replications=45, seed=2)
    assert not other.table.equals(alone.table)


def test_fits_that_fail_are_counted_and_enter_no_rate(series, known):
    rare = series(known(m=2, events=3.2).draw(1, seed=6)[0, 0])
    table = calibrate(rare, effects=(0,), replications=40).table
    failures, kept = table["failures"].iloc[0], 40 - table["failures"].iloc[0]
    assert 0 < failures < 40
    hits = table["rejected"].iloc[0] * kept
    assert hits == pytest.approx(round(hits), abs=1e-9)


def test_doubts_of_single_studies_are_not_shouted(designs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calibrate(designs["cities"], effects=(0,), replications=2, methods=["did_two_way"])


def test_a_single_series_says_what_it_cannot_know(designs):
    found = calibrate(designs["series"], effects=(0,), replications=4)
    assert np.isnan(found.drift.estimate)
    assert "One city alone cannot show how far it drifts" in found.sentence


def test_what_makes_no_study_is_refused(designs):
    with pytest.raises(DesignError, match="call_coverage cannot be studied on a SeriesDesign"):
        calibrate(designs["series"], methods=["call_coverage"])
    for effects in ((), (0, 0), (-100,)):
        with pytest.raises(EstimationError, match="not different changes"):
            calibrate(designs["series"], effects=effects)
    with pytest.raises(EstimationError, match="1 replications"):
        calibrate(designs["series"], replications=1)
