"""Several cities' released effects put together: which belong together, their mean, and what another city may expect.

Each city estimates at home; what travels is θ̂_j, v_j and support. The second stage needs nothing else, so that it gives
the same numbers as if every row were in one place. Cities whose outcome is defined otherwise are brought to the
reference definition by a bridge, or left out. A constant share of events that a definition misses leaves a log ratio as
it is; a difference is multiplied by the bridge's ratio k: v becomes k²(v + θ² s²), s the error of log k.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.core.second_stage import (
    SecondStage,
    fewest_pooled,
    second_stage,
    usual_level,
    without_each,
)
from coresponder_causal.data.comparability import bridges_of, compared
from coresponder_causal.decide.federated_cities import Held, city_row, reference_definition, say_beside
from coresponder_causal.privacy.city_release import CityRelease


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """One outcome by one method in several cities.

    Parameters
    ----------
    outcome, method, term, contrast, scale, words : str
    cities : DataFrame
        ``city, verdict, why, used``; ``estimate, std_error, low, high, df`` on the scale and by the reference
        definition; ``weight, without`` (share in the mean, mean without it); ``support`` (smallest count behind it).
    found : SecondStage or None
        None where fewer than two cities can be put together.
    reference : mapping of str to str
        What the outcome means here; empty where nobody registered it.
    notes : tuple of str
    """

    outcome: str
    method: str
    term: str
    contrast: str
    scale: str
    words: str
    cities: pd.DataFrame
    found: SecondStage | None
    reference: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Federated:
    """What several cities' releases say.

    Parameters
    ----------
    questions : tuple of Question
        Those that most cities answer first.
    releases : tuple of CityRelease
    verdicts : DataFrame
        ``metric, city, other, verdict, why``: every pair of definitions that travelled with an effect.
    simulated : bool
        Whether any city's tables are made up.
    """

    questions: tuple[Question, ...]
    releases: tuple[CityRelease, ...]
    verdicts: pd.DataFrame
    simulated: bool


def pool_releases(
    releases: Sequence[CityRelease],
    *,
    reference: str | None = None,
    bridges: object | None = None,
    take_unknown: bool = False,
    level: float = usual_level,
) -> Federated:
    """Put the released effects of several cities together, outcome by outcome.

    Parameters
    ----------
    releases : sequence of CityRelease
        One of each city.
    reference : str, optional
        City by whose definitions is counted; by default, for each outcome, the definition that most cities share.
    bridges : DataFrame or Table, optional
        Table "metric_bridges" of the dictionary.
    take_unknown : bool
        Take cities whose definition nobody registered as if it were the reference's, with a doubt.
    level : float

    Returns
    -------
    Federated

    Raises
    ------
    DesignError
        Fewer than two releases, two of one city, an unknown reference, or no outcome that two cities can be put
        together for: the message lists all.
    DataError
        A register of bridges that breaks its rules.

    Notes
    -----
    Not for cities that were evaluated by one another's rows: shared comparison cities make errors move together, which
    is said as a doubt. One answer for all cities is no answer for a city of another kind.
    """
    cities = [one.city for one in releases]
    problems = Problems("this set of releases")
    if len(releases) < fewest_pooled:
        problems.add(f"{len(releases)} release", mend=f"bring those of {fewest_pooled} cities or more")
    if twice := sorted(city for city, many in Counter(cities).items() if many > 1):
        problems.add(f"two releases of {', '.join(twice)}", mend="keep the last one of each city")
    if reference is not None and reference not in cities:
        problems.add(f"no release of {reference}", mend=f"name one of {', '.join(sorted(cities))}")
    problems.raise_if_any(DesignError)
    crossings = bridges_of(bridges)
    groups: dict[tuple[str, ...], list[Held]] = {}
    for release in sorted(releases, key=lambda one: one.city):
        for effect in release.effects:
            key = (effect.outcome, effect.method, effect.term, effect.contrast, effect.scale)
            groups.setdefault(key, []).append((release, effect))
    made = [_question(held, releases, reference, crossings, take_unknown, level) for held in groups.values()]
    if all(one.found is None for one in made):
        said = "; ".join(f"{one.outcome} by {one.method}: {' '.join(one.notes)}" for one in made)
        raise DesignError(
            f"no effect can be put together. {said}",
            mend="agree on outcome, method and definition, register definitions or a bridge, or take unknown ones",
        )
    made.sort(key=lambda one: (one.found is None, -int(one.cities["used"].sum()), one.outcome, one.method))
    return Federated(
        questions=tuple(made),
        releases=tuple(sorted(releases, key=lambda one: one.city)),
        verdicts=_verdicts(groups, crossings),
        simulated=any(one.simulated for one in releases),
    )


def _question(
    held: Sequence[Held],
    releases: Sequence[CityRelease],
    reference: str | None,
    bridges: pd.DataFrame,
    take_unknown: bool,
    level: float,
) -> Question:
    first = held[0][1]
    with quietly(), collecting() as notes:
        meant = reference_definition(held, reference)
        rows = pd.DataFrame([city_row(one, meant, bridges, take_unknown, level) for one in held])
        used = rows["used"].to_numpy(bool)
        say_beside(held, rows, releases, meant)
        found = None
        if used.sum() >= fewest_pooled:
            estimate, error = (rows.loc[used, name].to_numpy(float) for name in ("estimate", "std_error"))
            found = second_stage(estimate, error**2, level=level)
            rows.loc[used, "weight"], rows.loc[used, "without"] = found.weights, without_each(estimate, error**2)
    return Question(
        outcome=first.outcome,
        method=first.method,
        term=first.term,
        contrast=first.contrast,
        scale=first.scale,
        words=first.words,
        cities=rows,
        found=found,
        reference=meant,
        notes=tuple(notes),
    )


def _verdicts(groups: dict[tuple[str, ...], list[Held]], bridges: pd.DataFrame) -> pd.DataFrame:
    """Hold the definitions that travelled against each other, every pair of cities of each outcome."""
    meant: dict[str, dict[str, dict[str, str]]] = {}
    for held in groups.values():
        for release, effect in held:
            meant.setdefault(effect.outcome, {})[release.city] = dict(effect.definition)
    rows = [
        {"metric": metric, "city": city, "other": other, **compared(metric, own, theirs, bridges)._asdict()}
        for metric, cities in sorted(meant.items())
        for city, own in cities.items()
        for other, theirs in cities.items()
        if city != other
    ]
    return pd.DataFrame(rows, columns=["metric", "city", "other", "verdict", "why", "ratio", "log_sd"])
