"""Doubts are warned of at the line that asked for what is in doubt, however deep in the package they arise."""

import linecache

import pandas as pd
import pytest

from coresponder_causal.core.errors import IdentificationWarning
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import did_two_way


def test_a_doubt_is_shown_at_the_line_of_the_user():
    rows = [(city, t, (7 * city + 3 * t * t) % 11) for city in range(12) for t in range(8)]
    frame = pd.DataFrame(rows, columns=["city", "t", "y"])
    d = PanelDesign.from_frame(frame, outcome="y", unit="city", time="t", treated=0, start=4)
    with pytest.warns(IdentificationWarning, match="treated cluster") as said:
        did_two_way(d, inference="cluster")
    assert {(found.filename, linecache.getline(found.filename, found.lineno).strip()) for found in said} == {
        (__file__, 'did_two_way(d, inference="cluster")')
    }
