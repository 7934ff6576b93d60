"""A calendar of randomised half-days: which blocks of which weeks the team covers, and the law it was drawn from."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.parsed import json_of
from coresponder_causal.design.agenda import Event, agenda
from coresponder_causal.design.switchback_law import Assignment, Stratum, SwitchbackLaw

half_days = (("08:00", "15:00"), ("15:00", "22:00"))
law_column, hours_of_shift = "law", "planned_hours"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SwitchbackCalendar:
    """A drawn plan: made by `switchback_schedule`, never by hand.

    Parameters
    ----------
    law : SwitchbackLaw
        What could have been drawn.
    start : date
        Monday of the first week.
    city, time_zone : str
        Whose team, and the IANA name of its clock.
    seed : int
        Seed of the draw.
    covered : ndarray of bool, shape (weeks, slots)
        The draw.
    """

    law: SwitchbackLaw
    start: dt.date
    city: str
    time_zone: str
    seed: int
    covered: Assignment

    def __repr__(self) -> str:
        return f"SwitchbackCalendar: {self.describe()}"

    @property
    def starts(self) -> pd.DatetimeIndex:
        """Local clock times at which the blocks begin, in order, shape (weeks · slots,)."""
        opening = [pd.Timedelta(f"{start}:00") for start, _ in self.law.blocks]
        week = [pd.Timedelta(days=day) + clock for day in range(7) for clock in opening]
        first = pd.date_range(pd.Timestamp(self.start), periods=self.law.weeks, freq="7D")
        return pd.DatetimeIndex([monday + shift for monday in first for shift in week]).as_unit("us")

    @property
    def frame(self) -> pd.DataFrame:
        """Every block as a row of the table "schedule"; uncovered ones plan no hours.

        ``week, block, covered, randomised, probability`` say what was drawn, ``law`` how it can be drawn again;
        ``delivered_hours`` and ``absence_reason`` are for the team to fill.
        """
        covered, starts = self.covered.ravel(), self.starts
        return pd.DataFrame(
            {
                "city": self.city,
                "shift_start": starts,
                "shift_end": starts + pd.Timedelta(hours=self.law.block_hours),
                hours_of_shift: np.where(covered, self.law.block_hours, 0.0),
                "delivered_hours": np.nan,
                "absence_reason": pd.array([None] * len(starts), dtype="str"),
                "week": np.repeat(np.arange(1, self.law.weeks + 1), self.law.slots),
                "block": np.tile(self.law.labels, self.law.weeks),
                "covered": covered,
                "randomised": True,
                "probability": self.law.probability,
                law_column: self.to_json(),
            }
        )

    def to_ics(self) -> str:
        """Covered blocks as a calendar file (RFC 5545)."""
        shift = dt.timedelta(hours=self.law.block_hours)
        name = fingerprint("SwitchbackCalendar", self.to_json())[:16]
        starts = cast("list[dt.datetime]", self.starts.to_pydatetime().tolist())
        events = [
            Event(
                uid=f"{name}-{number}@coresponder-causal",
                start=start,
                end=start + shift,
                summary=f"Co-responder team on duty, {self.city}",
                description=(
                    f"Week {number // self.law.slots + 1} of {self.law.weeks}, drawn by lot. Do not swap it. If it "
                    "cannot be staffed, leave the plan as it is and write the delivered hours and the reason."
                ),
            )
            for number, (start, on) in enumerate(zip(starts, self.covered.ravel(), strict=True))
            if on
        ]
        stamp = dt.datetime.combine(self.start, dt.time())
        return agenda(events, name=f"Co-responder team, {self.city}", time_zone=self.time_zone, stamp=stamp)

    def to_json(self) -> str:
        """Everything the draw follows from, as JSON text; `calendar_from_json` draws it again."""
        about = {"start": self.start.isoformat(), "city": self.city, "time_zone": self.time_zone, "seed": self.seed}
        return json.dumps(self.law.to_dict() | about, sort_keys=True)

    def describe(self) -> str:
        """Return the calendar in words."""
        law = self.law
        return (
            f"{law.weeks} weeks from {self.start.isoformat()} in {self.city}: {law.covered_per_week} of {law.slots} "
            f"blocks of {law.block_hours:g} hours covered in each, drawn by lot (seed {self.seed})"
        )


def switchback_schedule(
    *,
    weeks: int,
    start: str | dt.date,
    city: str,
    seed: int,
    blocks: Sequence[Sequence[str]] = half_days,
    covered_per_week: int = 10,
    strata: Sequence[Stratum] = ("weekend",),
    most_per_day: int | None = None,
    rest_hours: float = 0.0,
    time_zone: str = "America/Los_Angeles",
) -> SwitchbackCalendar:
    """Draw by lot which half-days of each week the team covers.

    Parameters
    ----------
    weeks : int
        Weeks of the trial. Whole runs (7 weeks for 10 of 14 blocks) cover every clock block equally often.
    start : date or ISO date
        A Monday.
    city : str
        Whose team, as the calls name it.
    seed : int
        Draw it in public, e.g. with dice, and write it down before anybody has seen the plan.
    blocks : sequence of (start, end)
        Clock times of a day's blocks, equally long.
    covered_per_week : int
        Blocks covered in every week: 10 of 14 blocks of 7 hours are 70 hours.
    strata : sequence of {"weekend", "half", "day"}
        Groups of blocks over which each week's coverage is spread evenly.
    most_per_day : int, optional
        Most blocks on one day.
    rest_hours : float
        Least hours between a covered block and the next that does not follow at once, within a week.
    time_zone : str
        IANA name of the zone of the clock times.

    Returns
    -------
    SwitchbackCalendar

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.

    References
    ----------
    Bojinov, Simchi-Levi & Zhao (2023), Design and analysis of switchback experiments,
    doi:10.1287/mnsc.2022.4583.

    Examples
    --------
    >>> plan = switchback_schedule(weeks=26, start="2027-01-04", city="Davis", seed=1)
    >>> plan.frame.groupby("week")["planned_hours"].sum().unique().tolist()
    [70.0]
    """
    monday = _monday(start)
    law = SwitchbackLaw(
        weeks=weeks,
        covered_per_week=covered_per_week,
        blocks=tuple(cast("tuple[str, str]", tuple(pair)) for pair in blocks),
        strata=tuple(strata),
        most_per_day=most_per_day,
        rest_hours=rest_hours,
    )
    covered = law.draw(1, seed=seed)[0]
    return SwitchbackCalendar(law=law, start=monday, city=city, time_zone=time_zone, seed=seed, covered=covered)


def calendar_from_json(text: str) -> SwitchbackCalendar:
    """Draw a calendar again from the text of `SwitchbackCalendar.to_json`.

    Raises
    ------
    DesignError
        If the text is not one; give the column ``law`` as it was written.
    """
    try:
        stated: dict[str, Any] = json_of(text)
        return switchback_schedule(**stated)
    except (TypeError, ValueError) as error:
        raise DesignError(f"the law cannot be read: {error}", mend="give the column 'law' as it was written") from None


def calendar_from_schedule(schedule: pd.DataFrame) -> SwitchbackCalendar:
    """Draw a calendar again from its table, and hold the table's plan against it.

    Parameters
    ----------
    schedule : DataFrame
        As `SwitchbackCalendar.frame`, with delivered hours filled or not.

    Raises
    ------
    DesignError
        If the law is missing, or the plan is not the one that was drawn.
    """
    if law_column not in schedule or schedule[law_column].nunique(dropna=False) != 1:
        raise DesignError(
            "the schedule does not say the one law it was drawn from",
            mend="give the schedule as switchback_schedule wrote it, with its column 'law'",
        )
    calendar = calendar_from_json(str(schedule[law_column].iloc[0]))
    drawn = calendar.frame
    kept = pd.DataFrame(
        {
            "shift_start": pd.to_datetime(schedule["shift_start"]).astype("datetime64[us]"),
            hours_of_shift: pd.to_numeric(schedule[hours_of_shift]),
        }
    )
    merged = drawn[["shift_start", hours_of_shift]].merge(kept, on="shift_start", how="outer", suffixes=("", "_kept"))
    changed = merged[hours_of_shift].ne(merged[f"{hours_of_shift}_kept"]) | merged["shift_start"].duplicated()
    if changed.any():
        first = ", ".join(str(when) for when in merged.loc[changed, "shift_start"].head(5))
        raise DesignError(
            f"the plan differs from the one drawn in {int(changed.sum())} of {len(drawn)} blocks ({first})",
            mend="put the planned hours back as drawn; what happened instead belongs into delivered_hours",
        )
    return calendar


def _monday(start: str | dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(start) if isinstance(start, str) else start
    except ValueError:
        raise DesignError(f"start={start!r} is no date", mend="write it as 2027-01-04") from None
    if day.weekday():
        following = day + dt.timedelta(days=7 - day.weekday())
        raise DesignError(f"{day.isoformat()} is a {day:%A}", mend=f"start on a Monday, e.g. {following.isoformat()}")
    return day
