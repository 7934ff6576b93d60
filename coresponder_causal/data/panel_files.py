"""Calls too many for memory: the panel of files, counted where they lie, with repeat contact beside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.data.demand import asked_for_in_engine, origin
from coresponder_causal.data.engines import Engine, Source, opened
from coresponder_causal.data.metrics_eligible import eligibility_in_engine
from coresponder_causal.data.panel import known_cities, outcome_fields
from coresponder_causal.data.panel_counts import PeriodName, counts, full_grid, true_rows
from coresponder_causal.data.panel_spans import say_doubts
from coresponder_causal.data.repeat_contact import (
    refuse_horizons,
    repeat_sums,
    with_known_until,
    with_next_call,
)

if TYPE_CHECKING:
    from ibis.expr.types import Scalar, Table

Among: TypeAlias = Literal["all", "eligible"]


def panel_of_files(
    source: Source,
    *,
    unit: str = "city",
    period: PeriodName = "month",
    among: Among = "all",
    repeat: Sequence[int] = (),
    until: str | pd.Timestamp | None = None,
    cities: object | None = None,
    engine: Engine = "duckdb",
    memory_limit: str | None = None,
    spill_to: str | Path | None = None,
) -> pd.DataFrame:
    """Count calls, their outcomes and repeat contact by unit and period, without reading the calls into memory.

    Parameters
    ----------
    source : path, sequence of paths, or ibis Table
        Parquet files of the table "calls", typed as the dictionary says (``coresponder-causal ingest --form parquet``
        writes such), or a table of a connection of one's own.
    unit : str
        Column whose values are the units.
    period : {"month", "week", "hour_of_week"}
        As in `panel`.
    among : {"all", "eligible"}
        Which calls are counted: all, or those about a crisis by their first or last code, as metrics take them.
    repeat : sequence of int
        Horizons of repeat contact in days, such as ``(30, 90, 365)``; needs ``city`` and ``person``.
    until : date, optional
        To when calls are known; by default, city by city, to its last call.
    cities : DataFrame or Table, optional
        Table "cities" of the dictionary: gives ``population``.
    engine : {"duckdb", "spark"}
        Both give the same table to the last digit.
    memory_limit, spill_to : str, path, optional
        What DuckDB may take, such as ``"1GB"``, and the folder for what does not fit.

    Returns
    -------
    DataFrame
        As `panel` returns it; after the outcomes ``followed_30d, again_30d, …``: calls of known persons followed for
        that many days, and those of them with another call of the person in the same city within them.

    Raises
    ------
    DataError
        Missing columns, columns of another type than the dictionary names, missing units or times, calls that stand
        twice, cities without an entry in ``cities``, options that are none: the message lists all of a kind.

    Notes
    -----
    Tables that fit into memory are for `panel`, which reads texts, missing codes and time zones as well. Stamps here
    are local clock time without a zone. Divide ``again_90d`` by ``followed_90d``, not by ``calls``: of a call near the
    end, or one without a person, nobody knows whether another followed. Every later call that somebody made counts as a
    repeat, as in `follow_up`; among the eligible only an eligible one does, as in metric M28.

    Examples
    --------
    >>> import tempfile
    >>> calls = pd.DataFrame({
    ...     "call_id": ["a", "b", "c"], "city": "Davis", "person": ["p", "p", "q"],
    ...     "received_at": pd.to_datetime(["2020-01-01 10:00", "2020-01-31 10:00", "2020-03-31 08:00"]),
    ... })
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     calls.to_parquet(Path(folder) / "calls.parquet")
    ...     made = panel_of_files(folder, repeat=[30])
    >>> made[["month", "calls", "followed_30d", "again_30d"]].astype(str).values.tolist()
    [['2020-01', '2', '2', '1'], ['2020-02', '0', '0', '0'], ['2020-03', '1', '0', '0']]
    """
    problems = Problems("the panel asked for")
    refuse_choice("period", period, PeriodName, problems)
    refuse_choice("among", among, Among, problems)
    refuse_horizons(repeat, problems)
    problems.raise_if_any(DataError)
    known = None if cities is None else known_cities(cities, unit)
    with opened({"calls": source}, engine=engine, memory_limit=memory_limit, spill_to=spill_to) as given:
        calls, outcomes = _read(given["calls"], unit, among, repeat)
        if repeat:
            calls = with_known_until(calls, until)
        if among == "eligible":
            calls = calls.filter("eligible")
        followed = with_next_call(calls) if repeat else calls
        looked_at = [name for name in ("call_id", "person", *outcomes) if name in calls.columns]
        beside = [*repeat_sums(followed, repeat), *_facts(followed, looked_at)]
        counted = counts(followed, unit, period, outcomes, beside).to_pandas()
        distinct = int(calls.aggregate(many=calls["call_id"].nunique()).to_pandas()["many"].iloc[0])
    facts = _by_unit(counted, unit, looked_at)
    _refuse_rows(facts, counted, distinct, unit, known)
    if "person_missing" in facts and (nobody := facts["person_missing"].sum()):
        note(f"{nobody} of {facts['count'].sum()} calls have no person: they are not followed for repeat contact")
    missing = {name: int(facts[f"{name}_missing"].sum()) for name in outcomes}
    say_doubts(facts[["min", "max", "count"]], counted, missing, period, known)
    return full_grid(
        counted.drop(columns=["min", "max", *(f"{name}_missing" for name in looked_at)]), unit, period, known
    )


def _read(given: Table, unit: str, among: Among, repeat: Sequence[int]) -> tuple[Table, list[str]]:
    """Choose the columns that are needed and refuse those of another type; leave out what nobody called for."""
    from coresponder_causal.data import dictionary

    table = dictionary.table("calls")
    there, problems = given.schema(), Problems("table 'calls'")
    needed = dict.fromkeys(["call_id", unit, "received_at", *(["city", "person"] if repeat else [])])
    codes = ["initial_type", "final_type"] if among == "eligible" else []
    for name in (*needed, *codes):
        if name not in there:
            problems.add(f"column {name!r} is missing", mend="rename or add it")
    outcomes = [field.name for field in outcome_fields(table) if field.name in there]
    for name in outcomes:
        if not there[name].is_boolean():
            problems.add(f"{name} is {there[name]}, not yes or no", mend="validate the table, then write it again")
    stamp = there.get("received_at")
    if stamp is not None and not stamp.is_timestamp():
        problems.add(f"received_at is {stamp}, no time", mend="validate the table, then write it again")
    elif stamp is not None and stamp.timezone is not None:
        problems.add("received_at has a time zone", mend="write the local clock time of the city, as ingest does")
    problems.raise_if_any(DataError)
    calls = given
    if unit != origin and origin in there:
        calls = asked_for_in_engine(given)
    columns = [calls[name].cast("string") if name in {"call_id", "person"} else calls[name] for name in needed]
    if codes:
        columns.append(eligibility_in_engine(calls)["eligible"].fill_null(False).name("eligible"))
    return calls.select(*columns, *outcomes), outcomes


def _facts(calls: Table, looked_at: Sequence[str]) -> list[Scalar]:
    """Express the first and the last stamp, and in how many calls something is missing."""
    stamp = calls["received_at"]
    missing = [true_rows(calls[name].isnull()).name(f"{name}_missing") for name in looked_at]
    return [stamp.min().name("min"), stamp.max().name("max"), *missing]


def _by_unit(counted: pd.DataFrame, unit: str, looked_at: Sequence[str]) -> pd.DataFrame:
    """Gather the facts of each unit from those of its periods: ``min, max, count`` and what is missing."""
    by = counted.rename(columns={"calls": "count"}).groupby(unit, dropna=False)
    sums = by[["count", *(f"{name}_missing" for name in looked_at)]].sum()
    return sums.assign(min=by["min"].min(), max=by["max"].max())


def _refuse_rows(
    facts: pd.DataFrame, counted: pd.DataFrame, distinct: int, unit: str, cities: pd.DataFrame | None
) -> None:
    """Refuse tables without rows, missing keys, calls that stand twice, and cities that are not known."""
    problems = Problems("table 'calls'")
    if facts.empty:
        problems.add("there are no rows", mend="give at least one")
    missing = {
        unit: facts.loc[facts.index.isna(), "count"].sum(),
        "received_at": counted.loc[counted["first_moment"].isna(), "calls"].sum(),
        "call_id": facts["call_id_missing"].sum(),
    }
    for name, many in missing.items():
        if many:
            problems.add(f"{name} is missing in {many} calls", mend="fill it, or leave them out")
    if again := int(facts["count"].sum() - missing["call_id"]) - distinct:
        problems.add(f"{again} rows repeat a call number", mend="keep one row per call")
    if cities is not None and (strangers := sorted(set(facts.index.dropna()) - set(cities.index))):
        listed = ", ".join(strangers[:5]) + (", …" if len(strangers) > 5 else "")
        problems.add(f"not in cities: {listed}", mend="add them to cities, or correct their names")
    problems.raise_if_any(DataError)
