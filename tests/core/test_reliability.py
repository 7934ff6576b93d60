"""Worked by hand, and simulated truth: how often intervals hold the α and ω of the population."""

import numpy as np
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import reliability_persons, reliability_power
from coresponder_causal.core.one_factor import one_factor
from coresponder_causal.core.ordered_logit import ordered_logit
from coresponder_causal.core.reliability import absolute_agreement, alpha_of, cronbach_alpha, omega_total

LOADINGS = np.array([1.0, 0.8, 0.6, 0.9])


def answers(rng, persons):
    """Skewed answers: trait and errors are chi-square, so that normal theory is wrong."""
    trait, own = rng.chisquare(3, size=(persons, 1)) / 6**0.5, rng.chisquare(3, size=(persons, 4)) / 6**0.5
    return trait * LOADINGS + own


def test_alpha_worked_by_hand():
    # Variances 2 and 2, covariance 1: 2 (1 - 4 / 6) = 2 / 3.
    assert alpha_of(np.array([[2.0, 1.0], [1.0, 2.0]])) == pytest.approx(2 / 3)


def test_intervals_hold_the_truth_where_answers_are_skewed_and_feldts_does_not():
    covariance = np.outer(LOADINGS, LOADINGS) + np.eye(4)
    true_alpha, true_omega = alpha_of(covariance), LOADINGS.sum() ** 2 / (LOADINGS.sum() ** 2 + 4)
    rng, held, many = np.random.default_rng(7), np.zeros(3), 400
    for _ in range(many):
        given = answers(rng, 150)
        free, normal = (cronbach_alpha(given, interval=kind) for kind in ("any distribution", "feldt"))
        omega = omega_total(given, one_factor(given))
        bounds = ((free, true_alpha), (normal, true_alpha), (omega, true_omega))
        held += [found.low <= true <= found.high for found, true in bounds]
    # Monte-Carlo error .011 at .95.
    assert held[0] / many > 0.92
    assert held[2] / many > 0.92
    assert held[1] / many < 0.92


def test_the_influence_of_alpha_is_its_derivative():
    given = answers(np.random.default_rng(1), 400)
    n = len(given)
    means = [cronbach_alpha(np.delete(given, row, axis=0)).estimate for row in range(n)]
    jackknife = np.sqrt((n - 1) / n * np.sum((means - np.mean(means)) ** 2))
    assert cronbach_alpha(given).std_error == pytest.approx(jackknife, rel=0.05)  # 400 persons


def test_the_power_is_what_samples_show():
    rng, true, least, items = np.random.default_rng(3), 0.8, 0.7, 4
    persons = reliability_persons(true, least, items)
    common = true / (items - (items - 1) * true)  # correlation of parallel items with that α
    given = rng.normal(size=(1500, persons, 1)) * common**0.5
    given = given + rng.normal(size=(1500, persons, items)) * (1 - common) ** 0.5
    cleared = np.mean([cronbach_alpha(one, interval="feldt").low > least for one in given])
    assert reliability_power(true, least, persons, items) == pytest.approx(0.8, abs=0.005)
    assert cleared == pytest.approx(0.8, abs=0.03)  # Monte-Carlo error .010; the formula is for large samples


def test_agreement_falls_with_a_shift_of_everybody():
    scores = np.random.default_rng(5).normal(size=(40, 1)) + np.zeros((40, 2))
    scores[:, 1] += 0.01 * np.arange(40)
    assert absolute_agreement(scores).coefficient.estimate > 0.95
    assert absolute_agreement(scores + np.array([0.0, 2.0])).coefficient.estimate < 0.5


def test_a_factor_needs_three_items_that_vary():
    with pytest.raises(EstimationError, match="one factor behind 2 items"):
        one_factor(np.ones((9, 2)))
    with pytest.raises(EstimationError, match="same answer from everybody"):
        one_factor(np.column_stack([np.ones(9), np.arange(9.0), np.arange(9.0) ** 2]))


def test_answers_told_apart_without_error_are_refused():
    with pytest.raises(EstimationError, match="did not settle"):
        ordered_logit(np.array([[0.0], [0], [1], [1]]), np.array([1.0, 1, 2, 2]))
    with pytest.raises(EstimationError, match="same answer"):
        ordered_logit(np.array([[0.0], [1]]), np.array([1.0, 1]))
