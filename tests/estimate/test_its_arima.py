"""Regression with ARIMA errors: simulated truth, what is reported, what is said and what is refused."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core import arma
from coresponder_causal.core.arma import fit_arma
from coresponder_causal.core.arma_process import Order
from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.inference import critical
from coresponder_causal.design import SeriesDesign
from coresponder_causal.design.segmented import segmented
from coresponder_causal.estimate import its_arima

N, FIRST = 84, 54
MONTHS = pd.period_range("2016-01", periods=N, freq="M")
SINCE = np.arange(N) - float(FIRST)
AFTER = SINCE >= 0


def errors(rho=0.6, sd=0.05, seed=0):
    rng = np.random.default_rng(seed)
    shocks = rng.normal(0, sd, N)
    for i in range(1, N):
        shocks[i] = rho * shocks[i - 1] + np.sqrt(1 - rho**2) * shocks[i]
    return shocks


def frame(*, level=-0.3, slope=0.0, pulse=0.0, noise=None):
    log = 5 + 0.003 * SINCE + level * AFTER + slope * np.maximum(SINCE, 0) + pulse * (SINCE == 0)
    log += 0.1 * np.sin(2 * np.pi * np.arange(N) / 12)
    return pd.DataFrame({"month": MONTHS, "calls": np.exp(log + (errors() if noise is None else noise))})


def design(table=None, **options):
    given = {"outcome": "calls", "time": "month", "start": "2020-07"} | options
    return SeriesDesign.from_frame(frame() if table is None else table, **given)


def value(result, term):
    return float(result.params[term])


@pytest.fixture(scope="module")
def result():
    return its_arima(design())


def test_steps_ramps_and_pulses_come_back():
    table = frame(level=-0.3, slope=0.004, pulse=0.2, noise=errors(sd=1e-4))
    fit = its_arima(design(table), effects=("step", "ramp", "pulse"), order=(1, 0, 0))
    # noise of one in ten thousand: six standard errors
    assert value(fit, "level_change") == pytest.approx(-0.3, abs=6e-4)
    assert value(fit, "slope_change") == pytest.approx(0.004, abs=6e-5)
    assert value(fit, "pulse") == pytest.approx(0.2, abs=6e-4)
    effects = -0.3 + 0.004 * SINCE[AFTER] + 0.2 * (SINCE[AFTER] == 0)
    assert value(fit, "mean_post") == pytest.approx(effects.mean(), abs=6e-4)
    assert value(fit, "effect_at_12_months") == pytest.approx(effects[12], abs=6e-4)


@pytest.mark.parametrize(
    ("effects", "terms"),
    [
        (("step",), ["level_change"]),
        (("ramp",), ["slope_change"]),
        (("pulse",), ["pulse"]),
        (("pulse", "step"), ["level_change", "pulse"]),
        (None, ["level_change", "slope_change"]),
    ],
)
def test_terms_are_those_asked_for(effects, terms):
    fit = its_arima(design(), effects=effects, order=(1, 0, 0), horizons=())
    assert fit.terms["term"].tolist() == ["mean_post", *terms, "averted"]


def test_a_passing_change_leaves_later_periods_alone():
    fit = its_arima(design(frame(level=0.0, pulse=0.5, noise=errors(sd=1e-4))), effects=("pulse",), order=(1, 0, 0))
    assert value(fit, "mean_post") == pytest.approx(0.5 / 30, abs=1e-4)
    assert value(fit, "effect_at_6_months") == 0


def test_the_fit_is_that_of_the_kernel_with_t_of_n_less_k():
    d = design()
    fit = its_arima(d, effects=("step",), order=(1, 0, 1))
    made = segmented(d, slope_change=False)
    direct = fit_arma(np.log(frame()["calls"].to_numpy()), made.matrix, Order(1, 0, 1), positions=d.positions)
    column, df = made.programme["level_change"], N - 7 - 2
    assert value(fit, "level_change") == pytest.approx(direct.beta[column], rel=1e-12)
    place = fit.terms["term"].tolist().index("level_change")
    assert fit.vcov[place, place] == pytest.approx(direct.vcov[column, column] * N / df, rel=1e-12)
    assert set(fit.df) == {df}
    low, _ = fit.conf_int().loc["level_change"]
    assert low == pytest.approx(value(fit, "level_change") - critical(df) * np.sqrt(fit.vcov[place, place]))


def test_the_order_is_chosen_before_the_start_alone(result):
    """What happens later cannot move the choice; the note says that it was made."""
    later = frame()
    later.loc[AFTER, "calls"] *= np.exp(errors(rho=0.0, sd=0.8, seed=5))[AFTER]
    assert its_arima(design(later)).extra["errors"] == result.extra["errors"]
    (said,) = (text for text in result.notes if "chosen by AICc before the start" in text)
    assert result.extra["errors"].removeprefix("ARIMA ") in said


@pytest.mark.filterwarnings("ignore:.*climbs alone reached")
def test_a_season_of_errors_is_found():
    rng, noise = np.random.default_rng(3), np.zeros(N)
    for t in range(N):
        noise[t] = (0.9 * noise[t - 12] if t >= 12 else 0.0) + 0.05 * rng.standard_normal()
    fit = its_arima(design(frame(noise=noise)), harmonics=0)
    assert str(fit.extra["errors"]).endswith("(1,0,0)[12]")
    # fewer than four years before the start: no seasonal errors are compared
    short = frame(noise=noise).tail(N - 12)
    assert "[12]" not in str(its_arima(design(short), harmonics=0).extra["errors"])


@pytest.mark.filterwarnings("ignore:.*sma1 at the edge")
@pytest.mark.parametrize(("order", "gone"), [((0, 1, 1), 0), ((1, 0, 0, 0, 1, 1), 4), ((0, 1, 1, 0, 1, 1), 4)])
def test_under_differences_the_counterfactual_is_the_observed_course_less_the_effect(order, gone):
    fit = its_arima(design(), effects=("step",), order=order)
    level = value(fit, "level_change")
    assert level == pytest.approx(-0.3, abs=0.15)
    path = fit.path
    assert "fitted" not in path
    np.testing.assert_allclose(path["counterfactual"][~AFTER], path["observed"][~AFTER], rtol=1e-12)
    np.testing.assert_allclose(path["counterfactual"][AFTER], path["observed"][AFTER] * np.exp(-level), rtol=1e-10)
    half = critical(fit.df[0]) * fit.bse["level_change"]
    np.testing.assert_allclose(path["high"][AFTER] / path["counterfactual"][AFTER], np.exp(half), rtol=1e-9)
    averted = fit.tidy().set_index("term").loc["averted", "estimate"]
    assert averted == pytest.approx((path["counterfactual"] - path["observed"])[AFTER].sum(), rel=1e-9)
    # level, trend, dose and four harmonics, less those that differences take
    lost = order[1] + 12 * (order[4] if len(order) == 6 else 0)
    columns = 7 - 1 - (gone + (0 if order[1] == 0 else 1) if gone else 0)
    arma = sum(order) - order[1] - (order[4] if len(order) == 6 else 0)
    assert fit.df[0] == N - lost - columns - arma


def test_without_differences_the_course_is_the_fitted_one(result):
    assert {"fitted", "counterfactual"} <= set(result.path)
    np.testing.assert_allclose(result.path["fitted"][~AFTER], result.path["counterfactual"][~AFTER], rtol=1e-12)
    assert "averted_predicted_low" in result.extra


def test_differences_asked_for_are_compared_with_moving_averages():
    walk = np.random.default_rng(4).normal(0, 0.05, N).cumsum()
    fit = its_arima(design(frame(noise=walk)), differences=(1, 0), harmonics=0)
    assert str(fit.extra["errors"]).startswith("ARIMA (")
    assert str(fit.extra["errors"])[9] == "1"


def test_ljung_box_sees_what_the_order_leaves():
    noise = errors(rho=0.8, seed=2)
    white = its_arima(design(frame(noise=noise)), order=(0, 0, 0))
    fitted = its_arima(design(frame(noise=noise)), order=(1, 0, 0))
    assert white.extra.number("ljung_box_p") < 0.001
    assert fitted.extra.number("ljung_box_p") > 0.01
    assert fitted.extra["ljung_box_lags"] == 16


def test_a_fit_at_the_edge_is_in_doubt():
    noise = np.random.default_rng(6).normal(0, 0.05, N)
    with pytest.warns(IdentificationWarning, match="ma1 at the edge of stationarity or invertibility"):
        its_arima(design(frame(noise=noise)), effects=("step",), order=(0, 1, 1))


def test_a_height_that_one_climb_alone_reached_is_in_doubt(monkeypatch):
    monkeypatch.setattr(arma, "agreement", -1e9)  # as if no climb reached the height of another
    with pytest.warns(IdentificationWarning, match="one of 4 climbs alone reached the highest likelihood"):
        its_arima(design(), order=(1, 0, 0))


def test_exposure_and_identity_link():
    table = frame(noise=errors(sd=1e-4)).assign(people=1000 + 5 * np.arange(N))
    table["calls"] *= table["people"] / 1000
    assert value(its_arima(design(table, exposure="people"), order=(1, 0, 0)), "level_change") == pytest.approx(
        -0.3, abs=6e-4
    )
    plain = frame().assign(calls=200 - 30 * AFTER + errors(sd=0.5))
    fit = its_arima(design(plain), link="identity", effects=("step",), order=(1, 0, 0))
    assert fit.scale == "difference"
    assert value(fit, "level_change") == pytest.approx(-30, abs=2)
    assert value(fit, "averted") == pytest.approx(900, abs=60)


def test_gaps_are_spanned_without_differences_and_refused_with_them():
    gaps = design(exclude=["2018-03", "2019-11"])
    assert value(its_arima(gaps, order=(1, 0, 0)), "level_change") == pytest.approx(-0.3, abs=0.1)
    with pytest.raises(EstimationError, match=r"\(0,1,1\) need a series without gaps"):
        its_arima(gaps, order=(0, 1, 1))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"order": (1, 0)}, r"order=\(1, 0\) is not an order"),
        ({"order": (1, -1, 0)}, "is not an order"),
        ({"differences": (1,)}, "are not two"),
        ({"effects": ()}, "no effect is asked for"),
        ({"order": (0, 3, 0), "effects": ("pulse", "step")}, None),
        ({"effects": ("jump",)}, "is not a choice"),
    ],
)
def test_what_is_no_order_is_refused(options, said):
    if said is None:
        assert its_arima(design(), **options).n_obs == N
        return
    with pytest.raises(EstimationError, match=said):
        its_arima(design(), **options)


def test_weeks_have_no_seasonal_orders():
    weeks = pd.period_range("2018-01-01", periods=120, freq="W")
    table = pd.DataFrame({"week": weeks, "calls": np.random.default_rng(1).poisson(60, 120)})
    d = SeriesDesign.from_frame(table, outcome="calls", time="week", start=weeks[70])
    assert "[" not in str(its_arima(d).extra["errors"])
    with pytest.raises(EstimationError, match="need a whole number of weeks to the year"):
        its_arima(d, order=(1, 0, 0, 1, 0, 0))
