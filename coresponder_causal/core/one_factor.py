"""One common factor behind several items, by maximum likelihood: loadings, what each item has of its own, and ω."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
least_own = 0.005  # share of an item's variance below which its own part counts as none


@dataclass(frozen=True, slots=True, eq=False)
class OneFactor:
    """A fitted model S ≈ λλ' + diag(ψ).

    Parameters
    ----------
    loadings, own : ndarray, shape (k,)
        λ, in the units of the items, and ψ.
    covariance : ndarray, shape (k, k)
        S, with divisor n.
    misfit : float
        Minimum of log|Σ| + tr(SΣ⁻¹) − log|S| − k.
    """

    loadings: Array
    own: Array
    covariance: Array
    misfit: float

    @property
    def omega(self) -> float:
        """(Σλ)²/((Σλ)² + Σψ): share of the variance of the sum that the factor brings."""
        return float(self.loadings.sum() ** 2 / (self.loadings.sum() ** 2 + self.own.sum()))

    @property
    def improper(self) -> bool:
        """Whether an item has no variance of its own, at the edge of what a variance can be (Heywood)."""
        return bool((self.own <= 1.01 * least_own * np.diag(self.covariance)).any())

    @property
    def residual(self) -> float:
        """Root mean square of the residual correlations (SRMR)."""
        spread = np.sqrt(np.diag(self.covariance))
        left = (self.covariance - np.outer(self.loadings, self.loadings) - np.diag(self.own)) / np.outer(spread, spread)
        rows, columns = np.tril_indices(len(spread))
        return float(np.sqrt(np.mean(left[rows, columns] ** 2)))


def one_factor(items: Array) -> OneFactor:
    """Fit one factor to the covariances of items.

    Parameters
    ----------
    items : ndarray, shape (n, k)
        Complete answers, k ≥ 3.

    Returns
    -------
    OneFactor
        The sum of its loadings is not negative.

    Raises
    ------
    EstimationError
        Fewer than three items, an item without variance, no more persons than items, or no convergence.

    References
    ----------
    Jöreskog (1967), doi:10.1007/BF02289658: given ψ, λ follows from the first eigenvector of Ψ^−½ S Ψ^−½.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(4000, 1)) @ np.array([[1.0, 0.8, 0.6]]) + rng.normal(size=(4000, 3))
    >>> one_factor(answers).loadings.round(1).tolist()
    [1.0, 0.8, 0.6]
    """
    n, k = items.shape
    if k < 3 or n <= k:
        raise EstimationError(f"one factor behind {k} items of {n} persons", mend="give three items and more persons")
    spread = items.std(axis=0)
    if not (spread > 0).all():
        raise EstimationError("an item has the same answer from everybody", mend="leave it out")
    correlation = np.corrcoef(items, rowvar=False)

    def loss(log_own: Array) -> tuple[float, Array]:
        own = np.exp(log_own)
        values, vectors = np.linalg.eigh(correlation / np.sqrt(np.outer(own, own)))
        rest = values[:-1]
        loading = np.sqrt(own) * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
        slope = (loading**2 + own - 1) / own
        return float(np.sum(rest - np.log(np.maximum(rest, 1e-12)) - 1)), slope

    start = np.log(np.clip(1 / np.diag(np.linalg.pinv(correlation)), 2 * least_own, 0.95))
    found = optimize.minimize(
        loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(np.log(least_own), 0.0)] * k,
        options={"ftol": 1e-14, "gtol": 1e-9},
    )
    own = np.exp(found.x)
    values, vectors = np.linalg.eigh(correlation / np.sqrt(np.outer(own, own)))
    loading = np.sqrt(own) * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))
    loading *= 1.0 if (spread * loading).sum() >= 0 else -1.0
    return OneFactor(
        loadings=spread * loading,
        own=spread**2 * own,
        covariance=correlation * np.outer(spread, spread),
        misfit=max(float(found.fun), 0.0),
    )


def omega_influence(items: Array, fit: OneFactor) -> Array:
    """Influence of each person on ω, shape (n,): scores of the normal likelihood through the expected information.

    References
    ----------
    Satorra & Bentler (1994), in von Eye & Clogg (eds), Latent Variables Analysis, 399–419: the variance it gives holds
    whatever the distribution of the answers, where one factor is behind them.
    """
    k = len(fit.loadings)
    inverse = np.linalg.inv(np.outer(fit.loadings, fit.loadings) + np.diag(fit.own))
    units = np.eye(k)
    slopes = np.array(
        [np.outer(unit, fit.loadings) + np.outer(fit.loadings, unit) for unit in units]
        + [np.outer(unit, unit) for unit in units]
    )
    turned = inverse @ slopes
    information = 0.5 * np.einsum("aij,bji->ab", turned, turned)
    centred = (items - items.mean(axis=0)) @ inverse
    scores = 0.5 * (np.einsum("ni,aij,nj->na", centred, slopes, centred) - np.einsum("aii->a", turned))
    common, alone = fit.loadings.sum(), fit.own.sum()
    total = common**2 + alone
    gradient = np.concatenate([np.full(k, 2 * common * alone / total**2), np.full(k, -(common**2) / total**2)])
    return np.asarray(scores @ np.linalg.solve(information, gradient), float)
