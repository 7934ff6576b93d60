"""What a REML fit of a series says, put together from its restricted likelihood at the peak or over a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.reml_likelihood import expand
from coresponder_causal.core.reml_mixture import Grid
from coresponder_causal.core.reml_satterthwaite import records
from coresponder_causal.core.reml_search import EDGE, PHI_MIN, RHO_MAX
from coresponder_causal.core.serial import note_outcome_problems
from coresponder_causal.core.variance import VarianceRecord

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RemlFit:
    """A REML fit of y = Xβ + u, Var(u) = s²[φR(ρ) + (1−φ)I].

    Parameters
    ----------
    beta : ndarray, shape (k,)
        Coefficients, in the units of y.
    vcov : ndarray, shape (k, k)
        Their covariance at the estimated variance parameters.
    sigma2 : float
        s², the variance of one period's error (persistent and new together).
    rho, phi : float
        Correlation of neighbouring periods in the persistent part, and that part's share of s².
    loglik : float
        Maximised REML log-likelihood; see `SerialDesign.reml_loglik`.
    at_bound : tuple of str
        Which of "rho zero" (φ is then not identified and set to 1), "rho upper", "nugget zero" (φ = 1) and "nugget
        upper" (φ = 0.02) hold.
    record : VarianceRecord
        ∂vcov/∂θ and the expected information of θ = (log s², ρ, φ), without ρ at its upper bound and without φ at 1
        or where ρ = 0: ``record.df(c, vcov)`` is the Satterthwaite df of c'β, n − k where a grid was integrated over.
    n, k : int
        Rows and columns of X.
    residuals : ndarray, shape (n,)
        y − Xβ.
    """

    beta: Array
    vcov: Array
    sigma2: float
    rho: float
    phi: float
    loglik: float
    at_bound: tuple[str, ...]
    record: VarianceRecord
    n: int
    k: int
    residuals: Array


class Frame(NamedTuple):
    """Regressors X = BT: ``basis`` B orthonormal, ``inverse_triangle`` T⁻¹, and the distances of the rows."""

    X: Array
    basis: Array
    inverse_triangle: Array
    gaps: Array
    nugget: bool


class Outcomes(NamedTuple):
    """Outcomes, their least-squares residuals in units of their own spread, and that spread: (r, n), (r, n), (r,)."""

    values: Array
    units: Array
    scales: Array

    def only(self, which: NDArray[np.intp]) -> Outcomes:
        """Return some of the outcomes."""
        return Outcomes(*(part[which] for part in self))


def standardise(outcomes: Array, basis: Array) -> Outcomes:
    """Take the regressors off each outcome (r, n) and scale what is left.

    Raises
    ------
    EstimationError
        For the first outcome of another length, not finite, or reproduced exactly by the regressors.
    """
    n, k = basis.shape
    for y in outcomes:
        problems = Problems("outcome of the series")
        note_outcome_problems(problems, y, n)
        problems.raise_if_any(EstimationError)
    residuals = outcomes - outcomes @ basis @ basis.T
    norms = np.linalg.norm(residuals, axis=1)
    if (norms <= 1e-10 * np.linalg.norm(outcomes, axis=1)).any():
        raise EstimationError(
            f"the {k} regressors reproduce the {n} values of the outcome exactly: no error is left",
            mend="check that the outcome is not constant and not among the regressors",
        )
    scales = norms / np.sqrt(n - k)
    return Outcomes(outcomes, residuals / scales[:, None], scales)


def at_peaks(frame: Frame, outcomes: Outcomes, places: Array) -> list[RemlFit]:
    """Fits at the highest (ρ, φ) of each outcome, ``places`` (r, 2)."""
    n, k = frame.basis.shape
    at = expand(places, outcomes.units, frame.gaps, frame.basis)
    halves = frame.inverse_triangle @ at.whitener[:, :k, :k].transpose(0, 2, 1)
    last = at.whitener[:, -1]
    sigma2 = (outcomes.scales / last[:, -1]) ** 2 / (n - k)
    shifts = -(outcomes.scales / last[:, -1])[:, None] * (last[:, :k] @ frame.inverse_triangle.T)
    vcovs = sigma2[:, None, None] * (halves @ halves.transpose(0, 2, 1))
    parts = zip(records(at, places, frame.gaps, halves, sigma2), at.loglik.value, strict=True)
    return [
        _fit(frame, outcomes, j, shifts[j], vcovs[j], sigma2[j], places[j], loglik, record)
        for j, (record, loglik) in enumerate(parts)
    ]


def over_grid(frame: Frame, outcomes: Outcomes, grid: Grid) -> list[RemlFit]:
    """Fits averaged over a grid; the spread over the grid is in their covariances, so that their df are n − k."""
    n, k = frame.basis.shape
    over = grid.integrate(outcomes.units)
    record = VarianceRecord(gradient=np.zeros((1, k, k)), information=np.ones((1, 1)), ceiling=float(n - k))
    scales = outcomes.scales
    shifts, vcovs = over.shift * scales[:, None], over.vcov * scales[:, None, None] ** 2
    return [
        _fit(frame, outcomes, j, shifts[j], vcovs[j], over.sigma2[j] * scales[j] ** 2, place, over.loglik[j], record)
        for j, place in enumerate(over.places)
    ]


def _fit(
    frame: Frame,
    outcomes: Outcomes,
    j: int,
    shift: Array,
    vcov: Array,
    sigma2: float,
    place: Array,
    loglik: float,
    record: VarianceRecord,
) -> RemlFit:
    """One fit; ``shift`` is the distance of its coefficients from least squares."""
    (n, k), y, (rho, phi) = frame.X.shape, outcomes.values[j], (float(place[0]), float(place[1]))
    beta = frame.inverse_triangle @ (frame.basis.T @ y) + shift
    return RemlFit(
        beta=beta,
        vcov=vcov,
        sigma2=float(sigma2),
        rho=rho,
        phi=phi,
        loglik=float(loglik) - (n - k) * float(np.log(outcomes.scales[j])),
        at_bound=_bounds_reached(rho, phi, nugget=frame.nugget),
        record=record,
        n=n,
        k=k,
        residuals=y - frame.X @ beta,
    )


def _bounds_reached(rho: float, phi: float, *, nugget: bool) -> tuple[str, ...]:
    """Name the bounds at which ρ and φ lie."""
    reached = {
        "rho zero": rho == 0,
        "rho upper": rho > RHO_MAX - EDGE,
        "nugget zero": nugget and rho > 0 and phi > 1 - EDGE,
        "nugget upper": phi < PHI_MIN + EDGE,
    }
    return tuple(name for name, here in reached.items() if here)
