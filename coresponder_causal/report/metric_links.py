"""Which metrics count the same cells, and which give away those of another by subtraction."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import pandas as pd

from coresponder_causal.data import metric_catalogue
from coresponder_causal.data.metrics_catalogue import Part

Key: TypeAlias = tuple[str, str]
held_against: Mapping[str, str] = MappingProxyType({"M02": "M01"})  # divided by what the other counts
shown_with: Mapping[Key, Key] = (
    MappingProxyType(  # rows that give away, by subtraction or as they are, what others hide
        {("M06", "outside covered hours"): ("M07", ""), ("M41", ""): ("M07", ""), ("M46", ""): ("M07", "")}
    )
)
countable = ("proportion", "rate")


class Link(NamedTuple):
    """Where the counts of a part belong: family, field counted apart, whether others are told too, whether of all."""

    family: str
    group: str
    answers: bool
    of_all: bool


@cache
def link_of(metric: str, piece: str) -> Link:
    """Give the family of a part: that of the first part which counts the same rows of the same denominator.

    Parameters
    ----------
    metric, piece : str

    Examples
    --------
    >>> link_of("M44", "arrest by perceived race")
    Link(family='M15', group='perceived_race', answers=True, of_all=True)
    """
    part = parts_of_metrics()[metric, piece]
    of_all = part.among in ("", "eligible")
    if not part.counts or part.kind not in (*countable, "standardised"):
        return Link(f"{metric} {piece}".strip(), part.group, answers=False, of_all=of_all)
    for (name, other), held in parts_of_metrics().items():
        same = (held.rows, held.unit, held.counts, held.among) == (part.rows, part.unit, part.counts, part.among)
        if same and held.kind in countable:
            return Link(f"{name} {other}".strip(), part.group, answers=held.kind == "proportion", of_all=of_all)
    return Link(f"{metric} {piece}".strip(), part.group, answers=False, of_all=of_all)


@cache
def parts_of_metrics() -> Mapping[Key, Part]:
    """All parts of all metrics, in the catalogue's order."""
    return MappingProxyType(
        {(metric.id, part.part): part for metric in metric_catalogue().values() for part in metric.parts}
    )


def is_awaited(metric: str, piece: str) -> bool:
    """Say whether numbers of released months still change because what follows is waited for.

    Parameters
    ----------
    metric, piece : str
    """
    return "followed_" in parts_of_metrics()[metric, piece].among


def alternatives(metric: str, piece: str) -> list[Key]:
    """List the parts whose numbers, held against those of a part, give a count by subtraction.

    Parameters
    ----------
    metric, piece : str

    Returns
    -------
    list of (metric, part)
        Those before it in its metric that count the same kind of rows, none of them by group.
    """
    parts = parts_of_metrics()
    own = parts[metric, piece]
    if own.kind not in countable or own.group or own.exposure:
        return []
    found = []
    for (name, other), held in parts.items():
        if (name, other) == (metric, piece):
            break
        alike = (held.rows, held.unit) == (own.rows, own.unit) and held.kind in countable and not held.exposure
        if alike and not held.group and name in (metric, held_against.get(metric)):
            found.append((name, other))
    return [] if (metric, piece) in shown_with else found


def between(own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Differences of the numbers of two parts.

    Parameters
    ----------
    own, other : DataFrame
        Rows of metrics, of one part each, one per period.

    Returns
    -------
    DataFrame
        ``period``, ``difference`` (of what) and ``count`` (either sign): several rows, of one index, per row of
        ``own``.
    """
    metric, piece = (str(own[name].iloc[0]) for name in ("metric", "part"))
    against, its = (str(other[name].iloc[0]) for name in ("metric", "part"))
    catalogue = parts_of_metrics()
    theirs = other.set_index("period")[["numerator", "denominator"]].astype(float).reindex(own["period"])
    yes, whole = own["numerator"].to_numpy(float), own["denominator"].to_numpy(float)
    its_yes, its_whole = theirs["numerator"].to_numpy(), theirs["denominator"].to_numpy()
    differences = {"counted": yes - its_yes}
    if metric != against:
        differences["divided by"] = whole - its_yes
    elif catalogue[metric, piece].among != catalogue[against, its].among:
        differences |= {"divided by": whole - its_whole, "others": whole - yes - its_whole + its_yes}
    made = [
        pd.DataFrame({"period": own["period"], "difference": name, "count": count}, index=own.index)
        for name, count in differences.items()
    ]
    return pd.concat(made).dropna(subset=["count"])
