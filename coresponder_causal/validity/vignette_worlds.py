"""Persons who answer drawn cases: features drawn by lot, one of which moves some persons more than others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.design.vignettes import VignetteDesign
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.cell import Cell

person_sd, moved_sd, noise_sd, by_call = 0.8, 0.3, 0.7, (0.0, 0.2, -0.3)


def vignette_designs(cell: Cell, part: int, block: int) -> Iterator[Design | CausalError]:
    """Draw a block of designs of a cell; the effect is in units of the answer, for the first feature."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    for _ in range(block):
        frame = answers(rng, int(cell.comparison or 0), int(cell.periods or 0), cell.effect)
        try:
            with quietly():
                yield VignetteDesign.from_frame(frame, outcome="force", person="person", factors=["appearance", "call"])
        except CausalError as error:
            yield error


def answers(rng: np.random.Generator, persons: int, cases: int, effect: float) -> pd.DataFrame:
    """Draw cases of two features and their answers, rounded to tenths.

    Examples
    --------
    >>> list(answers(np.random.default_rng(1), 2, 2, 0.3))
    ['person', 'appearance', 'call', 'force']
    """
    person = np.repeat(np.arange(persons), cases)
    appearance, call = rng.integers(0, 2, len(person)), rng.integers(0, 3, len(person))
    own = effect + moved_sd * rng.normal(size=persons)
    mean = 3 + person_sd * rng.normal(size=persons)[person] + own[person] * appearance + np.array(by_call)[call]
    frame = pd.DataFrame({"person": person, "appearance": appearance, "call": call})
    return frame.assign(force=(mean + noise_sd * rng.normal(size=len(person))).round(1))
