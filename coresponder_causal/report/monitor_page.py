"""The page of monitoring: what is beyond its limits, what to check first, one chart a metric, and the fixed looks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coresponder_causal.decide.monitoring import Monitoring
from coresponder_causal.report import words
from coresponder_causal.report.page import sensitive_banner, simulated_banner
from coresponder_causal.report.sensitive import as_sensitive
from coresponder_causal.report.specs import (
    Bullets,
    Column,
    Fold,
    Page,
    Picture,
    Section,
    Sentence,
    Table,
    of_nobody,
)

more_of = {"weighted": "weighted mean", "summed": "running sum", "weighted and summed": "weighted mean and running sum"}
no_effect = Sentence(
    text="An alarm says that a month is not what the months before it foretell. It says nothing yet "
    "of why: a change of the record comes first, the programme's effect last.",
    support=of_nobody,
)


def monitor_page(
    found: Monitoring,
    *,
    city: str | None,
    pictures: Mapping[str, Picture],
    inside: bool,
    simulated: bool = False,
    sensitive: bool = True,
) -> Page:
    """Put a run of monitoring on a page.

    Parameters
    ----------
    found : Monitoring
    city : str or None
    pictures : mapping of str to Picture
        By metric, those that may be shown.
    inside : bool
        Whether it is for those inside: remarks, corrected months and numbers month by month are for them alone.
    simulated, sensitive : bool
        Put a banner on top.

    Returns
    -------
    Page
    """
    sections = [
        *_alarms(found),
        *_checks(found, inside),
        *_charts(found, pictures, inside),
        *_looks(found),
        _stated(found),
        *_said(found, inside),
    ]
    made = Page(
        title=f"Monitoring{f' of {city}' if city else ''}",
        subtitle=f"Months until {words.dates(found.until)}.",
        banners=(simulated_banner,) * simulated + (sensitive_banner,) * sensitive,
        finding=(*(Sentence(text=text, support=of_nobody) for text in _finding(found, inside)), no_effect),
        sections=tuple(sections),
    )
    return as_sensitive(made, True) if sensitive else made


def _finding(found: Monitoring, inside: bool) -> tuple[str, ...]:
    if inside:
        return found.sentences()
    standing = int(found.alarms["stands"].sum())
    return (f"Until {found.until} {'no' if not standing else 'at least one'} metric is beyond its limits.",)


def _alarms(found: Monitoring) -> list[Section]:
    """Show the alarms, where there were any."""
    if found.alarms.empty:
        return []
    return [Section(title="What was beyond its limits?", blocks=(alarm_table(found),))]


def alarm_table(found: Monitoring) -> Table:
    """List the alarms, each once.

    Parameters
    ----------
    found : Monitoring
    """
    frame = found.alarms.assign(
        name=found.alarms["metric"].map(dict(found.labels)),
        beyond=found.alarms["beyond"].map(more_of),
        now=np.where(found.alarms["stands"], "still beyond", "ended"),
    )
    columns = (
        Column("month", "Raised"), Column("name", "Metric"), Column("side", "Events"), Column("until", "Until"),
        Column("now", "Now"), Column("beyond", "By"),
    )  # fmt: skip
    note = "A metric that stays beyond its limits raises one alarm, not one a month."
    return Table(title="Alarms", frame=frame, columns=columns, note=note, support=of_nobody)


def _checks(found: Monitoring, inside: bool) -> list[Section]:
    """Show what to check for each alarm, in order; what the data say of it is for those inside."""
    if found.checks.empty:
        return []
    frame = found.checks.assign(
        name=found.checks["metric"].map(dict(found.labels)), points=np.where(found.checks["points"], "yes", "no")
    )
    columns = [
        Column("month", "Alarm"), Column("name", "Metric"), Column("order", "Step", "whole"), Column("check", "Check"),
        Column("points", "Data point there"), Column("who", "Ask"),
    ]  # fmt: skip
    if inside:
        columns.insert(4, Column("found", "What the data say", "said"))
    note = "In this order. A check that does not point is no proof that nothing was there."
    table = Table(title="Before anything is concluded", frame=frame, columns=tuple(columns), note=note,
                  support=of_nobody)  # fmt: skip
    return [Section(title="What should be checked first?", blocks=(table,))]


def _charts(found: Monitoring, pictures: Mapping[str, Picture], inside: bool) -> list[Section]:
    """One section a metric."""
    made = []
    for name, label in found.labels.items():
        if name not in pictures:
            text = "Not shown: some of its months stand on small counts, which a chart would give away."
            made.append(Section(title=label, blocks=(Sentence(text=text, support=of_nobody),)))
            continue
        fold = (Fold(label="Month by month", table=month_table(found, name)),) if inside else ()
        made.append(Section(title=label, blocks=(pictures[name], *fold)))
    return made


def month_table(found: Monitoring, name: str) -> Table:
    """Show the numbers of a chart; for those inside.

    Parameters
    ----------
    found : Monitoring
    name : str
        The metric.
    """
    frame = found.charts[name]
    columns = (
        Column("month", "Month"), Column("events", "Events", "whole"), Column("expected", "Expected", "number"),
        Column("low", "95 % from", "number"), Column("high", "to", "number"), Column("error", "Error", "signed"),
        Column("weighted", "Weighted mean", "signed"), Column("summed", "Running sum", "signed"),
        Column("side", "Beyond limits"),
    )  # fmt: skip
    limits = found.calibration.limits[name]
    note = (
        f"Error: events less expected, in standard deviations of such a forecast. Limits: {limits.weighted:.2f} of the "
        f"weighted mean, {limits.summed:.2f} of the running sum."
    )
    return Table(title=found.labels[name], frame=frame, columns=columns, note=note, support=frame[["events"]])


def _looks(found: Monitoring) -> list[Section]:
    """Show the fixed looks, and those taken."""
    if found.calendar.empty:
        return []
    taken = found.looks.set_index("look") if len(found.looks) else pd.DataFrame()
    ended = next((look for look in taken.index if taken.loc[look, "decides"]), None)
    said = []
    for row in found.calendar.to_dict("records"):
        if row["look"] in taken.index:
            look = taken.loc[row["look"]]
            change = f"{words.percent(100 * (look['ratio'] - 1))} ({words.percent(100 * (look['low'] - 1))} to "
            change += f"{words.percent(100 * (look['high'] - 1))})"
            verdict = f"decides: {look['decides']}" if look["decides"] else "goes on"
            said.append((change, words.p_value(float(look["p_value"])), verdict))
        else:
            said.append(("", "", "not taken: an earlier one decided" if ended is not None else "to come"))
    frame = found.calendar.assign(
        **dict(zip(("change", "p", "verdict"), map(list, zip(*said, strict=True)), strict=True))
    )
    columns = (
        Column("look", "Look", "whole"), Column("until", "Months until"), Column("spent", "Error spent", "p"),
        Column("nominal", "Decides below", "p"), Column("p", "p", "said"), Column("change", "Change", "said"),
        Column("verdict", "Result"),
    )  # fmt: skip
    note = (
        "Fixed at the first run. Between looks no effect is estimated. The interval is at one less the p-value below "
        "which the look decides. One city's series cannot tell the programme from what else changed."
    )
    support = pd.DataFrame({"events": [float(one.counts.sum()) for one in found.series.values()][:1]})
    table = Table(title="Looks at the effect", frame=frame, columns=columns, note=note,
                  support=pd.concat([support] * len(frame), ignore_index=True))  # fmt: skip
    return [Section(title="When is the effect looked at?", blocks=(table,))]


def _stated(found: Monitoring) -> Section:
    """Say how often such charts are wrong."""
    made = found.calibration
    text = (
        f"Limits are chosen so that all {2 * len(made.limits)} charts together give a false alarm once in "
        f"{made.run_length} months on average, or less often. On {made.histories:,} other simulated histories without "
        f"a change the first false alarm came after {made.measured:.0f} months on average (Monte-Carlo error "
        f"{made.error:.1f}; half of them before month {made.median:.0f}), and {100 * made.silent:.0f} % had none in "
        f"{made.run_length} months. Every history was fitted anew, so that what the months before leave unknown is in "
        "the limits."
    )
    return Section(title="How often is there a false alarm?", blocks=(Sentence(text=text, support=of_nobody),))


def _said(found: Monitoring, inside: bool) -> list[Section]:
    """Say what changed since the last run, and what else was said; for those inside."""
    if not inside or not (found.corrected or found.remarks):
        return []
    items = [*(f"Corrected since the last run: {change}." for change in found.corrected), *found.remarks]
    bullets = Bullets(items=tuple(Sentence(text=text) for text in items))
    return [Section(title="What else must be known", blocks=(bullets,))]
