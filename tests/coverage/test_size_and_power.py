"""Rejection rates of the city-level default and of the headline on simulated worlds with known truth."""

import math
import warnings

import numpy as np
import pytest

from coresponder_causal.core.errors import IdentificationWarning
from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.design import CoverageDesign, PanelDesign
from coresponder_causal.estimate import call_coverage, did_prediction_interval
from coresponder_causal.simulate import WorldConfig, world

START = "2020-07-15"
NULL_WORLDS, POWER_WORLDS = 400, 200


def city_p_value(study) -> float:
    design = PanelDesign.from_frame(
        study.panel_counts,
        outcome="calls",
        unit="city",
        time="month",
        treated="West Sacramento",
        start=START,
        exposure="population",
    )
    return float(did_prediction_interval(design).pvalues.iloc[0])


def hours_p_value(study, schedule) -> float:
    design = CoverageDesign.from_tables(study.hours, schedule, outcome="calls", start=START)
    result = call_coverage(design)
    assert result.terms["term"].iloc[0] == "triple_difference"
    assert result.extra.number("mean_events") >= 60
    return float(result.pvalues.iloc[0])


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IdentificationWarning)
        yield


def test_the_city_default_keeps_its_size(quiet):
    rejected = np.mean([city_p_value(world("null", seed=seed)) < 0.05 for seed in range(NULL_WORLDS)])
    assert rejected <= rejection_rate_limit(0.05, NULL_WORLDS, 2), rejected


def test_the_headline_keeps_its_size(quiet):
    schedule = world("null", seed=0).tables["schedule"]
    rejected = np.mean([hours_p_value(world("null", seed=seed), schedule) < 0.05 for seed in range(NULL_WORLDS)])
    assert rejected <= rejection_rate_limit(0.05, NULL_WORLDS, 2), rejected


def test_the_city_default_finds_a_third_less(quiet):
    config = WorldConfig(city_effect=math.log(1 - 0.34), n_comparison=10)
    found = np.mean([city_p_value(world(seed=seed, config=config)) < 0.05 for seed in range(POWER_WORLDS)])
    assert found >= 0.70, found
