"""A propensity that best meets the equations of likelihood and of balance together, by two-step GMM."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import expit

from coresponder_causal.core.balancing import Balanced
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.logit import logit, weighted_gram
from coresponder_causal.core.weight_model import Part, Scheme, WeightModel, of_log_odds

Array = NDArray[np.float64]
exact, null = 1e-14, 1e-10


def over_identified(
    matrix: Array, treated: NDArray[np.bool_], sampling: Array, scheme: Scheme, *, first: Array | None = None
) -> Balanced:
    """Fit one logit to twice as many equations as it has coefficients.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
        Standardised covariates after a constant.
    treated : ndarray of bool, shape (n,)
    sampling : ndarray, shape (n,)
        Sampling weights s.
    scheme : {"att", "ate", "atc"}
    first : ndarray, shape (k,), optional
        Coefficients at which the variance of the equations is taken; those of maximum likelihood unless given.

    Returns
    -------
    Balanced
        Weights of the scheme at the fitted probabilities.

    Raises
    ------
    EstimationError
        If the covariates separate the arms, or the search does not converge.

    Notes
    -----
    The moments of a unit are s(D − p)x and ±s w(p)x, with + for the treated; they are weighted by the inverse of their
    variance given x at ``first``. Where the two sets of equations can be met together their
    weighting does not matter; where they cannot, the model is wrong and the variance of the first step is not counted.

    References
    ----------
    Imai & Ratkovic (2014), doi:10.1111/rssb.12027, section 2; Hansen (1982), doi:10.2307/1912775.

    Examples
    --------
    >>> x, treated = np.repeat([-1.0, 1.0], 4), np.array([1, 0, 0, 0, 1, 1, 1, 0], bool)
    >>> found = over_identified(np.column_stack([np.ones(8), x]), treated, np.ones(8), "att")
    >>> found.weights[[1, 7]].round(6).tolist()
    [0.333333, 3.0]
    """
    sign = np.where(treated, 1.0, -1.0)
    start = logit(matrix, treated.astype(float), sampling).coef if first is None else first
    root = _root_of_inverse(_variance(matrix, matrix @ start, sampling, scheme))

    def scores(coef: Array) -> tuple[Array, Array]:
        eta = matrix @ coef
        return sampling * (treated - expit(eta)), sampling * sign * of_log_odds(eta, treated, scheme)[0]

    def moments(coef: Array) -> Array:
        return np.asarray(root @ np.concatenate([matrix.T @ score for score in scores(coef)]), float)

    def jacobian(coef: Array) -> Array:
        eta = matrix @ coef
        slopes = -expit(eta) * expit(-eta), sign * of_log_odds(eta, treated, scheme)[1]
        return np.asarray(root @ np.vstack([weighted_gram(matrix, sampling * slope) for slope in slopes]), float)

    found = least_squares(moments, start, jac=jacobian, method="lm", xtol=exact, ftol=exact, gtol=exact)
    if not found.success:
        raise EstimationError(
            f"the equations of likelihood and balance were not solved: {found.message}",
            mend="leave out or coarsen covariates, or use over=False",
        )
    own = jacobian(found.x)
    breads = np.vsplit(-np.linalg.solve(own.T @ own, own.T @ root).T, 2)
    weights, slope = of_log_odds(matrix @ found.x, treated, scheme)
    parts = [Part(score, slope, bread) for score, bread in zip(scores(found.x), breads, strict=True)]
    return Balanced(weights, WeightModel(matrix, tuple(parts)))


def _variance(matrix: Array, linear: Array, sampling: Array, scheme: Scheme) -> Array:
    """Variance of both sets of moments given the covariates, where treatment is drawn with the fitted probability."""
    p, q = expit(linear), expit(-linear)
    with_, without = (of_log_odds(linear, np.full(len(p), arm), scheme)[0] for arm in (True, False))
    own, both, balance = p * q, p * q * (with_ + without), p * with_**2 + q * without**2
    blocks = [weighted_gram(matrix, sampling**2 * each) for each in (own, both, balance)]
    return np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])


def _root_of_inverse(variance: Array) -> Array:
    """R with R'R = V⁻¹, of full rank where V has none: equations that say the same are asked for once."""
    values, vectors = np.linalg.eigh(variance)
    kept = values > null * values[-1]
    return np.asarray((vectors[:, kept] / np.sqrt(values[kept])).T, float)
