"""Nobody is predicted by a model that saw him, and what models say enters scores that small errors do not move."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.cross_fit import Sample, linear, logistic, out_of_fold, person_folds
from coresponder_causal.core.doubly_robust import Fitted, arm_means, median_of_partitions, say_probabilities
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.notes import collecting


def rows(n=300, seed=1):
    rng = np.random.default_rng(seed)
    matrix = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return Sample(matrix, (rng.random(n) < 0.4).astype(float), np.ones(n), rng.integers(0, n // 3, n))


def test_a_fold_holds_whole_persons_and_as_many_as_another():
    persons = rows().persons
    fold = person_folds(persons, 5, seed=3)
    assert pd.Series(fold).groupby(persons).nunique().eq(1).all()
    sizes = pd.Series(fold).groupby(persons).first().value_counts()
    assert len(sizes) == 5
    assert sizes.max() - sizes.min() <= 1


def test_folds_follow_the_seed_and_not_the_names_of_persons():
    persons = rows().persons
    one, again, other = (person_folds(persons, 5, seed=seed) for seed in (3, 3, 4))
    assert (one == again).all()
    assert (one != other).any()
    assert (person_folds(persons + 1000, 5, seed=3) == one).all()


def test_no_model_sees_the_persons_it_predicts():
    sample, seen = rows(), []

    def watching(part):
        seen.append(set(part.persons))
        return lambda matrix: np.full(len(matrix), float(len(seen) - 1))

    fold = person_folds(sample.persons, 4, seed=1)
    number = out_of_fold(watching, sample, fold).astype(int)
    assert (number == fold).all()
    assert all(set(sample.persons[fold == k]).isdisjoint(seen[k]) for k in range(4))


def test_models_of_an_arm_learn_from_it_and_predict_all():
    sample = rows()
    arm = sample.matrix[:, 1] > 0
    shifted = sample._replace(target=np.where(arm, 5.0, -100.0))
    assert out_of_fold(linear, shifted, person_folds(sample.persons, 3, seed=1), among=arm) == pytest.approx(5.0)


def test_one_fold_is_a_model_of_all_rows():
    sample = rows()
    whole = linear(sample)(sample.matrix)
    np.testing.assert_array_equal(out_of_fold(linear, sample, np.zeros(300, np.int64)), whole)


def test_a_search_that_starts_elsewhere_ends_at_the_same_place():
    """To 1e-9: both stop where no log odds moves by more than 1e-10."""
    sample, part = rows(), np.arange(300) % 3 > 0
    from_whole = logistic(sample)(sample.take(part))(sample.matrix)
    alone = logistic(sample.take(part))(sample.take(part))(sample.matrix)
    np.testing.assert_allclose(from_whole, alone, rtol=1e-9)


def test_what_other_covariates_determine_in_a_fold_is_said():
    sample = rows()
    twice = sample._replace(matrix=np.column_stack([sample.matrix, sample.matrix[:, 1]]))
    with collecting() as notes:
        predicted = linear(twice)(twice.matrix)
    np.testing.assert_allclose(predicted, linear(sample)(sample.matrix), atol=1e-12)
    assert notes == ["in some folds covariates determine each other: there the shortest coefficients were taken"]


def world(n=4000, seed=2):
    """Calls with known nuisances: effects differ with x, and so does who is treated."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    p = 1 / (1 + np.exp(0.5 - x))
    treated = rng.random(n) < p
    without = 1 + x
    return treated, without + (2 + x) * treated + rng.normal(size=n), Fitted(p, without + 2 + x, without)


TILTS = {"ATE": lambda d, p: np.ones_like(p), "ATT": lambda d, p: p, "ATO": lambda d, p: p * (1 - p)}


def slope(contrast, **direction):
    """How fast the difference of means moves along a direction of p or of m, with or without an outcome model."""
    treated, y, fitted = world()
    x, p, values = fitted.without - 1, fitted.probability, []
    expected = 0.0 if direction.pop("weights_alone", False) else 1.0
    for step in (1e-4, -1e-4):
        moved = Fitted(
            p + step * direction.get("p", 0.0) * x * p * (1 - p),
            expected * fitted.with_treatment + step * direction.get("m", 0.0) * x,
            expected * fitted.without - step * direction.get("m", 0.0) * x**2,
        )
        values.append(float(arm_means(moved, y, treated, contrast, weights=np.ones(len(y))).means @ [1.0, -1.0]))
    return abs(values[0] - values[1]) / 2e-4


