"""A city whose team is worth more at some hours of the week than at others, with hours drawn by lot or a fixed roster.

Small and fast: calls come as a Poisson process with a profile of the week, and a call ends badly with a probability
that the team on duty lowers by an amount of the hour. What an hour of the team is worth is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate.streams import Tier, stream

Array = NDArray[np.float64]
first_day, city = "2025-01-06", "Riverton"
blocks = (6, 14, 22)  # hours at which blocks of eight begin
base, noon, evening = 0.22, 12, 22
weeks_before = 8  # without a team
began = pd.Timestamp(first_day) - pd.Timedelta(days=7 * weeks_before)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HoursWorld:
    """Tables of the city and what an hour of the team is worth.

    Parameters
    ----------
    calls : DataFrame
        ``call_id, city, received_at, attended, harm``.
    schedule : DataFrame
        Shifts of the team.
    rate : ndarray, shape (168,)
        Calls an hour, Monday 00:00 first.
    averted : ndarray, shape (168,)
        By how much the team on duty lowers the probability of harm.
    """

    calls: pd.DataFrame
    schedule: pd.DataFrame
    rate: Array
    averted: Array

    @property
    def value(self) -> Array:
        """Harm averted a year by a team on duty in each hour of the week."""
        return self.rate * self.averted * 365.25 / 7


def hours_world(
    seed: int,
    *,
    plan: Literal["lot", "roster"] = "lot",
    weeks: int = 104,
    calls_a_week: float = 90.0,
    effect: float = 0.08,
    variation: float = 0.6,
) -> HoursWorld:
    """Draw the city.

    Parameters
    ----------
    seed : int
    plan : {"lot", "roster"}
        Each week 5 of the 7 blocks from 14:00 to 22:00, and 4 of the 14 others, drawn by lot; or every day from 12:00
        to 22:00.
    weeks : int
        With the team, from Monday 6 January 2025 on; eight weeks without it come before.
    calls_a_week : float
        Expected calls.
    effect : float
        Mean fall of the probability of harm, which is .22 without the team on duty.
    variation : float
        How far the fall departs from its mean with the hour: from one minus to one plus it. It is largest in late
        evenings and on weekends, when calls are no longer most frequent.

    Raises
    ------
    DesignError
        If ``plan`` is not one of the two, or the numbers make no probabilities.

    Examples
    --------
    >>> world = hours_world(1, weeks=8)
    >>> float(world.schedule["planned_hours"].sum() / 8)
    72.0
    """
    if plan not in ("lot", "roster") or not 0 <= effect * (1 + variation) <= base:
        raise DesignError(
            f"plan={plan!r}, effect={effect!r} and variation={variation!r} make no city",
            mend=f"give lot or roster, and an effect that takes at most {base} of a call",
        )
    rng = stream(seed, Tier.PROCESS)
    hour = np.arange(168) % 24
    weekend = np.isin(np.arange(168) // 24, [4, 5])
    profile = np.exp(0.9 * np.cos(2 * np.pi * (hour - 16) / 24)) * (1 + 0.2 * weekend)
    rate = calls_a_week * profile / profile.sum()
    wave = 0.75 * np.cos(2 * np.pi * (hour - 21) / 24) + 0.25 * np.where(weekend, 1.0, -1.0)
    averted = effect * (1 + variation * wave)
    on = _drawn(rng, weeks) if plan == "lot" else np.tile((hour >= noon) & (hour < evening), (weeks, 1))
    on = np.concatenate([np.zeros((weeks_before, 168), bool), on])
    week, place = np.divmod(np.repeat(np.arange(on.size), rng.poisson(np.tile(rate, len(on)))), 168)
    covered = on[week, place]
    harm = rng.random(len(week)) < base - averted[place] * covered
    minutes = rng.integers(0, 60, len(week))
    since = pd.to_timedelta((week * 168 + place) * 60 + minutes, unit="min")
    calls = pd.DataFrame(
        {
            "call_id": [f"r{number}" for number in range(len(week))],
            "city": city,
            "received_at": began + since,
            "attended": covered & (rng.random(len(week)) < 0.5),
            "harm": harm,
        }
    )
    return HoursWorld(calls=calls, schedule=_shifts(on), rate=rate, averted=averted)


def _drawn(rng: np.random.Generator, weeks: int) -> NDArray[np.bool_]:
    """Cover 5 evenings and 4 of the other blocks in each week, shape (weeks, 168); its first hours belong to Sunday."""
    lot = rng.random((weeks, 21))
    late = np.arange(21) % 3 == 1
    chosen = np.zeros((weeks, 21), bool)
    for among, many in ((late, 5), (~late, 4)):
        chosen[:, among] = np.argsort(np.argsort(lot[:, among], axis=1), axis=1) < many
    return chosen[:, (np.arange(168) - blocks[0]) % 168 // 8]


def _shifts(on: NDArray[np.bool_]) -> pd.DataFrame:
    """Turn runs of covered hours into shifts."""
    flat = np.concatenate([[False], on.ravel(), [False]])
    begins, ends = (np.flatnonzero(edge) for edge in (flat[1:] & ~flat[:-1], ~flat[1:] & flat[:-1]))
    return pd.DataFrame(
        {
            "city": city,
            "shift_start": began + pd.to_timedelta(begins, unit="h"),
            "shift_end": began + pd.to_timedelta(ends, unit="h"),
            "planned_hours": (ends - begins).astype(float),
        }
    )
