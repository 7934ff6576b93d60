"""Which of a city's effects may travel to a study of several cities, and why the others stay.

An effect of which a small count could be worked out stays, and nobody learns whether it was small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.result import Result
from coresponder_causal.privacy.city_release import CityEffect, CityRelease, release_bytes
from coresponder_causal.privacy.counts import Counts
from coresponder_causal.privacy.ledger import Ledger
from coresponder_causal.privacy.policy import Policy
from coresponder_causal.privacy.release import release

withheld_words = "withheld: too few stand behind it, or it would give away how many"
unknown_words = "withheld: it is not known who stands behind it"
no_effect_words = "withheld: a range or an effect without a variance cannot be put together with others"


def city_release(
    city: str,
    results: Sequence[Result],
    behind: Sequence[Sequence[Counts]],
    *,
    definitions: Mapping[str, Mapping[str, str]] | None = None,
    simulated: bool = False,
    ledger: Ledger | None = None,
    name: str = "release.json",
    policy: Policy | None = None,
) -> CityRelease:
    """Choose what of a city's results may travel.

    Parameters
    ----------
    city : str
    results : sequence of Result
        The first term of each.
    behind : sequence of sequences of Counts
        Counts from which each is made, both sides of its comparison among them; none where they are not known.
    definitions : mapping of outcome to mapping, optional
        What outcomes mean in this city.
    simulated : bool
    ledger : Ledger, optional
        What left before: counts that the difference to it would give away stay, and what leaves is added.
    name : str
        Of the file, for the ledger.
    policy : Policy, optional
        By default that of the public, since several partners read it.

    Returns
    -------
    CityRelease

    Raises
    ------
    DisclosureError
        Nothing may leave, or another release was recorded meanwhile: release again.
    """
    head = None if ledger is None else ledger.verify()
    guard = policy or Policy(audience="public")
    every = [one for own in behind for one in own]
    gate = release(every, policy=guard, earlier=None if ledger is None else ledger.cells())
    hidden = iter(gate.hidden)
    held = [[bool(next(hidden).any()) for _ in own] for own in behind]
    effects, withheld = [], []
    for result, own, masks in zip(results, behind, held, strict=True):
        why = _why_not(result, own, masks)
        if why:
            withheld.append((result.estimand.outcome, result.method, why))
        else:
            effects.append(_effect(city, result, own, (definitions or {}).get(result.estimand.outcome, {})))
    if not effects:
        said = (
            "; ".join(f"{outcome} by {method} {why}" for outcome, method, why in withheld) or "no effect was estimated"
        )
        raise DisclosureError(
            f"{city} has nothing to release: {said}", mend="wait for more months, or coarser outcomes"
        )
    made = CityRelease(city=city, effects=tuple(effects), withheld=tuple(withheld), simulated=simulated)
    if ledger is not None:
        ledger.record(gate.cells, content=release_bytes(made), name=name, since=head)
    return made


def _why_not(result: Result, own: Sequence[Counts], hidden: Sequence[bool]) -> str:
    """Say why an effect stays; empty where it may travel."""
    variance = float(result.vcov[0, 0])
    if result.kind == "set" or not (np.isfinite(result.estimate[0]) and np.isfinite(variance) and variance > 0):
        return no_effect_words
    if not own:
        return unknown_words
    return withheld_words if any(hidden) else ""


def _effect(city: str, result: Result, own: Sequence[Counts], definition: Mapping[str, str]) -> CityEffect:
    about, cities = result.estimand, result.cities
    others = () if cities is None else tuple(str(one) for one in cities["city"] if str(one) != city)
    support = {
        ", ".join((counts.family, *(str(row[name]) for name in counts.dimensions))): int(row[column])
        for counts in own
        for column in (counts.count, *((counts.of,) if counts.of else ()))
        for row in counts.frame.to_dict("records")
    }
    return CityEffect(
        outcome=about.outcome,
        method=result.method,
        term=str(result.terms["term"].iloc[0]),
        contrast=about.contrast,
        horizon=about.horizon,
        words=about.scale,
        scale=result.scale,
        start=str(result.extra.get("start", "")),
        estimate=float(result.estimate[0]),
        variance=float(result.vcov[0, 0]),
        df=float(result.df[0]),
        support=support,
        compared_with=others,
        definition=dict(definition),
        doubts=sum(isinstance(note, Doubt) for note in result.notes),
    )
