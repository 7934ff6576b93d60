"""What would help most in a study: time and cities by hand, the levers of a simulated city, and what it lacks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.core.inference import critical
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan import embedded_study, run
from coresponder_causal.plan.detectable import Monthly, of_cities, of_series
from coresponder_causal.plan.improve import improvements_of
from coresponder_causal.simulate import world

MONTHS = pd.period_range("2017-01", periods=48, freq="M")


def steady(others: int = 4) -> Monthly:
    """36 months before the start and 12 after, 100 calls in each of every city: the noise is that of counting."""
    counts = pd.DataFrame(100.0, index=MONTHS, columns=[f"c{i}" for i in range(others + 1)])
    return Monthly(counts=counts, city="c0", start=pd.Timestamp("2020-01-01"))


def test_cities_and_months_by_hand():
    counting = 1 / 3600 + 1 / 1200
    assert of_cities(steady(), drift=0.0).error == pytest.approx(np.sqrt(counting * (1 + 1 / 4)))
    assert of_cities(steady(), drift=0.1, others=8).error == pytest.approx(np.sqrt((counting + 0.01) * (1 + 1 / 8)))
    assert of_cities(steady(), drift=0.1, others=8).df == 7
    longer = replace(steady(), counts=steady().counts.reindex(pd.period_range("2017-01", periods=60, freq="M")))
    assert of_cities(longer, drift=0.0).error == pytest.approx(np.sqrt((1 / 3600 + 1 / 2400) * (1 + 1 / 4)))
    assert of_series(longer).error == pytest.approx(np.sqrt(1 / 3600 + 1 / 2400))


@cache
def studied(designs: tuple[str, ...]):
    stated, tables, _ = embedded_study()
    study = replace(stated, designs=designs, options={"calls": stated.options["calls"][1:]}, simulated=True)
    known = dict(tables) | {"outcomes": world("west_sac_like", seed=1).tables["outcomes"]}
    with quietly():
        found = run(study, tables, plan.quality_of(tables))
        together = plan.weighed(found, tables)
    return found, known, together


def levers(designs=("cities", "calls"), drop=(), columns=()) -> pd.DataFrame:
    found, tables, together = studied(designs)
    left = {name: table for name, table in tables.items() if name not in drop}
    left["calls"] = left["calls"].drop(columns=list(columns))
    return improvements_of(found, left, together).frame


def test_a_city_with_all_tables_has_both_rankings():
    frame = levers()
    told = frame[frame["rank"].notna()]
    assert told["currency"].drop_duplicates().tolist() == ["averted", "linked", "interval"]
    assert (told["low"] <= told["high"]).all()
    assert (told["formula"].ne("") & told["assumes"].ne("")).all()
    for said in ("while it was free", "a second team", "Label"):
        assert frame["what"].str.contains(said, case=False).any()
    sharper = frame[frame["currency"].eq("interval")].set_index("what")["estimate"]
    assert sharper["draw the half-days of 52 weeks by lot"] < sharper["draw the half-days of 13 weeks by lot"]
    assert (sharper.dropna() < 1).all()


def test_twice_the_cities_shrink_the_interval_by_the_formula():
    """Of cities alike, whatever the drift: t(2J − 1)/t(J − 1) · √((1 + 1/2J)/(1 + 1/J))."""
    frame = levers()
    row = frame[frame["what"].str.startswith("compare with")].iloc[0]
    many = int(row["what"].split()[2]) // 2
    ratio = np.sqrt((1 + 1 / (2 * many)) / (1 + 1 / many)) * critical(2 * many - 1.0) / critical(many - 1.0)
    assert row["estimate"] == pytest.approx(ratio, abs=0.01)  # cities are not quite alike
    assert f"not {many}" in row["what"]


def test_a_fixed_roster_asks_for_a_lot():
    frame = levers()
    hours = frame[frame["what"].str.contains("other hours")].iloc[0]
    assert np.isnan(hours["rank"])
    assert "by lot" in hours["needs"]


def test_what_a_study_lacks_stays_on_the_list():
    frame = levers(drop=("outcomes", "schedule"), columns=("crisis_flagged", "team_busy"))
    missing = frame[frame["rank"].isna()].set_index("what")["needs"]
    assert "linked_30d" in missing["follow up within 72 hours with everybody the team met"]
    assert "crisis_on_scene or crisis_flagged" in missing["label at intake the crises that are found only on scene"]
    assert "hours are chosen by both" in missing["come at other hours"]
    assert "[[bounds]]" in missing["search for some of those whose outcome is missing"]
    assert frame["what"].str.contains("go to every eligible call").sum() == 1


def test_without_results_nothing_is_told_and_all_is_asked():
    found, tables, _ = studied(("cities", "calls"))
    frame = improvements_of(found, tables, None).frame
    told = frame[frame["rank"].notna()]
    assert told["currency"].tolist() == ["linked"]
    assert (frame.loc[frame["rank"].isna(), "needs"] != "").all()


def test_the_same_study_gives_the_same_page():
    pd.testing.assert_frame_equal(levers(), levers())
