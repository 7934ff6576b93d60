"""Regression with ARMA errors by exact maximum likelihood: coefficients and variance concentrated out.

For given ARMA parameters the likelihood of y = Xβ + u is that of generalised least squares, so that only those
parameters are searched for, and the scale of the data does not matter. Differencing comes first, to outcome and
regressors alike. The notation is that of Box & Jenkins with signs as in R: φ(B)Φ(B^s) u_t = θ(B)Θ(B^s) ε_t,
θ(B) = 1 + θ_1 B + …
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

from coresponder_causal.core.arma_process import Order, autocovariances, coefficients, differenced, names, partials_of
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.persistence import without_faint

Array = NDArray[np.float64]
_bound = 10.0  # of a parameter x, whose partial autocorrelation x/√(1 + x²) then is .995
_edge = 0.99
_width = 1e-3
_newton_steps, _longest = 2, 0.1
_starts = ((0.2, 0.2), (0.9, 0.4), (-0.4, 0.4), (0.4, -0.6))  # partial autocorrelations of AR and MA parameters
agreement = 1e-3  # two climbs whose log-likelihoods differ by less have reached the same height


@dataclass(frozen=True, slots=True, eq=False)
class ArmaFit:
    """A fit of a regression with ARMA errors.

    Parameters
    ----------
    order : Order
    beta : ndarray, shape (k,)
    vcov : ndarray, shape (k, k)
        Inverse of the observed information of all parameters, its block of β: with the uncertainty of the ARMA
        parameters in it.
    parameters : dict of str to float
        ``ar1, …, ma1, …, sar1, …, sma1, …``.
    sigma2 : float
        Variance of the innovations by maximum likelihood: RSS/n.
    loglik, aicc : float
        The corrected AIC counts β, the ARMA parameters and σ².
    innovations : ndarray, shape (n,)
        Standardised one-step prediction errors.
    covariance : ndarray, shape (n, n)
        Of the (differenced) errors.
    n : int
        Periods left after differencing.
    reached : int
        Climbs that ended at the same height as the best.
    climbs : int
        Climbs made.
    at_edge : tuple of str
        Parts of the model at the edge of stationarity or invertibility.
    curved : bool
        Whether the likelihood falls off in every direction; where not, ``vcov`` takes the ARMA parameters as known.
    """

    order: Order
    beta: Array
    vcov: Array
    parameters: dict[str, float]
    sigma2: float
    loglik: float
    aicc: float
    innovations: Array
    covariance: Array
    n: int
    reached: int
    climbs: int
    at_edge: tuple[str, ...]
    curved: bool


def fit_arma(y: Array, X: Array, order: Order, *, positions: Array) -> ArmaFit:
    """Fit y = Xβ + u with ARIMA errors u by exact maximum likelihood, climbing from four starts.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
        Independent columns, also after differencing.
    order : Order
    positions : ndarray, shape (n,)
        Integer positions in time. Gaps are periods not observed; a model with differences has none.

    Raises
    ------
    EstimationError
        Too few periods for the model; no climb that converged.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> u = np.convolve(rng.standard_normal(330), 0.6 ** np.arange(31), mode="valid")
    >>> fit = fit_arma(5.0 + u, np.ones((300, 1)), Order(1, 0, 0), positions=np.arange(300.0))
    >>> round(fit.parameters["ar1"], 1), round(float(fit.beta[0]))
    (0.6, 5)
    """
    surface = _surface(y, X, order, positions)
    ends = _climb(surface, len(_starts))
    heights = np.array([surface.loglik(end) for end in ends])
    best = _polished(surface, ends[int(np.argmax(heights))])
    beta, half, sigma2, innovations = surface.regression(best)
    vcov, curved = _information(surface, best)
    loglik = surface.loglik(best)
    return ArmaFit(
        order=order,
        beta=beta,
        vcov=sigma2 * half @ half.T + vcov,
        parameters=coefficients(best, order)[2],
        sigma2=sigma2,
        loglik=loglik,
        aicc=surface.aicc(loglik),
        innovations=innovations / np.sqrt(sigma2),
        covariance=sigma2 * surface.covariance(best),
        n=len(surface.y),
        reached=int(np.sum(heights > loglik - agreement)),
        climbs=len(heights),
        at_edge=_at_edge(best, order),
        curved=curved,
    )


def compare_arma(y: Array, X: Array, order: Order, *, positions: Array) -> tuple[float, tuple[str, ...]]:
    """AICc of a model after one climb, and what of it lies at the edge, for choosing among orders.

    Parameters
    ----------
    y, X, order, positions
        As `fit_arma`.

    Raises
    ------
    EstimationError
        As `fit_arma`.
    """
    surface = _surface(y, X, order, positions)
    (end,) = _climb(surface, 1)
    return surface.aicc(surface.loglik(end)), _at_edge(end, order)


def _surface(y: Array, X: Array, order: Order, positions: Array) -> _Surface:
    left = positions[order.lost :]
    lag = np.abs(left[:, None] - left).astype(np.int64)
    surface = _Surface(differenced(y, order), differenced(X, order), order, lag)
    if surface.spare < 1:
        raise EstimationError(
            f"{len(left)} periods for {X.shape[1] + order.parameters} coefficients of {order}",
            mend="take a longer series or fewer terms",
        )
    return surface


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """The likelihood of differenced data, as a function of unbounded ARMA parameters x."""

    y: Array
    X: Array
    order: Order
    lag: NDArray[np.int64]

    @property
    def spare(self) -> int:
        """Periods less all parameters, σ² among them, and one."""
        return len(self.y) - int(self.X.shape[1]) - self.order.parameters - 2

    def aicc(self, loglik: float) -> float:
        free = len(self.y) - self.spare - 1
        return -2 * loglik + 2 * free + 2 * free * (free + 1) / self.spare

    def covariance(self, x: Array) -> Array:
        """Covariance of the errors over σ² at x."""
        ar, ma, _ = coefficients(x, self.order)
        return np.asarray(without_faint(autocovariances(ar, ma, int(self.lag.max())))[self.lag], float)

    def regression(self, x: Array) -> tuple[Array, Array, float, Array]:
        """GLS at x: β, a root of its covariance over σ², σ² and the innovations."""
        return self._whitened(x)[:4]

    def loglik(self, x: Array) -> float:
        *_, loglik = self._whitened(x)
        return loglik

    def _whitened(self, x: Array) -> tuple[Array, Array, float, Array, float]:
        root = np.linalg.cholesky(self.covariance(x))
        white = solve_triangular(root, np.column_stack([self.X, self.y]), lower=True, check_finite=False)
        basis, triangle = np.linalg.qr(white[:, :-1])
        outcome = white[:, -1]
        scores = basis.T @ outcome
        rest = outcome - basis @ scores
        n = len(rest)
        sigma2 = float(rest @ rest) / n
        inverse = np.linalg.inv(triangle)
        loglik = -0.5 * n * (np.log(2 * np.pi * sigma2) + 1) - float(np.log(np.diag(root)).sum())
        return inverse @ scores, inverse, sigma2, rest, loglik


def _climb(surface: _Surface, climbs: int) -> list[Array]:
    """Climb from several starts and return where the climbs ended; those that did not converge are left out."""
    order = surface.order
    if not order.parameters:
        return [np.zeros(0)]
    n, ends = len(surface.y), []

    def depth(x: Array) -> float:
        return -surface.loglik(x) / n

    for ar, ma in _starts[:climbs]:
        partial = np.repeat([ar, ma, ar / 2, ma / 2], [order.p, order.q, order.P, order.Q])
        start = partial / np.sqrt(1 - partial**2)
        found = minimize(
            depth,
            start,
            method="L-BFGS-B",
            bounds=[(-_bound, _bound)] * order.parameters,
            options={"ftol": 1e-12, "gtol": 1e-6},
        )
        if found.success and np.isfinite(found.fun):
            ends.append(np.asarray(found.x, float))
    if not ends:
        raise EstimationError(f"the likelihood of {order} did not converge from any start", mend="take a smaller order")
    return ends


def _polished(surface: _Surface, x: Array) -> Array:
    """Newton steps from the end of a climb, so that the same data in other units end at the same place."""
    x = x.copy()
    for _ in range(_newton_steps):
        free = _inner(x)
        gradient, curvature, _ = _expansion(surface, x, free)
        step = np.linalg.solve(-curvature, gradient) if _falls_off(curvature) else np.zeros(len(free))
        if np.abs(step).max(initial=0.0) < _longest:
            x[free] += step
    return x


def _information(surface: _Surface, x: Array) -> tuple[Array, bool]:
    """Part of the covariance of β that comes from the ARMA parameters: J P J', P their profile information's inverse.

    J is the slope of β in x at the best x. Parameters at the edge count as known.
    """
    free = _inner(x)
    _, curvature, slopes = _expansion(surface, x, free)
    if not _falls_off(curvature):
        return np.zeros((surface.X.shape[1],) * 2), False
    return np.asarray(slopes.T @ np.linalg.solve(-curvature, slopes), float), len(free) == len(x)


def _expansion(surface: _Surface, x: Array, free: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """Slope and curvature of the log-likelihood in some parameters, and the slope of β, by central differences."""
    width = _width * (1 + x[free] ** 2)
    steps = np.eye(len(x))[free] * width[:, None]

    def height(shift: Array) -> float:
        return surface.loglik(x + shift)

    gradient = np.array([height(step) - height(-step) for step in steps]) / (2 * width)
    mixed = [[height(a + b) - height(a - b) - height(b - a) + height(-a - b) for b in steps] for a in steps]
    curvature = np.reshape(mixed, (len(free), len(free))) / (4 * np.outer(width, width))
    slopes = [surface.regression(x + step)[0] - surface.regression(x - step)[0] for step in steps]
    return gradient, curvature, np.reshape(slopes, (len(free), surface.X.shape[1])) / (2 * width[:, None])


def _falls_off(curvature: Array) -> bool:
    values = np.linalg.eigvalsh(-curvature)
    return bool(values.min(initial=np.inf) > 1e-6 * max(values.max(initial=0.0), 1.0))


def _inner(x: Array) -> NDArray[np.intp]:
    """Parameters away from the edge of stationarity and invertibility."""
    return np.flatnonzero(np.abs(partials_of(x)) < _edge)


def _at_edge(x: Array, order: Order) -> tuple[str, ...]:
    return tuple(name for j, name in enumerate(names(order)) if j not in _inner(x))
