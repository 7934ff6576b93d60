"""The folder of a twin: its tables, its study, and what it is good for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coresponder_causal.core.folders import write_together
from coresponder_causal.plan.run import refuse_filled
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.twin import Twin
from coresponder_causal.privacy import Ledger

without_ledger = (
    "No ledger was kept: counts that were published otherwise were not held against these, nor will these be held "
    "against what is published later."
)


def write_twin(twin: Twin, out: Path, *, ledger: Ledger | None = None, force: bool = False) -> list[Path]:
    """Write a twin as a folder that `coresponder-causal evaluate` runs.

    Parameters
    ----------
    twin : Twin
    out : Path
        Folder; one that holds files is refused without ``force``.
    ledger : Ledger, optional
        Where the release of its counts is recorded: that of the original study.
    force : bool

    Returns
    -------
    list of Path
        ``STUDY.toml``, ``TWIN.txt``, ``twin.json`` and a file for each table.

    Raises
    ------
    DataError
        The folder holds files: name another.
    DisclosureError
        The ledger was changed, or something was recorded in it that the twin was not held against: draw it again.
    """
    refuse_filled(out, force=force)
    tables = {
        f"{name}.csv": table.to_csv(index=False, lineterminator="\n").encode() for name, table in twin.tables.items()
    }
    entry = None
    if ledger is not None:
        content, names = b"".join(tables.values()), ", ".join(tables)
        entry = ledger.record(twin.cells, content=content, name=names, since=twin.head)
    counted = [f"{name}: {hidden}" for name, hidden in twin.provenance["counts"].items()]
    said = [*twin.remarks, "Counts it was drawn from.", *counted, *([] if ledger else [without_ledger])]
    files = {
        "STUDY.toml": toml(twin.study).encode(),
        "TWIN.txt": ("\n".join(said) + "\n").encode(),
        "twin.json": (json.dumps({**twin.provenance, "ledger": entry}, indent=1) + "\n").encode(),
    }
    return write_together(out, files | tables)


def toml(study: Study) -> str:
    """Write a twin's study as its file.

    Parameters
    ----------
    study : Study

    Returns
    -------
    str
    """
    sections: list[tuple[str, Mapping[str, Any]]] = [
        ("[study]", {"title": study.title, "sensitive": False, "simulated": True, "seed": study.seed}),
        ("[tables]", {name: source.path.name for name, source in study.tables.items()}),
        (
            "[treated]",
            {"city": study.city, "start": study.start, "start_between": study.start_between, "dose": study.dose},
        ),
        ("[outcomes]", {"primary": study.primary, "controls": list(study.controls)}),
        ("[designs]", {"run": list(study.designs)}),
        *([] if study.donors is None else [("[donors]", study.donors)]),
        *((f"[[{name}]]", entry) for name, entries in study.options.items() for entry in entries),
    ]
    return "\n".join(
        "\n".join([head, *(f"{key} = {_value(value)}" for key, value in part.items() if value is not None), ""])
        for head, part in sections
    )


def _value(value: object) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False, default=str)
