"""From gaps to the terms of a synthetic control: means by time since the start, and periods that weights do not see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.design.event_bins import event_bins
from coresponder_causal.design.synthetic_panel import SyntheticPanel, fewest_before

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Averages:
    """How gaps of each cohort make the terms: keys and names, and weights on periods by cohort, shape (k, T) each."""

    terms: pd.DataFrame
    weights: tuple[Array, ...]


def averages(panel: SyntheticPanel, *, width: int, period_name: str) -> Averages:
    """Mean effect after the starts, and by spans of time since each unit's start.

    Parameters
    ----------
    panel : SyntheticPanel
    width : int
        Periods in a span.
    period_name : str
        Plural word for the period.

    Returns
    -------
    Averages
        Within a cohort a gap counts by its dose, Σ D gap / Σ D²; cohorts count by their units and doses. Where weights
        did not see the last periods before a start, the mean gap of these is the last term, ``held_out``.
    """
    since = np.array([panel.positions - cohort.start for cohort in panel.cohorts])
    bins = event_bins(since.ravel(), width, period_name).reshape(since.shape)
    doses = np.array([np.where(cohort.before, 0.0, cohort.dose) for cohort in panel.cohorts])
    sizes = np.array([len(cohort.columns) for cohort in panel.cohorts], float)
    spans = np.unique(bins[doses > 0])
    held = np.array([~cohort.before for cohort in panel.cohorts]) & (since < 0)
    rows = [doses, *(doses * (bins == span) for span in spans), *([held.astype(float)] if held.any() else [])]
    parts = []
    for there in rows:
        squares, amount = (there**2).sum(axis=1), sizes * there.sum(axis=1)
        share = np.where(squares > 0, amount / np.where(squares > 0, squares, 1.0), 0.0) / amount.sum()
        parts.append(share[:, None] * there)
    keys = spans.astype(int)
    names = ["mean_post", *(f"event_time={key}" for key in keys)]
    added = ["held_out"] * bool(held.any())
    terms = pd.DataFrame(
        {"event_time": pd.array([pd.NA, *keys, *[pd.NA] * len(added)], dtype="Int64"), "term": [*names, *added]}
    )
    return Averages(terms, tuple(np.array(parts).transpose(1, 0, 2)))


def without_last(panel: SyntheticPanel, periods: int) -> SyntheticPanel:
    """Return the panel whose weights do not see so many periods before each start."""
    if periods == 0:
        return panel
    cohorts = []
    for cohort in panel.cohorts:
        seen = cohort.before & (panel.positions < cohort.start - periods)
        if periods < 0 or seen.sum() < fewest_before:
            raise EstimationError(
                f"backdate={periods} leaves {int(seen.sum())} periods to fit weights to, of {int(cohort.before.sum())}",
                mend=f"give a number of periods from 0 on that leaves {fewest_before}",
            )
        cohorts.append(cohort._replace(before=seen))
    return replace(panel, cohorts=tuple(cohorts))
