"""Checks of call takers on calls in which the assumption holds, and in which it is broken on purpose."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.check import battery, first_stage, leniency_balance, leniency_monotone
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallInstrumentDesign
from coresponder_causal.estimate import call_iv
from coresponder_causal.validity.call_worlds import shifts, start

TAKERS = 20


def drawn(*, sorted_by_severity=0.0, turned=False, own_effect=0.0, seed=5):
    """Six thousand calls on duty by twenty takers, who bring the team to a tenth up to half of them.

    ``sorted_by_severity``: how far the severe go to the lenient; ``turned``: the kind "night" the other way round;
    ``own_effect``: what takers do to the outcome by themselves, unrelated to the team.
    """
    rng, n = np.random.default_rng(seed), 6000
    day, hour = rng.integers(0, 720, n), rng.integers(12, 22, n)
    severity, night = rng.normal(size=n), rng.random(n) < 0.4
    place = rng.random(n) + sorted_by_severity * severity
    taker = (np.argsort(np.argsort(place)) * TAKERS // n).astype(int)
    share = 0.1 + 0.4 * taker / (TAKERS - 1)
    attended = rng.random(n) < np.where(turned & night, 0.6 - share, share)
    own = own_effect * rng.normal(size=TAKERS)[taker]
    risk = np.clip(0.5 + 0.05 * severity - 0.1 * attended + own, 0, 1)
    when = start + pd.to_timedelta(day, unit="D") + pd.to_timedelta(hour * 60 + rng.integers(0, 60, n), unit="min")
    frame = pd.DataFrame({"received_at": when, "severity": severity, "night": night, "call_taker": taker})
    frame = frame.assign(attended=attended, team_on_duty=True, arrest=rng.random(n) < risk)
    early = frame.head(1).assign(received_at=start - pd.Timedelta("1D"), team_on_duty=False)
    d = CallInstrumentDesign.from_tables(
        pd.concat([frame, early], ignore_index=True),
        shifts(),
        outcome="arrest",
        start=start.date(),
        instrument="call_taker",
        covariates=["severity", "night"],
    )
    with quietly():
        return d, call_iv(d)


def test_calls_that_come_by_chance_contradict_nothing():
    d, result = drawn()
    found = {check.check: check for check in battery(result, d)}
    assert {name: check.verdict for name, check in found.items()} == dict.fromkeys(
        ("reduced_form_before", "hour_profile"), "not applicable"
    ) | dict.fromkeys(("first_stage", "leniency_balance", "leniency_monotone"), "no contradiction found")
    assert found["leniency_balance"].table["what"].tolist() == ["severity", "night"]
    assert (found["leniency_monotone"].table["p_value"] > 0.01).all()


def test_severe_calls_with_lenient_takers_contradict_balance():
    d, result = drawn(sorted_by_severity=0.15)
    found = leniency_balance(result, d)
    assert found.verdict == "contradicts"
    worst = found.table.set_index("what")["standardised"]
    assert worst["severity"] > 0.1
    assert abs(worst["night"]) < 0.1


def test_a_kind_of_call_the_other_way_round_contradicts_monotonicity():
    d, result = drawn(turned=True)
    found = leniency_monotone(result, d)
    assert found.verdict == "contradicts"
    table = found.table.set_index("what")
    assert table.loc["night", "estimate"] < 0
    assert "night" in found.sentence


def test_takers_who_change_outcomes_themselves_scatter_about_the_curve():
    d, result = drawn(own_effect=0.1)
    found = leniency_monotone(result, d)
    assert found.verdict == "contradicts"
    assert found.table.set_index("what").loc["scatter of outcomes", "p_holm"] < 0.05


def test_a_slope_beyond_the_range_of_outcomes_contradicts():
    """An outcome that rises by three for each call brought, where it only ranges from 0 to 1, is not the team's."""
    from dataclasses import replace

    d, _ = drawn()
    lenient = d.timing["call_taker"].to_numpy() / (TAKERS - 1)
    steep = d.source.assign(arrest=np.random.default_rng(1).random(len(d.source)) < lenient)
    moved = replace(d, calls=replace(d.calls, source=steep))
    found = leniency_monotone(call_iv(moved), moved)
    assert found.verdict == "contradicts"
    assert "slope at the" in found.sentence


def test_the_first_stage_compares_the_two_halves():
    d, result = drawn()
    found = first_stage(result, d)
    weights = found.table["calls_with"] / found.table["calls_with"].sum()
    assert weights @ found.table["difference"] == pytest.approx(0.2, abs=0.06)  # halves of .1 to .5 differ by .21


def test_they_are_not_for_other_instruments():
    from coresponder_causal.validity.call_worlds import call_table

    calls = call_table(np.random.default_rng(2), calls=3000)
    d = CallInstrumentDesign.from_tables(calls, shifts(), outcome="arrest", start=start.date(), covariates=["severity"])
    result = call_iv(d, inference="week")
    assert {check(result, d).verdict for check in (leniency_balance, leniency_monotone)} == {"not applicable"}
