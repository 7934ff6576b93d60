"""Changes of shares in time: found where they are, and rarely where there is none (simulated series)."""

import numpy as np
import pytest

from coresponder_causal.core.segments import segments

WEEKS = 104


def series(rng, rate, rows, spread=1.0):
    """Missing and filled rows by week; ``spread`` is the variance over that of a binomial."""
    totals = rng.poisson(rows, WEEKS)
    rate = np.broadcast_to(rate, WEEKS)
    if spread > 1:
        within = 1 / ((spread - 1) / (rows - 1)) - 1
        rate = rng.beta(rate * within, (1 - rate) * within)
    missing = rng.binomial(totals, rate)
    return np.c_[missing, totals - missing]


@pytest.mark.parametrize(("rate", "rows", "spread"), [(0.05, 20, 1.0), (0.3, 20, 2.0), (0.05, 60, 2.0), (0.3, 60, 1.0)])
def test_without_a_change_one_is_found_at_most_one_time_in_twenty(rate, rows, spread):
    # Measured in 1,000 series each: 0.4, 2.2, 2.1 and 1.0 %. In 200 series a rate of 2.2 % exceeds 5 % with
    # probability 0.01 (binomial tail).
    rng = np.random.default_rng(1)
    found = sum(len(segments(series(rng, rate, rows, spread)).starts) > 0 for _ in range(200))
    assert found / 200 <= 0.05


@pytest.mark.parametrize("spread", [1.0, 2.0])
def test_a_change_of_the_form_is_found_in_its_week(spread):
    # From 5 to 30 % missing at 40 rows a week: the week is found within one in at least nine of ten series.
    rng = np.random.default_rng(2)
    rate = np.where(np.arange(WEEKS) < 60, 0.05, 0.30)
    cuts = [segments(series(rng, rate, 40, spread)).starts for _ in range(100)]
    assert sum(len(cut) == 1 and abs(cut[0] - 60) <= 1 for cut in cuts) >= 90


def test_two_changes_are_found():
    rng = np.random.default_rng(3)
    rate = np.select([np.arange(WEEKS) < 30, np.arange(WEEKS) < 70], [0.02, 0.6], 0.2)
    cut = segments(series(rng, rate, 40))
    assert cut.starts == (30, 70)
    assert all(gain > 50 for gain in cut.gains)


def test_weeks_without_rows_say_nothing():
    counts = np.array([[0, 20]] * 10 + [[0, 0]] * 20 + [[12, 8]] * 10)
    (start,) = segments(counts).starts
    assert 10 <= start <= 30


def test_several_categories_change_together():
    before, after = [10, 10, 10, 0], [10, 0, 10, 10]
    assert segments([before] * 20 + [after] * 20).starts == (20,)


def test_overdispersion_is_seen_and_a_change_is_not_taken_for_it():
    rng = np.random.default_rng(4)
    spread = np.mean([segments(series(rng, 0.3, 60, 3.0)).overdispersion for _ in range(40)])
    assert 2.0 < spread < 4.0
    stepped = series(rng, np.where(np.arange(WEEKS) < 50, 0.05, 0.6), 60)
    assert segments(stepped).overdispersion < 1.5


def test_a_short_series_is_left_alone():
    assert segments([[0, 10]] * 3).starts == ()
    assert segments(np.empty((0, 2))).starts == ()
