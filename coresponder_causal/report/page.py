"""One page for one study: the finding, how we know, what could be wrong, where the numbers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.decide import Family
from coresponder_causal.report import words
from coresponder_causal.report.data_section import quality_section
from coresponder_causal.report.design_sections import (
    Checked,
    doubts_section,
    evidence_sections,
    ladder_section,
    other_designs,
    within_sections,
)
from coresponder_causal.report.families import counted_together
from coresponder_causal.report.figures import figure
from coresponder_causal.report.headline import headline_of, said_first
from coresponder_causal.report.origins import origins_section, remarks_section
from coresponder_causal.report.sensitive import as_sensitive, of_sensitive
from coresponder_causal.report.specs import Bullets, Fold, Page, Picture, Section, Sentence, Table
from coresponder_causal.report.tables import distances, table

simulated_banner = (
    "This is a simulated city. Its calls, its people and the effect of its programme were made by a computer program, "
    "so that what the methods find can be held against a known truth. Nothing here is evidence about a real programme."
)
sensitive_banner = (
    "Not for release. This page may show small counts that could point to a person; share it only with those who may "
    "see the records themselves."
)
all_together = "All estimates together"


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
        *evidence_sections(headline),
        doubts_section(own),
        ladder_section(ladder),
        *other_designs(by_result, headline),
        graph,
        *within_sections(results, falsification),
        _together(results),
        counted_together(families),
        _truth(results, truth),
        quality_section(quality),
        remarks_section(results),
        origins_section(results),
    ]
    sensitive = sensitive or any(map(of_sensitive, results))
    banners = (simulated_banner,) * simulated + (sensitive_banner,) * sensitive
    made = Page(
        title=title or _title(headline, results),
        subtitle=_subtitle(headline) if subtitle is None else subtitle,
        banners=banners,
        finding=said_first(headline, results, own, quality, lines),
        sections=tuple(section for section in sections if section is not None),
    )
    return as_sensitive(made, True) if sensitive else made


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


def _compared(lines: Sequence[Sentence], donors: Table | None, *, compared: bool) -> Section | None:
    if not lines and donors is None:
        return None
    title = "What was compared?" if compared else "What was read?"
    return Section(title=title, blocks=(Bullets(items=tuple(lines)), *(() if donors is None else (donors,))))


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
