"""Means of both arms: an arm without a unit is refused and not divided by."""

import numpy as np
import pytest

from coresponder_causal.core.arm_means import arm_means
from coresponder_causal.core.errors import EstimationError

Y, TREATED, ONE = np.array([1.0, 2.0, 3.0, 5.0]), np.array([True, True, False, False]), np.ones(4)


@pytest.mark.parametrize("regression", ["none", "shared", "by_arm"])
@pytest.mark.parametrize(("weights", "word"), [(1.0 - TREATED, "treated"), (1.0 * TREATED, "untreated")])
def test_an_arm_without_weight_is_refused(weights, word, regression):
    with pytest.raises(EstimationError, match=f"no {word} unit has a weight"):
        arm_means(Y, weights, TREATED, np.ones((4, 1)), ONE, regression=regression)


def test_without_covariates_they_are_weighted_means():
    found = arm_means(Y, np.array([1.0, 3.0, 1.0, 1.0]), TREATED, np.empty((4, 0)), ONE, regression="none")
    assert (found.treated, found.untreated) == pytest.approx((7 / 4, 4.0), abs=1e-12)
