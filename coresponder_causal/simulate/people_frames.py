"""Persons, and what else is known of the treated city's calls: who took and answered each, and whom it was about."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coresponder_causal.simulate.columns import months, person_codes, text
from coresponder_causal.simulate.force_frames import officer_codes, second_car, staff_codes
from coresponder_causal.simulate.intake import HOMELESSNESS
from coresponder_causal.simulate.labels import Labels
from coresponder_causal.simulate.persons import Persons
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.rosters import Crew, month_of
from coresponder_causal.simulate.streams import Tier, uniforms
from coresponder_causal.simulate.team import first_dispatcher
from coresponder_causal.simulate.traits import DECADES, RACES, Traits, draw_traits

_NOT_WRITTEN, _AGREES, _ASKED = 0.08, 0.65, 0.5
_OF_CALLS = 1 << 48  # numbers of calls apart from those of persons


def persons_frame(plays: Sequence[Play], persons: Sequence[Persons], seed: int) -> pd.DataFrame:
    """Tabulate everybody whom a call was about.

    Parameters
    ----------
    plays : sequence of Play
        The calls of each city.
    persons : sequence of Persons
        The persons of each city.
    seed : int
        Seed of the world.

    Returns
    -------
    pandas.DataFrame
        One row per person. Race is missing where nobody wrote it down, the month of the first contact where that lies
        before the study, and consent where nobody asked.
    """
    return pd.concat(
        [_of_city(play, residents, seed) for play, residents in zip(plays, persons, strict=True)], ignore_index=True
    )


def _of_city(play: Play, residents: Persons, seed: int) -> pd.DataFrame:
    """Rows of one city."""
    calls, traits = play.calls, draw_traits(residents, seed)
    person, first = np.unique(calls.person, return_index=True)
    caller = calls.caller[first]
    homeless = np.zeros(len(person), dtype=bool)
    homeless[np.searchsorted(person, calls.person[calls.problem == HOMELESSNESS])] = True
    unseen, asked = uniforms(seed, Tier.TRAITS, person, 6)[:, 4:].T
    known = pd.Series(months(month_of(calls.received[first])))
    return pd.DataFrame(
        {
            "person": person_codes(person),
            "birth_year_band": text(DECADES, traits.decade[caller]),
            "unhoused_ever": traits.unhoused[caller] | homeless,
            "perceived_race": text(RACES, np.where(unseen < _NOT_WRITTEN, -1, traits.race[caller])),
            "first_contact_month": known.where(calls.prior_contacts[first] == 0),
            "consent_linkage": pd.arrays.BooleanArray(traits.agrees[caller] < _AGREES, asked >= _ASKED),
        }
    )


def detailed_frame(
    calls: pd.DataFrame, play: Play, crew: Crew, labels: Labels, traits: Traits, seed: int
) -> pd.DataFrame:
    """Add to the treated city's table of calls what the full tier knows of them.

    Parameters
    ----------
    calls : pandas.DataFrame
        The treated city's rows of the table.
    play : Play
        The same calls.
    crew : Crew
        Who would answer them.
    labels : Labels
        What was written.
    traits : Traits
        Traits of the city's persons.
    seed : int
        Seed of the world.

    Returns
    -------
    pandas.DataFrame
        The table with call_taker, co_responder_arrived_at, crisis_on_scene, perceived_race (missing where not written
        down), unhoused, primary_officer and units_arrived.
    """
    whom = play.calls.caller
    unseen = uniforms(seed, Tier.TRAITS, _OF_CALLS + play.calls.id, 1)[:, 0] < _NOT_WRITTEN
    return calls.assign(
        call_taker=staff_codes(first_dispatcher() + labels.call_taker),
        co_responder_arrived_at=np.where(play.sent.attended, calls.arrived_at, np.datetime64("NaT", "us")),
        crisis_on_scene=play.records.crisis,
        perceived_race=text(RACES, np.where(unseen, -1, traits.race[whom])),
        unhoused=traits.unhoused[whom] | (play.calls.problem == HOMELESSNESS),
        primary_officer=officer_codes(crew.officer(play.sent.attended)),
        units_arrived=1 + play.sent.attended + second_car(play, seed).astype(np.int64),
    )
