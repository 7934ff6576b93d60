"""Verify a bundle: hashes of its files, and every number and text computed again from its tables."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coresponder_causal.core.errors import CausalError, DataError
from coresponder_causal.core.parsed import json_of
from coresponder_causal.core.version import VERSION
from coresponder_causal.plan.anew import Anew, evaluated_anew, pages, read_numbers, write_findings
from coresponder_causal.plan.bundle import study_name
from coresponder_causal.plan.code import code_hash
from coresponder_causal.plan.compare import Difference, of_files, of_manifest, of_numbers, of_pages, of_results
from coresponder_causal.plan.frozen import read_record
from coresponder_causal.plan.manifest import environment, hashed, inputs, manifest_name
from coresponder_causal.plan.portable import of_tables
from coresponder_causal.plan.run import Evaluation, Say
from coresponder_causal.plan.study import Study, read_study
from coresponder_causal.report.origins import made_with

usual_tolerance = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verified:
    """What verifying a bundle found.

    Parameters
    ----------
    differences : tuple of Difference
        Everything that is not as stated; none where the bundle holds.
    versions : tuple of str
        Versions that are others than those it was made with.
    lines : tuple of str
        What was compared, and how.
    evaluation : Evaluation or None
        The study evaluated again; None where that was not possible.
    """

    differences: tuple[Difference, ...]
    versions: tuple[str, ...]
    lines: tuple[str, ...]
    evaluation: Evaluation | None


def verify(
    bundle: str | Path,
    *,
    tolerance: float = usual_tolerance,
    tables: Path | None = None,
    say: Say = lambda _: None,
) -> Verified:
    """Verify a bundle.

    Parameters
    ----------
    bundle : path of a ``.zip`` or a folder
        It is read, not changed.
    tolerance : float
        Numbers count as the same where they differ by no more, relative to the larger.
    tables : Path, optional
        Folder of the tables, of a bundle that was packed without them.
    say : callable
        Told what is being done.

    Raises
    ------
    DataError
        If it is no bundle, or tables are missing; the message names them.
    """
    with opened(bundle, tables) as folder, tempfile.TemporaryDirectory() as again:
        stated = read_manifest(folder)
        found = list(of_files(folder, stated))
        versions = tuple(_versions(stated))
        lines = [f"The bundle's {manifest_name} has sha256 {hashed(folder / manifest_name)['sha256']}."]
        evaluation = None
        try:
            read_record(folder)
            study = study_of(folder)
            anew = evaluated_anew(study, version=stated["code"]["version"], say=say)
        except CausalError as error:
            found.append(Difference("the run", "it can be run again", error.what))
        else:
            say("Comparing")
            evaluation = anew.evaluation
            write_findings(anew, Path(again))
            compared = _compared(folder, Path(again), anew, stated, tolerance)
            found += compared[0]
            lines += compared[1]
        return Verified(differences=tuple(found), versions=versions, lines=tuple(lines), evaluation=evaluation)


@contextmanager
def opened(bundle: str | Path, tables: Path | None = None) -> Iterator[Path]:
    """Unpack or copy a bundle, with tables from elsewhere in their place, for as long as the block runs."""
    bundle = Path(bundle)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "bundle"
        try:
            if bundle.is_dir():
                shutil.copytree(bundle, folder)
            else:
                zipfile.ZipFile(bundle).extractall(folder)
        except (FileNotFoundError, zipfile.BadZipFile) as error:
            said = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
            raise DataError(
                f"{bundle} is no bundle: {said}", mend="name a .zip or folder that `bundle` made"
            ) from error
        _bring(folder, read_manifest(folder), tables)
        yield folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a bundle, and make sure that it says all that is compared."""
    try:
        stated: dict[str, Any] = json_of((folder / manifest_name).read_text(encoding="utf-8"))
        said: list[object] = [(one["file"], one["packed"], one["sha256"]) for one in stated["inputs"]]
        said += [one["sha256"] for one in (*stated["files"].values(), *stated["results"])]
        said += [made_with(*_made(stated)), stated["code"]["sha256"], stated["environment"]["platform"]]
    except (OSError, ValueError) as error:
        why = "is missing" if isinstance(error, OSError) else f"is not JSON: {error}"
        raise DataError(f"{manifest_name} {why}: this is no bundle", mend="name what `bundle` made") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{manifest_name} does not say {error}: this is no bundle, or one of another version",
            mend="name what `bundle` made; the folder of an evaluation is none",
        ) from error
    return stated


