"""Which column of a table says when a row happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Table


def event_field(table: Table) -> str | None:
    """Name the field that says when a row happened.

    Parameters
    ----------
    table : Table
        A table of the dictionary.

    Returns
    -------
    str or None
        The first of the ordered stamps; else a required stamp, date or month; else the first one there is.

    Examples
    --------
    >>> from coresponder_causal.data import dictionary
    >>> event_field(dictionary.table("calls")), event_field(dictionary.table("city_panel"))
    ('received_at', 'month')
    """
    if table.order:
        return table.order[0]
    timed = [field for field in table.fields if field.type in ("datetime", "date", "month")]
    return next((field.name for field in sorted(timed, key=lambda field: not field.required)), None)
