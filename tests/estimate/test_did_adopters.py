"""Imputation, interaction, stacking and switching on simulated panels: truth, each against another, what is said."""

import sys

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate import (
    aggregate,
    did_group_time,
    did_imputation,
    did_interaction,
    did_stacked,
    did_switching,
    did_two_way,
)
from coresponder_causal.simulate.staggered import staggered, staggered_effect

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")

METHODS = (did_imputation, did_interaction, did_stacked, did_switching)


def parallel(seed=1, units=300):
    """Staggered draws whose trends do not hang on x: unit, time and noise alone beside the effect."""
    frame, rng = staggered(seed=seed, units=units), np.random.default_rng(seed)
    effect = np.nan_to_num(staggered_effect(frame["first_treated"], frame["t"])) * (
        frame["t"] >= frame["first_treated"]
    )
    noise = rng.normal(size=units)[frame["id"]] + 0.2 * frame["t"] + rng.normal(size=len(frame))
    return frame.assign(y=noise + effect, effect=effect)


FRAME = parallel()


def design(frame=FRAME, **columns):
    return PanelDesign.from_frame(frame, outcome="y", unit="id", time="t", cohort="first_treated", **columns)


@pytest.mark.parametrize("method", METHODS)
def test_the_truth_lies_within_the_errors_and_effects_before_the_start_are_none(method):
    """Times since the start that all cohorts share have one truth: the mean over cohorts by their size."""
    tidy = method(design()).tidy().set_index("term")
    treated = FRAME[FRAME["t"] >= FRAME["first_treated"]]
    since = treated["t"] - treated["first_treated"]
    for e in (0, 1):
        true = treated.loc[since == e, "effect"].mean()
        assert abs(tidy.estimate[f"event_time={e}"] - true) < 4 * tidy.std_error[f"event_time={e}"]
    before = tidy[tidy["event_time"] < 0]
    assert len(before)
    assert (before["statistic"].abs() < 4).all()


