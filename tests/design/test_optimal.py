"""What optimally matched designs say of themselves: weights, contrasts, limits and calls left out."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.core.line_pairs import least_line_pairs
from coresponder_causal.core.links import Limits, least_links
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.match_full import match_full
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.match_optimal import match_optimal
from coresponder_causal.estimate.call_difference import call_difference

RNG = np.random.default_rng(4)
CALLS = pd.DataFrame(
    {
        "attended": [1] * 30 + [0] * 70,
        "hour": np.append(RNG.integers(6, 24, 30), RNG.integers(0, 20, 70)),
        "priority": RNG.integers(1, 5, 100),
        "initial_type": RNG.choice(["a", "b"], 100),
        "minutes": RNG.normal(30, 5, 100),
    }
)


def design(**changed):
    stated = {"outcome": None, "treatment": "attended", "covariates": ["hour", "priority"]} | changed
    return CallDesign.from_frame(CALLS, **stated)


def distance_of_pairs(matched):
    score = matched.propensity().linear / matched.propensity().linear.std(ddof=1)
    return np.abs(np.diff(score[matched.adjustment.pairs], axis=1)).sum()


def test_optimal_pairs_are_closer_than_nearest_ones():
    nearest, optimal = match_nearest(design(), ratio=2), match_optimal(design(), ratio=2)
    assert distance_of_pairs(optimal) < distance_of_pairs(nearest) - 0.01


def test_weights_pairs_and_sets_tell_the_same():
    one = match_optimal(design(), ratio=2).adjustment
    assert set(one.weights[:30]) == {1.0}
    assert set(one.weights[30:]) == {0.0, 0.5}
    assert len(one.pairs) == 60
    assert (one.sets[one.pairs[:, 0]] == one.sets[one.pairs[:, 1]]).all()
    assert ((one.sets >= 0) == (one.weights > 0)).all()


def test_treated_calls_for_the_untreated():
    with pytest.warns(IdentificationWarning, match="of 70 untreated calls have no treated call within 0.5"):
        one = match_optimal(design(), contrast="ATC", caliper=0.5)
    assert one.contrast == "ATM"
    assert one.source["attended"].to_numpy()[one.adjustment.pairs].tolist() == [[1, 0]] * len(one.adjustment.pairs)
    assert any(note.startswith(f"{70 - len(one.adjustment.pairs)} of 70 ") for note in one.notes)


def test_a_short_supply_leaves_nobody_without_a_first_match():
    one = match_optimal(design(), ratio=3)
    assert one.contrast == "ATT"
    assert "20 treated calls have fewer than 3 matches" in one.notes
    assert np.bincount(one.adjustment.pairs[:, 0]).min() >= 1


@pytest.mark.parametrize("match", [match_optimal, match_full])
@pytest.mark.parametrize("distance", ["logit", "mahalanobis", "robust_mahalanobis", "scaled_euclidean"])
def test_matches_are_equal_in_exact_columns_and_made_without_outcome(match, distance):
    one = match(design(exact=["initial_type"]), distance=distance)
    kinds = pd.Series(one.source["initial_type"]).groupby(one.adjustment.sets).nunique()
    assert kinds.drop(-1, errors="ignore").max() == 1
    other = match(design(exact=["initial_type"], outcome="minutes"), distance=distance)
    assert one.design_fingerprint == other.design_fingerprint


@pytest.mark.parametrize("contrast", ["ATT", "ATE", "ATC"])
def test_full_matching_weights_every_set_to_its_share(contrast):
    one = match_full(design(), contrast=contrast)
    sets, weights, treated = one.adjustment.sets, one.adjustment.weights, one.treated
    assert (sets >= 0).all()
    assert one.contrast == contrast
    asked = {"ATT": treated, "ATC": ~treated, "ATE": np.ones(100, bool)}[contrast]
    for arm in (treated, ~treated):
        np.testing.assert_allclose(np.bincount(sets[arm], weights[arm]), np.bincount(sets[asked]), rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "to_treated", "to_untreated"),
    [
        ({"max_controls": 3}, (1, 3), None),
        ({"min_controls": 1 / 2, "max_controls": 4}, (1, 4), (1, 2)),
        ({"min_controls": 2}, (2, 70), (1, 1)),
        ({"min_controls": 1, "max_controls": 1}, (1, 1), (1, 1)),
    ],
)
def test_sets_keep_to_their_limits(options, to_treated, to_untreated):
    one = match_full(design(), **options)
    sets, treated = one.adjustment.sets, one.treated
    many = [np.bincount(sets[(sets >= 0) & arm]) for arm in (treated, ~treated)]
    assert to_treated[0] <= max(many[1].min(), 1)
    assert many[1].max() <= to_treated[1]
    if to_untreated:
        assert many[0].max() <= to_untreated[1]
    if options.get("min_controls") == 2:
        assert many[1].min() >= 2


def test_limits_leave_out_as_few_calls_as_can_be():
    one = match_full(design(), min_controls=1, max_controls=2)
    assert "10 of 70 untreated calls are in no set" in one.notes
    assert one.contrast == "ATT"


def test_limits_that_calls_cannot_meet_are_refused():
    with pytest.raises(DesignError, match="treated calls cannot have 3 untreated calls each: there are 30 treated"):
        match_full(design(), min_controls=3)
    with pytest.raises(DesignError, match="untreated calls cannot have 2 treated calls each"):
        match_full(design(), max_controls=1 / 2)


@pytest.mark.parametrize("match", [match_optimal, match_full])
def test_calls_outside_the_caliper_are_left_out_and_the_contrast_says_so(match):
    one = match(design(exact=["priority"]), caliper=0.2)
    left = int((one.adjustment.weights[:30] == 0).sum())
    assert 0 < left < 15
    assert one.contrast == "ATM"
    assert any(
        note.startswith(f"{left} of 30 treated calls have no untreated call within 0.2 standard deviations and equal")
        for note in one.notes
    )


def test_leaving_out_most_calls_is_a_doubt():
    mirrored = CALLS.assign(attended=1 - CALLS["attended"])
    c = CallDesign.from_frame(mirrored, outcome=None, treatment="attended", covariates=["hour"])
    with pytest.warns(IdentificationWarning, match="40 of 70 treated calls have no untreated call left and are"):
        match_optimal(c)


@pytest.mark.parametrize("match", [match_optimal, match_full])
def test_a_caliper_that_nobody_meets_is_an_error(match):
    apart = pd.DataFrame({"attended": [1, 0, 1, 0, 1, 0], "hour": [0, 1, 2, 3, 4, 5]})
    c = CallDesign.from_frame(apart, outcome=None, treatment="attended", covariates=["hour"])
    with pytest.raises(DesignError, match=r"no treated call has an untreated call within 0.1 standard") as caught:
        match(c, caliper=0.1)
    assert "widen the caliper" in caught.value.mend


BAD = {
    "ratio above controls": (match_optimal, {"ratio": 71}, "ratio=71 and there are 70 calls to choose from"),
    "ratio in parts": (match_optimal, {"ratio": 1.5}, "ratio=1.5 is not a number of calls"),
    "contrast of pairs": (match_optimal, {"contrast": "ATE"}, "contrast='ATE' is not a choice: choose from ATT, ATC"),
    "distance": (match_full, {"distance": "glm"}, "distance='glm' is not a choice"),
    "caliper": (match_full, {"caliper": 0}, "caliper=0 is not a distance"),
    "parts of calls": (match_full, {"min_controls": 0.4}, "min_controls=0.4 is no number of calls"),
    "no calls": (match_full, {"max_controls": 0}, "max_controls=0 is no number of calls"),
    "limits reversed": (match_full, {"min_controls": 2, "max_controls": 1}, "min_controls=2 is above max_controls=1"),
}


@pytest.mark.parametrize(("match", "options", "message"), BAD.values(), ids=BAD)
def test_bad_options_are_refused_with_their_mend(match, options, message):
    with pytest.raises(DesignError, match=message):
        match(design(), **options)


@pytest.mark.parametrize("match", [match_optimal, match_full])
def test_the_order_of_rows_does_not_matter(match):
    named = CALLS.assign(call_id=range(100))
    stated = {"outcome": "minutes", "treatment": "attended", "covariates": ["hour", "priority"]}
    one, other = (
        match(CallDesign.from_frame(frame, **stated)) for frame in (named, named.sample(frac=1, random_state=1))
    )
    assert one.design_fingerprint == other.design_fingerprint
    assert call_difference(one, cluster="none").estimate[0] == call_difference(other, cluster="none").estimate[0]


def test_both_ways_find_the_same_sum_for_two_thousand_among_twenty_thousand():
    """Neither looks at all forty million pairs; each answers for the other."""
    rng = np.random.default_rng(1)
    treated, control = rng.normal(0.7, 1, (2_000, 1)), rng.normal(0, 1, (20_000, 1))
    pairs = least_line_pairs(treated[:, 0], control[:, 0], ratio=1, width=0.2)
    again = least_links(treated, control, Limits(1, 1), Limits(0, 1), width=0.2)
    assert len(pairs.first) == len(again.first)
    np.testing.assert_allclose(pairs.distance.sum(), again.distance.sum(), atol=1e-6)
