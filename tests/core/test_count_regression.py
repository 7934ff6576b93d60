"""Regression of counts: against statsmodels, its own definitions, and data that admit no finite fit."""

import numpy as np
import pytest
import statsmodels.api as sm

from coresponder_causal.core.count_regression import fit_counts
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.serial import ols

N = 80
T = np.arange(float(N))
X = np.column_stack([np.ones(N), T / N, T >= 50, np.sin(T / 2)])
EXPOSURE = 1 + T / 40
MEAN = EXPOSURE * np.exp(X @ [0.5, 0.4, -0.5, 0.3])


def poisson(seed=1):
    return np.random.default_rng(seed).poisson(MEAN).astype(float)


def spread_out(seed=1, alpha=0.4):
    rng = np.random.default_rng(seed)
    return rng.poisson(MEAN * rng.gamma(1 / alpha, alpha, N)).astype(float)


def test_poisson_is_that_of_statsmodels():
    y = poisson()
    assert (y == 0).any()
    fit = fit_counts(y, X, exposure=EXPOSURE)
    other = sm.GLM(y, X, family=sm.families.Poisson(), exposure=EXPOSURE).fit(tol=1e-14)
    np.testing.assert_allclose(fit.beta, other.params, rtol=1e-9)  # both iterate to the last digits
    np.testing.assert_allclose(fit.mean, other.fittedvalues, rtol=1e-9)
    np.testing.assert_allclose(fit.residuals, other.resid_pearson, rtol=1e-7, atol=1e-9)
    assert fit.dispersion == pytest.approx(other.pearson_chi2 / other.df_resid, rel=1e-9)
    assert fit.alpha == 0


def test_negative_binomial_is_that_of_statsmodels():
    y = spread_out()
    fit = fit_counts(y, X, exposure=EXPOSURE, family="negative-binomial")
    start = np.append(fit.beta, fit.alpha)
    other = sm.NegativeBinomial(y, X, exposure=EXPOSURE).fit(start, method="newton", tol=1e-12, disp=0)
    # its likelihood is climbed in β and α at once, with a numerical limit of its own
    np.testing.assert_allclose(start, other.params, rtol=1e-6)


def test_a_fit_is_least_squares_of_its_working_rows():
    for family, y in (("poisson", poisson()), ("negative-binomial", spread_out())):
        fit = fit_counts(y, X, exposure=EXPOSURE, family=family)
        linear = ols(fit.response, fit.rows)
        np.testing.assert_allclose(linear.beta, fit.beta, rtol=1e-9)
        variance = fit.mean + fit.alpha * fit.mean**2
        np.testing.assert_allclose(linear.residuals, (y - fit.mean) / np.sqrt(variance), rtol=1e-7, atol=1e-9)
        information = X.T @ (X * (fit.mean**2 / variance)[:, None])
        np.testing.assert_allclose(linear.vcov, fit.dispersion * np.linalg.inv(information), rtol=1e-7)


def test_counts_that_spread_less_than_poisson_have_no_alpha():
    y = np.round(MEAN)
    with collecting() as notes:
        fit = fit_counts(y, X, exposure=EXPOSURE, family="negative-binomial")
    assert fit.alpha == 0
    assert any("spread no more than a Poisson count" in text for text in notes)
    np.testing.assert_allclose(fit.beta, fit_counts(y, X, exposure=EXPOSURE).beta, rtol=1e-12)


def test_many_zeros_and_large_counts_converge():
    few = np.random.default_rng(3).poisson(0.15, N).astype(float)
    assert few.mean() < 0.3
    fit = fit_counts(few, X, exposure=np.ones(N))
    np.testing.assert_allclose(X.T @ (few - fit.mean), 0, atol=1e-7)
    many = 1e7 * MEAN * np.exp(np.random.default_rng(4).normal(0, 1.0, N))
    fit = fit_counts(many, X, exposure=EXPOSURE)
    np.testing.assert_allclose(X.T @ (many - fit.mean), 0, atol=1e-6 * many.sum())


def test_a_term_without_events_is_named():
    y = np.where(X[:, 2] == 1, 0.0, poisson())
    with pytest.raises(EstimationError, match="no finite coefficients fit these counts: 'level'") as caught:
        fit_counts(y, X, exposure=EXPOSURE, names=("constant", "trend", "level", "season"))
    assert "its_rare" in caught.value.mend


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"y": np.where(T == 3, -1.0, 1.0)}, "1 counts are negative"),
        ({"y": np.zeros(N)}, "there is no event"),
        ({"exposure": np.where(T == 3, 0.0, 1.0)}, "exposures are not all positive"),
        ({"X": np.ones((N, 2))}, "absorbed by the other terms"),
        ({"y": np.ones(N - 1)}, "outcome has shape"),
    ],
)
def test_what_cannot_be_fitted_is_said(changed, message):
    given = {"y": poisson(), "X": X, "exposure": EXPOSURE} | changed
    with pytest.raises(EstimationError, match=message):
        fit_counts(given["y"], given["X"], exposure=given["exposure"])
