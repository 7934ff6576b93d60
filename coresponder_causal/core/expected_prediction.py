"""One treated city among m others by expected counts: what its own and the others' pseudo effects say together.

Each city's effect is the log of its counted over its expected events after the start, the expected ones from a Poisson
fit with city and period effects to all that is untreated. Comparison cities are each treated in turn, the treated city
left out: how far their pseudo effects spread beyond their own noise is how far cities drift apart by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.persistence import persistence
from coresponder_causal.core.poisson_effects import CountRows, poisson_effects
from coresponder_causal.core.prediction import gap_matrix
from coresponder_causal.core.random_effects import between_cities, tau_limits
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.reml_fit import RemlFit
from coresponder_causal.core.variance import VarianceRecord

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpectedPrediction:
    """Effects of the treated city over sets of periods, and what they are held against.

    Parameters
    ----------
    estimate, vcov : ndarray, shapes (k,) and (k, k)
        Log of counted over expected events in each set of periods, τ² included in the covariance.
    record : VarianceRecord
        Gives every contrast of them its df.
    expected : ndarray, shape (T,)
        Expected events of the treated city.
    effects, variances, dfs : ndarray, shape (1 + m,)
        Effect over all periods after the start, its own variance and df of every city, the treated city first.
    tau : float
        REML standard deviation of structural changes between comparison cities.
    tau_limits, rho_limits : tuple of float
        Lower and upper 80 % limits of τ, and of the correlation of the treated city's errors.
    concentration : float
        Σ w², w the comparison cities' shares of their expected events: 1/m where they are equally large.
    own : RemlFit
        Of the treated city's counted over fitted events.
    """

    estimate: Array
    vcov: Array
    record: VarianceRecord
    expected: Array
    effects: Array
    variances: Array
    dfs: Array
    tau: float
    tau_limits: tuple[float, float]
    rho_limits: tuple[float, float]
    concentration: float
    own: RemlFit


@dataclass(frozen=True, slots=True, eq=False)
class _City:
    """A city's expected events, its effects, counted over fitted events, and the weights of these in its effects.

    ``shares`` are those of the comparison cities in all their expected events after the start.
    """

    expected: Array
    sums: Array
    relative: Array
    weights: Array
    shares: Array


def predict_from_expected(
    rows: CountRows, sets: Bools, dose: Array, positions: Array, *, season: float | None, pairs: int, names: list[str]
) -> ExpectedPrediction:
    """Compare the first city's events with those expected, and with what the other cities' did.

    Parameters
    ----------
    rows : CountRows
        T rows of each city in turn, the treated city first, in order of time.
    sets : ndarray of bool, shape (k, T)
        Periods over which effects are taken, the first set all of them; at full dose.
    dose : ndarray, shape (T,)
        The treated city's; what is neither 0 nor in a set is used by no fit.
    positions : ndarray, shape (T,)
        Integer positions of the periods.
    season, pairs
        Of the regression that gives the errors' covariance, as in `core.prediction.predict`.
    names : list of str
        Names of the covariates.

    Returns
    -------
    ExpectedPrediction

    Notes
    -----
    With u_c the structural change of city c and w_c its share of the comparison cities' expected events, the pseudo
    effect of city j is θ_j = (u_j − Σ w_c u_c) / (1 − w_j) to first order, so that θ_j (1 − w_j) is u_j up to a shift
    common to all, which the restricted likelihood of τ² does not see. θ_j's noise is a'V̂a: a the shares of
    expected events after the start, less those before, V̂ the AR(1) plus white-noise covariance of counted over fitted
    events, to which a log ratio of sums answers linearly; there are no logs of counts, and zeros do no harm.
    Of that the part s_j = (1 − w_j)² / (1 − 2 w_j + Σ w²) is u_j's own, if cities are equally noisy. The treated
    city's variance is v_0 + τ² (1 + Σ w²).

    Raises
    ------
    EstimationError
        With fewer than three comparison cities: each needs two others; and where a fit has no solution.

    References
    ----------
    Wooldridge (2023), doi:10.1093/ectj/utad016, for the expected events; Higgins, Thompson & Spiegelhalter (2009),
    doi:10.1111/j.1467-985X.2008.00552.x, for the interval.
    """
    cities = int(rows.unit.max()) + 1
    if cities < 4:
        raise EstimationError(
            f"{cities - 1} comparison cities: each needs two others to be compared with",
            mend="bring at least three comparison cities (five or more are wanted)",
        )
    found = [_city(rows, city, sets, dose, names) for city in range(cities)]
    serial = serial_design(gap_matrix(dose, positions, season=season, pairs=pairs), time=positions)
    fits = serial.fit_many(np.column_stack([city.relative for city in found]))
    noise = [_noise(fit, positions, city.weights) for fit, city in zip(fits, found, strict=True)]
    first = np.eye(len(sets))[0]
    effects = np.array([city.sums[0] for city in found])
    variances = np.array([vcov[0, 0] for vcov, _ in noise])
    w = found[0].shares
    own, concentration = 1 - w, float(w @ w)
    spread = effects[1:] * own, variances[1:] * own**2 * own**2 / (1 - 2 * w + concentration)
    tau_squared, trace = between_cities(*spread)
    factor = np.full((len(sets), len(sets)), 1 + concentration)
    return ExpectedPrediction(
        estimate=found[0].sums,
        vcov=noise[0][0] + tau_squared * factor,
        record=noise[0][1].plus(factor, trace / 2),
        expected=found[0].expected,
        effects=effects,
        variances=variances,
        dfs=np.array([record.df(first, vcov) for vcov, record in noise]),
        tau=float(np.sqrt(tau_squared)),
        tau_limits=tau_limits(*spread, tau_squared),
        rho_limits=serial.rho_limits(found[0].relative),
        concentration=concentration,
        own=fits[0],
    )


def _city(rows: CountRows, city: int, sets: Bools, dose: Array, names: list[str]) -> _City:
    """Treat one city; the truly treated one is not among the others."""
    T = len(dose)
    treated, before = dose > 0, dose == 0
    mine = rows.unit == city
    untreated = (rows.unit != 0) & ~mine | mine & before[rows.time]
    fit = poisson_effects(rows.take(untreated), names=names)
    expected = fit.expected(rows)
    own, counts = expected[mine], rows.counts[mine]
    if not np.isfinite(own).all() or not (sets @ counts > 0).all():
        raise EstimationError(
            "a city or a period has no events to compare with, or a span after the start none",
            mend="use longer spans (bin_width), or leave the city out",
        )
    sums = np.log(sets @ counts / (sets @ own))
    after = sets / (sets @ own)[:, None] * own
    others = np.array([expected[rows.unit == c][treated].sum() for c in range(1, len(rows.unit) // T)])
    return _City(
        expected=own,
        sums=sums,
        relative=counts / (own * np.exp(sums[0] * dose)),
        weights=after - before * own / own[before].sum(),
        shares=others / others.sum(),
    )


def _noise(fit: RemlFit, positions: Array, weights: Array) -> tuple[Array, VarianceRecord]:
    """Covariance of sums w'y under a fit's errors, and how it moves with (log s², ρ, φ)."""
    lag = np.abs(positions[:, None] - positions)
    R, identity = persistence(fit.rho, positions), np.eye(len(lag))
    slopes = [fit.sigma2 * (fit.phi * R + (1 - fit.phi) * identity)]
    if "rho upper" not in fit.at_bound:
        slopes.append(fit.sigma2 * fit.phi * lag * fit.rho ** np.maximum(lag - 1, 0))
    if not {"rho zero", "nugget zero"} & set(fit.at_bound):
        slopes.append(fit.sigma2 * (R - identity))
    gradient = np.array([weights @ slope @ weights.T for slope in slopes])
    return gradient[0], VarianceRecord(
        gradient=gradient, information=fit.record.information, ceiling=fit.record.ceiling
    )
