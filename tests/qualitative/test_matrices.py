"""Codes against cases, counted by hand."""

import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.qualitative import (
    Case,
    Code,
    Coded,
    Segment,
    Source,
    code_counts,
    code_matrix,
    cooccurrence,
    framework,
    interview_register,
    quotas,
)

TEXT = "one two three four five six"
WHO = {"I01": "officer", "I02": "officer", "I03": "family", "I04": ""}


def segment(source: str, start: int, end: int, code: str, coder: str = "ann") -> Segment:
    return Segment(source=source, start=start, end=end, code=code, coder=coder)


CODED = Coded(
    codes=(Code(name="Top"), Code(name="Low", parent="Top"), Code(name="Deep", parent="Low"), Code(name="Other")),
    sources=tuple(
        Source(name=name, text=TEXT, attributes=(("stakeholder", who),) if who else ()) for name, who in WHO.items()
    ),
    cases=(Case(name="pair", sources=("I01", "I02")),),
    segments=(
        segment("I01", 0, 7, "Low"),
        segment("I01", 4, 13, "Other"),
        segment("I01", 14, 18, "Other"),
        segment("I02", 0, 3, "Deep"),
        segment("I03", 0, 3, "Low"),
        segment("I03", 0, 3, "Low", "bob"),
        segment("I03", 1, 3, "Other", "bob"),
    ),
)


def test_codes_by_cases_with_zeros_and_rolled_up() -> None:
    found = code_matrix(CODED, coder="ann")
    assert found.columns.tolist() == ["pair", "I03", "I04"]
    assert found.to_numpy().tolist() == [[0, 0, 0], [1, 1, 0], [1, 0, 0], [2, 0, 0]]
    assert code_matrix(CODED, coder="ann", roll_up=True).to_numpy().tolist() == [
        [2, 1, 0],
        [2, 1, 0],
        [1, 0, 0],
        [2, 0, 0],
    ]


def test_counts_come_with_what_they_are_of() -> None:
    found = code_counts(CODED, by="stakeholder", roll_up=True).set_index(["stakeholder", "code"])
    assert found.loc[("officer", "Top")].tolist() == [1, 1, 1.0, 2, 2, 2]
    assert found.loc[("family", "Other")].tolist() == [1, 1, 1.0, 1, 1, 1]
    assert found.loc[("not said", "Top")].tolist() == [0, 1, 0.0, 0, 1, 0]
    whole = code_counts(CODED).set_index("code")
    assert whole.loc["Low", ["cases_with", "cases", "sources_with", "sources", "segments"]].tolist() == [2, 3, 2, 4, 3]
    assert whole.loc["Low", "share"] == pytest.approx(2 / 3)


def test_several_coders_are_said() -> None:
    with collecting() as notes:
        code_counts(CODED)
    assert notes == ["segments of 2 coders are counted together: coder= takes one"]
    with pytest.raises(DataError, match="nobody named 'cleo' coded"):
        code_matrix(CODED, coder="cleo")
    with pytest.raises(DataError, match=r"no source has an attribute \['site'\]"):
        code_counts(CODED, by="site")


def test_codes_come_together_by_overlap_source_or_case() -> None:
    assert cooccurrence(CODED).to_numpy().tolist() == [[0, 0, 0, 0], [0, 3, 0, 2], [0, 0, 1, 0], [0, 2, 0, 3]]
    assert cooccurrence(CODED, coder="ann").loc["Low", "Other"] == 1
    assert cooccurrence(CODED, within="source").loc["Low"].tolist() == [0, 2, 0, 2]
    assert cooccurrence(CODED, within="case").loc["Deep"].tolist() == [0, 1, 1, 1]
    nothing = Coded(codes=CODED.codes, sources=CODED.sources)
    for within in ("overlap", "source", "case"):
        assert cooccurrence(nothing, within=within).to_numpy().sum() == 0
    assert code_matrix(nothing).to_numpy().tolist() == [[0, 0, 0, 0]] * 4
    assert code_counts(nothing)["share"].tolist() == [0.0] * 4


def test_the_framework_has_a_cell_for_every_case_and_theme() -> None:
    found = framework(CODED, summaries={("pair", "Top"): "Met well."}, coder="ann")
    assert found.columns.tolist() == [
        (theme, slot) for theme in ("Top", "Other") for slot in ("summary", "quotes", "segments")
    ]
    assert found.loc["pair", ("Top", "quotes")] == "“one two” (I01, 0-7)\n“one” (I02, 0-3)"
    assert found.loc["pair", ("Top", "summary")] == "Met well."
    assert found["Top"]["segments"].tolist() == [2, 1, 0]
    assert found.loc["I04", ("Other", "quotes")] == ""
    assert framework(CODED).loc["I03", ("Top", "segments")] == 1
    with pytest.raises(DataError, match="summaries are of cases or themes that are not there"):
        framework(CODED, summaries={("I01", "Top"): "x"})
    with pytest.raises(DataError, match=r"themes \['None'\]"):
        framework(CODED, themes=["None"])


def test_the_register_shows_whom_nobody_asked() -> None:
    said = pd.DataFrame(
        {
            "interview": [f"I{place}" for place in range(6)],
            "stakeholder": ["officer"] * 4 + ["family"] * 2,
            "date": "2026-03-02",
            "consent": ["yes", "yes", "no", "yes", "yes", "yes"],
            "withdrawn": ["no", "yes", None, "no", "unknown", None],
            "sampled_by": ["random", "random", "random", "volunteer", None, "referral"],
        }
    )
    found = interview_register(said, planned=quotas() | {("family", "all"): 5}).set_index(["stakeholder", "sampled_by"])
    counts = ["asked", "done", "declined", "withdrawn"]
    assert found.loc[("officer", "all"), counts].tolist() == [4, 2, 1, 1]
    assert found.loc[("officer", "random"), counts].tolist() == [3, 1, 1, 1]
    assert found.loc[("officer", "random"), ["planned", "short"]].tolist() == [12, 11]
    assert found.loc[("family", "not said"), counts].tolist() == [1, 1, 0, 0]
    assert found.loc[("family", "all"), ["planned", "short"]].tolist() == [5, 3]
    assert found.loc[("dispatcher", "random"), ["planned", "asked", "short"]].tolist() == [8, 0, 8]
    assert found.loc[("person_served", "all"), counts].tolist() == [0, 0, 0, 0]
    assert pd.isna(found.loc[("person_served", "all"), "consented_share"])
    assert found.loc[("officer", "all"), "consented_share"] == 0.75
    alls = found.xs("all", level="sampled_by")[counts]
    assert alls.to_numpy().sum() == found.drop("all", level="sampled_by")[counts].to_numpy().sum()


def test_plans_for_unknown_groups_are_refused() -> None:
    said = pd.DataFrame({"interview": ["I1"], "stakeholder": ["chief"], "date": "2026-03-02", "consent": ["yes"]})
    with pytest.raises(DataError) as caught:
        interview_register(said, planned={"mayor": 3, "chief": -1})
    assert "('mayor', 'all') is no group" in str(caught.value)
    assert "('chief', 'all') has -1 interviews" in str(caught.value)
