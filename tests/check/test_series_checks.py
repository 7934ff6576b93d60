"""Checks of single periods: closed forms against refits and statsmodels, planted failures, sound worlds.

No outside program makes these checks of a regression with AR(1) plus white noise: each is worked by hand from the dense
covariance, compared with statsmodels where the errors are white, and tried on simulated truth.
"""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.diagnostic import acorr_breusch_godfrey, acorr_ljungbox

from coresponder_causal import check
from coresponder_causal.check.leverage import deletions
from coresponder_causal.core.autocorrelation import breusch_godfrey, ljung_box
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import series_regression
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.estimate import did_prediction_interval, did_two_way, its_arima, its_segmented, its_structural

START = 42
MONTHS = pd.period_range("2017-01", periods=72, freq="M")
AFTER = np.arange(72) >= START


def persistent(rng, n, rho):
    u = rng.normal(size=n)
    for t in range(1, n):
        u[t] = rho * u[t - 1] + np.sqrt(1 - rho**2) * u[t]
    return u


def series(effect=-0.4, *, rho=0.4, sd=0.1, seed=1, path=0.0, mean=400.0) -> SeriesDesign:
    rng = np.random.default_rng(seed)
    season = 0.15 * np.sin(2 * np.pi * np.arange(72) / 12)
    frame = pd.DataFrame(
        {
            "month": MONTHS,
            "calls": rng.poisson(mean * np.exp(effect * AFTER + season + path + sd * persistent(rng, 72, rho))),
            "burglary": rng.poisson(mean, 72),
            "mobility": rng.normal(size=72),
        }
    )
    return SeriesDesign.from_frame(frame, outcome="calls", time="month", start=MONTHS[START], city="A")


def cities(effect=-0.4, seed=2) -> PanelDesign:
    rng = np.random.default_rng(seed)
    rows = [
        pd.DataFrame(
            {
                "city": city,
                "month": MONTHS,
                "calls": rng.poisson(400 * np.exp(effect * AFTER * (city == "A") + rng.normal(0, 0.03) * AFTER)),
                "burglary": rng.poisson(300, 72),
            }
        )
        for city in "ABCDEFG"
    ]
    return PanelDesign.from_frame(
        pd.concat(rows), outcome="calls", unit="city", time="month", treated="A", start=MONTHS[START]
    )


@cache
def made(kind):
    with quietly():
        return (its_segmented(d := series()), d) if kind == "series" else (did_prediction_interval(d := cities()), d)


def dense(regression):
    lag = np.abs(np.subtract.outer(regression.time, regression.time))
    return regression.phi * regression.rho**lag + (1 - regression.phi) * np.eye(len(lag))


@pytest.mark.parametrize("kind", ["series", "cities"])
def test_the_regression_behind_a_result_is_its_own(kind):
    result, d = made(kind)
    regression = series_regression(result, d)
    inverse = np.linalg.inv(dense(regression))
    X, y = regression.matrix, regression.outcome
    beta = np.linalg.solve(X.T @ inverse @ X, X.T @ inverse @ y)
    # the same generalised least squares by a dense inverse
    assert regression.headline @ beta == pytest.approx(float(result.estimate[0]), rel=1e-9)


def test_residuals_of_white_errors_are_tested_as_in_statsmodels():
    d = series(rho=0.0)
    result = its_segmented(d, errors="ols")
    regression = series_regression(result, d)
    table = check.residual_autocorrelation(result, d).table
    fit = sm.OLS(regression.outcome, regression.matrix).fit()
    box = acorr_ljungbox(fit.resid, lags=24)
    # the same closed forms
    np.testing.assert_allclose(table["ljung_box"], box["lb_stat"], rtol=1e-10)
    np.testing.assert_allclose(table["ljung_box_p_value"], box["lb_pvalue"], rtol=1e-10)
    for lag in (1, 12, 24):
        expected = acorr_breusch_godfrey(fit, nlags=lag, result_object=True)
        assert table["breusch_godfrey"][lag - 1] == pytest.approx(expected.lm, rel=1e-10)
        assert table["breusch_godfrey_p_value"][lag - 1] == pytest.approx(expected.lmpval, rel=1e-10)


