"""Matching kernels against brute force, and what a matched design says of itself."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.matching import match_on_rows, match_on_score, processing_order, whitener
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_nearest import match_nearest


def by_hand(treated, control, sequence, ratio, width):
    """Greedy matching by looking at every control each time; ties go to the lowest row."""
    free, pairs = set(range(len(control))), []
    for _ in range(ratio):
        for unit in sequence:
            near = [(abs(treated[unit] - control[row]), row) for row in sorted(free)]
            near = [found for found in near if found[0] <= width]
            if near:
                pairs.append((unit, min(near)[1]))
                free.remove(min(near)[1])
    return pairs


def closest_by_hand(treated, control, width):
    pairs, left, free = [], set(range(len(treated))), set(range(len(control)))
    while left and free:
        distance, unit, row = min((abs(treated[u] - control[c]), u, c) for u in left for c in free)
        if distance > width:
            break
        pairs.append((unit, row))
        left.remove(unit)
        free.remove(row)
    return pairs


def pairs(found):
    return list(zip(found.treated.tolist(), found.control.tolist(), strict=True))


@pytest.mark.parametrize("order", ["largest", "smallest", "data", "random"])
@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_sweep_is_the_same_as_looking_at_every_control(order, ratio, seed):
    """Scores of one decimal, as binary fractions so that equal distances are equal: ties abound."""
    rng = np.random.default_rng(seed)
    treated, control = rng.integers(0, 24, 12) / 8, rng.integers(0, 24, 30) / 8
    sequence = processing_order(treated, order, rng)
    found = match_on_score(treated, control, sequence, ratio=ratio, replace=False, width=0.5)
    assert pairs(found) == by_hand(treated, control, sequence.tolist(), ratio, 0.5)


@pytest.mark.parametrize("seed", range(5))
def test_closest_first_is_the_same_as_looking_at_every_pair(seed):
    rng = np.random.default_rng(seed)
    treated, control = rng.normal(size=12), rng.normal(size=15)
    found = match_on_score(treated, control, None, ratio=1, replace=False, width=0.4)
    assert pairs(found) == closest_by_hand(treated, control, 0.4)


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_one_column_are_scores(seed):
    rng = np.random.default_rng(seed)
    treated, control = rng.integers(0, 24, 10) / 8, rng.integers(0, 24, 20) / 8
    for sequence in (np.arange(10), None):
        options = {"ratio": 2, "replace": False, "width": 1.0}
        line = match_on_score(treated, control, sequence, **options)
        assert pairs(match_on_rows(treated[:, None], control[:, None], sequence, **options)) == pairs(line)


def test_replacement_gives_every_treated_unit_its_own_nearest():
    found = match_on_score(np.array([0.0, 0.1]), np.array([5.0, 0.2, 0.3]), None, ratio=2, replace=True, width=1.0)
    assert sorted(pairs(found)) == [(0, 1), (0, 2), (1, 1), (1, 2)]


def test_fewer_controls_than_treated_leaves_the_last_to_choose_unmatched():
    found = match_on_score(np.arange(4.0), np.zeros(2), np.array([3, 2, 1, 0]), ratio=1, replace=False, width=np.inf)
    assert pairs(found) == [(3, 0), (2, 1)]


def test_ties_are_counted():
    found = match_on_score(np.zeros(1), np.array([1.0, -1.0, 1.0]), np.arange(1), ratio=1, replace=False, width=np.inf)
    assert (pairs(found), found.ties) == ([(0, 0)], 1)


def test_whitened_distances_do_not_feel_the_units():
    rng = np.random.default_rng(1)
    matrix, treated = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3)), rng.random(50) < 0.4
    points = matrix @ whitener(matrix, treated)
    scaled = matrix * [1000, 1, 0.01]
    others = scaled @ whitener(scaled, treated)
    np.testing.assert_allclose(
        np.linalg.norm(points[0] - points, axis=1), np.linalg.norm(others[0] - others, axis=1), rtol=1e-9
    )


RNG = np.random.default_rng(4)
CALLS = pd.DataFrame(
    {"attended": [1] * 30 + [0] * 70, "hour": RNG.integers(0, 24, 100), "initial_type": RNG.choice(["a", "b"], 100)}
)


def design(**changed):
    stated = {"outcome": None, "treatment": "attended", "covariates": ["hour"]} | changed
    return CallDesign.from_frame(CALLS, **stated)


def test_weights_of_a_ratio_sum_to_the_matched_treated_calls():
    one = match_nearest(design(), ratio=2)
    weights = one.adjustment.weights
    assert set(weights[:30]) == {1.0}
    assert set(weights[30:]) == {0.0, 0.5}
    assert weights[30:].sum() == 30
    assert one.contrast == "ATT"


def test_a_short_supply_is_said():
    one = match_nearest(design(), ratio=3)
    assert "20 treated calls have fewer than 3 matches" in one.notes
    assert one.contrast == "ATT"


def test_matches_are_equal_in_exact_columns():
    one = match_nearest(design(exact=["initial_type"]))
    kind = one.source["initial_type"].to_numpy()
    assert (kind[one.adjustment.pairs[:, 0]] == kind[one.adjustment.pairs[:, 1]]).all()


def test_treated_calls_outside_the_caliper_are_left_out_and_the_contrast_says_so():
    one = match_nearest(design(exact=["hour"]), caliper=0.01)
    left = int((one.adjustment.weights[:30] == 0).sum())
    assert 0 < left < 30
    assert one.contrast == "ATM"
    assert any(note.startswith(f"{left} of 30 treated calls have no untreated call within 0.01") for note in one.notes)


def test_ties_are_said():
    assert any("had another call as near" in note for note in match_nearest(design()).notes)


def test_random_order_follows_its_seed():
    first, again, other = (match_nearest(design(), order="random", seed=seed) for seed in (1, 1, 2))
    assert first.design_fingerprint == again.design_fingerprint
    assert first.design_fingerprint != other.design_fingerprint


BAD = {
    "ratio above controls": ({"ratio": 71}, "ratio=71 and there are 70 untreated calls"),
    "ratio of none": ({"ratio": 0}, "ratio=0 is not a number of calls"),
    "ratio in parts": ({"ratio": 1.5}, "ratio=1.5 is not a number of calls"),
    "no caliper": ({"caliper": 0}, "caliper=0 is not a distance"),
    "caliper as text": ({"caliper": "0.2"}, "caliper='0.2' is not a distance"),
    "distance": ({"distance": "glm"}, "distance='glm' is not a choice: choose from logit, probability, mahalanobis"),
    "order": ({"order": "best"}, "order='best' is not a choice"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_bad_options_are_refused_with_their_mend(options, message):
    with pytest.raises(DesignError, match=message):
        match_nearest(design(), **options)


def test_a_caliper_or_equality_that_nobody_meets_is_an_error():
    apart = pd.DataFrame({"attended": [1, 0, 1, 0, 1, 0], "hour": [0, 1, 2, 3, 4, 5]})
    c = CallDesign.from_frame(apart, outcome=None, treatment="attended", covariates=["hour"])
    with pytest.raises(DesignError, match=r"no treated call has an untreated call within 0.1 standard") as caught:
        match_nearest(c, caliper=0.1)
    assert "widen the caliper" in caught.value.mend
    c = CallDesign.from_frame(apart, outcome=None, treatment="attended", covariates=["hour"], exact=["hour"])
    with pytest.raises(DesignError, match="untreated call equal in hour"):
        match_nearest(c)
