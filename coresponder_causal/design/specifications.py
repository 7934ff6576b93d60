"""One treated city among others under other choices of periods and values, stated beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.design.known_events import positions_within, whole_pandemic
from coresponder_causal.design.levels import in_levels, lifted
from coresponder_causal.design.one_treated import OneTreated, one_treated
from coresponder_causal.design.panel import PanelDesign

Array = NDArray[np.float64]
Window: TypeAlias = tuple[int | None, int | None]
everyone, fewest_donors = "all cities", 3


class Choice(NamedTuple):
    """Periods, what is done with the pandemic's months, and values: in the words of a picture."""

    periods: str = "all periods"
    pandemic: str = "pandemic kept"
    values: str = "logs"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Specified:
    """All cities under one choice.

    Parameters
    ----------
    choice : Choice
    seen : OneTreated
        The treated city first.
    """

    choice: Choice
    seen: OneTreated

    def courses(self, city: str, donors: Sequence[str]) -> Array:
        """Log rates of a city and its donors, shape (T, 1 + m); of levels rates, in units of its mean before."""
        order = [self.seen.cities.index(each) for each in (city, *donors)]
        rates = self.seen.rates[:, order]
        if self.choice.values == "logs":
            return rates
        level = rates - np.log(lifted)
        return np.asarray(level / level[~self.seen.after, 0].mean())


def specified(design: PanelDesign, windows: Sequence[Window], *, method: str) -> tuple[list[Specified], list[str]]:
    """Every combination of windows, the pandemic kept or not, and logs or levels.

    Parameters
    ----------
    design : PanelDesign
        With exactly one treated unit.
    windows : sequence of (int or None, int or None)
        Periods kept before the start, and from it on; None: all. Those that leave nothing out are passed over.
    method : str
        Name of the estimator, for messages.

    Returns
    -------
    list of Specified
        The design as it is first.
    list of str
        Choices that cannot be made, such as of periods that leave none on one side of the start, and why.
    """
    positions = np.unique(design.axis.positions)
    outside = {_named(window): _outside(positions, design.start_position, window) for window in windows}
    spans: dict[str, list[int]] = {Choice().periods: []} | {name: left for name, left in outside.items() if left}
    pandemic = positions_within(design.axis, whole_pandemic)
    months: dict[str, list[int]] = {Choice().pandemic: []} | ({"pandemic left out": pandemic} if pandemic else {})
    made, impossible = [], []
    for (periods, left), (wave, also), values in product(spans.items(), months.items(), ("logs", "levels")):
        choice = Choice(periods, wave, values)
        try:
            shorter = design.without_periods([*left, *also]) if left or also else design
            seen = one_treated(in_levels(shorter) if values == "levels" else shorter, method=method)
        except DesignError as error:
            impossible.append(f"{', '.join(choice)} ({error.what})")
        else:
            made.append(Specified(choice=choice, seen=seen))
    return made, impossible


def donor_sets(design: PanelDesign, named: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    """All comparison cities of a design, and named sets of them.

    Parameters
    ----------
    design : PanelDesign
    named : mapping of str to sequence of str, or None

    Raises
    ------
    DesignError
        A set with other cities, or of fewer than three.
    """
    there = tuple(design.comparison_units)
    sets = {name: tuple(cities) for name, cities in (named or {}).items()}
    for name, cities in sets.items():
        if strange := sorted(set(cities) - set(there)):
            raise DesignError(f"donors '{name}': {', '.join(strange)} not in the design", mend="leave them out")
        if len(set(cities)) < fewest_donors:
            raise DesignError(f"donors '{name}': {len(set(cities))} cities", mend=f"name {fewest_donors} or more")
    return {everyone: there} | sets


def _named(window: Window) -> str:
    before, after = window
    said = [f"last {before} before" if before else "", f"first {after} after" if after else ""]
    return ", ".join(filter(None, said)) or Choice().periods


def _outside(positions: NDArray[np.int64], start: int, window: Window) -> list[int]:
    """Positions that a window leaves out."""
    earlier, later = positions[positions < start], positions[positions >= start]
    before, after = window
    out = [*(earlier[:-before] if before else []), *(later[after:] if after else [])]
    return [int(position) for position in out]
