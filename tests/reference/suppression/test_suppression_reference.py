"""Cells that we hide against Tau-Argus's optimal method on the same tables.

`make_reference.py` beside this file wrote the numbers; the versions stand in them.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from coresponder_causal.core.suppression import suppress

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "suppression.json").read_text(encoding="utf-8"))
MOST = 1.15  # of their hidden cells


def problem():
    """The module that wrote the reference, for the tables and weights that it gave."""
    spec = importlib.util.spec_from_file_location("make_reference", HERE / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def compared():
    """Per table: weight and number of hidden cells, ours and theirs."""
    made, rows = problem(), []
    for table in REFERENCE["tables"]:
        system = made.system_of(table["shape"], table["counts"], table["two_tables"])
        weights = made.weights_of(system)
        ours = suppress(system, weights=weights, time_limit=600.0)
        theirs = {name: ours.primary.copy() for name in ("known", "open")}
        for name, mask in theirs.items():
            mask[table[name]] = True
        sides = (ours.hidden, theirs["known"], theirs["open"])
        rows.append([ours.optimal, *(weights[side].sum() for side in sides), *(side.sum() for side in sides)])
    return np.array(rows).T


def test_both_find_the_least_weight_for_the_same_protection(compared):
    optimal, ours, known = compared[:3]
    assert optimal.all()
    np.testing.assert_array_equal(ours, known)  # whole numbers, both optimal


def test_hidden_cells_are_not_many_more(compared):
    """Against the same protection, and the lesser one against who knows nothing of the cells."""
    ours, known, open_ = compared[4:]
    assert len(ours) >= 20
    assert ours.sum() <= MOST * known.sum()
    assert ours.sum() <= MOST * open_.sum()
