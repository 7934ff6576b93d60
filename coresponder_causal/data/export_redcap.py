"""Forms as REDCap data dictionaries: one CSV file per project, to be uploaded under Designer, Data Dictionary."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from coresponder_causal.core.errors import DataError
from coresponder_causal.data.forms import Condition, Form, Question, table_forms
from coresponder_causal.data.instrument import instruments

columns = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
longest_name = 26

_RECORDS = {"calls": "call_id", "contacts": "contact_id", "surveys": "response", "interviews": "interview"}
_VALIDATION = {"integer": "integer", "number": "number", "date": "date_ymd", "datetime": "datetime_ymd"}
_TAGS = {"now": "@NOW @READONLY", "today": "@TODAY", "system": "", "": ""}


def projects() -> dict[str, tuple[str, tuple[Form, ...]]]:
    """Return the record id and the forms of each REDCap project: one project for each kind of row.

    Returns
    -------
    dict of str to (str, tuple of Form)
        By the name of the project, which is that of the table; each interview guide is a project of its own, and tables
        without an instrument are the forms of "registers".

    Examples
    --------
    >>> record, forms = projects()["contacts"]
    >>> record, [form.name for form in forms]
    ('contact_id', ['co_responder_log', 'follow_up_72h'])
    """
    by_project: dict[str, list[Form]] = {}
    for entry in instruments().values():
        name = entry.form.name if entry.kind == "guide" else entry.form.table
        by_project.setdefault(name, []).append(entry.form)
    found = {name: (_RECORDS.get(forms[0].table, "record_id"), tuple(forms)) for name, forms in by_project.items()}
    return {**found, "registers": ("record_id", table_forms())}


def redcap(project: str) -> bytes:
    """Write the data dictionary of one project.

    Parameters
    ----------
    project : str
        A name of `projects`.

    Returns
    -------
    bytes
        CSV in UTF-8 with REDCap's eighteen columns. The first row is the record id; the rows of a form are together;
        names are unique within the project.

    Raises
    ------
    DataError
        No such project, or a name or a choice that REDCap does not take: the message names it.

    Examples
    --------
    >>> redcap("calls").decode().splitlines()[1].split(",")[:4]
    ['call_id', 'on_scene_card', '', 'text']
    """
    known = projects()
    if project not in known:
        raise DataError(f"there is no REDCap project {project!r}", mend=f"take one of {', '.join(known)}")
    record, forms = known[project]
    names = redcap_names(project)
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    first = next((entry for entry in forms[0].questions if entry.name == record), None)
    label = "Record" if first is None else first.ask
    identifier = "" if first is None or not first.identifying else "y"
    head = {"Variable / Field Name": record, "Form Name": forms[0].name, "Field Type": "text", "Field Label": label}
    writer.writerow({**head, "Identifier?": identifier})
    for form in forms:
        writer.writerows(_rows(form, names, record))
    return out.getvalue().encode()


def redcap_names(project: str) -> Mapping[tuple[str, str], str]:
    """Return the name in REDCap of every question of a project.

    A name that several forms of the project have is headed by the name of its form.

    Parameters
    ----------
    project : str
        A name of `projects`.

    Returns
    -------
    Mapping of (form, question) to str

    Examples
    --------
    >>> redcap_names("registers")["schedule", "city"], redcap_names("registers")["schedule", "shift_start"]
    ('schedule_city', 'schedule_shift_start')
    """
    record, forms = projects()[project]
    asked = [(form.name, entry.name) for form in forms for entry in form.questions if entry.name != record]
    counts = Counter(name for _, name in asked)
    names = {(form, name): name if counts[name] == 1 else f"{form}_{name}" for form, name in asked}
    taken = Counter((record, *names.values()))
    wrong = sorted(
        name
        for name, times in taken.items()
        if times > 1 or len(name) > longest_name or not re.fullmatch(r"[a-z][a-z0-9_]*", name)
    )
    if wrong:
        raise DataError(
            f"REDCap project {project!r} has names that are long, odd or there twice: {', '.join(wrong)}",
            mend=f"use unique lower-case names of at most {longest_name} characters",
        )
    return names


def redcap_code(code: str, question: Question) -> str:
    """Turn yes and no into the codes of REDCap, and what it does not take in a code into underscores.

    Parameters
    ----------
    code : str
        A code of the question.
    question : Question

    Returns
    -------
    str

    Examples
    --------
    >>> redcap_code("civilian team", table_forms()[0].questions[0])
    'civilian_team'
    """
    plain = {"yes": "1", "no": "0"}.get(code, code) if question.kind == "yes_no" else code
    return re.sub(r"\W", "_", plain)


def _rows(form: Form, names: Mapping[tuple[str, str], str], record: str) -> Iterator[dict[str, str]]:
    """Write the rows of one form; what is read first heads its first row."""
    header = form.intro
    for question in form.questions:
        if question.name == record:
            continue
        yield {"Section Header": header, **_row(form, question, names)}
        header = ""


def _row(form: Form, question: Question, names: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Write one question."""
    rated = question.kind == "rating"
    return {
        "Variable / Field Name": names[form.name, question.name],
        "Form Name": form.name,
        "Field Type": _type(question),
        "Field Label": question.ask,
        "Choices, Calculations, OR Slider Labels": _choices(question),
        "Field Note": f"YYYY-MM; {question.hint}".removesuffix("; ") if question.kind == "month" else question.hint,
        "Text Validation Type OR Show Slider Number": _VALIDATION.get(question.kind, ""),
        "Text Validation Min": "" if question.choices or question.minimum is None else f"{question.minimum:g}",
        "Text Validation Max": "" if question.choices or question.maximum is None else f"{question.maximum:g}",
        "Identifier?": "y" if question.identifying else "",
        "Branching Logic (Show field only if...)": _logic(question.condition, form, names),
        "Required Field?": "y" if question.required and not question.automatic else "",
        "Matrix Group Name": _matrix(form, question) if rated else "",
        "Field Annotation": _TAGS.get(question.automatic, f"@DEFAULT='{question.automatic}' @READONLY"),
    }


def _type(question: Question) -> str:
    """Type of a field; all answers of a choice are in sight, so that one tap is enough."""
    if question.kind == "note":
        return "descriptive"
    if not question.choices or question.kind == "fixed":
        return "text"
    if question.kind == "yes_no" and len(question.choices) == 2:
        return "yesno"
    return "radio"


def _choices(question: Question) -> str:
    """Write choices as REDCap reads them; yes is 1 and no is 0."""
    if _type(question) != "radio":
        return ""
    for _, words in question.choices:
        if "|" in words:
            raise DataError(f"choice {words!r} of {question.name!r} holds a bar", mend="write it without |")
    return " | ".join(f"{redcap_code(str(code), question)}, {words}" for code, words in question.choices)


def _logic(rule: Condition | None, form: Form, names: Mapping[tuple[str, str], str]) -> str:
    """Write when a field is shown."""
    if rule is None:
        return ""
    code = redcap_code(rule.code, form.question(rule.question))
    return f"[{names[form.name, rule.question]}] {'=' if rule.holds else '<>'} '{code}'"


def _matrix(form: Form, question: Question) -> str:
    """Name the matrix of neighbouring ratings with the same answers, which is cut where a note stands between."""
    place = form.questions.index(question)
    start = place
    while (
        start and form.questions[start - 1].kind == "rating" and form.questions[start - 1].choices == question.choices
    ):
        start -= 1
    return f"matrix_{form.questions[start].name}"
