"""Calls drawn from counts alone: a twin of a city's table of calls in which no call of the city is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.simulate.columns import STAMP
from coresponder_causal.simulate.streams import Floats, Tier, stream

not_known = "not known"
off_duty = 1e-9  # weight of calls outside the shifts: they count as attended only where those inside are too few


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aggregates:
    """Counts of calls, as they may be shown; hidden ones are filled already.

    Parameters
    ----------
    months : DataFrame
        ``city, month, count``.
    hours : DataFrame
        ``city, era, hour_of_week, count``.
    kinds : DataFrame
        ``city, era, count`` and, where known, ``initial_type, attended``.
    answers : mapping of field to DataFrame
        Of "attended" and of each outcome ``city, quarter, answer, count``.
    by_arm : mapping of outcome to DataFrame
        ``city, era, attended, answer, count``.
    eras : mapping of str to tuple of str
        First and last month of each era.
    shifts : DataFrame
        ``city, shift_start, shift_end`` of the shifts that the team worked; empty where none are known.
    """

    months: pd.DataFrame
    hours: pd.DataFrame
    kinds: pd.DataFrame
    answers: Mapping[str, pd.DataFrame]
    by_arm: Mapping[str, pd.DataFrame]
    eras: Mapping[str, tuple[str, str]]
    shifts: pd.DataFrame


def like(aggregates: Aggregates, *, seed: int) -> pd.DataFrame:
    """Draw a table of calls that has these counts.

    Parameters
    ----------
    aggregates : Aggregates
    seed : int

    Returns
    -------
    DataFrame
        Table "calls": ids made up, times drawn within their month and hour of the week, no persons. Calls of each city
        and month, hours of the week by era, and answers by city and quarter are as counted; whatever else goes
        together in calls does not here.

    Examples
    --------
    >>> months = pd.DataFrame({"city": ["Davis"], "month": ["2024-01"], "count": [3]})
    >>> hours = pd.DataFrame({"city": ["Davis"], "era": ["all"], "hour_of_week": [0], "count": [3]})
    >>> counts = Aggregates(
    ...     months=months, hours=hours, kinds=hours[["city", "era", "count"]], answers={}, by_arm={},
    ...     eras={"all": ("2024-01", "2024-01")}, shifts=pd.DataFrame(columns=["city", "shift_start", "shift_end"]),
    ... )
    >>> drawn = like(counts, seed=1)
    >>> len(drawn), set(drawn["received_at"].dt.strftime("%A %H")), drawn["call_id"].iloc[0]
    (3, {'Monday 00'}, 'T0000001')
    """
    rng = stream(seed, Tier.TWIN)
    number = np.round(aggregates.months["count"].to_numpy(float)).astype(int)
    calls = aggregates.months.loc[np.repeat(aggregates.months.index, number), ["city", "month"]].reset_index(drop=True)
    month = pd.PeriodIndex(calls["month"], freq="M")
    calls["quarter"] = month.asfreq("Q").astype(str)
    calls["era"] = ""
    for era, (first, last) in aggregates.eras.items():
        calls.loc[(month >= pd.Period(first, "M")) & (month <= pd.Period(last, "M")), "era"] = era
    hour = _dealt(calls, aggregates.hours, ["city", "era"], ["hour_of_week"], rng)["hour_of_week"]
    calls["received_at"] = _moments(month, hour.to_numpy(int), rng)
    calls["hour"] = calls["received_at"].dt.hour
    if len(aggregates.shifts):
        calls["team_on_duty"] = _within(calls, aggregates.shifts)
    calls = _with_kinds(calls, aggregates, rng)
    for name, counts in aggregates.answers.items():
        if name != "attended":
            calls[name] = _answered(calls, counts, _likely(calls, aggregates.by_arm[name]), rng)
    calls = calls.sort_values(["city", "received_at"], kind="stable", ignore_index=True)
    calls.insert(0, "call_id", [f"T{place:07d}" for place in range(1, len(calls) + 1)])
    return calls.drop(columns=["month", "quarter", "era"])


def _with_kinds(calls: pd.DataFrame, aggregates: Aggregates, rng: np.random.Generator) -> pd.DataFrame:
    """Add whom the team attended, and then what the calls were about."""
    if "attended" in aggregates.answers:
        on_duty = calls["team_on_duty"] if "team_on_duty" in calls else pd.Series(True, index=calls.index)
        weights = np.where(on_duty, 1.0, off_duty)
        calls["attended"] = _answered(calls, aggregates.answers["attended"], weights, rng)
    if "initial_type" not in aggregates.kinds:
        return calls
    known = calls.assign(attended=_words(calls["attended"])) if "attended" in calls else calls
    by = [name for name in ("city", "era", "attended") if name in aggregates.kinds]
    kind = _dealt(known, aggregates.kinds, by, ["initial_type"], rng)["initial_type"]
    return calls.assign(initial_type=kind.where(kind != not_known))


def _words(answers: pd.Series) -> pd.Series:
    """Yes-or-no answers as counts name them."""
    return answers.map({True: "yes", False: "no"}).fillna(not_known)


def _dealt(
    calls: pd.DataFrame, counts: pd.DataFrame, by: Sequence[str], names: Sequence[str], rng: np.random.Generator
) -> pd.DataFrame:
    """Deal the rows of counts to the calls of each group, as often as they count, in random order."""
    groups = {str(key): rows for key, rows in counts.groupby(list(by))}
    parts = []
    for key, rows in calls.groupby(list(by)).groups.items():
        own = groups.get(str(key), counts)
        shares = own["count"].to_numpy(float)
        if not shares.sum():
            own, shares = counts, counts["count"].to_numpy(float)
        places = rng.permutation(np.repeat(np.arange(len(own)), _apportioned(shares, len(rows))))
        parts.append(own.iloc[places][list(names)].set_axis(rows))
    dealt: pd.DataFrame = pd.concat(parts).loc[calls.index]
    return dealt


def _apportioned(shares: Floats, whole: int) -> NDArray[np.intp]:
    """Whole numbers in proportion to shares, by largest remainders."""
    exact = whole * shares / shares.sum()
    numbers: NDArray[np.intp] = np.floor(exact).astype(np.intp)
    order = np.argsort(-(exact - numbers), kind="stable")
    numbers[order[: whole - int(numbers.sum())]] += 1
    return numbers


def _moments(month: pd.PeriodIndex, hour: NDArray[np.int64], rng: np.random.Generator) -> pd.Series:
    """Draw a day of the month with the weekday, and a second of the hour."""
    first = (hour // 24 - np.asarray(month.start_time.day_of_week)) % 7
    often = 4 + (first < np.asarray(month.days_in_month) - 28)
    day = first + 7 * np.floor(rng.random(len(hour)) * often).astype(int)
    seconds = 86_400 * day + 3_600 * (hour % 24) + rng.integers(0, 3_600, len(hour))
    moments = np.asarray(month.start_time, STAMP) + seconds.astype("timedelta64[s]")
    return pd.Series(moments.astype(STAMP))


def _within(calls: pd.DataFrame, shifts: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether calls came while a team of their city was on a shift."""
    inside = np.zeros(len(calls), bool)
    for city, own in shifts.groupby("city"):
        begins = own.sort_values("shift_start")
        ends = begins["shift_end"].cummax().to_numpy()
        rows = np.flatnonzero(calls["city"] == city)
        when = calls["received_at"].to_numpy()[rows]
        last = np.searchsorted(begins["shift_start"].to_numpy(), when, side="right") - 1
        inside[rows] = (last >= 0) & (when < ends[np.maximum(last, 0)])
    return inside


