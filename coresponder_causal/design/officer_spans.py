"""Groups of officers and spans of time since the exposure: which rows stand behind which term."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.drdid import independent_columns
from coresponder_causal.core.errors import Problems
from coresponder_causal.core.notes import note
from coresponder_causal.core.two_way import swept
from coresponder_causal.design.event_bins import event_bins
from coresponder_causal.design.officer_rows import OfficerRows
from coresponder_causal.design.officer_words import assigned, everyone, unknown, volunteers

if TYPE_CHECKING:
    from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
apart = f"{volunteers}_less_{assigned}"
Peers = Literal["ignored", "adjusted"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfficerSpans:
    """Sets of rows behind the terms.

    Parameters
    ----------
    groups : tuple of str
        Groups that are shown apart; one for all where they cannot be.
    means : Bools, shape (n, groups)
        Exposed rows of each group.
    after, leads : DataFrame
        ``term, group, event_time`` of the spans from the exposure on, and before it.
    rows_after, rows_before : Bools, shape (n, spans)
    """

    groups: tuple[str, ...]
    means: Bools
    after: pd.DataFrame
    leads: pd.DataFrame
    rows_after: Bools
    rows_before: Bools

    def only(self, *, after: Bools | None = None, leads: Bools | None = None) -> OfficerSpans:
        """Keep some of the spans from the exposure on, or of the leads; all where nothing is said."""
        late = np.ones(len(self.after), bool) if after is None else after
        early = np.ones(len(self.leads), bool) if leads is None else leads
        return replace(
            self,
            after=self.after[late].reset_index(drop=True),
            leads=self.leads[early].reset_index(drop=True),
            rows_after=self.rows_after[:, late],
            rows_before=self.rows_before[:, early],
        )

    def expected(self, beside: Array | None) -> Array:
        """Columns of what outcomes are expected to be: spans, leads and squad mates where asked for, shape (n, p)."""
        return np.column_stack([self.rows_after, self.rows_before, *([] if beside is None else [beside])]).astype(float)


def check_terms(d: OfficerDesign, bin_width: int | None, leads: int, peers: Peers, problems: Problems) -> None:
    """Gather what is wrong with the spans and the squad mates that were asked for."""
    if (bin_width is not None and bin_width < 1) or leads < 0:
        problems.add(f"bin_width={bin_width}, leads={leads}", mend="give spans of one period or more, and leads ≥ 0")
    if peers == "adjusted" and d.squad is None:
        problems.add("peers were asked for and the design has no squads", mend="give squad=")


def span_width(d: OfficerDesign, rows: OfficerRows) -> int:
    """Periods in a span unless asked otherwise: half a year of months or quarters, else an eighth of all periods."""
    periods = int(rows.two_way.period.max()) + 1
    return {"M": 6, "Q": 2}.get(str(d.axis.freq), max(1, periods // 8))


def officer_spans(rows: OfficerRows, *, width: int, leads: int, period_name: str) -> OfficerSpans:
    """Divide rows by group and span of time since the exposure.

    Parameters
    ----------
    rows : OfficerRows
    width : int
        Periods in a span.
    leads : int
        Spans before the exposure that are compared with the time before them.
    period_name : str
        Plural word for the period.

    Returns
    -------
    OfficerSpans
        A span in which one cluster alone was seen belongs to its neighbour nearer to the exposure. Leads that the other
        effects absorb are left out, which is noted.
    """
    groups, label = _groups(rows)
    bins = event_bins(rows.since, width, period_name)
    for group in groups:
        own = (label == group) & rows.exposed
        bins[own] = _of_several(bins[own], rows.cluster[own])
    after, rows_after = _cells(groups, label, np.where(rows.exposed, bins, np.nan))
    wanted = (bins < 0) & (bins >= -leads * width)
    before, rows_before = _cells(groups, label, np.where(wanted, bins, np.nan))
    told = _told_apart(rows, before, rows_before)
    return OfficerSpans(
        groups=groups,
        means=np.column_stack([(label == group) & rows.exposed for group in groups]),
        after=after,
        leads=before.iloc[told].reset_index(drop=True),
        rows_after=rows_after,
        rows_before=rows_before[:, told],
    )


def _groups(rows: OfficerRows) -> tuple[tuple[str, ...], NDArray[np.str_]]:
    """Give the groups, and that of each row; one for all unless each has exposed officers of two clusters."""
    there = [name for name in (volunteers, assigned, unknown) if (rows.exposed & (rows.group == name)).any()]
    few = [name for name in there if len(np.unique(rows.cluster[rows.exposed & (rows.group == name)])) < 2]
    if few and len(there) > 1:
        note(f"{', '.join(few)}: exposed officers of one cluster only, groups are not shown apart")
    if len(there) < 2 or few:
        return (everyone,), np.full(len(rows.group), everyone)
    return tuple(there), rows.group


def _of_several(bins: Array, cluster: NDArray[np.int64]) -> Array:
    """Let spans of a single cluster belong to the span before them, the first to the one after it."""
    found = bins.copy()
    for start in np.unique(bins)[::-1]:
        there = np.unique(found)
        if len(np.unique(cluster[found == start])) == 1 and len(there) > 1:
            found[found == start] = there[there < start].max() if (there < start).any() else there[there > start].min()
    return found


def _cells(groups: tuple[str, ...], label: NDArray[np.str_], bins: Array) -> tuple[pd.DataFrame, Bools]:
    terms, sets = [], []
    for group in groups:
        for start in np.unique(bins[(label == group) & np.isfinite(bins)]):
            name = f"event_time={start:.0f}" if len(groups) == 1 else f"{group}: event_time={start:.0f}"
            terms.append((name, group, int(start)))
            sets.append((label == group) & (bins == start))
    table = pd.DataFrame(terms, columns=["term", "group", "event_time"])
    return table, np.column_stack(sets) if sets else np.empty((len(bins), 0), bool)


def _told_apart(rows: OfficerRows, leads: pd.DataFrame, sets: Bools) -> list[int]:
    """Leads of several clusters that officer and period effects, and leads nearer to the exposure, do not absorb."""
    free = ~rows.exposed
    several = [j for j in range(len(leads)) if len(np.unique(rows.cluster[sets[:, j]])) > 1]
    nearest = sorted(several, key=lambda j: (-leads["event_time"].iloc[j], j))
    if not nearest:
        return []
    left = swept(
        sets[free][:, nearest].astype(float),
        unit=rows.two_way.unit[free],
        effect=rows.two_way.period[free],
        weight=rows.two_way.weight[free],
    )
    size = np.sqrt(rows.two_way.weight[free])[:, None] * sets[free][:, nearest]
    left[:, np.abs(left).max(axis=0) <= 1e-9 * size.max(axis=0)] = 0.0
    told = sorted(nearest[j] for j in independent_columns(left) if left[:, j].any())
    lost = [str(leads["term"].iloc[j]) for j in range(len(leads)) if j not in told]
    if lost:
        note(f"cannot be told from the time before them, and left out: {', '.join(lost)}")
    return told
