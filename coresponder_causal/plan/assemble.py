"""From validated tables to the counts that designs are formed of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.data.demand import asked_for
from coresponder_causal.data.panel import panel
from coresponder_causal.data.panel_spans import whole_span
from coresponder_causal.data.registers import breaks_for, contaminated, scheduled_hours
from coresponder_causal.design import DonorPool
from coresponder_causal.plan.designs import of_adopters, of_calls, one_by_one
from coresponder_causal.plan.donors import study_pool
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.text_columns import with_numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Counts of a study, and what was decided about them.

    Parameters
    ----------
    monthly : DataFrame
        City × month: counts, ``population`` (missing where nobody gave it), control series and the dose.
    hourly : DataFrame
        City × month × hour of the week; empty where no calls were given.
    adopters : DataFrame
        All cities × month with the month in which each city's programme started, ``first_programme`` (missing: none),
        and whether one ran in the month, ``programme_runs``; empty where no design asks for it.
    calls : DataFrame
        The calls themselves, with what followed them where the study has a table of outcomes, without cities that had a
        programme of their own; empty likewise.
    schedule : DataFrame
        Shifts; empty where none were given.
    breaks : tuple of str
        Dates at which the recording of the primary outcome changed in the treated city.
    lines : tuple of str
        Decisions, in words.
    pool : DonorPool, optional
        Comparison cities chosen beforehand; ``monthly``, ``hourly`` and ``calls`` hold no others.
    whole : DataFrame
        As ``monthly``, of every city; empty without a pool.
    """

    monthly: pd.DataFrame
    hourly: pd.DataFrame
    adopters: pd.DataFrame
    calls: pd.DataFrame
    schedule: pd.DataFrame
    breaks: tuple[str, ...]
    lines: tuple[str, ...]
    pool: DonorPool | None = None
    whole: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all of it."""
        parts = {part.name: getattr(self, part.name) for part in fields(self)}
        return fingerprint(parts | {"pool": None if self.pool is None else self.pool.fingerprint})


def counts(study: Study, tables: Mapping[str, pd.DataFrame]) -> Counts:
    """Count calls, add control series and the dose, leave out comparison cities with a programme of their own.

    Parameters
    ----------
    study : Study
    tables : mapping of DataFrame
        Validated tables.

    Raises
    ------
    DataError
        Listing what the study names and the tables lack.
    """
    calls, cities = tables.get("calls"), tables.get("cities")
    if set(study.designs) <= set(of_calls):
        return _calls_alone(calls, tables)
    with collecting() as lines:
        if "city_panel" in tables:
            monthly = _with_numbers(tables["city_panel"], study)
        else:
            monthly = _whole_months(calls, panel(calls, unit="city", period="month", cities=cities))
        hourly = pd.DataFrame()
        if "hours" in study.designs:
            hourly = _whole_months(calls, panel(calls, unit="city", period="hour_of_week", cities=cities))
        monthly = _with_population(monthly, cities)
        if monthly["population"].isna().all():
            note("no population was given: counts are compared, not rates")
        monthly, hourly = _with_controls(monthly, hourly, tables.get("control_series"))
        _check_names(study, monthly)
        schedule = tables.get("schedule", pd.DataFrame())
        if study.dose in ("planned_hours", "delivered_hours"):
            monthly = _with_dose(monthly, schedule, str(study.city), study.dose)
        adopters = pd.DataFrame()
        if set(of_adopters) & set(study.designs):
            adopters = _adopters(study, tables["programmes"], monthly)
        each = _followed(calls, tables.get("outcomes")) if set(one_by_one) & set(study.designs) else pd.DataFrame()
        pool, whole = None if study.donors is None else study_pool(study, tables, monthly), monthly
        own = _left_out(study, tables, monthly, pool)
        if own:
            monthly = monthly[~monthly["city"].isin(own)]
            hourly = hourly[~hourly["city"].isin(own)] if len(hourly) else hourly
            each = each[~each["city"].isin(own)] if len(each) else each
        breaks = _breaks(study, tables.get("breaks"), monthly)
        _doubt_other_breaks(study, tables.get("breaks"), monthly)
        for day in breaks:
            doubt(f"recording of {study.primary} changed on {day}: the city's own series alone gets a step there")
    return Counts(
        monthly=monthly.reset_index(drop=True),
        hourly=hourly.reset_index(drop=True),
        adopters=adopters,
        calls=each.reset_index(drop=True),
        schedule=schedule,
        breaks=breaks,
        lines=tuple(map(sentence_of, lines)),
        pool=pool,
        whole=pd.DataFrame() if pool is None else whole.reset_index(drop=True),
    )


def _counting(study: Study) -> list[str]:
    """List the study's designs of counts."""
    return [design for design in study.designs if design not in one_by_one]


