"""Calls and what came after them: repeats, stays in custody and hospital, moves; the truth is known of every draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.data.follow_up import end, repeat
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.history import HistoryDesign
from coresponder_causal.design.match_nearest import match_nearest
from coresponder_causal.design.weight_propensity import weight_propensity
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.cell import Cell

Array = NDArray[np.float64]
soon, whole = 90.0, 180.0
moving, more, later = 0.06, 0.5, 0.4
# Shares of first and of further repeats that nobody's move forestalls: a move, where there is one, is uniform over all
# days, a first repeat over the first 90, a further one over the rest of them.
first_stays, further_stays = 1 - moving * (soon / 2) / whole, 1 - moving * (0.75 * soon) / whole
jailed = {False: 0.5, True: 0.1}  # of calls without a repeat, by arm, in the world "one arm jails more"
adjust: dict[str, Callable[[CallDesign], CallDesign]] = {
    "match_nearest": partial(match_nearest, caliper=0.2),
    "weight_propensity att": partial(weight_propensity, scheme="att"),
    "weight_propensity overlap": partial(weight_propensity, scheme="overlap"),
}


def history_designs(cell: Cell, part: int, block: int) -> Iterator[Design | CausalError]:
    """Draw a block of designs of a cell; the treatment moves the share of calls with a repeat by its effect."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    for _ in range(block):
        calls = compared_calls(rng, int(cell.calls or 0), float(cell.share or 0))
        rows = history(rng, calls, effect=cell.effect, jails_more=cell.world == "one arm jails more")
        try:
            with quietly():
                plain = CallDesign.from_frame(
                    calls, outcome=None, treatment="attended", covariates=["severity", "night"], person="person"
                )
                yield HistoryDesign.from_history(adjust[str(cell.adjustment)](plain), rows)
        except CausalError as error:
            yield error


def mean_effect(effect: float) -> float:
    """Effect on the mean number of repeats, where that on the share of calls with one is ``effect``.

    Examples
    --------
    >>> round(mean_effect(-0.1), 4)
    -0.1496
    """
    return effect * (1 + more * further_stays / first_stays)


def compared_calls(rng: np.random.Generator, n: int, share: float) -> pd.DataFrame:
    """Draw calls of persons who call again; the team goes by severity and night."""
    person = rng.integers(0, n // 2, n)
    severity, night = rng.normal(size=n), rng.random(n) < 0.4
    odds = 0.8 * severity + 0.5 * night
    middle = brentq(lambda shift: float(expit(odds + shift).mean()) - share, -20.0, 20.0)
    attended = rng.random(n) < expit(odds + middle)
    own = 0.08 * rng.normal(size=n // 2)[person]
    return pd.DataFrame(
        {"call_id": np.arange(n), "person": person, "severity": severity, "night": night, "attended": attended}
    ).assign(likely=np.clip(0.4 + 0.08 * severity + 0.05 * night + own, 0.12, 0.85))


def history(rng: np.random.Generator, calls: pd.DataFrame, *, effect: float, jails_more: bool = False) -> pd.DataFrame:
    """Draw what comes after each call, in the columns of `data.follow_up`.

    Parameters
    ----------
    rng : Generator
    calls : DataFrame
        Of `compared_calls`.
    effect : float
        Of the team on the share of calls that are followed by a repeat within 90 days, before a stay or a move.
    jails_more : bool
        Whether calls without a repeat that the team does not attend lead to custody more often than those it attends.

    Returns
    -------
    DataFrame
        Follow-up ends after 180 days, for a quarter of the calls earlier, by chance.
    """
    n, attended = len(calls), calls["attended"].to_numpy(bool)
    repeats = rng.random(n) < calls["likely"].to_numpy(float) + effect / first_stays * attended
    first = rng.uniform(0, soon, n)
    gone = np.where(rng.random(n) < moving, rng.uniform(0, whole, n), np.inf)
    followed = np.where(rng.random(n) < 0.25, rng.uniform(20, whole, n), whole)
    further = np.repeat(np.arange(n), rng.poisson(more, n) * repeats)
    afterwards = np.repeat(np.arange(n), rng.poisson(later, n))
    jail = expit(-1.5 + 0.5 * calls["severity"].to_numpy(float))
    if jails_more:
        jail = np.where(attended, jailed[True], jailed[False])
    kept, sick = rng.random(n) < jail, (rng.random(n) < 0.15) & ~repeats
    begin = np.where(repeats, first + 0.1, np.where(rng.random(n) < 0.5, 0.05, rng.uniform(0, soon, n)))
    ill, nothing, all_calls = rng.uniform(0, soon, n), np.full(n, np.nan), np.arange(n)
    parts = [
        (all_calls[repeats], repeat, first[repeats], nothing[repeats]),
        (further, repeat, rng.uniform(first[further], soon), nothing[further]),
        (afterwards, repeat, rng.uniform(soon, whole, len(afterwards)), nothing[afterwards]),
        (all_calls[kept], "custody", begin[kept], (begin + rng.lognormal(np.log(10), 0.8, n))[kept]),
        (all_calls[sick], "hospital", ill[sick], (ill + rng.exponential(5.0, n))[sick]),
        (all_calls[gone < np.inf], "moved", gone[gone < np.inf], nothing[gone < np.inf]),
        (all_calls, end, np.minimum(followed, whole), nothing),
    ]
    frames = [
        pd.DataFrame({"call_id": row, "kind": kind, "day": day, "until": until}) for row, kind, day, until in parts
    ]
    rows = pd.concat(frames, ignore_index=True)
    last = np.where(rows["kind"] == end, np.inf, np.minimum(followed, gone)[rows["call_id"].to_numpy()])
    return rows[rows["day"] <= last]
