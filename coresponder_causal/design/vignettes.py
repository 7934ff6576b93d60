"""Described cases whose features were drawn by lot, several for each person, and what the person said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.choices import names_of
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.design import columns

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class VignetteDesign:
    """Answers of officers, call takers or other staff to drawn cases: made by `from_frame`, never by hand.

    Parameters
    ----------
    source : DataFrame
        One row per person and case, in order of person and of what was drawn.
    outcome : str or None
        Column of the answer.
    person : str
    factors : tuple of str
        Columns of the features that were drawn.
    notes : tuple of str
        What was said when the design was formed.
    """

    source: pd.DataFrame
    outcome: str | None
    person: str
    factors: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def from_frame(cls, frame: object, *, outcome: str | None, person: str, factors: str | Sequence[str]) -> Self:
        """Form the design, checking everything at once.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            One row per person and case.
        outcome : str or None
            Column of numbers, or of yes and no; None leaves it to `with_outcome`.
        person : str
            Column.
        factors : str or sequence of str
            Columns of the features, whose levels were drawn by lot for every case; the first level in order is the one
            that others are held against.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend: columns that are missing, features that are blank, have one level
            or more than ten, or are also another role; no person with two cases.

        Examples
        --------
        >>> frame = pd.DataFrame({"officer": [1, 1, 2, 2], "housed": ["no", "yes"] * 2, "force": [2, 1, 3, 3]})
        >>> VignetteDesign.from_frame(frame, outcome="force", person="officer", factors="housed").levels("housed")
        ('no', 'yes')
        """
        names = names_of(factors)
        problems = Problems("vignettes")
        table = columns.rectangular(frame, [outcome, person, *names], problems)
        for name in names:
            if (blank := table[name].isna()).any():
                rows = np.flatnonzero(blank)
                problems.add(f"'{name}' is blank in {columns.counted(len(rows), 'row')}", mend="fill it", rows=rows)
            if not 2 <= table[name].nunique() <= 10:
                problems.add(f"'{name}' has {table[name].nunique()} levels", mend="draw among two to ten")
        if len({person, *names}) <= len(names):
            problems.add("a feature is named twice, or is the person", mend="name each once")
        if table[person].isna().any():
            problems.add("rows without a person", mend="drop or name them", rows=np.flatnonzero(table[person].isna()))
        problems.raise_if_any(DesignError)
        if table[person].value_counts().max() < 2:
            raise DesignError("no person has two cases", mend="give each person several")
        source = table.assign(**{name: table[name].astype(str) for name in names})
        order = [person, *names, *([outcome] if outcome else [])]
        source = source.sort_values(order, kind="stable", ignore_index=True)
        made = cls(source=source, outcome=None, person=person, factors=names)
        with collecting() as said:
            made._say_absent()
        made = replace(made, notes=tuple(said))
        return made if outcome is None else made.with_outcome(outcome)

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another column; answers that were not given are counted and said."""
        problems = Problems("vignettes")
        table = columns.rectangular(self.source, [outcome], problems)
        if outcome in (self.person, *self.factors):
            problems.add(f"'{outcome}' has another role in the design", mend="name another column")
        y = columns.numbers(table[table[outcome].notna()], outcome, problems)
        columns.varies(y, f"'{outcome}'", problems)
        problems.raise_if_any(DesignError)
        source = table.sort_values([self.person, *self.factors, outcome], kind="stable", ignore_index=True)
        named = replace(self, outcome=outcome, source=source)
        with collecting() as said:
            if lost := int((~named.answered()).sum()):
                note(f"{lost} of {len(table)} cases have no answer on '{outcome}', or are the only one of their person")
        return replace(named, notes=(*self.notes, *said))

    def levels(self, factor: str) -> tuple[str, ...]:
        """Levels of a feature, in order; others are held against the first."""
        return tuple(sorted(self.source[factor].unique()))

    def values(self) -> Array:
        """Answer per row, NaN where none was given, shape (n,)."""
        return np.asarray(self.source[str(self.outcome)].astype("Float64").to_numpy(float, na_value=np.nan), float)

    def answered(self) -> Flags:
        """Rows with an answer, of persons with two or more, shape (n,)."""
        known = np.isfinite(self.values())
        person = pd.factorize(self.source[self.person], sort=True)[0]
        return np.asarray(known & (np.bincount(person, known)[person] > 1), bool)

    @property
    def persons(self) -> int:
        """Number of persons."""
        return int(self.source[self.person].nunique())

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the columns that the design reads."""
        names = [self.person, *self.factors, *([self.outcome] if self.outcome else [])]
        return fingerprint("VignetteDesign", self.outcome, self.person, self.factors, self.source[names])

    def __repr__(self) -> str:
        return f"VignetteDesign: {self.describe()}"

    def describe(self) -> str:
        """Return the design in words."""
        drawn = ", ".join(f"{name} ({', '.join(self.levels(name))})" for name in self.factors)
        about = f"{self.outcome or 'outcome not yet named'} of {len(self.source)} cases of {self.persons} persons"
        return "; ".join([about, f"drawn: {drawn}", *self.notes])

    def _say_absent(self) -> None:
        """Say which pairs of levels never met: the averages then leave them out."""
        for one, other in combinations(self.factors, 2):
            met = pd.crosstab(self.source[one], self.source[other])
            if absent := int((met == 0).to_numpy().sum()):
                note(f"{absent} pairs of levels of '{one}' and '{other}' were never drawn: the averages leave them out")
