"""Officers, staff, shared shifts and units of calls as tables, in the words of the data dictionary."""

import numpy as np
import pandas as pd

from coresponder_causal.simulate.cities import Cities
from coresponder_causal.simulate.columns import STAMP, Text, call_ids, numbered, stamps, strings, text
from coresponder_causal.simulate.dispatch import Booleans
from coresponder_causal.simulate.effects import DutyPlay
from coresponder_causal.simulate.force import HIRE_BANDS, POSTS, ROLES, SQUADS, Force
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.rosters import ASSIGNMENTS, Crew, Riders
from coresponder_causal.simulate.spells import MONTHS, Shifts
from coresponder_causal.simulate.streams import Integers, Tier, uniforms
from coresponder_causal.simulate.team import Staff

BACKUP = 0.5
"""Share of the most urgent calls without the team to which a second car comes."""

_FIRST_OFFICER, _FIRST_STAFF = 3001, 701


def officer_codes(position: Integers) -> Text:
    """Name officers."""
    return numbered("F", position + _FIRST_OFFICER)


def staff_codes(position: Integers) -> Text:
    """Name members of staff."""
    return numbered("S", position + _FIRST_STAFF)


def officers_frame(force: Force, cities: Cities) -> pd.DataFrame:
    """Tabulate the treated city's officers, those who left and those who came after them as well.

    Parameters
    ----------
    force : Force
        Officers.
    cities : Cities
        The treated city first.

    Returns
    -------
    pandas.DataFrame
        One row per officer.
    """
    n = len(force.post)
    return pd.DataFrame(
        {
            "officer": officer_codes(np.arange(n)),
            "city": text(cities.names, np.zeros(n, dtype=np.int64)),
            "squad": text([f"squad {number + 1}" for number in range(SQUADS)], force.squad),
            "role": text(ROLES, force.role),
            "hire_year_band": text(HIRE_BANDS, force.hire_band),
            "crisis_training_hours": force.training_hours,
            "volunteered": force.volunteered,
        }
    )


def staff_frame(team: Staff, cities: Cities) -> pd.DataFrame:
    """Tabulate the team's staff and the dispatchers.

    Parameters
    ----------
    team : Staff
        Who is employed when.
    cities : Cities
        The treated city first.

    Returns
    -------
    pandas.DataFrame
        One row per member; `end_date` is missing while employed.
    """
    n = len(team.role)
    employed, last_day = team.end_day > MONTHS[-1], team.end_day - np.timedelta64(1, "D")
    return pd.DataFrame(
        {
            "staff": staff_codes(np.arange(n)),
            "city": text(cities.names, np.zeros(n, dtype=np.int64)),
            "role": strings(team.role),
            "sworn": np.zeros(n, dtype=bool),
            "licence": strings(team.licence),
            "start_date": team.first_day.astype(STAMP),
            "end_date": np.where(employed, np.datetime64("NaT", "D"), last_day).astype(STAMP),
        }
    )


def rides_frame(
    duty: DutyPlay, crew: Crew, riders: Riders, shifts: Shifts, staffed: Integers, held: Booleans, cities: Cities
) -> pd.DataFrame:
    """Tabulate delivered shifts that an officer and a clinician shared: of the team's officer and of the rider.

    Parameters
    ----------
    duty : DutyPlay
        The treated city's calls.
    crew : Crew
        Who would answer them.
    riders : Riders
        Who shared each shift.
    shifts : Shifts
        Planned shifts.
    staffed : ndarray of int
        Clinician of each shift.
    held : ndarray of bool
        Whether it was delivered.
    cities : Cities
        The treated city first.

    Returns
    -------
    pandas.DataFrame
        Two rows per delivered shift, in order of time.
    """
    together = np.bincount(crew.shift[duty.play.sent.attended], minlength=len(shifts.start))
    shift = np.repeat(np.flatnonzero(held), 2)
    by_team = np.arange(len(shift)) % 2 == 0
    return pd.DataFrame(
        {
            "officer": officer_codes(np.where(by_team, riders.team_officer[shift], riders.rider[shift])),
            "staff": staff_codes(staffed[shift]),
            "city": text(cities.names, np.zeros(len(shift), dtype=np.int64)),
            "shift_start": stamps(shifts.start[shift]),
            "shift_end": stamps(shifts.end[shift]),
            "calls_together": together[shift],
            "assignment": text(ASSIGNMENTS, np.where(by_team, 0, riders.assignment[shift])),
        }
    )


def second_car(play: Play, seed: int) -> Booleans:
    """Tell to which calls a second car came: to some of the most urgent ones without the team.

    Parameters
    ----------
    play : Play
        The treated city's calls.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray of bool
        One value per call.
    """
    draw = uniforms(seed, Tier.PATROL, play.calls.id, 9)[:, 8]
    return np.asarray(~play.sent.attended & (play.calls.priority == 1) & (draw < BACKUP))


def units_frame(duty: DutyPlay, crew: Crew, force: Force, seed: int) -> pd.DataFrame:
    """Tabulate the units at the treated city's calls.

    Parameters
    ----------
    duty : DutyPlay
        The treated city's calls.
    crew : Crew
        Who would answer them.
    force : Force
        Officers.
    seed : int
        Seed of the world.

    Returns
    -------
    pandas.DataFrame
        The first patrol car of every call; a second one, which leaves halfway, at half of the most urgent calls
        without the team; and the team, where it came. Cars are named by their posts.
    """
    calls, sent = duty.play.calls, duty.play.sent
    second = np.flatnonzero(second_car(duty.play, seed))
    rows = [np.arange(len(calls.id)), second, np.flatnonzero(sent.attended)]
    kinds = np.repeat([0, 1, 2], [len(part) for part in rows])
    row = np.concatenate(rows)
    officer = np.choose(kinds, [crew.officer(sent.attended)[row], crew.backup[row], crew.team_officer[row]])
    early = sent.arrived + np.rint(sent.officer_minutes * 60).astype(np.int64)
    alone = np.where(sent.attended, early, sent.cleared)
    halfway = sent.engaged + (alone - sent.engaged) // 2
    cleared = np.choose(kinds, [alone[row], np.maximum(halfway, sent.arrived)[row], sent.cleared[row]])
    order = np.lexsort((kinds, row))
    row, kinds, officer, cleared = row[order], kinds[order], officer[order], cleared[order]
    named = [*(f"car {post + 1}" for post in range(POSTS)), "team 1"]
    return pd.DataFrame(
        {
            "call_id": call_ids(row),
            "unit": text(named, np.where(kinds < 2, force.post[officer], POSTS)),
            "unit_type": text(["patrol", "patrol", "co_responder"], kinds),
            "officer": officer_codes(officer),
            "dispatched_at": stamps(sent.dispatched[row]),
            "arrived_at": stamps(sent.arrived[row]),
            "cleared_at": stamps(cleared),
        }
    )
