"""Forecast by unobserved components: simulated truth, what controls tell, what is reported and said."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.inference import critical
from coresponder_causal.core.series_forecast import forecast
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.design.segmented import segmented
from coresponder_causal.estimate import its_structural

N, FIRST = 84, 54
MONTHS = pd.period_range("2016-01", periods=N, freq="M")
AFTER = np.arange(N) >= FIRST


def walk(rho=0.8, sd=0.1, seed=0):
    rng = np.random.default_rng(seed)
    shocks = rng.normal(0, sd, N)
    for i in range(1, N):
        shocks[i] = rho * shocks[i - 1] + np.sqrt(1 - rho**2) * shocks[i]
    return shocks


SHARED = walk(seed=9)


def frame(*, effect=-0.3, noise=0.03, shared=SHARED):
    own = np.random.default_rng(2).normal(0, noise, N)
    log = 5 + 0.1 * np.sin(2 * np.pi * np.arange(N) / 12) + effect * AFTER + shared + own
    others = 3 + shared + np.random.default_rng(3).normal(0, 0.02, N)
    return pd.DataFrame({"month": MONTHS, "calls": np.exp(log), "others": others})


def design(table=None, **options):
    given = {"outcome": "calls", "time": "month", "start": "2020-07"} | options
    return SeriesDesign.from_frame(frame() if table is None else table, **given)


@pytest.fixture(scope="module")
def alone():
    return its_structural(design())


@pytest.fixture(scope="module")
def told():
    return its_structural(design(controls=["others"]))


def test_an_effect_comes_back_from_a_quiet_series():
    fit = its_structural(design(frame(noise=1e-4, shared=np.zeros(N))))
    # noise of one in ten thousand over 30 months
    assert fit.params["mean_post"] == pytest.approx(-0.3, abs=5e-4)
    assert fit.params["effect_at_6_months"] == pytest.approx(-0.3, abs=1e-3)


def test_comparison_series_tell_what_the_past_does_not(alone, told):
    assert abs(told.params["mean_post"] + 0.3) < 3 * told.bse["mean_post"]
    assert told.bse["mean_post"] < 0.5 * alone.bse["mean_post"]
    assert told.extra["controls"] == 1
    assert told.estimand.contrast == "difference from the forecast of its own past and comparison series"
    assert alone.estimand.contrast == "difference from the forecast of its own past"
    knows = "knows the city's own past only"
    assert any(knows in text for text in alone.notes)
    assert not any(knows in text for text in told.notes)


def test_every_term_is_the_observed_less_the_forecast(alone):
    d = design()
    made = segmented(d, slope_change=False, trend=False)
    X = np.delete(made.matrix, made.programme["level_change"], axis=1)
    y = np.log(d.outcome_values())
    ahead = forecast(y[~AFTER], X, d.positions, component="ar1")
    effects = (y - ahead.mean)[AFTER]
    assert alone.params["mean_post"] == pytest.approx(effects.mean(), rel=1e-9)
    assert alone.bse["mean_post"] == pytest.approx(np.sqrt(ahead.scale.mean()), rel=1e-9)
    assert alone.params["effect_at_12_months"] == pytest.approx(effects[12], rel=1e-9)
    assert alone.bse["effect_at_12_months"] == pytest.approx(np.sqrt(ahead.scale[12, 12]), rel=1e-9)
    assert set(alone.df) == {FIRST - 5}
    path = alone.path
    np.testing.assert_allclose(path["counterfactual"], np.exp(ahead.mean), rtol=1e-9)
    half = critical(FIRST - 5) * np.sqrt(np.append(ahead.spread, np.diag(ahead.scale)))
    np.testing.assert_allclose(np.log(path["high"] / path["counterfactual"]), half, rtol=1e-9)
    averted = alone.tidy().set_index("term").loc["averted", "estimate"]
    assert averted == pytest.approx((path["counterfactual"] - path["observed"])[AFTER].sum(), rel=1e-9)
    assert "fitted" not in path


def test_terms_have_no_shape(alone):
    assert alone.terms["term"].tolist() == [
        "mean_post", "effect_at_6_months", "effect_at_12_months", "effect_at_24_months", "averted",
    ]  # fmt: skip
    low, high = alone.extra.number("averted_low"), alone.extra.number("averted_high")
    assert low < alone.tidy().set_index("term").loc["averted", "estimate"] < high
    assert its_structural(design(), seed=2).extra["averted_low"] != low


def test_what_comes_after_the_start_does_not_touch_the_forecast(alone):
    other = frame()
    other.loc[AFTER, "calls"] *= 3
    again = its_structural(design(other))
    np.testing.assert_allclose(again.path["counterfactual"], alone.path["counterfactual"], rtol=1e-12)
    assert again.params["mean_post"] == pytest.approx(alone.params["mean_post"] + np.log(3), rel=1e-9)


def test_a_wandering_level_widens_the_interval_and_says_so():
    quiet = design(frame(shared=walk(rho=0.0, sd=0.05)))
    still, wandering = its_structural(quiet), its_structural(quiet, component="local")
    rough = design(frame(shared=np.random.default_rng(4).normal(0, 0.1, N).cumsum()))
    lost = its_structural(rough, component="local")
    assert wandering.extra.number("width") > 1.5 * still.extra.number("width")
    (said,) = (text for text in lost.notes if "standard deviations of a single one before the start" in text)
    assert f"± {lost.extra.number('width'):.1f} " in said
    assert said.endswith("as a level that wanders widens it with every period")
    assert not np.isfinite(lost.extra.number("rho"))


def test_a_trend_is_carried_forward_when_asked():
    table = frame(shared=0.01 * np.arange(N))
    assert its_structural(design(table), trend=True).params["mean_post"] == pytest.approx(-0.3, abs=0.06)
    assert its_structural(design(table)).params["mean_post"] > -0.1


def test_before_the_start_about_one_period_in_twenty_lies_outside(alone):
    path = alone.path[~AFTER]
    outside = (path["observed"] < path["low"]) | (path["observed"] > path["high"])
    assert outside.sum() <= 8


def test_what_only_happens_later_is_left_out_and_said():
    with pytest.warns(IdentificationWarning, match="nothing before the start tells the effect of break 2021-03"):
        its_structural(design(breaks=["2021-03"]))


def test_exposure_and_identity_link():
    table = frame(shared=np.zeros(N)).assign(people=1000 + 10 * np.arange(N))
    table["calls"] *= table["people"] / 1000
    assert its_structural(design(table, exposure="people")).params["mean_post"] == pytest.approx(-0.3, abs=0.03)
    plain = frame().assign(calls=200 - 30 * AFTER + 5 * np.random.default_rng(1).standard_normal(N))
    fit = its_structural(design(plain), link="identity")
    assert fit.scale == "difference"
    assert fit.params["mean_post"] == pytest.approx(-30, abs=4)
    assert fit.params["averted"] == pytest.approx(900, abs=120)


def test_gaps_are_spanned():
    assert its_structural(design(exclude=["2018-03", "2021-01"], controls=["others"])).params[
        "mean_post"
    ] == pytest.approx(-0.3, abs=0.06)


@pytest.mark.filterwarnings("ignore:6 periods before the start")
def test_what_cannot_be_forecast_is_refused():
    short = frame().iloc[FIRST - 6 :]
    with pytest.raises(EstimationError, match="6 periods before the start for 5 regressors, 8 are needed"):
        its_structural(design(short))
    panel = pd.concat([frame().assign(city="A"), frame().assign(city="B")])
    cities = PanelDesign.from_frame(panel, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    with pytest.raises(DesignError, match="its_structural takes a SeriesDesign, not a PanelDesign"):
        its_structural(cities)
