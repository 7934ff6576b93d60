"""The one text in which exchanged files hold what a code means, and what XML can hold at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coresponder_causal.qualitative.entries import Code

_HEADS = ("include", "exclude", "example", "about")
_HEAD = re.compile(rf"^({'|'.join(head.capitalize() for head in _HEADS)}): ?", re.MULTILINE)
_UNWRITABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def described(code: Code) -> str:
    r"""Write the wording of a code as one text, each part after its heading.

    Examples
    --------
    >>> from coresponder_causal.qualitative.entries import Code
    >>> described(Code(name="Respect", definition="Being met as a person.", exclude="Praise of the programme."))
    'Being met as a person.\nExclude: Praise of the programme.'
    """
    parts = {"include": code.include, "exclude": code.exclude, "example": code.example, "about": ", ".join(code.about)}
    lines = [code.definition, *(f"{head.capitalize()}: {text}" for head, text in parts.items() if text)]
    return "\n".join(line for line in lines if line)


def parts_of(text: str) -> dict[str, str]:
    r"""Take the wording of a code apart again; what comes before the first heading is its definition.

    Examples
    --------
    >>> parts_of("Being met as a person.\nExclude: Praise of the programme.")["exclude"]
    'Praise of the programme.'
    """
    found = dict.fromkeys(("definition", *_HEADS), "")
    head, at = "definition", 0
    for match in [*_HEAD.finditer(text), None]:
        part = text[at : None if match is None else match.start()].strip()
        found[head] = "\n".join(filter(None, (found[head], part)))
        if match is not None:
            head, at = match[1].lower(), match.end()
    return found


def plain(text: str) -> str:
    r"""Text with one kind of line end, without the signs that XML cannot hold.

    Examples
    --------
    >>> plain("a\r\nb\x00")
    'a\nb'
    """
    return _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def numbered(names: Iterable[str]) -> list[str]:
    """Give each name that comes again its number.

    Examples
    --------
    >>> numbered(["I01", "I02", "I01"])
    ['I01', 'I02', 'I01 (2)']
    """
    found: list[str] = []
    for name in names:
        number, own = 1, name
        while own in found:
            number += 1
            own = f"{name} ({number})"
        found.append(own)
    return found


def unwritable(text: str) -> bool:
    r"""Whether a text has signs that XML cannot hold, or would change.

    Examples
    --------
    >>> unwritable("a\nb"), unwritable("a\rb"), unwritable("a\x00b")
    (False, True, True)
    """
    return _UNWRITABLE.search(text) is not None
