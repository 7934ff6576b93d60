"""Specifications against the same fits one by one, their joint test by hand, and planted findings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import refit
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.design.known_events import positions_within, whole_pandemic
from coresponder_causal.design.levels import in_levels
from coresponder_causal.estimate import did_few_treated, did_gap, did_prediction_interval, its_segmented

MONTHS = pd.period_range("2017-01", periods=60, freq="M")
AFTER = np.arange(60) >= 42
TIGHT = 1e-6  # panels are fitted together, and climb a likelihood to the same peak in other steps


def cities(effect=-0.4, *, tau=0.03, m=5, seed=1, mean=2000) -> PanelDesign:
    rng = np.random.default_rng(seed)
    frame = pd.concat(
        pd.DataFrame(
            {
                "city": city,
                "month": MONTHS,
                "calls": rng.poisson(
                    mean * np.exp((effect * (city == "A") + rng.normal(0, tau)) * AFTER + rng.normal(0, 0.02, 60))
                ),
                "people": 50_000 + 10_000 * place,
            }
        )
        for place, city in enumerate("ABCDEFGHIJK"[: m + 1])
    )
    stated = {"outcome": "calls", "unit": "city", "time": "month", "exposure": "people"}
    return PanelDesign.from_frame(frame, treated="A", start="2020-07", **stated)


def curve(design, estimate=did_prediction_interval, **options):
    with quietly():
        result = estimate(design)
    return result, check.specification_curve(result, design, **options)


def row(found, **choice):
    table = found.table
    for name, value in choice.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_every_specification_is_the_fit_it_names():
    design = cities()
    result, found = curve(design, windows=[(None, None), (24, 12)], donors={"three": ["B", "C", "D"]})
    given = found.table[found.table["given"]].iloc[0]
    first = result.tidy().iloc[0]
    assert given["estimate"] == pytest.approx(first["estimate"], abs=TIGHT)
    assert given["change_low"] == pytest.approx(100 * np.expm1(first["conf_low"]), rel=TIGHT)
    assert given["p_value"] == pytest.approx(first["p_value"], rel=1e-4)

    alone = refit(result, design.without("C"))
    assert row(found, donors="without C")["estimate"] == pytest.approx(alone.estimate[0], abs=TIGHT)

    inside = (MONTHS >= "2018-07") & (MONTHS < "2021-07")
    out = [design.axis.positions[i] for i in np.flatnonzero(~inside)]
    pandemic = positions_within(design.axis, whole_pandemic)
    with pytest.raises(DesignError, match="no period is left"):
        design.without_periods([*out, *pandemic])
    assert "Not run: last 24 before, first 12 after, pandemic left out, logs (no period is left" in found.sentence
    shorter = in_levels(design.without_periods(out).without("E", "F"))
    again = refit(result, shorter, options={"harmonics": 1})
    seen = row(
        found, periods="last 24 before, first 12 after", values="levels", season="1 seasonal pair", donors="three"
    )
    assert seen["estimate"] == pytest.approx(again.estimate[0], abs=TIGHT)
    assert seen["change"] == pytest.approx(100 * again.estimate[0], rel=1e-4)
    assert found.table["change"].is_monotonic_increasing


def test_the_joint_test_ranks_medians_of_the_same_done_to_every_city():
    design = cities(-0.05, tau=0.1)
    result, found = curve(design, windows=[(None, None)], season_pairs=[2])
    pandemic = positions_within(design.axis, whole_pandemic)
    medians = []
    for city in "ABCDEF":
        own = design if city == "A" else design.pretending(city)
        shorter = own.without_periods(pandemic)
        fits = [own, in_levels(own), shorter, in_levels(shorter), *(own.without(each) for each in own.comparison_units)]
        medians.append(np.median([refit(result, each).estimate[0] for each in fits]))
    assert found.course["city"].tolist() == list("ABCDEF")
    np.testing.assert_allclose(found.course["estimate"], medians, atol=TIGHT)
    by_hand = np.mean(np.abs(medians) >= abs(medians[0]) - 1e-9)
    assert f"p {by_hand:.3f} by the median" in found.sentence
    assert "neither can go below 1/6 = 0.167" in found.sentence


@pytest.mark.parametrize("estimate", [did_few_treated, did_gap])
def test_other_methods_give_the_headline_of_many_panels_as_of_one(estimate):
    design = cities()
    result, found = curve(design, estimate, windows=[(None, None), (24, None)], season_pairs=[2])
    given = found.table[found.table["given"]].iloc[0]
    for name in ("estimate", "std_error", "df"):
        own = {"estimate": result.estimate, "std_error": result.bse.to_numpy(), "df": result.df}[name][0]
        assert given[name] == pytest.approx(own, rel=1e-4, abs=TIGHT)
    early = [int(position) for position in np.unique(design.axis.positions) if position < design.start_position - 24]
    again = refit(result, in_levels(design.without_periods(early)))
    seen = row(found, periods="last 24 before", pandemic="pandemic kept", values="levels")
    assert seen["estimate"] == pytest.approx(again.estimate[0], abs=TIGHT)


@pytest.mark.parametrize("estimate", [did_prediction_interval, did_few_treated])
def test_a_large_effect_stands_under_every_choice(estimate):
    _, found = curve(cities(-0.4), estimate)
    assert found.verdict == "no contradiction found"
    assert (found.table["p_value"] < 0.05).all()
    assert found.course.set_index("city")["share"]["A"] == 1.0
    assert "p 0.167 by the median" in found.sentence


def test_a_finding_that_stands_under_few_choices_is_contradicted():
    design = cities(0.0, tau=0.1, seed=3)
    with quietly():
        result = did_few_treated(design)
    claimed = replace(result, estimate=np.array([-1.0]))
    found = check.specification_curve(claimed, design)
    assert result.pvalues.iloc[0] > 0.05
    assert found.verdict == "contradicts"


def test_what_it_is_not_for():
    design = cities()
    with quietly():
        gap, ranks = did_gap(design, weights="synthetic"), did_prediction_interval(design, inference="permutation")
        few = did_few_treated(cities(m=3))
    one = SeriesDesign.from_frame(design.source[design.rows("A")], outcome="calls", time="month", start="2020-07")
    with quietly():
        series = its_segmented(one)
    assert "judged by ranks, or its options" in check.specification_curve(gap, design).sentence
    assert "one change of one treated city" in check.specification_curve(series, design).sentence
    assert "judged by ranks, or its options" in check.specification_curve(ranks, design).sentence
    assert "needs one treated city and 4 others" in check.specification_curve(few, cities(m=3)).sentence


def test_sets_of_donors_are_checked():
    design = cities()
    with pytest.raises(DesignError, match="'near': X not in the design"):
        curve(design, donors={"near": ["B", "C", "X"]})
    with pytest.raises(DesignError, match="'near': 2 cities"):
        curve(design, donors={"near": ["B", "C"]})


@pytest.mark.parametrize(("effect", "worlds", "fewest", "most"), [(0.0, 24, 0, 9), (-0.4, 8, 6, 8)])
def test_the_joint_test_holds_its_size_and_finds_what_is_large(effect, worlds, fewest, most):
    """Where cities drift apart and nothing else happens a p-value of 1/6 comes 4 times in 24, SD 1.8."""
    smallest = 0
    for seed in range(worlds):
        _, found = curve(cities(effect, tau=0.1, seed=seed), did_few_treated, windows=[], season_pairs=[2])
        medians = found.course["estimate"].abs()
        smallest += bool((medians.iloc[1:] < medians.iloc[0]).all())
    assert fewest <= smallest <= most
