"""The one door out: every spec that becomes a file or a notebook's output passes here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

from coresponder_causal.core.errors import CausalError, DisclosureError
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.folders import write_together
from coresponder_causal.privacy import Audience, Ledger, Policy
from coresponder_causal.report import html
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.gate import passed
from coresponder_causal.report.latex import latex
from coresponder_causal.report.markdown import markdown
from coresponder_causal.report.printed import Blank, Leaflet, Paper
from coresponder_causal.report.records import records
from coresponder_causal.report.specs import Page, Picture, Section, Sentence, Spec, Table
from coresponder_causal.report.workbook import guarded, workbook

forms: dict[type, tuple[str, ...]] = {
    Page: (".html", ".md", ".xlsx"),
    Paper: (".html",),
    Leaflet: (".html",),
    Table: (".csv", ".html", ".json", ".md", ".tex", ".xlsx"),
    Picture: (".svg", ".png", ".pdf"),
    Sentence: (".txt",),
}
silent = (".csv", ".json")  # forms that hold rows alone: what must be known of them stands beside them
said_inside, said_agreed, results_inside = "internal.txt", "agreement.txt", "results.json"


def write(
    spec: Spec,
    path: str | Path,
    *,
    audience: Audience = "internal",
    agreement: str | None = None,
    ledger: Ledger | None = None,
) -> Path:
    r"""Make a file of a table, a picture, a sentence, a page or what is to print.

    The file appears whole or not at all: it is written beside its place and then moved there.

    Parameters
    ----------
    spec : Table, Picture, Sentence, Page, Paper or Leaflet
    path : str or Path
        A table goes to ``.csv`` (full precision; text that begins as a formula does gets an apostrophe in front),
        ``.json`` (a list of rows), ``.html``, ``.md``, ``.tex`` or ``.xlsx``; a picture to ``.svg``, ``.png`` or
        ``.pdf``; a sentence to ``.txt``; a form or a leaflet to ``.html``; a page to ``.html``, to ``.md`` with its
        pictures in words, to ``.xlsx`` with its tables, or to ``index.html`` in a folder where the path has no such
        ending.
    audience : {"internal", "partner", "public"}
        For whom. Inside nothing is hidden: pages, tables and pictures say that they stay there, and a file
        ``internal.txt`` says it of the ``.csv`` or ``.json`` beside it. For others counts under 11 are hidden, and
        what would give them away; of these two for a partner a file ``agreement.txt`` names the agreement.
    agreement : str, optional
        Name of the agreement with a partner: parts of which nothing is known are then passed on too.
    ledger : Ledger, optional
        Where releases are recorded: what left before is taken into account, and this is added.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    CausalError
        If the spec has no such form; choose one of the endings named.
    DisclosureError
        If it may not leave for this audience; the message lists every part and its mend. Also if the folder holds
        files for another audience: name another folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Sentence(text="Calls fell."), f"{folder}/finding.txt").read_text()
    'Calls fell.\n'
    """
    return write_all({path: spec}, policy=Policy(audience=audience, agreement=agreement), ledger=ledger)[0]


def write_all(
    specs: Mapping[str | Path, Spec] | Mapping[Path, Spec],
    *,
    policy: Policy,
    ledger: Ledger | None = None,
    into: Path | None = None,
) -> list[Path]:
    """Make files of specs that leave together, so that none gives away what another hides.

    Parameters
    ----------
    specs : mapping of path to Table, Picture, Sentence, Page, Paper or Leaflet
    policy : Policy
        For whom.
    ledger : Ledger, optional
        As of `write`.
    into : Path, optional
        Folder that holds all of them: they appear in it together, or none does. Without it each appears by itself.

    Returns
    -------
    list of Path
        The files, in the order of the specs.

    Raises
    ------
    CausalError, DisclosureError
        As of `write`; no file is written then.
    """
    targets = [_target(spec, Path(path)) for path, spec in specs.items()]
    for spec, target in zip(specs.values(), targets, strict=True):
        _require_form(spec, target.suffix)
    for folder in dict.fromkeys(target.parent for target in targets):
        refuse_mixed(folder, policy)
    head = None if ledger is None else ledger.verify()
    through = passed(list(specs.values()), policy, earlier=None if ledger is None else ledger.cells())
    contents = [_bytes(spec, target.suffix) for spec, target in zip(through.specs, targets, strict=True)]
    if ledger is not None and policy.guarded:
        names = ", ".join(target.name for target in targets)
        ledger.record(through.cells, content=b"".join(contents), name=names, since=head)
    files = {
        target.with_name(said_inside if inside else said_agreed): _side(policy).encode()
        for target, inside in zip(targets, through.marked, strict=True)
        if target.suffix in silent and (inside or policy.agreement is not None)
    } | dict(zip(targets, contents, strict=True))
    if into is not None:
        write_together(into, {path.relative_to(into).as_posix(): content for path, content in files.items()})
    else:
        for path, content in files.items():
            write_whole(path, content)
    return targets


def refuse_mixed(folder: Path, policy: Policy) -> None:
    """Refuse a folder in which files for another audience lie: a folder is handed on whole.

    Parameters
    ----------
    folder : Path
    policy : Policy
        For whom is to be written.

    Raises
    ------
    DisclosureError
        Name another folder, or empty this one.
    """
    others = [name for name in (said_inside, results_inside) if policy.guarded and (folder / name).exists()]
    agreed = folder / said_agreed
    if agreed.exists() and (policy.agreement is None or agreed.read_text(encoding="utf-8") != _side(policy)):
        others.append(said_agreed)
    if others:
        raise DisclosureError(
            f"the folder {folder} holds {', '.join(others)}: files for another audience lie there",
            mend="name another folder, or empty this one",
        )


def _side(policy: Policy) -> str:
    """Return what is said beside tables that cannot say it themselves."""
    return f"{policy.banner}\n"


def released(spec: Spec, *, audience: Audience, agreement: str | None = None, ledger: Ledger | None = None) -> Spec:
    """Return a spec as it may be shown to others, for a notebook that leaves the house.

    Parameters
    ----------
    spec : Table, Picture, Sentence, Page, Paper or Leaflet
    audience, agreement, ledger
        As of `write`. Nothing is recorded.

    Returns
    -------
    Table, Picture, Sentence, Page, Paper or Leaflet

    Raises
    ------
    DisclosureError
        If it may not leave for this audience; the message lists every part and its mend.
    """
    policy = Policy(audience=audience, agreement=agreement)
    return passed([spec], policy, earlier=None if ledger is None else ledger.cells()).specs[0]


def rendered(spec: Spec, form: str) -> bytes:
    """Return the bytes of a spec as a notebook shows it: for those inside, and what is sensitive as for the public.

    Parameters
    ----------
    spec : Table, Picture, Sentence, Page, Paper or Leaflet
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
    _require_form(spec, form)
    if isinstance(spec, Blank) or not spec.sensitive:
        return _bytes(passed([spec], Policy()).specs[0], form)
    try:
        return _bytes(passed([spec], Policy(audience="public")).specs[0], form)
    except DisclosureError as error:
        if form != ".fragment":
            raise
        return _bytes(Sentence(text=f"Not shown, for the study is sensitive: {error.what}."), form)


