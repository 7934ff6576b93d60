"""Pictures and the page of description: every number drawn is one that was counted."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.data import metrics, pathway, pathway_flows, surface
from coresponder_causal.simulate import world


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    made = dict(world("west_sac_like", seed=1).tables)
    calls = made["calls"][made["calls"]["city"] == "West Sacramento"]
    calls = calls[calls["received_at"] >= "2019-01-01"].reset_index(drop=True)
    return {"calls": calls, "outcomes": made["outcomes"][made["outcomes"]["call_id"].isin(calls["call_id"])]}


def test_a_trend_draws_every_month_in_percent(tables) -> None:
    months = metrics(tables, only=["M15"])
    picture = report.trend_picture(months, title="Arrest", start="2020-07-15")
    drawn = picture.data["trend"]
    assert drawn["period"].tolist() == months["period"].tolist()
    pd.testing.assert_series_equal(drawn["value"], 100 * months["value"], check_names=False)
    assert picture.labels.number("start") == pytest.approx(2020 + 196 / 365.25)  # 15 July is day 197 of a leap year
    assert picture.labels["y"] == "Percent"


def test_a_trend_without_a_value_is_refused(tables) -> None:
    lacking = metrics(tables, only=["M02"])
    with pytest.raises(DataError, match="no month of 'Intake' has a value"):
        report.trend_picture(lacking, title="Intake")


def test_the_flow_keeps_every_call_and_merges_small_states() -> None:
    """Of 1,000 calls 985 go to a, ten to b, five to c: b and c have less than 2 % and are drawn as other."""
    flows = pd.DataFrame(
        [
            ("label", "eligible as reported", "disposition", state, count)
            for state, count in (("a", 985), ("b", 10), ("c", 5))
        ],
        columns=["from_stage", "from_state", "stage", "state", "count"],
    )
    nodes = report.flow_picture(flows).data["nodes"]
    assert nodes[nodes["column"].eq(1)][["state", "calls"]].values.tolist() == [["a", 985], ["other", 15]]


def test_calls_that_are_not_eligible_are_not_drawn(tables) -> None:
    picture = report.flow_picture(pathway_flows(tables))
    table = pathway(tables)
    eligible = table[table["stage"].eq("label") & table["state"].str.startswith("eligible")]["count"].sum()
    assert picture.data["nodes"].groupby("column")["calls"].sum().eq(eligible).all()
    into = picture.data["flows"].groupby("column")["calls"].sum()
    assert into.eq(eligible).all()


def test_the_flow_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="fewer than two stages"):
        report.flow_picture(pd.DataFrame(columns=["from_stage", "from_state", "stage", "state", "count"]))


def test_a_surface_writes_its_numbers_into_its_cells(tables, tmp_path: Path) -> None:
    found = surface(tables["calls"], outcome="hold", cell="hour", group="initial_type")
    picture = report.surface_picture(found, title="Holds", cell="hour", group="initial_type")
    assert picture.data["surface"]["calls"].sum() == len(tables["calls"])
    assert "Highest:" in picture.alt
    report.write(picture, tmp_path / "surface.png")


@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_the_same_picture_gives_the_same_bytes(tables, tmp_path: Path, form: str) -> None:
    flow = report.flow_picture(pathway_flows(tables))
    one, two = (report.write(flow, tmp_path / f"{name}.{form}").read_bytes() for name in "ab")
    assert one == two


@pytest.fixture(scope="module")
def page(tables, tmp_path_factory) -> str:
    values, months = (
        metrics(tables, period=period, start=start) for period, start in (("all", "2020-07-15"), ("month", None))
    )
    made = report.metrics_page(
        values, months, title="Metrics", pathway=pathway(tables), flows=pathway_flows(tables), start="2020-07-15"
    )  # fmt: skip
    return report.write(made, tmp_path_factory.mktemp("page")).read_text(encoding="utf-8")


def test_the_page_says_that_it_describes_and_must_not_leave(page: str) -> None:
    assert "None of them is an effect of the programme" in page
    assert "Not for release" in page
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="https?:', page)


def test_the_page_shows_core_metrics_first_with_what_they_are_divided_by(page: str, tables) -> None:
    heads = re.findall(r"<h2>(M\d\d) ", page)
    assert heads == ["M01", "M06", "M07", "M10", "M12", "M15", "M17", "M19", "M24", "M28"]
    whole = metrics(tables, only=["M15"], period="all", start="2020-07-15")
    for words in whole["divided_by"]:
        assert words in page


def test_every_picture_on_the_page_says_what_it_shows(page: str) -> None:
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) > 5
    for picture in pictures:
        assert ET.fromstring(picture).get("aria-label")


def test_what_cannot_be_computed_is_on_the_page(page: str) -> None:
    assert "calls.crisis_on_scene" in page
