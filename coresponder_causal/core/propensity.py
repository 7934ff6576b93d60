"""The probability of being treated, with named covariates in their own units and the scores of its estimation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.logit import logit

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Propensity:
    """A fitted logistic regression of the treatment.

    Parameters
    ----------
    beta : ndarray, shape (p,)
        Coefficients, the constant first.
    bread : ndarray, shape (p, p)
        Inverse information: β̂ − β ≈ bread @ Σ scores.
    linear, probability : ndarray, shape (n,)
        Linear predictor (log odds) and probability of treatment.
    rows : ndarray, shape (n, p)
        Covariates with the constant first.
    scores : ndarray, shape (n, p)
        s_i x_i (D_i − p_i) per unit.
    """

    beta: Array
    bread: Array
    linear: Array
    probability: Array
    rows: Array
    scores: Array


def propensity(treated: Array, matrix: Array, names: Sequence[str], *, weights: Array | None = None) -> Propensity:
    """Fit the log odds of treatment as linear in the columns of ``matrix`` by maximum likelihood.

    Parameters
    ----------
    treated : ndarray, shape (n,)
        1 where treated, else 0.
    matrix : ndarray, shape (n, p − 1)
        Covariates without a constant.
    names : sequence of str
        Their names, for messages.
    weights : ndarray, shape (n,), optional
        Sampling weights s.

    Returns
    -------
    Propensity

    Raises
    ------
    EstimationError
        Collinear covariates, covariates that separate treated from untreated, or no convergence: the message names
        the covariates.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, section 4.4; Albert & Anderson (1984),
    doi:10.1093/biomet/71.1.1 (separation).

    Examples
    --------
    >>> x = np.repeat([0.0, 1.0], 4)
    >>> fit = propensity(np.array([0, 0, 0, 1, 0, 1, 1, 1.0]), x[:, None], ["night"])
    >>> fit.probability[[0, 4]].round(6).tolist()
    [0.25, 0.75]
    """
    sampling = np.ones(len(treated)) if weights is None else weights
    standard, centre, spread = standardised(matrix, names)
    fit = logit(standard, treated, sampling, names=names)
    back = _to_original_units(centre, spread)
    rows = np.column_stack([np.ones(len(treated)), matrix])
    return Propensity(
        beta=back @ fit.coef,
        bread=back @ np.linalg.inv(len(treated) * fit.information) @ back.T,
        linear=standard @ fit.coef,
        probability=fit.fitted,
        rows=rows,
        scores=rows * fit.score[:, None],
    )


def standardised(matrix: Array, names: Sequence[str]) -> tuple[Array, Array, Array]:
    """Put a constant before columns of mean 0 and variance 1.

    Parameters
    ----------
    matrix : ndarray, shape (n, p − 1)
        Covariates without a constant.
    names : sequence of str
        Their names, for messages.

    Returns
    -------
    tuple of ndarray
        The columns, shape (n, p), and the means and standard deviations taken out of them, shape (p − 1,).

    Raises
    ------
    EstimationError
        Covariates that do not vary or that the others determine, by name.

    Examples
    --------
    >>> standardised(np.array([[1.0], [3.0]]), ["hour"])[0].tolist()
    [[1.0, -1.0], [1.0, 1.0]]
    """
    centre, spread = matrix.mean(axis=0), matrix.std(axis=0)
    _refuse_collinear(matrix - centre, spread, names)
    return np.column_stack([np.ones(len(matrix)), (matrix - centre) / spread]), centre, spread


def _to_original_units(centre: Array, spread: Array) -> Array:
    """Matrix that turns coefficients of standardised columns into those of the columns themselves."""
    back = np.diag(np.concatenate([[1.0], 1 / spread]))
    back[0, 1:] = -centre / spread
    return back


def _refuse_collinear(centred: Array, spread: Array, names: Sequence[str]) -> None:
    """Name the covariates that the others determine."""
    constant = spread <= 1e-12 * (1 + np.abs(centred).max(initial=0.0))
    if constant.any():
        same = ", ".join(name for name, flat in zip(names, constant, strict=True) if flat)
        raise EstimationError(f"the same in every call: {same}", mend="leave these covariates out")
    if not len(names):
        return
    scaled = centred / spread
    if np.linalg.eigvalsh(scaled.T @ scaled / len(scaled))[0] > 1e-6:  # far from singular: no pivots are needed
        return
    triangle, order = linalg.qr(scaled, mode="r", pivoting=True)
    size = np.abs(np.diag(triangle))
    rank = int((size > 1e-9 * size[0]).sum())
    if rank < len(names):
        implied = ", ".join(sorted(names[place] for place in order[rank:]))
        raise EstimationError(
            f"covariates that the others determine exactly: {implied}", mend="leave one of each such group out"
        )
