"""Specs as markup: one file without script or network, every text escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, cast

from coresponder_causal.report import words
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.printed import Blank, Leaflet, Paper
from coresponder_causal.report.specs import Column, Page, Picture, Section, Sentence, Table

if TYPE_CHECKING:
    from jinja2 import Template

here = Path(__file__).parent


def document(spec: Page | Table | Blank) -> str:
    """Return a whole page.

    Parameters
    ----------
    spec : Page, Table, Paper or Leaflet
        A table becomes a page of its own.

    Returns
    -------
    str
    """
    if isinstance(spec, Table):
        spec = Page(title=spec.title, sections=(Section(title="", blocks=(spec,)),))
    if isinstance(spec, Paper):
        return _macro("paper", file="paper.html.j2")(spec)
    if isinstance(spec, Leaflet):
        return _macro("leaflet", file="leaflet.html.j2")(spec)
    return _macro("page")(spec)


def fragment(spec: Table | Picture | Sentence | Page | Blank) -> str:
    """Return a piece of markup for a notebook.

    Parameters
    ----------
    spec : Table, Picture, Sentence, Page, Paper or Leaflet

    Returns
    -------
    str

    Examples
    --------
    >>> fragment(Sentence(text="Calls in <b> fell."))
    '<p>Calls in &lt;b&gt; fell.</p>'
    """
    if isinstance(spec, Page | Blank):
        return f"<p>{escape(spec.title)}: write it with <code>report.write(page, folder)</code></p>"
    return str(_macro("block")(spec)).strip()


def cells(table: Table) -> Iterator[list[tuple[Column, str]]]:
    """Rows of a table as text, each cell beside its column.

    Parameters
    ----------
    table : Table
    """
    names = [column.name for column in table.columns]
    for row in table.frame[names].itertuples(index=False, name=None):
        yield [(column, words.cell(value, column.form)) for column, value in zip(table.columns, row, strict=True)]


def _macro(name: str, *, file: str = "page.html.j2") -> Callable[[object], str]:
    return cast("Callable[[object], str]", getattr(_template(file).module, name))


def _template(file: str) -> Template:
    """Load the template; pictures of one page are numbered so that their inner names stay apart."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    numbers = count(1)
    environment = Environment(
        loader=FileSystemLoader(here),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_unbroken,
    )
    environment.globals.update(
        cells=cells,
        css=(here / "page.css").read_text(encoding="utf-8"),
        paper_css=(here / "paper.css").read_text(encoding="utf-8"),
        leaflet_css=(here / "leaflet.css").read_text(encoding="utf-8"),
        wordy=lambda table: sum(1 if column.wordy else -1 for column in table.columns) > 0,
        kind_of=lambda spec: type(spec).__name__,
        svg=lambda picture: _inline(picture, next(numbers)),
    )
    return environment.get_template(file)


def _unbroken(value: object) -> object:
    """Keep a number and its percent sign on one line."""
    return re.sub(r"(?<=\d) %", "\u00a0%", value) if type(value) is str else value


def _inline(picture: Picture, number: int) -> str:
    """Return a picture as an SVG element that says what it shows and shares no name with another."""
    text = drawn(picture, "svg", framed=False).decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'\b(id="|xlink:href="#|url\(#)', rf"\g<1>f{number}-", text)
    said = f'role="img" aria-label="{escape(picture.alt)}"'
    text = re.sub(r' width="[\d.]+pt" height="[\d.]+pt"', "", text, count=1).replace("<svg", f"<svg {said}", 1)
    return re.sub(r"\n\s*\n+", "\n", text)
