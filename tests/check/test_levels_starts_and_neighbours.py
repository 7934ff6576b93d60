"""Levels beside logs, other starts, effect per hour, effect on neighbours: by hand, and against planted violations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign, SeriesDesign, donor_pool
from coresponder_causal.design.levels import in_levels
from coresponder_causal.estimate import did_few_treated, did_gap, did_poisson, did_prediction_interval, its_segmented

EXACT = 1e-10
MONTHS = pd.period_range("2017-01", periods=60, freq="M")


def numbered(means, shocks, *, n=40, start=30, seed=2) -> PanelDesign:
    """Cities with means of their own to which a shock is added from the start on."""
    rng = np.random.default_rng(seed)
    frame = pd.concat(
        pd.DataFrame({"city": city, "t": range(n), "calls": rng.poisson(mean, n) + shock * (np.arange(n) >= start)})
        for city, mean, shock in zip("ABCDEFGH", means, shocks, strict=False)
    )
    return PanelDesign.from_frame(frame, outcome="calls", unit="city", time="t", treated="A", start=start)


def monthly(effects=None, *, hours=None, seed=1, **stated) -> PanelDesign:
    rng = np.random.default_rng(seed)
    after = np.arange(60) >= 42
    frame = pd.concat(
        pd.DataFrame(
            {
                "city": city,
                "month": MONTHS,
                "calls": rng.poisson(2000 * np.exp((effects or {}).get(city, 0.0) * after + rng.normal(0, 0.02, 60))),
                "hours": 0.0 if hours is None or city != "A" else hours,
            }
        )
        for city in "ABCDEFG"
    )
    start = stated or {"start": "2020-07"}
    return PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", **start)


def fitted(estimate, design, **options):
    with quietly():
        return estimate(design, **options)


def test_levels_and_logs_are_differences_of_means_by_hand():
    design = numbered([400, 300, 500, 450, 380], [100, 0, 10, -10, 0])
    result = fitted(did_few_treated, design)
    table = check.levels_or_logs(result, design).table.set_index("values")
    wide = design.wide("calls")
    after = wide.index >= 30

    def gap(values):
        change = values[after].mean() - values[~after].mean()
        return change["A"] - change.drop("A").mean()

    assert table.loc["logs", "change"] == pytest.approx(100 * np.expm1(gap(np.log(wide))), rel=EXACT)
    assert table.loc["levels", "change"] == pytest.approx(100 * gap(wide) / wide["A"][~after].mean(), rel=EXACT)


def test_a_common_rise_in_numbers_is_a_fall_in_logs_of_a_large_city_only():
    design = numbered([1000, 200, 210, 190, 205, 195, 202], [100] * 7)
    found = check.levels_or_logs(fitted(did_few_treated, design), design)
    assert found.verdict == "cannot tell"
    assert found.table["change_high"].iloc[0] < 0 < found.table["change_high"].iloc[1]


def test_opposite_findings_contradict():
    design = numbered([1000, 200, 210, 190, 205, 195, 202], [200, 60, 61, 59, 60, 62, 58])
    found = check.levels_or_logs(fitted(did_few_treated, design), design)
    assert found.verdict == "contradicts"


def test_like_cities_say_the_same_in_both():
    design = numbered([400] * 7, [-120, *[0] * 6])
    for estimate in (did_prediction_interval, did_few_treated, did_gap):
        assert check.levels_or_logs(fitted(estimate, design), design).verdict == "no contradiction found"


def test_an_interval_that_rules_nothing_out_cannot_tell():
    design = numbered([400] * 7, [0] * 7)
    result = fitted(did_few_treated, design)
    assert check.levels_or_logs(result, design).verdict == "no contradiction found"
    factor = 9 / np.sqrt(result.vcov[0, 0])
    assert check.levels_or_logs(replace(result, vcov=result.vcov * factor**2), design).verdict == "cannot tell"


def test_levels_are_refused_where_they_mean_nothing():
    design = numbered([1, 9000, 9000], [0, 0, 0])
    with pytest.raises(DesignError, match="times the treated city's: their levels cannot be compared"):
        in_levels(design)
    none = PanelDesign.from_frame(
        design.source.assign(calls=lambda table: table["calls"] * (table["city"] != "A") + (table["t"] > 35)),
        outcome="calls", unit="city", time="t", treated="A", start=30,
    )  # fmt: skip
    with pytest.raises(DesignError, match="never came about before the start"):
        in_levels(none)
    assert check.levels_or_logs(fitted(did_poisson, monthly()), monthly()).verdict == "not applicable"
    sparse = fitted(did_prediction_interval, monthly(), likelihood="poisson")
    assert check.levels_or_logs(sparse, monthly()).verdict == "not applicable"


def test_other_starts_are_the_fits_they_name():
    between = ("2020-06-15", "2020-09")
    design = monthly({"A": -0.4}, start_between=between)
    found = check.start_range(fitted(did_few_treated, design), design, between=between)
    assert found.table["start"].tolist() == ["as given", "2020-06-15", "2020-07", "2020-08", "2020-09"]
    alone = fitted(did_few_treated, monthly({"A": -0.4}, start="2020-08"))
    assert found.table["estimate"][3] == pytest.approx(alone.estimate[0], abs=EXACT)
    assert found.table["conf_low"][3] == pytest.approx(alone.conf_int().iloc[0, 0], abs=EXACT)
    assert found.verdict == "cannot tell"  # a ramp laid over a sharp step makes more of it than any step does
    assert "outside that range" in found.sentence


def test_a_start_that_the_interval_holds_gives_an_estimate_inside_the_range():
    design = monthly({"A": -0.4})
    result = fitted(did_few_treated, design)
    found = check.start_range(result, design, between=("2020-06-15", "2020-08"))
    assert found.verdict == "no contradiction found"
    assert "inside that range" in found.sentence
    away = replace(result, estimate=result.estimate - 3 * result.bse.to_numpy())
    assert check.start_range(away, design, between=("2020-06-15", "2020-08")).verdict == "cannot tell"


def test_a_finding_that_hangs_on_the_day_is_contradicted():
    """A sharp step dated two months late looks like errors that wander, and is no longer found."""
    between = ("2020-07", "2020-09")
    design = monthly({"A": -0.4})
    found = check.start_range(fitted(did_prediction_interval, design), design, between=between)
    assert found.verdict == "contradicts"
    assert (found.table["p_value"] < 0.05).tolist() == [True, True, True, False]


def test_per_ten_hours_by_hand():
    hours = np.where(np.arange(60) >= 42, 300.0, 0.0)
    design = monthly({"A": -0.4}, hours=hours)
    result = fitted(did_prediction_interval, design)
    table = check.start_range(result, design, between=("2020-07", "2020-09"), hours="hours").table
    weeks = sum(month.days_in_month for month in MONTHS[42:]) / 7
    weekly = 300 * 18 / weeks
    assert table["hours_a_week"][0] == pytest.approx(weekly, rel=EXACT)
    assert table["per_10_hours"][0] == pytest.approx(result.estimate[0] * 10 / weekly, rel=EXACT)
    assert table["per_10_hours_low"][0] == pytest.approx(result.conf_int().iloc[0, 0] * 10 / weekly, rel=EXACT)


def test_a_measured_dose_is_told_per_ten_hours_at_full_dose():
    hours = np.where(np.arange(60) >= 42, np.where(np.arange(60) >= 51, 300.0, 150.0), 0.0)
    design = monthly({"A": -0.4}, hours=hours, start="2020-07", dose="hours")
    result = fitted(did_prediction_interval, design)
    table = check.start_range(result, design, between=("2020-07", "2020-09"), hours="hours").table
    weeks = (design.dose[design.rows("A")] * [month.days_in_month for month in MONTHS]).sum() / 7
    assert table["hours_a_week"][0] == pytest.approx(hours.sum() / weeks, rel=EXACT)
    assert table["hours_a_week"][0] == pytest.approx(300 * 12 * 7 / 365.25, rel=0.01)


def test_one_series_has_other_starts_too():
    design = monthly({"A": -0.4})
    own = SeriesDesign.from_frame(design.source[design.rows("A")], outcome="calls", time="month", start="2020-07")
    found = check.start_range(fitted(its_segmented, own), own, between=("2020-05", "2020-07"))
    assert len(found.table) == 4
    assert found.table["estimate"][3] == pytest.approx(found.table["estimate"][0], abs=1e-8)


def test_what_start_range_refuses():
    design = monthly({"A": -0.4})
    result = fitted(did_prediction_interval, design)
    with pytest.raises(DesignError, match="has no length"):
        check.start_range(result, design, between=("2020-09", "2020-09"))
    with pytest.raises(DesignError, match="holds no hours"):
        check.start_range(result, design, between=("2020-07", "2020-09"), hours="hours")
    plain = numbered([400] * 4, [0] * 4)
    with pytest.raises(DesignError, match="have no weeks"):
        check.start_range(fitted(did_few_treated, plain), plain, between=(29, 31), hours="calls")


@pytest.mark.parametrize(("moved", "verdict"), [(-0.3, "contradicts"), (0.0, "no contradiction found")])
def test_neighbours_that_moved_are_seen(moved, verdict):
    names = pd.DataFrame({"city": list("ABCDEFG"), "population": 50_000, "region": ["x"] * 5 + ["y"] * 2})
    with quietly():
        pool = donor_pool(
            names, None, treated="A", start="2020-07-01", window=("2017-01-01", "2021-12-31"), neighbours=["B", "C"]
        )
    design = monthly({"A": -0.4, "B": moved})
    result = fitted(did_prediction_interval, pool.apply(design))
    found = check.spillover(result, design, pool=pool)
    assert found.verdict == verdict
    assert found.table["neighbour"].tolist() == pool.neighbours
    by_hand = fitted(did_prediction_interval, monthly({"B": moved}).without("C").pretending("B"))
    own = found.table.set_index("neighbour").loc["B", "estimate"]
    assert own == pytest.approx(by_hand.estimate[0], abs=1e-8)
