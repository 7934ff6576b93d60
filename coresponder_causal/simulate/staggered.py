"""A panel whose units take up a treatment at different times, with effects that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate.streams import Tier, stream

Array = NDArray[np.float64]

starts = (3, 5, 7)
first_effect, growth, later_cohorts = 1.0, 0.25, 0.1


def staggered(*, seed: int, units: int = 500, periods: int = 8, confounding: float = 0.5) -> pd.DataFrame:
    """Draw a panel with three cohorts (first treated in periods 3, 5 and 7) and units never treated.

    Units with a larger covariate x start earlier and their outcome grows faster also without treatment: groups are
    parallel given x only. Effects are in `staggered_effect`.

    Parameters
    ----------
    seed : int
    units : int
        Number of units.
    periods : int
        Periods 1, 2, …; at least 8.
    confounding : float
        How much faster the outcome grows a period per unit of x; 0 makes the groups parallel without x.

    Returns
    -------
    DataFrame
        ``id, t, first_treated`` (NaN: never), ``x, y``, one row per unit and period.

    Raises
    ------
    DesignError
        With fewer than 40 units or 8 periods, too few for every cohort to occur and to be seen after its start.

    Examples
    --------
    >>> frame = staggered(seed=1)
    >>> list(frame), len(frame)
    (['id', 't', 'first_treated', 'x', 'y'], 4000)
    """
    if units < 40 or periods < 8:
        raise DesignError(
            f"{units} units and {periods} periods are too few", mend="take 40 units and 8 periods or more"
        )
    rng = stream(seed, Tier.COUNTS)
    x = rng.normal(size=units)
    score = np.column_stack([0.4 * x, 0.2 * x, 0.0 * x, -0.3 * x]) + rng.gumbel(size=(units, len(starts) + 1))
    first = np.array([*starts, np.nan])[score.argmax(axis=1)]
    level, noise = x + rng.normal(size=units), rng.normal(size=(units, periods))
    t = np.arange(1, periods + 1)
    drift = 0.3 * np.sqrt(t) + confounding * x[:, None] * (t - 1)
    y = level[:, None] + drift + staggered_effect(first[:, None], t) + noise
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(units), periods),
            "t": np.tile(t, units),
            "first_treated": np.repeat(first, periods),
            "x": np.repeat(x, periods),
            "y": y.ravel(),
        }
    )


def staggered_effect(first_treated: ArrayLike, t: ArrayLike) -> Array:
    """Give the true effect in `staggered` on a unit first treated in one period, seen in another: ATT(g, t) itself.

    Parameters
    ----------
    first_treated : array_like
        First treated period; NaN never.
    t : array_like
        Period.

    Returns
    -------
    ndarray
        0 before the start; 1 + (t − g)/4 + (g − 3)/10 from it on.

    Examples
    --------
    >>> staggered_effect([3, 3, 5, np.nan], [2, 3, 7, 7]).tolist()
    [0.0, 1.0, 1.7, 0.0]
    """
    g, time = np.asarray(first_treated, float), np.asarray(t, float)
    grown = first_effect + growth * (time - g) + later_cohorts * (g - starts[0])
    return np.where(time >= g, grown, 0.0)
