"""Cells of calls whose chance of the team was moved by a plan, a lot or a call taker."""

from __future__ import annotations

from dataclasses import replace
from math import log

from coresponder_causal.validity.cell import Cell
from coresponder_causal.validity.cell_grid import over

_instrument = Cell(setting="instrument", calls=13_000, share=0.08, rho=0.0, adjustment="coverage_post")
_free = Cell(setting="instrument", calls=3_800, share=0.36, adjustment="team_free")
_taker = Cell(setting="instrument", calls=3_800, share=0.36, adjustment="call_taker")
_switchback = Cell(setting="switchback", periods=26, events=15.0, rho=0.0)
_boundary = Cell(setting="boundary", calls=13_000, share=0.08, rho=0.0)
_hour_calls = Cell(setting="hour_calls", comparison=10, calls=4_000, rho=0.0, tau=0.06, adjustment="no covariates")
_instruments_moved = [replace(cell, effect=-0.108) for cell in (_instrument, _free, _taker)]
_switchback_moved, _boundary_moved = replace(_switchback, effect=log(0.8)), replace(_boundary, effect=-0.108)
_hour_calls_moved = replace(_hour_calls, effect=-0.1)


def instrument_fast() -> list[Cell]:
    """Cells of instruments: the fast tier."""
    found = [*over(_instrument, {"calls": (3_000, 13_000)}), replace(_instrument, rho=0.8)]
    found += [replace(_instrument, share=0.03, calls=20_000), *over(_free, {"calls": (1_000, 3_800)})]
    found += [replace(_free, share=0.5), _taker]
    found += [replace(_taker, calls=1_500, share=0.5), replace(_taker, calls=10_000, share=0.1)]
    return [*found, *_instruments_moved]


def instrument_full() -> list[Cell]:
    """Cells of instruments: all."""
    grid = over(_instrument, {"calls": (3_000, 6_500, 13_000, 20_000), "share": (0.03, 0.08), "rho": (0.0, 0.5, 0.8)})
    free = over(_free, {"calls": (1_000, 3_800, 10_000), "share": (0.1, 0.36, 0.5)})
    takers = over(_taker, {"calls": (1_500, 3_800, 10_000), "share": (0.1, 0.36, 0.5)})
    return [*grid, *free, *takers, *_instruments_moved]


def switchback_fast() -> list[Cell]:
    """Cells of blocks of hours drawn by lot: the fast tier."""
    found = [*over(_switchback, {"periods": (13, 26, 52)}), *over(_switchback, {"events": (5.0, 30.0, 60.0)})]
    found += [replace(_switchback, rho=0.5), _switchback_moved]
    return [*found, replace(_switchback_moved, periods=52, events=30.0, rho=0.5)]


def switchback_full() -> list[Cell]:
    """Cells of blocks of hours drawn by lot: all."""
    effects = (0.0, _switchback_moved.effect)
    return over(
        _switchback, {"periods": (13, 26, 52), "events": (5.0, 15.0, 30.0, 60.0), "rho": (0.0, 0.5), "effect": effects}
    )


def boundary_fast() -> list[Cell]:
    """Cells of calls around the hours of the team: the fast tier."""
    found = [*over(_boundary, {"calls": (13_000, 26_000, 52_000)}), replace(_boundary, rho=0.8)]
    found += [replace(_boundary, share=0.03, calls=52_000), replace(_boundary, world="holding", calls=26_000)]
    return [*found, *over(_boundary_moved, {"calls": (13_000, 52_000)})]


def boundary_full() -> list[Cell]:
    """Cells of calls around the hours of the team: all."""
    grid = over(_boundary, {"calls": (13_000, 26_000, 52_000), "share": (0.03, 0.08), "rho": (0.0, 0.5, 0.8)})
    effects = over(_boundary_moved, {"calls": (13_000, 26_000, 52_000)})
    return [*grid, *effects, *over(replace(_boundary, world="holding"), {"calls": (26_000, 52_000)})]


def hour_calls_fast() -> list[Cell]:
    """Cells of calls by covered and uncovered hours across cities: the fast tier."""
    found = [*over(_hour_calls, {"comparison": (5, 10, 15)}), *over(_hour_calls, {"tau": (0.0, 0.12)})]
    found += [replace(_hour_calls, rho=0.8, calls=1_000), replace(_hour_calls, adjustment="covariates")]
    return [*found, _hour_calls_moved]


def hour_calls_full() -> list[Cell]:
    """Cells of calls by covered and uncovered hours across cities: all."""
    grid = over(
        _hour_calls,
        {"comparison": (5, 10, 15), "calls": (1_000, 4_000, 12_000), "rho": (0.0, 0.8), "tau": (0.0, 0.06, 0.12)},
    )
    adjusted = over(replace(_hour_calls, adjustment="covariates"), {"comparison": (5, 10), "tau": (0.0, 0.06, 0.12)})
    effects = over(_hour_calls_moved, {"calls": (1_000, 4_000), "tau": (0.0, 0.06, 0.12)})
    return [*grid, *adjusted, *effects]
