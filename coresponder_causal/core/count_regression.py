"""Regression of counts on the log scale: Poisson and negative binomial, by Newton steps.

At the solution a regression of counts is a least-squares fit of its own working rows, √w z on √w X. Standard errors
under any model of the errors are therefore those of that linear regression.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import digamma, xlogy

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.notes import note
from coresponder_causal.core.regressors import log_rate, require_full_rank
from coresponder_causal.core.serial import note_outcome_problems, note_regressor_problems

Array = NDArray[np.float64]
Family = Literal["poisson", "negative-binomial"]
most_steps, most_rounds = 60, 200
_STILL, _VANISHED, _HIGHEST = 1e-10, 1e-6, 300.0


@dataclass(frozen=True, slots=True, eq=False)
class CountFit:
    """A fit of log E[y_t] = log e_t + X_t β.

    Parameters
    ----------
    beta : ndarray, shape (k,)
    mean : ndarray, shape (n,)
        Fitted counts μ.
    alpha : float
        Var(y) = μ + αμ²; 0 of a Poisson regression.
    rows, response : ndarray, shapes (n, k) and (n,)
        Working regression: √w X and √w (Xβ + (y − μ)/μ) with w = μ/(1 + αμ). Least squares of the one on the other
        gives β back, and its residuals are those of Pearson.
    """

    beta: Array
    mean: Array
    alpha: float
    rows: Array
    response: Array

    @property
    def residuals(self) -> Array:
        """Pearson residuals (y − μ)/√(μ + αμ²), shape (n,)."""
        return np.asarray(self.response - self.rows @ self.beta)

    @property
    def dispersion(self) -> float:
        """Pearson's χ² over n − k: the variance of a period's count, over what the family says."""
        n, k = self.rows.shape
        return float(np.sum(self.residuals**2)) / float(n - k)


def fit_counts(
    y: Array, X: Array, *, exposure: Array, family: Family = "poisson", names: Sequence[str] = ()
) -> CountFit:
    """Fit counts by maximum likelihood.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Counts, not negative; they need not be whole.
    X : ndarray, shape (n, k)
        Regressors, the constant among them.
    exposure : ndarray, shape (n,)
        Denominators, positive.
    family : {"poisson", "negative-binomial"}
        The second estimates α by maximum likelihood, in turns with β; where the counts spread no more than Poisson's
        it says so and is the first.
    names : sequence of str
        Of the columns, for messages.

    Returns
    -------
    CountFit

    Raises
    ------
    EstimationError
        Arrays that do not fit together; negative counts or none at all; absorbed columns; no finite coefficients, as
        when no event falls where a column alone is 1; no convergence. Each says its mend.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 2.5; Lawless (1987), doi:10.2307/3314912.

    Examples
    --------
    >>> fit = fit_counts(np.array([4.0, 6.0, 9.0, 11.0]), np.ones((4, 1)), exposure=np.array([1.0, 1.0, 2.0, 2.0]))
    >>> round(float(np.exp(fit.beta[0])), 6), round(fit.dispersion, 6)
    (5.0, 0.2)
    """
    titles = list(names) or [f"column {j}" for j in range(X.shape[1])]
    _require_counts(y, X, exposure, titles)
    start = np.linalg.lstsq(X, log_rate(y, exposure), rcond=None)[0]
    beta, alpha = _newton(y, X, exposure, 0.0, np.asarray(start, float), titles), 0.0
    if family == "negative-binomial":
        beta, alpha = _in_turns(y, X, exposure, beta, titles)
    linear = X @ beta
    mean = exposure * np.exp(linear)
    root = np.sqrt(mean / (1 + alpha * mean))
    return CountFit(beta, mean, alpha, root[:, None] * X, root * (linear + (y - mean) / mean))


def _require_counts(y: Array, X: Array, exposure: Array, names: Sequence[str]) -> None:
    problems = Problems("regression of counts")
    note_regressor_problems(problems, X, spare=1)
    note_outcome_problems(problems, y, len(X))
    negative = np.flatnonzero(np.asarray(y) < 0)
    if len(negative):
        problems.add(f"{len(negative)} counts are negative", rows=negative, mend="give counts, not changes")
    if not np.any(np.asarray(y) > 0):
        problems.add("there is no event", mend="take a longer series")
    if not np.all(np.asarray(exposure) > 0):
        problems.add("exposures are not all positive", mend="leave out periods without exposure")
    problems.raise_if_any(EstimationError)
    require_full_rank(X, names)


def _newton(y: Array, X: Array, exposure: Array, alpha: float, beta: Array, names: Sequence[str]) -> Array:
    """Maximise over β at a given α by Fisher scoring, a step that lowers the likelihood halved."""
    eta: Array = X @ beta
    step: Array = np.zeros(len(beta))
    height = _loglik(y, exposure, eta, alpha)
    for _ in range(most_steps):
        mean = exposure * np.exp(eta)
        root = np.sqrt(mean / (1 + alpha * mean))
        if root.min() < _VANISHED * root.max():
            break
        step = np.asarray(np.linalg.lstsq(root[:, None] * X, root * (y - mean) / mean, rcond=None)[0], float)
        moved = X @ step
        if np.max(np.abs(moved)) < _STILL * (1 + np.max(np.abs(eta))):
            return np.asarray(beta + step, float)
        while (there := _loglik(y, exposure, eta + moved, alpha)) < height - 1e-12 * (1 + abs(height)):
            step, moved = step / 2, moved / 2
        beta, eta, height = beta + step, eta + moved, there
    raise _why_not(y, step, names)


def _why_not(y: Array, step: Array, names: Sequence[str]) -> EstimationError:
    """Tell which coefficients were still growing."""
    size = np.abs(step)
    growing = [f"'{name}'" for name, own in zip(names, size, strict=True) if own > 0.1 * size.max() > 0]
    return EstimationError(
        f"no finite coefficients fit these counts: {', '.join(growing)} did not settle, with no event in "
        f"{int((y == 0).sum())} of {len(y)} periods",
        mend="take longer periods or leave that term out; for few events in all take its_rare",
    )


def _loglik(y: Array, exposure: Array, eta: Array, alpha: float) -> float:
    """Log-likelihood up to what does not depend on the mean, which is kept from overflowing."""
    mean = exposure * np.exp(np.minimum(eta, _HIGHEST))
    if alpha == 0:
        return float(np.sum(xlogy(y, mean) - mean))
    return float(np.sum(xlogy(y, mean) - (y + 1 / alpha) * np.log1p(alpha * mean)))


def _in_turns(y: Array, X: Array, exposure: Array, beta: Array, names: Sequence[str]) -> tuple[Array, float]:
    """Maximise the negative binomial likelihood over α and β in turns until α has settled."""
    alpha = 0.0
    for _ in range(most_rounds):
        before, alpha = alpha, _overdispersion(y, exposure * np.exp(X @ beta))
        if alpha == 0:
            note("the counts spread no more than a Poisson count: the negative binomial regression is that of Poisson")
            return _newton(y, X, exposure, 0.0, beta, names), 0.0
        beta = _newton(y, X, exposure, alpha, beta, names)
        if abs(alpha - before) < _STILL * alpha:
            return beta, alpha
    raise EstimationError(
        f"the negative binomial overdispersion did not settle in {most_rounds} rounds", mend="take family='poisson'"
    )


def _overdispersion(y: Array, mean: Array) -> float:
    """α that maximises the likelihood at these means; 0 where the likelihood falls from there on."""
    if np.sum((y - mean) ** 2 - y) <= 0:
        return 0.0

    def slope(log_size: float) -> float:
        r = np.exp(log_size)
        return float(np.sum(digamma(y + r) - digamma(r) - np.log1p(mean / r) + (mean - y) / (mean + r)))

    low, high = np.log(1e-6), np.log(1e4 * (1 + mean.max()))
    if slope(low) * slope(high) > 0:
        return 0.0
    return float(np.exp(-brentq(slope, low, high, xtol=1e-13, rtol=1e-13)))
