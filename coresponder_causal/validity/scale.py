"""Measure how panels of many calls grow: ``python -m coresponder_causal.validity.scale FOLDER``.

A consortium of 200 cities and ten million calls is drawn into the folder and counted into weeks, with repeat contact:
by `panel_of_files`, and by SQL written by hand for DuckDB, which checks nothing. Each count has its own process.
Seconds are those of the processor, over all threads, so that another load on the machine counts little; a ratio of two
counts of the same run says what seconds on one machine do not.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import process_time

import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.data import panel_of_files
from coresponder_causal.data.repeat_contact import usual_horizons
from coresponder_causal.simulate import consortium, write_consortium

counted = ("attended", "arrest", "hold", "ed_transport", "force", "report_filed", "crisis_flagged")


def by_hand(files: list[str], memory_limit: str | None = None) -> pd.DataFrame:
    """Count the weeks of cities by SQL written for DuckDB.

    Parameters
    ----------
    files : list of str
        Parquet files of the table "calls".
    memory_limit : str, optional

    Returns
    -------
    DataFrame
        ``city, week``, calls, outcomes and repeat contact, one row for each pair that occurs.
    """
    import duckdb

    within = "person IS NOT NULL AND received_at + INTERVAL {0} DAY <= until"
    again = within + " AND next_at <= received_at + INTERVAL {0} DAY"
    sums = [f"count(*) FILTER ({name}) AS {name}" for name in counted]
    for days in usual_horizons:
        sums += [f"count(*) FILTER ({within.format(days)}) AS followed_{days}d"]
        sums += [f"count(*) FILTER ({again.format(days)}) AS again_{days}d"]
    query = f"""
        WITH last AS (SELECT city, max(received_at) AS until FROM read_parquet($files) GROUP BY city),
        next AS (
            SELECT *, lead(received_at) OVER (
                PARTITION BY city, person, CASE WHEN person IS NULL THEN call_id END ORDER BY received_at, call_id
            ) AS next_at
            FROM read_parquet($files)
        )
        SELECT city, date_trunc('week', received_at) AS week, count(*) AS calls, {", ".join(sums)}
        FROM next JOIN last USING (city) GROUP BY ALL ORDER BY ALL
    """
    settings = {"preserve_insertion_order": "false"} | ({"memory_limit": memory_limit} if memory_limit else {})
    with duckdb.connect(config=settings) as connection:
        made: pd.DataFrame = connection.execute(query, {"files": files}).df()
    return made


def by_expressions(files: list[str], memory_limit: str | None = None) -> pd.DataFrame:
    """Count the same by `panel_of_files`, with its checks and zeros."""
    with quietly():
        return panel_of_files(files, period="week", repeat=usual_horizons, memory_limit=memory_limit)


def copies(files: list[str], times: int, folder: Path) -> list[str]:
    """Write the calls several times over, each time as calls of other cities.

    Parameters
    ----------
    files : list of str
    times : int
    folder : Path
        Where one file for each time is written, unless it lies there.

    Returns
    -------
    list of str
        The files.
    """
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"time_{number + 1:02d}.parquet" for number in range(times)]
    with duckdb.connect(config={"preserve_insertion_order": "false"}) as connection:
        for number, path in enumerate(made):
            if not path.exists():
                renamed = ", ".join(f"{name} || '-{number}' AS {name}" for name in ("call_id", "city"))
                calls = connection.from_parquet(files).project(f"* REPLACE ({renamed})")
                calls.write_parquet(str(path))
    return list(map(str, made))


def measure(files: list[str], how: str, memory_limit: str | None = None) -> dict[str, object]:
    """Count in a process of its own.

    Parameters
    ----------
    files : list of str
    how : {"by hand", "by expressions"}
    memory_limit : str, optional

    Returns
    -------
    dict
        ``how, memory_limit, calls, cpu_seconds, peak_gb``.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        calls, seconds, peak = alone.submit(_counted, files, how, memory_limit).result()
    return {"how": how, "memory_limit": memory_limit or "", "calls": calls, "cpu_seconds": seconds, "peak_gb": peak}


def _counted(files: list[str], how: str, memory_limit: str | None) -> tuple[int, float, float]:
    """Count once; return the calls, the seconds of all threads, and the most memory held, in GB."""
    from resource import RUSAGE_SELF, getrusage

    begun = process_time()
    made = {"by hand": by_hand, "by expressions": by_expressions}[how](files, memory_limit)
    seconds = process_time() - begun
    return int(made["calls"].sum()), seconds, getrusage(RUSAGE_SELF).ru_maxrss / 1024**2


def study(folder: Path) -> pd.DataFrame:
    """Measure a quarter, half, all, and five times the consortium, the last within one GB.

    Parameters
    ----------
    folder : Path
        Where the consortium is written, unless it lies there.
    """
    drawn = folder / "calls"
    if not drawn.exists():
        write_consortium(consortium(seed=1, monthly_calls=420.0), folder)
    files = sorted(map(str, drawn.iterdir()))
    rows = [measure(files[: len(files) // part], how) for part in (4, 2, 1) for how in ("by hand", "by expressions")]
    many = copies(files, 5, folder / "five_times")
    rows += [measure(many, how, "1GB") for how in ("by hand", "by expressions")]
    return pd.DataFrame(rows)


if __name__ == "__main__":  # pragma: no cover
    sys.stdout.write(study(Path(sys.argv[1])).round(2).to_string(index=False) + "\n")
