"""The two-way estimator: closed forms, what must not move it, and what it refuses or says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.few_clusters import clustered_size
from coresponder_causal.core.wild_bootstrap import cluster_multipliers, wild_statistics
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.did_two_way import did_two_way

UNITS, PERIODS, TREATED, START = 18, 8, 6, 5
# Sweeping and solving again changes sums in their last places only.
ROUNDING = 1e-9


def panel(seed=0, units=UNITS, periods=PERIODS):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame([(u, t) for u in range(units) for t in range(periods)], columns=["city", "t"])
    return frame.assign(
        y=rng.normal(size=len(frame)) + frame["city"] / 3 + (frame["t"] - 4) ** 2,
        x=rng.normal(size=len(frame)),
        people=rng.integers(1, 5, size=len(frame)),
    )


def design(frame, *, treated=TREATED, outcome="y", time="t", start=START, **more):
    units = range(treated) if isinstance(treated, int) else treated
    return PanelDesign.from_frame(
        frame, outcome=outcome, unit="city", time=time, treated=list(units), start=start, **more
    )


def changes(frame):
    """Every unit's mean from the start on less its mean before."""
    after = frame["t"] >= START
    return (frame[after].groupby("city")["y"].mean() - frame[~after].groupby("city")["y"].mean()).to_numpy()


def by_dummies(frame, columns):
    """Coefficients and residuals of weighted least squares with one dummy for each unit and period."""
    wide = pd.concat([frame[columns], pd.get_dummies(frame["city"]), pd.get_dummies(frame["t"])], axis=1)
    root = np.sqrt(frame["people"].to_numpy(float))
    matrix = root[:, None] * wide.to_numpy(float)
    beta = np.linalg.lstsq(matrix, root * frame["y"], rcond=None)[0]
    return beta[: len(columns)]


@pytest.mark.parametrize("seed", range(3))
def test_balanced_panel_is_the_difference_of_mean_changes_with_their_spread(seed):
    frame = panel(seed)
    change = changes(frame)
    groups = change[:TREATED], change[TREATED:]
    squares = [np.sum((group - group.mean()) ** 2) for group in groups]
    raw, welch = (sum(s / (len(g) * (len(g) - k)) for s, g in zip(squares, groups, strict=True)) for k in (0, 1))
    rows = UNITS * PERIODS
    factor = UNITS / (UNITS - 1) * (rows - 1) / (rows - 1 - PERIODS)
    plain, corrected = did_two_way(design(frame)), did_two_way(design(frame), kind="CR2")
    assert plain.estimate[0] == pytest.approx(groups[0].mean() - groups[1].mean(), rel=ROUNDING)
    assert plain.vcov[0, 0] == pytest.approx(factor * raw, rel=ROUNDING)
    assert corrected.vcov[0, 0] == pytest.approx(welch, rel=ROUNDING)
    assert plain.df[0] == UNITS - 1
    n, m = TREATED, UNITS - TREATED
    assert corrected.df[0] == pytest.approx((1 / n + 1 / m) ** 2 / (1 / (n**2 * (n - 1)) + 1 / (m**2 * (m - 1))))


def test_unbalanced_weighted_panel_agrees_with_dummies():
    frame = panel(1).sample(frac=0.8, random_state=2)
    frame["mean_post"] = ((frame["city"] < TREATED) & (frame["t"] >= START)).astype(float)
    result = did_two_way(design(frame, covariates=["x"], weights="people"))
    np.testing.assert_allclose(result.estimate, by_dummies(frame, ["mean_post", "x"]), rtol=ROUNDING)
    assert any("unit-periods are missing" in text for text in result.notes)
    assert result.terms["term"].tolist() == ["mean_post", "x"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["CR1", "CR2"])
