"""Groups of people as they were perceived, put beside a reference: who is compared, and who is too few to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.support import least_shown
from coresponder_causal.design import columns

Flags = NDArray[np.bool_]
few_events = 15  # fewer events, or calls without one, than this: the normal law is no guide to a share


class ComparedGroups(NamedTuple):
    """Groups that are compared.

    Parameters
    ----------
    reference : str
    others : tuple of str
        The other groups, the largest first.
    of : Series of text, n rows
        Group of each call, missing where it is unknown or not compared.
    """

    reference: str
    others: tuple[str, ...]
    of: pd.Series

    @property
    def known(self) -> Flags:
        """Whether each call is of a group that is compared, shape (n,)."""
        return self.of.notna().to_numpy()

    def member(self, name: str) -> Flags:
        """Whether each call is of a group, shape (n,)."""
        return (self.of == name).to_numpy(bool, na_value=False)


def compared_groups(
    calls: pd.DataFrame, *, group: str, reference: str, persons: pd.Index | None = None
) -> ComparedGroups:
    """Tell the groups apart that have persons enough; those left out are said.

    Parameters
    ----------
    calls : DataFrame, n rows
    group : str
        Column of groups: perceived race as perceived by whom the call met, home or language; missing is unknown.
    reference : str
        Group that the others are held against.
    persons : Index, length n, optional
        Who stands behind each call; by default each call is a person.

    Raises
    ------
    DesignError
        No such column, no such group, or nobody to compare with.

    Examples
    --------
    >>> frame = pd.DataFrame({"perceived_race": ["white"] * 20 + ["black"] * 15 + ["asian"] * 3 + [None] * 2})
    >>> found = compared_groups(frame, group="perceived_race", reference="white")
    >>> found.others, int(found.known.sum())
    (('black',), 35)
    """
    problems = Problems("groups")
    columns.rectangular(calls, [group], problems)
    problems.raise_if_any(DesignError)
    texts = calls[group].astype("string").reset_index(drop=True)
    who = pd.Series(np.arange(len(calls)) if persons is None else np.asarray(persons))
    sizes = who.groupby(texts).nunique()
    enough = [str(name) for name in sizes[sizes >= least_shown].index]
    if reference not in enough:
        problems.add(
            f"'{reference}' is no group of {group} with {least_shown} persons", mend=f"choose from {', '.join(enough)}"
        )
    elif len(enough) < 2:
        problems.add(f"no other group of {group} has {least_shown} persons", mend="merge groups, or bring more calls")
    problems.raise_if_any(DesignError)
    few, unknown = len(sizes) - len(enough), int(texts.isna().sum())
    if few:
        note(f"{few} groups of {group} with fewer than {least_shown} persons are left out")
    if unknown:
        doubt(f"{group} is not known of {unknown} of {len(calls)} calls: those left say nothing of them; bound the gap")
    largest = sorted((name for name in enough if name != reference), key=lambda name: (-sizes[name], name))
    return ComparedGroups(reference, tuple(largest), texts.where(texts.isin(enough)))


def with_spread(groups: ComparedGroups, y: NDArray[np.float64], *, outcome: str) -> ComparedGroups:
    """Leave out groups on whose every call the outcome was the same: no interval of their gap holds; they are said.

    Parameters
    ----------
    groups : ComparedGroups
    y : array, shape (n,)
        Outcome of each call.
    outcome : str
        Its name.

    Returns
    -------
    ComparedGroups
        The same groups where none, or each of the others, is so.

    Examples
    --------
    >>> frame = pd.DataFrame({"perceived_race": ["white"] * 20 + ["black"] * 15 + ["asian"] * 12})
    >>> found = compared_groups(frame, group="perceived_race", reference="white")
    >>> with_spread(found, np.r_[np.arange(35) % 2, np.zeros(12)], outcome="arrest").others
    ('black',)
    """
    flat = [name for name in groups.others if np.ptp(y[groups.member(name)]) == 0]
    if not flat or len(flat) == len(groups.others):
        return groups
    doubt(
        f"{outcome} was the same on every call of {', '.join(flat)}: no gap of theirs is told, for no interval holds it"
    )
    left = tuple(name for name in groups.others if name not in flat)
    return ComparedGroups(groups.reference, left, groups.of.where(~groups.of.isin(flat)))


def seldom(y: NDArray[np.float64]) -> bool:
    """Whether a share rests on so few events, or on so few calls without one, that a normal interval is too narrow.

    Examples
    --------
    >>> seldom(np.repeat([0.0, 1.0], [200, 14])), seldom(np.repeat([0.0, 1.0], [15, 15])), seldom(np.arange(9.0))
    (True, False, False)
    """
    counts = [int((y == end).sum()) for end in (0.0, 1.0)]
    return sum(counts) == len(y) and min(counts) < few_events


def say_seldom(y: NDArray[np.float64], groups: ComparedGroups, arms: Mapping[str, Flags], *, outcome: str) -> None:
    """Say of which groups, in which arm, an outcome is so seldom (or so usual) that their intervals are too narrow.

    Parameters
    ----------
    y : array, shape (n,)
    groups : ComparedGroups
    arms : mapping of str to array of bool, shape (n,)
        Such as calls with and without the team.
    outcome : str
    """
    names = (groups.reference, *groups.others)
    few = [
        f"{name} {arm}".strip() for name in names for arm, own in arms.items() if seldom(y[groups.member(name) & own])
    ]
    if few:
        doubt(
            f"{outcome} was seen, or was not, on fewer than {few_events} calls of {', '.join(few)}: "
            "intervals there are too narrow"
        )


def still_compared(groups: ComparedGroups, persons: pd.Index) -> ComparedGroups:
    """Leave out groups of which too few persons are left, once calls were left out; that is said.

    Parameters
    ----------
    groups : ComparedGroups
        Of the calls that are left, n rows.
    persons : Index, length n

    Raises
    ------
    EstimationError
        Where nobody is left to compare.

    Examples
    --------
    >>> of = pd.Series(["a"] * 20 + ["b"] * 15 + ["c"] * 3, dtype="string")
    >>> still_compared(ComparedGroups("a", ("b", "c"), of), pd.RangeIndex(38)).others
    ('b',)
    """
    sizes = pd.Series(np.asarray(persons)).groupby(groups.of).nunique()
    few = {name for name in (groups.reference, *groups.others) if sizes.get(name, 0) < least_shown}
    if not few:
        return groups
    others = tuple(name for name in groups.others if name not in few)
    if groups.reference in few or not others:
        raise EstimationError(
            f"fewer than {least_shown} persons are left of {' and '.join(sorted(few))}, once calls are left out of "
            "which something is not known",
            mend="bring calls of which it is known, or merge groups",
        )
    note(f"{len(few)} groups of which fewer than {least_shown} persons are left are left out too")
    return ComparedGroups(groups.reference, others, groups.of.mask(groups.of.isin(few)))
