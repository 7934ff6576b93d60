"""How wide text is in the letters of the pictures, and where its lines break."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font


def folded(text: str, size: float, wide: float) -> list[str]:
    """Break a text into lines no wider than ``wide`` points, at spaces; a longer word is cut with a hyphen."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size) <= wide:
            lines[-1] = longer
            continue
        lines = [line for line in lines if line] + [""]
        for letter in word:
            if width(f"{lines[-1]}{letter}-", size) > wide and width(word, size) > wide:
                lines[-1] += "-"
                lines.append("")
            lines[-1] += letter
    return lines


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a text in points."""
    font = _font(bold)
    font.set_size(size, 72)
    font.set_text(text)
    return float(font.get_width_height()[0]) / 64


@cache
def _font(bold: bool) -> FT2Font:
    """Return the font that the pictures are written in."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")))
