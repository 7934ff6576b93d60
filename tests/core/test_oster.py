"""Proportional selection on populations made exactly, whose δ and effect are known, and on drawn samples."""

import numpy as np
import pytest

from coresponder_causal.core.omitted import regression
from coresponder_causal.core.oster import effects, selection, stability

EFFECT, INDEX, HIDDEN, LOAD = 0.7, 1.3, 0.8, 0.4


def sample(parts, delta):
    """Outcome, treatment, covariate and hidden cause with Cov(W2, D)/Var(W2) = δ Cov(W1, D)/Var(W1)."""
    observed, hidden, own, noise = parts
    first, second = INDEX * observed, HIDDEN * hidden
    treated = LOAD * first + delta * LOAD * second + 0.9 * own
    return EFFECT * treated + first + second + 1.1 * noise, treated, observed, hidden


def exact_parts(n=500):
    drawn = np.random.default_rng(0).normal(size=(n, 4))
    return np.linalg.qr(drawn - drawn.mean(axis=0))[0].T * np.sqrt(n)


def found_in(y, treated, observed, hidden):
    fit = regression(y, treated, observed[:, None])
    full = regression(y, treated, np.column_stack([observed, hidden]))
    r_max = 1 - full.residuals @ full.residuals / ((y - y.mean()) ** 2).sum()
    return stability(y, treated, fit.residuals, fit.treatment_residuals, np.ones(len(y))), fit, r_max


@pytest.mark.parametrize("delta", [0.4, 1.0, 1.7, -0.5])
def test_population_gives_its_delta_and_its_effect(delta):
    s, fit, r_max = found_in(*sample(exact_parts(), delta))
    assert s.long == pytest.approx(fit.estimate, rel=1e-9)
    assert selection(s, r_max, effect=EFFECT) == pytest.approx(delta, rel=1e-8)
    assert min(abs(one - EFFECT) for one in effects(s, r_max, delta=delta)) < 1e-7


def test_effects_and_selection_are_inverse():
    s, _, r_max = found_in(*sample(exact_parts(), 1.2))
    found = effects(s, r_max, delta=0.8)
    assert found
    for one in found:
        assert selection(s, r_max, effect=one) == pytest.approx(0.8, rel=1e-6)


def test_no_room_for_more_leaves_the_coefficient():
    s, fit, _ = found_in(*sample(exact_parts(), 0.9))
    assert effects(s, s.long_r2 + 1e-12)[0] == pytest.approx(fit.estimate, abs=1e-6)


def test_bounds_between_no_and_equal_selection_hold_the_truth():
    """δ drawn between 0 and 1: the interval from the coefficient to that at δ = 1 holds the truth in .95 of draws."""
    rng, inside = np.random.default_rng(3), 0
    for _ in range(200):
        s, _, r_max = found_in(*sample(rng.normal(size=(4, 2000)), rng.uniform(0.1, 0.9)))
        ends = sorted([s.long, effects(s, r_max)[0]])
        inside += ends[0] <= EFFECT <= ends[1]
    assert inside >= 190
