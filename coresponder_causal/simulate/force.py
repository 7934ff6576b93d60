"""The treated city's police: who holds which post, how they act, and who would ride with the team.

Seventy-four posts are held at any time. Some officers of patrol leave, and a new officer takes the post: there are more
officers than posts. Skill and leniency stand in no table.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.spells import MONTHS, START
from coresponder_causal.simulate.streams import Floats, Integers, Tier, logistic, normal, uniforms

SQUADS = 6
SQUAD_SIZE = 7
PATROL = SQUADS * SQUAD_SIZE
"""Posts of patrol; they come first, squad by squad."""

ROLES = ("patrol", "supervisor", "co_responder_officer", "detective", "school", "traffic", "other")
_POSTS = (PATROL, SQUADS, 4, 10, 3, 4, 5)
POSTS = sum(_POSTS)
"""Posts of sworn officers."""

TEAM_POSTS = PATROL + SQUADS
"""First of the team's own four officers: two ride with the clinician, two take the car where nobody else does."""

START_MONTH = int((np.datetime64(START, "M") - MONTHS[0]).astype(np.int64))
"""Position in `MONTHS` of the month in which the changed programme starts."""

HIRE_BANDS = ("before_2000", "2000_2009", "2010_2014", "2015_2019", "2020_2024")
_BAND_STARTS = (2000, 2010, 2015, 2020)
_LEAVES, _FIRST_LEAVING, _LAST_LEAVING = 0.3, 6, 66
_VOLUNTEER = -0.6
_ROSTER_STEP = 5  # months between the officers of a squad whom the roster takes in
_VOLUNTEER_MONTHS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Force:
    """Officers of the treated city, one value per officer: first those of January 2017 by post, then who came after.

    Parameters
    ----------
    post : ndarray of int
        Post, from 0 to `POSTS` − 1.
    role : ndarray of int
        Position in `ROLES`.
    squad : ndarray of int
        Squad of patrol and of its supervisors; -1 for others.
    first_month, end_month : ndarray of int
        Positions in `MONTHS` of the first month in the post and of the first one after it.
    hire_band : ndarray of int
        Position in `HIRE_BANDS`.
    training_hours : ndarray of float
        Hours of crisis training.
    skill, leniency : ndarray of float
        Standard normal.
    volunteered : ndarray of bool
        Whether the officer came forward for the team.
    volunteers_from, roster_from : ndarray of int
        Months from which on the officer rides as a volunteer, and by the roster; past the last month for never.
    """

    post: Integers
    role: Integers
    squad: Integers
    first_month: Integers
    end_month: Integers
    hire_band: Integers
    training_hours: Floats
    skill: Floats
    leniency: Floats
    volunteered: NDArray[np.bool_]
    volunteers_from: Integers
    roster_from: Integers

    def holder(self, post: Integers, month: Integers) -> Integers:
        """Tell which officer held a post in a month.

        Parameters
        ----------
        post, month : ndarray of int
            Posts and positions in `MONTHS`, of shapes that go together.

        Returns
        -------
        ndarray of int
            Positions of officers.
        """
        after = np.full(POSTS, -1)
        after[self.post[POSTS:]] = np.arange(POSTS, len(self.post))
        held: Integers = np.where((after[post] >= 0) & (month >= self.end_month[post]), after[post], post)
        return held


def draw_force(config: WorldConfig, seed: int) -> Force:
    """Draw the officers.

    Parameters
    ----------
    config : WorldConfig
        Its `officer_selection`.
    seed : int
        Seed of the world.

    Returns
    -------
    Force
        Officers in order of their numbers.

    Examples
    --------
    >>> force = draw_force(WorldConfig(), 1)
    >>> len(set(force.post.tolist())), len(force.post) > POSTS
    (74, True)
    >>> by_skill = draw_force(WorldConfig(officer_selection=3.0), 1)
    >>> bool((by_skill.skill == force.skill).all())
    True
    """
    draws = uniforms(seed, Tier.OFFICERS, np.arange(POSTS + PATROL), 9).T
    leaving = draws[0, :PATROL] < _LEAVES
    until = _FIRST_LEAVING + (draws[1, :PATROL] * (_LAST_LEAVING - _FIRST_LEAVING)).astype(np.int64)
    kept = np.concatenate([np.arange(POSTS), POSTS + np.flatnonzero(leaving)])
    post = np.where(kept < POSTS, kept, kept - POSTS)
    new = kept >= POSTS
    draws = draws[:, kept]
    role = np.repeat(np.arange(len(_POSTS)), _POSTS)[post]
    squad = np.where(post < PATROL, post // SQUAD_SIZE, np.where(role == 1, post - PATROL, -1))
    end = np.full(len(post), len(MONTHS))
    end[:PATROL][leaving] = until[leaving]
    first = np.zeros(len(post), dtype=np.int64)
    first[new] = until[leaving]
    year = np.where(new, 2017 + first // 12, (1994 + 23 * draws[2] ** 0.7).astype(np.int64))
    skill = normal(draws[3])
    volunteered = logistic(draws[5]) < _VOLUNTEER + config.officer_selection * skill
    trained = logistic(draws[6]) < 0.5 * skill + 0.5 * volunteered
    begins = START_MONTH + (draws[7] * _VOLUNTEER_MONTHS).astype(np.int64)
    return Force(
        post=post,
        role=role,
        squad=squad,
        first_month=first,
        end_month=end,
        hire_band=np.searchsorted(_BAND_STARTS, year, side="right"),
        training_hours=np.where(trained, 40.0, 8.0),
        skill=skill,
        leniency=normal(draws[4]),
        volunteered=volunteered,
        volunteers_from=np.where(volunteered & (post < PATROL), np.maximum(begins, first), len(MONTHS)),
        roster_from=np.maximum(_roster_months(draws[8, :PATROL])[post], first),
    )


def _roster_months(draw: Floats) -> Integers:
    """Month in which the roster takes each post in: drawn by lot within squads, who may start a month apart."""
    rank = np.argsort(np.argsort(draw.reshape(SQUADS, SQUAD_SIZE), axis=1), axis=1)
    month = START_MONTH + _ROSTER_STEP * rank + (np.arange(SQUADS) % _ROSTER_STEP)[:, None]
    return np.concatenate([month.ravel(), np.full(POSTS - PATROL, len(MONTHS))])
