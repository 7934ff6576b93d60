"""One rate, many definitions: the same counts divided in several ways, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.data.metrics_catalogue import names_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One way to define a rate.

    Parameters
    ----------
    name : str
        What it is called.
    numerator, denominator : str
        Expressions of counts.
    counts, divides_by : str
        The two in plain words.
    """

    name: str
    numerator: str
    denominator: str
    counts: str
    divides_by: str


def rates(counts: Mapping[str, float], definitions: Sequence[Definition]) -> pd.DataFrame:
    """Compute a rate by each of its definitions.

    Parameters
    ----------
    counts : mapping of str to number
        Counts by name.
    definitions : sequence of Definition

    Returns
    -------
    DataFrame
        One row per definition, in their order: ``name``, ``counts`` and ``divides_by`` in words, ``numerator``,
        ``denominator``, ``percent``.

    Raises
    ------
    DataError
        Names that are no counts, expressions that are none, denominators that are not positive: all are listed.

    Examples
    --------
    >>> asked = Definition(
    ...     name="of all", numerator="met - driven", denominator="all_calls", counts="met, rides left out",
    ...     divides_by="all calls",
    ... )
    >>> rates({"met": 30, "driven": 10, "all_calls": 200}, [asked])[["numerator", "percent"]].values.tolist()
    [[20.0, 10.0]]
    """
    problems = Problems("the definitions of a rate")
    for entry in definitions:
        strangers = set(names_in(entry.numerator)) | set(names_in(entry.denominator))
        if unknown := sorted(strangers - set(counts)):
            problems.add(f"'{entry.name}' names no count: {', '.join(unknown)}", mend="correct it, or add the count")
    problems.raise_if_any(DataError)
    frame = pd.DataFrame({name: [float(count)] for name, count in counts.items()})
    made = pd.DataFrame(
        {
            "name": [entry.name for entry in definitions],
            "counts": [entry.counts for entry in definitions],
            "divides_by": [entry.divides_by for entry in definitions],
            "numerator": [_value(frame, entry.numerator) for entry in definitions],
            "denominator": [_value(frame, entry.denominator) for entry in definitions],
        }
    )
    if len(empty := made[made["denominator"] <= 0]):
        raise DataError(f"nothing to divide by in {', '.join(empty['name'])}", mend="correct the denominator")
    return made.assign(percent=100 * made["numerator"] / made["denominator"])


def _value(frame: pd.DataFrame, expression: str) -> float:
    """Evaluate an expression of counts."""
    return float(pd.Series(frame.eval(expression, engine="python"))[0])
