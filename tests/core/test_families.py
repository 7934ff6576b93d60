"""Adjusted p-values of families: worked by hand, against other programs, and their error where there is nothing."""

from itertools import product

import numpy as np
import pytest

from coresponder_causal.core.inference import (
    Block,
    as_student,
    deviate,
    holm,
    p_value,
    rejection_rate_limit,
    sharpened_q,
    step_down,
)

# Three clusters with sums (1, 1), (1, -1), (2, 0.5) of two influence functions, all eight sign changes listed.
SUMS = np.array([[1.0, 1.0], [1.0, -1.0], [2.0, 0.5]])
FLIPPED = np.array(list(product([-1, 1], repeat=3))) @ SUMS / np.sqrt((SUMS**2).sum(axis=0))


def test_step_down_by_hand():
    """By hand: |t| of the sign changes, each twice, are (1.633, .333), (0, .333), (.816, 1.667), (.816, 1).

    Their maxima are 1.633, .333, 1.667 and 1. 1.65 is reached by one maximum, twice: (1 + 2)/9. Then of the second
    hypothesis alone .9 is reached by 1.667 and 1, twice each: (1 + 4)/9.
    """
    np.testing.assert_allclose(step_down([1.65, -0.9], [Block(np.arange(2), FLIPPED)]), [3 / 9, 5 / 9], rtol=1e-12)


def test_an_easier_step_never_undoes_a_harder_one():
    # 1.633 is reached by two maxima, 5/9; of the second hypothesis alone 1.2 is reached by one, 3/9.
    found = step_down([1.2, 1.633 - 1e-3], [Block(np.array([1, 0]), FLIPPED)])
    np.testing.assert_allclose(found, [5 / 9, 5 / 9], rtol=1e-12)


def test_ties_count_against_a_finding():
    own = float(FLIPPED[-1, 0])
    assert step_down([own], [Block(np.array([0]), FLIPPED[:, :1])])[0] == pytest.approx(3 / 9)


def test_without_blocks_it_is_holms():
    t = np.array([2.9, 0.4, -2.2, 1.7])
    df = np.array([np.inf, 8.0, 20.0, 5.0])
    same = step_down(t, [], 12.0)
    np.testing.assert_allclose(same, holm(p_value(t, 12.0)), rtol=1e-12)
    sizes = deviate(p_value(t, df))
    np.testing.assert_allclose(step_down(sizes, []), holm(p_value(t, df)), rtol=1e-9)


def test_blocks_add_their_chances():
    one, other = Block(np.array([0]), FLIPPED[:, :1]), Block(np.array([1]), FLIPPED[:, 1:])
    # 1.65 by the first alone: 1/9; by the second: 1.667, twice, 3/9. Then .9 by the second: 5/9.
    np.testing.assert_allclose(step_down([1.65, 0.9], [one, other]), [4 / 9, 5 / 9], rtol=1e-12)


def test_students_draws_keep_the_p_values_of_normal_ones():
    z = np.linspace(-4, 4, 9)[:, None] * np.ones((1, 3))
    df = np.array([3.0, 30.0, np.inf])
    np.testing.assert_allclose(p_value(as_student(z, df), df), p_value(z, np.inf), rtol=1e-9)


def correlated(rng, many, rho, size):
    return np.sqrt(rho) * rng.standard_normal((size, 1)) + np.sqrt(1 - rho) * rng.standard_normal((size, many))


@pytest.mark.parametrize("rho", [0.0, 0.8])
def test_any_false_finding_has_the_chance_it_is_given(rho):
    """1,000 draws of ten hypotheses without effect; 3 Monte-Carlo errors are allowed either way where it is exact."""
    rng = np.random.default_rng(5)
    block = [Block(np.arange(10), correlated(rng, 10, rho, 4000))]
    false = np.mean([step_down(t, block).min() <= 0.05 for t in correlated(rng, 10, rho, 1000)])
    upper = rejection_rate_limit(0.05, 1000, 3.0)
    assert 0.1 - upper < false < upper


def test_knowing_the_correlation_finds_more():
    """Ten hypotheses correlated .8, of which three have an effect of 2.8 standard errors."""
    rng = np.random.default_rng(6)
    block = [Block(np.arange(10), correlated(rng, 10, 0.8, 4000))]
    t = correlated(rng, 10, 0.8, 500) + 2.8 * (np.arange(10) < 3)
    stepped = np.array([step_down(row, block) for row in t])
    plain = np.array([holm(p_value(row, np.inf)) for row in t])
    assert (stepped[:, :3] <= 0.05).mean() > (plain[:, :3] <= 0.05).mean() + 0.05


# p-values, and the q-values that Anderson's Stata program fdr_sharpened_qvalues.do gave for them (Stata 14), as
# published with the tests of github.com/josh-ashkinaze/sharp-q-values at commit ad59a1d. Exact: both step by .001.
OF_STATA = [
    ([0.02, 0.01, 0.03, 0.08, 0.168, 0.168, 0.168], [0.076, 0.076, 0.076, 0.087, 0.107, 0.107, 0.107]),
    ([0.001, 0.005, 0.01, 0.05, 0.1, 0.5], [0.007, 0.013, 0.016, 0.039, 0.064, 0.137]),
    ([0.9, 0.8, 0.7, 0.6, 0.5], [1.0] * 5),
    ([0.001], [0.002]),
    ([0.001] * 5, [0.002] * 5),
    ([0.05, 0.05, 0.05, 0.1, 0.1], [0.091] * 5),
    ([0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1], [0.112] * 10),
    ([0.0001, 0.0005, 0.001, 0.005, 0.01], [0.001, 0.002, 0.002, 0.003, 0.005]),
    ([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [1.0] * 7),
    (
        [0.001, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5],
        [0.012, 0.334, 0.429, 0.51, 0.563, 0.579, 0.579, 0.579, 0.579, 0.579, 0.579],
    ),
]


@pytest.mark.parametrize(("raw", "stata"), OF_STATA)
def test_sharpened_q_values_are_those_of_the_stata_program(raw, stata):
    np.testing.assert_allclose(sharpened_q(raw), stata, atol=1e-12)


def test_sharpened_q_by_hand():
    """m = 2, p = .02, .03. At q = .031, q' = .030068: both are rejected first, and so again.

    At q = .030, q' = .029126: .03 is not, .02 > .014563 is not, none at all.
    """
    np.testing.assert_allclose(sharpened_q([0.03, 0.02]), [0.031, 0.031], atol=1e-12)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1, 0.2])
def test_sharpened_q_rejects_as_two_stages_at_one_rate_do(rate):
    """Its adjusted p-values belong to the one rate that it was asked for, so that only rejections can agree."""
    from statsmodels.stats.multitest import multipletests

    rng = np.random.default_rng(7)
    for _ in range(50):
        raw = rng.random(12) ** rng.uniform(1, 6)
        theirs = multipletests(raw, alpha=rate, method="fdr_tsbky")[0]
        np.testing.assert_array_equal(sharpened_q(raw) <= rate + 1e-9, theirs)


def test_the_order_of_p_values_does_not_matter():
    rng = np.random.default_rng(8)
    raw, mixed = rng.random(9) ** 3, rng.permutation(9)
    np.testing.assert_array_equal(sharpened_q(raw)[mixed], sharpened_q(raw[mixed]))
    draws = correlated(rng, 9, 0.5, 500)
    t = rng.normal(size=9) * 2
    whole = step_down(t, [Block(np.arange(9), draws)])
    np.testing.assert_allclose(step_down(t[mixed], [Block(np.arange(9), draws[:, mixed])]), whole[mixed], rtol=1e-12)
