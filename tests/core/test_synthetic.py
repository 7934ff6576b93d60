"""Kernels of synthetic controls: by hand, against refits one by one, and against slopes by differences."""

import numpy as np
import pytest

from coresponder_causal.core import predictor_weights
from coresponder_causal.core.placebo_spread import error_ratios, placebo_spread, ranked_spread
from coresponder_causal.core.synthetic import (
    Comparison,
    each_left_out,
    explained,
    fit_errors,
    one_and_placebos,
    smoothed,
    synthetic_control,
)
from coresponder_causal.core.synthetic_did import bootstrap_sets, left_out_effects, placebo_sets, synthetic_did
from coresponder_causal.core.synthetic_ridge import augmented_errors, augmented_weights


def panel(T=30, N=8, before=20, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(T, 2)).cumsum(axis=0) @ rng.normal(size=(2, N)) + 0.3 * rng.normal(size=(T, N))
    return values, np.arange(T) < before


def alone(values, place):
    """The same panel with one unit first and the treated unit left out."""
    others = [unit for unit in range(1, values.shape[1]) if unit != place]
    return values[:, [place, *others]], Comparison(
        np.eye(len(others) + 1)[:1], np.append(0.0, np.ones(len(others)))[None]
    )


@pytest.mark.parametrize("intercept", [True, False])
def test_placebos_together_are_those_of_refits_one_by_one(intercept):
    values, before = panel()
    late = ~before / (~before).sum()
    together = synthetic_control(values, before, one_and_placebos(8), intercept=intercept, smoothing=3).gaps
    differenced, _ = synthetic_did(values, before, late, one_and_placebos(8), treated=1)
    ridge, _, penalty = augmented_weights(values[before], one_and_placebos(8))
    for place in (1, 4, 7):
        own, compared = alone(values, place)
        again = synthetic_control(own, before, compared, intercept=intercept, smoothing=3)
        np.testing.assert_allclose(together[place], again.gaps[0], atol=1e-8)
        again, _ = synthetic_did(own, before, late, compared, treated=1)
        np.testing.assert_allclose(differenced.gaps[place], again.gaps[0], atol=1e-6)
        weights, _, one = augmented_weights(own[before], compared)
        assert one[0] == pytest.approx(penalty[place])
        np.testing.assert_allclose(np.sort(ridge[place][ridge[place] != 0]), np.sort(weights[0, 1:]), atol=1e-8)


def test_an_effect_on_a_unit_inside_the_others_is_found_exactly():
    values, before = panel()
    values[:, 0] = values[:, 1:4] @ [0.5, 0.3, 0.2] + 2.0 + 1.5 * ~before
    one = Comparison(*(part[:1] for part in one_and_placebos(8)))
    found = synthetic_control(values, before, one)
    np.testing.assert_allclose(found.gaps[0], 1.5 * ~before, atol=1e-9)
    np.testing.assert_allclose(found.weights[0], [0, 0.5, 0.3, 0.2, 0, 0, 0, 0], atol=1e-9)
    shifted = synthetic_control(values, before, one, intercept=False).gaps[0]
    assert np.abs(shifted[before]).max() > 0.1
    left = synthetic_control(values, before, each_left_out(one, np.array([1, 7])))
    assert left.weights[0, 1] == 0
    assert np.abs(left.gaps[1] - found.gaps[0]).max() < 1e-9


def test_ridge_is_that_of_the_formula_with_full_matrices():
    values, before = panel()
    own, compared = alone(values, 3)
    weights, simplex, _ = augmented_weights(own[before], compared, np.array([2.5]))
    X = (own[before, 1:] - own[before, 1:].mean(axis=1, keepdims=True)).T  # donors by periods
    x = own[before, 0] - own[before, 1:].mean(axis=1)
    added = (x - X.T @ simplex[0, 1:]) @ np.linalg.inv(X.T @ X + 2.5 * np.eye(X.shape[1])) @ X.T
    np.testing.assert_allclose(weights[0, 1:], simplex[0, 1:] + added, atol=1e-10)
    whole, dose = own - own.mean(axis=0), (~before).astype(float)
    errors = augmented_errors(whole, dose, 2.5)(np.array([0.0, 1.0]))
    for effect, error in zip((0.0, 1.0), errors, strict=True):
        moved = np.column_stack([whole[:, 0] - effect * dose, whole[:, 1:]])
        again, _, _ = augmented_weights(moved, compared, np.array([2.5]))
        np.testing.assert_allclose(error, moved @ (compared.targets - again)[0], atol=1e-9)


