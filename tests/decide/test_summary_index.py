"""Indices of several outcomes: by hand, and the mean effect against the effect on the index."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import decide, report
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, PanelDesign, weight_propensity
from coresponder_causal.estimate import call_difference, did_group_time

THREE = ["force", "minutes", "repeat"]
LESS = {"force": -1, "repeat": -1}


def calls(seed=1, n=500):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"call_id": range(n), "person": rng.integers(0, 150, n), "night": rng.random(n) < 0.4})
    frame["attended"] = rng.random(n) < 0.3 + 0.3 * frame["night"]
    habit = rng.normal(size=150)[frame["person"]]
    frame["force"] = (habit + rng.normal(size=n) > 1.2).astype(float)
    frame["minutes"] = 30 + 3 * habit + rng.normal(size=n) - 2 * frame["attended"]
    frame["repeat"] = rng.random(n) < 0.3
    return frame


def design(frame):
    return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"], person="person")


def hand():
    """Controls: a = 1, 2, 3, 4 (mean 2.5, variance 5/3), b = 0, 0, 1, 1 (mean 1/2, variance 1/3), covariance 2/3."""
    frame = pd.DataFrame({"attended": [0, 0, 0, 0, 1, 1], "a": [1.0, 2, 3, 4, 5, 2], "b": [0.0, 0, 1, 1, 0, np.nan]})
    frame["c"] = [1.0, 0, 0, 1, 1, 1]
    return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])


def test_two_outcomes_weigh_the_same_and_a_row_that_lacks_one_is_the_other():
    # Of two outcomes the row sums of the inverse correlation are alike.
    z_a, z_b = (
        (np.array([1, 2, 3, 4, 5, 2]) - 2.5) / np.sqrt(5 / 3),
        (np.array([0, 0, 1, 1, 0, 0]) - 0.5) / np.sqrt(1 / 3),
    )
    expected = np.append((z_a + z_b)[:5] / 2, z_a[5])
    found = decide.summary_index(hand(), ["a", "b"])
    np.testing.assert_allclose(found.outcome_values(), expected, rtol=1e-12)
    assert found.notes[-1] == "rows that lack some of its outcomes: 1"


def test_kling_liebman_takes_the_mean_of_the_arm_for_what_is_not_known():
    z_a, z_b = (
        (np.array([1, 2, 3, 4, 5, 2]) - 2.5) / np.sqrt(5 / 3),
        (np.array([0, 0, 1, 1, 0, 0]) - 0.5) / np.sqrt(1 / 3),
    )
    # The other attended call has b = 0, so that the mean of the arm is its z.
    found = decide.summary_index(hand(), ["a", "b"], kind="kling_liebman")
    np.testing.assert_allclose(found.outcome_values(), (z_a + z_b) / 2, rtol=1e-12)


def test_inverse_covariance_weights_by_hand():
    """Among controls a and b correlate r = 2/√5, neither with c: weights 1/(1 + r), 1/(1 + r), 1, over their sum."""
    r = 2 / np.sqrt(5)
    weights = np.array([1 / (1 + r), 1 / (1 + r), 1.0])
    weights /= weights.sum()
    found = decide.summary_index(hand(), ["a", "b", "c"], name="harm")
    assert found.outcome == "harm"
    assert found.notes[-2].startswith(f"harm is made of {weights[0]:.2f} of a, {weights[1]:.2f} of b, {weights[2]:.2f}")
    z = (np.array([5.0, 0, 1]) - [2.5, 0.5, 0.5]) / np.sqrt([5 / 3, 1 / 3, 1 / 3])
    assert found.outcome_values()[4] == pytest.approx(weights @ z)


def test_signs_turn_outcomes():
    d = hand()
    plain = decide.summary_index(d, ["a", "b"])
    turned = decide.summary_index(d, ["a", "b"], signs={"a": -1, "b": -1})
    np.testing.assert_allclose(turned.outcome_values(), -plain.outcome_values(), rtol=1e-12)


@pytest.mark.parametrize("kind", ["inverse_covariance", "kling_liebman"])
@pytest.mark.parametrize("adjust", [lambda c: c, weight_propensity], ids=["as they came", "weighted"])
def test_the_mean_effect_is_the_effect_on_the_index(kind, adjust):
    """The same to the last digits, standard error by persons included: both are linear in the outcomes."""
    with quietly():
        c = adjust(design(calls()))
        parts = [call_difference(c.with_outcome(name)) for name in THREE]
        whole = call_difference(decide.summary_index(c, THREE, kind=kind, signs=LESS))
        found = decide.mean_effect(parts, c, kind=kind, signs=LESS)
    np.testing.assert_allclose(found.estimate, whole.estimate, rtol=1e-9)
    np.testing.assert_allclose(found.vcov, whole.vcov, rtol=1e-9)
    assert found.df[0] == whole.df[0]
    np.testing.assert_allclose(
        found.influence.by_cluster().to_numpy().std(), whole.influence.by_cluster().to_numpy().std()
    )


def test_the_effect_on_the_index_is_least_squares():
    import statsmodels.api as sm

    with quietly():
        c = decide.summary_index(design(calls()), THREE, signs=LESS)
        found = call_difference(c)
    fit = sm.OLS(c.outcome_values(), sm.add_constant(c.treated.astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": c.persons.to_numpy()}
    )
    assert found.estimate[0] == pytest.approx(fit.params[1], rel=1e-9)
    assert found.bse.iloc[0] == pytest.approx(fit.bse[1], rel=1e-9)


def test_a_mean_effect_stands_in_a_family_with_its_parts():
    with quietly():
        c = design(calls())
        parts = [call_difference(c.with_outcome(name)) for name in THREE]
        whole = decide.mean_effect(parts, c)
        found = decide.step_down([whole, *parts])
    assert report.sentence(whole).text.startswith("Scores of the summary index were")
    assert (found.correlation.iloc[0, 1:] > 0.3).all()


def test_panels_take_the_units_that_never_start():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame([(u, t) for u in range(30) for t in range(6)], columns=["id", "t"])
    frame["cohort"] = np.where(frame["id"] < 10, 4.0, np.nan)
    frame["people"] = 100.0 + frame["id"]
    for name in ("x", "y"):
        frame[name] = frame["people"] * (1 + 0.1 * rng.normal(size=len(frame)))
    d = PanelDesign.from_frame(frame, outcome=None, unit="id", time="t", cohort="cohort", exposure="people")
    made = decide.summary_index(d, ["x", "y"])
    assert made.exposure is None
    source = made.source
    rate = (source["x"] / source["people"])[source["id"] >= 10]
    z = (source["x"] / source["people"] - rate.mean()) / rate.std()
    other = (source["y"] / source["people"])[source["id"] >= 10]
    z2 = (source["y"] / source["people"] - other.mean()) / other.std()
    np.testing.assert_allclose(source["summary_index"], (z + z2) / 2, rtol=1e-9)
    with quietly():
        assert np.isfinite(did_group_time(made).estimate).all()


def test_what_no_index_can_be_made_of():
    d = hand()
    twice = d.source.assign(same=2 * d.source["a"] + 1, still=0.0, none=np.nan)
    d = CallDesign.from_frame(twice, outcome=None, treatment="attended", covariates=[])
    for outcomes, said in (
        (["a", "same"], "determine each other"),
        (["a", "still"], "'still' does not vary"),
        (["a"], "an index of a"),
        (["a", "elsewhere"], "'elsewhere' is no column of numbers"),
    ):
        with pytest.raises(DesignError, match=said):
            decide.summary_index(d, outcomes)
    with pytest.raises(DesignError, match="sign 2 of 'a'"):
        decide.summary_index(d, ["a", "b"], signs={"a": 2})
    empty = twice.assign(a=twice["a"].where(twice.index != 5))
    lacking = CallDesign.from_frame(empty, outcome=None, treatment="attended", covariates=[])
    with pytest.raises(DesignError, match="rows without an outcome to make an index of: 1"):
        decide.summary_index(lacking, ["a", "b"])


def test_what_no_mean_effect_can_be_made_of():
    with quietly():
        c = design(calls())
        one = call_difference(c.with_outcome("minutes"))
        ratio = call_difference(c.with_outcome("force"), scale="ratio")
    with pytest.raises(EstimationError, match="force is no difference"):
        decide.mean_effect([one, ratio], c)
    with pytest.raises(EstimationError, match="2 results of 1 outcomes"):
        decide.mean_effect([one, one], c)
