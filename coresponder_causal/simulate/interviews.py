"""Interviews: who was asked and how, and which themes came up."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.simulate.columns import STAMP, numbered, text
from coresponder_causal.simulate.streams import Integers, Tier, choose, normal, uniforms
from coresponder_causal.simulate.traits import Booleans

STAKEHOLDERS = ("chief", "officer", "clinician", "dispatcher", "person_served", "family", "community")
THEMES = ("trust", "hand_over", "paperwork", "no_place_to_send", "fear_of_police")
_NUMBERS = (3, 12, 8, 8, 24, 8, 6)
_MINUTES = (45, 40, 45, 35, 30, 40, 60)
_MODES = ("in_person", "phone", "video", "group")
_MODE_SHARES = (0.6, 0.25, 0.15)
_FOUND = ("census", "random", "census", "random", "purposive", "referral", "purposive")
_TOLD = np.array(
    [
        (0.6, 0.4, 0.3, 0.7, 0.1),
        (0.5, 0.6, 0.8, 0.6, 0.1),
        (0.6, 0.7, 0.5, 0.9, 0.3),
        (0.3, 0.5, 0.7, 0.3, 0.1),
        (0.5, 0.2, 0.05, 0.5, 0.6),
        (0.5, 0.3, 0.1, 0.6, 0.4),
        (0.4, 0.1, 0.1, 0.6, 0.5),
    ]
)
"""By stakeholder and theme: probability that it comes up."""

_FIRST_DAY, _DAYS = np.datetime64("2021-03-01"), 500
_RECORDED, _INTERPRETER, _WITHDRAWN, _FIRST = 0.85, 0.12, 0.03, 101


@dataclass(frozen=True, slots=True, eq=False)
class Interviews:
    """Interviews held, in order of their numbers.

    Parameters
    ----------
    stakeholder : ndarray of int
        Position in `STAKEHOLDERS`.
    told : ndarray of bool, shape (interviews, themes)
        Whether each of `THEMES` came up.
    likely : ndarray of float, shape (interviews, themes)
        How likely that was.
    """

    stakeholder: Integers
    told: Booleans
    likely: np.ndarray[tuple[int, int], np.dtype[np.float64]]


def hold_interviews(seed: int) -> Interviews:
    """Hold the interviews.

    Parameters
    ----------
    seed : int
        Seed of the world.

    Returns
    -------
    Interviews
        One value per interview.

    Examples
    --------
    >>> len(hold_interviews(1).stakeholder)
    69
    """
    stakeholder = np.repeat(np.arange(len(STAKEHOLDERS)), _NUMBERS)
    likely = _TOLD[stakeholder]
    draws = uniforms(seed, Tier.INTERVIEWS, np.arange(len(stakeholder)), 6 + len(THEMES))
    return Interviews(stakeholder, draws[:, 6:] < likely, likely)


def interviews_frame(held: Interviews, seed: int) -> pd.DataFrame:
    """Tabulate the interviews.

    Parameters
    ----------
    held : Interviews
        Interviews held.
    seed : int
        Seed of the world.

    Returns
    -------
    pandas.DataFrame
        One row per interview or group.
    """
    who, n = held.stakeholder, len(held.stakeholder)
    draws = uniforms(seed, Tier.INTERVIEWS, np.arange(n), 6).T
    group = who == STAKEHOLDERS.index("community")
    served = np.isin(who, [STAKEHOLDERS.index(name) for name in ("person_served", "family", "community")])
    return pd.DataFrame(
        {
            "interview": numbered("I", np.arange(n) + _FIRST),
            "stakeholder": text(STAKEHOLDERS, who),
            "date": (_FIRST_DAY + (draws[0] * _DAYS).astype(np.int64)).astype(STAMP),
            "mode": text(_MODES, np.where(group, _MODES.index("group"), choose(_MODE_SHARES, draws[1]))),
            "minutes": np.rint(np.array(_MINUTES)[who] * np.exp(0.25 * normal(draws[2]))).astype(np.int64),
            "consent": np.ones(n, dtype=bool),
            "recorded": draws[3] < _RECORDED,
            "interpreter": served & (draws[4] < _INTERPRETER),
            "sampled_by": text(_FOUND, who),
            "withdrawn": draws[5] < _WITHDRAWN,
        }
    )


def interview_themes_frame(held: Interviews) -> pd.DataFrame:
    """Tabulate what a reader without error would code: interview, stakeholder, one column per theme."""
    coded = {name: held.told[:, place] for place, name in enumerate(THEMES)}
    numbers = numbered("I", np.arange(len(held.stakeholder)) + _FIRST)
    return pd.DataFrame({"interview": numbers, "stakeholder": text(STAKEHOLDERS, held.stakeholder), **coded})