def test_weights_find_a_common_course_that_a_difference_in_differences_misses():
    """Two common courses with loadings of their own; the treated unit's lie within the others'. Truth 1, 200 draws."""
    rng, before = np.random.default_rng(7), np.arange(36) < 28
    late, even = ~before / 8, Comparison(*(part[:1] for part in one_and_placebos(15)))
    found: dict[str, list[float]] = {"synthetic": [], "sdid": [], "ridge": [], "plain": []}
    for _ in range(200):
        courses, loadings = rng.normal(size=(36, 2)).cumsum(axis=0), rng.uniform(-1, 1, size=(2, 15))
        loadings[:, 0] = 0.6
        values = courses @ loadings + 0.3 * rng.normal(size=(36, 15))
        values[~before, 0] += 1.0
        weights, _, _ = augmented_weights(values[before], even, np.array([5.0]))
        found["ridge"].append(float((values @ (even.targets - weights)[0]) @ late))
        found["synthetic"].append(float(synthetic_control(values, before, even).gaps[0] @ late))
        found["sdid"].append(float(synthetic_did(values, before, late, even, treated=1)[0].gaps[0] @ late))
        gap = values[:, 0] - values[:, 1:].mean(axis=1)
        found["plain"].append(float(gap[~before].mean() - gap[before].mean()))
    errors = {name: np.array(values) - 1 for name, values in found.items()}
    missed = np.sqrt(np.mean(errors["plain"] ** 2))
    for name in ("synthetic", "sdid", "ridge"):
        assert abs(errors[name].mean()) < 4 * errors[name].std() / np.sqrt(200)
        assert np.sqrt(np.mean(errors[name] ** 2)) < missed / 3


def test_copies_of_a_donor_are_two_donors_alike():
    values, before = panel(N=6)
    late = ~before / (~before).sum()
    doubled = np.column_stack([values, values[:, 3]])
    copies = np.array([[0.0, 1.0, 1.0, 2.0, 1.0, 1.0]])
    one, _ = synthetic_did(values, before, late, Comparison(np.eye(6)[:1], copies), treated=1)
    two = Comparison(np.eye(7)[:1], np.append(0.0, np.ones(6))[None])
    other, _ = synthetic_did(doubled, before, late, two, treated=1)
    np.testing.assert_allclose(one.gaps, other.gaps, atol=1e-6)
    assert other.weights[0, 3] == pytest.approx(other.weights[0, 6])


def test_the_slope_in_the_importance_of_predictors_is_that_of_differences():
    rng = np.random.default_rng(2)
    X, x = rng.normal(size=(4, 9)), rng.normal(size=4)
    courses, course = rng.normal(size=(15, 9)), rng.normal(size=15)
    logs = rng.normal(size=4)
    loss, slope = predictor_weights._loss(logs, x, X, course, courses)
    steps = [predictor_weights._loss(logs + 1e-6 * row, x, X, course, courses)[0] - loss for row in np.eye(4)]
    np.testing.assert_allclose(np.array(steps) / 1e-6, slope, atol=1e-5 * max(1, np.abs(slope).max()))


def test_sets_of_placebos_share_no_unit_with_their_donors():
    for made in (placebo_sets(6, [1, 2], 50, 1), bootstrap_sets(6, [2, 3], 50, 1)):
        treated = 3 if made[0].copies.shape[1] == 9 else 5
        for compared in made:
            np.testing.assert_allclose(compared.targets.sum(axis=1), 1.0)
            assert (compared.copies[:, :treated] == 0).all()
            assert ((compared.copies > 0) & (compared.targets > 0)).sum() == 0
    first, second = placebo_sets(6, [1, 2], 50, 1)
    assert (first.copies == second.copies).all()
    assert (first.copies.sum(axis=1) == 3).all()


def test_spreads_are_those_worked_by_hand():
    effects = np.array([[4.0, 1.0], [1.0, 0.0], [-3.0, 2.0]])
    vcov, factor = placebo_spread(effects, np.array([1.0, 2.0, 2.0]))
    assert factor == 1  # a close fit earns no credit
    np.testing.assert_allclose(vcov, [[5.0, -3.0], [-3.0, 2.0]])
    ranked = ranked_spread(effects, np.array([1.0, 1.0, 3.0]))
    np.testing.assert_allclose(ranked.placebo[0], [1.0, -1.0])
    np.testing.assert_allclose(np.diag(ranked.vcov), [1.0, 2 / 9])
    gaps = np.array([[1.0, -1.0, 3.0, -3.0]])
    before = np.array([True, True, False, False])
    assert fit_errors(gaps + 1, before, intercept=True)[0] == 1
    assert fit_errors(gaps + 1, before, intercept=False)[0] == pytest.approx(np.sqrt(2))
    assert error_ratios(gaps, ~before, np.array([1.0]))[0] == 3
    assert explained(np.array([0.0, 2.0]), np.array([0.5, -0.5])) == 0.75
    assert left_out_effects(np.array([[1.0], [3.0]]), np.zeros((1, 1)), np.array([0.4])).ravel().tolist() == [3, 1, 2]
    assert smoothed(np.arange(4.0)[:, None], 1).ravel().tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", [23, 189, 393])
def test_placebos_with_more_periods_than_donors_are_those_solved_one_by_one(seed):
    """Many weights of periods then fit alike but for a ridge of 1e-6 standard deviations, known here to about 1e-4."""
    rng, N, T = np.random.default_rng(seed), 11, 72
    before, others = np.arange(T) < 42, np.ones((N, N)) - np.eye(N)
    late = np.where(before, 0.0, 1 / 30)
    values = 0.05 * rng.normal(size=(T, N)).cumsum(axis=0) + 0.2 * rng.normal(size=(T, N))
    together, _ = synthetic_did(values, before, late, Comparison(np.eye(N), others), treated=1)
    alone = [
        synthetic_did(values, before, late, Comparison(np.eye(N)[[i]], others[[i]]), treated=1)[0].gaps @ late
        for i in range(N)
    ]
    np.testing.assert_allclose(together.gaps @ late, np.concatenate(alone), atol=1e-3)
