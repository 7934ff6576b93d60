"""What a part of a metric cannot be computed without, and what of it is not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import TypeAlias

from coresponder_causal.data.metrics_catalogue import Part, time_of
from coresponder_causal.data.metrics_fields import Needs, derived

Columns: TypeAlias = Mapping[str, Collection[str]]


def needs(part: Part, by: Sequence[str] = ()) -> tuple[tuple[str, ...], ...]:
    """Give every set of fields with which a part can be computed.

    Parameters
    ----------
    part : Part
    by : sequence of str
        Columns by which it is to be computed; ``"shift"`` stands for covered and other hours.

    Returns
    -------
    tuple of tuple of str
        Alternatives, each of fields as ``table.field``, the preferred one first.

    Examples
    --------
    >>> from coresponder_causal.data.metrics_catalogue import metric_catalogue
    >>> needs(metric_catalogue()["M11"].parts[0])[0]
    ('calls.received_at', 'calls.initial_type', 'calls.final_type', 'calls.units_arrived')
    """
    wanted = ["in_shift" if name == "shift" else name for name in by]
    choices = [of_name(part.rows, name) for name in dict.fromkeys((*part.names, *wanted))]
    first = f"{part.rows}.{time_of[part.rows]}"
    return tuple(tuple(dict.fromkeys((first, *(n for each in some for n in each)))) for some in product(*choices))


def of_name(rows: str, name: str) -> Needs:
    """Give the alternatives that one name stands for.

    Parameters
    ----------
    rows : str
        Table whose rows are counted.
    name : str
        A field of it, of a table joined to it, or a derived one.
    """
    if (rows, name) in derived:
        return derived[rows, name].needs
    if name == "population":
        return ((f"{rows}.city", "cities.city", "cities.population"),)
    return (
        (f"outcomes.{name}", "outcomes.call_id", "calls.call_id") if _is_outcome(rows, name) else (f"{rows}.{name}",),
    )


def lacking(part: Part, there: Columns, by: Sequence[str] = ()) -> tuple[str, ...]:
    """Give the smallest set of fields that a part still lacks.

    Parameters
    ----------
    part : Part
    there : mapping of str to collection of str
        Columns by table.
    by : sequence of str

    Returns
    -------
    tuple of str
        As ``table.field``; of a table that is not there at all, its required fields too. Empty: nothing is lacking.

    Examples
    --------
    >>> from coresponder_causal.data.metrics_catalogue import metric_catalogue
    >>> lacking(metric_catalogue()["M03"].parts[0], {"calls": ["received_at", "initial_type"]})
    ('calls.final_type',)
    """
    return min((absent(choice, there) for choice in needs(part, by)), key=len)


def absent(wanted: Sequence[str], there: Columns) -> tuple[str, ...]:
    """Give the fields of a list that are not there, with the required fields of tables that are missing whole.

    Parameters
    ----------
    wanted : sequence of str
        As ``table.field``.
    there : mapping of str to collection of str

    Returns
    -------
    tuple of str
    """
    return tuple(dict.fromkeys(_absent(wanted, there)))


def _absent(wanted: Sequence[str], there: Columns) -> Iterator[str]:
    from coresponder_causal.data import dictionary

    for field in wanted:
        table, _, name = field.partition(".")
        if table not in there:
            yield from (f"{table}.{required}" for required in dictionary.table(table).required)
            yield field
        elif name not in there[table]:
            yield field


def _is_outcome(rows: str, name: str) -> bool:
    """Whether a name belongs to the outcomes joined to calls."""
    from coresponder_causal.data import dictionary

    known = dictionary.tables()
    return rows == "calls" and name not in known["calls"].names and name in known["outcomes"].names
