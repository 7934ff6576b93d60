"""The files of an ingest: tables, where every row came from, what was not taken, and the account of both."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Literal, TypeAlias

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.folders import write_together
from coresponder_causal.data.ingest import Ingested

Form: TypeAlias = Literal["csv", "parquet"]
example = Path(__file__).with_name("mapping_example.toml")
warning = """\
SENSITIVE: this folder holds records of persons. Keep it where the records themselves may be kept; do not send it, and
do not put it under version control.

The tables are named as in the data dictionary. provenance.csv says of every row of every source file what became of it,
and names it by its key.
quarantine.csv holds the rows that were not taken, in full as they were exported, and unknown_codes.csv the codes that
the mapping does not know. ledger.json holds counts, and codes of open fields alone.
"""


beside_tables = ("provenance.csv", "quarantine.csv", "unknown_codes.csv", "ledger.json", "SENSITIVE.txt")


def write_ingested(done: Ingested, out: str | Path, *, form: Form = "csv") -> list[Path]:
    """Write an ingest into a folder: all of it or nothing, the same bytes every time.

    Parameters
    ----------
    done : Ingested
    out : path
        Folder; files of an earlier ingest are replaced.
    form : {"csv", "parquet"}
        Form of the tables; Parquet needs pyarrow.

    Returns
    -------
    list of Path
        The tables, ``provenance.csv``, ``quarantine.csv``, ``unknown_codes.csv``, ``ledger.json``, ``SENSITIVE.txt``.
        The folder also gets a ``.gitignore`` that keeps all of them out of version control.

    Raises
    ------
    DataError
        Parquet is asked for and pyarrow is missing: install it, or write csv.
    """
    files = {f"{name}.{form}": _bytes(frame, form) for name, frame in done.tables.items()}
    files["provenance.csv"] = _bytes(done.provenance, "csv")
    files["quarantine.csv"] = _bytes(done.quarantine, "csv")
    files["unknown_codes.csv"] = _bytes(done.unknown_codes, "csv")
    files["ledger.json"] = (json.dumps(done.ledger, indent=1, ensure_ascii=False) + "\n").encode()
    files["SENSITIVE.txt"] = warning.encode()
    files[".gitignore"] = b"*\n"
    written = write_together(Path(out), files, private=["quarantine.csv"])
    return [path for path in written if path.name != ".gitignore"]


def _bytes(frame: pd.DataFrame, form: Form) -> bytes:
    """Serialise a table; months as text, which every form can hold."""
    plain = frame.copy()
    for name in plain.columns:
        if isinstance(plain[name].dtype, pd.PeriodDtype):
            plain[name] = plain[name].astype("str")
    if form == "csv":
        return plain.to_csv(index=False, lineterminator="\n").encode()
    target = io.BytesIO()
    try:
        plain.to_parquet(target, index=False)
    except ImportError as error:
        raise DataError("Parquet needs pyarrow", mend="install pyarrow, or write csv") from error
    return target.getvalue()
