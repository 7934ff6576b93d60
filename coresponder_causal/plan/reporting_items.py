"""Where a plan or a page answers what evaluators are asked to report: CDC 2024, TARGET 2025, CHEERS 2022.

Wording is ours, short, and no substitute for the statements:
CDC Program Evaluation Framework, MMWR Recomm Rep 2024;73(RR-6), doi:10.15585/mmwr.rr7306a1. Steps, standards and
actions are those of cdc.gov/evaluation/php/evaluation-framework, where the second action later became "promote fair and
just evaluation practices and outcomes".
Cashin et al. (2025), Transparent Reporting of Observational Studies Emulating a Target Trial, JAMA 334(12):1084-1093,
doi:10.1001/jama.2025.13350. Numbers, order and content of its 39 points were held against a published paraphrase of the
checklist (Aperivue/medsci-skills, TARGET.md), whose authors compared theirs with the tables of PMC13084563; the
article's own text was not at hand.
Husereau et al. (2022), Consolidated Health Economic Evaluation Reporting Standards 2022 (CHEERS 2022), BMC Medicine
20:23, doi:10.1186/s12916-021-02204-0: 28 items, answered on the page of an evaluation that says what the programme
costs, or in its plan.
"""

from __future__ import annotations

from typing import NamedTuple

later = "the page of the evaluation"
top = "the summary at the top"
target_scope = (
    "TARGET is written for studies that emulate a trial which assigns individuals in parallel groups, with adjustment "
    "for what differed before. Of the designs of a study that is “calls”; for covered hours and cities read “unit” "
    "for “individual”."
)
asked = "Questions and primary outcomes"
estimated = "What is estimated"
believed = "Designs, in the order in which they are believed"
reviewed = "Review, registration, money"
in_the_study = "in STUDY.toml: fields, options, covariates"
no_lot = "that units would be assigned by lot and might know their arm"
missing = "how missing data are handled"


class Item(NamedTuple):
    """A point that is asked for, the section of the plan that answers it, and what of it no plan says there."""

    number: str
    asked: str
    section: str
    not_said: str = ""


cdc_steps = (
    Item("1", "Assess the context", "What is known beforehand"),
    Item("2", "Describe the programme", "The programme"),
    Item("3", "Focus the evaluation questions and the design", asked),
    Item("4", "Gather credible evidence", believed),
    Item("5", "Generate and support conclusions", "How results become a verdict"),
    Item("6", "Act on findings", "What follows from each verdict"),
)
cdc_standards = (
    Item("a", "Standard: relevance and utility", "What follows from each verdict"),
    Item("b", "Standard: rigor", believed),
    Item("c", "Standard: independence and objectivity", reviewed),
    Item("d", "Standard: transparency", "Amendments"),
    Item("e", "Standard: ethics", "The data use agreement"),
    Item("f", "Action: engage collaboratively", "Who takes part"),
    Item("g", "Action: advance equity", "Groups shown apart"),
    Item("h", "Action: learn from and use insights", "What follows from each verdict"),
)
target_items = (
    Item("1a", "Abstract: that a trial is emulated with observed data, for what, and the trial in short", top),
    Item("1b", "Abstract: the data", "Which data go where"),
    Item("1c", "Abstract: assumptions, methods, findings, conclusions", later),
    Item("2", "Background, and what is not known", "What is known beforehand"),
    Item("3", "The causal question in short", asked),
    Item("4", "Why a trial is emulated with these data; trials that it follows", "What is known beforehand"),
    Item("5", "Data: what they were made for, kind, places, setting, time; how linked", "Which data go where"),
    Item("6a", "The trial aimed at: who is eligible", estimated),
    Item("6b", "… the strategies compared, in detail", estimated),
    Item("6c", "… assignment by lot, perhaps known to those assigned", estimated, no_lot),
    Item("6d", "… that follow-up starts with the assignment, and when it ends", estimated),
    Item("6e", "… outcomes, how and when they are measured", asked),
    Item("6f", "… causal contrasts and measures of effect", estimated),
    Item("6g", "… assumptions that identify each estimand, and their variables", believed, in_the_study),
    Item("6h", "… analysis of each estimand: models, missing data", believed, missing),
    Item("7a", "Mapped to the data: who is eligible", estimated, "the codes: they stand in the frozen record"),
    Item("7b", "… the strategies", "The programme"),
    Item("7c", "… the assignment", believed),
    Item("7d", "… that follow-up starts with the assignment, and its end", estimated),
    Item("7e", "… outcomes", asked),
    Item("7f", "… contrasts and measures", estimated),
    Item("7g(i)", "… assumptions of each estimand, what differed before among them", believed),
    Item("7g(ii)", "… the variables of these assumptions", believed, in_the_study),
    Item("7h(i)", "… analysis of each estimand: procedure, models, missing data", believed, missing),
    Item("7h(ii)", "… analyses that show what these choices change", "Analyses beside the main ones"),
    Item("8", "Numbers assessed, eligible and in each arm; as a flow diagram", later),
    Item("9", "What they were like before, by arm", later),
    Item("10", "How long they were followed and why it ended, by arm and contrast", later),
    Item("11", "What is missing in every variable, by arm", later),
    Item("12", "Outcomes, by arm", later),
    Item("13", "The effect of each contrast with its precision, absolute and relative", later),
    Item("14", "What further analyses found", later),
    Item("15", "What the findings mean for the causal question", later),
    Item("16", "Limits: how trial and emulation differ, how plausible assumptions are", believed, "what checks find"),
    Item("17", "Ethics review", reviewed),
    Item("18", "Whether, when and where it was registered", reviewed),
    Item("19", "Data, code and materials: whether, where and how to get them", reviewed),
    Item("20", "Funding, and the funders' part", reviewed),
    Item("21", "Interests of all authors", reviewed),
)

