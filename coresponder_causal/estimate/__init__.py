"""Estimators: one function in one file, design in, Result out. The docstring of each file is its method card."""

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.registry import method_called
from coresponder_causal.estimate.aggregate import aggregate
from coresponder_causal.estimate.call_aipw import call_aipw
from coresponder_causal.estimate.call_boundary import call_boundary
from coresponder_causal.estimate.call_bounds import call_bounds
from coresponder_causal.estimate.call_coverage import call_coverage
from coresponder_causal.estimate.call_difference import call_difference
from coresponder_causal.estimate.call_double_sample import call_double_sample
from coresponder_causal.estimate.call_iv import call_iv
from coresponder_causal.estimate.call_linkage import call_linkage
from coresponder_causal.estimate.call_narrative import call_narrative
from coresponder_causal.estimate.call_observed import call_observed
from coresponder_causal.estimate.call_recurrent import call_recurrent
from coresponder_causal.estimate.call_repeat import call_repeat
from coresponder_causal.estimate.call_strata import call_strata
from coresponder_causal.estimate.did_event_study import did_event_study
from coresponder_causal.estimate.did_few_treated import did_few_treated
from coresponder_causal.estimate.did_gap import did_gap
from coresponder_causal.estimate.did_group_time import did_group_time
from coresponder_causal.estimate.did_imputation import did_imputation
from coresponder_causal.estimate.did_interaction import did_interaction
from coresponder_causal.estimate.did_poisson import did_poisson
from coresponder_causal.estimate.did_prediction_interval import did_prediction_interval
from coresponder_causal.estimate.did_stacked import did_stacked
from coresponder_causal.estimate.did_switching import did_switching
from coresponder_causal.estimate.did_triple import did_triple
from coresponder_causal.estimate.did_two_way import did_two_way
from coresponder_causal.estimate.dml_forest import dml_forest
from coresponder_causal.estimate.dml_linear import dml_linear
from coresponder_causal.estimate.its_arima import its_arima
from coresponder_causal.estimate.its_conformal import its_conformal
from coresponder_causal.estimate.its_counts import its_counts
from coresponder_causal.estimate.its_rare import its_rare
from coresponder_causal.estimate.its_segmented import its_segmented
from coresponder_causal.estimate.its_structural import its_structural
from coresponder_causal.estimate.officer_dose import officer_dose
from coresponder_causal.estimate.officer_imputation import officer_imputation
from coresponder_causal.estimate.officer_ordinal import officer_ordinal
from coresponder_causal.estimate.officer_poisson import officer_poisson
from coresponder_causal.estimate.switchback_randomization import switchback_randomization
from coresponder_causal.estimate.synth_augmented import synth_augmented
from coresponder_causal.estimate.synth_control import synth_control
from coresponder_causal.estimate.synth_did import synth_did
from coresponder_causal.estimate.vignette_effects import vignette_effects
from coresponder_causal.estimate.wave_bounds import wave_bounds
from coresponder_causal.estimate.wave_change import wave_change

__all__ = [
    "aggregate",
    "call_aipw",
    "call_boundary",
    "call_bounds",
    "call_coverage",
    "call_difference",
    "call_double_sample",
    "call_iv",
    "call_linkage",
    "call_narrative",
    "call_observed",
    "call_recurrent",
    "call_repeat",
    "call_strata",
    "did_event_study",
    "did_few_treated",
    "did_gap",
    "did_group_time",
    "did_imputation",
    "did_interaction",
    "did_poisson",
    "did_prediction_interval",
    "did_stacked",
    "did_switching",
    "did_triple",
    "did_two_way",
    "dml_forest",
    "dml_linear",
    "its_arima",
    "its_conformal",
    "its_counts",
    "its_rare",
    "its_segmented",
    "its_structural",
    "officer_dose",
    "officer_imputation",
    "officer_ordinal",
    "officer_poisson",
    "switchback_randomization",
    "synth_augmented",
    "synth_control",
    "synth_did",
    "vignette_effects",
    "wave_bounds",
    "wave_change",
]


def __getattr__(name: str) -> object:
    """Find a method that another package brings."""
    if not name.startswith("_"):
        try:
            return method_called(name)
        except EstimationError:
            pass
    raise AttributeError(f"module '{__name__}' has no attribute {name!r}, nor does another package bring that method")
