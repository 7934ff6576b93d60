"""An evaluation plan as a document that a council or a review board can sign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

from coresponder_causal.core.facts import Facts
from coresponder_causal.decide.rule import verdicts
from coresponder_causal.plan import reporting_items
from coresponder_causal.plan.evaluation_plan import EvaluationPlan
from coresponder_causal.plan.frozen import State
from coresponder_causal.plan.operating import Operating
from coresponder_causal.plan.plan_rules import assumptions
from coresponder_causal.plan.reporting_items import Item
from coresponder_causal.report import words
from coresponder_causal.report.page import simulated_banner
from coresponder_causal.report.specs import Block, Bullets, Column, Page, Section, Sentence, Table, of_nobody
from coresponder_causal.report.tables import wordy

agreed_on = {
    "permitted_uses": "What the data may be used for",
    "who_may_use": "Who may use them",
    "no_other_use": "No other use or disclosure",
    "safeguards": "Safeguards",
    "breaches": "Breaches are reported",
    "agents": "Agents are bound by the same terms",
    "no_contact": "Nobody is identified or contacted",
    "end_of_use": "End of use",
    "publication": "Publication",
    "counsel": "For counsel to read",
}
openly = {
    "ethics": "Ethics review",
    "registration": "Registration",
    "data_and_code": "Data and code",
    "funding": "Funding",
    "interests": "Interests",
}
of_waves = {
    "staff_with_whom": "Who represents staff",
    "employer_sees": "What the employer sees",
    "voluntary": "Voluntary, and used against nobody",
    "privilege": "For counsel to read",
}
scales = {"log_ratio": "as a ratio", "difference": "as a difference"}
levels = {"rows": "rows", "tokens": "keyed tokens with strata", "counts": "counts"}


def plan_document(
    plan: EvaluationPlan, operating: Operating, *, frozen: State | None = None, simulated: bool = False
) -> Page:
    """Put a plan on a page to read, to print and to sign.

    Parameters
    ----------
    plan : EvaluationPlan
    operating : Operating
        What `operating_characteristics` found.
    frozen : mapping, optional
        The frozen state; without it the page says that the plan is a draft.
    simulated : bool
        Whether the study's tables are made up, which the page then says.

    Returns
    -------
    Page
        `report.write` makes the file: HTML, or Markdown with an ending ``.md``.
    """
    banners = (
        [] if frozen else ["Draft: not frozen. Until it is, outcomes from the start on cannot be read for this study."]
    )
    return Page(
        title=plan.title,
        subtitle=f"Version {plan.version}, {words.dates(plan.written_on.isoformat())}, {plan.written_by}",
        banners=(*([simulated_banner] if simulated else []), *banners),
        finding=(_says(plan.summary), _in_short(plan, operating)),
        sections=tuple(_sections(plan, operating, frozen)),
    )


def _sections(plan: EvaluationPlan, operating: Operating, frozen: State | None) -> Iterable[Section]:
    yield _texts("What is known beforehand", plan.context)
    yield _texts("The programme", plan.programme)
    yield questions(plan)
    yield _estimated(plan)
    yield _designs(plan, operating)
    beside = [(one.what, one.why) for one in plan.sensitivity]
    yield _table("Analyses beside the main ones", "They move no verdict", ("Analysis", "Why"), beside)
    yield groups(plan)
    yield _rule(plan)
    yield _chances(plan, operating)
    yield following(plan)
    yield seen(plan)
    yield people(plan)
    yield flows(plan)
    yield agreement(plan)
    yield _labour(plan)
    yield _labelled("Review, registration, money", "For the record", ("What", "How it stands"), plan.openness, openly)
    yield _amendments(plan, frozen)
    yield _answered()
    yield _signatures(plan)


def _says(text: str) -> Sentence:
    """Say something of the plan, behind which nobody stands."""
    return Sentence(text=text, support=of_nobody)


def _in_short(plan: EvaluationPlan, operating: Operating) -> Sentence:
    """Say what the evaluation can find of its first outcome, in one sentence."""
    known = operating.designs[operating.designs["judges"].astype(bool)]
    if known.empty:
        return _says("What the designs can find is not known before the data are read.")
    first = known.iloc[0]
    text = (
        f"{first['outcome']}: '{first['design']}', the comparison that is believed most, finds a fall of "
        f"{first['found']:.0f} % four times in five. A smaller one may well be there and not be seen."
    )
    return Sentence(text=text, numbers=Facts({"found": float(first["found"])}), support=of_nobody)


def questions(plan: EvaluationPlan) -> Section:
    """List the questions, and the outcomes by which they are judged."""
    asked = Bullets(items=tuple(_says(f"Question {i}: {text}") for i, text in enumerate(plan.questions, 1)))
    rows = [
        (one.domain, one.label, f"{one.outcome} ({one.metric})", one.question, _judged(one.verdict, one.shown))
        for one in plan.primary
    ]
    heads = ("Domain", "Primary outcome", "Name (metric)", "Question", "How it is judged")
    return Section(title="Questions and primary outcomes", blocks=(asked, wordy("Primary outcomes", heads, rows)))


def _judged(verdict: bool, shown: str) -> str:
    return "by the decision rule" if verdict else f"no verdict, too few events. {shown}"


def _estimated(plan: EvaluationPlan) -> Section:
    rows = [
        (
            one.outcome,
            f"{one.contrast}, {scales[one.scale]}",
            f"from {one.from_dose} to {one.to_dose}",
            one.bundle,
            one.population,
            one.horizon,
        )
        for one in plan.estimand
    ]
    heads = ("Outcome", "Contrast", "Dose", "What else changed", "Of whom", "Until when")
    return _table("What is estimated", "Of each outcome with a verdict", heads, rows)


def _designs(plan: EvaluationPlan, operating: Operating) -> Section:
    found = operating.designs.groupby("design")["found"].max()
    rows = [
        (i, one.name, assumptions[one.name], one.inference, one.falsification, _finds(found.get(one.name)))
        for i, one in enumerate(plan.design, 1)
    ]
    heads = ("Order", "Design", "It rests on", "Interval", "The check that may contradict it", "Finds, 4 times in 5")
    note = _says(
        "A design whose check contradicts it takes no part in the verdict, and neither does one that only "
        "describes: covered hours of a city where no other city's calls say how hours drift apart. Their results are "
        "shown."
    )
    title = "Designs, in the order in which they are believed"
    return Section(title=title, blocks=(wordy("Designs and their checks", heads, rows), note))


def _finds(percent: float | None) -> str:
    return "not known ahead" if percent is None else f"a fall of {percent:.0f} %"


def groups(plan: EvaluationPlan) -> Section:
    """List the groups that are shown apart, recorded or not."""
    rows = [(one.field, one.groups, "yes" if one.recorded else "not yet") for one in plan.subgroup]
    said = Sentence(
        text="Reach and outcomes are shown for these groups, whatever they are; none is formed later.",
        support=of_nobody,
    )
    table = wordy("Groups", ("Field", "Groups", "Recorded"), rows)
    fair = [
        (one.field, one.reference, ", ".join(one.outcomes), ", ".join(one.allowable) or "nothing", one.why)
        for one in plan.fairness
    ]
    heads = ("Field", "Held against", "Outcomes", "May differ in", "Why that")
    treated = (wordy("How groups are treated", heads, fair),) if fair else ()
    return Section(title="Groups shown apart", blocks=(said, table, *treated))


def _rule(plan: EvaluationPlan) -> Section:
    rule, many = plan.decision, len(plan.judged)
    edge = f"{rule.smallest_effect:g} and {1 / rule.smallest_effect:.2f}"
    holm = f" (after Holm over {many} primary outcomes: {plan.family})" if plan.multiplicity == "holm" else ""
    lines = (
        f"Fewer, or more: {rule.designs_needed} designs or more that rest on different assumptions have a "
        f"{100 * rule.level:g} % interval{holm} that excludes no change on the same side; none excludes it on the "
        "other; no check contradicts them.",
        f"No meaningful effect: else, the {100 * rule.equivalence_level:g} % interval of the first design that no "
        f"check contradicts lies between the ratios {edge}.",
        "Consistent, not established: else, one such design excludes no change, and all others point the same way.",
        "Uninformative: else. The smallest change that could have been found is said beside it.",
    )
    return Section(
        title="How results become a verdict",
        blocks=(Bullets(items=tuple(_says(line) for line in lines)),),
    )


def _chances(plan: EvaluationPlan, operating: Operating) -> Section:
    columns = (
        Column("outcome", "Outcome"),
        Column("change", "True change in covered hours, %", "signed"),
        Column("change_of_all", "Of all calls, %", "signed"),
        *(Column(name, name[0].upper() + name[1:], "share") for name in verdicts),
    )
    note = (
        "Chance of each verdict, at best: computed from the months before the start, with every design's assumption "
        f"true and {plan.months_after} months after it. Monte-Carlo error at most {operating.monte_carlo:.3f}."
    )
    table = Table(title="Chance of each verdict", frame=operating.table, columns=columns, note=note, support=of_nobody)
    rests = [f"{one.outcome}, {one.design}: {one.assumes}." for one in operating.designs.itertuples()]
    lines = [*rests, *operating.conditions, *(f"Not computed. {text}" for text in operating.left_out)]
    said: list[Block] = [table] if len(operating.table) else []
    said.append(Bullets(items=tuple(_says(line) for line in lines)))
    return Section(title="What the rule can tell, computed from before the start", blocks=tuple(said))


def following(plan: EvaluationPlan) -> Section:
    """Say what was decided to follow from each verdict."""
    rule = plan.decision
    follows = (
        rule.if_fewer,
        rule.if_more,
        rule.if_no_meaningful_effect,
        rule.if_consistent,
        rule.if_uninformative,
    )
    rows = list(zip(verdicts, follows, strict=True))
    table = wordy("Decided beforehand", ("Verdict", "What follows"), rows)
    return Section(title="What follows from each verdict", blocks=(_says(plan.acting), table))


def seen(plan: EvaluationPlan) -> Section:
    """List outcomes from after the start that somebody already knows."""
    title = "What has already been seen"
    if plan.nothing_seen:
        return _texts(title, "Nobody who wrote this plan has seen an outcome from after the start.")
    rows = [(one.outcome, one.by, one.when, one.what) for one in plan.seen]
    return _table(title, "Outcomes from after the start", ("Outcome", "By", "When", "What"), rows)


def people(plan: EvaluationPlan) -> Section:
    """List who takes part, what they do and what they see."""
    rows = [(one.who, one.partner, one.does, one.sees) for one in plan.role]
    return _table("Who takes part", "Partners", ("Who", "For", "Does", "Sees"), rows)


def flows(plan: EvaluationPlan) -> Section:
    """List which data pass from whom to whom, as what."""
    rows = [
        (f"{one.giver} to {one.receiver}", one.what, levels[one.level], "yes" if one.health else "no", one.under)
        for one in plan.flow
    ]
    return _table("Which data go where", "Flows of data", ("From, to", "What", "As", "About health", "Under"), rows)


def agreement(plan: EvaluationPlan) -> Section:
    """List the points of a data use agreement with the plan's answers."""
    heads = ("Point", "What is agreed")
    return _labelled("The data use agreement", "Checklist", heads, plan.agreement, agreed_on)


