"""Repeat contact in memory: whether a person calls again in the same city, and whether its calls reach so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from coresponder_causal.data.metrics_catalogue import key_of
from coresponder_causal.data.metrics_eligible import eligible

Tables: TypeAlias = Mapping[str, pd.DataFrame]
day = pd.Timedelta(days=1)


def cities_of(rows: pd.DataFrame) -> pd.Series:
    """City of each row, shape (n,); rows of a table without one are all of the same."""
    return rows["city"] if "city" in rows else pd.Series("", index=rows.index)


def order_of(rows: pd.DataFrame, table: str) -> pd.Series:
    """Say what tells rows of the same moment apart, shape (n,): their key, else the order they came in."""
    key = key_of.get(table)
    return rows[key] if key in rows else pd.Series(np.arange(len(rows)), index=rows.index)


def _who(rows: pd.DataFrame) -> pd.Series:
    """Person, or address where no codes of persons are given."""
    return rows["person"] if "person" in rows else rows["address"]


def again(days: int) -> Callable[[pd.DataFrame, Tables], pd.Series]:
    """Make whether another crisis-eligible call of the same person in the same city follows within so many days.

    Parameters
    ----------
    days : int

    Returns
    -------
    callable
        Calls and tables in, a yes or no for each call out.
    """

    def made(rows: pd.DataFrame, tables: Tables) -> pd.Series:
        who = _who(rows)
        counted = eligible(rows, tables).fillna(False).astype(bool) & who.notna() & rows["received_at"].notna()
        own = pd.DataFrame(
            {"who": who, "at": rows["received_at"], "city": cities_of(rows), "order": order_of(rows, "calls")}
        )
        own = own[counted].sort_values(["city", "who", "at", "order"], kind="stable")
        wait = own.groupby(["city", "who"], sort=False)["at"].shift(-1) - own["at"]
        found = pd.Series(pd.array([pd.NA] * len(rows), dtype="boolean"), index=rows.index)
        found[own.index] = (wait <= days * day).to_numpy(bool)
        return found

    return made


def followed(days: int) -> Callable[[pd.DataFrame, Tables], pd.Series]:
    """Make whether the horizon of a call ends by the last call of its city.

    Parameters
    ----------
    days : int

    Returns
    -------
    callable
        Calls and tables in, a yes or no for each call out.
    """

    def made(rows: pd.DataFrame, _: Tables) -> pd.Series:
        last = rows["received_at"].groupby(cities_of(rows)).transform("max")
        ends = (rows["received_at"] + days * day <= last).astype("boolean")
        return pd.Series(ends.mask(rows["received_at"].isna()))

    return made
