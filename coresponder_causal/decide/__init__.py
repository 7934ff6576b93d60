"""The decide room: weighing results."""

from coresponder_causal.decide.converted import Attendance
from coresponder_causal.decide.evidence import Evidence, evidence
from coresponder_causal.decide.family import Family
from coresponder_causal.decide.heterogeneity import Heterogeneity, heterogeneity
from coresponder_causal.decide.multiplicity import exploratory, holm, sharpened_q, step_down
from coresponder_causal.decide.operating import Setting, operating_characteristics
from coresponder_causal.decide.operating_worlds import verdicts_in_worlds
from coresponder_causal.decide.pooled import Bias, Pooled
from coresponder_causal.decide.rule import Rule, verdicts
from coresponder_causal.decide.subgroups import Subgroups, subgroups
from coresponder_causal.decide.summary_index import mean_effect, summary_index
from coresponder_causal.decide.verdict import Judged, judge_outcome, pool

__all__ = [
    "Attendance",
    "Bias",
    "Evidence",
    "Family",
    "Heterogeneity",
    "Judged",
    "Pooled",
    "Rule",
    "Setting",
    "Subgroups",
    "evidence",
    "exploratory",
    "heterogeneity",
    "holm",
    "judge_outcome",
    "mean_effect",
    "operating_characteristics",
    "pool",
    "sharpened_q",
    "step_down",
    "subgroups",
    "summary_index",
    "verdicts",
    "verdicts_in_worlds",
]
