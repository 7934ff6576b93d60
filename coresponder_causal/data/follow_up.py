"""What came after each call: later calls of the person, stays in custody and hospital, moves and deaths, in days."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.data.demand import asked_for
from coresponder_causal.data.frames import to_pandas

repeat, end = "repeat", "end"
a_day = 86_400.0  # seconds
of_outcomes = {"hospital": "hospital_days_90d", "custody": "custody_days_90d"}
longest_stay = 90.0


def follow_up(
    calls: object, stays: object | None = None, *, days: float = 180, until: pd.Timestamp | str | None = None
) -> pd.DataFrame:
    """Form the history of every call whose person is known.

    Parameters
    ----------
    calls : pandas, polars or pyarrow frame
        ``call_id, person, received_at``: all calls that count as a repeat. What police or team started themselves
        (``origin``) is none and is left out.
    stays : frame, optional
        Times at which a person could not call: ``person, kind, begin, end``, such as `stays_of` gives them. A stay
        without an end is for good: a move, a death.
    days : float
        How long a call is followed.
    until : timestamp or date, optional
        End of what is known; by default the last call received.

    Returns
    -------
    DataFrame
        ``call_id, kind, day, until``, days since the call was received. ``"repeat"``: a later call of the person; the
        kinds of ``stays``, with the day on which they end, missing where they do not; ``"end"``, once a call: when it
        was followed no longer.

    Raises
    ------
    DataError
        Listing every broken rule with its mend.

    Notes
    -----
    Of two calls in the same second the one with the lower id is the earlier one. A stay that was running when a call
    was received begins on day 0.

    Examples
    --------
    >>> calls = pd.DataFrame({"call_id": [1, 2, 3], "person": ["a", "a", "b"]})
    >>> calls["received_at"] = pd.to_datetime(["2021-01-01", "2021-01-31", "2021-03-02"])
    >>> jail = pd.DataFrame({"person": ["a"], "kind": ["custody"], "begin": pd.to_datetime(["2021-01-03"])})
    >>> jail["end"] = pd.to_datetime(["2021-01-08"])
    >>> follow_up(calls, jail, days=90).head(3).values.tolist()
    [[1, 'custody', 2.0, 7.0], [1, 'repeat', 30.0, nan], [1, 'end', 60.0, nan]]
    """
    table = _usable(to_pandas(calls), ("call_id", "person", "received_at"), ("received_at",), "calls")
    last = table["received_at"].max() if until is None else pd.Timestamp(until)
    table = asked_for(table)
    known = table[table["person"].notna()]
    if len(known) < len(table):
        note(f"{len(table) - len(known)} of {len(table)} calls have no person and are not followed")
    if until is None:
        note(f"what happened is taken to be known until the last call received, {last:%Y-%m-%d}")
    if "city" in table and (cities := table["city"].nunique()) > 1:
        doubt(
            f"calls of {cities} cities are followed as one: a person's code is taken to mean the same person in all, "
            "and what happened to be known until the same day; follow each city by itself"
        )
    ends = np.minimum(_days(last - known["received_at"]), float(days))
    if (ends < 0).any():
        raise DataError(
            f"{int((ends < 0).sum())} calls were received after until={last:%Y-%m-%d}", mend="leave them out"
        )
    known = known.assign(ends=ends).sort_values(["person", "received_at", "call_id"], ignore_index=True)
    parts = [_repeats(known), known[["call_id"]].assign(kind=end, day=known["ends"], until=np.nan)]
    if stays is not None:
        parts.append(_stays(known, _usable(to_pandas(stays), ("person", "kind", "begin"), ("begin", "end"), "stays")))
    made = pd.concat(parts, ignore_index=True).assign(late=lambda rows: rows["kind"] == end)
    return made.sort_values(["call_id", "late", "day", "kind"], ignore_index=True).drop(columns="late")


def stays_of(calls: object, outcomes: object) -> pd.DataFrame:
    """Read stays in hospital and then in custody off the days that the table of outcomes gives for each call.

    Parameters
    ----------
    calls : frame
        ``call_id, person, received_at`` and, where known, ``cleared_at``.
    outcomes : frame
        ``call_id`` with ``hospital_days_90d`` or ``custody_days_90d``.

    Returns
    -------
    DataFrame
        ``person, kind, begin, end``. Said are calls whose stays are not known, and stays cut at the 90 days of the
        table.

    Examples
    --------
    >>> calls = pd.DataFrame({"call_id": [1], "person": ["a"], "received_at": pd.to_datetime(["2021-01-01"])})
    >>> found = stays_of(calls, pd.DataFrame({"call_id": [1], "hospital_days_90d": [1.0], "custody_days_90d": [3.0]}))
    >>> found[["kind", "end"]].astype(str).values.tolist()
    [['hospital', '2021-01-02'], ['custody', '2021-01-05']]
    """
    table, known = to_pandas(calls), to_pandas(outcomes)
    kinds = {kind: name for kind, name in of_outcomes.items() if name in known}
    if not kinds:
        raise DataError("the outcomes say nothing of stays", mend=f"give {' or '.join(of_outcomes.values())}")
    both = table.merge(known[["call_id", *kinds.values()]], on="call_id", how="left", validate="one_to_one")
    both = both[both["person"].notna()]
    begin = both["received_at"]
    if "cleared_at" in both:
        begin = both["cleared_at"].fillna(begin)
    parts = []
    for kind, name in kinds.items():
        length = both[name].to_numpy(float, na_value=np.nan)
        if unknown := int(np.isnan(length).sum()):
            doubt(
                f"whether {unknown} of {len(both)} calls led to {kind} is not known: they are taken to have led to none"
            )
        if cut := int((length >= longest_stay).sum()):
            note(f"{cut} stays in {kind} reach the {longest_stay:g} days that the outcomes go to; they may have lasted")
        stop = begin + pd.to_timedelta(np.nan_to_num(length), unit="D")
        there = length > 0
        parts.append(pd.DataFrame({"person": both["person"], "kind": kind, "begin": begin, "end": stop})[there])
        begin = stop
    return pd.concat(parts, ignore_index=True)


def _usable(table: pd.DataFrame, wanted: tuple[str, ...], times: tuple[str, ...], name: str) -> pd.DataFrame:
    """Refuse columns that are missing, times that are none, and stays that end before they begin."""
    problems = Problems(f"table '{name}'")
    for column in wanted:
        if column not in table:
            problems.add(f"column '{column}' is missing", mend="rename or add it")
    for column in times:
        if column in table and not pd.api.types.is_datetime64_any_dtype(table[column]):
            problems.add(f"'{column}' holds no times", mend="read the table by coresponder_causal.data.validate")
    problems.raise_if_any(DataError)
    for column in (*wanted[2:], *(["call_id"] if "call_id" in wanted else [])):
        if table[column].isna().any():
            problems.add(f"'{column}' is missing", mend="fill it", rows=np.flatnonzero(table[column].isna()))
    if "call_id" in wanted and table["call_id"].duplicated().any():
        doubled = np.flatnonzero(table["call_id"].duplicated())
        problems.add("calls stand twice", mend="keep each once", rows=doubled)
    if "end" in table and (backwards := (table["end"] < table["begin"]).to_numpy()).any():
        problems.add("stays end before they begin", mend="correct them", rows=np.flatnonzero(backwards))
    problems.raise_if_any(DataError)
    return table


def _repeats(known: pd.DataFrame) -> pd.DataFrame:
    """Pair each call with the later ones of its person, in the order of ``known``."""
    person = pd.factorize(known["person"])[0]
    seconds = known["received_at"].to_numpy().astype("datetime64[s]").astype(np.int64)
    upto = seconds + np.floor(known["ends"].to_numpy(float) * a_day).astype(np.int64)
    apart = (upto.max(initial=0) - seconds.min(initial=0) + 1) * person
    index, later = _pairs(np.arange(len(known)) + 1, np.searchsorted(apart + seconds, apart + upto, side="right"))
    at = known["received_at"]
    days = _days(at.iloc[later].reset_index(drop=True) - at.iloc[index].reset_index(drop=True))
    if same := int((days == 0).sum()):
        note(f"{same} later calls were received in the same second as the first one: they count as repeats on day 0")
    return pd.DataFrame({"call_id": known["call_id"].to_numpy()[index], "kind": repeat, "day": days, "until": np.nan})


def _stays(known: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Put the stays of a person beside each of the person's calls, in days since the call."""
    if "end" not in stays:
        stays = stays.assign(end=pd.Series(pd.NaT, index=stays.index))
    at = known[["call_id", "person", "received_at", "ends"]].merge(
        stays[["person", "kind", "begin", "end"]], on="person"
    )
    begin, stop = (_days(at[name] - at["received_at"]) for name in ("begin", "end"))
    inside = ~(stop <= 0) & (begin <= at["ends"].to_numpy(float))
    if running := int((inside & (begin < 0)).sum()):
        note(f"{running} stays were running when the call was received: they begin on day 0")
    own = at.loc[inside, ["call_id", "kind"]]
    return own.assign(day=np.maximum(begin[inside], 0.0), until=stop[inside])


def _pairs(first: NDArray[np.int64], stop: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give rows i and j for first[i] ≤ j < stop[i]."""
    many = np.maximum(stop - first, 0)
    index = np.repeat(np.arange(len(first)), many)
    start = np.cumsum(many) - many
    return index, np.arange(len(index)) - start[index] + first[index]


def _days(apart: pd.Series) -> NDArray[np.float64]:
    return np.asarray(apart.dt.total_seconds(), float) / a_day
