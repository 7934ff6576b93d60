"""Changes of one or a few treated cities and of m others: a number a city, and what the others' say about chance.

A treated city's change belongs to its window: the periods before its start and those after. The table of changes, shape
(k + m, k), holds every city's change in the window of each of k treated cities, which come first and in the same order
as the columns: θ_i = table[i, i] is the change of treated city i. A comparison city's change is θ_j, its mean over the
windows, so that it is followed over the same calendar time as the treated cities are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.regressors import harmonics

Array = NDArray[np.float64]
Adjust = Literal["regression", "demean", "detrend"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Log rates of all cities, and the weights by which they make changes in the windows of the treated cities.

    Parameters
    ----------
    outcomes : ndarray, shape (T, k + m)
        The treated cities first.
    base : ndarray, shape (T, p)
        What is taken out of a course: constant, season, and a trend where asked for.
    weights, dose : ndarray, shape (T, k)
    together : list of int
        How many treated cities start at each date, in their order.
    """

    outcomes: Array
    base: Array
    weights: Array
    dose: Array
    together: list[int]

    @property
    def table(self) -> Array:
        """Changes, shape (k + m, k)."""
        return np.asarray(self.outcomes.T @ self.weights)

    @property
    def effects(self) -> Array:
        """Changes that a programme with the effect 1 makes, 0 in comparison cities; shape (k + m, k)."""
        own = self.dose.T @ self.weights
        return np.vstack([own, np.zeros((self.outcomes.shape[1] - len(own), len(own)))])


def windows(
    outcomes: Array,
    dose: Array,
    after: NDArray[np.bool_],
    positions: Array,
    together: list[int],
    *,
    season: float | None,
    pairs: int,
    adjust: Adjust,
) -> Windows:
    """Form the windows of the treated cities.

    Parameters
    ----------
    outcomes : ndarray, shape (T, k + m)
    dose, after : ndarray, shape (T, k)
    positions : ndarray, shape (T,)
    together, season, pairs, adjust
        As in `Windows`, `gap_matrix` of `coresponder_causal.core.prediction`, and `window_weights`.
    """
    columns = [np.ones(len(positions)), *harmonics(positions, season, pairs).T]
    base = np.column_stack([*columns, *([positions - positions.mean()] if adjust == "detrend" else [])])
    weights = [window_weights(base, *each, adjust) for each in zip(dose.T, ~after.T, strict=True)]
    return Windows(outcomes=outcomes, base=base, weights=np.column_stack(weights), dose=dose, together=together)


def window_weights(base: Array, dose: Array, before: NDArray[np.bool_], adjust: Adjust) -> Array:
    """Weights by which the outcomes of a city's periods make its change in one treated city's window.

    Parameters
    ----------
    base : ndarray, shape (T, p)
        Constant, season, and for "detrend" a trend.
    dose : ndarray, shape (T,)
        The treated city's, 0 before its start.
    before : ndarray of bool, shape (T,)
        Periods before its start.
    adjust : {"regression", "demean", "detrend"}
        "regression": the coefficient of the dose beside the base in all periods. Otherwise the base is fitted before
        the start and taken out of all periods, and what is left after the start is averaged, by the dose.

    Returns
    -------
    ndarray, shape (T,)

    Raises
    ------
    EstimationError
        When the periods before the start cannot carry the base.

    References
    ----------
    Lee & Wooldridge (2023), doi:10.2139/ssrn.4516518, procedures 2.1 and 3.1.

    Examples
    --------
    >>> dose, base = np.array([0.0, 0.0, 1.0, 1.0]), np.ones((4, 1))
    >>> window_weights(base, dose, dose == 0, "demean").round(9).tolist()
    [-0.5, -0.5, 0.5, 0.5]
    """
    if adjust == "regression":
        return np.asarray(np.linalg.pinv(np.column_stack([base, dose]))[-1])
    if np.linalg.matrix_rank(base[before]) < base.shape[1]:
        raise EstimationError(
            f"{int(before.sum())} periods before a start cannot carry the {base.shape[1]} terms to be taken out",
            mend="bring more periods before the start, take fewer harmonics, or adjust='demean'",
        )
    weights = dose / (dose @ dose)
    weights[before] = -(weights @ base @ np.linalg.pinv(base[before]))
    return np.asarray(weights)


def treated_changes(table: Array) -> Array:
    """Give each treated city's change in its own window, shape (k,)."""
    return np.diagonal(table)


def other_changes(table: Array) -> Array:
    """Give each comparison city's change, its mean over the windows; shape (m,)."""
    return np.asarray(table[table.shape[1] :].mean(axis=1))


def gap(table: Array) -> float:
    """Give the mean of the treated cities' changes less that of the others'."""
    return float(treated_changes(table).mean() - other_changes(table).mean())


def spread(table: Array) -> float:
    """Give the standard deviation S of the changes of the cities without the programme.

    Raises
    ------
    EstimationError
        When all changed alike.
    """
    found = float(other_changes(table).std(ddof=1))
    if not found > 0:
        raise EstimationError("all comparison cities changed alike", mend="check that they are different cities")
    return found