def _labour(plan: EvaluationPlan) -> Section:
    used = "Data about officers are used" if plan.labour.officer_data else "No data about officers are used"
    said = (
        f"{used}. {plan.labour.with_whom} consulted on {words.dates(plan.labour.consulted_on)}: {plan.labour.agreed}."
    )
    asked = (
        "Officers or staff are asked in waves, by the university" if plan.labour.waves else "Nobody is asked in waves"
    )
    stated = [(label, getattr(plan.labour, name)) for name, label in of_waves.items() if getattr(plan.labour, name)]
    table = (wordy("What holds of answers", ("Point", "What was agreed"), stated),) if plan.labour.waves else ()
    return Section(title="Data about officers and staff", blocks=(_says(said), _says(f"{asked}."), *table))


def _amendments(plan: EvaluationPlan, frozen: State | None) -> Section:
    said = (
        "Not frozen yet."
        if frozen is None
        else f"Frozen on {words.dates(frozen['on'])} by {frozen['by']}, package {frozen['code']['version']}, "
        f"sha256 {frozen['sha256']}."
    )
    rows = [(one.on.isoformat(), one.who, one.what, one.why) for one in plan.amendment]
    table = (wordy("In order", ("On", "By", "What", "Why"), rows),) if rows else (_says("No amendment."),)
    return Section(title="Amendments", blocks=(_says(said), *table))


