"""Forms and leaflets as values, before they are set to be printed. They hold no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from coresponder_causal.data.guides import Guide


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    """One line of a printed form.

    Parameters
    ----------
    text, hint, only_if : str
        What is asked, what helps to answer it, and when it is answered.
    answers : tuple of str
        Answers to choose from.
    blank : str
        What stands below a line to write on; "_" for nothing, empty where there is no such line.
    heading : bool
        Whether it is only read.
    lines_below : int
        Empty lines for notes.
    rated : bool
        Whether the answers are the steps of a scale.
    """

    text: str
    answers: tuple[str, ...] = ()
    blank: str = ""
    hint: str = ""
    only_if: str = ""
    heading: bool = False
    lines_below: int = 0
    rated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paper:
    """A form to print. It holds questions and no data.

    Parameters
    ----------
    title, subtitle, intro : str
        Title, for whom and when, and what is read first.
    lines : tuple of PaperLine
    protocol : tuple of (str, str)
        Heading and text of what must be known to use it.
    large : bool
        Whether its answers are large enough for a thumb.
    """

    title: str
    subtitle: str
    intro: str
    lines: tuple[PaperLine, ...]
    protocol: tuple[tuple[str, str], ...] = ()
    large: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaflet:
    """A guide to hand out, on one sheet. It holds no data.

    Parameters
    ----------
    guide : Guide
    foot : tuple of str
        What stands below: the reading level, and that examples are made up.
    """

    guide: Guide
    foot: tuple[str, ...]

    @property
    def title(self) -> str:
        """Title of the guide."""
        return self.guide.title


Blank: TypeAlias = Paper | Leaflet  # holds no data
