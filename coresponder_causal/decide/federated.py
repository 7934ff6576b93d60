"""Several cities' released effects put together: which belong together, their mean, and what another city may expect.

Each city estimates at home; what travels is θ̂_j, v_j and support. The second stage needs nothing else, so that it gives
the same numbers as if every row were in one place. Cities whose outcome is defined otherwise are brought to the
reference definition by a bridge, or left out. A constant share of events that a definition misses leaves a log ratio as
it is; a difference is multiplied by the bridge's ratio k: v becomes k²(v + θ² s²), s the error of log k.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.inference import interval
from coresponder_causal.core.notes import collecting, doubt, note, quietly
from coresponder_causal.core.second_stage import (
    SecondStage,
    fewest_pooled,
    fewest_predicted,
    second_stage,
    usual_level,
    without_each,
)
from coresponder_causal.data.comparability import bridged, bridges_of, compared, not_comparable, not_known, same
from coresponder_causal.privacy.city_release import CityEffect, CityRelease

Held = tuple[CityRelease, CityEffect]
few_df = 10
columns = (
    "city", "verdict", "why", "used", "estimate", "std_error", "low", "high", "df", "weight", "without", "support",
)  # fmt: skip


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
    problems = Problems("the releases")
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
        meant = _reference(held, reference)
        rows = pd.DataFrame([_row(one, meant, bridges, take_unknown, level) for one in held])
        used = rows["used"].to_numpy(bool)
        _say(held, rows, releases, meant)
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


def _reference(held: Sequence[Held], reference: str | None) -> dict[str, str]:
    """Return the definition by which is counted; empty where there is none."""
    if reference is not None:
        own = [dict(effect.definition) for release, effect in held if release.city == reference]
        return own[0] if own else {}
    registered = [tuple(effect.definition.items()) for _, effect in held if effect.definition]
    return dict(Counter(registered).most_common(1)[0][0]) if registered else {}


def _row(
    one: Held, meant: dict[str, str], bridges: pd.DataFrame, take_unknown: bool, level: float
) -> dict[str, object]:
    """Give one city's effect by the reference definition, and whether it can be put together with others."""
    release, effect = one
    found = compared(effect.outcome, effect.definition, meant, bridges)
    used = found.verdict in (same, bridged) or (found.verdict == not_known and take_unknown)
    ratio, log_sd = (found.ratio, found.log_sd) if found.verdict == bridged else (1.0, 0.0)
    factor, own = (ratio, effect.estimate * log_sd) if effect.scale == "difference" else (1.0, 0.0)
    estimate, error = factor * effect.estimate, factor * float(np.sqrt(effect.variance + own**2))
    low, high = interval(estimate, error, effect.df, level)
    counts = min((count for count in effect.support.values() if count), default=0)
    values = (
        release.city, found.verdict, found.why, used, estimate, error, float(low), float(high), effect.df, np.nan,
        np.nan, counts,
    )  # fmt: skip
    return dict(zip(columns, values, strict=True))


def _say(held: Sequence[Held], rows: pd.DataFrame, releases: Sequence[CityRelease], meant: dict[str, str]) -> None:
    """Say what must be read beside the numbers of one question."""
    first = held[0][1]
    for verdict, words in ((not_comparable, "counts another thing"), (not_known, "has registered no definition")):
        for city, why, used in rows.loc[rows["verdict"] == verdict, ["city", "why", "used"]].itertuples(index=False):
            if used:
                doubt(f"{city} {words} of {first.outcome}: it is taken as if it counted what the others count")
            else:
                note(f"left out: {city} {words}" + (f" ({why})" if verdict == not_comparable else ""))
    crossed = rows.loc[rows["verdict"] == bridged, "city"].tolist()
    if crossed:
        steady = "; a ratio stays as it is only if the share that is counted stayed the same over time"
        doubt(f"definitions are bridged for {', '.join(crossed)}{steady if first.scale == 'log_ratio' else ''}")
    if absent := sorted({one.city for one in releases} - set(rows["city"])):
        note(f"no effect of this kind from {', '.join(absent)}")
    for shared in _shared(held, rows):
        doubt(shared)
    horizons = {effect.horizon.partition(" from ")[0] for _, effect in held}
    if len(horizons) > 1:
        note(f"the effects average over other times: {', '.join(sorted(horizons))}")
    used = rows[rows["used"]]
    if (short := int((used["df"] < few_df).sum())) and len(used) >= fewest_pooled:
        doubt(
            f"variances are taken as known; that of {short} of {len(used)} cities has fewer than {few_df} degrees of "
            "freedom"
        )
    if len(used) == fewest_predicted - 1:
        doubt("two cities cannot tell how far cities differ: nothing is said of another city")
    if not meant:
        note("nobody has registered what the outcome means")


def _shared(held: Sequence[Held], rows: pd.DataFrame) -> Iterator[str]:
    """Say which comparison cities several effects share, and which cities were compared with each other."""
    used = set(rows.loc[rows["used"], "city"])
    taking = [(release.city, effect) for release, effect in held if release.city in used]
    counted = Counter(other for _, effect in taking for other in effect.compared_with)
    if many := sorted(city for city, count in counted.items() if count > 1):
        yield (
            f"{len(many)} comparison cities stand behind more than one effect ({', '.join(many[:5])}"
            f"{', …' if len(many) > 5 else ''}): their errors move together, and the interval of the mean is too short"
        )
    if inner := sorted(used & set(counted)):
        yield f"{', '.join(inner)} took part and was also compared with: its programme hides that of others"


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
