"""The one door out: every spec that becomes a file or a notebook's output passes here."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.files import write_whole
from coresponder_causal.report import html
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.markdown import markdown
from coresponder_causal.report.specs import Page, Paper, Picture, Sentence, Spec, Table

forms: dict[type, tuple[str, ...]] = {
    Page: (".html", ".md"),
    Paper: (".html",),
    Table: (".csv", ".html", ".md"),
    Picture: (".svg", ".png", ".pdf"),
    Sentence: (".txt",),
}


def write(spec: Spec, path: str | Path) -> Path:
    r"""Make a file of a table, a picture, a sentence, a page or a form to print.

    The file appears whole or not at all: it is written beside its place and then moved there.

    Parameters
    ----------
    spec : Table, Picture, Sentence, Page or Paper
    path : str or Path
        A table goes to ``.csv`` (full precision), ``.html`` or ``.md``; a picture to ``.svg``, ``.png`` or ``.pdf``; a
        sentence to ``.txt``; a form to ``.html``; a page to ``.html``, to ``.md`` with its pictures in words, or to
        ``index.html`` in a folder where the path has no such ending.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    CausalError
        If the spec has no such form; choose one of the endings named.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Sentence(text="Calls fell."), f"{folder}/finding.txt").read_text()
    'Calls fell.\n'
    """
    target = Path(path)
    if isinstance(spec, Page) and target.suffix not in forms[Page]:
        target = target / "index.html"
    return write_whole(target, rendered(spec, target.suffix))


def rendered(spec: Spec, form: str) -> bytes:
    """Return the bytes of a spec: the one function through which every spec leaves.

    Parameters
    ----------
    spec : Table, Picture, Sentence, Page or Paper
    form : str
        Ending of the file, or ``".fragment"`` for a notebook.

    Returns
    -------
    bytes

    Raises
    ------
    CausalError
        If the spec has no such form; choose one of the endings named.
    """
    if type(spec) not in forms:
        raise CausalError(
            f"a {type(spec).__name__} is not something to write",
            mend="make one with report.table, figure or page",
        )
    if form not in (*forms[type(spec)], ".fragment"):
        endings = " or ".join(forms[type(spec)])
        raise CausalError(f"a {type(spec).__name__} has no form '{form}'", mend=f"give a path that ends in {endings}")
    if form == ".fragment":
        return html.fragment(spec).encode()
    if isinstance(spec, Picture):
        return drawn(spec, cast("Literal['svg', 'png', 'pdf']", form[1:]))
    if isinstance(spec, Sentence):
        return f"{spec.text}\n".encode()
    if isinstance(spec, Table | Page) and form == ".md":
        return markdown(spec).encode()
    return _table(spec, form).encode() if isinstance(spec, Table) else html.document(spec).encode()


def _table(spec: Table, form: str) -> str:
    if form == ".csv":
        names = [column.name for column in spec.columns]
        return str(spec.frame[names].to_csv(index=False, lineterminator="\n"))
    return html.document(spec)
