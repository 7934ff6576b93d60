"""Agreement, shares and hidden populations, against other programs, other formulas and simulation."""

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from coresponder_causal.core.agreement import capture_recapture, cohen_kappa, gwet_ac1
from coresponder_causal.core.inference import trimmed_chi_square_mean, wilson

TABLE = np.array([[20, 5, 3], [10, 15, 2], [1, 4, 30]])


@pytest.mark.parametrize(
    "table", [TABLE, [[20, 5], [10, 15]], [[20, 5], [1, 45]], [[3, 1, 0], [2, 8, 1], [0, 1, 9]]], ids=str
)
def test_kappa_is_that_of_statsmodels(table):
    theirs = cohens_kappa(np.array(table))
    ours = cohen_kappa(table)
    assert ours.estimate == pytest.approx(theirs.kappa, abs=1e-12)
    assert ours.std_error == pytest.approx(theirs.std_kappa, abs=1e-12)  # the same closed form


def test_kappa_fails_where_a_code_is_rare_and_ac1_does_not():
    # Gwet (2008), table 2 of Feinstein & Cicchetti's paradox: 118, 5, 2, 0 of 125; AC1 .94 and κ −.02.
    rare = [[118, 5], [2, 0]]
    assert round(cohen_kappa(rare).estimate, 2) == -0.02
    assert round(gwet_ac1(rare).estimate, 2) == 0.94


def test_the_error_of_ac1_is_that_of_the_jackknife():
    whole = gwet_ac1(TABLE)
    without = []
    for cell in np.ndindex(TABLE.shape):
        less = TABLE.astype(float)
        less[cell] -= 1
        without += [gwet_ac1(less).estimate] * TABLE[cell]
    total = TABLE.sum()
    jackknife = np.sqrt((total - 1) / total * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert whole.std_error == pytest.approx(jackknife, rel=0.01)  # linearised and jackknife errors agree to order 1/n


def test_agreement_on_one_code_alone_has_no_kappa():
    assert np.isnan(cohen_kappa([[9, 0], [0, 0]]).estimate)


def test_wilson_is_that_of_statsmodels():
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    theirs = proportion.proportion_confint(7, 23, method="wilson")
    assert np.allclose(wilson(7, 23), theirs, atol=1e-12)
    assert np.isnan(wilson(0, 0)[0])


def test_the_interval_of_capture_and_recapture_holds_the_truth():
    # Simulated: 400 contacts, independent lists of 60 and 50 %. 1,000 populations: Monte-Carlo error 0.7 points.
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(1000):
        first, second = rng.random(400) < 0.6, rng.random(400) < 0.5
        found = capture_recapture(int(first.sum()), int(second.sum()), int((first & second).sum()))
        held += found.low <= 400 <= found.high
    assert held / 1000 == pytest.approx(0.95, abs=0.025)


def test_lists_that_hold_the_same_leave_nothing_out():
    found = capture_recapture(50, 50, 50)
    assert (found.estimate, found.low, found.high, found.unlisted) == (50, 50, 50, 0)


def test_the_trimmed_mean_is_that_of_draws():
    draws = np.sort(np.random.default_rng(6).chisquare(2, 400_000) / 2)[:360_000]
    assert trimmed_chi_square_mean(2.0, 0.9) == pytest.approx(draws.mean(), abs=0.005)
