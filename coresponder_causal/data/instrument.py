"""Instruments of the evaluation: the card, the log, the forms of each wave and the guides, read from YAML files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import dictionary
from coresponder_causal.data.folder import folder, written
from coresponder_causal.data.forms import Choices, Condition, Form, Question, asked

InstrumentKind: TypeAlias = Literal["card", "log", "survey", "guide"]
ScoredAs: TypeAlias = Literal["mean", "sum"]
_ITEM = {
    "name", "fills", "ask", "hint", "required", "unknown", "rating", "note", "prefilled", "automatic", "fixed",
    "show_if", "not_if",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How the answers of a form become one score.

    Parameters
    ----------
    field : str
        Field of the form's table that the score fills.
    items, reversed : tuple of str
        Questions that count, and those of them that count the other way round.
    low, high : float
        Ends of the answers.
    needed : int
        Answers without which there is no score.
    how : {"mean", "sum"}
        Mean of the answers given, or this mean times the number of items: their sum where all were given.
    """

    field: str
    items: tuple[str, ...]
    reversed: tuple[str, ...]
    low: float
    high: float
    needed: int
    how: ScoredAs = "mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A form with what must be known to use it.

    Parameters
    ----------
    form : Form
        What is asked.
    kind : {"card", "log", "survey", "guide"}
        What sort of form it is.
    permission : str
        Who may use the wording.
    seconds : int
        How long it takes to fill.
    protocol : tuple of (str, str)
        Heading and text: sampling, consent, distress and the like.
    scores : tuple of Score
        Scores made of the answers.
    """

    form: Form
    kind: InstrumentKind
    permission: str
    seconds: int
    protocol: tuple[tuple[str, str], ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscale:
    """Items of a published scale that make one score; None where the key comes with the licensed copy.

    Parameters
    ----------
    name : str
    items, reversed : tuple of int or None
        Numbers of the items, and of those that count the other way round.
    """

    name: str
    items: tuple[int, ...] | None
    reversed: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedScale:
    """Scoring key of a published scale; its wording is not here.

    Parameters
    ----------
    id, name, permission, reference : str
        What it is, who must be asked, and where it was published.
    range : tuple of float or None
        Ends of the answers.
    items : int or None
        How many items it has.
    score : {"mean", "sum"} or None
        What a subscale's answers become.
    needed : int or None
        Answers of a subscale without which it has no score; None where the source does not say: all of them.
    subscales : tuple of Subscale
    """

    id: str
    name: str
    permission: str
    reference: str
    range: tuple[float, float] | None
    items: int | None
    score: ScoredAs | None
    needed: int | None
    subscales: tuple[Subscale, ...]

    def key(self) -> tuple[Score, ...]:
        """Scoring key, for answers in columns ``<id>_1, <id>_2, …``; empty where it comes with the licensed copy."""
        if self.range is None or self.score is None:
            return ()
        low, high = self.range
        return tuple(
            Score(
                field=f"{self.id}_{part.name}",
                items=tuple(f"{self.id}_{number}" for number in part.items),
                reversed=tuple(f"{self.id}_{number}" for number in part.reversed or ()),
                low=low,
                high=high,
                needed=self.needed or len(part.items),
                how=self.score,
            )
            for part in self.subscales
            if part.items is not None
        )


@cache
def instruments() -> Mapping[str, Instrument]:
    """Return every instrument.

    Returns
    -------
    Mapping of str to Instrument
        In alphabetical order of their names.

    Raises
    ------
    DataError
        An item that is misspelt or fills no field of the dictionary: the message names it.

    Examples
    --------
    >>> instruments()["officer_wave"].scores[0].reversed
    ('stigma_3', 'stigma_4')
    """
    found = [entry for spec in _files() for entry in read(spec)]
    return MappingProxyType({entry.form.name: entry for entry in sorted(found, key=lambda entry: entry.form.name)})


@cache
def published_scales() -> tuple[PublishedScale, ...]:
    """Return the scoring keys of published scales.

    Returns
    -------
    tuple of PublishedScale

    Examples
    --------
    >>> published_scales()[0].subscales[6]
    Subscale(name='avoidance', items=(7, 16, 26), reversed=(7, 16, 26))
    """
    spec = written(folder() / "instruments" / "published_scales.yaml")
    return tuple(_published(entry) for entry in spec["published"])


def read(spec: dict[str, Any]) -> Iterator[Instrument]:
    """Make the instruments of one YAML mapping.

    Parameters
    ----------
    spec : dict
        What the file holds: one instrument, or several interview guides that share their head.

    Yields
    ------
    Instrument

    Raises
    ------
    DataError
        An item that is misspelt or fills no field of the dictionary: the message names it.
    """
    if "guides" in spec:
        yield from (_guide(entry, spec) for entry in spec["guides"])
    elif "instrument" in spec:
        yield _instrument(spec)


def _files() -> Iterator[dict[str, Any]]:
    """Read every file of the folder."""
    for path in sorted((folder() / "instruments").glob("*.yaml")):
        yield written(path)


def _instrument(spec: dict[str, Any]) -> Instrument:
    """Make one instrument that is no guide."""
    name = spec["instrument"]
    questions = tuple(_questions(spec["items"], name, spec.get("ratings", {})))
    if spec.get("after_consent"):
        questions = tuple(_after_consent(questions))
    fills = next(entry.fills for entry in questions if entry.fills is not None)
    form = Form(
        name=name,
        title=spec["label"],
        intro=spec["intro"],
        audience=spec["audience"],
        when=spec["when"],
        table=fills[0],
        questions=questions,
    )
    return Instrument(
        form=form,
        kind=spec["kind"],
        permission=spec["permission"],
        seconds=spec["seconds"],
        protocol=tuple(spec["protocol"].items()),
        scores=tuple(_score(entry, form) for entry in spec.get("scores", ())),
    )


def _guide(entry: dict[str, Any], spec: dict[str, Any]) -> Instrument:
    """Make one interview guide: the shared head, its questions as notes, the shared foot."""
    name = entry["name"]
    who = {"fills": "interviews.stakeholder", "fixed": entry["stakeholder"]}
    notes = [{"note": text} for text in entry["ask"]]
    items = [*spec["header"][:1], who, *spec["header"][1:], *notes, *spec["footer"]]
    form = Form(
        name=name,
        title=entry["label"],
        intro=spec["consent"],
        audience="interviewer",
        when="on the day",
        table="interviews",
        questions=tuple(_questions(items, name, {})),
    )
    protocol = (("Sampling", entry["sampling"]), ("Consent", spec["consent"]), ("Distress", entry["distress"]))
    return Instrument(
        form=form,
        kind=spec["kind"],
        permission=spec["permission"],
        seconds=60 * entry["minutes"],
        protocol=protocol,
        scores=(),
    )


def _questions(items: list[dict[str, Any]], where: str, ratings: dict[str, dict[int, str]]) -> Iterator[Question]:
    """Make the questions of a list of items."""
    notes = 0
    for number, item in enumerate(items, 1):
        if unknown := sorted(item.keys() - _ITEM):
            raise DataError(f"{where}, item {number} does not know {unknown}", mend=f"use {', '.join(sorted(_ITEM))}")
        if "note" in item:
            notes += 1
            yield Question(name=f"note_{notes}", ask=item["note"], kind="note")
        else:
            yield _question(item, f"{where}, item {number}", ratings)


def _question(item: dict[str, Any], where: str, ratings: dict[str, dict[int, str]]) -> Question:
    """Make a question of an item that fills a field; what the item does not say, the field says."""
    table, _, field_name = item["fills"].partition(".")
    field = dictionary.table(table).field(field_name)
    question = asked(field, table)
    automatic = item.get("automatic") or item.get("fixed") or ("system" if item.get("prefilled") else "")
    choices: Choices = question.choices
    if unknown := item.get("unknown"):
        if "unknown" not in field.missing:
            raise DataError(f"{where}: 'unknown' is no missing code of {item['fills']}", mend="leave unknown out")
        choices = (*choices, ("unknown", unknown))
    if rating := item.get("rating"):
        question = replace(question, kind="rating", hint="", minimum=None, maximum=None)
        choices = tuple(ratings[rating].items())
    elif "fixed" in item:
        question = replace(question, kind="fixed")
    return replace(
        question,
        name=item.get("name", question.name),
        ask=item.get("ask", question.ask),
        hint=item.get("hint", "" if "ask" in item else question.hint),
        choices=choices,
        required=bool(item.get("required", automatic == "system" and field.required)),
        condition=_condition(item),
        automatic=automatic,
    )


def _condition(item: dict[str, Any]) -> Condition | None:
    """Read when an item is asked."""
    for key, holds in (("show_if", True), ("not_if", False)):
        if key in item:
            ((question, code),) = item[key].items()
            return Condition(question, code, holds)
    return None


def _after_consent(questions: tuple[Question, ...]) -> Iterator[Question]:
    """Ask what comes after the question of consent only of those who consented."""
    consented = False
    for question in questions:
        ask = consented and question.condition is None and not question.automatic
        yield replace(question, condition=Condition("consent", "yes")) if ask else question
        consented = consented or question.name == "consent"


def _score(entry: dict[str, Any], form: Form) -> Score:
    """Make a score, whose items must be questions that fill its field."""
    for name in (*entry["items"], *entry["reversed"]):
        if form.question(name).fills != (form.table, entry["score"]) or name not in entry["items"]:
            raise DataError(f"{form.name}: {name} does not count for {entry['score']}", mend="correct the scoring key")
    low, high = entry["range"]
    return Score(
        field=entry["score"],
        items=tuple(entry["items"]),
        reversed=tuple(entry["reversed"]),
        low=low,
        high=high,
        needed=entry["needed"],
    )


def _published(entry: dict[str, Any]) -> PublishedScale:
    """Make a published scale of its YAML mapping."""
    subscales = tuple(
        Subscale(
            name=name,
            items=None if key["items"] is None else tuple(key["items"]),
            reversed=None if key["reversed"] is None else tuple(key["reversed"]),
        )
        for name, key in entry["subscales"].items()
    )
    limits = None if entry["range"] is None else (entry["range"][0], entry["range"][1])
    return PublishedScale(**{**entry, "range": limits, "subscales": subscales})
