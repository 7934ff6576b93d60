"""Shares known only where somebody looked: a published table, the closed form of its error, and reached ends."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.discrimination import area_under_curve
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.known_noise import known_noise
from coresponder_causal.core.random_effects import between_cities
from coresponder_causal.core.telling import mutual_information, telling_bounds
from coresponder_causal.core.verification import accuracy, pooled_cells, verified_scores, verified_weights

# Hepatic scintigraphy against pathology (Drum & Christacopoulos 1972, J Nucl Med 13:908), the usual worked example of
# this correction; cells as recalled, the article was not to be had. The shares are worked by hand from these cells.
# Read as s (verified, diseased), r (verified, not), u (unverified).
POSITIVE, NEGATIVE = (231, 32, 166), (27, 54, 140)


def scan():
    label = np.repeat([1.0, 0.0], [sum(POSITIVE), sum(NEGATIVE)])
    truth = np.concatenate([np.repeat([1.0, 0.0, np.nan], counts) for counts in (POSITIVE, NEGATIVE)])
    return label, truth, np.isfinite(truth)


def test_corrected_shares_are_those_worked_by_hand():
    label, truth, known = scan()
    found = accuracy(verified_scores(truth, known, label.astype(int)), label)
    (s1, r1, u1), (s0, r0, u0) = POSITIVE, NEGATIVE
    sick, well = (
        (p1 * (s1 + r1 + u1), p0 * (s0 + r0 + u0))
        for p1, p0 in ((s1 / (s1 + r1), s0 / (s0 + r0)), (r1 / (s1 + r1), r0 / (s0 + r0)))
    )
    assert found["sensitivity"].value == pytest.approx(sick[0] / sum(sick), rel=1e-12)
    assert found["specificity"].value == pytest.approx(well[1] / sum(well), rel=1e-12)
    assert [round(found[name].value, 2) for name in ("sensitivity", "specificity")] == [0.84, 0.74]
    assert found["positive_predictive_value"].value == pytest.approx(s1 / (s1 + r1), rel=1e-12)


def test_the_error_is_the_closed_form_of_begg_and_greenes():
    label, truth, known = scan()
    one = accuracy(verified_scores(truth, known, label.astype(int)), label)["sensitivity"]
    (s1, r1, u1), (s0, r0, u0) = POSITIVE, NEGATIVE
    t1, t0 = s1 + r1 + u1, s0 + r0 + u0
    log_odds = (t1 + t0) / (t1 * t0) + r1 / (s1 * (s1 + r1)) + r0 / (s0 * (s0 + r0))
    closed = one.value * (1 - one.value) * np.sqrt(log_odds)
    assert np.sqrt(one.slope @ one.slope) == pytest.approx(closed, rel=2e-3)  # of second order in 1/n


def test_slopes_are_derivatives_in_the_weight_of_a_unit():
    rng = np.random.default_rng(4)
    score, label = rng.random(40), (rng.random(40) < 0.4).astype(float)
    nudged = np.ones(40)
    nudged[7] += 1e-6
    before, after = accuracy(score, label), accuracy(score, label, nudged)
    for name, one in before.items():
        assert (after[name].value - one.value) / 1e-6 == pytest.approx(one.slope[7], abs=1e-6), name


def test_tilted_odds_reach_the_worst_cases_and_move_as_stated():
    label, truth, known = scan()
    cells = label.astype(int)
    totals = [verified_scores(truth, known, cells, odds=odds).sum() for odds in (0.0, 0.5, 1.0, 2.0, np.inf)]
    assert totals[0] == pytest.approx(POSITIVE[0] + NEGATIVE[0])
    assert totals[-1] == pytest.approx(POSITIVE[0] + NEGATIVE[0] + POSITIVE[2] + NEGATIVE[2])
    assert totals == sorted(totals)
    rate = POSITIVE[0] / (POSITIVE[0] + POSITIVE[1])
    other = 2 * rate / (1 + rate)
    only = verified_scores(truth[label == 1], known[label == 1], np.zeros(sum(POSITIVE), int), odds=2.0)
    assert only.sum() == pytest.approx(POSITIVE[0] + POSITIVE[2] * other)


def test_those_left_out_by_lot_are_not_tilted():
    y, known = np.array([1.0, 0.0] + [np.nan] * 8), np.array([True] * 2 + [False] * 8)
    drawn = np.array([True] * 2 + [False] * 8)
    scores = verified_scores(y, known, np.zeros(10, int), asked=drawn, odds=np.inf)
    assert scores.sum() == pytest.approx(5.0)


def test_a_cell_in_which_nobody_looked_is_refused():
    with pytest.raises(EstimationError, match="in 1 kinds of calls nobody looked"):
        verified_scores(np.array([1.0, np.nan]), np.array([True, False]), np.array([0, 1]))


def test_cells_with_few_looked_at_are_put_together_within_their_label():
    kinds = pd.DataFrame({"label": ["a"] * 8 + ["b"] * 8, "hour": (["x"] * 6 + ["y"] * 2) * 2})
    cells = pooled_cells(kinds, np.ones(16, bool))
    assert len(set(cells[:8])) == 2
    assert not set(cells[:8]) & set(cells[8:])
    assert verified_weights(np.ones(16, bool), cells).tolist() == [1.0] * 16


def test_information_is_corrected_as_miller_and_madow_do():
    answer, need = np.repeat([0, 1, 2], [30, 50, 20]), np.tile([0, 1], 50)
    parts = np.array([[(answer == k) & (need == d) for d in (0, 1)] for k in range(3)], float)
    found = mutual_information(parts)
    cells = parts.reshape(6, -1)
    share = cells.mean(axis=1, keepdims=True)
    V = (cells - share) @ (cells - share).T / 100**2
    assert np.trace(found.hessian @ V) / 2 == pytest.approx(2 * 1 / (2 * 100) / np.log(2), rel=1e-9)
    assert found.bits.value == pytest.approx(0.0, abs=1e-12)


def test_bounds_of_telling_are_reached_and_hold_every_world():
    rng = np.random.default_rng(2)
    cells = np.array([[[8.0], [12.0]], [[50.0], [10.0]], [[25.0], [15.0]]])
    for monotone, most in ((False, 40), (True, 40 * 20 / 80)):
        ends = telling_bounds(cells, monotone=monotone)
        found = []
        for _ in range(4000):
            needy, rest = rng.integers(0, 16), rng.integers(0, 26)
            if needy + rest <= most:
                there, not_there = 20 + needy + rest, 60 + 40 - needy - rest
                found.append((12 + needy) / there - (10 + 15 - needy) / not_there)
        assert ends.low.value == pytest.approx(min(found), abs=1e-9)
        assert ends.high.value == pytest.approx(max(found), abs=1e-9)


def test_the_area_counts_pairs_and_its_slope_is_a_derivative():
    rng = np.random.default_rng(3)
    risk, y, w = rng.integers(0, 6, 30) / 6, (rng.random(30) < 0.4).astype(float), rng.random(30) + 0.5
    found = area_under_curve(risk, y, w)
    over = (risk[:, None] > risk) + 0.5 * (risk[:, None] == risk)
    pairs = np.outer(w * y, w * (1 - y))
    assert found.value == pytest.approx((pairs * over).sum() / pairs.sum())
    nudged = w.copy()
    nudged[5] += 1e-6
    assert (area_under_curve(risk, y, nudged).value - found.value) / 1e-6 == pytest.approx(found.slope[5], abs=1e-6)


def test_known_noise_without_covariances_is_the_random_effects_model():
    rng = np.random.default_rng(5)
    variances = rng.random(12) * 0.02 + 0.01
    effects = rng.standard_normal(12) * 0.3
    tau_squared, _ = between_cities(effects, variances)
    fit = known_noise(effects, np.diag(variances), np.ones((12, 1)))
    assert fit.tau_squared == pytest.approx(tau_squared, rel=1e-5)
    weights = 1 / (variances + tau_squared)
    assert fit.beta[0] == pytest.approx(weights @ effects / weights.sum(), rel=1e-6)


def test_errors_beside_known_noise_grow_with_what_is_left_and_never_shrink():
    """Knapp & Hartung by hand: Σ w r²/(m − 1) over Σ w, w = 1/(v + τ²), where τ² is 0 or found."""
    variances = np.r_[np.full(11, 4.0), 0.01]
    for effects in (np.r_[np.tile([3.0, -3.0], 6)[:11], 1.5], np.full(12, 0.3) + np.arange(12) / 1e3):
        fit = known_noise(effects, np.diag(variances), np.ones((12, 1)))
        weights = 1 / (variances + fit.tau_squared)
        left = float(weights @ (effects - fit.beta[0]) ** 2) / 11
        assert fit.vcov[0, 0] == pytest.approx(max(1.0, left) / weights.sum(), rel=1e-8)
        assert (left > 1.02) == (effects[0] == 3.0)


def weighed_total(w, y, known, asked, odds):
    """Total of one cell whose units count w times: N (p r + (1 − p) h), h with the odds of r times a number."""
    share, rate = (w * known).sum() / (w * asked).sum(), (w * known * y).sum() / (w * known).sum()
    other = 1.0 if np.isinf(odds) else odds * rate / (1 - rate + odds * rate)
    return w.sum() * (share * rate + (1 - share) * other)


@pytest.mark.parametrize("odds", [0.0, 0.5, 1.0, 2.0, np.inf])
def test_scores_are_what_each_unit_moves_the_total_by(odds):
    y = np.array([1.0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    asked, known = np.arange(10) < 8, np.arange(10) < 5
    score, w = verified_scores(y, known, np.zeros(10, int), asked=asked, odds=odds), np.ones(10)
    steps = 1e-6 * np.eye(10)
    moved = [weighed_total(w + s, y, known, asked, odds) - weighed_total(w - s, y, known, asked, odds) for s in steps]
    assert score == pytest.approx(np.array(moved) / 2e-6, abs=1e-6)
    assert score.sum() == pytest.approx(weighed_total(w, y, known, asked, odds))


def test_slopes_of_agreement_are_derivatives_in_the_weights():
    rng = np.random.default_rng(2)
    score, label, w = rng.uniform(-0.2, 1.3, 12), rng.integers(0, 2, 12).astype(float), np.ones(12)
    steps = 1e-6 * np.eye(12)
    for name, found in accuracy(score, label).items():
        ends = [[accuracy(score, label, w + sign * s)[name].value for sign in (1, -1)] for s in steps]
        assert found.slope == pytest.approx(np.array([up - down for up, down in ends]) / 2e-6, abs=1e-6), name
