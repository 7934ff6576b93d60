"""Time since each unit's own start, in spans of equal length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import note
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]


def bin_width_of(d: PanelDesign, asked: int | None) -> int:
    """Periods in a span: as asked, else half a year, or single periods in a design without a season.

    Raises
    ------
    EstimationError
        For a width below one.
    """
    if asked is not None and asked < 1:
        raise EstimationError(f"bin_width={asked} is no span of time", mend="give a number of periods from 1 on")
    return asked or (max(1, round(d.season / 2)) if d.season else 1)


def event_bins(since: Array, width: int, period_name: str) -> Array:
    """First period since the start of the span that each row lies in.

    Parameters
    ----------
    since : ndarray, shape (n,)
        Periods since the unit's start, negative before it; NaN in units without one.
    width : int
        Periods in a span, counted from the start in both directions.
    period_name : str
        Plural word for the period.

    Returns
    -------
    ndarray, shape (n,)
        …, −width, 0, width, …; a first or last span of which less than half is there belongs to its neighbour, which is
        noted, unless that lies on the other side of the start.

    Examples
    --------
    >>> event_bins(np.arange(-4.0, 7.0), 3, "months").tolist()
    [-3.0, -3.0, -3.0, -3.0, 0.0, 0.0, 0.0, 3.0, 3.0, 3.0, 3.0]
    """
    bins = width * np.floor(since / width)
    for end, step in ((np.nanmin(bins), width), (np.nanmax(bins), -width)):
        there = len(np.unique(since[bins == end]))
        if 2 * there < width and (end + step < 0) == (end < 0):
            note(
                f"{there} {period_name} at the {'beginning' if step > 0 else 'end'} do not fill half a span of {width} "
                "and belong to the span beside them"
            )
            bins = np.where(bins == end, end + step, bins)
    return np.asarray(bins)
