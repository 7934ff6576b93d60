"""The quality of tables from the command line: a folder of tables or single files become one page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.folders import folder_beside
from coresponder_causal.core.parsed import read_json
from coresponder_causal.data import Quality, dictionary, quality, read_table
from coresponder_causal.data.frames import separators
from coresponder_causal.plan.run import refuse_filled
from coresponder_causal.privacy import Policy, inside
from coresponder_causal.report.specs import Spec

kinds = (*separators, ".parquet", ".xlsx")


def quality_of_files(
    paths: Sequence[Path], *, since: str | None = None, until: str | None = None
) -> tuple[Quality, dict[str, Any] | None]:
    """Read tables and say how far they can be trusted.

    Parameters
    ----------
    paths : sequence of Path
        A folder, such as `ingest` writes, whose files are named as tables of the dictionary; or such files.
    since, until : ISO date, optional
        First and last day on which a row is possible.

    Returns
    -------
    Quality
    dict or None
        The account of the ingest, where the folder has one.

    Raises
    ------
    DataError
        Nothing given, or a file whose name is no table: name it as one.
    """
    folder = paths[0] if len(paths) == 1 and paths[0].is_dir() else None
    files = _tables_in(folder) if folder is not None else {_table_of(path): path for path in paths}
    if not files:
        known = ", ".join(dictionary.tables())
        place = "nothing was given" if folder is None else f"no file in {folder} is named as a table"
        raise DataError(place, mend=f"name the files as tables, e.g. calls.csv; tables are {known}")
    tables = {name: read_table(path) for name, path in files.items()}
    ledger, sources = _account(folder)
    return quality(tables, source=sources, since=since, until=until), ledger


def publish_quality(
    found: Quality,
    out: Path,
    *,
    account: dict[str, Any] | None = None,
    force: bool = False,
    policy: Policy | None = None,
) -> tuple[Path, Path]:
    """Write the page, and the suggested rows of the register of breaks beside it: both or neither.

    Parameters
    ----------
    found : Quality
    out : Path
        Folder; one that holds files is refused without ``force``.
    account : dict, optional
        The ledger of an ingest.
    force : bool
    policy : Policy, optional
        For whom; by default for those inside.

    Returns
    -------
    tuple of Path
        The page and ``breaks.csv``.
    """
    refuse_filled(out, force=force, policy=policy or inside)
    with folder_beside(out) as made:
        page, breaks = report.quality_page(found, account=account), report.breaks_table(found)
        specs: dict[Path, Spec] = {made: page, made / "breaks.csv": breaks}
        report.write_all(specs, policy=policy or inside)
    return out / "index.html", out / "breaks.csv"


def _tables_in(folder: Path) -> dict[str, Path]:
    """Files of a folder that are named as tables."""
    named = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in kinds)
    return {path.stem: path for path in named if path.stem in dictionary.tables()}


def _table_of(path: Path) -> str:
    """Table that a file holds, by its name."""
    if not path.exists():
        raise DataError(f"there is no folder or file {path}", mend="correct the path")
    if path.stem not in dictionary.tables():
        raise DataError(
            f"{path.name} is not named as a table of the dictionary",
            mend=f"rename it, or ingest it first; tables are {', '.join(dictionary.tables())}",
        )
    return path.stem


def _account(folder: Path | None) -> tuple[dict[str, Any] | None, dict[str, Iterable[object]]]:
    """Ledger of an ingest, and the export of every row of its tables where there were several."""
    if folder is None or not (folder / "ledger.json").is_file():
        return None, {}
    ledger = read_json(folder / "ledger.json", {"sources": list}, mend="ingest again")
    sources: dict[str, Iterable[object]] = {}
    if (folder / "provenance.csv").is_file():
        columns = ["file", "row", "source", "table", "end"]
        lines = pd.read_csv(folder / "provenance.csv", usecols=columns, dtype="str")
        kept = lines[lines["end"].isin(["accepted", "repaired"])].drop_duplicates(["file", "row", "source", "table"])
        sources = {str(table): part.tolist() for table, part in kept.groupby("table")["source"] if part.nunique() > 1}
    return ledger, sources
