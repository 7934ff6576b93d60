"""Matching kernels against brute force, and what a matched design says of itself."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core import matching_rows
from coresponder_causal.core.covariate_distance import rank_coordinates, scaled_coordinates, whitener
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.matching import match_on_score, processing_order
from coresponder_causal.core.matching_rows import Units, match_on_rows
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_nearest import match_nearest


class Pairs(NamedTuple):
    """A matching problem: units on both sides, and what a pair must keep."""

    treated: Units
    control: Units
    width: float
    widths: np.ndarray

    def distances(self):
        """Distance of every pair, infinite where its limits forbid it."""
        points, near, apart = (one[:, None] - other for one, other in zip(self.treated, self.control, strict=True))
        far = np.round(np.sqrt((points**2).sum(axis=2)), 7)
        forbidden = (far > self.width) | (np.abs(near) > self.widths).any(axis=2) | (apart == 0).any(axis=2)
        return np.where(forbidden, np.inf, far).tolist()


def by_hand(problem, sequence, ratio, replace):
    """Greedy matching by looking at every pair each time; ties go to the lowest row."""
    distance, free, made = problem.distances(), set(range(len(problem.control.points))), []
    for _ in range(ratio):
        waiting = list(range(len(problem.treated.points)) if sequence is None else sequence)
        while waiting:
            asking = waiting if sequence is None else waiting[:1]
            near = [
                (distance[unit][row], unit, row)
                for unit in asking
                for row in (free - {r for u, r in made if u == unit})
                if distance[unit][row] < np.inf
            ]
            if not near and sequence is None:
                break
            _, unit, row = min(near, default=(0, asking[0], None))
            waiting.remove(unit)
            made += [] if row is None else [(unit, row)]
            free -= set() if replace else {row}
    return made


def pairs(found):
    return list(zip(found.treated.tolist(), found.control.tolist(), strict=True))


def drawn(rng, columns, near=0, apart=0, grid=8, sizes=(9, 22)):
    """Units with coordinates of eighths, so that equal distances are equal: ties abound."""
    return [
        Units(
            rng.integers(0, 3 * grid, (n, columns)) / grid,
            rng.integers(0, 6, (n, near)).astype(float),
            rng.integers(0, 3, (n, apart)),
        )
        for n in sizes
    ]


ORDERS = ["largest", "smallest", "data", "random", "closest"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("ratio", [1, 2, 3])
@pytest.mark.parametrize("width", [0.5, np.inf])
def test_line_is_the_same_as_looking_at_every_pair(order, replace, ratio, width):
    rng = np.random.default_rng([ratio, replace, ORDERS.index(order)])
    for _ in range(3):
        problem = Pairs(*drawn(rng, 1), width, np.empty(0))
        treated, control = problem.treated.points[:, 0], problem.control.points[:, 0]
        sequence = processing_order(treated, order, rng)
        found = match_on_score(treated, control, sequence, ratio=ratio, replace=replace, width=width)
        expected = by_hand(problem, sequence, ratio, replace)
        assert sorted(pairs(found)) == sorted(expected) if replace else pairs(found) == expected


@pytest.mark.parametrize("order", ["largest", "closest"])
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize(("columns", "near", "apart"), [(1, 1, 0), (2, 0, 0), (2, 2, 0), (1, 0, 1), (3, 1, 2)])
@pytest.mark.parametrize("width", [1.25, np.inf])
def test_cloud_is_the_same_as_looking_at_every_pair(order, replace, ratio, columns, near, apart, width):
    rng = np.random.default_rng([ratio, replace, columns, near, apart])
    for _ in range(3):
        problem = Pairs(*drawn(rng, columns, near, apart), width, np.full(near, 2.0))
        sequence = processing_order(problem.treated.points[:, 0], order, rng)
        options = {"ratio": ratio, "replace": replace, "width": width, "widths": problem.widths}
        found = match_on_rows(problem.treated, problem.control, sequence, **options)
        expected = by_hand(problem, sequence, ratio, replace)
        assert sorted(pairs(found)) == sorted(expected) if replace else pairs(found) == expected


@pytest.mark.parametrize("columns", [1, 2, 4])
@pytest.mark.parametrize("near", [0, 1])
@pytest.mark.parametrize("replace", [False, True])
def test_a_tree_settles_what_looking_at_all_would(monkeypatch, columns, near, replace):
    """Enough controls for the tree to be asked, to grow and to be planted again; the other way never asks it."""
    rng = np.random.default_rng([columns, near])
    treated, control = drawn(rng, columns, near, grid=40, sizes=(150, 400))
    sequence = processing_order(treated.points[:, 0], "largest", rng)
    options = {"ratio": 2, "replace": replace, "width": np.inf, "widths": np.full(near, 4.0)}
    found = match_on_rows(treated, control, sequence, **options)
    monkeypatch.setattr(matching_rows, "dearer_in_tree", np.inf)
    again = match_on_rows(treated, control, sequence, **options)
    assert (pairs(found), found.ties) == (pairs(again), again.ties)


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("order", ["largest", "closest"])
def test_limits_that_bind_nobody_leave_a_line_as_it_is(replace, order):
    rng = np.random.default_rng(3)
    treated, control = drawn(rng, 1, 1, grid=512, sizes=(120, 300))
    sequence = processing_order(treated.points[:, 0], order, rng)
    options = {"ratio": 2, "replace": replace, "width": 0.2}
    line = match_on_score(treated.points[:, 0], control.points[:, 0], sequence, **options)
    cloud = match_on_rows(treated, control, sequence, widths=np.array([9.0]), **options)
    assert (pairs(line), line.ties) == (pairs(cloud), cloud.ties)


def test_replacement_gives_every_treated_unit_its_own_nearest():
    found = match_on_score(np.array([0.0, 0.1]), np.array([5.0, 0.2, 0.3]), None, ratio=2, replace=True, width=1.0)
    assert pairs(found) == [(0, 1), (0, 2), (1, 1), (1, 2)]


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


def test_coordinates_by_ranks_and_by_deviations():
    """By hand: ranks 1.5, 1.5, 3, 4 in standard deviations of 1, 2, 3, 4; a share p has the variance p(1 − p)."""
    points = rank_coordinates(np.array([[0.0], [0.0], [2.0], [50.0]]))
    np.testing.assert_allclose(np.diff(points[:, 0]), np.array([0.0, 1.5, 1.0]) / np.sqrt(5 / 3), rtol=1e-12)
    treated = np.array([True, True, True, False, False])
    matrix = np.array([[0.0, 0.0], [1.0, 3.0], [1.0, 3.0], [0.0, 1.0], [1.0, 5.0]])
    spread = np.sqrt([(3 * 2 / 9 + 2 / 4) / 5, (6 + 8) / 3])
    np.testing.assert_allclose(scaled_coordinates(matrix, treated), matrix / spread, rtol=1e-12)


RNG = np.random.default_rng(4)
CALLS = pd.DataFrame(
    {
        "attended": [1] * 30 + [0] * 70,
        "hour": RNG.integers(0, 24, 100),
        "initial_type": RNG.choice(["a", "b"], 100),
        "priority": RNG.integers(1, 4, 100),
        "arrest": 0,
    }
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


def matched(**options):
    """Match by hour and priority; return the design and the matched calls of both sides in the order of pairs."""
    one = match_nearest(design(covariates=["hour", "priority"]), **options)
    table = one.source[["hour", "priority", "initial_type"]]
    return one, *(table.iloc[side].reset_index(drop=True) for side in one.adjustment.pairs.T)


def test_limits_of_a_pair_are_kept():
    _, first, second = matched(calipers={"hour": 2, "priority": 1}, antiexact=["initial_type"])
    assert (first["hour"] - second["hour"]).abs().max() <= 2
    assert (first["priority"] - second["priority"]).abs().max() <= 1
    assert (first["initial_type"] != second["initial_type"]).all()


def test_a_limit_in_deviations_is_one_in_units():
    spread = float(CALLS["hour"].std())
    ours, other = (
        match_nearest(design(), calipers={"hour": width}, calipers_in=unit)
        for width, unit in ((0.5, "sd"), (0.5 * spread, "raw"))
    )
    np.testing.assert_array_equal(ours.adjustment.pairs, other.adjustment.pairs)


@pytest.mark.parametrize("distance", ["logit", "probability"])
def test_a_caliper_in_units_of_the_score_is_one_in_its_deviations(distance):
    fit = design().propensity()
    score = fit.linear if distance == "logit" else fit.probability
    width = 0.25 * float(score.std(ddof=1))
    ours = match_nearest(design(), caliper=0.25, distance=distance)
    other = match_nearest(design(), caliper=width, caliper_in="raw", distance=distance)
    np.testing.assert_array_equal(ours.adjustment.pairs, other.adjustment.pairs)
    apart = {"exact": ["priority", "initial_type"]}
    narrow = match_nearest(design(**apart), caliper=width / 100, caliper_in="raw", distance=distance)
    assert any(f"no untreated call within {width / 100:g} {distance} and equal in" in note for note in narrow.notes)


def test_a_mahalanobis_match_stays_within_the_caliper_of_the_score():
    one, first, second = matched(mahalanobis_on=["priority"], caliper=0.1)
    score = one.propensity().linear
    assert np.abs(np.diff(score[one.adjustment.pairs])).max() <= 0.1 * score.std(ddof=1) + 1e-9
    by_score = matched(caliper=0.1)
    assert (first["priority"] == second["priority"]).mean() > (by_score[1] == by_score[2])["priority"].mean()


def test_calls_outside_the_range_of_the_other_kind_are_discarded_and_said():
    apart = pd.DataFrame({"attended": [0, 0, 1, 0, 1, 1], "hour": [0, 1, 2, 3, 4, 5]})
    c = CallDesign.from_frame(apart.iloc[[0, 1, 3, 2, 4, 5]], outcome=None, treatment="attended", covariates=["hour"])
    kept = {"none": [0, 1, 2, 3, 4, 5], "treated": [0, 1, 2, 3], "control": [2, 3, 4, 5], "both": [2, 3]}
    contrasts = {"none": "ATT", "treated": "ATM", "control": "ATM", "both": "ATM"}
    for discard, rows in kept.items():
        one = match_nearest(c, discard=discard)
        assert set(one.source["hour"][one.adjustment.weights > 0]) <= set(rows)
        assert one.contrast == contrasts[discard]
    assert [note for note in match_nearest(c, discard="both").notes if "discarded" in note] == [
        "2 treated calls whose score no call of the other kind surrounds were discarded: the estimate speaks of the "
        "others",
        "2 untreated calls whose score no call of the other kind surrounds were discarded",
    ]


def test_atc_looks_for_treated_calls_like_each_untreated_one():
    swapped = CALLS.assign(attended=1 - CALLS["attended"])
    flipped = CallDesign.from_frame(swapped, outcome=None, treatment="attended", covariates=["hour"])
    ours, other = match_nearest(design(), contrast="ATC", replace=True), match_nearest(flipped, replace=True)
    np.testing.assert_array_equal(ours.adjustment.weights, other.adjustment.weights)
    assert {tuple(pair) for pair in ours.adjustment.pairs} == {(b, a) for a, b in other.adjustment.pairs}
    assert (ours.contrast, other.contrast) == ("ATC", "ATT")


def test_atc_without_enough_treated_calls_says_whom_it_speaks_of():
    one = match_nearest(design(), contrast="ATC")
    assert one.contrast == "ATM"
    assert any(note.startswith("40 of 70 untreated calls have no treated call left and are") for note in one.notes)
    assert one.adjustment.options["order"] == "smallest"


def test_sets_hold_a_treated_call_and_its_matches():
    one = match_nearest(design(), ratio=2)
    sets, pairs = one.adjustment.sets, one.adjustment.pairs
    assert (sets[pairs[:, 0]] == sets[pairs[:, 1]]).all()
    assert np.bincount(sets[sets >= 0]).tolist() == [3] * 30


def test_matching_sees_neither_outcome_nor_order_of_rows():
    named = CALLS.assign(call_id=range(100), arrest=np.arange(100) % 2)
    options = {"caliper": 0.5, "calipers": {"hour": 3}, "antiexact": ["initial_type"], "ratio": 2}
    stated = {"treatment": "attended", "covariates": ["hour", "priority"]}
    plain = match_nearest(CallDesign.from_frame(named, outcome=None, **stated), **options)
    shuffled = CallDesign.from_frame(named.sample(frac=1, random_state=1), outcome="arrest", **stated)
    assert match_nearest(shuffled, **options).design_fingerprint == plain.design_fingerprint


def test_scores_without_spread_are_ties():
    balanced = pd.DataFrame({"attended": [1, 1, 0, 0, 0, 0], "hour": [4, 9, 4, 9, 4, 9]})
    c = CallDesign.from_frame(balanced, outcome=None, treatment="attended", covariates=["hour"])
    one = match_nearest(c, caliper=0.1)
    assert one.adjustment.pairs.tolist() == [[0, 2], [1, 3]]
    assert "2 of 2 matches had another call as near: the lowest id was taken" in one.notes


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
    "contrast": ({"contrast": "ATE"}, "contrast='ATE' is not a choice: choose from ATT, ATC"),
    "ratio above treated": ({"ratio": 31, "contrast": "ATC"}, "ratio=31 and there are 30 treated calls"),
    "unit": ({"caliper_in": "iqr"}, "caliper_in='iqr' is not a choice: choose from sd, raw"),
    "discard": ({"discard": "all"}, "discard='all' is not a choice"),
    "stranger": ({"calipers": {"age": 5}}, "calipers name 'age', no covariate of numbers"),
    "no width": ({"calipers": {"hour": -1}}, "the caliper of 'hour' is -1, not a width"),
    "columns": ({"mahalanobis_on": ["age"]}, "mahalanobis_on has no covariate: age"),
    "twice": ({"mahalanobis_on": ["hour"], "distance": "mahalanobis"}, "mahalanobis_on stands beside"),
    "no column": ({"antiexact": ["shift"]}, "antiexact has no column of the design: shift"),
    "late": ({"antiexact": ["arrest"]}, "'arrest' comes about after dispatch"),
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
