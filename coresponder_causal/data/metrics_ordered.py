"""Numbers of a cell that its rows must be put in order for: medians, 90th percentiles, and who calls the most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import critical, quantile_ranks
from coresponder_causal.data.metrics_cells import Rows, persons
from coresponder_causal.data.metrics_sums import head

Array = NDArray[np.float64]
top_share, quantiles_shown = 0.05, (("median", 0.5), ("p90", 0.9))


def quantiles(rows: Rows) -> pd.DataFrame:
    """Median and 90th percentile of each cell with order-statistic intervals.

    Parameters
    ----------
    rows : Rows

    Returns
    -------
    DataFrame
        As `metrics_sums.proportion`, two rows per cell; a bound that the number of rows cannot give is missing.
    """
    made = []
    for number, values in _by_cell(rows):
        ordered = np.sort(values)
        for name, level in quantiles_shown:
            low, high = quantile_ranks(len(ordered), level) if len(ordered) else (0, 1)
            bounds = [ordered[rank - 1] if 1 <= rank <= len(ordered) else np.nan for rank in (low, high)]
            found = float(np.quantile(ordered, level)) if len(ordered) else np.nan
            made.append((number, name, np.nan, float(len(ordered)), found, *bounds, "order statistics"))
    frame = pd.DataFrame(made, columns=["cell", *head[:7]]).set_index("cell")
    return frame.assign(design_effect=np.nan, n_persons=persons(rows)[frame.index])


def concentration(rows: Rows) -> pd.DataFrame:
    """Share of rows that belong to the five percent of persons with the most, with a linearised interval.

    Parameters
    ----------
    rows : Rows
        Each row a call; ``value`` is not read.

    Returns
    -------
    DataFrame
        As `metrics_sums.proportion`.

    References
    ----------
    Langel & Tillé (2011), doi:10.1080/00949655.2010.481010 (linearisation of shares between quantiles).
    """
    made = []
    for number, people in _by_cell(Rows(rows.cell, rows.cells, rows.cluster.astype(float), rows.cluster, rows.repeats)):
        size = np.sort(np.unique(people, return_counts=True)[1])[::-1].astype(float)
        persons, calls = len(size), size.sum()
        if not persons:
            made.append((number, "share", 0.0, 0.0, np.nan, np.nan, np.nan, "linearised", np.nan, 0.0))
            continue
        top = int(np.ceil(top_share * persons))
        share, edge = size[:top].sum() / calls, size[top - 1]
        inside = np.arange(persons) < top
        influence = ((size - edge) * inside + edge * top_share - share * size) / size.mean()
        half = float(critical(np.inf)) * influence.std() / np.sqrt(persons)
        bounds = (max(share - half, 0.0), min(share + half, 1.0))
        made.append((number, "share", size[:top].sum(), calls, share, *bounds, "linearised", np.nan, float(persons)))
    return pd.DataFrame(made, columns=["cell", *head]).set_index("cell")


def _by_cell(rows: Rows) -> Iterator[tuple[int, Array]]:
    """Give the values of each cell."""
    order = np.argsort(rows.cell, kind="stable")
    ends = np.searchsorted(rows.cell[order], np.arange(rows.cells + 1))
    for number in range(rows.cells):
        yield number, rows.value[order[ends[number] : ends[number + 1]]]
