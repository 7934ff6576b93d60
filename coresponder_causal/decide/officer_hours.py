"""Officer-hours beside events: what one counts as, in events, and what a schedule releases and uses of them.

With w the events that one officer-hour counts as, what is made large is events averted + w (officer-hours released on
calls − officer-hours of the team on duty). It is linear in what is seen of a call, so that the effect on
event + w · officer-hours of the call is estimated as one outcome, and errors of both move together as they do in the
calls.

Not to be used where minutes are written only when the team came, or by another clock then: the difference would be that
of the record. Nor to say what hours cost: `decide.cost` does, with prices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.decide.hour_choice import worth
from coresponder_causal.decide.hour_effects import HourlyCalls
from coresponder_causal.decide.hour_values import HourValues, weeks_in_year
from coresponder_causal.decide.shifts import Schedule

nothing_apart = pd.DataFrame(columns=["what", "today", "proposed"])


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerHours:
    """How officer-hours count where hours are chosen.

    Parameters
    ----------
    worth : float
        Events of the outcome that one officer-hour counts as, 0 or more: 0.05 says that twenty hours weigh as much as
        one event.
    minutes : str
        Field of calls: minutes that officers spend on a call.
    on_duty : float
        Officers of a team, whose hours on duty are used whether or not a call comes; 0 where they would be paid to wait
        in any case.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.

    Examples
    --------
    >>> OfficerHours(worth=0.05).minutes
    'minutes_on_scene'
    """

    worth: float
    minutes: str = "minutes_on_scene"
    on_duty: float = 1.0

    def __post_init__(self) -> None:
        problems = Problems("officer-hours")
        for name, value in (("worth", self.worth), ("on_duty", self.on_duty)):
            if not (np.isfinite(value) and value >= 0):
                problems.add(f"{name}={value!r}", mend="give a number not below 0")
        problems.raise_if_any(DesignError)

    @property
    def duty(self) -> float:
        """Events that an hour of a team on duty must be worth to pay for itself."""
        return self.worth * self.on_duty


def weighed(calls: HourlyCalls, officers: OfficerHours | None) -> HourlyCalls:
    """Return calls whose outcome is the event and what officers' time on it counts as."""
    if officers is None or calls.minutes is None:
        return calls
    lost = int((np.isfinite(calls.outcome) & np.isnan(calls.minutes)).sum())
    if lost:
        note(f"{officers.minutes} is not known of {lost} of {len(calls.outcome)} calls: they have no say in the choice")
    return replace(calls, outcome=calls.outcome + officers.worth * calls.minutes / 60)


def told_apart(
    calls: HourlyCalls,
    fit: Callable[..., HourValues],
    proposed: Schedule,
    officers: OfficerHours,
    *,
    values: HourValues,
) -> pd.DataFrame:
    """Say what today's and the proposed schedule avert, release and use a year, in hours whose worth is known.

    Parameters
    ----------
    calls : HourlyCalls
        With the event alone as their outcome, and minutes.
    fit : callable
        Gives the values of calls without what duty costs.
    proposed : Schedule
    officers : OfficerHours
    values : HourValues
        Those the choice was made by: which hours are identified, and today's schedule.

    Returns
    -------
    DataFrame
        ``what, today, proposed``: "events averted", "officer-hours released on calls", each pooled by itself, and
        "officer-hours of the team on duty".
    """
    known = values.identified
    rows = []
    for what, outcome in (
        ("events averted", calls.outcome),
        ("officer-hours released on calls", _hours(calls)),
    ):
        found = fit(replace(calls, outcome=outcome), identified=known)
        rows.append((what, float(found.value[0] @ np.where(known, found.today, 0.0)), worth(found, proposed)))
    on = officers.on_duty * weeks_in_year
    rows.append(
        (
            "officer-hours of the team on duty",
            on * float(values.today[known].sum()),
            on * float(proposed.teams[known].sum()),
        )
    )
    return pd.DataFrame(rows, columns=nothing_apart.columns)


def _hours(calls: HourlyCalls) -> NDArray[np.float64]:
    assert calls.minutes is not None  # read where officers are
    return calls.minutes / 60
