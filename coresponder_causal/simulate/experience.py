"""Experience of persons, families and callers: five items, asked of some and answered by those who liked it better."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.simulate.answers import mark
from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.columns import STAMP, call_ids, numbered, text
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.dispatch import Booleans
from coresponder_causal.simulate.intake import since_start
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.streams import Integers, Tier, choose, logistic, normal, uniforms

ITEMS = ("respected", "heard", "safe", "choice", "would_call_again")
RESPONDENTS = ("person_served", "family", "caller")
_SHARES = (0.5, 0.2, 0.3)
_MODES, _MODE_SHARES = ("text_message", "qr_code", "paper", "in_person"), (0.5, 0.2, 0.15, 0.15)
_INVITED, _INVITED_WITH_TEAM = 0.15, 0.6
_WITH_TEAM, _OF_CALLERS = 0.6, 0.4
_AFTER = {"arrest": -1.0, "hold": -0.6, "force": -1.0}
_ANSWERS, _LIKING, _LINKED = -1.1, 0.6, 0.8
_DRAWS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Experience:
    """Everybody who was invited since the start; one value per form.

    Parameters
    ----------
    call : ndarray of int
        Position of the call.
    respondent : ndarray of int
        Position in `RESPONDENTS`.
    with_team : ndarray of bool
        Whether the team had come.
    items, without : ndarray of int, shape (items, forms)
        Answers to `ITEMS`, and what they were had the team not come but the call ended as it did.
    answered : ndarray of bool
        Whether the form came back.
    """

    call: Integers
    respondent: Integers
    with_team: Booleans
    items: Integers
    without: Integers
    answered: Booleans


def ask_about_calls(play: Play, config: WorldConfig, seed: int) -> Experience:
    """Invite people, more of them after calls with the team, and see who answers.

    Parameters
    ----------
    play : Play
        The treated city's calls.
    config : WorldConfig
        Its `attendance`.
    seed : int
        Seed of the world.

    Returns
    -------
    Experience
        One value per form.
    """
    draws = uniforms(seed, Tier.SURVEYS, play.calls.id, _DRAWS).T
    attended = play.sent.attended
    invited = draws[0] < np.where(attended, _INVITED_WITH_TEAM, _INVITED)
    call = np.flatnonzero(invited & since_start(play.calls.received))
    draws, came = draws[:, call], attended[call]
    respondent = choose(_SHARES, draws[1])
    liking = normal(draws[2]) + _OF_CALLERS * (respondent == RESPONDENTS.index("caller"))
    for name, by in _AFTER.items():
        liking = liking + by * play.endings.observed[name][call]
    better = liking + _WITH_TEAM * config.attendance * came
    noise = uniforms(seed, Tier.SURVEYS, (1 << 48) + play.calls.id[call], len(ITEMS)).T
    items, without = (
        np.array([mark(attitude, place, of_item) for place, of_item in enumerate(noise)]).reshape(len(ITEMS), -1)
        for attitude in (better, liking)
    )
    return Experience(call, respondent, came, items, without, logistic(draws[3]) < _ANSWERS + _LIKING * better)


def surveys_frame(asked: Experience, play: Play, seed: int) -> pd.DataFrame:
    """Tabulate the forms that came back.

    Parameters
    ----------
    asked : Experience
        Who was invited and what they answered.
    play : Play
        The treated city's calls.
    seed : int
        Seed of the world.

    Returns
    -------
    pandas.DataFrame
        One row per form; the call is missing where the respondent did not agree that it be joined.
    """
    back = np.flatnonzero(asked.answered)
    call = asked.call[back]
    draws = uniforms(seed, Tier.SURVEYS, play.calls.id[call], _DRAWS).T
    invited = play.sent.cleared[call] // DAY + 1
    day = invited + (draws[4] * 14).astype(np.int64)
    ids = pd.Series(call_ids(call))
    return pd.DataFrame(
        {
            "response": numbered("R", np.arange(len(back)) + 1),
            "call_id": ids.where(draws[5] < _LINKED),
            "date": day.astype("datetime64[D]").astype(STAMP),
            "respondent": text(RESPONDENTS, asked.respondent[back]),
            **dict(zip(ITEMS, asked.items[:, back], strict=True)),
            "mode": text(_MODES, choose(_MODE_SHARES, draws[6])),
            "invited_on": invited.astype("datetime64[D]").astype(STAMP),
        }
    )
