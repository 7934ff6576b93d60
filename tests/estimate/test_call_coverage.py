"""Covered against uncovered hours: the triple difference rebuilt from hourly counts with dense matrices."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.inference import critical
from coresponder_causal.core.random_effects import between_cities
from coresponder_causal.core.regressors import harmonics
from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.design import CoverageDesign
from coresponder_causal.estimate import call_coverage

N, FIRST = 48, 24
MONTHS = pd.period_range("2018-07", periods=N, freq="M")
POSITIONS = np.array([month.ordinal for month in MONTHS], float)
DOSE = np.where(np.arange(N) < FIRST, 0.0, 1.0)
DOSE[FIRST] = 17 / 31
HOURS = np.arange(168)
COVERED = (HOURS < 120) & (HOURS % 24 >= 12) & (HOURS % 24 < 22)  # Monday to Friday from noon, ten hours a day
CITIES = ["Treated", "Ash", "Birch", "Cedar", "Elm", "Fir", "Oak"]


@cache
def schedule():
    days = pd.date_range("2020-07-15", "2022-06-30", freq="B")
    return pd.DataFrame(
        {
            "city": "Treated",
            "shift_start": days + pd.Timedelta(hours=12),
            "shift_end": days + pd.Timedelta(hours=22),
            "planned_hours": 10.0,
            "delivered_hours": 8.0,
        }
    )


@cache
def hourly(effect=-0.3, drift=-0.1, spread=0.05, noise=0.05, monthly=300.0, seed=0, poisson=True):
    """Counts by city, month and hour; all cities' covered hours drift alike, each city shifts a little on its own."""
    rng = np.random.default_rng(seed)
    shape = (len(CITIES), N, 168)
    size = monthly * (1 + np.arange(len(CITIES)))
    daily = 0.4 * np.cos(2 * np.pi * (HOURS % 24 - 16) / 24)
    shift = drift + np.r_[effect, spread * rng.normal(size=len(CITIES) - 1)]
    log = np.log(size[:, None] / 168) + rng.normal(0, 0.2, (len(CITIES), N)) + 0.1 * np.sin(2 * np.pi * POSITIONS / 12)
    gap = DOSE * shift[:, None] + rng.normal(0, noise, (len(CITIES), N))
    rate = np.exp(log[:, :, None] + daily + gap[:, :, None] * COVERED)
    counts = rng.poisson(rate) if poisson else rate
    places = [index.ravel() for index in np.indices(shape)]
    return pd.DataFrame(
        {
            "city": np.array(CITIES)[places[0]],
            "month": MONTHS[places[1]],
            "hour_of_week": places[2],
            "hours": 4,
            "calls": counts.ravel(),
            "arrest": np.ceil(counts.ravel() / 3),
        }
    )


def design(table=None, **options):
    given = {"outcome": "calls", "start": "2020-07-15"} | options
    return CoverageDesign.from_tables(hourly() if table is None else table, schedule(), **given)


@pytest.fixture(scope="module")
def result():
    return call_coverage(design())


def gaps(table, outcome="calls", exposure="hours"):
    """Log rate in covered less log rate in uncovered hours, months × cities."""
    covered = COVERED[table["hour_of_week"]]
    sums = table.groupby(["month", "city", covered])[[outcome, exposure]].sum()
    rate = np.log(sums[outcome].clip(lower=0.5) / sums[exposure]).unstack()
    return (rate[True] - rate[False]).unstack()[[city for city in CITIES if city in set(table["city"])]].to_numpy()


def dense(z):
    """Coefficient of the dose, its variance and df, from the n × n covariance at the fitted parameters."""
    X = np.column_stack([np.ones(N), DOSE, harmonics(POSITIONS, 12, 2)])
    fit = SerialDesign(X, time=POSITIONS).fit(z)
    lag = np.abs(POSITIONS[:, None] - POSITIONS)
    W = np.linalg.inv(fit.phi * fit.rho**lag + (1 - fit.phi) * np.eye(N))
    inverse = np.linalg.inv(X.T @ W @ X)
    beta = inverse @ X.T @ W @ z
    s2 = (z - X @ beta) @ W @ (z - X @ beta) / (N - X.shape[1])
    return beta[1], s2 * inverse[1, 1], fit.record.df(np.eye(X.shape[1])[1], fit.vcov)


def rebuilt(g):
    """The prediction interval of the triple difference from gaps, months × cities."""
    m = g.shape[1] - 1
    theta, v, dfs = np.array([dense(z) for z in (g - g[:, 1:].mean(axis=1, keepdims=True)).T]).T
    inflated = v[1:] * m / (m - 1)
    tau_squared, _ = between_cities(theta[1:], inflated)  # itself held against a dense grid elsewhere
    W = np.diag(1 / (inflated + tau_squared))
    P = W - W @ np.ones((m, m)) @ W / W.sum()
    V = v[0] + tau_squared * (1 + 1 / m)
    df = max(m - 1, 2 * V**2 / ((1 + 1 / m) ** 2 * 2 / np.trace(P @ P) + 2 * v[0] ** 2 / dfs[0]))
    return theta, V, df


