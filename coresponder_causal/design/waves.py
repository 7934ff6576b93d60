"""Persons asked wave after wave: what they scored, and how much of something they had met by then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.inference import minimum_detectable_effect
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.within import levels_but_first, within_units
from coresponder_causal.design import columns
from coresponder_causal.design.wave_baseline import first_wave, said_first

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class WaveDesign:
    """Officers, clinicians, dispatchers or other staff on several waves: made by `from_frame`, never by hand.

    Parameters
    ----------
    source : DataFrame
        One row per person and wave, in order of person and wave.
    outcome : str or None
        Column of the score, or of the answer to one item; missing where it was not given.
    person, wave, exposure : str
        Columns.
    group : str or None
        Column that tells kinds of persons apart, such as who volunteered and who was assigned.
    notes : tuple of str
        What was said when the design was formed.
    """

    source: pd.DataFrame
    outcome: str | None
    person: str
    wave: str
    exposure: str
    group: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_frame(
        cls, frame: object, *, outcome: str | None, person: str, wave: str, exposure: str, group: str | None = None
    ) -> Self:
        """Form the design, checking everything at once.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            One row per person and wave at which the person was asked, also where no answer came: only then can
            attrition be bounded.
        outcome : str or None
            Column of numbers; None leaves it to `with_outcome`.
        person, wave : str
            Columns; waves are numbers in order.
        exposure : str
            Column: what the person had met by that wave, 0 before, such as shared calls, or 1 from the first on.
        group : str, optional
            Column, the same on all waves of a person.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend: columns that are missing, two rows of a person on a wave, waves or
            exposures that are no numbers or negative, a single wave, a group that changes, or an exposure that changes
            between waves of fewer than two persons.

        Examples
        --------
        >>> frame = pd.DataFrame({"officer": list("aabbccdd"), "wave": [0, 1] * 4, "rides": [0, 4, 0, 2, 0, 0, 0, 0]})
        >>> frame["stigma"] = [3.0, 2.0, 4.0, 3.5, 3.0, 3.0, 2.0, 2.5]
        >>> WaveDesign.from_frame(frame, outcome="stigma", person="officer", wave="wave", exposure="rides").persons
        4
        """
        problems = Problems("waves")
        table = columns.rectangular(frame, [outcome, person, wave, exposure, group], problems)
        columns.numbers(table, wave, problems)
        x = columns.numbers(table, exposure, problems, sign="nonnegative")
        keys = table[[person, wave]]
        if (blank := table[person].isna()).any():
            problems.add("rows without a person", mend="drop or name them", rows=np.flatnonzero(blank))
        if (doubled := keys.duplicated(keep=False)).any():
            rows = np.flatnonzero(doubled)
            problems.add(f"{len(rows)} rows share person and wave", mend="keep one of each", rows=rows)
        if table[wave].nunique() < 2:
            problems.add("there is one wave", mend="bring two or more")
        if group is not None and (many := table.groupby(person)[group].nunique(dropna=False) > 1).any():
            problems.add(f"'{group}' changes within {int(many.sum())} persons", mend="give what it was at first")
        problems.raise_if_any(DesignError)
        if (moved := int((table.assign(x=x).groupby(person)["x"].nunique() > 1).sum())) < 2:
            raise DesignError(f"'{exposure}' changes between waves of {moved} persons", mend="bring two or more")
        source = table.sort_values([person, wave], kind="stable", ignore_index=True)
        made = cls(source=source, outcome=None, person=person, wave=wave, exposure=exposure, group=group)
        with collecting() as said:
            made._say_exposure()
        made = replace(made, notes=tuple(said))
        return made if outcome is None else made.with_outcome(outcome)

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another column; what is not known of it is counted and said."""
        problems = Problems("waves")
        table = columns.rectangular(self.source, [outcome], problems)
        if outcome in (self.person, self.wave, self.exposure, self.group):
            problems.add(f"'{outcome}' has another role in the design", mend="name another column")
        known = table[table[outcome].notna()]
        y = columns.numbers(known, outcome, problems)
        columns.varies(y, f"'{outcome}'", problems)
        problems.raise_if_any(DesignError)
        named = replace(self, outcome=outcome)
        with collecting() as said:
            named._say_unknown()
        return replace(named, notes=(*self.notes, *said))

    def values(self) -> Array:
        """Outcome per row, NaN where it is not known, shape (n,)."""
        return np.asarray(self.source[str(self.outcome)].astype("Float64").to_numpy(float, na_value=np.nan), float)

    def exposures(self) -> Array:
        """Exposure per row, shape (n,)."""
        return np.asarray(self.source[self.exposure].to_numpy(float), float)

    def telling(self) -> Flags:
        """Rows with an outcome, of persons with an outcome on two waves or more, shape (n,)."""
        known = np.isfinite(self.values())
        person, _ = self.codes()
        return np.asarray(known & (np.bincount(person, known)[person] > 1), bool)

    def codes(self, rows: Flags | None = None) -> tuple[Codes, Codes]:
        """Numbers of person and of wave, in order, of some rows or of all."""
        kept = self.source if rows is None else self.source[rows]
        person, wave = (pd.factorize(kept[name], sort=True)[0] for name in (self.person, self.wave))
        return person, wave

    def ever_exposed(self) -> Flags:
        """Whether the person of each row was exposed on any wave, shape (n,)."""
        return np.asarray(self.source.groupby(self.person)[self.exposure].transform("max").to_numpy(float) > 0)

    @property
    def persons(self) -> int:
        """Number of persons."""
        return int(self.source[self.person].nunique())

    @property
    def waves(self) -> tuple[float, ...]:
        """Waves in order."""
        return tuple(float(wave) for wave in np.unique(self.source[self.wave]))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the columns that the design reads."""
        names = (self.outcome, self.person, self.wave, self.exposure, self.group)
        held = self.source[[name for name in names if name is not None]]
        return fingerprint("WaveDesign", names, held)

    def __repr__(self) -> str:
        return f"WaveDesign: {self.describe()}"

    def describe(self) -> str:
        """Return the design in words: who is compared, how they stood before, what could be found."""
        exposed = int((self.source.groupby(self.person)[self.exposure].max() > 0).sum())
        waves = f"{len(self.waves)} waves ({', '.join(f'{wave:g}' for wave in self.waves)})"
        parts = [f"{self.outcome or 'outcome not yet named'} of {self.persons} persons on {waves}"]
        parts += [f"{exposed} with {self.exposure} by the last of theirs"]
        if self.outcome is not None:
            parts += [*said_first(self), self._findable()]
        return "; ".join([*parts, *self.notes])

    def baseline(self) -> pd.DataFrame:
        """First scores of those exposed on any wave and of the others, by group; see `wave_baseline`."""
        return first_wave(self)

    def detectable(self) -> float:
        """Change per unit of exposure that a 5 % test finds four times in five.

        From what is left of the outcome when persons' and waves' means are taken out, without a look at exposure; NaN
        where exposure cannot be told from the wave.
        """
        rows = self.telling()
        person, wave = self.codes(rows)
        beside = within_units(levels_but_first(wave), person)
        both = within_units(np.column_stack([self.values()[rows], self.exposures()[rows]]), person)
        left = both - beside @ np.linalg.lstsq(beside, both, rcond=None)[0]
        df = len(left) - len(np.unique(person)) - beside.shape[1] - 1
        moved = float(left[:, 1] @ left[:, 1])
        if df < 1 or moved <= 1e-9 * float(both[:, 1] @ both[:, 1]):
            return float("nan")
        error = np.sqrt(float(left[:, 0] @ left[:, 0]) / df / moved)
        return minimum_detectable_effect(float(error), float(df))

    def _findable(self) -> str:
        found = self.detectable()
        if np.isnan(found):
            return f"no change by {self.exposure} can be told from one by wave"
        return f"a change of {found:.3g} per unit of {self.exposure} would be found four times in five"

    def _say_exposure(self) -> None:
        """Say whose exposure falls, and who was exposed before the first wave."""
        by_person = self.source.groupby(self.person)[self.exposure]
        if fell := int((by_person.diff() < 0).groupby(self.source[self.person]).any().sum()):
            note(f"the exposure of {fell} persons falls between waves: what was met is taken to wear off with it")
        if early := int((by_person.first() > 0).sum()):
            note(f"{early} persons were exposed on their first wave already")

    def _say_unknown(self) -> None:
        """Count rows without an outcome by exposure, and persons who tell of no change."""
        known, exposed = np.isfinite(self.values()), self.exposures() > 0
        if not known.all():
            parts = [f"{int((~known & part).sum())} of {int(part.sum())} rows" for part in (exposed, ~exposed)]
            note(f"'{self.outcome}' is not known in {parts[0]} with exposure and {parts[1]} without")
        told = int(self.source.loc[self.telling(), self.person].nunique())
        if told < self.persons:
            note(f"{self.persons - told} of {self.persons} persons have it on one wave or none and tell of no change")
