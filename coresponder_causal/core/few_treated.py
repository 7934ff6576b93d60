"""Changes of one treated city and of m others, one number a city: what the others say about chance.

θ_0 is the treated city's change, θ_1, …, θ_m those of cities without the programme. Every test here reads the spread of
the latter; none reads the treated city's own variation over time.
"""

from __future__ import annotations

from functools import cache
from itertools import count

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from coresponder_causal.core import inference
from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
levels, weights_tried = 199, 500


def collapse(outcomes: Array, matrix: Array) -> Array:
    """Change of each city from before to after: the coefficient of the dose by least squares.

    Parameters
    ----------
    outcomes : ndarray, shape (T, 1 + m)
        Log rates, the treated city first.
    matrix : ndarray, shape (T, k)
        Constant, dose, season.

    Returns
    -------
    ndarray, shape (1 + m,)

    Examples
    --------
    >>> collapse(np.array([[1.0, 0.0], [3.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 1.0]])).round(6).tolist()
    [2.0, 1.0]
    """
    return np.asarray(np.linalg.lstsq(matrix, outcomes, rcond=None)[0][1], float)


def gap(changes: Array) -> float:
    """Give the treated city's change less the mean of the others'."""
    return float(changes[0] - changes[1:].mean())


def spread(changes: Array) -> float:
    """Give the standard deviation S of the changes of the cities without the programme.

    Raises
    ------
    EstimationError
        When all changed alike.
    """
    found = float(changes[1:].std(ddof=1))
    if not found > 0:
        raise EstimationError("all comparison cities changed alike", mend="check that they are different cities")
    return found


def std_error(changes: Array, ratio: float = 1.0) -> float:
    """Give the gap's standard error S √(ρ² + 1/m), the treated city's deviation being ρ times the others'.

    References
    ----------
    Donald & Lang (2007), doi:10.1162/rest.89.2.221 (ρ = 1); Lau & Li (2025), arXiv:2511.05710.

    Examples
    --------
    >>> changes = np.append(0.0, np.random.default_rng(1).normal(size=10))
    >>> factor = std_error(changes) / spread(changes)
    >>> round(float(inference.critical(9.0)) * factor, 3)
    2.373
    """
    return spread(changes) * float(np.sqrt(ratio**2 + 1 / (len(changes) - 1)))


def breakdown_ratio(changes: Array, level: float = 0.95) -> float:
    """ρ* = √(T²/t² − 1/m), T = gap/S: how many times noisier than the others the treated city may be; 0 for none.

    References
    ----------
    Lau & Li (2025), arXiv:2511.05710.
    """
    m = len(changes) - 1
    t = gap(changes) / spread(changes) / float(inference.critical(m - 1, level))
    return float(np.sqrt(max(0.0, t**2 - 1 / m)))


def residual_placebos(changes: Array) -> Array:
    """Residuals of the cities without the programme, brought to the variance of the gap; shape (m,).

    Notes
    -----
    Conley and Taber compare the gap with θ_j − θ̄ as if θ̄ were known. With m cities the gap has variance σ²(1 + 1/m),
    a residual σ²(1 − 1/m): residuals are multiplied by √((m + 1)/(m − 1)), the same as the distance of each city from
    the mean of the others brought to m of them. The treated city counts in its own rank, so that p ≥ 1/(m + 1).

    References
    ----------
    Conley & Taber (2011), doi:10.1162/REST_a_00049; Alvarez, Ferman & Wüthrich (2025), arXiv:2504.19841, on the need
    for a correction with few cities.

    Examples
    --------
    >>> residual_placebos(np.array([5.0, -1.0, 0.0, 1.0])).round(3).tolist()
    [-1.414, 0.0, 1.414]
    """
    m = len(changes) - 1
    return np.asarray((changes[1:] - changes[1:].mean()) * np.sqrt((m + 1) / (m - 1)))


