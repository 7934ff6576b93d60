"""What a caller tells when asked: what is there is not always asked for, and not always told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.simulate.columns import Text, text
from coresponder_causal.simulate.streams import Floats

Booleans = NDArray[np.bool_]
ANSWERS = ("yes", "no", "not_known")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked in the first call.

    Parameters
    ----------
    name : str
        Without ``told_``.
    in_need, else_ : float
        Chance that it is there, with a need for care on scene and without.
    told, denied : float
        Chance that an answer comes where it was asked for: if it is there, and if it is not.
    """

    name: str
    in_need: float
    else_: float
    told: float
    denied: float


ITEMS = (
    Item("weapon", 0.06, 0.07, 0.85, 0.75),
    Item("self_harm", 0.45, 0.05, 0.75, 0.60),
    Item("substance", 0.35, 0.28, 0.65, 0.50),
    Item("medication", 0.40, 0.10, 0.55, 0.45),
    Item("known_person", 0.50, 0.25, 0.75, 0.50),
    Item("what_helps", 0.30, 0.08, 0.80, 0.40),
)
least_and_most = (0.6, 0.9)  # chances with which call takers ask
draws_needed = 3 * len(ITEMS)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What was told of each call.

    Parameters
    ----------
    answers : dict of str to ndarray of int
        Position in `ANSWERS` by item; -1 where it was not asked.
    there : dict of str to ndarray of bool
        Whether it is there, which no table shows.
    """

    answers: dict[str, NDArray[np.int64]]
    there: dict[str, Booleans]

    def columns(self) -> dict[str, Text]:
        """Columns ``told_*`` of the data dictionary."""
        return {f"told_{name}": text(ANSWERS, codes) for name, codes in self.answers.items()}


def draw_told(draws: Floats, need: Booleans, asks: Floats, *, hides: float = 0.0) -> Told:
    """Draw what is there, what is asked and what is told.

    Parameters
    ----------
    draws : ndarray, shape (n, 18)
        Uniform numbers, three for each item.
    need : ndarray of bool, shape (n,)
        Whether there is a need for care on scene.
    asks : ndarray, shape (n,)
        Chance that each item is asked.
    hides : float
        Share of the answers about what is there that are not given.

    Examples
    --------
    >>> made = draw_told(np.full((2, 18), 0.3), np.array([True, False]), np.ones(2))
    >>> made.columns()["told_self_harm"].tolist()
    ['yes', 'no']
    """
    answers, there = {}, {}
    for place, item in enumerate(ITEMS):
        present, asked, answered = draws[:, 3 * place : 3 * place + 3].T
        there[item.name] = present < np.where(need, item.in_need, item.else_)
        told = answered < np.where(there[item.name], item.told * (1 - hides), item.denied)
        said = np.where(told, np.where(there[item.name], 0, 1), 2)
        answers[item.name] = np.where(asked < asks, said, -1)
    return Told(answers, there)


def asking(takers: int) -> Floats:
    """Give the chance with which each call taker asks for an item.

    Examples
    --------
    >>> asking(3).round(2).tolist()
    [0.6, 0.75, 0.9]
    """
    return np.linspace(*least_and_most, takers)


def told_truth(told: Told, need: Booleans) -> pd.DataFrame:
    """Say what each item tells of need, and would tell if everybody told.

    Parameters
    ----------
    told : Told
    need : ndarray of bool, shape (n,)

    Returns
    -------
    DataFrame
        ``item, answer, share`` (of all calls), ``need`` (share of these with a need), of the answers yes, no, not_known
        and not_asked, and of what is ``there`` and ``not_there``.
    """
    rows = []
    for name, codes in told.answers.items():
        groups = {answer: codes == place for place, answer in enumerate(ANSWERS)} | {"not_asked": codes < 0}
        groups |= {"there": told.there[name], "not_there": ~told.there[name]}
        rows += [
            (name, answer, float(mine.mean()), float(need[mine].mean()) if mine.any() else np.nan)
            for answer, mine in groups.items()
        ]
    return pd.DataFrame(rows, columns=["item", "answer", "share", "need"])
