"""Redacted texts and a reader's word on disk, each checked against its digest when it is read again."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import write_together
from coresponder_causal.core.parsed import read_json
from coresponder_causal.privacy.redaction import Redacted, digest, span_head
from coresponder_causal.privacy.sign_off import SignOff

texts_file, report_file, word_file = "redacted.json", "report.txt", "sign_off.json"


def write_redacted(done: Redacted, folder: str | Path) -> list[Path]:
    """Write redacted texts and the report of what was taken out.

    Parameters
    ----------
    done : Redacted
    folder : path
        It is made; files of the same name are replaced.

    Returns
    -------
    list of Path
        ``redacted.json`` (texts, spans, digest) and ``report.txt``. The originals are not in them, but until somebody
        has read the texts they are kept where the originals are.

    Examples
    --------
    >>> import tempfile
    >>> from coresponder_causal.privacy import redact
    >>> with tempfile.TemporaryDirectory() as place:
    ...     written = write_redacted(redact(["Maria Lopez called."]), place)
    ...     read_redacted(place).texts
    ('[PERSON 1] called.',)
    """
    content = {
        "sha256": done.sha256,
        "recognisers": done.recognisers,
        "texts": list(done.texts),
        "spans": done.spans.to_dict("records"),
    }
    texts = json.dumps(content, ensure_ascii=False, indent=1)
    files = {texts_file: f"{texts}\n".encode(), report_file: f"{done.report()}\n".encode()}
    return write_together(Path(folder), files)


def read_redacted(folder: str | Path) -> Redacted:
    """Read redacted texts.

    Parameters
    ----------
    folder : path
        Where `write_redacted` wrote them.

    Returns
    -------
    Redacted

    Raises
    ------
    DataError
        There are none: redact first.
    DisclosureError
        The texts were changed after they were redacted: redact again.
    """
    kinds = {"texts": list, "spans": list, "recognisers": str, "sha256": str}
    content = read_json(Path(folder) / texts_file, kinds, mend="redact the texts first")
    texts = tuple(content["texts"])
    if digest(texts) != content["sha256"]:
        raise DisclosureError("the texts were changed after they were redacted", mend="redact them again")
    spans = pd.DataFrame(content["spans"], columns=span_head)
    return Redacted(texts=texts, spans=spans, recognisers=content["recognisers"], sha256=content["sha256"])


def write_sign_off(word: SignOff, folder: str | Path) -> Path:
    """Write a reader's word beside the texts it is about.

    Parameters
    ----------
    word : SignOff
    folder : path

    Returns
    -------
    Path
        ``sign_off.json``.
    """
    return write_whole(Path(folder) / word_file, (json.dumps(asdict(word), indent=1) + "\n").encode())


def read_sign_off(folder: str | Path) -> SignOff:
    """Read a reader's word; whether it is about the texts, `quotes` checks.

    Parameters
    ----------
    folder : path

    Returns
    -------
    SignOff

    Raises
    ------
    DataError
        Nobody has signed: have the texts read.
    """
    kinds = {one.name: object for one in fields(SignOff)} | {"read": list}
    content = read_json(Path(folder) / word_file, kinds, mend="have the texts read, and sign off")
    return SignOff(**{name: content[name] for name in kinds} | {"read": tuple(content["read"])})
