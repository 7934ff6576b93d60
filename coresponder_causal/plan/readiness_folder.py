"""A folder of a city's tables, named after those of the dictionary; or the simulated city's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import dictionary, read_table
from coresponder_causal.data.ingest_write import beside_tables
from coresponder_causal.plan.labour_beside import open_points
from coresponder_causal.simulate import world

kinds_of_file = (".csv", ".tsv", ".xlsx", ".parquet")
documents = (".toml", ".md")  # such as STUDY.toml and DATA_DICTIONARY.md: never tables


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
