"""What monitoring saw, run by run: a chain of states to which is only ever added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from coresponder_causal.core.errors import DataError
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
    """Compare what is seen now with the last state.

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
    >>> old = {"months": {"M15": {"2024-01": [3, 90]}}, "breaks": {}, "alarms": [], "looks": []}
    >>> new = old | {"months": {"M15": {"2024-01": [4, 90], "2024-02": [2, 80]}}}
    >>> held = held_against([old], new)
    >>> held.new, [str(change) for change in held.corrected], held.changed
    (1, ['M15.2024-01.1: 3 → 4'], True)
    """
    now = plain(state)
    if not states:
        return Held(sum(map(len, now["months"].values())), [], True)
    before = states[-1]
    changes = differences(before["months"], now["months"])
    corrected = [change for change in changes if change.old is not None]
    new = len({change.where.rsplit(".", 1)[0] for change in changes if change.old is None})
    return Held(new, corrected, any(before[part] != now[part] for part in compared))


def corrected_in_words(corrected: Sequence[Change], labels: Mapping[str, str]) -> tuple[str, ...]:
    """Say which months are no longer what they were, with both numbers.

    Parameters
    ----------
    corrected : sequence of Change
        Of `held_against`.
    labels : mapping of str to str
        Metrics in words.

    Examples
    --------
    >>> corrected_in_words([Change("M15.2021-03.1", 5.0, 7.0), Change("M15.2021-04.2", 90.0, None)], {"M15": "Arrest"})
    ('Arrest, 2021-03: events 5 → 7', 'Arrest, 2021-04: divided by 90 → nothing')
    """
    made = []
    for change in corrected:
        metric, month, part = change.where.rsplit(".", 2)
        old, new = ("nothing" if one is None else f"{one:,.10g}" for one in (change.old, change.new))
        made.append(f"{labels[metric]}, {month}: {'events' if part == '1' else 'divided by'} {old} → {new}")
    return tuple(made)


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
