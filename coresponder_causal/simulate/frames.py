"""The counts and calls of a study as tables, in the words of the data dictionary."""

import numpy as np
import pandas as pd

from coresponder_causal.simulate.columns import call_ids, months, person_codes, stamps, text
from coresponder_causal.simulate.controls import CONTROL_SERIES
from coresponder_causal.simulate.dispatch import Dispatch
from coresponder_causal.simulate.intake import CALLER_TYPES, DAY, INITIAL_TYPES, Intake, Integers
from coresponder_causal.simulate.outcomes import Aftercare, Endings
from coresponder_causal.simulate.presets import TIME_ZONE, Cities
from coresponder_causal.simulate.spells import HOURS_OF_WEEK, MONTHS, days_of_months, spells

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
    n, n_months = counts.shape
    return pd.DataFrame(
        {
            "city": text(cities.names, np.repeat(np.arange(n), n_months)),
            "month": months(np.tile(np.arange(n_months), n)),
            "population": np.repeat(cities.population, n_months),
            "days": np.tile(days_of_months(), n),
            "calls": counts.ravel(),
        }
    )


def city_panel_frame(panel: pd.DataFrame, calls: Intake, endings: Endings) -> pd.DataFrame:
    """Add the counted outcomes of the calls to the panel.

    Parameters
    ----------
    panel : pandas.DataFrame
        City × month rows from `panel_frame`.
    calls : Intake
        Calls as received.
    endings : Endings
        How they ended.

    Returns
    -------
    pandas.DataFrame
        The panel with arrest, hold, ed_transport, force and report_filed.
    """
    month = (calls.received // DAY).astype("datetime64[D]").astype("datetime64[M]") - MONTHS[0]
    row = calls.city * len(MONTHS) + month.astype(np.int64)
    counted = {name: np.bincount(row[endings.observed[name]], minlength=len(panel)) for name in COUNTED}
    return panel.assign(**counted)


def calls_frame(calls: Intake, sent: Dispatch, endings: Endings, cities: Cities) -> pd.DataFrame:
    """Tabulate the calls.

    Parameters
    ----------
    calls : Intake
        Calls as received.
    sent : Dispatch
        Who was sent, and when.
    endings : Endings
        How they ended.
    cities : Cities
        Names of the cities.

    Returns
    -------
    pandas.DataFrame
        One row per call, the treated city first, in order of time.
    """
    return pd.DataFrame(
        {
            "call_id": call_ids(np.arange(len(calls.city))),
            "city": text(cities.names, calls.city),
            "received_at": stamps(calls.received),
            "time_zone": text([TIME_ZONE], np.zeros(len(calls.city), dtype=np.int64)),
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
            "minutes_on_scene": sent.officer_minutes,
        }
    )


def outcomes_frame(care: Aftercare) -> pd.DataFrame:
    """Tabulate what followed the calls.

    Parameters
    ----------
    care : Aftercare
        Calls followed for 90 days.

    Returns
    -------
    pandas.DataFrame
        call_id, followed_up_72h, linked_30d, repeat_90d.
    """
    return pd.DataFrame(
        {
            "call_id": call_ids(care.call),
            "followed_up_72h": care.followed_up,
            "linked_30d": care.linked,
            "repeat_90d": care.repeated,
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
