"""Shares in many small cells, drawn towards the share of their group as far as the cells themselves allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betaln, expit, logit

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.inference import beta_bounds
from coresponder_causal.core.notes import note
from coresponder_causal.data.columns import typed
from coresponder_causal.data.frames import to_pandas

Array = NDArray[np.float64]
points, widest = 41, 6.0


def surface(frame: object, *, outcome: str, cell: str, group: str, cells: Sequence[object] = ()) -> pd.DataFrame:
    """Describe a yes-or-no outcome by cells within groups, with partial pooling.

    Every group has its own mean and its own spread between cells, both learnt from the data: a cell with few calls is
    drawn far towards its group's mean, one with many hardly. This describes; it compares nobody with anybody.

    Parameters
    ----------
    frame : DataFrame or Table
        One row per call.
    outcome : str
        A yes-or-no column; rows where it is missing are left out and said.
    cell, group : str
        Columns of the two sides, e.g. hour of the day and type of call.
    cells : sequence, optional
        All values of ``cell``, so that those without calls appear too; by default those that occur.

    Returns
    -------
    DataFrame
        One row per group and cell: both columns, ``events``, ``calls``, ``raw`` (their ratio; missing without calls),
        ``share`` with its 95 % interval ``conf_low``, ``conf_high``, ``group_share`` (the mean it is drawn to) and
        ``pooled`` (how far: 0 not at all, 1 altogether).

    Raises
    ------
    DataError
        Columns that are missing, or an outcome that is not yes or no: all are listed.

    Notes
    -----
    Beta-binomial: events | calls ~ Binomial(calls, p), p ~ Beta(μφ, (1 − μ)φ) within a group. μ and φ are integrated
    over a grid, uniform in logit μ and in the spread 1/√φ, so that the interval also carries what is not known of them;
    it is the beta interval with the posterior mean and variance.

    References
    ----------
    Morris (1983), doi:10.1080/01621459.1983.10477920; Gelman et al. (2013), Bayesian Data Analysis, section 5.3.

    Examples
    --------
    >>> held = [True] * 4 + [True, False, False, False] * 100
    >>> calls = pd.DataFrame({"hour": [1] * 4 + [2] * 400, "type": "a", "held": held})
    >>> found = surface(calls, outcome="held", cell="hour", group="type")
    >>> found.raw.tolist(), bool(found.share[0] < 0.9)
    ([1.0, 0.25], True)
    """
    table = _read(to_pandas(frame), outcome, cell, group)
    counted = table.groupby([group, cell])[outcome].agg(["sum", "count"])
    every = sorted(table[cell].unique()) if not len(cells) else list(cells)
    full = pd.MultiIndex.from_product([sorted(table[group].unique()), every], names=[group, cell])
    counted = counted.reindex(full, fill_value=0).rename(columns={"sum": "events", "count": "calls"}).reset_index()
    made = [_pooled(own) for _, own in counted.groupby(group, sort=False)]
    return pd.concat(made, ignore_index=True)


def _read(frame: pd.DataFrame, outcome: str, cell: str, group: str) -> pd.DataFrame:
    """Check the columns and leave out rows without an answer or a place."""
    from coresponder_causal.data import dictionary

    problems = Problems("the table")
    for name in (outcome, cell, group):
        if name not in frame.columns:
            problems.add(f"column '{name}' is missing", mend="rename or add it")
    problems.raise_if_any(DataError)
    asked = replace(dictionary.table("calls").field("attended"), name=outcome, privacy="restricted")
    answers, wrong = typed(frame[outcome].reset_index(drop=True), asked)
    for entry in wrong:
        if entry.severity == "error":
            problems.add(f"'{outcome}': {entry.rule}", mend=entry.mend, rows=entry.rows, total=entry.count)
    problems.raise_if_any(DataError)
    table = frame[[cell, group]].reset_index(drop=True).assign(**{outcome: answers})
    known = table.dropna()
    if left := len(table) - len(known):
        note(f"{left} of {len(table)} rows have no {outcome}, {cell} or {group} and are left out")
    return known.astype({outcome: float})


def _pooled(own: pd.DataFrame) -> pd.DataFrame:
    """Posterior mean and interval of every cell of one group."""
    events, calls = own["events"].to_numpy(float), own["calls"].to_numpy(float)
    mean, size, weight = _grid(events, calls)
    first, second = (events[:, None] + (mean * size)), (calls - events)[:, None] + (1 - mean) * size
    centre = first / (first + second)
    spread = centre * (1 - centre) / (first + second + 1)
    share = centre @ weight
    low, high = beta_bounds(share, spread @ weight + (centre - share[:, None]) ** 2 @ weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        raw = np.where(calls > 0, events / calls, np.nan)
    return own.assign(
        raw=raw,
        share=share,
        conf_low=low,
        conf_high=high,
        group_share=float(mean @ weight),
        pooled=(size / (size + calls[:, None])) @ weight,
    )


def _grid(events: Array, calls: Array) -> tuple[Array, Array, Array]:
    """Means and sizes of the beta distribution of a group, and how probable each pair is."""
    total = calls.sum()
    centre = float(logit((events.sum() + 0.5) / (total + 1)))
    middle = np.linspace(centre - 2, centre + 2, points)
    # First over a wide range, then over the part of it that matters.
    for _ in range(2):
        mean, size = (side.ravel() for side in np.meshgrid(expit(middle), np.geomspace(1, max(total, 10), points)))
        inside = betaln(events[:, None] + mean * size, (calls - events)[:, None] + (1 - mean) * size)
        fit = (inside - betaln(mean * size, (1 - mean) * size)).sum(axis=0)
        weight = np.exp(fit - fit.max()) / np.sqrt(size)
        weight /= weight.sum()
        place = logit(mean)
        at, width = float(place @ weight), float(np.sqrt(np.maximum((place - place @ weight) ** 2 @ weight, 1e-6)))
        middle = np.linspace(at - widest * width, at + widest * width, points)
    return mean, size, weight
