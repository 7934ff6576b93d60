"""Calls of compared groups with the columns that a comparison reads: everything wrong with them is said at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import refuse_choice, refuse_level
from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.design import columns
from coresponder_causal.design.call_clusters import Clusters, call_clusters, persons_behind
from coresponder_causal.design.compared_groups import ComparedGroups, compared_groups, still_compared

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


class ComparedCalls(NamedTuple):
    """Calls, their groups, who stands behind them, and within what they are not independent.

    Parameters
    ----------
    table : DataFrame, n rows
        With a fresh index.
    groups : ComparedGroups
    persons : Index, length n
    clusters : tuple of Index, each of length n
    """

    table: pd.DataFrame
    groups: ComparedGroups
    persons: pd.Index
    clusters: tuple[pd.Index, ...]

    def yes(self, name: str) -> Array:
        """1 where a column says yes, 0 where no, NaN where it is not known, shape (n,)."""
        return np.asarray(self.table[name].astype("Float64").to_numpy(float, na_value=np.nan), float)

    def within(self, rows: Flags) -> tuple[pd.Index, ...]:
        """Labels of the clusters of some calls."""
        return tuple(labels[rows] for labels in self.clusters)

    def keep(self, rows: Flags) -> ComparedCalls:
        """Keep some calls, and the groups of which persons enough are left."""
        persons = self.persons[rows]
        groups = self.groups._replace(of=self.groups.of[rows].reset_index(drop=True))
        table = self.table[rows].reset_index(drop=True)
        return ComparedCalls(table, still_compared(groups, persons), persons, self.within(rows))

    def known(self, name: str) -> ComparedCalls:
        """Keep the calls of which a column is known; the others are counted and said."""
        missing = self.table[name].isna().to_numpy()
        if not missing.any():
            return self
        note(f"{int(missing.sum())} of {len(missing)} calls without a value of '{name}' are left out")
        return self.keep(~missing)

    def telling(self, name: str) -> tuple[str, ...]:
        """Name the groups whose gap to the reference has an error that can be seen; the others are left out, and said.

        Where nobody, or everybody, of both has what a column says, chance does not show in what is observed.
        """
        y, first = self.yes(name), self.groups.reference
        flat = {each: np.ptp(y[self.groups.member(each)]) == 0 for each in (first, *self.groups.others)}
        told = tuple(each for each in self.groups.others if not (flat[each] and flat[first]))
        if not told:
            raise EstimationError(
                f"'{name}' is the same in all calls of each group: nothing shows how far chance could move it",
                mend="bring more calls, or take what happens more often, and not always",
            )
        if hidden := [each for each in self.groups.others if each not in told]:
            doubt(f"'{name}' is the same in all calls of {', '.join(hidden)}, and of {first}: their gaps are left out")
        if one_sided := [each for each in (first, *told) if flat[each]]:
            doubt(f"'{name}' is the same in all calls of {', '.join(one_sided)}: intervals do not hold their chance")
        return told


def compared_calls(
    calls: object,
    *,
    subject: str,
    group: str,
    reference: str,
    wanted: Sequence[str] = (),
    yes_no: Sequence[str] = (),
    person: str | None = None,
    clusters: Clusters = "person",
    level: float = 0.95,
) -> ComparedCalls:
    """Read calls for a comparison of groups.

    Parameters
    ----------
    calls : pandas, polars or pyarrow frame
        One row per call.
    subject : str
        Who asks, for the error.
    group, reference : str
        As of `compared_groups`.
    wanted : sequence of str
        Columns that are read.
    yes_no : sequence of str
        Of these columns, and beside them: those that must be yes or no; a missing value is unknown.
    person : str, optional
        Column of persons.
    clusters : {"person", "week", "person and week"}
    level : float
        Of the intervals.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.

    Examples
    --------
    >>> frame = pd.DataFrame({"force": [1, 0] * 20, "race": ["a"] * 20 + ["b"] * 20})
    >>> compared_calls(frame, subject="gap", group="race", reference="b", yes_no=["force"]).groups.others
    ('a',)
    """
    problems = Problems(subject)
    named = [group, *wanted, *yes_no, *([person] if person is not None else [])]
    table = columns.rectangular(calls, named, problems)
    refuse_choice("clusters", clusters, Clusters, problems)
    refuse_level(level, problems)
    for name in dict.fromkeys(yes_no):
        if not table[name].dropna().isin([0, 1]).all():
            problems.add(f"'{name}' is not yes or no", mend="recode it: 1 for yes, 0 for no, blank for unknown")
    persons = persons_behind(table, person)
    groups = columns.attempt(
        lambda: compared_groups(table, group=group, reference=reference, persons=persons), problems
    )
    problems.raise_if_any(DesignError)
    assert groups is not None  # else there was a problem
    return ComparedCalls(table, groups, persons, call_clusters(table, persons, clusters))
