"""What a plan must hold to be worth signing: every broken rule with its own mend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise

from coresponder_causal.data import dictionary, metric_catalogue
from coresponder_causal.decide.assumptions import Family, family_of
from coresponder_causal.decide.group_rows import wrong_cuts
from coresponder_causal.plan.designs import after_calls, like_calls, of_adopters, settings, some_known
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.fairness_block import wrong_allowable, wrong_groups, wrong_outcomes
from coresponder_causal.plan.labour import labour_gaps, settled, survey_tables
from coresponder_causal.plan.study import Study

Rule = tuple[str, str]
families: dict[str, Family] = {
    name: family_of(settings()[name].estimator.__name__)
    for name in (
        "switchback",
        *("hours", "triple"),
        *("cities", *of_adopters, "poisson", "gap", "few_treated", "event_study", "two_way"),
        *("synthetic", "synthetic_augmented", "synthetic_did"),
        *("first_periods", "series", "counts", "rare", "arima", "structural"),
        *(*like_calls, *after_calls, *some_known, "strata"),
        *("instrument", "boundary"),
    )
}
"""What each design belongs to, in the order in which designs are believed."""
assumptions = {name: family.assumption for name, family in families.items()}
"""What each design rests on: designs of one assumption count once."""
_counts = ("control_outcomes", "placebo_dates", "pre_period", "placebo_cities")
falsifications: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(assumptions, _counts),
    "switchback": ("control_outcomes",),
    "triple": (*_counts, "absences", "holding", "exclusion"),
    **dict.fromkeys(of_adopters, ("pretrends", *_counts)),
    **dict.fromkeys(("synthetic", "synthetic_augmented", "synthetic_did"), (*_counts, "backdating", "leave_one_out")),
    **dict.fromkeys(
        ("series", "counts", "rare", "arima", "structural"),
        ("placebo_dates", "control_outcomes", "forecast_skill", "break_date", "covid_interval"),
    ),
    **dict.fromkeys(like_calls, ("overlap", "placebo_exposure", "first_or_all", "displacement")),
    **dict.fromkeys((*after_calls, *some_known), ("balance", "overlap")),
    "strata": ("evalue",),
    "calls": ("balance", "overlap", "placebo_exposure", "first_or_all", "displacement"),
    "instrument": ("first_stage", "reduced_form_before", "hour_profile", "leniency_balance", "leniency_monotone"),
    "boundary": ("placebo_boundaries", "holding"),
}
"""Checks that may contradict each design."""
partners = ("police", "county", "university")
shown_apart = ("perceived_race", "unhoused", "hour", "prior_contacts")


def planned_order(names: Iterable[str]) -> list[str]:
    """Return designs in the order in which they are believed: what was drawn by lot, then covered hours, then others.

    Examples
    --------
    >>> planned_order(["series", "cities", "hours"])
    ['hours', 'cities', 'series']
    """
    return sorted(names, key=list(assumptions).index)


def asked_of(outcome: str, plan: EvaluationPlan, study: Study) -> list[str]:
    """Return the planned designs that estimate an outcome, in the plan's order."""
    run = [entry.name for entry in plan.design if entry.name in study.designs]
    return [name for name in run if outcome in {asked for asked, _ in study.asked(name)}]


def broken_rules(plan: EvaluationPlan, study: Study) -> Iterator[Rule]:
    """Give every rule that a plan breaks, with what to do.

    Parameters
    ----------
    plan : EvaluationPlan
    study : Study
    """
    yield from _of_texts(plan)
    yield from _of_outcomes(plan, study)
    yield from _of_estimands(plan)
    yield from _of_designs(plan, study)
    yield from _of_the_decision(plan)
    yield from _of_groups(plan)
    yield from _of_fairness(plan, study)
    yield from _of_people(plan)
    yield from _of_waves(plan, study)
    yield from _of_what_is_known(plan, study)


def _of_texts(plan: EvaluationPlan) -> Iterator[Rule]:
    """Nothing that must be said is left blank."""
    optional = {"shown", "staff_with_whom", *settled}
    for where, entry in _entries(plan):
        for field in fields(entry):  # type: ignore[arg-type]
            if getattr(entry, field.name) == "" and field.name not in optional:
                yield f"'{field.name}' in {where} is empty", "say it, or say that and why it does not apply"


