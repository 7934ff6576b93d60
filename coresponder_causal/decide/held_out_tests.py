"""One half of the calls against effects learnt from the other: every number that is asked of it, and its error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.doubly_robust import summed
from coresponder_causal.core.inference import Medians
from coresponder_causal.core.targeting import Estimated, projection, ranked_groups, ranking_worth
from coresponder_causal.decide.learned_effects import HeldOut

Array = NDArray[np.float64]
fifths, shares = 5, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class Half(NamedTuple):
    """Estimates and standard errors by name, degrees of freedom, and mean predicted benefit of the fifths."""

    estimate: pd.Series
    std_error: pd.Series
    df: float
    predicted: Array


class Halves(NamedTuple):
    """Several halves: a row for each, a column for each name."""

    estimate: pd.DataFrame
    std_error: pd.DataFrame
    df: Array
    level: float

    def medians(self, chosen: Sequence[str], side: Literal["two", "greater"] = "two", null: float = 0.0) -> Medians:
        """Medians of the columns named, less the value that their p-values speak against."""
        size, error = (part[list(chosen)].to_numpy(float) for part in self[:2])
        return inference.over_partitions(size - null, error, self.df, side=side, level=self.level)


def examined(
    part: HeldOut, sign: float, raw: Array, persons: NDArray[np.int64], names: Sequence[str], seed: int
) -> Half:
    """Estimate all that is asked of one half, with errors clustered by person.

    Parameters
    ----------
    part : HeldOut
    sign : float
        1 where more of the outcome is a benefit, else −1.
    raw : ndarray, shape (n, k)
        Effect modifiers in their own units.
    persons : ndarray of int, shape (n,)
    names : sequence of str
        Of the modifiers.
    seed : int
        Of the lot that breaks ties.
    """
    value, benefit, tilt = sign * part.value, sign * part.predicted, part.tilt
    group, fine = (ranked_groups(benefit, tilt, many, seed=seed) for many in (fifths, len(shares) + 1))
    ones, within, steps = np.ones(len(value)), np.eye(fifths)[group], np.eye(fifths)
    predicted = within.T @ (tilt * benefit) / (within.T @ tilt)
    gates = projection(value, tilt, within)
    ends = steps[0] - steps[-1]
    found = {
        "all": projection(value, tilt, ones[:, None]),
        "slope": _part(projection(value, tilt, np.column_stack([ones, benefit])), [0.0, 1.0]),
        "calibration": _part(projection(value, tilt, np.column_stack([ones, predicted[group]])), [0.0, 1.0]),
        "autoc": ranking_worth(value, tilt, benefit, "autoc"),
        "qini": ranking_worth(value, tilt, benefit, "qini"),
        "most_least": _part(gates, ends),
    }
    found |= {f"group {g + 1}": _part(gates, steps[g]) for g in range(fifths)}
    found |= {f"fall {g}": _part(gates, steps[g] - steps[g - 1]) for g in range(1, fifths)}
    for name, column in zip(names, raw.T, strict=True):
        means = projection(tilt * column, tilt, within)
        found |= {f"most: {name}": _part(means, steps[0]), f"least: {name}": _part(means, steps[-1])}
        found[f"differs: {name}"] = _part(means, ends)
    for k, share in enumerate(shares):
        both = projection(value, tilt, np.column_stack([fine <= k, fine > k]).astype(float))
        found[f"gain {share:g}"] = _part(both, [1 - share, share - 1])
    labels, known = pd.factorize(persons)
    sums = summed(np.column_stack([each.influence for each in found.values()]), labels, len(known))
    errors = np.sqrt(len(known) / (len(known) - 1) * (sums**2).sum(axis=0)) / len(value)
    estimates = pd.Series({name: float(each.estimate[0]) for name, each in found.items()})
    return Half(estimates, pd.Series(errors, index=list(found)), len(known) - 1.0, predicted)


def _part(found: Estimated, weights: Sequence[float] | Array) -> Estimated:
    """One linear combination."""
    row = np.asarray(weights, float)
    return Estimated(np.atleast_1d(found.estimate @ row), (found.influence @ row)[:, None])