def test_the_triple_difference_follows_its_formulas(result):
    theta, V, df = rebuilt(gaps(hourly()))
    assert result.terms["term"].tolist() == ["triple_difference", "covered_within_city"]
    assert result.estimate[0] == pytest.approx(theta[0], abs=1e-9)
    assert result.vcov[0, 0] == pytest.approx(V, rel=1e-7)
    assert result.df[0] == pytest.approx(df, rel=1e-7)
    half = float(critical(df)) * np.sqrt(V)
    assert tuple(result.conf_int().loc["triple_difference"]) == pytest.approx((theta[0] - half, theta[0] + half))
    np.testing.assert_allclose(result.cities["effect"], theta, atol=1e-9)
    assert result.cities["city"].tolist() == CITIES


def test_the_contrast_within_the_city_is_that_of_its_own_gap(result):
    theta, v, df = dense(gaps(hourly())[:, 0])
    assert (result.estimate[1], result.vcov[1, 1], result.df[1]) == pytest.approx((theta, v, df), rel=1e-7)


def test_known_effects_are_recovered():
    quiet = call_coverage(design(hourly(spread=0.0, noise=1e-4, poisson=False)))
    # Noise of one in ten thousand over 24 months: six standard errors of the gap's change.
    assert quiet.params["triple_difference"] == pytest.approx(-0.3, abs=6e-4)
    # Within the city the drift that all cities share is part of it.
    assert quiet.params["covered_within_city"] == pytest.approx(-0.4, abs=6e-4)


def test_what_a_city_shares_between_its_hours_falls_out(result):
    shocks = dict(zip(CITIES, np.random.default_rng(9).uniform(0.5, 2.0, (len(CITIES), N)), strict=True))
    table = hourly().copy()
    factor = np.concatenate([np.repeat(shocks[city], 168) for city in CITIES])
    table["calls"] = table["calls"] * factor
    moved = call_coverage(design(table))
    np.testing.assert_allclose(moved.estimate, result.estimate, atol=1e-8)
    np.testing.assert_allclose(np.diag(moved.vcov), np.diag(result.vcov), rtol=1e-6)


def test_what_all_cities_share_falls_out_of_the_triple_difference_only(result):
    table = hourly()
    dose = pd.Series(DOSE, index=MONTHS).loc[table["month"]].to_numpy()
    factor = np.where(COVERED[table["hour_of_week"]], 0.8**dose, 1.0)
    moved = call_coverage(design(table.assign(calls=table["calls"] * factor)))
    np.testing.assert_allclose(moved.estimate - result.estimate, [0.0, np.log(0.8)], atol=1e-8)
    np.testing.assert_allclose(np.diag(moved.vcov), np.diag(result.vcov), rtol=1e-6)


def test_the_two_terms_do_not_combine(result):
    assert np.isnan(result.vcov[0, 1])
    with pytest.raises(EstimationError, match="no finite estimate, variance or df"):
        result.combine([[1.0, -1.0]], pd.DataFrame({"term": ["difference"]}))
    with pytest.raises(EstimationError, match="no joint covariance was estimated"):
        result.wald()


def test_facts_support_and_path(result):
    mine = hourly().query("city == 'Treated'")
    by_month = mine.groupby("month")["calls"].sum()
    assert (result.extra["city"], result.extra["m"], result.extra["hours_covered"]) == ("Treated", 6, 50)
    assert result.extra["outcome_unit"] == "calls per hour"
    assert result.extra["mean_events"] == pytest.approx(by_month.mean())
    assert result.support["events"].tolist() == [by_month.sum()] * 2
    assert result.support["units"].tolist() == [7, 1]
    assert (result.n_obs, result.n_units) == (N * 7, 7)
    np.testing.assert_array_equal(result.path["events"], by_month)
    np.testing.assert_array_equal(result.path["dose"], DOSE)
    difference = gaps(hourly())[:, 0] - gaps(hourly())[:, 1:].mean(axis=1)
    shift = np.log(result.path["observed"]) - difference
    np.testing.assert_allclose(shift, shift[0], atol=1e-12)
    # 24 months less two weeks of ten hours on working days: about 50 planned and 40 delivered hours a week.
    assert any("50 of 168 hours of the week count as covered" in text for text in result.notes)
    assert any("planned and 3" in text and "delivered" in text for text in result.notes)


