"""Who is asked at each wave, and what shifts attitudes: rides those of officers, time in the job those of staff."""

import numpy as np

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.force import Force
from coresponder_causal.simulate.habits import doses, taught
from coresponder_causal.simulate.rosters import month_of
from coresponder_causal.simulate.streams import Integers, Tier, normal, uniforms
from coresponder_causal.simulate.team import Staff
from coresponder_causal.simulate.waves import WAVES, Survey

_BY_SKILL = {"stigma_score": -0.5, "social_distance_score": -0.4, "self_efficacy_score": 0.5, "vignette_score": 0.5}
_LEARNT = {
    "stigma_score": -0.6,
    "social_distance_score": -0.3,
    "self_efficacy_score": 0.7,
    "vignette_score": 0.5,
    "burnout_score": -0.2,
}
_STAYING = {
    "role_clarity_score": 0.5,
    "safety_score": 0.4,
    "trust_in_police_score": 0.5,
    "supervision_score": 0.5,
    "turnover_intention_score": -0.6,
}
_SETTLING = {"role_clarity_score": 0.6, "safety_score": 0.2, "trust_in_police_score": 0.4}
_SETTLED = 9.0  # months in the job after which all but exp(-1) has settled
_MONTH = 365.25 / 12
_FIRST_STAFF = 10_000


def officers_asked(force: Force, rider: Integers, ridden: Integers, config: WorldConfig) -> Survey:
    """Ask every officer who is in the post at a wave.

    Parameters
    ----------
    force : Force
        Officers.
    rider, ridden : ndarray of int, shape (attended calls,)
        Officer whose car was at the call, and when it was received.
    config : WorldConfig
        Its `officer_effect`, `squad_spillover` and `officer_fade`.

    Returns
    -------
    Survey
        One value per form.
    """
    when = WAVES.astype("datetime64[s]").astype(np.int64)
    month = month_of(when)[:, None]
    wave, who = np.nonzero((force.first_month <= month) & (month < force.end_month))
    learnt = config.officer_effect * taught(doses(who, when[wave], rider, ridden, force, config))
    return Survey(
        instrument="officer_wave",
        who=who,
        wave=wave,
        first_id=0,
        trait=force.skill[who],
        by_trait=_BY_SKILL,
        learnt={name: by * learnt for name, by in _LEARNT.items()},
        against="stigma_score",
        reluctance=0.6,
    )


def staff_asked(team: Staff, seed: int) -> Survey:
    """Ask everybody of the team and of dispatch who is employed at a wave.

    Parameters
    ----------
    team : Staff
        Who is employed when.
    seed : int
        Seed of the world.

    Returns
    -------
    Survey
        One value per form.
    """
    day = WAVES[:, None]
    wave, who = np.nonzero((team.first_day <= day) & (day < team.end_day))
    months = (WAVES[wave] - team.first_day[who]).astype(np.int64) / _MONTH
    settled = -np.expm1(-months / _SETTLED)
    return Survey(
        instrument="staff_wave",
        who=who,
        wave=wave,
        first_id=_FIRST_STAFF,
        trait=normal(uniforms(seed, Tier.STAFF, DAY + who, 1)[:, 0]),
        by_trait=_STAYING,
        learnt={name: by * settled for name, by in _SETTLING.items()},
        against="turnover_intention_score",
        reluctance=0.5,
    )
