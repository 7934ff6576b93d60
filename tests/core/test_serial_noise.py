"""Errors drawn period by period have the covariance of the model, over gaps too."""

import numpy as np
import pytest

from coresponder_causal.core.persistence import persistence
from coresponder_causal.core.serial_noise import SerialNoise, root

GAPS = np.array([0.0, 1.0, 2.0, 5.0, 6.0, 20.0, 21.0])


@pytest.mark.parametrize(
    ("persistent", "white", "rho"),
    [(2.0, 0.5, 0.8), (1.0, 0.0, 0.6), (0.0, 3.0, 0.0), (1.5, 0.2, -0.7), (1.0, 1.0, 1.0)],
)
def test_the_draws_are_the_lower_triangle_of_the_covariance(persistent, white, rho):
    factor = SerialNoise(persistent, white, rho, GAPS).draw(np.eye(len(GAPS)))
    covariance = persistent * persistence(rho, GAPS) + white * np.eye(len(GAPS))
    np.testing.assert_allclose(factor @ factor.T, covariance, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(factor, np.tril(factor))


def test_single_precision_stays_single_and_rows_may_be_left_out():
    noise = SerialNoise(2.0, 0.5, 0.8, GAPS)
    kept = GAPS > 1
    few = noise.among(kept).draw(np.eye(5, dtype=np.float32))
    assert few.dtype == np.float32
    np.testing.assert_allclose(few @ few.T, 2 * persistence(0.8, GAPS[kept]) + 0.5 * np.eye(5), rtol=1e-5)


def test_a_root_exists_where_the_covariance_is_singular():
    loading = np.array([[1.0, 2.0, 3.0]])
    factor = root(loading.T @ loading)
    np.testing.assert_allclose(factor @ factor.T, loading.T @ loading, atol=1e-12)
