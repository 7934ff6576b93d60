"""Which metrics of which cities may be compared: the same definition, bridged, not comparable, or not known.

What a metric means has five facets: what is counted, among which, once per what, recorded where, from which threshold
on. Two cities have one definition where all five agree. A facet that differs is bridged where the register of bridges
turns one code into the other, either way round; one that is not makes the metric not comparable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.inference import critical
from coresponder_causal.data.validate import validate

facets = ("event", "among", "counting_unit", "recorded_in", "threshold")
same, bridged, not_comparable, not_known = "same definition", "bridged", "not comparable", "not known"
bridge_columns = ("metric", "facet", "from_code", "to_code", "ratio", "ratio_low", "ratio_high", "how", "source")


class Compared(NamedTuple):
    """Two definitions held against each other.

    ``verdict`` is one of the four above, ``why`` says what differs, ``ratio`` turns a count under the first into one
    under the second, and ``log_sd`` is how well its logarithm is known.
    """

    verdict: str
    why: str
    ratio: float
    log_sd: float


def definitions_of(systems: object, city: str) -> dict[str, dict[str, str]]:
    """Give what every metric means in one city, facet by facet.

    Parameters
    ----------
    systems : DataFrame or Table
        Table "metric_systems" of the dictionary.
    city : str

    Returns
    -------
    dict of str to dict
        Empty where the city has no entry.

    Raises
    ------
    DataError
        A register that breaks the dictionary's rules.
    """
    register = validate(systems, table="metric_systems")
    own = register[register["city"].astype(str) == city]
    return {str(row["metric"]): {name: str(row[name]) for name in facets} for row in own.to_dict("records")}


def bridges_of(bridges: object | None) -> pd.DataFrame:
    """Return a register of bridges that keeps its rules; an empty one where none is given.

    Parameters
    ----------
    bridges : DataFrame or Table, or None
        Table "metric_bridges" of the dictionary.

    Raises
    ------
    DataError
        A register that breaks the dictionary's rules, limits that do not hold the ratio, or a ratio of zero.
    """
    if bridges is None:
        return pd.DataFrame(columns=list(bridge_columns))
    register = validate(bridges, table="metric_bridges")
    low, ratio, high = (register[name].astype(float) for name in ("ratio_low", "ratio", "ratio_high"))
    problems = Problems("the register of bridges")
    if wrong := np.flatnonzero(~((low > 0) & (low <= ratio) & (ratio <= high))).tolist():
        problems.add("limits that do not hold the ratio, or a ratio of zero", rows=wrong, mend="correct them")
    if wrong := np.flatnonzero(register["from_code"].astype(str) == register["to_code"].astype(str)).tolist():
        problems.add("bridges from a code to itself", rows=wrong, mend="delete them")
    problems.raise_if_any(DataError)
    return register


def compared(
    metric: str, one: Mapping[str, str] | None, other: Mapping[str, str] | None, bridges: pd.DataFrame
) -> Compared:
    """Hold two definitions of a metric against each other.

    Parameters
    ----------
    metric : str
    one, other : mapping of facet to str, or None
        As `definitions_of` gives them; None or empty where nobody registered it.
    bridges : DataFrame
        As `bridges_of` gives it.

    Returns
    -------
    Compared

    Examples
    --------
    >>> here = dict(zip(facets, ["force", "eligible calls", "call", "use-of-force report", "none"]))
    >>> there = here | {"threshold": "injury"}
    >>> compared("force", here, there, bridges_of(None))[:2]
    ('not comparable', 'threshold: none, injury')
    """
    if not one or not other or set(one) != set(facets) or set(other) != set(facets):
        return Compared(not_known, "no definition is registered", np.nan, np.nan)
    apart = [name for name in facets if _code(one[name]) != _code(other[name])]
    if not apart:
        return Compared(same, "", 1.0, 0.0)
    found = [_bridge(metric, name, _code(one[name]), _code(other[name]), bridges) for name in apart]
    missing = [name for name, bridge in zip(apart, found, strict=True) if bridge is None]
    said = "; ".join(f"{name}: {one[name]}, {other[name]}" for name in missing or apart)
    if missing:
        return Compared(not_comparable, said, np.nan, np.nan)
    known = [bridge for bridge in found if bridge is not None]
    return Compared(
        bridged,
        said,
        float(np.exp(sum(log for log, _ in known))),
        float(np.sqrt(sum(sd**2 for _, sd in known))),
    )


def comparability(systems: object, bridges: object | None = None) -> pd.DataFrame:
    """Hold every pair of cities' definitions of every metric against each other.

    Parameters
    ----------
    systems : DataFrame or Table
        Table "metric_systems" of the dictionary.
    bridges : DataFrame or Table, optional
        Table "metric_bridges".

    Returns
    -------
    DataFrame
        ``metric, city, other, verdict, why, ratio``, both directions of each pair.

    Raises
    ------
    DataError
        Registers that break the dictionary's rules.

    Examples
    --------
    >>> row = dict(zip(facets, ["force", "eligible calls", "call", "report", "none"]))
    >>> systems = pd.DataFrame([{"city": city, "metric": "force", **row, "threshold": least, "source": "manual",
    ...                          "certainty": "documented"} for city, least in (("A", "none"), ("B", "injury"))])
    >>> bridge = pd.DataFrame([{"metric": "force", "facet": "threshold", "from_code": "none", "to_code": "injury",
    ...                         "ratio": 0.4, "ratio_low": 0.3, "ratio_high": 0.5, "how": "recoded", "source": "A"}])
    >>> comparability(systems, bridge)[["city", "other", "verdict", "ratio"]].round(2).values.tolist()
    [['A', 'B', 'bridged', 0.4], ['B', 'A', 'bridged', 2.5]]
    """
    register = validate(systems, table="metric_systems")
    crossings = bridges_of(bridges)
    cities = sorted(set(register["city"].astype(str)))
    meant = {city: definitions_of(register, city) for city in cities}
    rows = []
    for metric in sorted(set(register["metric"].astype(str))):
        for city in cities:
            for other in cities:
                if city != other:
                    found = compared(metric, meant[city].get(metric), meant[other].get(metric), crossings)
                    rows.append({"metric": metric, "city": city, "other": other, **found._asdict()})
    return pd.DataFrame(rows, columns=["metric", "city", "other", *Compared._fields]).drop(columns="log_sd")


def _code(text: str) -> str:
    return " ".join(text.casefold().split())


def _bridge(metric: str, facet: str, start: str, end: str, bridges: pd.DataFrame) -> tuple[float, float] | None:
    """Logarithm of the ratio from one code to the other, and its standard deviation; None without a bridge."""
    for row in bridges.to_dict("records"):
        if (str(row["metric"]), str(row["facet"])) != (metric, facet):
            continue
        ends = _code(str(row["from_code"])), _code(str(row["to_code"]))
        if (start, end) in (ends, ends[::-1]):
            sign = 1.0 if (start, end) == ends else -1.0
            wide = float(np.log(row["ratio_high"]) - np.log(row["ratio_low"]))
            return sign * float(np.log(row["ratio"])), wide / (2 * float(critical(np.inf)))
    return None
