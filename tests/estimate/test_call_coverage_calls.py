"""The contrast within the city from single calls: rebuilt with statsmodels and by hand, and labelled by the profile."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.inference import interval
from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.data.panel import panel
from coresponder_causal.design import CoverageDesign
from coresponder_causal.estimate import call_coverage
from coresponder_causal.report.city_sentences import within_city

CITIES = ["Davis", "Elm", "Fir", "Gum", "Hop", "Ivy"]  # Davis has the team, by day
START, WEEKS, AHEAD = pd.Timestamp("2021-07-05"), 104, 52


@cache
def schedule():
    days = START + pd.to_timedelta(np.arange(7 * (WEEKS - AHEAD)), unit="D")
    begin, end = days + pd.Timedelta("8h"), days + pd.Timedelta("20h")
    return pd.DataFrame(
        {"city": "Davis", "shift_start": begin, "shift_end": end, "planned_hours": 12.0, "delivered_hours": 12.0}
    )


@cache
def calls(*, moved=False):
    """Draw three quarters of calls at the half of each hour, and in a world that moved, a third of those at night."""
    rng = np.random.default_rng(8)
    hours = START - pd.Timedelta(weeks=AHEAD) + pd.to_timedelta(np.arange(24 * 7 * WEEKS) + 0.5, unit="h")
    table = pd.DataFrame({"received_at": np.tile(hours, len(CITIES)), "city": np.repeat(CITIES, len(hours))})
    inside, after = table["received_at"].dt.hour.between(8, 19), table["received_at"] >= START
    severity = rng.normal(size=len(table))
    effect = -0.1 * (inside & after & table["city"].eq("Davis"))
    table["severity"], table["arrest"] = (
        severity,
        rng.random(len(table)) < 0.4 + 0.05 * severity + 0.03 * inside + effect,
    )
    table = table[rng.random(len(table)) < np.where(moved & ~inside & after, 0.25, 0.75)]
    return table.assign(call_id=[f"{number:06d}" for number in range(len(table))]).reset_index(drop=True)


def design(table=None, **options):
    asked = {"outcome": "arrest", "start": START.date(), "exposure": "calls", "covariates": ["severity"]} | options
    return CoverageDesign.from_tables(calls() if table is None else table, schedule(), **asked)


@pytest.fixture(scope="module")
def d():
    return design()


@pytest.fixture(scope="module")
def result(d):
    return call_coverage(d)


@pytest.fixture(scope="module")
def regression(d):
    """Own calls, their indicator, and the dummy-variable regression with errors clustered in blocks of eight weeks."""
    import statsmodels.api as sm

    mine = d.calls[d.calls["city"].eq("Davis")].reset_index(drop=True)
    on = (mine["covered"] & mine["after"]).astype(float).rename("on")
    dummies = [
        pd.get_dummies(mine[name], prefix=name, drop_first=True, dtype=float) for name in ("hour_of_week", "month")
    ]
    X = pd.concat([on, *dummies, mine["severity"]], axis=1).assign(constant=1.0)
    blocks = {"groups": pd.factorize(mine["week"] // 8)[0], "use_correction": True}
    return mine, on, sm.OLS(mine["arrest"].astype(float), X).fit(cov_type="cluster", cov_kwds=blocks)


def test_the_difference_is_that_of_the_regression_with_hours_and_months(result, regression):
    mine, on, fit = regression
    assert result.extra["within_difference"] == pytest.approx(fit.params["on"], abs=1e-10)
    reached = mine.loc[on == 1, "arrest"].mean()
    ratio = np.log(reached / (reached - fit.params["on"]))
    assert result.params["covered_within_city"] == pytest.approx(ratio, abs=1e-9)


def test_its_error_is_that_of_the_weekly_gap_of_residuals(result, regression):
    mine, on, fit = regression
    means = fit.resid.groupby([mine["week"], mine["covered"]]).mean().unstack()
    gap = means[True] - means[False]
    weeks = gap.index.to_numpy(float)
    reml = SerialDesign(np.column_stack([np.ones(len(gap)), weeks >= 0]), time=weeks - weeks[0]).fit(gap.to_numpy())
    expected = mine.loc[on == 1, "arrest"].mean() - fit.params["on"]
    # The search for ρ and φ takes its steps on residuals that differ in the last digits.
    assert result.bse["covered_within_city"] == pytest.approx(np.sqrt(reml.vcov[1, 1]) / expected, rel=1e-6)
    assert result.df[1] == pytest.approx(reml.record.df(np.array([0.0, 1.0]), reml.vcov), rel=1e-5)
    assert result.extra["within_weeks"] == WEEKS


def test_blocks_of_eight_weeks_stand_beside_it(result, regression):
    mine, _, fit = regression
    blocks = (mine["week"] // 8).nunique()
    assert result.extra["within_blocks"] == blocks == 14
    assert result.extra["within_blocks_std_error"] == pytest.approx(fit.bse["on"], rel=1e-8)
    low, high = interval(fit.params["on"], fit.bse["on"], float(blocks - 1))
    found = (result.extra["within_blocks_low"], result.extra["within_blocks_high"])
    assert found == pytest.approx((float(low), float(high)), rel=1e-8)


def test_the_triple_difference_is_that_of_counts(d, result):
    counts = panel(calls().drop(columns="severity"), unit="city", period="hour_of_week")
    of_counts = call_coverage(design(counts, covariates=()))
    assert of_counts.params["triple_difference"] == result.params["triple_difference"]
    assert of_counts.params["covered_within_city"] != result.params["covered_within_city"]
    assert "within_difference" not in of_counts.extra
    assert any("the hours and the mix of calls were not tested" in text for text in of_counts.notes)


def test_a_profile_that_held_still_is_said(result):
    (said,) = [text for text in result.notes if "held still at the start" in text]
    assert "may be read beside the triple difference, not in its place" in said
    assert result.extra["hour_profile"] == "held still"
    assert within_city(result).text.startswith("Beside the triple difference, not in its place")


def test_a_profile_that_moved_makes_it_a_description():
    fit = call_coverage(design(calls(moved=True)))
    (said,) = [text for text in fit.notes if "only describes" in text]
    assert fit.extra["hour_profile"] == "moved"
    assert within_city(fit).text.startswith("Description only")
    assert "calls moved with the start (" in said
    assert "p = " in said


@pytest.mark.parametrize("options", [{"exposure": "hours"}, {"phase_in": 4}])
def test_rates_per_hour_and_doses_are_compared_by_month(options):
    fit = call_coverage(design(**options))
    assert "within_difference" not in fit.extra
    assert any("were not tested" in text for text in fit.notes)


def test_an_outcome_that_would_have_been_nothing_is_compared_by_month():
    """A rise from next to nothing in covered hours only: the regression expects less than none."""
    table = calls()
    inside, after = table["received_at"].dt.hour.between(8, 19), table["received_at"] >= START
    rare = np.arange(len(table)) % 50 == 0
    often = np.arange(len(table)) % 3 == 0
    arrest = np.where(inside, np.where(after, often, rare), np.where(after, rare, often))
    with pytest.warns(match="would have been −?-?0"):
        fit = call_coverage(design(table.assign(arrest=arrest.astype(bool))))
    assert "within_difference" not in fit.extra
