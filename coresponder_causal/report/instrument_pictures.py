"""Pictures of calls by an instrument: how often it brought the team, and how outcomes moved with it over time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.core.support import smallest
from coresponder_causal.privacy import Counts
from coresponder_causal.report import words
from coresponder_causal.report.specs import Picture

columns = ("x", "calls_without", "calls_with", "share_without", "share_with", "covered")
in_words = {
    "coverage_post": (
        "Hour of the day", "before the start", "after", "Line: share of calls with the team from the start on; grey: "
        "before it. Shaded: hours in which the team was planned, the darker the more days of the week.",
    ),
    "team_free": (
        "Hour of the day", "team taken", "team free", "Of calls received on duty. Line: share with the team where it "
        "was free; grey: where it was taken.",
    ),
    "call_taker": (
        "Tenths of calls, from the strictest call takers to the most lenient", "", "", "Of calls received on duty, "
        "ordered by how readily their call taker brought the team to other calls, hours of the week held equal.",
    ),
}  # fmt: skip


def team_came(result: Result) -> Picture:
    """Draw the share of calls with the team by hour, or by tenth of the call takers' leniency.

    Parameters
    ----------
    result : Result
        Of ``call_iv``.

    Returns
    -------
    Picture
        ``data["shares"]``: ``x, calls_without, calls_with, share_without, share_with, covered``.
    """
    rows = _rows(result, "shares", columns)
    x, without, brought, said = in_words[str(result.extra["adjustment"])]
    least, most = rows["share_with"].min(), rows["share_with"].max()
    return Picture(
        title="How often did the instrument bring the team?",
        caption=f"{said} Effective F of the instrument: {words.number(result.extra.number('effective_f'))}.",
        alt=f"Share of calls with the team by {x.lower()}: {words.number(100 * least)} % to {words.number(100 * most)} "
        f"% {f'({brought})' if brought else ''}.",
        kind="shares",
        data={"shares": rows},
        labels=Facts({"x": x, "y": "Share of calls with the team", "without": without, "with": brought}),
        support=rows[["x", "calls_without", "calls_with"]],
        counts=_came(rows, str(result.extra["adjustment"]), words.city(result)),
    )


def _came(rows: pd.DataFrame, adjustment: str, city: str) -> tuple[Counts, ...]:
    """Count calls with the team, of calls, on each side; none where shares are no shares of the calls beside them."""
    if adjustment not in ("coverage_post", "team_free"):
        return ()
    made = []
    for side in ("without", "with"):
        came = (rows[f"share_{side}"].fillna(0) * rows[f"calls_{side}"]).round()
        name = f"calls with the team in {city} by {adjustment}, {side}"
        made.append(
            Counts(
                family=name,
                frame=rows.assign(came=came),
                dimensions=("x",),
                count="came",
                of=f"calls_{side}",
                part="shares",
            )
        )
    return tuple(made)


def gap_over_time(result: Result) -> Picture:
    """Draw how far covered hours lay above the others, half-year by half-year.

    Parameters
    ----------
    result : Result
        Of ``call_iv`` with planned shifts as the instrument.

    Returns
    -------
    Picture
        ``data["events"]``: ``event_time`` and ``position`` (half-years since the start), ``estimate, low, high``.
    """
    rows = _rows(result, "gap_course", ("event_time", "estimate", "low", "high"))
    early = rows[(rows["event_time"] < -1) & ((rows["low"] > 0) | (rows["high"] < 0))]
    return Picture(
        title=f"Covered against other hours: {words.outcome(result)} by half-year",
        caption="Points: how far covered hours lay above the other hours of the city, against the half-year before "
        "the start (0). Bars: 95 % intervals. Before the start there should be no move, unless a team came then too.",
        alt=f"One point per half-year from {rows['event_time'].min():g} to {rows['event_time'].max():g}. Before the "
        f"start {len(early)} of {int((rows['event_time'] < -1).sum())} intervals leave out 0.",
        kind="course",
        data={"events": rows.assign(position=rows["event_time"])},
        labels=Facts({"x": "Half-years since the start", "y": words.capital(words.unit(result)), "step": None}),
        support=smallest(result.support),
    )


def _rows(result: Result, fact: str, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of a table that a result carries as a fact."""
    return pd.DataFrame(np.array(result.extra[fact], float), columns=list(names))
