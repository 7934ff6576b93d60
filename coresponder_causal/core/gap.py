"""The course of one city less a weighted mean of others, the weights fixed before the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.domain import rejections
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import Doubt, doubt, note
from coresponder_causal.core.simplex import Gram, gram_of, simplex_weights

Array = NDArray[np.float64]
folds, fewest_before = 6, 18
least_r_squared, least_named = 0.8, 0.005
smoothing = 3  # periods of the moving average in which weights are fitted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Donors:
    """A weighted mean of comparison cities.

    Parameters
    ----------
    weights : ndarray, shape (m,)
        Not negative, with sum 1.
    course : ndarray, shape (T,)
        Their mean log rate; where weights were fitted, before the start that of weights fitted without the periods
        around each.
    r_squared : float
        Share of the treated city's variance before the start that the weights reproduce, season taken out and smoothed
        over three periods.
    """

    weights: Array
    course: Array
    r_squared: float

    @property
    def effective(self) -> float:
        """Effective number of cities, 1/Σw²."""
        return float(1 / np.sum(self.weights**2))


def fixed_donors(rates: Array, weights: Array, before: NDArray[np.bool_], seasons: Array) -> Donors:
    """Mean of comparison cities with weights that no outcome has chosen.

    Parameters
    ----------
    rates : ndarray, shape (T, 1 + m)
        Log rates, the treated city first.
    weights : ndarray, shape (m,)
        Brought to sum 1.
    before : ndarray of bool, shape (T,)
        Periods before the start.
    seasons : ndarray, shape (T, p)
        Seasonal regressors.
    """
    weights = weights / weights.sum()
    return Donors(
        weights=weights, course=rates[:, 1:] @ weights, r_squared=_r_squared(_adjusted(rates, before, seasons), weights)
    )


def synthetic_donors(rates: Array, before: NDArray[np.bool_], seasons: Array) -> Donors:
    """Weights on the simplex under which comparison cities come closest to the treated one before the start.

    Parameters
    ----------
    rates, before, seasons
        As in `fixed_donors`.

    Returns
    -------
    Donors
        Levels and seasons do not count, and log rates are smoothed over three periods, lest noise be matched. After
        the start the weights are those of all periods before it. Before the start each of six blocks of periods is
        predicted by weights fitted to the others, so that the noise seen there holds the error of the weights, as the
        noise after the start does.

    Raises
    ------
    EstimationError
        With fewer than 18 periods before the start.

    References
    ----------
    Doudchenko & Imbens (2016), doi:10.3386/w22791; Ferman & Pinto (2021), doi:10.3982/QE1596 (shifted by a constant);
    Chernozhukov, Wüthrich & Zhu (2025), Debiasing and t-tests for synthetic control inference, arXiv:1812.10820 (held
    out blocks).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> donors = rng.normal(size=(40, 3))
    >>> rates = np.column_stack([donors @ [0.25, 0.75, 0.0] + 2.0, donors])
    >>> synthetic_donors(rates, np.arange(40) < 30, np.empty((40, 0))).weights.round(6).tolist()
    [0.25, 0.75, 0.0]
    """
    n = int(before.sum())
    if n < fewest_before:
        raise EstimationError(
            f"{n} periods before the start, of which {fewest_before} are needed to fit weights",
            mend="use weights='equal'",
        )
    adjusted = _adjusted(rates, before, seasons)
    blocks = np.array_split(adjusted, folds)
    parts = [gram_of(block[:, 1:], block[:, 0], intercept=False) for block in blocks]
    whole = Gram(sum(part.inner for part in parts), sum(part.cross for part in parts))  # type: ignore[arg-type]
    weights = simplex_weights(whole)
    without = [simplex_weights(Gram(whole.inner - part.inner, whole.cross - part.cross)) for part in parts]
    centre = rates[before, 1:].mean(axis=0)
    by_period = np.tile(weights, (len(rates), 1))
    by_period[before] = np.repeat(without, [len(block) for block in blocks], axis=0)
    course = ((rates[:, 1:] - centre) * by_period).sum(axis=1) + centre @ weights
    return Donors(weights=weights, course=course, r_squared=_r_squared(adjusted, weights))


def doubt_fit(r_squared: float) -> None:
    """Doubt weights that reproduce too little of a city's variance before the start."""
    if r_squared < least_r_squared:
        doubt(
            f"synthetic weights reproduce {100 * max(r_squared, 0):.0f} % of the city's variance before the start, "
            f"less than {100 * least_r_squared:.0f} %: this is no evidence"
        )


def named_weights(cities: Sequence[str], weights: Array) -> str:
    """Name the cities with a weight to be seen, the heaviest first.

    Examples
    --------
    >>> named_weights(["A", "B", "C"], np.array([0.25, 0.0, 0.75]))
    'C 0.75, A 0.25'
    """
    heaviest = np.argsort(-np.abs(weights), kind="stable")
    seen = [place for place in heaviest if abs(weights[place]) >= least_named]
    return ", ".join(f"{cities[place]} {weights[place]:.2f}" for place in seen)


def say_what_a_gap_answers(method: str, term: str) -> None:
    """Say how often the test of a method's term rejected where cities drift apart, from the table of measured rates."""
    drifting = {tau: share for tau, share in rejections(method, term, by="tau").items() if tau > 0}
    measured = ", ".join(f"{100 * share:.0f} % of the time at τ = {tau:g}" for tau, share in drifting.items())
    text = (
        "whether the gap moved beyond its own noise, not beyond what cities do by themselves: where cities without a "
        f"programme drift apart, a 5 % test of this kind rejected in simulated worlds {measured or 'too often'}; "
        "did_prediction_interval answers for the effect"
    )
    note(Doubt(text))


def _adjusted(rates: Array, before: NDArray[np.bool_], seasons: Array) -> Array:
    """Log rates before the start without level and season, as a moving average that shrinks at the ends."""
    y, X = rates[before], np.column_stack([np.ones(int(before.sum())), seasons[before]])
    left = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    near = np.abs(np.subtract.outer(np.arange(len(y)), np.arange(len(y)))) <= smoothing // 2
    return np.asarray(near @ left / near.sum(axis=1, keepdims=True))


def _r_squared(adjusted: Array, weights: Array) -> float:
    gap = adjusted[:, 0] - adjusted[:, 1:] @ weights
    return float(1 - gap @ gap / (adjusted[:, 0] @ adjusted[:, 0]))
