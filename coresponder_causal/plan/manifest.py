"""The manifest of an evaluation: what went in, what it was computed with, and what came out, each by its hash."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from coresponder_causal.core.result import Result
from coresponder_causal.core.version import VERSION
from coresponder_causal.data.ingest_files import checksum
from coresponder_causal.plan.code import code_hash
from coresponder_causal.plan.frozen import opened_name, record_name, sealed_name
from coresponder_causal.plan.plan_file import plan_name
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.plan.study import Study

manifest_name = "manifest.json"
distribution = "coresponder-causal"
of_the_plan = {
    plan_name: "plan",
    record_name: "frozen record",
    sealed_name: "seal of the results",
    opened_name: "opening of the seal",
}


class Input(NamedTuple):
    """A file that an evaluation reads, and what it is to it."""

    role: str
    path: Path


def inputs(study: Study, file: Path | None) -> Iterator[Input]:
    """List the files that a study reads; none of one that was made in memory.

    Parameters
    ----------
    study : Study
    file : Path or None
        The study's own file.
    """
    if file is None or study.folder is None:
        return
    yield Input("study", file)
    yield from (Input(role, path) for name, role in of_the_plan.items() if (path := study.folder / name).is_file())
    yield from (Input(f"table {name}", source.path) for name, source in study.tables.items())
    if study.graph_file is not None:
        yield Input("causal graph", study.graph_file)
    if study.qualitative is not None:
        yield from (Input(f"{key} interviews", path) for key, path in study.qualitative.paths.items())
    if study.workforce is not None:
        yield from (Input(role, path) for role, path in study.workforce.files)
    for name, entries in study.options.items():
        found = {value: key for entry in entries for key, value in entry.items() if isinstance(value, Path)}
        yield from (Input(f"{key} of {name}", path) for path, key in found.items())


def manifest(
    evaluation: Evaluation,
    *,
    file: Path | None,
    started: datetime,
    finished: datetime,
    steps: Sequence[Mapping[str, object]] = (),
) -> dict[str, Any]:
    """Say what an evaluation was computed from and with, and what it found.

    Parameters
    ----------
    evaluation : Evaluation
    file : Path or None
        The file its study was read from.
    started, finished : datetime
    steps : sequence of mapping
        What was done on the way, as JSON holds it.

    Returns
    -------
    dict
        Ready for JSON: ``title, seed, started, finished, code, environment, inputs, results, steps``. Where the study
        is meant for others than those inside, files, data, results and steps are named without hashes: the hash of a
        small table of which all but one number is known gives that number away.
    """
    study = evaluation.study
    kept_back = {"key"} if study.policy.guarded else set()
    return {
        "title": study.title,
        "seed": study.seed,
        "started": started.isoformat(timespec="seconds"),
        "finished": finished.isoformat(timespec="seconds"),
        "code": {"version": VERSION, "sha256": code_hash()},
        "environment": environment(),
        "inputs": [
            {"role": one.role, "file": _named(one.path, study)} | ({} if study.policy.guarded else hashed(one.path))
            for one in inputs(study, file)
        ],
        "results": list(stated_results(evaluation.every_result, hashes=not study.policy.guarded)),
        "steps": [{part: step[part] for part in step if part not in kept_back} for step in steps],
    }


def as_json(content: object) -> bytes:
    """Return what JSON holds as the bytes of a file."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def hashed(path: Path) -> dict[str, Any]:
    """Size and hash of a file."""
    return {"bytes": path.stat().st_size, "sha256": checksum(path)}


def _named(path: Path, study: Study) -> str:
    """Name a file from the folder of its study; what lies elsewhere by its name alone."""
    folder = Path() if study.folder is None else study.folder
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def stated_results(results: Sequence[Result], *, hashes: bool) -> Iterator[dict[str, Any]]:
    """Name every result, with the fingerprint of its data and the hash of all that it carries."""
    for name, result in zip(result_ids(results), results, strict=True):
        entry = {"id": name, "method": result.method, "outcome": result.estimand.outcome}
        prints = {"fingerprint": result.provenance.data, "sha256": result_hash(json.loads(result.to_json()))}
        yield entry | prints if hashes else entry


def result_hash(content: Mapping[str, Any]) -> str:
    """Hash of a result as JSON gives it back, whatever the order of its fields."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def result_ids(results: Iterable[Result]) -> list[str]:
    """Names of results by method and outcome, such as ``did_gap/calls``; a second one of a name gets ``/2``.

    Parameters
    ----------
    results : iterable of Result
    """
    return distinct(f"{result.method}/{result.estimand.outcome}" for result in results)


def distinct(names: Iterable[str]) -> list[str]:
    """Give names that are not the first of their kind a number.

    Examples
    --------
    >>> distinct(["a", "b", "a"])
    ['a', 'b', 'a/2']
    """
    seen: Counter[str] = Counter()
    made = []
    for name in names:
        seen[name] += 1
        made.append(name if seen[name] == 1 else f"{name}/{seen[name]}")
    return made


def environment() -> dict[str, Any]:
    """Return the versions that compute: of Python, the platform, and every package that is needed to run."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: importlib.metadata.version(name) for name in sorted(_needed(distribution))},
    }


def pins() -> list[str]:
    """Return everything that must be installed to compute the same, as lines of a requirements file."""
    found, asked = {distribution}, [distribution]
    while asked:
        new = _needed(asked.pop()) - found
        found |= new
        asked += sorted(new)
    return [f"{name}=={importlib.metadata.version(name)}" for name in sorted(found)]


def _needed(package: str) -> set[str]:
    """Names of the installed packages that one needs; what another platform needs is not installed."""
    stated = importlib.metadata.requires(package) or []
    names = {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in stated if "extra ==" not in line}
    found = (one for name in names for one in importlib.metadata.distributions(name=name))
    return {one.name.lower().replace("_", "-") for one in found}