def _entries(plan: EvaluationPlan) -> Iterator[tuple[str, object]]:
    """Every entry of a plan with its place."""
    yield "[plan]", plan
    for field in fields(plan):
        value = getattr(plan, field.name)
        if is_dataclass(value):
            yield f"[{field.name}]", value
        elif isinstance(value, tuple):
            yield from ((f"[[{field.name}]] {i}", one) for i, one in enumerate(value, 1) if is_dataclass(one))


def _of_outcomes(plan: EvaluationPlan, study: Study) -> Iterator[Rule]:
    """One primary outcome a domain, each answering a question by designs that can reach a verdict."""
    domains = [entry.domain for entry in plan.primary]
    for domain in sorted({name for name in domains if domains.count(name) > 1}):
        yield f"domain '{domain}' has {domains.count(domain)} primary outcomes", "keep one; make the others sensitivity"
    if not plan.judged:
        yield "no primary outcome gets a verdict", "let one have verdict = true"
    for entry in plan.primary:
        if not 1 <= entry.question <= len(plan.questions):
            yield f"'{entry.outcome}' answers question {entry.question}, which is not there", "number one of questions"
        if entry.metric not in metric_catalogue():
            yield f"'{entry.outcome}' names the metric {entry.metric}, which is not there", "see docs/metrics.md"
        if entry.outcome == "force" and entry.verdict:
            yield "force has a verdict, and no city of this size has enough events for one", "set verdict = false"
        if not entry.verdict and not entry.shown:
            yield f"'{entry.outcome}' has no verdict, and nothing says how it is shown", "add shown"
    for entry in plan.judged:
        names = asked_of(entry.outcome, plan, study)
        if len({assumptions[name] for name in names}) < plan.decision.designs_needed:
            yield (
                (
                    f"'{entry.outcome}' is estimated by {', '.join(names) or 'no design'}: fewer than "
                    f"{plan.decision.designs_needed} different assumptions, so that it can never be supported"
                ),
                "ask for it in another design of STUDY.toml, or set verdict = false",
            )


def _of_estimands(plan: EvaluationPlan) -> Iterator[Rule]:
    stated = [entry.outcome for entry in plan.estimand]
    for entry in plan.judged:
        if entry.outcome not in stated:
            yield f"nothing says what is estimated of '{entry.outcome}'", "add an [[estimand]] for it"
    for outcome in sorted(set(stated) - {entry.outcome for entry in plan.primary}):
        yield f"there is an estimand of '{outcome}', which is no primary outcome", "make it one, or take it out"
    for estimand in plan.estimand:
        if estimand.from_dose == estimand.to_dose:
            yield f"the estimand of '{estimand.outcome}' goes from a dose to the same dose", "say what changed"


def _of_designs(plan: EvaluationPlan, study: Study) -> Iterator[Rule]:
    """Designs are the study's, in the order in which they are believed, each with one check of its own."""
    names = [entry.name for entry in plan.design]
    for name in sorted(set(study.designs) - set(names)):
        yield f"the study runs '{name}', which is not planned", "add a [[design]], or take it out of run"
    for name in sorted(set(names) - set(study.designs)):
        yield f"'{name}' is planned, and the study does not run it", "add it to run in STUDY.toml, or take it out"
    if len(set(names)) < len(names):
        yield f"a design is planned twice: {', '.join(names)}", "name each once"
    known = [name for name in names if name in assumptions]
    if known != planned_order(known):
        yield f"designs are planned in the order {', '.join(known)}", f"order them {', '.join(planned_order(known))}"
    for entry in plan.design:
        choices = falsifications.get(entry.name, ())
        if choices and entry.falsification not in choices:
            yield f"'{entry.name}' is to be falsified by '{entry.falsification}'", f"choose from {', '.join(choices)}"
    if not plan.sensitivity:
        yield "there is no sensitivity analysis", "add a [[sensitivity]]"


