"""Read and validate a study's tables; what happened from its start on only where its plan is frozen."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import findings, read_table, validate
from coresponder_causal.data.columns import Finding
from coresponder_causal.data.ingest_files import checksum
from coresponder_causal.plan.before import before_start
from coresponder_causal.plan.frozen import require_frozen
from coresponder_causal.plan.steps import Steps
from coresponder_causal.plan.study import Study


def read_tables(study: Study, *, steps: Steps | None = None) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read and validate every table of a study, where its plan, if it has one, is frozen.

    Parameters
    ----------
    study : Study
    steps : Steps, optional
        Where tables that were read before are kept; a plan that is not frozen closes the door to them too.

    Returns
    -------
    tables : dict of DataFrame
        Typed by the dictionary.
    quality : DataFrame
        Findings with a column ``table``.

    Raises
    ------
    DataError
        Listing every broken rule of every table. A study without designs is about the data alone: there broken rules
        are what it finds, and its tables are returned as they were read. Also where a plan lies beside the study and
        is not frozen as it stands.
    """
    require_frozen(study)
    if steps is None:
        return unguarded(study)
    files = tuple((name, checksum(of.path), of.path.suffix, dict(of.columns)) for name, of in study.tables.items())
    return steps("tables", (files, study.estimates), lambda: unguarded(study))


def read_before(study: Study) -> dict[str, pd.DataFrame]:
    """Read and validate a study's tables, and keep the rows from before its start: they may always be read.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict of DataFrame
        See `before.before_start`.
    """
    return before_start(study, unguarded(study)[0])


def unguarded(study: Study) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Read and validate every table, frozen or not: for callers that withhold outcomes from the start on themselves."""
    columns = {name: source.columns for name, source in study.tables.items()}
    with collecting() as said:
        read = _read(study)
    given = {name: _with_namesakes_aside(frame, columns[name]) for name, frame in read.items()}
    if study.estimates:
        tables, quality = validated(given, columns)
    else:
        tables, quality = given, quality_of(given, columns)
    return tables, _with_remarks(quality, said)


def _read(study: Study) -> dict[str, pd.DataFrame]:
    """Read every table; those that cannot be read are told together."""
    problems = Problems("the study's data")
    read: dict[str, pd.DataFrame] = {}
    for name, source in study.tables.items():
        try:
            read[name] = read_table(source.path)
        except DataError as error:
            problems.add(f"table '{name}': {error.what}", mend=error.mend)
    problems.raise_if_any(DataError)
    return read


def _with_remarks(quality: pd.DataFrame, said: list[str]) -> pd.DataFrame:
    """Add what was said while files were read."""
    remarks = [Finding(text, "", "quality", 1, (), "check that this is what was meant") for text in said]
    found = pd.DataFrame(remarks, columns=list(Finding.__slots__)).assign(table="")
    return pd.concat([quality, found], ignore_index=True).astype({"count": "int64"})


def _with_namesakes_aside(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Rename columns that bear the name of a field to which another column was mapped."""
    taken = {ours for theirs, ours in columns.items() if theirs in frame.columns} - set(columns)
    return frame.rename(columns={name: f"{name} (not the one mapped)" for name in frame.columns if name in taken})


def quality_of(
    given: Mapping[str, pd.DataFrame], columns: Mapping[str, Mapping[str, str]] | None = None
) -> pd.DataFrame:
    """Return the findings of validation over several tables, with a column ``table``.

    Parameters
    ----------
    given : mapping of str to DataFrame
        Tables by the dictionary's names.
    columns : mapping of str to mapping of str to str, optional
        For a table, the dictionary's names of its columns.
    """
    found = [
        findings(frame, table=name, columns=(columns or {}).get(name)).assign(table=name)
        for name, frame in given.items()
    ]
    return pd.concat(found, ignore_index=True).astype({"count": "int64"})


def validated(
    given: Mapping[str, pd.DataFrame], columns: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Validate tables in memory; all that is wrong is raised together."""
    quality = quality_of(given, columns)
    problems = Problems("the study's data")
    for entry in quality[quality["severity"] == "error"].to_dict("records"):
        what = f"table '{entry['table']}', {entry['field'] or 'whole table'}: {entry['rule']} ({entry['count']})"
        problems.add(what, mend=str(entry["mend"]), rows=entry["rows"], total=int(entry["count"]))
    problems.raise_if_any(DataError)
    tables = {name: validate(frame, table=name, columns=columns.get(name)) for name, frame in given.items()}
    return tables, quality
