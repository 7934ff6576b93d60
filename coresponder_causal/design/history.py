"""Calls with what came after each: later events of the person, and what took the person out of reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.data.follow_up import end, repeat
from coresponder_causal.design import columns
from coresponder_causal.design.call_estimates import averaged_over, horizon
from coresponder_causal.design.call_rules import call_id
from coresponder_causal.design.calls import CallDesign

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Firsts(NamedTuple):
    """What came first after each call, shape (n,): its kind, ``""`` for nothing while it was followed, and its day."""

    kind: NDArray[np.str_]
    day: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class HistoryDesign:
    """Compared calls and their histories: made by `from_history`, never by hand.

    Parameters
    ----------
    calls : CallDesign
        The calls that are compared, matched or weighted or as they came.
    source : DataFrame
        Events and stays: ``row`` of the call, ``kind, day, until``, in order.
    followed : ndarray, shape (n,)
        Days for which each call was followed.
    outcome : str or None
        Kind of event that is compared; all others compete with it.
    notes : tuple of str
        What was said when the designs were formed.
    """

    calls: CallDesign
    source: pd.DataFrame
    followed: Array
    outcome: str | None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_history(cls, calls: CallDesign, history: object, *, outcome: str | None = repeat) -> Self:
        """Put histories beside calls, checking everything at once.

        Parameters
        ----------
        calls : CallDesign
            With a column ``call_id``; matched or weighted first. Its own outcome is of no account.
        history : pandas, polars or pyarrow frame
            ``call_id, kind, day, until`` as `data.follow_up` gives them; rows of other calls are passed over.
        outcome : str or None
            Kind of event; None leaves it to `with_outcome`.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Examples
        --------
        >>> frame = pd.DataFrame({"call_id": [1, 2, 3, 4], "attended": [1, 0, 1, 0], "hour": [1, 1, 2, 3]})
        >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["hour"])
        >>> history = pd.DataFrame({"call_id": [1, 1, 2, 3, 4], "kind": ["repeat", "end", "end", "end", "end"]})
        >>> history = history.assign(day=[9.0, 90.0, 90.0, 90.0, 90.0], until=np.nan)
        >>> HistoryDesign.from_history(c, history).describe()
        'repeat after 4 calls, 2 with attended, followed for 90 to 90 days'
        """
        problems = Problems("history")
        table = columns.rectangular(history, [call_id, "kind", "day", "until"], problems)
        if call_id not in calls.source:
            problems.add(f"the calls have no column '{call_id}'", mend="give it, so that histories find their calls")
            problems.raise_if_any(DesignError)
        columns.numbers(table, "day", problems, sign="nonnegative")
        if (backwards := (table["until"] < table["day"]).to_numpy()).any():
            problems.add("stays end before they begin", mend="correct them", rows=np.flatnonzero(backwards))
        table = table.assign(row=pd.Index(calls.calls).get_indexer(pd.Index(table[call_id])))
        table = table[table["row"] >= 0][["row", "kind", "day", "until"]].astype({"kind": str, "until": float})
        many = np.bincount(table.loc[table["kind"] == end, "row"], minlength=len(calls.source))
        if (many != 1).any():
            problems.add(
                f"{columns.counted(int((many != 1).sum()), 'call')} without exactly one row of kind '{end}'",
                mend="leave out calls that were not followed; form histories by data.follow_up",
                rows=np.flatnonzero(many != 1),
            )
        problems.raise_if_any(DesignError)
        followed = table[table["kind"] == end].sort_values("row")["day"].to_numpy(float)
        rows = table[table["kind"] != end].sort_values(["row", "day", "kind", "until"], ignore_index=True)
        followed.setflags(write=False)
        with collecting() as notes:
            rows = _within(rows, followed)
        made = cls(calls=calls, source=rows, followed=followed, outcome=None, notes=(*calls.notes, *notes))
        return made if outcome is None else made.with_outcome(outcome)

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another kind of event."""
        there = [str(kind) for kind in self.source["kind"].unique()]
        if outcome not in there:
            raise DesignError(
                f"no call was followed by '{outcome}'", mend=f"choose from {', '.join(there) or 'a longer follow-up'}"
            )
        made = replace(self, outcome=outcome)
        own = self.source[self.source["kind"] == outcome]
        with collecting() as notes:
            if zero := int((own["day"] == 0).sum()):
                note(f"{zero} events ({outcome}) fall on the very moment of the call")
            away = made._stays()
            pairs = own.merge(away[["row", "day", "until"]], on="row", suffixes=("", "_stay"))
            during = (pairs["day"] > pairs["day_stay"]) & (pairs["day"] < pairs["until_stay"])
            if during.any():
                note(f"{int(during.sum())} events ({outcome}) fall into a stay away; they count, the day does not")
        return replace(made, notes=(*self.notes, *notes))

    @property
    def competing(self) -> tuple[str, ...]:
        """Kinds of event that compete with the outcome."""
        return tuple(str(kind) for kind in sorted(self.source["kind"].unique()) if kind != self.outcome)

    def firsts(self, days: float) -> Firsts:
        """Tell what came first in some days; of outcome and stay at the same time the outcome."""
        ends = np.minimum(self.followed, days)
        rows = self.source.assign(other=self.source["kind"] != self.outcome)
        rows = rows.sort_values(["row", "day", "other", "kind"]).drop_duplicates("row")
        rows = rows[rows["day"].to_numpy() <= ends[rows["row"]]]
        kind, day = np.full(len(ends), "", dtype=f"<U{max(map(len, ['', *self.source['kind'].unique()]))}"), ends
        kind[rows["row"]] = rows["kind"].to_numpy(str)
        day[rows["row"]] = rows["day"]
        return Firsts(kind, day)

    def gone(self, days: float) -> tuple[Array, Bools]:
        """Give the day on which each call leaves follow-up within some days, and whether it is for good."""
        lasting = self.source[(self.source["kind"] != self.outcome) & self.source["until"].isna()]
        ends = np.minimum(self.followed, days)
        first = np.full(len(ends), np.inf)
        np.minimum.at(first, lasting["row"].to_numpy(np.int64), lasting["day"].to_numpy(float))
        return np.minimum(ends, first), first <= ends

    def events(self, until: Array) -> tuple[NDArray[np.int64], Array]:
        """Give row and day of every event of the outcome up to a day of each call's own."""
        own = self.source[self.source["kind"] == self.outcome]
        row, day = own["row"].to_numpy(np.int64), own["day"].to_numpy(float)
        kept = day <= until[row]
        return row[kept], day[kept]

    def at_liberty(self, until: Array) -> Array:
        """Days up to a day of each call's own that were not spent in a stay, shape (n,); overlaps count once."""
        away = self._stays()
        row = away["row"].to_numpy(np.int64)
        reached = away.groupby("row")["until"].cummax().groupby(away["row"]).shift()
        begin = np.fmax(away["day"].to_numpy(float), reached.to_numpy(float))
        length = np.minimum(away["until"].to_numpy(float), until[row]) - np.minimum(begin, until[row])
        return np.asarray(until - np.bincount(row, np.maximum(length, 0.0), minlength=len(until)), float)

    def _stays(self) -> pd.DataFrame:
        """Stays that end, in order of call and day."""
        return self.source[(self.source["kind"] != self.outcome) & self.source["until"].notna()]

    @property
    def population(self) -> str:
        """Whom the comparison speaks of."""
        return averaged_over.get(self.calls.contrast, f"{len(self.followed)} calls as they came")

    @property
    def horizon(self) -> str:
        """When the calls were received."""
        return horizon(self.calls.source)

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        return f"{self.calls.contrast} of {self.calls.treatment} on {self.outcome or 'the outcome'} after the call"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the calls, their adjustment, their histories and the outcome."""
        return fingerprint("HistoryDesign", self.calls.design_fingerprint, self.source, self.followed, self.outcome)

    def __repr__(self) -> str:
        return f"HistoryDesign: {self.describe()}"

    def describe(self) -> str:
        """Return the design in words."""
        c = self.calls
        parts = [
            f"{self.outcome or 'outcome not yet named'} after {len(c.source)} calls, {int(c.treated.sum())} with "
            f"{c.treatment}, followed for {self.followed.min():.0f} to {self.followed.max():.0f} days"
        ]
        parts += [f"competing: {', '.join(self.competing)}"] if self.outcome and self.competing else []
        parts += [f"{c.contrast} by {c.adjustment.method}"] if c.adjustment else []
        return "; ".join([*parts, *self.notes])


def _within(rows: pd.DataFrame, followed: Array) -> pd.DataFrame:
    """Leave out what came after the end of follow-up, and say how stays overlap."""
    late = rows["day"].to_numpy() > followed[rows["row"]]
    if late.any():
        note(f"{int(late.sum())} events or stays began after the end of their call's follow-up and are left out")
    kept = rows[~late].reset_index(drop=True)
    stays = kept[kept["until"].notna()]
    before = stays.groupby("row")["until"].cummax().groupby(stays["row"]).shift()
    if overlaps := int((stays["day"] < before).sum()):
        note(f"{overlaps} stays overlap with an earlier one: each day counts once")
    return kept
