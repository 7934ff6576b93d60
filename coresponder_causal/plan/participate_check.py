"""Whether a partner city's tables are fit to take part in a study of several cities, and what to mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from coresponder_causal.data import findings
from coresponder_causal.data.register_checks import register_findings
from coresponder_causal.plan.consortium import Consortium
from coresponder_causal.plan.readiness import Readiness, readiness
from coresponder_causal.plan.readiness_answers import now

registers = ("programmes", "breaks")


class Checked(NamedTuple):
    """Whether a city can take part: what must be mended first, what is in doubt, what it can answer."""

    able: bool
    must: tuple[str, ...]
    doubts: tuple[str, ...]
    found: Readiness


def check_tables(
    tables: Mapping[str, pd.DataFrame],
    *,
    consortium: Consortium | None = None,
    start: str | None = None,
    city: str | None = None,
) -> Checked:
    """Say whether a partner city's tables are fit to take part, and what to do where they are not.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        As they were read; they need not be valid.
    consortium : Consortium, optional
        What is asked of every city; without it any design is enough.
    start, city : str, optional
        As of `readiness`.

    Returns
    -------
    Checked

    Raises
    ------
    DataError
        As of `readiness`.
    """
    found = readiness(tables, start=start, city=city)
    must: list[str] = []
    doubts: list[str] = []
    for table, field, rule, count, mend in found.quality[["table", "field", "rule", "count", "mend"]].itertuples(
        index=False
    ):
        must.append(f"{table}{f'.{field}' if field else ''}: {rule} ({count}). {mend}")
    given = {name: tables[name] for name in registers if name in tables}
    if given:
        own = register_findings(**given, cities=tables.get("cities"))
        of_registers = {name: set(findings(table, table=name)["rule"]) for name, table in given.items()}
        for table, rule, severity, count, mend in own[["table", "rule", "severity", "count", "mend"]].itertuples(
            index=False
        ):
            if rule not in of_registers[table]:
                (must if severity == "error" else doubts).append(f"{table}: {rule} ({count}). {mend}")
    doubts += [f"There is no register of {name}: nothing is known of them." for name in registers if name not in tables]
    must += list(_designs_missing(found, consortium))
    if consortium is not None and found.city is not None and (strange := consortium.strange(found.city)):
        must.append(f"{strange[0]}: {strange[1]}.")
    if "metric_systems" not in tables:
        doubts.append("There is no table metric_systems: nobody can know whether your outcomes mean what others count.")
    return Checked(able=not must, must=tuple(must), doubts=tuple(doubts), found=found)


def _designs_missing(found: Readiness, consortium: Consortium | None) -> Iterator[str]:
    """Say which designs that are asked for cannot be run, or that none can."""
    answers = found.designs.set_index("design")
    asked = [] if consortium is None else [name for name in consortium.designs if name in answers.index]
    if not asked and not answers["answer"].eq(now).any():
        yield "No design can be run: see what is lacking with coresponder-causal readiness."
    for name in asked:
        row = answers.loc[name]
        if row["answer"] != now:
            yield f"The design {name} cannot be run: {row['why'] or 'it lacks ' + str(row['lacks'])}."
