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
    program = pytest.importorskip("krippendorff", reason="krippendorff comes with the extra peers")
    ratings = np.random.default_rng(3).integers(0, 4, (3, 30)).astype(float)
    ratings[1, :9] = np.nan
    theirs = program.alpha(reliability_data=ratings, level_of_measurement=measured)
    ours = krippendorff_alpha(*counts_of(ratings.T), measured, replications=20)
    assert ours.estimate == pytest.approx(theirs, abs=EXACT)


def gwets_error(counts, coefficient):
    """Gwet (2014), chapter 5: every unit moves the coefficient from 0, also one that was read once."""
    readers, n, q = counts.sum(axis=1), len(counts), counts.shape[1]
    twice, share = readers >= 2, counts / counts.sum(axis=1, keepdims=True)
    common = share.mean(axis=0)
    score = common if coefficient == "fleiss" else (1 - common) / (q - 1)
    chance = common @ score
    agreed = np.where(twice, (counts * (counts - 1)).sum(axis=1) / np.maximum(readers * (readers - 1), 1), 0)
    own = n / twice.sum() * (agreed - chance * twice) / (1 - chance)
    found = own.mean()
    moved = own - 2 * (1 - found) * (share @ score - chance) / (1 - chance)
    return np.sqrt(((moved - found) ** 2).sum() / (n * (n - 1)))


@pytest.mark.parametrize("coefficient", ["ac1", "fleiss"])
@pytest.mark.parametrize("name", list(REFERENCE))
def test_coefficients_with_missing_ratings_are_those_of_irrcac(name, coefficient):
    theirs, (counts, _) = REFERENCE[name][coefficient], counted(name)
    assert beyond_chance(counts, coefficient).estimate == pytest.approx(theirs["estimate"], abs=PRINTED)
    assert beyond_chance(counts, "percent").estimate == pytest.approx(theirs["percent"], abs=PRINTED)


@pytest.mark.parametrize("coefficient", ["ac1", "fleiss"])
@pytest.mark.parametrize("name", list(REFERENCE))
def test_the_error_is_that_of_irrcac_where_all_is_read_twice_and_smaller_where_not(name, coefficient):
    # The error of irrCAC takes a unit that was read once for one that disagrees with the mean by all of it. Estimates
    # vary by less (tests/core/test_agreement_bounds.py); without such units both are the same number.
    theirs, (counts, _) = REFERENCE[name][coefficient], counted(name)
    counts = counts[counts.sum(axis=1) > 0]
    assert gwets_error(counts, coefficient) == pytest.approx(theirs["std_error"], abs=PRINTED)
    both = counts[counts.sum(axis=1) >= 2]
    assert len(both) < len(counts)
    assert beyond_chance(both, coefficient).std_error == pytest.approx(gwets_error(both, coefficient), abs=EXACT)
    assert beyond_chance(counts, coefficient).std_error < theirs["std_error"]


def test_ac1_with_missing_ratings_worked_by_hand():
    # Four texts, three readers, yes or no: (1 1 –), (0 1 1), (0 0 0), (1 – –).
    # Agreed 1, 1/3, 1 of the three read twice: p = 7/9. π(yes) = (1 + 2/3 + 0 + 1)/4 = 2/3 over all four.
    # Chance of AC1: 2/3·1/3·2 = 4/9, so (7/9 − 4/9)/(5/9) = 3/5; of κ: 4/9 + 1/9 = 5/9, so (2/9)/(4/9) = 1/2.
    counts, _ = counts_of([[1, 1, np.nan], [0, 1, 1], [0, 0, 0], [1, np.nan, np.nan]])
    found = [beyond_chance(counts, name).estimate for name in ("percent", "ac1", "fleiss")]
    assert found == pytest.approx([7 / 9, 3 / 5, 1 / 2], abs=1e-15)
