"""Which hours to cover, as a picture and a page: the shifts, what they are worth, what is not known, what to learn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.facts import Facts
from coresponder_causal.decide.deployment import Deployment
from coresponder_causal.decide.shifts import days
from coresponder_causal.report import words
from coresponder_causal.report.specs import Block, Bullets, Column, Page, Picture, Section, Sentence, Table, of_nobody
from coresponder_causal.report.switchback_page import calendar_picture


def deployment_picture(found: Deployment) -> Picture:
    """Draw what every hour of the week is worth, with today's hours and those proposed.

    Parameters
    ----------
    found : Deployment

    Returns
    -------
    Picture
        ``data``: ``hours``, as of `Deployment.frame`.
    """
    hours = found.frame()
    unknown = int((~found.values.identified).sum())
    of_grey = f" Grey: {unknown} hours of whose worth the data say nothing; they stay as they are."
    grey = of_grey if unknown else ""
    return Picture(
        title=f"{found.city}: hours of the week",
        caption=(
            f"Shade: {_events(found)} averted a year by a team on duty in that hour of every week, each hour drawn "
            "towards a daily and a weekly wave as far as the data ask for it. Outlined: on the left hours covered in "
            f"at least half of the weeks, on the right those proposed.{grey}"
        ),
        alt=(
            f"Two weeks of 7 days by 24 hours. Today {int((hours['today'] >= 0.5).sum())} hours are covered, "
            f"{int((hours['proposed'] > 0).sum())} are proposed; {unknown} are not identified."
        ),
        kind="deployment",
        data={"hours": hours},
        labels=Facts({"today": "Today", "proposed": "Proposed"}),
        support=hours[["calls"]],
    )


def shifts_table(found: Deployment) -> Table:
    """List the shifts proposed; without any rows where nothing is proposed.

    Parameters
    ----------
    found : Deployment

    Returns
    -------
    Table
        ``crew, day, begins, ends, hours, averted`` (events a year; two teams on duty at a time share what they avert)
        and ``calls`` a week.
    """
    shifts = pd.DataFrame(columns=["crew", "start", "hours"]) if found.proposed is None else found.proposed.shifts
    places = [(np.arange(length) + start) % 168 for start, length in shifts[["start", "hours"]].to_numpy(int)]
    teams = np.zeros(168, int) if found.proposed is None else found.proposed.teams
    value = (found.values.value * (teams >= np.arange(1, len(found.values.value) + 1)[:, None])).sum(axis=0)
    value, rate, seen = value / np.maximum(teams, 1), found.values.rate, found.values.calls.counts()
    frame = pd.DataFrame(
        {
            "crew": shifts["crew"].astype(str),
            "day": [days[start // 24] for start in shifts["start"]],
            "begins": [f"{start % 24}:00" for start in shifts["start"]],
            "ends": [f"{end % 24}:00" for end in shifts["start"] + shifts["hours"]],
            "hours": shifts["hours"].astype(int),
            "averted": [float(value[own].sum()) for own in places],
            "calls": [float(rate[own].sum()) for own in places],
        }
    )
    return Table(
        title="Shifts of a week",
        frame=frame,
        columns=(
            Column("crew", "Crew"),
            Column("day", "Day"),
            Column("begins", "Begins", "said"),
            Column("ends", "Ends", "said"),
            Column("hours", "Hours", "whole"),
            Column("averted", f"{_events(found).capitalize()} averted a year", "number"),
            Column("calls", "Eligible calls a week", "number"),
        ),
        support=pd.DataFrame({"calls": [float(seen[own].sum()) for own in places]}),
    )


def deployment_page(found: Deployment) -> Page:
    """Put a choice of hours on a page.

    Parameters
    ----------
    found : Deployment

    Returns
    -------
    Page
    """
    known = pd.DataFrame({"calls": [float(found.values.calls.counts().sum())]})
    sections = [Section(title="The week", blocks=(deployment_picture(found),))]
    if found.proposed is not None:
        sections += [
            Section(title="The shifts", blocks=(shifts_table(found),)),
            *_officers(found, known),
            Section(title="Chosen on some of the weeks, valued on the others", blocks=(_held_out(found, known),)),
            Section(title="What more hours would bring", blocks=(_frontier(found, known),)),
        ]
    if found.exploration is not None:
        law = found.exploration.law
        text = (
            f"For {law.weeks} weeks one stretch of {law.block_hours:g} hours a week, {law.blocks[0][0]} to "
            f"{law.blocks[0][1]}, on a day drawn by lot (exploration.csv, exploration.ics). Do not swap the days: that "
            "nobody chose them is what makes the comparison fair. Then run this again."
        )
        blocks: tuple[Block, ...] = (Sentence(text=text, support=of_nobody), calendar_picture(found.exploration))
        sections.append(Section(title="Hours to learn about", blocks=blocks))
    notes = Bullets(items=tuple(Sentence(text=f"{one[:1].upper()}{one[1:]}.", support=known) for one in found.notes))
    sections.append(Section(title="What this rests on", blocks=(notes,)))
    return Page(
        title=f"Which hours to cover: {found.city}",
        subtitle=f"What is made small: {_events(found)} a year",
        finding=_finding(found, known),
        sections=tuple(sections),
    )


def _events(found: Deployment) -> str:
    """Name what is averted."""
    events = f"events of {found.outcome.replace('_', ' ')}"
    return events if found.officers is None else f"{events} and what officer-hours count as"


def _finding(found: Deployment, known: pd.DataFrame) -> tuple[Sentence, ...]:
    never = int(found.values.never_covered.sum())
    unseen = Sentence(
        text=f"In {never} hours of the week the team was never on duty: whether it should be, these data cannot say.",
        support=of_nobody,
    )
    if found.proposed is None:
        text = "No hour of the week was covered in some weeks and not in others: no schedule is ranked above today's."
        return (Sentence(text=text, support=of_nobody), *((unseen,) if never else ()))
    many = f"{abs(found.gain):.0f} {'more' if found.gain >= 0 else 'fewer'}"
    kept = found.rules.exploration_hours
    text = (
        f"The shifts proposed avert about {found.averted:.0f} {_events(found)} a year in hours whose worth is known, "
        f"today's {found.averted_today:.0f}: {many} (90 % from {found.gain_low:.0f} to {found.gain_high:.0f}; chance "
        f"that it is more at all: {words.chance(found.better)})."
        + (f" Of {found.rules.hours:g} hours a week {kept} are kept back to learn." if kept else "")
    )
    cautious = (
        "Chosen so that little can be lost: by the gain over today in the worst tenth of what the data leave possible, "
        "not by the mean."
    )
    more = (Sentence(text=cautious, support=of_nobody),) if found.robust else ()
    return (Sentence(text=text, support=known), *more, *((unseen,) if never else ()))


def _officers(found: Deployment, known: pd.DataFrame) -> tuple[Section, ...]:
    """Show events and officer-hours each by itself, where both were weighed."""
    if found.officers is None:
        return ()
    table = Table(
        title="Events and officer-hours a year, in hours whose worth is known",
        frame=found.apart,
        columns=(Column("what", ""), Column("today", "Today", "number"), Column("proposed", "Proposed", "number")),
        note=(
            f"One officer-hour counts as {found.officers.worth:g} of one event, an hour of a team on duty "
            f"as {found.officers.on_duty:g} officer-hours. Negative: more time on calls with the team. Here "
            "events and hours are each drawn towards the week's waves by themselves, and need not add up exactly."
        ),
        support=pd.concat([known] * len(found.apart), ignore_index=True),
    )
    return (Section(title="Events and officer-hours apart", blocks=(table,)),)


def _held_out(found: Deployment, known: pd.DataFrame) -> Table:
    folds = int(found.held_out["folds"].iloc[0])
    return Table(
        title=f"{_events(found).capitalize()} averted a year beyond another schedule",
        frame=found.held_out,
        columns=(
            Column("against", "Against"),
            Column("gain", "More averted", "number"),
            Column("low", "95 % from", "number"),
            Column("high", "to", "number"),
            Column("weeks", "Weeks", "whole"),
        ),
        note=(
            f"The weeks are dealt into {folds} parts. By all but one a schedule is chosen, and valued on the one left "
            "out: no week has a say in the choice that it values. The interval is of choosing by so many weeks; the "
            "shifts proposed are chosen by all of them."
        ),
        support=pd.concat([known] * len(found.held_out), ignore_index=True),
    )


def _frontier(found: Deployment, known: pd.DataFrame) -> Table:
    second = (
        Column("one_team", "With one team at a time", "number"),
        Column("second_adds", "By a second team", "number"),
    )
    two = found.rules.teams == 2
    said = "Under the same rules, in hours whose worth is known."
    lost = " What a second team adds: the calls that find the first one taken, by Erlang's loss formula."
    return Table(
        title="Hours a week and what they avert",
        frame=found.frontier,
        columns=(
            Column("hours", "Team hours a week", "whole"),
            Column("averted", f"{_events(found).capitalize()} averted a year", "number"),
            Column("per_hour", "By each hour more", "number"),
            *(second if two else ()),
        ),
        note=said + (lost if two else ""),
        support=pd.concat([known] * len(found.frontier), ignore_index=True),
    )
