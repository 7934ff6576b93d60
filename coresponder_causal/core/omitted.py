"""What an omitted variable would do to the coefficient of a regression, in partial R².

Z is the omitted variable, D the treatment, Y the outcome, X the covariates: r2dz is the partial R² of Z with D given X,
r2yz that of Z with Y given D and X.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical

Array = NDArray[np.float64]


class Benchmark(NamedTuple):
    """Partial R² of one or several covariates with treatment and outcome."""

    r2dx: float
    r2yx: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regression:
    """A least-squares regression of the outcome on treatment and covariates, and of the treatment on the covariates.

    Parameters
    ----------
    estimate, std_error, dof : float
        Coefficient of the treatment, its classical standard error and the residual degrees of freedom.
    coef, inverse : ndarray, shape (k,) and (k, k)
        All coefficients, treatment first, and (X'X)⁻¹.
    variance : float
        Residual variance.
    treatment_coef, treatment_inverse, treatment_variance
        The same of the treatment's regression; its coefficients are those of the covariates.
    rows, residuals, treatment_residuals : ndarray
        √w times rows, outcome residuals and treatment residuals.
    """

    estimate: float
    std_error: float
    dof: int
    coef: Array
    inverse: Array
    variance: float
    treatment_coef: Array
    treatment_inverse: Array
    treatment_variance: float
    rows: Array
    residuals: Array
    treatment_residuals: Array

    def benchmark(self, places: list[int]) -> Benchmark:
        """Partial R² of covariates, by their places among the covariates (0 is the first after the treatment)."""
        of_outcome = _partial(self.coef, self.inverse, self.variance, [place + 1 for place in places], self.dof)
        of_treatment = _partial(
            self.treatment_coef, self.treatment_inverse, self.treatment_variance, places, self.dof + 1
        )
        return Benchmark(of_treatment, of_outcome)


def regression(y: Array, treated: Array, covariates: Array, weights: Array | None = None) -> Regression:
    """Fit both regressions.

    Parameters
    ----------
    y, treated : ndarray, shape (n,)
    covariates : ndarray, shape (n, p)
        Without a constant.
    weights : ndarray, shape (n,), optional

    Raises
    ------
    EstimationError
        Covariates that repeat each other or the treatment, or fewer rows than coefficients.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> d, x = rng.normal(size=(2, 50))
    >>> round(regression(2 * d + x, d + x, x[:, None]).estimate, 6)
    2.0
    """
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    rows = np.column_stack([treated, covariates, np.ones(len(y))]) * root[:, None]
    spread = np.sqrt((rows**2).mean(axis=0))
    n, k = rows.shape
    if n <= k or np.linalg.matrix_rank(rows / spread) < k:
        raise EstimationError(
            f"{k} coefficients of {n} rows are not all determined", mend="leave out covariates that repeat others"
        )
    outcome, treatment = _least_squares(rows, y * root), _least_squares(rows[:, 1:], treated * root)
    return Regression(
        estimate=float(outcome.coef[0]),
        std_error=float(np.sqrt(outcome.variance * outcome.inverse[0, 0])),
        dof=n - k,
        coef=outcome.coef,
        inverse=outcome.inverse,
        variance=outcome.variance,
        treatment_coef=treatment.coef,
        treatment_inverse=treatment.inverse,
        treatment_variance=treatment.variance,
        rows=rows,
        residuals=outcome.residuals,
        treatment_residuals=treatment.residuals,
    )


class _Fit(NamedTuple):
    coef: Array
    inverse: Array
    variance: float
    residuals: Array


def _least_squares(rows: Array, y: Array) -> _Fit:
    basis, triangle = np.linalg.qr(rows)
    back = np.linalg.inv(triangle)
    coef = back @ (basis.T @ y)
    rest = y - rows @ coef
    return _Fit(coef, back @ back.T, float(rest @ rest) / (len(y) - rows.shape[1]), rest)


def _partial(coef: Array, inverse: Array, variance: float, places: list[int], dof: int) -> float:
    """W / (W + df), W the Wald statistic of the coefficients under classical errors."""
    own = coef[places]
    wald = float(own @ np.linalg.solve(inverse[np.ix_(places, places)], own)) / variance
    return wald / (wald + dof)


def partial_r2(t: float, dof: float) -> float:
    """Share of what is left of the outcome that the treatment explains."""
    return t**2 / (t**2 + dof)


def robustness_value(t: float, dof: float, *, q: float = 1.0, level: float | None = None) -> float:
    """Find the partial R² with treatment and outcome at which an omitted variable takes a share of an estimate away.

    Parameters
    ----------
    t : float
        Estimate over its classical standard error.
    dof : float
        Residual degrees of freedom.
    q : float
        Share of the estimate.
    level : float, optional
        Instead of the estimate, its interval of this level is to reach (1 − q) times the estimate.

    References
    ----------
    Cinelli & Hazlett (2020), doi:10.1111/rssb.12348; with the interval's bound where only the outcome's association is
    binding: Cinelli & Hazlett (2025), doi:10.1093/biomet/asaf004.

    Examples
    --------
    >>> round(robustness_value(4.18445, 783), 4), round(robustness_value(4.18445, 783, level=0.95), 4)
    (0.1388, 0.0763)
    """
    f = q * abs(t) / np.sqrt(dof)
    cut = 0.0 if level is None else float(critical(dof - 1, level)) / np.sqrt(dof - 1)
    left = f - cut
    if left <= 0:
        return 0.0
    if cut > 0 and f > 1 / cut:
        return float((f**2 - cut**2) / (1 + f**2))
    return float((np.sqrt(left**4 + 4 * left**2) - left**2) / 2)


class Adjusted(NamedTuple):
    """Estimate, standard error and bounds after an omitted variable of stated strength worked against the estimate."""

    estimate: Array
    std_error: Array
    low: Array
    high: Array


def adjusted(
    estimate: float, std_error: float, dof: float, r2dz: ArrayLike, r2yz: ArrayLike, *, level: float = 0.95
) -> Adjusted:
    """Estimate after adjustment for an omitted variable that pulls it towards, and past, nothing.

    Parameters
    ----------
    estimate, std_error, dof : float
    r2dz, r2yz : array_like
        Partial R² with treatment and outcome.

    References
    ----------
    Cinelli & Hazlett (2020), doi:10.1111/rssb.12348, equations 6 and 7.

    Examples
    --------
    >>> adjusted(0.0973158, 0.0232565, 783, 0.1, 0.3).estimate.round(4).item()
    -0.0215
    """
    d, y = np.asarray(r2dz, float), np.asarray(r2yz, float)
    bias = np.sqrt(y * d / (1 - d)) * std_error * np.sqrt(dof)
    moved = np.sign(estimate) * (abs(estimate) - bias)
    spread = np.sqrt((1 - y) / (1 - d)) * std_error * np.sqrt(dof / (dof - 1))
    half = critical(dof - 1, level) * spread
    return Adjusted(moved, spread, moved - half, moved + half)


def as_strong_as(benchmark: Benchmark, times: float) -> tuple[float, float] | None:
    """r2dz and r2yz of an omitted variable ``times`` as strong as a benchmark; None where none can be so strong.

    References
    ----------
    Cinelli & Hazlett (2020), doi:10.1111/rssb.12348, section 4.4.

    Examples
    --------
    >>> as_strong_as(Benchmark(0.5, 0.1), 1.0) is None
    True
    """
    d, y = benchmark
    r2dz = times * d / (1 - d)
    if r2dz >= 1 or times * d >= 1:
        return None
    shared = times * d**2 / ((1 - times * d) * (1 - d))
    if shared >= 1:
        return None
    r2yz = ((np.sqrt(times) + np.sqrt(shared)) / np.sqrt(1 - shared)) ** 2 * y / (1 - y)
    return (r2dz, float(r2yz)) if r2yz < 1 else None