def test_what_units_or_periods_share_changes_nothing(seed, kind):
    frame, rng = panel(seed), np.random.default_rng(seed + 10)
    own, shared = rng.normal(size=UNITS) * 50, rng.normal(size=PERIODS) * 50
    moved = frame.assign(y=frame["y"] + own[frame["city"]] + shared[frame["t"]])
    first, second = (did_two_way(design(f, covariates=["x"]), kind=kind) for f in (frame, moved))
    np.testing.assert_allclose(second.estimate, first.estimate, rtol=1e-8)
    np.testing.assert_allclose(second.vcov, first.vcov, rtol=1e-8)


@pytest.mark.parametrize("factor", [-2.0, 1e-6, 1e6])
def test_scale_of_the_outcome_and_of_the_covariate_carries_through(factor):
    frame = panel()
    first = did_two_way(design(frame, covariates=["x"]))
    scaled = did_two_way(design(frame.assign(y=factor * frame["y"]), covariates=["x"]))
    np.testing.assert_allclose(scaled.estimate, factor * first.estimate, rtol=ROUNDING)
    np.testing.assert_allclose(scaled.vcov, factor**2 * first.vcov, rtol=ROUNDING)
    other = did_two_way(design(frame.assign(x=factor * frame["x"]), covariates=["x"]))
    np.testing.assert_allclose(other.estimate, first.estimate / [1, factor], rtol=ROUNDING)


def test_names_and_order_of_units_do_not_matter():
    frame = panel()
    names = dict(
        zip(range(UNITS), np.random.default_rng(3).permutation([f"city {k}" for k in range(UNITS)]), strict=True)
    )
    renamed = frame.assign(city=frame["city"].map(names)).sample(frac=1, random_state=4)
    first, second = did_two_way(design(frame)), did_two_way(design(renamed, treated=[names[k] for k in range(TREATED)]))
    np.testing.assert_allclose(second.estimate, first.estimate, rtol=ROUNDING)
    np.testing.assert_allclose(second.vcov, first.vcov, rtol=ROUNDING)


def test_weights_count_relatively_and_rows_without_weight_are_left_out():
    frame = panel(2)
    first = did_two_way(design(frame, weights="people"))
    heavier = did_two_way(design(frame.assign(people=7.0 * frame["people"]), weights="people"))
    np.testing.assert_allclose(heavier.vcov, first.vcov, rtol=ROUNDING)
    blank = frame.assign(people=frame["people"].where(frame.index != 20, 0))
    lighter = did_two_way(design(blank, weights="people"))
    dropped = did_two_way(design(frame.drop(index=20), weights="people"))
    assert "left out: 1 row without weight" in lighter.notes
    np.testing.assert_allclose(lighter.estimate, dropped.estimate, rtol=ROUNDING)
    np.testing.assert_allclose(lighter.vcov, dropped.vcov, rtol=ROUNDING)


def test_conventions_differ_by_their_factors():
    d = design(panel(), covariates=["x"])
    bare, fixest, stata, counted = (
        did_two_way(d, cluster_convention=name).vcov[0, 0] for name in ("none", "fixest", "stata", "linearmodels")
    )
    n, g, k = UNITS * PERIODS, UNITS / (UNITS - 1), 2
    assert fixest / bare == pytest.approx(g * (n - 1) / (n - k - PERIODS), rel=ROUNDING)
    assert stata / bare == pytest.approx(g * (n - 1) / (n - k - UNITS - PERIODS + 1), rel=ROUNDING)
    assert counted / bare == pytest.approx(n / (n - k - UNITS - PERIODS + 1), rel=ROUNDING)


def test_few_treated_clusters_are_refused_unless_asked_for():
    d = design(panel(units=11), treated=1)
    with pytest.raises(EstimationError, match=r"1 treated and 10 untreated .* rejected 49 % of the time") as caught:
        did_two_way(d)
    assert "inference='cluster'" in caught.value.mend
    assert "with a few did_few_treated" in caught.value.mend
    with pytest.warns(IdentificationWarning, match="rejected 49 % of the time at 10 comparison clusters"):
        result = did_two_way(d, inference="cluster")
    assert (result.extra["measured_size"], result.extra["measured_at"]) == (0.49, (1, 10))
    assert result.extra["enough_clusters"] is False
    assert result.extra["interval"].endswith("a nominal 5 % test of this kind rejected 49 % of the time")


