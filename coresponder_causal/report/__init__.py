"""The report room: results as tables, figures, sentences and pages; `write` alone makes files."""

from coresponder_causal.report.cities_picture import cities_picture, comparable_picture
from coresponder_causal.report.codebook import codebook
from coresponder_causal.report.coefficients import Coefficients, coefficients
from coresponder_causal.report.comparison_page import comparison_page, together_sentences
from coresponder_causal.report.control_picture import control_picture
from coresponder_causal.report.cost import cost_section, cost_sentence
from coresponder_causal.report.council_page import council_page
from coresponder_causal.report.deployment_page import deployment_page, deployment_picture, shifts_table
from coresponder_causal.report.evidence import evidence_section, evidence_table, trust_table
from coresponder_causal.report.evidence_sentences import Weighed, council_verdicts, short_verdicts, verdict_sentence
from coresponder_causal.report.fairness import Treated, fairness_line, fairness_section
from coresponder_causal.report.families import family_sentence, family_table
from coresponder_causal.report.figures import figure
from coresponder_causal.report.first_calls import agreement_picture, agreement_table, course_picture, first_call_section
from coresponder_causal.report.funnel import funnel_picture, funnel_sentence, funnel_table
from coresponder_causal.report.graph_picture import graph_picture
from coresponder_causal.report.graph_section import graph_section
from coresponder_causal.report.group_sentences import Benefits, benefits_line, benefits_section
from coresponder_causal.report.growth_picture import growth_picture
from coresponder_causal.report.hours_picture import hours_picture
from coresponder_causal.report.improvements import improvement_picture, improvement_section, improvement_tables
from coresponder_causal.report.joint_display import heard_table, joint_picture, joint_section, joint_table, quote_table
from coresponder_causal.report.leaflet import leaflet
from coresponder_causal.report.logic_picture import logic_picture
from coresponder_causal.report.metric_pictures import flow_picture, rates_picture, surface_picture, trend_picture
from coresponder_causal.report.metrics_page import metrics_page
from coresponder_causal.report.monitor_page import alarm_table, monitor_page
from coresponder_causal.report.outcome_ladder import outcome_ladder
from coresponder_causal.report.page import page
from coresponder_causal.report.pair_form import pair_form
from coresponder_causal.report.paper import paper
from coresponder_causal.report.power_picture import calibration_picture, power_picture
from coresponder_causal.report.printed import Leaflet, Paper
from coresponder_causal.report.quality_page import breaks_table, quality_page
from coresponder_causal.report.saturation_picture import saturation_picture
from coresponder_causal.report.sentences import sentence
from coresponder_causal.report.specification_picture import donor_table
from coresponder_causal.report.specs import Page, Picture, Sentence, Table, of_nobody
from coresponder_causal.report.supervisor_page import supervisor_page
from coresponder_causal.report.switchback_page import calendar_picture, switchback_page
from coresponder_causal.report.tables import table
from coresponder_causal.report.tidy_table import json_schema, tidy_table
from coresponder_causal.report.told_items import gain_table, told_picture, told_table
from coresponder_causal.report.wave_page import means_page, means_table
from coresponder_causal.report.who_benefits import (
    benefit_picture,
    difference_table,
    heterogeneity_section,
    subgroup_picture,
    subgroup_table,
)
from coresponder_causal.report.write import released, write, write_all

__all__ = [
    "Benefits",
    "Coefficients",
    "Leaflet",
    "Page",
    "Paper",
    "Picture",
    "Sentence",
    "Table",
    "Treated",
    "Weighed",
    "agreement_picture",
    "agreement_table",
    "alarm_table",
    "benefit_picture",
    "benefits_line",
    "benefits_section",
    "breaks_table",
    "calendar_picture",
    "calibration_picture",
    "cities_picture",
    "codebook",
    "coefficients",
    "comparable_picture",
    "comparison_page",
    "control_picture",
    "cost_section",
    "cost_sentence",
    "council_page",
    "council_verdicts",
    "course_picture",
    "deployment_page",
    "deployment_picture",
    "difference_table",
    "donor_table",
    "evidence_section",
    "evidence_table",
    "fairness_line",
    "fairness_section",
    "family_sentence",
    "family_table",
    "figure",
    "first_call_section",
    "flow_picture",
    "funnel_picture",
    "funnel_sentence",
    "funnel_table",
    "gain_table",
    "graph_picture",
    "graph_section",
    "growth_picture",
    "heard_table",
    "heterogeneity_section",
    "hours_picture",
    "improvement_picture",
    "improvement_section",
    "improvement_tables",
    "joint_picture",
    "joint_section",
    "joint_table",
    "json_schema",
    "leaflet",
    "logic_picture",
    "means_page",
    "means_table",
    "metrics_page",
    "monitor_page",
    "of_nobody",
    "outcome_ladder",
    "page",
    "pair_form",
    "paper",
    "power_picture",
    "quality_page",
    "quote_table",
    "rates_picture",
    "released",
    "saturation_picture",
    "sentence",
    "shifts_table",
    "short_verdicts",
    "subgroup_picture",
    "subgroup_table",
    "supervisor_page",
    "surface_picture",
    "switchback_page",
    "table",
    "tidy_table",
    "together_sentences",
    "told_picture",
    "told_table",
    "trend_picture",
    "trust_table",
    "verdict_sentence",
    "write",
    "write_all",
]
