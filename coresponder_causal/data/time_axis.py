"""The periods of a table's rows as whole numbers, with their names and days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

Freq = Literal["int", "D", "W", "M", "Q", "Y"]
Positions: TypeAlias = npt.NDArray[np.int64]
Shares: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """The periods of a table's rows, as whole numbers in which neighbours differ by one.

    Parameters
    ----------
    freq : {"int", "D", "W", "M", "Q", "Y"}
        Length of a period; ``"int"`` for periods that are only numbered.
    positions : ndarray of int64, shape (n_rows,)
        Period of each row: the number itself, or the ordinal of the pandas Period (months since January 1970 for "M").
    alias : str or None
        The pandas name of the frequency, e.g. ``"W-SUN"`` for weeks that start on Monday.

    Examples
    --------
    >>> from coresponder_causal.data.periods import parse_time
    >>> axis = parse_time(["2020-06", "2020-07"])
    >>> axis.freq, axis.label(606), axis.period_days(606)
    ('M', Period('2020-07', 'M'), 31)
    """

    freq: Freq
    positions: Positions
    alias: str | None = None

    def __post_init__(self) -> None:
        positions = np.array(self.positions, dtype=np.int64)
        positions.setflags(write=False)
        object.__setattr__(self, "positions", positions)

    @property
    def plural(self) -> str:
        """The word for several periods.

        Examples
        --------
        >>> from coresponder_causal.data.periods import parse_time
        >>> parse_time(["2020-06", "2020-07"]).plural
        'months'
        """
        return {"D": "days", "W": "weeks", "M": "months", "Q": "quarters", "Y": "years"}.get(self.freq, "periods")

    def label(self, position: int) -> int | pd.Period:
        """Return the name of one position: a Period, or the number itself.

        Parameters
        ----------
        position : int
            A position; it need not occur in the data.

        Returns
        -------
        Period or int
        """
        if self.alias is None:
            return int(position)
        return pd.Period(ordinal=int(position), freq=self.alias)

    def labels(self, positions: npt.ArrayLike) -> pd.Index:
        """Return the names of several positions.

        Parameters
        ----------
        positions : array_like of int, shape (k,)
            Positions; they need not occur in the data.

        Returns
        -------
        Index, shape (k,)
            A PeriodIndex, or an Index of int64.
        """
        wanted = np.asarray(positions, dtype=np.int64)
        if self.alias is None:
            return pd.Index(wanted)
        return _periods(wanted, self.alias)

    def period_days(self, position: int) -> int | None:
        """Return the number of days of one period, or None where periods are only numbered.

        Parameters
        ----------
        position : int
            A position; it need not occur in the data.

        Returns
        -------
        int or None
        """
        if self.alias is None:
            return None
        first, after = edges(self, np.array([position]))
        return int(after[0] - first[0])


def edges(axis: TimeAxis, positions: Positions) -> tuple[Shares, Shares]:
    """First day of each period and first day after it."""
    if axis.alias is None:
        return positions.astype(np.float64), (positions + 1).astype(np.float64)

    first, after = (_periods(positions + step, axis.alias).start_time.to_numpy() for step in (0, 1))
    return first.astype("datetime64[D]").astype(np.float64), after.astype("datetime64[D]").astype(np.float64)


def _periods(ordinals: Positions, alias: str) -> pd.PeriodIndex:
    """Periods of given ordinals."""
    make = cast(Any, pd.PeriodIndex).from_ordinals
    return cast(pd.PeriodIndex, make(ordinals, freq=alias))
