"""The team's staff and the city's dispatchers: who is employed when, and which clinician works which shift."""

from dataclasses import dataclass

import numpy as np

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.labels import CALL_TAKERS
from coresponder_causal.simulate.spells import END, MONTHS, PHASES, START, Shifts
from coresponder_causal.simulate.streams import Integers, Tier, uniforms

_END = str(END)
_EMPLOYED = (
    ("clinician", "lcsw", PHASES[0].first_day, "2021-10-01"),
    ("clinician", "lmft", START, _END),
    ("clinician", "associate", PHASES[2].first_day, _END),
    ("clinician", "lcsw", PHASES[3].first_day, _END),
    ("clinician", "lpcc", "2021-11-01", _END),
    ("case_manager", "none", PHASES[2].first_day, "2022-04-01"),
    ("case_manager", "none", "2022-05-01", _END),
    ("peer", "peer_certified", PHASES[3].first_day, _END),
    ("supervisor", "lcsw", START, _END),
    *(("dispatcher", "none", str(MONTHS[0]) + "-01", _END) for _ in range(CALL_TAKERS)),
)
"""Role, licence, first day and first day after the last one."""


@dataclass(frozen=True, slots=True, eq=False)
class Staff:
    """Members of the team and of dispatch, one value each.

    Parameters
    ----------
    role, licence : tuple of str
        As in the data dictionary.
    first_day, end_day : ndarray of datetime64[D]
        First day, and first one after the last.
    """

    role: tuple[str, ...]
    licence: tuple[str, ...]
    first_day: np.ndarray[tuple[int], np.dtype[np.datetime64]]
    end_day: np.ndarray[tuple[int], np.dtype[np.datetime64]]


def staff() -> Staff:
    """List the staff.

    Returns
    -------
    Staff
        Clinicians first.

    Examples
    --------
    >>> staff().role.count("dispatcher")
    12
    """
    role, licence, first, end = zip(*_EMPLOYED, strict=True)
    return Staff(role, licence, np.array(first, dtype="datetime64[D]"), np.array(end, dtype="datetime64[D]"))


def first_dispatcher() -> int:
    """Give the position of the first call taker among the staff."""
    return staff().role.index("dispatcher")


def clinicians(shifts: Shifts, seed: int) -> Integers:
    """Draw which of the clinicians employed on the day works each shift.

    Parameters
    ----------
    shifts : Shifts
        Planned shifts.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray of int
        Position among the staff, one per shift.

    Examples
    --------
    >>> from coresponder_causal.simulate.spells import planned_shifts
    >>> int(clinicians(planned_shifts(), 1)[0])
    0
    """
    team = staff()
    number = team.role.count("clinician")
    day = (shifts.start // DAY).astype("datetime64[D]")[:, None]
    employed = (team.first_day[:number] <= day) & (day < team.end_day[:number])
    draw = uniforms(seed, Tier.STAFF, shifts.start // DAY, number)
    return np.asarray((draw + ~employed).argmin(axis=1), dtype=np.int64)
