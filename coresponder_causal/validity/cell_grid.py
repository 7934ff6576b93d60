"""Grids of cells around one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from coresponder_causal.validity.cell import Cell


def over(base: Cell, axes: Mapping[str, Sequence[object]]) -> list[Cell]:
    """Every combination of the axes, the last going round first, each put into the base cell.

    Examples
    --------
    >>> base = Cell(setting="series", periods=72, events=25.0, rho=0.5, nugget=0.3)
    >>> [(cell.periods, cell.rho) for cell in over(base, {"periods": (36, 72), "rho": (0.0, 0.8)})]
    [(36, 0.0), (36, 0.8), (72, 0.0), (72, 0.8)]
    """
    return [replace(base, **dict(zip(axes, point, strict=True))) for point in product(*axes.values())]  # type: ignore[arg-type]
