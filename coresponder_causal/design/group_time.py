"""Effects by cohort and period: the comparisons, and the three ways to make them.

A balanced panel without covariates is compared by the mean courses of its cohorts; with covariates unit by unit, all
periods that share a comparison at once; rows that are no panel by levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.cohort_panel import cohort_panel
from coresponder_causal.core.drdid import Method, compared_groups, cross_section_effect, panel_effects
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.influence import Influence
from coresponder_causal.design.adoption import AdoptionRows

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Control = Literal["never", "not_yet"]
Base = Literal["varying", "universal"]
no_spread = "no variation within either group, so no standard error"


class Cell(NamedTuple):
    """Cohort, period, base period; units first treated after ``horizon`` are the comparison."""

    cohort: int
    time: int
    base: int
    horizon: float


@dataclass(frozen=True, slots=True, eq=False)
class CellEffects:
    """Effects of the cells that have one, and why the others have none.

    Parameters
    ----------
    cells : list of Cell
    att : ndarray, shape (k,)
    influence : Influence
        The last columns of ``left`` hold w·1{cohort} for each cohort, and a constant.
    compared : list of int
        Units behind each cell.
    lost : dict
        Cells by reason.
    trimmed : int
        Most comparison units of a cell that count nothing.
    """

    cells: list[Cell]
    att: Array
    influence: Influence
    compared: list[int]
    lost: dict[str, list[Cell]]
    trimmed: int


def group_time_cells(rows: AdoptionRows, control: Control, base: Base, anticipation: int) -> Iterator[Cell]:
    """Give the cells in the order of the result: from the start on first, then those before it."""
    pairs = [(int(g), int(t)) for g in rows.cohorts for t in rows.periods]
    for g, t in sorted(pairs, key=lambda pair: (pair[1] < pair[0], pair)):
        before = rows.periods[rows.periods + anticipation < g]
        if t < g and base == "varying":
            before = rows.periods[rows.periods < t]
        if len(before) and before[-1] != t:
            last = int(before[-1])
            yield Cell(g, t, last, np.finfo(float).max if control == "never" else max(t, last) + anticipation)


def group_time_effects(rows: AdoptionRows, cells: list[Cell], method: Method, *, panel: bool) -> CellEffects:
    """Compare every cell.

    Parameters
    ----------
    rows : AdoptionRows
    cells : list of Cell
    method : str
        How covariates are adjusted for.
    panel : bool
        Whether changes of units are compared where the panel is balanced; otherwise levels.
    """
    if not (panel and rows.balanced):
        return _collected(rows, _levels(rows, cells, method))
    weights = rows.weights.reshape(len(rows.first), -1)
    if not rows.names and not (rows.weighted and np.ptp(weights, axis=1).any()):
        return _by_course(rows, cells, weights[:, 0] if rows.weighted else None)
    return _collected(rows, _changes(rows, cells, method))


class _Effect(NamedTuple):
    """A cell's effect and its influence on the units compared, as one of all units; or why there is none."""

    cell: Cell
    att: float
    compared: Ints
    influence: Array
    trimmed: int
    lost: str = ""


def _by_course(rows: AdoptionRows, cells: list[Cell], weight: Array | None) -> CellEffects:
    """Compare the mean courses of cohorts."""
    panel = cohort_panel(rows.wide, rows.group, weight)
    groups, periods = panel.mean.shape
    starts = np.append(rows.cohorts, np.inf)[:groups]
    contrast, shift = np.zeros((groups, periods, len(cells))), np.zeros((groups, len(cells)))
    lost: dict[str, list[Cell]] = {}
    usable, compared = np.ones(len(cells), bool), np.zeros(len(cells), int)
    many = np.bincount(rows.group, minlength=groups)
    for k, cell in enumerate(cells):
        own = starts == cell.cohort
        others = (starts > cell.horizon) & ~own
        now, then = np.searchsorted(rows.periods, cell.time), np.searchsorted(rows.periods, cell.base)
        compared[k] = many[own | others].sum()
        total = panel.size[others].sum()
        if not total > 0 or not panel.size[own].sum() > 0:
            usable[k] = False
            lost.setdefault(f"no {'comparison' if not total > 0 else 'treated'} rows", []).append(cell)
            continue
        share = np.where(others, panel.size / total, 0.0)
        contrast[:, now, k], contrast[:, then, k] = own - share, share - own
        change = panel.mean[:, now] - panel.mean[:, then]
        shift[:, k] = np.where(others, share @ change - change, 0.0) / total
    variance = np.einsum("gkk->k", panel.by_cohort(contrast, shift))
    still = variance * len(rows.first) <= (1e-12 * np.abs(rows.outcome).max()) ** 2
    if (still & usable).any():
        lost[no_spread] = [cells[k] for k in np.flatnonzero(still & usable)]
    kept = np.flatnonzero(usable & ~still)
    influence = panel.influence(
        contrast[:, :, kept], shift[:, kept], rows.units, rows.cluster, never=groups > len(rows.cohorts)
    )
    att = np.einsum("gtk,gt->k", contrast[:, :, kept], panel.mean)
    return CellEffects([cells[k] for k in kept], att, influence, compared[kept].tolist(), lost, 0)


