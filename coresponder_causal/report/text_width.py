"""How wide text is in the letters of the pictures, and where its lines break."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font


def folded(text: str, size: float, wide: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines, at spaces; a word that is too long for a line is cut with a hyphen.

    Parameters
    ----------
    text : str
    size : float
        Of its letters, in points.
    wide : float
        Width of a line in points, enough for two letters.
    bold : bool

    Returns
    -------
    list of str
        At least one line.

    Examples
    --------
    >>> folded("Fewer repeat crisis calls", 7.5, 60)
    ['Fewer repeat', 'crisis calls']
    """
    lines = [""]
    for word in (piece for whole in text.split() for piece in _pieces(whole, size, wide, bold)):
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size, bold=bold) <= wide or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a text in points: of its words and the spaces between them.

    Parameters
    ----------
    text : str
    size : float
    bold : bool
    """
    words = text.split(" ")
    return size * (sum(_unit_width(word, bold) for word in words) + (len(words) - 1) * _unit_width(" ", bold))


def _pieces(word: str, size: float, wide: float, bold: bool) -> list[str]:
    """Cut a word that is wider than a line."""
    if width(word, size, bold=bold) <= wide:
        return [word]
    fits = max(1, next(end for end in range(len(word)) if width(f"{word[: end + 1]}-", size, bold=bold) > wide))
    return [f"{word[:fits]}-", *_pieces(word[fits:], size, wide, bold)]


@cache
def _unit_width(word: str, bold: bool) -> float:
    """Width of a word whose letters are one point high."""
    font = _font(bold)
    font.set_size(100, 72)
    font.set_text(word)
    return float(font.get_width_height()[0]) / 6400


@cache
def _font(bold: bool) -> FT2Font:
    """Return the font that the pictures are written in."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")))
