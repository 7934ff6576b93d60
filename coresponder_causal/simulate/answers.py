"""Answers to the items of a survey: an underlying attitude, cut into the points of a scale, and what a score is worth.

An item follows a normal ogive: the point marked depends on its loading times the attitude plus noise of its own. Some
items are left out. How much of a score's variance is the attitude's is therefore known.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import ndtr

from coresponder_causal.data.instrument import Score, instruments
from coresponder_causal.simulate.streams import Floats, Integers, Tier, normal, uniforms

_LOADINGS = (0.75, 0.6, 0.85)
_CUTS = np.array([-1.4, -0.5, 0.4, 1.3])
_LEFT_OUT = 0.02
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


def scores_of(instrument: str) -> tuple[Score, ...]:
    """Give the scoring key of an instrument."""
    return instruments()[instrument].scores


def answer_items(attitudes: Mapping[str, Floats], instrument: str, ids: Integers, seed: int) -> pd.DataFrame:
    """Draw the answers of forms.

    Parameters
    ----------
    attitudes : mapping of str to ndarray, shape (forms,)
        Attitude behind each score of the instrument; standard normal in the population.
    instrument : str
        Name of the instrument.
    ids : ndarray of int, shape (forms,)
        Ids of the forms, which fix their noise.
    seed : int
        Seed of the world.

    Returns
    -------
    pandas.DataFrame
        One row per form, one column per item from 1 to 5; missing where left out.

    Examples
    --------
    >>> calm = {score.field: np.zeros(500) for score in scores_of("staff_wave")}
    >>> keen = {**calm, "safety_score": np.full(500, 2.0)}
    >>> shown = [answer_items(of, "staff_wave", np.arange(500), 1) for of in (calm, keen)]
    >>> bool(shown[1].safety_1.mean() > shown[0].safety_1.mean()), shown[0].role_1.equals(shown[1].role_1)
    (True, True)
    >>> bool(shown[1].safety_2.mean() < shown[0].safety_2.mean())  # it counts the other way round
    True
    """
    keyed = [(score, place, item) for score in scores_of(instrument) for place, item in enumerate(score.items)]
    draws = uniforms(seed, Tier.WAVES, ids, 2 * len(keyed)).T
    marked = {}
    for (score, place, item), noise, left in zip(keyed, draws[::2], draws[1::2], strict=True):
        point = mark(attitudes[score.field], place, noise).astype(np.float64)
        turned = score.low + score.high - point if item in score.reversed else point
        marked[item] = np.where(left < _LEFT_OUT, np.nan, turned)
    return pd.DataFrame(marked)


def mark(attitude: Floats, place: int, uniform: Floats) -> Integers:
    """Turn an attitude into the point marked on a scale from 1 to 5.

    Parameters
    ----------
    attitude : ndarray
        Attitude behind the item.
    place : int
        Place of the item in its score, on which its loading depends.
    uniform : ndarray
        Uniform numbers that fix its noise.

    Returns
    -------
    ndarray of int
        Points.

    Examples
    --------
    >>> mark(np.array([-9.0, 0.0, 9.0]), 0, np.full(3, 0.5)).tolist()
    [1, 3, 5]
    """
    loading = _loading(place)
    drawn = loading * attitude + (1 - loading**2) ** 0.5 * normal(uniform)
    return np.asarray(1 + np.searchsorted(_CUTS, drawn))


def reliability(score: Score) -> float:
    """Give the share of the variance of a score that is its attitude's, where every item is answered.

    Parameters
    ----------
    score : Score
        Key of the score.

    Returns
    -------
    float
        Between 0 and 1, in a population with standard normal attitudes.

    Examples
    --------
    >>> [round(reliability(score), 2) for score in scores_of("staff_wave")][:2]
    [0.75, 0.75]
    """
    means, spreads = [], []
    for place in range(len(score.items)):
        loading = _loading(place)
        above = ndtr((loading * _NODES - _CUTS[:, None]) / (1 - loading**2) ** 0.5)
        means.append(above.sum(axis=0))
        squares = (np.arange(1, 2 * len(_CUTS), 2)[:, None] * above).sum(axis=0)
        spreads.append(squares - means[-1] ** 2)
    share = _WEIGHTS / _WEIGHTS.sum()
    total, noise = np.sum(means, axis=0), np.sum(spreads, axis=0)
    between = share @ (total - share @ total) ** 2
    return float(between / (between + share @ noise))


def _loading(place: int) -> float:
    """Give the loading of the item at a place of its score."""
    return _LOADINGS[place % len(_LOADINGS)]
