"""The page of data quality: what it says, what it draws, what it leaves out (simulated calls with a form change)."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.data import quality
from coresponder_causal.report.quality_pictures import break_pictures, few_rows, heat_map


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(1)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 364 * 86400, 1500)), unit="s")
    calls = pd.DataFrame({"call_id": [str(i) for i in range(1500)], "city": "Davis", "received_at": when})
    calls["arrived_at"] = calls["received_at"] + pd.to_timedelta(rng.integers(-300, 1800, 1500), unit="s")
    calls["dispatched_at"] = calls["received_at"]
    calls["arrest"] = pd.Series(rng.random(1500) < 0.1, dtype="boolean")
    calls["hold"] = pd.Series(rng.random(1500) < 0.1, dtype="boolean")
    calls.loc[(when >= "2024-05-08") & (rng.random(1500) < 0.6), "arrest"] = pd.NA
    calls.loc[rng.random(1500) < 0.1, "hold"] = pd.NA
    return quality(calls, table="calls", until="2024-12-31")


@pytest.fixture(scope="module")
def page(found, tmp_path_factory):
    return report.write(report.quality_page(found), tmp_path_factory.mktemp("page")).read_text(encoding="utf-8")


def test_the_worst_comes_first_with_what_to_do_and_who(found):
    page = report.quality_page(found)
    assert page.finding[1].text == found.issues["said"].iloc[0]
    worst = page.sections[0].blocks[0]
    assert [column.label for column in worst.columns] == ["What is wrong", "What to do next", "Who", "Rows touched"]
    assert worst.frame["rows"].is_monotonic_decreasing
    assert worst.frame[["next", "who"]].ne("").all(axis=None)


def test_the_page_stands_alone(page):
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["']https?:""", page)
    assert page.count('role="img"') == 2  # the heat map, and the field whose recording changed
    assert page.count("<figure>") == 2
    assert "Not for release" in page


def test_the_heat_map_greys_weeks_of_few_rows(found):
    picture = heat_map(found.completeness, "calls", "all")
    cells = picture.data["cells"]
    assert set(cells["label"]) == {"Arrest at the incident", "Involuntary hold written"}
    weekly = found.completeness[found.completeness["field"].eq("arrest")].set_index("week")
    own = cells[cells["label"].eq("Arrest at the incident")].set_index("week")
    assert (own["few"] == (weekly["rows"] < few_rows)).all()
    assert np.allclose(own["missing"], 1 - weekly["share"])
    assert "Arrest at the incident" in picture.alt
    whole = found.completeness[found.completeness["field"].eq("city")]
    assert heat_map(whole, "calls", "all") is None


def test_a_change_is_drawn_with_its_levels_and_its_day(found):
    (picture,) = break_pictures(found.breaks, found.completeness)
    levels = picture.data["levels"]
    assert levels["date"].notna().tolist() == [False, True]
    assert levels["share"].tolist() == [found.breaks["before"].iloc[0], found.breaks["after"].iloc[0]]
    assert picture.alt.startswith("Share of rows in which “Arrest at the incident” is missing")


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_pictures_draw(found, tmp_path, form):
    for picture in (heat_map(found.completeness, "calls", "all"), *break_pictures(found.breaks, found.completeness)):
        first, second = (report.write(picture, tmp_path / f"{name}.{form}").read_bytes() for name in "ab")
        assert first == second
        assert len(first) > 2000


def test_for_the_public_levels_pass_the_gate(found):
    (picture,) = break_pictures(found.breaks, found.completeness)[:1]
    levels = report.released(picture, audience="public").data["levels"]
    assert levels["share"].tolist() == picture.data["levels"]["share"].tolist()


def test_the_suggested_rows_are_a_file_of_the_register(found, tmp_path):
    file = report.write(report.breaks_table(found), tmp_path / "breaks.csv")
    rows = pd.read_csv(file)
    assert rows.columns.tolist() == ["city", "field", "date", "what", "source", "certainty"]
    assert rows["field"].tolist() == ["arrest"]


def test_the_account_of_an_ingest_is_shown(found):
    ends = {"read": 5, "accepted": 3, "repaired": 1, "duplicate": 1, "quarantined": 0}
    account = {"sources": [{"source": "cad", "table": "calls", **ends}]}
    page = report.quality_page(found, account=account)
    titles = [getattr(block, "title", "") for section in page.sections for block in section.blocks]
    assert "What became of every row of the exports" in titles


def test_tables_without_fault_say_so():
    when = pd.date_range("2024-01-01 00:03:07", periods=50, freq="7h")
    calls = pd.DataFrame({"call_id": [str(i) for i in range(50)], "city": "Davis", "received_at": when})
    page = report.quality_page(quality(calls, table="calls", until="2024-12-31"))
    assert page.finding[0].text == "Nothing was found that stands in the way of an analysis."
