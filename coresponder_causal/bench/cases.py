"""Every benchmark, by its name."""

from __future__ import annotations

from coresponder_causal.bench.adopters import group_time, group_time_adjusted, group_time_draws
from coresponder_causal.bench.calls import matching
from coresponder_causal.bench.case import Case
from coresponder_causal.bench.donors import control, differences, differences_long
from coresponder_causal.bench.series import counts, segmented
from coresponder_causal.bench.two_way import two_way, wild

cases: dict[str, Case] = {
    case.name: case
    for case in (
        group_time, group_time_draws, group_time_adjusted, two_way, wild, control, differences, differences_long,
        matching, segmented, counts,
    )
}  # fmt: skip
