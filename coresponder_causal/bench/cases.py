"""Every benchmark, by its name."""

from __future__ import annotations

from coresponder_causal.bench.adopters import group_time, group_time_adjusted, group_time_draws, two_way, wild
from coresponder_causal.bench.calls import matching
from coresponder_causal.bench.case import Case
from coresponder_causal.bench.donors import control, differences
from coresponder_causal.bench.series import counts, segmented

cases: dict[str, Case] = {
    case.name: case
    for case in (
        group_time, group_time_draws, group_time_adjusted, two_way, wild, control, differences, matching, segmented,
        counts,
    )
}  # fmt: skip
