"""Krippendorff's α against krippendorff, AC1 and Fleiss's κ with missing ratings against irrCAC.

`make_reference.py` beside this file wrote the numbers; the versions stand in them.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from coresponder_causal.core.agreement_of_many import beyond_chance, counts_of, krippendorff_alpha

REFERENCE = json.loads(Path(__file__).with_name("agreement.json").read_text(encoding="utf-8"))["tables"]
EXACT = 1e-12  # the same closed form
PRINTED = 1e-11  # irrCAC rounds its percentage to 14 significant digits before it goes on


def counted(name):
    return counts_of(np.array(REFERENCE[name]["ratings"], float).T)


@pytest.mark.parametrize("name", list(REFERENCE))
@pytest.mark.parametrize("measured", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_is_that_of_krippendorff(name, measured):
    found = krippendorff_alpha(*counted(name), measured, replications=20)
    assert found.estimate == pytest.approx(REFERENCE[name]["alpha"][measured], abs=EXACT)


@pytest.mark.parametrize("measured", ["nominal", "ordinal", "interval", "ratio"])
def test_alpha_is_that_of_the_program_where_it_is_installed(measured):
    program = pytest.importorskip("krippendorff", reason="krippendorff is not installed: pip install --group peers")
    ratings = np.random.default_rng(3).integers(0, 4, (3, 30)).astype(float)
    ratings[1, :9] = np.nan
    theirs = program.alpha(reliability_data=ratings, level_of_measurement=measured)
    ours = krippendorff_alpha(*counts_of(ratings.T), measured, replications=20)
    assert ours.estimate == pytest.approx(theirs, abs=EXACT)


@pytest.mark.parametrize("coefficient", ["ac1", "fleiss"])
@pytest.mark.parametrize("name", list(REFERENCE))
def test_coefficients_with_missing_ratings_are_those_of_irrcac(name, coefficient):
    theirs = REFERENCE[name][coefficient]
    ours = beyond_chance(counted(name)[0], coefficient)
    assert ours.estimate == pytest.approx(theirs["estimate"], abs=PRINTED)
    assert ours.std_error == pytest.approx(theirs["std_error"], abs=PRINTED)
    assert beyond_chance(counted(name)[0], "percent").estimate == pytest.approx(theirs["percent"], abs=PRINTED)


def test_ac1_with_missing_ratings_worked_by_hand():
    # Four texts, three readers, yes or no: (1 1 –), (0 1 1), (0 0 0), (1 – –).
    # Agreed 1, 1/3, 1 of the three read twice: p = 7/9. π(yes) = (1 + 2/3 + 0 + 1)/4 = 2/3 over all four.
    # Chance of AC1: 2/3·1/3·2 = 4/9, so (7/9 − 4/9)/(5/9) = 3/5; of κ: 4/9 + 1/9 = 5/9, so (2/9)/(4/9) = 1/2.
    counts, _ = counts_of([[1, 1, np.nan], [0, 1, 1], [0, 0, 0], [1, np.nan, np.nan]])
    found = [beyond_chance(counts, name).estimate for name in ("percent", "ac1", "fleiss")]
    assert found == pytest.approx([7 / 9, 3 / 5, 1 / 2], abs=1e-15)
