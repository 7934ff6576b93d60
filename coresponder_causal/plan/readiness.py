"""What a city's tables can answer today, what one more field would add, and how small a change they could show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from coresponder_causal.data import dictionary, findings
from coresponder_causal.data.metrics_rows import typed_columns
from coresponder_causal.plan.questions import Columns
from coresponder_causal.plan.readiness_answers import metrics_answered, next_fields_of, questions_answered
from coresponder_causal.plan.readiness_designs import designs_answered, monthly_of_city

read_for_designs = {
    "calls": ("call_id", "city", "received_at", "attended", "arrest", "team_on_duty"),
    "schedule": ("city", "shift_start", "shift_end", "planned_hours"),
    "city_panel": ("city", "month", "calls"),
    "programmes": ("city", "start_earliest"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Readiness:
    """What tables can answer.

    Parameters
    ----------
    questions : DataFrame
        ``question, answer, by, lacks``.
    metrics : DataFrame
        ``metric, name, core, answer, lacks``.
    designs : DataFrame
        ``design, title, answer, lacks, why, change, unit, assumes``: the change is what it finds four times in five.
    next_fields : DataFrame
        ``field, burden, unlocks, designs, metrics, questions``: single fields that open something, best first.
    quality : DataFrame
        Findings of validation that forbid something: ``table, field, rule, count, rows, mend``.
    lines : tuple of str
        What was read, what is not known, and what to give.
    rows : DataFrame
        ``table, rows`` of what was read.
    city : str or None
        Whose programme it is; None where it is not known.
    """

    questions: pd.DataFrame
    metrics: pd.DataFrame
    designs: pd.DataFrame
    next_fields: pd.DataFrame
    quality: pd.DataFrame
    lines: tuple[str, ...]
    rows: pd.DataFrame
    city: str | None


def readiness(tables: Mapping[str, pd.DataFrame], *, start: str | None = None, city: str | None = None) -> Readiness:
    """Say what tables can answer now, after one more field, and after mending.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        As they were read; they need not be valid.
    start : str, optional
        Date of the programme; by default from the register of programmes.
    city : str, optional
        City of the programme; by default the only one, or the one that has shifts or a programme.

    Returns
    -------
    Readiness

    Raises
    ------
    DataError
        A start that is no date, or a city that is not in the tables: correct it.
    """
    quality = _forbidding(tables)
    there, broken = _usable(tables, quality)
    typed = {name: _typed(tables[name], name, there.get(name, ())) for name in read_for_designs if name in tables}
    typed = {name: frame for name, frame in typed.items() if len(frame.columns)}
    lines = [f"Read: {', '.join(f'{name} ({len(frame):,} rows)' for name, frame in tables.items())}."]
    lines += [f"Extra columns in {name}: {', '.join(extra)}." for name, extra in _extra(tables) if extra]
    counted = monthly_of_city(typed, there, start, city, lines)
    designs = designs_answered(there, broken, counted, typed)
    metrics = metrics_answered(there, broken)
    asked = questions_answered(designs, metrics)
    return Readiness(
        questions=asked,
        metrics=metrics,
        designs=designs,
        next_fields=next_fields_of(designs, metrics, asked, there, broken),
        quality=quality,
        lines=tuple(lines),
        rows=pd.DataFrame({"table": list(tables), "rows": [len(table) for table in tables.values()]}),
        city=city if counted is None else counted.city,
    )


def _forbidding(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """List the findings that forbid the use of a field or of a table."""
    found = [findings(frame, table=name).assign(table=name) for name, frame in tables.items()]
    every = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["severity", "table"])
    columns = ["table", "field", "rule", "count", "rows", "mend"]
    return every[every["severity"].eq("error")].reindex(columns=columns).reset_index(drop=True)


def _usable(tables: Mapping[str, pd.DataFrame], quality: pd.DataFrame) -> tuple[Columns, frozenset[str]]:
    """Columns that can be used by table, and fields that are there but broken; a broken key breaks its table."""
    broken: set[str] = set()
    for table, field in quality[["table", "field"]].itertuples(index=False):
        described, names = dictionary.table(table), {name for name in str(field).split(", ") if name}
        whole = not names or names & {*described.required, *described.key}
        broken |= {f"{table}.{name}" for name in (described.names if whole else names) if name in tables[table]}
    there = {
        name: tuple(str(c) for c in frame if frame[c].notna().any() and f"{name}.{c}" not in broken)
        for name, frame in tables.items()
    }
    return there, frozenset(broken)


def _typed(frame: pd.DataFrame, name: str, usable: Iterable[str]) -> pd.DataFrame:
    """Type the columns that designs read."""
    return typed_columns(frame, name, [field for field in read_for_designs[name] if field in usable])


def _extra(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, list[str]]]:
    """Give the columns of each table that the dictionary does not know."""
    for name, frame in tables.items():
        known = dictionary.table(name).names
        yield name, [str(column) for column in frame.columns if column not in known]
