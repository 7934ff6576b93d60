"""Group-time effects on simulated panels: truth, options, what is left out and said, refusals, averages, bands."""

import time

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.aggregate import aggregate
from coresponder_causal.estimate.did_group_time import did_group_time
from coresponder_causal.simulate import world
from coresponder_causal.simulate.staggered import staggered, staggered_effect

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")

FRAME = staggered(seed=1, units=400)


def design(frame=FRAME, covariates=("x",), **columns):
    return PanelDesign.from_frame(
        frame, outcome="y", unit="id", time="t", cohort="first_treated", covariates=covariates, **columns
    )


def z_scores(result):
    truth = staggered_effect(result.terms["cohort"], result.terms["time"])
    return (result.estimate - truth) / np.sqrt(np.diag(result.vcov))


@pytest.mark.parametrize("method", ["dr", "dr_improved", "ipw", "reg"])
@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_truth_lies_within_the_errors(method, control):
    """21 cells of one seeded draw; P(one normal of 21 beyond 4) is 0.1 %."""
    assert np.abs(z_scores(did_group_time(design(), method=method, control=control))).max() < 4


def test_without_the_covariate_trends_differ_and_the_error_shows():
    assert np.abs(z_scores(did_group_time(design(covariates=())))).max() > 4.5


def test_intervals_cover_at_their_level():
    """60 panels of 250 units, mean effect over all cells; 95 % of 60 within three Monte-Carlo errors: 52 or more."""
    inside = 0
    for seed in range(60):
        frame = staggered(seed=1000 + seed, units=250)
        treated = frame[frame["t"] >= frame["first_treated"]]
        truth = staggered_effect(treated["first_treated"], treated["t"]).mean()
        low, high = aggregate(did_group_time(design(frame))).conf_int().iloc[0]
        inside += low < truth < high
    assert inside >= 52


def test_keys_order_and_headline():
    terms = did_group_time(design()).terms
    assert list(terms) == ["cohort", "time", "event_time", "term"]
    assert terms["term"].iloc[0] == "att(g=3, t=3)"
    assert (terms["time"] - terms["cohort"] == terms["event_time"]).all()
    before = terms["event_time"] < 0
    assert not before.iloc[0]
    assert before.is_monotonic_increasing
    assert len(terms) == 3 * 7
    assert terms[before].sort_values(["cohort", "time"]).index.is_monotonic_increasing


def test_months_are_keys_and_travel_as_json():
    months = pd.period_range("2019-01", periods=8, freq="M")
    starts = FRAME["first_treated"].map(lambda g: pd.NaT if np.isnan(g) else months[int(g) - 1])
    frame = FRAME.assign(t=months[FRAME["t"] - 1], first_treated=pd.PeriodIndex(starts, freq="M"))
    result = did_group_time(design(frame))
    assert result.terms["term"].iloc[0] == "att(g=2019-03, t=2019-03)"
    np.testing.assert_allclose(result.estimate, did_group_time(design()).estimate, rtol=0, atol=1e-12)
    for by in ("overall", "event_time", "cohort", "time"):
        averages = aggregate(result, by=by)
        pd.testing.assert_frame_equal(
            Result.from_json(averages.to_json()).tidy(), averages.tidy(), check_exact=True, obj=by
        )
    assert aggregate(result, by="cohort").terms["term"].tolist()[1] == "cohort=2019-03"


def test_universal_base_leaves_its_period_out_and_varying_steps_add_up_to_it():
    varying, universal = (did_group_time(design(covariates=()), base=base) for base in ("varying", "universal"))
    # the first period becomes a cell, the base period is none: as many cells as with steps
    assert len(universal.terms) == len(varying.terms)
    assert not (universal.terms["event_time"] == -1).any()
    steps, levels = varying.params, universal.params
    for g in (5, 7):
        walked = -sum(steps[f"att(g={g}, t={t})"] for t in range(3, g))
        assert levels[f"att(g={g}, t=2)"] == pytest.approx(walked, abs=1e-10)


def test_anticipation_moves_the_base_period_and_drops_who_has_none():
    result = did_group_time(design(covariates=()), anticipation=2)
    assert sorted(set(result.terms["cohort"])) == [5, 7]
    assert any("treated from the first period on" in text for text in result.notes)
    wide = FRAME.pivot(index="id", columns="t", values="y")
    first = FRAME.groupby("id")["first_treated"].first()
    change = wide[6] - wide[2]
    assert result.params["att(g=5, t=6)"] == pytest.approx(change[first == 5].mean() - change[first.isna()].mean())


