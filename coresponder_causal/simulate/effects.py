"""True effects on calls: of the team on those it attended, of its shifts, and of each world on the city."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.simulate.aftercare import Aftercare
from coresponder_causal.simulate.candidates import DAY
from coresponder_causal.simulate.dispatch import Booleans
from coresponder_causal.simulate.intake import INITIAL_TYPES, since_start
from coresponder_causal.simulate.outcomes import Endings
from coresponder_causal.simulate.play import Play
from coresponder_causal.simulate.rates import WORLDS, WorldName
from coresponder_causal.simulate.recording import Records
from coresponder_causal.simulate.streams import Integers

_OF_ONE_KIND = ("arrest", "hold", "ed_transport", "force")


@dataclass(frozen=True, slots=True, eq=False)
class DutyPlay:
    """The treated city's calls in one world, and the shifts they fell into.

    Parameters
    ----------
    play : Play
        The calls.
    planned, delivered : ndarray of bool
        Whether a call was received within a planned and a delivered shift.
    """

    play: Play
    planned: Booleans
    delivered: Booleans


def call_effects(duty: DutyPlay) -> pd.DataFrame:
    """Average the changes that the team made, since the start.

    Parameters
    ----------
    duty : DutyPlay
        The treated city's calls in the observed study.

    Returns
    -------
    pandas.DataFrame
        estimand, outcome, group, calls, recorded, true; without rows of groups that have no call.
    """
    attended = duty.play.sent.attended
    post = since_start(duty.play.calls.received)
    over = {"att": post & attended, "itt_delivered": post & duty.delivered, "itt_planned": post & duty.planned}
    rows = [
        (estimand, outcome, group, int(n), float(recorded[chosen].sum() / n), float(true[chosen].sum() / n))
        for outcome, recorded, true in _changes(duty.play)
        for estimand, averaged in over.items()
        for group, members in _groups(duty.play)
        if (n := np.count_nonzero(chosen := averaged & members))
    ]
    return pd.DataFrame(rows, columns=["estimand", "outcome", "group", "calls", "recorded", "true"])


def outcome_ratios(play: Callable[[WorldName], DutyPlay]) -> pd.DataFrame:
    """Compare how many calls had each outcome in each world, since the start.

    Parameters
    ----------
    play : callable
        Gives the treated city's calls in a world.

    Returns
    -------
    pandas.DataFrame
        world, outcome, calls, recorded, true: log ratios to the world without the changed programme.
    """
    counts = {world: _counts(play(world).play) for world in WORLDS}
    rows = [
        (
            world,
            outcome,
            recorded,
            *(_log_ratio(a, b) for a, b in zip((recorded, true), counts["none"][outcome], strict=True)),
        )
        for world in WORLDS
        if world != "none"
        for outcome, (recorded, true) in counts[world].items()
    ]
    return pd.DataFrame(rows, columns=["world", "outcome", "calls", "recorded", "true"])


def _changes(play: Play) -> Iterator[tuple[str, Integers, Integers]]:
    """Change that the team made on each call: outcome, in the records, in truth; zero where it did not come."""
    attended, ends, care, shown = play.sent.attended, play.endings, play.care, play.records

    def change(of: Endings | Aftercare | Records, name: str) -> Integers:
        made: Integers = attended * (of.with_team[name].astype(np.int64) - of.without[name])
        return made

    for name in _OF_ONE_KIND:
        yield name, change(ends, name), change(ends, name)
    yield "report_filed", change(ends, "report_filed"), change(ends, "incident")
    yield "followed_up_72h", change(care, "followed_up_72h"), change(care, "followed_up_72h")
    yield "linked_30d", change(shown, "linked_30d"), change(care, "linked_30d")
    yield "crisis_flagged", change(shown, "crisis_flagged"), np.zeros(len(attended), dtype=np.int64)


def _groups(play: Play) -> Iterator[tuple[str, Booleans]]:
    """Name the groups of calls."""
    hour = play.calls.received % DAY // 3600
    covered, day = (hour >= 12) & (hour < 22), (hour >= 6) & (hour < 18)
    yield "all", np.ones(len(hour), dtype=bool)
    yield from (("covered", covered), ("uncovered", ~covered), ("day", day), ("evening", ~day))
    for code, name in enumerate(INITIAL_TYPES):
        yield name, play.calls.initial_type == code


def _counts(play: Play) -> dict[str, tuple[int, int]]:
    """Count calls since the start that had each outcome, in the records and in truth."""
    post = since_start(play.calls.received)
    seen = {name: values[post].sum() for name, values in play.endings.observed.items()}
    shown = {name: values[post].sum() for name, values in play.records.observed.items()}
    return {
        "calls": (int(post.sum()), int(post.sum())),
        **{name: (int(seen[name]), int(seen[name])) for name in _OF_ONE_KIND},
        "report_filed": (int(seen["report_filed"]), int(seen["incident"])),
        "linked_30d": (int(shown["linked_30d"]), int(play.care.observed["linked_30d"][post].sum())),
        "crisis_flagged": (int(shown["crisis_flagged"]), int(play.records.crisis[post].sum())),
    }


def _log_ratio(count: int, base: int) -> float:
    """Log ratio of two counts; NaN if one is zero."""
    return float(np.log(count / base)) if count and base else float("nan")
