"""The 2×2 kernels: exact small cases, derivatives, invariances, refusals; and the logits underneath."""

import numpy as np
import pytest

from coresponder_causal.core.drdid import cross_section_effect, independent_columns, panel_effect
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.logit import logit, tilted_odds

METHODS = ["dr", "dr_improved", "ipw", "reg"]


@pytest.fixture
def sample():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(240, 2))
    treated = rng.random(240) < 1 / (1 + np.exp(0.4 - 0.6 * x[:, 0]))
    after = rng.random(240) < 0.45
    weights = rng.uniform(0.5, 2.0, size=240)
    outcome = x[:, 0] + x[:, 1] ** 2 + treated * after * (1 + x[:, 1]) + rng.normal(size=240)
    return outcome, after, treated, x, weights


def panel(sample, method, weights, x=None):
    outcome, _, treated, covariates, _ = sample
    return panel_effect(outcome, treated, covariates if x is None else x, weights=weights, method=method)


def cross_sections(sample, method, weights, x=None):
    outcome, after, treated, covariates, _ = sample
    chosen = covariates if x is None else x
    return cross_section_effect(outcome, after, treated, chosen, weights=weights, method=method)


KERNELS = pytest.mark.parametrize("kernel", [panel, cross_sections])


@KERNELS
@pytest.mark.parametrize("method", ["dr", "ipw", "reg"])
def test_influence_is_the_derivative_in_the_weight_of_a_row(sample, kernel, method):
    """n ∂θ/∂w_i at w = 1 is ψ_i, all first steps included; central differences are good to 1e-7 here."""
    ones, step = np.ones(240), 1e-5
    psi = kernel(sample, method, ones).influence
    for row in range(0, 240, 6):
        bump = step * (np.arange(240) == row)
        moved = [kernel(sample, method, ones + sign * bump).att for sign in (1, -1)]
        assert 240 * (moved[0] - moved[1]) / (2 * step) == pytest.approx(psi[row], abs=1e-6)


@KERNELS
@pytest.mark.parametrize("method", METHODS)
def test_influence_has_mean_zero(sample, kernel, method):
    psi = kernel(sample, method, sample[-1]).influence
    assert abs(psi.mean()) < 1e-9 * psi.std()


@KERNELS
@pytest.mark.parametrize("method", METHODS)
def test_units_of_covariates_and_scale_of_weights_do_not_matter(sample, kernel, method):
    x, weights = sample[3], sample[4]
    first = kernel(sample, method, weights)
    other = kernel(sample, method, 7 * weights, x=np.column_stack([1e6 * x[:, 0] - 3e5, x[:, 1] - 2 * x[:, 0]]))
    assert other.att == pytest.approx(first.att, abs=1e-8)
    np.testing.assert_allclose(other.influence, first.influence, rtol=0, atol=1e-6)


