"""Where one series changes once: F statistics of a break at every date, its p-value and the dates that fit as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.inference import break_date_limit, simulated_p_value, sup_f_p_value

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Break:
    """The most likely date of one break.

    Parameters
    ----------
    statistics : ndarray, shape (m,)
        χ² form of the F test of a break at each candidate: (RSS₀ − RSS)/(RSS/(n − k − q)).
    place : int
        Candidate with the largest.
    p_value : float
        Share of as large a supremum among simulated white series on the same regressors.
    p_asymptotic : float
        P-value in the limit of long series with regressors that do not trend.
    inside : ndarray of bool, shape (m,)
        Candidates that the likelihood ratio does not set apart from the best.
    """

    statistics: Array
    place: int
    p_value: float
    p_asymptotic: float
    inside: NDArray[np.bool_]


def steps(time: Array, at: Array, *, slope: bool) -> Array:
    """Level from each date on, and the time since then.

    Parameters
    ----------
    time : ndarray, shape (n,)
    at : ndarray, shape (m,)
        First positions after the break.
    slope : bool
        Whether the slope breaks too.

    Returns
    -------
    ndarray, shape (m, n, 1 or 2)

    Examples
    --------
    >>> steps(np.arange(3.0), np.array([1.0]), slope=True)[0].tolist()
    [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]
    """
    since = time[None, :] - at[:, None]
    level = (since >= 0).astype(float)
    return np.stack([level, np.maximum(since, 0.0)] if slope else [level], axis=2)


def candidates(n: int, trim: float) -> NDArray[np.int64]:
    """Rows that may be the first after the break when a share ``trim`` of n rows lies on each side.

    Examples
    --------
    >>> candidates(20, 0.15).tolist()[::14]
    [3, 17]
    """
    least = int(trim * n)
    return np.arange(least, n - least + 1)


def one_break(y: Array, X: Array, added: Array, *, trim: float, draws: int = 999, seed: int = 0) -> Break:
    """Test for one break at an unknown date in a regression with white errors, and find its date.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
        Regressors whose coefficients stay.
    added : ndarray, shape (m, n, q)
        What a break at each of m candidates adds to X.
    trim : float
        Share of the rows that the candidates leave on each side, for the asymptotic p-value.
    draws, seed : int
        Simulated white series.

    Returns
    -------
    Break

    Notes
    -----
    The F statistics do not depend on β and s², so that with normal errors the simulated p-value is exact, also where X
    trends or a whitened break is a spike, which moves the limit law.

    References
    ----------
    Andrews (1993), doi:10.2307/2951764; regressors held fixed: Hansen (2000), doi:10.1016/S0304-4076(99)00068-8.
    """
    n, (_, _, q) = len(y), added.shape
    basis = np.linalg.qr(X)[0]
    own = np.linalg.qr(added - basis @ (basis.T @ added))[0].transpose(0, 2, 1)
    spare = n - X.shape[1] - q
    white = np.random.default_rng(seed).standard_normal((n, draws))
    statistics, likelihood = _sweep(np.column_stack([y, white]), basis, own, spare)
    largest = statistics.max(axis=0)
    return Break(
        statistics=statistics[:, 0],
        place=int(np.argmax(statistics[:, 0])),
        p_value=simulated_p_value(float(largest[0]), largest[1:]),
        p_asymptotic=sup_f_p_value(float(largest[0]), q, trim=trim),
        inside=n * (likelihood[:, 0] - likelihood[:, 0].min()) <= break_date_limit(),
    )


def _sweep(outcomes: Array, basis: Array, own: Array, spare: int) -> tuple[Array, Array]:
    """χ² statistics and log RSS of a break at each candidate, for each outcome: shapes (m, J)."""
    rest = outcomes - basis @ (basis.T @ outcomes)
    gained = sum((own[:, column] @ rest) ** 2 for column in range(own.shape[1]))
    left = np.sum(rest**2, axis=0) - gained
    return np.asarray(spare * gained / left), np.log(left)
