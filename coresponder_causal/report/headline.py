"""What is said first: which result is the headline, what was found, and what forbids to rely on it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import Doubt
from coresponder_causal.core.registry import measured
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.report.against import description
from coresponder_causal.report.data_section import quality_counts
from coresponder_causal.report.sentences import detectable, finding
from coresponder_causal.report.specs import Sentence, of_nobody

single_series = ("its_segmented", "its_counts", "its_rare", "its_arima", "its_structural")
describes_alone = Sentence(
    text="Description only: a single series cannot tell the programme from anything else that changed at that time."
)
far_too_low = 0.85


def headline_of(results: Sequence[Result]) -> Result | None:
    """Return the first result that estimates an effect; None where all describe.

    Parameters
    ----------
    results : sequence of Result
    """
    return next((result for result in results if not describes(result)), None)


def describes(result: Result) -> bool:
    """Whether a result's first term only describes, so that it is never the headline."""
    return bool(result.terms["term"].iloc[0] == description)


def said_first(
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
        doubts = doubted(headline, lines)
        return (detectable(headline), *said, finding(headline), *((doubt,) if broken else ()), *doubts)
    if results:
        return (Sentence(text="No design on this page identifies an effect: what follows is description."),)
    assert quality is not None  # page() refuses an empty page
    return (quality_counts(quality),)


def doubted(headline: Result, lines: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """List what puts the headline in doubt, said of it or of the whole study, a sentence each."""
    said = dict.fromkeys((*headline.notes, *(line.text for line in lines)))
    doubts = [f"In doubt: {text.rstrip('.')}." for text in said if isinstance(text, Doubt)]
    return tuple(Sentence(text=text, support=headline.support) for text in doubts)


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
