"""Designs: frozen statements of who is compared with whom, when, for which outcome."""

from coresponder_causal.design.call_instrument import CallInstrumentDesign
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.coverage import CoverageDesign
from coresponder_causal.design.donor_pool import DonorPool, donor_pool
from coresponder_causal.design.double_sampling import DoubleSample, double_sampling
from coresponder_causal.design.dowhy_estimator import dowhy_estimate
from coresponder_causal.design.dowhy_model import causal_model
from coresponder_causal.design.dowhy_own import dowhy_own_estimate
from coresponder_causal.design.graph import CausalGraph
from coresponder_causal.design.graph_identify import Identification
from coresponder_causal.design.graph_parts import Arrow, GraphNode
from coresponder_causal.design.graph_paths import GraphPath
from coresponder_causal.design.history import HistoryDesign
from coresponder_causal.design.match_cardinality import match_cardinality
from coresponder_causal.design.match_coarsened import match_coarsened
from coresponder_causal.design.match_full import match_full
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.match_optimal import match_optimal
from coresponder_causal.design.minimal_pairs import minimal_pairs
from coresponder_causal.design.officers import OfficerDesign
from coresponder_causal.design.outreach_panel import outreach_panel
from coresponder_causal.design.panel import PanelDesign
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.design.series import SeriesDesign
from coresponder_causal.design.strata import StrataDesign
from coresponder_causal.design.subclassify import subclassify
from coresponder_causal.design.switchback import SwitchbackDesign
from coresponder_causal.design.switchback_calendar import SwitchbackCalendar, switchback_schedule
from coresponder_causal.design.vignettes import VignetteDesign
from coresponder_causal.design.waves import WaveDesign
from coresponder_causal.design.weight_balance import weight_balance
from coresponder_causal.design.weight_propensity import weight_propensity

__all__ = [
    "Arrow",
    "CallDesign",
    "CallInstrumentDesign",
    "CausalGraph",
    "CoverageDesign",
    "DonorPool",
    "DoubleSample",
    "GraphNode",
    "GraphPath",
    "HistoryDesign",
    "Identification",
    "OfficerDesign",
    "PanelDesign",
    "PartlyKnownDesign",
    "SeriesDesign",
    "StrataDesign",
    "SwitchbackCalendar",
    "SwitchbackDesign",
    "VignetteDesign",
    "WaveDesign",
    "causal_model",
    "donor_pool",
    "double_sampling",
    "dowhy_estimate",
    "dowhy_own_estimate",
    "match_cardinality",
    "match_coarsened",
    "match_full",
    "match_nearest",
    "match_optimal",
    "minimal_pairs",
    "outreach_panel",
    "subclassify",
    "switchback_schedule",
    "weight_balance",
    "weight_propensity",
]
