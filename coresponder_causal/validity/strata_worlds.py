"""Two agencies in small: persons cut into strata, outcomes linked and counted, strata merged, counts returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from coresponder_causal.core.errors import CausalError, DisclosureError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.propensity import propensity
from coresponder_causal.core.registry import Design
from coresponder_causal.core.strata import quantile_strata
from coresponder_causal.design.strata import StrataDesign
from coresponder_causal.privacy.county_return import Counts, Refusal, merged, noise_variance
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.cell import Cell

Array = NDArray[np.float64]
names = ("severity", "prior_contacts", "age", "night")
missed = 0.8  # share of connected persons that the linkage finds, in the world "links missed"


def strata_designs(cell: Cell, part: int, block: int) -> Iterator[Design | CausalError]:
    """Draw a block of designs of a cell; its ``adjustment`` says how many strata, whether with scores, and ε."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    words = str(cell.adjustment).split()
    number, epsilon = int(words[0]), float(words[-1]) if "ε" in words else None
    for _ in range(block):
        known, attended, likely = persons(rng, int(cell.calls or 0), float(cell.share or 0))
        connected = rng.random(len(likely)) < likely + cell.effect * attended
        if cell.world == "links missed":
            connected &= rng.random(len(likely)) < missed
        try:
            with quietly():
                yield returned(
                    rng, known, attended, connected, number=number, scored="scores" in words, epsilon=epsilon
                )
        except CausalError as error:
            yield error


def persons(rng: np.random.Generator, n: int, share: float) -> tuple[Array, NDArray[np.bool_], Array]:
    """Draw what is known of persons, who was attended, and their chance of being connected without it."""
    known = rng.normal(size=(n, len(names)))
    known[:, 3] = known[:, 3] > 0
    odds = 0.7 * known[:, 0] + 0.5 * known[:, 1] - 0.6 * known[:, 3]
    middle = brentq(lambda shift: float(expit(odds + shift).mean()) - share, -20.0, 20.0)
    attended = rng.random(n) < expit(odds + middle)
    return known, attended, np.asarray(expit(-1.2 + 0.6 * known[:, 0] + 0.4 * known[:, 1] + 0.3 * known[:, 2]))


def returned(
    rng: np.random.Generator,
    known: Array,
    attended: NDArray[np.bool_],
    connected: NDArray[np.bool_],
    *,
    number: int,
    scored: bool = False,
    epsilon: float | None = None,
) -> StrataDesign:
    """Do what both agencies do, without tokens: propensity, strata, counts, strata merged, noise.

    Raises
    ------
    DisclosureError
        A cell is small with all strata in one.
    """
    fitted = propensity(attended.astype(float), known, names)
    strata = quantile_strata(fitted.probability, number)
    cells = list(zip(strata.tolist(), attended.astype(int).tolist(), strict=True))
    reached = Counter(cell for cell, hit in zip(cells, connected.tolist(), strict=True) if hit)
    counts = Counts(np.unique(strata).tolist(), Counter(cells), reached, int(connected.sum()))
    try:
        groups = merged(counts, noisy=epsilon is not None)
    except Refusal as refused:
        raise DisclosureError(refused.what, mend=refused.mend) from None
    rows = [
        {"stratum": place, "attended": arm, "persons": people, "connected": hit}
        for place, group in enumerate(groups)
        for arm in (0, 1)
        for people, hit in [(sum(kind[level, arm] for level in group) for kind in (counts.persons, counts.connected))]
    ]
    frame = pd.DataFrame(rows)
    if scored:
        cell_of = np.array([place for level in strata for place, group in enumerate(groups) if level in group])
        frame["score"] = pd.Series(fitted.linear).groupby([cell_of, attended.astype(int)]).mean().to_numpy()
    if epsilon is not None:
        drawn = rng.geometric(1 - np.exp(-epsilon / 2), (2, len(frame)))
        frame["connected"] += drawn[0] - drawn[1]
    return StrataDesign.from_frame(
        frame,
        outcome="connected",
        treatment="attended",
        asked=number,
        epsilon=epsilon,
        noise_variance=0.0 if epsilon is None else noise_variance(epsilon),
    )
