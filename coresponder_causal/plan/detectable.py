"""What a city's designs could find, from the number of events and months alone: before any outcome is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.inference import minimum_detectable_effect
from coresponder_causal.core.notes import quietly
from coresponder_causal.data import panel
from coresponder_causal.data.demand import origin
from coresponder_causal.data.registers import scheduled_hours
from coresponder_causal.validity.drift import Drift, between

Array = NDArray[np.float64]
months_for_drift, season = 36, 12.0
fewest_calls = 30
usual_drift = 0.1  # log scale; assumed where the tables cannot show how far cities drift apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """The change that a design finds four times in five.

    Parameters
    ----------
    design, outcome : str
    change : float
        Percent of what would be expected; a fall. Of calls, percentage points.
    unit : str
        "%" or "percentage points".
    assumes : str
        What the number rests on.
    error, df : float
        Standard error, of a log ratio or of calls of a difference, and its degrees of freedom.
    """

    design: str
    outcome: str
    change: float
    unit: str
    assumes: str
    error: float
    df: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monthly:
    """Counts of calls by city and month.

    Parameters
    ----------
    counts : DataFrame
        One row per month, one column per city.
    city : str or None
        City of the programme; None where it is not known.
    start : Timestamp or None
    """

    counts: pd.DataFrame
    city: str | None
    start: pd.Timestamp | None

    @property
    def before(self) -> NDArray[np.bool_]:
        """Whether a month lies before the start; without one, the first half of the months is taken for it."""
        if self.start is None:
            return np.asarray(np.arange(len(self.counts)) < len(self.counts) // 2)
        return np.asarray(self.counts.index < self.start.to_period("M"))

    @property
    def seen(self) -> pd.DataFrame:
        """Months that may be read: those before the start; all where it is not known."""
        return self.counts if self.start is None else self.counts[self.before]

    @property
    def split(self) -> str:
        """How the months were divided, in words."""
        if self.start is None:
            return "start not known: half of the months before it, half after"
        return f"{int(self.before.sum())} months before the start, {int((~self.before).sum())} after"


def monthly_counts(tables: Mapping[str, pd.DataFrame], outcome: str = "calls") -> pd.DataFrame:
    """Count calls, or calls with an outcome, by month and city, or take the counts of the panel.

    Parameters
    ----------
    tables : mapping of DataFrame
        Validated tables, one of them ``city_panel`` or ``calls``.
    outcome : str
        ``calls``, or a yes-or-no field of calls.

    Returns
    -------
    DataFrame
        One row per month, one column per city; months that not every city has are left out.
    """
    if "city_panel" in tables:
        counted = tables["city_panel"]
    else:
        with quietly():  # the first and the last month, which calls may cut, are left out below
            calls, asked = tables["calls"], [] if outcome == "calls" else [outcome]
            fields = ["call_id", "city", "received_at", *asked, *([origin] if origin in calls else [])]
            counted = panel(calls[fields], unit="city", period="month")
    wide = counted.pivot(index="month", columns="city", values=outcome).dropna().astype(float)
    return wide.iloc[1:-1] if "city_panel" not in tables and len(wide) > 4 else wide


def of_series(data: Monthly) -> Detectable:
    """Give what one city's own course can show.

    Parameters
    ----------
    data : Monthly

    Returns
    -------
    Detectable
    """
    own = data.seen[data.city].to_numpy(float)
    error = np.sqrt(_noise(own) * _inverse(data, data.counts[data.city].mean()))
    said = f"{data.split}; {data.counts[data.city].mean():,.0f} calls a month; that its course would have gone on"
    return _fall("series", error, max(len(own) - 4.0, 1.0), said)


def of_cities(data: Monthly, *, drift: float | None = None, others: int | None = None) -> Detectable:
    """Give what a comparison with other cities can show: their noise, and how far cities drift apart.

    Parameters
    ----------
    data : Monthly
    drift : float, optional
        Standard deviation of the drift, log scale; by default what the months before the start show.
    others : int, optional
        Comparison cities like those there are; by default as many.

    Returns
    -------
    Detectable
    """
    seen = data.seen[[data.city, *(name for name in data.counts if name != data.city)]]
    many = others or len(seen.columns) - 1
    used, known = _drift(seen) if drift is None else (drift, f"a drift of {100 * np.expm1(drift):.0f} %")
    terms = [_noise(seen[name].to_numpy(float)) * _inverse(data, seen[name].mean()) for name in seen]
    error = np.sqrt(terms[0] + used**2 + (np.mean(terms[1:]) + used**2) / many)
    said = f"{data.split}; {many} comparison cities; {known}"
    return _fall("cities", error, float(many - 1), said)


def of_adopters(data: Monthly, starters: list[str]) -> Detectable:
    """Give what cities that start at different times can show together.

    Parameters
    ----------
    data : Monthly
    starters : list of str
        Cities with a programme that starts within the months.

    Returns
    -------
    Detectable
    """
    others = [name for name in data.counts if name not in starters]
    drift, known = _drift(data.counts)
    noise = [
        _noise(data.counts[name].to_numpy(float)) * _inverse(data, data.counts[name].mean()) for name in data.counts
    ]
    error = np.sqrt((np.mean(noise) + drift**2) * (1 / len(starters) + 1 / len(others)))
    said = f"{len(starters)} cities that start and {len(others)} that do not; half of the months before; {known}"
    return _fall("adopters", error, float(len(data.counts.columns) - 2), said)


def of_hours(data: Monthly, calls: pd.DataFrame, schedule: pd.DataFrame) -> Detectable | None:
    """Give what covered against other hours of the city can show, before and after.

    Parameters
    ----------
    data : Monthly
    calls, schedule : DataFrame
        Validated tables.

    Returns
    -------
    Detectable or None
        None where no call, or every call, falls into covered hours.
    """
    share = covered_share(data, calls, schedule)
    if not 0 < share < 1:
        return None
    own, mean = data.seen[data.city].to_numpy(float), data.counts[data.city].mean()
    error = np.sqrt(_noise(own) * (_inverse(data, mean * share) + _inverse(data, mean * (1 - share))))
    said = f"{data.split}; {100 * share:.0f} % of calls come in covered hours; within the city, other hours not touched"
    return _fall("hours", error, max(len(own) - 4.0, 1.0), said)


def covered_share(data: Monthly, calls: pd.DataFrame, schedule: pd.DataFrame) -> float:
    """Share of the city's calls that come in covered hours of the week, by the last whole month of the schedule.

    Parameters
    ----------
    data : Monthly
    calls, schedule : DataFrame
        Validated tables.

    Returns
    -------
    float
    """
    with quietly():
        hours = scheduled_hours(schedule, str(data.city))
    last = hours[hours["month"].eq(hours["month"].max() - 1)] if hours["month"].nunique() > 2 else hours
    covered = last.loc[last["planned_hours"] > 0, "hour_of_week"].unique()
    at = calls["received_at"][calls["city"] == data.city]
    return float((at.dt.day_of_week * 24 + at.dt.hour).isin(covered).mean())


def of_calls(calls: pd.DataFrame) -> Detectable | None:
    """Give what a comparison of attended with other calls can show of arrests.

    Parameters
    ----------
    calls : DataFrame
        Validated.

    Returns
    -------
    Detectable or None
        None with fewer than thirty calls of either kind.
    """
    on_duty = calls["team_on_duty"].fillna(False) if "team_on_duty" in calls else pd.Series(True, index=calls.index)
    known = calls[on_duty.astype(bool) & calls["attended"].notna() & calls["arrest"].notna()]
    attended, arrest = known["attended"].astype(bool), known["arrest"].astype(float)
    many, others = int(attended.sum()), int((~attended).sum())
    if min(many, others) < fewest_calls:
        return None
    share = float(arrest[~attended].mean())
    error = float(np.sqrt(share * (1 - share) * (1 / many + 1 / others)))
    where = "while the team is on duty" if "team_on_duty" in calls else "at all hours"
    said = f"{many:,} attended and {others:,} other calls {where}; {100 * share:.1f} % of these end in arrest"
    change = 100 * minimum_detectable_effect(error, np.inf)
    return Detectable(
        design="calls",
        outcome="arrest",
        change=change,
        unit="percentage points",
        assumes=said,
        error=error,
        df=float("inf"),
    )


def _fall(design: str, error: float, df: float, assumes: str) -> Detectable:
    """Turn a standard error of a log ratio into the fall that is found four times in five."""
    change = -100 * np.expm1(-minimum_detectable_effect(float(error), df))
    return Detectable(
        design=design,
        outcome="calls",
        change=float(change),
        unit="%",
        assumes=assumes,
        error=float(error),
        df=df,
    )


def _inverse(data: Monthly, mean: float) -> float:
    """Variance of a log ratio of two Poisson counts with as many months as there are before and after."""
    before = max(int(data.before.sum()), 1)
    return float(1 / (mean * before) + 1 / (mean * max(len(data.counts) - before, 1)))


def _noise(counts: Array) -> float:
    """Variance of monthly counts over that of a Poisson, around a trend and a season; at least 1."""
    months = np.arange(len(counts))
    angle = 2 * np.pi * months / season
    columns = np.column_stack([np.ones(len(counts)), months, np.cos(angle), np.sin(angle)])
    if len(counts) <= columns.shape[1] + 2:
        return 1.0
    fitted = columns @ np.linalg.lstsq(columns, counts, rcond=None)[0]
    spread = (counts - fitted) ** 2 / np.maximum(fitted, 0.5)
    return max(float(spread.sum() / (len(counts) - columns.shape[1])), 1.0)


def drift_of(counts: pd.DataFrame) -> Drift:
    """Estimate how far cities drift apart; where so few months or cities cannot show it, what is usual, without limits.

    Parameters
    ----------
    counts : DataFrame
        One row per month before the start, one column per city, the treated city first.

    Returns
    -------
    Drift
    """
    if len(counts) < months_for_drift or counts.shape[1] < 4:
        return Drift(used=usual_drift, estimate=float("nan"), high=float("nan"))
    rates = np.log(np.maximum(counts.to_numpy(float), 0.5))
    return between(rates, np.arange(float(len(counts))), season=season, pairs=1, stated=None)


def _drift(counts: pd.DataFrame) -> tuple[float, str]:
    """Say how far cities drift apart."""
    found = drift_of(counts)
    size = f"{100 * np.expm1(found.used):.0f} %"
    if np.isnan(found.estimate):
        return found.used, f"a drift of {size}, as so few months or cities cannot show it"
    return found.used, f"cities that drift apart by {size} without a programme"
