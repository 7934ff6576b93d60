"""Person-years of a cell: residents of its cities times the years of its period."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
year_days = 365.25


def person_years(named: pd.DataFrame, spans: pd.DataFrame, cities: pd.DataFrame) -> Array:
    """Residents of the cities of each cell times the years of its period; unknown where cells are parts of a city.

    Parameters
    ----------
    named : DataFrame
        Columns that name each cell, ``period`` among them.
    spans : DataFrame
        ``cell, city, first, last``: the first and the last moment of each city in each cell.
    cities : DataFrame
        ``city, population``.

    Returns
    -------
    ndarray, shape (cells,)
    """
    if set(named) - {"period", "phase", "city"}:
        return np.full(len(named), np.nan)
    people = spans["city"].map(cities.set_index("city")["population"].astype(float))
    unknown, residents = (values.groupby(spans["cell"]) for values in (people.isna(), people))
    return residents.sum().mask(unknown.any()).to_numpy(float) * _years(named, spans)


def _years(named: pd.DataFrame, spans: pd.DataFrame) -> Array:
    """Length of each period in years; of one that is cut or open, from its first to its last row."""
    if "phase" in named or named["period"].eq("all").all():
        by_cell = spans.groupby("cell")
        days = (by_cell["last"].max().dt.normalize() - by_cell["first"].min().dt.normalize()).dt.days + 1
        return np.asarray(days, float) / year_days
    whole = pd.PeriodIndex(named["period"], freq=pd.Period(named["period"].iloc[0]).freqstr)
    return np.asarray((whole.end_time.normalize() - whole.start_time).days + 1, float) / year_days