def _changes(rows: AdoptionRows, cells: list[Cell], method: Method) -> Iterator[_Effect]:
    """Compare the changes of units; cells that compare the same units by the same covariates share their fits."""
    shape = (len(rows.first), len(rows.periods))
    outcome, weights = rows.outcome.reshape(shape), rows.weights.reshape(shape)
    covariates = rows.covariates.reshape(*shape, -1)
    moving = bool(np.ptp(covariates, axis=1).any() or np.ptp(weights, axis=1).any())
    shared: dict[tuple[int, int, int], list[int]] = {}
    for k, cell in enumerate(cells):
        others = int((rows.first > cell.horizon).sum())  # the same units, where as many
        shared.setdefault((cell.cohort, others, cell.base if moving else -1), []).append(k)
    found: dict[int, _Effect] = {}
    for places in shared.values():
        mine = [cells[k] for k in places]
        treated = rows.first == mine[0].cohort
        units = np.flatnonzero(treated | (rows.first > mine[0].horizon))
        now, then = (
            np.searchsorted(rows.periods, times) for times in zip(*((c.time, c.base) for c in mine), strict=True)
        )
        try:
            sample = compared_groups(
                treated[units], covariates[units, then[0]], weights=weights[units, then[0]], method=method
            )
            own = outcome[units]
            att, influence = panel_effects(own[:, now] - own[:, then], sample, method=method)
        except EstimationError as error:
            found |= {k: _Effect(cells[k], np.nan, units, np.empty(0), 0, error.what) for k in places}
            continue
        influence *= len(rows.first) / len(units)
        for column, k in enumerate(places):
            found[k] = _Effect(cells[k], float(att[column]), units, influence[:, column], sample.trimmed)
    return (found[k] for k in range(len(cells)))


def _levels(rows: AdoptionRows, cells: list[Cell], method: Method) -> Iterator[_Effect]:
    """Compare the levels of the rows in the two periods; their influence is summed within units."""
    for cell in cells:
        treated = rows.first == cell.cohort
        chosen = treated | (rows.first > cell.horizon)
        used = chosen[rows.unit] & ((rows.period == cell.time) | (rows.period == cell.base))
        units, place = np.unique(rows.unit[used], return_inverse=True)
        try:
            effect = cross_section_effect(
                rows.outcome[used],
                rows.period[used] == cell.time,
                treated[rows.unit[used]],
                rows.covariates[used],
                weights=rows.weights[used],
                method=method,
            )
        except EstimationError as error:
            yield _Effect(cell, np.nan, units, np.empty(0), 0, error.what)
            continue
        influence = np.bincount(place, weights=effect.influence * (len(rows.first) / len(place))).astype(float)
        yield _Effect(cell, effect.att, units, influence, effect.trimmed)


def _collected(rows: AdoptionRows, effects: Iterator[_Effect]) -> CellEffects:
    """Put effects found one by one together."""
    from scipy.sparse import csc_array, hstack

    least, found = 1e-12 * np.abs(rows.outcome).max(), []
    lost: dict[str, list[Cell]] = {}
    for effect in effects:
        if effect.lost or not np.abs(effect.influence).max() > least:
            lost.setdefault(effect.lost or no_spread, []).append(effect.cell)
        else:
            found.append(effect)
    ends = np.cumsum([0, *(len(effect.compared) for effect in found)])
    psi = np.concatenate([np.empty(0), *(effect.influence for effect in found)])
    who = np.concatenate([np.empty(0, np.int64), *(effect.compared for effect in found)])
    weights = np.bincount(rows.unit, weights=rows.weights) / np.bincount(rows.unit)
    shares = csc_array(weights[:, None] * (rows.first[:, None] == rows.cohorts))
    own = csc_array((psi, who, ends), shape=(len(rows.first), len(found)))
    left = hstack([own, shares, csc_array(np.ones((len(rows.first), 1)))], format="csc")
    return CellEffects(
        cells=[effect.cell for effect in found],
        att=np.array([effect.att for effect in found]),
        influence=Influence(left=left, right=np.eye(left.shape[1], len(found)), unit=rows.units, cluster=rows.cluster),
        compared=[len(effect.compared) for effect in found],
        lost=lost,
        trimmed=max((effect.trimmed for effect in found), default=0),
    )
