"""Which counts can be published, and how often."""

from __future__ import annotations

import numpy as np
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.plan import publication_schedule, write_publication


def hidden(volume: float, share: float, kind: str = "random") -> dict[str, float]:
    return publication_schedule(volume, {"cell": share}, volume=kind).frame.iloc[0].to_dict()


def test_at_80_calls_a_month_arrests_at_a_tenth_are_small_in_82_percent_of_months():
    """Poisson with mean 8: P(1 to 10) = .8155, and the other calls are never small; the binomial gives .826."""
    assert round(hidden(80, 0.10)["month"]) == 82
    assert hidden(80, 0.10, "fixed")["month"] == pytest.approx(82.64, abs=0.01)
    assert hidden(80, 0.10)["recommended"] == "quarter"


def test_the_chances_are_those_of_simulated_months():
    """200,000 simulated quarters of 60 calls, 15 % of them in the cell; Monte-Carlo error .001."""
    rng = np.random.default_rng(5)
    for kind in ("random", "fixed"):
        calls = rng.poisson(60, 200_000) if kind == "random" else np.full(200_000, 60)
        cell = rng.binomial(calls, 0.15)
        small = [(part > 0) & (part < 11) for part in (cell, calls - cell)]
        assert hidden(20, 0.15, kind)["quarter"] / 100 == pytest.approx((small[0] | small[1]).mean(), abs=0.005)


def test_a_share_of_nearly_all_is_small_by_its_complement():
    assert hidden(80, 0.90)["month"] == pytest.approx(hidden(80, 0.10)["month"])


def test_rare_cells_have_no_period():
    assert hidden(10, 0.01)["recommended"] == "none"
    assert hidden(30, 0.0)["recommended"] == "month"


def test_it_is_written_and_broken_input_is_listed(tmp_path):
    page, table = write_publication(publication_schedule(80), tmp_path)
    assert "Publish by" in page.read_text(encoding="utf-8")
    assert table.read_text(encoding="utf-8").startswith("cell,share,expected,month")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["publication.csv", "publication.html"]
    with pytest.raises(DesignError, match=r"breaks 3 rules"):
        publication_schedule(-1, {"x": 2.0}, periods=("week",))
