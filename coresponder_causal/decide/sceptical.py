"""What a sceptic would believe after a result: a prior centred on no effect, which is what the trials found."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
prior_sd, points, reach = 0.2, 8001, 8.0
"""Standard deviation of the prior of the log ratio; grid points, and how many prior sd the grid reaches."""


def probability_below(
    estimate: ArrayLike, std_error: ArrayLike, df: ArrayLike, limit: float, *, sd: float = prior_sd
) -> Array:
    """Posterior probability that a log ratio lies below a limit.

    Prior N(0, sd²), likelihood of t(df) around the estimate, by the midpoint rule.

    Parameters
    ----------
    estimate, std_error, df : array_like, shape (n,)
    limit : float
        On the log scale.
    sd : float

    Returns
    -------
    ndarray, shape (n,)

    References
    ----------
    Spiegelhalter, Freedman & Parmar (1994), doi:10.2307/2983527.

    Examples
    --------
    >>> probability_below([-0.2, 0.0], [0.1, 0.1], [np.inf, 5.0], 0.0).round(3).tolist()
    [0.963, 0.5]
    """
    mean, spread, degrees = (np.atleast_1d(np.asarray(value, float)) for value in (estimate, std_error, df))
    grid = sd * np.linspace(-reach, reach, points)
    log_prior = -0.5 * (grid / sd) ** 2
    z2 = ((grid - mean[:, None]) / spread[:, None]) ** 2
    finite = np.where(np.isinf(degrees), 1.0, degrees)[:, None]
    log_t = np.where(np.isinf(degrees)[:, None], -0.5 * z2, -(finite + 1) / 2 * np.log1p(z2 / finite))
    posterior = log_prior + log_t
    weight = np.exp(posterior - posterior.max(axis=1, keepdims=True))
    step = grid[1] - grid[0]
    share = np.clip((limit - grid) / step + 0.5, 0.0, 1.0)  # part of each cell below the limit
    return np.asarray((weight * share).sum(axis=1) / weight.sum(axis=1), float)
