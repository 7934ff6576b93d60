"""How often DoWhy's refuters fail sound and broken designs: ``python -m coresponder_causal.validity.refuters_dowhy``.

Run at the root of a checkout, it writes core/dowhy_rates.csv. Every design compares some hundred attended calls with
others under weights by the probability of treatment. In the sound world what drives dispatch is recorded. In the broken
ones it is not, the treatment followed the outcome, something that treatment and outcome bring about is adjusted for, or
nearly all severe calls are attended. A refuter fails a design at p ≤ .05; the simulated common cause where it turns the
sign; the nonparametric sensitivity where the interval is lost at once; overlap below nine calls in ten.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from coresponder_causal.check.dowhy_bridge import Refuter, dowhy_refuters, usual
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CallDesign, weight_propensity
from coresponder_causal.estimate import call_difference
from coresponder_causal.simulate.streams import Tier, stream

World = Literal[
    "sound", "hidden severity", "treated after the outcome", "a consequence adjusted for", "few calls alike"
]
worlds: tuple[World, ...] = get_args(World)
page = Path("coresponder_causal", "core", "dowhy_rates.csv")
calls, designs, designs_of_slow, effect = 400, 12, 4, -2.0


def design(world: World, draw: int) -> CallDesign:
    """Draw a design of a world.

    Parameters
    ----------
    world : str
        One of ``worlds``.
    draw : int
        Its number: the same gives the same calls.

    Returns
    -------
    CallDesign
        Weighted for all calls, with a true effect of −2 minutes; none where the treatment followed the outcome.

    Examples
    --------
    >>> design("hidden severity", 0).covariates
    ('priority',)
    """
    rng = stream(draw, Tier.PROCESS, worlds.index(world))
    severity, priority, noise = rng.normal(size=(3, calls))
    late, strength = world == "treated after the outcome", 3.0 if world == "few calls alike" else 0.7
    before = 40 + 2 * severity + priority + 3 * noise
    drives = (before - 40) / 3 if late else severity
    attended = rng.random(calls) < 1 / (1 + np.exp(0.4 - strength * drives))
    minutes = before + (0.0 if late else effect) * attended
    paperwork = minutes + 4 * attended + rng.normal(size=calls)
    frame = pd.DataFrame(
        {"attended": attended, "severity": severity, "priority": priority, "paperwork": paperwork, "minutes": minutes}
    )
    known = {"hidden severity": ["priority"], "a consequence adjusted for": ["severity", "priority", "paperwork"]}
    with quietly():
        plain = CallDesign.from_frame(
            frame, outcome="minutes", treatment="attended", covariates=known.get(world, ["severity", "priority"])
        )
        return weight_propensity(plain, scheme="ate")


def failed(refuter: Refuter, world: World, draw: int) -> bool:
    """Whether a refuter fails a design of a world.

    Examples
    --------
    >>> failed("random_common_cause", "hidden severity", 0)
    False
    """
    weighted = design(world, draw)
    with quietly():
        (found,) = dowhy_refuters(call_difference(weighted), weighted, which=[refuter], seed=draw + 1)
    return bool(found.table["failed"].any())


def measured() -> pd.DataFrame:
    """Return the share of designs that each refuter failed, by world: ``refuter, world, failed, replications``."""
    rows = []
    for refuter in get_args(Refuter):
        many = designs if refuter in usual else designs_of_slow
        for world in worlds:
            share = float(np.mean([failed(refuter, world, draw) for draw in range(many)]))
            rows.append({"refuter": refuter, "world": world, "failed": share, "replications": many})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    measured().to_csv(page, index=False)
