"""Coded text that exists keeps its rules, and says everything that is broken at once."""

from dataclasses import replace

import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.qualitative import Case, Code, Coded, Segment, Source, consented, joined, read_segments

BOOK = (Code(name="Respect"), Code(name="Listening", parent="Respect"), Code(name="Waiting"))
TEXT = "They listened. We waited two hours."
SAID = (Source(name="I01", text=TEXT, attributes=(("stakeholder", "family"),)), Source(name="I02", text="Nobody came."))


def coded(**parts: object) -> Coded:
    return replace(Coded(codes=BOOK, sources=SAID), **parts)


def broken(**parts: object) -> str:
    with pytest.raises(DataError) as caught:
        coded(**parts)
    return str(caught.value)


def test_every_broken_rule_of_segments_is_said_at_once() -> None:
    said = broken(
        segments=(
            Segment(source="I01", start=0, end=len(TEXT) + 1, code="Respect"),
            Segment(source="I01", start=5, end=5, code="Respect"),
            Segment(source="I01", start=5, end=13, code="Respct"),
            Segment(source="I09", start=0, end=1, code="Waiting"),
            Segment(source="I01", start=5, end=13, code="Waiting", quote="isten"),
            Segment(source="I01", start=18, end=24, code="Listening", guid="3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
            Segment(source="I01", start=20, end=30, code="Listening", guid="{3F2504E0-4F89-11D3-9A0C-0305E82C3301}"),
        )
    )
    for part in (
        "2 segments lie outside their text or are empty (rows 0, 1)",
        "codes ['Respct'], which are not in the codebook",
        "1 segments have a source that is not there (rows 3)",
        "1 segments quote other words than their source has there (rows 4)",
        "1 guids of the project come more than once",
        "2 segments overlap another with the same code and coder (rows 1, 6)",
        "breaks 6 rules",
    ):
        assert part in said


def test_every_broken_rule_of_a_codebook_is_said_at_once() -> None:
    said = broken(
        codes=(
            Code(name="A", parent="B"),
            Code(name="B", parent="A"),
            Code(name="C", parent="nowhere"),
            Code(name="C", colour="red"),
            Code(name="D", definition="first\nInclude: second"),
            Code(name=" ", guid="no guid"),
        ),
        segments=(),
    )
    for part in (
        "codes ['A', 'B'] stand below themselves",
        "parents ['nowhere'] are no codes",
        "1 names of codes come more than once ('C')",
        "codes ['C'] have no colour",
        "wording of codes ['D'] cannot be told apart",
        "codes have no name (rows 5)",
        "1 guids have another form ('no guid')",
    ):
        assert part in said


def test_a_heading_takes_no_text() -> None:
    book = (Code(name="Respect", codable=False),)
    said = broken(codes=book, segments=(Segment(source="I01", start=0, end=4, code="Respect"),))
    assert "codes ['Respect'], which are headings" in said


def test_messages_name_no_source() -> None:
    twice = (Source(name="Maria Lopez", text="a"), Source(name="Maria Lopez", text="b"))
    said = broken(sources=twice, cases=(Case(name="c", sources=("Maria Lopez", "Ann")),))
    assert "1 names of sources come more than once" in said
    assert "Lopez" not in said


def test_what_was_withdrawn_cannot_be_held() -> None:
    assert "were withdrawn, or have no consent (rows 0)" in broken(
        sources=(Source(name="I01", text="a", attributes=(("Withdrawn", "Yes"),)),)
    )
    assert "1 cases were withdrawn" in broken(
        cases=(Case(name="c", sources=("I01",), attributes=(("consent", "no"),)),)
    )


def test_a_source_is_in_one_case_and_says_nothing_else_than_it() -> None:
    said = broken(
        cases=(
            Case(name="c", sources=("I01", "I02"), attributes=(("stakeholder", "officer"),)),
            Case(name="d", sources=("I02",)),
        )
    )
    assert "1 sources that stand in a case come more than once" in said
    assert "cases and their sources differ in an attribute (rows 0)" in said


def test_the_table_has_the_attributes_of_source_and_case_and_the_order_of_the_segments() -> None:
    held = coded(
        cases=(Case(name="household", sources=("I01", "I02"), attributes=(("code", "north"),)),),
        segments=(
            Segment(source="I02", start=0, end=6, code="Waiting", coder="bob"),
            Segment(source="I01", start=5, end=13, code="Listening", coder="ann", memo="calm"),
        ),
    )
    table = held.table()
    assert table["quote"].tolist() == ["Nobody", "listened"]
    assert table["case"].tolist() == ["household"] * 2
    assert table["code"].tolist() == ["Waiting", "Listening"]
    assert table["code of the source"].tolist() == ["north"] * 2
    assert table["stakeholder"].tolist()[1] == "family"
    assert held.above("Listening") == ("Respect",)
    assert held.coders == ("ann", "bob")


def test_joining_keeps_other_coders_and_stretches_that_only_touch() -> None:
    segments = (
        Segment(source="I01", start=0, end=5, code="Respect", coder="ann", memo="one"),
        Segment(source="I01", start=4, end=9, code="Respect", coder="ann", memo="two"),
        Segment(source="I01", start=9, end=12, code="Respect", coder="ann"),
        Segment(source="I01", start=0, end=9, code="Respect", coder="bob"),
    )
    found, count = joined(segments)
    assert count == 1
    assert [(s.start, s.end, s.coder, s.memo) for s in found] == [
        (0, 9, "ann", "one\n\ntwo"),
        (9, 12, "ann", ""),
        (0, 9, "bob", ""),
    ]
    assert found[0].guid == segments[0].guid


REGISTER = {
    "interview": ["I01", "I02", "I03", "I04"],
    "stakeholder": ["officer", "officer", "family", "family"],
    "date": "2026-03-02",
    "mode": "phone",
    "consent": ["yes", "yes", "no", "yes"],
    "withdrawn": ["no", "yes", "no", None],
}


def test_only_what_consent_covers_is_kept_and_the_register_says_who_spoke() -> None:
    held = Coded(
        codes=BOOK,
        sources=(
            *(Source(name=f"I0{i}", text=TEXT) for i in (1, 2, 3)),
            Source(name="Transcript 4", text=TEXT, attributes=(("interview", "I04"),)),
        ),
        segments=tuple(Segment(source=f"I0{i}", start=0, end=4, code="Respect") for i in (1, 2, 3)),
        cases=(Case(name="north", sources=("I01", "I02")), Case(name="south", sources=("I03",))),
    )
    with collecting() as notes:
        kept = consented(held, pd.DataFrame(REGISTER))
    assert [source.name for source in kept.sources] == ["I01", "Transcript 4"]
    assert {segment.source for segment in kept.segments} == {"I01"}
    assert [(case.name, case.sources) for case in kept.cases] == [("north", ("I01",))]
    assert dict(kept.sources[0].attributes) == {"stakeholder": "officer", "date": "2026-03-02", "mode": "phone"}
    assert "2 of 4 interview records were left out" in notes[-1]
    assert not any(name in " ".join(notes) for name in ("I02", "I03"))


def test_a_source_of_no_known_interview_is_refused() -> None:
    with pytest.raises(DataError, match=r"1 sources are of no interview in the register \(rows 0\)"):
        consented(Coded(codes=BOOK, sources=(Source(name="I09", text="a"),)), pd.DataFrame(REGISTER))


def test_rows_without_positions_are_found_by_their_words_and_bad_rows_are_listed() -> None:
    rows = pd.DataFrame(
        {
            "source": ["I01", "I01", "I09", "I01", "I01", "I01"],
            "code": "Respect",
            "quote": ["listened", "nowhere", "x", "e", None, "ignored"],
            "start": [None, None, None, None, None, "five"],
            "end": [None, None, None, None, None, "9"],
        }
    )
    with pytest.raises(DataError) as caught:
        read_segments(rows, codes=BOOK, sources=SAID)
    for part in (
        "1 rows name a source whose text was not given (rows 2)",
        "1 rows have a start or an end that is no whole number (rows 5)",
        "1 rows have neither positions nor a quote (rows 4)",
        "1 rows quote words that are not in their source (rows 1)",
        "1 rows quote words that stand in their source more than once (rows 3)",
    ):
        assert part in str(caught.value)
    found = read_segments(rows.iloc[:1], codes=BOOK, sources=SAID)
    assert [(s.start, s.end) for s in found.segments] == [(5, 13)]
