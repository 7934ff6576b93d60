"""Half-days covered by lot: the outcome of every block, covered or not, under a plan drawn from a known law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.fingerprint import fingerprint
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.data import frames
from coresponder_causal.design import columns
from coresponder_causal.design.eligibility import Eligible
from coresponder_causal.design.switchback_calendar import SwitchbackCalendar, calendar_from_schedule
from coresponder_causal.design.switchback_counts import block_counts
from coresponder_causal.design.switchback_law import Assignment

Array = NDArray[np.float64]
attended, least_weeks = "attended", 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SwitchbackDesign:
    """Blocks of a switchback with what happened in them: made by `from_tables`, never by hand.

    Parameters
    ----------
    source : DataFrame
        One row per block in order of time: ``shift_start, week, block, covered, hours, delivered_hours`` and counts.
    calendar : SwitchbackCalendar
        The plan and its law.
    outcome : str or None
        Count in ``source``.
    carryover_minutes : float
        First minutes of every block that are left out.
    eligible : tuple of (field, values)
        Which calls are counted.
    notes : tuple of str
        What was said when the design was formed.
    """

    source: pd.DataFrame
    calendar: SwitchbackCalendar
    outcome: str | None
    carryover_minutes: float = 0.0
    eligible: tuple[tuple[str, tuple[object, ...]], ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def from_tables(
        cls,
        calls: object,
        schedule: object,
        *,
        outcome: str | None,
        eligible: Eligible | None = None,
        carryover_minutes: float = 0.0,
    ) -> Self:
        """Form the design from calls and the drawn schedule.

        Parameters
        ----------
        calls : frame
            Table of calls, or their counts by block with a column ``shift_start``.
        schedule : SwitchbackCalendar or frame
            As `switchback_schedule` drew it; as a table with its column ``law``, delivered hours filled in or not.
        outcome : str or None
            ``"calls"`` or the count of a yes-or-no field; None leaves it to `with_outcome`.
        eligible : mapping of field to values, optional
            Calls counted, by fields known before dispatch, e.g. ``{"initial_type": ["mental_health_crisis"]}``.
        carryover_minutes : float
            First minutes of every block that are left out, after a switch or not: what is counted must not depend on
            the draw. It keeps calls out that the team of the block before still attends.

        Raises
        ------
        DesignError
            Listing every broken rule with its mend.

        Notes
        -----
        The contrast is that of the plan. Delivered hours are reported, not used: a shift that could not be staffed
        stays covered.

        Examples
        --------
        >>> from coresponder_causal.design.switchback_calendar import switchback_schedule
        >>> plan = switchback_schedule(weeks=7, start="2027-01-04", city="Davis", seed=1)
        >>> counts = plan.frame[["shift_start"]].assign(calls=[3, 1] * 49)
        >>> print(SwitchbackDesign.from_tables(counts, plan, outcome="calls").describe().partition(";")[0])
        calls in 98 blocks of 7 hours in Davis, 70 covered by lot
        """
        with collecting() as notes:
            calendar, plan = _drawn(schedule)
            counted = _counts(calls, calendar, eligible, carryover_minutes)
            source = _blocks(counted, calendar, plan, outcome, carryover_minutes)
            _say_delivery(source, calendar.law.block_hours)
        chosen = tuple((name, tuple(values)) for name, values in (eligible or {}).items())
        return cls(
            source=source,
            calendar=calendar,
            outcome=outcome,
            carryover_minutes=float(carryover_minutes),
            eligible=chosen,
            notes=tuple(notes),
        )

    def __repr__(self) -> str:
        return f"SwitchbackDesign: {self.describe()}"

    def with_outcome(self, outcome: str) -> Self:
        """Return the same design for another count of its table."""
        columns.require_outcome(self.source, outcome, "switchback", sign="nonnegative")
        return replace(self, outcome=outcome)

    def redraws(self, number: int, *, seed: int) -> Assignment:
        """Draw other plans for the same weeks from the law of the calendar, shape (number, weeks, slots)."""
        return self.calendar.law.draw(number, seed=seed)[:, : self.weeks]

    def outcome_values(self) -> Array:
        """Events by block, shape (n,)."""
        return self.source[self.outcome].to_numpy(float)

    @property
    def covered(self) -> Assignment:
        """The plan of the weeks used, shape (weeks, slots)."""
        return self.calendar.covered[: self.weeks]

    @property
    def weeks(self) -> int:
        """Weeks used."""
        return len(self.source) // self.calendar.law.slots

    @property
    def city(self) -> str:
        """City whose team it is."""
        return self.calendar.city

    @property
    def start(self) -> str:
        """First day of the trial."""
        return self.calendar.start.isoformat()

    @property
    def treatment(self) -> str:
        """The treatment in words."""
        return f"a half-day of {self.calendar.law.block_hours:g} hours covered as planned by lot"

    @property
    def estimand(self) -> str:
        """What a method may estimate with this design."""
        return f"ITT of coverage on {self.outcome or 'the outcome'} in {self.city} from {self.start} on"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rows, the law and the statement of the design."""
        stated = (self.outcome, self.carryover_minutes, self.eligible, self.calendar.to_json())
        return fingerprint("SwitchbackDesign", stated, self.covered, self.source)

    def describe(self) -> str:
        """Return the design in words."""
        law = self.calendar.law
        parts = [
            f"{self.outcome or 'outcome not yet named'} in {len(self.source)} blocks of {law.block_hours:g} hours in "
            f"{self.city}, {int(self.covered.sum())} covered by lot"
        ]
        if self.carryover_minutes:
            parts.append(f"the first {self.carryover_minutes:g} minutes of every block left out")
        parts += [f"calls eligible by {name}: {', '.join(map(str, values))}" for name, values in self.eligible]
        return "; ".join([*parts, *self.notes])


