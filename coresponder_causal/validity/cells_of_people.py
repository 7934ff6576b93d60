"""Cells of officers beside the team, of persons asked in waves, and of judged cases."""

from __future__ import annotations

from dataclasses import replace
from math import log

from coresponder_causal.validity.cell import Adjustment, Cell
from coresponder_causal.validity.cell_grid import over

_officers = Cell(setting="officers", treated=30, comparison=12, periods=36, rho=0.5)
_officers_moved = replace(_officers, effect=-30.0)
_factor = replace(_officers, world="one factor for all")
_counts = Cell(setting="officer_counts", treated=30, comparison=12, periods=36, events=3.75, rho=0.5)
_waves = Cell(setting="waves", treated=30, comparison=40, periods=3)
_ordinal = Cell(setting="ordinal_waves", treated=30, comparison=40, periods=3)
_lost = Cell(setting="lost_waves", treated=30, comparison=40, periods=2, adjustment="four in five known")
_vignettes = Cell(setting="vignettes", comparison=70, periods=6)


def officers_fast() -> list[Cell]:
    """Cells of officers: the fast tier."""
    return [*_beside_fast(), _factor]


def officers_full() -> list[Cell]:
    """Cells of officers: all."""
    return [*_beside_full(), _factor]


def officer_counts_fast() -> list[Cell]:
    """Cells of counts of officers: the fast tier."""
    found = [_of_counts(cell) for cell in _beside_fast() if (cell.treated, cell.comparison) in ((8, 4), (30, 12))]
    return [*found, *over(replace(_counts, events=0.75), {"treated": (8, 30)})]


def officer_counts_full() -> list[Cell]:
    """Cells of counts: those of officers, with many and with few events."""
    return [replace(_of_counts(cell), events=events) for events in (0.75, 3.75) for cell in _beside_full()]


def officer_dose_fast() -> list[Cell]:
    """Cells of doses of officers: the fast tier."""
    return [_of_dose(cell) for cell in _beside_fast()]


def officer_dose_full() -> list[Cell]:
    """Cells of doses of officers: all."""
    return [_of_dose(cell) for cell in _beside_full()]


def waves() -> list[Cell]:
    """Cells of persons on waves."""
    found = _around(_waves, -0.3)
    found += [replace(_waves, world="chosen by course")]
    return [*found, replace(_waves, world="lost by what is hidden", treated=100, comparison=100, periods=2)]


def ordinal_waves() -> list[Cell]:
    """Cells of persons on waves whose answers are in order."""
    return _around(_ordinal, -0.7)


def lost_waves() -> list[Cell]:
    """Cells of persons on two waves, some of whom are lost."""
    kinds: tuple[Adjustment, ...] = ("four in five known", "half known")
    return [
        *over(_lost, {"treated": (30, 100), "comparison": (40, 100), "adjustment": kinds}),
        replace(_lost, effect=-0.3),
    ]


def vignettes() -> list[Cell]:
    """Cells of judged cases."""
    return [*over(_vignettes, {"comparison": (20, 70, 200), "periods": (2, 6, 12)}), replace(_vignettes, effect=0.3)]


def _beside_fast() -> list[Cell]:
    few = replace(_officers, treated=8, comparison=4, periods=24)
    found = [
        *over(few, {"rho": (0.0, 0.5)}),
        *over(_officers, {"rho": (0.0, 0.5, 0.8)}),
        replace(_officers, comparison=4),
    ]
    found += over(replace(_officers, treated=55, comparison=19), {"periods": (36, 72)})
    return [*found, _officers_moved, replace(_officers, world="volunteers drift")]


def _beside_full() -> list[Cell]:
    grid = over(
        _officers, {"treated": (8, 16, 30, 55), "comparison": (4, 12), "periods": (24, 36), "rho": (0.0, 0.5, 0.8)}
    )
    effects = over(_officers_moved, {"treated": (8, 30, 55)})
    drifting = over(replace(_officers, world="volunteers drift"), {"treated": (30, 55)})
    large = over(replace(_officers, treated=55, comparison=19), {"periods": (36, 72)})
    return [*grid, *large, *effects, *drifting]


def _of_counts(cell: Cell) -> Cell:
    """Put the log of a ratio in the place of the effect on the rate."""
    return replace(cell, setting="officer_counts", events=_counts.events, effect=log(0.8) if cell.effect else 0.0)


def _of_dose(cell: Cell) -> Cell:
    """Put the effect of ten calls in the place of that of the exposure."""
    return replace(cell, setting="officer_dose", effect=-10.0 if cell.effect else 0.0)


def _around(base: Cell, effect: float) -> list[Cell]:
    """Cells of persons on waves: around a base, at its corners, and one with an effect."""
    found = [
        base,
        *over(base, {"treated": (15, 100), "comparison": (20, 100)}),
        replace(base, treated=60, comparison=15),
    ]
    return [*found, *over(base, {"periods": (2, 4)}), replace(base, effect=effect)]
