"""Correlations that fade: no number so small that processors slow down, and none that counts is lost."""

import numpy as np
import pytest

from coresponder_causal.core.persistence import persistence


@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.03, 0.3, 0.97])
def test_it_is_the_correlation_of_an_autoregression(rho):
    positions = np.array([0.0, 1.0, 4.0, 60.0, 259.0])
    exact = np.array([[rho ** abs(a - b) for a in positions] for b in positions])
    np.testing.assert_allclose(persistence(rho, positions), exact, rtol=1e-14, atol=1e-30)


@pytest.mark.parametrize("rho", [0.01, 0.1, 0.3, 0.6])
def test_no_number_leaves_the_range_in_which_factorising_is_fast(rho):
    matrix = 0.9 * persistence(rho, np.arange(400.0)) + 0.1 * np.eye(400)
    for found in (matrix, np.linalg.cholesky(matrix)):
        sizes = np.abs(found[found != 0])
        assert (sizes > 1e-300).all()
