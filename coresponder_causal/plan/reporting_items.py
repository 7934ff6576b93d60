"""Where a plan answers what evaluators are asked to report: CDC's framework of 2024 and TARGET of 2025.

Wording is ours, short, and no substitute for the statements:
CDC Program Evaluation Framework, MMWR Recomm Rep 2024;73(RR-6), doi:10.15585/mmwr.rr7306a1.
Cashin et al. (2025), Transparent Reporting of Observational Studies Emulating a Target Trial, JAMA,
doi:10.1001/jama.2025.13350.
"""

from __future__ import annotations

from typing import NamedTuple

later = "the page of the evaluation"
top = "the summary at the top"


class Item(NamedTuple):
    """A point that is asked for, and the section of the plan that answers it; `top` and `later` are none."""

    number: str
    asked: str
    section: str


cdc_steps = (
    Item("1", "Assess the context", "What is known beforehand"),
    Item("2", "Describe the programme", "The programme"),
    Item("3", "Focus the questions and the design", "Questions and primary outcomes"),
    Item("4", "Gather credible evidence", "Designs, in the order in which they are believed"),
    Item("5", "Generate and support conclusions", "How results become a verdict"),
    Item("6", "Act on findings", "What follows from each verdict"),
)
cdc_standards = (
    Item("a", "Relevance and utility", "What follows from each verdict"),
    Item("b", "Rigor", "Designs, in the order in which they are believed"),
    Item("c", "Independence and objectivity", "Review, registration, money"),
    Item("d", "Transparency", "Amendments"),
    Item("e", "Ethics", "The data use agreement"),
    Item("f", "Engage collaboratively", "Who takes part"),
    Item("g", "Advance equity", "Groups shown apart"),
    Item("h", "Learn from insights and use them", "What follows from each verdict"),
)
target_items = (
    Item("1", "Abstract: aim to emulate a trial, data, methods, findings", top),
    Item("2", "Background and what is not known", "What is known beforehand"),
    Item("3", "The causal question", "Questions and primary outcomes"),
    Item("4", "Why a trial is emulated with these data", "What is known beforehand"),
    Item("5", "Data sources", "Which data go where"),
    Item("6", "The trial that is aimed at: who, what, when, outcomes, contrast, assumptions", "What is estimated"),
    Item("7", "How each part of it is mapped to the data", "Designs, in the order in which they are believed"),
    Item("8", "How many were assessed and were eligible", later),
    Item("9", "What they were like at the start", later),
    Item("10", "How long they were followed", later),
    Item("11", "What is missing", later),
    Item("12", "Outcomes by group", later),
    Item("13", "Effects with their precision", later),
    Item("14", "Further analyses", "Analyses beside the main ones"),
    Item("15", "What the findings mean", "What follows from each verdict"),
    Item("16", "Limits: which assumptions may fail", "Designs, in the order in which they are believed"),
    Item("17", "Ethics review", "Review, registration, money"),
    Item("18", "Registration and protocol", "Review, registration, money"),
    Item("19", "Data and code", "Review, registration, money"),
    Item("20", "Funding", "Review, registration, money"),
    Item("21", "Interests", "Review, registration, money"),
)
