"""The probability of being treated: logistic regression by Newton steps, with the scores of its estimation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.special import expit

from coresponder_causal.core.errors import EstimationError

Array = NDArray[np.float64]
most_steps, smallest_step = 25, 1e-9


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

    def influence_through(self, slope: Array) -> Array:
        """Influence, over n, of the estimated coefficients on a quantity that moves by ``slope`` with each log odds.

        Parameters
        ----------
        slope : ndarray, shape (n,)
            Derivative of the quantity in each unit's linear predictor.

        Returns
        -------
        ndarray, shape (n,)
        """
        return np.asarray(self.scores @ (self.bread @ (self.rows.T @ slope)), float)


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
    centre, spread = matrix.mean(axis=0), matrix.std(axis=0)
    _refuse_collinear(matrix - centre, spread, names)
    standard = np.column_stack([np.ones(len(treated)), (matrix - centre) / spread])
    gamma = _maximise(treated, standard, sampling, names)
    linear = standard @ gamma
    probability = expit(linear)
    back = _to_original_units(centre, spread)
    information = standard.T @ (standard * (sampling * probability * (1 - probability))[:, None])
    rows = np.column_stack([np.ones(len(treated)), matrix])
    return Propensity(
        beta=back @ gamma,
        bread=back @ np.linalg.inv(information) @ back.T,
        linear=linear,
        probability=probability,
        rows=rows,
        scores=rows * (sampling * (treated - probability))[:, None],
    )


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
    _, triangle, order = linalg.qr(centred / spread, mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    rank = int((size > 1e-9 * size[0]).sum())
    if rank < len(names):
        implied = ", ".join(sorted(names[place] for place in order[rank:]))
        raise EstimationError(
            f"covariates that the others determine exactly: {implied}", mend="leave one of each such group out"
        )


def _maximise(treated: Array, standard: Array, sampling: Array, names: Sequence[str]) -> Array:
    """Newton steps, halved where the likelihood would fall, until no linear predictor moves."""
    share = float(sampling @ treated / sampling.sum())
    gamma = np.zeros(standard.shape[1])
    gamma[0] = np.log(share / (1 - share))
    linear = standard @ gamma
    value = _log_likelihood(treated, linear, sampling)
    step = np.zeros_like(gamma)
    for _ in range(most_steps):
        probability = expit(linear)
        weight = sampling * probability * (1 - probability)
        try:
            factor = linalg.cho_factor(standard.T @ (standard * weight[:, None]))
        except linalg.LinAlgError:
            break
        step = linalg.cho_solve(factor, standard.T @ (sampling * (treated - probability)))
        moved = standard @ step
        gain = _log_likelihood(treated, linear + moved, sampling) - value
        while gain < -1e-10 * abs(value):
            step, moved = step / 2, moved / 2
            gain = _log_likelihood(treated, linear + moved, sampling) - value
        gamma, linear, value = gamma + step, linear + moved, value + gain
        if np.abs(moved).max() < smallest_step * (1 + np.abs(linear).max()):
            return gamma
    raise _why_not(linear, step, names)


def _log_likelihood(treated: Array, linear: Array, sampling: Array) -> float:
    return float(sampling @ (treated * linear - np.logaddexp(0.0, linear)))


def _why_not(linear: Array, step: Array, names: Sequence[str]) -> EstimationError:
    """Tell separation, where some covariates' coefficients still grow, from another failure to converge."""
    growing = np.abs(step[1:])
    moving = [name for name, size in zip(names, growing, strict=True) if size > 0.1 * growing.max(initial=0.0) > 0]
    listed = ", ".join(moving[:8]) + (", …" if len(moving) > 8 else "")
    certain = int((np.abs(linear) > 15).sum())
    if certain:
        return EstimationError(
            f"the covariates separate treated from untreated calls: by {listed} the treatment of {certain} calls is "
            "certain",
            mend="leave out the calls that always or never get the treatment, or merge rare levels of those covariates",
        )
    return EstimationError(
        f"the propensity did not converge in {most_steps} steps; {listed} still moved",
        mend="leave one of these covariates out, or take the logarithm of those with extreme values",
    )