def test_without_comparison_cities_there_is_only_a_description():
    alone = hourly().query("city == 'Treated'")
    with pytest.warns(IdentificationWarning, match="0 comparison cities bring hours"):
        fit = call_coverage(design(alone))
    assert fit.terms["term"].tolist() == ["covered_within_city"]
    theta, v, df = dense(gaps(hourly())[:, 0])
    assert (fit.estimate[0], fit.vcov[0, 0], fit.df[0]) == pytest.approx((theta, v, df), rel=1e-7)
    assert any("describes, it proves nothing" in text for text in fit.notes)
    assert fit.cities is None
    assert fit.extra["interval"] == "t, Satterthwaite df"


def test_one_comparison_city_is_none():
    with pytest.warns(IdentificationWarning, match="1 comparison cities bring hours"):
        fit = call_coverage(design(hourly()[hourly()["city"].isin(CITIES[:2])]))
    assert fit.terms["term"].tolist() == ["covered_within_city"]


def test_few_comparison_cities_are_doubtful():
    few = hourly()[hourly()["city"].isin(CITIES[:4])]
    with pytest.warns(IdentificationWarning, match="3 comparison cities: the spread between cities is hardly known"):
        fit = call_coverage(design(few))
    theta, V, _ = rebuilt(gaps(few))
    assert (fit.estimate[0], fit.vcov[0, 0]) == pytest.approx((theta[0], V), rel=1e-7)


def test_few_events_make_the_design_uninformative():
    with pytest.warns(IdentificationWarning, match="events a month in Treated: below about 60 this design is"):
        fit = call_coverage(design(hourly(monthly=40.0)))
    assert any("uninformative" in text for text in fit.notes)


def test_zeros_are_counted():
    table = hourly().copy()
    quiet = (table["city"] == "Ash") & (table["month"] == MONTHS[3]) & COVERED[table["hour_of_week"]]
    table.loc[quiet, "calls"] = 0
    fit = call_coverage(design(table))
    assert f"1 of {N * 7 * 2} city-month-class counts are zero: half an event was put in their place" in fit.notes
    assert fit.estimate[0] == pytest.approx(rebuilt(gaps(table))[0][0], abs=1e-9)


@pytest.mark.parametrize("city", ["Elm", "Treated"])
def test_a_month_that_a_city_lacks_is_left_out_of_all(city):
    table = hourly()
    lacking = table[~((table["city"] == city) & (table["month"] == MONTHS[10]))]
    with pytest.warns(IdentificationWarning, match="1 months are not there for every city"):
        fit = call_coverage(design(lacking))
    assert fit.n_obs == 47 * 7
    assert fit.path["time"].tolist() == [month for month in MONTHS if month != MONTHS[10]]
    counted = table.query("city == 'Treated'").groupby("month")["calls"].sum().drop(MONTHS[10])
    np.testing.assert_array_equal(fit.path["events"], counted)


def test_a_rate_per_call_takes_calls_as_exposure():
    fit = call_coverage(design(outcome="arrest", exposure="calls"))
    assert fit.extra["outcome_unit"] == "arrest per calls"
    assert fit.estimate[0] == pytest.approx(rebuilt(gaps(hourly(), "arrest", "calls"))[0][0], abs=1e-9)


def test_harmonics_are_an_option():
    bare = call_coverage(design(), harmonics=0)
    assert bare.estimate[0] == pytest.approx(call_coverage(design(season=None)).estimate[0], rel=1e-12)


def test_pretending_and_without_make_the_designs_they_name():
    made = design()
    pretended = made.pretending("Oak")
    assert (pretended.treated, pretended.comparison_units) == ("Oak", sorted(CITIES[1:6]))
    fit = call_coverage(pretended)
    g = gaps(hourly())[:, [6, 1, 2, 3, 4, 5]]
    assert fit.estimate == pytest.approx([rebuilt(g)[0][0], dense(g[:, 0])[0]], abs=1e-9)
    fewer = call_coverage(made.without("Oak"))
    assert fewer.estimate[0] == pytest.approx(rebuilt(gaps(hourly())[:, :6])[0][0], abs=1e-9)
    assert made.comparison_units == sorted(CITIES[1:])


def test_a_made_up_start_uses_the_time_before_only():
    fit = call_coverage(design().before_start(start=int(POSITIONS[12])))
    assert fit.path["time"].max() == MONTHS[FIRST - 1]
    low, high = fit.conf_int().loc["triple_difference"]
    assert low < 0 < high  # of seed 0: nothing happened then


def test_permutation_ranks_the_triple_difference_alone():
    plain, ranked = call_coverage(design()), call_coverage(design(), inference="permutation")
    assert ranked.terms["term"].tolist() == ["triple_difference"]
    assert ranked.params["triple_difference"] == plain.params["triple_difference"]
    assert ranked.placebo.shape == (1, len(CITIES) - 1)
    assert ranked.pvalues["triple_difference"] == 1 / len(CITIES)  # −.3 where cities drift apart by .05
    two = hourly()[lambda f: f["city"].isin(CITIES[:3])]
    with pytest.raises(EstimationError, match="2 comparison cities bring hours: there is nothing to rank among"):
        call_coverage(design(two), inference="permutation")