def _likely(calls: pd.DataFrame, by_arm: pd.DataFrame) -> Floats:
    """Share of yes among the calls of the same city, era and arm."""
    keys = [name for name in ("city", "era", "attended") if name in by_arm]
    wide = by_arm.pivot_table(index=keys, columns="answer", values="count", aggfunc="sum", fill_value=0)
    yes = wide["yes"] if "yes" in wide else 0.0 * wide.sum(axis=1)
    shares = (yes / wide.sum(axis=1)).rename("share").reset_index()
    known = calls.assign(attended=_words(calls["attended"])) if "attended" in keys else calls
    found = known[keys].merge(shares, on=keys, how="left")["share"]
    return np.asarray(np.maximum(found.fillna(0.0).to_numpy(float), off_duty), float)


def _answered(calls: pd.DataFrame, counts: pd.DataFrame, weights: Floats, rng: np.random.Generator) -> pd.Series:
    """Answer yes for as many calls of each city and quarter as counted, the likelier ones rather; the rest no."""
    labels = zip(counts["city"], counts["quarter"], counts["answer"], strict=True)
    numbers = dict(zip(labels, np.round(counts["count"].to_numpy(float)).astype(int).tolist(), strict=True))
    order = np.log(rng.random(len(calls))) / weights
    answers = np.zeros(len(calls))
    places = pd.Series(np.arange(len(calls)))
    for (city, quarter), own in places.groupby([calls["city"], calls["quarter"]]):
        rows = own.to_numpy()
        ranked = rows[np.argsort(-order[rows], kind="stable")]
        yes, untold = (numbers.get((city, quarter, name), 0) for name in ("yes", not_known))
        answers[ranked[:yes]] = 1.0
        answers[ranked[yes:][::-1][:untold]] = np.nan
    return pd.Series(answers, index=calls.index).astype("boolean")
