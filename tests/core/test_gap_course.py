"""The gap by half-year: least squares with every effect as a column, and what happens at the ends."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.gap_course import gap_course


def drawn(first=-52, last=60, seed=1):
    rng, week = np.random.default_rng(seed), np.repeat(np.arange(first, last), 20)
    hour = rng.integers(0, 6, len(week))
    covered, x = hour >= 3, rng.normal(size=len(week))
    y = 0.2 * hour + 0.5 * x - 0.4 * (covered & (week >= 0)) + rng.normal(size=len(week))
    return y, hour, pd.DataFrame({"x": x}), week, covered


def test_estimates_are_those_of_least_squares_with_every_effect_as_a_column():
    y, hour, x, week, covered = drawn(last=52)
    found = gap_course(y, strata=hour, regressors=x, week=week, covered=covered)
    assert found["half"].tolist() == [-2, -1, 0, 1]
    columns = [(covered & (week // 26 == half)).astype(float) for half in (-2, 0, 1)]
    X = np.column_stack([*columns, pd.get_dummies(hour).to_numpy(float), x])
    by_hand = np.linalg.lstsq(X, y, rcond=None)[0][:3]
    np.testing.assert_allclose(found.loc[found["half"] != -1, "estimate"], by_hand, rtol=1e-9)
    assert found.set_index("half").loc[-1].tolist() == [0, 0, 0]


def test_intervals_are_as_wide_as_the_weeks_say():
    """Independent errors of deviation 1, ten calls a side and week: se √(2 · 2/(10 · 26)) = .124 of a difference."""
    y, hour, x, week, covered = drawn(last=52)
    found = gap_course(y, strata=hour, regressors=x, week=week, covered=covered).set_index("half")
    half = (found["high"] - found["low"]) / 2
    np.testing.assert_allclose(half.loc[[-2, 0, 1]], 0.124 * 2.0, rtol=0.35)
    assert (found.loc[[0, 1], "high"] < 0).all()
    assert found.loc[-2, "low"] < 0 < found.loc[-2, "high"]


def test_a_thin_last_half_year_counts_with_its_neighbour():
    y, hour, x, week, covered = drawn(last=58)
    found = gap_course(y, strata=hour, regressors=x, week=week, covered=covered)
    assert found["half"].tolist() == [-2, -1, 0, 1]
    y, hour, x, week, covered = drawn(last=60)
    assert gap_course(y, strata=hour, regressors=x, week=week, covered=covered)["half"].tolist()[-1] == 2


def test_calls_of_one_side_alone_are_refused():
    y, hour, x, week, covered = drawn(first=0, last=60)
    with pytest.raises(EstimationError, match="no half-year lies before"):
        gap_course(y, strata=hour, regressors=x, week=week, covered=covered)
