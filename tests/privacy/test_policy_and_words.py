"""Audiences, small counts in words, points of the guidelines, and what lies between published spans."""

from __future__ import annotations

import pytest

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.privacy import Policy, ddg_score, limits, months_of, small_in_words, watermark
from coresponder_causal.privacy.spans import differences

SPAN = frozenset


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("3 calls were left out", True),
        ("7 crisis-eligible calls were left out", True),
        ("1 of 12 persons", True),
        ("burnout_score, 2: 2 of 12 forms lack an answer and are left out", True),
        ("3 interviews were left out", True),
        ("2,703 of 2,705 calls were used", True),
        ("(leave 24, illness 21, training 1)", True),
        ("10,454 of 13,159 calls are left out of the comparison", False),
        ("10 comparison cities, 72 months", False),
        ("arrest of 2705 calls, 974 with attended", False),
        ("start 2020-07-15; fell by 8.7 per 100 calls (95 % interval 3 to 9)", False),
        ("0 of 40 calls", False),
        ("Checks made: 5 (no contradiction found: 4, cannot tell: 1).", False),
    ],
)
def test_small_counts_in_words(text, small):
    assert small_in_words(text, threshold=11) is small


def test_the_banner_of_every_audience_says_what_cannot_be_guarded():
    assert Policy().banner == watermark
    public, partner = Policy(audience="public"), Policy(audience="partner", agreement="county 7")
    assert limits in public.banner
    assert limits in partner.banner
    assert "county 7" in partner.banner
    assert "By the agreement" in partner.banner
    assert "By the agreement" not in public.banner


@pytest.mark.parametrize(
    "given",
    [{"audience": "everybody"}, {"audience": "partner"}, {"audience": "public", "agreement": "x"}, {"threshold": 1}],
)
def test_audiences_that_cannot_be(given):
    with pytest.raises(DisclosureError):
        Policy(**given)


def test_points_of_the_guidelines_by_hand():
    """West Sacramento by quarter: 40 events of 53,000 residents, seven race groups, age bands of 20 years."""
    found = ddg_score(events=40, population=900, residents=53_000, interactions=4, age_years=20, race="detailed")
    assert dict(found.points) == {"events": 5, "residence": 3, "interactions": 4, "age bands": 2, "race": 3}
    assert (found.total, found.passes, found.by_size) == (17, False, False)
    assert ddg_score(events=11, population=20_001, residents=900, interactions=4).by_size
    assert not ddg_score(events=10, population=20_001, residents=900, interactions=4).by_size
    edges = [ddg_score(events=n, population=1, residents=1, interactions=0).points["events"] for n in (10, 11, 99, 100)]
    assert edges == [7, 5, 5, 3]
    assert "beyond" in str(found)
    with pytest.raises(DisclosureError, match="interactions"):
        ddg_score(events=1, population=1, residents=1, interactions=5)


def test_what_lies_between_overlapping_areas_by_hand():
    """A = {1, 2}: 30, B = {2, 3}: 40, C = {1, 2, 3}: 43. C less B is 3 in tract 1, and A less that 27 in tract 2."""
    between, _ = differences({SPAN("12"): 30, SPAN("23"): 40, SPAN("123"): 43})
    assert between == {SPAN("1"): 3, SPAN("3"): 13, SPAN("2"): 27}
    with pytest.raises(DisclosureError, match="do not add up"):
        differences({SPAN("12"): 30, SPAN("1"): 31})


def test_periods_span_their_months():
    assert months_of("2024H2") == {f"2024-{month:02d}" for month in range(7, 13)}
    assert months_of("2024") == months_of("2024H1") | months_of("2024H2")
    assert months_of("2024-02/2024-03") == {"2024-02", "2024-03"}
    with pytest.raises(DisclosureError, match="is no period"):
        months_of("spring")
