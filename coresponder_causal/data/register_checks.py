"""Whether the registers of programmes and of breaks make sense: dates, names, sources, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.column_readers import Severity
from coresponder_causal.data.columns import Finding
from coresponder_causal.data.validate import examine

no_source = ("", "?", "-", "n/a", "na", "none", "unknown", "tbd")
early, late = pd.Timestamp("1980-01-01"), pd.Timestamp("2200-01-01")


def register_findings(
    programmes: object | None = None, breaks: object | None = None, *, cities: object | None = None
) -> pd.DataFrame:
    """List everything in the registers that is wrong or in doubt.

    Parameters
    ----------
    programmes, breaks : DataFrame or Table, optional
        Tables of the dictionary of these names.
    cities : DataFrame or Table, optional
        Table of cities that registers must name.

    Returns
    -------
    DataFrame
        ``table, rule, field, severity, count, rows, mend``; "error" must be mended, "quality" is a doubt.

    Raises
    ------
    DataError
        If neither register is given.

    Examples
    --------
    >>> register = pd.DataFrame({"city": ["A"], "programme": ["team"], "start_earliest": ["2021-03-01"],
    ...                          "start_latest": ["2020-03-01"], "source": "?", "certainty": "documented"})
    >>> register_findings(register)[["rule", "severity"]].values.tolist()
    [['documented without a source', 'error'], ['latest start before the earliest', 'error']]
    """
    if programmes is None and breaks is None:
        raise DataError("no register was given", mend="give programmes=, breaks= or both")
    named = None if cities is None else set(examine(cities, "cities", None)[0]["city"].astype(str))
    found = []
    for table, given, rules in (("programmes", programmes, _of_programmes), ("breaks", breaks, _of_breaks)):
        if given is None:
            continue
        clean, own = examine(given, table, None)
        own += [one for one in (*_common(clean, named), *rules(clean)) if one.count]
        found += [{"table": table, **asdict(one)} for one in own]
    return pd.DataFrame(found, columns=["table", *(field.name for field in fields(Finding))])


def _finding(rule: str, field: str, wrong: object, mend: str, severity: Severity = "error") -> Finding:
    rows = np.flatnonzero(np.asarray(wrong, bool))
    return Finding(rule, field, severity, len(rows), tuple(map(str, rows[:5])), mend)


def _common(clean: pd.DataFrame, named: set[str] | None) -> Iterator[Finding]:
    """Give rules of both registers: known cities, and sources that say something."""
    if named is not None and "city" in clean:
        strange = clean["city"].notna() & ~clean["city"].astype(str).isin(named)
        yield _finding("a city that the table of cities lacks", "city", strange, "add it there, or correct the name")
    if {"source", "certainty"} <= set(clean):
        empty = clean["source"].fillna("").astype(str).str.strip().str.casefold().isin(no_source)
        documented = clean["certainty"].astype(str).eq("documented")
        yield _finding("documented without a source", "source", empty & documented, "name the document")
        presumed = clean["certainty"].astype(str).eq("presumed")
        yield _finding("presumed", "certainty", presumed, "ask the agency for a document", "quality")


def _of_programmes(clean: pd.DataFrame) -> Iterator[Finding]:
    if "start_earliest" not in clean:
        return
    start = clean["start_earliest"]
    latest, end = (clean[name] if name in clean else pd.Series(pd.NaT, index=clean.index) for name in _ends)
    yield _finding("latest start before the earliest", "start_latest", latest < start, "exchange the two dates")
    yield _finding("last day before the earliest start", "end_date", end < start, "correct one of the dates")
    yield _finding("a start before 1980", "start_earliest", start < early, "correct the year")
    wide = (latest - start) > pd.Timedelta(days=365)
    yield _finding("a start known to no year", "start_latest", wide, "look for minutes or a first shift", "quality")
    order = clean.assign(end=end.fillna(late), row=range(len(clean))).sort_values("start_earliest")
    keys = [name for name in ("city", "model") if name in order]
    before = order.groupby(keys, dropna=False, observed=True)["end"].transform(lambda part: part.cummax().shift())
    again = pd.Series((order["start_earliest"] <= before).to_numpy(), index=order["row"]).sort_index()
    yield _finding(
        "begins while a programme of the same model runs", "start_earliest", again, "join the two, or end the first",
        "quality",
    )  # fmt: skip


_ends = ("start_latest", "end_date")


def _of_breaks(clean: pd.DataFrame) -> Iterator[Finding]:
    from coresponder_causal.data import dictionary

    if "field" in clean:
        known = {name for table in dictionary.tables().values() for name in table.names}
        strange = clean["field"].notna() & ~clean["field"].astype(str).isin(known)
        yield _finding("a field that the dictionary lacks", "field", strange, "take a name of the dictionary")
    if "date" in clean:
        yield _finding("a change before 1980", "date", clean["date"] < early, "correct the year")