def test_whitened_residuals_are_tested_as_in_statsmodels():
    """After whitening the constant is no constant any more: both add one."""
    result, d = made("series")
    rest, X = series_regression(result, d).residuals()
    fit = sm.OLS(rest, X).fit()
    assert fit.model.k_constant == 0
    expected = acorr_breusch_godfrey(fit, nlags=6, result_object=True)
    assert breusch_godfrey(rest, X, 6)[0][-1] == pytest.approx(expected.lm, rel=1e-10)
    np.testing.assert_allclose(ljung_box(rest, 24)[0], acorr_ljungbox(rest, lags=24)["lb_stat"], rtol=1e-10)
    assert rest @ rest / (len(rest) - X.shape[1]) == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(X.T @ rest, 0.0, atol=1e-9)


def test_persistence_that_the_errors_leave_out_is_reported():
    d = series(rho=0.8, sd=0.3)
    ignored, modelled = (
        check.residual_autocorrelation(its_segmented(d, errors=errors), d) for errors in ("ols", "reml-nugget")
    )
    assert ignored.table["ljung_box_p_value"].iloc[-1] < 1e-3 < modelled.table["ljung_box_p_value"].iloc[-1]
    assert {ignored.verdict, modelled.verdict} == {"reported"}
    assert ignored.course["time"].tolist() == list(MONTHS)


@pytest.mark.parametrize("kind", ["series", "cities"])
def test_leaving_out_a_period_is_a_refit_without_it(kind):
    regression = series_regression(*made(kind))
    found = deletions(regression)
    K, X, y = dense(regression), regression.matrix, regression.outcome

    def headline(kept):
        inverse = np.linalg.inv(K[np.ix_(kept, kept)])
        return regression.headline @ np.linalg.solve(X[kept].T @ inverse @ X[kept], X[kept].T @ inverse @ y[kept])

    every = np.arange(len(y))
    for period in (0, START - 1, START, 71):
        change = headline(every[every != period]) - headline(every)
        # a deletion in closed form against the dense one
        assert found.change[period] == pytest.approx(change, rel=1e-8)
    assert ((found.leverage > 0) & (found.leverage < 1)).all()


def test_leverage_of_white_errors_is_that_of_statsmodels():
    d = series(rho=0.0)
    regression = series_regression(its_segmented(d, errors="ols"), d)
    expected = sm.OLS(regression.outcome, regression.matrix).fit().get_influence()
    found = deletions(regression)
    np.testing.assert_allclose(found.leverage, expected.hat_matrix_diag, rtol=1e-10)
    np.testing.assert_allclose(found.change, -expected.dfbeta @ regression.headline, rtol=1e-8, atol=1e-14)
    np.testing.assert_allclose(found.spread**2, expected.sigma2_not_obsi / expected.results.mse_resid, rtol=1e-10)


def test_a_period_that_carries_the_estimate_is_named():
    d = series(rho=0.0, sd=0.0, path=-3.0 * (np.arange(72) == 50))
    found = check.leverage(its_segmented(d), d)
    assert found.verdict == "contradicts"
    assert found.table["period"][0] == str(MONTHS[50])
    assert f"Leaving out {MONTHS[50]} alone" in found.sentence
    assert check.leverage(*made("series")).verdict == "no contradiction found"


def test_the_break_is_found_where_it_was_planted():
    found = check.break_date(*made("series"))
    assert found.verdict == "no contradiction found"
    assert found.course.loc[found.course["inside"], "time"].isin(MONTHS[START - 3 : START + 4]).any()
    early = series(0.0, rho=0.0, path=-0.6 * (np.arange(72) >= 25))
    moved = check.break_date(its_segmented(early), early)
    assert moved.verdict == "contradicts"
    assert moved.table["date"].tolist() == [str(MONTHS[25])]
    assert moved.table["latest"].item() < str(MONTHS[START])
    assert "lies outside them" in moved.sentence


