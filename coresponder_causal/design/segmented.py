"""Regressors of one series: its own course, the season, what else is known to have changed, and the programme."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import regressors
from coresponder_causal.design.series import SeriesDesign

Array = NDArray[np.float64]
programme = ("level_change", "slope_change")


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """Regressors by name.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    names : tuple of str
        ``level_change`` and, where the slope may change, ``slope_change`` are the programme's.
    """

    matrix: Array
    names: tuple[str, ...]

    @property
    def without(self) -> Array:
        """The matrix with the programme taken out, shape (n, k)."""
        return self.matrix * ~np.isin(self.names, programme)

    @property
    def named(self) -> dict[str, Array]:
        """The programme's own columns as contrasts of the coefficients, shape (k,) each."""
        unit = np.eye(len(self.names))
        return {name: unit[self.names.index(name)] for name in programme if name in self.names}


def segmented(d: SeriesDesign, *, slope_change: bool, harmonics: int = 2) -> Segmented:
    """Regressors of a segmented regression, refused by name where others absorb them.

    Parameters
    ----------
    d : SeriesDesign
    slope_change : bool
        Whether the slope may change at the start.
    harmonics : int
        Pairs of seasonal terms.

    Returns
    -------
    Segmented
        Constant; trend in periods since the start, so that ``level_change`` is the change at the start; the dose;
        ``slope_change``; season; a step at each change of recording; controls less their means.

    Raises
    ------
    EstimationError
        Naming the columns that are combinations of those before them.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"t": range(24), "y": range(24)})
    >>> d = SeriesDesign.from_frame(frame, outcome="y", time="t", start=12, breaks=[6])
    >>> segmented(d, slope_change=False).names
    ('constant', 'trend', 'level_change', 'break 6')
    """
    since = d.positions - d.start_position
    season = regressors.harmonics(d.positions, d.season, harmonics)
    controls = d.control_values()
    columns = {"constant": np.ones(len(since)), "trend": since, "level_change": d.dose}
    if slope_change:
        columns["slope_change"] = np.maximum(since, 0.0)
    columns |= {f"season {i + 1}": column for i, column in enumerate(season.T)}
    columns |= {f"break {d.label(position)}": (d.positions >= position).astype(float) for position in d.breaks}
    columns |= dict(zip(d.controls, (controls - controls.mean(axis=0)).T, strict=True))
    matrix = np.column_stack(list(columns.values()))
    regressors.require_full_rank(matrix, list(columns))
    return Segmented(matrix, tuple(columns))
