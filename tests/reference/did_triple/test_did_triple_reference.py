"""Triple differences against R: their 2 × 2 parts are those of DRDID 1.2.3 (``drdid_lalonde.json``: sim_rc).

No outside program sums them for one treated city; the sum is worked by hand in tests/estimate/test_did_triple.py and
held against simulated truth in tests/coverage.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.triple import changes

NAMES = {"dr": "trad", "dr_improved": "imp", "ipw": "ipwdid|norm=TRUE", "reg": "ordid"}


@pytest.fixture(scope="module")
def cross_sections(golden):
    return pd.read_csv(golden / "data" / "drdid_sim_rc.csv")


@pytest.fixture(scope="module")
def theirs(golden):
    return json.loads((golden / "drdid_lalonde.json").read_text(encoding="utf-8"))["results"]


@pytest.mark.parametrize("method", NAMES)
def test_each_class_of_hours_is_held_against_the_target_as_r_does(cross_sections, theirs, method):
    """The treated rows stand for the target; the untreated ones for each other class of hours of two cities."""
    target, rest = (cross_sections[cross_sections["d"] == d] for d in (1, 0))
    rows = pd.concat([target, rest, rest, rest], ignore_index=True)
    city = np.repeat([0, 0, 1, 1], [len(target), len(rest), len(rest), len(rest)])
    covered = np.repeat([True, False, True, False], [len(target), len(rest), len(rest), len(rest)])
    after = rows["post"].to_numpy() == 1
    found = changes(
        rows["y"].to_numpy(),
        city=city,
        covered=covered,
        after=after,
        week=np.where(after, 0, -1),
        covariates=rows[["x1", "x2", "x3", "x4"]].to_numpy(),
        names=["treated", "other"],
        known_as=["x1", "x2", "x3", "x4"],
        method=method,
    )
    expected = theirs[f"sim_rc|{NAMES[method]}"]["att"]
    # Outcomes are about 300 and the logit iterates: 1e-7 is 3e-10 of them.
    np.testing.assert_allclose(found.change, [[-expected, 0.0], [-expected, -expected]], rtol=0, atol=1e-7)
