"""The picture of saturation draws the counts of the analysis, reached or not."""

import pytest

from coresponder_causal.qualitative import Code, Coded, Segment, Source, saturation
from coresponder_causal.report import saturation_picture
from coresponder_causal.report.drawing import drawn


@pytest.mark.parametrize(("last", "said"), [("a", "reached at 6+2"), ("abstuvwxyz", "not reached in 8")])
def test_the_picture_shows_the_counts_and_says_where_it_was_reached(last, said):
    told = ["abcdef", "bcgh", "ijka", "lm", "no", "p", "p", last]
    names = sorted(set("".join(told)))  # 13 in the base; runs bring 3, 1, and what the last does
    sources = tuple(Source(name=f"I{i}", text="words") for i in range(len(told)))
    pairs = [(i, code) for i, own in enumerate(told) for code in own]
    segments = tuple(Segment(source=f"I{i}", start=0, end=5, code=code) for i, code in pairs)
    found = saturation(Coded(codes=tuple(Code(name=n) for n in names), sources=sources, segments=segments))
    picture = saturation_picture(found)
    assert picture.data["course"]["codes"].iloc[-1] == len(names)
    assert said in picture.alt
    assert drawn(picture, "png").startswith(b"\x89PNG")
