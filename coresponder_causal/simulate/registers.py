"""The registers of a study: cities, programmes, changes of recording and the team's shifts."""

import numpy as np
import pandas as pd

from coresponder_causal.simulate.adoption import adoption_months
from coresponder_causal.simulate.cities import TIME_ZONE, Cities
from coresponder_causal.simulate.columns import STAMP, stamps, strings, text
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import ABSENCE_REASONS, Absences
from coresponder_causal.simulate.outcomes import RECORDING_CHANGE
from coresponder_causal.simulate.spells import MONTHS, PHASES, START, Shifts, end_of_programme


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


def programmes_frame(cities: Cities, config: WorldConfig) -> pd.DataFrame:
    """Tabulate the programmes of the world.

    Parameters
    ----------
    cities : Cities
        The treated city first.
    config : WorldConfig
        Its `months_running` and its adopters.

    Returns
    -------
    pandas.DataFrame
        The treated city's earlier small programme and the changed one, which reached its full hours with the last
        phase; then those of the comparison cities that have one. `end_date` is missing while a programme runs, and for
        the earlier one where the city goes back to it.
    """
    earlier, full = PHASES[0], PHASES[-1]
    adopted = adoption_months(config)
    others = np.flatnonzero(~np.isnat(adopted))
    starts, end = adopted[others].astype("datetime64[D]"), end_of_programme(config.months_running)
    withdrawn = end.astype("datetime64[M]") <= MONTHS[-1]
    day = np.timedelta64(1, "D")
    last = np.datetime64("NaT", "D") if withdrawn else np.datetime64(START) - day
    n = len(others)
    return pd.DataFrame(
        {
            "city": strings([cities.names[city] for city in (0, 0, *others)]),
            "programme": strings(["earlier co-response", "division of outreach and support"] + ["co-response"] * n),
            "model": strings(["co-responder"] * (n + 2)),
            "start_earliest": np.array([earlier.first_day, START, *starts], dtype=STAMP),
            "start_latest": np.array([earlier.first_day, full.first_day, *starts], dtype=STAMP),
            "end_date": np.array([last, end - day if withdrawn else "NaT", *["NaT"] * n], dtype=STAMP),
            "hours_per_week": np.array([earlier.weekly_hours] + [full.weekly_hours] * (n + 1), dtype=np.float64),
            "source": strings(["simulated"] * (n + 2)),
            "certainty": strings(["documented"] * (n + 2)),
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


def schedule_frame(shifts: Shifts, absences: Absences, cities: Cities) -> pd.DataFrame:
    """Tabulate planned and delivered shifts of the treated city.

    Parameters
    ----------
    shifts : Shifts
        Planned shifts.
    absences : Absences
        Which shifts took place.
    cities : Cities
        The treated city first.

    Returns
    -------
    pandas.DataFrame
        city, shift_start, shift_end, planned_hours, delivered_hours, absence_reason (missing where delivered).
    """
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
