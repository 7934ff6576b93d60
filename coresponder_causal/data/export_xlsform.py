"""Forms as XLSForm workbooks, which KoboToolbox, ODK Central and SurveyCTO read."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from coresponder_causal.core.version import VERSION
from coresponder_causal.data.forms import Condition, Form, Question

_TYPES = {"text": "text", "integer": "integer", "number": "decimal", "date": "date", "datetime": "dateTime"}
_TYPES |= {"month": "date", "note": "note", "fixed": "calculate"}
_DEFAULTS = {"now": "now()", "today": "today()"}
_SURVEY = (
    "type",
    "name",
    "label",
    "hint",
    "required",
    "relevant",
    "constraint",
    "constraint_message",
    "appearance",
    "default",
    "calculation",
)


def xlsform(form: Form) -> bytes:
    """Write a form as an XLSForm workbook.

    Parameters
    ----------
    form : Form
        An instrument's form, or a table's.

    Returns
    -------
    bytes
        An .xlsx file with the sheets survey, choices and settings. The names of the answers are those of the form, so
        an export with short names is a table that `data.validate` reads.

    Examples
    --------
    >>> from coresponder_causal.data.forms import table_form
    >>> xlsform(table_form("schedule"))[:2]
    b'PK'
    """
    from openpyxl import Workbook

    book = Workbook()
    survey = book.active
    survey.title = "survey"
    survey.append(_SURVEY)
    survey.append(["note", "intro", form.intro])
    for question in form.questions:
        row = _row(question, form)
        survey.append([row.get(name) for name in _SURVEY])
    choices = book.create_sheet("choices")
    choices.append(["list_name", "name", "label"])
    for line in _choices(form):
        choices.append(line)
    settings = book.create_sheet("settings")
    settings.append(["form_title", "form_id", "version"])
    settings.append([form.title, form.name, VERSION])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _row(question: Question, form: Form) -> dict[str, str | None]:
    """Write one row of the survey sheet."""
    if question.kind == "fixed":
        return {"type": "calculate", "name": question.name, "calculation": f"'{question.automatic}'"}
    listed = f"select_one {_list(question, form)}" if question.choices else _TYPES[question.kind]
    hint = "; ".join(
        part for part in (question.hint, "any day of the month" if question.kind == "month" else "") if part
    )
    return {
        "type": listed,
        "name": question.name,
        "label": question.ask,
        "hint": hint or None,
        "required": "yes" if question.required else None,
        "relevant": _relevant(question.condition),
        **_limits(question),
        "appearance": "month-year" if question.kind == "month" else None,
        "default": _DEFAULTS.get(question.automatic),
    }


def _limits(question: Question) -> dict[str, str]:
    """Write the limits of a number and what is said beyond them."""
    if question.choices:
        return {}
    limits = (("least", ">=", question.minimum), ("most", "<=", question.maximum))
    known = [(word, sign, limit) for word, sign, limit in limits if limit is not None]
    if not known:
        return {}
    return {
        "constraint": " and ".join(f". {sign} {limit:g}" for _, sign, limit in known),
        "constraint_message": "At " + ", at ".join(f"{word} {limit:g}" for word, _, limit in known),
    }


def _relevant(rule: Condition | None) -> str | None:
    """Write when a question is shown."""
    return None if rule is None else f"${{{rule.question}}} {'=' if rule.holds else '!='} '{rule.code}'"


def _list(question: Question, form: Form) -> str:
    """Name the list of answers; questions with the same answers share the list of the first of them."""
    first = next(entry for entry in form.questions if entry.choices == question.choices)
    return re.sub(r"\W", "_", f"{first.name}_answers")


def _choices(form: Form) -> Iterator[tuple[str, str, str]]:
    """Write every list of answers once."""
    seen = set()
    for question in form.questions:
        name = _list(question, form) if question.choices and question.kind != "fixed" else None
        if name is not None and name not in seen:
            seen.add(name)
            yield from ((name, str(code), words) for code, words in question.choices)
