"""Monitoring from the command line: new months of a city held against its earlier ones, and what was seen kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.data import dictionary, metrics
from coresponder_causal.data.quality import quality
from coresponder_causal.data.registers import breaks_for
from coresponder_causal.data.when import event_field
from coresponder_causal.decide.alarm_checks import alarm_checks
from coresponder_causal.decide.confirmatory_looks import look_calendar, take_look
from coresponder_causal.decide.monitoring import (
    Calibration,
    Limits,
    Monitoring,
    alarms,
    calibrate_charts,
    chart,
    longest,
)
from coresponder_causal.design.monitored import Monitored
from coresponder_causal.plan.describe import City
from coresponder_causal.plan.monitor_files import publish_monitoring
from coresponder_causal.plan.monitor_history import add_state, held_against, read_history, require_same_terms
from coresponder_causal.plan.monitored_metrics import Chosen, chosen_metrics

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is fixed at the first run.

    Parameters
    ----------
    since : str, optional
        First month that is monitored; by default the month of the programme's start.
    metrics : tuple of str
        Metrics charted, e.g. "M15" or "M01 per 1000 residents"; by default those of `monitored_metrics.usual` that
        have events enough.
    without : tuple of str
        Months left out, e.g. "2020-04".
    run_length : int
        Months in which all charts together give one false alarm, or fewer.
    confirm : str, optional
        The metric whose effect is looked at.
    looks : tuple of int
        Months after the start at which it is.
    """

    since: str | None = None
    metrics: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    run_length: int = 60
    confirm: str | None = None
    looks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run of monitoring did.

    Parameters
    ----------
    said : tuple of str
    written : tuple of Path
        None where nothing changed since the last run.
    """

    said: tuple[str, ...]
    written: tuple[Path, ...]


def monitor(
    found: City,
    out: Path,
    *,
    terms: Terms,
    history: Path | None = None,
    until: str | None = None,
    force: bool = False,
    on: dt.date | None = None,
    say: Say | None = None,
) -> Seen:
    """Hold the new months of a city against its earlier ones, and write metrics, quality, charts and alarms.

    Parameters
    ----------
    found : City
    out : Path
        Folder of the pages; what lies there from earlier runs is replaced.
    terms : Terms
        As of the first run, or left to it.
    history : Path, optional
        Where what was seen is kept; by default beside ``out``. It holds counts that may not leave.
    until : str, optional
        Last month that is whole; by default the last one that has calls on its last day.
    force : bool
        Write the pages also where nothing changed.
    on : date, optional
        Day of the run, by default today.
    say : callable
        Told what is being done.

    Returns
    -------
    Seen

    Raises
    ------
    DataError
        Neither a start nor a first month, other terms than at the first run, a history that was changed.
    DesignError, EstimationError
        As of `design.monitored.Monitored` and what its charts and looks rest on.
    DisclosureError
        As of `report.write_all`.
    """
    tell = say or (lambda text: None)
    file = out.with_name(f"{out.name}.history.json") if history is None else history
    states = read_history(file)
    with collecting() as said:
        last = _last_whole_month(found, until)
        known = replace(found, tables=_until(found.tables, last))
        tell("Counting")
        monthly = metrics(known.tables, period="month")
        fixed = _fixed(known, terms, states)
        chosen = chosen_metrics(monthly, fixed.metrics, since=str(fixed.since), without=fixed.without)
        fixed = replace(fixed, metrics=tuple(chosen))
        stated = asdict(fixed) | {"city": known.name, "start": known.start}
        require_same_terms(states, stated)
        calendar = _calendar(known, fixed, chosen)
        breaks = {name: _breaks(known, one) for name, one in chosen.items()}
        tell("Simulating histories without a change")
        calibration, basis = _calibration(known, fixed, chosen, breaks, states)
        shown = {
            name: chart(_series(known, fixed, one, breaks[name]), calibration.limits[name])
            for name, one in chosen.items()
        }
        raised = alarms(shown)
        state: dict[str, Any] = {
            "terms": stated,
            "basis": basis,
            "calibration": asdict(calibration),
            "months": {name: one.months for name, one in chosen.items()},
            "breaks": breaks,
            "alarms": raised[["metric", "month", "side"]].to_dict("records"),
            "looks": _looks(known, fixed, chosen, calendar, states, last),
            "until": last,
        }
        held = held_against(states, state)
    if not held.changed and not force and (out / "index.html").is_file():
        return Seen(said=(f"Nothing is new since {states[-1]['until']}.", *said), written=())
    tell("Looking at every field week by week")
    checked = quality(dict(known.tables), until=pd.Period(last, "M").end_time.date())
    made = Monitoring(
        labels={name: one.label for name, one in chosen.items()},
        series={name: _series(known, fixed, one, breaks[name]) for name, one in chosen.items()},
        calibration=calibration,
        charts=shown,
        alarms=raised,
        checks=alarm_checks(
            raised, fields={name: one.fields for name, one in chosen.items()}, quality=checked, tables=known.tables
        ),
        calendar=calendar,
        looks=pd.DataFrame(state["looks"]),
        until=last,
        corrected=tuple(map(str, held.corrected)),
        remarks=tuple(said),
    )
    tell("Writing the pages")
    written = publish_monitoring(made, known, monthly, checked, out, chosen=chosen)
    if held.changed:
        written.append(add_state(file, states, state | {"on": (on or dt.date.today()).isoformat()}))
    return Seen(said=(*made.sentences(), *said), written=tuple(written))


def _last_whole_month(found: City, until: str | None) -> str:
    """Last month of which every day may have been seen."""
    if "calls" not in found.tables:
        raise DataError("there is no table of calls", mend="bring one: months are those of calls")
    moments = pd.to_datetime(found.tables["calls"]["received_at"]).dropna().dt.tz_localize(None)
    latest = moments.max()
    month = latest.to_period("M")
    if until is not None:
        asked = pd.Period(until, "M")
        if asked > month:
            raise DataError(f"the last call is of {latest.date()}, before {until}", mend="correct --until")
        return str(asked)
    if latest.date() < month.end_time.date():
        note(f"{month} is left out: its last call is of {latest.date()}; --until {month} takes it as whole")
        return str(month - 1)
    return str(month)


def _until(tables: Mapping[str, pd.DataFrame], last: str) -> dict[str, pd.DataFrame]:
    """Rows until the end of a month, of tables whose rows have a time."""
    end, made = pd.Period(last, "M").end_time, {}
    for name, table in tables.items():
        event = event_field(dictionary.table(name))
        if event is None or event not in table or not pd.api.types.is_datetime64_any_dtype(table[event].dtype):
            made[name] = table
        else:
            made[name] = table[~table[event].dt.tz_localize(None).gt(end)].reset_index(drop=True)
    return made


def _fixed(found: City, terms: Terms, states: Sequence[Mapping[str, Any]]) -> Terms:
    """Fill what was not asked from the first run, else from the programme."""
    first = states[0]["terms"] if states else {}
    asked = {name: value for name, value in asdict(terms).items() if value != Terms.__dataclass_fields__[name].default}
    kept: dict[str, Any] = {
        name: tuple(v) if isinstance(v := first[name], list) else v for name in asdict(terms) if name in first
    }
    made = Terms(**(kept | asked))
    since = made.since or (None if found.start is None else str(pd.Timestamp(found.start).to_period("M")))
    problems = Problems("the terms of monitoring")
    if since is None:
        problems.add("neither a start nor a first month is known", mend="give --start or --since")
    if bool(made.looks) != bool(made.confirm):
        problems.add("looks and the metric they confirm go together", mend="give --looks and --confirm, or neither")
    if made.looks and found.start is None:
        problems.add("looks are counted from a start, and none is known", mend="give --start")
    problems.raise_if_any(DataError)
    return replace(made, since=since)


def _calendar(found: City, terms: Terms, chosen: Mapping[str, Chosen]) -> pd.DataFrame:
    """Lay the looks on the calendar; none where none are asked."""
    if not terms.looks:
        return pd.DataFrame()
    if terms.confirm not in chosen:
        raise DataError(f"--confirm {terms.confirm} is not charted", mend=f"take one of {', '.join(chosen)}")
    return look_calendar(str(found.start), terms.looks)


def _breaks(found: City, one: Chosen) -> dict[str, str]:
    """Documented changes of recording of the fields of a metric, by date."""
    if "breaks" not in found.tables:
        return {}
    fields = sorted({name.rpartition(".")[2] for name in one.fields})
    known = breaks_for(found.tables["breaks"], str(found.name), fields)
    return {str(pd.Timestamp(row["date"]).date()): str(row["what"]) for row in known.to_dict("records")}


def _series(found: City, terms: Terms, one: Chosen, breaks: Mapping[str, str], ahead: int = 0) -> Monitored:
    since = str(terms.since)
    return Monitored.from_rows(
        one.rows,
        label=one.label,
        since=since,
        start=found.start,
        breaks=breaks,
        without=terms.without,
        share=one.share,
        ahead=ahead,
    )


def _calibration(
    found: City,
    terms: Terms,
    chosen: Mapping[str, Chosen],
    breaks: Mapping[str, Mapping[str, str]],
    states: Sequence[Mapping[str, Any]],
) -> tuple[Calibration, str]:
    """Take the limits of the last run, or make them where the months or breaks before monitoring are others."""
    since = str(terms.since)
    before = {name: {month: v for month, v in one.months.items() if month < since} for name, one in chosen.items()}
    known = {name: {date: what for date, what in own.items() if date[:7] < since} for name, own in breaks.items()}
    basis = fingerprint(before, known, terms.run_length)
    if states and states[-1]["basis"] == basis:
        kept = dict(states[-1]["calibration"])
        return Calibration(**kept | {"limits": {name: Limits(**one) for name, one in kept["limits"].items()}}), basis
    if states:
        note("the months before monitoring are no longer what they were: limits were made anew")
    series = {
        name: _series(found, terms, one, known[name], ahead=longest * terms.run_length) for name, one in chosen.items()
    }
    return calibrate_charts(series, run_length=terms.run_length), basis


def _looks(
    found: City,
    terms: Terms,
    chosen: Mapping[str, Chosen],
    calendar: pd.DataFrame,
    states: Sequence[Mapping[str, Any]],
    last: str,
) -> list[dict[str, Any]]:
    """Take the looks whose months are there: each once, none after one that decided."""
    taken = [dict(look) for look in states[-1]["looks"]] if states else []
    for look in calendar.to_dict("records"):
        decided = any(one["decides"] for one in taken)
        if look["look"] > len(taken) and str(look["until"]) <= last and not decided:
            one = chosen[str(terms.confirm)]
            rows = one.rows[~one.rows["period"].isin(terms.without)]
            found_here = take_look(
                rows, start=str(found.start), until=str(look["until"]), nominal=float(look["nominal"]), label=one.label
            )
            taken.append({"look": int(look["look"]), **found_here})
    return taken


def months_of_looks(text: str | None) -> tuple[int, ...]:
    """Read the months of looks.

    Parameters
    ----------
    text : str, optional
        Whole numbers with commas between them; none where it is left out.

    Examples
    --------
    >>> months_of_looks("6, 12,24"), months_of_looks(None)
    ((6, 12, 24), ())
    """
    try:
        return () if text is None else tuple(int(part) for part in text.split(","))
    except ValueError:
        raise DataError(f"--looks {text!r} are no months", mend="write 6,12,24") from None