def test_enough_clusters_still_say_what_was_measured():
    result = did_two_way(design(panel()))
    assert result.extra["enough_clusters"] is True
    assert any("a nominal 5 % test rejected" in text for text in result.notes)
    assert result.extra["interval"] == "t(17), clustered by city: CR1, factor of fixest"


def test_absorbed_terms_are_named():
    frame = panel().assign(area=lambda f: f["city"] * 10.0, national=lambda f: np.sin(f["t"]))
    reasons = {
        "area": "by the unit effects, .*: take did_group_time",
        "national": "by the time effects, .*: leave it out",
    }
    for name, reason in reasons.items():
        with pytest.raises(EstimationError, match=f"1 rule\n.*'{name}' is absorbed {reason}"):
            did_two_way(design(frame, covariates=["x", name]))
    twice = frame.assign(twice=lambda f: 2 * f["x"])
    with pytest.raises(EstimationError, match="'twice' is absorbed by the other terms"):
        did_two_way(design(twice, covariates=["x", "twice"]))


def test_rows_that_are_alone_are_left_out_and_said():
    frame = panel()
    alone = frame[(frame["city"] != 17) | (frame["t"] == 0)]
    result = did_two_way(design(alone))
    assert "left out: 1 row alone in a unit or time effect" in result.notes
    assert (result.n_obs, result.n_units) == (len(alone) - 1, UNITS - 1)
    np.testing.assert_allclose(result.vcov, did_two_way(design(frame[frame["city"] != 17])).vcov, rtol=ROUNDING)


def monthly(seed=0):
    frame = panel(seed, periods=24)
    month = pd.period_range("2019-01", periods=24, freq="M")
    return frame.assign(month=month[frame["t"].to_numpy()])


def test_month_of_year_effects_leave_a_common_change_to_estimate():
    frame = monthly()
    frame["common_change"] = (frame["month"] >= "2020-07").astype(float)
    frame["mean_post"] = frame["common_change"] * (frame["city"] < TREATED)
    wide = pd.concat(
        [frame[["mean_post", "common_change"]], *(pd.get_dummies(c) for c in (frame["city"], frame["month"].dt.month))],
        axis=1,
    )
    expected = np.linalg.lstsq(wide.to_numpy(float), frame["y"], rcond=None)[0][:2]
    result = did_two_way(design(frame, time="month", start="2020-07"), time_effects="month_of_year")
    assert result.terms["term"].tolist() == ["mean_post", "common_change"]
    np.testing.assert_allclose(result.estimate, expected, rtol=ROUNDING)


def test_month_of_year_effects_need_months_and_one_dose():
    with pytest.raises(DesignError, match="month-of-year effects were asked of periods"):
        did_two_way(design(panel()), time_effects="month_of_year")
    starts = dict.fromkeys(range(3), "2020-03") | dict.fromkeys(range(3, 6), "2020-07")
    frame = monthly().assign(first=lambda f: f["city"].map(starts))
    d = PanelDesign.from_frame(frame, outcome="y", unit="city", time="month", cohort="first")
    with pytest.warns(IdentificationWarning, match="units start at 2 different times"):
        did_two_way(d)
    with pytest.raises(DesignError, match="different doses in 4 months"):
        did_two_way(d, time_effects="month_of_year")


def test_clusters_must_hold_whole_units_and_some_no_treated_one():
    frame = panel()
    with pytest.raises(DesignError, match="'people' changes within 18 units"):
        did_two_way(design(frame, cluster="people"))
    with pytest.raises(EstimationError, match="3 treated and 0 comparison clusters"):
        did_two_way(design(frame.assign(state=frame["city"] % 3), cluster="state"))


