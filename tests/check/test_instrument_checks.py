"""Checks of an instrument on drawn calls in which the assumption holds, and in which it does not."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.check import battery, first_stage, hour_profile, reduced_form_before
from coresponder_causal.design import CallInstrumentDesign
from coresponder_causal.estimate import call_iv
from coresponder_causal.validity.call_worlds import call_table, shifts, start


@cache
def drawn(*, moved=False, instrument="coverage_post", rising=0.0, seed=7):
    """Calls of a town; ``rising``: chance of an arrest in covered hours from a year before the start on."""
    calls = call_table(np.random.default_rng(seed), calls=13_000, moved=moved)
    hour, late = calls["received_at"].dt.hour, calls["received_at"] >= start - pd.Timedelta(days=360)
    extra = np.random.default_rng(8).random(len(calls)) < rising
    calls["arrest"] |= hour.between(12, 21) & late & extra
    d = CallInstrumentDesign.from_tables(
        calls,
        shifts(),
        outcome="arrest",
        start=start.date(),
        instrument=instrument,
        covariates=["severity", "patrol_load"],
    )
    return d, call_iv(d, inference="week")


def test_the_battery_of_an_instrument_has_three_checks():
    d, result = drawn()
    names = {check.check for check in battery(result, d)}
    assert names == {"reduced_form_before", "hour_profile", "first_stage"}


def test_outcomes_that_moved_before_there_was_a_team_contradict():
    d, result = drawn(rising=0.4)
    found = reduced_form_before(result, d)
    assert found.verdict == "contradicts"
    assert found.table["estimate"].iloc[0] == pytest.approx(0.4 * 0.55, abs=0.1)  # of those not arrested anyway
    d, result = drawn()
    assert reduced_form_before(result, d).verdict != "contradicts"


def test_calls_that_move_into_covered_hours_contradict():
    assert hour_profile(None, drawn()[0]).verdict == "no contradiction found"
    found = hour_profile(None, drawn(moved=True)[0])
    assert found.verdict == "contradicts"
    assert "not safe" in found.sentence
    share = found.table.set_index("what").loc["share of calls in covered hours"]
    assert share["standardised"] > 0.1
    assert list(found.table) == ["what", "standardised", "p_value", "p_holm"]


def test_a_free_team_does_not_compare_hours_over_time():
    d, result = drawn(instrument="team_free")
    assert reduced_form_before(result, d).verdict == "not applicable"
    assert hour_profile(result, d).verdict == "not applicable"
    assert first_stage(result, d).verdict == "no contradiction found"


def test_the_first_stage_is_shown_hour_by_hour():
    d, result = drawn()
    found = first_stage(result, d)
    assert found.table["hour"].tolist() == list(range(12, 22))
    weights = found.table["calls_with"] / found.table["calls_with"].sum()
    assert weights @ found.table["share_with"] == pytest.approx(d.calls.treated.sum() / d.z().sum())
    assert (found.table["share_without"] == 0).all()


def test_a_team_kept_away_in_some_hour_contradicts():
    from dataclasses import replace

    d, result = drawn(instrument="team_free")
    at_noon = d.timing["hour"] == 12
    turned = d.timing.assign(instrument=d.timing["instrument"].where(~at_noon, 1 - d.timing["instrument"]))
    assert first_stage(result, replace(d, timing=turned)).verdict == "contradicts"


def test_a_weak_first_stage_cannot_tell():
    from dataclasses import replace

    from coresponder_causal.core.facts import Facts

    d, result = drawn()
    weak = replace(result, extra=Facts(dict(result.extra) | {"effective_f": 8.0}))
    assert first_stage(weak, d).verdict == "cannot tell"


def test_an_instrument_that_keeps_the_team_away_lowered_the_share():
    from dataclasses import replace

    from coresponder_causal.core.facts import Facts

    d, result = drawn()
    turned = replace(result, extra=Facts(dict(result.extra) | {"first_stage": -0.037}))
    assert "The instrument lowered the share of calls with the team by 0.037 (" in first_stage(turned, d).sentence
    assert "The instrument raised the share of calls with the team by 0." in first_stage(result, d).sentence
