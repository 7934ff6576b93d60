"""What a switchback can find: against the variance of Poisson counts worked by hand, and against longer trials."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.design import switchback_schedule
from coresponder_causal.validity import switchback_power

PLAN = switchback_schedule(weeks=26, start="2027-01-04", city="Davis", seed=1)


def poisson_calls(*, per_block=2.0, weeks=60, seed=1):
    """Calls of a city at the same rate in every block, at random minutes of it."""
    rng = np.random.default_rng(seed)
    past = switchback_schedule(weeks=weeks, start="2025-01-06", city="Davis", seed=1).starts
    counts = rng.poisson(per_block, len(past))
    stamps = past.repeat(counts) + pd.to_timedelta(rng.integers(0, 420, counts.sum()), unit="m")
    edges = pd.to_datetime(["2025-01-06 00:10", f"{past[-1]:%Y-%m-%d} 23:50"])
    received = stamps.append(edges)
    return pd.DataFrame({"call_id": range(len(received)), "city": "Davis", "received_at": received})


def test_poisson_counts_give_the_variance_worked_by_hand():
    """Var log ratio = 1/(events covered) + 1/(events uncovered): at 26 weeks 520 and 208 events, SE 0.082."""
    found = switchback_power(poisson_calls(), PLAN, weeks=(26,), replications=2000).table.iloc[0]
    by_hand = np.sqrt(1 / 520 + 1 / 208)
    assert found["std_error"] == pytest.approx(by_hand, rel=0.08)  # 60 observed weeks and 2,000 redraws
    assert found["events"] == pytest.approx(728, rel=0.06)
    assert found["fall"] == pytest.approx(100 * (np.exp(-2.8016 * found["std_error"]) - 1), abs=0.01)
    assert found["rise"] > -found["fall"]


def test_longer_trials_find_smaller_changes_and_seeds_repeat():
    calls = poisson_calls(seed=2)
    found = switchback_power(calls, PLAN, replications=300)
    assert found.table["weeks"].tolist() == [13, 26, 52]
    assert found.table["fall"].is_monotonic_increasing
    pd.testing.assert_frame_equal(found.table, switchback_power(calls, PLAN, replications=300).table)
    assert found.sentence.startswith("A trial of 52 weeks finds a fall of ")
    assert "60 weeks before it" in found.sentence


def test_a_past_that_is_too_short_or_too_quiet_is_refused():
    with pytest.raises(DesignError, match="the calls cover 5 whole weeks"):
        switchback_power(poisson_calls(weeks=5), PLAN)
    with pytest.raises(DesignError, match="happens too rarely"):
        switchback_power(poisson_calls(per_block=0.0), PLAN)
    with pytest.raises(DesignError, match="'arrests' is not counted"):
        switchback_power(poisson_calls(), PLAN, outcome="arrests")
    with pytest.raises(DesignError, match="no complete column 'received_at'"):
        switchback_power(pd.DataFrame({"call_id": [1]}), PLAN)
