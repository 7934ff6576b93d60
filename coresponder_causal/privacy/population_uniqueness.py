"""How many people are alone in the population, told from a sample: the partition of Ewens and Pitman.

The sizes of classes in a sample follow Pitman's sampling formula with parameters θ and α; because it is consistent
under sampling, the same parameters hold in the population, whose share of singletons is then

    E[M₁] / N = Γ(θ + 1) Γ(θ + α + N − 1) / (Γ(θ + α) Γ(θ + N)).

θ and α maximise the likelihood of the sample (Hoshino 2001).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, gammaln

from coresponder_causal.core.errors import EstimationError


def pitman_uniqueness(sizes: np.ndarray, population: int) -> float:
    """Estimate the share of a population that no other person resembles.

    Parameters
    ----------
    sizes : array of int, shape (n_classes,)
        Sizes of the classes in the sample, each 1 or more.
    population : int
        Persons in the population that the sample was drawn from.

    Returns
    -------
    float
        Expected singletons in the population, by person.

    Raises
    ------
    EstimationError
        Everybody is alone in the sample, or the likelihood has no maximum that could be found: give the table of the
        population.

    References
    ----------
    Hoshino N (2001). Applying Pitman's sampling formula to microdata disclosure risk assessment. Journal of Official
    Statistics 17(4), 499-520. Pitman J (1995). Probability Theory and Related Fields 102, 145-158.

    Examples
    --------
    >>> alone, shared = np.ones(400, int), np.full(50, 8)
    >>> round(pitman_uniqueness(np.concatenate([alone, shared]), 800), 3)
    0.498
    """
    counts, many = np.unique(np.asarray(sizes, dtype=float), return_counts=True)
    if counts.max() == 1:
        raise EstimationError(
            "everybody is alone in the sample, which does not tell how many are in the population",
            mend="give the table of the population, or coarser quasi-identifiers",
        )

    def loss(x: np.ndarray) -> float:
        return -_log_likelihood(float(np.exp(x[0])), float(expit(x[1])), counts, many)

    starts = [(np.log(len(sizes)), shape) for shape in (-4.0, 0.0)]
    fits = [minimize(loss, start, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-6}) for start in starts]
    best = min(fits, key=lambda fit: float(fit.fun))
    if not (best.success and np.isfinite(best.fun)):
        raise EstimationError(
            "Pitman's formula does not fit the sizes of the classes", mend="give the table of the population"
        )
    theta, alpha = float(np.exp(best.x[0])), float(expit(best.x[1]))
    share = gammaln(theta + 1) + gammaln(theta + alpha + population - 1)
    share -= gammaln(theta + alpha) + gammaln(theta + population)
    return float(min(1.0, np.exp(share)))


def _log_likelihood(theta: float, alpha: float, counts: np.ndarray, many: np.ndarray) -> float:
    """Pitman's formula up to a constant, for ``many`` classes of each of the sizes ``counts``."""
    between = float(np.log(theta + alpha * np.arange(1, many.sum())).sum())
    within = float(many @ (gammaln(counts - alpha) - gammaln(1 - alpha)))
    return float(between + within - gammaln(theta + many @ counts) + gammaln(theta + 1))
