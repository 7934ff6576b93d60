"""Regression on a series whose errors persist: REML with an AR(1) process plus white noise.

The errors have covariance V = s²·K, K = φR(ρ) + (1−φ)I, where R(ρ)_ij = ρ^|t_i − t_j|: a share φ of the variance
persists, the rest (the nugget) is new each period. R is Markov, also over gaps, so Q = R⁻¹ is tridiagonal and
K⁻¹ = M⁻¹Q with M = φI + (1−φ)Q tridiagonal as well: a likelihood costs O(n). Many (ρ, φ) points are evaluated by one
factorisation, their matrices laid on one long diagonal. Only the degrees of freedom need an n × n matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dpttrf, dpttrs

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.regressors import require_full_rank
from coresponder_causal.core.serial import note_outcome_problems, note_regressor_problems
from coresponder_causal.core.variance import VarianceRecord

Array = NDArray[np.float64]

RHO_MAX = 0.985
PHI_MIN = 0.02
_EDGE = 1e-3  # closer to a bound than this is at the bound
_GRID_RHO = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.78, 0.85, 0.9, 0.94, 0.97, RHO_MAX)
_GRID_PHI = (PHI_MIN, 0.08, 0.16, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
_STARTS, _HOPELESS = 3, 1.0
_STEPS, _LONGEST, _SHRINK, _GAIN = 30, 0.3, 0.3, 1e-8
_FLAT, _WIDTH = 0.01, 1e-3
_STENCIL = np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1)], float)


@dataclass(frozen=True, slots=True, eq=False)
class RemlFit:
    """A REML fit of y = Xβ + u, Var(u) = s²[φR(ρ) + (1−φ)I].

    Parameters
    ----------
    beta : ndarray, shape (k,)
        Coefficients, in the units of y.
    vcov : ndarray, shape (k, k)
        Their covariance at the estimated variance parameters.
    sigma2 : float
        s², the variance of one period's error (persistent and new together).
    rho, phi : float
        Correlation of neighbouring periods in the persistent part, and that part's share of s².
    loglik : float
        Maximised REML log-likelihood; see `SerialDesign.reml_loglik`.
    at_bound : tuple of str
        Which of "rho zero" (φ is then not identified and set to 1), "rho upper", "nugget zero" (φ = 1) and "nugget
        upper" (φ = 0.02) hold.
    record : VarianceRecord
        ∂vcov/∂θ and the expected information of θ = (log s², ρ, φ), without ρ at its upper bound and without φ at 1
        or where ρ = 0: ``record.df(c, vcov)`` is the Satterthwaite df of c'β.
    n, k : int
        Rows and columns of X.
    residuals : ndarray, shape (n,)
        y − Xβ.
    """

    beta: Array
    vcov: Array
    sigma2: float
    rho: float
    phi: float
    loglik: float
    at_bound: tuple[str, ...]
    record: VarianceRecord
    n: int
    k: int
    residuals: Array


class SerialDesign:
    """Regressors of one series, ready to be fitted to any number of outcomes.

    Parameters
    ----------
    X : ndarray, shape (n, k)
        Regressors, the constant among them.
    time : ndarray, shape (n,), optional
        Integer positions of the rows, increasing; a missing month is a gap. Default 0, 1, 2, …
    nugget : bool
        Whether the errors have a white part; ``False`` fixes φ = 1 (plain AR(1)).

    Raises
    ------
    EstimationError
        Every rule that is broken: fewer than k + 2 rows, values that are not finite, times that are not integer or
        do not increase; then the columns that others absorb, by position.

    References
    ----------
    Turner et al. (2021), doi:10.1186/s12874-021-01364-0 (REML in interrupted series); Satterthwaite (1946),
    doi:10.2307/3002019; Kenward & Roger (1997), doi:10.2307/2533558 (expected information of REML).

    Examples
    --------
    >>> t = np.arange(24.0)
    >>> design = SerialDesign(np.column_stack([np.ones(24), t >= 12]))
    >>> fit = design.fit(np.where(t < 12, 5.0, 4.0) + np.sin(t) + np.cos(2.3 * t))
    >>> contrast = np.array([0.0, 1.0])
    >>> round(float(fit.beta[1]), 2), round(fit.record.df(contrast, fit.vcov), 1)
    (-1.15, 6.9)
    """

    def __init__(self, X: Array, *, time: Array | None = None, nugget: bool = True) -> None:
        self.X = np.array(X, float)
        self.time = np.arange(len(self.X), dtype=float) if time is None else np.array(time, float)
        self.nugget = nugget
        problems = Problems("series design")
        note_regressor_problems(problems, self.X, spare=2)
        _note_time_problems(problems, self.time, len(self.X))
        problems.raise_if_any(EstimationError)
        self.n, self.k = self.X.shape
        require_full_rank(self.X, [f"column {j}" for j in range(self.k)])
        self.X.setflags(write=False)
        self.time.setflags(write=False)
        self._gaps = np.diff(self.time)
        self._basis, self._triangle = np.linalg.qr(self.X)
        self._low, self._high = np.array([0.0, PHI_MIN if nugget else 1.0]), np.array([RHO_MAX, 1.0])

    def fit(self, y: Array) -> RemlFit:
        """Fit one outcome; the same outcome always gives the same fit.

        Parameters
        ----------
        y : ndarray, shape (n,)
            Outcome, in the order of the rows of X.

        Returns
        -------
        RemlFit

        Raises
        ------
        EstimationError
            An outcome of another length, not finite, or reproduced exactly by the regressors.
        """
        y, unit, scale = self._standardise(y)
        rho, phi = self._maximise(unit)
        point = _Points.at(np.array([rho]), np.array([phi]), self._gaps, self._basis)
        loglik, spread = point.profile(unit)
        sigma2 = float(spread[0]) * scale**2
        root = point.root[0]
        half = np.linalg.inv(self._triangle) @ np.linalg.inv(root).T
        shift = scale * half @ np.linalg.solve(root, point.cross(unit)[0])
        beta = np.linalg.solve(self._triangle, self._basis.T @ y) + shift
        return RemlFit(
            beta=beta,
            vcov=sigma2 * half @ half.T,
            sigma2=sigma2,
            rho=rho,
            phi=phi,
            loglik=float(loglik[0]) - (self.n - self.k) * float(np.log(scale)),
            at_bound=self._at_bound(rho, phi),
            record=self._record(point, sigma2, half),
            n=self.n,
            k=self.k,
            residuals=y - self.X @ beta,
        )

    def reml_loglik(self, y: Array, rho: ArrayLike, phi: ArrayLike) -> Array:
        """REML log-likelihood of given variance parameters, s² maximised out.

        Parameters
        ----------
        y : ndarray, shape (n,)
            Outcome.
        rho, phi : float or ndarray, shape (g,)
            Points, one likelihood each; 0 ≤ ρ < 1, 0 < φ ≤ 1.

        Returns
        -------
        ndarray, shape (g,)
            −½[(n−k)(log 2πŝ² + 1) + log|K| + log|X'K⁻¹X| − log|X'X|]: the density of n − k orthonormal error
            contrasts, which does not depend on how the columns of X are written.

        Raises
        ------
        EstimationError
            As `fit`, or points outside the bounds above: keep them inside.

        Examples
        --------
        >>> design = SerialDesign(np.ones((4, 1)))
        >>> design.reml_loglik(np.array([1.0, 2.0, 0.0, 1.0]), [0.0, 0.5], 1.0).round(3).tolist()
        [-3.649, -4.141]
        """
        _, unit, scale = self._standardise(y)
        places = np.stack(np.broadcast_arrays(np.atleast_1d(rho), np.atleast_1d(phi)), axis=1).astype(float)
        inside = (places[:, 0] >= 0) & (places[:, 0] < 1) & (places[:, 1] > 0) & (places[:, 1] <= 1)
        problems = Problems("points of the likelihood")
        if not inside.all():
            outside = np.flatnonzero(~inside)
            problems.add(f"{len(outside)} outside 0 ≤ ρ < 1, 0 < φ ≤ 1", rows=outside, mend="keep them inside")
        problems.raise_if_any(EstimationError)
        return np.asarray(self._loglik(places, unit) - (self.n - self.k) * np.log(scale), float)

    def _standardise(self, y: Array) -> tuple[Array, Array, float]:
        """Return the outcome, its ordinary residuals in units of their own spread, and that spread."""
        y = np.array(y, float)
        problems = Problems("outcome of the series")
        note_outcome_problems(problems, y, self.n)
        problems.raise_if_any(EstimationError)
        residuals = y - self._basis @ (self._basis.T @ y)
        norm = float(np.linalg.norm(residuals))
        if norm <= 1e-10 * float(np.linalg.norm(y)):
            raise EstimationError(
                f"the {self.k} regressors reproduce the {self.n} values of the outcome exactly: no error is left",
                mend="check that the outcome is not constant and not among the regressors",
            )
        scale = norm / float(np.sqrt(self.n - self.k))
        return y, residuals / scale, scale

    def _loglik(self, places: Array, unit: Array) -> Array:
        """Log-likelihood of the standardised outcome at each row (ρ, φ)."""
        return _Points.at(places[:, 0], places[:, 1], self._gaps, self._basis).profile(unit)[0]

    @cached_property
    def _grid(self) -> _Points:
        """Coarse grid over the box, factorised once for all outcomes."""
        phis = _GRID_PHI if self.nugget else (1.0,)
        places = np.array([(0.0, 1.0), *((rho, phi) for rho in _GRID_RHO for phi in phis)])
        return _Points.at(places[:, 0], places[:, 1], self._gaps, self._basis)

    def _maximise(self, unit: Array) -> tuple[float, float]:
        """Climb from the best peaks of the grid; return the highest (ρ, φ)."""
        values = self._grid.profile(unit)[0]
        places = np.column_stack([self._grid.rho, self._grid.phi])
        peaks = np.flatnonzero(_is_peak(values, columns=(len(values) - 1) // len(_GRID_RHO)))
        peaks = peaks[np.argsort(-values[peaks], kind="stable")][:_STARTS]
        starts = places[peaks[values[peaks] > values.max() - _HOPELESS]]
        rho, phi = max((self._climb(unit, start) for start in starts), key=lambda reached: reached[1])[0]
        return (float(rho), float(phi)) if rho >= _EDGE else (0.0, 1.0)

    def _climb(self, unit: Array, place: Array) -> tuple[Array, float]:
        """Newton steps inside the box from ``place``; a coordinate that its bound holds back stays there."""
        here, length = self._expand(unit, place), 1.0
        for _ in range(_STEPS):
            held = (place <= self._low) & (here.gradient <= 0) | (place >= self._high) & (here.gradient >= 0)
            step = length * _ascent(here, ~held)
            if here.gradient @ step < _GAIN:
                break
            proposal = np.clip(place + step, self._low, self._high)
            there = self._expand(unit, proposal)
            if there.value > here.value:
                place, here, length = proposal, there, 1.0
            else:
                length *= _SHRINK
        return place, here.value

    def _expand(self, unit: Array, place: Array) -> _Surface:
        """Log-likelihood around ``place`` to second order, from a seven-point stencil."""
        centre, east, west, north, south, upper, lower = self._loglik(place + _WIDTH * _STENCIL, unit)
        gradient = np.array([east - west, north - south]) / (2 * _WIDTH)
        cross = (upper + lower - east - west - north - south + 2 * centre) / 2
        hessian = np.array([[east - 2 * centre + west, cross], [cross, north - 2 * centre + south]]) / _WIDTH**2
        return _Surface(float(centre), gradient, hessian)

    def _record(self, point: _Points, sigma2: float, half: Array) -> VarianceRecord:
        """Differentiate vcov = s²·half·half' in (log s², ρ, φ), with their expected REML information."""
        rho, phi = float(point.rho[0]), float(point.phi[0])
        lag = np.abs(self.time[:, None] - self.time)
        R, identity = rho**lag, np.eye(self.n)
        slopes = []
        if rho <= RHO_MAX - _EDGE:
            slopes.append(phi * lag * rho ** np.maximum(lag - 1, 0))
        if phi <= 1 - _EDGE and rho > 0:
            slopes.append(R - identity)
        weighted = np.linalg.solve(point.root[0], point.solved[:, 0]).T
        P = np.linalg.inv(phi * R + (1 - phi) * identity) - weighted @ weighted.T
        products = [P @ slope for slope in slopes]
        information = np.empty((1 + len(slopes),) * 2)
        information[0, 0] = (self.n - self.k) / 2
        information[0, 1:] = information[1:, 0] = [np.trace(product) / 2 for product in products]
        information[1:, 1:] = [[np.sum(a * b.T) / 2 for b in products] for a in products]
        hat = weighted @ half.T
        gradient = np.array([sigma2 * half @ half.T, *(sigma2 * hat.T @ slope @ hat for slope in slopes)])
        return VarianceRecord(gradient=gradient, information=information, ceiling=float(self.n - self.k))

    def _at_bound(self, rho: float, phi: float) -> tuple[str, ...]:
        reached = {
            "rho zero": rho == 0,
            "rho upper": rho > RHO_MAX - _EDGE,
            "nugget zero": self.nugget and rho > 0 and phi > 1 - _EDGE,
            "nugget upper": phi < PHI_MIN + _EDGE,
        }
        return tuple(name for name, here in reached.items() if here)


