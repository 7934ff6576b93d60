"""Checks of covered hours call by call: planted violations are found, and none where there is none."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

from coresponder_causal.check import (
    absences,
    battery,
    density_around_openings,
    exclusion,
    holding,
    leave_one_out,
)
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.design import CoverageDesign
from coresponder_causal.estimate import call_coverage, did_triple

FIRST, START, LAST = pd.Timestamp("2018-07-02"), pd.Timestamp("2020-06-29"), pd.Timestamp("2022-06-26")


@cache
def shifts(share_absent: float = 0.1) -> pd.DataFrame:
    """Ten hours on every day from the start on, some of them not delivered."""
    begin = pd.date_range(START, LAST) + pd.Timedelta("12h")
    frame = pd.DataFrame({"city": "Davis", "shift_start": begin, "shift_end": begin + pd.Timedelta("10h")})
    gone = np.random.default_rng(11).random(len(begin)) < share_absent
    return frame.assign(planned_hours=10.0, delivered_hours=np.where(gone, 0.0, 10.0))


@cache
def town(
    *, held: float = 0.0, warned: float = 0.0, touched: float = 0.0, share_absent: float = 0.1, rounded: bool = False
) -> CoverageDesign:
    """Calls of four years.

    ``held``: share of the calls of the last 40 minutes before an opening that wait for the team; ``warned``: chance of
    an arrest more on the day before an absence; ``touched``: chance of a tow more in covered hours from the start on.
    """
    rng = np.random.default_rng(5)
    n = 12_000
    seconds = np.sort(rng.integers(0, (LAST - FIRST).days * 86_400, n))
    received = pd.Series(
        FIRST + pd.to_timedelta(seconds // (900 if rounded else 1) * (900 if rounded else 1), unit="s")
    )
    after, noon = received >= START, received.dt.normalize() + pd.Timedelta("12h")
    dispatched = received + pd.to_timedelta(rng.gamma(2.0, 150.0, n).round(), unit="s")
    waits = after & (received < noon) & (received >= noon - pd.Timedelta("40min")) & (rng.random(n) < held)
    roster = shifts(share_absent)
    gone = roster.loc[roster["delivered_hours"].eq(0), "shift_start"].dt.normalize()
    eve = received.dt.normalize().isin(gone - pd.Timedelta("1D"))
    calls = pd.DataFrame(
        {
            "call_id": [f"C{i:05d}" for i in range(n)],
            "city": "Davis",
            "received_at": received,
            "dispatched_at": dispatched.mask(waits, noon + pd.Timedelta("2min")),
            "arrest": rng.random(n) < 0.25 + warned * eve,
            "towed": rng.random(n) < 0.2 + touched * (after & received.dt.hour.between(12, 21)),
        }
    )
    return CoverageDesign.from_tables(calls, roster, outcome="arrest", start=str(START.date()), exposure="calls")


@cache
def result() -> Result:
    with quietly():
        return call_coverage(town())


def test_the_battery_of_calls_has_three_checks_more():
    with quietly():
        found = [one.check for one in battery(result(), town(), controls=["towed"])]
    assert {"absences", "holding", "exclusion"} <= set(found)


def test_days_before_an_absence_that_differ_contradict():
    found = absences(result(), town(warned=0.3))
    assert found.verdict == "contradicts"
    by_day = found.table.set_index("day")["estimate"]
    assert by_day.idxmax() == -1
    assert by_day[-1] == pytest.approx(0.3, abs=0.1)
    assert absences(result(), town()).verdict != "contradicts"


def test_the_days_around_absences_are_least_squares_with_clustered_errors():
    d = town()
    used = d.calls[d.calls["planned"] & d.calls["after"]].assign(day=lambda t: t["received_at"].dt.normalize())
    gone = d.shifts().query("absent")["shift_start"].dt.normalize()
    around = {f"d{k + 3}": used["day"].isin(gone + pd.Timedelta(days=k)).astype(float) for k in range(-3, 4)}
    X = pd.get_dummies(pd.DataFrame(around).assign(hour=used["hour_of_week"], month=used["month"]), columns=["hour"])
    X = pd.get_dummies(X, columns=["month"], drop_first=True).to_numpy(float)
    y, bread = used["arrest"].to_numpy(float), np.linalg.inv(X.T @ X)
    beta, meat = bread @ X.T @ y, np.zeros_like(bread)
    for _, rows in pd.Series(range(len(y))).groupby(used["week"].to_numpy()):
        own = X[rows]
        values, vectors = np.linalg.eigh(np.eye(len(own)) - own @ bread @ own.T)
        score = own.T @ (vectors * values**-0.5) @ vectors.T @ (y[rows] - own @ beta)
        meat += np.outer(score, score)
    table = absences(result(), d).table
    np.testing.assert_allclose(table["estimate"], beta[:7], rtol=1e-8)  # normal equations against orthogonal ones
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(bread @ meat @ bread))[:7], rtol=1e-8)
    np.testing.assert_array_equal(table["calls"], [column.sum() for column in around.values()])


def test_few_absences_and_none_are_said():
    few = absences(result(), town(share_absent=0.01))
    assert few.verdict == "cannot tell"
    assert "With fewer than 10 absences this tells little" in few.sentence
    assert absences(result(), town(share_absent=0.0)).verdict == "not applicable"
    assert absences(result(), town().with_outcome("calls")).verdict == "not applicable"


def test_held_calls_are_found_and_others_are_not():
    with_it, without = holding(None, town(held=0.4)), holding(None, town())
    assert with_it.verdict == "contradicts"
    assert with_it.table["p_holm"].iloc[0] > 0.05  # received times do not jump
    assert with_it.table["p_holm"].iloc[1] < 0.05
    assert without.verdict == "no contradiction found"


def test_two_sides_of_an_opening_before_and_after_the_start_by_hand():
    d = town(held=0.4)
    row = holding(None, d).table.set_index("what").loc["dispatched"]
    noon = d.calls["received_at"].dt.normalize() + pd.Timedelta("12h")
    minutes = (d.calls["dispatched_at"] - noon).dt.total_seconds() / 60
    counts = [
        [int((side & minutes.between(-60, 0, inclusive="left")).sum()), int((side & minutes.between(0, 60)).sum())]
        for side in (~d.calls["after"], d.calls["after"])
    ]
    names = ["before_start_ahead", "before_start_behind", "after_start_ahead", "after_start_behind"]
    assert row[names].tolist() == [*counts[0], *counts[1]]
    assert row["p_value"] == pytest.approx(chi2_contingency(counts, correction=False).pvalue, rel=1e-12)
    (a, b), (c, e) = counts
    assert row["odds_ratio"] == pytest.approx(e / c / (b / a), rel=1e-12)


def test_the_density_around_openings_counts_quarter_hours():
    d = town(held=0.4)
    table = density_around_openings(d)
    assert table["from_minute"].tolist() == [*range(-60, 60, 15)] * 2
    sent = table[table["what"] == "dispatched"].set_index("from_minute")
    assert sent.loc[0, "after_start"] > 1.5 * sent.loc[0, "expected"]
    assert sent.loc[-15, "after_start"] < sent.loc[-15, "expected"]
    noon = d.calls["received_at"].dt.normalize() + pd.Timedelta("12h")
    first = (d.calls["received_at"] - noon).between(pd.Timedelta("-60min"), pd.Timedelta("-45min"), inclusive="left")
    assert table["after_start"].iloc[0] == (first & d.calls["after"]).sum()


def test_rounded_minutes_are_said():
    assert (
        "100.0 % of received times fall on the first minute of a quarter hour"
        in holding(None, town(rounded=True)).sentence
    )


def test_what_the_team_cannot_touch_must_not_move():
    moved = exclusion(result(), town(touched=0.1), outcomes=["towed"])
    assert moved.verdict == "contradicts"
    assert moved.table["estimate"].iloc[0] == pytest.approx(0.1, abs=2.5 * moved.table["std_error"].iloc[0])
    assert exclusion(result(), town(), outcomes=["towed"]).verdict != "contradicts"


def test_outcomes_that_cannot_be_fitted_are_named():
    both = exclusion(result(), town(), outcomes=["towed", "moon"])
    assert both.sentence.endswith("Not fitted: moon: it is not a column of numbers in the calls.")
    assert exclusion(result(), town(), outcomes=["moon"]).verdict == "not applicable"
    assert exclusion(result(), town()).verdict == "not applicable"


def test_a_design_of_counts_has_no_calls_to_check():
    hourly = pd.MultiIndex.from_product(
        [["Davis"], pd.period_range("2018-07", "2022-06", freq="M"), range(168)],
        names=["city", "month", "hour_of_week"],
    ).to_frame(index=False)
    hourly = hourly.assign(hours=4, calls=np.arange(len(hourly)) % 5)
    d = CoverageDesign.from_tables(hourly, shifts(), outcome="calls", start=str(START.date()))
    for found in (absences(result(), d), holding(None, d), exclusion(result(), d, outcomes=["calls"])):
        assert found.verdict == "not applicable"


@cache
def towns(*others: str) -> CoverageDesign:
    """Calls of Davis and others; in covered hours of Ash one call in five is of a weight seen nowhere else."""
    rng, n = np.random.default_rng(6), 8_000
    received = pd.Series(FIRST + pd.to_timedelta(rng.integers(0, (LAST - FIRST).days * 86_400, n), unit="s"))
    city = pd.Series(rng.choice(["Davis", *others], n))
    heavy = city.eq("Ash") & received.dt.hour.between(12, 21) & (rng.random(n) < 0.2)
    calls = pd.DataFrame(
        {
            "call_id": [f"C{i:05d}" for i in range(n)],
            "city": city,
            "received_at": received,
            "weight": rng.normal(size=n) + 1000 * heavy,
            "arrest": rng.random(n) < 0.3,
        }
    )
    asked = {"outcome": "arrest", "start": str(START.date()), "exposure": "calls", "covariates": ("weight",)}
    return CoverageDesign.from_tables(calls, shifts(), **asked)


def test_a_city_in_whose_place_the_method_cannot_be_fitted_leaves_the_rest_of_the_battery():
    with quietly():
        d = towns("Ash", "Birch", "Cedar", "Elm")
        found = {one.check: one for one in battery(did_triple(d), d)}
    placebo = found["placebo_cities"]
    assert placebo.verdict == "not applicable"
    assert "cannot be fitted with each comparison city in the treated city's place: " in placebo.sentence
    assert "hours of" in placebo.sentence  # which class of hours of which city lacks overlap
    assert found["leave_one_out"].verdict != "not applicable"


def test_a_method_that_needs_every_city_cannot_leave_one_out():
    with quietly():
        d = towns("Ash", "Birch", "Cedar")
        found = leave_one_out(did_triple(d, inference="prediction"), d)
    assert found.verdict == "not applicable"
    assert "without each comparison city in turn: 2 comparison cities bring calls" in found.sentence
