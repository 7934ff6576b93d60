"""The counts and calls of a study as tables, in the words of the data dictionary."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.cities import TIME_ZONE, Cities
from coresponder_causal.simulate.columns import call_ids, months, person_codes, stamps, text
from coresponder_causal.simulate.controls import CONTROL_SERIES
from coresponder_causal.simulate.intake import CALLER_TYPES, INITIAL_TYPES
from coresponder_causal.simulate.outcomes import FOLLOW_UP_DAYS
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.spells import HOURS_OF_WEEK, MONTHS, days_of_months, spells
from coresponder_causal.simulate.streams import Integers

COUNTED = ("arrest", "hold", "ed_transport", "force", "report_filed")
"""Outcomes of calls that the city panel counts."""


def hours_frame(counts: Integers, cities: Cities) -> pd.DataFrame:
    """Tabulate calls by city, month and hour of the week.

    Parameters
    ----------
    counts : ndarray of int, shape (cities, months, 168)
        Calls.
    cities : Cities
        Names and populations.

    Returns
    -------
    pandas.DataFrame
        city, month, hour_of_week, hours, population, days, calls.
    """
    n, n_months, _ = counts.shape
    clock_hours = np.add.reduceat(spells().clock_hours, spells().first_of_month)
    cell = n_months * HOURS_OF_WEEK
    return pd.DataFrame(
        {
            "city": text(cities.names, np.repeat(np.arange(n), cell)),
            "month": months(np.tile(np.repeat(np.arange(n_months), HOURS_OF_WEEK), n)),
            "hour_of_week": np.tile(np.arange(HOURS_OF_WEEK), n * n_months),
            "hours": np.tile(clock_hours.ravel(), n),
            "population": np.repeat(cities.population, cell),
            "days": np.tile(np.repeat(days_of_months(), HOURS_OF_WEEK), n),
            "calls": counts.ravel(),
        }
    )


def panel_frame(counts: Integers, cities: Cities) -> pd.DataFrame:
    """Tabulate calls by city and month.

    Parameters
    ----------
    counts : ndarray of int, shape (cities, months)
        Calls.
    cities : Cities
        Names and populations.

    Returns
    -------
    pandas.DataFrame
        city, month, population, days, calls.
    """
    return _panel_rows(cities).assign(calls=counts.ravel())


@cache
def _panel_rows(cities: Cities) -> pd.DataFrame:
    """City × month rows before anything is counted."""
    n, n_months = len(cities.names), len(MONTHS)
    return pd.DataFrame(
        {
            "city": text(cities.names, np.repeat(np.arange(n), n_months)),
            "month": months(np.tile(np.arange(n_months), n)),
            "population": np.repeat(cities.population, n_months),
            "days": np.tile(days_of_months(), n),
        }
    )


def city_panel_frame(panel: pd.DataFrame, plays: Sequence[Play]) -> pd.DataFrame:
    """Add the counted outcomes of the calls to the panel.

    Parameters
    ----------
    panel : pandas.DataFrame
        City × month rows from `panel_frame`.
    plays : sequence of Play
        The calls of each city.

    Returns
    -------
    pandas.DataFrame
        The panel with arrest, hold, ed_transport, force and report_filed.
    """
    received = np.concatenate([play.calls.received for play in plays])
    city = np.repeat(np.arange(len(plays)), [len(play.calls.id) for play in plays])
    month = (received // DAY).astype("datetime64[D]").astype("datetime64[M]") - MONTHS[0]
    row = city * len(MONTHS) + month.astype(np.int64)
    counted = {}
    for name in COUNTED:
        seen = np.concatenate([play.endings.observed[name] for play in plays])
        counted[name] = np.bincount(row[seen], minlength=len(panel))
    return panel.assign(**counted)


def calls_frame(play: Play, cities: Cities, city: int, first: int) -> pd.DataFrame:
    """Tabulate the calls of one city.

    Parameters
    ----------
    play : Play
        The calls.
    cities : Cities
        Names of the cities.
    city : int
        Position of the city.
    first : int
        Calls of the cities before it.

    Returns
    -------
    pandas.DataFrame
        One row per call, in order of time.
    """
    calls, sent, endings = play.calls, play.sent, play.endings
    same = np.zeros(len(calls.id), dtype=np.int64)
    return pd.DataFrame(
        {
            "call_id": call_ids(first + np.arange(len(same))),
            "city": text(cities.names, same + city),
            "received_at": stamps(calls.received),
            "time_zone": text([TIME_ZONE], same),
            "person": person_codes(calls.person),
            "hour": calls.received % DAY // 3600,
            "initial_type": text(INITIAL_TYPES, calls.initial_type),
            "priority": calls.priority,
            "caller_type": text(CALLER_TYPES, calls.caller_type),
            "prior_contacts": calls.prior_contacts,
            "patrol_load": calls.patrol_load,
            "team_on_duty": sent.on_duty,
            "team_busy": sent.busy,
            "dispatched_at": stamps(sent.dispatched),
            "arrived_at": stamps(sent.arrived),
            "engaged_at": stamps(sent.engaged),
            "cleared_at": stamps(sent.cleared),
            "attended": sent.attended,
            "final_type": text(INITIAL_TYPES, endings.final_type),
            **{name: endings.observed[name] for name in COUNTED},
            "crisis_flagged": play.records.observed["crisis_flagged"],
            "minutes_on_scene": sent.officer_minutes,
        }
    )


def outcomes_frame(play: Play, first: int) -> pd.DataFrame:
    """Tabulate what followed the calls of one city whose 90 days lie within the study.

    Parameters
    ----------
    play : Play
        The calls.
    first : int
        Calls of the cities before it.

    Returns
    -------
    pandas.DataFrame
        call_id, followed_up_72h, linked_30d (missing where not known), repeat_90d, hospital_days_90d, custody_days_90d.
    """
    rows = np.flatnonzero(play.care.complete)
    linked = pd.arrays.BooleanArray(play.records.observed["linked_30d"][rows], play.records.unknown[rows])
    hospital = np.minimum(play.endings.hospital_days, FOLLOW_UP_DAYS)
    custody = np.minimum(play.endings.custody_days, FOLLOW_UP_DAYS - hospital)
    return pd.DataFrame(
        {
            "call_id": call_ids(first + rows),
            "followed_up_72h": play.care.observed["followed_up_72h"][rows],
            "linked_30d": linked,
            "repeat_90d": play.care.repeated[rows],
            "hospital_days_90d": hospital[rows],
            "custody_days_90d": custody[rows],
        }
    )


def control_frame(counts: Integers, cities: Cities) -> pd.DataFrame:
    """Tabulate the control series.

    Parameters
    ----------
    counts : ndarray of int, shape (cities, months, series, 168)
        Events.
    cities : Cities
        Names of the cities.

    Returns
    -------
    pandas.DataFrame
        city, month, series, hour_of_week, count.
    """
    city, month, series, hour = (axis.ravel() for axis in np.indices(counts.shape))
    return pd.DataFrame(
        {
            "city": text(cities.names, city),
            "month": months(month),
            "series": text([series.name for series in CONTROL_SERIES], series),
            "hour_of_week": hour,
            "count": counts.ravel(),
        }
    )
