"""A project that Taguette 1.5.2 made and exported (make_project.py) against the words its own code took out."""

import csv
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.qualitative import read_taguette

HERE = Path(__file__).parent
PROJECT = HERE / "project.sqlite3"


def folded(words: str) -> str:
    return "".join(words.split())


def test_every_highlight_has_the_words_that_taguette_took_out() -> None:
    with (HERE / "words.csv").open(encoding="utf-8", newline="") as file:
        theirs = Counter((row["document"], row["tag"], folded(row["words"])) for row in csv.DictReader(file))
    with collecting() as notes:
        found = read_taguette(PROJECT, coder="ann")
    rows = found.table()[["source", "code", "quote"]].itertuples(index=False)
    assert Counter((source, code, folded(quote)) for source, code, quote in rows) == theirs
    assert theirs.total() == 8
    assert found.coders == ("ann",)
    assert notes == ["project.sqlite3: 1 highlights without a tag were left out"]


def test_paragraphs_are_apart_and_codes_have_their_place() -> None:
    found = read_taguette(PROJECT, coder="ann")
    assert found.name == "Pilot"
    assert found.sources[0].text.startswith(
        "Interview 1\nThey listened to him & waited \N{EM DASH} nobody shouted.\nThe"
    )
    assert "First call\nSecond call" in found.table()["quote"].tolist()
    codes = {code.name: code for code in found.codes}
    assert codes["respect.listening"].parent == "respect"
    assert codes["respect"].definition == "Being met as a person."
    assert codes["respect"].exclude == "Praise of the programme as a whole."
    assert codes["unused"].parent is None


def test_an_export_that_names_every_coder_admin_says_so() -> None:
    with collecting() as notes:
        found = read_taguette(PROJECT)
    assert found.coders == ("admin",)
    assert "say who coded by coder=" in notes[0]


def changed(tmp_path: Path, *statements: str) -> Path:
    path = tmp_path / "changed.sqlite3"
    shutil.copy(PROJECT, path)
    path.chmod(0o600)
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    return path


def test_logins_of_a_database_are_the_coders_and_second_hands_are_said(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        "UPDATE commands SET user_login = 'ann' WHERE id % 2",
        "UPDATE commands SET user_login = 'bob' WHERE NOT id % 2",
        "INSERT INTO commands (date, user_login, project_id, document_id, payload)"
        " SELECT date, 'cleo', project_id, document_id, payload FROM commands WHERE id = 1",
    )
    with collecting() as notes:
        found = read_taguette(path)
    assert set(found.coders) == {"ann", "bob", "cleo"}
    assert "1 highlights were changed by a second person" in " ".join(notes)


def test_words_that_moved_under_a_highlight_are_said_and_offsets_outside_are_refused(tmp_path: Path) -> None:
    with collecting() as notes:
        read_taguette(
            changed(tmp_path, "UPDATE highlights SET start_offset = start_offset + 1 WHERE id = 1"), coder="a"
        )
    assert "1 highlights have other words than Taguette kept" in " ".join(notes)
    with pytest.raises(DataError, match="1 segments lie outside their text"):
        read_taguette(changed(tmp_path, "UPDATE highlights SET end_offset = 99999 WHERE id = 8"), coder="a")


def test_what_is_no_single_project_of_taguette_is_refused(tmp_path: Path) -> None:
    second = "INSERT INTO projects (name, description, created) VALUES ('Main', '', '2026-01-01')"
    several = changed(tmp_path, second)
    with pytest.raises(DataError, match=r"has 2 projects, not one\n  mend: give project=, one of 'Pilot', 'Main'"):
        read_taguette(several)
    assert len(read_taguette(several, project="Pilot", coder="ann").sources) == 2
    with pytest.raises(DataError, match="has 0 projects 'Other'"):
        read_taguette(several, project="Other")
    with pytest.raises(DataError, match=r"has no tables \['tags'\]"):
        read_taguette(changed(tmp_path, "DROP TABLE tags"))
    other = tmp_path / "other.sqlite3"
    other.write_bytes(b"no database at all" * 100)
    with pytest.raises(DataError, match="is no project of Taguette"):
        read_taguette(other)
    with pytest.raises(DataError, match="there is no file"):
        read_taguette(tmp_path / "none.sqlite3")


def test_reading_leaves_the_file_as_it_was() -> None:
    before = PROJECT.read_bytes()
    read_taguette(PROJECT, coder="ann")
    assert PROJECT.read_bytes() == before
    assert [path.name for path in HERE.glob("project.sqlite3-*")] == []
