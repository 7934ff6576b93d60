"""RO-Crate metadata of a bundle: what its files are, and by which run the one came from the other, as JSON-LD.

Written after the RO-Crate Metadata Specification 1.2 (https://w3id.org/ro/crate/1.2): an attached package whose files
are data entities of the root, and one `CreateAction` whose objects are what went in and whose results what came out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

crate_name = "ro-crate-metadata.json"
specification = "https://w3id.org/ro/crate/1.2"
media = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".toml": "application/toml",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
rights = "#rights"
software = "#coresponder_causal"
run = "#evaluation"
Entity = dict[str, Any]


def crate(manifest: Mapping[str, Any], described: Mapping[str, str], *, terms: str) -> Entity:
    """Describe a bundle.

    Parameters
    ----------
    manifest : mapping
        Its manifest, see `plan.manifest`, with ``files`` and of each input ``packed``.
    described : mapping of file to str
        What each file of the bundle is; files the evaluation made are those that are no input.
    terms : str
        Who may see it.

    Returns
    -------
    dict
        JSON-LD, flat: every entity once, named by its ``@id``.
    """
    packed = {str(one["file"]): one for one in manifest["inputs"] if one["packed"]}
    absent = [one for one in manifest["inputs"] if not one["packed"]]
    files = [_file(name, said, manifest["files"].get(name, {})) for name, said in described.items()]
    made = [_ref(_id(name)) for name in described if name not in packed]
    used = [_ref(_id(name)) for name in packed] + [_ref(f"#{_id(one['file'])}") for one in absent]
    descriptor = {
        "@id": crate_name,
        "@type": "CreativeWork",
        "about": _ref("./"),
        "conformsTo": _ref(specification),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": str(manifest["title"]),
        "description": f"What is needed to compute the evaluation “{manifest['title']}” again, every number anchored",
        "datePublished": str(manifest["finished"]),
        "license": _ref(rights),
        "hasPart": [_ref(str(one["@id"])) for one in files],
        "mentions": _ref(run),
    }
    graph = [descriptor, root, *files, *map(_absent, absent), *_context(manifest, terms, used=used, made=made)]
    return {"@context": f"{specification}/context", "@graph": graph}


def _context(
    manifest: Mapping[str, Any], terms: str, *, used: Sequence[Entity], made: Sequence[Entity]
) -> Iterator[Entity]:
    """Give what is no file: the run, the software it was made with, and who may see the bundle."""
    yield {
        "@id": run,
        "@type": "CreateAction",
        "name": "Evaluation of the study from its tables",
        "startTime": manifest["started"],
        "endTime": manifest["finished"],
        "instrument": _ref(software),
        "object": list(used),
        "result": list(made),
    }
    yield {
        "@id": software,
        "@type": "SoftwareApplication",
        "name": "coresponder_causal",
        "version": manifest["code"]["version"],
        "softwareRequirements": _ref("requirements.txt"),
        "description": f"sha256 of its source: {manifest['code']['sha256']}",
    }
    yield {"@id": rights, "@type": "CreativeWork", "name": "Not for release", "description": terms}


def _file(name: str, said: str, known: Mapping[str, Any]) -> Entity:
    """Describe a file of the bundle."""
    entity = {"@id": _id(name), "@type": "File", "name": name, "description": said}
    kind = media.get(PurePosixPath(name).suffix)
    size = {"contentSize": str(known["bytes"]), "sha256": known["sha256"]} if known else {}
    return entity | ({"encodingFormat": kind} if kind else {}) | size


def _absent(one: Mapping[str, Any]) -> Entity:
    """Describe a file that is needed and not packed: a local name, and where it would lie."""
    entity = {"@id": f"#{_id(one['file'])}", "@type": "File", "name": one["file"], "localPath": one["file"]}
    said = {"description": f"{one['role']}; not in this bundle"}
    return entity | said | {"contentSize": str(one["bytes"]), "sha256": one["sha256"]}


def _id(name: str) -> str:
    """Name a file as a URI: spaces and per cent signs escaped, letters of every script kept."""
    return "".join(letter if ord(letter) > 127 else quote(letter) for letter in name)


def _ref(name: str) -> Entity:
    return {"@id": name}