def test_log_rates_say_zeros_and_few_events_and_refuse_negative_values():
    counts = panel().assign(calls=lambda f: np.random.default_rng(5).poisson(40, len(f)))
    counts.loc[3, "calls"] = 0
    result = did_two_way(design(counts, outcome="calls", exposure="people"), log=True)
    assert "1 of 144 rows without events: half an event was put in their place" in result.notes
    rates = counts.assign(y=np.log(np.maximum(counts["calls"], 0.5) / counts["people"]))
    assert result.estimate[0] == pytest.approx(did_two_way(design(rates)).estimate[0], rel=ROUNDING)
    assert result.support["events"].item() == counts.query("city < 6 and t >= 5")["calls"].sum()
    with pytest.warns(IdentificationWarning, match="fewer than 10 events a period in 18 units"):
        did_two_way(design(counts.assign(calls=counts["calls"] // 8 + 1), outcome="calls"), log=True)
    with pytest.raises(DesignError, match="negative values and no log"):
        did_two_way(design(counts.assign(calls=counts["calls"] - 100), outcome="calls"), log=True)


def test_rates_without_log_are_the_outcome_over_its_exposure():
    frame = panel()
    rate = did_two_way(design(frame.assign(y=frame["y"] / frame["people"])))
    assert did_two_way(design(frame, exposure="people")).estimate[0] == pytest.approx(rate.estimate[0], rel=ROUNDING)
    assert rate.support["events"].isna().all()


def test_permutation_ranks_the_treated_unit_among_the_untreated():
    """In a balanced panel an estimate is the unit's own change less the others' mean change."""
    frame = panel(4)
    change = changes(frame)
    with_one = did_two_way(design(frame, treated=1), inference="permutation")
    assert with_one.estimate[0] == pytest.approx(change[0] - change[1:].mean(), rel=ROUNDING)
    others = np.array([change[k] - np.delete(change[1:], k - 1).mean() for k in range(1, UNITS)])
    found = with_one.placebo[0] * with_one.bse["mean_post"]
    np.testing.assert_allclose(np.sort(found), np.sort(others), rtol=1e-8)
    assert with_one.vcov[0, 0] == pytest.approx(np.mean(others**2), rel=ROUNDING)
    assert with_one.pvalues["mean_post"] == (1 + np.sum(np.abs(others) >= abs(with_one.estimate[0]))) / UNITS
    assert with_one.extra["p_floor"] == 1 / UNITS
    assert np.isinf(with_one.conf_int().to_numpy()).all()  # 1/18 is above 5 %
    with pytest.warns(IdentificationWarning, match="1 treated cluster"):
        clustered = did_two_way(design(frame, treated=1), inference="cluster")
    assert with_one.extra["clustered_std_error"] == pytest.approx(clustered.bse["mean_post"], rel=ROUNDING)
    assert any(text.startswith("the standard error clustered by city: CR1") for text in with_one.notes)


def test_permutation_needs_one_treated_unit_and_nothing_beside_it():
    with pytest.raises(EstimationError) as caught:
        did_two_way(design(panel(), treated=2, covariates=["x"]), inference="permutation")
    assert "2 units are treated, the design has covariates (x)" in caught.value.what
    few = panel(units=3)
    with pytest.raises(EstimationError, match="2 units are untreated"):
        did_two_way(design(few, treated=1), inference="permutation")


def test_rates_are_per_so_many_units_of_exposure():
    frame = panel().assign(y=lambda f: np.abs(f["y"]))
    rates = [did_two_way(design(frame, exposure="people"), per=per) for per in (1.0, 1000.0)]
    np.testing.assert_allclose(rates[1].estimate, 1000 * rates[0].estimate, rtol=ROUNDING)
    assert rates[1].extra["outcome_unit"] == "y per 1,000 people"
    for wrong in ({"exposure": "people", "log": True}, {}):
        log = bool(wrong.pop("log", False))
        with pytest.raises(EstimationError, match="per=1000 goes with rates per exposure"):
            did_two_way(design(frame, **wrong), per=1000, log=log)


def test_wild_gives_the_bootstrap_of_the_dose_with_its_clustered_error():
    frame = panel(6)
    plain, wild = (did_two_way(design(frame, covariates=["x"]), inference=name) for name in ("cluster", "wild"))
    assert wild.terms["term"].tolist() == ["mean_post"]
    assert wild.estimate[0] == plain.estimate[0]
    assert wild.bse["mean_post"] == plain.bse["mean_post"]
    assert wild.wild.shape == (1, 2000, 5)
    assert wild.extra["interval"] == "wild bootstrap (WCR) of 1999 samples, clustered by city: CR1, factor of fixest"
    low, high = wild.conf_int().iloc[0]
    assert low < wild.estimate[0] < high
    wider = max(wild.estimate[0] - low, high - wild.estimate[0])
    assert wild.critical()[0] == pytest.approx(wider / wild.bse["mean_post"], rel=ROUNDING)  # of detectable effects
    # With 6 of 18 treated t and bootstrap agree to a fifth of their width.
    np.testing.assert_allclose([low, high], plain.conf_int().loc["mean_post"], atol=0.2 * (high - low))


def test_wild_in_a_balanced_panel_is_that_of_the_units_changes():
    """Everything but the mean change of each unit falls out of t: a regression of the changes on a dummy is enough."""
    frame = panel(7)
    order = design(frame).source["city"].drop_duplicates().to_numpy()
    change, X = changes(frame)[order], np.column_stack([order < TREATED, np.ones(UNITS)])
    beta = np.linalg.lstsq(X, change, rcond=None)[0]
    for name in ("WCR", "WCU"):
        result = did_two_way(design(frame), inference="wild", wild=name, replications=199, seed=8)
        factors, _ = cluster_multipliers(UNITS, replications=199, seed=8)
        rows = wild_statistics(
            X.astype(float),
            change - X @ beta,
            np.arange(UNITS),
            multipliers=factors,
            std_error=float(result.bse["mean_post"]),
            restricted=name == "WCR",
        )
        np.testing.assert_allclose(result.wild[0], rows, rtol=1e-8, atol=1e-12)


def test_wild_with_one_treated_unit_says_what_was_measured():
    d = design(panel(units=11), treated=1)
    found = {}
    for name in ("WCR", "WCU"):
        with pytest.warns(IdentificationWarning, match=f"bootstrap .{name}. with 1 treated cluster: .* rejected"):
            found[name] = did_two_way(d, inference="wild", wild=name)
        assert found[name].extra["measured_size"] == clustered_size(1, 10, kind=name).size
    (said,) = [text for text in found["WCR"].notes if "WCR" in text]
    assert "an effect that the true standard error shows 80 % of the time it found" in said
    assert clustered_size(1, 10, kind="WCR").power < 0.1
    assert clustered_size(1, 10, kind="WCU").size > 0.3


def test_wild_refuses_cr2_and_moved_units_and_its_result_stands_alone():
    frame = panel()
    with pytest.raises(EstimationError, match="of the t with CR1 errors, not CR2"):
        did_two_way(design(frame), inference="wild", kind="CR2")
    with pytest.raises(DesignError, match="'people' changes within 18 units"):
        did_two_way(design(frame, cluster="people"), inference="wild")
    result = did_two_way(design(frame), inference="wild", replications=99)
    with pytest.raises(EstimationError, match="bootstrap tests do not combine"):
        result.combine(np.ones((1, 1)), pd.DataFrame({"term": ["again"]}))
    again = type(result).from_json(result.to_json())
    pd.testing.assert_frame_equal(again.tidy(), result.tidy(), check_exact=True)
    assert not result.wild.flags.writeable
