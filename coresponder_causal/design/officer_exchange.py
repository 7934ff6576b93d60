"""Exposure exchanged among the officers of a squad: what the estimate would be had the roster fallen otherwise."""

from __future__ import annotations

from math import lgamma
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.randomization import linear_crossings
from coresponder_causal.core.two_way_imputation import imputable, imputation_weights
from coresponder_causal.design.columns import counted
from coresponder_causal.design.officer_rows import OfficerRows
from coresponder_causal.design.officer_words import assigned, everyone

if TYPE_CHECKING:
    from coresponder_causal.design.officers import OfficerDesign

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Exchanged(NamedTuple):
    """Estimate, spread of the exchanged estimates, crossings (B, 2), the group, its exposed rows, within what."""

    estimate: float
    spread: float
    crossings: Array
    group: str
    rows: Bools
    within: str


def exchanged(d: OfficerDesign, rows: OfficerRows, outcome: Array, *, replications: int, seed: int) -> Exchanged:
    """Exchange whole courses of exposure within squads, and impute again.

    Parameters
    ----------
    d : OfficerDesign
    rows : OfficerRows
    outcome : ndarray, shape (n,)
    replications, seed : int

    Returns
    -------
    Exchanged
        Officers who volunteered keep their own course, which they chose. Of the others each has as first exposure that
        of another officer of the squad, or none.

    Raises
    ------
    DesignError
        If no squad has officers whose courses differ.

    References
    ----------
    Athey & Imbens (2022), doi:10.1016/j.jeconom.2020.10.012, on designs in which the date is random.
    """
    chosen = d.volunteered is not None
    unit, (first, free, stratum) = rows.two_way.unit, _officers(d, rows)
    places = [own for own in (np.flatnonzero(free & (stratum == s)) for s in np.unique(stratum)) if len(own)]
    arrangements = sum(_log_arrangements(first[own]) for own in places)
    if arrangements <= 0:
        raise DesignError(
            "no squad has officers whose courses of exposure differ, so that nothing can be exchanged",
            mend="take inference='cluster', or give squads that share a roster",
        )
    _say(d, chosen)
    position = d.axis.positions[rows.kept].astype(float)
    group = assigned if chosen else everyone
    count = free[unit]
    treated = rows.exposed & count
    estimate = float(_imputed(rows, rows.exposed, treated) @ outcome)
    rng = np.random.default_rng(seed)
    found = np.empty((replications, 2))
    for number in range(replications):
        drawn = first.copy()
        for own in places:
            drawn[own] = rng.permutation(first[own])
        exposed = np.where(count, position >= drawn[unit], rows.exposed)
        weights = _imputed(rows, exposed, exposed & count)
        found[number] = weights @ outcome, weights @ treated
    if arrangements < np.log(replications):
        note(
            f"there are only about {np.exp(arrangements):.0f} ways to exchange exposure: the p-value has no lower floor"
        )
    within = ("squads" if d.squad else "all officers") + (", volunteers left as they were" if chosen else "")
    crossings = linear_crossings(estimate, found[:, 0], found[:, 1])
    return Exchanged(estimate, float(found[:, 0].std()), crossings, group, treated, within)


def _officers(d: OfficerDesign, rows: OfficerRows) -> tuple[Array, Bools, NDArray[np.int64]]:
    """First exposure (infinite: none), whether it may be exchanged, and squad, of each officer in use."""
    name = d.source[d.officer].to_numpy()[rows.kept]
    names = pd.Series(name).groupby(rows.two_way.unit).first()
    first = d.first.reindex(names).fillna(np.inf).to_numpy(float)
    squad = pd.Series(0, d.first.index) if d.squad is None else d.source.groupby(d.officer)[d.squad].first()
    stratum = pd.factorize(squad.reindex(names))[0]
    free = np.ones(len(names), bool)
    if d.volunteered is not None:
        free = d.volunteered.reindex(names).eq(False).to_numpy(bool)
    return first, free & (stratum >= 0), np.asarray(stratum, np.int64)


def _log_arrangements(first: Array) -> float:
    """Log of the number of ways in which courses can be dealt out."""
    counts = np.unique(first, return_counts=True)[1]
    return lgamma(len(first) + 1) - sum(lgamma(many + 1) for many in counts)


def _imputed(rows: OfficerRows, exposed: Bools, wanted: Bools) -> Array:
    """Weights of the mean over the wanted rows that can be imputed, shape (n,)."""
    used = wanted & imputable(rows.two_way, ~exposed)
    return imputation_weights(rows.two_way, ~exposed, rows.mean_over(used[:, None]))[:, 0]


def _say(d: OfficerDesign, chosen: bool) -> None:
    if not chosen and not d.intended:
        doubt("it is not known who volunteered: exchanges hold only if the roster decided for everybody")
    if d.assigned is not None and not d.intended:
        doubt("the delivered exposure was exchanged, not what the roster drew: take the design as_intended()")
    if d.squad is None:
        doubt("without squads all officers were exchanged, as if one roster had been drawn for all")
    else:
        many = d.source.groupby(d.officer)[d.squad].nunique()
        if (many > 1).any():
            note(f"{counted(int((many > 1).sum()), 'officer')} changed squads and count in their first")
