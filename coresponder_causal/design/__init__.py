"""Designs: frozen statements of who is compared with whom, when, for which outcome."""

from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.series import SeriesDesign

__all__ = ["CoverageDesign", "PanelDesign", "SeriesDesign"]
