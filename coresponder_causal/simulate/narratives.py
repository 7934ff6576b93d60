"""Narratives of calls: what they tell, in which words, and what a machine and two people read in them.

Every call of the treated city has one narrative, by the officer whose call it was. A part is drawn for coding by hand,
with known probabilities; a second person codes half of them and agrees with the first beyond chance by `coder_kappa`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.data.metrics_catalogue import stigmatising_terms
from coresponder_causal.simulate import phrases
from coresponder_causal.simulate.columns import call_ids, stamps, strings, text
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.force_frames import officer_codes
from coresponder_causal.simulate.habits import Habits
from coresponder_causal.simulate.intake import HOMELESSNESS
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.streams import Floats, Integers, Tier, logistic, normal, uniforms
from coresponder_causal.simulate.traits import Booleans, Traits

THEMES = tuple(phrases.THEMES)
_BASE = {"housing": -2.2, "medication": -1.9, "family": -1.4, "substance_use": -2.0, "fear_of_police": -1.8}
_BY_TYPE = {"medication": (1, 1.4), "substance_use": (3, 2.2), "family": (6, 2.5)}  # position of a type, log odds
_BY_HOME, _BY_RACE, _BY_TEAM = 2.0, 0.5, 0.5
_FLAGGED, _UNFLAGGED = 1.5, 0.75  # how likely to be drawn for hand coding, times the share asked for
_SECOND = 0.5
_DRAWS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Narratives:
    """What the narratives tell and what is read in them, one value per call.

    Parameters
    ----------
    themes : dict of str to ndarray of bool
        By theme, whether it is told of.
    slur : ndarray of bool
        Whether a stigmatising term is used.
    crisis, flagged : ndarray of bool
        Whether a crisis is told of, and whether the machine reads one.
    probability : ndarray of float
        Of being drawn for coding by hand.
    by_hand, twice : ndarray of bool
        Whether drawn, and whether a second person coded it.
    second : ndarray of bool
        What the second person reads.
    """

    themes: dict[str, Booleans]
    slur: Booleans
    crisis: Booleans
    flagged: Booleans
    probability: Floats
    by_hand: Booleans
    twice: Booleans
    second: Booleans


def tell(play: Play, traits: Traits, held: Habits, config: WorldConfig, seed: int) -> Narratives:
    """Draw what the narratives tell and what is read in them.

    Parameters
    ----------
    play : Play
        The treated city's calls.
    traits : Traits
        Traits of its persons.
    held : Habits
        Habits of the officers: what they learnt they also write.
    config : WorldConfig
        Its `hand_coded`, `coder_kappa`, `stigma_words` and `stigma_bias`.
    seed : int
        Seed of the world.

    Returns
    -------
    Narratives
        One value per call.
    """
    calls, crisis, flagged = play.calls, play.records.crisis, play.records.observed["crisis_flagged"]
    draws = uniforms(seed, Tier.NARRATIVES, calls.id, _DRAWS).T
    white, unhoused = traits.white[calls.caller], traits.unhoused[calls.caller] | (calls.problem == HOMELESSNESS)
    themes = {}
    for draw, (name, base) in zip(draws, _BASE.items(), strict=False):
        kind, by_kind = _BY_TYPE.get(name, (0, 0.0))
        index = base + by_kind * (calls.problem == kind) + _BY_TEAM * play.sent.attended
        index = index + _BY_HOME * unhoused * (name == "housing") + _BY_RACE * ~white * (name == "fear_of_police")
        themes[name] = logistic(draw) < index
    rate = (config.stigma_words + config.stigma_bias * ~white) * np.exp(
        held.shift("stigmatising_term", with_team=False)
    )
    probability = np.minimum(1.0, config.hand_coded * np.where(flagged, _FLAGGED, _UNFLAGGED))
    by_hand = draws[6] < probability
    guess = draws[9] < crisis.mean()
    return Narratives(
        themes=themes,
        slur=draws[5] < rate,
        crisis=crisis,
        flagged=flagged,
        probability=probability,
        by_hand=by_hand,
        twice=by_hand & (draws[7] < _SECOND),
        second=np.where(draws[8] < config.coder_kappa, crisis, guess),
    )


def narratives_frame(told: Narratives, play: Play, officer: Integers, seed: int) -> pd.DataFrame:
    """Tabulate the narratives.

    Parameters
    ----------
    told : Narratives
        What they tell and what is read in them.
    play : Play
        The treated city's calls.
    officer : ndarray of int
        Whose call each was.
    seed : int
        Seed of the world.

    Returns
    -------
    pandas.DataFrame
        One row per call: the hand's code where it was drawn, else the machine's.
    """
    n = len(officer)
    late = np.exp(1.0 + normal(uniforms(seed, Tier.NARRATIVES, play.calls.id, _DRAWS)[:, 10])) * 3600
    return pd.DataFrame(
        {
            "call_id": call_ids(np.arange(n)),
            "author": officer_codes(officer),
            "written_at": stamps(play.sent.cleared + late.astype(np.int64)),
            "text": strings(_texts(told, play, seed)),
            "crisis_coded": np.where(told.by_hand, told.crisis, told.flagged),
            "coded_by": text(["machine", "hand"], told.by_hand.astype(np.int64)),
            "sampling_probability": told.probability,
            "second_coder_code": pd.arrays.BooleanArray(told.second, ~told.twice),
        }
    )


def themes_frame(told: Narratives) -> pd.DataFrame:
    """Tabulate what a reader without error would code: call_id, one column per theme, crisis, stigmatising_term."""
    rows = call_ids(np.arange(len(told.slur)))
    return pd.DataFrame({"call_id": rows, **told.themes, "crisis": told.crisis, "stigmatising_term": told.slur})


def _texts(told: Narratives, play: Play, seed: int) -> list[str]:
    """Put sentences together."""
    which = (uniforms(seed, Tier.NARRATIVES, play.calls.id, _DRAWS)[:, 11] * 2**30).astype(np.int64)
    openings = np.array(phrases.OPENINGS)[play.calls.initial_type, which % 2]
    parts = [openings, np.where(told.crisis, _one(phrases.CRISIS, which), _one(phrases.NO_CRISIS, which))]
    for place, (name, sentences) in enumerate(phrases.THEMES.items(), start=1):
        parts.append(np.where(told.themes[name], _one(sentences, which // 3**place), ""))
    slurs = [form.format(term) for form in phrases.SLURS for term in stigmatising_terms()]
    parts.append(np.where(told.slur, _one(slurs, which // 3**7), ""))
    ends = np.where(play.care.observed["followed_up_72h"], phrases.TOLD_OF_CARE, phrases.LEFT)
    for name in reversed(phrases.ENDS):
        ends = np.where(play.endings.observed[name], phrases.ENDS[name], ends)
    return [
        " ".join(filter(None, sentences))
        for sentences in zip(*(part.tolist() for part in parts), ends.tolist(), strict=True)
    ]


def _one(sentences: Sequence[str], which: Integers) -> "np.ndarray[tuple[int], np.dtype[np.str_]]":
    """Choose a sentence for each call."""
    return np.array(sentences)[which % len(sentences)]
