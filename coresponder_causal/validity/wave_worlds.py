"""Persons asked wave after wave: those who meet the team stand apart before, and each has a course of their own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import expit

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.design.waves import WaveDesign
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.cell import Cell

level_sd, apart, course_sd, noise_sd, hidden_sd = 0.6, 0.3, 0.1, 0.35, 0.5  # of scores
cuts = (-2.5, -0.8, 0.8, 2.5)  # of answers, on the scale of log odds
known_odds = {"four in five known": 1.6, "half known": 0.0}


def wave_designs(cell: Cell, part: int, block: int) -> Iterator[Design | CausalError]:
    """Draw a block of designs of a cell; the effect is in units of the score, of answers in log odds."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    for _ in range(block):
        frame = persons_on_waves(rng, cell)
        try:
            with quietly():
                yield WaveDesign.from_frame(frame, outcome="score", person="person", wave="wave", exposure="met")
        except CausalError as error:
            yield error


def persons_on_waves(rng: np.random.Generator, cell: Cell) -> pd.DataFrame:
    """Draw persons of whom some met the team, from the second wave on or later.

    Examples
    --------
    >>> cell = Cell(setting="waves", treated=2, comparison=1, periods=2, effect=-0.3)
    >>> persons_on_waves(np.random.default_rng(1), cell)["met"].tolist()
    [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    """
    treated, waves = int(cell.treated or 0), int(cell.periods or 0)
    many = treated + int(cell.comparison or 0)
    person, wave = np.repeat(np.arange(many), waves), np.tile(np.arange(waves), many)
    begin = np.where(np.arange(many) < treated, 1 + np.arange(many) % (waves - 1), waves)
    met = (wave >= begin[person]).astype(float)
    level = rng.normal(size=many) + apart / level_sd * (begin < waves)
    course, hidden = rng.normal(size=many), rng.normal(size=many)
    if cell.world == "chosen by course":
        course = np.where(begin < waves, course - 2.0, course)
    if cell.setting == "ordinal_waves":
        latent = 2.5 * level_sd * level[person] + 0.2 * wave + cell.effect * met
        return _frame(person, wave, met, np.digitize(latent + rng.logistic(size=len(person)), cuts) + 1.0)
    score = level_sd * level[person] + (0.1 + course_sd * course[person]) * wave + cell.effect * met
    score += noise_sd * rng.normal(size=len(person))
    last = wave == waves - 1
    if cell.setting == "lost_waves" or cell.world == "lost by what is hidden":
        score += hidden_sd * hidden[person] * last
        odds = (
            known_odds[str(cell.adjustment or "half known")] + 1.0 * met - hidden[person] * np.where(met > 0, 0.5, 2.0)
        )
        score = np.where(last & (rng.random(many)[person] >= expit(odds)), np.nan, score)
    return _frame(person, wave, met, score)


def _frame(person: object, wave: object, met: object, score: object) -> pd.DataFrame:
    return pd.DataFrame({"person": person, "wave": wave, "met": met, "score": score})
