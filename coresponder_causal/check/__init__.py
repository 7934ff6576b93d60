"""Checks: one file for each assumption, the battery that runs them all, and refuters by name."""

from coresponder_causal.check.absences import absences
from coresponder_causal.check.backdating import backdating
from coresponder_causal.check.bacon import bacon
from coresponder_causal.check.balance import balance
from coresponder_causal.check.battery import battery
from coresponder_causal.check.break_date import break_date
from coresponder_causal.check.cluster_bootstrap import cluster_bootstrap
from coresponder_causal.check.control_outcomes import control_outcomes
from coresponder_causal.check.covid_interval import covid_interval
from coresponder_causal.check.displacement import displacement
from coresponder_causal.check.dowhy_bridge import dowhy_refuters
from coresponder_causal.check.evalue import evalue, evalue_of_counts, evalue_of_published
from coresponder_causal.check.exclusion import exclusion
from coresponder_causal.check.first_or_all import first_or_all
from coresponder_causal.check.first_stage import first_stage
from coresponder_causal.check.forecast_skill import forecast_skill
from coresponder_causal.check.graph_independences import graph_independences
from coresponder_causal.check.holding import density_around_openings, holding
from coresponder_causal.check.honest import honest
from coresponder_causal.check.hour_profile import hour_profile
from coresponder_causal.check.leave_one_out import leave_one_out
from coresponder_causal.check.leave_one_week_out import leave_one_week_out
from coresponder_causal.check.leniency_balance import leniency_balance
from coresponder_causal.check.leniency_monotone import leniency_monotone
from coresponder_causal.check.levels_or_logs import levels_or_logs
from coresponder_causal.check.leverage import leverage
from coresponder_causal.check.marginal_sensitivity import marginal_sensitivity
from coresponder_causal.check.officer_leavers import officer_leavers
from coresponder_causal.check.officer_trends import officer_trends
from coresponder_causal.check.oster import oster
from coresponder_causal.check.overlap import overlap
from coresponder_causal.check.placebo_boundaries import placebo_boundaries
from coresponder_causal.check.placebo_cities import placebo_cities
from coresponder_causal.check.placebo_dates import placebo_dates
from coresponder_causal.check.placebo_exposure import placebo_exposure
from coresponder_causal.check.placebo_hours import placebo_hours
from coresponder_causal.check.placebo_treatment import placebo_treatment
from coresponder_causal.check.pre_period import pre_period
from coresponder_causal.check.pretrends import pretrends
from coresponder_causal.check.reduced_form_before import reduced_form_before
from coresponder_causal.check.refute import refute
from coresponder_causal.check.residual_autocorrelation import residual_autocorrelation
from coresponder_causal.check.robustness_value import robustness_value
from coresponder_causal.check.rosenbaum import rosenbaum
from coresponder_causal.check.specification_curve import specification_curve
from coresponder_causal.check.spillover import spillover
from coresponder_causal.check.spillover_rings import spillover_rings
from coresponder_causal.check.squad_mates import squad_mates
from coresponder_causal.check.standing import standing_on
from coresponder_causal.check.start_range import start_range
from coresponder_causal.check.tipping_point import tipping_point
from coresponder_causal.check.vignette_balance import vignette_balance
from coresponder_causal.check.wave_attrition import wave_attrition
from coresponder_causal.check.wave_leads import wave_leads
from coresponder_causal.core.verdict import CheckResult, by_what_they_could_change

__all__ = [
    "CheckResult",
    "absences",
    "backdating",
    "bacon",
    "balance",
    "battery",
    "break_date",
    "by_what_they_could_change",
    "cluster_bootstrap",
    "control_outcomes",
    "covid_interval",
    "density_around_openings",
    "displacement",
    "dowhy_refuters",
    "evalue",
    "evalue_of_counts",
    "evalue_of_published",
    "exclusion",
    "first_or_all",
    "first_stage",
    "forecast_skill",
    "graph_independences",
    "holding",
    "honest",
    "hour_profile",
    "leave_one_out",
    "leave_one_week_out",
    "leniency_balance",
    "leniency_monotone",
    "levels_or_logs",
    "leverage",
    "marginal_sensitivity",
    "officer_leavers",
    "officer_trends",
    "oster",
    "overlap",
    "placebo_boundaries",
    "placebo_cities",
    "placebo_dates",
    "placebo_exposure",
    "placebo_hours",
    "placebo_treatment",
    "pre_period",
    "pretrends",
    "reduced_form_before",
    "refute",
    "residual_autocorrelation",
    "robustness_value",
    "rosenbaum",
    "specification_curve",
    "spillover",
    "spillover_rings",
    "squad_mates",
    "standing_on",
    "start_range",
    "tipping_point",
    "vignette_balance",
    "wave_attrition",
    "wave_leads",
]
