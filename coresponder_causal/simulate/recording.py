"""What the records show of it: links that are missed, false or not known, and a machine that reads narratives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.simulate.aftercare import Aftercare
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import Booleans, Dispatch
from coresponder_causal.simulate.intake import Intake
from coresponder_causal.simulate.outcomes import Index, score
from coresponder_causal.simulate.streams import Tier, logistic, uniforms

_CRISIS = Index(-0.4, 0.60, 0.00, 0.00, 0.00, 0.00, (-0.4, 1.6, 1.8, 0.3, -0.2, -0.5, -0.2))


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """What the records show, one value per call; `without` and `with_team` had the team not come and had it come.

    Parameters
    ----------
    crisis : ndarray of bool
        Whether the narrative tells of a mental-health crisis; no table shows it.
    without, with_team : dict of str to ndarray of bool
        Potential records crisis_flagged and linked_30d.
    observed : dict of str to ndarray of bool
        What the records would show if all were known.
    unknown : ndarray of bool
        Whether the records leave open if there was a link to care.
    """

    crisis: Booleans
    without: dict[str, Booleans]
    with_team: dict[str, Booleans]
    observed: dict[str, Booleans]
    unknown: Booleans


def record(calls: Intake, sent: Dispatch, care: Aftercare, config: WorldConfig, seed: int) -> Records:
    """Draw what the records show.

    Parameters
    ----------
    calls : Intake
        Calls as received.
    sent : Dispatch
        Who attended.
    care : Aftercare
        What followed.
    config : WorldConfig
        Its error rates; differences between calls with and without the team are scaled by `attendance`.
    seed : int
        Seed of the world.

    Returns
    -------
    Records
        One value per call.
    """
    draws = uniforms(seed, Tier.RECORDING, calls.id, 4).T
    crisis = logistic(draws[0]) < score(_CRISIS, calls)
    potential = []
    by_team = tuple(
        other if own is None else own
        for own, other in (
            (config.missed_links_by_team, config.missed_links),
            (config.false_links_by_team, config.false_links),
        )
    )
    alone = (config.missed_links, config.false_links)
    for linked, helped, (missed, mistaken) in (
        (care.without, 0.0, alone),
        (care.with_team, config.attendance, by_team),
    ):
        found = config.flag_found + helped * (config.flag_found_by_team - config.flag_found)
        false = config.flag_false + helped * (config.flag_false_by_team - config.flag_false)
        shown = np.where(linked["linked_30d"], 1 - missed, mistaken)
        flagged = draws[1] < np.where(crisis, found, false)
        potential.append({"crisis_flagged": flagged, "linked_30d": draws[2] < shown})
    without, with_team = potential
    observed = {name: np.where(sent.attended, with_team[name], without[name]) for name in without}
    halved = care.observed["linked_30d"] + config.attendance * sent.attended
    unknown: NDArray[np.bool_] = draws[3] < config.missing * 0.5**halved
    return Records(crisis, without, with_team, observed, unknown)
