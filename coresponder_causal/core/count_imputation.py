"""Counted over expected events where treatment has come, the expected ones fitted to all that it has not reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.poisson_effects import CountRows, PoissonEffects, poisson_effects

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imputation:
    """Effects over sets of treated rows.

    Parameters
    ----------
    estimate : ndarray, shape (k,)
        Log of counted over expected events in each set.
    scores : ndarray, shape (n, k)
        What each given row adds to the estimates' errors, to first order.
    terms : int
        Covariates and cells: coefficients besides unit and time effects, as the factor of small samples counts them.
    fit : PoissonEffects
        Of the untreated rows.
    """

    estimate: Array
    scores: Array
    terms: int
    fit: PoissonEffects


def impute_counts(
    rows: CountRows, untreated: Bools, sets: Bools, cell: NDArray[np.int64], *, names: list[str]
) -> Imputation:
    """Compare counted with expected events.

    Parameters
    ----------
    rows : CountRows
    untreated : ndarray of bool, shape (n,)
        Rows that the fit is made of.
    sets : ndarray of bool, shape (k, n)
        Treated rows over which effects are taken, with finite expected counts and events in each set.
    cell : ndarray of int, shape (n,)
        Cohort and period of treated rows.
    names : list of str
        Names of the covariates.

    Returns
    -------
    Imputation

    Notes
    -----
    With the canonical link a coefficient of its own makes a row's fitted events equal its counted ones, so that the
    row does not inform the other coefficients: the regression on all rows with one coefficient for each treated row
    and the fit to untreated rows with imputed expected events are the same numbers. Scores: of treated rows, counted
    less fitted events, where those of a cohort and period are spread as the expected ones (differences between units of
    a cell count as noise, which is conservative); of untreated rows, counted less expected events through their pull on
    the expected events of the set.

    References
    ----------
    Wooldridge (2023), doi:10.1093/ectj/utad016, on imputation with the canonical link; Borusyak, Jaravel & Spiess
    (2024), doi:10.1093/restud/rdae007, on residuals about the means of cells.

    Examples
    --------
    >>> rows = CountRows(np.array([10.0, 15.0, 30.0, 60.0]), np.ones(4), np.array([0, 0, 1, 1]),
    ...                  np.array([0, 1, 0, 1]), np.empty((4, 0)))
    >>> treated = np.array([False, True, False, False])
    >>> found = impute_counts(rows, ~treated, treated[None], np.array([-1, 0, -1, -1]), names=[])
    >>> np.exp(found.estimate).round(9).tolist()
    [0.75]
    """
    fit = poisson_effects(rows.take(untreated), names=names)
    used = np.asarray(sets.any(axis=0))
    target, weights = rows.take(used), sets[:, used].astype(float)
    expected, cells = fit.expected(target), np.unique(cell[used], return_inverse=True)[1]
    counted, without = weights @ target.counts, weights @ expected
    totals = [np.bincount(cells, values) for values in (target.counts, expected)]
    fitted = expected * (totals[0] / totals[1])[cells]
    scores = np.zeros((len(rows.counts), len(sets)))
    scores[used] = (weights * (target.counts - fitted)).T / counted
    pull = fit.pull(target, (weights * expected).T / without)
    scores[np.flatnonzero(untreated)[fit.kept]] = -pull * (fit.rows.counts - fit.mean)[:, None]
    return Imputation(
        estimate=np.log(counted / without), scores=scores, terms=len(names) + int(cells.max()) + 1, fit=fit
    )
