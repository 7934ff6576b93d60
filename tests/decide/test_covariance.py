"""Covariance between designs: against what repeated samples show, and by hand where it follows from what is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.decide.covariance import joint_covariance, possible
from coresponder_causal.design import CallDesign, weight_propensity
from coresponder_causal.estimate import call_difference

REPLICATIONS, EFFECT = 400, -0.1


def made(method: str, error: float, **facts: object) -> Result:
    about = Estimand(contrast="ATT", outcome="calls", treatment="t", population="p", horizon="h", scale="s")
    return Result(
        method=method,
        estimand=about,
        terms=pd.DataFrame({"term": ["mean_post"]}),
        estimate=np.array([-0.2]),
        vcov=np.array([[error**2]]),
        df=np.array([9.0]),
        scale="log_ratio",
        n_obs=72,
        n_units=11,
        extra=Facts(facts),
    )


def calls(rng: np.random.Generator) -> pd.DataFrame:
    """Draw 500 calls of 200 persons, who differ in severity and in what happens to them; the effect is -0.1 for all."""
    person = rng.integers(0, 200, 500)
    severity, own = rng.normal(size=200)[person], rng.normal(0, 0.5, 200)[person]
    attended = rng.random(500) < 1 / (1 + np.exp(-severity))
    score = 1 + 0.5 * severity + own + EFFECT * attended + rng.normal(0, 0.5, 500)
    frame = {"call_id": [f"c{i:03}" for i in range(500)], "person": person, "severity": severity}
    return pd.DataFrame(frame | {"attended": attended, "score": score})


@pytest.fixture(scope="module")
def two_designs() -> pd.DataFrame:
    """Estimate by two weightings of the same calls, of which the second lacks a fifth: errors and joint covariance."""
    rng, rows = np.random.default_rng(5), []
    for _ in range(REPLICATIONS):
        frame, found = calls(rng), []
        for scheme, part in (("att", frame), ("overlap", frame.iloc[:400])):
            with quietly():
                one = CallDesign.from_frame(
                    part, outcome="score", treatment="attended", covariates=["severity"], person="person"
                )
                found.append(call_difference(weight_propensity(one, scheme=scheme)))
        errors = [float(np.sqrt(result.vcov[0, 0])) for result in found]
        joint = joint_covariance(found, errors)
        assert joint.unknown == 0
        rows.append([result.estimate[0] for result in found] + errors + [joint.apart[0, 1]])
    return pd.DataFrame(rows, columns=["one", "other", "one_error", "other_error", "shared"])


def coverage(rows: pd.DataFrame, weights: tuple[float, float], truth: float, *, joint: bool) -> float:
    """Share of 95 % intervals of a weighted sum of both estimates that hold its truth."""
    a, b = weights
    variance = (a * rows["one_error"]) ** 2 + (b * rows["other_error"]) ** 2 + 2 * a * b * rows["shared"] * joint
    off = (a * rows["one"] + b * rows["other"] - truth) / np.sqrt(variance)
    return float((off.abs() < critical(np.inf)).mean())


def test_joint_covariance_covers_where_independence_does_not(two_designs):
    """Monte-Carlo error with 400 replications: .011 of .95, .017 of .86, which a correlation of .75 makes of it."""
    mean, difference = (0.5, 0.5), (1.0, -1.0)
    for weights, truth in ((mean, EFFECT), (difference, 0.0)):
        assert 0.92 < coverage(two_designs, weights, truth, joint=True) < 0.98
    assert coverage(two_designs, mean, EFFECT, joint=False) < 0.905
    assert coverage(two_designs, difference, 0.0, joint=False) > 0.995


def test_the_covariance_is_that_of_repeated_samples(two_designs):
    seen = np.cov(two_designs["one"], two_designs["other"])[0, 1]
    assert two_designs["shared"].mean() == pytest.approx(seen, rel=0.2)  # its own error is about 9 %


def test_drift_enters_once_into_every_row_of_the_city():
    """Noise .03² and .05², τ .1 against 10 cities: v + τ²(1 + 1/10) and v + τ²; they share the smaller noise and τ²."""
    cities = made("did_prediction_interval", np.sqrt(0.03**2 + 0.01 * 1.1), tau=0.1, m=10)
    series = made("its_segmented", 0.05)
    found = joint_covariance([cities, series], [np.sqrt(0.03**2 + 0.01 * 1.1), 0.05])
    expected = [[0.03**2 + 0.011, 0.03**2 + 0.01], [0.03**2 + 0.01, 0.05**2 + 0.01]]
    np.testing.assert_allclose(found.apart, expected, rtol=1e-12)
    assert found.unknown == 0


def test_covered_against_other_hours_shares_no_noise_with_a_total():
    found = joint_covariance([made("call_coverage", 0.1), made("did_prediction_interval", 0.2)], [0.1, 0.2])
    assert found.apart[0, 1] == 0
    assert found.unknown == 0


def test_what_is_not_known_lies_between_none_and_perfect():
    found = joint_covariance([made("call_iv", 0.1), made("did_prediction_interval", 0.2)], [0.1, 0.2])
    assert (found.apart[0, 1], found.unknown) == (0.0, 1)
    assert found.together[0, 1] == pytest.approx(0.02)


def test_a_matrix_that_cannot_be_a_covariance_becomes_one_with_its_variances():
    wanted = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    found = possible(wanted)
    assert np.linalg.eigvalsh(found).min() > -1e-12
    np.testing.assert_allclose(np.diag(found), 1.0)
