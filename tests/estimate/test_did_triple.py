"""The triple difference of calls: cells by hand, parts from the 2 × 2 kernel, the interval rebuilt, doubts."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core import domain
from coresponder_causal.core.drdid import cross_section_effect
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.inference import critical
from coresponder_causal.core.prediction import between_cities
from coresponder_causal.core.reml import SerialDesign
from coresponder_causal.design import CoverageDesign
from coresponder_causal.estimate import did_triple

CITIES = ["Ash", "Birch", "Cedar", "Davis", "Elm", "Fir"]  # Davis has the team
START, WEEKS = pd.Timestamp("2021-01-04"), 104
TERMS = ["triple_difference", "covered_hours", "uncovered_hours"]


@cache
def schedule():
    days = START + pd.to_timedelta(np.arange(7 * WEEKS // 2), unit="D")
    begin, end = days + pd.Timedelta("12h"), days + pd.Timedelta("22h")
    return pd.DataFrame(
        {"city": "Davis", "shift_start": begin, "shift_end": end, "planned_hours": 10.0, "delivered_hours": 10.0}
    )


@cache
def calls(*, effect=-0.2, spill=0.0, seed=3, weekly=20):
    """Outcomes about 0.5 with a severity trend; severity is higher by night, in some cities more than in others."""
    rng = np.random.default_rng(seed)
    n = weekly * WEEKS * len(CITIES)
    place, day, hour = rng.integers(0, len(CITIES), n), rng.integers(0, 7 * WEEKS, n), rng.integers(0, 24, n)
    covered, after = (hour >= 12) & (hour < 22), day >= 7 * WEEKS // 2
    severity = rng.normal(size=n) + np.where(covered, -0.3, 0.4) * np.linspace(0.5, 1.5, len(CITIES))[place]
    own = after * (place == 3) * np.where(covered, effect, spill)
    step = 0.03 * rng.normal(size=len(CITIES))[place] * covered * after
    week = 0.03 * rng.normal(size=(len(CITIES), WEEKS))[place, day // 7] * covered
    risk = 0.5 + 0.05 * covered - 0.04 * after + 0.05 * severity + 0.05 * severity * after + step + week + own
    seconds = hour * 3600 + rng.integers(0, 3600, n)
    return pd.DataFrame(
        {
            "call_id": [f"{number:06d}" for number in range(n)],
            "city": np.array(CITIES)[place],
            "received_at": START + pd.to_timedelta(day - 7 * WEEKS // 2, unit="D") + pd.to_timedelta(seconds, unit="s"),
            "severity": severity,
            "person": [f"P{number}" for number in rng.integers(0, n // 3, n)],
            "arrest": rng.random(n) < np.clip(risk, 0, 1),
            "minutes": 90 + 60 * risk + rng.normal(0, 5, n),
        }
    )


def design(table=None, **options):
    asked = {"outcome": "arrest", "start": START.date(), "exposure": "calls"} | options
    return CoverageDesign.from_tables(calls() if table is None else table, schedule(), **asked)


@cache
def plain():
    return design()


@cache
def adjusted():
    return design(covariates=("severity",), person="person")


@cache
def of_plain():
    return did_triple(plain())


@cache
def of_adjusted():
    return did_triple(adjusted())


def cell_changes(d, outcome="arrest"):
    """Change of the mean from before to after, by city and class of hours."""
    means = d.calls[outcome].astype(float).groupby([d.calls["city"], d.calls["covered"], d.calls["after"]]).mean()
    return (means.unstack()[True] - means.unstack()[False]).unstack()


def others(d):
    return [city for city in CITIES if city != d.treated and city in set(d.calls["city"])]


def test_without_covariates_every_term_is_a_difference_of_cell_means():
    change = cell_changes(plain())
    rest = change.loc[others(plain())].mean()
    covered, uncovered = (change.loc["Davis", side] - rest[side] for side in (True, False))
    assert of_plain().terms["term"].tolist() == TERMS
    np.testing.assert_allclose(of_plain().estimate, [covered - uncovered, covered, uncovered], rtol=0, atol=1e-12)
    assert of_plain().scale == "difference"


def test_with_one_comparison_city_it_is_eight_cells_and_the_saturated_regression():
    from linearmodels.panel import PooledOLS

    d = design(calls()[calls()["city"].isin(["Davis", "Elm"])])
    with pytest.warns(IdentificationWarning, match="clusters by week"):
        found = did_triple(d, inference="cluster")
    own, covered, after = (
        column.to_numpy(float) for column in (d.calls["city"].eq("Davis"), d.calls["covered"], d.calls["after"])
    )
    parts = {"own": own, "covered": covered, "after": after}
    columns = {"constant": np.ones(len(own))} | parts
    for size in (("own", "covered"), ("own", "after"), ("covered", "after"), ("own", "covered", "after")):
        columns["×".join(size)] = np.prod([parts[name] for name in size], axis=0)
    frame = pd.DataFrame(columns | {"y": d.calls["arrest"].astype(float)})
    frame.index = pd.MultiIndex.from_arrays([np.arange(len(frame)), np.zeros(len(frame), int)])
    fit = PooledOLS(frame["y"], frame.drop(columns="y")).fit()
    assert found.estimate[0] == pytest.approx(fit.params["own×covered×after"], abs=1e-10)
    change = cell_changes(d)
    by_hand = (change.loc["Davis", True] - change.loc["Davis", False]) - (
        change.loc["Elm", True] - change.loc["Elm", False]
    )
    assert found.estimate[0] == pytest.approx(by_hand, abs=1e-12)


def against(d, city, covered, method="dr"):
    """DRDID of the treated city's covered hours against a class of hours, and the rows it is made of."""
    target = d.calls["city"].eq("Davis") & d.calls["covered"]
    rows = (target | (d.calls["city"].eq(city) & d.calls["covered"].eq(covered))).to_numpy()
    part = d.calls[rows]
    x = part[list(d.covariates)].to_numpy(float)
    y, after = part["arrest"].to_numpy(float), part["after"].to_numpy(bool)
    return cross_section_effect(y, after, target[rows].to_numpy(bool), x, method=method), rows


