"""What would help most, on a page: ranked, drawn, and without small counts for the public."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np

from coresponder_causal import report
from coresponder_causal.decide import Lever, improve
from coresponder_causal.decide.converted import Bounds
from coresponder_causal.privacy import Policy, hidden_mark
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.specs import Bullets, Page, Picture, Section, Table

PUBLIC = Policy(audience="public")


def a_lever(what: str, gain: Bounds | None, currency="averted", calls=200.0, **given) -> Lever:
    stated = {"outcome": "arrest", "formula": "calls × effect", "assumes": "all are alike", "support": {"calls": calls}}
    return Lever(what=what, currency=currency, gain=gain, **(stated | given))


def found(calls=200.0):
    return improve(
        [
            a_lever("reach more calls", Bounds(12.4, 3.2, 21.6), calls=calls),
            a_lever("label better", Bounds(np.nan, 0.2, 4.4), said="a range"),
            a_lever("stay longer", Bounds(7.0, -2.0, 16.0)),
            a_lever("move hours", None, needs="hours drawn by lot", support={}),
            a_lever("draw a lot", Bounds(0.42, 0.31, 0.55), "interval", outcome="calls"),
        ]
    )


def text_of(spec, out: Path, policy=PUBLIC) -> str:
    page = Page(title="P", sections=(spec,) if isinstance(spec, Section) else (Section(title="S", blocks=(spec,)),))
    report.write_all({out / "p.html": page}, policy=policy)
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", (out / "p.html").read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split()).partition("ranked apart.")[2]


def test_the_section_ranks_draws_and_says_what_to_collect(tmp_path):
    section = report.improvement_section(found())
    kinds = [type(block) for block in section.blocks]
    assert kinds.count(Picture) == 1
    assert kinds.count(Table) == 2
    assert kinds[-1] is Bullets
    text = text_of(section, tmp_path)
    assert "What would avert most: Reach more calls – 12 (3 to 22) arrests averted a year." in text
    assert "Draw a lot (calls) – an interval 42 (31 to 55) % as long as today." in text
    assert "Move hours: hours drawn by lot." in text
    assert hidden_mark not in text


def test_every_row_has_its_formula_and_what_must_hold():
    averted, sharper = report.improvement_tables(found())
    assert averted.frame["what"].tolist() == ["Reach more calls", "Stay longer", "Label better"]
    assert averted.frame["gain"].tolist() == ["12 (3 to 22)", "7 (−2 to 16)", "0.2 to 4.4"]
    assert averted.frame["counted"].eq("Calls × effect.").all()
    assert averted.frame["holds"].eq("All are alike.").all()
    assert averted.frame["read"].tolist() == ["–", "It may bring nothing.", "A range."]
    assert "only the ends are known" in averted.note
    assert sharper.note == ""
    assert sharper.frame["gain"].tolist() == ["42 (31 to 55)"]


def test_the_picture_has_a_panel_for_each_currency():
    picture = report.improvement_picture(found())
    assert picture.data["bars"]["currency"].tolist() == ["averted"] * 3 + ["interval"]
    assert dict(picture.labels) == {
        "averted": "arrests averted a year",
        "interval": "length of the interval, % of today's",
    }
    for framed in (True, False):
        assert drawn(picture, "png", framed=framed).startswith(b"\x89PNG")


def test_small_counts_do_not_leave(tmp_path):
    """The leading change stands on 7 calls: its sentence, its row and its bar stay inside."""
    text = text_of(report.improvement_section(found(calls=7.0)), tmp_path / "public")
    assert "12 (3 to 22)" not in text
    assert hidden_mark in text
    assert "7 (−2 to 16)" in text
    inside = text_of(report.improvement_section(found(calls=7.0)), tmp_path / "inside", Policy(audience="internal"))
    assert "12 (3 to 22)" in inside


def test_a_page_on_which_nothing_can_be_told(tmp_path):
    section = report.improvement_section(improve([a_lever("reach more", None, needs="who attended", support={})]))
    assert not any(isinstance(block, Picture | Table) for block in section.blocks)
    assert "Reach more: who attended." in text_of(section, tmp_path)
