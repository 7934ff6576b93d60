"""What came after calls as a picture: which numbers, which words."""

from __future__ import annotations

import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.report import words
from coresponder_causal.report.sentences import finding
from coresponder_causal.report.specs import Picture

trap = "kaplan_meier"
kinds = {
    "repeat": "another call",
    "moved": "moved away",
    "died": "death",
    trap: "Kaplan–Meier",
}


def after_calls(result: Result) -> Picture:
    """Draw what came first after calls of both arms, on top of each other, or the mean number of later calls.

    Parameters
    ----------
    result : Result
        Of `call_repeat` or `call_recurrent`.

    Returns
    -------
    Picture
        ``data``: ``path``, the curves with their intervals, the calls still at risk and the events so far.
    """
    assert result.path is not None  # every result of these methods has one
    path, event = result.path, str(result.extra["event"])
    stacked = trap in set(path["kind"])
    treatment = str(result.extra["treatment"])
    those, others = words.treatments.get(treatment, (f"calls with {treatment}", "without it"))
    others = f"calls {others}" if not others.startswith("calls") else others
    named = kinds.get(event, event)
    about = (
        f"Shaded: share of calls after which this came first; of “{named}” with its 95 % interval. Dashed: the same "
        "share by Kaplan–Meier, which takes all other events for missing data: too large, the more so the more calls "
        "of an arm lead to them."
        if stacked
        else "Mean number of later calls of the same person, with 95 % intervals at each day."
    )
    return Picture(
        title=f"What came first after {those} and after {others}" if stacked else "Later calls of the same person",
        caption=f"{about} Below, unweighted: calls still followed{' and without any event' if stacked else ''}.",
        alt=f"{words.capital(words.outcome(result))} by days after the call. {finding(result).text}",
        kind="incidence",
        data={"path": path.assign(named=path["kind"].map(lambda kind: kinds.get(kind, kind)))},
        labels=Facts(
            {
                "event": event,
                "stacked": stacked,
                "with": words.capital(those),
                "without": words.capital(others),
                "x": "Days after the call",
                "y": "Share of calls" if stacked else "Later calls per call",
            }
        ),
        support=pd.DataFrame({"events": path["events"], "calls": path["at_risk"]}),
    )
