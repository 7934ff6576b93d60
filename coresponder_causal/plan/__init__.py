"""Plans: a study as its file states it, and the corridor it is run through."""

from coresponder_causal.decide.rule import verdicts
from coresponder_causal.plan.ahead import Redrawn, designs_ahead, designs_of, left_out, write_calibration, write_power
from coresponder_causal.plan.audience import meant_for, policy_for
from coresponder_causal.plan.before import before_start
from coresponder_causal.plan.bundle import bundle
from coresponder_causal.plan.coding import read_coding, write_coding
from coresponder_causal.plan.consortium import Consortium, read_consortium, write_consortium
from coresponder_causal.plan.deployment import hours_of_team, write_deployment
from coresponder_causal.plan.describe import City, city_of, write_metrics, write_pathway
from coresponder_causal.plan.deviations import deviations, with_deviations
from coresponder_causal.plan.dictionary_export import export_dictionary
from coresponder_causal.plan.embedded import embedded_study, truths
from coresponder_causal.plan.evaluate import Written, evaluate
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.fairness import fairness_of, with_fairness
from coresponder_causal.plan.freeze import freeze
from coresponder_causal.plan.frozen import differences, read_record, require_frozen
from coresponder_causal.plan.graph_words import effects_in_words, graph_asked, picture_of
from coresponder_causal.plan.groups import benefits, with_groups
from coresponder_causal.plan.guide_effect import GuideEffect, guide_effect
from coresponder_causal.plan.guide_evaluation import guide_effect_page, write_guide_effect, write_vignettes
from coresponder_causal.plan.guides import facts_of, write_city_facts, write_guide
from coresponder_causal.plan.intake import ingest_into, write_mapping_example
from coresponder_causal.plan.logic_model import LogicModel
from coresponder_causal.plan.logic_parts import Assumption, External, Node
from coresponder_causal.plan.manifest import manifest, result_ids
from coresponder_causal.plan.monitor import Seen, monitor
from coresponder_causal.plan.monitor_terms import Terms, months_of_looks
from coresponder_causal.plan.numbers import numbers
from coresponder_causal.plan.operating import Operating, operating_characteristics
from coresponder_causal.plan.papers import Papers, write_papers
from coresponder_causal.plan.participate import make_release, pool, together_words
from coresponder_causal.plan.participate_check import Checked, check_tables
from coresponder_causal.plan.plan_document import plan_document
from coresponder_causal.plan.plan_file import example_plan, parse_plan, read_plan, write_example_plan
from coresponder_causal.plan.planned import Planned, plan_diff, planned, unrecorded, write_plan
from coresponder_causal.plan.publication import publication_schedule, shares_of, write_publication
from coresponder_causal.plan.quality_run import publish_quality, quality_of_files
from coresponder_causal.plan.quoting import read_quotes, write_quotes
from coresponder_causal.plan.readers import reader_specs
from coresponder_causal.plan.readiness import Readiness, readiness
from coresponder_causal.plan.readiness_folder import Folder, read_folder, simulated_folder
from coresponder_causal.plan.readiness_page import readiness_page, screen, write_readiness
from coresponder_causal.plan.reading import quality_of, read_before, read_tables
from coresponder_causal.plan.run import Evaluation, evaluation_page, publish, refuse_filled, refuse_present, run
from coresponder_causal.plan.sealing import blinded, seal, unseal
from coresponder_causal.plan.simulated_study import write_simulated
from coresponder_causal.plan.steps import Step, Steps, kept_beside
from coresponder_causal.plan.stored_results import read_results
from coresponder_causal.plan.strata import Prepared, estimate_strata, prepare_strata
from coresponder_causal.plan.study import Study, read_study
from coresponder_causal.plan.switchback import write_switchback
from coresponder_causal.plan.template import write_template
from coresponder_causal.plan.twin import Twin, twin, twin_distance
from coresponder_causal.plan.twin_folder import write_twin
from coresponder_causal.plan.vary import Varied, vary
from coresponder_causal.plan.vary_page import vary_page, write_varied
from coresponder_causal.plan.verify import Verified, verify
from coresponder_causal.plan.waves import code_people, join_waves, return_waves, write_dose, write_roles
from coresponder_causal.plan.weighed import weighed, with_evidence
from coresponder_causal.plan.whole_course import whole_course
from coresponder_causal.plan.workforce import with_workforce, with_workforce_sections

__all__ = [
    "Assumption",
    "Checked",
    "City",
    "Consortium",
    "Evaluation",
    "EvaluationPlan",
    "External",
    "Folder",
    "GuideEffect",
    "LogicModel",
    "Node",
    "Operating",
    "Papers",
    "Planned",
    "Prepared",
    "Readiness",
    "Redrawn",
    "Seen",
    "Step",
    "Steps",
    "Study",
    "Terms",
    "Twin",
    "Varied",
    "Verified",
    "Written",
    "before_start",
    "benefits",
    "blinded",
    "bundle",
    "check_tables",
    "city_of",
    "code_people",
    "designs_ahead",
    "designs_of",
    "deviations",
    "differences",
    "effects_in_words",
    "embedded_study",
    "estimate_strata",
    "evaluate",
    "evaluation_page",
    "example_plan",
    "export_dictionary",
    "facts_of",
    "fairness_of",
    "freeze",
    "graph_asked",
    "guide_effect",
    "guide_effect_page",
    "hours_of_team",
    "ingest_into",
    "join_waves",
    "kept_beside",
    "left_out",
    "make_release",
    "manifest",
    "meant_for",
    "monitor",
    "months_of_looks",
    "numbers",
    "operating_characteristics",
    "parse_plan",
    "picture_of",
    "plan_diff",
    "plan_document",
    "planned",
    "policy_for",
    "pool",
    "prepare_strata",
    "publication_schedule",
    "publish",
    "publish_quality",
    "quality_of",
    "quality_of_files",
    "read_before",
    "read_coding",
    "read_consortium",
    "read_folder",
    "read_plan",
    "read_quotes",
    "read_record",
    "read_results",
    "read_study",
    "read_tables",
    "reader_specs",
    "readiness",
    "readiness_page",
    "refuse_filled",
    "refuse_present",
    "require_frozen",
    "result_ids",
    "return_waves",
    "run",
    "screen",
    "seal",
    "shares_of",
    "simulated_folder",
    "together_words",
    "truths",
    "twin",
    "twin_distance",
    "unrecorded",
    "unseal",
    "vary",
    "vary_page",
    "verdicts",
    "verify",
    "weighed",
    "whole_course",
    "with_deviations",
    "with_evidence",
    "with_fairness",
    "with_groups",
    "with_workforce",
    "with_workforce_sections",
    "write_calibration",
    "write_city_facts",
    "write_coding",
    "write_consortium",
    "write_deployment",
    "write_dose",
    "write_example_plan",
    "write_guide",
    "write_guide_effect",
    "write_mapping_example",
    "write_metrics",
    "write_papers",
    "write_pathway",
    "write_plan",
    "write_power",
    "write_publication",
    "write_quotes",
    "write_readiness",
    "write_roles",
    "write_simulated",
    "write_switchback",
    "write_template",
    "write_twin",
    "write_varied",
    "write_vignettes",
]
