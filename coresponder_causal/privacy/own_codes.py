"""Waves linked by codes that people make themselves, and how many links that misses or makes by chance.

Somebody writes down a few things that nobody at work knows and that do not change, such as the first letter of a
grandmother's name. No list of names is needed. People forget and mistype: a code that differs in one thing may be the
same person or another. Such near codes are counted and never linked.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.inference import exact_poisson
from coresponder_causal.core.notes import note
from coresponder_causal.privacy.county_return import Key
from coresponder_causal.privacy.wave_link import LinkedWaves, consenting, scores_of


def link_own_codes(
    answers: object,
    *,
    key: Key,
    elements: Sequence[str],
    person: str = "officer",
    groups: Sequence[str] = ("band",),
    between: tuple[int, int] = (0, 1),
) -> LinkedWaves:
    """Link two waves by codes that people made themselves.

    Parameters
    ----------
    answers : pandas, polars or pyarrow frame
        ``officer_waves`` or ``staff_waves``, with columns of the elements and of the groups. Groups come with the
        answers, for example by a link to the form for each band of dose.
    key : Key
        Of the university.
    elements : sequence of str
        Three or more columns that make up a code.
    person : {"officer", "staff"}
    groups : sequence of str
        Columns of groups; that of the later wave counts.
    between : tuple of int
        The two waves.

    Returns
    -------
    LinkedWaves
        Persons with one complete code that stands once in each wave. ``linkage`` has rows ``linked``, ``near`` (pairs
        that differ in one element), ``twice`` (rows whose code others of the wave wrote too), ``incomplete`` and
        ``alone`` (neither linked nor near), with columns ``rows, by_chance, by_chance_high``: how many such pairs two
        different persons would make, as they do within a wave, and its upper 95 % bound.

    Raises
    ------
    DisclosureError
        Columns that are missing, or fewer than three elements.

    References
    ----------
    Schnell, Bachteler & Reiher (2010), Evaluation Review 34(5), doi:10.1177/0193841X10387576

    Examples
    --------
    >>> key = Key(bytes(32), "example", "2026")
    >>> rows = pd.DataFrame({"wave": [0, 0, 1, 1], "mother": [*"abab"], "town": [*"xyxy"], "day": [1, 2, 1, 3],
    ...                      "band": "0", "stigma_score": [3.0, 2.0, 2.0, 2.0]})
    >>> linked = link_own_codes(rows, key=key, elements=["mother", "town", "day"])
    >>> linked.linkage["rows"].to_dict()
    {'linked': 1, 'near': 1, 'twice': 0, 'incomplete': 0, 'alone': 0}
    """
    if len(set(elements)) < 3:
        raise DisclosureError(f"{len(set(elements))} elements make no code", mend="ask three or more")
    said = consenting(answers, person, [*elements, *groups])
    rows = said[said["wave"].isin(between)].reset_index(drop=True)
    made = rows[list(elements)].apply(lambda column: column.str.strip().str.casefold())
    complete = (made.notna() & (made != "")).all(axis=1)
    code = made.fillna("").agg("\x1f".join, axis=1)
    twice = complete & (code + rows["wave"].astype(str)).duplicated(keep=False)
    usable = complete & ~twice
    sides = [made[usable & (rows["wave"] == wave)] for wave in between]
    shared = set(code[sides[0].index]) & set(code[sides[1].index])
    linked = usable & code.isin(shared)
    near = _pairs(*(side[~linked[side.index]] for side in sides), all_but=1)
    every = [made[complete & (rows["wave"] == wave)] for wave in between]
    counts = {
        "linked": (len(shared), _by_chance(every, 0)),
        "near": (len(near), _by_chance(every, 1)),
        "twice": (int(twice.sum()), None),
        "incomplete": (int((~complete).sum()), None),
        "alone": (int((usable & ~linked).sum()) - near["left"].nunique() - near["right"].nunique(), None),
    }
    linkage = pd.DataFrame(
        {name: {"rows": number, **(chance or {})} for name, (number, chance) in counts.items()}
    ).T.astype({"rows": "int64"})
    _say(linkage)
    kept = rows[linked].assign(person=[key.digest(f"own code of {one}") for one in code[linked]])
    late = kept[kept["wave"] == between[1]].set_index("person")
    moved = {name: kept["person"].map(late[name]).astype(object).fillna("not known") for name in groups}
    return LinkedWaves(
        key=key.id,
        person=person,
        between=between,
        groups=tuple(groups),
        scores=scores_of(kept, person),
        frame=kept.drop(columns=list(elements)).assign(**moved).reset_index(drop=True),
        asked=pd.DataFrame({"group": [], "label": [], "asked": []}),
        linkage=linkage,
    )


def _pairs(left: pd.DataFrame, right: pd.DataFrame, *, all_but: int) -> pd.DataFrame:
    """Pairs of rows that agree in all elements, or in all but one."""
    names = list(left.columns)
    kept = [names] if all_but == 0 else [[one for one in names if one != out] for out in names]
    one, other = left.rename_axis("left").reset_index(), right.rename_axis("right").reset_index()
    found = [one.merge(other, on=on)[["left", "right"]] for on in kept]
    return pd.concat(found, ignore_index=True).drop_duplicates(ignore_index=True)


def _by_chance(waves: list[pd.DataFrame], all_but: int) -> dict[str, float]:
    """Pairs across waves that two persons make by chance: as often as two persons within a wave do."""
    pairs = sum(comb(len(wave), 2) for wave in waves)
    agreeing = 0
    for wave in waves:
        found = _pairs(wave, wave, all_but=all_but)
        same = _pairs(wave, wave, all_but=0) if all_but else found.head(0)
        both = [pd.MultiIndex.from_frame(one[one["left"] < one["right"]]) for one in (found, same)]
        agreeing += len(both[0].difference(both[1]))
    across = len(waves[0]) * len(waves[1]) - min(map(len, waves))
    if not pairs:
        return {"by_chance": np.nan, "by_chance_high": np.nan}
    high = float(exact_poisson(agreeing)[1])
    return {"by_chance": across * agreeing / pairs, "by_chance_high": across * high / pairs}


def _say(linkage: pd.DataFrame) -> None:
    """Say what the links are worth."""
    linked, near, twice, incomplete, _ = linkage["rows"].tolist()
    chance = linkage["by_chance"].to_dict()["near"]
    if near:
        note(
            f"{near} pairs of codes differ in one element and are not linked (by chance alone "
            f"{chance:.1f} would): at least {100 * linked / (linked + near):.0f} % of those who wrote a code twice are "
            "linked, if nobody erred in two elements"
        )
    if twice:
        note(f"{twice} answers are left out: others of the wave wrote the same code")
    if incomplete:
        note(f"{incomplete} answers are left out: their code is incomplete")
