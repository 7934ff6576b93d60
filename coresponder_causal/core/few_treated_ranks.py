"""Ranks of the gap between a few treated cities and others: among draws of residuals, shifted courses, sets of cities.

Tables of changes are those of `coresponder_causal.core.few_treated`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, product
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from coresponder_causal.core.few_treated import gap, other_changes

Array = NDArray[np.float64]
Places = NDArray[np.int64]
most_draws = 9999


def drawn_placebos(table: Array, size: Array | None = None, *, seed: int = 0) -> tuple[float, Array]:
    """Give the gap's standard error, and what the residuals of other cities make in the treated cities' place.

    Parameters
    ----------
    table : ndarray, shape (k + m, k)
        Changes.
    size : ndarray, shape (k + m,), optional
        Populations: a city's variance is then a + b/size, and else the same for all.
    seed : int
        Of the draws, where there are too many to list.

    Returns
    -------
    std_error : float
    placebos : ndarray, shape (B,)
        For each treated city the residual of one comparison city in its window, and their mean: all m^k choices with
        replacement, or 9,999 of them. They are brought to the variance of the gap.

    Notes
    -----
    Conley and Taber compare the gap with residuals as if the comparison cities' mean were known. With m cities a
    residual's expected square is v_j(1 − 2/m) + v̄/m, linear in a and b, which are its least-squares fit with a and
    b ≥ 0; the gap's variance is Σ_i v_i/k² + v̄/m. Where all v are equal residuals are so multiplied by
    √((m + k)/(m − 1)). The treated city counts in its own rank.

    References
    ----------
    Conley & Taber (2011), doi:10.1162/REST_a_00049; Ferman & Pinto (2019), doi:10.1162/rest_a_00759 (size); Alvarez,
    Ferman & Wüthrich (2025), arXiv:2504.19841, on the need for a correction with few cities.

    Examples
    --------
    >>> drawn_placebos(np.array([[5.0], [-1.0], [0.0], [1.0]]))[1].round(3).tolist()
    [-1.414, 0.0, 1.414]
    """
    k, m = table.shape[1], table.shape[0] - table.shape[1]
    inverse = np.ones(k + m) if size is None else size[k:].mean() / size
    windows = [_scaled(column, inverse[k:]) for column in table[k:].T]
    own = [coefficients @ [1.0, inverse[i]] for i, (_, coefficients) in enumerate(windows)]
    of_others = _scaled(other_changes(table), inverse[k:])[1] @ [1.0, inverse[k:].mean()]
    variance = float(sum(own) / k**2 + of_others / m)
    unit = np.column_stack([scaled * np.sqrt(v) for (scaled, _), v in zip(windows, own, strict=True)])
    means = unit[_draws(m, k, seed), np.arange(k)].mean(axis=1)
    return float(np.sqrt(variance)), means * np.sqrt(variance / (sum(own) / k**2))


def shifted_placebos(outcomes: Array, base: Array, weights: Array) -> Array:
    """Gaps of every city without the programme at every cyclic shift of its course, brought to the gap's variance.

    Parameters
    ----------
    outcomes : ndarray, shape (T, m)
        Log rates of the cities without the programme.
    base : ndarray, shape (T, p)
        Constant, season, and a trend where one is taken out.
    weights : ndarray, shape (T,)
        Of the window.

    Returns
    -------
    ndarray, shape (m · T,)
        The first m are those at no shift.

    Notes
    -----
    What the base explains is taken out of each course first. Shifts are exchangeable with the course itself where
    errors are stationary, which a step of a city's own at the start is not.

    References
    ----------
    Chernozhukov, Wüthrich & Zhu (2021), doi:10.1080/01621459.2021.1920957 (cyclic shifts).
    """
    errors = outcomes - outcomes.mean(axis=1, keepdims=True)
    errors = errors - base @ np.linalg.lstsq(base, errors, rcond=None)[0]
    T, m = errors.shape
    places = (np.arange(T)[:, None] + np.arange(T)) % T
    by_shift = np.einsum("t,stj->sj", weights, errors[places])
    return np.asarray(by_shift.ravel() * np.sqrt((m + 1) / (m - 1)))


def set_crossings(table: Array, effects: Array, together: Sequence[int], *, seed: int = 0) -> Array:
    """Effects at which the gap of other cities, put in the treated cities' place, is as large as that of the treated.

    Parameters
    ----------
    table : ndarray, shape (k + m, k)
        Changes.
    effects : ndarray, shape (k + m, k)
        Changes that a programme with the effect 1 makes in each city and window; 0 for the comparison cities.
    together : sequence of int
        How many treated cities start at each date, in their order.
    seed : int
        Of the draws, where there are too many sets to list.

    Returns
    -------
    ndarray, shape (B, 2)
        Bounds of the effect for every other way of giving the starts to the cities, or 9,999 of them.

    Notes
    -----
    Under an effect b the gap is G − b, that of another choice A − bC, so that |A − bC| ≥ |G − b| between
    (G − A)/(1 − C) and (G + A)/(1 + C). Exact where every choice of cities was as likely, or cities are exchangeable.

    References
    ----------
    Fisher (1935), The Design of Experiments; Conley & Taber (2011), doi:10.1162/REST_a_00049, on few treated groups.

    Examples
    --------
    >>> set_crossings(np.array([[3.0], [0.0], [1.0]]), np.array([[1.0], [0.0], [0.0]]), [1]).round(6).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    k = table.shape[1]
    G, places = gap(table), _choices(len(table), tuple(together), seed)
    A, C = (_gaps(values, places) for values in (table, effects))
    always = 1 - np.abs(C) < 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.sort(np.column_stack([(G - A) / (1 - C), (G + A) / (1 + C)]), axis=1)
    ends[always] = -np.inf, np.inf
    return np.asarray(ends[~(places == np.arange(k)).all(axis=1)])


