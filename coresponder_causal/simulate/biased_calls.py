"""Calls about persons of two groups whose problems are alike, with bias put in where it is wanted and known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.simulate.streams import Tier, stream

CALLER_TYPES = np.array(["family", "resident", "business"])
_WRITTEN, _ARREST, _HOME = 0.15, 0.08, 0.15


def biased_calls(
    *, calls: int = 6000, caller_bias: float = 0.0, officer_bias: float = 0.0, taker_bias: float = 0.0,
    reach_bias: float = 0.0, recorded: float = 1.0, seed: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """Draw calls of which bias of callers, call takers, dispatch and officers is known.

    Parameters
    ----------
    calls : int
    caller_bias : float
        Added to the chance that a stranger's call about somebody in need is written as a disturbance, of the group.
    officer_bias : float
        Added to the chance of an arrest, of the group, whatever was written.
    taker_bias : float
        Added likewise at the strictest of the call takers, and not at the most lenient.
    reach_bias : float
        Taken off the chance that the team attends, of the group, all else alike.
    recorded : float
        Share of calls whose group is written down; sooner where there was an arrest.
    seed : int

    Returns
    -------
    DataFrame
        In the words of the dictionary, with ``group`` (reference or group), ``group_truly`` where not all is recorded,
        and ``arrest_if_attended``, ``arrest_if_not``.

    Examples
    --------
    >>> made = biased_calls(calls=4000, caller_bias=0.2)
    >>> need = made[(made["final_type"] == "welfare_check") & (made["caller_type"] != "family")]
    >>> bool((need["initial_type"] == "disturbance").groupby(need["group"]).mean().diff().iloc[-1] < -0.1)
    True
    """
    rng = stream(seed, Tier.PROCESS, 0)
    person = rng.integers(0, calls // 2, calls)
    of_group, home = (rng.random(calls // 2) < share for share in (0.4, 1 - _HOME))
    group, unhoused = of_group[person], ~home[person]
    hour, taker = rng.integers(0, 24, calls), rng.integers(0, 12, calls)
    caller = CALLER_TYPES[rng.choice(3, calls, p=[0.3, 0.4, 0.3])]
    need = rng.random(calls) < 0.7
    strict = taker / 11
    wrong = (_WRITTEN * (0.5 + strict) + group * (caller_bias + taker_bias * strict)) * (caller != "family")
    written = np.where(need, rng.random(calls) < wrong, True)
    reach = 0.5 - 0.2 * written + 0.1 * (hour >= 12) - reach_bias * group
    attended = rng.random(calls) < reach
    risk = _ARREST + 0.12 * written + 0.05 * ~need + 0.03 * unhoused + officer_bias * group
    draw = rng.random(calls)
    without, with_team = draw < risk, draw < 0.4 * risk
    arrest = np.where(attended, with_team, without)
    names = np.where(group, "group", "reference")
    seen = rng.random(calls) < np.where(arrest, min(1.0, recorded * 1.2), recorded)
    kept = np.ones(calls, bool) if recorded >= 1 else seen
    received = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 730 * 24, calls)), unit="h")
    frame = pd.DataFrame(
        {
            "person": person,
            "received_at": received,
            "hour": hour,
            "caller_type": caller,
            "call_taker": taker,
            "unhoused": unhoused,
            "initial_type": np.where(written, "disturbance", "welfare_check"),
            "final_type": np.where(need, "welfare_check", "disturbance"),
            "attended": attended,
            "arrest": arrest,
            "group": pd.Series(names, dtype="string").where(kept),
            "arrest_if_attended": with_team,
            "arrest_if_not": without,
        }
    )
    return frame if recorded >= 1 else frame.assign(group_truly=names)


def biased_contacts(*, persons: int = 6000, bias: float = 0.2, effect: float = 0.05, seed: int = 1) -> pd.DataFrame:
    """Draw contacts some of which were had for the group alone, with what would have followed as of the other group.

    Parameters
    ----------
    persons : int
        Who might be met; half of them are, whatever they are perceived as.
    bias : float
        Share of the others who are met if they are perceived as of the group.
    effect : float
        Added to the chance of force, of the group, among those who are met either way.
    seed : int

    Returns
    -------
    DataFrame
        One row per contact on record: ``group``, ``force``, ``for_the_group`` (it would not have been had), and
        ``force_as_group, force_as_reference``.

    Examples
    --------
    >>> made = biased_contacts(persons=2000, bias=0.0)
    >>> bool(made["for_the_group"].any())
    False
    """
    rng = stream(seed, Tier.PROCESS, 1)
    member, always = rng.random(persons) < 0.4, rng.random(persons) < 0.5
    only = ~always & (rng.random(persons) < bias)
    as_reference = always & (rng.random(persons) < 0.15)
    as_group = np.where(always, rng.random(persons) < 0.15 + effect, rng.random(persons) < 0.1) & (always | only)
    frame = pd.DataFrame(
        {
            "group": np.where(member, "group", "reference"),
            "force": np.where(member, as_group, as_reference),
            "for_the_group": only,
            "force_as_group": as_group,
            "force_as_reference": as_reference,
        }
    )
    return frame[always | (member & only)].reset_index(drop=True)
