"""One question of a page that may fail by itself: what answers it with its remarks, or why it cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import collecting
from coresponder_causal.report.specs import Block, Bullets, Sentence, of_nobody


def told(make: Callable[[], Sequence[Block]], what: str = "") -> tuple[Block, ...]:
    """Make blocks, with what was noted on the way below them; where that fails, say why and how to mend it.

    Parameters
    ----------
    make : callable
        Gives the blocks.
    what : str
        What it is, for the sentence that says it cannot be told.

    Examples
    --------
    >>> from coresponder_causal.core.errors import DataError
    >>> def nothing():
    ...     raise DataError("no text", mend="give texts")
    >>> told(nothing, "Words")[0].text
    'Words: not told. No text. To mend it: give texts.'
    """
    try:
        with collecting() as said:
            blocks = tuple(make())
    except CausalError as error:
        head = f"{what}: not told. {error.what[:1].upper()}{error.what[1:]}" if what else f"Not told: {error.what}"
        return (remark(f"{head}. To mend it: {error.mend}."),)
    remarks = tuple(remark(f"{text}.") for text in dict.fromkeys(said))
    return (*blocks, Bullets(items=remarks)) if remarks else blocks


def remark(text: str) -> Sentence:
    """Sentence behind which nobody stands; small counts in its words are held back all the same."""
    return Sentence(text=text, support=of_nobody)
