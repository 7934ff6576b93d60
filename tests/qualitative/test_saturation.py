"""Saturation worked by hand, its band over orders, and what it refuses."""

import numpy as np
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.qualitative import Code, Coded, Segment, Source, saturation


def told(*interviews):
    """Coded text in which each interview has the codes of its letters."""
    names = sorted(set("".join(interviews)))
    sources = tuple(Source(name=f"I{i}", text="words") for i in range(len(interviews)))
    pairs = [(i, code) for i, own in enumerate(interviews) for code in own]
    segments = tuple(Segment(source=f"I{i}", start=0, end=5, code=code) for i, code in pairs)
    return Coded(codes=tuple(Code(name=name) for name in names), sources=sources, segments=segments)


def test_runs_overlap_and_are_measured_by_the_base():
    # Base of 4: a–t, 20 codes. New after it: u v, w, none, none. Runs 5–6: 3/20, 6–7: 1/20, which is little: at 5.
    coded = told("abcdefgh", "ijklm", "nopqr", "st", "uv", "w", "a", "b")
    found = saturation(coded)
    assert found.at == 5
    assert found.course["share"].tolist()[4:] == pytest.approx([np.nan, 0.15, 0.05, 0.0], nan_ok=True)
    assert found.course["new"].tolist() == [8, 5, 5, 2, 2, 1, 0, 0]
    assert "reached at 5+2 interviews (23 codes" in str(found)
    assert saturation(coded, threshold=0.0).at == 6
    assert saturation(coded, run=3).at == 5  # 5–7: 3/20, 6–8: 1/20
    assert saturation(coded, base=5).at == 5  # 6–7: 1/22


def test_the_order_of_interviews_is_a_band_and_may_never_reach():
    rich = ["abcdef", "ghijkl", "mnopqr", "stuvwx", "a", "b", "c", "d", "e", "f"]
    first, last = saturation(told(*rich)), saturation(told(*rich[::-1]))
    assert first.at == 4
    assert last.at is None
    for found in (first, last):
        assert found.band[0] <= 5
        assert found.band[1] == np.inf
        assert 0.2 < found.reached < 0.95
        assert (found.course["codes_low"] <= found.course["codes_high"]).all()
    assert "to never" in str(first)
    assert any("not reached" in text for text in first.notes)


def test_one_group_in_its_own_order():
    coded = told("ab", "ab", "ab", "ab", "ab", "ab", "cdefgh", "ijklm")
    assert saturation(coded, cases=[f"I{i}" for i in range(6)]).at == 4
    assert saturation(coded, cases=[f"I{i}" for i in (6, 7, 0, 1, 2, 3)]).course["codes"].tolist()[0] == 6


def test_every_broken_rule_is_named_at_once():
    with pytest.raises(DataError, match=r"(?s)base=0.*shuffles=0.*threshold=5"):
        saturation(told("a", "b"), base=0, threshold=5, shuffles=0)
    with pytest.raises(DataError, match="2 interviews are fewer than 4"):
        saturation(told("a", "b"))
    with pytest.raises(DataError, match=r"(?s)1 of cases= are not there.*1 of cases= come twice"):
        saturation(told("a", "b"), cases=["I0", "I0", "I9"])
