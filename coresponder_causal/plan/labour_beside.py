"""Answers of officers or staff in a folder of tables, and what the plan beside them leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from coresponder_causal.core.errors import DataError
from coresponder_causal.plan.labour import labour_gaps, settled, survey_tables
from coresponder_causal.plan.plan_file import plan_name, plan_text, stated_plan


def open_points(folder: Path, tables: Iterable[str]) -> Iterator[str]:
    """Say what nobody has settled with those who represent the people who were asked.

    Parameters
    ----------
    folder : Path
        Of the tables; the plan lies in it, or beside it.
    tables : iterable of str
        Names of the tables there.

    Examples
    --------
    >>> list(open_points(Path("tables"), ["calls"]))
    []
    >>> next(open_points(Path("tables"), ["officer_waves"]))[:58]
    'officer_waves: no PLAN.toml says who represents those who '
    """
    there = set(tables)
    asked = ", ".join(name for name in survey_tables if name in there)
    plans = [path for path in (folder / plan_name, folder.parent / plan_name) if path.is_file()]
    if asked and not plans:
        points = ", ".join(["who represents those who are asked", "when they were heard", *settled.values()])
        yield f"{asked}: no {plan_name} says {points}. Settle that in [labour] before answers are used."
    elif asked:
        try:
            yield from (f"{asked}: {said}; {mend}." for said, mend in labour_gaps(stated_plan(plan_text(plans[0]))))
        except DataError as error:
            yield f"{asked}: {plan_name} cannot be read, so that nobody knows what was agreed. {error.what}"
