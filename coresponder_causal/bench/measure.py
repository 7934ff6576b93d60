"""Time one program at one size, in this process or in a fresh one: ``python -m coresponder_causal.bench.measure``.

Seconds are those of the processor, over all threads, of which there is one. Memory is the most that the process held
less what it held after its imports and a first tiny call; the data are in it.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from time import process_time

from coresponder_causal.bench.case import Answer, Case, Program, limit, ours
from coresponder_causal.bench.cases import cases
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.version import VERSION

threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")
enough_seconds, most_repeats = 0.5, 3


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds and megabytes of one run, its numbers, or why there are none."""

    seconds: float
    megabytes: float
    answer: Answer
    failed: str = ""


def version_of(program: Program) -> str:
    """Version of a program; empty where it, or what it needs, is not installed."""
    if program.name in (ours, limit):
        return VERSION if program.name == ours else ""
    try:
        return version(program.name) if all(find_spec(name) for name in program.needs) else ""
    except PackageNotFoundError:
        return ""


def measure(case: Case, program: Program, size: int) -> Measured:
    """Run a program in this process, first at the tiny size and untimed.

    Parameters
    ----------
    case : Case
    program : Program
    size : int

    Returns
    -------
    Measured
        The least seconds of a few runs.
    """
    with quietly(), warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program.prepare(case.draw(case.tiny)).call()
        held = _peak()
        run = program.prepare(case.draw(size))
        found: list[float] = []
        while len(found) < most_repeats and sum(found) < enough_seconds:
            begun = process_time()
            made = run.call()
            found.append(process_time() - begun)
        return Measured(min(found), _peak() - held, run.answer(made))


def measure_apart(case: Case, program: Program, size: int) -> Measured:
    """Run a program in a process of its own, with one thread.

    Where it stops with an error, the last line of that stands in place of numbers.
    """
    command = [sys.executable, "-m", __name__, case.name, str(case.all_programs.index(program)), str(size)]
    one_thread = os.environ | dict.fromkeys(threads, "1")
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=one_thread)
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["no word of why"])[-1]
        return Measured(float("nan"), float("nan"), {}, failed=last)
    return Measured(**json.loads(ran.stdout))


def _peak() -> float:
    """Most memory that this process held, in MB; what another one held before it began is not counted on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    from resource import RUSAGE_SELF, getrusage

    return getrusage(RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":  # pragma: no cover
    name, number, size = sys.argv[1:]
    made = measure(cases[name], cases[name].all_programs[int(number)], int(size))
    sys.stdout.write(json.dumps(asdict(made)))
