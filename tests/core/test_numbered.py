"""Labels are numbered as pandas numbers them, whether or not they are numbers already."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.numbered import numbered


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 1, 0, 2, 1], [0, 2, 1], [1, 2, 3], [0, 1, -1, 2], [0.0, 1.0, 1.0], ["b", None, "a"], [], [3, 3], [0, 0, 1]],
)
def test_numbers_are_those_of_the_order_of_appearance(labels):
    values = np.array(labels, object if None in labels else None)
    codes, found = pd.factorize(values)
    own, many = numbered(values)
    np.testing.assert_array_equal(own, codes)
    assert many == len(found)
