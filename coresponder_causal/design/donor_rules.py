"""The rules by which a city may stand for what the treated city would have been; none of them reads an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import doubt
from coresponder_causal.data import dictionary, frames
from coresponder_causal.data.registers import contaminated
from coresponder_causal.data.validate import validate
from coresponder_causal.design import columns

Role = Literal["donor", "censored", "spillover", "excluded"]
rules = ("population", "programme", "recording", "definitions", "apart")
roles: tuple[Role, ...] = ("donor", "censored", "spillover", "excluded")
tables_of_outcomes = ("city_panel", "calls", "outcomes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What a pool of comparison cities is chosen by, as `donor_pool` takes it.

    Parameters
    ----------
    treated : str
    start, first, last : Timestamp
        Start of the programme, and the window of the data.
    population : pair of float
    fields, neighbours, traits : tuple of str
    distance, definitions : str or None
    within : float
    """

    treated: str
    start: pd.Timestamp
    first: pd.Timestamp
    last: pd.Timestamp
    population: tuple[float, float]
    fields: tuple[str, ...]
    neighbours: tuple[str, ...]
    distance: str | None
    within: float
    definitions: str | None
    traits: tuple[str, ...]


def read_cities(cities: object, by: Criteria) -> pd.DataFrame:
    """One row a city, the treated one among them; whatever may hold an outcome is refused.

    Parameters
    ----------
    cities : DataFrame or Table
    by : Criteria

    Returns
    -------
    DataFrame
        By city.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.
    """
    problems = Problems("pool of comparison cities")
    named = [name for name in (by.distance, by.definitions, *by.traits) if name is not None]
    table = columns.rectangular(cities, ["city", "population", *named], problems)
    _refuse_outcomes([str(name) for name in table.columns], named, problems)
    doubled = table["city"].duplicated().to_numpy()
    if doubled.any():
        problems.add(
            f"{int(doubled.sum())} rows of a city that has one already: a table by period holds outcomes",
            mend="give one row a city",
            rows=np.flatnonzero(doubled),
        )
    for name in ("population", *((by.distance,) if by.distance else ()), *by.traits):
        columns.numbers(table, name, problems, sign="positive" if name == "population" else "any")
    known = set(table["city"].astype(str))
    if strange := sorted({by.treated, *by.neighbours} - known):
        problems.add(f"{', '.join(strange)} not among the cities", mend="add them, or correct the names")
    if not by.first < by.start <= by.last:
        problems.add(
            f"the start {by.start.date()} is not inside the window {by.first.date()} to {by.last.date()}",
            mend="correct start= or window=",
        )
    if not 0 < by.population[0] < by.population[1]:
        problems.add(f"population={by.population!r} is no range", mend="give (least, most), e.g. (0.5, 5)")
    problems.raise_if_any(DesignError)
    return table.assign(city=table["city"].astype(str)).set_index("city").sort_index()


def _refuse_outcomes(there: Sequence[str], named: Sequence[str], problems: Problems) -> None:
    """Refuse columns that are outcomes by the dictionary, and any that nobody named."""
    fields = [entry for name in tables_of_outcomes for entry in dictionary.table(name).fields]
    late = {entry.name for entry in fields if entry.stage != "pre-dispatch"}
    known = {entry.name for entry in dictionary.table("cities").fields}
    if outcomes := [name for name in there if name in late]:
        problems.add(
            f"{', '.join(outcomes)} may be an outcome: a pool is chosen before outcomes are seen",
            mend="take it out of the table of cities",
        )
    if strange := [name for name in there if name not in {*known, *named, *late}]:
        problems.add(
            f"nobody knows whether {', '.join(strange)} is an outcome",
            mend="take it out, or name it in traits= if it was known before the programme",
        )


def scored(cities: pd.DataFrame, programmes: object | None, breaks: object | None, by: Criteria) -> pd.DataFrame:
    """Judge every candidate by every rule.

    Parameters
    ----------
    cities : DataFrame
        As `read_cities` gives it.
    programmes, breaks : DataFrame or Table, or None
        Registers of the dictionary.
    by : Criteria

    Returns
    -------
    DataFrame
        By candidate, best first: ``city, role, until`` (first day of its own programme, of those left out from then
        on), ``score`` (share of the rules judged that it passes), ``unlikeness``, ``region``, one column a rule ("yes",
        "no", "unknown"), ``why``.
    """
    own = cities.T[by.treated]
    others = cities.drop(index=by.treated)
    adopted = _adopted(programmes, others.index, by)
    broken = _broken(breaks, others.index, by)
    ratio = others["population"] / own["population"]
    table = pd.DataFrame(
        {
            "population": _judged(ratio.between(*by.population)),
            "programme": adopted.map({"": "yes", "unknown": "unknown"}).fillna("no"),
            "recording": broken.map({"": "yes", "unknown": "unknown"}).fillna("no"),
            "definitions": _same(others, own, by.definitions),
            "apart": _far(others, by),
            "region": _same(others, own, "region" if "region" in others else None).map(
                {"yes": "same", "no": "other", "unknown": "unknown"}
            ),
        }
    )
    judged = table[list(rules)]
    days = pd.to_datetime(adopted.where(~adopted.isin(["", "unknown"])))
    table["score"] = (judged == "yes").sum(axis=1) / (judged != "unknown").sum(axis=1)
    table["unlikeness"] = _unlikeness(cities, by)[others.index]
    table["role"] = _roles(table, later=days > by.start)
    table["until"] = days.where(table["role"].eq("censored"))
    table["why"] = _reasons(table, ratio, days, broken, by)
    table["order"] = table["role"].map(roles.index)
    table = table.sort_values(["order", "score", "unlikeness"], ascending=[True, False, True], kind="stable")
    shown = ["role", "until", "score", "unlikeness", "region", *rules, "why"]
    return table[shown].rename_axis("city").reset_index()


