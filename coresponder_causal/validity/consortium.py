"""What a study of several cities loses by what is withheld: simulated consortia, with and without small counts.

Each city has Poisson counts before and after its start, and releases log(after / before) with variance 1/after +
1/before. Withheld is an effect with a count of 1 to 10 on either side; a city without an event on a side has no effect.
Whether a city falls out by its count after the start depends on its effect, so what is left is a selection. Admitting
cities by a size that was known beforehand, such as residents times a rate of other cities, does not look at the counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.second_stage import fewest_pooled, second_stage
from coresponder_causal.core.support import least_shown

Bools = NDArray[np.bool_]
every, released, admitted = "every city", "what is released", "admitted by size"
usual_admission = 25.0
sizes: tuple[float, ...] = (15.0, 30.0, 60.0, 120.0)
columns = (
    "mean_before",
    "cities",
    "rule",
    "cities_left",
    "too_few",
    "bias",
    "rmse",
    "covered",
    "width",
    "replications",
)


class Consortia(NamedTuple):
    """Events a city expects, counts before and after the start, shape (replications, cities)."""

    expected: NDArray[np.float64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]


def simulated_consortia(
    *, cities: int, mean_before: float, effect: float, tau: float, replications: int, seed: int = 1
) -> Consortia:
    """Draw consortia: sizes of cities vary by a log-normal with standard deviation 0.6, effects by ``tau``.

    Parameters
    ----------
    cities : int
    mean_before : float
        Events before the start that the city in the middle expects.
    effect, tau : float
        Mean and standard deviation of the log ratios.
    replications, seed : int

    Examples
    --------
    >>> simulated_consortia(cities=4, mean_before=60, effect=-0.2, tau=0.1, replications=2).before.shape
    (2, 4)
    """
    rng = np.random.default_rng(seed)
    shape = (replications, cities)
    expected = mean_before * np.exp(0.6 * rng.standard_normal(shape))
    before = rng.poisson(expected)
    after = rng.poisson(expected * np.exp(effect + tau * rng.standard_normal(shape)))
    return Consortia(expected, before, after)


def suppression_loss(
    *,
    cities: int = 20,
    mean_before: Sequence[float] = sizes,
    effect: float = -0.25,
    tau: float = 0.15,
    replications: int = 200,
    admission: float = usual_admission,
    seed: int = 1,
) -> pd.DataFrame:
    """Measure what withholding does to the mean effect of a consortium.

    Parameters
    ----------
    cities : int
    mean_before : sequence of float
        Events before the start that the city in the middle expects, one simulation each.
    effect, tau : float
    replications : int
    admission : float
        Events before the start that a city must expect to be admitted.
    seed : int

    Returns
    -------
    DataFrame
        ``mean_before, cities, rule, cities_left`` (mean number), ``too_few`` (share of consortia with fewer than two
        left), and of the others ``bias, rmse, covered, width`` of the mean's 95 % interval, on the log scale.

    Examples
    --------
    >>> found = suppression_loss(mean_before=[60.0], replications=20)
    >>> found["rule"].tolist()
    ['every city', 'what is released', 'admitted by size']
    """
    rows = []
    for size in mean_before:
        drawn = simulated_consortia(
            cities=cities, mean_before=size, effect=effect, tau=tau, replications=replications, seed=seed
        )
        there = (drawn.before > 0) & (drawn.after > 0)
        leaves = (drawn.before >= least_shown) & (drawn.after >= least_shown)
        for rule, kept in ((every, there), (released, leaves), (admitted, leaves & (drawn.expected >= admission))):
            rows.append({"mean_before": size, "cities": cities, "rule": rule, **_measured(drawn, kept, effect)})
    return pd.DataFrame(rows, columns=list(columns))


def _measured(drawn: Consortia, kept: Bools, effect: float) -> dict[str, float]:
    """Put each consortium together from the cities that are kept."""
    found: list[tuple[float, float, float]] = []
    for before, after, left in zip(drawn.before, drawn.after, kept, strict=True):
        if left.sum() >= fewest_pooled:
            b, a = before[left].astype(float), after[left].astype(float)
            one = second_stage(np.log(a / b), 1 / a + 1 / b)
            found.append((one.estimate - effect, float(one.low <= effect <= one.high), one.high - one.low))
    error, covered, width = np.array(found or [(np.nan,) * 3], float).T
    return {
        "cities_left": float(kept.sum(axis=1).mean()),
        "too_few": 1 - len(found) / len(kept),
        "bias": float(error.mean()),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "covered": float(covered.mean()),
        "width": float(width.mean()),
        "replications": len(kept),
    }
