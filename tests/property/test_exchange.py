"""What goes out in an exchange format comes back as it was, whatever signs people write in."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coresponder_causal.core.notes import collecting
from coresponder_causal.qualitative import (
    Case,
    Code,
    Coded,
    Segment,
    Source,
    joined,
    read_qdc,
    read_qdpx,
    read_segments,
    write_qdc,
    write_qdpx,
    write_segments,
)
from coresponder_causal.qualitative.offsets import MARK, Counting, Document, Quoted, counting_of, every_counting, placed
from coresponder_causal.qualitative.wording import described, parts_of

# Letters, signs outside the first plane, marks that combine, every line end, blanks, right-to-left, control signs.
SIGNS = "abZ .,<>&\"'\n\r\t\u0301\u00e9\u05d0\u200d\u2028\U0001f642\U0001f3fd\U00020000\x0b\x0c\x85…"
texts = st.text(SIGNS, min_size=1, max_size=40)
plain_texts = st.text("abZ <&>\"'é\U0001f642-", max_size=12).map(str.strip)
names = plain_texts.filter(bool)


@st.composite
def projects(draw: st.DrawFn) -> Coded:
    book = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    codes = tuple(
        Code(
            name=name,
            parent=draw(st.sampled_from([None, *book[:place]])),
            definition=draw(plain_texts),
            include=draw(plain_texts),
            example=draw(plain_texts),
            about=tuple(draw(st.lists(st.sampled_from(["calm", "M35"]), max_size=2, unique=True))),
            colour=draw(st.sampled_from([None, "#1A2B3C"])),
        )
        for place, name in enumerate(book)
    )
    called = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    values = st.sampled_from([(), (("site", "north & south"),)])
    sources = tuple(Source(name=n, text=draw(texts), memo=draw(plain_texts), attributes=draw(values)) for n in called)
    segments = []
    for source in sources:
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, len(source.text) - 1))
            end = draw(st.integers(start + 1, len(source.text)))
            coder = draw(st.sampled_from(["", "ann", "bob <b>"]))
            given_code, memo = draw(st.sampled_from(book)), draw(plain_texts)
            segments.append(Segment(source=source.name, start=start, end=end, code=given_code, coder=coder, memo=memo))
    kept, _ = joined(tuple(segments))
    cases = draw(st.sampled_from([(), (Case(name="case", sources=tuple(called[:2]), attributes=(("age", "40"),)),)]))
    order = {source.name: place for place, source in enumerate(sources)}
    kept = tuple(sorted(kept, key=lambda s: order[s.source]))
    return Coded(codes=codes, sources=sources, segments=kept, cases=cases, name=draw(names))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(coded=projects())
def test_a_project_comes_back_as_it_went_out(coded: Coded, tmp_path: Path) -> None:
    with collecting() as notes:
        found = read_qdpx(write_qdpx(coded, tmp_path / "p.qdpx"))
    assert sorted(found.codes, key=lambda c: c.name) == sorted(coded.codes, key=lambda c: c.name)
    assert (found.sources, found.segments, found.cases, found.name) == (
        coded.sources,
        coded.segments,
        coded.cases,
        coded.name,
    )
    assert [text for text in notes if "otherwise" in text or "left out" in text] == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(coded=projects())
def test_tables_and_codebooks_come_back_as_they_went_out(coded: Coded, tmp_path: Path) -> None:
    file = write_segments(coded, tmp_path / "s.csv")
    if coded.segments:
        found = read_segments(file, codes=coded.codes, sources=coded.sources)
        assert [(s.source, s.start, s.end, s.code, s.coder) for s in found.segments] == [
            (s.source, s.start, s.end, s.code, s.coder) for s in coded.segments
        ]
    found_codes = read_qdc(write_qdc(coded.codes, tmp_path / "b.qdc"))
    assert sorted(found_codes, key=lambda c: c.name) == sorted(coded.codes, key=lambda c: c.name)


def counted(text: str, at: int, way: Counting) -> int:
    """Position of a code point as a program would count it: by encoding what stands before it."""
    before, lead = text[:at], MARK if text.startswith(MARK) else ""
    before = before if way.mark == "counted" else before.removeprefix(lead)
    if way.line_end == "as one sign":
        before = before.replace("\r\n", "\n")
    if way.units == "UTF-16 units":
        return len(before.encode("utf-16-le")) // 2
    return len(before.encode()) if way.units == "UTF-8 bytes" else len(before)


@settings(max_examples=200, deadline=None)
@given(text=texts, mark=st.booleans(), way=st.sampled_from(every_counting()), data=st.data())
def test_positions_of_every_way_of_counting_lead_back(
    text: str, mark: bool, way: Counting, data: st.DataObject
) -> None:
    whole = MARK * mark + text
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    inside_line_end = any(0 < at < len(text) and text[at - 1 : at + 1] == "\r\n" for at in (start, end))
    if way.line_end == "as one sign" and inside_line_end:
        return  # such a program cannot name a place inside a line end
    first, after = (counted(whole, at + mark, way) for at in (start, end))
    spot = Quoted(first, after - (way.end == "at the last sign"), "")
    (found,) = placed(Document(whole, (spot,)), way)
    assert found == (start, end)


@pytest.mark.parametrize("way", every_counting())
def test_the_way_of_counting_is_found_from_the_words(way: Counting) -> None:
    text = "\ufeffOne \U0001f642 caf\u00e9\r\n\r\ntwo \U0001f642\u0301 three\r\nfour five\r\n"
    words = ("two", "three", "four", "five")
    spots = []
    for word in words:
        at = text.index(word)
        first, after = counted(text, at, way), counted(text, at + len(word), way)
        spots.append(Quoted(first, after - (way.end == "at the last sign"), word))
    found, fit, quoted = counting_of([Document(text, tuple(spots))])
    assert (found, fit, quoted) == (way, 4, 4)


def test_few_or_no_quotations_leave_the_standard() -> None:
    document = Document("\U0001f642 They listened.", (Quoted(2, 6, "line:6"), Quoted(7, 15, "")))
    assert counting_of([document]) == (Counting(), 0, 1)


@settings(max_examples=100, deadline=None)
@given(definition=plain_texts, include=plain_texts, exclude=plain_texts, example=plain_texts)
def test_the_wording_of_a_code_comes_apart_again(definition: str, include: str, exclude: str, example: str) -> None:
    code = Code(name="A", definition=definition, include=include, exclude=exclude, example=example)
    parts = parts_of(described(code))
    assert [parts[name] for name in ("definition", "include", "exclude", "example")] == [
        definition,
        include,
        exclude,
        example,
    ]
