"""How the calls of a city are spread over the hours of the week.

Steps of the profile are normalised by the profile itself, so that `tau` alone moves a city's total and `tau_hours`
alone the difference between its covered and uncovered hours.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from coresponder_causal.simulate.spells import COVERED, HOUR_OF_DAY, spells
from coresponder_causal.simulate.streams import Floats

_EVENING = np.cos(2 * np.pi * HOUR_OF_DAY / 24 - 20 * np.pi / 12)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Hour-of-week profiles of all cities.

    Parameters
    ----------
    profile : ndarray, shape (cities, 168)
        Log profile, not yet normalised.
    step_hours : ndarray, shape (cities,)
        Log step of covered against uncovered hours at the start.
    evening : ndarray, shape (cities, spells)
        Log shift of the profile towards the evening.

    Examples
    --------
    >>> flat = Shape(np.zeros((2, 168)), np.array([0.0, 0.3]), np.zeros((2, 73)))
    >>> bool(np.allclose(flat.of_city(1).sum(axis=1), flat.totals()[1]))
    True
    >>> bool(np.allclose((flat.of_city(1) / spells().clock_hours).mean(axis=1), 1))
    True
    """

    profile: Floats
    step_hours: Floats
    evening: Floats

    def of_city(self, city: int) -> Floats:
        """Give the expected calls of one city at a mean of one in a clock hour.

        Parameters
        ----------
        city : int
            Position of the city.

        Returns
        -------
        ndarray, shape (spells, 168)
            In all clock hours of the spell.
        """
        cut = spells()
        log_profile = self.profile[city] + self.step_hours[city] * (cut.post[:, None] & COVERED)
        relative = np.exp(log_profile + self.evening[city][:, None] * _EVENING)
        return np.asarray(cut.clock_hours * relative / relative.mean(axis=1, keepdims=True))

    def totals(self) -> Floats:
        """Give the sums of `of_city` over the week, without spreading the spells whose profiles are alike.

        Returns
        -------
        ndarray, shape (cities, spells)
            Expected calls at a mean of one in a clock hour.
        """
        cut = spells()
        before = np.exp(self.profile)
        after = before * np.exp(self.step_hours[:, None] * COVERED)
        sums = np.where(cut.post, _share(after) @ _occurrences().T, _share(before) @ _occurrences().T)
        shifted = np.flatnonzero(self.evening.any(axis=0))
        relative = np.where(cut.post[shifted, None], after[:, None, :], before[:, None, :])
        relative *= np.exp(self.evening[:, shifted, None] * _EVENING)
        sums[:, shifted] = np.einsum("csh,sh->cs", _share(relative), _occurrences()[shifted])
        return sums


@cache
def _occurrences() -> Floats:
    """How often each hour of the week occurs in each spell."""
    return spells().clock_hours.astype(np.float64)


def _share(relative: Floats) -> Floats:
    """Profiles with mean one."""
    return np.asarray(relative / relative.mean(axis=-1, keepdims=True))
