"""Error models of one series: one shape of answer, and the covariance of the errors that each implies."""

import numpy as np
import pytest

from coresponder_causal.core.error_models import fit_errors
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.sandwich import andrews_lags, newey_west
from coresponder_causal.core.serial import ols, prais_winsten

N = 60
T = np.arange(float(N))
X = np.column_stack([np.ones(N), T, T >= 36])


def outcome(rho=0.6, seed=3):
    rng = np.random.default_rng(seed)
    shocks = rng.normal(0, 1, N)
    for i in range(1, N):
        shocks[i] += rho * shocks[i - 1]
    return X @ [10, 0.1, -2] + shocks


def fitted(errors, y=None, **options):
    return fit_errors(outcome() if y is None else y, X, positions=T, errors=errors, **options)


def covariance(fit):
    """Covariance of the errors that a fit draws."""
    root = fit.noise.draw(np.eye(N))
    return root @ root.T


def test_each_model_is_the_kernel_it_names():
    y = outcome()
    plain, transformed = ols(y, X), prais_winsten(y, X)
    np.testing.assert_array_equal(fitted("ols").vcov, plain.vcov)
    np.testing.assert_array_equal(fitted("prais-winsten").vcov, transformed.vcov)
    robust = fitted("newey-west")
    expected = newey_west(X, plain.residuals, lags="andrews", small_sample="n/(n-k)")
    np.testing.assert_array_equal(robust.vcov, expected)
    assert robust.facts["lags"] == andrews_lags(plain.residuals) > 0
    assert {fitted(name).df for name in ("ols", "prais-winsten", "newey-west")} == {N - 3}


def test_the_covariance_of_the_errors_is_that_of_the_model():
    white = covariance(fitted("ols"))
    residuals = ols(outcome(), X).residuals
    np.testing.assert_allclose(white, residuals @ residuals / (N - 3) * np.eye(N), rtol=1e-12, atol=1e-15)
    fit = fitted("prais-winsten")
    persistent = covariance(fit)
    np.testing.assert_allclose(persistent[5] / persistent[5, 5], fit.facts["rho"] ** np.abs(T - 5), atol=1e-14)
    fit = fitted("reml-nugget")
    both, share = covariance(fit), fit.facts["phi"]
    # The variance of a stationary AR(1) with unit shocks at ρ = .6 is 1.56; its estimate from 60 periods is rough.
    assert 0.5 < both[0, 0] < 5
    np.testing.assert_allclose(both[0, 1:4] / both[0, 0], share * fit.facts["rho"] ** np.arange(1, 4))
    assert fit.facts["nugget"] == 1 - share


def test_a_negative_correlation_alternates():
    rough = fitted("prais-winsten", outcome(rho=-0.6))
    assert rough.facts["rho"] < 0
    assert (np.sign(covariance(rough)[0, :4]) == [1, -1, 1, -1]).all()


@pytest.mark.parametrize("errors", ["ols", "newey-west", "prais-winsten"])
def test_only_reml_spans_a_gap(errors):
    kept = np.delete(np.arange(N), 20)
    with pytest.raises(EstimationError, match="needs a series without gaps"):
        fit_errors(outcome()[kept], X[kept], positions=T[kept], errors=errors)
    assert fit_errors(outcome()[kept], X[kept], positions=T[kept], errors="reml-nugget").record is not None
