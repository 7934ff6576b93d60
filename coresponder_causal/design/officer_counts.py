"""Officers in time whose outcome is counted: the rows of which events can be expected, and what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.poisson_effects import CountRows
from coresponder_causal.core.two_way_imputation import imputable
from coresponder_causal.design.columns import counted
from coresponder_causal.design.officer_rows import Cluster, OfficerRows, officer_rows

if TYPE_CHECKING:
    from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]


def officer_counts(d: OfficerDesign, *, cluster: Cluster = "officer") -> tuple[OfficerRows, CountRows]:
    """Rows in use, as an imputation needs them and as a Poisson fit does; what is left out is said.

    Parameters
    ----------
    d : OfficerDesign
    cluster : {"officer", "squad"}

    Raises
    ------
    DesignError
        Negative outcomes, which cannot be counted.
    EstimationError
        If no exposed row can be imputed, or no unexposed one has events.
    """
    values = d.source[str(d.outcome)].to_numpy(float)
    if negative := int((values < 0).sum()):
        raise DesignError(f"'{d.outcome}' has {negative} negative values", mend="choose a count, or officer_imputation")
    rows = officer_rows(d, cluster=cluster)
    free = np.where(rows.exposed, 0.0, values[rows.kept])
    if not free.any():
        raise EstimationError(f"no officer had '{d.outcome}' while unexposed", mend="take another outcome")
    rows = _with_events(d, rows, free)
    _say_silent(d, rows, values[rows.kept])
    return rows, CountRows(
        counts=values[rows.kept],
        exposure=d.calls()[rows.kept],
        unit=rows.two_way.unit,
        time=rows.two_way.period,
        covariates=np.empty((len(rows.kept), 0)),
    )


def _with_events(d: OfficerDesign, rows: OfficerRows, free: Array) -> OfficerRows:
    """Leave out periods in which no unexposed officer had an event: nothing tells what exposed ones would have had."""
    there = np.bincount(rows.two_way.period, free)[rows.two_way.period] > 0
    if there.all():
        return rows
    lost = int(rows.exposed[~there].sum())
    periods = len(np.unique(rows.two_way.period[~there]))
    doubt(
        f"no unexposed officer had '{d.outcome}' in {periods} of the {d.period_name}: left out, with "
        f"{counted(lost, 'exposed officer-period')}"
    )
    kept = rows.take(there)
    tied = imputable(kept.two_way, ~kept.exposed) | ~kept.exposed
    if not kept.exposed[tied].any():
        raise EstimationError("no exposed officer-period can be imputed", mend="take an outcome with more events")
    return kept.take(tied)


def _say_silent(d: OfficerDesign, rows: OfficerRows, values: Array) -> None:
    """Say how many officers had no event while unexposed: what is expected of them is none."""
    unit = rows.two_way.unit
    silent = np.bincount(unit, np.where(rows.exposed, 0.0, values)) == 0
    ever = np.bincount(unit, rows.exposed) > 0
    if never := int((silent & ~ever).sum()):
        note(f"{counted(never, 'unexposed officer')} without any '{d.outcome}' say nothing about its course")
    if before := int((silent & ever).sum()):
        doubt(
            f"{before} of {int(ever.sum())} exposed officers had no '{d.outcome}' before: none is expected of them, "
            "which is right in the mean over officers and not for each"
        )