def sentence_of(line: str) -> str:
    """Make a note a sentence; a doubt stays one."""
    return type(line)(f"{line[:1].upper()}{line[1:]}.")


def _with_numbers(city_panel: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Read outcomes that the dictionary does not know, and so left as text, as numbers."""
    asked = {outcome for design in _counting(study) for outcome, _ in study.asked(design)}
    return with_numbers(city_panel, asked, where="city_panel", about=f"study '{study.title}'")


def _calls_alone(calls: pd.DataFrame | None, tables: Mapping[str, pd.DataFrame]) -> Counts:
    """Nothing to count: calls are compared with calls."""
    nothing = pd.DataFrame()
    followed, schedule = _followed(calls, tables.get("outcomes")), tables.get("schedule", nothing)
    return Counts(
        monthly=nothing, hourly=nothing, adopters=nothing, calls=followed, schedule=schedule, breaks=(), lines=()
    )


def _followed(calls: pd.DataFrame | None, outcomes: pd.DataFrame | None) -> pd.DataFrame:
    """Join what followed the calls to them."""
    if calls is None:  # a study of counts that another agency returned
        return pd.DataFrame()
    if outcomes is None:
        return calls
    return calls.merge(outcomes, on="call_id", how="left", suffixes=("", " (outcomes)"))


def _adopters(study: Study, programmes: pd.DataFrame, monthly: pd.DataFrame) -> pd.DataFrame:
    """Add the month of each city's start, of the treated city the study's own, and whether a programme ran."""
    starts = programmes.groupby("city")["start_earliest"].min()
    own = study.start or (study.start_between or ("",))[0]
    starts[str(study.city)] = pd.Timestamp(own)
    spans = set(programmes[programmes["start_latest"] > programmes["start_earliest"]]["city"].astype(str))
    if others := sorted(spans - {str(study.city)}):
        note(f"start between two dates, the earlier one taken: {', '.join(others)}")
    first = pd.to_datetime(monthly["city"].map(starts)).dt.to_period("M")
    runs = _runs(programmes, monthly, str(study.city), pd.Timestamp(own))
    return monthly.assign(first_programme=first, programme_runs=runs).reset_index(drop=True)


def _runs(programmes: pd.DataFrame, monthly: pd.DataFrame, city: str, start: pd.Timestamp) -> NDArray[np.float64]:
    """Whether a programme of the row's city ran in its month, that of its last day included, as 0 or 1."""
    ends = programmes["end_date"] if "end_date" in programmes else pd.Series(pd.NaT, index=programmes.index)
    spans = programmes[["city", "start_earliest"]].assign(end=ends)
    mine = spans["city"].astype(str) == city
    if mine.any():
        spans.loc[spans.loc[mine, "start_earliest"].idxmin(), "start_earliest"] = start
    else:
        spans = pd.concat([spans, pd.DataFrame({"city": [city], "start_earliest": [start], "end": [pd.NaT]})])
    runs = np.zeros(len(monthly), bool)
    for name, first, last in spans.itertuples(index=False):
        months = monthly["month"]
        inside = months >= pd.Period(first, "M")
        if pd.notna(last):
            inside &= months <= pd.Period(last, "M")
        runs |= (inside & (monthly["city"] == name)).to_numpy()
    return runs.astype(float)


def _whole_months(calls: pd.DataFrame | None, counted: pd.DataFrame) -> pd.DataFrame:
    """Leave out a city's months that its calls do not span (see `whole_span`): a half-covered one is no low count."""
    assert calls is not None  # the study names calls or a city_panel
    span = whole_span(asked_for(calls), "city", "M")
    whole = counted["month"].between(counted["city"].map(span["first"]), counted["city"].map(span["last"]))
    left = counted[~whole].groupby("city")["month"].agg(lambda months: ", ".join(sorted({str(m) for m in months})))
    if len(left):
        said = "; ".join(f"{city}: {months}" for city, months in left.items())
        doubt(f"months that a city's calls do not span were left out ({said})")
    return counted[whole].reset_index(drop=True)


def _with_population(monthly: pd.DataFrame, cities: pd.DataFrame | None) -> pd.DataFrame:
    if "population" in monthly.columns:
        return monthly
    if cities is None or "population" not in cities.columns:
        return monthly.assign(population=np.nan)
    return monthly.assign(population=monthly["city"].map(cities.set_index("city")["population"]))


def _with_controls(
    monthly: pd.DataFrame, hourly: pd.DataFrame, series: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add a column for each control series; rows without a count have none."""
    if series is None:
        return monthly, hourly
    by_month = series.pivot_table(index=["city", "month"], columns="series", values="count", aggfunc="sum")
    monthly = monthly.merge(by_month.reset_index(), on=["city", "month"], how="left")
    if not len(hourly) or "hour_of_week" not in series.columns or series["hour_of_week"].isna().any():
        return monthly, hourly
    keys = ["city", "month", "hour_of_week"]
    by_hour = series.pivot_table(index=keys, columns="series", values="count", aggfunc="sum").reset_index()
    by_hour["hour_of_week"] = by_hour["hour_of_week"].astype(int)
    return monthly, hourly.merge(by_hour, on=keys, how="left")


def _check_names(study: Study, monthly: pd.DataFrame) -> None:
    problems = Problems(f"study '{study.title}'")
    numeric = ", ".join(monthly.select_dtypes("number").columns)
    asked = [outcome for design in _counting(study) for outcome, _ in study.asked(design)]
    for name in dict.fromkeys((str(study.primary), *asked, *study.controls)):
        if name not in monthly.columns:
            problems.add(f"there is no outcome '{name}'", mend=f"choose from {numeric}")
    if study.primary in study.controls:
        problems.add(f"'{study.primary}' is the primary outcome and a control", mend="take it out of controls")
    if study.city not in set(monthly["city"].unique()):
        some = ", ".join(map(str, sorted(monthly["city"].unique())[:8]))
        problems.add(f"city '{study.city}' is not in the data", mend=f"choose from {some}")
    dose = study.dose
    if dose is not None and dose not in ("planned_hours", "delivered_hours") and dose not in monthly.columns:
        problems.add(f"there is no dose '{dose}'", mend=f"choose from {numeric}, planned_hours, delivered_hours")
    problems.raise_if_any(DataError)


def _with_dose(monthly: pd.DataFrame, schedule: pd.DataFrame, city: str, dose: str) -> pd.DataFrame:
    """Add the treated city's hours a month from its schedule, 0 where no shift was planned and in other cities."""
    hours = scheduled_hours(schedule, city).groupby("month")[dose].sum()
    own = monthly["city"] == city
    return monthly.assign(**{dose: monthly["month"].map(hours).fillna(0.0).where(own, 0.0)})


def _left_out(
    study: Study, tables: Mapping[str, pd.DataFrame], monthly: pd.DataFrame, pool: DonorPool | None
) -> list[str]:
    """Cities that are not compared: by the study's pool, else those with a programme of their own."""
    own = _own_programme(study, tables.get("programmes"), monthly)
    if pool is not None:
        for said in pool.notes:
            note(said)
        for name in of_adopters:
            if name in study.designs:
                note(f"[donors] does not touch the design '{name}'")
        return sorted(set(pool.table["city"]) - set(pool.donors))
    if own:
        note(f"left out because they had a programme of their own: {', '.join(own)}")
    return own


def _own_programme(study: Study, programmes: pd.DataFrame | None, monthly: pd.DataFrame) -> list[str]:
    """Comparison cities that had a programme of their own within the months of the data."""
    if programmes is None:
        return []
    before = programmes[programmes["city"] == study.city]["start_earliest"].min()
    begins = study.start or (study.start_between or ("",))[0]
    if pd.notna(before) and begins and str(before)[:10] < begins:
        doubt(f"{study.city} had a programme from {str(before)[:10]} on: before the start it was not untreated")
    first, last = monthly["month"].min().start_time.date(), monthly["month"].max().end_time.date()
    found = contaminated(programmes, sorted(set(monthly["city"].unique()) - {study.city}), first, last)
    return sorted(map(str, found["city"].unique()))


def _breaks(study: Study, breaks: pd.DataFrame | None, monthly: pd.DataFrame) -> tuple[str, ...]:
    """Dates within the data at which the primary outcome's recording changed in the treated city."""
    if breaks is None or not len(breaks):
        return ()
    found = breaks_for(breaks, str(study.city), [str(study.primary)])
    dates = pd.to_datetime(found["date"])
    inside = dates[(dates > monthly["month"].min().end_time) & (dates <= monthly["month"].max().end_time)]
    return tuple(sorted({str(day.date()) for day in inside}))


def _doubt_other_breaks(study: Study, breaks: pd.DataFrame | None, monthly: pd.DataFrame) -> None:
    """Say which comparison cities' recording of the primary outcome changed: no design corrects for it."""
    if breaks is None or not len(breaks):
        return
    others = breaks[(breaks["field"] == study.primary) & (breaks["city"] != study.city)]
    named = sorted(set(others["city"].astype(str)) & set(monthly["city"].astype(str)))
    if named:
        doubt(f"recording of {study.primary} changed in {', '.join(named)}, for which no design corrects")
