"""Projects of the REFI-QDA standard come in (.qdpx): what NVivo, ATLAS.ti, MAXQDA and others export."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.qualitative.archive import Archive, archive, xml_of
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.entries import Attributes, Case, Segment, Source, joined
from coresponder_causal.qualitative.offsets import MARK, Counting, Document, Quoted, counting_of, placed
from coresponder_causal.qualitative.refi_codes import bare, codes_of, identifier, remarks_of
from coresponder_causal.qualitative.refi_parts import inner_text, name_of, remarks_by_guid, users_of
from coresponder_causal.qualitative.wording import numbered, plain

_OTHER_SOURCES = ("PictureSource", "PDFSource", "AudioSource", "VideoSource")
_OTHER_PARTS = {"Links/Link": "links", "Sets/Set": "sets", "Graphs/Graph": "graphs"}
_LEAST_QUOTED = 0.5


class _Text(NamedTuple):
    """A text source of the file with its text, the byte-order mark included."""

    name: str
    element: Element
    text: str


@dataclass(slots=True)
class _Project:
    """What the parts of a file are looked up in while it is read."""

    file: str
    users: dict[str, str]
    remarks: dict[str, str]
    codes: dict[str, str]
    variables: dict[str, str]
    left_out: Counter[str] = field(default_factory=Counter)


def read_qdpx(path: str | Path) -> Coded:
    """Read a project in the exchange format of the REFI-QDA standard.

    Parameters
    ----------
    path : str or Path
        A .qdpx file. It is read in place: nothing is unpacked.

    Returns
    -------
    Coded
        Text sources, cases, the variables of both as attributes, codes, and each coding of a stretch as a segment; a
        coding of a whole source is a segment from its first to its last sign. Notes that hang on a code, a stretch or a
        coding come into definition and memo. How the file counted positions is found out from the words it quotes.
        What was left out (pictures, recordings, PDF, sets, links, graphs, styles, times) is said by a note.

    Raises
    ------
    DataError
        No such file, an archive or XML that could do harm, or a project that breaks a rule of `Coded`.

    References
    ----------
    REFI-QDA standard 1.5 (2019), qdasoftware.org.

    Examples
    --------
    >>> import tempfile
    >>> from coresponder_causal.qualitative import Code, write_qdpx
    >>> made = Coded(codes=(Code(name="Respect"),), sources=(Source(name="I01", text="They listened."),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_qdpx(write_qdpx(made, Path(folder) / "study.qdpx")) == made
    True
    """
    file = Path(path)
    with archive(file) as opened:
        inner = [name for name in opened.names if name.endswith(".qde") and "/" not in name]
        if len(inner) != 1:
            raise DataError(
                f"{file.name} holds {len(inner)} projects (.qde) at its top, not one", mend="export it again"
            )
        root = bare(xml_of(opened.read(inner[0]), f"{inner[0]} in {file.name}"), file.name)
        if root.tag != "Project":
            raise DataError(f"{file.name} holds a {root.tag}, no Project", mend="export it as a project")
        remarks = remarks_by_guid(root, opened)
        book = root.find("CodeBook")
        codes = () if book is None else codes_of(book, file.name, remarks)
        project = _Project(
            file=file.name,
            users=users_of(root),
            remarks=remarks,
            codes={code.guid: code.name for code in codes},
            variables={identifier(v.get("guid", "")): v.get("name", "") for v in root.findall("Variables/Variable")},
        )
        texts = _texts(root, opened, project)
    segments, overlaps = joined(tuple(_segments(texts, project)))
    if overlaps:
        note(f"{file.name}: {overlaps} codings overlapped one of the same code and coder and were joined to it")
    coded = Coded(
        name=root.get("name", file.stem),
        codes=codes,
        sources=tuple(_source(entry, project) for entry in texts),
        segments=segments,
        cases=_cases(root, texts, project),
    )
    _say_left_out(root, project)
    return coded


def _texts(root: Element, opened: Archive, project: _Project) -> list[_Text]:
    """Text sources whose text is in the file, each under a name of its own."""
    found: list[tuple[Element, str]] = []
    for element in root.findall("Sources/TextSource"):
        text = inner_text(element, opened)
        if text is None or not text.removeprefix(MARK):
            project.left_out["text sources without text in the archive"] += 1
            project.left_out["codings of these"] += len(list(element.iter("Coding")))
        else:
            found.append((element, text))
    given = [name_of(element) for element, _ in found]
    own = numbered(given)
    if own != given:
        note(f"{project.file}: sources that share their name were numbered")
    return [_Text(name, element, text) for name, (element, text) in zip(own, found, strict=True)]


def _source(entry: _Text, project: _Project) -> Source:
    """Make a source; the byte-order mark is no part of its text."""
    element = entry.element
    if element.get("richTextPath"):
        project.left_out["styles of texts"] += 1
    return Source(
        name=entry.name,
        text=entry.text.removeprefix(MARK),
        attributes=_attributes(element, project),
        memo=remarks_of(element, project.remarks),
        guid=identifier(element.get("guid", "")),
    )


def _attributes(element: Element, project: _Project) -> Attributes:
    """Values of variables by their name, as text."""
    found = {}
    for value in element.findall("VariableValue"):
        ref = value.find("VariableRef")
        name = project.variables.get(identifier("" if ref is None else ref.get("targetGUID", "")))
        text = next((plain(child.text or "") for child in value if child.tag != "VariableRef"), "")
        if name and text:
            found[plain(name)] = text
    return tuple(sorted(found.items()))


def _cases(root: Element, texts: list[_Text], project: _Project) -> tuple[Case, ...]:
    """Cases with their sources; a source that is in several stays in the first."""
    names = {identifier(entry.element.get("guid", "")): entry.name for entry in texts}
    free = set(names)
    found = []
    for element in root.findall("Cases/Case"):
        project.left_out["codes and stretches of cases"] += len(
            element.findall("CodeRef") + element.findall("SelectionRef")
        )
        refs = [identifier(ref.get("targetGUID", "")) for ref in element.findall("SourceRef")]
        project.left_out["second cases of a source"] += sum(ref in names and ref not in free for ref in refs)
        own = [ref for ref in refs if ref in free]
        free -= set(own)
        found.append(
            Case(
                name=name_of(element),
                sources=tuple(names[ref] for ref in own),
                attributes=_attributes(element, project),
                guid=identifier(element.get("guid", "")),
            )
        )
    return tuple(found)


def _segments(texts: list[_Text], project: _Project) -> list[Segment]:
    """Every coding of every text, its positions counted as here."""
    documents = [Document(entry.text, tuple(map(_quoted, _selections(entry)))) for entry in texts]
    counting, fit, quoted = counting_of(documents)
    _say_counting(counting, fit, quoted, project.file)
    found = []
    for entry, document in zip(texts, documents, strict=True):
        for selection, spot in zip(_selections(entry), placed(document, counting), strict=True):
            codings = selection.findall("Coding")
            project.left_out["stretches without a code"] += not codings
            if spot is not None and spot[0] == spot[1]:
                project.left_out["codings of no sign"] += len(codings)
                continue
            found += [_segment(entry, selection, coding, spot or (-1, -1), project) for coding in codings]
        whole = (0, len(entry.text.removeprefix(MARK)))
        found += [_segment(entry, entry.element, coding, whole, project) for coding in entry.element.findall("Coding")]
    return found


def _selections(entry: _Text) -> list[Element]:
    """List the selections of plain text in a source."""
    return entry.element.findall("PlainTextSelection")


def _quoted(selection: Element) -> Quoted:
    """Positions and words of a selection as the file has them."""
    try:
        start, end = int(selection.get("startPosition", "")), int(selection.get("endPosition", ""))
    except ValueError:
        start = end = -1
    return Quoted(start, end, selection.get("name", ""))


def _segment(entry: _Text, selection: Element, coding: Element, spot: tuple[int, int], project: _Project) -> Segment:
    """Make a segment of one coding; remarks on a whole source stay with the source."""
    code = coding.find("CodeRef")
    target = identifier("" if code is None else code.get("targetGUID", ""))
    user = identifier(coding.get("creatingUser") or selection.get("creatingUser") or "")
    remarks = [remarks_of(part, project.remarks) for part in (selection, coding) if part.tag != "TextSource"]
    project.left_out["times of coding"] += "creationDateTime" in coding.attrib
    return Segment(
        source=entry.name,
        start=spot[0],
        end=spot[1],
        code=project.codes.get(target, target),
        coder=project.users.get(user, user),
        memo="\n\n".join(dict.fromkeys(filter(None, remarks))),
        guid=identifier(coding.get("guid", "")),
    )


def _say_counting(counting: Counting, fit: int, quoted: int, file: str) -> None:
    """Say how positions were counted where that is not the standard's way, and which quotations do not fit."""
    if counting != Counting():
        ways = [f"{name.replace('_', ' ')} {way}" for name, way in counting._asdict().items()]
        note(f"{file} counts positions otherwise than the standard ({', '.join(ways)}), as its quotations show")
    if fit and fit < quoted and fit >= _LEAST_QUOTED * quoted:
        note(f"{file}: {quoted - fit} of {quoted} stretches carry other words than stand there: look at them")
    if not fit and quoted:
        note(f"{file} quotes no words of its texts, so that its positions were taken as the standard has them")


def _say_left_out(root: Element, project: _Project) -> None:
    """Say what a file has that is not modelled here."""
    left = project.left_out
    for kind in _OTHER_SOURCES:
        for element in root.findall(f"Sources/{kind}"):
            left[f"{kind.removesuffix('Source')} sources"] += 1
            left[f"codings of {kind.removesuffix('Source')} sources"] += len(list(element.iter("Coding")))
    for where, words in _OTHER_PARTS.items():
        left[words] += len(root.findall(where))
    left["remarks on the project"] += bool(root.findtext("Description")) + len(root.findall("NoteRef"))
    said = [f"{count} {what}" for what, count in left.items() if count]
    if said:
        note(f"{project.file}: left out {', '.join(said)}")
