"""Instruments on paper: the card, the log, the forms of each wave and the guides, to print or to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coresponder_causal.report.printed import Paper, PaperLine

if TYPE_CHECKING:
    from coresponder_causal.data.forms import Condition, Form, Question
    from coresponder_causal.data.instrument import Instrument

_BLANKS = {"date": "year – month – day", "datetime": "year – month – day, hour : minute", "month": "year – month"}
_DATES = {"calendar date", "calendar month", "local clock time"}


def paper(instrument: Instrument) -> Paper:
    """Return an instrument as it is printed.

    Parameters
    ----------
    instrument : Instrument
        One of `data.instrument.instruments`.

    Returns
    -------
    Paper
        `report.write` makes the file.

    Examples
    --------
    >>> from coresponder_causal.data.instrument import instruments
    >>> page = paper(instruments()["experience"])
    >>> page.lines[-2].text, page.lines[-2].answers[-1]
    ('I would call them again.', 'Strongly agree')
    """
    form = instrument.form
    printed = [entry for entry in form.questions if entry.automatic not in {"now"} and entry.kind != "fixed"]
    minutes = instrument.seconds / 60
    length = f"{instrument.seconds} seconds" if minutes < 2 else f"{minutes:.0f} minutes"
    return Paper(
        title=form.title,
        subtitle=f"For: {form.audience}. When: {form.when}. Takes about {length}.",
        intro=form.intro,
        lines=tuple(_line(entry, form, guide=instrument.kind == "guide") for entry in printed),
        protocol=tuple(entry for entry in instrument.protocol if entry[1] != form.intro),
        large=instrument.kind == "card",
    )


def _line(question: Question, form: Form, *, guide: bool) -> PaperLine:
    """Make one line."""
    blank = "" if question.choices or question.kind == "note" else _BLANKS.get(question.kind, "_")
    return PaperLine(
        text=question.ask,
        answers=tuple(words for _, words in question.choices),
        blank=blank,
        hint="" if blank in _BLANKS.values() and question.hint in _DATES else question.hint,
        only_if=_said(question.condition, form),
        heading=question.kind == "note" and not guide,
        lines_below=3 if question.kind == "note" and guide else 0,
        rated=any(isinstance(code, int) for code, _ in question.choices),
    )


def _said(rule: Condition | None, form: Form) -> str:
    """Say when a line is answered; what depends on consent is said once, above."""
    if rule is None or rule.question == "consent":
        return ""
    earlier = form.question(rule.question)
    answer = dict((str(code), words) for code, words in earlier.choices)[rule.code]
    if not rule.holds:
        return f"Unless “{answer}”"
    return f"Only if “{answer}” to: {earlier.ask}"
