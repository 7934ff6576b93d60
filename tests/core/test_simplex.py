"""Least squares over the simplex against a general optimiser, and what can be said by hand."""

import numpy as np
import pytest
from scipy.optimize import minimize, nnls

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.simplex import Gram, _weights, gram_of, simplex_weights


def problem(seed, n=40, m=8, noise=0.3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, m)) + 2 * rng.normal(size=(n, 1)) + rng.normal(size=m)
    return X, X @ rng.dirichlet(np.full(m, 0.3)) + 1.5 + noise * rng.normal(size=n)


def by_slsqp(G, h):
    """A general optimiser with constraints."""
    return minimize(
        lambda w: (w @ G @ w - 2 * h @ w) / np.trace(G),
        np.full(len(h), 1 / len(h)),
        jac=lambda w: 2 * (G @ w - h) / np.trace(G),
        method="SLSQP",
        bounds=[(0, 1)] * len(h),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(len(w))},
        options={"ftol": 1e-16, "maxiter": 1000},
    ).x


def by_cone(X, y):
    """The nearest point of a polytope as nonnegative least squares: min |Zu|² + (1 − Σu)², w = u/Σu."""
    Z = X - y[:, None]
    Z /= np.abs(Z).max()
    u = nnls(np.vstack([Z, np.ones(Z.shape[1])]), np.append(np.zeros(len(Z)), 1.0))[0]
    return u / u.sum()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("ridge", [0.0, 2.0])
def test_weights_are_those_of_a_general_optimiser(seed, ridge):
    X, y = problem(seed)
    G, h = gram_of(X, y, ridge=ridge)
    ours, theirs = simplex_weights(Gram(G, h)), by_slsqp(G, h)
    lost, scale = ours @ G @ ours - 2 * h @ ours - (theirs @ G @ theirs - 2 * h @ theirs), np.trace(G)
    assert abs(lost) < 1e-8 * scale
    assert lost < 1e-12 * scale  # it stops near the optimum, where weights move with the root of what is lost
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_those_of_nonnegative_least_squares_on_the_cone(seed):
    X, y = problem(seed, n=30, m=12)
    np.testing.assert_allclose(simplex_weights(gram_of(X, y, intercept=False)), by_cone(X, y), atol=1e-10)


@pytest.mark.parametrize(("n", "m", "ridge"), [(60, 20, 0.0), (15, 20, 0.0), (60, 20, 4.0)])
def test_many_problems_at_once_are_each_solved_as_alone_whoever_is_allowed(n, m, ridge):
    rng = np.random.default_rng(n)
    Z = rng.normal(size=(n, 3)) @ rng.normal(size=(3, m)) + rng.normal(size=(n, m))
    S = Z.T @ Z
    G, allowed = S + ridge * np.eye(m), ~np.eye(m, dtype=bool)
    together = simplex_weights(Gram(G, S), allowed=allowed)
    assert (np.diag(together) == 0).all()
    for row in range(m):
        there = np.flatnonzero(allowed[row])
        alone = _weights(G[np.ix_(there, there)], S[row, there])  # one weight at a time
        np.testing.assert_allclose(together[row, there], alone, atol=1e-9)


def test_a_search_that_starts_near_ends_at_the_same_weights():
    rng = np.random.default_rng(4)
    Z, target = rng.normal(size=(25, 60)), rng.normal(size=25)
    first = simplex_weights(gram_of(Z, target))
    moved = gram_of(Z[1:], target[1:])
    near, anew = simplex_weights(moved, near=first), simplex_weights(moved)
    np.testing.assert_allclose(near, anew, atol=1e-9)
    assert np.abs(near - first).max() > 1e-3
    np.testing.assert_allclose(_weights(*moved, near=first), anew, atol=1e-9)


def test_a_target_without_donors_is_refused():
    with pytest.raises(EstimationError, match="nobody to be weighted"):
        simplex_weights(Gram(np.eye(3), np.ones((1, 3))), allowed=np.zeros((1, 3), bool))


def test_several_targets_are_each_fitted():
    X, y = problem(3)
    targets = np.array([y, y + 0.4 * (np.arange(len(y)) > 30), X[:, 2]])
    together = simplex_weights(gram_of(X, targets))
    assert together.shape == (3, 8)
    alone = [simplex_weights(gram_of(X, target)) for target in targets]
    np.testing.assert_allclose(together, alone, atol=1e-12)  # products of matrices are summed in another order
    np.testing.assert_allclose(together[2], np.eye(8)[2], atol=1e-12)


def test_an_intercept_takes_levels_out():
    X, y = problem(5)
    shifted = simplex_weights(gram_of(X + np.arange(8.0), y - 7))
    np.testing.assert_allclose(shifted, simplex_weights(gram_of(X, y)), atol=1e-10)
    assert not np.allclose(
        simplex_weights(gram_of(X + np.arange(8.0), y - 7, intercept=False)), simplex_weights(gram_of(X, y))
    )


def test_a_large_ridge_makes_weights_equal():
    X, y = problem(7)
    np.testing.assert_allclose(simplex_weights(gram_of(X, y, ridge=1e9)), np.full(8, 1 / 8), atol=1e-6)


def test_more_donors_than_periods_and_copies_of_donors_are_fitted_as_well():
    X, y = problem(9, n=6, m=20)
    X[:, 3] = X[:, 4]
    w = simplex_weights(gram_of(X, y))
    fewer = np.delete(X, 3, axis=1)
    gap, without_copy = y - X @ w, y - fewer @ simplex_weights(gram_of(fewer, y))
    assert np.var(gap) == pytest.approx(np.var(without_copy), abs=1e-10)


def test_one_donor_has_all_the_weight():
    assert simplex_weights(Gram(np.array([[2.0]]), np.array([-5.0]))).tolist() == [1.0]


def test_what_is_not_finite_is_refused():
    with pytest.raises(EstimationError, match="not finite"):
        simplex_weights(Gram(np.array([[np.nan]]), np.array([1.0])))
