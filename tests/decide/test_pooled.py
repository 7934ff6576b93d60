"""Bias-adjusted pooling, worked by hand, and a sceptic's probabilities against the closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import chi_square_p_value, normal_tail
from coresponder_causal.core.notes import quietly
from coresponder_causal.decide.covariance import Joint, joint_covariance
from coresponder_causal.decide.pooled import Bias, pooled_value
from coresponder_causal.decide.sceptical import probability_below
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.estimate import did_prediction_interval, its_segmented


def bias(mean: float = 0.0, sd: float = 0.0) -> Bias:
    return Bias(mean=mean, sd=sd, source="a paper", elicited_from="two who know")


def pooled(estimates, sigma, biases, kinds=("x", "y"), together=None, df=(np.inf, np.inf)):
    joint = Joint(np.array(sigma), np.array(sigma if together is None else together), int(together is not None))
    given = dict(zip("ab", biases, strict=True))
    return pooled_value(estimates, joint, df, methods=["a", "b"], kinds=list(kinds), bias=given)


def test_there_is_no_pooled_number_without_elicited_biases():
    with pytest.raises(EstimationError, match=r"how far b may be wrong(.|\n)*\[bias\] block"):
        pooled_value(
            [0.0, 0.0],
            Joint(np.eye(2), np.eye(2), 0),
            [9.0, 9.0],
            methods=["a", "b"],
            kinds=["x", "y"],
            bias={"a": bias()},
        )


def test_weights_come_from_errors_and_biases_together():
    """Variances .01 + .03 and .02 + 0: weights 1/3 and 2/3 of -.3 + .1 and -.1."""
    found = pooled([-0.3, -0.1], np.diag([0.01, 0.02]), [bias(-0.1, np.sqrt(0.03)), bias()])
    assert found.weights == pytest.approx((1 / 3, 2 / 3))
    assert found.estimate == pytest.approx(-0.2 / 3 - 0.2 / 3)
    assert found.std_error == pytest.approx(np.sqrt(0.04 * 0.02 / 0.06))


def test_agreement_is_asked_of_what_was_estimated():
    """Difference .2 with variance .01 + .02 - 2 · .005 = .02: Q = 2."""
    found = pooled([-0.3, -0.1], [[0.01, 0.005], [0.005, 0.02]], [bias(-0.1, 1.0), bias()])
    assert found.q == pytest.approx(2.0)
    assert found.q_p_value == pytest.approx(float(chi_square_p_value(2.0, 1.0)), abs=1e-6)


def test_designs_of_one_assumption_share_their_bias():
    apart = pooled([0.0, 0.0], np.diag([0.01, 0.01]), [bias(0, 0.1)] * 2)
    shared = pooled([0.0, 0.0], np.diag([0.01, 0.01]), [bias(0, 0.1)] * 2, kinds=("x", "x"))
    assert apart.std_error**2 == pytest.approx(0.01)  # (.01 + .01) / 2
    assert shared.std_error**2 == pytest.approx(0.015)  # .01 / 2 + .01


def test_where_the_correlation_is_not_known_the_wider_interval_counts():
    found = pooled([0.0, 0.0], np.diag([0.01, 0.01]), [bias(0, 0.1)] * 2, together=[[0.01, 0.01], [0.01, 0.01]])
    assert found.std_error**2 == pytest.approx((0.02 + 0.01) / 2)
    assert found.unknown == 1


def test_few_degrees_of_freedom_widen_the_interval():
    many, few = (pooled([0.0, 0.0], np.diag([0.01, 0.01]), [bias()] * 2, df=(df, df)) for df in (np.inf, 4.0))
    assert few.df == pytest.approx(8.0)  # two equal parts of 4 df each
    assert few.high / many.high == pytest.approx(2.306 / 1.960, rel=1e-3)


def test_a_sceptic_weighs_by_precision():
    """Prior N(0, .2²), estimate -.2 ± .1: posterior N(-.16, .2² · .1² / (.2² + .1²))."""
    spread = np.sqrt(0.04 * 0.01 / 0.05)
    for limit in (0.0, np.log(0.85)):
        expected = float(normal_tail((-0.16 - limit) / spread))
        assert probability_below(-0.2, 0.1, np.inf, limit)[0] == pytest.approx(expected, abs=1e-6)


def test_with_few_degrees_of_freedom_a_sceptic_moves_less():
    assert probability_below(-0.3, 0.1, 3.0, 0.0)[0] < probability_below(-0.3, 0.1, np.inf, 0.0)[0]
    assert probability_below(-0.3, 0.1, 1e6, 0.0)[0] == pytest.approx(
        probability_below(-0.3, 0.1, np.inf, 0.0)[0], abs=1e-4
    )


def test_what_a_city_and_its_own_past_give_together_holds_the_truth_where_cities_drift():
    """80 panels without an effect whose cities drift apart by .1; Monte-Carlo error .025 of .95 and .05 of .69."""
    rng, post = np.random.default_rng(3), np.arange(72) >= 42
    months, held = pd.period_range("2017-01", periods=72, freq="M").astype(str), []
    for _ in range(80):
        logs = np.log(150) + 0.1 * rng.normal(size=(9, 1)) * post + rng.normal(0, 0.1, (9, 72))
        keys = pd.MultiIndex.from_product([[f"c{i}" for i in range(9)], months], names=["city", "month"])
        frame = keys.to_frame(index=False).assign(calls=rng.poisson(np.exp(logs)).ravel())
        own = frame[frame["city"] == "c0"]
        with quietly():
            many = PanelDesign.from_frame(
                frame, outcome="calls", unit="city", time="month", treated="c0", start="2020-07"
            )
            alone = SeriesDesign.from_frame(own, outcome="calls", time="month", start="2020-07")
            results = [did_prediction_interval(many), its_segmented(alone, slope_change=False)]
        errors = [float(np.sqrt(result.vcov[0, 0])) for result in results]
        independent = np.diag(np.square(errors))
        laws = (joint_covariance(results, errors), Joint(independent, independent, 0))
        estimates, df = [float(one.estimate[0]) for one in results], [float(one.df[0]) for one in results]
        kinds, no_bias = ["a", "b"], {"a": bias(), "b": bias()}
        found = [pooled_value(estimates, law, df, methods=kinds, kinds=kinds, bias=no_bias) for law in laws]
        held.append([one.low < 0 < one.high for one in found])
    joint, apart = np.mean(held, axis=0)
    assert joint > 0.87
    assert apart < 0.82
