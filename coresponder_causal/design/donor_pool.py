"""Comparison cities chosen before outcomes are seen: who is compared, who is set apart, who is left out and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from coresponder_causal.core.days import day_of
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.data.periods import parse_start
from coresponder_causal.design.donor_rules import Criteria, Role, read_cities, scored
from coresponder_causal.design.panel import PanelDesign

Adopters = Literal["leave out", "until then"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class DonorPool:
    """A frozen choice of comparison cities: made by `donor_pool`, never by hand.

    Parameters
    ----------
    criteria : Criteria
        What it was chosen by.
    table : DataFrame
        One row a candidate, best first: ``city, role, until, score, unlikeness, region``, one column a rule ("yes",
        "no", "unknown"), ``why``.
    notes : tuple of str
        What was said when it was formed.
    """

    criteria: Criteria
    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"DonorPool: {self.describe()}"

    def cities(self, role: Role) -> list[str]:
        """Cities of a role: "donor", "censored", "spillover" or "excluded"."""
        return [str(city) for city in self.table.loc[self.table["role"] == role, "city"]]

    @property
    def donors(self) -> list[str]:
        """Cities to be compared with, best first."""
        return self.cities("donor")

    @property
    def censored(self) -> dict[str, pd.Timestamp]:
        """Cities with a programme of their own later than the start, and its first day."""
        return {str(row["city"]): row["until"] for _, row in self.table[self.table["role"] == "censored"].iterrows()}

    @property
    def neighbours(self) -> list[str]:
        """Neighbours set apart, which the programme may have reached."""
        return self.cities("spillover")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the criteria and of every candidate's row."""
        return fingerprint("DonorPool", repr(self.criteria), self.table)

    def describe(self) -> str:
        """Return the pool in words."""
        held = {role: self.cities(role) for role in ("donor", "censored", "spillover", "excluded")}
        words = {
            "donor": "compared",
            "censored": "compared until a programme of their own",
            "spillover": "set apart as neighbours",
            "excluded": "left out",
        }
        said = [f"{words[role]}: {', '.join(names)}" for role, names in held.items() if names]
        return "; ".join([*said, f"frozen as {self.fingerprint[:16]}", *self.notes])

    def apply(self, design: PanelDesign, *, adopters: Adopters = "leave out") -> PanelDesign:
        """Leave the cities of a design that the pool admits.

        Parameters
        ----------
        design : PanelDesign
            Of the treated city and of candidates; neighbours and excluded cities are taken out.
        adopters : {"leave out", "until then"}
            Cities with a programme of their own after the start: out altogether, or their periods from it on. The
            latter is for estimators that compare with cities not yet treated; those for one treated city need the same
            periods of all, and leave those periods out of every city.

        Returns
        -------
        PanelDesign
            Any estimator takes it; its notes say who was left out.

        Raises
        ------
        DesignError
            Another treated city or start, cities that were never scored, or fewer than two that are left.
        """
        self._require_of(design)
        out = [city for role in ("spillover", "excluded") for city in self._there(design, self.cities(role))]
        later = self._there(design, list(self.censored))
        ends: dict[object, int] = {city: int(np.floor(parse_start(self.censored[city], design.axis))) for city in later}
        with collecting() as notes:
            note(f"comparison cities by a pool frozen before outcomes were seen ({self.fingerprint[:16]})")
            if out:
                note(f"left out by the pool: {', '.join(out)}")
            if later and adopters == "leave out":
                note(f"left out, a programme of their own after the start: {', '.join(later)}")
            for city in later if adopters == "until then" else ():
                note(f"{city} is compared until its own programme from {self.censored[city].date()} on")
            self._say_outside(design)
        gone = out + (later if adopters == "leave out" else [])
        if len(design.comparison_units) - len(gone) < 2:
            raise DesignError(
                f"the pool leaves {len(design.comparison_units) - len(gone)} comparison cities of the design",
                mend="bring more candidates, or loosen a rule and say why",
            )
        kept = design.without(*gone)
        kept = kept.until(ends) if adopters == "until then" else kept
        return replace(kept, notes=(*kept.notes, *notes))

    def spillover_design(self, design: PanelDesign, *, neighbour: str | None = None) -> PanelDesign:
        """Put neighbours in the treated city's place, so that the effect on them is estimated.

        Parameters
        ----------
        design : PanelDesign
            Of the treated city and of all candidates, as `apply` takes it.
        neighbour : str, optional
            One of the neighbours; the others are then left out. Without it all are treated, for estimators that admit
            several treated units.

        Returns
        -------
        PanelDesign
            Without the treated city.

        Raises
        ------
        DesignError
            As `apply`, or when the design holds no such neighbour.
        """
        self._require_of(design)
        there = self._there(design, self.neighbours)
        chosen = there if neighbour is None else [city for city in there if city == neighbour]
        if not chosen:
            raise DesignError(
                f"the design holds no neighbour {neighbour or ''}".rstrip(),
                mend=f"choose from {', '.join(there)}" if there else "bring their rows",
            )
        donors = self._there(design, self.donors)
        if len(donors) < 2:
            raise DesignError(f"{len(donors)} donors to compare neighbours with", mend="bring two or more")
        others = [city for city in map(str, design.comparison_units) if city not in {*chosen, *donors}]
        made = design.without(*others).pretending(*chosen)
        said = f"{', '.join(chosen)} in the place of {self.criteria.treated}: the effect on neighbours"
        return replace(made, notes=(*made.notes, said))

    def _there(self, design: PanelDesign, cities: Sequence[str]) -> list[str]:
        return [city for city in cities if city in design.comparison_units]

    def _require_of(self, design: PanelDesign) -> None:
        """Refuse a design of another city, of another start, or with cities that were never scored."""
        problems = Problems("pool applied to a design")
        treated, start = self.criteria.treated, self.criteria.start
        if design.treated_units != [treated]:
            problems.add(
                f"the pool is for {treated}, the design treats {', '.join(map(str, design.treated_units))}",
                mend=f"treat {treated} alone",
            )
        if int(np.floor(parse_start(start, design.axis))) != design.start_position:
            problems.add(f"the pool is for a start on {start.date()}, the design's is {design.start}", mend="agree")
        never = sorted(set(map(str, design.comparison_units)) - set(self.table["city"]))
        if never:
            problems.add(f"never scored: {', '.join(never)}", mend="add them to the table of cities, or leave them out")
        problems.raise_if_any(DesignError)

    def _say_outside(self, design: PanelDesign) -> None:
        """Doubt a pool whose registers were not read for all the periods of a design."""
        first, last = (
            int(np.floor(parse_start(day, design.axis))) for day in (self.criteria.first, self.criteria.last)
        )
        positions = np.unique(design.axis.positions)
        outside = int(((positions < first) | (positions > last)).sum())
        if outside:
            doubt(
                f"{outside} {design.period_name} lie outside the window for which the pool's registers were read, "
                f"{self.criteria.first.date()} to {self.criteria.last.date()}"
            )


