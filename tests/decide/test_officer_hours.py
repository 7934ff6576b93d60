"""Officer-hours weighed beside events in the choice of hours: by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.decide import OfficerHours, ShiftRules, deployment
from coresponder_causal.decide.hour_effects import hourly_calls
from coresponder_causal.decide.hour_values import values_of
from coresponder_causal.design import CoverageDesign
from coresponder_causal.simulate.hours import hours_world

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
rules = ShiftRules(hours=72, exploration_hours=0)


def design_of(world):
    return CoverageDesign.from_tables(world.calls, world.schedule, outcome="harm", start="2025-01-06", exposure="calls")


def test_officer_hours_are_weighed_at_what_they_are_said_to_be_worth():
    """Minutes are 60 an event and nothing else: with an hour worth w an event counts as 1 + w, less what duty costs."""
    world = hours_world(2, weeks=30)
    calls = world.calls.assign(minutes_on_scene=60.0 * world.calls["harm"])
    d = CoverageDesign.from_tables(calls, world.schedule, outcome="harm", start="2025-01-06", exposure="calls")
    alone = values_of(hourly_calls(d, contrast="planned", since=None), teams=1, minutes_per_call=None, draws=50, seed=0)
    found = deployment(d, rules=rules, draws=50, officers=OfficerHours(worth=0.25, on_duty=2.0))
    duty = 0.5 * 365.25 / 7
    assert found.values.value == pytest.approx(1.25 * alone.value - duty, rel=1e-9)
    assert found.values.draws == pytest.approx(1.25 * alone.draws - duty, rel=1e-5)
    apart = found.apart.set_index("what")
    assert apart.loc["events averted"].tolist() == pytest.approx(
        apart.loc["officer-hours released on calls"].tolist(), rel=1e-9
    )
    on_duty = apart.loc["officer-hours of the team on duty"]
    assert on_duty["proposed"] == pytest.approx(2 * 365.25 / 7 * found.proposed.teams.sum())
    assert found.averted == pytest.approx(
        apart.loc["events averted", "proposed"] * 1.25 - 0.25 * on_duty["proposed"], rel=1e-9
    )


def test_hours_not_worth_their_officers_are_left_out():
    """At a price above what the best hour averts nobody is sent."""
    found = deployment(
        design_of(with_minutes(hours_world(2, weeks=30))), rules=rules, draws=20, officers=OfficerHours(worth=1.0)
    )
    assert found.proposed.teams.sum() == 0
    assert found.gain > 0  # today's hours cost more than they avert


def with_minutes(world):
    return replace(world, calls=world.calls.assign(minutes_on_scene=30.0))


def test_minutes_that_are_not_there_are_named():
    with pytest.raises(DesignError, match="minutes_on_scene"):
        deployment(design_of(hours_world(2, weeks=20)), officers=OfficerHours(worth=0.1))
    with pytest.raises(DesignError, match=r"breaks 2 rules"):
        OfficerHours(worth=-1.0, on_duty=float("nan"))
