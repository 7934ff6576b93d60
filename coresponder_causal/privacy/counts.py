"""Counts that stand behind what is shown, and how they add up."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DisclosureError, Problems

total = "total"
answer = "answer"
counted_yes, counted_no, not_known = "yes", "no", "not known"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """A table of counts, one row for each row that is shown.

    Parameters
    ----------
    family : str
        What is counted. Cells of one family with the same labels are the same cell, wherever and whenever shown.
    frame : DataFrame
        Columns of dimensions, and of the count. Its index says which rows of the shown frame these are. A label "total"
        marks a margin.
    dimensions : tuple of str
        Columns whose labels partition what is counted; every margin of them is taken as known.
    count : str
        Column of counts.
    of : str, optional
        Column of what the count is a part of: the count, the others and their sum are then all cells.
    unknown : str, optional
        Column of those whose answer is not known, left out of both: they are a cell too.
    atoms : mapping of label to set, optional
        Of the dimension ``spans``: which smallest pieces (months, tracts) each label spans. Labels may then overlap or
        hold one another, and what lies between them is a cell too.
    spans : str, optional
        The dimension of such labels.
    part : str
        Of a picture: which of its frames the rows are.
    whole : bool
        Whether all rows or none are shown: for counts that nobody shows and that follow from others by subtraction.
    of_known : bool
        Whether other families show the same totals of ``of``: they are then known, and protect nothing by being hidden.

    Raises
    ------
    DisclosureError
        Columns that are not there, or counts that are no whole numbers: the message lists all.

    Examples
    --------
    >>> shown = pd.DataFrame({"arm": ["with", "without"], "arrests": [4, 40], "calls": [90, 700]})
    >>> Counts(family="arrests by arm", frame=shown, dimensions=("arm",), count="arrests", of="calls").leaves()
           arm answer  count
    0     with    yes      4
    1  without    yes     40
    0     with     no     86
    1  without     no    660
    """

    family: str
    frame: pd.DataFrame
    dimensions: tuple[str, ...]
    count: str = "count"
    of: str | None = None
    unknown: str | None = None
    atoms: Mapping[str, frozenset[str]] = field(default_factory=dict)
    spans: str | None = None
    part: str = ""
    whole: bool = False
    of_known: bool = False

    def __post_init__(self) -> None:
        problems = Problems(f"counts of '{self.family}'")
        numbers = [name for name in (self.count, self.of, self.unknown) if name]
        wanted = [*self.dimensions, *numbers]
        if absent := [name for name in wanted if name not in self.frame]:
            problems.add(f"no columns {', '.join(absent)}", mend="name columns of the frame")
        else:
            values = self.frame[numbers].to_numpy(float)
            bad = ~np.isfinite(values) | (values < 0) | (values != np.round(values))
            if bad.any():
                problems.add(f"{int(bad.sum())} counts are no whole numbers", mend="give counts, not shares")
            elif self.of and (values[:, 0] > values[:, 1]).any():
                problems.add("a count is larger than what it is a part of", mend="give its denominator as of=")
        if self.spans is not None and self.spans not in self.dimensions:
            problems.add(f"spans is '{self.spans}', no dimension", mend="name one of the dimensions")
        elif self.spans is not None and not problems.found:
            strangers = set(self.frame[self.spans].astype(str)) - set(self.atoms)
            if strangers:
                problems.add(f"{len(strangers)} labels have no atoms", mend="say for each what it spans")
        problems.raise_if_any(DisclosureError)

    @property
    def plain(self) -> tuple[str, ...]:
        """Dimensions whose labels partition, the answer among them where there is one."""
        named = tuple(name for name in self.dimensions if name != self.spans)
        return (*named, answer) if len(self.answers) > 1 else named

    @property
    def answers(self) -> tuple[str, ...]:
        """What is told apart in every row: yes, the others, those not known."""
        told = (counted_yes, counted_no) if self.of else (counted_yes,)
        return (*told, not_known) if self.unknown else told

    def span(self, row: Mapping[Hashable, object]) -> frozenset[str]:
        """Atoms of a row; none where no dimension spans any."""
        return frozenset() if self.spans is None else self.atoms[str(row[self.spans])]

    def leaves(self) -> pd.DataFrame:
        """Return the counts in long form, one row per cell."""
        keys = self.frame[list(self.dimensions)].astype(str)
        yes = self.frame[self.count].astype("int64")
        if len(self.answers) == 1:
            return keys.assign(count=yes)
        columns = {counted_yes: yes}
        if self.of is not None:
            columns[counted_no] = self.frame[self.of].astype("int64") - yes
        if self.unknown is not None:
            columns[not_known] = self.frame[self.unknown].astype("int64")
        return pd.concat([keys.assign(answer=name, count=column) for name, column in columns.items()])


def months_of(label: str) -> frozenset[str]:
    """Months that a period spans: a month, a quarter, a half-year, a year, or a range of months.

    Parameters
    ----------
    label : str
        E.g. ``"2024-03"``, ``"2024Q1"``, ``"2024H1"``, ``"2024"`` or ``"2024-01/2024-03"``.

    Returns
    -------
    frozenset of str

    Raises
    ------
    DisclosureError
        A label that is no period; write it as one of these.

    Examples
    --------
    >>> sorted(months_of("2024Q1"))
    ['2024-01', '2024-02', '2024-03']
    """
    try:
        if "/" in label:
            first, last = (pd.Period(end, freq="M") for end in label.split("/"))
        elif "H" in label:
            year, half = label.split("H")
            first = pd.Period(f"{year}-{6 * int(half) - 5:02d}", freq="M")
            last = first + 5
        else:
            whole = pd.Period(label)
            first, last = whole.asfreq("M", how="start"), whole.asfreq("M", how="end")
    except ValueError as error:
        raise DisclosureError(f"'{label}' is no period", mend="write it as 2024-03, 2024Q1, 2024H1 or 2024") from error
    return frozenset(map(str, pd.period_range(first, last, freq="M")))


def spanning(labels: Iterable[str]) -> dict[str, frozenset[str]]:
    """Months by label, for `Counts.atoms`.

    Parameters
    ----------
    labels : iterable of str
        Periods.

    Returns
    -------
    dict
    """
    return {label: months_of(label) for label in map(str, labels)}