def donor_pool(
    cities: object,
    programmes: object | None,
    *,
    treated: str,
    start: str | dt.date,
    window: tuple[str | dt.date, str | dt.date],
    breaks: object | None = None,
    fields: Sequence[str] = (),
    population: tuple[float, float] = (0.5, 5.0),
    neighbours: Sequence[str] = (),
    distance: str | None = None,
    within: float = 20.0,
    definitions: str | None = None,
    traits: Sequence[str] = (),
) -> DonorPool:
    """Choose comparison cities by rules that read no outcome, and freeze the choice.

    Parameters
    ----------
    cities : DataFrame or Table
        One row a city, the treated one among them: ``city, population``, ``region`` where known, and the columns named
        below. Any other column, and any that is an outcome by the dictionary, is refused.
    programmes : DataFrame or Table, or None
        Register of programmes: a city with one of its own before the start is excluded, with one after it censored
        from its earliest date on.
    treated : str
    start : date or ISO date
        First day of the programme; of an interval the earliest.
    window : pair of dates
        First and last day of the data.
    breaks : DataFrame or Table, optional
        Register of changes of recording, such as a migration of the dispatch system. One that the treated city had on
        the same day does not count.
    fields : sequence of str
        Fields whose recording matters; all of the register without it.
    population : pair of float
        Least and most residents, as multiples of the treated city's.
    neighbours : sequence of str
        Cities that the programme may have reached: set apart.
    distance : str, optional
        Column of kilometres from the treated city; those ``within`` so many are neighbours too.
    within : float
    definitions : str, optional
        Column that names what calls and outcomes mean in a city, as in the treated one.
    traits : sequence of str
        Numeric columns known before the programme, which order cities of the same score.

    Returns
    -------
    DonorPool

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.
    DataError
        A register that breaks the dictionary's rules, or a date that is none.

    References
    ----------
    Abadie (2021), Using synthetic controls, doi:10.1257/jel.20191450, section 5 (who may be a donor). Butts (2021),
    arXiv:2105.03737 (neighbours set apart).

    Examples
    --------
    >>> cities = pd.DataFrame({"city": ["Ours", "Like", "Near", "Huge"], "population": [50, 60, 70, 900]})
    >>> programmes = pd.DataFrame({"city": ["Like"], "programme": "unit", "start_earliest": "2022-03-01",
    ...                            "source": "agency", "certainty": "documented"})
    >>> pool = donor_pool(cities, programmes, treated="Ours", start="2020-07-15", window=("2017-01-01", "2022-12-31"),
    ...                   neighbours=["Near"])
    >>> pool.table[["city", "role", "why"]].values.tolist()[1:]
    [['Near', 'spillover', 'a neighbour of Ours'], ['Huge', 'excluded', '18 times the population']]
    >>> pool.censored
    {'Like': Timestamp('2022-03-01 00:00:00')}
    """
    criteria = Criteria(
        treated=treated,
        start=day_of(start, "start"),
        first=day_of(window[0], "window"),
        last=day_of(window[1], "window"),
        population=(float(population[0]), float(population[1])),
        fields=tuple(fields),
        neighbours=tuple(neighbours),
        distance=distance,
        within=float(within),
        definitions=definitions,
        traits=tuple(traits),
    )
    known = read_cities(cities, criteria)
    with collecting() as notes:
        pool = DonorPool(criteria=criteria, table=scored(known, programmes, breaks, criteria))
        _say_unknown(pool)
    return replace(pool, notes=tuple(notes))


def _say_unknown(pool: DonorPool) -> None:
    """Say which rules nothing was known for, and doubt a pool from inside or from outside the region alone."""
    candidates = pool.table
    reasons = {
        "recording": "no register of changes of recording was given",
        "definitions": "nothing is known of other cities' definitions",
        "apart": "no neighbours were named",
    }
    for rule, reason in reasons.items():
        if candidates[rule].eq("unknown").all():
            note(f"{reason}: that rule was not judged")
    regions = set(candidates.loc[candidates["role"].isin(["donor", "censored"]), "region"])
    if regions == {"same"}:
        doubt(f"all comparison cities are from the region of {pool.criteria.treated}, whose shocks they share")
    if regions == {"other"}:
        doubt(f"no comparison city is from the region of {pool.criteria.treated}")
