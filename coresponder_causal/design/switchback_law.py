"""The law of a switchback: which weeks of covered and uncovered blocks can be drawn, and how.

A week has the same clock blocks (slots) on each of its days, and the same number of them is covered in every week. Over
a run of weeks every slot is covered equally often. The first table of a run is systematic: slot i is covered in c weeks
after another from week c·i on, counted round the run; so any slots that follow each other share the weeks evenly. Its
weeks are then shuffled, and its slots within their strata.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import gcd
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems

Assignment = NDArray[np.bool_]
Stratum = Literal["weekend", "half", "day"]
days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
batch, least_share = 4000, 0.001
minutes_in_day = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchbackLaw:
    """All assignments that may be drawn; full runs that keep the limits are equally likely.

    Parameters
    ----------
    weeks : int
        Weeks of the calendar.
    covered_per_week : int
        Blocks covered in every week.
    blocks : tuple of (start, end)
        Clock times of a day's blocks, equally long; the last may end on the next day.
    strata : tuple of {"weekend", "half", "day"}
        Groups of slots among which each week's coverage is spread as evenly as whole numbers allow: weekend and other
        days, the blocks of a day by their place, single days.
    most_per_day : int, optional
        Most blocks covered on one day.
    rest_hours : float
        Least hours between a covered block and the next one that does not follow at once, within a week.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.

    Examples
    --------
    >>> law = SwitchbackLaw(weeks=7, covered_per_week=10)
    >>> drawn = law.draw(3, seed=1)
    >>> set(drawn.sum(axis=2).ravel().tolist()), set(drawn.sum(axis=1).ravel().tolist())
    ({10}, {5})
    """

    weeks: int
    covered_per_week: int
    blocks: tuple[tuple[str, str], ...] = (("08:00", "15:00"), ("15:00", "22:00"))
    strata: tuple[Stratum, ...] = ("weekend",)
    most_per_day: int | None = None
    rest_hours: float = 0.0

    def __post_init__(self) -> None:
        problems = Problems("the law of the switchback")
        _check_blocks(self.blocks, problems)
        problems.raise_if_any(DesignError)
        if not 0 < self.covered_per_week < self.slots:
            problems.add(
                f"{self.covered_per_week} of {self.slots} blocks covered a week",
                mend="cover at least one and leave at least one out",
            )
        if self.weeks < 2:
            problems.add(f"{self.weeks} weeks", mend="plan at least two")
        strangers = [name for name in self.strata if name not in ("weekend", "half", "day")]
        if strangers:
            problems.add(f"strata {', '.join(map(str, strangers))} are not known", mend="choose weekend, half or day")
        if self.most_per_day is not None and self.covered_per_week > 7 * self.most_per_day:
            problems.add(
                f"{self.covered_per_week} blocks a week do not fit at {self.most_per_day} a day",
                mend="allow more a day, or cover fewer",
            )
        problems.raise_if_any(DesignError)

    @property
    def slots(self) -> int:
        """Clock blocks of a week."""
        return len(days) * len(self.blocks)

    @property
    def run(self) -> int:
        """Weeks over which every clock block is covered equally often."""
        return self.slots // gcd(self.covered_per_week, self.slots)

    @property
    def probability(self) -> float:
        """Probability that a block is covered: the same for all, as weeks are shuffled within a run."""
        return self.covered_per_week / self.slots

    @property
    def block_hours(self) -> float:
        """Hours of a block."""
        return _span(*self.blocks[0]) / 60

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the slots, e.g. "Mon 08:00", in the order of the week."""
        return tuple(f"{day} {start}" for day in days for start, _ in self.blocks)

    def draw(self, number: int, *, seed: int) -> Assignment:
        """Draw assignments; the same seed gives the same ones.

        Parameters
        ----------
        number : int
        seed : int

        Returns
        -------
        ndarray of bool, shape (number, weeks, slots)
            Read-only.

        Raises
        ------
        DesignError
            If fewer than one run in a thousand keeps the limits of a day or of rest.
        """
        return _drawn(self, number, seed)

    def to_dict(self) -> dict[str, object]:
        """Fields by name."""
        return asdict(self)


