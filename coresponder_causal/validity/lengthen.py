"""A design with another length of time after its start, to ask how many periods a finding needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coresponder_causal.core.errors import DesignError
from coresponder_causal.design import CoverageDesign, PanelDesign
from coresponder_causal.design.onset import Onset
from coresponder_causal.validity.layout import D


def reaching(design: D, periods: int) -> D:
    """Return a design whose data end a number of periods after the start began.

    Periods too many are cut; periods to come repeat each unit's last row, exposure included, at full dose. The outcome
    of periods to come is no data: draw it before the design is estimated.

    Parameters
    ----------
    design : PanelDesign, SeriesDesign or CoverageDesign
    periods : int
        Periods from the start on, the start's own included.

    Raises
    ------
    DesignError
        Unless at least two periods are asked for.

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.design import SeriesDesign
    >>> frame = pd.DataFrame({"month": pd.period_range("2019-01", periods=24, freq="M"), "calls": range(24)})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07-15")
    >>> reaching(d, 3).n_after, reaching(d, 8).n_after, reaching(d, 8).dose[-2:].tolist()
    (3, 8, [1.0, 1.0])
    """
    if periods < 2:
        raise DesignError(f"{periods} periods after the start are too few", mend="ask for two or more")
    last = design.start_position + periods - 1
    rows, positions = _rows(design, last)
    source, axis = design.source.iloc[rows].reset_index(drop=True), replace(design.axis, positions=positions)
    made_up = positions > design.axis.positions.max()
    if isinstance(design, CoverageDesign):
        source = source.assign(month=axis.labels(positions))
        months = np.unique(positions)
        dose = np.append(design.dose, np.ones(len(months)))[: len(months)]
        onset = Onset(design.start, design.start_position, dose)
        return replace(design, source=source, axis=axis, months=months, onset=onset, calls=None)
    source = source.assign(**{design.time: axis.labels(positions)})
    if isinstance(design, PanelDesign):
        treated = source[design.unit].isin(design.treated_units).to_numpy()
        return replace(design, source=source, axis=axis, dose=np.where(made_up, treated * 1.0, design.dose[rows]))
    onset = Onset(design.start, design.start_position, np.where(made_up, 1.0, design.dose[rows]))
    return replace(design, source=source, axis=axis, onset=onset)


def _rows(design: D, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the design's frame up to a last position, the final ones repeated as often as needed, and positions."""
    positions = design.axis.positions
    kept = np.flatnonzero(positions <= last)
    final = int(positions.max())
    ends = np.flatnonzero(positions == final)
    extra = np.arange(final + 1, last + 1)
    return np.append(kept, np.tile(ends, len(extra))), np.append(positions[kept], np.repeat(extra, len(ends)))