@pytest.mark.parametrize("contrast", TILTS)
def test_scores_do_not_move_with_small_errors_of_either_model(contrast):
    """The derivative is a mean of 4,000 terms with expectation 0; weights alone move with p."""
    assert slope(contrast, p=1.0) < 0.12
    assert slope(contrast, m=1.0) < 0.12
    assert slope(contrast, p=1.0, weights_alone=True) > 0.5


@pytest.mark.parametrize("contrast", TILTS)
def test_means_are_those_of_the_tilted_population(contrast):
    treated, y, fitted = world(n=40_000)
    arms = arm_means(fitted, y, treated, contrast, weights=np.ones(len(y)))
    tilt = TILTS[contrast](treated, fitted.probability)
    truth = np.average(fitted.with_treatment - fitted.without, weights=tilt)
    error = np.sqrt(((arms.influence @ [1.0, -1.0]) ** 2).sum()) / len(y)
    assert abs(float(arms.means @ [1.0, -1.0]) - truth) < 3 * error
    assert abs(arms.influence.mean(axis=0)).max() < 1e-12


def test_overlap_means_are_the_partially_linear_estimate():
    treated, y, fitted = world()
    arms = arm_means(fitted, y, treated, "ATO", weights=np.ones(len(y)))
    p = fitted.probability
    expected, left = p * fitted.with_treatment + (1 - p) * fitted.without, treated - p
    assert float(arms.means @ [1.0, -1.0]) == pytest.approx(float(left @ (y - expected) / (left @ left)), rel=1e-12)


def test_rows_that_are_left_out_may_be_certain_and_others_may_not():
    treated, y, fitted = world()
    certain = fitted._replace(probability=np.where(np.arange(len(y)) == 5, 1.0, fitted.probability))
    untreated = treated & (np.arange(len(y)) != 5)
    among = np.arange(len(y)) != 5
    whole = {"weights": np.ones(len(y))}
    assert np.isfinite(arm_means(certain, y, untreated, "ATT", among=among, **whole).means).all()
    with pytest.raises(EstimationError, match="the treatment of 1 calls is certain") as caught:
        arm_means(certain, y, untreated, "ATT", **whole)
    assert "contrast='ATO'" in caught.value.mend


def test_the_spread_of_partitions_is_in_the_variance():
    """Worked by hand: variances 2 (four calls, factor 4/3, Σψ² = 24, n = 4); squared distances 1, 0 and 4."""
    psi = np.array([[np.sqrt(6.0)], [-np.sqrt(6.0)]] * 2)
    estimates = [np.array([1.0]), np.array([2.0]), np.array([4.0])]
    with pytest.warns(IdentificationWarning, match="4 calls"):
        found = median_of_partitions(estimates, [psi] * 3, pd.RangeIndex(4), None)
    assert found.estimate.tolist() == [2.0]
    assert found.vcov[0, 0] == pytest.approx(2.0 + 1.0)
    np.testing.assert_allclose(found.influence.gram(), found.vcov)
    assert found.df.tolist() == [3.0]


def test_calls_of_one_person_are_added_up():
    psi = np.ones((40, 1))
    psi[::2] = -1.0
    persons = pd.Index(np.arange(40) // 2)
    with pytest.raises(EstimationError, match="does not vary"):
        median_of_partitions([np.zeros(1)], [psi], pd.RangeIndex(40), persons)
    found = median_of_partitions([np.zeros(1)], [np.sort(psi, axis=0)], pd.RangeIndex(40), persons)
    assert found.vcov[0, 0] == pytest.approx(20 / 19 * 20 * 2**2 / 40**2)
    with pytest.raises(EstimationError, match="one person"):
        median_of_partitions([np.zeros(1)], [psi], pd.RangeIndex(40), pd.Index(["p"] * 40))


def test_probabilities_near_zero_and_one_are_said_and_many_of_them_doubted():
    p = np.full(100, 0.3)
    with collecting() as notes:
        say_probabilities([np.append(p, 0.001)])
    assert notes == ["probabilities of treatment from 0.001 to 0.3; 1.0 % of the calls below 0.01 or above 0.99"]
    with pytest.warns(IdentificationWarning, match=r"9.1 % of the calls"):
        say_probabilities([np.append(p, [0.999] * 10)])
