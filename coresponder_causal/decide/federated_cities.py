"""Each city's released effect by the reference definition, and what must be read beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.inference import interval
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.second_stage import fewest_pooled, fewest_predicted
from coresponder_causal.data.comparability import bridged, compared, not_comparable, not_known, same
from coresponder_causal.privacy.city_release import CityEffect, CityRelease

Held = tuple[CityRelease, CityEffect]
few_df = 10
columns = (
    "city", "verdict", "why", "used", "estimate", "std_error", "low", "high", "df", "weight", "without", "support",
)  # fmt: skip


def reference_definition(held: Sequence[Held], reference: str | None) -> dict[str, str]:
    """Return the definition by which is counted: the reference city's, else the one most registered; empty for none."""
    if reference is not None:
        own = [dict(effect.definition) for release, effect in held if release.city == reference]
        return own[0] if own else {}
    registered = [tuple(effect.definition.items()) for _, effect in held if effect.definition]
    return dict(Counter(registered).most_common(1)[0][0]) if registered else {}


def city_row(
    one: Held, meant: dict[str, str], bridges: pd.DataFrame, take_unknown: bool, level: float
) -> dict[str, object]:
    """Give one city's effect by the reference definition, and whether it can be put together with others.

    Parameters
    ----------
    one : (CityRelease, CityEffect)
    meant : dict of str to str
        The reference definition.
    bridges : DataFrame
        Of `data.comparability.bridges_of`.
    take_unknown : bool
        Whether a city without a definition is used.
    level : float

    Returns
    -------
    dict
        ``columns`` of this module; ``weight`` and ``without`` are not known yet.
    """
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


def say_beside(
    held: Sequence[Held], rows: pd.DataFrame, releases: Sequence[CityRelease], meant: dict[str, str]
) -> None:
    """Say, by notes and doubts, what must be read beside the numbers of one question.

    Parameters
    ----------
    held : sequence of (CityRelease, CityEffect)
        Its effects.
    rows : DataFrame
        A row of `city_row` each.
    releases : sequence of CityRelease
        Of all cities.
    meant : dict of str to str
        The reference definition.
    """
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
