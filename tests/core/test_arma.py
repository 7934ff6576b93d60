"""The likelihood of ARMA errors against dense algebra, worked values and simulated truth."""

import numpy as np
import pytest

from coresponder_causal.core.arma import fit_arma
from coresponder_causal.core.arma_process import Order, autocovariances, differenced
from coresponder_causal.core.errors import EstimationError

RNG = np.random.default_rng(7)
X = np.column_stack([np.ones(80), np.arange(80) >= 45])
Y = X @ [3.0, -0.5] + np.convolve(RNG.standard_normal(109), 0.6 ** np.arange(30), mode="valid")


@pytest.mark.parametrize(
    ("ar", "ma", "expected"),
    [
        ([0.5], [], [4 / 3, 2 / 3, 1 / 3]),
        ([], [0.4], [1.16, 0.4, 0.0]),
        ([0.5], [0.4], [(1 + 2 * 0.5 * 0.4 + 0.16) / 0.75, 1.2 * 0.9 / 0.75, 0.6 * 0.9 / 0.75]),
        ([], [], [1.0, 0.0, 0.0]),
    ],
)
def test_autocovariances_by_hand(ar, ma, expected):
    np.testing.assert_allclose(autocovariances(np.array(ar), np.array(ma), 2), expected, atol=1e-12)


def test_autocovariances_are_those_of_the_moving_average_without_end():
    ar, ma = np.array([0.5, -0.3, 0.1]), np.array([0.4, 0.2])
    weights = np.zeros(400)
    weights[0] = 1.0
    for j in range(1, 400):
        weights[j] = sum(ar[i] * weights[j - 1 - i] for i in range(min(3, j))) + (ma[j - 1] if j <= 2 else 0.0)
    found = autocovariances(ar, ma, 30)
    np.testing.assert_allclose(found, [weights[: 400 - k] @ weights[k:] for k in range(31)], atol=1e-12)
    np.testing.assert_allclose(autocovariances(ar, ma, 1), found[:2])


def test_the_maximum_is_that_of_a_dense_normal_density():
    fit = fit_arma(Y, X, Order(1, 0, 0), positions=np.arange(80.0))

    def loglik(phi):
        V = phi ** np.abs(np.subtract.outer(np.arange(80), np.arange(80))) / (1 - phi**2)
        Q = np.linalg.inv(V)
        beta = np.linalg.solve(X.T @ Q @ X, X.T @ Q @ Y)
        rest = Y - X @ beta
        return -40 * (np.log(2 * np.pi * (rest @ Q @ rest) / 80) + 1) - np.linalg.slogdet(V)[1] / 2

    phi = fit.parameters["ar1"]
    assert fit.loglik == pytest.approx(loglik(phi), abs=1e-9)
    assert loglik(phi) > max(loglik(phi - 1e-3), loglik(phi + 1e-3))
    assert fit.aicc == pytest.approx(-2 * fit.loglik + 2 * 4 + 2 * 4 * 5 / (80 - 5))


def test_units_of_the_data_do_not_matter():
    """The trap of a search in raw units: the same fit, a million times as large."""
    plain = fit_arma(Y, X, Order(1, 0, 1), positions=np.arange(80.0))
    large = fit_arma(1e6 * Y, X, Order(1, 0, 1), positions=np.arange(80.0))
    np.testing.assert_allclose(large.beta, 1e6 * plain.beta, rtol=1e-9)
    np.testing.assert_allclose(large.vcov, 1e12 * plain.vcov, rtol=1e-8)
    np.testing.assert_allclose(list(large.parameters.values()), list(plain.parameters.values()), rtol=1e-8)


def test_a_gap_is_a_period_not_observed():
    """The likelihood of what is left is the marginal one, by dense algebra."""
    kept = np.delete(np.arange(80), [20, 21, 50])
    fit = fit_arma(Y[kept], X[kept], Order(1, 0, 0), positions=kept.astype(float))
    phi = fit.parameters["ar1"]
    V = fit.sigma2 * phi ** np.abs(np.subtract.outer(kept, kept)) / (1 - phi**2)
    rest = Y[kept] - X[kept] @ fit.beta
    density = -0.5 * (len(kept) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + rest @ np.linalg.solve(V, rest))
    assert fit.loglik == pytest.approx(density, abs=1e-9)
    np.testing.assert_allclose(fit.covariance, V, rtol=1e-9)


def test_simulated_parameters_come_back():
    eps = np.random.default_rng(1).standard_normal(500)
    u = np.zeros(500)
    for t in range(1, 500):
        u[t] = 0.6 * u[t - 1] + eps[t] + 0.4 * eps[t - 1]
    fit = fit_arma(u[200:], np.ones((300, 1)), Order(1, 0, 1), positions=np.arange(300.0))
    # standard errors near .06; three of them
    np.testing.assert_allclose([fit.parameters["ar1"], fit.parameters["ma1"]], [0.6, 0.4], atol=0.18)
    assert (fit.reached, fit.climbs, fit.at_edge, fit.curved) == (4, 4, (), True)


def test_a_series_differenced_too_often_is_at_the_edge():
    y = np.random.default_rng(2).standard_normal(120)
    fit = fit_arma(y, np.empty((120, 0)), Order(0, 1, 1), positions=np.arange(120.0))
    assert fit.at_edge == ("ma1",)
    assert not fit.curved


def test_differences_by_hand():
    y = np.arange(30.0) ** 2
    assert differenced(y, Order(0, 2, 0)).tolist() == [2.0] * 28
    assert differenced(y, Order(0, 1, 0, 0, 1, 0, 12)).tolist() == [24.0] * 17


def test_too_short_a_series_is_refused():
    with pytest.raises(EstimationError, match=r"6 periods for 4 coefficients of \(1,0,1\)"):
        fit_arma(Y[42:48], X[42:48], Order(1, 0, 1), positions=np.arange(6.0))
