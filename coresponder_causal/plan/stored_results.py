"""Results read back from the file that an evaluation left inside."""

from __future__ import annotations

import json
from pathlib import Path

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.parsed import json_of
from coresponder_causal.core.result import Result
from coresponder_causal.report.write import results_inside


def read_results(path: str | Path) -> tuple[Result, ...]:
    """Read the results that `evaluate` wrote.

    Parameters
    ----------
    path : str or Path
        ``results.json``, or the folder that holds it. Its JSON Schema is ``report.json_schema("results")``.

    Returns
    -------
    tuple of Result
        As they were, influence functions left out.

    Raises
    ------
    DataError
        No such file, or one that holds something else: name the folder of an evaluation that was made for those inside.
    """
    file = Path(path) / results_inside if Path(path).is_dir() else Path(path)
    if not file.is_file():
        raise DataError(f"there is no file {file}", mend="name the folder of an evaluation whose audience is internal")
    try:
        read = tuple(Result.from_json(json.dumps(entry)) for entry in json_of(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"{file} holds no results of an evaluation ({type(error).__name__}: {error})",
            mend=f"name the {results_inside} that evaluate wrote, unchanged",
        ) from error
    if not read:
        raise DataError(f"{file} holds no result", mend="evaluate the study again")
    return read
