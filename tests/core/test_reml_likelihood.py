"""The likelihood's closed-form derivatives, against an n × n likelihood and its central differences."""

import numpy as np
import pytest

from coresponder_causal.core.reml_bands import factorise, precision, recur, times
from coresponder_causal.core.reml_likelihood import expand
from coresponder_causal.core.reml_points import Points
from coresponder_causal.core.reml_search import search

GAPS = {"months": np.ones(35), "gaps": np.array([*np.ones(12), 4.0, *np.ones(9), 2.0, *np.ones(12)])}
PLACES = [(0.5, 0.6), (0.9, 0.3), (0.3, 0.05), (0.7, 0.98), (0.98, 0.9), (0.05, 0.5)]


def problem(gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal regressors, and a standardised outcome."""
    time = np.append(0.0, np.cumsum(gaps))
    basis, _ = np.linalg.qr(np.column_stack([np.ones(len(time)), time, time > 20, np.sin(time)]))
    y = np.random.default_rng(2).normal(size=len(time)).cumsum()
    y -= basis @ basis.T @ y
    return basis, y / np.linalg.norm(y) * np.sqrt(len(time) - 4)


def dense(rho: float, phi: float, gaps: np.ndarray, basis: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Restricted log-likelihood and log|K| + log|B'K⁻¹B|."""
    time = np.append(0.0, np.cumsum(gaps))
    K = phi * rho ** np.abs(time[:, None] - time) + (1 - phi) * np.eye(len(time))
    gram = basis.T @ np.linalg.solve(K, basis)
    P = np.linalg.inv(K) - np.linalg.solve(K, basis) @ np.linalg.solve(gram, np.linalg.solve(K, basis).T)
    spare = len(time) - basis.shape[1]
    logdet = np.linalg.slogdet(K)[1] + np.linalg.slogdet(gram)[1]
    return -0.5 * (spare * (np.log(2 * np.pi * (y @ P @ y) / spare) + 1) + logdet), logdet


@pytest.mark.parametrize("kind", GAPS)
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_values_and_derivatives(kind, place):
    """Central differences of width 1e-4: rounding of 1e-12/1e-4 and 1e-12/1e-8, and curvature of third order."""
    gaps = GAPS[kind]
    basis, y = problem(gaps)
    at = expand(np.array([place]), y[None], gaps, basis)
    h, (east, north) = 1e-4, np.eye(2)

    def values(*steps):
        return np.array(dense(*(np.array(place) + h * np.sum(steps, axis=0)), gaps, basis, y))

    centre = values(0 * east)
    first = np.array([values(e) - values(-e) for e in (east, north)]) / (2 * h)
    cross = values(east, north) + values(-east, -north) - values(east, -north) - values(-east, north)
    second = np.array(
        [values(east) + values(-east) - 2 * centre, cross / 4, values(north) + values(-north) - 2 * centre]
    )
    for part, surface in enumerate((at.loglik, at.logdet)):
        assert surface.value[0] == pytest.approx(centre[part], abs=1e-9)
        np.testing.assert_allclose(surface.gradient[:, 0], first[:, part], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(surface.hessian[:, 0], second[:, part] / h**2, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", GAPS)
def test_the_grid_and_the_expansion_agree(kind):
    basis, y = problem(GAPS[kind])
    places = np.array([*PLACES, (0.0, 1.0)])
    on_grid = Points.at(places, GAPS[kind], basis).loglik(np.stack([y, -2 * y]))
    alone = expand(places, np.tile(y, (len(places), 1)), GAPS[kind], basis).loglik.value
    np.testing.assert_allclose(on_grid[0], alone, atol=1e-10)
    np.testing.assert_allclose(on_grid[1], alone - 32 * np.log(2), atol=1e-10)


def test_the_precision_inverts_the_correlation():
    gaps, rho = GAPS["gaps"], np.array([0.0, 0.6, 0.97])
    time = np.append(0.0, np.cumsum(gaps))
    (Q, _, _), (logdet, _, _) = precision(rho, gaps)
    for j, r in enumerate(rho):
        R = r ** np.abs(time[:, None] - time)
        own = np.split(Q, 3, axis=1)[j]
        np.testing.assert_allclose(times(own, R), np.eye(len(time)), atol=1e-10)
        np.testing.assert_allclose(factorise(own).solve(np.eye(len(time))), R, atol=1e-10)
        assert logdet[j] == pytest.approx(np.linalg.slogdet(R)[1], abs=1e-10)


def test_a_recursion_starts_anew_at_every_point():
    weights, given = np.array([0.5, 2.0, 0.0, 0.5, 2.0, 0.0]), np.array([[1.0, 1.0, 1.0, 2.0, 0.0, 0.0]])
    assert recur(weights, given).tolist() == [[1.0, 1.5, 4.0, 2.0, 1.0, 2.0]]


@pytest.mark.parametrize("nugget", [True, False])
def test_the_search_rests_where_no_step_inside_the_box_gains(nugget):
    gaps = GAPS["gaps"]
    basis, _ = problem(gaps)
    rng = np.random.default_rng(4)
    units = rng.normal(size=(40, 36)) + rng.choice([0, 0.5], (40, 1)) * rng.normal(size=(40, 36)).cumsum(axis=1)
    units -= units @ basis @ basis.T
    found, settled = search(gaps, basis, nugget=nugget).peaks(units)
    assert settled.all()
    low, high = (0.0, 0.02 if nugget else 1.0), (0.985, 1.0)
    top = expand(found, units, gaps, basis).loglik.value
    for step in np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)]) * 3e-3:
        near = expand(np.clip(found + step, low, high), units, gaps, basis).loglik.value
        inside = (found[:, 0] > 0) | (step[0] > 3e-3)  # where ρ = 0 all φ are one
        assert (near - top)[inside].max() < 1e-6
