"""The picture of a week: its numbers by hand, and that it draws."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CoverageDesign
from coresponder_causal.estimate import call_coverage
from coresponder_causal.report import hours_picture, sentence
from coresponder_causal.report.write import rendered

FIRST, START, LAST = pd.Timestamp("2019-01-01"), pd.Timestamp("2020-01-15"), pd.Timestamp("2020-12-31")


@cache
def town(exposure: str = "hours", fall: float = 0.5) -> CoverageDesign:
    """Calls of two years; ``fall``: share of them that stays away in covered hours from the start on."""
    rng = np.random.default_rng(2)
    received = pd.Series(FIRST + pd.to_timedelta(rng.integers(0, 731 * 86_400, 9000), unit="s"))
    covered = received.dt.hour.between(12, 21) & received.dt.day_of_week.lt(5)
    away = covered & (received >= START) & (rng.random(9000) < fall)
    calls = pd.DataFrame(
        {"call_id": range(9000), "city": "Davis", "received_at": received, "arrest": rng.random(9000) < 0.2}
    )
    begin = pd.date_range(START, LAST, freq="B") + pd.Timedelta("12h")
    shifts = pd.DataFrame({"city": "Davis", "shift_start": begin, "shift_end": begin + pd.Timedelta("10h")})
    return CoverageDesign.from_tables(
        calls[~away], shifts.assign(planned_hours=10.0), outcome="calls", start="2020-01-15", exposure=exposure
    )


def test_the_change_of_an_hour_by_hand():
    d = town()
    hours = hours_picture(d).data["hours"]
    row = hours.loc[36]
    assert (row["day"], row["hour"], row["covered"]) == ("Tue", 12, True)
    mine = d.calls[d.calls["hour_of_week"] == 36]
    counts = mine["after"].value_counts()
    assert (row["events_before"], row["events_after"]) == (counts[False], counts[True])
    tuesdays = pd.date_range(FIRST, LAST, freq="W-TUE")
    after = int((tuesdays >= START).sum())
    by_hand = np.log(counts[True] / after) - np.log(counts[False] / (len(tuesdays) - after))
    assert row["change"] == pytest.approx(by_hand, rel=1e-12)
    weeks = 366 / 7  # the plan is counted from January 2020, the month of the start
    assert row["planned"] == pytest.approx(sum(tuesdays >= START) / weeks, rel=1e-12)
    assert hours["events_after"].sum() == d.calls["after"].sum()


def test_a_rate_per_call_leaves_out_calls_whose_outcome_is_unknown():
    d = town("calls").with_outcome("arrest")
    known = np.arange(len(d.calls)) % 3 > 0
    blank = replace(d, calls=d.calls.assign(arrest=d.calls["arrest"].astype(float).where(known)))
    left = replace(d, calls=d.calls[known])
    one, other = (hours_picture(each).data["hours"]["change"] for each in (blank, left))
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_hours_are_drawn_towards_their_mean_and_those_with_few_events_more():
    hours = hours_picture(town()).data["hours"]
    raw, pooled = hours["change"], hours["pooled"]
    assert pooled.std() < raw.std()
    kept = (pooled - pooled.mean()) / (raw - pooled.mean())
    assert kept.between(0, 1).mean() > 0.97
    covered = hours["covered"]
    assert pooled[covered].mean() < pooled[~covered].mean() - 0.3  # half of the calls stay away: log 0.5


def test_hours_that_differ_by_chance_alone_show_their_mean():
    flat = hours_picture(town(fall=0.0))
    if flat.data["hours"]["pooled"].std() < 1e-9:
        assert "do not differ beyond chance" in flat.caption
    assert flat.data["hours"]["pooled"].std() < 0.3 * flat.data["hours"]["change"].std()


def test_the_sentence_of_a_result_stands_below():
    d = town()
    with quietly():
        result = call_coverage(d)
    assert sentence(result).text in hours_picture(d, result).caption


@pytest.mark.parametrize("form", [".png", ".svg", ".pdf", ".fragment"])
def test_it_draws(form):
    assert len(rendered(hours_picture(town("calls").with_outcome("arrest")), form)) > 5000


def test_counts_and_designs_without_outcome_are_refused():
    hours = pd.MultiIndex.from_product(
        [["Davis"], pd.period_range("2019-01", "2020-12", freq="M"), range(168)],
        names=["city", "month", "hour_of_week"],
    ).to_frame(index=False)
    counts = hours.assign(hours=4, calls=np.arange(len(hours)) % 3)
    counted = CoverageDesign.from_tables(counts, town().roster, outcome="calls", start="2020-01-15")
    for design, says in ((counted, "holds no calls"), (replace(town(), outcome=None), "names no outcome")):
        with pytest.raises(DesignError, match=says):
            hours_picture(design)
