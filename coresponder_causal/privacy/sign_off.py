"""The person between redaction and quotation: who read which documents, and what may be quoted for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date

import numpy as np
import pandas as pd
from scipy.special import gammaln

from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.privacy.redaction import Redacted, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """A reader's word that the documents read hold no identifier any more.

    Parameters
    ----------
    sha256 : str
        Digest of the redacted texts.
    reader, date : str
        Who read them, and when.
    read : tuple of int
        Positions of the documents that were read in full.
    of : int
        Documents in all.
    """

    sha256: str
    reader: str
    date: str
    read: tuple[int, ...]
    of: int

    @property
    def at_most(self) -> float:
        """Share of all documents that may still hold an identifier, at 95 %, if those read were drawn by lot.

        Of N documents with D bad ones, n that are all good are drawn with probability C(N − D, n) / C(N, n); the share
        is that of the largest D for which this is 0.05 or more.
        """
        n, bad = len(self.read), np.arange(self.of - len(self.read) + 1)
        left = self.of - bad
        log_p = gammaln(left + 1) - gammaln(left - n + 1) - gammaln(self.of + 1) + gammaln(self.of - n + 1)
        return float(bad[log_p >= np.log(0.05)].max() / self.of)

    def __str__(self) -> str:
        return (
            f"{self.reader} read {len(self.read)} of {self.of} documents in full on {self.date}: no identifier found.\n"
            f"If they were drawn by lot, at most {100 * self.at_most:.1f} % of all documents hold one (95 %).\n"
            f"Only documents that were read may be quoted. sha256 {self.sha256}"
        )


def reading_sample(redacted: Redacted, *, size: int, seed: int) -> tuple[int, ...]:
    """Draw documents for a reader by lot.

    Parameters
    ----------
    redacted : Redacted
    size : int
        How many.
    seed : int

    Returns
    -------
    tuple of int
        Positions, in order.

    Raises
    ------
    DataError
        More than there are, or none: ask for a number in between.

    Examples
    --------
    >>> from coresponder_causal.privacy import redact
    >>> reading_sample(redact(["a", "b", "c"]), size=3, seed=1)
    (0, 1, 2)
    """
    if not 1 <= size <= len(redacted.texts):
        raise DataError(f"{size} of {len(redacted.texts)} documents", mend="draw at least one and at most all")
    drawn = np.random.default_rng(seed).choice(len(redacted.texts), size, replace=False)
    return tuple(sorted(drawn.tolist()))


def sign_off(redacted: Redacted, *, reader: str, date: str, read: Iterable[int], missed: int) -> SignOff:
    """Record that a person read redacted documents in full.

    Parameters
    ----------
    redacted : Redacted
        What was read.
    reader : str
        Who read it: a person, by name and office.
    date : str
        When, e.g. "2026-03-02".
    read : iterable of int
        Positions of the documents, each read in full.
    missed : int
        Identifiers that the reader found in them. There is no default: somebody must have counted.

    Returns
    -------
    SignOff

    Raises
    ------
    DisclosureError
        The reader found identifiers: add them to ``known`` or ``places`` and redact again.
    DataError
        No reader, no date, no document, or one that is not there, or fewer than no identifiers.

    Examples
    --------
    >>> from coresponder_causal.privacy import redact
    >>> done = redact(["Maria Lopez called.", "All calm."])
    >>> print(str(sign_off(done, reader="A. Reader, records", date="2026-03-02", read=[0], missed=0)).splitlines()[0])
    A. Reader, records read 1 of 2 documents in full on 2026-03-02: no identifier found.
    """
    positions = tuple(sorted(set(read)))
    if not reader.strip():
        raise DataError("nobody is named as reader", mend="name the person and the office")
    try:
        calendar_date.fromisoformat(date)
    except ValueError:
        raise DataError("the date of the reading is no date", mend="write it as 2026-03-02") from None
    if not positions or positions[0] < 0 or positions[-1] >= len(redacted.texts):
        raise DataError(
            f"of {len(redacted.texts)} documents, those read are not named rightly",
            mend=f"give positions from 0 to {len(redacted.texts) - 1}, such as reading_sample draws",
        )
    if missed < 0:
        raise DataError(f"{missed} identifiers found", mend="give the number that the reader counted, from 0 on")
    if missed:
        raise DisclosureError(
            f"the reader found {missed} identifiers in {len(positions)} documents",
            mend="add them to known= or places=, redact again, and have other documents read too",
        )
    return SignOff(sha256=redacted.sha256, reader=reader, date=date, read=positions, of=len(redacted.texts))


def quotes(
    redacted: Redacted, signed: SignOff | None, passages: Sequence[tuple[int, int, int]], *, of_original: bool = True
) -> pd.DataFrame:
    """Give out passages of redacted documents that a person has read.

    Parameters
    ----------
    redacted : Redacted
    signed : SignOff or None
        The reader's word; without it there are no quotes.
    passages : sequence of (document, start, end)
        Position of the document, and code points from 0.
    of_original : bool
        Whether the code points count in the original, as those of coded passages do, or in the redacted text.

    Returns
    -------
    DataFrame
        ``document, start, end`` (in the redacted text), ``text``.

    Raises
    ------
    DisclosureError
        No sign-off, one for other texts, or documents that nobody has read: have them read.
    DataError
        A passage outside its document, by its place in the list.

    Examples
    --------
    >>> from coresponder_causal.privacy import redact
    >>> done = redact(["She thanked Maria Lopez twice."])
    >>> signed = sign_off(done, reader="A. Reader", date="2026-03-02", read=[0], missed=0)
    >>> quotes(done, signed, [(0, 4, 23)])["text"].tolist()
    ['thanked [PERSON 1]']
    """
    if signed is None:
        raise DisclosureError("nobody has read the redacted texts", mend="have them read and sign off: sign_off")
    if not redacted.sha256 == signed.sha256 == digest(redacted.texts):
        raise DisclosureError("the sign-off is for other texts", mend="have these texts read and sign off again")
    if unread := sorted({document for document, _, _ in passages} - set(signed.read)):
        shown = ", ".join(map(str, unread[:5]))
        raise DisclosureError(
            f"{len(unread)} documents have not been read by a person ({shown})",
            mend="have them read, and sign off again",
        )
    rows = []
    for i, (document, start, end) in enumerate(passages):
        first, last = redacted.place(document, start, end) if of_original else (start, end)
        if not 0 <= first < last <= len(redacted.texts[document]):
            raise DataError(f"passage {i} is not inside document {document}", mend="give code points from 0")
        rows.append((document, first, last, redacted.texts[document][first:last]))
    return pd.DataFrame(rows, columns=["document", "start", "end", "text"])
