"""Spending of error over looks, against published boundaries."""

import numpy as np
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import spending_looks


def test_boundaries_that_are_published() -> None:
    """Five equal looks, two-sided 5 %, O'Brien–Fleming spending: DeMets & Lan (1994), doi:10.1002/sim.4780131308."""
    found = spending_looks([0.2, 0.4, 0.6, 0.8, 1.0])
    assert found.boundary.round(2).tolist() == [4.88, 3.36, 2.68, 2.29, 2.03]  # as printed


def test_the_error_of_all_looks_together_is_kept() -> None:
    """On simulated Brownian motion, at looks that are not even."""
    shares = np.array([0.25, 0.5, 0.7, 1.0])
    found = spending_looks(shares)
    steps = np.random.default_rng(1).normal(size=(400_000, 4)) * np.sqrt(np.diff(shares, prepend=0))
    beyond = np.abs(steps.cumsum(axis=1) / np.sqrt(shares)) > found.boundary
    rejected = np.maximum.accumulate(beyond, axis=1).mean(axis=0)
    np.testing.assert_allclose(rejected, found.spent, atol=4 * np.sqrt(0.05 * 0.95 / 400_000))
    assert found.spent[-1] == pytest.approx(0.05)


def test_one_look_is_the_usual_test() -> None:
    assert spending_looks([1.0]).boundary[0] == pytest.approx(1.959963984540054, abs=1e-12)


@pytest.mark.parametrize("shares", [[0.5, 0.4, 1.0], [0.5], [0.0, 1.0], []])
def test_shares_that_do_not_increase_to_one_are_refused(shares: list[float]) -> None:
    with pytest.raises(DesignError, match="let them increase from above 0 to 1"):
        spending_looks(shares)
