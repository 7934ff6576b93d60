"""Who was to be heard, who was, and who may be quoted at all: the register of interviews."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data import dictionary
from coresponder_causal.data.folder import folder, written
from coresponder_causal.data.validate import validate
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.entries import Source

Planned: TypeAlias = Mapping[str, int] | Mapping[tuple[str, str], int]

_KNOWN = ("stakeholder", "date", "mode", "sampled_by", "interpreter")
_NOT_SAID, _ALL = "not said", "all"


def interview_register(interviews: object, *, planned: Planned | None = None) -> pd.DataFrame:
    """Hold the interviews that were done against those that were planned, group by group.

    Parameters
    ----------
    interviews : DataFrame or Table
        The table "interviews" of the dictionary.
    planned : mapping, optional
        Number of interviews by stakeholder, or by stakeholder and way of sampling, e.g. ``{"officer": 12}`` or
        ``{("officer", "random"): 12}``; `quotas` gives those of the interview guides.

    Returns
    -------
    DataFrame
        For each stakeholder, and each way in which its people were found: ``planned`` (missing where no number was
        set), ``asked``, ``done`` (consent given and not withdrawn), ``declined``, ``withdrawn``, ``consented_share`` of
        those asked, and ``short``, how many are still missing. Every stakeholder of the dictionary has a row, so that
        a group that nobody asked is seen. What is planned for a stakeholder as a whole stands in its row "all"; where
        nothing is, the sum over the ways that it is planned by.

    Raises
    ------
    DataError
        A table that breaks the dictionary, or plans for a stakeholder or a way of sampling that it does not know.

    Examples
    --------
    >>> said = pd.DataFrame({
    ...     "interview": ["I01", "I02", "I03"], "stakeholder": "officer", "date": "2026-03-02",
    ...     "consent": ["yes", "yes", "no"], "withdrawn": ["no", "yes", "no"], "sampled_by": "random",
    ... })
    >>> found = interview_register(said, planned={("officer", "random"): 12}).set_index(["stakeholder", "sampled_by"])
    >>> found.loc[("officer", "random"), ["planned", "asked", "done", "declined", "withdrawn", "short"]].tolist()
    [12, 3, 1, 1, 1, 11]
    """
    table = _table(interviews)
    plan = _with_sums(_plan(planned or {}))
    own = pd.DataFrame(
        {
            "stakeholder": table["stakeholder"],
            "sampled_by": table["sampled_by"].astype(object).where(table["sampled_by"].notna(), _NOT_SAID),
            "asked": 1,
            "done": (table["consent"] & ~table["withdrawn"]).astype(int),
            "declined": (~table["consent"]).astype(int),
            "withdrawn": (table["consent"] & table["withdrawn"]).astype(int),
        }
    )
    ways = own.groupby(["stakeholder", "sampled_by"]).sum()
    whole = own.drop(columns="sampled_by").groupby("stakeholder").sum()
    whole.index = pd.MultiIndex.from_product([whole.index, [_ALL]], names=ways.index.names)
    groups = dict(dictionary.table("interviews").field("stakeholder").choices)
    rows = [(group, _ALL) for group in groups] + list(ways.index) + list(plan)
    order = {way: place for place, way in enumerate((_ALL, *_ways(), _NOT_SAID))}
    places = {group: place for place, group in enumerate(groups)}
    index = sorted(set(rows), key=lambda row: (places[str(row[0])], order[row[1]]))
    named = pd.MultiIndex.from_tuples(index, names=ways.index.names)
    found = pd.concat([ways, whole]).reindex(named, fill_value=0).astype(int)
    numbers = pd.Series([plan.get(row) for row in index], index=named, dtype="Int64")
    found.insert(0, "planned", numbers)
    found["consented_share"] = (found["asked"] - found["declined"]) / found["asked"].where(found["asked"] > 0)
    found["short"] = (found["planned"] - found["done"]).clip(lower=0)
    return found.reset_index()


def quotas() -> dict[tuple[str, str], int]:
    """Return the numbers of interviews that the interview guides set, by stakeholder and way of sampling.

    Returns
    -------
    dict
        Guides that ask everybody, or until enough is known, set none.

    Examples
    --------
    >>> quotas()[("officer", "random")]
    12
    """
    guides = written(folder() / "instruments" / "interviews.yaml")["guides"]
    return {(guide["stakeholder"], way): n for guide in guides for way, n in guide.get("quota", {}).items()}


def consented(coded: Coded, interviews: object) -> Coded:
    """Keep what may be used: sources whose interview has consent and was not withdrawn.

    Parameters
    ----------
    coded : Coded
        Each source carries the number of its interview as its name, or as the attribute ``interview``.
    interviews : DataFrame or Table
        The table "interviews" of the dictionary.

    Returns
    -------
    Coded
        Without the texts and segments of other interviews, which a note counts and never names; every source with the
        register's ``stakeholder``, ``date``, ``mode``, ``sampled_by`` and ``interpreter`` among its attributes.

    Raises
    ------
    DataError
        A table that breaks the dictionary, or sources that no row of it names: nobody knows whether they may be used.

    Examples
    --------
    >>> from coresponder_causal.qualitative import Code
    >>> sources = (Source(name="I01", text="a"), Source(name="I02", text="b"))
    >>> coded = Coded(codes=(Code(name="Respect"),), sources=sources)
    >>> said = pd.DataFrame({
    ...     "interview": ["I01", "I02"], "stakeholder": "officer", "date": "2026-03-02",
    ...     "consent": "yes", "withdrawn": ["no", "yes"],
    ... })
    >>> [source.name for source in consented(coded, said).sources]
    ['I01']
    """
    table = _table(interviews).set_index("interview")
    numbers = [dict(source.attributes).get("interview", source.name) for source in coded.sources]
    lost = [place for place, number in enumerate(numbers) if number not in table.index]
    problems = Problems("the coded interviews")
    if lost:
        mend = "name each source as its interview is numbered, or give it the attribute interview"
        problems.add(f"{len(lost)} sources are of no interview in the register", rows=lost, mend=mend)
    problems.raise_if_any(DataError)
    usable = table[table["consent"] & ~table["withdrawn"]].to_dict("index")
    kept = tuple(
        _known(source, usable[number])
        for source, number in zip(coded.sources, numbers, strict=True)
        if number in usable
    )
    if out := len(coded.sources) - len(kept):
        note(
            f"{out} of {len(coded.sources)} interview records were left out: withdrawn, or without consent. Delete them"
        )
    names = {source.name for source in kept}
    cases = (replace(case, sources=tuple(filter(names.__contains__, case.sources))) for case in coded.cases)
    return replace(
        coded,
        sources=kept,
        segments=tuple(segment for segment in coded.segments if segment.source in names),
        cases=tuple(case for case in cases if case.sources),
    )


def _table(interviews: object) -> pd.DataFrame:
    """Give the table its types; the fields that may be absent are there, and what nobody said was withdrawn was not."""
    table = validate(interviews, table="interviews")
    absent = [name for name in (*_KNOWN, "withdrawn") if name not in table.columns]
    table = table.reindex(columns=[*table.columns, *absent])
    withdrawn = table["withdrawn"].astype("boolean").fillna(False).astype(bool)
    return table.assign(withdrawn=withdrawn, consent=table["consent"].astype(bool))


def _known(source: Source, row: Mapping[Hashable, Any]) -> Source:
    """Give a source what the register knows of its interview."""
    told = {name: row[name] for name in _KNOWN if pd.notna(row[name])}
    words = {name: f"{value:%Y-%m-%d}" if name == "date" else str(value) for name, value in told.items()}
    return replace(source, attributes=tuple(sorted({**dict(source.attributes), **words}.items())))


def _ways() -> tuple[str, ...]:
    """Ways of sampling that the dictionary knows."""
    return tuple(str(code) for code in dictionary.table("interviews").field("sampled_by").allowed or ())


def _plan(planned: Planned) -> dict[tuple[str, str], int]:
    """Planned numbers by stakeholder and way of sampling, "all" where none was said."""
    plan = {(key, _ALL) if isinstance(key, str) else (key[0], key[1]): int(n) for key, n in planned.items()}
    groups = [str(code) for code in dictionary.table("interviews").field("stakeholder").allowed or ()]
    problems = Problems("the planned interviews")
    for key, number in plan.items():
        if key[0] not in groups or key[1] not in (_ALL, *_ways()):
            mend = f"take {', '.join(groups)}, and with it {', '.join(_ways())}"
            problems.add(f"{key} is no group of the dictionary", mend=mend)
        if number < 0:
            problems.add(f"{key} has {number} interviews", mend="give a number of at least 0")
    problems.raise_if_any(DataError)
    return plan


def _with_sums(plan: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Add the number of a stakeholder as a whole where only ways have one."""
    sums: dict[tuple[str, str], int] = {}
    for (group, way), number in plan.items():
        if way != _ALL:
            sums[group, _ALL] = sums.get((group, _ALL), 0) + number
    return sums | plan
