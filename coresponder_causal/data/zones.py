"""Time zones by their IANA names, and the clock on the wall of a city."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from coresponder_causal.core.errors import DataError

if TYPE_CHECKING:
    pass


def local_clock(stamps: pd.Series, zones: pd.Series) -> pd.Series:
    """Turn stamps with an offset into the local clock time of their city.

    Parameters
    ----------
    stamps : Series of timezone-aware datetime64, shape (n_rows,)
        Moments in time.
    zones : Series of str, shape (n_rows,)
        IANA name of the zone of each row.

    Returns
    -------
    Series of naive datetime64, shape (n_rows,)

    Raises
    ------
    DataError
        A zone that does not exist: write its IANA name.

    Examples
    --------
    >>> noon = pd.Series(pd.to_datetime(["2020-07-15T19:00Z"]))
    >>> local_clock(noon, pd.Series(["America/Los_Angeles"])).iloc[0]
    Timestamp('2020-07-15 12:00:00')
    """
    local: pd.Series = stamps.dt.tz_localize(None)
    for name in zones.dropna().unique():
        here = zones == name
        local = local.mask(here, stamps.dt.tz_convert(_zone(name)).dt.tz_localize(None))
    return local


def is_zone(name: str) -> bool:
    """Say whether a time zone of this name exists.

    Parameters
    ----------
    name : str
        A name, such as an IANA one.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_zone("America/Los_Angeles"), is_zone("Pacific")
    (True, False)
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _zone(name: str) -> ZoneInfo:
    """Time zone of an IANA name, or an error."""
    if not is_zone(name):
        raise DataError(f"there is no time zone {name!r}", mend="write its IANA name, e.g. 'America/Los_Angeles'")
    return ZoneInfo(name)
