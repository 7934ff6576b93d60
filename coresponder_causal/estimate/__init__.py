"""Estimators: one function in one file, design in, Result out. The docstring of each file is its method card."""

from coresponder_causal.estimate.call_coverage import call_coverage
from coresponder_causal.estimate.did_prediction_interval import did_prediction_interval
from coresponder_causal.estimate.its_segmented import its_segmented

__all__ = ["call_coverage", "did_prediction_interval", "its_segmented"]
