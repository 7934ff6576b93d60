"""Files of the REFI-QDA standard as other programs write them, and as somebody would who means harm."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.qualitative import Code, Coded, Segment, Source, archive, read_qdc, read_qdpx, write_qdpx

SPACE = 'xmlns="urn:QDA-XML:project:1.0"'
TEXT = "\ufeffThey \U0001f642 listened.\r\nWe waited two hours."


def guid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def coding(number: int, code: int, user: int | None = None, inner: str = "") -> str:
    by = "" if user is None else f' creatingUser="{guid(user)}"'
    return f'<Coding guid="{guid(number)}"{by}><CodeRef targetGUID="{guid(code)}"/>{inner}</Coding>'


def stretch(number: int, start: int, end: int, inner: str, name: str = "", user: int | None = None) -> str:
    by = "" if user is None else f' creatingUser="{guid(user)}"'
    return (
        f'<PlainTextSelection guid="{guid(number)}" name="{name}" startPosition="{start}" endPosition="{end}"{by}>'
        f"{inner}</PlainTextSelection>"
    )


CODES = (
    f'<CodeBook><Codes><Code guid="{guid(1)}" name="Respect" isCodable="true" color="#ABC">'
    f'<Code guid="{guid(2)}" name="Other" isCodable="true"/></Code>'
    f'<Code guid="{guid(3)}" name="Waiting" isCodable="true">'
    f'<Code guid="{{{guid(4).upper()}}}" name="Other" isCodable="true"/></Code></Codes></CodeBook>'
)


def packed(tmp_path: Path, project: str, files: dict[str, bytes] | None = None, name: str = "project.qde") -> Path:
    path = tmp_path / "study.qdpx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(name, project)
        for inner, content in (files or {}).items():
            made.writestr(inner, content)
    return path


def project(sources: str, more: str = "") -> str:
    users = f'<Users><User guid="{guid(8)}" name="ann"/><User guid="{guid(9)}" id="B"/></Users>'
    return (
        f'<Project {SPACE} name="study" origin="Other 1.0">{users}{CODES}{more}<Sources>{sources}</Sources></Project>'
    )


def text_source(inner: str, number: int = 20, name: str = "I01") -> str:
    return f'<TextSource guid="{guid(number)}" name="{name}" plainTextPath="internal://a.txt">{inner}</TextSource>'


def test_a_project_of_another_program_is_read_with_its_users_notes_and_variables(tmp_path: Path) -> None:
    note_of = f'<NoteRef targetGUID="{guid(50)}"/>'
    inner = (
        "<Description>about the talk</Description>"
        + stretch(30, 0, 4, coding(40, 1, 8) + coding(41, 2, 9, note_of), user=8)
        + stretch(31, 5, 6, "")
        + coding(42, 3)
        + f'<VariableValue><VariableRef targetGUID="{guid(60)}"/><IntegerValue>41</IntegerValue></VariableValue>'
    )
    more = (
        f'<Variables><Variable guid="{guid(60)}" name="age" typeOfVariable="Integer"/></Variables>'
        f'<Cases><Case guid="{guid(70)}" name="north"><SourceRef targetGUID="{guid(20)}"/></Case>'
        f'<Case guid="{guid(71)}" name="also"><SourceRef targetGUID="{guid(20)}"/></Case></Cases>'
    )
    after = f'<Notes><Note guid="{guid(50)}" name="n"><PlainTextContent>said softly</PlainTextContent></Note></Notes>'
    other = (
        f'<PDFSource guid="{guid(80)}"><Coding guid="{guid(81)}"><CodeRef targetGUID="{guid(1)}"/></Coding></PDFSource>'
    )
    whole = project(text_source(inner) + other, more).replace("</Project>", after + "</Project>")
    with collecting() as notes:
        found = read_qdpx(packed(tmp_path, whole, {"Sources/A.TXT": TEXT.encode()}))
    assert [(c.name, c.parent, c.colour) for c in found.codes] == [
        ("Respect", None, "#AABBCC"),
        ("Respect: Other", "Respect", None),
        ("Waiting", None, None),
        ("Waiting: Other", "Waiting", None),
    ]
    assert found.codes[3].guid == guid(4)
    bare = TEXT.removeprefix("\ufeff")
    assert [(s.code, s.start, s.end, s.coder, s.memo) for s in found.segments] == [
        ("Respect", 0, 4, "ann", ""),
        ("Respect: Other", 0, 4, "B", "said softly"),
        ("Waiting", 0, len(bare), "", ""),
    ]
    assert found.sources[0].memo == "about the talk"
    assert found.sources[0].attributes == (("age", "41"),)
    assert found.source_table()["case"].tolist() == ["north"]
    said = " ".join(notes)
    for part in (
        "2 codes share their name",
        "1 stretches without a code",
        "1 PDF sources",
        "1 codings of PDF sources",
        "1 second cases of a source",
    ):
        assert part in said


def test_positions_that_a_program_counts_otherwise_are_found_out_and_said(tmp_path: Path) -> None:
    spots = ((0, 3, "They"), (8, 15, "listened"), (18, 26, "We waited"))
    inner = "".join(stretch(30 + n, *spot[:2], coding(40 + n, 1), spot[2]) for n, spot in enumerate(spots))
    with collecting() as notes:
        found = read_qdpx(packed(tmp_path, project(text_source(inner)), {"sources/a.txt": TEXT.encode()}))
    assert [found.quote(segment) for segment in found.segments] == ["They", "listened", "We waited"]
    said = " ".join(notes)
    assert "counts positions otherwise than the standard (units UTF-16 units, line end as one sign" in said
    assert "end at the last sign" in said


def test_quotations_that_do_not_fit_are_said(tmp_path: Path) -> None:
    inner = "".join(
        stretch(30 + place, start, end, coding(40 + place, 1), words)
        for place, (start, end, words) in enumerate(((0, 4, "They"), (7, 15, "listened"), (18, 20, "shouted")))
    )
    with collecting() as notes:
        read_qdpx(packed(tmp_path, project(text_source(inner)), {"sources/a.txt": TEXT.encode()}))
    assert any("1 of 3 stretches carry other words" in text for text in notes)


def test_a_position_outside_the_text_is_refused(tmp_path: Path) -> None:
    inner = stretch(30, 0, 900, coding(40, 1))
    with pytest.raises(DataError, match="1 segments lie outside their text"):
        read_qdpx(packed(tmp_path, project(text_source(inner)), {"sources/a.txt": TEXT.encode()}))


def test_a_text_that_is_not_in_the_archive_is_never_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    sources = "".join(
        f'<TextSource guid="{guid(20 + place)}" name="{place}" plainTextPath="{path}"/>'
        for place, path in enumerate(
            ("internal://../secret.txt", f"file://{tmp_path}/secret.txt", "relative:///secret.txt", "/etc/passwd")
        )
    )
    with collecting() as notes:
        found = read_qdpx(packed(tmp_path, project(sources)))
    assert found.sources == ()
    assert "4 text sources without text in the archive" in notes[-1]


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE Project [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE Project SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE Project [<!ENTITY % p SYSTEM "http://example.org/x.dtd"> %p;]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_and_document_types_are_refused(head: str, encoding: str, tmp_path: Path) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?>{head}{project("")}'.encode(encoding)
    path = tmp_path / "x.qdpx"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("project.qde", content)
    with pytest.raises(DataError, match="declares a document type or entities"):
        read_qdpx(path)
    book = tmp_path / "x.qdc"
    book.write_bytes(content)
    with pytest.raises(DataError, match="declares a document type or entities"):
        read_qdc(book)


def test_an_archive_that_would_leave_its_folder_links_or_repeats_is_refused_with_every_point(tmp_path: Path) -> None:
    path = tmp_path / "x.qdpx"
    link = zipfile.ZipInfo("sources/link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("project.qde", project(""))
        made.writestr("PROJECT.qde", "twice")
        for name in ("../out.txt", "/etc/cron.d/x", "C:\\x.txt", "sources\\..\\..\\x"):
            made.writestr(name, "x")
        made.writestr(link, "/etc/passwd")
    with pytest.raises(DataError) as caught:
        read_qdpx(path)
    for part in ("4 files would be put outside", "1 files are links", "1 names of files come more than once"):
        assert part in str(caught.value)


def test_an_archive_that_swells_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 200_000)
    bomb = packed(tmp_path, project(text_source("")), {"sources/a.txt": b" " * 5_000_000})
    assert bomb.stat().st_size < 20_000
    with pytest.raises(DataError, match="unpacks to more than"):
        read_qdpx(bomb)
    monkeypatch.setattr(archive, "MOST_FILES", 1)
    with pytest.raises(DataError, match="2 files, more than 1"):
        read_qdpx(bomb)


def test_a_size_that_lies_and_a_damaged_or_encrypted_archive_are_refused(tmp_path: Path) -> None:
    made = packed(tmp_path, project(text_source("")), {"sources/a.txt": b"x" * 4000}).read_bytes()
    for start, value in ((22, 10), (8, None)):
        content = bytearray(made)
        central = content.rfind(b"PK\x01\x02")
        if value is None:
            content[central + start] |= 1
        else:
            content[central + start + 2 : central + start + 6] = value.to_bytes(4, "little")
        path = tmp_path / "bad.qdpx"
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"is damaged|are encrypted"):
            read_qdpx(path)
    path.write_bytes(b"no archive")
    with pytest.raises(DataError, match="is no zip archive"):
        read_qdpx(path)
    with pytest.raises(DataError, match="there is no file"):
        read_qdpx(tmp_path / "none.qdpx")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<Project", "is no XML"),
        ('<Other xmlns="urn:other"/>', "not of the standard"),
        (f"<CodeBook {SPACE}/>", "no Project"),
        (f'<Project {SPACE} name="s"/>', "there is no code"),
    ],
)
def test_what_is_no_project_is_refused(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        read_qdpx(packed(tmp_path, content))
    with pytest.raises(DataError, match="holds 0 projects"):
        read_qdpx(packed(tmp_path, content, name="inner/project.qde"))


def test_a_deep_codebook_is_read_without_recursion(tmp_path: Path) -> None:
    deep = 3000
    codes = "".join(f'<Code guid="{guid(place + 1)}" name="c{place}" isCodable="true">' for place in range(deep))
    path = tmp_path / "deep.qdc"
    path.write_text(f'<CodeBook xmlns="urn:QDA-XML:codebook:1.0"><Codes>{codes}{"</Code>" * deep}</Codes></CodeBook>')
    assert len(read_qdc(path)) == deep


def test_the_file_is_its_owners_and_the_same_to_the_byte(tmp_path: Path) -> None:
    source = Source(name="I01", text="They\r\nlistened.")
    said = (Segment(source="I01", start=6, end=14, code="Respect", coder="ann"),)
    coded = Coded(codes=(Code(name="Respect"),), sources=(source,), segments=said)
    first, second = (write_qdpx(coded, tmp_path / name) for name in ("a.qdpx", "b.qdpx"))
    assert first.read_bytes() == second.read_bytes()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    with zipfile.ZipFile(io.BytesIO(first.read_bytes())) as made:
        assert made.read(f"sources/{source.guid}.txt") == b"They\r\nlistened."
