"""Regression on a series whose errors persist: REML with an AR(1) process plus white noise.

The errors have covariance V = s²·K, K = φR(ρ) + (1−φ)I, where R(ρ)_ij = ρ^|t_i − t_j|: a share φ of the variance
persists, the rest (the nugget) is new each period. Likelihoods, their derivatives and the degrees of freedom cost O(n),
see `reml_bands`, and many outcomes are fitted at once.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.regressors import require_full_rank
from coresponder_causal.core.reml_fit import Frame, RemlFit, at_peaks, over_grid, standardise
from coresponder_causal.core.reml_limits import limit_grid, rho_limits
from coresponder_causal.core.reml_mixture import Grid, grid
from coresponder_causal.core.reml_points import Points
from coresponder_causal.core.reml_search import Search, most_steps, search
from coresponder_causal.core.serial import note_regressor_problems, note_time_problems

Array = NDArray[np.float64]

long_enough = 72
_AT_ONCE = 40_000  # numbers that stay in a processor's cache


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
        note_time_problems(problems, self.time, len(self.X))
        problems.raise_if_any(EstimationError)
        self.n, self.k = self.X.shape
        require_full_rank(self.X, [f"column {j}" for j in range(self.k)])
        self.X.setflags(write=False)
        self.time.setflags(write=False)
        basis, triangle = np.linalg.qr(self.X)
        self._frame = Frame(self.X, basis, np.linalg.inv(triangle), np.diff(self.time), nugget)

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
            An outcome of another length, not finite, or reproduced exactly by the regressors; a series of fewer than
            72 rows whose likelihood has no peak that can be found.

        Notes
        -----
        Where no peak is found in 72 rows or more, the likelihood is integrated over a grid, which is a doubt.
        """
        return self.fit_many(np.reshape(y, (-1, 1)))[0]

    def fit_many(self, Y: Array) -> list[RemlFit]:
        """Fit several outcomes, each as `fit` does, all climbing at once.

        Parameters
        ----------
        Y : ndarray, shape (n, r)
            One outcome a column.

        Returns
        -------
        list of RemlFit
            In the order of the columns.

        Raises
        ------
        EstimationError
            As `fit`, for the first outcome that cannot be fitted.
        """
        few = max(1, _AT_ONCE // ((self.k + 1) * self.n))
        outcomes = np.asarray(Y, float).T
        return [fit for first in range(0, len(outcomes), few) for fit in self._fits(outcomes[first : first + few])]

    def grid_many(self, Y: Array) -> list[RemlFit]:
        """Fit several outcomes by integrating their likelihoods over a grid of (ρ, φ): a scout, many times as fast.

        Parameters
        ----------
        Y : ndarray, shape (n, r)
            One outcome a column.

        Returns
        -------
        list of RemlFit
            Posterior means and covariances under a flat prior over the box; df n − k.

        Raises
        ------
        EstimationError
            As `fit`, or with fewer than k + 3 rows.
        """
        if self.n < self.k + 3:
            raise EstimationError(f"{self.n} rows for {self.k} columns", mend=f"bring at least {self.k + 3} rows")
        return over_grid(self._frame, standardise(np.array(Y, float).T, self._frame.basis), self._grid)

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
        units = standardise(np.array(y, float)[None], self._frame.basis).units
        return rho_limits(self._limit_grid, units, share)

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
        _, units, scales = standardise(np.array(y, float)[None], self._frame.basis)
        places = np.stack(np.broadcast_arrays(np.atleast_1d(rho), np.atleast_1d(phi)), axis=1).astype(float)
        inside = (places[:, 0] >= 0) & (places[:, 0] < 1) & (places[:, 1] > 0) & (places[:, 1] <= 1)
        if not inside.all():
            raise EstimationError(f"{(~inside).sum()} points outside 0 ≤ ρ < 1, 0 < φ ≤ 1", mend="keep them inside")
        loglik = Points.at(places, self._frame.gaps, self._frame.basis).loglik(units)[0]
        return np.asarray(loglik - (self.n - self.k) * np.log(scales[0]))

    def _fits(self, outcomes: Array) -> list[RemlFit]:
        given = standardise(outcomes, self._frame.basis)
        places, settled = self._search.peaks(given.units)
        lost = np.flatnonzero(~settled)
        if not len(lost):
            return at_peaks(self._frame, given, places)
        if self.n < long_enough:
            raise EstimationError(
                f"the likelihood of {self.n} periods has no peak that {most_steps} steps reach",
                mend=f"bring at least {long_enough} periods, or take another error model",
            )
        doubt(f"the likelihood of {len(lost)} of {len(outcomes)} series had no peak and was integrated over a grid")
        fits = at_peaks(self._frame, given, places)
        for j, fit in zip(lost, over_grid(self._frame, given.only(lost), self._grid), strict=True):
            fits[j] = fit
        return fits

    @cached_property
    def _search(self) -> Search:
        return search(self._frame.gaps, self._frame.basis, nugget=self.nugget)

    @cached_property
    def _grid(self) -> Grid:
        return grid(self._frame.gaps, self._frame.basis, self._frame.inverse_triangle, nugget=self.nugget)

    @cached_property
    def _limit_grid(self) -> Points:
        return limit_grid(self._frame.gaps, self._frame.basis, nugget=self.nugget)


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
