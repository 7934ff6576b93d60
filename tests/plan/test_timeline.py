"""Weeks: each step begins when what it waits for has ended, and room is what can be lost without a later report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coresponder_causal.plan.timeline import returned, scheduled, usual, waited, weeks_to_wait


def last(steps):
    return max(step.ends for step in scheduled(steps))


def test_no_step_begins_before_what_it_waits_for_has_ended():
    timed = {step.name: step for step in scheduled(usual, wait=9)}
    for step in timed.values():
        assert step.ends == step.begins + step.weeks
        assert step.begins == max((timed[name].ends for name in step.after), default=0)


@pytest.mark.parametrize("name", [step.name for step in usual])
def test_room_is_what_can_be_lost_and_no_week_more(name):
    room = next(step.room for step in scheduled(usual) if step.name == name)

    def later(weeks: int) -> int:
        return last([replace(step, weeks=step.weeks + weeks) if step.name == name else step for step in usual])

    assert later(room) == last(usual)
    assert later(room + 1) == last(usual) + 1


def test_a_step_left_out_is_not_waited_for():
    short = [step for step in usual if step.name != returned]
    assert last(short) == last(usual) - next(step.weeks for step in usual if step.name == returned)


def test_waiting_for_outcomes_moves_the_report():
    assert max(step.ends for step in scheduled(usual, wait=50)) == last(usual) + 50
    assert next(step.weeks for step in scheduled(usual, wait=50) if step.name == waited) == 50
    assert weeks_to_wait(12, deadline_hours=0) == 53  # 365.25 days are 52.2 weeks
