"""Codebooks of the REFI-QDA standard (.qdc), and the codes inside its projects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.files import write_whole
from coresponder_causal.core.notes import note
from coresponder_causal.core.version import VERSION
from coresponder_causal.qualitative.archive import xml_of
from coresponder_causal.qualitative.entries import Code
from coresponder_causal.qualitative.rules import book
from coresponder_causal.qualitative.wording import described, parts_of, plain

CODEBOOK = "urn:QDA-XML:codebook:1.0"
ORIGIN = f"coresponder_causal {VERSION}"
_STANDARD = "urn:qda-xml:"


def read_qdc(path: str | Path) -> tuple[Code, ...]:
    """Read a codebook in the exchange format of the REFI-QDA standard.

    Parameters
    ----------
    path : str or Path
        A .qdc file.

    Returns
    -------
    tuple of Code
        In the order of the file. Sets of codes are left out, which a note says.

    Raises
    ------
    DataError
        No such file, no codebook, a document type declared, or codes that break a rule of `Coded`.

    References
    ----------
    REFI-QDA standard 1.5 (2019), qdasoftware.org.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_qdc([Code(name="Respect", definition="Met as a person.")], Path(folder) / "book.qdc")
    ...     read_qdc(file)[0].definition
    'Met as a person.'
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"there is no file {file}", mend="correct the path")
    root = bare(xml_of(file.read_bytes(), file.name), file.name)
    if root.tag != "CodeBook":
        raise DataError(f"{file.name} holds a {root.tag}, no CodeBook", mend="export the codebook, or use read_qdpx")
    if sets := len(root.findall("Sets/Set")):
        note(f"{file.name}: {sets} sets of codes were left out")
    codes = codes_of(root, file.name, {})
    problems = Problems(file.name)
    book(codes, problems)
    problems.raise_if_any(DataError)
    return codes


def write_qdc(codes: Sequence[Code], path: str | Path) -> Path:
    """Write a codebook in the exchange format of the REFI-QDA standard.

    Parameters
    ----------
    codes : sequence of Code
    path : str or Path
        Ends in .qdc.

    Returns
    -------
    Path
        The file. What counts, what does not, the example and what a code is about stand in its description, each after
        its heading, where `read_qdc` finds them and where people of other programs read them.

    Raises
    ------
    DataError
        Codes that break a rule of `Coded`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_qdc([Code(name="Respect")], Path(folder) / "book.qdc").name
    'book.qdc'
    """
    problems = Problems("the codebook")
    book(codes, problems)
    problems.raise_if_any(DataError)
    root = Element("CodeBook", {"xmlns": CODEBOOK, "origin": ORIGIN})
    root.append(codes_element(codes))
    return write_whole(Path(path), written_xml(root))


def written_xml(root: Element) -> bytes:
    """Bytes of an XML file."""
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def codes_element(codes: Sequence[Code]) -> Element:
    """Codes, each inside the one above it."""
    root = Element("Codes")
    made = {code.name: _code_element(code) for code in codes}
    for code in codes:
        (root if code.parent is None else made[code.parent]).append(made[code.name])
    return root


def codes_of(root: Element, name: str, remarks: dict[str, str]) -> tuple[Code, ...]:
    """Codes below a ``Codes`` element; a name that comes twice gets those above it before it, which a note says."""
    entries = [(path, element) for top in root.findall("Codes/Code") for path, element in _below(top, ())]
    often = Counter(path[-1] for path, _ in entries)
    names = {path: path[-1] if often[path[-1]] == 1 else ": ".join(path) for path, _ in entries}
    if renamed := sum(names[path] != path[-1] for path, _ in entries):
        note(f"{name}: {renamed} codes share their name with another and carry those above them before it")
    return tuple(
        _code(element, names[path], names.get(path[:-1]), remarks_of(element, remarks)) for path, element in entries
    )


def bare(root: Element, name: str) -> Element:
    """Take the namespace of the standard off every tag, or refuse a root of another."""
    space = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""
    if space and not space.lower().startswith(_STANDARD):
        raise DataError(f"{name} is XML of {space!r}, not of the standard", mend="export it as REFI-QDA")
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def remarks_of(element: Element, remarks: dict[str, str]) -> str:
    """Give the description of an element and the notes that hang on it, as one text."""
    notes = [remarks.get(identifier(ref.get("targetGUID", "")), "") for ref in element.findall("NoteRef")]
    texts = [plain(text).strip() for text in (element.findtext("Description") or "", *notes)]
    return "\n\n".join(dict.fromkeys(filter(None, texts)))


def identifier(guid: str) -> str:
    """Guid without braces, in small letters."""
    return guid.strip().strip("{}").lower()


def _below(element: Element, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Element]]:
    """Give a code and all below it, each with the names that lead to it, in the order of the file."""
    waiting = [(element, above)]
    while waiting:
        here, lead = waiting.pop()
        path = (*lead, plain(here.get("name", "")).strip())
        yield path, here
        waiting += [(child, path) for child in reversed(here.findall("Code"))]


def _code(element: Element, name: str, parent: str | None, remarks: str) -> Code:
    """Make a code of its element."""
    parts = parts_of(remarks)
    return Code(
        name=name,
        parent=parent,
        definition=parts["definition"],
        include=parts["include"],
        exclude=parts["exclude"],
        example=parts["example"],
        about=tuple(filter(None, parts["about"].split(", "))),
        colour=_colour(element.get("color")),
        codable=element.get("isCodable", "true").strip() not in {"false", "0"},
        guid=identifier(element.get("guid", "")),
    )


def _code_element(code: Code) -> Element:
    """Element of a code without those below it."""
    element = Element("Code", {"guid": code.guid, "name": code.name, "isCodable": str(code.codable).lower()})
    if code.colour is not None:
        element.set("color", code.colour)
    if text := described(code):
        ElementTree.SubElement(element, "Description").text = text
    return element


def _colour(given: str | None) -> str | None:
    """Colour in six digits; the standard allows three."""
    if given is None or len(given) != 4:
        return given
    return "#" + "".join(2 * digit for digit in given[1:])