costs = "What does it cost?"
rests, priced = "What the costs rest on", "Prices"
read_with = "What must be read with these numbers?"
why = "why: reasons in [cost] of STUDY.toml"
cheers_items = (
    Item("1", "Title: that it is an economic evaluation, and of what", "", "the title is the study's own"),
    Item("2", "Abstract: context, methods, results, other analyses", costs, "the context"),
    Item("3", "Context, the question, why it matters for a decision", "What is known beforehand"),
    Item("4", "Whether the economic analysis was planned, and where", asked, "which prices: [cost] of STUDY.toml"),
    Item("5", "What the people are like whom it is about", estimated, "their age and health"),
    Item("6", "Where, and what of it may matter", "What is known beforehand"),
    Item("7", "What is compared, and why that", "The programme"),
    Item("8", "Whose costs and benefits count, and why", rests, why),
    Item("9", "Over how long, and why", rests, why),
    Item("10", "At what discount, and why", rests, why),
    Item("11", "Which outcomes stand for benefit and harm", costs),
    Item("12", "How these were measured", asked),
    Item("13", "How and by whom outcomes were valued", priced, "what people themselves would give"),
    Item("14", "How costs were valued", priced),
    Item("15", "When quantities and prices are of; currency, its year, how converted", rests),
    Item("16", "The model, if there is one, and where to get it", rests),
    Item("17", "Analysis: statistics, extrapolation, how models are held to data", read_with),
    Item("18", "How results differ between groups", "Groups shown apart", "their costs"),
    Item("19", "Who gains and who pays, and what was done for the worse off", "", "costs are not told by group"),
    Item("20", "How uncertainty was handled", costs),
    Item("21", "How those who are served, and others concerned, took part in the design", "Who takes part"),
    Item("22", "Every input with its range or distribution, and assumptions", priced),
    Item("23", "Mean costs and outcomes, and a fitting overall measure", costs),
    Item("24", "What uncertainty of judgements, inputs and projections changes; horizon and discount, if they matter",
         costs, "other horizons and discounts"),
    Item("25", "What taking part changed in the approach or the findings", "", "nobody has written it down"),
    Item("26", "Findings, limits, fairness, how they carry over", read_with, "whether they hold elsewhere"),
    Item("27", "Who paid, and the funders' part", reviewed),
    Item("28", "Interests of the authors", reviewed),
)  # fmt: skip
