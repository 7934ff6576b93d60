"""A calendar of half-days drawn by lot, as a picture and as the page that tells a team how to run it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.design import SwitchbackCalendar
from coresponder_causal.report import words
from coresponder_causal.report.specs import Block, Bullets, Column, Page, Picture, Section, Sentence, Table, of_nobody
from coresponder_causal.validity.switchback_power import SwitchbackPower


def calendar_picture(calendar: SwitchbackCalendar) -> Picture:
    """Weeks by half-days, filled where the team is on duty.

    Parameters
    ----------
    calendar : SwitchbackCalendar

    Returns
    -------
    Picture
        ``data``: ``calendar`` (week, place, covered, monday) and ``blocks`` (place, day, clock).
    """
    law = calendar.law
    mondays = pd.date_range(pd.Timestamp(calendar.start), periods=law.weeks, freq="7D")
    cells = pd.DataFrame(
        {
            "week": np.repeat(np.arange(1, law.weeks + 1), law.slots),
            "place": np.tile(np.arange(law.slots), law.weeks),
            "covered": calendar.covered.ravel(),
            "monday": np.repeat(mondays, law.slots),
        }
    )
    names = [label.split(" ") for label in law.labels]
    blocks = pd.DataFrame(names, columns=["day", "clock"]).assign(place=range(law.slots))
    on, hours = law.covered_per_week, law.covered_per_week * law.block_hours
    return Picture(
        title="Which half-days the team covers",
        caption=(
            "Blue: on duty; grey: not. One row a week, by its Monday; two-digit numbers are the hour at which a block "
            f"of {law.block_hours:g} hours begins."
        ),
        alt=(
            f"Calendar of {law.weeks} weeks by {law.slots} blocks a week. In every week {on} blocks, {hours:g} hours, "
            "are filled. The file schedule.csv lists them."
        ),
        kind="calendar",
        data={"calendar": cells, "blocks": blocks},
        labels=Facts({"weeks": law.weeks}),
        support=of_nobody,
    )


def switchback_page(calendar: SwitchbackCalendar, power: SwitchbackPower | None = None) -> Page:
    """Put a drawn calendar on a page: how to run it, what must not be changed, what to do when a shift falls out.

    Parameters
    ----------
    calendar : SwitchbackCalendar
    power : SwitchbackPower, optional
        What the trial can find.

    Returns
    -------
    Page
    """
    law = calendar.law
    hours = law.covered_per_week * law.block_hours
    found = [
        Sentence(
            text=f"For {law.weeks} weeks from {words.dates(calendar.start.isoformat())} the lot decides which "
            f"{law.covered_per_week} of the {law.slots} half-days of each week the team covers: {hours:g} hours a week "
            "at times that nobody chose. Whatever then differs between covered and uncovered half-days is chance or "
            "the team.",
            support=of_nobody,
        )
    ]
    sections = [
        Section(title="The calendar", blocks=(calendar_picture(calendar),)),
        Section(title="How to run it", blocks=(_bullets(_how(calendar)),)),
        Section(title="What must not be changed", blocks=(_bullets(_fixed),)),
        Section(title="When a shift cannot be staffed", blocks=(_bullets(_short),)),
        *([] if power is None else [Section(title="What it can find", blocks=_power(power))]),
        Section(title="How it was drawn", blocks=(_bullets(_drawn(calendar)),)),
    ]
    return Page(
        title=f"Half-days drawn by lot: {calendar.city}",
        subtitle="How to run a randomised schedule of the co-responder team",
        finding=tuple(found),
        sections=tuple(sections),
    )


_fixed = (
    "The columns planned_hours, covered and law of schedule.csv. The analysis draws the plan again from the law and "
    "refuses a plan that differs.",
    "The half-days themselves: no swap with a busier evening, no extra shift on a bad day. A choice that follows "
    "demand is what the lot is there to prevent.",
    "How calls are taken and recorded: the same questions, codes and forms in covered and uncovered half-days.",
    "Which calls count: decided before the first week, by what is known before anybody is sent.",
)
_short = (
    "Keep the plan as it is. The half-day stays a covered one in the analysis.",
    "Write the hours that were worked into delivered_hours (0 if none) and why into absence_reason.",
    "Do not make up for it in an uncovered half-day. If the team did work in one, write those hours into "
    "delivered_hours of that row.",
)


def _how(calendar: SwitchbackCalendar) -> tuple[str, ...]:
    return (
        "Load calendar.ics into the calendars of the team and of dispatch: it holds the covered half-days, with the "
        "same names at every import, so that a second import makes no doubles.",
        "In a covered half-day the team is on duty from its first to its last minute and takes calls as usual. In an "
        "uncovered one calls are answered as they are without a team.",
        "Export every call of these weeks, whoever attended, with the time at which it was received.",
        "Do not look at outcomes by covered and uncovered half-days before the last week.",
    )


def _drawn(calendar: SwitchbackCalendar) -> tuple[str, ...]:
    law = calendar.law
    complete = law.weeks % law.run == 0
    return (
        f"Seed {calendar.seed}. The same seed and the same law give the same calendar; both are in the column law.",
        f"Every half-day is covered with probability {law.probability:.3f}. Over {law.run} weeks each clock block is "
        f"covered {law.covered_per_week * law.run // law.slots} times"
        + ("." if complete else f"; the last {law.weeks % law.run} weeks are part of such a run."),
        f"Evenly spread within each week over: {', '.join(law.strata) or 'nothing'}. Clock times are those of "
        f"{calendar.time_zone}.",
        "The analysis compares the outcome with what thousands of other draws from the same law would have shown "
        "(switchback_randomization).",
    )


def _power(power: SwitchbackPower) -> tuple[Block, ...]:
    table = Table(
        title="Smallest change that is found four times in five",
        frame=power.table,
        columns=(
            Column("weeks", "Weeks", "whole"),
            Column("events", f"Expected {power.outcome.replace('_', ' ')}", "whole"),
            Column("fall", "Fall, percent", "number"),
            Column("rise", "Rise, percent", "number"),
        ),
        note="Whole weeks of the past, redrawn under plans of this law; two-sided 5 % test.",
        support=power.table[["events"]],
    )
    return Sentence(text=power.sentence, support=power.table[["events"]]), table


def _bullets(texts: tuple[str, ...]) -> Bullets:
    return Bullets(items=tuple(Sentence(text=text, support=of_nobody) for text in texts))
