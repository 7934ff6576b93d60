"""What a programme wants to know, which designs and metrics answer it, and which fields those need."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from coresponder_causal.data import dictionary, metric_catalogue
from coresponder_causal.data.metrics_needs import absent, lacking, needs

Columns: TypeAlias = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A design a study can run, with what it needs.

    Parameters
    ----------
    name, title : str
        Name in a study file, and what it compares.
    needs : tuple of tuple of str
        Alternatives, each of fields as ``table.field``.
    """

    name: str
    title: str
    needs: tuple[tuple[str, ...], ...]

    def lacks(self, there: Columns) -> tuple[str, ...]:
        """Return the smallest set of fields that is still missing."""
        return min((absent(choice, there) for choice in self.needs), key=len)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and what answers it.

    Parameters
    ----------
    text : str
    designs, metrics : tuple of str
        Any one of them answers it.
    """

    text: str
    designs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


_counted = (
    ("calls.call_id", "calls.city", "calls.received_at"),
    ("city_panel.city", "city_panel.month", "city_panel.calls"),
)
_shifts = ("schedule.city", "schedule.shift_start", "schedule.shift_end", "schedule.planned_hours")
_programmes = ("programmes.city", "programmes.start_earliest")
comparisons = (
    Comparison(name="hours", title="covered with other hours, before and after", needs=((*_counted[0], *_shifts),)),
    Comparison(name="cities", title="the city with other cities", needs=_counted),
    Comparison(
        name="adopters",
        title="cities by the time their programmes started",
        needs=tuple((*counts, *_programmes) for counts in _counted),
    ),
    Comparison(name="series", title="the city with its own past", needs=_counted),
    Comparison(
        name="calls",
        title="calls the team attended with like calls it did not",
        needs=(("calls.call_id", "calls.received_at", "calls.attended", "calls.initial_type", "calls.arrest"),),
    ),
)
questions = (
    Question(text="Do covered hours differ from other hours?", designs=("hours",)),
    Question(text="Did the city change against other cities?", designs=("cities",)),
    Question(text="Do cities change when they start?", designs=("adopters",)),
    Question(text="Do attended calls end differently from like calls?", designs=("calls",)),
    Question(text="Does the team reach the calls in its hours?", metrics=("M07",)),
    Question(text="Does the first call get the right code?", metrics=("M02",)),
    Question(text="What does it cost in officer time?", metrics=("M10",)),
    Question(text="Were people connected to support?", metrics=("M23", "M24")),
    Question(text="Do people call again?", metrics=("M28",)),
    Question(text="How did people feel treated?", metrics=("M35",)),
    Question(text="Do officers change?", metrics=("M38", "M40")),
    Question(text="Is reach equal between groups?", metrics=("M43",)),
    Question(text="Is what happened on record in time?", metrics=("M48",)),
)


def metric_lacks(name: str, there: Columns) -> tuple[str, ...]:
    """Return the smallest set of fields for want of which no part of a metric can be computed.

    Parameters
    ----------
    name : str
        Its id.
    there : mapping of str to collection of str
        Columns by table.

    Returns
    -------
    tuple of str
        As ``table.field``; empty: the metric can be computed.

    Examples
    --------
    >>> metric_lacks("M15", {"calls": ["received_at", "initial_type", "final_type"]})
    ('calls.arrest',)
    """
    return min((lacking(part, there) for part in metric_catalogue()[name].parts), key=len)


def single_fields(name: str, there: Columns) -> tuple[str, ...]:
    """Return every field that alone would open a metric or a design.

    Parameters
    ----------
    name : str
        Id of a metric, or name of a design.
    there : mapping of str to collection of str

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> single_fields("M10", {"calls": ["received_at", "initial_type", "final_type"]})
    ('calls.minutes_on_scene',)
    """
    catalogue = metric_catalogue()
    if name in catalogue:
        choices = [choice for part in catalogue[name].parts for choice in needs(part)]
    else:
        choices = [choice for comparison in comparisons if comparison.name == name for choice in comparison.needs]
    lacks = (absent(choice, there) for choice in choices)
    return tuple(dict.fromkeys(fields[0] for fields in lacks if len(fields) == 1))


def burden(field: str) -> str:
    """Return what collecting a field costs: "auto", "one tap", "form" or "linked".

    Parameters
    ----------
    field : str
        As ``table.field``.

    Examples
    --------
    >>> burden("calls.crisis_on_scene"), burden("outcomes.linked_30d")
    ('one tap', 'linked')
    """
    table, _, name = field.partition(".")
    return dictionary.table(table).field(name).burden
