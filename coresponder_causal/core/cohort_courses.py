"""Courses of cohorts from unit and period effects of their own, with covariates in common, and how units move them.

Least squares with unit effects, period effects and an indicator for every treated cohort and period but one each is
the same as unit and period effects of each cohort apart: the indicators' coefficients are differences of the cohorts'
period effects. So each cohort is swept by itself, and only the coefficients of covariates are found together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.regressors import require_full_rank
from coresponder_causal.core.two_way import within_units

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Courses(NamedTuple):
    """Period effects λ of each cohort, shape (G, T), and what `scores` needs of every cohort."""

    course: Array
    parts: tuple[_Part, ...]
    slopes: Array
    bread: Array

    def scores(self, contrast: Array) -> Array:
        """Give ψ/n by unit of the contrasts Σ_gt C_gt λ_gt, C of shape (G, T, k) summing to zero in every cohort."""
        k, units = contrast.shape[2], sum(len(part.units) for part in self.parts)
        found, pull = np.zeros((units, k)), np.zeros((len(self.slopes), k))
        for part, own in zip(self.parts, contrast, strict=True):
            along = part.inverse @ own
            found[part.units] = part.by_period @ along
            pull += part.covariates.T @ along
        if len(self.slopes):
            for part in self.parts:
                found[part.units] -= part.by_covariate @ self.bread @ pull
        return found


class _Part(NamedTuple):
    """One cohort: its units, D̃'D̃ inverted, sums D̃'e and x̃'e by unit, and D̃'x."""

    units: Ints
    inverse: Array
    by_period: Array
    by_covariate: Array
    covariates: Array


class _Swept(NamedTuple):
    rows: Ints
    units: Ints
    unit: Ints
    dummies: Array
    inverse: Array
    within: Array
    left: Array


def cohort_courses(
    unit: Ints,
    period: Ints,
    group: Ints,
    outcome: Array,
    weight: Array,
    covariates: Array,
    names: list[str],
) -> Courses:
    """Fit unit and period effects of each cohort, and covariates with coefficients in common, by least squares.

    Parameters
    ----------
    unit, period : ndarray of int, shape (n,)
        Numbers of the unit and the period of each row.
    group : ndarray of int, shape (units,)
        Number of each unit's cohort.
    outcome, weight : ndarray, shape (n,)
    covariates : ndarray, shape (n, q)
    names : list of str
        Of the covariates.

    Returns
    -------
    Courses
        λ of a cohort sums to zero over its periods; 0 in a period it does not have.

    Raises
    ------
    EstimationError
        If units of a cohort do not tie its periods to each other, or covariates are absorbed, by name.

    Examples
    --------
    >>> unit, period = np.repeat([0, 1], 2), np.tile([0, 1], 2)
    >>> y, none = np.array([1.0, 2, 1, 4]), np.empty((4, 0))
    >>> cohort_courses(unit, period, np.zeros(2, int), y, np.ones(4), none, []).course.round(9).tolist()
    [[-1.0, 1.0]]
    """
    periods = int(period.max()) + 1
    columns = np.column_stack([covariates, outcome])
    cohorts = [_swept(unit, period, group, g, periods, columns, weight) for g in range(int(group.max()) + 1)]
    x = np.vstack([cohort.left[:, :-1] for cohort in cohorts])
    y = np.concatenate([cohort.left[:, -1] for cohort in cohorts])
    require_full_rank(x, names)
    bread = np.asarray(np.linalg.inv(x.T @ x), float)
    slopes = np.asarray(bread @ (x.T @ y), float)
    course, parts = np.zeros((len(cohorts), periods)), []
    for g, cohort in enumerate(cohorts):
        mine = cohort.dummies.T @ cohort.within
        course[g] = cohort.inverse @ (mine[:, -1] - mine[:, :-1] @ slopes)
        rest = cohort.left[:, -1] - cohort.left[:, :-1] @ slopes
        sums = [_summed(cohort.unit, part * rest[:, None]) for part in (cohort.dummies, cohort.left[:, :-1])]
        parts.append(_Part(cohort.units, cohort.inverse, sums[0], sums[1], mine[:, :-1]))
    return Courses(course, tuple(parts), slopes, bread)


def _swept(unit: Ints, period: Ints, group: Ints, g: int, periods: int, columns: Array, weight: Array) -> _Swept:
    """Sweep unit and period effects out of the columns of one cohort."""
    rows = np.flatnonzero(group[unit] == g)
    units, own = np.unique(unit[rows], return_inverse=True)
    dummies = within_units(np.eye(periods)[period[rows]], own, weight[rows])
    within = within_units(columns[rows], own, weight[rows])
    there = np.unique(period[rows])
    normal = dummies.T @ dummies
    inverse = np.asarray(np.linalg.pinv(normal, rcond=1e-10, hermitian=True), float)
    if np.linalg.matrix_rank(normal, tol=1e-10 * max(normal.max(), 1e-300), hermitian=True) < len(there) - 1:
        raise EstimationError(
            f"no unit of a cohort ties some of its {len(there)} periods to the others",
            mend="leave out units with few periods, or use did_imputation",
        )
    return _Swept(rows, units, own, dummies, inverse, within, within - dummies @ (inverse @ (dummies.T @ within)))


def _summed(unit: Ints, values: Array) -> Array:
    sums = np.zeros((int(unit.max()) + 1, values.shape[1]))
    np.add.at(sums, unit, values)
    return sums
