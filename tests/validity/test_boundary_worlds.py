"""Calls around the opening: who is held, who is attended, and that other draws stay as they were."""

import numpy as np

from coresponder_causal.validity.boundary_worlds import boundary_design
from coresponder_causal.validity.call_worlds import call_table, opens


def test_held_calls_are_attended_although_received_before_the_team_comes_on():
    d = boundary_design(np.random.default_rng(1), calls=40_000, holding=0.4)
    early = d.calls[d.calls["after"] & (d.calls["minutes_from_opening"] < 0)]
    close = early["minutes_from_opening"] >= -40
    assert early.loc[~close, "attended"].sum() == 0
    assert early.loc[close, "attended"].mean() > 0.03
    before = d.calls[~d.calls["after"]]
    assert before["attended"].sum() == 0


def test_without_holding_nobody_is_attended_outside_the_hours():
    d = boundary_design(np.random.default_rng(1), calls=13_000)
    assert d.calls.loc[d.calls["attended"], "covered"].all()
    assert d.calls.loc[d.calls["attended"], "hour"].min() >= opens


def test_the_shift_change_is_there_before_the_start_too():
    """−.06 inside the hours; arrests are .5 with sd .5, some 10,000 calls a side: a standard error of .006."""
    d = boundary_design(np.random.default_rng(2), calls=80_000, effect=0.0)
    near = d.calls[d.calls["minutes_from_opening"].abs() < 240]
    for _, period in near.groupby("after"):
        means = period.groupby("covered")["arrest"].mean()
        assert -0.13 < means[True] - means[False] < -0.03  # the day's course adds to it within four hours


def test_a_share_of_none_held_draws_what_was_drawn_without_it():
    one, other = (call_table(np.random.default_rng(3), calls=500, **given) for given in ({}, {"holding": 0.0}))
    assert one.equals(other)