def _drawn(schedule: object) -> tuple[SwitchbackCalendar, pd.DataFrame | None]:
    """Return the calendar, and its table where that was given."""
    if isinstance(schedule, SwitchbackCalendar):
        return schedule, None
    plan = frames.to_pandas(schedule)
    return calendar_from_schedule(plan), plan


def _counts(
    calls: object, calendar: SwitchbackCalendar, eligible: Eligible | None, carryover_minutes: float
) -> pd.DataFrame:
    """Return counts by block, made of calls unless they are given."""
    hours = calendar.law.block_hours
    if not 0 <= carryover_minutes < 60 * hours:
        raise DesignError(
            f"carryover_minutes={carryover_minutes!r} does not fit into blocks of {hours:g} hours",
            mend="give a number of minutes from 0 on, below the length of a block",
        )
    given = frames.to_pandas(calls)
    if "shift_start" not in given:
        return block_counts(
            given,
            city=calendar.city,
            starts=calendar.starts,
            block_hours=hours,
            eligible=eligible,
            carryover_minutes=carryover_minutes,
        )
    if eligible or carryover_minutes:
        raise DesignError(
            "counts by block cannot be restricted to eligible calls or later minutes", mend="give the table of calls"
        )
    return given


def _blocks(
    counted: pd.DataFrame,
    calendar: SwitchbackCalendar,
    plan: pd.DataFrame | None,
    outcome: str | None,
    skipped: float,
) -> pd.DataFrame:
    """Put counts beside the plan, block by block, in whole weeks from the first on."""
    problems = Problems("switchback")
    table = columns.rectangular(counted, ["shift_start", outcome], problems)
    columns.check_outcome(table, outcome, problems, sign="nonnegative")
    table = table.assign(shift_start=pd.to_datetime(table["shift_start"]).astype("datetime64[us]"))
    table = table.sort_values("shift_start", ignore_index=True)
    weeks, slots = len(table) // calendar.law.slots, calendar.law.slots
    drawn = calendar.frame.iloc[: weeks * slots]
    if len(table) % slots or not (table["shift_start"].to_numpy() == drawn["shift_start"].to_numpy()).all():
        problems.add(
            f"{len(table)} rows are not one for each block of whole weeks from {calendar.start.isoformat()} on",
            mend="give every block of each week once, from the calendar's first week on",
        )
    elif weeks < least_weeks:
        problems.add(f"{weeks} whole weeks", mend=f"wait for at least {least_weeks}")
    problems.raise_if_any(DesignError)
    numeric = table.select_dtypes(["number", "bool"]).drop(columns=["week", "hours"], errors="ignore")
    about = drawn[["shift_start", "week", "block", "covered"]].reset_index(drop=True)
    about = about.assign(hours=calendar.law.block_hours - skipped / 60, delivered_hours=np.nan)
    if plan is not None and "delivered_hours" in plan:
        when = pd.to_datetime(plan["shift_start"]).astype("datetime64[us]")
        given = pd.Series(pd.to_numeric(plan["delivered_hours"]).to_numpy(float), index=when)
        about["delivered_hours"] = given.reindex(about["shift_start"]).to_numpy()
    fresh: Sequence[str] = [str(name) for name in numeric if name not in about]
    return pd.concat([about, numeric[fresh]], axis=1)


def _say_delivery(source: pd.DataFrame, block_hours: float) -> None:
    """Say how much of the plan was delivered, and whether uncovered blocks were staffed."""
    covered = source["covered"].to_numpy(bool)
    known = source["delivered_hours"].notna().to_numpy()
    if not (known & covered).any():
        note("delivered hours are not known: the contrast is that of the plan")
        return
    planned = block_hours * int((known & covered).sum())
    share = float(source.loc[known & covered, "delivered_hours"].sum()) / planned
    note(f"{100 * share:.0f} % of {planned:g} planned hours were delivered")
    crossed = known & ~covered & (source["delivered_hours"] > 0).to_numpy()
    if crossed.any():
        doubt(f"the team worked in {int(crossed.sum())} blocks that were to be uncovered: the contrast is diluted")
