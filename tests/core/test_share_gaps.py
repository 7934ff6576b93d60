"""Differences of shares with few events: published bounds, agreement of bounds and p-values, and coverage."""

import numpy as np
import pytest

from coresponder_causal.core.inference import p_value, share_gap, share_gap_p_value

# Newcombe (1998), Statistics in Medicine 17:873, table II, method 10: events, calls, bounds to four digits.
PUBLISHED = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0582, 0.8062)),
    ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ((0, 10), (0, 10), (-0.2775, 0.2775)),
    ((10, 10), (0, 20), (0.6791, 1.0)),
    ((10, 10), (0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("one", "other", "bounds"), PUBLISHED)
def test_bounds_are_those_published(one, other, bounds):
    found = share_gap([one[0] / one[1], other[0] / other[1]], [one[1], other[1]], np.inf)
    assert found == pytest.approx(bounds, abs=5.1e-5)


@pytest.mark.parametrize("df", [8.0, np.inf])
@pytest.mark.parametrize("shares", [(0.0, 0.1), (0.3, 0.05), (0.2, 0.5)])
def test_a_bound_at_the_level_of_the_p_value_is_nothing(shares, df):
    p = share_gap_p_value(shares, [40, 60], df)
    low, high = share_gap(shares, [40, 60], df, level=1 - p)
    assert min(abs(low), abs(high)) == pytest.approx(0, abs=1e-6)
    assert share_gap_p_value(shares[::-1], [60, 40], df) == pytest.approx(p)


def test_few_events_are_held_where_a_normal_interval_does_not():
    """2 to 10 events expected in the smaller arm, 4,000 draws each: Monte-Carlo error below half a point."""
    rng, cut = np.random.default_rng(4), 1.959964
    for number, many, chance in ((40, 400, 0.05), (100, 1000, 0.02), (100, 300, 0.05), (100, 300, 0.1)):
        events = rng.binomial([number, many], chance, (4000, 2))
        shares = events / [number, many]
        gaps = shares[:, 0] - shares[:, 1]
        held = [low <= 0 <= high for low, high in (share_gap(own, [number, many], np.inf) for own in shares)]
        error = np.sqrt((shares * (1 - shares) / [number, many]).sum(axis=1))
        plain = np.mean(np.abs(gaps) <= cut * error)
        assert np.mean(held) >= 0.94
        assert np.mean(held) > plain or plain >= 0.945
    assert p_value(cut, np.inf) == pytest.approx(0.05, abs=1e-6)
