"""The table of all benchmarks: answers are held against ours before any time is written."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from coresponder_causal.bench.case import Answer, Case, Program, difference, ours
from coresponder_causal.bench.cases import cases
from coresponder_causal.bench.measure import Measured, measure, measure_apart, version_of
from coresponder_causal.core.errors import DataError

columns = [
    "case", "size", "program", "version", "role", "call", "outcome", "difference", "cpu_seconds", "peak_mb",
    "times_ours", "machine",
]  # fmt: skip
measured, differs, missing, failed = "measured", "another answer", "not installed", "stopped"


def chosen(names: Sequence[str]) -> list[Case]:
    """Benchmarks of these names, or all.

    Raises
    ------
    DataError
        Names that no benchmark has.
    """
    unknown = sorted(set(names) - set(cases))
    if unknown:
        raise DataError(f"no benchmark is called {', '.join(unknown)}", mend=f"choose among {', '.join(cases)}")
    return [cases[name] for name in names or cases]


def case_table(case: Case, *, quick: bool = False, say: Callable[[str], None] = lambda _: None) -> pd.DataFrame:
    """Measure every program of a benchmark at every size.

    Parameters
    ----------
    case : Case
    quick : bool
        Whether its tiny size alone is run, in this process and without asking for memory.
    say : callable, optional
        Is told what is running.

    Returns
    -------
    DataFrame
        ``case, size, program, version, role, call, outcome``; ``difference`` from our numbers as a share of the largest
        of them; ``cpu_seconds`` and ``peak_mb``, only where the answer agrees; ``times_ours``, the seconds over those
        of our whole call (of a kernel over those of our kernel); ``machine``.
    """
    rows: list[dict[str, object]] = []
    for size in (case.tiny,) if quick else case.sizes:
        rows += _at_size(case, size, measure if quick else measure_apart, say)
    table = pd.DataFrame(rows).assign(case=case.name, machine=machine())
    if quick:  # the process holds what others left
        table["peak_mb"] = np.nan
    return table.reindex(columns=columns)


def _at_size(
    case: Case, size: int, run: Callable[[Case, Program, int], Measured], say: Callable[[str], None]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    reference: Answer = {}
    seconds: dict[str, float] = {}
    for program in case.all_programs:
        if program.most is not None and size > program.most:
            continue
        row: dict[str, object] = {"size": size, "program": program.name, "role": program.role, "call": program.code}
        rows.append(row | {"version": version_of(program), "outcome": missing})
        if program.needs and not rows[-1]["version"]:
            continue
        say(f"{case.title}, {size:,} {case.counted}: {program.name}")
        made = run(case, program, size)
        reference = reference or made.answer
        found = _judged(case, made, reference)
        if program.name == ours:
            seconds[program.role] = made.seconds
        agreed = made.seconds if found["outcome"] == measured else np.nan
        rows[-1] |= found | {"cpu_seconds": agreed, "times_ours": agreed / seconds.get(program.role, np.nan)}
    return rows


def _judged(case: Case, made: Measured, reference: Answer) -> dict[str, object]:
    """Say how the answer compares, and of one that agrees how much memory it took."""
    if made.failed:
        return {"outcome": f"{failed}: {made.failed}"}
    found = difference(made.answer, reference)
    largest = max(found.values(), default=np.nan)
    beyond = {what: by for what, by in found.items() if by > case.tolerance[what]}
    if beyond:
        said = ", ".join(f"{what.replace('_', ' ')} by {by:.2g}" for what, by in sorted(beyond.items()))
        return {"outcome": f"{differs}: {said}", "difference": largest}
    return {"outcome": measured, "difference": largest, "peak_mb": max(made.megabytes, 0.0)}


def bench(
    names: Sequence[str] = (),
    *,
    quick: bool = False,
    kept: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Measure benchmarks, going on where a table stopped.

    Parameters
    ----------
    names : sequence of str
        Of benchmarks; by default all.
    quick : bool
        Whether tiny sizes are run.
    kept : Path, optional
        A table in which each benchmark is written as it is done; those it holds are not measured again.
    say : callable, optional
        Is told what is running.

    Returns
    -------
    DataFrame
        As `case_table`, of all that was asked for and of what the table held.
    """
    asked = chosen(names)
    parts = [pd.read_csv(kept)] if kept is not None and kept.exists() else []
    done = {name for part in parts for name in part["case"]}
    for case in asked:
        if case.name in done:
            continue
        parts.append(case_table(case, quick=quick, say=say))
        if kept is not None:
            in_order(pd.concat(parts)).to_csv(kept, index=False, float_format="%.4g")
    return in_order(pd.concat(parts, ignore_index=True))


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows by the order of the benchmarks."""
    return table.sort_values("case", key=lambda names: names.map(list(cases).index), kind="stable", ignore_index=True)


def machine() -> str:
    """Describe the machine in one line.

    Examples
    --------
    >>> "one thread" in machine()
    True
    """
    information, processor = Path("/proc/cpuinfo"), platform.processor() or platform.machine()
    if information.exists():
        named = [
            line.partition(":")[2].strip() for line in information.read_text().splitlines() if "model name" in line
        ]
        processor = named[0] if named else processor
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, pandas {pd.__version__}"
    return f"{platform.system()} on {processor}, one thread, {versions}"


def lines(table: pd.DataFrame) -> list[str]:
    """Say each row in one line: seconds and ratio, or why there are none.

    Parameters
    ----------
    table : DataFrame
        As `case_table` gives it.
    """
    said = []
    for _, row in table.iterrows():
        what = f"{row['case']} {row['size']:,}: {row['program']} ({row['role']})"
        seconds, times = row["cpu_seconds"], row["times_ours"]
        if pd.isna(seconds):
            said.append(f"{what}: {row['outcome']}")
            continue
        ratio = "" if pd.isna(times) or row["program"] == ours else f", {times:.3g} times ours"
        said.append(f"{what}: {seconds:.3g} s{ratio}")
    return said
