"""Made-up boundaries: a jump planted where no team comes on is found, and none is where there is none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.check import placebo_boundaries
from coresponder_causal.design.coverage_boundary import made_up_boundary
from coresponder_causal.estimate import call_boundary
from coresponder_causal.validity.boundary_worlds import boundary_design

HERE, ELSEWHERE = (boundary_design(np.random.default_rng(seed), calls=20_000) for seed in (5, 6))


def with_city(*, jump=0.0):
    """The town, and the calls of another draw as a comparison city without a team, where a jump may be planted."""
    other = ELSEWHERE.calls.assign(city="other", attended=False, planned=False, delivered=False)
    other["call_id"] = "other " + other["call_id"]
    other["arrest"] = other["arrest"] + jump * (other["covered"] & other["after"])
    calls = pd.concat([other, HERE.calls.assign(arrest=HERE.calls["arrest"].astype(float))], ignore_index=True)
    source = pd.concat([HERE.source.assign(city="other"), HERE.source], ignore_index=True)
    positions = np.tile(HERE.axis.positions, 2)
    return replace(HERE, calls=calls, source=source, axis=replace(HERE.axis, positions=positions))


def test_a_made_up_boundary_lies_within_one_class_of_hours():
    for boundary, hours, covered in (
        ("opening", 3, True),
        ("opening", -3, False),
        ("closing", 3, False),
        ("closing", -3, True),
    ):
        moved = made_up_boundary(HERE, boundary, hours=hours)
        assert moved.calls["covered"].eq(covered).all()
        there = moved.calls[moved.calls[f"minutes_from_{boundary}"].abs() < 60]
        clock = (12 if boundary == "opening" else 22) + hours
        assert sorted(there["hour"].unique()) == sorted(hour % 24 for hour in (clock - 1, clock))


def test_nothing_is_found_where_nothing_happens():
    d = with_city()
    found = placebo_boundaries(call_boundary(d), d)
    assert found.table["where"].tolist() == ["3 hours earlier", "3 hours later", "other"]
    assert found.verdict in ("no contradiction found", "cannot tell")
    assert (found.table["p_holm"] >= 0.05).all()


def test_a_jump_at_the_same_clock_time_elsewhere_contradicts():
    d = with_city(jump=0.5)
    found = placebo_boundaries(call_boundary(d), d)
    assert found.verdict == "contradicts"
    assert found.table.set_index("where").loc["other", "p_holm"] < 0.05


def test_a_jump_three_hours_later_contradicts():
    later = HERE.calls["after"] & (HERE.calls["minutes_from_opening"] >= 180) & HERE.calls["covered"]
    d = replace(HERE, calls=HERE.calls.assign(arrest=HERE.calls["arrest"] + 0.5 * later))
    found = placebo_boundaries(call_boundary(d), d)
    assert found.table.set_index("where").loc["3 hours later", "estimate"] == pytest.approx(0.5, abs=0.25)
    assert found.verdict == "contradicts"


def test_the_options_of_the_result_are_used_again_and_the_battery_runs_it():
    result = call_boundary(HERE, bandwidth=90.0)
    found = next(one for one in check.battery(result, HERE) if one.check != "holding")
    again = call_boundary(made_up_boundary(HERE, "opening", hours=3), bandwidth=90.0)
    assert found.table.set_index("where").loc["3 hours later", "estimate"] == again.estimate[0]
    assert report.figure(found).kind == "forest"


def test_too_few_calls_are_not_applicable():
    result = call_boundary(HERE)
    empty = replace(HERE, calls=HERE.calls[:5])
    assert placebo_boundaries(result, empty).verdict == "not applicable"
