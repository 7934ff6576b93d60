"""The event study: closed forms, the covariance of one treated city, and what its leads could have seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core import inference
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.pretrend_power import pretrend
from coresponder_causal.core.regressors import harmonics, log_rate
from coresponder_causal.design import PanelDesign
from coresponder_causal.design.event_bins import event_bins
from coresponder_causal.estimate.did_event_study import did_event_study
from coresponder_causal.estimate.did_prediction_interval import did_prediction_interval

MONTHS, START = 48, 24


def frame(seed=0, cities=11, *, drift=0.0):
    rng = np.random.default_rng(seed)
    months = pd.period_range("2018-07", periods=MONTHS, freq="M")
    line = rng.normal(0, 0.1, (cities, MONTHS)) + 0.15 * rng.normal(size=(cities, 1)) * (np.arange(MONTHS) >= START)
    line[0] += drift * np.arange(MONTHS)
    counts = rng.poisson(150 * np.exp(line))
    names = [f"city {number:02d}" for number in range(cities)]
    return pd.DataFrame({"city": np.repeat(names, MONTHS), "month": list(months) * cities, "calls": counts.ravel()})


def design(table, *, treated=1, start="2020-07"):
    names = [f"city {number:02d}" for number in range(treated)]
    return PanelDesign.from_frame(table, outcome="calls", unit="city", time="month", treated=names, start=start)


def gap(table):
    wide = log_rate(table.pivot(index="month", columns="city", values="calls").to_numpy(float), np.ones(1))
    return wide[:, 0] - wide[:, 1:].mean(axis=1)


def test_one_city_is_generalised_least_squares_on_the_gap_with_tau_in_common_after_the_start():
    """With full matrices at the fitted variance parameters."""
    table = frame()
    result = did_event_study(design(table))
    names = [-24, -18, -12, 0, 6, 12, 18]
    assert result.terms["event_time"].iloc[1:].tolist() == names
    since = np.arange(MONTHS) - START
    spans = np.array([(since >= k) & (since < k + 6) for k in names], float).T
    X = np.column_stack([spans, np.ones(MONTHS), harmonics(np.arange(MONTHS) + 582.0, 12, 2)])
    rho, phi = result.extra.number("rho"), result.extra.number("phi")
    K = phi * rho ** np.abs(np.subtract.outer(since, since)) + (1 - phi) * np.eye(MONTHS)
    inverse = np.linalg.inv(X.T @ np.linalg.solve(K, X))
    beta = inverse @ X.T @ np.linalg.solve(K, gap(table))
    left = gap(table) - X @ beta
    own = (left @ np.linalg.solve(K, left) / (MONTHS - X.shape[1]) * inverse)[:7, :7]
    tau = did_prediction_interval(design(table)).extra.number("tau")
    after = np.array(names) >= 0
    np.testing.assert_allclose(result.estimate[1:], beta[:7], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(result.vcov[1:, 1:], own + tau**2 * 1.1 * np.outer(after, after), rtol=1e-5, atol=1e-9)
    assert tau > 0
    np.testing.assert_allclose(result.estimate[0], beta[:7][after].mean(), rtol=1e-6)


def test_several_treated_are_differences_of_mean_changes_from_one_base():
    table = frame(cities=17)
    result = did_event_study(design(table, treated=6), bin_width=12)
    rates = log_rate(table.pivot(index="city", columns="month", values="calls").to_numpy(float), np.ones(1))
    spans = rates.reshape(17, 4, 12).mean(axis=2)
    change = spans - spans[:, [1]]
    expected = change[:6].mean(axis=0) - change[6:].mean(axis=0)
    np.testing.assert_allclose(result.estimate[1:], expected[[0, 2, 3]], atol=1e-10)
    assert result.estimate[0] == pytest.approx(expected[2:].mean(), abs=1e-10)
    assert (result.df == 16).all()


def test_clusters_see_none_of_the_one_treated_citys_noise():
    """Its residuals are zero: by hand, (m + 1)/m · (n − 1)/(n − K) · Σ (c_j − c̄)² / m² of the comparison cities."""
    table = frame()
    with pytest.warns(IdentificationWarning, match="a nominal 5 % test rejected 49 % of the time"):
        clustered = did_event_study(design(table), inference="cluster")
    wide = log_rate(table.pivot(index="city", columns="month", values="calls").to_numpy(float), np.ones(1))
    spans = wide.reshape(11, 8, 6).mean(axis=2)
    change = spans[1:, 4] - spans[1:, 3]
    n, m = 11 * MONTHS, 10
    variance = (m + 1) / m * (n - 1) / (n - 7 - MONTHS) * np.sum((change - change.mean()) ** 2) / m**2
    first = clustered.terms["event_time"].eq(0).fillna(False).to_numpy(bool)
    assert clustered.vcov[first, first][0] == pytest.approx(variance, rel=1e-9)


def test_the_joint_test_and_its_power_are_those_of_the_leads():
    result = did_event_study(design(frame()))
    before = result.terms["event_time"].lt(0).fillna(False).to_numpy(bool)
    df = float(result.df[before].mean())
    test = inference.wald_test(result.estimate[before], result.vcov[np.ix_(before, before)], df)
    assert result.extra["pre_p_value"] == pytest.approx(test.p_value, rel=1e-9)
    distance = np.array([-18.0, -12.0, -6.0])
    strength = distance @ np.linalg.solve(result.vcov[np.ix_(before, before)], distance)
    for name, power in (("slope_50", 0.5), ("slope_80", 0.8)):
        needed = inference.wald_noncentrality(3, test.df_den, power=power)
        assert result.extra[name] == pytest.approx(np.sqrt(needed / strength), rel=1e-7)
        carried = result.extra.number(name.replace("slope", "drift")) / result.extra.number(name)
        assert carried == pytest.approx(15.0)  # from the middle of the base to that of two years
    (said,) = [text for text in result.notes if text.startswith("leads, jointly")]
    assert "does not show that courses were parallel" in said


def test_a_drift_as_large_as_said_is_found_as_often_as_said():
    """Draws of leads with a known covariance and many df; three Monte-Carlo errors."""
    rng = np.random.default_rng(2)
    root, distance = np.array([[0.2, 0.0, 0.0], [0.1, 0.2, 0.0], [0.1, 0.1, 0.3]]), np.array([-3.0, -2.0, -1.0])
    vcov = root @ root.T
    slope = pretrend(np.zeros(3), vcov, 1e6, distance).usual
    draws = slope * distance + rng.normal(size=(1500, 3)) @ root.T
    found = np.mean([inference.wald_test(leads, vcov, 1e6).p_value < 0.05 for leads in draws])
    assert abs(found - 0.8) < 3 * np.sqrt(0.16 / 1500)


def test_an_estimate_that_passed_the_test_is_off_by_as_much_as_said():
    """Leads and effects share the noise of one base: leads that happen to look flat make the effects look larger."""
    result = did_event_study(design(frame(), treated=1))
    times = result.terms["event_time"].to_numpy("float64", na_value=np.nan)[1:]
    leads = np.flatnonzero(times < 0)
    slope, vcov = result.extra.number("slope_50"), result.vcov
    middle = np.append(result.extra.number("drift_50") / slope, times + 6)  # spans of six months, the base at −6
    drawn = np.random.default_rng(1).multivariate_normal(slope * middle, vcov, size=400_000)
    at = drawn[:, 1 + leads]
    strength = np.einsum("ij,jk,ik->i", at, np.linalg.inv(vcov[np.ix_(1 + leads, 1 + leads)]), at)
    passed = strength < inference.chi_square_quantile(0.95, len(leads))
    off = drawn[passed, 0].mean()
    assert abs(off) > abs(result.extra.number("drift_50"))
    # F with the leads' own df makes the drift a little larger than the normal would have it.
    assert off == pytest.approx(result.extra.number("drift_50_passed"), rel=0.02)


def test_a_steep_drift_before_the_start_is_seen():
    assert did_event_study(design(frame(drift=0.02))).extra.number("pre_p_value") < 0.01


def test_a_partial_first_month_counts_with_its_share():
    whole, partial = (did_event_study(design(frame(), start=start)) for start in ("2020-07", "2020-07-15"))
    assert partial.estimate[0] != pytest.approx(whole.estimate[0], abs=1e-6)
    assert partial.terms["term"].tolist() == whole.terms["term"].tolist()


def test_short_ends_join_their_neighbours_but_never_across_the_start():
    assert event_bins(np.arange(-8.0, 8.0), 6, "months").tolist() == [-6.0] * 8 + [0.0] * 8
    assert event_bins(np.arange(-9.0, 2.0), 6, "months").tolist() == [-12.0] * 3 + [-6.0] * 6 + [0.0] * 2
    assert np.isnan(event_bins(np.array([np.nan, 0.0]), 1, "months")[0])


def test_several_starts_and_missing_bases_are_refused():
    table = frame()
    cohorts = {"city 00": "2020-07", "city 01": "2020-10"}
    staggered = PanelDesign.from_frame(
        table.assign(first=table["city"].map(cohorts)), outcome="calls", unit="city", time="month", cohort="first"
    )
    with pytest.raises(DesignError, match=r"2 different times(.|\n)*did_group_time"):
        did_event_study(staggered)
    months = table["month"].astype(str)
    with pytest.raises(EstimationError, match="there are no months in the 6 before the start"):
        did_event_study(design(table[(months < "2019-12") | (months >= "2020-07")]))
    with pytest.raises(EstimationError, match="bin_width=0 is no span"):
        did_event_study(design(table), bin_width=0)
    with pytest.raises(EstimationError, match="do not carry a clustered interval"):
        did_event_study(design(table, treated=3))