@pytest.mark.parametrize("method", ["dr", "reg", "ipw", "dr_improved"])
def test_with_covariates_it_is_the_mean_sum_of_three_doubly_robust_comparisons(method):
    d = adjusted()
    sums = [
        against(d, "Davis", False, method)[0].att
        + against(d, city, True, method)[0].att
        - against(d, city, False, method)[0].att
        for city in others(d)
    ]
    found = did_triple(d, method=method)
    assert found.estimate[0] == pytest.approx(np.mean(sums), abs=1e-12)
    covered = np.mean([against(d, city, True, method)[0].att for city in others(d)])
    assert found.estimate[1] == pytest.approx(covered, abs=1e-12)
    assert found.estimate[1] - found.estimate[2] == pytest.approx(found.estimate[0], abs=1e-12)


def test_it_is_not_the_difference_of_two_comparisons_adjusted_to_mixes_of_their_own():
    d = adjusted()

    def alone(covered):
        part = d.calls[d.calls["covered"].eq(covered)]
        mine = part["city"].eq("Davis").to_numpy(bool)
        x = part[["severity"]].to_numpy(float)
        return cross_section_effect(part["arrest"].to_numpy(float), part["after"].to_numpy(bool), mine, x).att

    assert abs(alone(True) - alone(False) - of_adjusted().estimate[0]) > 5e-3


def test_a_trend_that_depends_on_the_mix_is_taken_out():
    """Truth −0.2; the standard error of 62,400 calls' triple difference is about .02, of the drift of cities .03."""
    table = calls(weekly=100)
    assert did_triple(design(table, covariates=["severity"])).estimate[0] == pytest.approx(-0.2, abs=0.12)
    by_method = {
        name: did_triple(design(table, covariates=chosen)).estimate[0]
        for name, chosen in (("plain", []), ("dr", ["severity"]))
    }
    # Severity's trend of .05 a unit and its gaps of about .7 between the classes, which differ by city: about .01.
    assert abs(by_method["plain"] - by_method["dr"]) > 2e-3


