"""Projects go out in the exchange format of the REFI-QDA standard (.qdpx), for NVivo, ATLAS.ti, MAXQDA and others."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from coresponder_causal.core.files import write_whole
from coresponder_causal.qualitative.coded import Coded
from coresponder_causal.qualitative.entries import Attributes, Case, Segment, Source, made_guid
from coresponder_causal.qualitative.offsets import folded
from coresponder_causal.qualitative.refi_codes import ORIGIN, codes_element, written_xml

PROJECT = "urn:QDA-XML:project:1.0"
_LONGEST_NAME = 80
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def write_qdpx(coded: Coded, path: str | Path) -> Path:
    """Write coded text in the exchange format of the REFI-QDA standard.

    Parameters
    ----------
    coded : Coded
    path : str or Path
        Ends in .qdpx.

    Returns
    -------
    Path
        The file, which its owner alone may read: it holds every word that was said. Texts are files of their own in
        UTF-8 without a byte-order mark, line ends as they are; positions are code points from 0, the end after the last
        one; each stretch has its first words as its name. Written twice it is the same to the byte.

    References
    ----------
    REFI-QDA standard 1.5 (2019), qdasoftware.org.

    Examples
    --------
    >>> import tempfile
    >>> from coresponder_causal.qualitative import Code
    >>> coded = Coded(codes=(Code(name="Respect"),), sources=(Source(name="I01", text="They listened."),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with zipfile.ZipFile(write_qdpx(coded, Path(folder) / "study.qdpx")) as made:
    ...         len(made.namelist())
    2
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        _put(made, "project.qde", written_xml(_project(coded)))
        for source in coded.sources:
            _put(made, f"sources/{source.guid}.txt", source.text.encode("utf-8"))
    return write_whole(Path(path), packed.getvalue(), private=True)


def _put(made: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Put one file into the archive, without a time of its own."""
    made.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)


def _project(coded: Coded) -> Element:
    """Make the root element; the order of its parts is the schema's."""
    root = Element("Project", {"xmlns": PROJECT, "name": coded.name, "origin": ORIGIN})
    coders = [coder for coder in coded.coders if coder]
    if coders:
        users = SubElement(root, "Users")
        for coder in coders:
            SubElement(users, "User", guid=made_guid("user", coder), name=coder)
    SubElement(root, "CodeBook").append(codes_element(coded.codes))
    known = [*(case.attributes for case in coded.cases), *(source.attributes for source in coded.sources)]
    names = sorted({name for attributes in known for name, _ in attributes})
    if names:
        variables = SubElement(root, "Variables")
        for name in names:
            SubElement(variables, "Variable", guid=made_guid("variable", name), name=name, typeOfVariable="Text")
    if coded.cases:
        cases = SubElement(root, "Cases")
        guids = {source.name: source.guid for source in coded.sources}
        cases.extend(_case(case, guids) for case in coded.cases)
    if coded.sources:
        sources = SubElement(root, "Sources")
        codes = {code.name: code.guid for code in coded.codes}
        for source in coded.sources:
            sources.append(_source(source, [s for s in coded.segments if s.source == source.name], codes))
    return root


def _case(case: Case, guids: dict[str, str]) -> Element:
    """Element of a case."""
    element = Element("Case", guid=case.guid, name=case.name)
    element.extend(_values(case.attributes))
    element.extend(Element("SourceRef", targetGUID=guids[name]) for name in case.sources)
    return element


def _source(source: Source, segments: list[Segment], codes: dict[str, str]) -> Element:
    """Element of a source with all that was coded in it."""
    path = f"internal://{source.guid}.txt"
    element = Element("TextSource", guid=source.guid, name=source.name, plainTextPath=path)
    if source.memo:
        SubElement(element, "Description").text = source.memo
    element.extend(_selection(segment, source.text, codes[segment.code]) for segment in segments)
    element.extend(_values(source.attributes))
    return element


def _selection(segment: Segment, text: str, code: str) -> Element:
    """Element of a stretch with its one coding."""
    words = folded(text[segment.start : segment.end])
    name = words if len(words) <= _LONGEST_NAME else f"{words[:_LONGEST_NAME]}…"
    by = {"creatingUser": made_guid("user", segment.coder)} if segment.coder else {}
    spot = {"startPosition": str(segment.start), "endPosition": str(segment.end)}
    element = Element("PlainTextSelection", {"guid": made_guid("selection", segment.guid), "name": name, **spot, **by})
    if segment.memo:
        SubElement(element, "Description").text = segment.memo
    SubElement(SubElement(element, "Coding", {"guid": segment.guid, **by}), "CodeRef", targetGUID=code)
    return element


def _values(attributes: Attributes) -> list[Element]:
    """Elements of the values of variables."""
    found = []
    for name, value in attributes:
        element = Element("VariableValue")
        SubElement(element, "VariableRef", targetGUID=made_guid("variable", name))
        SubElement(element, "TextValue").text = value
        found.append(element)
    return found
