"""Simulated studies with known truth."""

from coresponder_causal.simulate.biased_calls import biased_calls
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.consortium import consortium, write_consortium
from coresponder_causal.simulate.first_calls import first_calls
from coresponder_causal.simulate.hours import HoursWorld, hours_world
from coresponder_causal.simulate.like import Aggregates, like
from coresponder_causal.simulate.officer_panel import OfficerPanel, officer_panel
from coresponder_causal.simulate.outreach import Outreach, outreach
from coresponder_causal.simulate.presets import Preset, presets
from coresponder_causal.simulate.staggered import staggered, staggered_effect
from coresponder_causal.simulate.truth import Truth
from coresponder_causal.simulate.worlds import World, world

__all__ = [
    "Aggregates",
    "HoursWorld",
    "OfficerPanel",
    "Outreach",
    "Preset",
    "Truth",
    "World",
    "WorldConfig",
    "biased_calls",
    "consortium",
    "first_calls",
    "hours_world",
    "like",
    "officer_panel",
    "outreach",
    "presets",
    "staggered",
    "staggered_effect",
    "world",
    "write_consortium",
]