def _target(spec: Spec, path: Path) -> Path:
    """Place of the file: a page without an ending is the index of a folder."""
    return path / "index.html" if isinstance(spec, Page) and path.suffix not in forms[Page] else path


def _require_form(spec: Spec, form: str) -> None:
    if type(spec) not in forms:
        raise CausalError(
            f"a {type(spec).__name__} is not something to write",
            mend="make one with report.table, figure or page",
        )
    if form not in (*forms[type(spec)], ".fragment"):
        endings = " or ".join(forms[type(spec)])
        raise CausalError(f"a {type(spec).__name__} has no form '{form}'", mend=f"give a path that ends in {endings}")


def _bytes(spec: Spec, form: str) -> bytes:
    """Make the bytes of what passed the gate."""
    if form == ".fragment":
        return html.fragment(spec).encode()
    if isinstance(spec, Picture):
        return drawn(spec, cast("Literal['svg', 'png', 'pdf']", form[1:]))
    if isinstance(spec, Sentence):
        return f"{spec.text}\n".encode()
    if isinstance(spec, Table | Page) and form == ".md":
        return markdown(spec).encode()
    if isinstance(spec, Page) and form == ".xlsx":
        return workbook(spec)
    if isinstance(spec, Table) and form == ".xlsx":
        return workbook(Page(title=spec.title, sections=(Section(title="", blocks=(spec,)),)))
    return _table(spec, form).encode() if isinstance(spec, Table) else html.document(spec).encode()


def _table(spec: Table, form: str) -> str:
    if form == ".json":
        return records(spec)
    if form == ".csv":
        shown = spec.frame[[column.name for column in spec.columns]]
        words = shown.select_dtypes(["object", "str", "category"])
        texts = {str(name): cells.map(guarded) for name, cells in words.items()}
        return str(shown.assign(**texts).to_csv(index=False, lineterminator="\n"))
    return latex(spec) if form == ".tex" else html.document(spec)
