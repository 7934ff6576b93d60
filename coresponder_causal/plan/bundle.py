"""A bundle: everything a reviewer needs to compute an evaluation again and to compare every number."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.files import write_whole
from coresponder_causal.plan.anew import evaluated_anew, numbers_name, pages, write_findings
from coresponder_causal.plan.crate import crate, crate_name
from coresponder_causal.plan.manifest import as_json, hashed, manifest, manifest_name, of_the_plan, pins
from coresponder_causal.plan.portable import moved_paths, of_tables, portable
from coresponder_causal.plan.run import Evaluation, Say, refuse_filled, refuse_present
from coresponder_causal.plan.study import read_study
from coresponder_causal.privacy import Policy, inside
from coresponder_causal.report.write import results_inside

study_name, pins_name, readme_name = "STUDY.toml", "requirements.txt", "README.md"
first_day_of_zip = (1980, 1, 1, 0, 0, 0)
descriptions = {
    study_name: "what was asked: tables, designs, options",
    "index.html": "the page, nothing hidden",
    "index.md": "the page as plain text",
    results_inside: "every result with all it carries",
    numbers_name: "every number and text under an anchor, with its result and the fingerprint of its data",
    pins_name: "what was installed",
    readme_name: "this file: what is here, and how to verify it",
    manifest_name: "sha256 of every file, versions, times",
    crate_name: "the same for machines (RO-Crate 1.2)",
}


def bundle(
    file: str | Path,
    out: str | Path,
    *,
    policy: Policy | None = None,
    with_tables: bool = True,
    force: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    say: Say = lambda _: None,
) -> Path:
    """Pack a study with its plan and tables, evaluate what was packed, and pack what was found.

    Parameters
    ----------
    file : path of a TOML file
        The study.
    out : path
        A ``.zip``, or a folder that is empty or not there. Equal inputs give equal bytes, but for the times in it.
    policy : Policy, optional
        For whom, by default as the study says. Nothing is hidden in a bundle.
    with_tables : bool
        Whether the tables are packed. Without them whoever verifies needs them from elsewhere.
    force : bool
        Replace a ``.zip`` that is there.
    clock : callable
        Tells the time.
    say : callable
        Told what is being done.

    Returns
    -------
    Path
        ``out``. It appears whole or not at all, and its owner alone may read it.

    Raises
    ------
    DisclosureError
        For the public: a bundle holds rows about people. Pack it for those inside, or a partner with an agreement.
    DataError
        If the place is taken, or two files have one name.
    CausalError
        As of `evaluated_anew`.
    """
    file, out = Path(file), Path(out)
    allowed = _allowed(read_study(file).policy if policy is None else policy)
    if out.suffix == ".zip":
        refuse_present(out, force=force)
    else:
        refuse_filled(out, force=False)
    out.parent.mkdir(parents=True, exist_ok=True)
    started = clock()
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".packing-") as place:
        folder = Path(place) / "bundle"
        _copy_inputs(file, folder)
        found = evaluated_anew(read_study(folder / study_name), say=say)
        say("Packing")
        write_findings(found, folder)
        about = _about(found.evaluation, folder, with_tables, (started, clock())) | _audience(allowed)
        _describe(folder, about, command=out.name)
        if out.suffix == ".zip":
            _zipped(folder, Path(place) / out.name).replace(out)
        else:
            folder.chmod(0o700)
            if out.is_dir():
                out.rmdir()
            folder.replace(out)
    return out


def _allowed(policy: Policy) -> Policy:
    """Refuse a bundle for the public."""
    if policy.audience == "public":
        raise DisclosureError(
            "a bundle holds rows about people, and counts of few: it is never for the public",
            mend="pack it with --audience internal, or --audience partner --agreement NAME",
        )
    return policy


def _audience(policy: Policy) -> dict[str, Any]:
    return {"audience": policy.audience, "agreement": policy.agreement}


def _copy_inputs(file: Path, folder: Path) -> None:
    """Copy what a study reads, its paths changed to where they now lie."""
    text = file.read_text(encoding="utf-8-sig")
    moved = moved_paths(tomllib.loads(text), file.parent)
    (folder / of_tables).mkdir(parents=True)
    changed = portable(text, {raw: new for raw, (_, new) in moved.items()})
    write_whole(folder / study_name, changed.encode())
    for name in of_the_plan:
        if (file.parent / name).is_file():
            shutil.copyfile(file.parent / name, folder / name)
    for path, new in moved.values():
        if "/" in new:
            (folder / new).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, folder / new)


def _about(evaluation: Evaluation, folder: Path, with_tables: bool, times: tuple[datetime, datetime]) -> dict[str, Any]:
    """Make the manifest, hashes and all; take tables out that are not to be packed."""
    plain = replace(evaluation, study=replace(evaluation.study, policy=inside))
    made = manifest(plain, file=folder / study_name, started=times[0], finished=times[1])
    for one in made["inputs"]:
        one["packed"] = with_tables or not one["file"].startswith(f"{of_tables}/")
    if not with_tables:
        shutil.rmtree(folder / of_tables)
    return made


def _describe(folder: Path, about: dict[str, Any], *, command: str) -> None:
    """Write what says what a bundle is: pins, README, RO-Crate metadata and manifest."""
    terms = _terms(about)
    described = {one["file"]: descriptions.get(one["file"], one["role"]) for one in about["inputs"] if one["packed"]}
    described |= {name: descriptions[name] for name in (*pages, results_inside, numbers_name, pins_name, readme_name)}
    described |= {manifest_name: descriptions[manifest_name]}
    write_whole(folder / pins_name, "".join(f"{line}\n" for line in pins()).encode())
    listed = described | {crate_name: descriptions[crate_name]}
    write_whole(folder / readme_name, _readme(about, listed, terms=terms, command=command).encode())
    about["files"] = {name: hashed(folder / name) for name in sorted(described) if name != manifest_name}
    write_whole(folder / crate_name, as_json(crate(about, described, terms=terms)))
    about["files"][crate_name] = hashed(folder / crate_name)
    write_whole(folder / manifest_name, as_json(about))


def _terms(about: Mapping[str, Any]) -> str:
    whom = "those who may see the records themselves"
    if about["agreement"] is not None:
        whom = f"a partner who may see the records under the agreement {about['agreement']}"
    held = "rows about people" if all(one["packed"] for one in about["inputs"]) else "counts of few people"
    return f"Not for the public. It holds {held}, and nothing is hidden: for {whom}."


def _readme(about: Mapping[str, Any], described: Mapping[str, str], *, terms: str, command: str) -> str:
    absent = [
        f"- `{Path(one['file']).name}` ({one['role']}): {one['sha256']}" for one in about["inputs"] if not one["packed"]
    ]
    needed = (
        "\nNot in it, and needed from a folder of yours, by sha256:\n\n" + "\n".join(absent) + "\n" if absent else ""
    )
    return Template((Path(__file__).parent / "bundle_readme.md").read_text(encoding="utf-8")).substitute(
        title=about["title"],
        terms=terms,
        files="\n".join(f"| `{name}` | {said} |" for name, said in described.items()),
        absent=needed,
        command=f"{command} --tables FOLDER" if absent else command,
        version=about["code"]["version"],
        code=about["code"]["sha256"],
        python=about["environment"]["python"],
    )


def _zipped(folder: Path, target: Path) -> Path:
    """Pack a folder so that the same files give the same bytes."""
    target.touch(mode=0o600)
    with zipfile.ZipFile(target, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=first_day_of_zip)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as packed:
                shutil.copyfileobj(source, packed)
    return target
