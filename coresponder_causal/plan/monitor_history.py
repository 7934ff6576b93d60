"""What monitoring saw, run by run: a chain of states to which is only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import note
from coresponder_causal.plan.frozen import Change, differences, listed, plain, read_record, sealed, write_states

State = Mapping[str, Any]
compared = ("months", "breaks", "alarms", "looks")


class Held(NamedTuple):
    """What a new state is beside the last one.

    Parameters
    ----------
    new : int
        Months of metrics that are new.
    corrected : list of Change
        Months whose numbers are no longer what they were.
    changed : bool
        Whether there is anything to keep.
    """

    new: int
    corrected: list[Change]
    changed: bool


def read_history(path: Path) -> list[dict[str, Any]]:
    """Read the states, the oldest first, and make sure that nobody changed them.

    Raises
    ------
    DataError
        It was changed; restore it from a copy.
    """
    return read_record(path)


def require_same_terms(states: list[dict[str, Any]], terms: State) -> None:
    """Refuse other metrics, other looks or another beginning than those that were fixed at the first run.

    Raises
    ------
    DataError
        Listing every difference.
    """
    if states and (changed := differences(states[0]["terms"], plain(terms))):
        raise DataError(
            "\n  ".join(["the terms of monitoring are fixed since its first run", *listed(changed)]),
            mend="run with the same, or begin anew: another --out, which has a history of its own",
        )


def held_against(states: list[dict[str, Any]], state: State) -> Held:
    """Compare what is seen now with the last state; corrected months are said.

    Parameters
    ----------
    states : list of dict
    state : mapping
        ``months``: by metric and month, events and what they are divided by.

    Returns
    -------
    Held

    Examples
    --------
    >>> from coresponder_causal.core.notes import collecting
    >>> old = {"months": {"M15": {"2024-01": [3, 90]}}, "breaks": {}, "alarms": [], "looks": []}
    >>> new = old | {"months": {"M15": {"2024-01": [4, 90], "2024-02": [2, 80]}}}
    >>> with collecting() as said:
    ...     held = held_against([old], new)
    >>> held.new, [str(change) for change in held.corrected], held.changed
    (1, ['M15.2024-01.1: 3 → 4'], True)
    """
    now = plain(state)
    if not states:
        return Held(sum(map(len, now["months"].values())), [], True)
    before = states[-1]
    changes = differences(before["months"], now["months"])
    corrected = [change for change in changes if change.old is not None]
    if corrected:
        note("\n  ".join(["months were corrected since the last run", *listed(corrected)]))
    new = len({change.where.rsplit(".", 1)[0] for change in changes if change.old is None})
    return Held(new, corrected, any(before[part] != now[part] for part in compared))


def add_state(path: Path, states: list[dict[str, Any]], state: State) -> Path:
    """Add a state to the history: the file is there whole or as it was.

    Parameters
    ----------
    path : Path
    states : list of dict
        Those of `read_history`.
    state : mapping

    Returns
    -------
    Path
    """
    return write_states(path, [*states, sealed(state, states[-1]["sha256"] if states else "")], private=True)
