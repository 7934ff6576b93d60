"""Poisson difference-in-differences: imputation against the saturated regression, its errors, and one treated city."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.expected_prediction import predict_from_expected
from coresponder_causal.core.poisson_effects import CountRows
from coresponder_causal.core.random_effects import between_cities
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.did_poisson import did_poisson

UNITS, PERIODS, TREATED = 17, 8, 6
few = pytest.mark.filterwarnings("ignore:nearest measured case:coresponder_causal.core.errors.IdentificationWarning")


def panel(seed=0, *, staggered=True):
    """Six of seventeen units start, in two cohorts or at once."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame([(u, t) for u in range(UNITS) for t in range(PERIODS)], columns=["city", "t"])
    first = np.where(frame["city"] < 3, 4.0, np.where(frame["city"] < TREATED, 6.0 if staggered else 4.0, np.nan))
    frame["first"], frame["people"] = first, rng.uniform(1, 3, len(frame))
    frame["x"] = rng.normal(size=len(frame))
    dose = (frame["t"] >= frame["first"]).to_numpy(float)
    rate = np.exp(0.1 * frame["city"] - 0.05 * frame["t"] + 0.2 * frame["x"] - 0.3 * dose)
    return frame.assign(calls=rng.poisson(12 * frame["people"] * rate))


def design(frame, **more):
    return PanelDesign.from_frame(
        frame, outcome="calls", unit="city", time="t", cohort="first", exposure="people", **more
    )


def by_dummies(frame, own):
    """Regressors and fit of the model with every dummy, and with some columns before them."""
    dummies = [pd.get_dummies(frame[name], dtype=float).to_numpy() for name in ("city", "t")]
    X = np.hstack([own, frame[["x"]].to_numpy(), dummies[0], dummies[1][:, 1:]])
    model = sm.GLM(frame["calls"], X, family=sm.families.Poisson(), offset=np.log(frame["people"]))
    return X, model.fit(tol=1e-14, maxiter=200)


def test_imputation_is_the_regression_with_a_coefficient_for_each_treated_row():
    """Both iterate to the same maximum; 1e-8 is what statsmodels leaves."""
    frame = panel()
    result = did_poisson(design(frame, covariates=["x"]), inference="cluster")
    treated = (frame["t"] >= frame["first"]).to_numpy()
    rows = np.eye(len(frame))[:, treated]
    X, full = by_dummies(frame, rows)
    without = np.hstack([np.zeros_like(rows), X[:, rows.shape[1] :]])
    expected = frame["people"].to_numpy() * np.exp(without @ full.params.to_numpy())
    ratio = full.fittedvalues[treated].sum() / expected[treated].sum()
    assert result.estimate[0] == pytest.approx(np.log(ratio), abs=1e-8)


def test_errors_are_those_of_the_imputed_total_and_of_units_about_their_cohorts_effects():
    """By hand with full matrices: each unit's influence on log Σ y − log Σ μ0, squared and summed."""
    frame = panel()
    result = did_poisson(design(frame, covariates=["x"]), inference="cluster")
    treated = (frame["t"] >= frame["first"]).to_numpy()
    untreated = frame[~treated].reset_index(drop=True)
    X, fit = by_dummies(untreated, np.empty((len(untreated), 0)))
    dummies = [np.eye(n)[frame[name]] for name, n in (("city", UNITS), ("t", PERIODS))]
    Z = np.hstack([frame[["x"]].to_numpy(), dummies[0], dummies[1][:, 1:]])
    expected = frame["people"].to_numpy() * np.exp(Z @ fit.params.to_numpy())
    pull = X @ np.linalg.solve(
        X.T @ (fit.fittedvalues.to_numpy()[:, None] * X), expected[treated] @ Z[treated] / expected[treated].sum()
    )
    mine = frame[treated].assign(expected=expected[treated])
    sums = mine.groupby(["first", "t"])[["calls", "expected"]].transform("sum")
    about = (mine["calls"] - mine["expected"] * sums["calls"] / sums["expected"]) / mine["calls"].sum()
    others = -pull * (untreated["calls"] - fit.fittedvalues)
    psi = (
        about.groupby(mine["city"]).sum().reindex(range(UNITS), fill_value=0.0)
        + others.groupby(untreated["city"]).sum()
    )
    n, spent = len(frame), mine.groupby(["first", "t"]).ngroups + 1 + PERIODS
    factor = UNITS / (UNITS - 1) * (n - 1) / (n - spent)
    assert result.vcov[0, 0] == pytest.approx(factor * (psi**2).sum(), rel=1e-6)
    assert result.df[0] == UNITS - 1


