"""The decide room: results weighed, and what a city does next."""

from coresponder_causal.decide.account import Effect, Posts
from coresponder_causal.decide.alarm_checks import alarm_checks
from coresponder_causal.decide.chart_limits import calibrate_charts
from coresponder_causal.decide.concordance import Concordance, concordance
from coresponder_causal.decide.concordance_course import AgreementCourse, agreement_after_training
from coresponder_causal.decide.confirmatory_looks import look_calendar, take_look
from coresponder_causal.decide.converted import Attendance
from coresponder_causal.decide.cost import Cost, cost
from coresponder_causal.decide.deployment import Deployment, deployment, hours_today
from coresponder_causal.decide.disparity import disparity_rates, reach_rates
from coresponder_causal.decide.disparity_closing import disparity_closing
from coresponder_causal.decide.evidence import Evidence, evidence
from coresponder_causal.decide.fair_outcomes import Fairness, FairOutcome
from coresponder_causal.decide.fairness import fairness
from coresponder_causal.decide.family import Family
from coresponder_causal.decide.funnel import Decomposed, funnel
from coresponder_causal.decide.funnel_worlds import funnels_in_worlds
from coresponder_causal.decide.group_sensitivity import contact_gap, unknown_group
from coresponder_causal.decide.heterogeneity import Heterogeneity, heterogeneity
from coresponder_causal.decide.improve import Improvements, Lever, improve
from coresponder_causal.decide.label_drift import label_drift
from coresponder_causal.decide.label_sensitivity import label_sensitivity
from coresponder_causal.decide.lever_labels import lever_labels
from coresponder_causal.decide.levers_of_effect import lever_follow_up, lever_hours, lever_reach
from coresponder_causal.decide.levers_of_evidence import Precision, lever_by_lot, lever_narrower, lever_second_sample
from coresponder_causal.decide.monitoring import Monitoring, alarms, chart
from coresponder_causal.decide.multiplicity import exploratory, holm, sharpened_q, step_down
from coresponder_causal.decide.officer_hours import OfficerHours
from coresponder_causal.decide.operating import Setting, operating_characteristics
from coresponder_causal.decide.operating_worlds import verdicts_in_worlds
from coresponder_causal.decide.outcome_test import OutcomeTest, outcome_test
from coresponder_causal.decide.pooled import Bias, Pooled
from coresponder_causal.decide.prices import Price
from coresponder_causal.decide.rule import Rule, verdicts
from coresponder_causal.decide.shifts import Schedule, ShiftRules, best_schedule
from coresponder_causal.decide.similar_calls import similar_calls
from coresponder_causal.decide.subgroups import Subgroups, subgroups
from coresponder_causal.decide.summary_index import mean_effect, summary_index
from coresponder_causal.decide.told_items import ToldItems, told_fields, told_items
from coresponder_causal.decide.triage_gain import TriageGain, triage_gain
from coresponder_causal.decide.verdict import Judged, judge_outcome, pool
from coresponder_causal.decide.where_bias import WhereBias, where_bias
from coresponder_causal.decide.worth_of_calls import PerCall, Yearly

__all__ = [
    "AgreementCourse",
    "Attendance",
    "Bias",
    "Concordance",
    "Cost",
    "Decomposed",
    "Deployment",
    "Effect",
    "Evidence",
    "FairOutcome",
    "Fairness",
    "Family",
    "Heterogeneity",
    "Improvements",
    "Judged",
    "Lever",
    "Monitoring",
    "OfficerHours",
    "OutcomeTest",
    "PerCall",
    "Pooled",
    "Posts",
    "Precision",
    "Price",
    "Rule",
    "Schedule",
    "Setting",
    "ShiftRules",
    "Subgroups",
    "ToldItems",
    "TriageGain",
    "WhereBias",
    "Yearly",
    "agreement_after_training",
    "alarm_checks",
    "alarms",
    "best_schedule",
    "calibrate_charts",
    "chart",
    "concordance",
    "contact_gap",
    "cost",
    "deployment",
    "disparity_closing",
    "disparity_rates",
    "evidence",
    "exploratory",
    "fairness",
    "funnel",
    "funnels_in_worlds",
    "heterogeneity",
    "holm",
    "hours_today",
    "improve",
    "judge_outcome",
    "label_drift",
    "label_sensitivity",
    "lever_by_lot",
    "lever_follow_up",
    "lever_hours",
    "lever_labels",
    "lever_narrower",
    "lever_reach",
    "lever_second_sample",
    "look_calendar",
    "mean_effect",
    "operating_characteristics",
    "outcome_test",
    "pool",
    "reach_rates",
    "sharpened_q",
    "similar_calls",
    "step_down",
    "subgroups",
    "summary_index",
    "take_look",
    "told_fields",
    "told_items",
    "triage_gain",
    "unknown_group",
    "verdicts",
    "verdicts_in_worlds",
    "where_bias",
]
