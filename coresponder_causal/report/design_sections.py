"""Sections on designs: their pictures and checks, what other designs say, and what only describes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.report import words
from coresponder_causal.report.against import description
from coresponder_causal.report.city_sentences import components, drift, volatility, within_city
from coresponder_causal.report.figures import along_other_cities, figure, pictures
from coresponder_causal.report.headline import describes, doubted, too_narrow
from coresponder_causal.report.outcome_ladder import split_ladder
from coresponder_causal.report.sentences import detectable, finding, ranks
from coresponder_causal.report.specs import Block, Fold, Picture, Section, Sentence, Table
from coresponder_causal.report.tables import by_outcome, table
from coresponder_causal.report.weighed_checks import numbers_behind, weighed

questions = {
    "series": "How do we know? The city against its own course",
    "gap": "How do we know? The city against the comparison cities over time",
    "forest": "How do we know? The city beside each comparison city",
    "events": "How do we know? Cities by the time since they started",
    "shares": "How do we know? How often the team came",
    "incidence": "How do we know? What came after the calls, day by day",
    "waves": "How do we know? Scores, wave by wave",
    "course": "How do we know? Covered against other hours over time",
}
drawn_of_the_headline = (
    "balance",
    "overlap",
    "break_date",
    "covid_interval",
    "residual_autocorrelation",
    "specification_curve",
    "honest",
    "robustness_value",
    "rosenbaum",
    "marginal_sensitivity",
    "tipping_point",
)
Checked = tuple[Result, tuple[CheckResult, ...]]


def evidence_sections(headline: Result | None) -> list[Section]:
    """Show how the headline is known: a question and a picture each, the hours that moved, how far cities drift."""
    if headline is None:
        return []
    asked = questions | ({"series": questions["gap"]} if headline.method in along_other_cities else {})
    sections = [Section(title=asked[picture.kind], blocks=(picture,)) for picture in pictures(headline)]
    if "bound_low" in headline.extra:
        sections.append(Section(title="Which hours moved?", blocks=(components(headline), table(headline))))
    if _drifts(headline):
        sections.append(Section(title="How far apart may cities drift?", blocks=(drift(headline),)))
    return sections


def doubts_section(checks: Sequence[CheckResult]) -> Section | None:
    """Show the checks of the headline, weighed by what they could change, with their pictures and numbers."""
    if not checks:
        return None
    drawn = _drawn(checks, drawn_of_the_headline)
    return Section(
        title="What could be wrong?",
        blocks=(weighed(checks), table(*checks), *drawn, *numbers_behind(checks)),
    )


def _drawn(checks: Sequence[CheckResult], names: Sequence[str]) -> list[Picture]:
    return [figure(check) for check in checks if check.check in names and len(check.table)]


def ladder_section(ladder: tuple[Table, Picture] | None) -> Section | None:
    """Show what became of the calls, and behind a fold how often each rung is known."""
    if ladder is None:
        return None
    rungs, drawn = ladder
    numbers, known = split_ladder(rungs)
    blocks = (drawn, numbers, Fold(label=known.title, table=known))
    return Section(title="What became of the calls, from the scene on?", blocks=blocks)


def other_designs(by_result: Sequence[Checked], headline: Result | None) -> list[Section]:
    """Every other design with its own picture and checks; one section for all outcomes of the same design."""
    families: dict[tuple[str, str, str, int], list[Checked]] = {}
    times: Counter[tuple[str, str, str, str]] = Counter()
    for result, made in by_result:
        if not describes(result):
            alike = (words.named(result), result.estimand.contrast, result.provenance.options)
            times[*alike, result.estimand.outcome] += 1  # an outcome that comes again is that of another design
            families.setdefault((*alike, times[*alike, result.estimand.outcome]), []).append((result, made))
    sections = []
    for (first, made), *further in families.values():
        if first is not headline:
            sections.append(_other(first, made))
        if further:
            every = by_outcome([first, *(result for result, _ in further)])
            sections.append(Section(title=f"{words.named(first)}: every outcome", blocks=(every,)))
    return sections


def _other(result: Result, made: tuple[CheckResult, ...]) -> Section:
    return Section(
        title=f"What does another design say? {words.named(result)}",
        blocks=(
            *too_narrow(result),
            finding(result),
            *_how_sure(result),
            *((components(result), table(result)) if "bound_low" in result.extra else ()),
            *doubted(result, ()),
            *pictures(result),
            *_drawn(made, ("balance", "overlap", "tipping_point")),
            *((Fold(label="Its checks", table=table(*made)),) if made else ()),
        ),
    )


def _how_sure(result: Result) -> list[Sentence]:
    """Say what the design can detect, or how unusual the estimate is, and how far cities drift apart."""
    ranked = [ranks(result)] if result.placebo is not None else [detectable(result)]
    drifting = [drift(result)] if _drifts(result) and result.placebo is None else []
    return [*ranked, *drifting, *([volatility(result)] if "error_ratio" in result.extra else [])]


def _drifts(result: Result) -> bool:
    """Whether a result tells how far cities drift apart; on the scale of a difference without integrating over it."""
    return ("integrated_low" if result.scale == "log_ratio" else "tau_star") in result.extra


def within_sections(results: Sequence[Result], falsification: Sequence[CheckResult]) -> list[Section]:
    """Within-city contrasts, as description."""
    described = [result for result in results if result.terms["term"].eq(description).any()]
    if not described:
        return []
    blocks: list[Block] = []
    for result in described:
        blocks += [within_city(result), *(pictures(result) if describes(result) else ())]
    blocks += [Sentence(text=str(check), support=check.support) for check in falsification]
    return [Section(title="What did the covered hours do within the city?", blocks=tuple(blocks))]
