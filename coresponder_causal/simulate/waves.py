"""Waves of a survey of officers and of staff: attitudes that last, what changes them, and who no longer answers.

Who thinks worst answers least, so that the answers of later waves are kinder than the people.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.data import dictionary
from coresponder_causal.data.scoring import scored
from coresponder_causal.simulate.answers import answer_items, scores_of
from coresponder_causal.simulate.columns import STAMP, Text
from coresponder_causal.simulate.dispatch import Booleans
from coresponder_causal.simulate.streams import Floats, Integers, Tier, logistic, normal, uniforms

WAVES = np.array(["2020-06-15", "2021-01-15", "2021-07-15", "2022-07-15"], dtype="datetime64[D]")
"""First day of each wave; the first one is before the changed programme."""

_LASTING = 0.75  # share of the variance of attitudes that stays with a person
_ANSWERS, _PER_WAVE, _CONSENTS = 1.7, -0.25, 0.96
_DAYS_OPEN = 14
_PER_PERSON = 16  # more waves than any study has


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """Everybody who is asked, wave by wave; one value per form.

    Parameters
    ----------
    instrument : str
        Name of the instrument.
    who, wave : ndarray of int
        Person, and wave.
    first_id : int
        Number of the first person: persons of different surveys have different numbers.
    trait : ndarray
        Standard normal trait of the person.
    by_trait : mapping of str to float
        By score, correlation of the attitude with the trait.
    learnt : mapping of str to ndarray
        By score, what time and work with the team added to the attitude; standard deviations.
    against : str
        Score of which high values make an answer less likely, by `reluctance` log odds a standard deviation.
    reluctance : float
    """

    instrument: str
    who: Integers
    wave: Integers
    first_id: int
    trait: Floats
    by_trait: Mapping[str, float]
    learnt: Mapping[str, Floats]
    against: str
    reluctance: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """What came back, one row or value per form.

    Parameters
    ----------
    items : pandas.DataFrame
        Answers by item, had everybody answered.
    untaught : pandas.DataFrame
        The same had nobody learnt anything.
    answered, consents : ndarray of bool
        Whether the form came back, and whether the person took part.
    date : ndarray of datetime64[D]
        Day of the answers.
    """

    items: pd.DataFrame
    untaught: pd.DataFrame
    answered: Booleans
    consents: Booleans
    date: np.ndarray[tuple[int], np.dtype[np.datetime64]]


def run_survey(survey: Survey, seed: int) -> Answers:
    """Ask everybody.

    Parameters
    ----------
    survey : Survey
        Who is asked.
    seed : int
        Seed of the world.

    Returns
    -------
    Answers
        One value per form.
    """
    person = survey.first_id + survey.who
    ids = person * _PER_PERSON + survey.wave
    fields = [score.field for score in scores_of(survey.instrument)]
    stays = normal(uniforms(seed, Tier.ATTITUDES, person, len(fields))).T
    draws = uniforms(seed, Tier.ATTITUDES, (1 << 40) + ids, len(fields) + 3).T
    untaught = {
        name: (by := survey.by_trait.get(name, 0.0)) * survey.trait
        + (_LASTING - by**2) ** 0.5 * stay
        + (1 - _LASTING) ** 0.5 * normal(now)
        for name, stay, now in zip(fields, stays, draws[3:], strict=True)
    }
    taught = {name: value + survey.learnt.get(name, 0.0) for name, value in untaught.items()}
    willing = _ANSWERS + _PER_WAVE * survey.wave - survey.reluctance * taught[survey.against]
    answered = logistic(draws[0]) < willing
    items, without = (answer_items(of, survey.instrument, ids, seed) for of in (taught, untaught))
    date = WAVES[survey.wave] + (draws[2] * _DAYS_OPEN).astype(np.int64)
    return Answers(items=items, untaught=without, answered=answered, consents=draws[1] < _CONSENTS, date=date)


def waves_frame(survey: Survey, answers: Answers, key: str, codes: Text, version: str) -> pd.DataFrame:
    """Tabulate the scores of the forms that came back.

    Parameters
    ----------
    survey : Survey
        Who was asked.
    answers : Answers
        What came back.
    key : str
        Name of the column of persons.
    codes : pandas string array
        Codes of the persons, one per form.
    version : str
        Name of the instrument as the form fills it in.

    Returns
    -------
    pandas.DataFrame
        One row per form that came back; without consent it has no score.
    """
    made = scored(items_frame(survey, answers, key, codes), instrument=survey.instrument)
    made = made.assign(instrument=pd.array([version] * len(made), dtype="str"))
    return made[list(dictionary.table(f"{survey.instrument}s").names)]


def items_frame(survey: Survey, answers: Answers, key: str, codes: Text) -> pd.DataFrame:
    """Tabulate the forms that came back, item by item; without consent all items are empty."""
    keys = pd.DataFrame({key: codes, "wave": survey.wave, "date": answers.date.astype(STAMP)})
    made = keys.assign(consent=answers.consents).join(answers.items.loc[answers.consents])
    return made[answers.answered].reset_index(drop=True)
