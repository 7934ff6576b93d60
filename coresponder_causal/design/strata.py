"""Strata of two agencies: persons and connected persons by stratum and arm, as the county returned them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.parsed import json_of
from coresponder_causal.design import columns
from coresponder_causal.privacy.county_return import return_format

Array = NDArray[np.float64]
connected, score = "connected", "score"
hidden_count = r"(?:<\s*(?P<under>\d+)|(?P<least>\d+)\s*[-–]\s*(?P<most>\d+))"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class StrataDesign:
    """Counts by stratum and arm: made by `from_file` or `from_frame`, never by hand.

    Parameters
    ----------
    source : DataFrame
        Two rows a stratum, without and with the treatment: ``stratum, treated, persons`` and counts, and where it is
        known ``score``, the mean log odds of treatment in the cell.
    outcome : str or None
        Count in ``source``.
    treatment : str
        Name of the treatment.
    asked : int
        Strata that the persons were cut into; fewer rows where the county merged some.
    epsilon, noise_variance : float or None, float
        Noise that the county put on every count.
    about : Facts
        What the return says of itself: project, period, key id, linked persons.
    notes : tuple of str
        What was said when the design was formed.
    """

    source: pd.DataFrame
    outcome: str | None
    treatment: str
    asked: int
    epsilon: float | None = None
    noise_variance: float = 0.0
    about: Facts = field(default_factory=Facts)
    notes: tuple[str, ...] = ()

    @classmethod
    def from_file(
        cls,
        path: Path | str,
        *,
        scores: Path | str | None = None,
        treatment: str = "attended",
        outcome: str | None = connected,
    ) -> Self:
        """Read what the county returned.

        Parameters
        ----------
        path : path
            The JSON file that the county's program wrote.
        scores : path, optional
            What the police kept of the same list: ``stratum, arm, persons, score``, as `privacy.write_list` wrote it.
        treatment : str
            What the arm stands for.
        outcome : str or None
            The count; None leaves it to `with_outcome`.

        Raises
        ------
        DesignError
            A file that is no such return, one of another version, or scores of another list; otherwise as
            `from_frame`.
        """
        try:
            said = json_of(Path(path).read_text(encoding="utf-8"))
            cells = [{**cell, "stratum": "+".join(map(str, cell["strata"]))} for cell in said["cells"]]
            asked = sum(len(cell["strata"]) for cell in said["cells"] if cell["arm"] == 1)
            about = {name: said[name] for name in ("project", "period", "key", "by", "follow", "agreeing", "linked")}
            epsilon, variance, version = said["epsilon"], float(said["noise_variance"]), said["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise DesignError(f"{path} is not a return of counts by strata", mend="name the county's file") from error
        if version != return_format:
            raise DesignError(
                f"{path} has format {version!r}, not {return_format}", mend="take the same version at both"
            )
        frame = pd.DataFrame(cells) if scores is None else _with_scores(pd.DataFrame(cells), Path(scores))
        made = cls.from_frame(
            frame.drop(columns="strata"),
            outcome=outcome,
            treatment="arm",
            asked=asked,
            epsilon=epsilon,
            noise_variance=variance,
        )
        with collecting() as notes:
            if asked > len(made.strata):
                note(f"the county merged {asked} strata to {len(made.strata)} so that no cell is small")
        return replace(made, treatment=treatment, about=Facts(about), notes=(*made.notes, *notes))

    @classmethod
    def from_frame(
        cls,
        frame: object,
        *,
        outcome: str | None,
        treatment: str,
        stratum: str = "stratum",
        persons: str = "persons",
        asked: int | None = None,
        epsilon: float | None = None,
        noise_variance: float = 0.0,
    ) -> Self:
        """Form the design of a table of counts, checking everything at once.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            One row for each stratum and arm; a column ``score`` holds the mean log odds of treatment in it.
        outcome : str or None
            Column with the number of persons to whom it happened; of a hidden count what is known: "<11", "1-10".
        treatment : str
            Column of True and False, or 1 and 0.
        stratum, persons : str
            Columns of strata and of numbers of persons.
        asked : int, optional
            Strata before some were merged.
        epsilon, noise_variance : float, optional
            Noise in the counts.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Examples
        --------
        >>> frame = pd.DataFrame({"stratum": [1, 1, 2, 2], "attended": [0, 1, 0, 1], "persons": [60, 40, 50, 50],
        ...                       "connected": [15, 14, 12, 20]})
        >>> StrataDesign.from_frame(frame, outcome="connected", treatment="attended").describe()
        'connected of 200 persons in 2 strata, 90 with attended'
        """
        problems = Problems("strata")
        table = columns.rectangular(frame, [stratum, treatment, persons, outcome], problems)
        known = {stratum: "stratum", treatment: "treated", persons: "persons"}
        table = table.rename(columns=known)
        _refuse_arms(table, treatment, problems)
        columns.numbers(table, "persons", problems, sign="nonnegative")
        if score in table:
            columns.numbers(table[table["persons"] != 0], score, problems)
        problems.raise_if_any(DesignError)
        table = table.assign(stratum=table["stratum"].astype(str), treated=table["treated"].astype(bool))
        table = table.sort_values(["stratum", "treated"], ignore_index=True)
        made = cls(
            source=table,
            outcome=None,
            treatment=treatment,
            asked=asked or table["stratum"].nunique(),
            epsilon=epsilon,
            noise_variance=float(noise_variance),
        )
        return made if outcome is None else made.with_outcome(outcome)

    def __repr__(self) -> str:
        return f"StrataDesign: {self.describe()}"

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another count of its table."""
        problems = Problems("strata")
        columns.rectangular(self.source, [outcome], problems)
        least = _least_and_most(self.source[outcome])[:, 0]
        hides = _hidden(self.source[outcome]).any()
        events = columns.numbers(self.source.assign(**{outcome: least}) if hides else self.source, outcome, problems)
        if hides and self.noise_variance:
            problems.add(f"'{outcome}' has hidden counts and noise", mend="ask for one of the two")
        beyond = (events < 0) | (events > self.source["persons"].to_numpy(float))
        if beyond.any() and not self.noise_variance:
            problems.add(
                f"'{outcome}' is below 0 or above the number of persons",
                mend="count persons, each once; of noisy counts state noise_variance=",
                rows=np.flatnonzero(beyond),
            )
        problems.raise_if_any(DesignError)
        return replace(self, outcome=outcome)

    @property
    def strata(self) -> list[str]:
        """Names of the strata."""
        return [str(name) for name in self.source["stratum"].unique()]

    @property
    def persons(self) -> Array:
        """Persons by stratum and arm, shape (strata, 2): without and with the treatment."""
        return self.source["persons"].to_numpy(float).reshape(-1, 2)

    @property
    def scores(self) -> Array | None:
        """Mean log odds of treatment by stratum and arm, shape (strata, 2); None where they are not known."""
        return self.source[score].to_numpy(float).reshape(-1, 2) if score in self.source else None

    def outcome_ends(self) -> tuple[Array, Array]:
        """Least and most events by stratum and arm, two of shape (strata, 2): the same where the count is shown."""
        ends = _least_and_most(self.source[self.outcome])
        least, most = ends.T.reshape(2, -1, 2)
        return least, np.where(most > least, np.minimum(most, self.persons), most)

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        return f"ATE or ATT of {self.treatment} on {self.outcome or 'the outcome'}"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the counts and the statement of the design."""
        stated = (self.outcome, self.treatment, self.asked, self.epsilon, self.noise_variance, dict(self.about))
        return fingerprint("StrataDesign", stated, self.source)

    def describe(self) -> str:
        """Return the design in words."""
        total, treated = self.persons.sum(), self.persons[:, 1].sum()
        said = f"{self.outcome or 'outcome not yet named'} of {total:.0f} persons in {len(self.strata)} strata, "
        noisy = [] if self.epsilon is None else [f"counts with noise at ε = {self.epsilon:g}"]
        return "; ".join([f"{said}{treated:.0f} with {self.treatment}", *noisy, *self.notes])


def _hidden(counts: pd.Series) -> NDArray[np.bool_]:
    return counts.astype(str).str.fullmatch(hidden_count).to_numpy(bool)


def _least_and_most(counts: pd.Series) -> Array:
    """Least and most that each count can be, shape (n, 2); NaN where it is none.

    Examples
    --------
    >>> _least_and_most(pd.Series(["40", "<11", "1-10"])).tolist()
    [[40.0, 40.0], [0.0, 10.0], [1.0, 10.0]]
    """
    shown = pd.to_numeric(counts, errors="coerce").astype(float)
    part = counts.astype(str).str.extract(f"^{hidden_count}$").astype(float)
    ends = shown.fillna(part["least"]).fillna(0 * part["under"]), shown.fillna(part["most"]).fillna(part["under"] - 1)
    return np.column_stack([end.to_numpy(float) for end in ends])


def _with_scores(cells: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Put mean scores beside the cells, over strata that were merged; refuse those of another list."""
    kept = pd.read_csv(path)
    if missing := [name for name in ("stratum", "arm", "persons", score) if name not in kept]:
        raise DesignError(f"{path} has no column {', '.join(missing)}", mend="name the file of scores that was kept")
    kept = kept.assign(listed=kept["persons"], weighted=kept["persons"] * kept[score]).rename(
        columns={"stratum": "one"}
    )
    members = cells.explode("strata").rename(columns={"strata": "one"})[["stratum", "one", "arm"]]
    found = members.merge(kept[["one", "arm", "listed", "weighted"]], on=["one", "arm"], how="left")
    sums = found.groupby(["stratum", "arm"], as_index=False)[["listed", "weighted"]].sum()
    both = cells.merge(sums, on=["stratum", "arm"], how="left")
    if not (both["listed"] == both["persons"]).all():
        raise DesignError(
            f"{path} does not hold the numbers of persons that were returned", mend="take the files of one list"
        )
    return both.assign(**{score: both["weighted"] / both["listed"]}).drop(columns=["listed", "weighted"])


def _refuse_arms(table: pd.DataFrame, treatment: str, problems: Problems) -> None:
    """Refuse arms other than two, and strata without one row for each."""
    if not table["treated"].isin([0, 1]).all():
        problems.add(f"'{treatment}' holds more than True and False", mend="give 1 and 0")
        return
    rows = table.groupby("stratum", dropna=False)["treated"].agg(["size", "nunique"])
    if uneven := int(((rows["size"] != 2) | (rows["nunique"] != 2)).sum()):
        problems.add(
            f"{columns.counted(uneven, 'stratum')} without exactly one row for each arm",
            mend="give two rows a stratum, with 0 persons where an arm is empty",
        )
