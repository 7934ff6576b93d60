"""Numbers for what was taken out of a document: the same person has the same number throughout it."""

from __future__ import annotations

import re


class Pseudonyms:
    """Numbers given out in one document.

    A name that shares a word with an earlier one is taken for the same person; anything else is the same only where
    its letters and digits are.

    Examples
    --------
    >>> given = Pseudonyms()
    >>> [given.of("PERSON", name) for name in ("Maria Lopez", "J. Xu", "Lopez", "MARIA")]
    ['[PERSON 1]', '[PERSON 2]', '[PERSON 1]', '[PERSON 1]']
    >>> [given.of("PHONE", number) for number in ("916-555-0134", "(916) 555-0134")]
    ['[PHONE 1]', '[PHONE 1]']
    """

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: dict[str, list[set[str]]] = {}

    def of(self, kind: str, text: str) -> str:
        """Give the replacement for a piece of text.

        Parameters
        ----------
        kind : str
            What it is.
        text : str
            The piece.

        Returns
        -------
        str
        """
        keys = self._keys(kind, text)
        told = self._told.setdefault(kind, [])
        for number, before in enumerate(told, 1):
            if keys & before:
                before |= keys
                return f"[{kind} {number}]"
        told.append(keys)
        return f"[{kind} {len(told)}]"

    @staticmethod
    def _keys(kind: str, text: str) -> set[str]:
        """Words of a name of two letters or more; of anything else its letters and digits."""
        low = text.casefold()
        if kind == "PERSON":
            return {word for word in re.findall(r"[^\W\d_]+", low) if len(word) > 1} or {low}
        return {re.sub(r"\W+", "", low)}
