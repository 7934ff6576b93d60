"""Specs as Markdown: for readers of plain text, and for documents whose changes are to be compared line by line."""

from __future__ import annotations

from collections.abc import Iterator

from coresponder_causal.report import html
from coresponder_causal.report.specs import Block, Bullets, Fold, Page, Picture, Table


def markdown(spec: Page | Table) -> str:
    r"""Return a page, or a table alone, as Markdown.

    Parameters
    ----------
    spec : Page or Table
        Of a picture stands what it shows, in words.

    Returns
    -------
    str

    Examples
    --------
    >>> from coresponder_causal.report.specs import Section, Sentence
    >>> page = Page(title="Plan", sections=(Section(title="Why", blocks=(Sentence(text="To know."),)),))
    >>> markdown(page)
    '# Plan\n\n## Why\n\nTo know.\n'
    """
    return "\n\n".join(_table(spec) if isinstance(spec, Table) else _page(spec)) + "\n"


def _page(page: Page) -> Iterator[str]:
    yield f"# {page.title}"
    if page.subtitle:
        yield f"*{page.subtitle}*"
    yield from (f"> **{text}**" for text in page.banners)
    yield from (sentence.text for sentence in page.finding)
    for section in page.sections:
        if section.title:
            yield f"## {section.title}"
        for block in section.blocks:
            yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Fold):
        yield from () if block.picture is None else _block(block.picture)
        yield from _table(block.table)
    elif isinstance(block, Bullets):
        yield "\n".join(f"- {item.text}" for item in block.items)
    elif isinstance(block, Picture):
        yield f"**{block.title}**"
        yield f"{block.alt} {block.caption}"
    else:
        yield block.text


def _table(spec: Table) -> Iterator[str]:
    """Pipe table, numbers to the right."""
    heads = [_piped(column.label) for column in spec.columns]
    rules = ["---" if column.wordy else "---:" for column in spec.columns]
    rows = [[_piped(text) for _, text in row] for row in html.cells(spec)]
    yield f"**{spec.title}**"
    yield "\n".join(f"| {' | '.join(row)} |" for row in (heads, rules, *rows))
    if spec.note:
        yield spec.note


def _piped(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
