"""A page for who runs the team: was it there, whom it reached, what came of it, what is wrong with the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coresponder_causal.data import Quality, metric_catalogue
from coresponder_causal.decide import Improvements
from coresponder_causal.report import words
from coresponder_causal.report.improvements import improvement_section
from coresponder_causal.report.improvements import title as of_improvements
from coresponder_causal.report.metrics_page import metric_section, months_in, values_table
from coresponder_causal.report.page import sensitive_banner, simulated_banner
from coresponder_causal.report.quality_page import issues_section
from coresponder_causal.report.sensitive import as_sensitive
from coresponder_causal.report.specs import Block, Bullets, Page, Section, Sentence, of_nobody
from coresponder_causal.report.team_hours import absent, needed_of_calls, needed_of_shifts, reach_picture, shift_tables

asked: Mapping[str, tuple[tuple[str, ...], str]] = {
    "Which calls does the team reach?": (
        ("M06", "M07"),
        "Inside the planned hours, where many calls come and few are reached, ask dispatch why: the team was taken, "
        "too far, or not thought of. Where many come outside, a shift could move; tell the evaluators first, for "
        "the planned hours are what the comparison rests on.",
    ),
    "Are people connected to the support they need?": (
        ("M22", "M23", "M24", "M27"),
        "Read on from referral to contact: where people are referred but not linked, call the services that take them. "
        "Ask the county for counts, never for names.",
    ),
    "Do people call again?": (
        ("M28", "M29"),
        "Go through those who call most in a case conference, with the services that know them. A first call after a "
        "referral is no failure by itself.",
    ),
}
at_a_glance = {"M07": "", "M24": "within 30 days", "M27": "of contacts", "M28": "within 30 days"}
asked_metrics = tuple(name for names, _ in asked.values() for name in names)
of_shifts = (
    "Find out why shifts fall out, and plan a stand-in for what can be foreseen: leave, training, court. Write the "
    "hours worked and the reason on the same day. Do not make up for a lost shift at another hour."
)
of_data = (
    "Begin at the top: what touches most rows. Who mends it stands beside it; until then read the numbers with it."
)
describes = (
    "These numbers are for running the team. None of them is an effect of the programme: that is in the full report "
    "(index.html)."
)
but_one = (
    "These numbers are for running the team. Only those under “{title}” rest on effects of the programme, which are in "
    "the full report (index.html)."
)


def supervisor_page(
    tables: Mapping[str, pd.DataFrame],
    *,
    title: str,
    city: str | None = None,
    start: str | None = None,
    values: pd.DataFrame | None = None,
    monthly: pd.DataFrame | None = None,
    quality: Quality,
    improvements: Improvements | None = None,
    notes: Sequence[str] = (),
    simulated: bool = False,
    sensitive: bool = True,
) -> Page:
    """Put what is needed to run the team on a page, each part with what to do about it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Of one city, validated.
    title : str
    city, start : str, optional
        The team's city and the first day of the programme.
    values, monthly : DataFrame, optional
        As of `metrics_page`, of `asked_metrics`; without them the page is about the data alone.
    quality : Quality
        How far the tables can be trusted.
    improvements : Improvements, optional
        What would help most.
    notes : sequence of str
        What was said while it was counted.
    simulated, sensitive : bool
        Put a banner on top.

    Returns
    -------
    Page
        What the tables lack is said in place of each part.
    """
    sections: list[Section] = []
    if values is not None and monthly is not None and city is not None:
        sections = [
            *_glance(values, monthly, start),
            _shifts(tables, start),
            *(_asked(question, tables, values, monthly, city, start) for question in asked),
        ]
    said = describes if sections else "No metric was counted: this is about the data alone."
    if improvements is not None:
        sections.append(improvement_section(improvements))
        said = but_one.format(title=of_improvements)
    made = Page(
        title=f"For whoever runs the team: {title}",
        subtitle="" if start is None else f"The programme began on {words.dates(start)}.",
        banners=(simulated_banner,) * simulated + (sensitive_banner,) * sensitive,
        finding=(_said(said),),
        sections=(*sections, _data(quality), *_heard(notes, tables)),
    )
    return as_sensitive(made, True) if sensitive else made


def _glance(values: pd.DataFrame, monthly: pd.DataFrame, start: str | None) -> list[Section]:
    """Show the latest of a few numbers, one a line."""
    wanted = [values["metric"].eq(name) & values["part"].eq(part) for name, part in at_a_glance.items()]
    rows = values[pd.concat(wanted, axis=1).any(axis=1) & values["lacks"].eq("")]
    if "phase" in rows:
        rows = rows[rows["phase"].ne("before")]
    if rows.empty:
        return []
    catalogue = metric_catalogue()
    names = [
        f"{catalogue[name].name}{f', {part}' if part else ''}"
        for name, part in zip(rows["metric"], rows["part"], strict=True)
    ]
    table = values_table(rows, "The numbers to watch", months_in(monthly), start, beside=values, names=names)
    return [Section(title="At a glance", blocks=(table,))]


def _shifts(tables: Mapping[str, pd.DataFrame], start: str | None) -> Section:
    title = "Was the team there when it should be?"
    if wanting := absent(tables, needed_of_shifts):
        return Section(title=title, blocks=(_wants("Hours of the team", wanting),))
    by_quarter, by_reason = shift_tables(tables["schedule"], start)
    if by_quarter.frame.empty:
        return Section(title=title, blocks=(_said("No shift says what was delivered: write it down from now on."),))
    reasons = () if by_reason.frame.empty else (by_reason,)
    return Section(title=title, blocks=(by_quarter, *reasons, _said(f"What to do: {of_shifts}")))


def _asked(
    question: str,
    tables: Mapping[str, pd.DataFrame],
    values: pd.DataFrame,
    monthly: pd.DataFrame,
    city: str,
    start: str | None,
) -> Section:
    """Answer one question with its metrics, and say what to do."""
    names, todo = asked[question]
    blocks: list[Block] = []
    catalogue = metric_catalogue()
    for name in names:
        own = values[values["metric"].eq(name)]
        if own["lacks"].eq("").any():
            blocks += metric_section(catalogue[name], values, monthly, start).blocks
        else:
            wanting = [field.strip() for said in own["lacks"] for field in said.split(",")]
            blocks.append(_wants(catalogue[name].name, absent(tables, wanting)))
    if "M07" in names:
        blocks += _by_hour(tables, city, start)
    if all(isinstance(block, Sentence) for block in blocks):
        todo = "Begin to record it: the data dictionary says what these tables hold, who writes it down, and when."
    return Section(title=question, blocks=(*blocks, _said(f"What to do: {todo}")))


def _by_hour(tables: Mapping[str, pd.DataFrame], city: str, start: str | None) -> list[Block]:
    if wanting := absent(tables, needed_of_calls):
        return [_wants("Reach by hour of the week", wanting)]
    schedule = pd.DataFrame() if absent(tables, needed_of_shifts) else tables["schedule"]
    picture = reach_picture(tables["calls"], schedule, city, start)
    return [_said("No eligible call to show by hour of the week.") if picture is None else picture]


def _data(quality: Quality) -> Section:
    title, found = "What is wrong with the data, and who mends it?", issues_section(quality)
    if found is None:
        return Section(title=title, blocks=(_said("Nothing was found that must be mended."),))
    return Section(title=title, blocks=(*found.blocks, _said(f"What to do: {of_data}")))


def _heard(notes: Sequence[str], tables: Mapping[str, pd.DataFrame]) -> list[Section]:
    """List what was said while the tables were counted."""
    behind = pd.DataFrame({"rows": [max(map(len, tables.values()), default=0)]})
    items = tuple(Sentence(text=f"{words.capital(text.rstrip('.'))}.", support=behind) for text in notes)
    return [Section(title="What must be read with these numbers?", blocks=(Bullets(items=items),))] if items else []


def _wants(what: str, wanting: str) -> Sentence:
    return _said(f"Not shown: {what[:1].lower()}{what[1:]}, for want of {wanting}.")


def _said(text: str) -> Sentence:
    return Sentence(text=text, support=of_nobody)
