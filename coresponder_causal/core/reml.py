"""Regression on a series whose errors persist: REML with an AR(1) process plus white noise.

The errors have covariance V = s²·K, K = φR(ρ) + (1−φ)I, where R(ρ)_ij = ρ^|t_i − t_j|: a share φ of the variance
persists, the rest (the nugget) is new each period. A likelihood costs O(n), see `reml_points`, and many (ρ, φ) points,
of several outcomes, are evaluated at once. Only the degrees of freedom need an n × n matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core import inference
from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.regressors import require_full_rank
from coresponder_causal.core.reml_points import Points
from coresponder_causal.core.serial import note_outcome_problems, note_regressor_problems
from coresponder_causal.core.variance import VarianceRecord

Array = NDArray[np.float64]

RHO_MAX = 0.985
PHI_MIN = 0.02
_EDGE = 1e-3  # closer to a bound than this is at the bound
_GRID_RHO = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.78, 0.85, 0.9, 0.94, 0.97, RHO_MAX)
_GRID_PHI = (PHI_MIN, 0.08, 0.16, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
_FINE_RHO = (*np.arange(0.05, 0.96, 0.05).round(2).tolist(), RHO_MAX)
_FINE_PHI = (PHI_MIN, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
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
        self._inverse_triangle = np.linalg.inv(self._triangle)
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
        return self.fit_each([y])[0]

    def fit_each(self, outcomes: Sequence[Array]) -> list[RemlFit]:
        """Fit several outcomes, each as `fit` does, all climbing at once.

        Parameters
        ----------
        outcomes : sequence of ndarray, each of shape (n,)

        Returns
        -------
        list of RemlFit
            In the order of the outcomes.

        Raises
        ------
        EstimationError
            As `fit`, for the first outcome that cannot be fitted.
        """
        given = [self._standardise(y) for y in outcomes]
        units = np.array([unit for _, unit, _ in given])
        places = self._maximise(units)
        points = Points.at(places[:, 0], places[:, 1], self._gaps, self._basis)
        loglik, spread = points.profile_own(units)
        crosses = points.cross_own(units)
        fits = []
        for j, (y, _, scale) in enumerate(given):
            sigma2, root = float(spread[j]) * scale**2, points.root[j]
            half = self._inverse_triangle @ np.linalg.inv(root).T
            shift = scale * half @ np.linalg.solve(root, crosses[j])
            beta = np.linalg.solve(self._triangle, self._basis.T @ y) + shift
            rho, phi = float(places[j, 0]), float(places[j, 1])
            fits.append(
                RemlFit(
                    beta=beta,
                    vcov=sigma2 * half @ half.T,
                    sigma2=sigma2,
                    rho=rho,
                    phi=phi,
                    loglik=float(loglik[j]) - (self.n - self.k) * float(np.log(scale)),
                    at_bound=self._at_bound(rho, phi),
                    record=self._record(points, j, sigma2, half),
                    n=self.n,
                    k=self.k,
                    residuals=y - self.X @ beta,
                )
            )
        return fits

    def rho_limits(self, y: Array, *, share: float = 0.8) -> tuple[float, float]:
        """One-sided lower and upper limits of ρ, each of confidence ``share``.

        Parameters
        ----------
        y : ndarray, shape (n,)
            Outcome.
        share : float
            Confidence of each limit.

        Returns
        -------
        lower, upper : float
            Ends of {ρ : l(ρ) ≥ max l − z²/2}, z the normal quantile of ``share`` and l the restricted likelihood with
            s² and φ maximised out: on a grid of ρ in steps of .05, straight between them. 0 and .985 where the
            likelihood does not fall that far, as with errors that may as well be white.

        Raises
        ------
        EstimationError
            As `fit`.

        Examples
        --------
        >>> rng = np.random.default_rng(1)
        >>> SerialDesign(np.ones((200, 1))).rho_limits(rng.normal(size=200).cumsum())[0] > 0.9
        True
        """
        _, unit, _ = self._standardise(y)
        values = self._fine_grid.profile(unit[None])[0][:, 0]
        profile = np.append(values[0], values[1:].reshape(len(_FINE_RHO), -1).max(axis=1))
        cut = profile.max() - float(inference.critical(np.inf, 2 * share - 1)) ** 2 / 2
        rho = np.array([0.0, *_FINE_RHO])
        return _crossing(rho, profile - cut), _crossing(rho[::-1], (profile - cut)[::-1])

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
        return np.asarray(
            self._loglik(places, np.broadcast_to(unit, (len(places), self.n))) - (self.n - self.k) * np.log(scale),
            float,
        )

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

    def _loglik(self, places: Array, units: Array) -> Array:
        """Log-likelihood of each standardised outcome (rows of ``units``) at its own row (ρ, φ)."""
        return Points.at(places[:, 0], places[:, 1], self._gaps, self._basis).profile_own(units)[0]

    @cached_property
    def _grid(self) -> Points:
        """Coarse grid over the box, factorised once for all outcomes."""
        return self._over(_GRID_RHO, _GRID_PHI)

    @cached_property
    def _fine_grid(self) -> Points:
        """Finer grid for the limits of ρ."""
        return self._over(_FINE_RHO, _FINE_PHI)

    def _over(self, rhos: tuple[float, ...], phis: tuple[float, ...]) -> Points:
        """Every ρ with every φ (φ = 1 alone without a nugget), after the corner (0, 1)."""
        places = np.array([(0.0, 1.0), *((rho, phi) for rho in rhos for phi in (phis if self.nugget else (1.0,)))])
        return Points.at(places[:, 0], places[:, 1], self._gaps, self._basis)

    def _maximise(self, units: Array) -> Array:
        """Climb from the best peaks of the grid; return the highest (ρ, φ) of every outcome, shape (J, 2)."""
        values = self._grid.profile(units)[0]
        places = np.column_stack([self._grid.rho, self._grid.phi])
        starts = [_starts(column, columns=(len(values) - 1) // len(_GRID_RHO)) for column in values.T]
        owner = np.repeat(np.arange(len(units)), [len(own) for own in starts])
        reached, heights = self._climb(units[owner], places[np.concatenate(starts)])
        best = [own[np.argmax(heights[own])] for own in (np.flatnonzero(owner == j) for j in range(len(units)))]
        return np.where(reached[best, :1] >= _EDGE, reached[best], (0.0, 1.0))

    def _climb(self, units: Array, places: Array) -> tuple[Array, Array]:
        """Newton steps inside the box, each row on its own; a coordinate that its bound holds back stays there."""
        here, length = self._expand(units, places), np.ones(len(places))
        places, moving = places.copy(), np.arange(len(places))
        for _ in range(_STEPS):
            gradient = here.gradient[moving]
            held = (places[moving] <= self._low) & (gradient <= 0) | (places[moving] >= self._high) & (gradient >= 0)
            step = length[moving, None] * _ascent(gradient, here.hessian[moving], ~held)
            going = np.sum(gradient * step, axis=1) >= _GAIN
            moving, step = moving[going], step[going]
            if not len(moving):
                break
            proposal = np.clip(places[moving] + step, self._low, self._high)
            there = self._expand(units[moving], proposal)
            higher = there.value > here.value[moving]
            risen = moving[higher]
            places[risen], length[risen] = proposal[higher], 1.0
            for mine, new in zip(here, there, strict=True):
                mine[risen] = new[higher]
            length[moving[~higher]] *= _SHRINK
        return places, here.value

    def _expand(self, units: Array, places: Array) -> _Surface:
        """Log-likelihood around each place to second order, from a seven-point stencil."""
        around = (places[:, None] + _WIDTH * _STENCIL).reshape(-1, 2)
        values = self._loglik(around, np.repeat(units, len(_STENCIL), axis=0)).reshape(-1, len(_STENCIL))
        centre, east, west, north, south, upper, lower = values.T
        gradient = np.stack([east - west, north - south], axis=1) / (2 * _WIDTH)
        cross = (upper + lower - east - west - north - south + 2 * centre) / 2
        hessian = np.array([[east - 2 * centre + west, cross], [cross, north - 2 * centre + south]]) / _WIDTH**2
        return _Surface(centre.copy(), gradient, hessian.transpose(2, 0, 1).copy())

    def _record(self, points: Points, j: int, sigma2: float, half: Array) -> VarianceRecord:
        """Differentiate vcov = s²·half·half' in (log s², ρ, φ), with their expected REML information."""
        rho, phi = float(points.rho[j]), float(points.phi[j])
        powers = rho ** np.arange(self._lag.max() + 1.0)
        R, identity = powers[self._lag], np.eye(self.n)
        slopes = []
        if rho <= RHO_MAX - _EDGE:
            slopes.append((phi * np.arange(len(powers)) * np.append(0.0, powers[:-1]))[self._lag])
        if phi <= 1 - _EDGE and rho > 0:
            slopes.append(R - identity)
        weighted = np.linalg.solve(points.root[j], points.solved[:, j]).T
        P = np.linalg.inv(phi * R + (1 - phi) * identity) - weighted @ weighted.T
        products = [P @ slope for slope in slopes]
        information = np.empty((1 + len(slopes),) * 2)
        information[0, 0] = (self.n - self.k) / 2
        information[0, 1:] = information[1:, 0] = [np.trace(product) / 2 for product in products]
        information[1:, 1:] = [[np.sum(a * b.T) / 2 for b in products] for a in products]
        hat = weighted @ half.T
        gradient = np.array([sigma2 * half @ half.T, *(sigma2 * hat.T @ slope @ hat for slope in slopes)])
        return VarianceRecord(gradient=gradient, information=information, ceiling=float(self.n - self.k))

    @cached_property
    def _lag(self) -> NDArray[np.int64]:
        """Distance of every two rows in periods."""
        return np.abs(self.time[:, None] - self.time).astype(np.int64)

    def _at_bound(self, rho: float, phi: float) -> tuple[str, ...]:
        reached = {
            "rho zero": rho == 0,
            "rho upper": rho > RHO_MAX - _EDGE,
            "nugget zero": self.nugget and rho > 0 and phi > 1 - _EDGE,
            "nugget upper": phi < PHI_MIN + _EDGE,
        }
        return tuple(name for name, here in reached.items() if here)


