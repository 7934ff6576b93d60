"""Spending of error over looks, against another program and against simulation."""

import numpy as np
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import spending_looks


def test_boundaries_of_another_program() -> None:
    """SeqBounds.jl, README: one-sided 5 % at four even looks, grid step 0.05; it prints what that grid gives."""
    found = spending_looks([0.25, 0.5, 0.75, 1.0], level=0.9)  # each side spends 5 %; crossing both is all but nothing
    np.testing.assert_allclose(found.boundary, [3.74955, 2.53993, 2.01604, 1.72014], atol=5e-5)


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