@lru_cache(maxsize=16)
def _drawn(law: SwitchbackLaw, number: int, seed: int) -> Assignment:
    runs = -(-law.weeks // law.run)
    rng = np.random.default_rng(seed)
    found = _runs(law, number * runs, rng).reshape(number, runs * law.run, law.slots)[:, : law.weeks].copy()
    found.setflags(write=False)
    return found


def _runs(law: SwitchbackLaw, number: int, rng: np.random.Generator) -> Assignment:
    """Draw runs until as many as wanted keep the limits."""
    if law.most_per_day is None and not law.rest_hours:
        return _shuffled(law, number, rng)
    kept: list[Assignment] = []
    tried = have = 0
    while have < number:
        candidates = _shuffled(law, batch, rng)
        kept.append(candidates[_within_limits(law, candidates)])
        tried, have = tried + batch, have + len(kept[-1])
        if have < least_share * tried:
            raise DesignError(
                f"{have} of {tried} drawn runs of {law.run} weeks keep the limits of {law.most_per_day or 'any'} "
                f"blocks a day and {law.rest_hours:g} hours of rest",
                mend="loosen the limits, or cover fewer blocks a week",
            )
    return np.concatenate(kept)[:number]


def _shuffled(law: SwitchbackLaw, number: int, rng: np.random.Generator) -> Assignment:
    """Shuffle the weeks of the systematic run, and its slots within strata; shape (number, run, slots)."""
    stratum = _stratum(law)
    weeks = np.argsort(rng.random((number, law.run)), axis=1)
    places = np.argsort(stratum + rng.random((number, law.slots)), axis=1)
    systematic = _systematic(law)[weeks]
    covered = np.empty((number, law.run, law.slots), bool)
    np.put_along_axis(covered, np.broadcast_to(places[:, None, :], covered.shape), systematic, axis=2)
    return covered


def _systematic(law: SwitchbackLaw) -> Assignment:
    """Run in which slot i is covered in c weeks after another, from week c·i on; shape (run, slots)."""
    times = law.covered_per_week * law.run // law.slots
    weeks = (times * np.arange(law.slots)[:, None] + np.arange(times)) % law.run
    table = np.zeros((law.run, law.slots), bool)
    table[weeks, np.arange(law.slots)[:, None]] = True
    return table


def _stratum(law: SwitchbackLaw) -> NDArray[np.int64]:
    """Stratum of each slot, numbered in the order of ``strata``."""
    day, half = np.divmod(np.arange(law.slots), len(law.blocks))
    keys = {"weekend": day >= 5, "half": half, "day": day}
    codes = np.zeros(law.slots, np.int64)
    for name in law.strata:
        codes = codes * law.slots + keys[name].astype(np.int64)
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _within_limits(law: SwitchbackLaw, covered: Assignment) -> NDArray[np.bool_]:
    """Whether all weeks of each run keep the limits, shape (number,)."""
    fits = np.ones(len(covered), bool)
    if law.most_per_day is not None:
        by_day = covered.reshape(*covered.shape[:2], len(days), len(law.blocks)).sum(axis=3)
        fits &= (by_day <= law.most_per_day).all(axis=(1, 2))
    if law.rest_hours:
        starts = np.array([day * minutes_in_day + _minute(start) for day in range(7) for start, _ in law.blocks])
        ends = starts + 60 * law.block_hours
        gap = (starts[None, :] - ends[:, None]) / 60
        for first, second in np.argwhere((gap > 0) & (gap < law.rest_hours)):
            fits &= ~(covered[..., first] & covered[..., second]).any(axis=1)
    return fits


def _check_blocks(blocks: tuple[tuple[str, str], ...], problems: Problems) -> None:
    """Refuse blocks that cannot be read, overlap or differ in length."""
    try:
        spans = [(_minute(start), _minute(start) + _span(start, end)) for start, end in blocks]
    except (ValueError, TypeError):
        problems.add(f"blocks={blocks!r} are no clock times", mend="give pairs such as ('08:00', '15:00')")
        return
    if not spans:
        problems.add("a day has no block", mend="give at least one")
        return
    following = [*(start for start, _ in spans[1:]), spans[0][0] + minutes_in_day]
    if any(end > start for (_, end), start in zip(spans, following, strict=True)):
        problems.add(f"the blocks {_shown(blocks)} overlap or are out of order", mend="put one after the other")
    if len({end - start for start, end in spans}) > 1:
        problems.add(
            f"the blocks {_shown(blocks)} differ in length", mend="make them equally long: weeks keep their hours"
        )


def _minute(clock: str) -> int:
    time = dt.time.fromisoformat(clock)
    return 60 * time.hour + time.minute


def _span(start: str, end: str) -> int:
    """Minutes from one clock time to the next occurrence of another."""
    return (_minute(end) - _minute(start) - 1) % minutes_in_day + 1


def _shown(blocks: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{start} to {end}" for start, end in blocks)
