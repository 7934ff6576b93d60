"""What the call taker writes: a problem that a stranger reports may become a disturbance, and not alike for everybody.

A stranger who sees somebody in need may tell of somebody who disturbs: sooner of a person without a home, and, by
`label_bias`, sooner of a person not perceived as white. Call takers pass it on more or less strictly; who takes a call
is chance. What is written decides who comes and how they come prepared.
"""

from dataclasses import dataclass

import numpy as np

from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.persons import Persons
from coresponder_causal.simulate.streams import Floats, Integers, Tier, normal, uniforms
from coresponder_causal.simulate.traits import Booleans, Traits

CALL_TAKERS = 12
"""Call takers of a city."""

IN_NEED = (0, 1, 4)
"""Types, by position, that may be written as a disturbance: welfare check, crisis, homelessness."""

STRANGERS = (0, 2, 3)
"""Kinds of caller, by position: resident, bystander, business."""

DISTURBANCE = 5
_STRICTNESS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What is written on each call.

    Parameters
    ----------
    call_taker : ndarray of int
        Position among the city's call takers.
    likely : ndarray of bool
        Whether a stranger reports somebody in need.
    as_white, as_other : ndarray of bool
        Whether it is written as a disturbance, were the person perceived as white, and were they not.
    written : ndarray of bool
        Whether it is.
    """

    call_taker: Integers
    likely: Booleans
    as_white: Booleans
    as_other: Booleans
    written: Booleans


def write_labels(
    id_: Integers, caller: Integers, problem: Integers, caller_type: Integers, traits: Traits, persons: Persons,
    config: WorldConfig, seed: int,
) -> Labels:  # fmt: skip
    """Draw what is written on calls.

    Parameters
    ----------
    id_ : ndarray of int, shape (calls,)
        Ids of the calls.
    caller : ndarray of int, shape (calls,)
        Position of the person, among the city's persons, whom the call is about.
    problem, caller_type : ndarray of int, shape (calls,)
        Positions of the true type and of the kind of caller.
    traits : Traits
        Traits of the city's persons.
    persons : Persons
        The city's persons.
    config : WorldConfig
        Its `label_error` and `label_bias`.
    seed : int
        Seed of the world.

    Returns
    -------
    Labels
        One value per call.
    """
    draws = uniforms(seed, Tier.LABELS, id_, 2).T
    call_taker = (draws[0] * CALL_TAKERS).astype(np.int64)
    likely = np.isin(problem, IN_NEED) & np.isin(caller_type, STRANGERS)
    strict = strictness(persons.first, seed)[call_taker]
    neutral = config.label_error * (1 + traits.unhoused[caller])
    as_white, as_other = (likely & (draws[1] < strict * (neutral + bias)) for bias in (0.0, config.label_bias))
    return Labels(call_taker, likely, as_white, as_other, np.where(traits.white[caller], as_white, as_other))


def strictness(city: int, seed: int) -> Floats:
    """Give how strict each call taker of a city is, one on average.

    Parameters
    ----------
    city : int
        Number of the city's first person.
    seed : int
        Seed of the world.

    Returns
    -------
    ndarray, shape (call takers,)
        Factors on the chance that a disturbance is written.

    Examples
    --------
    >>> round(float(strictness(0, 1).mean()), 10)
    1.0
    """
    factor = np.exp(
        _STRICTNESS * normal(uniforms(seed, Tier.STAFF, (1 << 40) + city + np.arange(CALL_TAKERS), 1)[:, 0])
    )
    return np.asarray(factor / factor.mean())