@KERNELS
@pytest.mark.parametrize("method", METHODS)
def test_whole_weights_are_repeated_rows(sample, kernel, method):
    outcome, after, treated, x, _ = sample
    times = np.random.default_rng(2).integers(1, 4, size=240)
    again = tuple(np.repeat(part, times, axis=0) for part in (outcome, after, treated, x))
    repeated = kernel((*again, None), method, None)
    assert repeated.att == pytest.approx(kernel(sample, method, times.astype(float)).att, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_without_covariates_every_method_is_the_difference_of_mean_changes(sample, method):
    outcome, after, treated, _, _ = sample
    none = np.empty((240, 0))
    changes = outcome[treated].mean() - outcome[~treated].mean()
    assert panel(sample, method, None, x=none).att == pytest.approx(changes, abs=1e-10)
    means = [[outcome[(treated == d) & (after == v)].mean() for v in (False, True)] for d in (True, False)]
    levels = (means[0][1] - means[0][0]) - (means[1][1] - means[1][0])
    assert cross_sections(sample, method, None, x=none).att == pytest.approx(levels, abs=1e-10)


def test_doubly_robust_where_either_model_is_right():
    """Truth 1; first the line is wrong (the change is x²), then the logit is (the log odds are exp(x)/2 − 3/2).

    20,000 units: a standard error is about 0.02, so 0.1 is five of them; the wrong model alone is off by 0.2 or more.
    """
    rng = np.random.default_rng(3)
    x, noise = rng.normal(size=(2, 20_000))

    def effects(log_odds, untreated_change):
        treated = rng.random(20_000) < 1 / (1 + np.exp(-log_odds))
        change = untreated_change + treated + noise
        return {m: panel_effect(change, treated, x[:, None], method=m).att for m in METHODS}

    line_wrong, logit_wrong = effects(0.8 * x - 0.5, x**2), effects(np.exp(x) / 2 - 1.5, 2 * x)
    assert abs(line_wrong["reg"] - 1) > 0.2
    assert abs(logit_wrong["ipw"] - 1) > 0.2
    for found in (line_wrong, logit_wrong):
        assert abs(found["dr"] - 1) < 0.1
        assert abs(found["dr_improved"] - 1) < 0.1


def test_refusals_say_what_is_missing(sample):
    outcome, after, treated, x, _ = sample
    with pytest.raises(EstimationError, match="no treated rows"):
        panel_effect(outcome, np.zeros(240, bool), x)
    with pytest.raises(EstimationError, match="no comparison rows"):
        panel_effect(outcome, np.ones(240, bool), x, method="reg")
    with pytest.raises(EstimationError, match="does not vary"):
        panel_effect(outcome, treated, np.column_stack([x, np.full(240, 7.3)]))
    with pytest.raises(EstimationError, match="collinear"):
        panel_effect(outcome, treated, np.column_stack([x, x.sum(axis=1)]), method="reg")
    with pytest.raises(EstimationError, match="no rows to compare in one of the periods"):
        cross_section_effect(outcome, after & ~treated, treated, np.empty((240, 0)))


def test_covariates_that_separate_the_groups_are_refused_unless_regression_is_asked_for(sample):
    outcome, _, treated, x, _ = sample
    apart = np.column_stack([x, np.where(treated, 1.0, 0.0) + 0.01 * x[:, 0]])
    for method in ("dr", "ipw", "dr_improved"):
        with pytest.raises(EstimationError, match=r"separate the two groups|no overlap"):
            panel_effect(outcome, treated, apart, method=method)


def test_near_certain_treatment_is_no_overlap():
    rng = np.random.default_rng(5)
    x = np.concatenate([rng.normal(size=300), rng.normal(9, 1, size=100)])
    treated = np.arange(400) >= 300
    treated[[0, 310]] = [True, False]
    with pytest.raises(EstimationError, match=r"no overlap: \d+ of 100 treated rows") as caught:
        panel_effect(x + treated, treated, x[:, None])
    assert "method='reg'" in caught.value.mend


def test_comparison_rows_of_extreme_propensity_count_nothing_and_are_counted():
    """One untreated row beside 400 treated ones has a propensity of 400/401: only the 500 others are compared with."""
    x = np.repeat([0.0, 0.0, 1.0, 1.0], [500, 100, 1, 400])
    treated = np.repeat([False, True, False, True], [500, 100, 1, 400])
    change = np.random.default_rng(8).normal(size=1001) + 50 * (x == 1) * ~treated
    effect = panel_effect(change, treated, x[:, None], method="ipw")
    assert effect.trimmed == 1
    assert effect.att == pytest.approx(change[treated].mean() - change[:500].mean(), abs=1e-9)


def test_logit_satisfies_its_equations_and_its_influence_has_the_fisher_variance(sample):
    _, _, treated, x, weights = sample
    matrix, y = np.column_stack([np.ones(240), x]), treated.astype(float)
    fit = logit(matrix, y, weights)
    np.testing.assert_allclose(matrix.T @ (weights * (y - fit.fitted)), 0, atol=1e-9)
    np.testing.assert_allclose(fit.fitted, 1 / (1 + np.exp(-matrix @ fit.coef)), rtol=1e-12)
    slope = fit.along(np.array([0.0, 1.0, 0.0]))
    bread = np.linalg.inv((matrix * (weights * fit.fitted * (1 - fit.fitted))[:, None]).T @ matrix)
    meat = (matrix * (weights * (y - fit.fitted))[:, None]).T @ (matrix * (weights * (y - fit.fitted))[:, None])
    assert slope @ slope / 240**2 == pytest.approx((bread @ meat @ bread)[1, 1], rel=1e-9)


def test_tilted_odds_balance_the_means(sample):
    _, _, treated, x, weights = sample
    matrix, y = np.column_stack([np.ones(240), x]), treated.astype(float)
    odds = tilted_odds(matrix, y, weights) * weights * (1 - y)
    np.testing.assert_allclose(odds @ matrix, (weights * y) @ matrix, rtol=1e-9)


@pytest.mark.parametrize("x", [[0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 1.0, 2.0]], ids=["complete", "quasi"])
def test_separation_is_refused(x):
    matrix, y = np.column_stack([np.ones(4), x]), np.array([0.0, 0.0, 1.0, 1.0])
    with pytest.raises(EstimationError, match="separate the two groups"):
        logit(matrix, y)


def test_a_single_group_a_collinear_design_and_means_outside_are_refused():
    with pytest.raises(EstimationError, match="no row of positive weight has y = 1"):
        logit(np.ones((3, 1)), np.zeros(3))
    with pytest.raises(EstimationError, match="did not converge"):
        logit(np.ones((4, 2)), np.array([0.0, 1.0, 0.0, 1.0]))
    x = np.array([0.0, 1.0, 2.0, 0.5, 1.2, 9.0, 9.5, 1.0])
    y = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    with pytest.raises(EstimationError, match="no weights on the untreated"):
        tilted_odds(np.column_stack([np.ones(8), x]), y)


def test_absorbed_columns_are_found_whatever_their_size():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 50))
    values = np.column_stack([1e-8 * a, np.full(50, 1e6), b, 3 * b - a, 1e9 + b])
    assert independent_columns(values[:, :4]) == [0, 2]
    assert independent_columns(np.empty((50, 0))) == []
