"""The jump at a clock boundary as a picture: which numbers, which words."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.sentences import finding
from coresponder_causal.report.specs import Picture

comes = {"opening": "the team comes on", "closing": "the team goes off"}


def at_boundary(result: Result) -> Picture:
    """Draw the outcome by the time from the boundary, before and after the start.

    Parameters
    ----------
    result : Result
        Of `call_boundary`.

    Returns
    -------
    Picture
        ``data``: ``path``, the means by 15 minutes; ``lines``, the fitted lines by their ends.
    """
    assert result.path is not None  # every result of call_boundary has one
    path, facts = result.path, result.extra
    where = comes[str(facts["boundary"])]
    lines = pd.DataFrame([_line(own, facts.number("bandwidth")) for _, own in path.groupby(["after", "inside"])])
    dots = "Filled dots and solid lines: after the start"
    before = "; hollow dots and dashed lines: before it" if not path["after"].all() else ""
    itt = result.params["itt"]
    return Picture(
        title=f"{words.capital(words.outcome(result))} of calls around the hour at which {where}",
        caption=(
            f"{dots}{before}. Dots: means of 15 minutes, the larger the more calls. Lines: fitted within "
            f"{facts.number('bandwidth'):g} minutes, without the shaded {facts.number('donut'):g} on either side."
        ),
        alt=(
            f"Means of {words.outcome(result)} by minutes from the boundary. The change at the boundary is "
            f"{words.signed(itt)}. {finding(result).text}"
        ),
        kind="boundary",
        data={"path": path.drop(columns="fitted"), "lines": lines},
        labels=Facts(
            {
                "x": f"Minutes from the hour at which {where}",
                "y": words.capital(words.unit(result)),
                "boundary": where,
                "bandwidth": facts.number("bandwidth"),
                "donut": facts.number("donut"),
            }
        ),
        support=path[["time", "events"]],
    )


def _line(bins: pd.DataFrame, bandwidth: float) -> dict[str, object]:
    """Give the ends of the line through the fitted means of one side: at the boundary and at the bandwidth."""
    first, last = bins.iloc[0], bins.iloc[-1]
    slope = (last["fitted"] - first["fitted"]) / (last["time"] - first["time"])
    ends = (0.0, bandwidth) if first["time"] > 0 else (-bandwidth, 0.0)
    heights = [float(first["fitted"] + slope * (end - first["time"])) for end in ends]
    return {
        "after": bool(first["after"]),
        "inside": bool(first["inside"]),
        "start": ends[0],
        "end": ends[1],
        "first": heights[0],
        "last": heights[1],
    }
