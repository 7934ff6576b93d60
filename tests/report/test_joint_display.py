"""Themes beside results: the rule, the picture, the tables, and what of it passes the gate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, DisclosureError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.privacy import Policy
from coresponder_causal.qualitative import Code, Coded, Segment, Source, Theme, joint_display, quotes, sign_quotes
from coresponder_causal.qualitative.joint_display import JointDisplay
from coresponder_causal.report import heard_table, joint_picture, joint_section, joint_table, quote_table
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.gate import passed
from coresponder_causal.report.specs import Page, Picture, Table

PUBLIC = Policy(audience="public")
GROUPS = ("officer", "clinician", "person_served", "family", "dispatcher")
SAID = "When she came, Maria Lopez sat down and he was calm."
OFTEN = {"Calmer scenes": 14, "Trust": 11, "More paperwork": 9, "Fear": 2, "Waiting": 8, "Quicker help": 7}
CODES = (Code(name="Met"), *(Code(name=name, parent="Met" if name == "Trust" else None) for name in OFTEN))


def coded(coder: str = "ann", each: int = 6) -> Coded:
    """Interviews, five groups of six, in which the themes come up as often as said."""
    names = [(f"I{i:02d}", GROUPS[i % 5]) for i in range(5 * each)]
    sources = tuple(Source(name=name, text=SAID, attributes=(("stakeholder", group),)) for name, group in names)
    spoken = tuple(
        Segment(source=f"I{i:02d}", start=15, end=35, code=code, coder=coder)
        for code, many in OFTEN.items()
        for i in range(many)
    )
    return Coded(codes=CODES, sources=sources, segments=spoken)


def result(outcome: str, estimate: float, se: float, scale: str = "difference", method: str = "call_aipw") -> Result:
    about = Estimand(
        contrast="ATT", outcome=outcome, treatment="attended", population="calls", horizon="the call", scale=scale
    )
    return Result(
        method=method, estimand=about, terms=pd.DataFrame({"term": ["effect"]}), estimate=np.array([estimate]),
        vcov=np.array([[se**2]]), df=np.array([200.0]), scale=scale, n_obs=900, n_units=900,
        support=pd.DataFrame({"term": ["effect"], "persons": [700], "events": [60]}),
    )  # fmt: skip


RESULTS = {
    "call_aipw/force": result("force", -0.04, 0.01),
    "did_gap/arrest": result("arrest", -0.25, 0.2, "log_ratio", "did_gap"),
    "call_aipw/hold": result("hold", 0.05, 0.01),
    "call_aipw/linked_30d": result("linked_30d", 0.002, 0.004),
}
THEMES = (
    Theme(code="Calmer scenes", outcome="force", says="helps"),
    Theme(code="Trust", outcome="arrest", says="helps"),
    Theme(code="More paperwork", outcome="hold", says="helps"),
    Theme(code="Fear", outcome="force", says="harms"),
    Theme(code="Waiting", outcome="linked_30d", says="mixed", better="more", matters=0.02),
    Theme(code="Quicker help", outcome="response_minutes", says="helps"),
)


def shown() -> JointDisplay:
    return joint_display(coded(), THEMES, RESULTS)


def test_each_verdict_follows_from_the_rule():
    frame = shown().frame.set_index("theme")
    assert frame["verdict"].to_dict() == {
        "Calmer scenes": "convergent",
        "Trust": "silent",
        "More paperwork": "discordant",
        "Fear": "silent",
        "Waiting": "convergent",
        "Quicker help": "silent",
    }
    assert frame["why"].to_dict() == {
        "Calmer scenes": "words: helps; result: helps",
        "Trust": "the interval leaves the direction open",
        "More paperwork": "words: helps; result: harms",
        "Fear": "too few brought it up",
        "Waiting": "words: mixed; result: none that matters",
        "Quicker help": "no result of this outcome",
    }
    assert frame["result"].tolist() == [*[*RESULTS][:3], "call_aipw/force", "call_aipw/linked_30d", ""]
    t = RESULTS["call_aipw/force"].tidy().iloc[0]
    assert frame.loc["Calmer scenes", ["low", "high"]].tolist() == [t["conf_low"], t["conf_high"]]
    assert frame.loc["Calmer scenes", ["help_low", "help_high"]].tolist() == [-t["conf_high"], -t["conf_low"]]


def test_more_where_more_is_better_turns_the_verdict():
    theme = replace(THEMES[0], better="more")
    assert joint_display(coded(), [theme], RESULTS).frame["verdict"].item() == "discordant"
    mixed = replace(THEMES[0], says="mixed")
    assert joint_display(coded(), [mixed], RESULTS).frame["verdict"].item() == "silent"
    strong = replace(THEMES[4], says="helps")
    assert joint_display(coded(), [strong], RESULTS).frame["verdict"].item() == "discordant"


def test_shares_are_of_the_people_heard_in_each_group():
    shares = shown().shares.set_index(["theme", "group"])
    assert shares.loc[("Calmer scenes", "all"), ["cases_with", "cases"]].tolist() == [14, 30]
    assert shares.loc[("Calmer scenes", "officer"), ["cases_with", "cases"]].tolist() == [3, 6]
    parts = shares.drop(index="all", level="group").groupby("theme")[["cases_with", "cases"]].sum()
    np.testing.assert_array_equal(parts, shares.xs("all", level="group").loc[parts.index, ["cases_with", "cases"]])
    above = joint_display(coded(), [Theme(code="Met", outcome="force", says="helps")], RESULTS)
    assert above.frame["cases_with"].item() == 11


def test_what_a_machine_coded_is_refused_with_all_else_that_is_wrong():
    with pytest.raises(DesignError, match="a machine coded 14 of 14 segments"):
        joint_display(coded("Machine"), THEMES[:1], RESULTS)
    with pytest.raises(DesignError) as caught:
        joint_display(
            coded("gpt"),
            [Theme(code="Calmer scenes", outcome="arrest", says="good", result="call_aipw/force", matters=0)],  # type: ignore[arg-type]
            RESULTS,
            machines=["GPT"],
        )
    assert "breaks 4 rules" in str(caught.value)
    with pytest.raises(DesignError, match=r"no code 'Calm'"):
        joint_display(coded(), [replace(THEMES[0], code="Calm")], RESULTS)


def test_the_picture_holds_every_number_and_can_be_drawn():
    found = shown()
    picture = joint_picture(found, RESULTS)
    assert picture.data["themes"]["said"].tolist()[0] == "−0.0400 (−0.0597 to −0.0203)"
    assert picture.data["themes"]["said"].tolist()[1].startswith("−22 %")
    assert len(picture.data["shares"]) == 6 * 6
    for form in ("png", "svg"):
        assert len(drawn(picture, form)) > 10_000  # type: ignore[arg-type]
    one = joint_picture(joint_display(coded(), THEMES[:1], RESULTS), RESULTS)
    assert len(drawn(one, "png", framed=False)) > 5_000
    assert "convergent" in picture.alt
    table = joint_table(found, RESULTS)
    assert table.note == found.rule
    assert "3 or more" in found.rule
    assert table.frame["result"].tolist()[-1] == "–"


def test_small_groups_do_not_leave_and_larger_do():
    found = shown()
    (heard,) = passed([heard_table(found)], PUBLIC).specs
    assert isinstance(heard, Table)
    few = heard.frame[heard.frame["theme"].eq("Fear")]
    calmer = heard.frame[heard.frame["theme"].eq("Calmer scenes")].set_index("label")
    assert calmer.loc["All", ["cases_with", "cases"]].tolist() == [14, 30]
    assert (calmer.drop(index="All")["cases_with"] == "•").all()
    assert not few["cases_with"].isin([1, 2]).any()
    assert not heard.frame["cases"].isin([6]).any()
    section = joint_section(found, RESULTS)
    page = Page(title="A study", sections=(section,))
    (left,) = passed([page], PUBLIC).specs
    assert isinstance(left, Page)
    assert not any(isinstance(block, Picture) for block in left.sections[0].blocks)


def test_quotes_are_redacted_and_only_signed_ones_leave():
    big = coded(each=15)
    with quietly():
        found = quotes(big, code="Calmer scenes", interviews=None)
        assert found["quote"].tolist() == ["[PERSON 1] sat down"] * 14 or found["quote"].str.startswith("[PERSON").all()
    assert found["status"].eq("not signed off").all()
    with pytest.raises(DisclosureError, match="14 quotes are not signed off"):
        passed([quote_table(found)], PUBLIC)
    read = found[found["said_by"].isin(["officer", "family"])]
    word = sign_quotes(read, by="A. Reader, records", on="2026-03-02", missed=0)
    with quietly():
        again = quotes(big, code="Calmer scenes", interviews=None, signed=word)
    assert again["status"].eq("signed off").sum() == len(read)
    ready = again[again["signed_by"].notna()]
    (left,) = passed([quote_table(ready)], PUBLIC).specs
    assert isinstance(left, Table)
    assert set(left.frame["said_by"]) == {"Officer", "Family member"}
    assert "source" not in left.frame
    assert not left.frame["quote"].str.contains("Maria").any()
    with quietly():
        small = quotes(coded(), code="Calmer scenes", interviews=None, signed=word)
    (masked,) = passed([quote_table(small[small["signed_by"].notna()])], PUBLIC).specs
    assert isinstance(masked, Table)
    assert not set(masked.frame["said_by"]) & {"Officer", "Family member"}
    assert masked.frame["quote"].str.startswith("[PERSON").all()


def test_another_word_voids_the_sign_off_and_withdrawn_interviews_give_none():
    with quietly():
        found = quotes(coded(), code="Trust", interviews=None)
        word = sign_quotes(found, by="A. Reader", on="2026-03-02", missed=0)
        other = quotes(coded(), code="Trust", interviews=None, signed=word, known=["sat"])
    assert other["signed_by"].isna().all()
    with pytest.raises(DisclosureError, match="2 of 11 quotes"):
        sign_quotes(found, by="A. Reader", on="2026-03-02", missed=2)
    register = pd.DataFrame({
        "interview": [f"I{i:02d}" for i in range(30)], "stakeholder": [GROUPS[i % 5] for i in range(30)],
        "date": "2026-01-05", "consent": "yes", "withdrawn": ["yes" if i < 4 else "no" for i in range(30)],
    })  # fmt: skip
    with quietly():
        left = quotes(coded(), code="Trust", interviews=register)
    assert len(left) == 7
    assert not left["source"].isin(["I00", "I01", "I02", "I03"]).any()
