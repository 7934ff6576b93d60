"""What a city's tables can answer today, what one more field would add, and how small a change they could show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import dictionary, findings, metric_catalogue, read_table
from coresponder_causal.data.ingest_write import beside_tables
from coresponder_causal.data.metrics_rows import typed_columns
from coresponder_causal.plan import detectable
from coresponder_causal.plan.detectable import Detectable, Monthly, monthly_counts
from coresponder_causal.plan.labour_beside import open_points
from coresponder_causal.plan.questions import Columns, burden, comparisons, metric_lacks, questions, single_fields
from coresponder_causal.simulate import world

weights = {"auto": 1, "one tap": 2, "form": 4, "linked": 8}
now, mend_first, one_more, not_yet = "now", "mend first", "after one field", "not yet"
kinds_of_file = (".csv", ".tsv", ".xlsx", ".parquet")
documents = (".toml", ".md")  # such as STUDY.toml and DATA_DICTIONARY.md: never tables
fewest_months, fewest_cities = 24, 3
read_for_designs = {
    "calls": ("call_id", "city", "received_at", "attended", "arrest", "team_on_duty"),
    "schedule": ("city", "shift_start", "shift_end", "planned_hours"),
    "city_panel": ("city", "month", "calls"),
    "programmes": ("city", "start_earliest"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Tables found in a folder.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        As they were read, by name in the dictionary.
    lines : tuple of str
        Files that are no table of the dictionary, and what was said while reading.
    """

    tables: Mapping[str, pd.DataFrame]
    lines: tuple[str, ...]


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


def read_folder(folder: str | Path) -> Folder:
    """Read every file of a folder that is named after a table of the dictionary.

    Parameters
    ----------
    folder : path
        Files such as ``calls.csv`` or ``schedule.xlsx``.

    Returns
    -------
    Folder

    Raises
    ------
    DataError
        If there is no such folder, a table comes in two files, or no file is a table: rename the files.
    """
    place = Path(folder)
    if not place.is_dir():
        raise DataError(f"there is no folder {place}", mend="give a folder with files such as calls.csv")
    files = sorted(file for file in place.iterdir() if file.is_file() and not file.name.startswith("."))
    tables = [file for file in files if file.suffix.lower() in kinds_of_file and file.stem in dictionary.tables()]
    stems = [file.stem for file in tables]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise DataError(f"two files for the table {', '.join(twice)}", mend="keep one of them")
    if not tables:
        known, there = ", ".join(dictionary.tables()), ", ".join(file.name for file in files[:5]) or "no file"
        raise DataError(
            f"no file in {place} is named after a table, but there is {there}", mend=f"name files after {known}"
        )
    with collecting() as said:
        read = {file.stem: read_table(file) for file in tables}
    others = [file for file in files if file not in tables and file.suffix.lower() not in documents]
    unknown = [file.name for file in others if file.name not in beside_tables]
    lines = [f"Not read, since no table has that name: {', '.join(unknown)}."] if unknown else []
    return Folder(tables=read, lines=(*lines, *said, *open_points(place, read)))


