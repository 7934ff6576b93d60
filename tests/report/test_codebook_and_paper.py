"""The codebook names every field, printed forms every question; both open without a network."""

import html
import re

import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import CausalError
from coresponder_causal.data import dictionary
from coresponder_causal.data.instrument import instruments


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return report.write(report.codebook(), tmp_path_factory.mktemp("book") / "codebook.html").read_text(
        encoding="utf-8"
    )


def test_the_codebook_names_every_field_and_code(book):
    text = html.unescape(re.sub(r"<[^>]+>", " ", book)).replace("\N{NO-BREAK SPACE}", " ")
    for table in dictionary.tables().values():
        assert f"{table.label} ({table.name})" in text
        for field in table.fields:
            assert f"{field.name} *" in text if field.required else field.name in text
            assert field.why in text
            assert all(str(code) in text for code in field.allowed or ())
    for group in dictionary.populations():
        assert group.label in text


def test_the_codebook_lists_what_redcap_calls_otherwise(book):
    assert "schedule_city" in book
    assert "civilian team" in book
    assert "civilian_team" in book


@pytest.mark.parametrize("name", sorted(instruments()))
def test_a_printed_form_asks_every_question(name, tmp_path):
    instrument = instruments()[name]
    page = report.write(report.paper(instrument), tmp_path / f"{name}.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    for question in instrument.form.questions:
        if question.answered or question.kind == "note":
            assert question.ask in text
            assert all(words in text for _, words in question.choices)
    for heading, said in instrument.protocol:
        assert said in text, heading


@pytest.mark.parametrize("name", ["on_scene_card", "guide_person_served"])
def test_nothing_on_paper_comes_from_elsewhere(name, tmp_path):
    page = report.write(report.paper(instruments()[name]), tmp_path / "form.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://""", page)
    assert "@media print" in page


def test_the_card_says_when_a_line_is_answered():
    lines = {line.text: line for line in report.paper(instruments()["on_scene_card"]).lines}
    assert lines["Living without a home?"].only_if == "Unless “Nobody was met”"
    assert lines["Involuntary hold written?"].only_if.startswith("Only if “Yes” to: A mental-health")
    assert report.paper(instruments()["on_scene_card"]).large


def test_a_form_is_no_picture(tmp_path):
    with pytest.raises(CausalError, match=r"a Paper has no form '\.png'"):
        report.write(report.paper(instruments()["experience"]), tmp_path / "form.png")
