"""Prices: what a thing costs, in which year's money, who pays, and where that is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems

Array = NDArray[np.float64]
Enters = Literal["spent", "freed", "averted", "officer_hour"]
Payer = Literal["city", "county", "other"]
Perspective = Literal["city", "county", "society"]
of_95 = 3.92  # width of a 95 % interval in standard errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price.

    Parameters
    ----------
    what, unit : str
        What is priced; an outcome's name where ``enters`` is "averted".
    amount : float
    year : int
        Of the money.
    source : str
    payer : {"city", "county", "other"}
        Whose budget; "other" is the state, insurers or people themselves.
    enters : {"spent", "freed", "averted", "officer_hour"}
        Spent on the programme; freed by it, as the funding of vacant posts; saved by each averted event; the worth of
        one officer-hour.
    quantity : float
        Units a year, of what is spent or freed.
    once : bool
        Whether it falls due at the beginning alone.
    std_error : float, optional
    low, high : float, optional
        A 95 % range, in place of the standard error.
    """

    what: str
    unit: str
    amount: float
    year: int
    source: str
    payer: Payer
    enters: Enters
    quantity: float = 1.0
    once: bool = False
    std_error: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def spread(self) -> float:
        """Standard error, 0 where none is given."""
        if self.std_error is not None:
            return self.std_error
        return 0.0 if self.low is None or self.high is None else (self.high - self.low) / of_95

    @property
    def ends(self) -> tuple[float, float]:
        """Low and high end of the price."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        return max(0.0, self.amount - of_95 / 2 * self.spread), self.amount + of_95 / 2 * self.spread


def factors(prices: Sequence[Price], price_year: int, index: Mapping[int, float]) -> Array:
    """Return what turns each price into money of one year; no price is converted without an index.

    Parameters
    ----------
    prices : sequence of Price
    price_year : int
    index : mapping of int to float
        Price index by year.

    Raises
    ------
    DesignError
        Listing every price that cannot be used.

    Examples
    --------
    >>> wage = Price(what="clinician", unit="hour", amount=60.0, year=2020, source="example", payer="city",
    ...              enters="spent")
    >>> factors([wage], 2022, {2020: 100.0, 2022: 110.0}).tolist()
    [1.1]
    """
    problems = Problems("prices")
    for price in prices:
        ends = (price.low, price.amount, price.high)
        known = [end for end in ends if end is not None]
        if not np.isfinite(known).all() or min(known) < 0 or known != sorted(known) or not price.spread >= 0:
            problems.add(f"{price.what}: {known}", mend="give an amount not below 0, within its range")
        elif (price.low is None) != (price.high is None):
            problems.add(f"{price.what} has one end of a range", mend="give low and high, or neither")
        if not price.source.strip():
            problems.add(f"{price.what} has no source", mend="say where the amount is from")
        if price.amount == 0 and price.spread > 0:
            problems.add(f"{price.what} is 0 with a standard error", mend="give an amount over 0, or no error")
        if price.year != price_year and not {price.year, price_year} <= set(index):
            problems.add(
                f"{price.what} is in money of {price.year}, not {price_year}",
                mend=f"give an index for {price.year} and {price_year}",
            )
    problems.raise_if_any(DesignError)
    return np.array([1.0 if p.year == price_year else index[price_year] / index[p.year] for p in prices])


def seen_by(prices: Sequence[Price], perspective: Perspective) -> Array:
    """Return 1 for prices that count from a perspective, 0 for others; society counts all."""
    return np.array([float(perspective in ("society", p.payer)) for p in prices])


def drawn_prices(prices: Sequence[Price], draws: int, rng: np.random.Generator) -> Array:
    """Draw amounts, shape (draws, prices): gamma with the stated mean and standard error, fixed without one."""
    made = np.tile([p.amount for p in prices], (draws, 1)).astype(float)
    for place, price in enumerate(prices):
        if price.spread > 0:
            shape = (price.amount / price.spread) ** 2
            made[:, place] = rng.gamma(shape, price.amount / shape, draws)
    return made
