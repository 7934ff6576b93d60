"""The data dictionary as one page to print."""

from __future__ import annotations

from collections.abc import Iterator

from coresponder_causal.data import dictionary
from coresponder_causal.data.export_redcap import projects, redcap_code, redcap_names
from coresponder_causal.report.specs import Bullets, Page, Section, Sentence, of_nobody
from coresponder_causal.report.tables import wordy


def codebook() -> Page:
    """Return the page of all tables, groups, crosswalks and names in REDCap.

    Returns
    -------
    Page
        One section a table; `report.write` makes the file.

    Examples
    --------
    >>> codebook().sections[0].title
    'How to read this book'
    """
    sections = [_how_to_read(), _overview(), _populations()]
    sections += [_section(table) for table in dictionary.tables().values()]
    sections += [_crosswalk(name) for name in dictionary.crosswalks()]
    return Page(
        title="Codebook",
        subtitle="Every table and field of the evaluation: what it means, who enters it and when, and who may see it.",
        sections=(*sections, _redcap()),
    )


def _how_to_read() -> Section:
    """Say what the words of the tables mean."""
    lines = (
        "Required fields carry a star. Blanks are missing everywhere; further missing codes stand with the field.",
        "Stage says when a value comes about. Only fields known before dispatch may be adjusted for or matched on.",
        "Values of open fields may be shown. Of restricted and identifying fields only released counts may leave.",
        "Burden says what a value costs: auto is written by a system, one tap by a tap or a key, form by somebody who "
        "fills a form or a list, linked comes from the records of another agency. Hours are those within which the "
        "value should be there.",
        "Codes are the expected values. Another code is reported as a finding and kept.",
    )
    return Section(
        title="How to read this book",
        blocks=(Bullets(items=tuple(Sentence(text=line, support=of_nobody) for line in lines)),),
    )


def _overview() -> Section:
    """List all tables."""
    rows = [
        (entry.label, entry.name, entry.grain, len(entry.fields), "people" if entry.by_hand else "systems, mostly")
        for entry in dictionary.tables().values()
    ]
    heads = ("Table", "Name", "One row", "Fields", "Filled by")
    return Section(title="Tables", blocks=(wordy("All tables", heads, rows),))


def _populations() -> Section:
    """List the groups named before the data are seen."""
    rows = [
        (entry.label, entry.field, ", ".join(map(str, entry.codes or ("each",))), ", ".join(entry.tables), entry.why)
        for entry in dictionary.populations()
    ]
    heads = ("Group", "Field", "Codes", "Tables", "Why")
    return Section(title="Groups named beforehand", blocks=(wordy("Groups shown apart", heads, rows),))


def _section(table: dictionary.Table) -> Section:
    """Describe one table."""
    rows = [
        (
            f"{field.name} *" if field.required else field.name,
            f"{field.label}{'' if field.unit is None else f' ({field.unit})'}: {field.why}",
            "; ".join(_values(field)),
            f"{field.entered_by}, {field.entered_when}; {field.source}; {_burden(field)}",
            f"{field.privacy}; {field.stage}",
        )
        for field in table.fields
    ]
    heads = ("Field", "Meaning, and what it is for", "Values", "Entered", "Privacy; stage")
    order = f" Time stamps happen in the order {', '.join(table.order)}." if table.order else ""
    text = f"One row is {table.grain}. Its key is {', '.join(table.key)}.{order}"
    said = Sentence(text=text, support=of_nobody)
    return Section(title=f"{table.label} ({table.name})", blocks=(said, wordy(f"Fields of {table.name}", heads, rows)))


def _burden(field: dictionary.Field) -> str:
    """Say what a value costs and within how many hours it should be there."""
    return field.burden if field.deadline_hours is None else f"{field.burden}, {field.deadline_hours:g} h"


def _values(field: dictionary.Field) -> Iterator[str]:
    """Say what a field may hold."""
    yield field.type
    if field.allowed is not None:
        yield ", ".join(str(code) if str(code) == words else f"{code} = {words}" for code, words in field.choices)
    limits = [("from", field.minimum), ("to", field.maximum)]
    if said := " ".join(f"{word} {limit:g}" for word, limit in limits if limit is not None):
        yield said
    if field.references is not None:
        yield f"as in {field.references.table}.{field.references.field}"
    if field.missing:
        yield f"missing: {', '.join(map(str, field.missing))}"


def _crosswalk(name: str) -> Section:
    """Show the rows of a crosswalk."""
    found = dictionary.crosswalk(name)
    said = f"Version {found.version}, from {found.valid_from}. Source: {found.source}."
    rows = [tuple(str(row[column]) for column in found.columns) for row in found.rows]
    table = wordy(f"Crosswalk {name}", found.columns, rows)
    return Section(
        title=found.label, blocks=(*(Sentence(text=text, support=of_nobody) for text in (said, found.note)), table)
    )


def _redcap() -> Section:
    """List the names and codes that differ in REDCap."""
    rows = [
        (project, form, question, name)
        for project in projects()
        for (form, question), name in redcap_names(project).items()
        if name != question and not question.startswith("note_")
    ]
    codes = [
        (project, form.name, f"{question.name}: {code}", redcap_code(str(code), question))
        for project, (_, forms) in projects().items()
        for form in forms
        for question in form.questions
        for code, _ in question.choices
        if question.kind != "yes_no" and redcap_code(str(code), question) != str(code)
    ]
    said = (
        "In REDCap a name that several forms of a project share is headed by the name of its form, and a code holds "
        "letters, digits and underscores alone. A yes is 1 and a no is 0. These are the names and codes that differ."
    )
    heads = ("Project", "Form", "Field or code", "In REDCap")
    table = wordy("Names and codes that differ", heads, [*rows, *codes])
    return Section(title="Names in REDCap", blocks=(Sentence(text=said, support=of_nobody), table))
