"""What a switchback of so many weeks can find, from counts of the time before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import minimum_detectable_effect
from coresponder_causal.core.randomization import mantel_haenszel_weights
from coresponder_causal.data.frames import to_pandas
from coresponder_causal.design import SwitchbackCalendar
from coresponder_causal.design.eligibility import Eligible
from coresponder_causal.design.switchback_counts import block_counts

least_weeks = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SwitchbackPower:
    """Detectable effects by weeks of trial.

    Parameters
    ----------
    table : DataFrame
        ``weeks, events`` (expected in the trial without an effect), ``std_error`` (of the log ratio under redraws),
        ``fall, rise`` (smallest changes in percent that are found four times in five).
    outcome : str
        What is counted.
    weeks_before : int
        Weeks that the counts come from.
    """

    table: pd.DataFrame
    outcome: str
    weeks_before: int

    @property
    def sentence(self) -> str:
        """What the longest trial can find, in words."""
        last = self.table.iloc[-1]
        return (
            f"A trial of {int(last['weeks'])} weeks finds a fall of {-last['fall']:.0f} % in {self.outcome} four times "
            f"in five (two-sided 5 % test), judged by {self.weeks_before} weeks before it."
        )


def switchback_power(
    calls: object,
    calendar: SwitchbackCalendar,
    *,
    outcome: str = "calls",
    weeks: Sequence[int] = (13, 26, 52),
    eligible: Eligible | None = None,
    carryover_minutes: float = 0.0,
    replications: int = 1000,
    seed: int = 1,
) -> SwitchbackPower:
    """Smallest detectable effect against the weeks of a trial, by redrawing weeks and plans.

    Parameters
    ----------
    calls : frame
        Table of calls from before the trial, at least eight whole weeks.
    calendar : SwitchbackCalendar
        Its blocks, law and city; its start does not matter.
    outcome : str
        ``"calls"`` or a yes-or-no field.
    weeks : sequence of int
        Lengths of the trial.
    eligible, carryover_minutes
        As in `SwitchbackDesign.from_tables`.
    replications : int
        Redrawn trials per length: whole weeks of the past drawn with replacement, under a plan drawn from the law.
    seed : int

    Returns
    -------
    SwitchbackPower

    Raises
    ------
    DesignError
        If the calls cover fewer than eight whole weeks, the outcome is not there or does not happen.

    Examples
    --------
    >>> from coresponder_causal.design import switchback_schedule
    >>> plan = switchback_schedule(weeks=26, start="2027-01-04", city="Davis", seed=1)
    >>> stamps = pd.date_range("2026-01-05", "2026-06-28 23:00", freq="4h")
    >>> calls = pd.DataFrame({"call_id": range(len(stamps)), "city": "Davis", "received_at": stamps})
    >>> switchback_power(calls, plan, weeks=(13, 26), replications=50).table["weeks"].tolist()
    [13, 26]
    """
    before = _past(calls, calendar, eligible, carryover_minutes, outcome)
    rng = np.random.default_rng(seed)
    rows = []
    for length in weeks:
        law = replace(calendar.law, weeks=length)
        counts = before[rng.integers(len(before), size=(replications, length))].reshape(replications, -1)
        weights = mantel_haenszel_weights(law.draw(replications, seed=seed))
        upper, lower = ((part * counts).sum(axis=1) for part in weights)
        seen = (upper > 0) & (lower > 0)
        if not seen.mean() > 0.9:
            raise DesignError(
                f"{outcome} happens too rarely for {length} weeks", mend="plan more weeks, or a commoner outcome"
            )
        std_error = float(np.log(upper[seen] / lower[seen]).std(ddof=1))
        least = minimum_detectable_effect(std_error, np.inf)
        rows.append(
            {
                "weeks": length,
                "events": float(before.sum() / len(before) * length),
                "std_error": std_error,
                "fall": 100 * float(np.expm1(-least)),
                "rise": 100 * float(np.expm1(least)),
            }
        )
    return SwitchbackPower(table=pd.DataFrame(rows), outcome=outcome, weeks_before=len(before))


def _past(
    calls: object, calendar: SwitchbackCalendar, eligible: Eligible | None, skipped: float, outcome: str
) -> NDArray[np.float64]:
    """Count in whole weeks before the trial, shape (weeks, slots)."""
    table = to_pandas(calls)
    received = pd.to_datetime(table["received_at"]) if "received_at" in table else pd.Series(dtype="datetime64[us]")
    if received.empty or received.isna().any():
        raise DesignError("the calls have no complete column 'received_at'", mend="give the table of calls")
    first, last = received.min().tz_localize(None).normalize(), received.max().tz_localize(None).normalize()
    monday = first + pd.Timedelta(days=-first.day_of_week % 7)
    whole = ((last - monday).days + 1) // 7
    if whole < least_weeks:
        raise DesignError(f"the calls cover {max(whole, 0)} whole weeks", mend=f"bring at least {least_weeks}")
    past = replace(calendar, start=monday.date(), law=replace(calendar.law, weeks=whole))
    counted = block_counts(
        table,
        city=calendar.city,
        starts=past.starts,
        block_hours=calendar.law.block_hours,
        eligible=eligible,
        carryover_minutes=skipped,
    )
    if outcome not in counted:
        raise DesignError(f"'{outcome}' is not counted", mend=f"choose from {', '.join(counted.columns[1:])}")
    return counted[outcome].to_numpy(float).reshape(-1, calendar.law.slots)
