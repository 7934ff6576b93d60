"""Forms that people fill: what is asked, in which way, and which field of the dictionary each answer goes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal, TypeAlias

from coresponder_causal.core.errors import DataError

if TYPE_CHECKING:
    from coresponder_causal.data.dictionary import Code, Field

Kind: TypeAlias = Literal[
    "text", "integer", "number", "date", "datetime", "month", "yes_no", "one_of", "rating", "note", "fixed"
]
Choices: TypeAlias = "tuple[tuple[Code, str], ...]"


@dataclass(frozen=True, slots=True)
class Condition:
    """When a question is asked: an earlier answer is, or is not, a code.

    Parameters
    ----------
    question, code : str
        The earlier question, and its answer.
    holds : bool
        False where the question is asked unless the answer is the code.
    """

    question: str
    code: str
    holds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One line of a form.

    Parameters
    ----------
    name : str
        Name of the answer in the form.
    ask, hint : str
        What is read, and what helps to answer it.
    kind : str
        How it is answered; a note is only read, a fixed answer is written by the form.
    choices : tuple of (code, str)
        Answers of a choice, a rating or a yes or no.
    minimum, maximum : float or None
        Limits of a number.
    required, identifying : bool
        Whether it must be answered, and whether the answer names a person.
    fills : tuple of (table, field) or None
        Where the answer goes; None for a note.
    condition : Condition or None
        When it is asked.
    automatic : str
        "system" where the answer is there before the form opens, "now" and "today" where the form writes it, or the
        fixed answer; empty where somebody answers.
    """

    name: str
    ask: str
    hint: str = ""
    kind: Kind
    choices: Choices = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    identifying: bool = False
    fills: tuple[str, str] | None = None
    condition: Condition | None = None
    automatic: str = ""

    @property
    def answered(self) -> bool:
        """Whether somebody has to do something for it."""
        return self.kind != "note" and not self.automatic


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form, an instrument or a table as people fill it.

    Parameters
    ----------
    name, title, intro : str
        Name, title, and what is read before the first question.
    audience, when : str
        Who fills it, and when.
    table : str
        Table of which one filled form is a row.
    questions : tuple of Question
        In order.
    """

    name: str
    title: str
    intro: str
    audience: str
    when: str
    table: str
    questions: tuple[Question, ...]

    def question(self, name: str) -> Question:
        """Return one question.

        Parameters
        ----------
        name : str

        Returns
        -------
        Question

        Raises
        ------
        DataError
            No such question: take one of the names in the message.
        """
        for entry in self.questions:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.questions)
        raise DataError(f"form {self.name!r} has no question {name!r}", mend=f"take one of {known}")


def asked(field: Field, table: str) -> Question:
    """Make a question of a field.

    Parameters
    ----------
    field : Field
        Its entry in the dictionary.
    table : str
        Its table.

    Returns
    -------
    Question
        Named and asked as the field.

    Examples
    --------
    >>> from coresponder_causal.data import dictionary
    >>> asked(dictionary.table("schedule").field("planned_hours"), "schedule").kind
    'number'
    """
    kind: Kind
    kind = "yes_no" if field.type == "boolean" else field.type if field.allowed is None else "one_of"
    choices: Choices = (("yes", "Yes"), ("no", "No")) if kind == "yes_no" else field.choices
    return Question(
        name=field.name,
        ask=field.label,
        hint="" if field.unit is None else field.unit,
        kind=kind,
        choices=choices,
        minimum=field.minimum,
        maximum=field.maximum,
        required=field.required,
        identifying=field.privacy == "identifying",
        fills=(table, field.name),
    )


def table_form(name: str) -> Form:
    """Make a form of a whole table.

    Parameters
    ----------
    name : str
        A table of the dictionary.

    Returns
    -------
    Form
        One question per field, in the order of the table.

    Examples
    --------
    >>> table_form("schedule").questions[1].name
    'shift_start'
    """
    from coresponder_causal.data import dictionary

    table = dictionary.table(name)
    who = sorted({field.entered_by for field in table.fields if field.burden in {"form", "one tap"}})
    return Form(
        name=name,
        title=table.label,
        intro=f"One form: {table.grain}.",
        audience=", ".join(who),
        when="as the dictionary says of each field",
        table=name,
        questions=tuple(asked(field, name) for field in table.fields),
    )


def table_forms() -> tuple[Form, ...]:
    """Return forms of the tables that people fill and for which there is no instrument.

    Returns
    -------
    tuple of Form

    Examples
    --------
    >>> [form.name for form in table_forms()][:3]
    ['breaks', 'cities', 'city_panel']
    """
    from coresponder_causal.data import dictionary
    from coresponder_causal.data.instrument import instruments

    covered = {entry.form.table for entry in instruments().values()}
    return tuple(
        table_form(name) for name, table in dictionary.tables().items() if table.by_hand and name not in covered
    )


def paths(form: Form) -> Iterator[tuple[Question, ...]]:
    """Walk every way through a form.

    Parameters
    ----------
    form : Form
        Answers on which later questions depend are tried one by one, and left out where they may be.

    Yields
    ------
    tuple of Question
        The questions that somebody answers on one way.

    Examples
    --------
    >>> from coresponder_causal.data.instrument import instruments
    >>> max(len(way) for way in paths(instruments()["on_scene_card"].form))
    8
    """
    deciding = sorted({entry.condition.question for entry in form.questions if entry.condition is not None})
    answers = []
    for name in deciding:
        question = form.question(name)
        codes = [str(code) for code, _ in question.choices]
        answers.append(codes if question.required else [*codes, ""])
    for chosen in product(*answers):
        given = dict(zip(deciding, chosen, strict=True))
        yield tuple(entry for entry in form.questions if entry.answered and _is_asked(entry, form, given))


def _is_asked(question: Question, form: Form, given: dict[str, str]) -> bool:
    """Whether a question appears with these answers; one that depends on an unasked question does not."""
    rule = question.condition
    if rule is None:
        return True
    if not _is_asked(form.question(rule.question), form, given):
        return not rule.holds
    return (given[rule.question] == rule.code) == rule.holds