def test_time_since_the_start_counts_from_each_units_own():
    frame = panel()
    result = did_poisson(design(frame), inference="cluster", bin_width=2)
    assert result.terms["term"].tolist() == ["events_post", "event_time=0", "event_time=2"]
    treated = frame[frame["t"] >= frame["first"]]
    since = treated["t"] - treated["first"]
    by_span = [treated["calls"].sum(), treated.loc[since < 2, "calls"].sum(), treated.loc[since >= 2, "calls"].sum()]
    assert result.support["events"].tolist() == by_span


@pytest.mark.parametrize("effects", ["saturated", "pooled"])
def test_the_unit_of_the_count_and_of_the_exposure_do_not_matter(effects):
    frame = panel(staggered=False)
    first = did_poisson(design(frame), effects=effects)
    other = did_poisson(design(frame.assign(calls=3 * frame["calls"], people=frame["people"] / 7)), effects=effects)
    np.testing.assert_allclose(other.estimate, first.estimate, atol=1e-9)
    np.testing.assert_allclose(other.vcov, first.vcov, rtol=1e-7)


def test_what_has_no_events_is_counted_and_left_out():
    frame = panel(staggered=False)
    silent = frame.assign(calls=np.where((frame["city"] == 12) | (frame["t"] == 0), 0, frame["calls"]))
    result = did_poisson(design(silent))
    there = (frame["city"] != 12) & (frame["t"] != 0)
    assert result.estimate[0] == pytest.approx(did_poisson(design(silent[there])).estimate[0], abs=1e-10)
    assert any("left out: units or periods without untreated events" in text for text in result.notes)
    assert result.n_obs == there.sum()
    mute = frame.assign(calls=np.where((frame["city"] == 0) & (frame["t"] < 4), 0, frame["calls"]))
    with pytest.warns(IdentificationWarning, match="4 treated rows left out: no untreated events"):
        did_poisson(design(mute), inference="cluster")


def test_few_clusters_are_refused_unless_asked_for():
    frame = panel()
    fewer = frame[(frame["city"] > 2)]
    with pytest.raises(EstimationError, match="3 treated and 11 untreated clusters do not carry"):
        did_poisson(design(fewer))
    with pytest.warns(IdentificationWarning, match="a nominal 5 % test rejected"):
        result = did_poisson(design(fewer), inference="cluster")
    assert "rejected" in str(result.extra["interval"])
    with pytest.raises(EstimationError, match="prediction interval is for saturated effects"):
        did_poisson(design(frame), effects="pooled", inference="prediction")
    with pytest.raises(DesignError, match="for one treated city; this design has 6"):
        did_poisson(design(frame), inference="prediction")
    with pytest.raises(DesignError, match="negative"):
        did_poisson(design(frame.assign(calls=frame["calls"] - 50)))