@pytest.mark.parametrize("method", METHODS)
def test_unit_effects_and_common_shocks_leave_no_trace(method):
    rng = np.random.default_rng(4)
    shocked = FRAME.assign(y=FRAME["y"] + 10 * rng.normal(size=300)[FRAME["id"]] + 5 * rng.normal(size=9)[FRAME["t"]])
    one, other = method(design()), method(design(shocked))
    np.testing.assert_allclose(one.estimate, other.estimate, rtol=0, atol=1e-9)
    np.testing.assert_allclose(one.vcov, other.vcov, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_influence_has_the_covariance_and_clusters_are_summed(method):
    grouped = design(FRAME.assign(group=FRAME["id"] // 6), cluster="group")
    for d in (design(), grouped):
        result = method(d)
        sums = result.influence.by_cluster().to_numpy()
        np.testing.assert_allclose(sums.T @ sums / 300**2, result.vcov, rtol=1e-8, atol=1e-14)
        np.testing.assert_allclose(result.influence.by_cluster().shape[0], 300 if d.cluster is None else 50)


@pytest.mark.parametrize("method", METHODS)
def test_one_treated_unit_is_refused_with_what_to_take(method):
    alone = FRAME["id"][FRAME["first_treated"].notna()].iloc[0]
    with pytest.raises(EstimationError, match="1 treated cluster") as caught:
        method(design(FRAME[FRAME["first_treated"].isna() | (FRAME["id"] == alone)]))
    assert "did_prediction_interval" in caught.value.mend


@pytest.mark.parametrize("method", METHODS)
def test_few_treated_units_are_doubted_with_the_measured_size(method):
    few = FRAME["id"][FRAME["first_treated"] == 5].unique()[:3]
    with pytest.warns(IdentificationWarning, match="3 treated and .* untreated clusters are few"):
        method(design(FRAME[FRAME["first_treated"].isna() | FRAME["id"].isin(few)]))


def test_without_covariates_interaction_is_group_time_with_a_universal_base():
    levels = aggregate(did_group_time(design(), base="universal"), by="event_time")
    ours = did_interaction(design(), small_sample="none")
    for term in levels.terms["term"].iloc[1:]:
        assert ours.params[term] == pytest.approx(levels.params[term], abs=1e-10)
    overall = aggregate(did_group_time(design()))
    assert ours.estimate[0] == pytest.approx(overall.estimate[0], abs=1e-10)


def test_with_one_start_imputation_averages_all_time_before_and_interaction_takes_the_last():
    frame = FRAME[FRAME["first_treated"].isna() | (FRAME["first_treated"] == 5)]
    wide = frame.pivot(index="id", columns="t", values="y")
    mine = frame.groupby("id")["first_treated"].first().notna()
    after, before = wide[[5, 6, 7, 8]].mean(axis=1), wide[[1, 2, 3, 4]].mean(axis=1)
    change = after - before
    result = did_imputation(design(frame))
    assert result.estimate[0] == pytest.approx(change[mine].mean() - change[~mine].mean())
    spread = [part.var(ddof=ddof) / len(part) for part, ddof in ((change[mine], 1), (change[~mine], 0))]
    # treated effects are held against the mean of the others, times n/(n − 1); those never treated are not
    own = change[mine] - change[mine].mean()
    assert np.diag(result.vcov)[0] == pytest.approx((own**2).sum() / (mine.sum() - 1) ** 2 + spread[1], rel=0.01)
    change = after - wide[4]
    result = did_interaction(design(frame))
    assert result.estimate[0] == pytest.approx(change[mine].mean() - change[~mine].mean())
    spread = [part.var() / len(part) for part in (change[mine], change[~mine])]
    assert np.diag(result.vcov)[0] == pytest.approx(sum(spread), rel=1e-9)
    assert result.df[0] == pytest.approx(sum(spread) ** 2 / sum(s**2 / (n - 1) for s, n in zip(
        spread, (mine.sum(), (~mine).sum()), strict=True)))  # fmt: skip


@pytest.mark.parametrize("method", [did_imputation, did_interaction])
def test_courses_of_cohorts_and_single_rows_say_the_same(method, monkeypatch):
    whole = method(design())
    if method is did_imputation:
        module = sys.modules["coresponder_causal.estimate.did_imputation"]
        monkeypatch.setattr(module, "_collapses", lambda *_: False)
        by_row = method(design())
    else:
        by_row = method(design(FRAME.assign(one=FRAME["id"]), cluster="one"))
    np.testing.assert_allclose(by_row.estimate, whole.estimate, rtol=0, atol=1e-10)
    np.testing.assert_allclose(by_row.vcov, whole.vcov, rtol=1e-8, atol=1e-14)
    np.testing.assert_allclose(by_row.df, whole.df, rtol=1e-8)


@pytest.mark.parametrize("method", [did_imputation, did_interaction])
def test_whole_weights_are_copies_and_missing_rows_stay_unbiased(method):
    times = np.random.default_rng(3).integers(1, 4, size=300)
    weighted = method(design(FRAME.assign(w=times[FRAME["id"]]), weights="w"))
    copies = [
        FRAME[FRAME["id"].map(lambda i, k=k: times[i] > k)].assign(id=lambda f, k=k: f["id"] + 1000 * k)
        for k in range(3)
    ]
    np.testing.assert_allclose(weighted.estimate, method(design(pd.concat(copies))).estimate, rtol=0, atol=1e-9)
    holes = FRAME.drop(index=np.random.default_rng(1).choice(len(FRAME), 200, replace=False))
    tidy = method(design(holes)).tidy().iloc[0]
    true = holes.loc[holes["t"] >= holes["first_treated"], "effect"].mean()
    assert abs(tidy["estimate"] - true) < 4 * tidy["std_error"]


def test_a_cohort_of_one_unit_is_held_against_the_others():
    """Its own noise is in the error: left out of that mean it would be held against itself, and count nothing."""
    alone = FRAME["id"][FRAME["first_treated"] == 5].iloc[0]
    frame = FRAME[(FRAME["first_treated"] != 5) | (FRAME["id"] == alone)]
    kept, held = did_imputation(design(frame)), did_imputation(design(frame), leave_one_out=False)
    place = kept.influence.unit.get_loc(alone)
    assert abs(kept.influence.rows()[place, 0]) > 10 * abs(held.influence.rows()[place, 0])
    with pytest.warns(IdentificationWarning, match="1 cohort of one cluster left out, .*: 5"):
        assert "cohort=5" not in did_interaction(design(frame), by="cohort").terms["term"].tolist()


def test_where_every_start_is_one_unit_imputation_and_switching_hold_them_against_each_other():
    chosen = FRAME.groupby("first_treated")["id"].first()
    frame = FRAME[FRAME["first_treated"].isna() | FRAME["id"].isin(chosen)]
    for method in (did_imputation, did_switching):
        assert np.isfinite(method(design(frame)).bse.iloc[0])
    for method, match in (
        (did_interaction, "each of 3 cohorts is one cluster"),
        (did_stacked, "fewer than two clusters"),
    ):
        with pytest.raises(EstimationError, match=match):
            method(design(frame))


def test_anticipation_is_imputed_and_shown():
    result = did_imputation(design(), anticipation=1, leads=1)
    assert result.terms["event_time"].dropna().tolist() == [0, 1, 2, 3, 4, 5, -1, -2]
    assert any("treated from the first period on" in text for text in result.notes) is False
    with pytest.raises(DesignError, match="leads=9"):
        did_imputation(design(), leads=9)
    with pytest.raises(DesignError, match="anticipation=-1"):
        did_imputation(design(), anticipation=-1)


def test_periods_without_untreated_units_are_left_out_and_said():
    frame = FRAME.dropna(subset="first_treated")
    result = did_imputation(design(frame))
    (said,) = [text for text in result.notes if "left out" in text]
    assert "2 periods without any" in said
    assert any("the last cohort is the comparison" in text for text in did_interaction(design(frame)).notes)


def test_the_stack_is_the_weighted_regression_of_the_stack():
    """Corrective weights as Wing, Freedman & Hollingsworth give them, by dense least squares."""
    parts = []
    for a in (3, 5, 7):
        near = FRAME[FRAME["t"].between(a - 2, a + 1)]
        near = near[~(near["first_treated"] <= a + 1) | (near["first_treated"] == a)]
        parts.append(near.assign(start=a, e=near["t"] - a, treated=(near["first_treated"] == a).astype(float)))
    stack = pd.concat(parts)
    units = stack.groupby(["start", "treated"])["id"].nunique().unstack()
    ratio = (units[1.0] / units[1.0].sum()) / (units[0.0] / units[0.0].sum())
    weight = np.where(stack["treated"] == 1, 1.0, stack["start"].map(ratio))
    times = pd.get_dummies(stack["e"]).astype(float)[[-2, 0, 1]].to_numpy()
    treated = stack["treated"].to_numpy()[:, None]
    matrix = np.hstack([np.ones_like(treated), treated, times, times * treated])
    root = np.sqrt(weight)[:, None]
    coef = np.linalg.lstsq(matrix * root, stack["y"].to_numpy() * root[:, 0], rcond=None)[0]
    result = did_stacked(design(), before=2, after=1)
    np.testing.assert_allclose(result.params[["event_time=-2", "event_time=0", "event_time=1"]], coef[-3:], atol=1e-10)
    assert result.estimate[0] == pytest.approx(coef[-2:].mean(), abs=1e-10)


def test_the_stack_says_who_is_in_it_and_refuses_what_it_cannot_do():
    with pytest.warns(IdentificationWarning, match=r"starts left out: 3 \(the data do not hold their whole window\)"):
        result = did_stacked(design(), before=3, after=1)
    assert result.extra["cohorts_used"] == 2
    holes = FRAME.drop(index=FRAME.index[(FRAME["id"] == FRAME["id"][FRAME["first_treated"] == 5].iloc[0])][:5])
    assert any("not every period of the window" in text for text in did_stacked(design(holes)).notes)
    with pytest.raises(DesignError, match=r"(?s)before=0.*after=99.*covariates \(x\)"):
        did_stacked(design(covariates=["x"]), before=0, after=99)


def test_where_treatment_stays_switching_is_group_time_against_the_not_yet_treated():
    cells = did_group_time(design(), control="not_yet", base="universal")
    levels, ours = aggregate(cells, by="event_time"), did_switching(design(), leads=0)
    for e in range(6):
        assert ours.params[f"event_time={e}"] == pytest.approx(levels.params[f"event_time={e}"], abs=1e-10)
    assert ours.estimate[0] == pytest.approx(aggregate(cells).estimate[0], abs=1e-10)


def paused(seed=3, effect=3.0, noise=1.0):
    """Fifteen cities pause after three periods, ten stay, seven are on throughout, eight stop, twenty never start."""
    rng = np.random.default_rng(seed)
    path = np.zeros((60, 10))
    path[:15, 4:7] = path[15:25, 5:] = path[25:33] = path[33:40, :6] = 1
    y = effect * path + 0.2 * np.arange(10) + rng.normal(size=(60, 1)) + noise * rng.normal(size=(60, 10))
    city, t = np.repeat(np.arange(60), 10), np.tile(np.arange(10), 60)
    return pd.DataFrame({"city": city, "t": t, "on": path.ravel(), "y": y.ravel()})


def of_path(frame, **columns):
    return PanelDesign.from_frame(frame, outcome="y", unit="city", time="t", path="on", **columns)


@pytest.mark.parametrize("switches", ["all", "on", "off"])
def test_the_effect_per_period_under_treatment_is_found_though_treatment_pauses(switches):
    """Without noise the headline is the effect itself, and a time since the start the share still treated, times it."""
    exact = did_switching(of_path(paused(noise=1e-9)), switches=switches)
    assert exact.estimate[0] == pytest.approx(3.0, abs=1e-6)
    if switches == "on":
        assert exact.params["event_time=2"] == pytest.approx(3.0, abs=1e-6)
        assert exact.params["event_time=3"] == pytest.approx(3 * 10 / 25, abs=1e-6)
    noisy = did_switching(of_path(paused()), switches=switches)
    assert abs(noisy.estimate[0] - 3) < 4 * noisy.bse.iloc[0]
    assert any("treatment changed again" in text for text in noisy.notes) is (switches != "off")


@pytest.mark.parametrize("method", [did_group_time, did_imputation, did_interaction, did_stacked, did_two_way])
def test_treatment_that_switches_off_is_refused_elsewhere_by_name(method):
    with pytest.raises(DesignError, match=r"in 30 units \(0, 1, ") as caught:
        method(of_path(paused()))
    assert "did_switching" in caught.value.mend


def test_a_path_that_stays_is_a_cohort():
    frame = FRAME.assign(on=(FRAME["t"] >= FRAME["first_treated"]).astype(float))
    d = PanelDesign.from_frame(frame, outcome="y", unit="id", time="t", path="on")
    assert d.interrupted_units == []
    np.testing.assert_array_equal(did_imputation(d).estimate, did_imputation(design()).estimate)


def test_paths_that_are_none_are_refused_together():
    frame = paused().assign(on=1.0)
    with pytest.raises(DesignError, match="'on' never changes within a unit"):
        of_path(frame)
    with pytest.raises(DesignError, match=r"(?s)negative.*leave start=, start_between= and phase_in= out"):
        of_path(paused().assign(on=lambda f: f["on"] - 0.5), start=3)
    with pytest.raises(DesignError, match="give either cohort="):
        of_path(paused(), treated=[1])
    with pytest.raises(DesignError, match=r"(?s)horizon=-1.*leads=-2"):
        did_switching(of_path(paused()), horizon=-1, leads=-2)


def test_changes_back_and_forth_without_treatment_on_balance_are_refused():
    frame = paused()
    frame["on"] = np.where(frame["city"] < 10, (frame["t"] == 5) * 1.0, 0.0)
    frame.loc[(frame["city"].between(10, 19)) & (frame["t"] < 5), "on"] = 1.0
    found = did_switching(of_path(frame), switches="on")
    assert found.extra["treated_periods"] == 10
    with quietly():
        assert did_switching(of_path(frame), horizon=0).estimate.shape[0] >= 2


@pytest.mark.parametrize("method", METHODS)
def test_intervals_cover(method):
    """40 panels; 95 % of 40 within three Monte-Carlo errors: 33 or more."""
    inside = 0
    for seed in range(40):
        frame = parallel(seed=100 + seed, units=90)
        treated = frame[frame["t"] >= frame["first_treated"]]
        since = treated["t"] - treated["first_treated"]
        true = treated["effect"].mean()
        if method is did_stacked:
            true = np.mean([treated.loc[since == e, "effect"].mean() for e in (0, 1)])
        low, high = method(design(frame)).conf_int().iloc[0]
        inside += low < true < high
    assert inside >= 33