def series(d, weights):
    """Influence of every city's contrast by week, written as a series whose step is the error of the contrast."""
    weeks = np.arange(-WEEKS // 2, WEEKS // 2)
    after = weeks >= 0
    spans = np.where(after, after.sum(), -(~after).sum())
    cities, level, errors = ["Davis", *others(d)], [], []
    for city in cities:
        one, shocks = 0.0, np.zeros(WEEKS)
        for covered, weight in zip((False, True), weights, strict=True):
            if (city, covered) == ("Davis", True):
                continue
            found, rows = against(d, city, covered)
            sums = (
                pd.Series(found.influence)
                .groupby(d.calls.loc[rows, "week"].to_numpy())
                .sum()
                .reindex(weeks, fill_value=0)
            )
            one -= weight * found.att
            shocks -= weight * spans * sums.to_numpy() / rows.sum()
        level.append(one)
        errors.append(shocks)
    return np.array(level), np.array(errors).T, after, weeks


@pytest.mark.parametrize("made", [plain, adjusted], ids=["plain", "adjusted"])
@pytest.mark.parametrize(("place", "weights"), [(0, (-1.0, 1.0)), (1, (0.0, 1.0)), (2, (1.0, 0.0))])
def test_the_interval_follows_its_formulas(made, place, weights):
    d, result = made(), did_triple(made())
    theta, errors, after, weeks = series(d, weights)
    m = len(theta) - 1
    X = np.column_stack([np.ones(WEEKS), after])
    fits = [
        SerialDesign(X, time=weeks - weeks[0]).fit(z) for z in (errors - errors[:, 1:].mean(axis=1, keepdims=True)).T
    ]
    v = np.array([fit.vcov[1, 1] for fit in fits])
    relative, inflated = theta - theta[1:].mean(), v[1:] * m / (m - 1)
    tau_squared, trace = between_cities(relative[1:], inflated)
    V = v[0] + tau_squared * (1 + 1 / m)
    own = fits[0].record.df(np.array([0.0, 1.0]), fits[0].vcov)
    df = max(m - 1, 2 * V**2 / ((1 + 1 / m) ** 2 * 2 / trace + 2 * v[0] ** 2 / own))
    assert result.estimate[place] == pytest.approx(relative[0], abs=1e-12)
    # The search for ρ and φ stops within 1e-8 of the likelihood's top, which moves a variance by up to 1e-5 of it.
    assert result.vcov[place, place] == pytest.approx(V, rel=1e-5)
    assert result.df[place] == pytest.approx(df, rel=1e-4)
    if place == 0:
        np.testing.assert_allclose(result.cities["effect"], relative, rtol=0, atol=1e-12)
        assert result.extra["tau"] == pytest.approx(np.sqrt(tau_squared), rel=1e-4, abs=1e-8)


def test_clusters_by_week_sum_the_residuals_of_cells():
    """Without covariates the influence of a call is its distance from its cell's mean, over the cell's calls."""
    d = plain()
    with pytest.warns(IdentificationWarning, match="how far cities drift apart"):
        found = did_triple(d, inference="cluster")
    y = d.calls["arrest"].astype(float)
    cell = y.groupby([d.calls["city"], d.calls["covered"], d.calls["after"]])
    sign = np.where(d.calls["covered"] == d.calls["after"], 1.0, -1.0)
    share = np.where(d.calls["city"].eq("Davis"), 1.0, -1.0 / 5) * sign / cell.transform("size")
    weekly = (share * (y - cell.transform("mean"))).groupby(d.calls["week"]).sum()
    variance = WEEKS / (WEEKS - 1) * float((weekly**2).sum())
    assert found.vcov[0, 0] == pytest.approx(variance, rel=1e-9)
    assert (found.df == WEEKS - 1).all()
    assert found.extra["interval"] == f"t({WEEKS - 1}), clusters: week"
    np.testing.assert_allclose(found.estimate, of_plain().estimate, rtol=0, atol=1e-14)
    assert found.cities is None


def test_the_doubt_about_clusters_says_what_was_measured(monkeypatch):
    rows = pd.DataFrame({"method": "triple_week_clusters", "effect": 0.0, "rejection": [0.21, 0.457]})
    monkeypatch.setitem(did_triple.__wrapped__.__globals__, "measured_table", lambda: rows)
    with pytest.warns(IdentificationWarning, match="rejected 21 to 46 % of the time where nothing had happened"):
        did_triple(plain(), inference="cluster")
    assert "triple_week_clusters" in set(domain.measured_table()["method"])


def test_the_region_runs_from_the_triple_difference_to_the_covered_hours():
    for spill in (-0.15, 0.15):
        found = did_triple(design(calls(spill=spill)))
        triple, covered, uncovered = found.estimate
        assert uncovered == pytest.approx(spill, abs=0.1)
        assert (found.extra["bound_low"], found.extra["bound_high"]) == (min(triple, covered), max(triple, covered))
        said = "the same way" if triple * uncovered > 0 else "the other way"
        assert any(said in text for text in found.notes)


def test_path_support_and_facts():
    result, d = of_adjusted(), adjusted()
    after = result.path["dose"] == 1
    # 52 weeks on either side are 13 whole spans of four, so that means of spans are means of weeks.
    assert (after.sum(), (~after).sum()) == (13, 13)
    assert of_plain().path.loc[after, "observed"].mean() == pytest.approx(of_plain().estimate[0], abs=1e-12)
    assert of_plain().path.loc[~after, "observed"].mean() == pytest.approx(0, abs=1e-12)
    assert result.path["time"].iloc[13] == "2021-01-04"
    half = float(critical(result.df[0])) * np.sqrt(result.vcov[0, 0])
    np.testing.assert_allclose(result.path.loc[after, "high"], half)
    assert result.path.loc[~after, "low"].isna().all()
    assert result.path["events"].sum() == d.calls["city"].eq("Davis").sum() == result.extra["calls"]
    covered = d.calls[d.calls["covered"]]
    row = result.support.set_index("term").loc["covered_hours"]
    assert (row["units"], row["persons"]) == (len(covered), covered["person"].nunique())
    assert row["events"] == covered["arrest"].sum()
    assert (result.n_obs, result.n_units, result.extra["m"]) == (len(d.calls), 6, 5)
    assert (result.extra["adjustment"], of_plain().extra["adjustment"]) == ("covariates", "no covariates")
    assert result.extra["hours_covered"] == 70


def test_limits_of_the_spread_are_told_in_standard_deviations_of_the_outcome():
    minutes = did_triple(design(outcome="minutes"))
    seconds = did_triple(design(calls().assign(minutes=60 * calls()["minutes"]), outcome="minutes"))
    assert seconds.estimate == pytest.approx(60 * minutes.estimate, rel=1e-9)
    for name in ("tau_lower", "tau_upper"):
        assert seconds.extra[name] == pytest.approx(minutes.extra[name], rel=1e-5, abs=1e-9)
    assert minutes.support["events"].isna().all()


def test_few_comparison_cities_leave_clusters_only():
    two = design(calls()[calls()["city"].isin(["Davis", "Elm", "Fir"])])
    with pytest.raises(EstimationError, match="2 comparison cities bring calls") as caught:
        did_triple(two)
    assert "inference='cluster'" in caught.value.mend
    three = design(calls()[calls()["city"].isin(["Davis", "Elm", "Fir", "Ash"])])
    with pytest.warns(IdentificationWarning, match="3 comparison cities: the spread"):
        did_triple(three)
    with pytest.raises(EstimationError, match="0 comparison cities") as caught:
        did_triple(design(calls()[calls()["city"].eq("Davis")]), inference="cluster")
    assert "in the table calls" in caught.value.mend
    assert "designs hours and instrument of a study" in caught.value.mend


def test_counts_are_sent_to_the_other_method():
    hours = pd.MultiIndex.from_product(
        [CITIES, pd.period_range("2020-01", "2021-12", freq="M"), range(168)], names=["city", "month", "hour_of_week"]
    ).to_frame(index=False)
    counts = hours.assign(hours=4, arrest=np.arange(len(hours)) % 3)
    with pytest.raises(DesignError, match="counts by hour, not calls") as caught:
        did_triple(design(counts, exposure="hours"))
    assert "call_coverage" in caught.value.mend
    with pytest.raises(DesignError, match="no column 'calls' of its calls"):
        did_triple(design(outcome="calls"))


def test_unknown_outcomes_are_counted_and_left_out():
    table = calls().assign(minutes=calls()["minutes"].where(calls().index % 10 != 0))
    with pytest.warns(IdentificationWarning, match="'minutes' is not known of 1248 of 12480 calls") as said:
        found = did_triple(design(table, outcome="minutes"))
    assert any("they are left out" in str(one.message) for one in said)
    known = did_triple(design(calls()[calls().index % 10 != 0], outcome="minutes"))
    np.testing.assert_allclose(found.estimate, known.estimate, rtol=0, atol=1e-10)


def test_a_dose_that_is_no_step_is_said():
    with pytest.warns(IdentificationWarning, match="every call from the start on counts as one at full dose"):
        did_triple(replace(plain(), onset=design(phase_in=3).onset))


def test_a_class_without_calls_and_a_covariate_that_separates_are_named():
    table = calls()
    night = ~table["received_at"].dt.hour.between(12, 21)
    gone = table[~(table["city"].eq("Elm") & night & (table["received_at"] < START))]
    with pytest.raises(EstimationError, match="uncovered hours of Elm: 0 calls before"):
        did_triple(design(gone))
    apart = table.assign(severity=table["severity"] + 50 * ~night)
    with pytest.raises(EstimationError, match=r"uncovered hours of \w+: ") as caught:
        did_triple(design(apart, covariates=["severity"]))
    assert "leave out 'severity', or use method='reg'" in caught.value.mend


def test_placebos_of_the_design_are_those_they_name():
    d = plain()
    with pytest.warns(IdentificationWarning, match="4 comparison cities"):
        pretended, fewer = did_triple(d.pretending("Elm")), did_triple(d.without("Elm"))
    change = cell_changes(d)
    contrast = change[True] - change[False]
    assert pretended.estimate[0] == pytest.approx(
        contrast["Elm"] - contrast[["Ash", "Birch", "Cedar", "Fir"]].mean(), abs=1e-12
    )
    assert fewer.estimate[0] == pytest.approx(
        contrast["Davis"] - contrast[["Ash", "Birch", "Cedar", "Fir"]].mean(), abs=1e-12
    )
    middle = int(d.axis.positions.min()) + 6
    earlier = did_triple(d.before_start(start=middle))
    assert earlier.n_obs == int((d.calls["received_at"] < "2021-01-01").sum())  # whole months
