"""Shifts as planned and as they were kept."""

from __future__ import annotations

import pandas as pd


def took_place(roster: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """When the shifts that took place began and ended.

    A shift without delivered hours is taken as planned; one of which a part was delivered counts as a whole, unless
    ``delivered_start`` and ``delivered_end`` say which part.

    Parameters
    ----------
    roster : DataFrame
        Shifts of a city.

    Returns
    -------
    tuple of Series
        Beginnings and ends.
    """
    there = roster[~roster["delivered_hours"].eq(0)] if "delivered_hours" in roster else roster
    begun, over = (
        there[name].fillna(there[planned]) if name in there else there[planned]
        for name, planned in (("delivered_start", "shift_start"), ("delivered_end", "shift_end"))
    )
    return begun, over
