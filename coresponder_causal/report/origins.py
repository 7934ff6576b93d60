"""What must be read with the numbers, and where these come from: notes, options, versions."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import pandas as pd

from coresponder_causal.core.result import Result
from coresponder_causal.core.version import VERSION
from coresponder_causal.report import words
from coresponder_causal.report.specs import Bullets, Column, Section, Sentence, Table, of_nobody
from coresponder_causal.report.tables import support_of

libraries = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib")


def remarks_section(results: Sequence[Result]) -> Section | None:
    """List the notes of all results, each once with the methods it belongs to."""
    said: dict[str, list[Result]] = {}
    for result in results:
        for text in result.notes:
            said.setdefault(text, []).append(result)
    if not said:
        return None
    items = tuple(
        Sentence(
            text=f"{', '.join(dict.fromkeys(words.method(result.method) for result in of))}: {text}",
            support=support_of(of),
        )
        for text, of in said.items()
    )
    return Section(title="What must be read with these numbers?", blocks=(Bullets(items=items),))


def origins_section(results: Sequence[Result]) -> Section:
    """Say with which designs, options, seeds and versions the numbers were computed."""
    made = made_with(VERSION, platform.python_version(), {name: version(name) for name in libraries})
    computed = (_provenance(results),) if results else ()
    return Section(title="Where do the numbers come from?", blocks=(*computed, Sentence(text=made, support=of_nobody)))


def made_with(own: str, python: str, packages: Mapping[str, str]) -> str:
    """Say with which versions a page was made: of this package, of Python, and of the libraries that compute."""
    others = ", ".join(f"{name} {packages[name]}" for name in libraries)
    return f"Made with coresponder_causal {own}, Python {python}, {others}."


def _provenance(results: Sequence[Result]) -> Table:
    frame = pd.DataFrame([{"method": result.method, **result.provenance.to_dict()} for result in results])
    columns = (
        Column("method", "Method"),
        Column("design", "Design"),
        Column("options", "Options"),
        Column("version", "Version"),
        Column("seed", "Seed"),
        Column("data", "Fingerprint of the design (first 16 digits)", inside=True),
    )
    frame = frame.assign(data=frame["data"].str[:16])
    return Table(title="Computed from", frame=frame, columns=columns, support=of_nobody)
