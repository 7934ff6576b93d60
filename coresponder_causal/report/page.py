"""One page for one study: the finding, how we know, what could be wrong, where the numbers come from."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import pandas as pd

from coresponder_causal.core.errors import CausalError, DataError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.registry import measured
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.core.version import VERSION
from coresponder_causal.decide import Family
from coresponder_causal.report import words
from coresponder_causal.report.families import counted_together
from coresponder_causal.report.figures import along_other_cities, figure, pictures
from coresponder_causal.report.outcome_ladder import split_ladder
from coresponder_causal.report.sensitive import as_sensitive, of_sensitive
from coresponder_causal.report.sentences import (
    components,
    description,
    detectable,
    drift,
    finding,
    ranks,
    volatility,
    within_city,
)
from coresponder_causal.report.specs import (
    Block,
    Bullets,
    Column,
    Fold,
    Page,
    Picture,
    Section,
    Sentence,
    Table,
    of_nobody,
)
from coresponder_causal.report.tables import by_outcome, distances, plain, support_of, table
from coresponder_causal.report.weighed_checks import numbers_behind, weighed

simulated_banner = (
    "This is a simulated city. Its calls, its people and the effect of its programme were made by a computer program, "
    "so that what the methods find can be held against a known truth. Nothing here is evidence about a real programme."
)
sensitive_banner = (
    "Not for release. This page may show small counts that could point to a person; share it only with those who may "
    "see the records themselves."
)
single_series = ("its_segmented", "its_counts", "its_rare", "its_arima", "its_structural")
describes_alone = Sentence(
    text="Description only: a single series cannot tell the programme from anything else that changed at that time."
)
all_together = "All estimates together"
unread_column = "column is not in the dictionary"
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
far_too_low = 0.85
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
libraries = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib")


def page(
    results: Sequence[Result] = (),
    *,
    checks: Sequence[CheckResult] | Sequence[Sequence[CheckResult]] = (),
    falsification: Sequence[CheckResult] = (),
    title: str | None = None,
    subtitle: str | None = None,
    truth: Mapping[str, float] | None = None,
    simulated: bool = False,
    sensitive: bool = False,
    quality: pd.DataFrame | None = None,
    design_lines: Sequence[str | Sentence] = (),
    donors: Table | None = None,
    families: Sequence[Family] = (),
    ladder: tuple[Table, Picture] | None = None,
    graph: Section | None = None,
) -> Page:
    """Put a study on one page.

    Parameters
    ----------
    results : sequence of Result
        The first is the headline; a result whose first term only describes (``covered_within_city``) never is.
    checks : sequence of CheckResult, or of sequences of them
        Checks of the headline; or of every result, in the order of the results.
    falsification : sequence of CheckResult
        Checks of the contrast within the city, which only describes.
    title, subtitle : str, optional
        By default from the headline's estimand.
    truth : mapping, optional
        True values of a simulated study by ``"method.term"``, on the result's own scale.
    simulated, sensitive : bool
        Put a banner on top.
    quality : DataFrame, optional
        Findings in the data: ``rule, field, severity, count, rows, mend``.
    design_lines : sequence of str or Sentence
        What was compared, a line each; sentences say what stands behind them.
    donors : Table, optional
        Who could have been compared, see `donor_table`.
    families : sequence of Family
        Outcomes judged together, see `coresponder_causal.decide`.
    ladder : tuple of (Table, Picture), optional
        What became of calls, from the scene on, see `outcome_ladder`.
    graph : Section, optional
        What moves what, and what was adjusted for, see `graph_section`.

    Returns
    -------
    Page

    Raises
    ------
    CausalError
        If there is neither a result nor ``quality``; DataError if ``quality`` lacks columns; EstimationError if a
        ``truth`` belongs to no estimate. Each says its mend.

    Examples
    --------
    >>> found = pd.DataFrame({"rule": ["order of times"], "severity": ["quality"], "count": [907]})
    >>> print(page(quality=found).finding[0])
    The data raise 1 doubt about their quality.
    """
    if not results and quality is None:
        raise CausalError("the page has nothing to show", mend="give results, or quality=")
    lines = tuple(line if isinstance(line, Sentence) else Sentence(text=line) for line in design_lines)
    headline = headline_of(results)
    by_result = _by_result(results, headline, checks)
    own = next((made for result, made in by_result if result is headline), ())
    sections = [
        _compared(lines, donors, compared=bool(results)),
        *_evidence(headline),
        _doubts(own),
        _ladder(ladder),
        *_others(by_result, headline),
        graph,
        *_within(results, falsification),
        _together(results),
        counted_together(families),
        _truth(results, truth),
        _quality(quality),
        _remarks(results),
        _origins(results),
    ]
    sensitive = sensitive or any(map(of_sensitive, results))
    banners = (simulated_banner,) * simulated + (sensitive_banner,) * sensitive
    made = Page(
        title=title or _title(headline, results),
        subtitle=_subtitle(headline) if subtitle is None else subtitle,
        banners=banners,
        finding=_finding(headline, results, own, quality, lines),
        sections=tuple(section for section in sections if section is not None),
    )
    return as_sensitive(made, True) if sensitive else made


Checked = tuple[Result, tuple[CheckResult, ...]]


def _by_result(
    results: Sequence[Result],
    headline: Result | None,
    checks: Sequence[CheckResult] | Sequence[Sequence[CheckResult]],
) -> list[Checked]:
    """Pair every result with its checks."""
    alone = tuple(made for made in checks if isinstance(made, CheckResult))
    if alone or not checks:
        return [(result, alone if result is headline else ()) for result in results]
    each = [tuple(made) for made in checks if not isinstance(made, CheckResult)]
    return list(zip(results, each, strict=True))


def headline_of(results: Sequence[Result]) -> Result | None:
    """Return the first result that estimates an effect; None where all describe.

    Parameters
    ----------
    results : sequence of Result
    """
    return next((result for result in results if not _describes(result)), None)


def _describes(result: Result) -> bool:
    return bool(result.terms["term"].iloc[0] == description)


def _title(headline: Result | None, results: Sequence[Result]) -> str:
    shown = headline or next(iter(results), None)
    if shown is None:
        return "Can these data carry an evaluation?"
    return f"Co-response in {words.city(shown)}: {words.outcome(shown)}"


def _subtitle(headline: Result | None) -> str:
    if headline is None:
        return ""
    about = headline.estimand
    return words.dates(words.capital(f"{about.treatment}. {words.capital(about.horizon)}."))


def _finding(
    headline: Result | None,
    results: Sequence[Result],
    checks: Sequence[CheckResult],
    quality: pd.DataFrame | None,
    lines: Sequence[Sentence],
) -> tuple[Sentence, ...]:
    """Say what the design can detect, what was found, and whether a check contradicts it."""
    if headline is not None:
        broken = [check.check.replace("_", " ") for check in checks if check.verdict == "contradicts"]
        doubt = Sentence(
            text=f"{len(broken)} of {len(checks)} checks contradict{'s' * (len(broken) == 1)} an assumption of this "
            f"finding: {', '.join(broken)}.",
            numbers=Facts({"contradicted": len(broken), "checks": len(checks)}),
            support=of_nobody,
        )
        said = (describes_alone,) if headline.method in single_series else tuple(too_narrow(headline))
        doubts = _doubted(headline, lines)
        return (detectable(headline), *said, finding(headline), *((doubt,) if broken else ()), *doubts)
    if results:
        return (Sentence(text="No design on this page identifies an effect: what follows is description."),)
    assert quality is not None  # page() refuses an empty page
    return (quality_counts(quality),)


def _doubted(headline: Result, lines: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """List what puts the headline in doubt, said of it or of the whole study, a sentence each."""
    said = dict.fromkeys((*headline.notes, *(line.text for line in lines)))
    doubts = [f"In doubt: {text.rstrip('.')}." for text in said if isinstance(text, Doubt)]
    return tuple(Sentence(text=text, support=headline.support) for text in doubts)


def _compared(lines: Sequence[Sentence], donors: Table | None, *, compared: bool) -> Section | None:
    if not lines and donors is None:
        return None
    title = "What was compared?" if compared else "What was read?"
    return Section(title=title, blocks=(Bullets(items=tuple(lines)), *(() if donors is None else (donors,))))


def _evidence(headline: Result | None) -> list[Section]:
    if headline is None:
        return []
    asked = questions | ({"series": questions["gap"]} if headline.method in along_other_cities else {})
    sections = [Section(title=asked[picture.kind], blocks=(picture,)) for picture in pictures(headline)]
    if "bound_low" in headline.extra:
        sections.append(Section(title="Which hours moved?", blocks=(components(headline), table(headline))))
    if _drifts(headline):
        sections.append(Section(title="How far apart may cities drift?", blocks=(drift(headline),)))
    return sections


def _doubts(checks: Sequence[CheckResult]) -> Section | None:
    if not checks:
        return None
    drawn = _drawn(checks, drawn_of_the_headline)
    return Section(
        title="What could be wrong?",
        blocks=(weighed(checks), table(*checks), *drawn, *numbers_behind(checks)),
    )


def _drawn(checks: Sequence[CheckResult], names: Sequence[str]) -> list[Picture]:
    return [figure(check) for check in checks if check.check in names and len(check.table)]


def _ladder(ladder: tuple[Table, Picture] | None) -> Section | None:
    if ladder is None:
        return None
    rungs, drawn = ladder
    numbers, known = split_ladder(rungs)
    blocks = (drawn, numbers, Fold(label=known.title, table=known))
    return Section(title="What became of the calls, from the scene on?", blocks=blocks)


def _others(by_result: Sequence[Checked], headline: Result | None) -> list[Section]:
    """Every other design with its own picture and checks; one section for all outcomes of the same design."""
    families: dict[tuple[str, str, str, int], list[Checked]] = {}
    times: Counter[tuple[str, str, str, str]] = Counter()
    for result, made in by_result:
        if not _describes(result):
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
            *_doubted(result, ()),
            *pictures(result),
            *_drawn(made, ("balance", "overlap", "tipping_point")),
            *((Fold(label="Its checks", table=table(*made)),) if made else ()),
        ),
    )


def too_narrow(result: Result) -> list[Sentence]:
    """Say that an interval cannot be used, before it is read.

    Parameters
    ----------
    result : Result
    """
    if result.extra.get("enough_clusters") is False:
        text = (
            "For comparison with the literature only: with so few treated or untreated units the standard errors, "
            "intervals and p-values of this regression cannot be used."
        )
        return [Sentence(text=text, support=of_nobody)]
    found = measured(result)
    if found is None or found.coverage >= far_too_low:
        return []
    share = 100 * found.coverage
    text = (
        f"Description only: on simulated data like these the 95 % interval of this method held the truth "
        f"{share:.0f} % of the time."
    )
    return [Sentence(text=text, numbers=Facts({"measured_coverage": found.coverage}), support=of_nobody)]


def _how_sure(result: Result) -> list[Sentence]:
    """Say what the design can detect, or how unusual the estimate is, and how far cities drift apart."""
    ranked = [ranks(result)] if result.placebo is not None else [detectable(result)]
    drifting = [drift(result)] if _drifts(result) and result.placebo is None else []
    return [*ranked, *drifting, *([volatility(result)] if "error_ratio" in result.extra else [])]


def _drifts(result: Result) -> bool:
    """Whether a result tells how far cities drift apart; on the scale of a difference without integrating over it."""
    return ("integrated_low" if result.scale == "log_ratio" else "tau_star") in result.extra


def _within(results: Sequence[Result], falsification: Sequence[CheckResult]) -> list[Section]:
    """Within-city contrasts, as description."""
    described = [result for result in results if result.terms["term"].eq(description).any()]
    if not described:
        return []
    blocks: list[Block] = []
    for result in described:
        blocks += [within_city(result), *(pictures(result) if _describes(result) else ())]
    blocks += [Sentence(text=str(check), support=check.support) for check in falsification]
    return [Section(title="What did the covered hours do within the city?", blocks=tuple(blocks))]


def _together(results: Sequence[Result]) -> Section | None:
    if not results:
        return None
    every = Fold(label="Every term of every design", table=table(*results))
    drawn = [figure(*results)] if sum(result.scale == "log_ratio" for result in results) > 1 else []
    return Section(title=all_together, blocks=(*drawn, table(*results, terms="headline"), every))


def _truth(results: Sequence[Result], truth: Mapping[str, float] | None) -> Section | None:
    if not truth:
        return None
    return Section(title="How far are the estimates from the truth?", blocks=(distances(results, truth),))


def _quality(quality: pd.DataFrame | None) -> Section | None:
    if quality is None:
        return None
    counts = quality_counts(quality)
    labels = {"rows": "first rows", "mend": "what to do"}
    unread = quality["rule"].eq(unread_column)
    blocks: list[Block] = [counts]
    if (~unread).any():
        worst = quality[~unread].sort_values("severity", kind="stable")
        behind = worst[["count"]].reset_index(drop=True)
        blocks.append(plain(worst, title="Findings in the data", labels=labels, support=behind))
    if unread.any():
        others = plain(
            quality[unread], title="Columns that the data dictionary does not know", labels=labels, support=of_nobody
        )
        blocks.append(Fold(label=others.title, table=others))
    return Section(title="Can the data be trusted?", blocks=tuple(blocks))


def quality_counts(quality: pd.DataFrame) -> Sentence:
    """Say how many rules of the dictionary the data break, and how many doubts they raise.

    Parameters
    ----------
    quality : DataFrame
        As of `page`.

    Returns
    -------
    Sentence
        ``numbers``: ``errors, doubts, unread``.
    """
    absent = [name for name in ("rule", "severity", "count") if name not in quality]
    if absent:
        raise DataError(f"quality= lacks {', '.join(absent)}", mend="give the findings table of data validation")
    errors = int(quality["severity"].eq("error").sum())
    unread = int(quality["rule"].eq(unread_column).sum())
    doubts = len(quality) - errors - unread
    said = [
        f"break {_number_of(errors, 'rule')} that must be mended before any analysis" if errors else "",
        f"raise {_number_of(doubts, 'doubt')} about their quality" if doubts else "",
        f"hold {_number_of(unread, 'column')} that the data dictionary does not know" if unread else "",
    ]
    parts = [part for part in said if part] or ["break no rule of the data dictionary"]
    text = f"The data {', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]}."
    numbers = Facts({"errors": errors, "doubts": doubts, "unread": unread})
    return Sentence(text=text, numbers=numbers, support=of_nobody)


def _number_of(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _remarks(results: Sequence[Result]) -> Section | None:
    """List the notes of all results, each once with the methods it belongs to."""
    said: dict[str, list[Result]] = {}
    for result in results:
        for text in result.notes:
            said.setdefault(text, []).append(result)
    if not said:
        return None
    items = tuple(
        Sentence(
            text=f"{', '.join(dict.fromkeys(words.method(result.method) for result in of))}: {text}",
            support=support_of(of),
        )
        for text, of in said.items()
    )
    return Section(title="What must be read with these numbers?", blocks=(Bullets(items=items),))


def _origins(results: Sequence[Result]) -> Section:
    made = made_with(VERSION, platform.python_version(), {name: version(name) for name in libraries})
    computed = (_provenance(results),) if results else ()
    return Section(title="Where do the numbers come from?", blocks=(*computed, Sentence(text=made, support=of_nobody)))


def made_with(own: str, python: str, packages: Mapping[str, str]) -> str:
    """Say with which versions a page was made: of this package, of Python, and of the libraries that compute."""
    others = ", ".join(f"{name} {packages[name]}" for name in libraries)
    return f"Made with coresponder_causal {own}, Python {python}, {others}."


def _provenance(results: Sequence[Result]) -> Table:
    frame = pd.DataFrame([{"method": result.method, **result.provenance.to_dict()} for result in results])
    columns = (
        Column("method", "Method"),
        Column("design", "Design"),
        Column("options", "Options"),
        Column("version", "Version"),
        Column("seed", "Seed"),
        Column("data", "Fingerprint of the design (first 16 digits)", inside=True),
    )
    frame = frame.assign(data=frame["data"].str[:16])
    return Table(title="Computed from", frame=frame, columns=columns, support=of_nobody)