def _of_the_decision(plan: EvaluationPlan) -> Iterator[Rule]:
    rule = plan.decision
    if not 0 < rule.smallest_effect < 1:
        yield f"smallest_effect is {rule.smallest_effect:g}", "give a ratio below 1, such as 0.85"
    if rule.designs_needed < 1:
        yield f"designs_needed is {rule.designs_needed}", "ask for one or more, usually 2"
    for name in ("level", "equivalence_level"):
        if not 0.5 < getattr(rule, name) < 1:
            yield f"{name} is {getattr(rule, name):g}", "give a share such as 0.95"
    if 0 not in rule.true_changes or min(rule.true_changes) <= -100:
        yield (
            "true_changes lacks 0, or holds a fall of all there is",
            "list changes in percent, 0 among them, above -100",
        )
    if plan.multiplicity == "one outcome" and len(plan.judged) > 1:
        yield f"{len(plan.judged)} primary outcomes get a verdict, and nothing accounts for that", 'write "holm"'
    if plan.months_after < 2:
        yield f"months_after is {plan.months_after}", "plan for two months or more"


def _of_groups(plan: EvaluationPlan) -> Iterator[Rule]:
    there = [entry.field for entry in plan.subgroup]
    for name in (name for name in shown_apart if name not in there):
        yield f"no [[subgroup]] for {name}", "add it; recorded = false where nobody records it yet"
    known = {field.name for table in ("calls", "contacts") for field in dictionary.table(table).fields}
    for name in (name for name in there if name not in known):
        yield f"a subgroup is cut by '{name}', which no call has", "name a field of calls or contacts"
    for entry in (entry for entry in plan.subgroup if entry.cuts):
        if mend := wrong_cuts(entry.field, entry.cuts):
            yield f"cuts of the subgroup '{entry.field}' are {list(entry.cuts)}", mend


def _of_fairness(plan: EvaluationPlan, study: Study) -> Iterator[Rule]:
    """Hold groups, outcomes and what may differ to the dictionary, and references to those of the study."""
    stated = {} if study.fairness is None else study.fairness.groups
    for entry in plan.fairness:
        where, groups = f"[[fairness]] of '{entry.field}'", {entry.field: entry.reference}
        rules = (*wrong_groups(groups), *wrong_outcomes(entry.outcomes), *wrong_allowable(entry.allowable, groups))
        yield from ((f"{said} in {where}", mend) for said, mend in rules)
        if not entry.outcomes:
            yield f"{where} names no outcome", 'write outcomes = ["arrest"]'
        if stated.get(entry.field, entry.reference) != entry.reference:
            yield (
                f"{where} holds groups against {entry.reference}, and the study against {stated[entry.field]}",
                "name the same group in both",
            )


def _of_people(plan: EvaluationPlan) -> Iterator[Rule]:
    """Every partner has a role, flows stay lawful, and officers were heard."""
    there = {entry.partner for entry in plan.role}
    for name in (name for name in partners if name not in there):
        yield f"'{name}' has no [[role]]", "say who, what they do and what they see"
    if not any(entry.signs for entry in plan.role):
        yield "nobody signs", "let a [[role]] have signs = true"
    for flow in plan.flow:
        for end in (end for end in (flow.giver, flow.receiver) if end not in there):
            yield f"data flow from or to '{end}', which has no [[role]]", "add the role"
        if flow.health and flow.receiver == "police" and flow.level != "counts":
            yield (
                f"{flow.level} about health go to the police ({flow.what})",
                "return counts: the police could find their own people in anything finer",
            )
    if plan.labour.officer_data and "university" not in {flow.receiver for flow in plan.flow}:
        yield "data about officers are used, and no flow brings them to the university", "add a [[flow]]"


def _of_waves(plan: EvaluationPlan, study: Study) -> Iterator[Rule]:
    """Before officers or staff are asked, what is asked of labour is settled."""
    asked = sorted(study.tables.keys() & set(survey_tables))
    if asked and not plan.labour.waves:
        yield f"the study reads {', '.join(asked)}, and [labour] says that nobody is asked in waves", "set waves = true"
    if asked or plan.labour.waves:
        yield from labour_gaps(plan)


def _of_what_is_known(plan: EvaluationPlan, study: Study) -> Iterator[Rule]:
    if plan.nothing_seen and plan.seen:
        yield "nothing_seen is true, and [[seen]] says what was seen", "keep one of the two"
    if not plan.nothing_seen and not plan.seen:
        yield "nothing says whether outcomes were seen", "add nothing_seen = true, or a [[seen]] for each"
    for earlier, later in pairwise(plan.amendment):
        if later.on < earlier.on:
            yield f"the amendment of {later.on} follows that of {earlier.on}", "add amendments at the end, by date"
    if plan.example and not study.simulated:
        yield "this is the example, and the study is not simulated", "make it yours, then delete the line example"
