"""How far cities drift apart without a programme, seen at made-up starts in the time before the real one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import chi_square_quantile
from coresponder_causal.core.prediction import Prediction, predict

Array = NDArray[np.float64]
side, most_starts = 12, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far cities drift apart without a programme.

    Parameters
    ----------
    used : float
        Standard deviation of structural changes in the process: what was stated, else ``high``.
    estimate, high : float
        What made-up starts before the real one show, and its upper 80 % limit; NaN where fewer than two comparison
        cities can show it. In a short time the estimate is biased down.
    """

    used: float
    estimate: float
    high: float

    @property
    def sentence(self) -> str:
        """The drift in words, and how well it is known."""
        assumed = 0.0 if np.isnan(self.high) else self.high
        stated = "" if self.used == assumed else f" τ = {self.used:g} was used, as stated."
        if np.isnan(self.estimate):
            alone = "One city alone cannot show how far it drifts without a programme"
            return (
                f"{alone}.{stated}" if stated else f"{alone}: these figures hold only if its course would have gone on."
            )
        seen = (
            f"Before the start cities drift apart by about {100 * np.expm1(self.estimate):.0f} % (τ = "
            f"{self.estimate:.2f}, upper 80 % limit {self.high:.2f})"
        )
        if stated:
            return f"{seen}.{stated}"
        return (
            f"{seen}; so short a time tends to show too little drift, so the limit was used. "
            f"More favourable figures: state tau = {self.estimate:.2f}."
        )


def between(outcomes: Array, positions: Array, *, season: float | None, pairs: int, stated: float | None) -> Drift:
    """Estimate the drift between cities.

    Parameters
    ----------
    outcomes : ndarray, shape (T, 1 + m)
        Log rates before the start, the treated city first.
    positions : ndarray, shape (T,)
        Integer positions of the periods.
    season : float or None
        Periods in a year.
    pairs : int
        Seasonal harmonics.
    stated : float or None
        Standard deviation to be used instead of the upper limit of the estimate.

    Raises
    ------
    EstimationError
        If the stated value is no standard deviation.

    Notes
    -----
    τ² is the mean, over up to five made-up starts at least 12 periods from either end, of the REML variance of the
    comparison cities' changes; its limit the mean of their Q-profile limits.

    References
    ----------
    Viechtbauer (2007), doi:10.1002/sim.2514 (Q-profile limits of τ²).

    Examples
    --------
    >>> rates = np.random.default_rng(1).normal(0, 0.1, (36, 7))
    >>> found = between(rates, np.arange(36.0), season=None, pairs=0, stated=None)
    >>> found.estimate < found.high == found.used
    True
    """
    if stated is not None and not 0 <= stated < np.inf:
        raise EstimationError(f"tau={stated} is no standard deviation", mend="give a number from 0 on, e.g. 0.1")
    periods, cities = outcomes.shape
    if cities < 3:
        return Drift(used=stated or 0.0, estimate=np.nan, high=np.nan)
    places = np.unique(np.linspace(side, periods - side, most_starts).astype(int))
    fits = [predict(outcomes, np.arange(periods) >= place, positions, season=season, pairs=pairs) for place in places]
    estimate = float(np.sqrt(np.mean([fit.tau**2 for fit in fits])))
    high = float(np.sqrt(np.mean([_limit(fit) for fit in fits])))
    return Drift(used=high if stated is None else stated, estimate=estimate, high=high)


def _limit(fit: Prediction) -> float:
    """Upper 80 % limit of τ²: where the weighted squares of the comparison cities' changes become improbably small."""
    m = len(fit.effects) - 1
    effects, variances = fit.effects[1:], fit.variances[1:] * m / (m - 1)
    least = chi_square_quantile(0.2, m - 1)

    def excess(tau_squared: float) -> float:
        weights = 1 / (variances + tau_squared)
        return float(weights @ (effects - weights @ effects / weights.sum()) ** 2) - least

    return float(brentq(excess, 0.0, float(effects @ effects) / least)) if excess(0.0) > 0 else 0.0
