"""Influence of calls in all estimators of partly known outcomes, against derivatives of the whole way of estimating."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from coresponder_causal import estimate
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, PartlyKnownDesign, match_nearest, weight_propensity
from coresponder_causal.validity.partly_known_worlds import engaged, lost

RNG = np.random.default_rng(11)
FRAME = engaged(RNG, 240, 0.4, 0.1).assign(weight=0.5 + RNG.random(240), late=RNG.random(240) < 0.5)
GONE = lost(RNG, FRAME, 0.3, by="recorded")
FRAME["answered"] = FRAME["engaged"].mask(GONE)
FRAME["drawn"] = GONE & (RNG.random(240) < 0.5)
FRAME["found"] = FRAME["engaged"].mask(GONE & ~FRAME["drawn"])
FRAME["linked"] = np.where(FRAME["engaged"] == 1, RNG.random(240) < 0.8, RNG.random(240) < 0.1).astype(float)
FRAME["reviewed"] = FRAME["engaged"].where(RNG.random(240) < 0.5)
KINDS = {
    "bounds": (estimate.call_bounds, {"outcome": "answered"}, {}),
    "bounds of levels": (
        estimate.call_bounds,
        {"outcome": "answered"},
        {"method": "horowitz-manski", "by": "late"},
    ),
    "trimmed": (estimate.call_bounds, {"outcome": "answered"}, {"method": "lee"}),
    "trimmed within levels": (estimate.call_bounds, {"outcome": "answered"}, {"method": "lee", "by": "late"}),
    "weighted": (estimate.call_observed, {"outcome": "answered"}, {"delta_treated": 0.1, "delta_untreated": -0.2}),
    "found again": (estimate.call_double_sample, {"outcome": "found", "drawn": "drawn"}, {}),
    "linked": (estimate.call_linkage, {"outcome": "linked", "reviewed": "reviewed"}, {}),
    "linked, one rate": (
        estimate.call_linkage,
        {"outcome": "linked", "reviewed": "reviewed"},
        {"rates": "all", "apart": 0.05},
    ),
}


def estimated(kind, frame=FRAME, **stated):
    function, roles, options = KINDS[kind]
    with quietly():
        plain = CallDesign.from_frame(
            frame, outcome=None, treatment="attended", covariates=["severity", "night"], weights="weight", **stated
        )
        return function(PartlyKnownDesign.from_calls(weight_propensity(plain, scheme="overlap"), **roles), **options)


@pytest.mark.parametrize("kind", KINDS)
def test_influence_is_the_derivative_in_a_calls_weight(kind):
    """Through the propensity, the chance of being known and the errors of linkage; differences of size 1e-5."""
    result = estimated(kind)
    n = len(FRAME)
    psi = result.influence.rows()[:, 0] / np.sqrt(n / (n - 2)) / n
    for row in (0, 7, 31, 100, 200):
        up, down = (
            estimated(kind, FRAME.assign(weight=FRAME["weight"] * (1 + sign * 1e-5 * (FRAME.index == row))))
            for sign in (1, -1)
        )
        derivative = (up.estimate[0] - down.estimate[0]) / 2e-5
        assert psi[row] == pytest.approx(derivative, abs=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_persons_are_clusters(kind):
    alone, together = estimated(kind), estimated(kind, person="person")
    np.testing.assert_allclose(together.estimate, alone.estimate, rtol=1e-12)
    sums = together.influence.by_cluster().to_numpy()
    np.testing.assert_allclose(together.vcov, sums.T @ sums / len(FRAME) ** 2, rtol=1e-12)
    assert together.extra["cluster"] == "person"
    assert together.df[0] == FRAME["person"].nunique() - 1


@pytest.mark.parametrize("adjust", [partial(weight_propensity, scheme="att"), partial(match_nearest, caliper=0.5)])
def test_with_everything_known_all_are_the_difference_of_calls(adjust):
    """The same influence of a weighted comparison; of matched sets, which are no clusters here, the same estimate."""
    stated = {"treatment": "attended", "covariates": ["severity"], "person": "person"}
    with quietly():
        usual = estimate.call_difference(
            adjust(CallDesign.from_frame(FRAME, outcome="engaged", **stated)), cluster="person"
        )
        plain = adjust(CallDesign.from_frame(FRAME, outcome=None, **stated))
        results = [
            estimate.call_bounds(PartlyKnownDesign.from_calls(plain, outcome="engaged")),
            estimate.call_bounds(PartlyKnownDesign.from_calls(plain, outcome="engaged"), method="lee"),
            estimate.call_observed(PartlyKnownDesign.from_calls(plain, outcome="engaged")),
        ]
    for result in results:
        assert result.estimate[0] == pytest.approx(usual.estimate[0], abs=1e-12)
        assert result.vcov[0, 0] == pytest.approx(usual.vcov[0, 0], rel=1e-10)
        assert result.df[0] == usual.df[0]
        assert any("matched sets are not" in text for text in result.notes) == (plain.adjustment.pairs is not None)


def test_two_samples_are_not_taken_for_one():
    design = PartlyKnownDesign.from_calls(
        CallDesign.from_frame(FRAME, outcome=None, treatment="attended", covariates=["night"]),
        outcome="found",
        drawn="drawn",
    )
    for function in (estimate.call_bounds, estimate.call_observed):
        with pytest.raises(EstimationError, match="says that there is a second") as caught:
            function(design)
        assert "call_double_sample" in caught.value.mend
    with pytest.raises(EstimationError, match="no calls were reviewed"):
        estimate.call_linkage(replace(design, drawn=None))
    with pytest.raises(EstimationError, match="drawn"):
        estimate.call_double_sample(replace(design, drawn=None))