def test_a_break_in_the_first_full_month_is_that_of_a_start_within_a_month():
    jump = series(0.0, rho=0.0, sd=0.0, mean=4000.0, path=-0.5 * (np.arange(72) >= START + 1)).source
    dated = (MONTHS[START].to_timestamp() + pd.Timedelta(days=14)).date()
    d = SeriesDesign.from_frame(jump, outcome="calls", time="month", start=dated, city="A")
    found = check.break_date(its_segmented(d), d)
    assert found.table[["date", "earliest", "latest"]].to_numpy().ravel().tolist() == [str(MONTHS[START + 1])] * 3
    assert found.verdict == "no contradiction found"
    whole = SeriesDesign.from_frame(jump, outcome="calls", time="month", start=MONTHS[START], city="A")
    assert check.break_date(its_segmented(whole), whole).verdict == "contradicts"


def test_without_a_break_it_cannot_tell():
    d = series(0.0)
    found = check.break_date(its_segmented(d), d)
    assert found.verdict == "cannot tell"
    assert "shows no break" in found.sentence


def test_a_start_near_an_end_has_no_break_to_look_for():
    d = series()
    late = SeriesDesign.from_frame(d.source, outcome="calls", time="month", start=MONTHS[66], city="A")
    with quietly():
        assert check.break_date(its_segmented(late), late).verdict == "not applicable"


