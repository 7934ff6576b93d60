"""Cells, their seeds and the designs drawn from them."""

from dataclasses import replace
from itertools import product
from typing import get_args

import numpy as np
import pytest

from coresponder_causal.core.registry import METHODS, Setting
from coresponder_causal.validity.cell import Cell, coordinate_names
from coresponder_causal.validity.cells import cells
from coresponder_causal.validity.worlds import block, designs, populations, truth

SETTINGS = get_args(Setting)
CITY = Cell(setting="city", comparison=5, periods=72, events=25.0, rho=0.4, tau=0.1, treated_noise=1.0)
every_setting = pytest.mark.parametrize("setting", SETTINGS)


@every_setting
def test_the_fast_tier_is_eight_cells_or_a_few_more_of_the_full_one(setting):
    fast, full = cells(setting, full=False), cells(setting)
    assert 8 <= len(set(fast)) == len(fast) <= 16
    assert set(fast) <= set(full)
    assert len(set(full)) == len(full)
    assert {cell.setting for cell in full} == {setting}


@every_setting
def test_every_coordinate_is_known_by_name(setting):
    for cell in cells(setting):
        assert set(cell.coordinates) <= set(coordinate_names)
        assert all(f"{name}=" in cell.key for name in cell.coordinates)


def test_the_city_grid_is_the_whole_product():
    null = [cell for cell in cells("city") if not cell.effect and not cell.world]
    grid = {(cell.comparison, cell.rho, cell.tau, cell.treated_noise, cell.events) for cell in null}
    assert set(product((5, 10, 15), (0.4, 0.8), (0, 0.1, 0.2), (1, 2), (6, 25, 60))) <= grid
    assert {len(sizes) - 1 for sizes in populations.values()} == {5, 10, 15, 25} == set(populations)


def test_several_treated_cities_start_half_a_year_apart_each_with_the_effect():
    three = replace(CITY, treated=3, effect=-0.25)
    pairs = list(zip(designs(replace(three, effect=0.0), 50), designs(three, 50), strict=True))
    first = pairs[0][1]
    assert first.treated_units == ["city 00", "city 01", "city 02"]
    assert len(first.comparison_units) == 5
    assert np.diff(first.cohort[first.treated_units]).tolist() == [6.0, 6.0]
    for city, lasting in (("city 00", 29), ("city 02", 17)):
        sums = np.array([[each.wide("calls")[city].tail(lasting).sum() for each in pair] for pair in pairs]).sum(axis=0)
        # Poisson noise of 50 sums of 17 months of 25 counts or more: a standard error of .01 of the ratio.
        assert abs(sums[1] / sums[0] - np.exp(-0.25)) < 0.03


def test_every_method_has_a_setting():
    import coresponder_causal.estimate as room

    assert {METHODS[name].setting for name in room.__all__ if name in METHODS} == set(SETTINGS)
    assert METHODS["did_two_way"].setting == METHODS["did_group_time"].setting == "adopters"


def test_a_seed_is_a_hash_of_the_cell_without_the_effect():
    assert CITY.seed == replace(CITY, effect=-0.25).seed == 3833745564
    seeds = [cell.seed for setting in SETTINGS for cell in cells(setting) if not cell.effect]
    assert len(set(seeds)) == len(seeds)


def first_cells():
    return [cells(setting, full=False)[0] for setting in SETTINGS]


@pytest.mark.parametrize("cell", first_cells(), ids=lambda cell: cell.setting)
def test_the_nth_design_does_not_depend_on_how_many_are_drawn(cell):
    few, more = ([design.fingerprint for design in designs(cell, n)] for n in (2, 4))
    assert few == more[:2]
    assert len(set(more)) == 4


def test_blocks_have_streams_of_their_own():
    cell = cells("series", full=False)[0]
    prints = [design.fingerprint for design in designs(cell, block + 2)]
    assert len(set(prints)) == block + 2


def test_null_and_effect_differ_by_the_effect_alone():
    """Both are drawn from the same shocks, so that the ratio of their counts holds Poisson noise alone."""
    pairs = zip(designs(CITY, 50), designs(replace(CITY, effect=-0.25), 50), strict=True)
    ratios = []
    for null, less in pairs:
        one, other = null.wide("calls"), less.wide("calls")
        ratios.append(other["city 00"].tail(24).sum() / one["city 00"].tail(24).sum())
    # Poisson noise of 50 sums of about 24 · 25 counts: a standard error of .055/√50 = .008 of the ratio.
    assert abs(np.mean(ratios) - np.exp(-0.25)) < 0.025


def test_counts_have_the_mean_and_the_scale_of_the_cell():
    means = np.mean([design.wide("calls").iloc[:36].mean() for design in designs(CITY, 50)], axis=0)
    shares = np.array(populations[5]) / populations[5][0]
    # Shocks of .17 and AR(1) of .10 over 36 months and 50 draws: a standard error below 1 %.
    np.testing.assert_allclose(means / (25 * shares), np.exp(0.5 * (0.1**2 + 0.14**2)), rtol=0.04)


def test_the_treated_share_of_calls_and_of_hours_is_that_of_the_cell():
    cell = cells("calls", full=False)[0]
    assert abs(np.mean([design.treated.mean() for design in designs(cell, 20)]) - cell.share) < 0.03  # 20 × 300 calls
    hours = cells("hours", full=False)[1]
    monthly = [design.events()[design.treated] / len(design.months) for design in designs(hours, 3)]
    assert abs(np.mean(monthly) / hours.events - 1) < 0.25  # the dip of 2020 included


def test_truth_is_the_effect_of_the_headline_and_of_known_terms():
    assert truth(replace(CITY, effect=-0.25), "mean_post", headline=True) == -0.25
    assert truth(replace(CITY, effect=-0.25), "other", headline=False) is None
    series = Cell(setting="series", periods=72, effect=-0.25)
    assert truth(series, "level_change", headline=False) == -0.25
    assert truth(series, "slope_change", headline=False) is None
    growing = Cell(setting="adopters", periods=12, effect=1.0, growth=0.5)
    assert truth(growing, "overall", headline=False) == pytest.approx(2.25)  # the mean of 1, 1.5, …, 3.5
    assert truth(growing, "att", headline=True) == 1.0  # the first period from the start on


def test_the_funnel_loses_records_and_changes_nothing():
    funnel = replace(CITY, world="funnel")
    assert truth(funnel, "mean_post", headline=True) == 0
    recorded = [design.wide("calls")["city 00"].tail(24).mean() for design in designs(funnel, 50)]
    assert np.mean(recorded) / 25 < 0.8
