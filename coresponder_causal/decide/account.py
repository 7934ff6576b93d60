"""What turns effects and prices into money and officer-hours over the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.result import Result
from coresponder_causal.decide.prices import Price, of_95

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
        Share of the time in which they would have been filled. A post that stands vacant gives no hours: what it costs
        to give up is what it would have come to, and not what it was planned for.
    filled_low, filled_high : float, optional
        A 95 % range of that share.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.

    Examples
    --------
    >>> Posts(posts=5, hours=1700, filled=0.2).forgone
    1700.0
    """

    posts: float
    hours: float
    filled: float
    filled_low: float | None = None
    filled_high: float | None = None

    def __post_init__(self) -> None:
        problems = Problems("officer posts")
        if not (self.posts >= 0 and self.hours >= 0):
            problems.add(f"{self.posts!r} posts of {self.hours!r} hours", mend="give numbers not below 0")
        ends = [end for end in (0.0, self.filled_low, self.filled, self.filled_high, 1.0) if end is not None]
        if ends != sorted(ends):
            problems.add(f"filled: {ends[1:-1]}", mend="give a share from 0 to 1, within its range")
        if (self.filled_low is None) != (self.filled_high is None):
            problems.add("filled has one end of a range", mend="give filled_low and filled_high, or neither")
        elif self.spread**2 >= self.filled * (1 - self.filled) and self.spread:
            problems.add(f"filled: {self.filled!r} cannot be that uncertain", mend="give a narrower range")
        problems.raise_if_any(DesignError)

    @property
    def forgone(self) -> float:
        """Officer-hours forgone a year."""
        return self.posts * self.hours * self.filled

    @property
    def spread(self) -> float:
        """Standard error of the share filled, 0 where no range is given."""
        return (
            0.0 if self.filled_low is None or self.filled_high is None else (self.filled_high - self.filled_low) / of_95
        )

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high end of the share filled: none and all where no range is given."""
        return (
            (0.0, 1.0) if self.filled_low is None or self.filled_high is None else (self.filled_low, self.filled_high)
        )

    def drawn(self, draws: int, rng: np.random.Generator) -> Array:
        """Draw the share filled, shape (draws,): beta with the stated mean and standard error, fixed without one."""
        if self.spread == 0:
            return np.full(draws, float(self.filled))
        size = self.filled * (1 - self.filled) / self.spread**2 - 1
        return np.asarray(rng.beta(self.filled * size, (1 - self.filled) * size, draws), float)


class Rows(NamedTuple):
    """What is not known for certain, a row for each way in which it may be.

    ``averted`` events a year (n, effects), ``amounts`` of prices (n, prices), ``filled`` share of the posts (n,).
    """

    averted: Array
    amounts: Array
    filled: Array

    @classmethod
    def of(cls, flat: Array, effects: int) -> Rows:
        """Take rows apart that hold all of it side by side."""
        return cls(flat[:, :effects], flat[:, effects:-1], flat[:, -1])


class Account(NamedTuple):
    """What turns effects and prices into money and officer-hours over the horizon."""

    prices: tuple[Price, ...]
    factor: Array
    years: Array
    effects: tuple[Effect, ...]
    posts: Posts | None
    span: float

    @property
    def counts_hours(self) -> bool:
        """Whether any officer-hours are released or forgone."""
        return bool(self.posts is not None and self.posts.posts) or any(e.officer_hours for e in self.effects)

    def spent(self, rows: Rows, enters: str) -> Array:
        """Money spent or freed."""
        weight = np.array([p.quantity * (p.enters == enters) for p in self.prices]) * self.factor * self.years
        return np.asarray(rows.amounts @ weight)

    def hours(self, rows: Rows) -> Array:
        """Officer-hours released, less those forgone."""
        taken = np.array([e.officer_hours for e in self.effects])
        whole = 0.0 if self.posts is None else self.posts.posts * self.posts.hours
        return np.asarray(self.span * (rows.averted @ taken - whole * rows.filled))

    def net(self, rows: Rows) -> Array:
        """Net cost."""
        saved = np.array([[p.enters == "averted" and p.what == e.outcome for e in self.effects] for p in self.prices])
        worth = np.array([p.enters == "officer_hour" for p in self.prices]) * self.factor
        savings = self.span * ((rows.amounts * self.factor) @ saved * rows.averted).sum(axis=1)
        released = self.hours(rows) * (rows.amounts @ worth)
        return np.asarray(self.spent(rows, "spent") - self.spent(rows, "freed") - savings - released)
