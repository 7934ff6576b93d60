"""Whether the treated city's change is unusual among cities that had no programme."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.inference import RankTest, rank_test
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, Verdict, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign

name = "placebo_cities"
assumption = "The change found is larger than what the method finds in cities without the programme."


def placebo_cities(result: Result, design: SeriesDesign | PanelDesign | CoverageDesign) -> CheckResult:
    """Give the programme to each comparison city in turn and rank the treated city's statistic among theirs.

    Parameters
    ----------
    result : Result
        The estimate to be checked; its first term is looked at.
    design : the design it was made from
        The treated city is left out of the comparison cities' own comparisons.

    Returns
    -------
    CheckResult
        Contradicts when the interval excludes no change although another city's statistic is at least as large; cannot
        tell when the interval does not exclude it. The p-value of the rank cannot go below 1/(m + 1), which is how
        often a city that is like the m others comes first: its power is the rest.

    References
    ----------
    Abadie, Diamond & Hainmueller (2010), doi:10.1198/jasa.2009.ap08746, section 2.4.

    Examples
    --------
    >>> from coresponder_causal.estimate import its_segmented
    >>> frame = pd.DataFrame({"month": pd.period_range("2017-01", periods=48, freq="M"), "calls": [90, 110] * 24})
    >>> d = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2019-07")
    >>> placebo_cities(its_segmented(d), d).verdict
    'not applicable'
    """
    if result.placebo is not None:
        return not_applicable(name, assumption, "The p-value of the estimate is itself a rank among the cities.")
    if isinstance(design, PanelDesign) and len(design.treated_units) > 1:
        return not_applicable(name, assumption, "It is for one treated city.")
    if isinstance(design, SeriesDesign) or len(cities := design.comparison_units) < 3:
        return not_applicable(name, assumption, "It needs at least three comparison cities.")
    try:
        rows = [_row(refit(result, design.pretending(city)), city) for city in cities]
    except CausalError as error:
        why = f"The method cannot be fitted with each comparison city in the treated city's place: {error.what}."
        return not_applicable(name, assumption, why)
    own = _row(result, str(result.extra.get("city", "treated")))
    rank = rank_test(float(str(own["statistic"])), [float(str(row["statistic"])) for row in rows])
    table = pd.DataFrame([own, *rows]).assign(role=["treated"] + ["comparison"] * len(rows))
    first = result.tidy().iloc[0]
    excludes = bool(first["p_value"] < 0.05)
    verdict: Verdict = "cannot tell"
    if excludes:
        verdict = "contradicts" if rank.rank > 1 else "no contradiction found"
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict=verdict,
        power=1 - rank.floor if excludes else None,
        table=table,
        sentence=_sentence(rank, excludes),
    )


def _row(result: Result, city: str) -> dict[str, object]:
    first = result.tidy().iloc[0]
    return {"city": city} | {column: float(first[column]) for column in ("estimate", "std_error", "statistic")}


def _sentence(rank: RankTest, excludes: bool) -> str:
    below = "" if rank.floor <= 0.05 else ", so that it can never reach 5 %"
    tail = "" if excludes else " The estimate itself does not exclude no change."
    return (
        f"One treated city of {rank.of}: by |estimate| / standard error it ranks {rank.rank} of {rank.of} "
        f"(permutation p {rank.p_value:.3f}; it cannot go below 1/{rank.of} = {rank.floor:.3f}{below}).{tail}"
    )