def test_forecasts_are_those_of_a_fit_to_the_window():
    """Best linear predictor by a dense inverse, from one origin, and last year's values by hand."""
    result, d = made("series")
    regression = series_regression(result, d)
    table = check.forecast_skill(result, d).table
    K, X, y = dense(regression), regression.undisturbed, regression.outcome
    horizon, origins = 9, range(24, 34)
    model, naive = [], []
    for origin in origins:
        now, ahead = slice(0, origin), slice(origin, origin + horizon)
        inverse = np.linalg.inv(K[now, now])
        beta = np.linalg.solve(X[now].T @ inverse @ X[now], X[now].T @ inverse @ y[now])
        model.append(y[ahead] - X[ahead] @ beta - K[ahead, now] @ inverse @ (y[now] - X[now] @ beta))
        naive.append(y[ahead] - y[origin - 12 : origin - 12 + horizon])
    assert table["model"].iloc[-1] == pytest.approx(np.abs(model).mean(), rel=1e-8)
    np.testing.assert_allclose(table["naive"][:-1], np.abs(naive).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(table["ratio"], table["model"] / table["naive"])


def test_a_model_that_forecasts_better_than_last_year_is_not_contradicted():
    d = series(rho=0.0, sd=0.0, seed=2)
    found = check.forecast_skill(its_segmented(d), d)
    assert found.verdict == "no contradiction found"
    assert found.table["ratio"].iloc[-1] < 1


def test_a_trend_that_bends_before_the_start_forecasts_badly():
    zigzag = 0.12 * np.abs((np.arange(72) % 48) - 24)
    d = series(rho=0.0, sd=0.0, path=zigzag, mean=4000.0)
    found = check.forecast_skill(its_segmented(d, errors="ols"), d)
    assert found.verdict == "contradicts"
    assert found.table["ratio"].iloc[-1] > 1
    assert "does not deserve" in found.sentence


def test_little_time_before_the_start_forecasts_nothing():
    d = series()
    early = SeriesDesign.from_frame(d.source, outcome="calls", time="month", start=MONTHS[27], city="A")
    found = check.forecast_skill(its_segmented(early), early)
    assert (found.verdict, "30 are needed" in found.sentence) == ("not applicable", True)


def test_specifications_of_the_pandemic_are_those_of_designs_formed_without_it():
    result, d = made("series")
    found = check.covid_interval(result, d, mobility="mobility", control_outcome="burglary")
    estimate = found.table.set_index("specification")["estimate"]
    other = {
        "without March to June 2020": {"exclude": [("2020-03", "2020-06")]},
        "without March 2020 to June 2021": {"exclude": [("2020-03", "2021-06")]},
        "with mobility as a control": {"controls": ["mobility"]},
        "against burglary": {"exposure": "burglary"},
    }
    for name, how in other.items():
        formed = SeriesDesign.from_frame(d.source, outcome="calls", time="month", start=MONTHS[START], city="A", **how)
        with quietly():
            expected = its_segmented(formed, slope_change=True, horizons=())
        assert estimate[name] == pytest.approx(float(expected.estimate[0]), rel=1e-12)
    assert f"{100 * np.expm1(estimate.min()):.1f} %".replace("-", "−") in found.sentence
    assert found.verdict == "no contradiction found"


def test_what_is_not_run_is_said():
    found = check.covid_interval(*made("cities"), mobility="burglary")
    why = found.table.set_index("specification")["why"]
    assert why["with burglary as a control"] == "not run: a comparison of cities takes no control in time"
    assert why["against a control outcome"] == "not run: no series was named"
    assert found.sentence.endswith("Not run: with burglary as a control, against a control outcome.")


def test_an_estimate_made_by_the_pandemic_contradicts():
    wave = (MONTHS >= "2020-07") & (MONTHS <= "2021-06")
    d = series(0.0, rho=0.0, sd=0.02, path=-0.8 * wave, mean=4000.0)
    found = check.covid_interval(its_segmented(d), d)
    assert found.verdict == "contradicts"


def test_wide_intervals_do_not_hide_that_the_estimate_moves_with_the_pandemic():
    wave = (MONTHS >= "2020-07") & (MONTHS <= "2021-06")
    d = series(-0.1, rho=0.0, sd=0.3, path=-0.3 * wave)
    found = check.covid_interval(its_segmented(d), d)
    run = found.table.dropna(subset="estimate").set_index("specification")
    given = run["estimate"].iloc[0]
    assert run["conf_low"].max() < given < run["conf_high"].min()
    assert abs(run["estimate"]["without March 2020 to June 2021"] - given) > abs(given) / 2
    assert abs(run["estimate"]["without March to June 2020"] - given) < abs(given) / 2
    assert found.verdict == "cannot tell"
    assert "moves by more than half of it without March 2020 to June 2021." in found.sentence


def test_numbered_periods_know_no_pandemic():
    frame = series().source.assign(month=range(72))
    d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start=START, season=12, city="A")
    assert check.covid_interval(its_segmented(d), d).verdict == "not applicable"


@pytest.mark.parametrize("kind", ["series", "cities"])
def test_left_out_periods_leave_the_start_and_its_dose(kind):
    d = made(kind)[1]
    less = d.without_periods([int(d.start_position) - 1])
    assert less.start_position == d.start_position
    assert less.dose.sum() == d.dose.sum()
    assert len(np.unique(less.axis.positions)) == 71
    with pytest.raises(DesignError, match="one side of the start"):
        d.without_periods(d.axis.positions[d.axis.positions >= d.start_position].tolist())
    with pytest.raises(DesignError, match="none of the periods"):
        d.without_periods([0])


def test_other_columns_enter_only_when_they_can():
    d = made("series")[1]
    with pytest.raises(DesignError, match="'rain' is missing"):
        d.with_control("rain")
    with pytest.raises(DesignError, match="'mobility' is zero or negative"):
        d.with_exposure("mobility")
    assert d.with_control("mobility").controls == ("mobility",)