def serial_design(X: Array, *, time: Array, nugget: bool = True) -> SerialDesign:
    """Return the `SerialDesign` of these regressors; met again, the same one, whose grids are factorised already.

    Raises
    ------
    EstimationError
        As `SerialDesign`.

    Examples
    --------
    >>> X, time = np.ones((12, 1)), np.arange(12.0)
    >>> serial_design(X, time=time) is serial_design(X.copy(), time=time)
    True
    """
    X, time = np.array(X, float), np.array(time, float)
    return _remembered(X.tobytes(), X.shape, time.tobytes(), nugget)


@lru_cache(maxsize=8)
def _remembered(X: bytes, shape: tuple[int, ...], time: bytes, nugget: bool) -> SerialDesign:
    return SerialDesign(np.frombuffer(X).reshape(shape), time=np.frombuffer(time), nugget=nugget)


def _crossing(rho: Array, spare: Array) -> float:
    """Where a likelihood first comes up to the cut, ``spare`` its distance above it, straight between neighbours."""
    first = int(np.argmax(spare >= 0))
    if first == 0:
        return float(rho[0])
    below, above = spare[first - 1], spare[first]
    return float(rho[first] + (rho[first - 1] - rho[first]) * above / (above - below))


class _Surface(NamedTuple):
    """Functions of (ρ, φ) to second order around a point each: shapes (c,), (c, 2) and (c, 2, 2)."""

    value: Array
    gradient: Array
    hessian: Array


