"""The study behind the table of few clusters makes its rows again, and puts nothing in the place of those of others."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coresponder_causal.core import few_clusters
from coresponder_causal.validity.few_clusters import changes, measured, panels, rates

TABLE = pd.read_csv(Path(few_clusters.__file__).with_name("few_clusters.csv"))
KEYS = ["kind", "treated", "comparison", "treated_sd"]


@pytest.mark.parametrize("kind", ["WCR", "WCU"])
def test_the_shipped_row_of_one_treated_among_ten_is_made_again(kind):
    """A quarter of its panels: within four Monte-Carlo errors; the first panels are the same."""
    shipped = TABLE.set_index(KEYS).loc[(kind, 1, 10, 1)]
    again = rates(kind, changes(1, 10, 1.0, panels=panels // 4))
    for name in ("size", "power"):
        share = max(shipped[name], 0.01)
        assert getattr(again, name) == pytest.approx(shipped[name], abs=4 * (share * (1 - share) * 4 / panels) ** 0.5)


def test_power_of_enough_clusters_is_near_that_of_the_true_standard_error():
    power = TABLE.set_index(KEYS)["power"]
    for kind in ("CR1", "CR2", "WCR", "WCU"):
        assert 0.7 < power[kind, 20, 30, 1] < 0.85  # .80, less what estimating the error costs
    assert power["WCR", 1, 10, 1] < 0.1


@pytest.mark.full
def test_the_whole_table_is_made_again():
    pd.testing.assert_frame_equal(measured(TABLE), TABLE, check_dtype=False, rtol=1e-9)
