"""Cells of counts by city and period: one city, cities side by side, adopters, covered hours."""

from __future__ import annotations

from dataclasses import replace
from math import log

from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.cell_grid import over

_city = Cell(setting="city", comparison=10, periods=72, events=25.0, rho=0.4, tau=0.1, treated_noise=1.0)
_series = Cell(setting="series", periods=72, events=25.0, rho=0.5, nugget=0.3)
_rare = Cell(setting="rare", periods=72, events=1.0, rho=0.5, nugget=0.3)
_hours = Cell(setting="hours", comparison=10, periods=72, events=60.0, tau=0.06)
_adopters = Cell(setting="adopters", treated=5, comparison=10, periods=12, rho=0.5, growth=0.0)
_city_moved, _series_moved = replace(_city, effect=-0.25), replace(_series, effect=-0.25)
_rare_moved, _hours_moved = replace(_rare, effect=log(0.5)), replace(_hours, effect=log(0.8))
_adopters_moved = replace(_adopters, effect=1.0)


def city_fast() -> list[Cell]:
    """Cells of one treated city among others: the fast tier."""
    found = [*over(_city, {"comparison": (5, 10, 15)}), replace(_city, rho=0.8), *over(_city, {"tau": (0.0, 0.2)})]
    return [*found, replace(_city, treated_noise=2.0), replace(_city, events=6.0)]


def city_full() -> list[Cell]:
    """Cells of one treated city among others: all."""
    grid = over(
        _city,
        {
            "comparison": (5, 10, 15),
            "rho": (0.4, 0.8),
            "tau": (0.0, 0.1, 0.2),
            "treated_noise": (1.0, 2.0),
            "events": (6.0, 25.0, 60.0),
        },
    )
    large = over(replace(_city, events=400.0), {"comparison": (5, 10, 15), "rho": (0.4, 0.8), "tau": (0.0, 0.1, 0.2)})
    lengths = over(_city, {"periods": (48, 96), "rho": (0.4, 0.8), "tau": (0.1, 0.2)})
    power = over(_city_moved, {"comparison": (5, 10, 15), "tau": (0.0, 0.1, 0.2)})
    power += over(replace(_city_moved, events=8.0), {"comparison": (5, 10, 15)})
    return [*grid, *large, *lengths, *power, *over(replace(_city, world="volatile"), {"comparison": (5, 10, 15)})]


def series_fast() -> list[Cell]:
    """Cells of one city alone: the fast tier."""
    found = [*over(_series, {"periods": (36, 72, 156)}), *over(_series, {"rho": (0.0, 0.8)})]
    found += [replace(_series, nugget=0.0), replace(_series, events=60.0)]
    return [*found, replace(_series, rho=0.8, periods=36)]


def series_full() -> list[Cell]:
    """Cells of one city alone: all."""
    grid = over(
        _series,
        {"periods": (36, 72, 156), "rho": (0.0, 0.5, 0.8), "nugget": (0.0, 0.3), "events": (6.0, 25.0, 60.0, 400.0)},
    )
    return [*grid, *over(_series_moved, {"rho": (0.0, 0.5, 0.8)})]


def rare_fast() -> list[Cell]:
    """Cells of a few events in one city: the fast tier."""
    found = [
        *over(_rare, {"periods": (36, 72, 156)}),
        *over(_rare, {"events": (0.2, 3.0)}),
        *over(_rare, {"rho": (0.0, 0.8)}),
    ]
    return [*found, _rare_moved]


def rare_full() -> list[Cell]:
    """Cells of a few events in one city: all."""
    grid = over(_rare, {"periods": (36, 72, 156), "events": (0.2, 1.0, 3.0), "rho": (0.0, 0.5, 0.8)})
    return [*grid, *over(_rare_moved, {"events": (0.2, 1.0, 3.0)})]


def hours_fast() -> list[Cell]:
    """Cells of covered hours against uncovered ones: the fast tier."""
    found = [*over(_hours, {"events": (25.0, 60.0, 150.0)}), *over(_hours, {"tau": (0.0, 0.12)})]
    return [*found, *over(_hours, {"comparison": (5, 15)}), replace(_hours_moved, events=150.0, tau=0.0)]


def hours_full() -> list[Cell]:
    """Cells of covered hours against uncovered ones: all."""
    grid = over(_hours, {"events": (25.0, 60.0, 150.0, 400.0), "tau": (0.0, 0.06, 0.12)})
    others = over(_hours, {"comparison": (5, 15), "events": (60.0, 150.0)})
    return [*grid, *others, *over(_hours_moved, {"events": (25.0, 60.0, 150.0), "tau": (0.0, 0.12)})]


def adopters_fast() -> list[Cell]:
    """Cells of several treated cities: the fast tier."""
    found = [*over(_adopters, {"treated": (1, 2, 5, 10)}), *over(_adopters, {"comparison": (5, 30)})]
    return [*found, *over(_adopters_moved, {"growth": (0.0, 0.25)})]


def adopters_full() -> list[Cell]:
    """Cells of several treated cities: all."""
    grid = over(_adopters, {"treated": (1, 2, 5, 10), "comparison": (5, 10, 30), "rho": (0.0, 0.5)})
    lengths = over(replace(_adopters, treated=10), {"periods": (6, 72)})
    lengths += over(replace(_adopters, treated=1, periods=72), {"comparison": (5, 10, 15)})
    many = [replace(_adopters, treated=30, comparison=100), replace(_adopters, treated=300, comparison=300)]
    effects = over(_adopters_moved, {"treated": (5, 10), "comparison": (10, 30), "growth": (0.0, 0.25)})
    return [*grid, *lengths, *many, *effects]