def rescaled_placebos(changes: Array, size: Array) -> tuple[float, Array]:
    """Give the gap's standard error, and residuals brought to it, when a city's variance is a + b/size.

    Parameters
    ----------
    changes : ndarray, shape (1 + m,)
    size : ndarray, shape (1 + m,)
        Populations.

    Returns
    -------
    std_error : float
    placebos : ndarray, shape (m,)

    Notes
    -----
    A residual's expected square is v_j(1 − 2/m) + v̄/m, linear in a and b, which are its least-squares fit with a and
    b ≥ 0; the gap's variance is v_0 + v̄/m.

    References
    ----------
    Ferman & Pinto (2019), doi:10.1162/rest_a_00759.

    Examples
    --------
    >>> changes = np.array([5.0, -1.0, 0.0, 1.0])
    >>> found = rescaled_placebos(changes, np.ones(4))
    >>> bool(np.allclose(found[1], residual_placebos(changes)))
    True
    """
    m, inverse = len(changes) - 1, size.mean() / size
    residuals = changes[1:] - changes[1:].mean()
    columns = np.column_stack([np.ones(m), inverse[1:]])
    expected = columns * (1 - 2 / m) + columns.mean(axis=0) / m
    a_and_b = nnls(expected, residuals**2)[0]
    variance = float((np.array([1.0, inverse[0]]) + columns.mean(axis=0) / m) @ a_and_b)
    return float(np.sqrt(variance)), residuals * np.sqrt(variance / (expected @ a_and_b))


def shifted_placebos(outcomes: Array, matrix: Array) -> Array:
    """Gaps of every city without the programme at every cyclic shift of its course, brought to the gap's variance.

    Parameters
    ----------
    outcomes : ndarray, shape (T, 1 + m)
        Log rates, the treated city first; it is left out.
    matrix : ndarray, shape (T, k)
        Constant, dose, season.

    Returns
    -------
    ndarray, shape (m · T,)
        The first m are those at no shift, `residual_placebos`.

    Notes
    -----
    Level and season are taken out of each course first. Shifts are exchangeable with the course itself where errors are
    stationary, which a step of a city's own at the start is not.

    References
    ----------
    Chernozhukov, Wüthrich & Zhu (2021), doi:10.1080/01621459.2021.1920957 (cyclic shifts).
    """
    without = np.delete(matrix, 1, axis=1)
    errors = outcomes[:, 1:] - outcomes[:, 1:].mean(axis=1, keepdims=True)
    errors = errors - without @ np.linalg.lstsq(without, errors, rcond=None)[0]
    T, m = errors.shape
    places = (np.arange(T)[:, None] + np.arange(T)) % T
    by_shift = np.einsum("t,stj->sj", np.linalg.pinv(matrix)[1], errors[places])
    return np.asarray(by_shift.ravel() * np.sqrt((m + 1) / (m - 1)))


def rearrangement_crossings(changes: Array, ratio: float = 1.0) -> Array:
    """Bounds of the effect by the rearrangement test at the levels 1 − i/200, i = 1, …, 199.

    Parameters
    ----------
    changes : ndarray, shape (1 + m,)
    ratio : float
        Largest ρ, the treated city's standard deviation over any other's, that is allowed for.

    Returns
    -------
    ndarray, shape (199, 2)
        Infinite at levels that m cities cannot give.

    Notes
    -----
    One-sided at α/2 each way: an effect b is rejected when (1 − w)(gap − b) is above every θ_j − θ̄, w being the
    smallest weight whose bound on the size is α/2; below likewise.

    References
    ----------
    Hagemann (2025), Inference with a single treated cluster, Review of Economic Studies 92:3968.
    """
    residuals = changes[1:] - changes[1:].mean()
    kept = (1 - _smallest_weights(len(residuals), ratio))[:, None]
    with np.errstate(divide="ignore"):
        return np.asarray(gap(changes) + np.array([-residuals.max(), -residuals.min()]) / kept)


def rearrangement_floor(number: int, ratio: float = 1.0) -> float:
    """Smallest two-sided p-value that the rearrangement test gives with a number of comparison cities.

    Examples
    --------
    >>> rearrangement_floor(10) > 0.05, rearrangement_floor(15) < 0.05
    (True, True)
    """
    return min(1.0, 2 * float(_bounds(number, ratio).min()))


def rearrangement_needs(ratio: float = 1.0, level: float = 0.95) -> int:
    """Comparison cities from which the two-sided rearrangement test can reject; some number does for every ratio.

    Examples
    --------
    >>> rearrangement_needs(2.0)
    14
    """
    return next(q for q in count(3) if rearrangement_floor(q, ratio) <= 1 - level)


@cache
def _bounds(number: int, ratio: float) -> Array:
    return inference.rearrangement_size(np.linspace(0.0, 1.0, weights_tried + 1), number, ratio)


def _smallest_weights(number: int, ratio: float) -> Array:
    """Smallest weight on a grid whose bound is α/2, for α = 1/200, …, 199/200; 1 where there is none."""
    weights, bounds = np.linspace(0.0, 1.0, weights_tried + 1), _bounds(number, ratio)
    half = np.arange(1, levels + 1) / (levels + 1) / 2
    holds = bounds[None, :] <= half[:, None]
    return np.where(holds.any(axis=1), weights[holds.argmax(axis=1)], 1.0)
