"""What follows a call: follow-up by the team, a link to care, and further calls of the person."""

from dataclasses import dataclass

import numpy as np

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import Booleans, Dispatch
from coresponder_causal.simulate.habits import NOBODY, Habits
from coresponder_causal.simulate.intake import Intake
from coresponder_causal.simulate.outcomes import FOLLOW_UP_DAYS, Index, score
from coresponder_causal.simulate.persons import person_order
from coresponder_causal.simulate.spells import END
from coresponder_causal.simulate.streams import Floats, Tier, logistic, uniforms

_FOLLOWED_UP = Index(-2.8, 0.10, -0.10, 0.00, 0.00, 1.90, (0.0, 0.4, 0.6, 0.1, 0.2, -0.4, 0.0))
_LINKED = Index(-2.0, 0.00, 0.00, 0.00, 0.00, 0.30, (0.0, 0.4, 0.5, 0.1, -0.3, -0.3, 0.0))
_LINKED_BY_FOLLOW_UP = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class Aftercare:
    """What followed the calls; one value per call.

    Parameters
    ----------
    without, with_team : dict of str to ndarray of bool
        Potential outcomes followed_up_72h and linked_30d, had the team not come and had it come.
    observed : dict of str to ndarray of bool
        What happened.
    repeated : ndarray of bool
        Whether the person had another call within 90 days.
    complete : ndarray of bool
        Whether these 90 days lie within the study.
    """

    without: dict[str, Booleans]
    with_team: dict[str, Booleans]
    observed: dict[str, Booleans]
    repeated: Booleans
    complete: Booleans


def follow_calls(calls: Intake, sent: Dispatch, config: WorldConfig, seed: int, held: Habits = NOBODY) -> Aftercare:
    """Draw follow-up and links to care, and read repeats from the later calls of the same person.

    Parameters
    ----------
    calls : Intake
        Calls as received.
    sent : Dispatch
        Who attended.
    config : WorldConfig
        Its `attendance`.
    seed : int
        Seed of the world.
    held : Habits
        Habits of the officers who answered; officers who are all alike if not given.

    Returns
    -------
    Aftercare
        One value per call.
    """
    followed, linked = logistic(uniforms(seed, Tier.AFTERCARE, calls.id, 2)).T
    to_follow, to_link = score(_FOLLOWED_UP, calls), score(_LINKED, calls)
    without, with_team = (
        _care(
            to_follow + _FOLLOWED_UP.attended * helped - followed,
            to_link + _LINKED.attended * helped - linked + held.shift("linked_30d", with_team=came),
        )
        for helped, came in ((0.0, False), (config.attendance, True))
    )
    observed = {name: np.where(sent.attended, with_team[name], without[name]) for name in without}
    order, key = person_order(calls.person, calls.received)
    repeated = np.zeros(len(calls.id), dtype=bool)
    repeated[order[:-1]] = np.diff(key) <= FOLLOW_UP_DAYS * DAY
    end = END.astype("datetime64[s]").astype(np.int64)
    return Aftercare(without, with_team, observed, repeated, calls.received < end - FOLLOW_UP_DAYS * DAY)


def _care(follow_excess: Floats, link_excess: Floats) -> dict[str, Booleans]:
    """Follow-up, and the link to care that it makes likelier."""
    followed = follow_excess > 0
    return {"followed_up_72h": followed, "linked_30d": link_excess + _LINKED_BY_FOLLOW_UP * followed > 0}