def std_error(table: Array, ratio: float = 1.0) -> float:
    """Give the gap's standard error, a treated city's deviation being ρ times the others' in its window.

    Notes
    -----
    √(ρ² Σ_i S_i²/k² + S²/m), S_i the deviation of the comparison cities' changes in the window of treated city i; with
    one start S_i = S and it is S √(ρ²/k + 1/m). The treated cities' own scatter is not read. The paper has one treated
    city; the step to several is the variance of a mean.

    References
    ----------
    Donald & Lang (2007), doi:10.1162/rest.89.2.221 (ρ = 1); Lau & Li (2025), arXiv:2511.05710.

    Examples
    --------
    >>> changes = np.append(0.0, np.random.default_rng(1).normal(size=10))[:, None]
    >>> factor = std_error(changes) / spread(changes)
    >>> round(float(inference.critical(9.0)) * factor, 3)
    2.373
    """
    of_treated, of_others = _variances(table)
    return float(np.sqrt(ratio**2 * of_treated + of_others))


def pooled_error(table: Array) -> float:
    """Give the classical standard error of the regression of changes on the treatment: one variance for all cities.

    References
    ----------
    Lee & Wooldridge (2025), doi:10.2139/ssrn.5325686; Donald & Lang (2007), doi:10.1162/rest.89.2.221.

    Examples
    --------
    >>> changes = np.array([[1.0, 1.0], [3.0, 3.0], [0.0, 0.0], [2.0, 2.0]])
    >>> pooled_error(changes)
    1.4142135623730951
    """
    spread(table)
    k, m = _sizes(table)
    squares = sum(float(((part - part.mean()) ** 2).sum()) for part in (treated_changes(table), other_changes(table)))
    return float(np.sqrt(squares / (k + m - 2) * (1 / k + 1 / m)))


def hc3_error(table: Array) -> float:
    """Give the HC3 standard error of the regression of changes on the treatment; it needs two treated cities.

    Notes
    -----
    A residual of a group of n cities has leverage 1/n: Σ e²/(n − 1)² of each group, and their sum.

    References
    ----------
    MacKinnon & White (1985), doi:10.1016/0304-4076(85)90158-7; Lee & Wooldridge (2023), doi:10.2139/ssrn.4516518.
    """
    spread(table)
    parts = treated_changes(table), other_changes(table)
    return float(np.sqrt(sum(float(((part - part.mean()) ** 2).sum()) / (len(part) - 1) ** 2 for part in parts)))


def breakdown_ratio(table: Array, level: float = 0.95, *, estimate: float | None = None) -> float:
    """ρ*: how many times noisier than the others the treated cities may be until the finding dies; 0 for none.

    With one start it is √(k (T²/t² − 1/m)), T = gap/S; another method's ``estimate`` takes the place of the gap.

    References
    ----------
    Lau & Li (2025), arXiv:2511.05710.
    """
    of_treated, of_others = _variances(table)
    limit = (gap(table) if estimate is None else estimate) / float(inference.critical(_sizes(table)[1] - 1, level))
    return float(np.sqrt(max(0.0, limit**2 - of_others) / of_treated))


def beside(effects: Array, *, estimate: float, std_error: float, df: float) -> dict[str, object]:
    """Give what stands beside a finding about one city that a t distribution judges.

    Parameters
    ----------
    effects : ndarray, shape (1 + m,)
        Change of every city, the treated one first.
    estimate, std_error, df : float
        The finding.

    Returns
    -------
    dict
        ``rho_star``, see `breakdown_ratio`; ``p_floor``, the smallest p-value there can be; ``mde80``, the effect that
        the test would find four times in five.

    Examples
    --------
    >>> effects = np.array([-0.4, 0.1, -0.1, 0.05, -0.05])
    >>> found = beside(effects, estimate=-0.4, std_error=0.1, df=20.0)
    >>> round(found["rho_star"], 2), round(found["mde80"], 3)
    (1.28, 0.295)
    """
    return {
        "rho_star": breakdown_ratio(effects[:, None], estimate=estimate),
        "p_floor": 0.0,
        "mde80": inference.minimum_detectable_effect(std_error, df),
    }


def window_ratio(table: Array) -> float:
    """Variance of the comparison cities' changes in one window over that of their means; 1 where all start together."""
    k, m = _sizes(table)
    of_treated, of_others = _variances(table)
    return k * of_treated / (m * of_others)


def _sizes(table: Array) -> tuple[int, int]:
    return table.shape[1], table.shape[0] - table.shape[1]


def _variances(table: Array) -> tuple[float, float]:
    """Variance of the treated cities' mean, were they as volatile as the others, and of the others' mean."""
    k, m = _sizes(table)
    return float(table[k:].var(axis=0, ddof=1).sum()) / k**2, spread(table) ** 2 / m
