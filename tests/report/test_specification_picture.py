"""The picture of specifications and the table of a pool: the numbers behind them, and that they draw."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign, donor_pool
from coresponder_causal.estimate import did_few_treated
from coresponder_causal.report import drawing
from coresponder_causal.report.specification_picture import donor_table

MONTHS = pd.period_range("2017-01", periods=60, freq="M")


@cache
def curve():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        [(city, month, rng.poisson(400)) for city in "ABCDEF" for month in MONTHS], columns=["city", "month", "calls"]
    )
    d = PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated="A", start="2020-07")
    with quietly():
        result = did_few_treated(d)
    return result, check.specification_curve(result, d)


def test_every_estimate_is_drawn_above_its_choices():
    found = curve()[1]
    data = report.figure(found).data
    assert data["estimates"]["change"].tolist() == found.table["change"].tolist()
    assert data["estimates"]["given"].sum() == 1
    assert len(data["used"]) == 5 * len(found.table)
    assert data["choices"]["choice"].tolist() == [
        *("all periods", "last 36 before"),
        *("pandemic kept", "pandemic left out"),
        *("levels", "logs"),
        *("1 seasonal pair", "2 seasonal pairs"),
        *("all cities", "one city left out"),
    ]
    levels = found.table[found.table["values"] == "levels"]
    row = data["choices"].set_index("choice").loc["levels"]
    assert row["median"] == levels["change"].median()
    assert data["used"].loc[data["used"]["row"] == row["row"], "place"].tolist() == levels.index.tolist()
    assert data["others"]["city"].tolist() == list("BCDEF")


def test_it_draws_and_draws_the_same_again(tmp_path):
    picture = report.figure(curve()[1])
    assert picture.kind == "specifications"
    assert drawing.drawn(picture, "png") == drawing.drawn(picture, "png")
    assert report.write(picture, tmp_path / "curve.svg").exists()


def test_without_the_other_cities_it_says_what_to_do():
    with pytest.raises(EstimationError, match="carries no other cities"):
        report.figure(replace(curve()[1], course=None))


def test_the_page_draws_the_curve_of_the_headline():
    result, found = curve()
    page = report.page([result], checks=[found])
    assert [part.kind for part in page.parts() if isinstance(part, report.Picture)].count("specifications") == 1


def test_the_table_of_a_pool_says_who_and_why():
    names = pd.DataFrame({"city": ["Ours", "Like", "Huge"], "population": [50, 60, 900], "region": ["x", "x", "y"]})
    with quietly():
        pool = donor_pool(names, None, treated="Ours", start="2020-07-15", window=("2017-01-01", "2021-12-31"))
    table = donor_table(pool)
    assert table.frame[["city", "role", "why"]].values.tolist() == [
        ["Like", "compared", "passes every rule that was judged"],
        ["Huge", "left out", "18 times the population"],
    ]
    assert f"Frozen as {pool.fingerprint[:16]}." in table.note
    assert "for Ours from 15 July 2020 on" in table.note
