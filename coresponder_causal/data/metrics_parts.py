"""One part of a metric in every cell: which rows belong to it, and which kind counts them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.data import metrics_cells as cells
from coresponder_causal.data import metrics_ordered as ordered
from coresponder_causal.data import metrics_sums as sums
from coresponder_causal.data.metrics_catalogue import Part
from coresponder_causal.data.metrics_cells import Rows
from coresponder_causal.data.metrics_rows import Frame
from coresponder_causal.data.metrics_years import person_years

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def part_in_cells(part: Part, frame: Frame, labels: pd.DataFrame) -> pd.DataFrame:
    """Compute one part in every cell.

    Parameters
    ----------
    part : Part
    frame : Frame
        The rows.
    labels : DataFrame
        Columns that together name the cell of each row; rows without a time belong to none.

    Returns
    -------
    DataFrame
        The columns of ``labels``, those of `metrics_sums.proportion`, ``missing`` and ``unplaced``: one row per cell,
        or per cell and statistic.
    """
    dated = frame.at.notna().to_numpy()
    grouped = labels[dated].groupby(list(labels), sort=True)
    cell = np.full(len(labels), -1)
    cell[dated] = grouped.ngroup().to_numpy()
    named = grouped.size().index.to_frame(index=False)
    among = frame.number(part.among) if part.among else np.ones(len(cell))
    placed, unplaced = dated & (among == 1), dated & np.isnan(among)
    if part.unit == "person" or part.kind == "concentration":
        unknown = frame.column("person").isna().to_numpy(bool)
        placed, unplaced = placed & ~unknown, unplaced | (placed & unknown)
    if part.kind == "change":
        placed &= ~frame.is_first(part.value)
    found, missing = _counted(part, frame, cell, named, placed)
    counts = pd.DataFrame({"missing": missing, "unplaced": np.bincount(cell[unplaced], minlength=len(named))})
    beside = [table.loc[found.index].reset_index(drop=True) for table in (named, counts)]
    return pd.concat([beside[0], found.reset_index(drop=True), beside[1]], axis=1)


def _counted(
    part: Part, frame: Frame, cell: NDArray[np.int64], named: pd.DataFrame, placed: Mask
) -> tuple[pd.DataFrame, Array]:
    """Hand the rows of the denominator to the kind of the part; count those without an answer by cell."""
    cluster, known = frame.clusters(part.cluster)
    rows = Rows(cell[placed], len(named), _answers(part, frame)[placed], cluster[placed], known)
    if part.unit == "person":
        rows = cells.first_of_person(rows, frame.places_in_time()[placed])
    whole = rows.known()
    missing = rows.added() - whole.added()
    match part.kind:
        case "proportion":
            found = sums.proportion(cells.sums_of(whole))
        case "rate":
            exposure = _person_years(frame, named, cell) if part.exposure else None
            found = sums.rate(cells.sums_of(whole), per=part.per, exposure=exposure)
        case "mean" | "change":
            found = cells.mean(whole)
        case "quantiles":
            found = ordered.quantiles(whole)
        case "concentration":
            found = ordered.concentration(whole)
        case "kappa":
            # Rows that nobody read are no part of the sample.
            other = frame.number(part.value)[placed]
            found = cells.kappa(rows, other)
            missing = rows.added((np.isnan(rows.value) & ~np.isnan(other)).astype(float))
        case "standardised":
            mix = pd.factorize(frame.column(part.mix).astype(object).fillna("not known"))[0][placed]
            found = cells.standardised(whole, mix[np.isfinite(rows.value)].astype(np.int64), _without_group(named))
        case "difference":
            inside = frame.number(part.counts)[placed]
            whole = Rows(rows.cell, rows.cells, np.where(np.isnan(inside), np.nan, rows.value), rows.cluster, known)
            kept = np.isfinite(whole.value)
            missing = rows.added((~kept).astype(float))
            found = cells.difference(whole.known(), inside[kept] == 1)
    return found, missing


def _answers(part: Part, frame: Frame) -> Array:
    """Value of every row; NaN where it is not known."""
    if part.kind == "concentration":
        return np.ones(len(frame.typed))
    if part.kind == "change":
        return frame.since_first(part.value)
    return frame.number(part.value if part.kind in ("mean", "quantiles", "difference") else part.counts)


def _without_group(named: pd.DataFrame) -> NDArray[np.int64]:
    """Give each cell the number of its period, groups apart or not."""
    others = [name for name in named if name != "group"]
    return np.asarray(named.groupby(others, sort=False).ngroup(), np.int64)


def _person_years(frame: Frame, named: pd.DataFrame, cell: NDArray[np.int64]) -> Array:
    """Residents of the cities times the years of the period."""
    rows = pd.DataFrame({"cell": cell, "city": frame.column("city").to_numpy(), "at": frame.at.to_numpy()})
    spans = rows[rows["cell"] >= 0].groupby(["cell", "city"])["at"].agg(first="min", last="max").reset_index()
    return person_years(named, spans, frame.tables["cities"])
