"""What turns effects and prices into money and officer-hours over the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.result import Result
from coresponder_causal.decide.prices import Price

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """An effect, and of how much it is.

    Parameters
    ----------
    result : Result
        Its first term is used.
    per_year : float
        Of a log ratio: events counted a year with the programme, where the effect is; of a difference of shares: calls
        a year that it is about.
    officer_hours : float
        Officer-hours that one event takes.
    """

    result: Result
    per_year: float
    officer_hours: float = 0.0

    @property
    def outcome(self) -> str:
        """What is averted."""
        return self.result.estimand.outcome

    def averted(self, theta: Array) -> Array:
        """Events averted a year at values of the estimate."""
        return self.per_year * (np.expm1(-theta) if self.result.scale == "log_ratio" else -theta)

    @property
    def bounds(self) -> tuple[float, float]:
        """Events averted a year at the ends of its interval, of a set without errors at its own ends."""
        row = self.result.tidy().iloc[0]
        names = ("conf_low", "conf_high")
        if self.result.kind == "set" and self.result.set_spread is None:
            names = ("set_low", "set_high")
        low, high = sorted(self.averted(np.array([row[name] for name in names], float)))
        return float(low), float(high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """Officer posts given up for the programme.

    Parameters
    ----------
    posts : float
    hours : float
        Productive hours of one a year.
    filled : float
        Share of the time in which they would have been filled.
    """

    posts: float
    hours: float
    filled: float

    @property
    def forgone(self) -> float:
        """Officer-hours forgone a year."""
        return self.posts * self.hours * self.filled


class Account(NamedTuple):
    """What turns effects and prices into money over the horizon."""

    prices: tuple[Price, ...]
    factor: Array
    years: Array
    effects: tuple[Effect, ...]
    forgone: float
    span: float

    def spent(self, amounts: Array, enters: str) -> Array:
        """Money spent or freed, of amounts (n, prices)."""
        weight = np.array([p.quantity * (p.enters == enters) for p in self.prices]) * self.factor * self.years
        return np.asarray(amounts @ weight)

    def hours(self, averted: Array) -> Array:
        """Officer-hours released, less those forgone."""
        taken = np.array([e.officer_hours for e in self.effects])
        return np.asarray(self.span * (averted @ taken - self.forgone))

    def net(self, averted: Array, amounts: Array) -> Array:
        """Net cost of averted events a year (n, effects) at amounts (n, prices)."""
        saved = np.array([[p.enters == "averted" and p.what == e.outcome for e in self.effects] for p in self.prices])
        worth = np.array([p.enters == "officer_hour" for p in self.prices]) * self.factor
        savings = self.span * ((amounts * self.factor) @ saved * averted).sum(axis=1)
        released = self.hours(averted) * (amounts @ worth)
        return np.asarray(self.spent(amounts, "spent") - self.spent(amounts, "freed") - savings - released)
