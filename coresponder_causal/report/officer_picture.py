"""Officers by group and time since they first worked beside the team as a picture: which numbers, which words."""

from __future__ import annotations

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.effects import effects
from coresponder_causal.report.specs import Picture


def of_groups(result: Result) -> bool:
    """Whether the result has terms by time since the exposure for more than one group."""
    return "group" in result.terms and "event_time" in result.terms and result.terms["group"].nunique() > 1


def groups_over_time(result: Result) -> Picture:
    """Draw the effects of each group by the time since the exposure.

    Parameters
    ----------
    result : Result
        Keyed by ``group`` and ``event_time``.

    Returns
    -------
    Picture
        ``data["groups"]``: ``group, event_time, position, estimate, low, high``.
    """
    own = result.terms["event_time"].notna().to_numpy()
    shown, keys = effects(result)[own], result.terms[own]
    width = result.extra.number("bin_width")
    rows = shown.rename(columns={"conf_low": "low", "conf_high": "high"})[["estimate", "low", "high"]].astype(float)
    since = keys["event_time"].astype(float)
    rows = rows.assign(group=keys["group"], event_time=since, position=since + (width - 1) / 2)
    groups = [str(name) for name in rows["group"].unique()]
    named = [words.terms.get(name, name.replace("_", " ")) for name in groups]
    periods = words.capital(str(result.extra["period_name"]))
    return Picture(
        title=f"{words.capital(' and '.join(named))} by the time since they first worked beside the team",
        caption="Points: mean change of officers' rates on calls without the team. Bars: 95 % interval of each. Before "
        "the first time beside the team, hollow, there should be no change; who volunteers may be on another course.",
        alt=f"Points for {' and '.join(named)} from {since.min():g} to {since.max():g} {periods.lower()} since.",
        kind="groups",
        data={"groups": rows[["group", "event_time", "position", "estimate", "low", "high"]].reset_index(drop=True)},
        labels=Facts(
            {
                "x": f"{periods} since the first time beside the team, in spans of {width:g}",
                "y": words.capital(f"change, {shown['unit'].iloc[0]}"),
                "groups": tuple(groups),
                "named": tuple(named),
                "width": width,
            }
        ),
        support=None if result.support is None else result.support[own].reset_index(drop=True),
    )