def _judged(passes: pd.Series) -> pd.Series:
    return passes.map({True: "yes", False: "no"})


def _same(others: pd.DataFrame, own: pd.Series, column: str | None) -> pd.Series:
    """Whether a column is as in the treated city; unknown where either is missing."""
    if column is None or pd.isna(own[column]):
        return pd.Series("unknown", index=others.index)
    return _judged(others[column].eq(own[column])).where(others[column].notna(), "unknown")


def _far(others: pd.DataFrame, by: Criteria) -> pd.Series:
    """Whether a city is no neighbour."""
    if not by.neighbours and by.distance is None:
        return pd.Series("unknown", index=others.index)
    near = pd.Series(others.index.isin(by.neighbours), index=others.index)
    return _judged(~(near | (others[by.distance] <= by.within) if by.distance else near))


def _adopted(programmes: object | None, names: pd.Index, by: Criteria) -> pd.Series:
    """First day of a programme of its own within the window as text, empty without one, "unknown" without an entry."""
    if programmes is None:
        doubt("no register of programmes was given: nothing is known of programmes that comparison cities had")
        return pd.Series("unknown", index=names)
    register = frames.to_pandas(programmes)
    found = contaminated(programmes, list(names), by.first.date(), by.last.date())
    first = found.groupby(found["city"].astype(str))["start_earliest"].min().dt.strftime("%Y-%m-%d")
    entered = names.isin(register["city"].astype(str))
    return pd.Series(np.where(entered, "", "unknown"), index=names).where(~names.isin(first.index), names.map(first))


def _broken(breaks: object | None, names: pd.Index, by: Criteria) -> pd.Series:
    """Name what changed in a city's recording within the window, and not on the same day in the treated city."""
    if breaks is None:
        return pd.Series("unknown", index=names)
    register = validate(breaks, table="breaks")
    inside = register["date"].between(by.first, by.last)
    inside &= register["field"].isin(by.fields) if by.fields else True
    register = register[inside].assign(city=lambda table: table["city"].astype(str))
    own = register[register["city"] == by.treated]
    common = pd.MultiIndex.from_frame(register[["field", "date"]]).isin(
        pd.MultiIndex.from_frame(own[["field", "date"]])
    )
    alone = register[~common]
    said = (alone["field"].astype(str) + " on " + alone["date"].dt.strftime("%Y-%m-%d")).groupby(alone["city"])
    return pd.Series(names.map(said.agg(", ".join)), index=names).fillna("")


def _unlikeness(cities: pd.DataFrame, by: Criteria) -> pd.Series:
    """Root mean square distance from the treated city in log population and traits, in standard deviations."""
    seen = cities[list(by.traits)].astype(float).assign(**{" size": np.log(cities["population"].astype(float))})
    spread = seen.std().replace(0.0, np.nan)
    away = ((seen - seen.loc[by.treated]) / spread).dropna(axis=1, how="all")
    return (away**2).mean(axis=1).pow(0.5).fillna(0.0)


def _roles(table: pd.DataFrame, *, later: pd.Series) -> NDArray[np.str_]:
    """Role of each city; ``later``: its own programme began after the start."""
    fails = {rule: table[rule].eq("no") for rule in rules}
    unsound = fails["recording"] | fails["definitions"]
    return np.select(
        [
            fails["apart"] & ~unsound & ~fails["programme"],
            fails["apart"] | unsound | fails["population"] | (fails["programme"] & ~later),
            fails["programme"],
        ],
        ["spillover", "excluded", "censored"],
        "donor",
    )


def _reasons(table: pd.DataFrame, ratio: pd.Series, days: pd.Series, broken: pd.Series, by: Criteria) -> pd.Series:
    """Say which rules each city does not pass."""
    said = pd.DataFrame(
        {
            "population": ratio.map("{:.2g} times the population".format),
            "programme": "a programme of its own from " + days.dt.strftime("%Y-%m-%d") + " on",
            "recording": "recording changed: " + broken,
            "definitions": f"another {by.definitions}",
            "apart": f"a neighbour of {by.treated}",
        }
    )
    fails = table[list(rules)] == "no"
    return said.where(fails).apply(lambda row: "; ".join(row.dropna()), axis=1)
