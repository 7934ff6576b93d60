"""What is stated and what is found: files by their hashes, numbers within a tolerance, pages line by line."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from coresponder_causal.core.parsed import json_of
from coresponder_causal.plan.anew import numbers_name, pages, read_numbers
from coresponder_causal.plan.frozen import differences
from coresponder_causal.plan.manifest import hashed, manifest_name, result_hash, stated_results
from coresponder_causal.plan.numbers import number_in
from coresponder_causal.plan.run import Evaluation
from coresponder_causal.report.write import results_inside

nearly_zero = 1e-12  # numbers that differ by less are the same, unless every digit is asked for
nothing = "nothing"
causes = ("study/", "plan/", "tables/")  # what other numbers follow from
around = 40  # letters shown of a line beside the first that differs


class Difference(NamedTuple):
    """One thing that is not as stated."""

    anchor: str
    stated: str
    found: str


def same(stated: object, found: object, tolerance: float) -> bool:
    """Tell whether two values are the same, numbers within a tolerance relative to the larger.

    Examples
    --------
    >>> same("0.1", 0.10000000000000002, 1e-9), same("0.1", "0.11", 1e-9), same("a", "a", 0)
    (True, False, True)
    """
    if stated == found:
        return True
    one, other, least = number_in(str(stated)), number_in(str(found)), min(nearly_zero, tolerance)
    return one is not None and other is not None and math.isclose(one, other, rel_tol=tolerance, abs_tol=least)


def of_files(folder: Path, stated: Mapping[str, Any]) -> Iterator[Difference]:
    """Compare the files of a bundle, and tables taken from elsewhere, with the hashes of its manifest."""
    lying = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {manifest_name}
    needed = {one["file"]: one for one in stated["inputs"] if not one["packed"]}
    listed = {**stated["files"], **needed}
    for name in sorted(lying | set(listed)):
        there = hashed(folder / name)["sha256"] if name in lying else nothing
        then = listed[name]["sha256"] if name in listed else nothing
        if there != then:
            yield Difference(f"file {name}", then, there)
    for one in stated["inputs"]:
        if one["packed"] and (then := stated["files"].get(one["file"], {}).get("sha256", nothing)) != one["sha256"]:
            yield Difference(f"input {one['file']}", one["sha256"], then)


def of_manifest(stated: Mapping[str, Any], evaluation: Evaluation) -> Iterator[Difference]:
    """Compare what the manifest says of the study and its results with what was found, but for hashes of results."""
    results = [{**one, "sha256": ""} for one in stated["results"]]
    then = {"title": stated.get("title"), "seed": stated.get("seed"), "results": results}
    found = [{**one, "sha256": ""} for one in stated_results(evaluation.every_result, hashes=True)]
    now = {"title": evaluation.study.title, "seed": evaluation.study.seed, "results": found}
    for change in differences({manifest_name: then}, {manifest_name: now}):
        yield Difference(change.where, _shown(change.old), _shown(change.new))


def of_results(folder: Path, again: Path, stated: Mapping[str, Any], tolerance: float) -> Iterator[Difference]:
    """Compare every field of the stated results with what was found, and with their hashes in the manifest."""
    try:
        then = json_of((folder / results_inside).read_text(encoding="utf-8"))
        prints = [result_hash(one) for one in then]
    except (OSError, ValueError, TypeError) as error:
        yield Difference(results_inside, "results as JSON", str(error))
        return
    now = json.loads((again / results_inside).read_text(encoding="utf-8"))
    for change in differences({results_inside: then}, {results_inside: now}):
        if not same(change.old, change.new, tolerance):
            yield Difference(change.where, _shown(change.old), _shown(change.new))
    if prints != [one["sha256"] for one in stated["results"]]:
        yield Difference(f"{manifest_name} results", "hashes of other results", f"those of {results_inside}")


def of_numbers(folder: Path, found: pd.DataFrame, tolerance: float) -> Iterator[Difference]:
    """Compare every anchored number and text."""
    try:
        stated = read_numbers(folder)
        then = {row[0]: row[1:] for row in stated[list(found.columns)].itertuples(index=False, name=None)}
    except (OSError, ValueError, KeyError) as error:
        yield Difference(numbers_name, "anchored numbers", str(error))
        return
    now = {row[0]: row[1:] for row in found.itertuples(index=False, name=None)}
    if len(then) < len(stated):
        yield Difference(numbers_name, f"{len(stated)} rows", f"{len(then)} anchors")
    causes_first = sorted(dict.fromkeys([*then, *now]), key=lambda anchor: not anchor.startswith(causes))
    for anchor in causes_first:
        one, other = then.get(anchor), now.get(anchor)
        if one is None or other is None:
            yield Difference(anchor, nothing if one is None else one[0], nothing if other is None else other[0])
        elif not same(one[0], other[0], tolerance):
            yield Difference(anchor, one[0], other[0])
        elif one[1:] != other[1:]:
            yield Difference(f"{anchor} (its result and fingerprint)", " ".join(one[1:]), " ".join(other[1:]))


def of_pages(folder: Path, texts: Mapping[str, str], *, drawings: bool) -> Iterator[Difference]:
    """Compare both pages, line by line; drawings only where they were made by the same version."""
    for name in pages:
        path = folder / name
        then = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        one, other = (text if drawings else _undrawn(text) for text in (then, texts[name]))
        lines, others = one.split("\n"), other.split("\n")
        if len(lines) != len(others):
            yield Difference(name, f"{len(lines)} lines", f"{len(others)} lines")
        changed = [i for i, pair in enumerate(zip(lines, others, strict=False)) if pair[0] != pair[1]]
        for i in changed if len(lines) == len(others) else changed[:1]:
            yield Difference(f"{name}, line {i + 1}", *_where_they_part(lines[i], others[i]))


def _undrawn(page: str) -> str:
    """Take the drawings out of a page; each stays a line."""
    return re.sub(r"<svg\b.*?</svg>", "<svg/>", page, flags=re.DOTALL)


def _where_they_part(one: str, other: str) -> tuple[str, str]:
    """Return two lines from shortly before the first letter in which they differ to shortly after it."""
    pairs = enumerate(zip(one, other, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    first, last = max(0, at - around), at + around
    return one[first:last], other[first:last]


def _shown(value: object) -> str:
    return nothing if value is None else str(value)