def choices(cities: int, together: Sequence[int]) -> int:
    """How many ways there are of giving the starts to cities.

    Examples
    --------
    >>> choices(13, [3]), choices(13, [1, 2])
    (286, 858)
    """
    return factorial(cities) // (factorial(cities - sum(together)) * prod(map(factorial, together)))


def _scaled(changes: Array, inverse: Array) -> tuple[Array, Array]:
    """Residuals over their expected deviation, and a and b of the variance a + b · inverse."""
    m = len(changes)
    residuals = changes - changes.mean()
    columns = np.column_stack([np.ones(m), inverse])
    expected = columns * (1 - 2 / m) + columns.mean(axis=0) / m
    a_and_b = nnls(expected, residuals**2)[0]
    return residuals / np.sqrt(expected @ a_and_b), a_and_b


@lru_cache(maxsize=8)
def _draws(m: int, k: int, seed: int) -> Places:
    """Rows of k comparison cities with replacement: all of them, or so many at random."""
    if m**k <= most_draws:
        return _kept(np.array(list(product(range(m), repeat=k))))
    return _kept(np.random.default_rng(seed).integers(m, size=(most_draws, k)))


@lru_cache(maxsize=8)
def _choices(cities: int, together: tuple[int, ...], seed: int) -> Places:
    """Rows of k cities that take the starts: all ways, the true one among them, or so many at random."""
    if choices(cities, together) <= most_draws + 1:
        return _kept(np.array(list(_listed(tuple(range(cities)), together))))
    rows = np.tile(np.arange(cities), (most_draws, 1))
    return _kept(np.random.default_rng(seed).permuted(rows, axis=1)[:, : sum(together)])


def _kept(places: Places) -> Places:
    places.setflags(write=False)
    return places


def _listed(cities: tuple[int, ...], together: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if not together:
        yield ()
        return
    for chosen in combinations(cities, together[0]):
        left = tuple(city for city in cities if city not in chosen)
        yield from (chosen + rest for rest in _listed(left, together[1:]))


def _gaps(values: Array, places: Places) -> Array:
    """Gap of each choice: mean of the chosen cities in their windows less the others' mean over the windows."""
    k = values.shape[1]
    means = values.mean(axis=1)
    others = (means.sum() - means[places].sum(axis=1)) / (len(values) - k)
    return np.asarray(values[places, np.arange(k)].mean(axis=1) - others)