def test_weights_and_clusters_of_the_design_are_used():
    rng = np.random.default_rng(3)
    times = rng.integers(1, 4, size=400)
    frame = FRAME.assign(w=times[FRAME["id"]], group=FRAME["id"] // 8)
    weighted = did_group_time(design(frame, weights="w"))
    copies = [
        FRAME[FRAME["id"].map(lambda i, k=k: times[i] > k)].assign(id=lambda f, k=k: f["id"] + 1000 * k)
        for k in range(3)
    ]
    repeated = did_group_time(design(pd.concat(copies)))
    np.testing.assert_allclose(weighted.estimate, repeated.estimate, rtol=0, atol=1e-9)
    overall = [aggregate(result).estimate[0] for result in (weighted, repeated)]
    assert overall[0] == pytest.approx(overall[1], abs=1e-9)
    clustered = did_group_time(design(frame, cluster="group"))
    sums = clustered.influence.by_cluster()
    assert len(sums) == 50
    np.testing.assert_allclose(clustered.vcov, sums.T @ sums / 400**2, rtol=1e-12)
    assert np.abs(clustered.vcov / did_group_time(design()).vcov - 1).max() > 0.05


def test_unit_effects_and_common_shocks_leave_no_trace():
    rng = np.random.default_rng(4)
    shocked = FRAME.assign(y=FRAME["y"] + 10 * rng.normal(size=400)[FRAME["id"]] + 5 * rng.normal(size=9)[FRAME["t"]])
    one, other = did_group_time(design()), did_group_time(design(shocked))
    np.testing.assert_allclose(one.estimate, other.estimate, rtol=0, atol=1e-9)
    np.testing.assert_allclose(one.vcov, other.vcov, rtol=1e-6, atol=1e-12)


def test_cross_sections_of_a_full_panel_give_its_effects_without_covariates():
    panel, levels = (did_group_time(design(covariates=()), panel=chosen) for chosen in (True, False))
    np.testing.assert_allclose(panel.estimate, levels.estimate, rtol=0, atol=1e-10)
    # summed within units the two influence functions are the same
    np.testing.assert_allclose(panel.vcov, levels.vcov, rtol=1e-9, atol=1e-14)


def test_missing_rows_compare_levels_and_say_so():
    result = did_group_time(design(FRAME.drop(index=[3, 11, 100])))
    (said,) = [text for text in result.notes if "levels are compared" in text]
    assert "397 of 400 units" in said
    assert np.abs(z_scores(result)).max() < 4
    assert result.n_obs == 3197


def test_no_unit_never_treated_asks_for_not_yet_and_then_uses_the_last_cohort():
    frame = FRAME.dropna(subset="first_treated")
    with pytest.raises(EstimationError, match="never treated") as caught:
        did_group_time(design(frame))
    assert "control='not_yet'" in caught.value.mend
    result = did_group_time(design(frame), control="not_yet")
    assert sorted(set(result.terms["cohort"])) == [3, 5]
    assert result.terms["time"].max() == 6
    assert any("the last cohort is the comparison, periods from 7 on" in text for text in result.notes)
    assert np.abs(z_scores(result)).max() < 4


def test_a_constant_or_repeated_covariate_is_absorbed_by_name():
    frame = FRAME.assign(one=3.0, again=2 * FRAME["x"] - 1)
    result = did_group_time(design(frame, covariates=("one", "x", "again")))
    assert [text for text in result.notes if "absorbed" in text] == [
        "covariate 'one' is constant or a combination of the others: absorbed",
        "covariate 'again' is constant or a combination of the others: absorbed",
    ]
    np.testing.assert_allclose(result.estimate, did_group_time(design()).estimate, rtol=0, atol=1e-10)


def test_cells_that_cannot_be_estimated_are_named_and_left_out():
    """A covariate that marks the cohort of period 5 separates it from its comparison, and only it."""
    mark = (FRAME["first_treated"] == 5) * 1.0 + 0.01 * FRAME["x"]
    with pytest.warns(IdentificationWarning, match=r"7 cells left out: att\(g=5, t=5\), .*separate"):
        result = did_group_time(design(FRAME.assign(mark=mark), covariates=("mark",)))
    assert sorted(set(result.terms["cohort"])) == [3, 7]
    assert any("7 cells left out: att(g=5, t=5), att(g=5, t=6)" in text for text in result.notes)
    averages = aggregate(result, by="cohort")
    assert averages.terms["term"].tolist() == ["overall", "cohort=3", "cohort=7"]
    assert any("7 cells left out: att(g=5, t=5), att(g=5, t=6)" in text for text in averages.notes)


def test_nothing_to_estimate_is_an_error_with_the_reasons():
    mark = FRAME["first_treated"].notna() * 1.0
    with pytest.raises(EstimationError, match=r"no group-time effect can be estimated \(att\(g=3, t=3\), "):
        did_group_time(design(FRAME.assign(mark=mark), covariates=("mark",)))


def test_one_unit_alone_is_a_doubt_with_the_measured_size():
    alone = FRAME[FRAME["first_treated"] == 5]["id"].iloc[0]
    kept = FRAME[(FRAME["first_treated"] != 5) | (FRAME["id"] == alone)]
    with pytest.warns(IdentificationWarning, match="fewer than 5 units are first treated in 5:"):
        result = did_group_time(design(kept, covariates=()))
    (said,) = [text for text in result.notes if "fewer than 5 units" in text]
    assert "with 1 treated cluster: a nominal 5 % test rejected" in said


def test_a_cell_without_any_variation_is_left_out_and_never_a_p_value_of_zero():
    two = FRAME[
        FRAME["id"].isin(
            [FRAME["id"][FRAME["first_treated"] == 5].iloc[0], FRAME["id"][FRAME["first_treated"].isna()].iloc[0]]
        )
    ]
    with pytest.raises(EstimationError, match="no variation within either group, so no standard error"):
        did_group_time(design(two, covariates=()))


def test_exposure_and_partial_periods_are_said():
    months = pd.period_range("2020-01", periods=8, freq="M").astype(str)
    frame = pd.DataFrame([(c, m, 5 + i * j % 7, 100) for i, c in enumerate("ABCDE") for j, m in enumerate(months)])
    frame.columns = ["city", "month", "calls", "people"]
    d = PanelDesign.from_frame(
        frame, outcome="calls", unit="city", time="month", treated=["A", "B"], start="2020-05-15", exposure="people"
    )
    result = did_group_time(d)
    assert "exposure 'people' is not used: 'calls' is compared as it is" in result.notes
    assert "periods of partial dose count as treated" in result.notes
    assert result.terms["term"].iloc[0] == "att(g=2020-05, t=2020-05)"
    assert result.support["units"].tolist() == [5] * 7
    assert (
        result.support["events"].iloc[0] == frame[(frame.month == "2020-05") & frame.city.isin(["A", "B"])].calls.sum()
    )


def test_options_outside_their_range_and_moving_clusters_are_refused():
    with pytest.raises(EstimationError, match="anticipation=-1"):
        did_group_time(design(), anticipation=-1)
    with pytest.raises(EstimationError, match=r"level=1\.0"):
        did_group_time(design(), level=1.0)
    with pytest.raises(EstimationError, match="no treated unit has a period before its start"):
        did_group_time(design(), anticipation=6)
    with pytest.raises(DesignError, match="'t' changes within 400 units"):
        did_group_time(design(cluster="t"))


def test_averages_are_the_stated_means():
    result = did_group_time(design())
    att, sizes = result.params, FRAME.groupby("id")["first_treated"].first().value_counts()
    after = result.terms[result.terms["event_time"] >= 0].assign(att=lambda f: f["term"].map(att))
    after["size"] = after["cohort"].map(sizes)
    overall = aggregate(result)
    assert overall.estimate[0] == pytest.approx(np.average(after["att"], weights=after["size"]))
    by_event = aggregate(result, by="event_time").params
    third = after[after["event_time"] == 3]
    assert by_event["event_time=3"] == pytest.approx(np.average(third["att"], weights=third["size"]))
    assert by_event["overall"] == pytest.approx(by_event[[f"event_time={e}" for e in range(6)]].mean())
    by_cohort = aggregate(result, by="cohort").params
    means = after.groupby("cohort")["att"].mean()
    assert by_cohort["cohort=5"] == pytest.approx(means[5])
    assert by_cohort["overall"] == pytest.approx(np.average(means, weights=sizes[means.index]))
    by_time = aggregate(result, by="time").params
    assert by_time["time=3"] == pytest.approx(att["att(g=3, t=3)"])
    cut = aggregate(result, max_event_time=0)
    assert cut.estimate[0] == pytest.approx(
        np.average(after["att"], weights=after["size"] * (after["event_time"] == 0))
    )
    assert "up to 0 periods" in cut.estimand.horizon


def test_estimated_shares_are_part_of_the_variance():
    """Their part is the delta method's: the derivative of the mean in each unit's weight, cells held fixed."""
    result = did_group_time(design())
    overall = aggregate(result)
    after = (result.terms["event_time"] >= 0).to_numpy()
    first = FRAME.groupby("id")["first_treated"].first().to_numpy()

    def mean(weight):
        sizes = np.array([weight @ (first == g) for g in result.terms["cohort"]]) * after
        return sizes @ result.estimate / sizes.sum()

    weights = np.array([(np.ones(400) @ (first == g)) for g in result.terms["cohort"]]) * after
    fixed = result.influence.rows() @ (weights / weights.sum())
    for unit in (0, 17, 99, 250):
        bump = 1e-6 * (np.arange(400) == unit)
        shares = 400 * (mean(1 + bump) - mean(1 - bump)) / 2e-6
        assert overall.influence.rows()[unit, 0] == pytest.approx(fixed[unit] + shares, abs=1e-6)


def test_aggregate_says_what_it_cannot_average():
    result = did_group_time(design())
    with pytest.raises(EstimationError, match="no group-time effects"):
        aggregate(aggregate(result))
    with pytest.raises(EstimationError, match="no influence functions") as caught:
        aggregate(Result.from_json(result.to_json()))
    assert "run did_group_time again" in caught.value.mend
    with pytest.raises(EstimationError, match="from the start on"):
        aggregate(result, max_event_time=-1)
    with pytest.raises(EstimationError, match="no event time from the start on is left"):
        aggregate(result, by="event_time", balance=9)


def test_bootstrap_adds_the_critical_value_and_nothing_else_moves():
    analytic = did_group_time(design())
    booted = did_group_time(design(), inference="bootstrap", replications=499, seed=3)
    np.testing.assert_array_equal(booted.vcov, analytic.vcov)
    assert "critical_value" not in analytic.extra
    # 21 correlated terms: above one normal's 1.96, at most Bonferroni's 3.04 and its Monte-Carlo error
    assert 2.5 < booted.extra.number("critical_value") < 3.3
    assert booted.extra.number("band_level") == 0.95
    again = did_group_time(design(), inference="bootstrap", replications=499, seed=3)
    assert again.to_json() == booted.to_json()
    wider = did_group_time(design(), inference="bootstrap", replications=499, seed=3, level=0.99)
    assert wider.extra.number("critical_value") > booted.extra.number("critical_value")
    by_event = aggregate(booted, by="event_time")
    assert 1.96 < by_event.extra.number("critical_value") < booted.extra.number("critical_value") + 0.1
    assert "critical_value" not in aggregate(analytic, by="event_time").extra


def test_a_thousand_units_ten_periods_five_cohorts_take_well_under_a_second():
    rng = np.random.default_rng(6)
    frame = staggered(seed=2, units=1000, periods=10)
    frame["first_treated"] = rng.choice([3, 4, 5, 6, 7, np.nan], size=1000)[frame["id"]]
    d = design(frame)
    begun = time.perf_counter()
    result = did_group_time(d)
    aggregate(result, by="event_time")
    assert len(result.terms) == 45
    assert time.perf_counter() - begun < 3  # measured 0.1 s alone on one core; slack for a loaded machine


def test_staggered_draws_repeat_and_refuse_what_is_too_small():
    pd.testing.assert_frame_equal(staggered(seed=1, units=400), FRAME)
    assert not staggered(seed=2, units=400).equals(FRAME)
    assert set(FRAME["first_treated"].dropna()) == {3.0, 5.0, 7.0}
    assert FRAME["first_treated"].isna().any()
    with pytest.raises(DesignError, match="too few"):
        staggered(seed=1, units=10)


def test_a_simulated_consortium_gives_back_the_mean_effect_of_its_programmes():
    """Twenty of forty cities start on their own dates; rates in logs, the mean of true log ratios over their months."""
    study = world("staggered_consortium", seed=2)
    started = study.tables["programmes"].groupby("city")["start_earliest"].min()
    panel = study.panel_counts[study.panel_counts["city"] != "West Sacramento"]  # it had a small dose before
    panel = panel.assign(
        first=panel["city"].map(started).dt.to_period("M"), rate=np.log(panel.calls / panel.population)
    )
    d = PanelDesign.from_frame(panel, outcome="rate", unit="city", time="month", cohort="first")
    with quietly():
        found = aggregate(did_group_time(d, control="not_yet"), by="overall")
    truth = study.truth.city_effects.merge(panel, on=["city", "month"])
    true = truth.loc[truth["month"] >= truth["first"], "log_ratio"].mean()
    assert true < -0.1
    assert found.estimate[0] == pytest.approx(true, abs=3 * found.bse.iloc[0])