def simulated_folder(*, seed: int = 1) -> Folder:
    """Give the tables of the simulated city, as a folder of one city would hold them.

    Parameters
    ----------
    seed : int
        Seed of the world.

    Returns
    -------
    Folder
        Its calls, schedule and outcomes, and the counts and programmes of all cities.
    """
    made = world("west_sac_like", seed=seed).tables
    calls = made["calls"][made["calls"]["city"] == "West Sacramento"]
    own = {"calls": calls, "outcomes": made["outcomes"][made["outcomes"]["call_id"].isin(calls["call_id"])]}
    others = {name: made[name] for name in ("schedule", "city_panel", "programmes")}
    return Folder(tables={name: table.reset_index(drop=True) for name, table in (own | others).items()}, lines=())


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
    counted = _monthly(typed, there, start, city, lines)
    designs = _designs(there, broken, counted, typed)
    metrics = _metrics(there, broken)
    asked = _questions(designs, metrics)
    return Readiness(
        questions=asked,
        metrics=metrics,
        designs=designs,
        next_fields=_next_fields(designs, metrics, asked, there, broken),
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


def _monthly(
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


def _designs(
    there: Columns, broken: frozenset[str], counted: Monthly | None, typed: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Say of every design whether it can be run, and what it could find."""
    made = []
    for comparison in comparisons:
        lacks = comparison.lacks(there)
        answer, why, found = _answer(lacks, broken), "", None
        if answer == now:
            why = _condition(comparison.name, counted, typed)
            found = None if why else _found(comparison.name, counted, typed)
            answer = not_yet if why else now
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


def _answer(lacks: tuple[str, ...], broken: frozenset[str]) -> str:
    """Name the state of something that lacks fields."""
    if not lacks:
        return now
    if set(lacks) <= broken:
        return mend_first
    return one_more if len(lacks) == 1 else not_yet


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


def _metrics(there: Columns, broken: frozenset[str]) -> pd.DataFrame:
    """Say of every metric whether it can be computed."""
    made = []
    for name, metric in metric_catalogue().items():
        lacks = metric_lacks(name, there)
        row = {"metric": name, "name": metric.name, "core": metric.core, "answer": _answer(lacks, broken)}
        made.append(row | {"lacks": ", ".join(lacks)})
    return pd.DataFrame(made)


def _questions(designs: pd.DataFrame, metrics: pd.DataFrame) -> pd.DataFrame:
    """Say of every question what answers it, or what comes nearest."""
    order = {state: place for place, state in enumerate((now, mend_first, one_more, not_yet))}
    made = []
    for asked in questions:
        rows = designs[designs["design"].isin(asked.designs)].assign(by=lambda t: "design " + t["design"])
        rows = pd.concat(
            [rows, metrics[metrics["metric"].isin(asked.metrics)].assign(by=lambda t: t["metric"], why="")]
        )
        best = min(rows.to_dict("records"), key=lambda row: (order[row["answer"]], row["lacks"].count(",")))
        needs = best["lacks"] or best["why"]
        made.append({"question": asked.text, "answer": best["answer"], "by": best["by"], "lacks": needs})
    return pd.DataFrame(made)


def _next_fields(
    designs: pd.DataFrame, metrics: pd.DataFrame, asked: pd.DataFrame, there: Columns, broken: frozenset[str]
) -> pd.DataFrame:
    """Rank single fields by what they open over what they cost."""
    opening = {name: set(single_fields(name, there)) - broken for name in (*designs["design"], *metrics["metric"])}
    for question in questions:
        opening[question.text] = set().union(*(opening[name] for name in (*question.designs, *question.metrics)))
    single = {
        "designs": designs[designs["answer"].eq(one_more)].rename(columns={"design": "what"}),
        "metrics": metrics[metrics["answer"].eq(one_more)].rename(columns={"metric": "what"}),
        "questions": asked[asked["answer"].eq(one_more)].rename(columns={"question": "what"}),
    }
    made: dict[str, dict[str, list[str]]] = {}
    for kind, rows in single.items():
        for what in rows["what"]:
            for field in opening[what]:
                made.setdefault(field, {name: [] for name in single})[kind].append(what)
    listed = [
        {"field": field, "burden": burden(field), "unlocks": sum(map(len, opened.values()))}
        | {kind: "; ".join(names) for kind, names in opened.items()}
        for field, opened in made.items()
    ]
    table = pd.DataFrame(listed, columns=["field", "burden", "unlocks", *single])
    worth = table["unlocks"] / table["burden"].map(weights).astype(float)
    return (
        table.assign(worth=worth)
        .sort_values(["worth", "field"], ascending=[False, True], ignore_index=True)
        .drop(columns="worth")
    )