def cities(seed=0, m=10, months=48, mean=40.0):
    """Months of one treated and m equally large comparison cities with changes of deviation .2 at the start."""
    rng = np.random.default_rng(seed)
    periods = pd.period_range("2018-07", periods=months, freq="M")
    after = (np.arange(months) >= months // 2).astype(float)
    line = rng.normal(0, 0.1, (m + 1, months)) + 0.2 * rng.normal(size=(m + 1, 1)) * after
    counts = rng.poisson(mean * np.exp(line))
    names = [f"city {number:02d}" for number in range(m + 1)]
    return pd.DataFrame({"city": np.repeat(names, months), "month": list(periods) * (m + 1), "calls": counts.ravel()})


def one(frame, **more):
    return PanelDesign.from_frame(
        frame, outcome="calls", unit="city", time="month", treated="city 00", start="2020-07", **more
    )


def test_one_treated_city_gets_its_imputed_ratio_and_the_spread_between_cities():
    frame = cities()
    result = did_poisson(one(frame))
    wide = frame.pivot(index="city", columns="month", values="calls").to_numpy(float)
    # With equal exposure the fit is closed: a comparison city's level is its total, a period's factor theirs together.
    before, after, others = np.arange(48) < 24, np.arange(48) >= 24, wide[1:].sum(axis=0)
    ratio = wide[0, after].sum() / others[after].sum() / (wide[0, before].sum() / others[before].sum())
    assert result.estimate[0] == pytest.approx(np.log(ratio), abs=1e-9)
    own = result.cities
    shares = wide[1:].sum(axis=1) / wide[1:].sum()
    assert 1 / result.extra.number("effective_donors") == pytest.approx(shares @ shares, rel=0.01)
    for number in (1, 7):
        rest = np.delete(wide, [0, number], axis=0).sum(axis=0)
        pseudo = wide[number, after].sum() / rest[after].sum() / (wide[number, before].sum() / rest[before].sum())
        assert own["effect"][number] == pytest.approx(np.log(pseudo), abs=1e-9)
    expected = own["std_error"][0] ** 2 + result.extra.number("tau") ** 2 * (1 + 1 / result.extra["effective_donors"])
    assert result.vcov[0, 0] == pytest.approx(expected, rel=1e-9)


def test_the_spread_of_equally_large_cities_is_that_of_their_deviations_from_the_mean():
    """θ_j (1 − 1/m) deviate from a common value as the cities' changes do, with variances v_j (1 − 1/m)³."""
    m, months = 8, 40
    rng = np.random.default_rng(3)
    counts = rng.poisson(4000 * np.exp(0.3 * rng.normal(size=(m + 1, 1)) * (np.arange(months) >= 20)))
    counts = counts * 4000.0 / counts[:, 20:].mean(axis=1, keepdims=True)  # equal shares after the start
    unit, time = np.repeat(np.arange(m + 1), months), np.tile(np.arange(months), m + 1)
    rows = CountRows(counts.ravel(), np.ones(counts.size), unit, time, np.empty((counts.size, 0)))
    dose = (np.arange(months) >= 20).astype(float)
    fit = predict_from_expected(rows, dose[None] == 1, dose, np.arange(40.0), season=None, pairs=0, names=[])
    changes = -np.log(counts[1:, :20].sum(axis=1))
    variances = fit.variances[1:] * (1 - 1 / m) ** 3
    assert fit.tau == pytest.approx(np.sqrt(between_cities(changes, variances)[0]), rel=0.05)
    assert fit.concentration == pytest.approx(1 / m, rel=0.05)
    total, own, factor = fit.vcov[0, 0], fit.variances[0], 1 + fit.concentration
    spread = factor**2 / fit.record.information[-1, -1] + 2 * own**2 / fit.dfs[0]
    assert fit.record.df(np.ones(1), fit.vcov) == pytest.approx(2 * total**2 / spread, rel=1e-9)


def test_periods_without_events_do_no_harm_and_partial_months_are_left_aside():
    frame = cities(mean=2.0)
    assert (frame["calls"] == 0).mean() > 0.05
    result = did_poisson(one(frame))
    assert np.isfinite(result.estimate).all()
    started = PanelDesign.from_frame(
        frame, outcome="calls", unit="city", time="month", treated="city 00", start="2020-07-15"
    )
    later = did_poisson(started)
    assert "partial dose in 1 treated unit-months: neither in the comparison nor in the effect" in later.notes
    moved = frame.assign(
        calls=np.where((frame["city"] == "city 00") & (frame["month"] == "2020-07"), 90, frame["calls"])
    )
    again = PanelDesign.from_frame(
        moved, outcome="calls", unit="city", time="month", treated="city 00", start="2020-07-15"
    )
    np.testing.assert_allclose(did_poisson(again).estimate, later.estimate, atol=1e-12)


def test_few_comparison_cities_are_doubted_and_two_refused():
    with pytest.warns(IdentificationWarning, match="4 comparison cities: the spread between cities is hardly known"):
        did_poisson(one(cities(m=4)))
    with pytest.warns(IdentificationWarning), pytest.raises(EstimationError, match="each needs two others"):
        did_poisson(one(cities(m=2)))


def test_terms_combine_with_their_own_df():
    result = did_poisson(one(cities()))
    spans = [term for term in result.terms["term"] if term != "events_post"]
    assert spans == ["event_time=0", "event_time=6", "event_time=12", "event_time=18"]
    weights = np.array([[0.0, 1.0, 0.0, 0.0, -1.0]])
    change = result.combine(weights, pd.DataFrame({"term": ["late"]}))
    assert change.vcov[0, 0] < result.vcov[1, 1]  # what cities do by themselves is common to all spans
    assert change.df[0] > 1