def _starts(values: Array, columns: int) -> NDArray[np.intp]:
    """Positions of the grid to climb from: its best peaks, without those too low to matter."""
    peaks = np.flatnonzero(_is_peak(values, columns))
    peaks = peaks[np.argsort(-values[peaks], kind="stable")][:_STARTS]
    return np.asarray(peaks[values[peaks] > values.max() - _HOPELESS], np.intp)


def _is_peak(values: Array, columns: int) -> NDArray[np.bool_]:
    """Whether no neighbour on the grid is higher; the first value is the grid's corner (ρ, φ) = (0, 1)."""
    surface = np.full((len(_GRID_RHO) + 3, columns + 2), -np.inf)
    surface[1, -2] = values[0]
    surface[2:-1, 1:-1] = values[1:].reshape(-1, columns)
    peak = surface[1:-1, 1:-1] >= sliding_window_view(surface, (3, 3)).max(axis=(2, 3))
    return np.concatenate([peak[0, -1:], peak[1:].ravel()])


def _ascent(gradient: Array, hessian: Array, free: NDArray[np.bool_]) -> Array:
    """Newton steps of the free coordinates, made uphill where a surface is not concave and of trusted length."""
    both = free[:, :, None] & free[:, None, :]
    curvature, axes = np.linalg.eigh(np.where(both, hessian, 0.0))
    along = (axes * np.where(free, gradient, 0.0)[:, :, None]).sum(axis=1) / np.maximum(np.abs(curvature), _FLAT)
    step = (axes * along[:, None, :]).sum(axis=2)
    return np.asarray(step * (_LONGEST / np.maximum(np.abs(step).max(axis=1, keepdims=True), _LONGEST)))


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
