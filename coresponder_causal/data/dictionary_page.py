"""The dictionary as one Markdown page."""

from __future__ import annotations

from coresponder_causal.data.crosswalks import crosswalk, crosswalks
from coresponder_causal.data.dictionary import Field, Table, tables
from coresponder_causal.data.folder import folder
from coresponder_causal.data.populations import populations


def readme() -> str:
    """Write the dictionary as one Markdown page.

    Returns
    -------
    str

    Examples
    --------
    >>> readme().splitlines()[0]
    '# Data dictionary'
    """
    head = [
        "# Data dictionary",
        "",
        "Generated from the YAML files of this folder by `python -m coresponder_causal.data`; "
        "change those, not this page.",
        "",
        "- **Stage** says when a value comes about. Only `pre-dispatch` fields may be adjusted for or matched on.",
        "- **Privacy**: values of `open` fields may be shown; of `restricted` and `identifying` fields only row numbers"
        " and released counts are.",
        "- **Codes** are the expected values. Other codes are reported as a finding and kept.",
        "- **Burden**: `auto` is written by a system, `one tap` by a tap or a key, `form` by somebody who fills a form"
        " list, `linked` comes from the records of another agency. Hours are those within which the value should be"
        " there.",
        "- Blanks are missing everywhere; further missing codes are listed with the field.",
        "",
        "| Table | One row | Fields | Required | Filled by |",
        "|---|---|---:|---:|---|",
        *(
            f"| [{entry.label}](#{entry.name}) `{entry.name}` | {entry.grain} | {len(entry.fields)} | "
            f"{len(entry.required)} | {'people' if entry.by_hand else 'systems, mostly'} |"
            for entry in tables().values()
        ),
    ]
    body = (line for entry in tables().values() for line in _section(entry))
    return "\n".join([*head, *_populations(), *_crosswalks(), *body]) + "\n"


def main() -> None:
    """Write the README of the dictionary beside its YAML files."""
    (folder() / "README.md").write_text(readme(), encoding="utf-8")


def _populations() -> list[str]:
    """Write the part of the README for groups named beforehand."""
    rows = (
        f"| {entry.label} | `{entry.field}`"
        f"{'' if entry.codes is None else ': ' + ', '.join(f'`{code}`' for code in entry.codes)} | "
        f"{', '.join(f'`{name}`' for name in entry.tables)} | {entry.why} |"
        for entry in populations()
    )
    return [
        "",
        "## Groups named beforehand",
        "",
        "Reach and outcomes are shown for each of them apart, whatever they turn out to be (`populations.yaml`).",
        "",
        "| Group | Field and codes | Tables | Why |",
        "|---|---|---|---|",
        *rows,
    ]


def _crosswalks() -> list[str]:
    """Write the part of the README for crosswalks."""
    found = [crosswalk(name) for name in crosswalks()]
    rows = (
        f"| `{entry.name}` | {entry.label} | {entry.version}, from {entry.valid_from} | "
        f"{len(entry.rows)} | {entry.source} |"
        for entry in found
    )
    return [
        "",
        "## Crosswalks",
        "",
        "Words of other systems and the codes they become (folder `crosswalks`). Each file says how it is to be used.",
        "",
        "| Crosswalk | What it turns | Version | Rows | Source |",
        "|---|---|---|---:|---|",
        *rows,
    ]


def _section(entry: Table) -> list[str]:
    """Write the part of the README for one table."""
    order = [f"Time stamps happen in the order {' ≤ '.join(f'`{name}`' for name in entry.order)}.", ""]
    rows = (
        f"| `{field.name}`{' *' if field.required else ''} | {_meaning(field)} | {field.type} | {field.stage} | "
        f"{field.privacy} | {_burden(field)} | {field.source}; {field.entered_by}, {field.entered_when} | {field.why} |"
        for field in entry.fields
    )
    return [
        "",
        f'<a id="{entry.name}"></a>',
        f"## {entry.label} (`{entry.name}`)",
        "",
        f"One row: {entry.grain}. Key: {', '.join(f'`{name}`' for name in entry.key)}. Required fields carry a *.",
        "",
        *(order if entry.order else []),
        "| Field | Meaning | Type | Stage | Privacy | Burden | Entered | Why |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
    ]


def _burden(field: Field) -> str:
    """Burden and deadline of a field in one cell."""
    return field.burden if field.deadline_hours is None else f"{field.burden}, {field.deadline_hours:g} h"


def _meaning(field: Field) -> str:
    """Label, unit, limits and codes of a field in one cell."""
    parts = [field.label if field.unit is None else f"{field.label} ({field.unit})"]
    if field.allowed is not None:
        parts.append("codes: " + ", ".join(f"`{code}`" for code in field.allowed))
    if field.minimum is not None:
        parts.append(f"from {field.minimum:g}" + ("" if field.maximum is None else f" to {field.maximum:g}"))
    if field.references is not None:
        parts.append(f"as in `{field.references.table}.{field.references.field}`")
    if field.missing:
        parts.append("missing: " + ", ".join(f"`{code}`" for code in field.missing))
    return "; ".join(parts)