def test_empirical_size_counts_the_starts_that_would_be_called_a_change():
    worlds = (series(0.0, sd=0.0), series(sd=0.0, path=-0.6 * (np.arange(72) >= 25)))
    quiet, loud = (check.placebo_dates(its_segmented(d), d) for d in worlds)
    assert len(quiet.course) == 22
    assert quiet.sentence.endswith(f"an empirical size of {100 * quiet.course['called'].mean():.0f} %.")
    assert (loud.course["called"] == (loud.course["p_value"] < 0.05)).all()
    assert loud.course["called"].mean() > quiet.course["called"].mean()


def test_methods_without_one_series_are_passed_over():
    d = cities()
    with quietly():
        result = did_two_way(d, log=True, inference="permutation")
    for each in (check.break_date, check.forecast_skill, check.leverage, check.residual_autocorrelation):
        assert each(result, d).verdict == "not applicable"


def test_sound_worlds_pass():
    """Of 40 sound series with a large effect, seeded: measured on 120 and more, see each bound."""
    verdicts = []
    for seed in range(40):
        d = series(-0.6, rho=0.3, seed=seed)
        with quietly():
            result = its_segmented(d)
        verdicts.append([each(result, d).verdict for each in (check.break_date, check.forecast_skill, check.leverage)])
    share = (np.array(verdicts) == "contradicts").mean(axis=0)
    # 3 Monte-Carlo errors above 5 %
    assert (share <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 40)).all(), share


def test_five_years_of_weeks_take_seconds():
    rng = np.random.default_rng(0)
    weeks = pd.period_range("2017-07-03", periods=260, freq="W")
    frame = pd.DataFrame({"week": weeks, "calls": rng.poisson(60 * np.exp(0.1 * persistent(rng, 260, 0.5)))})
    d = SeriesDesign.from_frame(frame, outcome="calls", time="week", start="2020-07-15", city="A")
    result = its_segmented(d)
    begun = time.process_time()
    check.battery(result, d)
    assert time.process_time() - begun < 6  # 0.9 s measured on one core


@pytest.mark.parametrize("order", [(1, 0, 0), (2, 0, 1), (1, 0, 0, 1, 0, 0)])
def test_the_regression_behind_arma_errors_is_the_one_that_was_fitted(order):
    """Its GLS estimate is the result's, and its whitened residuals give Ljung & Box's statistic of the innovations."""
    d = series()
    with quietly():
        result = its_arima(d, order=order)
    behind = series_regression(result, d)
    white = behind.whitened(np.column_stack([behind.outcome, behind.matrix]))
    beta = np.linalg.lstsq(white[:, 1:], white[:, 0], rcond=None)[0]
    assert behind.headline @ beta == pytest.approx(result.estimate[0], abs=1e-9)
    lags = int(result.extra["ljung_box_lags"])
    assert ljung_box(behind.residuals()[0], lags)[0][-1] == pytest.approx(result.extra["ljung_box"], rel=1e-9)


def test_arma_errors_find_the_start_and_no_deciding_period():
    d = series()
    with quietly():
        result = its_arima(d, order=(1, 0, 0))
    assert check.break_date(result, d).table["date"][0] == str(MONTHS[START])
    assert check.leverage(result, d).verdict == "no contradiction found"


def test_a_forecast_is_looked_at_before_the_start_alone():
    d = series()
    with quietly():
        result = its_structural(d)
    assert len(series_regression(result, d).outcome) == d.n_before
    assert len(check.residual_autocorrelation(result, d).course) == d.n_before
    assert check.forecast_skill(result, d).verdict == "no contradiction found"
    for found in (check.break_date(result, d), check.leverage(result, d)):
        assert (found.verdict, found.sentence) == (
            "not applicable",
            "The method is fitted to the periods before the start alone.",
        )


@pytest.mark.parametrize(
    "make", [lambda d: its_arima(d, order=(0, 1, 1)), lambda d: its_structural(d, component="local")]
)
def test_models_of_differences_have_no_regression_in_levels(make):
    d = series()
    with quietly():
        assert series_regression(make(d), d) is None
