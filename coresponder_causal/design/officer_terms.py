"""Terms of an imputation for officers: means over exposed rows, slopes of unexposed ones, and how they make terms."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.two_way_imputation import imputation_weights, slope_weights, with_slopes
from coresponder_causal.design.officer_rows import OfficerRows
from coresponder_causal.design.officer_spans import OfficerSpans, apart
from coresponder_causal.design.officer_words import assigned, everyone, peers_column, volunteers

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfficerTerms:
    """What stands behind each of k terms.

    Parameters
    ----------
    names : DataFrame
        ``group, event_time, term``.
    sets : ndarray of bool, shape (n, q)
        Exposed rows over which effects are taken.
    behind : ndarray of bool, shape (n, k)
        Rows behind each term; behind a difference those of the group with fewer officers.
    mix : ndarray, shape (q + s, k)
        How the effects over the sets, then s slopes (of exposed squad mates, and the leads), make up the terms.
    """

    names: pd.DataFrame
    sets: Bools
    behind: Bools
    mix: Array

    def without(self, lost: Bools) -> OfficerTerms:
        """Leave out sets and slopes, shape (q + s,), and every term that is made of them."""
        stay = ~(self.mix[lost] != 0).any(axis=0)
        return replace(
            self,
            names=self.names[stay].reset_index(drop=True),
            sets=self.sets[:, ~lost[: self.sets.shape[1]]],
            behind=self.behind[:, stay],
            mix=self.mix[~lost][:, stay],
        )


def officer_terms(rows: OfficerRows, spans: OfficerSpans, beside: Array | None) -> OfficerTerms:
    """Name the terms: all exposed rows, groups and their difference, squad mates, spans from the exposure on, leads.

    Parameters
    ----------
    rows : OfficerRows
    spans : OfficerSpans
    beside : ndarray, shape (n, 1), optional
        Share of exposed squad mates, where it is a regressor.
    """
    groups = spans.groups if len(spans.groups) > 1 else ()
    sets = np.hstack([rows.exposed[:, None], *([spans.means] if groups else []), spans.rows_after])
    of_peers = [] if beside is None else [~rows.exposed[:, None] & (beside > 0)]
    every = np.hstack([sets, *of_peers, spans.rows_before])
    unit, first, means = np.eye(every.shape[1]), 1 + len(groups), sets.shape[1]
    parts = [(pd.DataFrame({"term": [everyone, *groups]}), unit[:, :first])]
    if {volunteers, assigned} <= set(groups):
        one, other = (unit[:, [1 + groups.index(name)]] for name in (volunteers, assigned))
        parts.append((pd.DataFrame({"term": [apart]}), one - other))
    if beside is not None:
        parts.append((pd.DataFrame({"term": [peers_column]}), unit[:, [means]]))
    parts += [(spans.after, unit[:, first:means]), (spans.leads, unit[:, means + len(of_peers) :])]
    names = pd.concat([table for table, _ in parts if len(table)], ignore_index=True)
    mix = np.hstack([columns for _, columns in parts])
    behind = every.astype(float) @ np.abs(mix) > 0
    if {volunteers, assigned} <= set(groups):
        sides = [every[:, 1 + groups.index(name)] for name in (volunteers, assigned)]
        behind[:, first] = min(sides, key=lambda own: len(np.unique(rows.two_way.unit[own])))
    return OfficerTerms(
        names=names.assign(event_time=names["event_time"].astype("Int64"))[["group", "event_time", "term"]],
        sets=sets,
        behind=behind,
        mix=mix,
    )


def mean_weights(rows: OfficerRows, sets: Bools, beside: Array | None) -> Array:
    """Weights of the rows in mean effects over sets of exposed rows, then in the slope of squad mates where asked for.

    Parameters
    ----------
    rows : OfficerRows
    sets : ndarray of bool, shape (n, q)
    beside : ndarray, shape (n, 1), optional

    Returns
    -------
    ndarray, shape (n, q) or (n, q + 1)
    """
    weights = imputation_weights(rows.two_way, ~rows.exposed, rows.mean_over(sets))
    if beside is None:
        return weights
    slope = slope_weights(rows.two_way, ~rows.exposed, beside, [peers_column])
    return np.hstack([with_slopes(weights, slope, beside), slope])


def lead_weights(rows: OfficerRows, spans: OfficerSpans) -> Array:
    """Weights of the rows in the leads, shape (n, leads)."""
    if not len(spans.leads):
        return np.empty((len(rows.kept), 0))
    names = spans.leads["term"].tolist()
    return slope_weights(rows.two_way, ~rows.exposed, spans.rows_before.astype(float), names)
