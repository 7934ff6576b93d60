"""Two people's projects of the same texts come together, and those of other texts do not."""

from dataclasses import replace

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.qualitative import Case, Code, Coded, Segment, Source, agreement, merged

SOURCES = tuple(Source(name=f"I{i}", text="They listened to me.") for i in range(4))
BOOK = (Code(name="Respect", definition="Being met."), Code(name="Calm", parent="Respect"))


def project(places, codes=BOOK, sources=SOURCES):
    spoken = tuple(Segment(source=f"I{i}", start=0, end=4, code="Calm", coder="admin") for i in places)
    return Coded(codes=codes, sources=sources, segments=spoken)


def test_projects_under_one_name_become_two_coders_who_can_be_compared():
    both = merged({"ann": project((0, 1)), "bo": project((0, 2))})
    assert both.coders == ("ann", "bo")
    everything = [source.name for source in both.sources]
    row = agreement(both, read={"ann": everything, "bo": everything}).set_index("code").loc["Calm"]
    assert row[["by_all", "by_some", "by_none"]].tolist() == [1, 2, 1]


def test_a_word_that_differs_is_said_and_a_code_of_one_alone_is_kept():
    own = (replace(BOOK[0], definition="Being heard."), BOOK[1], Code(name="Fear"))
    with collecting() as notes:
        both = merged({"ann": project((0,)), "bo": project((0,), codes=own)})
    assert [code.name for code in both.codes] == ["Respect", "Calm", "Fear"]
    assert both.codes[0].definition == "Being met."
    assert notes == ["1 codes are worded otherwise in another project: the first wording is kept"]


def test_other_texts_codes_and_cases_are_refused_together():
    cased = replace(project((0,)), cases=(Case(name="A", sources=("I0", "I1")),))
    strange = replace(
        project((), codes=(Code(name="Respect"), Code(name="Calm"))),
        sources=(replace(SOURCES[0], text="Nobody came."), *SOURCES[1:]),
        cases=(Case(name="A", sources=("I2",)),),
    )
    with pytest.raises(DataError) as error:
        merged({"ann": cased, "bo": strange})
    for part in ("1 texts of bo differ", "codes ['Calm'] of bo", "1 cases of bo"):
        assert part in str(error.value)
    with pytest.raises(DataError, match="no project"):
        merged({})