class _Surface(NamedTuple):
    """A function of (ρ, φ) to second order around a point."""

    value: float
    gradient: Array
    hessian: Array


def _is_peak(values: Array, columns: int) -> NDArray[np.bool_]:
    """Whether no neighbour on the grid is higher; the first value is the grid's corner (ρ, φ) = (0, 1)."""
    surface = np.full((len(_GRID_RHO) + 3, columns + 2), -np.inf)
    surface[1, -2] = values[0]
    surface[2:-1, 1:-1] = values[1:].reshape(-1, columns)
    peak = surface[1:-1, 1:-1] >= sliding_window_view(surface, (3, 3)).max(axis=(2, 3))
    return np.concatenate([peak[0, -1:], peak[1:].ravel()])


def _ascent(surface: _Surface, free: NDArray[np.bool_]) -> Array:
    """Newton step of the free coordinates, made uphill where the surface is not concave and of trusted length."""
    step = np.zeros(2)
    if free.any():
        curvature, axes = np.linalg.eigh(surface.hessian[np.ix_(free, free)])
        step[free] = axes @ (axes.T @ surface.gradient[free] / np.maximum(np.abs(curvature), _FLAT))
    return step * (_LONGEST / max(float(np.abs(step).max()), _LONGEST))


@dataclass(frozen=True, slots=True, eq=False)
class _Points:
    """Factorised covariances at g points (ρ, φ) for one set of orthonormal regressors B.

    ``diagonal`` and ``off`` hold Q = R⁻¹, shape (g, n) with the last of ``off`` zero; ``factor`` the LDL' of all M on
    one diagonal; ``solved`` K⁻¹B, shape (k, g, n); ``root`` the Cholesky factor of B'K⁻¹B; ``logdet``
    log|K| + log|B'K⁻¹B|.
    """

    rho: Array
    phi: Array
    diagonal: Array
    off: Array
    factor: tuple[Array, Array]
    solved: Array
    root: Array
    logdet: Array

    @staticmethod
    def at(rho: Array, phi: Array, gaps: Array, basis: Array) -> _Points:
        """Factorise; |K| = |M|·|R|, and B'K⁻¹B is B'M⁻¹QB."""
        share = phi[:, None]
        r = rho[:, None] ** gaps
        precision = 1 / (1 - r**2)
        diagonal = np.ones((len(rho), len(gaps) + 1))
        diagonal[:, :-1] += r**2 * precision
        diagonal[:, 1:] += r**2 * precision
        off = np.zeros_like(diagonal)
        off[:, :-1] = -r * precision
        pivots, multipliers, _ = dpttrf((share + (1 - share) * diagonal).ravel(), ((1 - share) * off).ravel()[:-1])
        solved = _solve(diagonal, off, (pivots, multipliers), basis.T)
        root = np.asarray(np.linalg.cholesky(solved.transpose(1, 0, 2) @ basis), float)
        logdet = np.log(pivots).reshape(diagonal.shape).sum(axis=1) - np.log(precision).sum(axis=1)
        logdet += 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        return _Points(rho, phi, diagonal, off, (pivots, multipliers), solved, root, logdet)

    def cross(self, unit: Array) -> Array:
        """B'K⁻¹z, shape (g, k)."""
        return (self.solved @ unit).T

    def profile(self, unit: Array) -> tuple[Array, Array]:
        """Return log-likelihood and s² of a standardised outcome z at every point, each of shape (g,)."""
        spare = self.diagonal.shape[1] - len(self.solved)
        energy = _solve(self.diagonal, self.off, self.factor, unit[None])[0] @ unit
        explained = np.linalg.solve(self.root, self.cross(unit)[..., None])[..., 0]
        sigma2 = (energy - np.sum(explained**2, axis=1)) / spare
        return -0.5 * (spare * (np.log(2 * np.pi * sigma2) + 1) + self.logdet), sigma2


def _solve(diagonal: Array, off: Array, factor: tuple[Array, Array], rows: Array) -> Array:
    """K⁻¹z = M⁻¹Qz for every row z of ``rows`` (m, n) at every point: shape (m, g, n)."""
    product = rows[:, None, :] * diagonal
    product[:, :, :-1] += off[:, :-1] * rows[:, None, 1:]
    product[:, :, 1:] += off[:, :-1] * rows[:, None, :-1]
    solution, _ = dpttrs(*factor, product.reshape(len(rows), -1).T, overwrite_b=True)
    return np.asarray(solution.T, float).reshape(product.shape)


def _note_time_problems(problems: Problems, time: Array, n: int) -> None:
    if time.shape != (n,):
        problems.add(f"time has shape {time.shape}, the regressors have {n} rows", mend="give one position per row")
        return
    broken = np.flatnonzero(~np.isfinite(time) | (time != np.round(time)))
    if len(broken):
        problems.add(f"{len(broken)} times are not integer positions", rows=broken, mend="count the periods")
    backward = np.flatnonzero(np.diff(time) <= 0) + 1
    if len(backward):
        problems.add(f"{len(backward)} times do not increase", rows=backward, mend="sort, one row per period")
