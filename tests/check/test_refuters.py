"""Refuters that exchange, leave out and draw again: what they compute, what they refuse, and how `refute` runs them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.exchange import cells_of, exchangeable, exchanged, expected
from coresponder_causal.core.independence import conditional_independence
from coresponder_causal.core.inference import p_value
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import refit
from coresponder_causal.core.verdict import CheckResult, by_what_they_could_change, could_change
from coresponder_causal.design import (
    CallDesign,
    PanelDesign,
    match_coarsened,
    match_full,
    match_nearest,
    match_optimal,
    subclassify,
    weight_balance,
    weight_propensity,
)
from coresponder_causal.design.adjusted_again import adjusted_again, ways
from coresponder_causal.design.coverage_moved import moved_hours
from coresponder_causal.estimate import aggregate, call_aipw, call_difference, did_group_time, did_two_way
from coresponder_causal.report import table
from coresponder_causal.validity.refuter_worlds import call_frame, hours, panel, weighted_calls


@cache
def drawn():
    return weighted_calls(call_frame(np.random.default_rng(5)))


def test_whole_sequences_change_hands_within_blocks_and_lengths():
    rng = np.random.default_rng(1)
    clusters, blocks = rng.integers(0, 60, 200), np.zeros(200, int)
    first = pd.Series(rng.integers(0, 3, 60))
    blocks = first[clusters].to_numpy()
    treated = rng.random(200) < 0.4
    cells = cells_of(clusters, blocks)
    again = exchanged(cells, treated, np.random.default_rng(2))
    assert (again != treated).any()

    def sequences(values):
        rows = pd.DataFrame({"cluster": clusters, "block": blocks, "treated": values})
        found = rows.groupby("cluster").agg(block=("block", "first"), treated=("treated", tuple))
        return sorted(zip(found["block"], map(len, found["treated"]), found["treated"], strict=True))

    assert sequences(again) == sequences(treated)


def test_the_expected_treatment_is_the_mean_over_exchanges():
    rng = np.random.default_rng(3)
    clusters, blocks = rng.integers(0, 12, 30), np.zeros(30, int)
    treated = rng.random(30) < 0.5
    cells = cells_of(clusters, blocks)
    mean = np.mean([exchanged(cells, treated, rng) for _ in range(4000)], axis=0)
    np.testing.assert_allclose(mean, expected(cells, treated), atol=0.04)
    many = np.array([exchanged(cells, treated, rng) for _ in range(200)])
    moved = many.any(axis=0) & ~many.all(axis=0)
    assert not moved[~exchangeable(cells, treated)].any()


@pytest.mark.parametrize(
    "adjust",
    [
        partial(match_nearest, caliper=0.3, ratio=2),
        partial(match_nearest, calipers={"severity": 0.5}, order="random", seed=4),
        match_optimal,
        partial(match_full, max_controls=4),
        partial(match_coarsened, bins={"severity": 4}),
        partial(subclassify, subclasses=4, contrast="ATE"),
        partial(weight_propensity, scheme="ate", stabilise=True, trim=0.1),
        partial(weight_balance, method="tilting", contrast="ATE", moments=2),
    ],
)
def test_an_adjustment_is_made_again_with_its_options(adjust):
    frame = call_frame(np.random.default_rng(6)).head(300)
    with quietly():
        plain = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["severity"])
        once = adjust(plain)
    again = adjusted_again(plain, once)
    assert again.adjustment.options == once.adjustment.options
    np.testing.assert_array_equal(again.adjustment.weights, once.adjustment.weights)


def test_every_way_to_adjust_can_be_made_again():
    from coresponder_causal import design

    named = {name for name in design.__all__ if name.startswith(("match_", "weight_", "subclassify"))}
    assert named == set(ways)


def test_placebos_repeat_under_a_seed_and_centre_where_they_are_told():
    result, design = drawn()
    one, two = (check.placebo_treatment(result, design, draws=29, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.table["found"][0] == pytest.approx(one.course["estimate"].mean(), abs=1e-12)
    share = (p_value(one.course["estimate"] / one.course["std_error"], result.df[0]) < 0.05).mean()
    assert one.table["found"][1] == pytest.approx(share, abs=0.05)
    assert one.table["p_value"][2] == pytest.approx(1 / 30)  # the estimate is larger than all 29


def test_an_effect_does_not_move_the_centre_of_placebos():
    """The same calls with a larger effect: the effect is taken off first, so that the placebos are the same."""
    result, design = drawn()
    more = replace(
        design, source=design.source.assign(minutes=design.source["minutes"] - 5.0 * design.source["attended"])
    )
    own, larger = (
        check.placebo_treatment(fit, of, draws=19).course["estimate"]
        for fit, of in ((result, design), (refit(result, more), more))
    )
    np.testing.assert_allclose(own, larger, atol=1e-9)


def test_placebos_of_models_and_matches_are_made_by_the_same_method():
    plain = replace(drawn().design, adjustment=None)
    with quietly():
        model, matched = call_aipw(plain), match_nearest(plain, caliper=0.5)
        pairs = call_difference(matched)
    for found in (check.placebo_treatment(model, plain, draws=9), check.placebo_treatment(pairs, matched, draws=9)):
        assert found.verdict in ("no contradiction found", "cannot tell")
        assert len(found.course) == 9


def test_one_step_without_a_block_is_close_to_the_fit_without_it():
    result, design = drawn()
    step = check.leave_one_week_out(result, design, refits=0).table
    exact = check.leave_one_week_out(result, design, refits=99).table
    assert (step["how"] == "influence").all()
    assert (exact["how"] == "fitted again").all()
    moved = np.abs(exact["estimate"] - result.estimate[0]).max()
    assert np.abs(step["estimate"] - exact["estimate"]).max() < 0.15 * moved
    assert step["left_out"].tolist()[:2] == ["2021-01-04", "2021-02-01"]


def test_blocks_of_weeks_are_left_out_of_models_too():
    plain = replace(drawn().design, adjustment=None)
    with quietly():
        result = call_aipw(plain)
    table = check.leave_one_week_out(result, plain, refits=2).table
    assert table["how"].value_counts().to_dict() == {"influence": len(table) - 2, "fitted again": 2}
    moved = (table["estimate"] - result.estimate[0]).abs()
    assert moved.max() < float(np.sqrt(result.vcov[0, 0]))


def test_months_of_hours_are_left_out_by_fitting_again():
    result, design = hours(np.random.default_rng(2))
    found = check.leave_one_week_out(result, design)
    assert len(found.table) == len(design.months)
    label = found.table["left_out"][3]
    without = design.without_month(int(design.months[3]))
    assert label not in set(without.source["month"].astype(str))
    assert found.table["estimate"][3] == refit(result, without).estimate[0]
    assert not (without.calls["received_at"].dt.to_period("M").astype(str) == label).any()


def test_moved_hours_hold_no_covered_hour_and_all_calls_of_the_others():
    _, design = hours(np.random.default_rng(2))
    made_up = np.roll(design.covered, -6) & ~design.covered
    moved = moved_hours(design, made_up)
    assert not design.covered[moved.calls["hour_of_week"]].any()
    assert (moved.calls["covered"].to_numpy() == made_up[moved.calls["hour_of_week"]]).all()
    counts = moved.calls.groupby(["city", "covered"])["arrest"].agg(["size", "sum"])
    sums = moved.source.groupby(["city", "covered"])[["calls", "arrest"]].sum()
    np.testing.assert_array_equal(counts.to_numpy(float), sums.to_numpy(float))
    assert moved.source["hours"].sum() == pytest.approx(
        design.source.loc[~design.source["covered"], "hours"].sum(), rel=1e-12
    )
    with pytest.raises(Exception, match="covered in truth"):
        moved_hours(design, design.covered)


def test_the_bootstrap_of_unweighted_means_is_that_of_the_influence():
    """Exponential weights give a mean the standard error Σψ²/n² by clusters, but for their own chance."""
    result, design = drawn()
    found = check.cluster_bootstrap(result, design, draws=399).table.iloc[0]
    assert found["std_error"] == pytest.approx(float(np.sqrt(result.vcov[0, 0])))
    assert found["ratio"] == pytest.approx(1.0, abs=0.15)
    assert found["ratio_low"] < found["ratio"] < found["ratio_high"]
    assert found["clusters"] == design.source["person"].nunique()


def test_the_bootstrap_keeps_matched_sets_together_and_refuses_copies():
    plain = replace(drawn().design, adjustment=None, person=None)
    with quietly():
        sets, copies = match_nearest(plain, caliper=0.3), match_nearest(plain, caliper=0.3, replace=True)
        found = check.cluster_bootstrap(call_difference(sets), sets, draws=99)
        refused = check.cluster_bootstrap(call_difference(copies), copies)
    assert "by call and matched set" in found.sentence
    assert found.verdict == "no contradiction found"
    assert refused.verdict == "not applicable"


def test_cities_are_drawn_again_where_several_are_treated_and_averages_are_averaged_again():
    rng = np.random.default_rng(1)
    y = rng.normal(size=(40, 1)) + np.cumsum(0.3 * rng.normal(size=(40, 12)), axis=1)
    y[:15, 6:] += 1
    frame = pd.DataFrame({"unit": np.repeat(range(40), 12), "t": np.tile(range(12), 40), "y": y.ravel()})
    with quietly():
        design = PanelDesign.from_frame(
            frame, outcome="y", unit="unit", time="t", treated=list(range(15)), start=6, season=None
        )
        by_group = aggregate(did_group_time(design), by="overall")
    for result in (did_two_way(design), by_group):
        found = check.cluster_bootstrap(result, design, draws=99)
        assert found.table["ratio"][0] == pytest.approx(1.0, abs=0.3)
        assert found.verdict == "no contradiction found"


def test_independence_of_two_columns_is_their_correlation():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 400, 1))
    found = conditional_independence(a, b, np.ones((400, 1)), np.arange(400))
    assert found.correlation == pytest.approx(np.corrcoef(a[:, 0], b[:, 0])[0, 1], abs=1e-12)
    assert conditional_independence(a, a, np.hstack([np.ones((400, 1)), a]), np.arange(400)) is None


def test_clusters_widen_a_test_of_independence():
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(50), 8)
    a, b = (rng.normal(size=50)[person][:, None] + 0.1 * rng.normal(size=(400, 1)) for _ in range(2))
    alone, clustered = (conditional_independence(a, b, np.ones((400, 1)), by) for by in (np.arange(400), person))
    assert clustered.std_error > 2 * alone.std_error


def test_columns_that_are_not_there_are_counted_and_not_tested():
    said = [("weather", "severity", []), ("severity", "trust", []), ("weather", "minutes", ["severity"])]
    found = check.graph_independences(None, drawn().design, independences=said)
    assert len(found.table) == 2
    assert found.sentence.endswith("1 implied independences are of columns that the calls lack.")
    none = check.graph_independences(None, drawn().design, independences=said[1:2])
    assert none.verdict == "not applicable"


def test_refute_runs_what_applies_and_what_is_named():
    result, design = drawn()
    found = check.refute(result, design, ["placebo_hours", "placebo_exposure", "leave_one_week_out"])
    assert {one.check: one.verdict for one in found} == {
        "placebo_exposure": "no contradiction found",
        "leave_one_week_out": "no contradiction found",
        "placebo_hours": "not applicable",
    }
    assert found[-1].check == "placebo_hours"
    with pytest.raises(EstimationError, match="no refuter is called horoscope"):
        check.refute(result, design, ["horoscope"])
    cities = panel(np.random.default_rng(1))
    names = {one.check for one in check.refute(*cities, controls=["burglary"])}
    assert names == {"placebo_dates", "placebo_cities", "control_outcomes", "leave_one_out"}


def one(verdict, **known):
    about = {"check": "a", "assumption": "b.", "power": None, "table": pd.DataFrame(), "sentence": "c."}
    return CheckResult(**(about | {"verdict": verdict} | known))


def test_what_a_check_could_change_follows_its_rule():
    result, _ = drawn()
    distance = abs(abs(result.tidy()["statistic"][0]) - result.critical()[0])
    for made, weight in (
        (one("contradicts", power=0.9), 1.0),
        (one("not applicable"), 0.0),
        (one("cannot tell", power=0.2), 0.8),
        (one("no contradiction found", power=0.9), 0.1),
        (one("no contradiction found", moves=distance / 2), 0.5),
        (one("no contradiction found", moves=9 * distance), 1.0),
        (one("reported", breakdown=1.5, none_at=1.0), 1 / 1.5),
        (one("reported", breakdown=float("inf")), 0.0),
        (one("cannot tell"), 0.75),
        (one("reported"), 0.25),
        (one("reported", breakdown=float("nan")), 0.25),
    ):
        assert could_change(made, result) == pytest.approx(weight, abs=1e-9)


def test_checks_are_shown_in_the_order_of_what_they_could_change():
    result, _ = drawn()
    checks = [
        one("reported", check="told"),
        one("contradicts", check="broken"),
        one("cannot tell", check="weak", power=0),
    ]
    ordered = by_what_they_could_change(checks, result)
    assert [made.check for made in ordered] == ["broken", "weak", "told"]
    shown = table(*ordered)
    assert shown.frame["could_change"].tolist() == [1.0, 1.0, 0.25]
    assert "could_change" not in table(*checks).frame
