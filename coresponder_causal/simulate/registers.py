"""The registers of a study: cities, programmes, changes of recording and the team's shifts."""

import numpy as np
import pandas as pd

from coresponder_causal.simulate.columns import STAMP, stamps, strings, text
from coresponder_causal.simulate.dispatch import ABSENCE_REASONS, Absences
from coresponder_causal.simulate.outcomes import RECORDING_CHANGE
from coresponder_causal.simulate.presets import TIME_ZONE, Cities
from coresponder_causal.simulate.spells import PHASES, START, planned_shifts


def cities_frame(cities: Cities) -> pd.DataFrame:
    """Tabulate the cities.

    Parameters
    ----------
    cities : Cities
        Names, counties, residents and officers.

    Returns
    -------
    pandas.DataFrame
        city, population, time_zone, sworn_officers, region.
    """
    return pd.DataFrame(
        {
            "city": strings(cities.names),
            "population": cities.population,
            "time_zone": strings([TIME_ZONE] * len(cities.names)),
            "sworn_officers": cities.sworn_officers,
            "region": strings(cities.regions),
        }
    )


def programmes_frame(cities: Cities) -> pd.DataFrame:
    """Tabulate the programmes of the world: only the treated city has any.

    Parameters
    ----------
    cities : Cities
        The treated city first.

    Returns
    -------
    pandas.DataFrame
        The earlier small programme and the changed one, which reached its full hours with the last phase.
    """
    earlier, full = PHASES[0], PHASES[-1]
    return pd.DataFrame(
        {
            "city": strings([cities.names[0]] * 2),
            "programme": strings(["earlier co-response", "division of outreach and support"]),
            "model": strings(["co-responder"] * 2),
            "start_earliest": np.array([earlier.first_day, START], dtype=STAMP),
            "start_latest": np.array([earlier.first_day, full.first_day], dtype=STAMP),
            "hours_per_week": np.array([earlier.weekly_hours, full.weekly_hours], dtype=np.float64),
            "source": strings(["simulated"] * 2),
            "certainty": strings(["documented"] * 2),
        }
    )


def breaks_frame(cities: Cities) -> pd.DataFrame:
    """Tabulate the changes of recording.

    Parameters
    ----------
    cities : Cities
        All cities met the change on the same day.

    Returns
    -------
    pandas.DataFrame
        One row per city.
    """
    n = len(cities.names)
    return pd.DataFrame(
        {
            "city": strings(cities.names),
            "field": strings(["report_filed"] * n),
            "date": np.full(n, RECORDING_CHANGE, dtype=STAMP),
            "what": strings(["new report form: more reports"] * n),
            "source": strings(["simulated"] * n),
            "certainty": strings(["documented"] * n),
        }
    )


def schedule_frame(absences: Absences, cities: Cities) -> pd.DataFrame:
    """Tabulate planned and delivered shifts of the treated city.

    Parameters
    ----------
    absences : Absences
        Which shifts took place.
    cities : Cities
        The treated city first.

    Returns
    -------
    pandas.DataFrame
        city, shift_start, shift_end, planned_hours, delivered_hours, absence_reason (missing where delivered).
    """
    shifts = planned_shifts()
    planned = (shifts.end - shifts.start) / 3600
    return pd.DataFrame(
        {
            "city": text(cities.names, np.zeros(len(planned), dtype=np.int64)),
            "shift_start": stamps(shifts.start),
            "shift_end": stamps(shifts.end),
            "planned_hours": planned,
            "delivered_hours": np.where(absences.delivered, planned, 0.0),
            "absence_reason": text(ABSENCE_REASONS, absences.reason),
        }
    )
