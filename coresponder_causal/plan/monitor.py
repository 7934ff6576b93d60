"""Monitoring from the command line: new months of a city held against its earlier ones, and what was seen kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.data import metrics
from coresponder_causal.data.quality import Quality, quality
from coresponder_causal.decide.alarm_checks import alarm_checks
from coresponder_causal.decide.chart_limits import Calibration, Limits, calibrate_charts, longest
from coresponder_causal.decide.confirmatory_looks import take_look
from coresponder_causal.decide.monitoring import Monitoring, alarms, chart
from coresponder_causal.design.monitored import Monitored
from coresponder_causal.plan.describe import City
from coresponder_causal.plan.frozen import listed
from coresponder_causal.plan.monitor_files import publish_monitoring
from coresponder_causal.plan.monitor_history import (
    add_state,
    corrected_in_words,
    held_against,
    read_history,
    require_same_terms,
)
from coresponder_causal.plan.monitor_terms import Terms, calendar_of, fixed_terms
from coresponder_causal.plan.monitored_city import documented_breaks, last_whole_month, series_of, tables_until
from coresponder_causal.plan.monitored_metrics import Chosen, chosen_metrics

Say = Callable[[str], None]


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
        last = last_whole_month(found, until)
        known = replace(found, tables=tables_until(found.tables, last))
        tell("Counting")
        monthly = metrics(known.tables, period="month")
        fixed = fixed_terms(known, terms, states)
        chosen = chosen_metrics(monthly, fixed.metrics, since=str(fixed.since), without=fixed.without)
        fixed = replace(fixed, metrics=tuple(chosen))
        require_same_terms(states, _stated(fixed, known))
        tell("Simulating histories without a change")
        run = _charted(known, fixed, chosen, states, last)
        state = _state(run, known, fixed, chosen)
        held = held_against(states, state)
    if not held.changed and not force and (out / "index.html").is_file():
        return Seen(said=(f"Nothing is new since {states[-1]['until']}.", *said), written=())
    tell("Looking at every field week by week")
    checked = quality(dict(known.tables), until=pd.Period(last, "M").end_time.date())
    corrected = corrected_in_words(held.corrected, {name: one.label for name, one in chosen.items()})
    made = _found(run, known, chosen, checked, corrected=corrected, remarks=tuple(said))
    tell("Writing the pages")
    written = publish_monitoring(made, known, monthly, checked, out, chosen=chosen)
    if held.changed:
        written.append(add_state(file, states, state | {"on": (on or dt.date.today()).isoformat()}))
    told = listed([f"Corrected since the last run: {one}." for one in corrected])
    return Seen(said=(*made.sentences(), *told, *said), written=tuple(written))


class _Run(NamedTuple):
    """Charts and looks of one run, before anything is written."""

    last: str
    breaks: dict[str, dict[str, str]]
    calibration: Calibration
    basis: str
    series: dict[str, Monitored]
    charts: dict[str, pd.DataFrame]
    raised: pd.DataFrame
    calendar: pd.DataFrame
    looks: list[dict[str, Any]]


def _charted(
    found: City, terms: Terms, chosen: Mapping[str, Chosen], states: Sequence[Mapping[str, Any]], last: str
) -> _Run:
    """Chart every metric, and take the looks that are due."""
    calendar = calendar_of(found, terms, chosen)
    breaks = {name: documented_breaks(found, one) for name, one in chosen.items()}
    calibration, basis = _calibration(found, terms, chosen, breaks, states)
    series = {name: series_of(found, terms, one, breaks[name]) for name, one in chosen.items()}
    charts = {name: chart(one, calibration.limits[name]) for name, one in series.items()}
    looks = _looks(found, terms, chosen, calendar, states, last)
    return _Run(last, breaks, calibration, basis, series, charts, alarms(charts), calendar, looks)


def _stated(terms: Terms, found: City) -> dict[str, Any]:
    """Terms as they are kept, with the city and its start."""
    return asdict(terms) | {"city": found.name, "start": found.start}


def _state(run: _Run, found: City, terms: Terms, chosen: Mapping[str, Chosen]) -> dict[str, Any]:
    """Return what the history keeps of a run."""
    return {
        "terms": _stated(terms, found),
        "basis": run.basis,
        "calibration": asdict(run.calibration),
        "months": {name: one.months for name, one in chosen.items()},
        "breaks": run.breaks,
        "alarms": run.raised[["metric", "month", "side"]].to_dict("records"),
        "looks": run.looks,
        "until": run.last,
    }


def _found(
    run: _Run,
    found: City,
    chosen: Mapping[str, Chosen],
    checked: Quality,
    *,
    corrected: tuple[str, ...],
    remarks: tuple[str, ...],
) -> Monitoring:
    """Put a run together with what the record says of its alarms."""
    fields = {name: one.fields for name, one in chosen.items()}
    return Monitoring(
        labels={name: one.label for name, one in chosen.items()},
        series=run.series,
        calibration=run.calibration,
        charts=run.charts,
        alarms=run.raised,
        checks=alarm_checks(run.raised, fields=fields, quality=checked, tables=found.tables),
        calendar=run.calendar,
        looks=pd.DataFrame(run.looks),
        until=run.last,
        corrected=corrected,
        remarks=remarks,
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
        name: series_of(found, terms, one, known[name], ahead=longest * terms.run_length)
        for name, one in chosen.items()
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
