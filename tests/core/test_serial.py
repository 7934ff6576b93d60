from __future__ import annotations

import numpy as np
import pytest

from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.serial import ols, prais_winsten

RNG_SEED = 71


def series(n: int = 60, rho: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(RNG_SEED)
    t = np.arange(n)
    X = np.column_stack([np.ones(n), t / 12, t >= n // 2]).astype(float)
    u = np.zeros(n)
    for i, shock in enumerate(rng.normal(size=n)):
        u[i] = shock + (rho * u[i - 1] if i else 0)
    return X @ [3.0, 0.1, -0.5] + u, X


def test_ols_agrees_with_statsmodels():
    import statsmodels.api as sm

    y, X = series()
    fit, other = ols(y, X), sm.OLS(y, X).fit()
    # the same closed form: rounding only
    np.testing.assert_allclose(fit.beta, other.params, rtol=1e-11)
    np.testing.assert_allclose(fit.vcov, other.cov_params(), rtol=1e-11)
    np.testing.assert_allclose(fit.residuals, other.resid, atol=1e-12)
    assert (fit.rho, fit.df, fit.n, fit.k, fit.iterations, fit.converged) == (0.0, 57.0, 60, 3, 0, True)


def test_prais_winsten_at_known_rho_is_generalised_least_squares():
    y, X = series()
    rho, n, k = 0.4, *X.shape
    fit = prais_winsten(y, X, rho=rho)
    lag = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    inverse = np.linalg.inv(rho**lag / (1 - rho**2))
    bread = np.linalg.inv(X.T @ inverse @ X)
    beta = bread @ X.T @ inverse @ y
    u = y - X @ beta
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-10)
    np.testing.assert_allclose(fit.vcov, bread * (u @ inverse @ u) / (n - k), rtol=1e-10)
    np.testing.assert_allclose(fit.residuals, u, atol=1e-11)


def test_prais_winsten_settles_on_its_own_residuals():
    y, X = series()
    fit = prais_winsten(y, X)
    u = fit.residuals
    assert fit.converged
    assert fit.iterations > 1
    # the fixed point of ρ = Σ u_t u_{t−1} / Σ u²_{t−1}, to the tolerance of the iteration
    assert fit.rho == pytest.approx(u[1:] @ u[:-1] / (u[:-1] @ u[:-1]), abs=1e-8)
    assert prais_winsten(y, X, rho=fit.rho).beta == pytest.approx(fit.beta, abs=1e-12)


def test_one_step_is_said_not_to_have_settled():
    y, X = series()
    with collecting() as notes, pytest.warns(IdentificationWarning, match="after 1 steps"):
        fit = prais_winsten(y, X, max_iter=1)
    assert not fit.converged
    assert fit.iterations == 1
    assert len(notes) == 1


@pytest.mark.parametrize("rho", [1.0, -1.2, np.nan])
def test_rho_outside_the_unit_circle_is_refused(rho):
    y, X = series()
    with pytest.raises(EstimationError, match="not stationary"):
        prais_winsten(y, X, rho=rho)


def test_explosive_errors_are_refused():
    with pytest.raises(EstimationError, match="not stationary"):
        prais_winsten(1.5 ** np.arange(20.0), np.ones((20, 1)))


def test_exact_fit_is_said():
    _, X = series()
    with collecting() as notes:
        fit = ols(X @ [1.0, 2.0, 3.0], X)
    np.testing.assert_allclose(fit.beta, [1.0, 2.0, 3.0], rtol=1e-12)
    assert "exactly" in notes[0]


def test_one_error_names_every_broken_rule():
    X = np.ones((3, 3))
    X[1, 2] = np.inf
    with pytest.raises(EstimationError) as caught:
        ols(np.array([1.0, np.nan, 2.0]), X)
    message = str(caught.value)
    assert "breaks 3 rules" in message
    assert "3 rows for 3 columns, 4 are needed" in message
    assert "1 rows of the regressors are not finite (rows 1)" in message
    assert "1 values of the outcome are not finite (rows 1)" in message


def test_absorbed_columns_are_named_by_position():
    y, X = series()
    with pytest.raises(EstimationError, match="'column 3' is absorbed"):
        ols(y, np.column_stack([X, 2 * X[:, 1] - X[:, 0]]))


def test_shapes_are_checked():
    with pytest.raises(EstimationError, match=r"outcome has shape \(4,\), the regressors have 5 rows"):
        ols(np.ones(4), np.ones((5, 1)))
    with pytest.raises(EstimationError, match=r"regressors have shape \(5,\)"):
        ols(np.ones(5), np.ones(5))
