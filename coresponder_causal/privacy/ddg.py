"""Points of the Data De-identification Guidelines of California's health agencies, second edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from coresponder_causal.core.errors import DisclosureError

edition = "CalHHS Data De-identification Guidelines, ed. 2"
most_points = 12
enough_events, enough_people = 11, 20_001
events_points = ((11, 7), (100, 5), (1000, 3), (float("inf"), 2))
age_points = ((2, 7), (5, 5), (10, 3), (29, 2), (float("inf"), 1))
residents_points = (
    (4_000, 7), (20_000, 5), (50_000, 4), (100_000, 3), (250_000, 1), (560_000, 0), (1_000_000, -1), (2_000_000, -3),
    (float("inf"), -5),
)  # fmt: skip
race_points = {"none": 0, "coarse": 2, "detailed": 3}
fewest_interactions, most_interactions = -5, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class DdgScore:
    """Points of one table.

    Parameters
    ----------
    points : mapping of str to int
        By criterion.
    passes : bool
        By size, or by at most twelve points.
    by_size : bool
        Whether numerator and denominator are large enough without points.
    """

    points: Mapping[str, int]
    passes: bool
    by_size: bool

    @property
    def total(self) -> int:
        """Sum of the points."""
        return sum(self.points.values())

    def __str__(self) -> str:
        listed = ", ".join(f"{name} {number:+d}" for name, number in self.points.items())
        how = f"numerator of {enough_events} and denominator of {enough_people:,} or more" if self.by_size else listed
        verdict = "within" if self.passes else "beyond"
        return (
            f"{self.total} points, {verdict} what {edition} lets pass ({how}). The score does not say that nobody can "
            "be recognised; the department's own review follows it."
        )


def ddg_score(
    *,
    events: int,
    population: int,
    residents: int,
    interactions: int,
    age_years: float | None = None,
    race: Literal["none", "coarse", "detailed"] = "none",
    other: Mapping[str, int] | None = None,
) -> DdgScore:
    """Score a table by the publication criteria of the guidelines.

    Parameters
    ----------
    events, population : int
        Smallest numerator shown, zero aside, and its denominator.
    residents : int
        People living in the smallest area shown.
    interactions : int
        Points for how many characteristics are crossed: from -5 (events, time and place alone) to 4 (three more).
    age_years : float, optional
        Width in years of the narrowest age band, where ages are shown.
    race : {"none", "coarse", "detailed"}
        Whether race is shown, in few categories or in seven or eight.
    other : mapping of str to int, optional
        Points of criteria that are not computed here (sex, ethnicity, language, period), read off the guidelines.

    Returns
    -------
    DdgScore

    Raises
    ------
    DisclosureError
        Negative counts, interactions or a kind of race outside the table; read them off the guidelines.

    Examples
    --------
    >>> found = ddg_score(events=14, population=53_000, residents=53_000, interactions=-5)
    >>> found.passes, found.total, dict(found.points)
    (True, 3, {'events': 5, 'residence': 3, 'interactions': -5})
    """
    if min(events, population, residents) < 0 or race not in race_points:
        raise DisclosureError("counts are negative, or race is unknown", mend=f"race is {', '.join(race_points)}")
    if not fewest_interactions <= interactions <= most_interactions:
        raise DisclosureError(
            f"interactions have {interactions} points", mend=f"{fewest_interactions} to {most_interactions}"
        )
    points = {"events": _points(events_points, events + 1), "residence": _points(residents_points, residents)}
    points["interactions"] = interactions
    if age_years is not None:
        points["age bands"] = _points(age_points, age_years)
    if race != "none":
        points["race"] = race_points[race]
    points |= dict(other or {})
    by_size = events >= enough_events and population >= enough_people
    return DdgScore(points=points, passes=by_size or sum(points.values()) <= most_points, by_size=by_size)


def _points(table: tuple[tuple[float, int], ...], value: float) -> int:
    """Points of the first row whose limit is not exceeded."""
    return next(points for limit, points in table if value <= limit)
