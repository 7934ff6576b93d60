"""Calls in their order: what came before each call of a person, and in which shift the team could have come to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.design.call_rules import busy, call_id, duty, in_order
from coresponder_causal.design.call_timing import received
from coresponder_causal.design.coverage_shifts import kept_shifts

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]
a_day = 86_400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CallSequence:
    """Every eligible call received on duty or in a planned shift, of which a design of calls compares some.

    Parameters
    ----------
    calls : DataFrame
        The calls, in the order of their ids.
    timing : DataFrame
        Beside them: ``days_since``, days since the person's latest eligible call in the table, infinite where there is
        none or no person; ``days_seen``, days of the table before the call; ``open``, received on duty while the team
        was free, or what else a study compares; ``shift``, the planned shift as its row of ``shifts``, −1 where there
        is none.
    shifts : DataFrame or None
        Planned shifts as `kept_shifts` gives them; None where a column alone says when the team was on duty.
    first_only : bool
        Whether the design compares first calls only.
    washout_days : int
        Days without an eligible call.
    """

    calls: pd.DataFrame
    timing: pd.DataFrame
    shifts: pd.DataFrame | None
    first_only: bool
    washout_days: int

    @property
    def asked(self) -> int:
        """Days of the design's own wash-out, 0 where it compares all calls."""
        return self.washout_days if self.first_only else 0

    def compared(self, washout_days: int) -> Bools:
        """Whether each call is open and has no eligible call of its person in so many days before; 0: all open ones."""
        alone = self.timing["days_since"].to_numpy(float) > washout_days if washout_days else True
        return np.asarray(self.timing["open"].to_numpy(bool) & alone)

    def known(self, washout_days: int, outcome: str | None) -> pd.DataFrame:
        """Return the `compared` calls whose outcome is known, all of them where none is named."""
        calls = self.calls[self.compared(washout_days)]
        if outcome is None or not calls[outcome].isna().any():
            return calls
        known = calls[calls[outcome].notna()]
        return known.assign(**{outcome: known[outcome].astype(float)})


def in_sequence(
    table: pd.DataFrame,
    person: str | None,
    begin: pd.Timestamp,
    *,
    first_only: bool,
    washout_days: int,
    roster: pd.DataFrame | None,
) -> CallSequence:
    """Put eligible calls of a city into their order.

    Parameters
    ----------
    table : DataFrame
        Eligible calls, with ``team_on_duty``.
    person : str or None
        Column of person codes.
    begin : Timestamp
        First call of the table.
    first_only, washout_days
        As of `CallSequence`.
    roster : DataFrame or None
        Shifts of the city.
    """
    on_duty = table[duty].eq(True).fillna(False).to_numpy(bool)
    free = ~table[busy].eq(True).fillna(False).to_numpy(bool) if busy in table else np.ones(len(table), bool)
    shifts = None if roster is None else kept_shifts(roster)
    shift = np.full(len(table), -1) if shifts is None else shift_of(table[received], shifts)
    timing = pd.DataFrame(
        {
            "days_since": days_since_earlier(table, person),
            "days_seen": ((table[received] - begin) / pd.Timedelta(days=1)).to_numpy(float),
            "open": on_duty & free,
            "shift": shift,
        },
        index=table.index,
    )
    inside = on_duty | (shift >= 0)
    kept = in_order(table[inside].reset_index(drop=True).assign(_row=np.arange(int(inside.sum()))))
    place = kept.pop("_row").to_numpy()
    return CallSequence(
        calls=kept,
        timing=timing[inside].iloc[place].reset_index(drop=True),
        shifts=shifts,
        first_only=first_only,
        washout_days=washout_days,
    )


def shift_of(times: pd.Series, shifts: pd.DataFrame) -> Counts:
    """Return the planned shift of each moment, −1 where it lies in none; of shifts that overlap the later one.

    Examples
    --------
    >>> begin = pd.to_datetime(["2020-07-15 12:00", "2020-07-16 12:00"])
    >>> shifts = pd.DataFrame({"shift_start": begin, "shift_end": begin + pd.Timedelta("10h")})
    >>> times = pd.Series(pd.to_datetime(["2020-07-15 11:59", "2020-07-15 12:00", "2020-07-16 21:59"]))
    >>> shift_of(times, shifts).tolist()
    [-1, 0, 1]
    """
    moments = times.to_numpy("datetime64[us]")
    begins, ends = (shifts[edge].to_numpy("datetime64[us]") for edge in ("shift_start", "shift_end"))
    place = np.searchsorted(begins, moments, side="right") - 1
    inside = (place >= 0) & (moments < ends[np.maximum(place, 0)]) if len(begins) else np.zeros(len(moments), bool)
    return np.where(inside, place, -1)


def earlier_calls(table: pd.DataFrame, person: str | None, *, days: int) -> Counts:
    """Count the calls of the same person in the days before each call; of a call without a person none.

    Of calls received in the same second the one with the lower id is the earlier one.

    Examples
    --------
    >>> table = pd.DataFrame({"person": ["a", "a", "b", "a", None]})
    >>> table["received_at"] = pd.to_datetime(["2020-01-01", "2020-01-20", "2020-01-05", "2020-03-30", "2020-01-01"])
    >>> earlier_calls(table, "person", days=60).tolist()
    [0, 1, 0, 0, 0]
    """
    found = np.zeros(len(table), np.int64)
    rows, code, seconds = _in_turn(table, person)
    apart = int(seconds.max(initial=0)) + days * a_day + 1
    clock = code * apart + seconds
    found[rows] = np.arange(len(rows)) - np.searchsorted(clock, clock - days * a_day, side="left")
    return found


def days_since_earlier(table: pd.DataFrame, person: str | None) -> Array:
    """Days since the latest earlier call of the same person, infinite where there is none, or no person.

    Examples
    --------
    >>> table = pd.DataFrame({"person": ["a", "a", "b", "a", None]})
    >>> table["received_at"] = pd.to_datetime(["2020-01-01", "2020-01-20", "2020-01-05", "2020-03-30", "2020-01-01"])
    >>> days_since_earlier(table, "person").tolist()
    [inf, 19.0, inf, 70.0, inf]
    """
    since = np.full(len(table), np.inf)
    rows, code, seconds = _in_turn(table, person)
    again = np.diff(code) == 0
    since[rows[1:][again]] = np.diff(seconds)[again] / a_day
    return since


def _in_turn(table: pd.DataFrame, person: str | None) -> tuple[Counts, Counts, Counts]:
    """Rows of calls with a person, by person and in turn, with the number of the person and the second of each."""
    if person is None:
        nobody = np.zeros(0, np.int64)
        return nobody, nobody, nobody
    code = pd.factorize(table[person])[0].astype(np.int64)
    seconds = table[received].to_numpy("datetime64[s]").astype(np.int64)
    seconds = seconds - seconds.min(initial=0)
    known = np.flatnonzero(code >= 0)
    ids = table[call_id].astype(str).to_numpy() if call_id in table else np.arange(len(table))
    rows = known[np.lexsort((ids[known], seconds[known], code[known]))]
    return rows, code[rows], seconds[rows]
