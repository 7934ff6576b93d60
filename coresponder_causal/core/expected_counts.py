"""Expected events of any rows from a Poisson fit to some of them, where units may have had no event."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.poisson_effects import CountRows, poisson_effects

Array = NDArray[np.float64]
half_event = 0.5


class ExpectedCounts(NamedTuple):
    """Expected counts of n rows, positive means for their errors, coefficients, and whether the unit had no event."""

    expected: Array
    working: Array
    slopes: Array
    silent: NDArray[np.bool_]


def expected_counts(rows: CountRows, fitted: NDArray[np.bool_], *, names: list[str]) -> ExpectedCounts:
    """Fit unit and period effects to some rows, and expect events in all.

    Parameters
    ----------
    rows : CountRows
    fitted : ndarray of bool, shape (n,)
        Rows of the fit; every period has events among them.
    names : list of str
        Names of the covariates.

    Returns
    -------
    ExpectedCounts
        Of a unit without events among the fitted rows none is expected. A unit's expected events are in proportion to
        those it had, so that this is right in the mean over units, and leaving such units out would expect too many of
        the others. For errors alone such a unit counts as having had half an event.

    References
    ----------
    Santos Silva & Tenreyro (2006), doi:10.1162/rest.88.4.641.

    Examples
    --------
    >>> rows = CountRows(np.array([4.0, 8.0, 0.0, 3.0]), np.ones(4), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]),
    ...                  np.empty((4, 0)))
    >>> found = expected_counts(rows, np.array([True, True, True, False]), names=[])
    >>> found.expected.round(9).tolist(), found.working.round(9).tolist()
    ([4.0, 8.0, 0.0, 0.0], [4.0, 8.0, 0.5, 1.0])
    """
    fit = poisson_effects(rows.take(fitted), names=names)
    units = int(rows.unit.max()) + 1
    effects = np.full(units, np.nan)
    effects[: len(fit.unit_effects)] = fit.unit_effects
    bare = rows.exposure * np.exp(fit.time_effects[rows.time] + rows.covariates @ fit.slopes)
    spread = np.bincount(rows.unit[fitted], bare[fitted], units)
    silent = np.isnan(effects)
    own = np.where(silent, 0.0, np.exp(effects))
    assumed = np.divide(half_event, spread, out=np.full(units, np.nan), where=spread > 0)
    return ExpectedCounts(
        expected=bare * own[rows.unit],
        working=bare * np.where(silent, assumed, own)[rows.unit],
        slopes=fit.slopes,
        silent=silent[rows.unit],
    )
