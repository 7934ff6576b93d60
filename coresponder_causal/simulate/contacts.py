"""The team's log: what it met at the calls it attended, and its follow-ups within three days."""

import numpy as np
import pandas as pd

from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.cities import Cities
from coresponder_causal.simulate.columns import call_ids, numbered, person_codes, stamps, text
from coresponder_causal.simulate.force_frames import staff_codes
from coresponder_causal.simulate.intake import HOMELESSNESS
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.streams import Floats, Integers, Tier, choose, uniforms
from coresponder_causal.simulate.traits import RACES, Booleans, Traits

_FIRST = 1001
_PROBLEMS = (
    "mood_anxiety",
    "psychosis",
    "suicide_risk",
    "substance_use",
    "basic_needs",
    "grief_trauma",
    "family_conflict",
)
_SHARES_ANYWAY = (0.3, 0.2, 0.1, 0.15, 0.1, 0.1, 0.05)
_ANYWAY = 0.25  # share whose main problem does not follow from the type found
_PLACES = ("none", "ed", "psychiatric_facility", "jail", "shelter")
_ENDS = ("engaged", "declined", "not_found", "handed_to_ems")
_NOT_ENGAGED, _END_SHARES = 0.18, (0.6, 0.3, 0.1)
_JOINT, _PLANNED, _REFERRED, _CONFIRMED, _REPLIES, _SHELTERED, _DUE = 0.85, 0.8, 0.75, 0.5, 0.7, 0.25, 0.6
_LATE = 0.2
_DRAWS = 12


def contacts_frame(play: Play, clinician: Integers, traits: Traits, cities: Cities, seed: int) -> pd.DataFrame:
    """Tabulate the team's contacts.

    Parameters
    ----------
    play : Play
        The treated city's calls.
    clinician : ndarray of int, shape (calls,)
        Position among the staff of the clinician on duty.
    traits : Traits
        Traits of the city's persons.
    cities : Cities
        The treated city first.
    seed : int
        Seed of the world.

    Returns
    -------
    pandas.DataFrame
        One row per call attended and one per follow-up that reached the person, in order of time. What follows from
        talking is missing where nobody talked, and a confirmation where the provider did not reply; a fifth of the
        rows is completed late.
    """
    row = np.flatnonzero(play.sent.attended)
    reached = row[play.care.observed["followed_up_72h"][row]]
    later = uniforms(seed, Tier.CONTACTS, play.calls.id[reached], _DRAWS)[:, 11]
    after = play.sent.cleared[reached] + ((0.2 + 2.6 * later) * DAY).astype(np.int64)
    when = np.concatenate([play.sent.engaged[row], after])
    call, scene = np.concatenate([row, reached]), np.arange(len(when)) < len(row)
    order = np.argsort(when, kind="stable")
    call, scene, when = call[order], scene[order], when[order]
    draws = uniforms(seed, Tier.CONTACTS, play.calls.id[call] + (~scene).astype(np.int64) * (1 << 48), _DRAWS).T
    recorded = when + ((1 + 10 * draws[9] + 60 * (draws[10] < _LATE)) * 3600).astype(np.int64)
    return pd.DataFrame(
        {
            "contact_id": numbered("K", np.arange(len(call)) + _FIRST),
            "city": text(cities.names, np.zeros(len(call), dtype=np.int64)),
            "call_id": call_ids(call),
            "person": person_codes(play.calls.person[call]),
            "contact_at": stamps(when),
            "origin": text(("911", "follow_up"), (~scene).astype(np.int64)),
            "co_responder_arrived_at": np.where(scene, stamps(play.sent.arrived[call]), np.datetime64("NaT", "us")),
            "clinician_present": np.ones(len(call), dtype=bool),
            "joint_arrival": pd.arrays.BooleanArray(draws[0] < _JOINT, ~scene),
            **_met(play, call, scene, traits, draws),
            "recorded_at": stamps(recorded),
            "recorder": staff_codes(clinician[call]),
            "end_point": text(_ENDS, np.where(_talked(scene, draws), 0, 1 + choose(_END_SHARES, draws[2]))),
        }
    )


def _talked(scene: Booleans, draws: Floats) -> Booleans:
    """Tell where the person talked with the team: at every follow-up that reached them."""
    return np.asarray(~scene | (draws[1] >= _NOT_ENGAGED))


def _met(play: Play, call: Integers, scene: Booleans, traits: Traits, draws: Floats) -> dict[str, object]:
    """Columns on the person and what was done; `draws` holds one row per number."""
    ends, whom = {name: seen[call] for name, seen in play.endings.observed.items()}, play.calls.caller[call]
    unhoused = traits.unhoused[whom] | (play.calls.problem[call] == HOMELESSNESS)
    talked, stayed = _talked(scene, draws), ~(ends["arrest"] | ends["hold"] | ends["ed_transport"])
    problem = np.where(draws[3] < _ANYWAY, choose(_SHARES_ANYWAY, draws[4]), play.endings.final_type[call])
    referred = draws[5] < _REFERRED
    sheltered = stayed & unhoused & (draws[6] < _SHELTERED)
    place = np.select([ends["arrest"], ends["hold"], ends["ed_transport"], sheltered], [3, 2, 1, 4], 0)
    due = stayed & talked & (draws[7] < _DUE)
    followed = play.care.observed["followed_up_72h"][call]

    def known(answer: Booleans, where: Booleans) -> object:
        return pd.arrays.BooleanArray(answer, ~where)

    return {
        "engaged": talked,
        "presenting_problem": text(_PROBLEMS, np.where(talked, problem, -1)),
        "plan_made": known(draws[8] < _PLANNED, talked),
        "remained_in_community": known(stayed, scene),
        "referral_made": known(referred, talked),
        "referral_accepted": known(draws[8] < _CONFIRMED, talked & referred & (draws[4] < _REPLIES)),
        "transported_to": text(_PLACES, np.where(scene, place, -1)),
        "follow_up_due": known(due | (followed & talked), scene),
        "follow_up_reached_72h": known(followed, scene & (due | followed)),
        "unhoused": known(unhoused, talked),
        "perceived_race": text(RACES, np.where(talked, traits.race[whom], -1)),
    }
