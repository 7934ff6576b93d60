"""Least squares for one series: ordinary, and Prais–Winsten for first-order autocorrelation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.regressors import full_rank_qr, require_full_rank

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GlsFit:
    """A least-squares fit of y = Xβ + u, u an AR(1) process with correlation ``rho``.

    Parameters
    ----------
    beta : ndarray, shape (k,)
        Coefficients.
    vcov : ndarray, shape (k, k)
        Their covariance, with s² = RSS/(n − k) of the (transformed) regression.
    residuals : ndarray, shape (n,)
        y − Xβ, never transformed.
    rho : float
        First-order autocorrelation that the fit used; 0 for ordinary least squares.
    df : float
        n − k.
    n, k : int
        Rows and columns of X.
    iterations : int
        Re-estimations of ``rho``.
    converged : bool
        Whether ``rho`` settled within the tolerance.
    """

    beta: Array
    vcov: Array
    residuals: Array
    rho: float
    df: float
    n: int
    k: int
    iterations: int
    converged: bool


def ols(y: Array, X: Array) -> GlsFit:
    """Ordinary least squares with the classical covariance.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome.
    X : ndarray, shape (n, k)
        Regressors, the constant among them.

    Returns
    -------
    GlsFit
        With ``rho = 0``.

    Raises
    ------
    EstimationError
        Arrays that do not fit together, are not finite, have no residual df or absorbed columns: each is named.

    Examples
    --------
    >>> fit = ols(np.array([1.0, 2.0, 4.0]), np.ones((3, 1)))
    >>> fit.beta.round(3).tolist(), fit.vcov.round(3).tolist(), fit.df
    ([2.333], [[0.778]], 2.0)
    """
    y, X = checked_regression(y, X)
    return _gls(y, X, rho=0.0, iterations=0, converged=True)


def prais_winsten(y: Array, X: Array, *, rho: float | None = None, max_iter: int = 100, tol: float = 1e-8) -> GlsFit:
    """Least squares with AR(1) errors, the first row kept (Prais–Winsten).

    ρ̂ is the regression of the residuals on their lag without a constant, Σ u_t u_{t−1} / Σ u²_{t−1}, started from
    ordinary least squares and iterated: the convention of R ``prais`` and of Stata ``prais, rhotype(regress)``. Rows
    are taken as equally spaced.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Outcome, in order of time.
    X : ndarray, shape (n, k)
        Regressors, the constant among them.
    rho : float, optional
        A known autocorrelation; nothing is iterated then.
    max_iter : int
        Most re-estimations of ρ; 1 is the two-step estimator.
    tol : float
        Change of ρ̂ at which it has settled.

    Returns
    -------
    GlsFit

    Raises
    ------
    EstimationError
        Arrays as in `ols`; a ρ̂ outside (−1, 1) (remove the trend, or take REML, which bounds ρ).

    Warns
    -----
    IdentificationWarning
        ρ̂ has not settled after ``max_iter`` steps.

    References
    ----------
    Prais & Winsten (1954), Cowles Commission Discussion Paper 383; Bottomley, Ooko, Gasparrini & Keogh (2023),
    doi:10.1002/sim.9669.

    Examples
    --------
    >>> y = np.array([1.0, 2.0, 2.0, 3.0, 2.0, 1.0, 1.0, 0.0])
    >>> fit = prais_winsten(y, np.ones((8, 1)))
    >>> round(fit.rho, 3), fit.converged
    (0.669, True)
    """
    y, X = checked_regression(y, X)
    if rho is not None:
        return _gls(y, X, rho=_stationary(rho), iterations=0, converged=True)
    current, change, iterations = 0.0, np.inf, 0
    while iterations < max_iter and change > tol:
        residuals = _gls(y, X, rho=current, iterations=iterations, converged=False).residuals
        new = _stationary(_lag_correlation(residuals))
        change, current, iterations = abs(new - current), new, iterations + 1
    if change > tol:
        doubt(f"Prais–Winsten: ρ still moved by {change:.2g} after {iterations} steps (tolerance {tol:.2g})")
    return _gls(y, X, rho=current, iterations=iterations, converged=change <= tol)


def positive_correlation(residuals: Array, positions: Array) -> float:
    """Correlation Σ u_t u_{t−1} / Σ u² of neighbouring periods, kept between 0 and 0.97.

    Parameters
    ----------
    residuals : ndarray, shape (n,)
        In order of time.
    positions : ndarray, shape (n,)
        Integer positions; rows on either side of a gap are no neighbours.

    Examples
    --------
    >>> u, months = np.array([1.0, 1.0, -1.0, -1.0]), np.arange(4.0)
    >>> positive_correlation(u, months), positive_correlation(-u[::2].repeat(2) * [1, -1, 1, -1], months)
    (0.25, 0.0)
    """
    energy = float(residuals @ residuals)
    gaps = np.diff(positions)
    near = gaps == gaps.min(initial=np.inf)
    return float(np.clip((residuals[1:] * residuals[:-1])[near].sum() / energy, 0.0, 0.97)) if energy > 0 else 0.0


def checked_regression(y: Array, X: Array) -> tuple[Array, Array]:
    """Return outcome and regressors as float arrays, or one error naming everything that is wrong with them.

    Raises
    ------
    EstimationError
        As `ols`.
    """
    y, X = _arrays(y, X)
    require_full_rank(X, _numbers(X))
    return y, X


def checked_qr(y: Array, X: Array) -> tuple[Array, Array, Array, Array]:
    """Return `checked_regression` with an orthonormal basis of the regressors and its triangle."""
    y, X = _arrays(y, X)
    return y, X, *full_rank_qr(X, _numbers(X))


def _arrays(y: Array, X: Array) -> tuple[Array, Array]:
    y, X = np.asarray(y, float), np.asarray(X, float)
    problems = Problems("regression")
    note_regressor_problems(problems, X, spare=1)
    note_outcome_problems(problems, y, len(X))
    problems.raise_if_any(EstimationError)
    return y, X


def _numbers(X: Array) -> list[str]:
    return [f"column {j}" for j in range(X.shape[1])]


def note_regressor_problems(problems: Problems, X: Array, *, spare: int) -> None:
    """Note a matrix that is not (n, k), not finite, or leaves fewer than ``spare`` residual df."""
    if X.ndim != 2 or X.shape[1] == 0:
        problems.add(f"regressors have shape {X.shape}", mend="give a matrix with one row per period")
        return
    n, k = X.shape
    if n < k + spare:
        problems.add(f"{n} rows for {k} columns, {k + spare} are needed", mend="take a longer series or fewer terms")
    finite = np.isfinite(X)
    if not finite.all():
        bad = np.flatnonzero(~finite.all(axis=1))
        problems.add(f"{len(bad)} rows of the regressors are not finite", rows=bad, mend="drop or repair them")


def note_outcome_problems(problems: Problems, y: Array, n: int) -> None:
    """Note an outcome that is not a vector of length ``n``, or not finite."""
    if y.shape != (n,):
        problems.add(f"outcome has shape {y.shape}, the regressors have {n} rows", mend="give one value per row")
        return
    bad = np.flatnonzero(~np.isfinite(y))
    if len(bad):
        problems.add(f"{len(bad)} values of the outcome are not finite", rows=bad, mend="drop or repair them")


def _gls(y: Array, X: Array, *, rho: float, iterations: int, converged: bool) -> GlsFit:
    """Least squares after the Prais–Winsten transformation at ``rho``."""
    n, k = X.shape
    basis, triangle = np.linalg.qr(_transform(X, rho))
    outcome = _transform(y, rho)
    scores = basis.T @ outcome
    beta = np.linalg.solve(triangle, scores)
    unexplained = float(np.linalg.norm(outcome - basis @ scores))
    if unexplained <= 1e-10 * float(np.linalg.norm(outcome)):
        note("the regressors reproduce the outcome exactly: its standard errors are zero up to rounding")
    sigma2 = unexplained**2 / (n - k)
    inverse = np.linalg.inv(triangle)
    return GlsFit(
        beta=beta,
        vcov=sigma2 * inverse @ inverse.T,
        residuals=y - X @ beta,
        rho=rho,
        df=float(n - k),
        n=n,
        k=k,
        iterations=iterations,
        converged=converged,
    )


def _transform(Z: Array, rho: float) -> Array:
    """Rows z_t − ρ z_{t−1}, the first one √(1−ρ²) z_1."""
    out = Z.astype(float, copy=True)
    out[1:] -= rho * Z[:-1]
    out[0] *= np.sqrt(1 - rho**2)
    return out


def _lag_correlation(residuals: Array) -> float:
    before = residuals[:-1]
    energy = float(before @ before)
    return float(residuals[1:] @ before) / energy if energy > 0 else 0.0


def _stationary(rho: float) -> float:
    if not abs(rho) < 1:
        raise EstimationError(
            f"the autocorrelation is {rho:.3f}: the errors are not stationary",
            mend="add the missing trend, or use REML, which bounds it",
        )
    return float(rho)


def note_time_problems(problems: Problems, time: Array, n: int) -> None:
    """Add what is wrong with integer positions of n rows."""
    if time.shape != (n,):
        problems.add(f"time has shape {time.shape}, the regressors have {n} rows", mend="give one position per row")
        return
    broken = np.flatnonzero(~np.isfinite(time) | (time != np.round(time)))
    if len(broken):
        problems.add(f"{len(broken)} times are not integer positions", rows=broken, mend="count the periods")
    backward = np.flatnonzero(np.diff(time) <= 0) + 1
    if len(backward):
        problems.add(f"{len(backward)} times do not increase", rows=backward, mend="sort, one row per period")
