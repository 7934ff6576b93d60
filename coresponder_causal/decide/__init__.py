"""The decide room: weighing results."""

from coresponder_causal.decide.family import Family
from coresponder_causal.decide.multiplicity import exploratory, holm, sharpened_q, step_down
from coresponder_causal.decide.summary_index import mean_effect, summary_index

__all__ = ["Family", "exploratory", "holm", "mean_effect", "sharpened_q", "step_down", "summary_index"]
