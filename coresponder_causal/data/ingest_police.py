"""Public police tables by way of openpolicedata, fetched by an interpreter of its own and kept with a checksum.

openpolicedata requires pandas below 3 and this package pandas 3 or later, so that they cannot be installed side by
side. A small script therefore runs in another interpreter that has it, and writes a file; here the file alone is read.
Once it is in the cache, neither the interpreter nor a network is needed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.files import write_whole
from coresponder_causal.data.ingest_files import checksum

variable = "OPENPOLICEDATA_PYTHON"
script = """
import json, sys
import openpolicedata as opd
asked, target = json.loads(sys.argv[1]), sys.argv[2]
source = opd.Source(asked["source"], state=asked["state"]) if "state" in asked else opd.Source(asked["source"])
more = {"agency": asked["agency"]} if "agency" in asked else {}
found = source.load(asked["table"], asked["year"], **more)
found.table.to_csv(target, index=False)
"""


def fetched(asked: Mapping[str, Any], base: Path) -> Path:
    """Return the file of a public table, from the cache where it is there and whole.

    Parameters
    ----------
    asked : mapping
        ``source, table, year``; optionally ``agency, state``, the folder ``cache``, and ``python``, the interpreter
        that has openpolicedata (else the environment variable OPENPOLICEDATA_PYTHON).
    base : Path
        Folder below which a relative cache lies.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        A cached file that is not the one whose checksum was kept, no interpreter, or one that failed: mend as said.
    """
    wanted = {key: asked[key] for key in ("source", "state", "agency", "table", "year") if key in asked}
    stem = re.sub(r"[^a-z0-9]+", "_", " ".join(str(value) for value in wanted.values()).lower()).strip("_")
    file = base / str(asked.get("cache", "openpolicedata")) / f"{stem}.csv"
    kept = file.with_name(f"{file.name}.sha256")
    if not file.is_file():
        content = _run(wanted, str(asked.get("python", os.environ.get(variable, ""))))
        write_whole(file, content)
        write_whole(kept, f"{checksum(file)}  {file.name}\n".encode())
    if not kept.is_file() or kept.read_text(encoding="utf-8").split()[:1] != [checksum(file)]:
        raise DataError(
            f"the cached {file.name} does not agree with its checksum {kept.name}",
            mend="delete both to fetch it again, or restore them from where they were kept",
        )
    return file


def _run(wanted: Mapping[str, Any], python: str) -> bytes:
    """Fetch a table in the other interpreter."""
    if not python:
        raise DataError(
            f"{wanted['source']}: the table is not in the cache, and no interpreter with openpolicedata is named",
            mend=f'make an environment with openpolicedata and give its python = "…", or set {variable}',
        )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "table.csv"
        command = [python, "-c", script, json.dumps(wanted, sort_keys=True, default=str), str(target)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise DataError(f"{python} cannot be run: {error.strerror}", mend="correct python") from error
        if done.returncode or not target.is_file():
            last = (done.stderr.strip().splitlines() or ["it wrote nothing"])[-1]
            raise DataError(f"openpolicedata could not fetch {wanted['source']}: {last}", mend="mend that, run again")
        return target.read_bytes()
