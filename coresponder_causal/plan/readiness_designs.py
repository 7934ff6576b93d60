"""Which designs a city's tables can carry, and how small a change each would show."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.plan import detectable
from coresponder_causal.plan.detectable import Detectable, Monthly, monthly_counts
from coresponder_causal.plan.questions import Columns, comparisons
from coresponder_causal.plan.readiness_answers import answer_of, mend_first, not_yet, now

fewest_months, fewest_cities = 24, 3


def monthly_of_city(
    typed: Mapping[str, pd.DataFrame], there: Columns, start: str | None, city: str | None, lines: list[str]
) -> Monthly | None:
    """Count by month and settle city and start; say what is not known. None: there is nothing to count."""
    if not any(not comparison.lacks(there) for comparison in comparisons if comparison.name == "series"):
        return None
    usable = {name: frame for name, frame in typed.items() if name != "city_panel" or len(frame.columns) == 3}
    with collecting():
        counts = monthly_counts(usable)
    own = programme_city(list(map(str, counts)), typed, city)
    if own is None:
        lines.append(f"Not known which of {len(counts.columns)} cities has the programme: name it with --city.")
    day = _start(typed, own, start)
    if day is None:
        lines.append("Not known when the programme started: give --start DATE; until then half of the months count.")
    elif start is None:
        lines.append(f"Start of the programme as in the register: {day.date()}.")
    return Monthly(counts=counts, city=own, start=day)


def programme_city(names: list[str], tables: Mapping[str, pd.DataFrame], city: str | None) -> str | None:
    """Find the city of the programme: the one that is named, the only one, or the only one with shifts or a programme.

    Parameters
    ----------
    names : list of str
        Cities in the tables.
    tables : mapping of DataFrame
    city : str or None
        Its name, if it is stated.

    Returns
    -------
    str or None
        None where several cities could be it.

    Raises
    ------
    DataError
        If the stated city is not in the tables: take one of those named.
    """
    if city is not None:
        if city not in names:
            raise DataError(f"city '{city}' is not in the tables", mend=f"take one of {', '.join(sorted(names)[:8])}")
        return city
    if len(names) == 1:
        return names[0]
    for table in ("schedule", "programmes"):
        if table in tables and "city" in tables[table]:
            having = sorted(set(map(str, tables[table]["city"].dropna())) & set(names))
            if len(having) == 1:
                return having[0]
    return None


def _start(typed: Mapping[str, pd.DataFrame], city: str | None, start: str | None) -> pd.Timestamp | None:
    """Read the start, or take the last one of the city in the register of programmes."""
    if start is not None:
        day = pd.to_datetime(start, format="ISO8601", errors="coerce")
        if pd.isna(day):
            raise DataError(f"--start is {start!r}", mend="write it as a date, e.g. 2020-07-15")
        return pd.Timestamp(day)
    register = typed.get("programmes")
    if register is None or city is None or not {"city", "start_earliest"} <= set(register):
        return None
    last = register.loc[register["city"].eq(city), "start_earliest"].max()
    return None if pd.isna(last) else pd.Timestamp(last)


def designs_answered(
    there: Columns, broken: frozenset[str], counted: Monthly | None, typed: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Say of every design whether it can be run, and what it could find."""
    made = []
    for comparison in comparisons:
        lacks = comparison.lacks(there)
        answer, why, found = answer_of(lacks, broken), "", None
        if answer == now:
            why = _condition(comparison.name, counted, typed)
            found = None if why else _found(comparison.name, counted, typed)
            panel = sorted(broken & {"city_panel.city", "city_panel.month", "city_panel.calls"})
            answer = now if not why else mend_first if panel and comparison.name != "calls" else not_yet
            lacks = tuple(panel) if answer == mend_first else lacks
        made.append(
            {
                "design": comparison.name,
                "title": comparison.title,
                "answer": answer,
                "lacks": ", ".join(lacks),
                "why": why,
                "change": None if found is None else found.change,
                "unit": "" if found is None else found.unit,
                "assumes": "" if found is None else found.assumes,
            }
        )
    return pd.DataFrame(made).astype({"change": "float64"})


def _condition(design: str, counted: Monthly | None, typed: Mapping[str, pd.DataFrame]) -> str:
    """Say what rows a design still needs, its fields being there."""
    if design == "calls":
        found, least = detectable.of_calls(typed["calls"]), detectable.fewest_calls
        return "" if found else f"fewer than {least} attended or {least} other calls"
    assert counted is not None  # every other design counts calls
    months, cities = counted.counts.shape
    if months < fewest_months:
        return f"{months} months are there; it needs {fewest_months}"
    if design == "adopters":
        starters = _starters(counted, typed)
        enough = len(starters) >= 2 and cities - len(starters) >= 2
        return "" if enough else f"{len(starters)} of {cities} cities start within the months; it needs 2, and 2 others"
    if counted.city is None:
        return "it is not known which city has the programme"
    if design == "cities" and cities < fewest_cities:
        return f"{cities} city with counts; it needs {fewest_cities}" if cities == 1 else f"{cities} cities; it needs 3"
    return ""


def _starters(counted: Monthly, typed: Mapping[str, pd.DataFrame]) -> list[str]:
    """Cities whose first programme starts after the first month and by the last."""
    first = typed["programmes"].groupby("city")["start_earliest"].min().dropna().dt.to_period("M")
    inside = (first > counted.counts.index.min()) & (first <= counted.counts.index.max())
    return sorted(set(first[inside].index) & set(counted.counts))


def _found(design: str, counted: Monthly | None, typed: Mapping[str, pd.DataFrame]) -> Detectable | None:
    """Give the smallest change that a design finds."""
    if design == "calls":
        return detectable.of_calls(typed["calls"])
    assert counted is not None  # every other design counts calls
    if design == "hours":
        return detectable.of_hours(counted, typed["calls"], typed["schedule"])
    if design == "adopters":
        return detectable.of_adopters(counted, _starters(counted, typed))
    return detectable.of_cities(counted) if design == "cities" else detectable.of_series(counted)
