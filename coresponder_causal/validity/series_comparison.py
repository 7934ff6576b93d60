"""Models of one city's series in the same cells: what the study measures beside the defaults, and sets side by side.

In the smooth cells counts are so large that their logs are nearly normal, so that the error model alone decides. In the
counted cells counting noise lies over shocks that last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from coresponder_causal.validity.cell import Cell

_smooth = Cell(setting="series", periods=72, events=400.0, rho=0.0, nugget=0.0)
smooth_cells = tuple(replace(_smooth, periods=periods, rho=rho) for periods in (36, 72, 156) for rho in (0.0, 0.5, 0.8))
counted_cells = tuple(
    replace(_smooth, events=events, rho=rho)
    for events, rho in ((6.0, 0.5), (6.0, 0.8), (25.0, 0.5), (25.0, 0.8), (60.0, 0.8))
)


class Model(NamedTuple):
    """A method with options that are not its defaults.

    Parameters
    ----------
    method : str
        Name of an estimator or of a comparator.
    options : tuple of (name, value)
    """

    method: str
    options: tuple[tuple[str, str], ...] = ()


def _with_errors(method: str, *errors: str) -> tuple[Model, ...]:
    return (Model(method), *(Model(method, (("errors", name),)) for name in errors))


smooth_models = _with_errors("its_segmented", "reml-ar1", "prais-winsten", "newey-west", "ols")
counted_models = (
    Model("its_segmented"),
    *_with_errors("its_counts", "ar-inflated", "newey-west", "quasi"),
    Model("quasi_poisson"),
    Model("negative_binomial"),
)


def compared() -> Iterator[tuple[Model, Cell]]:
    """Yield every model with every cell in which it stands beside the others.

    Examples
    --------
    >>> model, cell = next(compared())
    >>> model.method, cell.key
    ('its_segmented', 'series periods=36 events=400 rho=0 nugget=0 effect=0')
    """
    for models, cells in ((smooth_models, smooth_cells), (counted_models, counted_cells)):
        yield from ((model, cell) for model in models for cell in cells)
