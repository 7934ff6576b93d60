"""From the first meeting to the first report: steps, who they need, what they wait for, and which of them hold all up.

Weeks are planning figures, to be replaced by those of the agencies. Two are more: the wait for outcomes follows from
the plan, and boards say how long reviews took (expedited review of social studies at Ohio State, a median of 53 days,
orrp.osu.edu/irb/time-to-approval; at Tennessee, a mean of 42 days in 2021, research.utk.edu).
Earliest weeks, and what a step may be late without moving the report: the critical path (Kelley & Walker 1959).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

weeks_a_month = 365.25 / 12 / 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that has to be done.

    Parameters
    ----------
    name, who : str
    weeks : int
        How long it takes.
    after : tuple of str
        Names of the steps it waits for.
    command : str
        What helps; empty where nothing does.
    begins, ends : int
        Weeks after the first meeting.
    room : int
        Weeks it may be late without moving the report; 0: it holds everything up.
    """

    name: str
    who: str
    weeks: int
    after: tuple[str, ...] = ()
    command: str = ""
    begins: int = 0
    ends: int = 0
    room: int = 0


returned = "Counts of care returned"
waited = "Outcomes happen and are recorded"
frozen = "Plan frozen"
usual = (
    Step(name="First meeting", who="all", weeks=1, command="plan papers STUDY.toml"),
    Step(
        name="What the tables can answer",
        who="police, university",
        weeks=3,
        after=("First meeting",),
        command="readiness FOLDER",
    ),
    Step(
        name="Officers' representatives heard",
        who="police, union, university",
        weeks=4,
        after=("First meeting",),
        command="plan papers STUDY.toml",
    ),
    Step(
        name="Plan written, verdicts and what follows decided",
        who="all",
        weeks=4,
        after=("What the tables can answer", "Officers' representatives heard"),
        command="plan check STUDY.toml",
    ),
    Step(
        name="Ethics review",
        who="university",
        weeks=8,
        after=("Plan written, verdicts and what follows decided",),
        command="plan papers STUDY.toml",
    ),
    Step(
        name="Agreements read by counsel and signed",
        who="police, county, university",
        weeks=16,
        after=("Plan written, verdicts and what follows decided",),
        command="privacy scan calls.csv",
    ),
    Step(
        name="Fields switched on, dispatchers briefed",
        who="police",
        weeks=6,
        after=("Plan written, verdicts and what follows decided",),
        command="dictionary export",
    ),
    Step(
        name="First export read, what is wrong mended",
        who="police, university",
        weeks=4,
        after=("Agreements read by counsel and signed", "Ethics review"),
        command="ingest mapping.toml",
    ),
    Step(
        name=frozen,
        who="university",
        weeks=1,
        after=("First export read, what is wrong mended", "Fields switched on, dispatchers briefed"),
        command="plan freeze STUDY.toml --by NAME",
    ),
    Step(name=waited, who="police, county", weeks=0, after=(frozen,), command="quality calls.csv"),
    Step(
        name=returned,
        who="police, county",
        weeks=4,
        after=(waited,),
        command="strata prepare calls.csv --key project.key --covariates FIELDS",
    ),
    Step(
        name="Analysis as frozen",
        who="university",
        weeks=2,
        after=(waited, returned),
        command="evaluate STUDY.toml",
    ),
    Step(name="Agencies read ahead", who="police, county, city, union", weeks=5, after=("Analysis as frozen",)),
    Step(
        name="First report: those who took part, then the council, then the public",
        who="all",
        weeks=1,
        after=("Agencies read ahead",),
        command="evaluate STUDY.toml --audience public",
    ),
)
"""The usual steps, each after those it waits for."""


def scheduled(steps: Sequence[Step], *, wait: int = 0) -> tuple[Step, ...]:
    """Put steps on weeks, as early as what they wait for allows.

    Parameters
    ----------
    steps : sequence of Step
        Each after those it waits for; what is not among them is not waited for.
    wait : int
        Weeks between the freeze and the last outcome on record.

    Returns
    -------
    tuple of Step
        The same with ``begins``, ``ends`` and ``room``.

    Examples
    --------
    >>> steps = [Step(name="a", who="", weeks=2), Step(name="b", who="", weeks=5), Step(name="c", who="", weeks=1,
    ...     after=("a", "b"))]
    >>> [(one.name, one.begins, one.ends, one.room) for one in scheduled(steps)]
    [('a', 0, 2, 3), ('b', 0, 5, 0), ('c', 5, 6, 0)]
    """
    early: dict[str, Step] = {}
    for step in steps:
        begins = max((early[name].ends for name in step.after if name in early), default=0)
        weeks = step.weeks + (wait if step.name == waited else 0)
        early[step.name] = replace(step, weeks=weeks, begins=begins, ends=begins + weeks)
    last = max(step.ends for step in early.values())
    latest = dict.fromkeys(early, last)
    for step in reversed(early.values()):
        for name in filter(early.__contains__, step.after):
            latest[name] = min(latest[name], latest[step.name] - step.weeks)
    return tuple(replace(step, room=latest[step.name] - step.ends) for step in early.values())


def weeks_to_wait(months: int, *, deadline_hours: float) -> int:
    """Weeks from the start until the last outcome of so many months should be on record.

    Examples
    --------
    >>> weeks_to_wait(12, deadline_hours=168)
    54
    """
    return math.ceil(months * weeks_a_month + deadline_hours / 168)
