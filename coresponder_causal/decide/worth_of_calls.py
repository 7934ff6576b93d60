"""What calls are worth to whom they are attended for: events averted per attended call, and calls a year.

With e the events averted per attended call and n the calls a year that a change would bring the team to, n·e more are
averted. Both are estimated, e from the design that is believed first, n from weekly counts, and the errors join side by
side (MOVER, `converted.times_share`); the two are taken to err independently. Of a range of calls the ends are
multiplied each by itself.

Reference: Zou & Donner (2008), doi:10.1002/sim.3095.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.support import smallest
from coresponder_causal.decide.converted import Attendance, Bounds, per_calls, times_share
from coresponder_causal.decide.evidence import Evidence
from coresponder_causal.decide.hour_values import weeks_in_year
from coresponder_causal.decide.improve import Lever

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
fewest_weeks = 8
one_week = pd.Timedelta(days=7)
of_calls = {
    "ATT": "the calls it attended", "ATO": "the calls that might as well have gone the other way",
    "ATM": "the calls that were matched", "ATE": "all calls", "LATE": "the calls it attends only when it is free",
    "ITT": "the calls it attended",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PerCall:
    """Events averted per attended call.

    Parameters
    ----------
    outcome : str
    averted : Bounds
    of : str
        Calls that it is an effect of, in words.
    said : str
        What stands against it.
    events : float
        Smallest count behind it; NaN where it is not known.
    """

    outcome: str
    averted: Bounds
    of: str
    said: str = ""
    events: float = float("nan")

    @classmethod
    def of_evidence(cls, evidence: Evidence, *, outcome: str | None = None) -> PerCall | None:
        """Take it from the design believed first: of the outcome, where one tells it, else of the first that does.

        A design that its own check contradicts is used only where no other tells it, and that is said. None where no
        design tells events averted per attended call.

        Parameters
        ----------
        evidence : Evidence
        outcome : str, optional
            Looked for first.
        """
        rows = evidence.frame[np.isfinite(evidence.frame[["att_low", "att_high"]].astype(float)).all(axis=1)]
        if rows.empty:
            return None
        order = pd.DataFrame(
            {"other": rows["outcome"].ne(str(outcome)), "against": rows["falsification"].eq("contradicted")},
        ).sort_values(["other", "against"], kind="stable")
        place = int(order.index[0])
        row = evidence.frame.to_dict("records")[place]
        support = evidence.results[place].support
        behind = pd.DataFrame() if support is None else smallest(support)
        return cls(
            outcome=str(row["outcome"]),
            averted=Bounds(*(float(row[name]) / per_calls for name in ("att", "att_low", "att_high"))),
            of=of_calls.get(str(row["estimand"]), "the calls it attended"),
            said=f"{row['contradicted_by']} speaks against the effect" if order["against"].iloc[0] else "",
            events=float("nan")
            if behind is None or "events" not in behind
            else float(behind["events"].to_numpy(float).sum()),
        )


class Yearly(NamedTuple):
    """Calls a year, with the error of weekly counts."""

    mean: float
    std_error: float

    @classmethod
    def of_weeks(cls, received: pd.Series, weight: Array) -> Yearly | None:
        """Count by whole weeks from the first call on; None with fewer than eight.

        Parameters
        ----------
        received : Series of datetime, shape (n,)
            Of all calls of the time that counts.
        weight : ndarray, shape (n,)
            What each call counts for.

        Examples
        --------
        >>> days = pd.Series(pd.date_range("2021-01-04", periods=70, freq="D"))
        >>> found = Yearly.of_weeks(days, np.ones(70))
        >>> round(found.mean, 2), found.std_error
        (365.25, 0.0)
        """
        if received.empty:
            return None
        week = ((received - received.min().normalize()) // one_week).to_numpy(np.int64)
        whole = int((received.max().normalize() + pd.Timedelta(days=1) - received.min().normalize()) // one_week)
        if whole < fewest_weeks:
            return None
        counts = np.bincount(week, weights=weight, minlength=whole)[:whole] * weeks_in_year
        return cls(float(counts.mean()), float(counts.std(ddof=1) / np.sqrt(whole)))


def worth(
    each: PerCall, ends: list[Yearly | None], *, what: str, formula: str, assumes: str, said: str, many: int
) -> Lever:
    """Make the lever of calls a year, or of a range of them, times the events averted per attended call.

    Parameters
    ----------
    each : PerCall
    ends : list of Yearly or None
        Least and most, the same twice where the number is estimated.
    what, formula, assumes, said
        As of `Lever`.
    many : int
        Calls counted.
    """
    empty = Lever(what=what, currency="averted", outcome=each.outcome)
    known = [end for end in ends if end is not None]
    if len(known) < len(ends) or not known[1].mean > 0:
        return lacks_for(empty, "eight weeks of calls, some of them such calls")
    worth = [_times(each.averted, end) for end in known]
    gain = Bounds(float("nan"), min(one.low for one in worth), max(one.high for one in worth))
    count = (
        f"{known[0].mean:,.0f} calls a year"
        if known[0] == known[1]
        else (f"{known[0].mean:,.0f} to {known[1].mean:,.0f} calls a year")
    )
    return Lever(
        what=what,
        currency="averted",
        outcome=each.outcome,
        gain=worth[0] if known[0] == known[1] else gain,
        formula=formula,
        assumes=assumes,
        said="; ".join(filter(None, (count, said, each.said))),
        support={"calls": float(many), "events": each.events},
    )


def _times(averted: Bounds, calls: Yearly) -> Bounds:
    if calls.mean == 0:
        return Bounds(0.0, 0.0, 0.0)
    return times_share(averted, Attendance(share=calls.mean, std_error=calls.std_error))


def lacking(table: pd.DataFrame, needed: tuple[str, ...]) -> str:
    """Name the fields that a table lacks, or of which it holds nothing."""
    return ", ".join(name for name in needed if name not in table or table[name].isna().all())


def lacks_for(lever: Lever, needs: str) -> Lever:
    """Return the lever with what to collect for it."""
    return replace(lever, needs=needs)


def yes(values: pd.Series) -> Flags:
    """Whether each value is a yes; what is missing is not."""
    return values.astype("boolean").fillna(False).to_numpy(bool)


def no(values: pd.Series) -> Flags:
    """Whether each value is a no; what is missing is not."""
    return (~values.astype("boolean")).fillna(False).to_numpy(bool)