def _bring(folder: Path, stated: Mapping[str, Any], tables: Path | None) -> None:
    """Put tables that are not packed into their place."""
    needed = [Path(one["file"]).name for one in stated["inputs"] if not one["packed"]]
    held = {name: tables / name for name in needed if tables is not None and (tables / name).is_file()}
    if missing := [name for name in needed if name not in held]:
        raise DataError(
            f"the bundle was packed without its tables; missing: {', '.join(missing)}",
            mend="give the folder that holds them: --tables DIR",
        )
    for name, path in held.items():
        (folder / of_tables).mkdir(exist_ok=True)
        shutil.copyfile(path, folder / of_tables / name)


def study_of(folder: Path) -> Study:
    """Read the study of an opened bundle, and nothing from outside of it."""
    study = read_study(folder / study_name)
    outside = [one.path.name for one in inputs(study, folder / study_name) if not _within(one.path, folder)]
    if outside:
        raise DataError(
            f"the study of the bundle names files outside of it: {', '.join(outside)}",
            mend="do not run it; ask whoever packed it",
        )
    return study


def _within(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _compared(
    folder: Path, again: Path, anew: Anew, stated: Mapping[str, Any], tolerance: float
) -> tuple[list[Difference], list[str]]:
    """Compare what was found with what is stated; where versions are others, what is said of them is as it was."""
    now = environment()
    own, then = made_with(VERSION, now["python"], now["packages"]), made_with(*_made(stated))
    numbers = read_numbers(again)
    numbers["value"] = numbers["value"].str.replace(own, then, regex=False)
    texts = {name: (again / name).read_text(encoding="utf-8").replace(own, then) for name in pages}
    drawings = now["packages"]["matplotlib"] == stated["environment"]["packages"]["matplotlib"]
    found = [
        *of_manifest(stated, anew.evaluation),
        *of_results(folder, again, stated, tolerance),
        *of_numbers(folder, numbers, tolerance),
        *of_pages(folder, texts, drawings=drawings),
    ]
    lines = [
        f"Run again: {len(stated['results'])} results, {len(numbers)} anchored numbers and texts, and {len(pages)} "
        f"pages were compared, numbers with a tolerance of {tolerance:g}."
    ]
    lines += [] if drawings else ["Drawings were not compared: matplotlib is another; the numbers drawn were."]
    return found, lines


def _made(stated: Mapping[str, Any]) -> tuple[str, str, Mapping[str, str]]:
    """Return the versions that a page names, as a manifest states them."""
    return stated["code"]["version"], stated["environment"]["python"], stated["environment"]["packages"]


def _versions(stated: Mapping[str, Any]) -> Iterator[str]:
    """Say which versions are others than those the bundle was made with."""
    now = environment()
    pairs = {
        "coresponder_causal": (stated["code"]["version"], VERSION),
        "its source, sha256": (stated["code"]["sha256"], code_hash()),
        "Python": (stated["environment"]["python"], now["python"]),
        "platform": (stated["environment"]["platform"], now["platform"]),
    }
    then = stated["environment"]["packages"]
    pairs |= {name: (then.get(name, "none"), now["packages"].get(name, "none")) for name in {**then, **now["packages"]}}
    yield from (f"{name}: {one} then, {other} now" for name, (one, other) in pairs.items() if one != other)
