"""Cases in the same words but for one cue of the group, drawn by lot for everybody who answers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError, Problems

slot = "{cue}"


def minimal_pairs(
    cases: Mapping[str, str], cues: Mapping[str, str], *, persons: Sequence[str], seed: int = 1
) -> pd.DataFrame:
    """Draw for everybody which cue each case has, and the order of the cases.

    Everybody sees every case once, and each cue as often as the other, but for one; over persons each case has each
    cue about as often. So nobody sees the same words twice with another cue, and can guess what is asked.

    Parameters
    ----------
    cases : mapping of str to str
        Text of each case, with ``{cue}`` once where the group is told.
    cues : mapping of str to str
        For each group the words that tell it, alike in everything else.
    persons : sequence of str
        Codes of those who answer: call takers, say.
    seed : int
        Of the lot; write it down.

    Returns
    -------
    DataFrame
        ``person, position, case, group, text``: one row per person and case, in the order in which they are shown.
        With answers beside, `VignetteDesign.from_frame` takes it, ``factors=["group", "case"]``.

    Raises
    ------
    DesignError
        Listing every broken rule: cases without exactly one slot, fewer than two cues or cases, cues that are the same,
        persons named twice.

    Notes
    -----
    Not with names or places that tell more than the group: income, age, a neighbourhood. Let people of the groups read
    the cues first, and pilot whether readers take them as meant.

    References
    ----------
    Gaddis (2017), doi:10.15195/v4.a19, on what names tell; Hainmueller, Hopkins & Yamamoto (2014),
    doi:10.1093/pan/mpt024.

    Examples
    --------
    >>> cases = {"shop": "A {cue} talks loudly outside a shop.", "bus": "A {cue} will not leave the bus."}
    >>> drawn = minimal_pairs(cases, {"housed": "man", "unhoused": "man with a tent"}, persons=["a", "b"])
    >>> drawn.groupby("person")["group"].nunique().tolist()
    [2, 2]
    """
    _refuse(cases, cues, persons)
    rng, groups, names = np.random.default_rng(seed), list(cues), list(cases)
    rows = []
    for number, person in enumerate(persons):
        if number % len(groups) == 0:
            shuffled, first = rng.permutation(len(names)), int(rng.integers(len(groups)))
        turns = (np.arange(len(names)) + first + number) % len(groups)
        drawn = dict(zip((names[place] for place in shuffled), turns, strict=True))
        for position, place in enumerate(rng.permutation(len(names)), 1):
            group = groups[drawn[names[place]]]
            text = cases[names[place]].replace(slot, cues[group])
            rows.append({"person": person, "position": position, "case": names[place], "group": group, "text": text})
    return pd.DataFrame(rows)


def _refuse(cases: Mapping[str, str], cues: Mapping[str, str], persons: Sequence[str]) -> None:
    problems = Problems("minimal pairs")
    for name, text in cases.items():
        if text.count(slot) != 1:
            problems.add(f"case '{name}' has {text.count(slot)} places for a cue", mend=f"write {slot} once")
    for what, many in (("cases", len(cases)), ("cues", len(cues))):
        if many < 2:
            problems.add(f"{many} {what}", mend="give two or more")
    if len(set(cues.values())) < len(cues):
        problems.add("two groups have the same cue", mend="tell them apart")
    if not len(persons) or len(set(persons)) < len(persons):
        problems.add(f"{len(persons)} persons, {len(set(persons))} of them different", mend="name each once")
    problems.raise_if_any(DesignError)
