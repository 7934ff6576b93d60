"""Influence functions of several estimates on common units and clusters."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.stacked import stacked

CALLS = pd.Index([f"c{i}" for i in range(6)], name="call_id")
PERSON = pd.Index([0, 0, 1, 2, 3, 3])
WEEK = pd.Index(["w1", "w1", "w1", "w2", "w2", "w2"])
ONE, OTHER = np.array([1.0, 2, 3, 4, 5, 6]), np.array([2.0, -1, 0, 1, 1, -2])


def psi(values, chosen=slice(None), cluster=None):
    labels = None if cluster is None else cluster[chosen]
    return Influence(left=values[chosen][:, None], right=np.eye(1), unit=CALLS[chosen], cluster=labels)


def test_persons_within_weeks_give_weeks():
    """By hand: weekly sums are 6, 15 and 1, 0; over n = 6: (36 + 225)/36, 6/36 and 1/36."""
    stack = stacked([psi(ONE, cluster=PERSON), psi(OTHER, cluster=WEEK)])
    np.testing.assert_allclose(stack.vcov, np.array([[261, 6], [6, 1]]) / 36, rtol=1e-12)
    assert not stack.crossed


def test_row_order_and_the_numbers_of_persons_do_not_matter():
    mixed = np.array([3, 0, 5, 1, 4, 2])
    renumbered = pd.Index([9 - code for code in PERSON])
    first = stacked([psi(ONE, cluster=PERSON), psi(OTHER, cluster=PERSON)])
    other = stacked([psi(ONE, cluster=PERSON), psi(OTHER, mixed, renumbered)])
    np.testing.assert_allclose(other.vcov, first.vcov, rtol=1e-12)


def test_part_of_the_units_and_no_shared_unit():
    """By hand: calls 0 and 1 are shared; their person's sums are 3 of n = 4 and 1 of n = 2: 3/4 · 1/2."""
    stack = stacked([psi(ONE, slice(0, 4), PERSON), psi(OTHER, slice(0, 2), PERSON)])
    assert stack.vcov[0, 1] == pytest.approx(3 / 8)
    apart = stacked([psi(ONE, slice(0, 3), PERSON), psi(OTHER, slice(3, 6), PERSON)])
    assert apart.vcov[0, 1] == 0.0


def test_kinds_that_cross_take_the_fewest():
    persons = pd.Index([0, 1, 2, 0, 1, 2])
    stack = stacked([psi(ONE, cluster=persons), psi(OTHER, cluster=WEEK)])
    assert stack.crossed
    np.testing.assert_allclose(stack.vcov, np.array([[261, 6], [6, 1]]) / 36, rtol=1e-12)


def test_rows_have_the_same_covariance():
    parts = [psi(ONE, slice(0, 4)), psi(OTHER)]
    stack = stacked(parts)
    rows = stack.rows(parts)
    np.testing.assert_allclose(rows.T @ rows / 36, stack.vcov, rtol=1e-12)


def test_units_that_repeat_are_refused():
    with pytest.raises(EstimationError, match="units repeat"):
        stacked([Influence(left=np.ones((2, 1)), right=np.eye(1), unit=pd.Index(["a", "a"]))])
