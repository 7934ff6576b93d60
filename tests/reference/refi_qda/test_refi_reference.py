"""Projects and codebooks against the schema of the standard, and against pyrefiqda 0.3.1 in both directions."""

import zipfile
from pathlib import Path

import pytest

from coresponder_causal.qualitative import (
    Case,
    Code,
    Coded,
    Segment,
    Source,
    codebook,
    read_qdc,
    read_qdpx,
    write_qdc,
    write_qdpx,
)

TEXT = "They \U0001f642 listened.\r\nTo me\u0301, \U00020000 and to him."
WORDS = ("\U0001f642 listened.\r\nTo", "me\u0301, \U00020000", "him")


def project() -> Coded:
    spots = [(TEXT.index(word), TEXT.index(word) + len(word)) for word in WORDS]
    return Coded(
        name='A "study" <of> us & them',
        codes=(
            *codebook("interviews"),
            Code(name="Ours", definition="a\nb", include="<x> & y", colour="#0a0B0c", about=("calm",)),
        ),
        sources=(
            Source(name="I01", text=TEXT, memo="by telephone", attributes=(("stakeholder", "family"),)),
            Source(name="I02", text="Nobody came."),
        ),
        cases=(Case(name="north", sources=("I01", "I02"), attributes=(("site", "A & B"),)),),
        segments=(
            Segment(source="I01", start=spots[0][0], end=spots[0][1], code="Listened to", coder="ann", memo="softly"),
            Segment(source="I01", start=spots[1][0], end=spots[1][1], code="Ours", coder="bob"),
            Segment(source="I01", start=spots[2][0], end=spots[2][1], code="Ours"),
        ),
    )


def inner(path: Path) -> bytes:
    with zipfile.ZipFile(path) as made:
        return made.read("project.qde")


@pytest.mark.parametrize("less", [{}, {"segments": ()}, {"segments": (), "cases": (), "sources": ()}])
def test_a_project_is_valid_by_the_schema(less: dict[str, object], tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree", reason="lxml checks XML against a schema")
    schema = etree.XMLSchema(etree.parse(Path(__file__).with_name("Project.xsd")))
    parts = {name: getattr(project(), name) for name in ("codes", "sources", "segments", "cases", "name")}
    written = etree.fromstring(inner(write_qdpx(Coded(**{**parts, **less}), tmp_path / "p.qdpx")))
    assert schema.validate(written), schema.error_log
    del written.find("{*}CodeBook")[0][0].attrib["isCodable"]
    assert not schema.validate(written)


def test_pyrefiqda_reads_the_words_that_were_coded(tmp_path: Path) -> None:
    pyrefiqda = pytest.importorskip("pyrefiqda.refiproject", reason="pyrefiqda is the oracle of REFI-QDA")
    ours = project()
    folder = tmp_path / "out"
    theirs = pyrefiqda.RefiProject.load(write_qdpx(ours, tmp_path / "p.qdpx"), str(folder))
    (source, _) = theirs.sources.text_source
    text = pyrefiqda.RefiProject.resolve_source_path(source.plain_text_path, folder).read_bytes().decode()
    codes = {guid: name for name, guid in ((code.name, code.guid) for code in ours.codes)}
    users = {user.guid: user.name for user in theirs.users.user}
    found = [
        (
            text[selection.start_position : selection.end_position],
            codes[selection.coding[0].code_ref.target_guid],
            users.get(selection.creating_user, ""),
        )
        for selection in source.plain_text_selection
    ]
    assert found == [(WORDS[0], "Listened to", "ann"), (WORDS[1], "Ours", "bob"), (WORDS[2], "Ours", "")]
    assert [variable.name for variable in theirs.variables.variable] == ["site", "stakeholder"]
    assert [ref.target_guid for ref in theirs.cases.case[0].source_ref] == [source.guid for source in ours.sources]


def test_what_pyrefiqda_writes_again_comes_back_the_same(tmp_path: Path) -> None:
    pyrefiqda = pytest.importorskip("pyrefiqda.refiproject", reason="pyrefiqda is the oracle of REFI-QDA")
    ours, folder = project(), tmp_path / "out"
    theirs = pyrefiqda.RefiProject.load(write_qdpx(ours, tmp_path / "p.qdpx"), str(folder))
    pyrefiqda.RefiProject.save(theirs, tmp_path / "again.qdpx", folder / "sources")
    assert read_qdpx(tmp_path / "again.qdpx") == ours


def test_codebooks_go_to_pyrefiqda_and_back(tmp_path: Path) -> None:
    pyrefiqda = pytest.importorskip("pyrefiqda.reficodebook", reason="pyrefiqda is the oracle of REFI-QDA")
    codes = codebook("narratives")
    theirs = pyrefiqda.RefiCodebook.load(write_qdc(codes, tmp_path / "b.qdc"))
    assert [code.name for code in theirs.codes.code] == [code.name for code in codes if code.parent is None]
    pyrefiqda.RefiCodebook.save(theirs, tmp_path / "again.qdc")
    assert read_qdc(tmp_path / "again.qdc") == codes
