"""Event studies without parallel courses: coverage where the restriction holds, what is said, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from sklearn.linear_model import lars_path_gram

from coresponder_causal import check
from coresponder_causal.check.honest import honest
from coresponder_causal.core import honest_flci
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.honest import EventStudy, bounds, breakdown
from coresponder_causal.core.honest_flci import fixed_length
from coresponder_causal.core.inference import critical_with_bias
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.estimate import (
    aggregate,
    did_event_study,
    did_group_time,
    did_prediction_interval,
    its_segmented,
)
from coresponder_causal.report import figure
from coresponder_causal.simulate import staggered

WALK = np.array([0.3, -0.2, 0.1])  # changes of δ before the base, then up to it
DRAWS, TAU = 120, 1.0


def noise(k: int) -> np.ndarray:
    own = np.eye(k) + 0.5  # against one base all effects share its noise
    return 0.04 * own


def drawn(after: np.ndarray, seed: int) -> EventStudy:
    before = -np.cumsum(WALK[::-1])[::-1]
    truth = np.concatenate([before, TAU + after])
    beta = np.random.default_rng(seed).multivariate_normal(truth, noise(len(truth)))
    return EventStudy(before=beta[:3], after=beta[3:], vcov=noise(len(truth)), weights=np.full(2, 0.5))


@pytest.mark.parametrize(("size", "first_stage"), [(0.5, 0.1), (1.0, 0.1), (1.0, 0.0)])
def test_magnitudes_hold_at_their_worst_where_parallel_courses_do_not(size, first_stage):
    """Every change after the start is M̄ times the largest before it, all in one direction."""
    after = np.cumsum(np.full(2, size * np.abs(WALK).max()))
    held, plain = [], []
    for seed in range(DRAWS):
        study = drawn(after, seed)
        low, high = bounds(study, "magnitudes", size, first_stage=first_stage)
        held.append(low <= TAU <= high)
        plain.append(abs(study.estimate - TAU) <= 1.96 * study.std_error)
    assert np.mean(held) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / DRAWS)
    assert np.mean(plain) < 0.85


def test_smoothness_holds_at_its_worst():
    """δ is straight before the start and bends by M in every period from it on."""
    bend, slope = 0.2, 0.3
    time = np.array([-4.0, -3, -2, 0, 1])
    path = slope * (time + 1) + bend * np.maximum(time + 1, 0) * np.maximum(time + 2, 0) / 2
    truth = path + TAU * (time >= 0)
    held = []
    for seed in range(DRAWS):
        beta = np.random.default_rng(seed).multivariate_normal(truth, noise(5))
        study = EventStudy(before=beta[:3], after=beta[3:], vcov=noise(5), weights=np.array([1.0, 0.0]))
        low, high = fixed_length(study, bend, df=np.inf)
        held.append(low <= TAU <= high)
    assert abs(np.mean(held) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / DRAWS)


def test_the_fixed_length_is_the_shortest():
    """A general optimiser over the weights of the leads that take out straight courses finds none shorter."""
    study, bend = drawn(np.zeros(2), 1), 0.05
    low, high = fixed_length(study, bend, df=np.inf)
    distance = np.array([3.0, 2, 1])

    def length(free: np.ndarray) -> float:
        last = study.loading_of_bends[0] - distance[:2] @ free
        weights = np.array([*free, last, *study.weights])
        std_error = np.sqrt(weights @ study.vcov @ weights)
        bends = [weights[0] * 2 + weights[1], weights[0]]
        bias = bend * (np.abs(study.loading_of_bends).sum() + np.abs(bends).sum())
        return 2 * critical_with_bias(bias / std_error, np.inf) * std_error

    starts = np.random.default_rng(0).normal(size=(8, 2))
    best = min(optimize.minimize(length, start, method="Nelder-Mead", tol=1e-10).fun for start in starts)
    assert high - low == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_the_path_of_weights_is_the_lassos(seed):
    rng = np.random.default_rng(seed)
    q = int(rng.integers(2, 9))
    root = rng.normal(size=(q + 2, q + 2)) / 100
    study = EventStudy(before=np.zeros(q), after=np.zeros(2), vcov=root @ root.T, weights=rng.normal(size=2))
    start, moves = honest_flci._weights(study)
    gram = moves.T @ study.vcov @ moves
    pull, scale = -moves.T @ study.vcov @ start, np.trace(gram)
    _, _, corners = lars_path_gram(pull / scale, gram / scale, n_samples=1, method="lasso", alpha_min=1e-11)
    path = np.array(honest_flci._path(start, moves, study.vcov))
    shared = min(len(path), corners.shape[1])  # the last corner may lie below what lars walks to
    assert abs(len(path) - corners.shape[1]) <= 1
    np.testing.assert_allclose(path[:shared], corners.T[:shared], atol=1e-6 * np.abs(corners).max())


def test_the_finding_is_lost_where_the_interval_reaches_nothing():
    study = drawn(np.zeros(2), 3)
    lost = breakdown(study, "magnitudes", most=20.0)
    assert 0 < lost < 20
    assert bounds(study, "magnitudes", 0.98 * lost)[0] > 0 > bounds(study, "magnitudes", 1.02 * lost)[0]


def test_wide_sets_are_not_cut_off():
    study = drawn(np.zeros(2), 3)
    low, high = bounds(study, "magnitudes", 500.0)
    assert np.isfinite([low, high]).all()
    assert high - low > 500 * study.largest_change


@pytest.fixture(scope="module")
def cohorts():
    return PanelDesign.from_frame(staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated")


def test_averages_by_event_time_need_one_base(cohorts):
    found = honest(aggregate(did_group_time(cohorts, base="universal"), by="event_time"), cohorts)
    assert found.verdict == "reported"
    assert found.table["restriction"].tolist() == ["parallel"] + ["magnitudes"] * 4 + ["smoothness"] * 4
    widths = (found.table["conf_high"] - found.table["conf_low"]).to_numpy()
    assert (np.diff(widths[:5]) > 0).all()
    assert (np.diff(widths[5:]) > 0).all()
    assert found.course["size"].tolist() == pytest.approx(sorted([0, 0.5, 1, 1.5, 2, found.breakdown]))
    assert figure(found).kind == "bias"
    stepwise = honest(aggregate(did_group_time(cohorts), by="event_time"), cohorts)
    assert stepwise.verdict == "not applicable"
    assert "base='universal'" in stepwise.sentence


def test_one_city_by_half_years():
    rng = np.random.default_rng(1)
    months = pd.period_range("2016-01", periods=72, freq="M")
    rate = [300 * (0.6 if c == "A" and m >= months[48] else 1) for c in "ABCDEFGHIJ" for m in months]
    frame = pd.DataFrame([(c, m) for c in "ABCDEFGHIJ" for m in months], columns=["city", "month"])
    frame["calls"] = rng.poisson(rate)
    d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-01")
    result = did_event_study(d)
    found = next(one for one in check.battery(result, d) if one.check == "honest")
    assert 0 < found.breakdown < np.inf
    assert "the largest before the start would take the finding away" in found.sentence
    other = honest(did_prediction_interval(d), d)
    pd.testing.assert_frame_equal(other.table, found.table)


def test_what_has_no_leads_is_not_checked(cohorts):
    series = SeriesDesign.from_frame(
        pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24}),
        outcome="calls",
        time="month",
        start="2019-07",
    )
    assert honest(its_segmented(series), series).verdict == "not applicable"
    result = aggregate(did_group_time(cohorts, base="universal"), by="event_time")
    with pytest.raises(EstimationError, match="negative"):
        honest(result, cohorts, magnitudes=(-1.0,))
    with pytest.raises(EstimationError, match="less than 1"):
        honest(result, cohorts, first_stage=1.0)
