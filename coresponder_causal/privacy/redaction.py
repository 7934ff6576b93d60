"""Narratives without identifiers: recognisers mark, a person reads, and only then is anything quoted.

Rules and lexicon find what has a form; presidio, an optional model of language, finds names by their place in the
sentence. Neither is enough alone, and both together miss some: `sign_off` records who read what, `quotes` gives out
nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import pandas as pd

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.privacy.identifiers import not_advice
from coresponder_causal.privacy.presidio import presidio_spans
from coresponder_causal.privacy.pseudonyms import Pseudonyms
from coresponder_causal.privacy.recognisers import Span, merged, recognise
from coresponder_causal.privacy.redaction_study import measured_recall

Recognisers: TypeAlias = Literal["rules", "rules and presidio"]
span_head = ["document", "start", "end", "kind", "by", "replacement"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Redacted:
    """Texts as the recognisers left them, frozen by a digest.

    Parameters
    ----------
    texts : tuple of str
        Redacted texts, by position of the document.
    spans : DataFrame
        What was taken out: ``document`` (position), ``start``, ``end`` (code points in the original, from 0), ``kind``,
        ``by`` (recogniser), ``replacement``. Never the text itself.
    recognisers : str
        Which recognisers looked.
    sha256 : str
        Digest of the texts; a sign-off names it.
    """

    texts: tuple[str, ...]
    spans: pd.DataFrame
    recognisers: str
    sha256: str

    def report(self) -> str:
        """Text that counts what was taken out, and says what the recognisers are known to miss."""
        counts = pd.crosstab(self.spans["kind"], self.spans["by"], margins=True, margins_name="all")
        table = counts.to_string() if len(self.spans) else "nothing was found"
        return (
            f"{len(self.texts)} documents, {len(self.spans)} spans taken out by {self.recognisers}\n\n{table}\n\n"
            f"{measured_recall(self.recognisers)}\nA person has to read before anything is quoted: see sign_off.\n"
            f"sha256 {self.sha256}\n{not_advice}"
        )

    def __str__(self) -> str:
        return self.report()

    def __repr__(self) -> str:
        return f"Redacted({len(self.texts)} documents, {len(self.spans)} spans, sha256={self.sha256[:12]}…)"

    def place(self, document: int, start: int, end: int) -> tuple[int, int]:
        """Where a passage of the original stands in the redacted text; a touched replacement is taken whole.

        Parameters
        ----------
        document : int
            Position of the document.
        start, end : int
            Code points in the original.

        Returns
        -------
        tuple of int
            Start and end in the redacted text.
        """
        shift_start = shift_end = 0
        own = self.spans[self.spans["document"] == document]
        for first, last, replacement in own[["start", "end", "replacement"]].to_numpy().tolist():
            grown = len(replacement) - (last - first)
            if start >= last:
                shift_start += grown
            elif start > first:
                start = first
            if end > first:
                end, shift_end = max(end, last), shift_end + grown
        return start + shift_start, end + shift_end


def redact(
    texts: Iterable[str | None],
    *,
    known: Iterable[str] = (),
    places: Iterable[str] = (),
    recognisers: Recognisers = "rules",
) -> Redacted:
    """Replace what may identify somebody by its kind and a number that is the same throughout a document.

    Parameters
    ----------
    texts : iterable of str or None
        Documents; what is missing becomes an empty text, which a note counts.
    known : iterable of str
        Names of persons and staff in the records, and whatever a reader found missing before: all of it goes, in small
        letters and capitals, with accents or without. A name that is a word (May, Will) takes the word with it.
    places : iterable of str
        Names of places besides those of the lexicon.
    recognisers : {"rules", "rules and presidio"}
        Rules and lexicon, or their union with presidio, which the extra ``redact`` installs.

    Returns
    -------
    Redacted

    Raises
    ------
    DataError
        Something that is no text, by its position; or presidio is not installed: install it, or ask for rules alone.

    Examples
    --------
    >>> done = redact(["Officer Brown met Maria Lopez on 7/4/2021. Lopez asked for Maria's sister."])
    >>> done.texts[0]
    "Officer [PERSON 1] met [PERSON 2] on [DATE 1]. [PERSON 2] asked for [PERSON 2]'s sister."
    """
    if recognisers not in get_args(Recognisers):
        raise DataError("no such recognisers", mend=f"take one of {', '.join(get_args(Recognisers))}")
    also = presidio_spans() if recognisers == "rules and presidio" else None
    names, towns = tuple(known), tuple(places)
    read = [_as_text(i, text) for i, text in enumerate(texts)]
    if blank := sum(not text for text in read):
        note(f"{blank} of {len(read)} documents have no text")
    done = [_redacted(text, names, towns, also) for text in read]
    rows = [(i, *span, replacement) for i, (_, found) in enumerate(done) for span, replacement in found]
    clean = tuple(text for text, _ in done)
    spans = pd.DataFrame(rows, columns=span_head)
    return Redacted(texts=clean, spans=spans, recognisers=recognisers, sha256=digest(clean))


def digest(texts: Sequence[str]) -> str:
    """SHA-256 of texts in their order.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    str
        Hexadecimal.

    Examples
    --------
    >>> digest(["a", "b"]) == digest(["ab"])
    False
    """
    return hashlib.sha256(json.dumps(list(texts), ensure_ascii=False).encode()).hexdigest()


def _as_text(position: int, text: object) -> str:
    """Take a text, or nothing for what is missing."""
    if isinstance(text, str):
        return text
    if text is None or bool(pd.isna(text)):  # type: ignore[call-overload]
        return ""
    raise DataError(f"document {position} is no text but a {type(text).__name__}", mend="give texts")


def _redacted(
    text: str, known: tuple[str, ...], places: tuple[str, ...], also: Callable[[str], list[Span]] | None
) -> tuple[str, list[tuple[Span, str]]]:
    """Redact one document."""
    found = recognise(text, known=known, places=places, eager=True)
    if also is not None:
        found = merged([*found, *also(text)])
    pseudonyms, parts, found_as, before = Pseudonyms(), [], [], 0
    for span in found:
        replacement = pseudonyms.of(span.kind, text[span.start : span.end])
        parts += [text[before : span.start], replacement]
        found_as.append((span, replacement))
        before = span.end
    return "".join([*parts, text[before:]]), found_as
