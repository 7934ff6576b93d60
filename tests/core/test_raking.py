"""Hidden cells add up to what is shown; what cannot is said. Worked by hand."""

from __future__ import annotations

import numpy as np

from coresponder_causal.core.notes import collecting
from coresponder_causal.core.raking import Margin, raked

rows, columns = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])


def test_both_margins_hold() -> None:
    counts = np.full(4, np.nan)
    found = raked(counts, [Margin(rows, np.array([30.0, 70.0])), Margin(columns, np.array([40.0, 60.0]))], start=5.0)
    np.testing.assert_allclose(found, [12.0, 18.0, 28.0, 42.0], rtol=1e-6)  # row × column / whole; fitted to 1e-6


def test_shown_cells_stay_and_unknown_margins_bind_nothing() -> None:
    counts = np.array([np.nan, 9.0, np.nan, 2.0])
    found = raked(counts, [Margin(rows, np.array([10.0, np.nan]))], start=5.5)
    assert found.tolist() == [1.0, 9.0, 5.5, 2.0]


def test_margins_that_contradict_each_other_are_said() -> None:
    with collecting() as said:
        raked(
            np.full(4, np.nan), [Margin(rows, np.array([3.0, 3.0])), Margin(columns, np.array([9.0, 9.0]))], start=1.0
        )
    assert any("only" in text for text in said)
