"""What differences of calls keep under changes of unit, and of an outcome that covariates explain, on drawn calls."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresponder_causal.core.ecdf import ecdf_distance
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, match_nearest, weight_propensity
from coresponder_causal.estimate import call_difference

KNOWN = ["severity", "night"]
ADJUST = {
    "as they came": lambda c: c,
    "weighted": weight_propensity,
    "pairs": match_nearest,
    "reused": lambda c: match_nearest(c, replace=True, ratio=2),
}
REGRESSIONS = st.sampled_from(["none", "shared", "by_arm"])
WAYS = st.sampled_from(list(ADJUST))


def drawn(seed, n=120):
    rng = np.random.default_rng(seed)
    severity, night = rng.normal(size=n), rng.random(n) < 0.4
    attended = rng.random(n) < 1 / (1 + np.exp(0.6 - 0.7 * severity))
    y = 3 + severity + night - attended + rng.normal(size=n)
    return pd.DataFrame({"severity": severity, "night": night, "attended": attended, "y": y})


def estimated(frame, way, **options):
    with quietly():
        c = CallDesign.from_frame(frame, outcome="y", treatment="attended", covariates=KNOWN)
        return call_difference(ADJUST[way](c), **options)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 99), way=WAYS, regression=REGRESSIONS, a=st.floats(-50, 50), b=st.floats(0.1, 20))
def test_differences_follow_the_unit_of_the_outcome(seed, way, regression, a, b):
    frame = drawn(seed)
    one = estimated(frame, way, regression=regression)
    other = estimated(frame.assign(y=a - b * frame["y"]), way, regression=regression)
    np.testing.assert_allclose(other.estimate, -b * one.estimate, rtol=1e-7, atol=1e-8 * b)
    np.testing.assert_allclose(other.vcov, b**2 * one.vcov, rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99), way=WAYS, regression=REGRESSIONS, b=st.floats(0.1, 20))
def test_ratios_do_not_know_the_unit(seed, way, regression, b):
    frame = drawn(seed).assign(y=lambda f: np.exp(f["y"] / 4))
    one = estimated(frame, way, regression=regression, scale="ratio")
    other = estimated(frame.assign(y=b * frame["y"]), way, regression=regression, scale="ratio")
    np.testing.assert_allclose(other.estimate, one.estimate, atol=1e-9)
    np.testing.assert_allclose(other.vcov, one.vcov, rtol=1e-7)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 99), way=WAYS, regression=st.sampled_from(["shared", "by_arm"]), slope=st.floats(-9, 9))
def test_a_regression_takes_out_whatever_is_linear_in_the_covariates(seed, way, regression, slope):
    frame = drawn(seed)
    one = estimated(frame, way, regression=regression)
    tilted = frame.assign(y=frame["y"] + slope * (2 * frame["severity"] - frame["night"]))
    other = estimated(tilted, way, regression=regression)
    np.testing.assert_allclose(other.estimate, one.estimate, atol=1e-8)
    if way != "reused":  # whose variance compares outcomes of calls that are near, not alike
        np.testing.assert_allclose(other.vcov, one.vcov, rtol=1e-6, atol=1e-10)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99))
def test_without_modification_all_targets_have_one_answer(seed):
    """A regression with shared coefficients does not ask whom it speaks of."""
    frame = drawn(seed)
    with quietly():
        c = weight_propensity(CallDesign.from_frame(frame, outcome="y", treatment="attended", covariates=KNOWN))
        found = [
            call_difference(replace(c, adjustment=replace(c.adjustment, contrast=contrast)), regression="shared")
            for contrast in ("ATT", "ATC", "ATE", "ATO")
        ]
    assert np.ptp([one.estimate[0] for one in found]) < 1e-9
    assert np.ptp([one.vcov[0, 0] for one in found]) < 1e-9


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 999), scale=st.floats(0.1, 9))
def test_distances_of_distributions_lie_between_nought_and_one_and_see_order_alone(seed, scale):
    rng = np.random.default_rng(seed)
    x, w, first = rng.integers(0, 9, 40).astype(float), rng.exponential(size=40), rng.random(40) < 0.5
    if first.all() or not first.any():
        return
    one, other = ecdf_distance(x, w, first), ecdf_distance(np.exp(x), scale * w, first)
    assert 0 <= one.mean <= one.largest <= 1 + 1e-12
    assert other == pytest.approx(one)
