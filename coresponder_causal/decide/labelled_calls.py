"""Calls with a label, what was found where somebody looked, and which of those looked at stand for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.inference import interval, set_interval, share_interval
from coresponder_causal.core.influence_spread import Spread, spread_by, spread_two_ways
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.partial_means import Ends, Moved
from coresponder_causal.core.support import least_shown
from coresponder_causal.core.verification import pooled_cells, verified_scores
from coresponder_causal.data.metrics_eligible import eligible_reported
from coresponder_causal.design import columns
from coresponder_causal.design.covariates import labels

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
fewest_weeks = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledCalls:
    """Calls as the agreement of their labels needs them: made by `labelled_calls`, never by hand.

    Parameters
    ----------
    label, truth : ndarray, shape (n,)
        Whether it is labelled as a crisis, and whether it was one (NaN: nobody looked).
    known, asked : ndarray of bool, shape (n,)
        As in `verified_scores`.
    kinds : DataFrame of text, n rows
        What makes calls alike; the first ``firm`` columns are never given up.
    firm : int
    persons, weeks : Index, length n
        Clusters; ``weeks`` may be None.
    rows : DataFrame, n rows
        The calls.
    """

    label: Array
    truth: Array
    known: Flags
    asked: Flags
    kinds: pd.DataFrame
    firm: int
    persons: pd.Index
    weeks: pd.Index | None
    rows: pd.DataFrame

    def cells(self, *beside: str, side: pd.Series | None = None) -> NDArray[np.int64]:
        """Give the cells of like calls numbers, also by other columns, or apart for two sides; see `pooled_cells`."""
        kinds = self.kinds.assign(**{name: labels(self.rows[name]) for name in beside})
        if side is not None:
            kinds.insert(self.firm, "side", side)
        return pooled_cells(kinds, self.known, within=self.firm + (side is not None))

    def scores(self, *, odds: Array | float = 1.0) -> Array:
        """Score each call, see `verified_scores`."""
        return verified_scores(self.truth, self.known, self.cells(), asked=self.asked, odds=odds)

    def spread(self, slope: Array, name: str) -> Spread:
        """Add the parts of calls in an estimate up by person, and by week where there are weeks enough."""
        used = slope != 0 if slope.any() else np.ones(len(slope), bool)
        units, persons = pd.RangeIndex(int(used.sum())), self.persons[used]
        weeks = None if self.weeks is None else self.weeks[used]
        if weeks is None or weeks.nunique() < fewest_weeks:
            return spread_by(slope[used], units, persons, name, spent=1)
        return spread_two_ways(slope[used], units, persons, weeks, name, spent=1)

    def told(self, one: Moved, name: str, level: float, *, share: bool = True) -> dict[str, float]:
        """Give an estimate, its standard error and its interval; NaN where there is none.

        An error of 0, where all calls looked at are alike, is none that was seen: it has no interval, and that is said.
        """
        if not np.isfinite(one.value):
            return dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), np.nan)
        spread = self.spread(one.slope, name)
        error, df = float(np.sqrt(spread.variance)), spread.clusters - 1
        if not error > 1e-12:
            doubt(f"{name} is {one.value:g} in all calls looked at: how far chance could move it is not seen")
            return {"estimate": one.value} | dict.fromkeys(("std_error", "conf_low", "conf_high"), np.nan)
        low, high = (share_interval if share else interval)(one.value, error, df, level)
        return {"estimate": one.value, "std_error": error, "conf_low": float(low), "conf_high": float(high)}

    def bounded(self, ends: Ends, name: str, level: float, *, floor: float = 0.0) -> dict[str, float]:
        """Give both ends of what a number can be, and the interval that holds it, from ``floor`` to 1."""
        spreads = [self.spread(end.slope, name) for end in ends]
        errors = [[float(np.sqrt(one.variance)) for one in spreads]]
        low, high = set_interval([[end.value for end in ends]], errors, [spreads[0].clusters - 1], level)
        limits = {"conf_low": max(float(low[0]), floor), "conf_high": min(float(high[0]), 1.0)}
        return {"set_low": ends.low.value, "set_high": ends.high.value, **limits}

    def counts(self, mine: Flags) -> dict[str, int]:
        """Count calls, those looked at, crises among these, and persons, of some of the calls."""
        looked = mine & self.known
        crises = int(np.nansum(self.truth[looked]))
        persons = int(self.persons[mine].nunique())
        return {"calls": int(mine.sum()), "verified": int(looked.sum()), "crises": crises, "persons": persons}

    def large(self, mine: Flags) -> bool:
        """Whether some of the calls are enough to be shown."""
        counts = self.counts(mine)
        return min(counts["persons"], counts["crises"], counts["verified"] - counts["crises"]) >= least_shown

    def shown(self, groups: Mapping[str, Flags]) -> tuple[str, ...]:
        """Name the groups that are shown: large ones, less the smallest where it would give a hidden one away.

        Calls of no group are hidden too: what all have less what is shown would tell of them.
        """
        kept = [name for name, mine in groups.items() if self.large(mine)]
        left = ~np.logical_or.reduce([groups[name] for name in kept]) if kept else np.ones(len(self.label), bool)
        if left.any() and not self.large(left) and kept:
            kept.remove(min(kept, key=lambda name: self.counts(groups[name])["crises"]))
        return tuple(kept)


def labelled_calls(
    calls: pd.DataFrame,
    *,
    right: Sequence[str] | None,
    truth: str,
    label: str,
    met_by: Sequence[str],
    drawn: str | None = None,
    chance: str | None = None,
    person: str | None,
    time: str | None,
    others: Sequence[str | None] = (),
    problems: Problems,
) -> LabelledCalls:
    """Read calls; those without a label are left out, and said.

    Parameters
    ----------
    calls : DataFrame
    right, truth, label, met_by, drawn, chance, person, time
        As in `concordance`.
    others : sequence of str or None
        Further columns that are needed.
    problems : Problems
        Gets every broken rule, beside those it has; all are raised together.

    Raises
    ------
    DesignError
        One error that lists them.
    """
    if truth in calls and not calls[truth].dropna().isin([0, 1]).all():
        problems.add(f"'{truth}' is not yes or no", mend="recode it: 1 for yes, 0 for no")
    if chance is not None and drawn is None:
        problems.add("chance= without drawn=", mend="name the column of those drawn too")
    table = columns.rectangular(calls, [label, truth, *met_by, drawn, chance, person, time, *others], problems)
    problems.raise_if_any(DesignError)
    yes = eligible_reported(table) if right is None else table[label].isin(list(right)).mask(table[label].isna())
    kept = yes.notna().to_numpy()
    if not kept.all():
        note(f"{int((~kept).sum())} of {len(table)} calls without a label, or with one unknown, are left out")
    table, positive = table[kept].reset_index(drop=True), np.asarray(yes[kept].to_numpy(float), float)
    value = np.asarray(table[truth].astype("Float64").to_numpy(float, na_value=np.nan), float)
    known = np.isfinite(value)
    kinds = pd.DataFrame({"label": positive.astype(int).astype(str)} | {name: labels(table[name]) for name in met_by})
    asked, firm = np.ones(len(table), bool), 1
    if drawn is not None:
        kinds, asked, firm = *_second_look(table, kinds, known, drawn, chance), 3
    return LabelledCalls(
        label=positive, truth=value, known=known, asked=asked, kinds=kinds, firm=firm, rows=table,
        persons=_persons(table, person), weeks=_weeks(table, time),
    )  # fmt: skip


def _second_look(
    table: pd.DataFrame, kinds: pd.DataFrame, known: Flags, drawn: str, chance: str | None
) -> tuple[pd.DataFrame, Flags]:
    """Let calls known at first stand for themselves, and those drawn for the others of their kind and chance."""
    taken = table[drawn].fillna(0).to_numpy(bool)
    first = known & ~taken
    chances = np.full(len(table), "equal", object) if chance is None else labels(table[chance])
    firm = {"looked_at": np.where(first, "at first", "by lot"), "chance": np.where(first, "", chances)}
    if lost := int((taken & ~known).sum()):
        note(f"of {int(taken.sum())} calls drawn for a second look {lost} stay unknown: like calls stand for them")
    more = kinds.drop(columns="label")
    return pd.concat([kinds[["label"]], pd.DataFrame(firm), more], axis=1), first | taken


def _persons(table: pd.DataFrame, person: str | None) -> pd.Index:
    """Who stands behind each call; of calls without a person nobody else does."""
    alone = pd.Series([f"call {row}" for row in range(len(table))])
    return pd.Index(alone if person is None else table[person].astype("string").fillna(alone))


def _weeks(table: pd.DataFrame, time: str | None) -> pd.Index | None:
    if time is None:
        return None
    stamps = pd.to_datetime(table[time])
    if stamps.isna().any():
        note(f"{int(stamps.isna().sum())} calls without a time: intervals are by person alone")
        return None
    return pd.Index(stamps.dt.to_period("W").astype(str))
