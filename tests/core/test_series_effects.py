"""What methods for a series report: against definitions by hand, and draws against the delta method."""

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import collecting
from coresponder_causal.core.series_effects import Course, SeriesFit, series_result

N, FIRST = 60, 36
MONTHS = pd.period_range("2018-01", periods=N, freq="M")
SINCE = np.arange(N) - float(FIRST)
DOSE = (SINCE >= 0).astype(float)
MATRIX = np.column_stack([np.ones(N), SINCE, DOSE, np.maximum(SINCE, 0)])
WITHOUT = MATRIX * [1, 1, 0, 0]
BETA = np.array([4.6, 0.002, -0.2, -0.005])
VCOV = 0.01 * np.linalg.inv(MATRIX.T @ MATRIX)  # least squares with errors of deviation .1
NAMED = {"level_change": np.eye(4)[2], "slope_change": np.eye(4)[3]}
EXPOSURE = 1.0 + 0.01 * np.arange(N)


def course(**changed):
    stated = {
        "city": "Davis", "outcome": "calls", "treatment": "the programme", "start": "2021-01", "periods": MONTHS,
        "positions": np.arange(float(N)), "start_position": FIRST, "dose": DOSE,
        "counts": np.random.default_rng(2).poisson(EXPOSURE * np.exp(MATRIX @ BETA)).astype(float),
        "exposure": EXPOSURE, "freq": "M", "period_name": "months",
    }  # fmt: skip
    return Course(**(stated | changed))


def fit(**changed):
    stated = {
        "matrix": MATRIX, "without": WITHOUT, "beta": BETA, "vcov": VCOV, "df": 20.0, "link": "log", "named": NAMED,
        "noise": lambda normals: np.float32(0.1) * normals,
    }  # fmt: skip
    return SeriesFit(**(stated | changed))


def report(made=None, fitted=None, **options):
    return series_result(made or course(), fitted or fit(), method="example", **({"facts": {}} | options))


def test_terms_are_contrasts_of_the_predictor_with_and_without():
    result = report(facts={"rho": 0.4})
    assert result.terms["term"].tolist() == [
        "mean_post", "level_change", "slope_change", "effect_at_6_months", "effect_at_12_months", "averted",
    ]  # fmt: skip
    after = SINCE >= 0
    expected = [(-0.2 * DOSE - 0.005 * SINCE)[after].mean(), -0.2, -0.005, -0.23, -0.26]
    np.testing.assert_allclose(result.estimate[:-1], expected, rtol=1e-12)
    twelfth = np.array([0, 0, 1, 12.0])
    assert result.vcov[4, 4] == pytest.approx(twelfth @ VCOV @ twelfth, rel=1e-12)
    assert (result.extra["rho"], result.extra["n_after"], result.extra["outcome_unit"]) == (0.4, 24, "calls a month")


def test_no_column_needs_to_be_the_programmes():
    """Effects given period by period, as a forecast gives them: the mean and the sum, and no change of level."""
    effects = np.linspace(-30, -10, N - FIRST)
    matrix = np.vstack([np.zeros((FIRST, N - FIRST)), np.eye(N - FIRST)])
    forecast = fit(
        matrix=matrix, without=0 * matrix, beta=effects, vcov=np.eye(N - FIRST), link="identity", named={}, noise=None
    )
    result = report(course(exposure=np.ones(N)), forecast)
    assert result.terms["term"].tolist() == ["mean_post", "effect_at_6_months", "effect_at_12_months", "averted"]
    np.testing.assert_allclose(result.estimate[[0, 3]], [-20, 20 * (N - FIRST)], rtol=1e-12)
    assert "averted_predicted_low" not in result.extra


def test_horizons_out_of_the_series_are_named():
    with collecting() as notes:
        result = report(course(freq="W", period_name="weeks"))
    assert notes == ["no effect is given at 26, 52, 104 weeks: no such period in the series"]
    assert not result.terms["term"].str.startswith("effect").any()
    with pytest.raises(EstimationError, match="lie before the start"):
        report(horizons=(-1,))


@pytest.mark.parametrize("link", ["log", "identity"])
def test_the_path_and_the_sum_of_averted_events(link):
    beta = BETA if link == "log" else np.array([100.0, 0.2, -20.0, -0.5])
    made, fitted = course(), fit(link=link, beta=beta)
    result, after = report(made, fitted), SINCE >= 0
    back, unit = (np.exp, EXPOSURE) if link == "log" else (np.asarray, EXPOSURE / EXPOSURE.mean())
    np.testing.assert_allclose(result.path["counterfactual"], back(WITHOUT @ beta) * unit, rtol=1e-12)
    np.testing.assert_allclose(result.path["fitted"], back(MATRIX @ beta) * unit, rtol=1e-12)
    spread = np.sqrt(np.diag(WITHOUT @ VCOV @ WITHOUT.T))
    np.testing.assert_allclose(result.path["high"], back(WITHOUT @ beta + critical(20.0) * spread) * unit, rtol=1e-12)
    effects = ((MATRIX - WITHOUT) @ beta)[after]
    expected = made.counts[after] @ np.expm1(-effects) if link == "log" else -effects @ unit[after]
    assert result.tidy()["estimate"].iloc[-1] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("link", ["log", "identity"])
def test_draws_agree_with_the_delta_method_with_and_without_noise(link):
    log = link == "log"
    beta, scale = (BETA, 1.0) if log else (np.array([100.0, 0.2, -20.0, -0.5]), 100.0)
    spread = 0.1 * scale
    fitted = fit(link=link, beta=beta, vcov=scale**2 * VCOV, noise=lambda normals: np.float32(spread) * normals)
    result = report(fitted=fitted)
    low, high = result.conf_int().loc["averted"]
    drawn = np.array([result.extra["averted_low"], result.extra["averted_high"]])
    # The 2.5 % quantile of 5,000 draws is known to about 4 % of the half-width; three of that.
    np.testing.assert_allclose(drawn, [low, high], atol=0.12 * (high - low) / 2)

    after = SINCE >= 0
    unit = (EXPOSURE if log else EXPOSURE / EXPOSURE.mean())[after]
    with_it, without = (unit * (np.exp(X @ beta) if log else 1.0) for X in (MATRIX[after], WITHOUT[after]))
    gradient = without @ WITHOUT[after] - with_it @ MATRIX[after]
    half = np.hypot(
        critical(20.0) * scale * np.sqrt(gradient @ VCOV @ gradient),
        critical(np.inf) * spread * np.linalg.norm(with_it),
    )
    predicted = np.array([result.extra["averted_predicted_low"], result.extra["averted_predicted_high"]])
    assert np.ptp(predicted) / 2 == pytest.approx(half, rel=0.12)


def test_the_seed_is_the_only_source_of_chance():
    one, again, other = report(seed=1), report(seed=1), report(seed=2)
    assert one.to_json() == again.to_json()
    assert one.extra["averted_low"] != other.extra["averted_low"]
    np.testing.assert_array_equal(one.estimate, other.estimate)


def test_heavy_tails_stay_finite():
    wild = report(fitted=fit(df=1.0, vcov=4 * np.eye(4)))
    assert np.isfinite([wild.extra["averted_high"], wild.extra["averted_predicted_low"]]).all()
    json.loads(wild.extra.to_json())
