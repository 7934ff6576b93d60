"""What officers learnt from working with the team, and how those who volunteered differed before."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate.aftercare import follow_calls
from coresponder_causal.simulate.columns import call_ids
from coresponder_causal.simulate.dispatch import Booleans
from coresponder_causal.simulate.full import Full
from coresponder_causal.simulate.habits import MINUTES, Habits
from coresponder_causal.simulate.intake import since_start
from coresponder_causal.simulate.outcomes import end_calls
from coresponder_causal.simulate.streams import Floats, Integers

LEARNT = ("arrest", "hold", "linked_30d", MINUTES)
"""Outcomes that officers may learn to change."""


def mean_of(values: Floats | Integers | Booleans, among: Booleans) -> float:
    """Give the mean of some values; NaN where there is none.

    Examples
    --------
    >>> mean_of(np.array([1.0, 3.0]), np.array([True, False])), mean_of(np.zeros(1), np.zeros(1, dtype=bool))
    (1.0, nan)
    """
    return float(values[among].mean()) if among.any() else float("nan")


def learnt_effects(full: Full) -> pd.DataFrame:
    """Compare calls without the team, since the start, with the same calls had no officer ever worked with it.

    Parameters
    ----------
    full : Full
        The full tier.

    Returns
    -------
    pandas.DataFrame
        outcome, group, calls, dose, observed, untaught, effect.
    """
    play, held = full.duty().play, full.habits
    came, own = _volunteered(full), since_start(play.calls.received) & ~play.sent.attended
    groups = {"all": np.ones(len(own), dtype=bool), "exposed": held.dose > 0, "volunteers": came, "others": ~came}
    rows = [
        (name, group, int(chosen.sum()), *(mean_of(of, chosen) for of in (held.dose, seen, untaught)))
        for name, seen, untaught in _outcomes(full, held.untaught())
        for group, members in groups.items()
        for chosen in (own & members,)
    ]
    made = pd.DataFrame(rows, columns=["outcome", "group", "calls", "dose", "observed", "untaught"])
    return made.assign(effect=made.observed - made.untaught)


def untaught_calls(full: Full, calls: pd.DataFrame) -> pd.DataFrame:
    """Put into a table of calls the endings that they would have had, had no officer ever worked with the team.

    Parameters
    ----------
    full : Full
        The full tier.
    calls : pandas.DataFrame
        Some or all of the treated city's calls, with `call_id` and any of arrest, hold and linked_30d.

    Returns
    -------
    pandas.DataFrame
        The same calls; only those without the team change that would have ended otherwise, and what is not known
        stays unknown.

    Raises
    ------
    DesignError
        Calls that are none of the treated city's.
    """
    alone = ~full.duty().play.sent.attended
    place = pd.Series(np.arange(len(alone)), call_ids(np.arange(len(alone)))).reindex(calls["call_id"])
    if strange := int(place.isna().sum()):
        raise DesignError(f"{strange} calls are none of the treated city's", mend="give rows of treated_calls")
    at = place.to_numpy(np.int64)
    made = calls.copy()
    for name, seen, untaught in _outcomes(full, full.habits.untaught()):
        if name in made:
            moved = (alone & (seen != untaught))[at] & made[name].notna().to_numpy(bool)
            made[name] = made[name].where(~moved, untaught[at] > 0)
    return made


def volunteer_gaps(full: Full) -> pd.DataFrame:
    """Compare the calls of volunteers with those of others, before the start and without the team.

    Parameters
    ----------
    full : Full
        The full tier.

    Returns
    -------
    pandas.DataFrame
        outcome, volunteers, others, difference, log_odds.
    """
    play, came = full.duty().play, _volunteered(full)
    before = ~since_start(play.calls.received) & ~play.sent.attended
    rows = []
    for name, seen, _ in _outcomes(full, full.habits):
        own = np.broadcast_to(full.habits.shift(name, with_team=True), seen.shape)
        theirs, others, *ways = (mean_of(of, before & who) for of in (seen, own) for who in (came, ~came))
        rows.append((name, theirs, others, theirs - others, ways[0] - ways[1]))
    return pd.DataFrame(rows, columns=["outcome", "volunteers", "others", "difference", "log_odds"])


def _volunteered(full: Full) -> Booleans:
    """Tell whose calls were those of volunteers."""
    found: Booleans = full.officers.force.volunteered[full.officer]
    return found


def _outcomes(full: Full, other: Habits) -> Iterator[tuple[str, Floats, Floats]]:
    """Outcomes of calls had the team not come: name, as officers were, and with other habits of theirs."""
    play, config, seed = full.duty().play, full.config, full.seed
    ends = end_calls(play.calls, play.sent, config, seed, other).without
    care = follow_calls(play.calls, play.sent, config, seed, other).without
    for name in LEARNT[:-1]:
        of_play = play.care.without if name in care else play.endings.without
        yield name, of_play[name].astype(float), {**ends, **care}[name].astype(float)
    minutes = play.sent.officer_minutes
    stay = (play.sent.cleared - play.sent.engaged) / 60
    ratio = np.exp(other.shift(MINUTES, with_team=False) - full.habits.shift(MINUTES, with_team=False))
    yield MINUTES, minutes, minutes + stay * (ratio - 1)