def _answered() -> Section:
    note = _says("In our words; a submission uses those of the statements.")
    tables = (
        _items("CDC framework 2024: steps", reporting_items.cdc_steps),
        _items("CDC framework 2024: standards and cross-cutting actions", reporting_items.cdc_standards),
        _items("TARGET 2025", reporting_items.target_items),
    )
    scope = _says(reporting_items.target_scope)
    return Section(title="Where this plan answers what is asked of it", blocks=(note, *tables, scope))


def _items(title: str, items: Sequence[Item]) -> Table:
    return wordy(title, ("No.", "Asked", "Answered in", "Not said there"), [tuple(item) for item in items])


def _signatures(plan: EvaluationPlan) -> Section:
    said = "We have read this plan. We will judge the programme by it, and say in the report where we departed from it."
    rows = [(one.who, one.partner, "", "") for one in plan.role if one.signs]
    table = wordy("Signed by", ("Who", "For", "Name and signature", "Date"), rows)
    return Section(title="Signatures", blocks=(_says(said), table))


def _texts(title: str, *texts: str) -> Section:
    return Section(title=title, blocks=tuple(_says(text) for text in texts))


def _labelled(title: str, caption: str, heads: tuple[str, str], entry: object, labels: dict[str, str]) -> Section:
    """Show the fields of an entry with their labels."""
    rows = [(labels[field.name], getattr(entry, field.name)) for field in fields(entry)]  # type: ignore[arg-type]
    return _table(title, caption, heads, rows)


def _table(title: str, caption: str, heads: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Section:
    return Section(title=title, blocks=(wordy(caption, heads, rows),))
