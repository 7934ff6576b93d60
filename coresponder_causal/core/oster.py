"""Selection on what is not observed against selection on what is: how a coefficient moves as the R² grows.

W₁ is the index of the covariates in the outcome, W₂ what is not observed and goes with the treatment D, uncorrelated
with W₁. δ says by how much more W₂ goes with D than W₁ does: Cov(W₂, D)/Var(W₂) = δ Cov(W₁, D)/Var(W₁).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Stability(NamedTuple):
    """Coefficient of the treatment and R² without and with covariates, and the variances that link them.

    ``short`` and ``long`` are the coefficients without and with covariates; ``left`` is the variance of the treatment
    given the covariates.
    """

    short: float
    short_r2: float
    long: float
    long_r2: float
    outcome_variance: float
    treatment_variance: float
    left: float


def stability(y: Array, treated: Array, residuals: Array, treatment_residuals: Array, weights: Array) -> Stability:
    """Gather what is needed from the residuals of both regressions on the covariates.

    Parameters
    ----------
    y, treated : ndarray, shape (n,)
    residuals : ndarray, shape (n,)
        Of the outcome on treatment and covariates.
    treatment_residuals : ndarray, shape (n,)
        Of the treatment on the covariates.
    weights : ndarray, shape (n,)
    """
    w = weights / weights.sum()
    centred, dose = y - w @ y, treated - w @ treated
    whole, spread, left = float(w @ centred**2), float(w @ dose**2), float(w @ treatment_residuals**2)
    short = float(w @ (centred * dose)) / spread
    return Stability(
        short=short,
        short_r2=short**2 * spread / whole,
        long=float(w @ (treatment_residuals * y)) / left,
        long_r2=1 - float(w @ residuals**2) / whole,
        outcome_variance=whole,
        treatment_variance=spread,
        left=left,
    )


def selection(s: Stability, r_max: float, *, effect: float = 0.0) -> float:
    """δ at which the effect is ``effect`` though the coefficient with covariates is another.

    Parameters
    ----------
    s : Stability
    r_max : float
        R² with everything that goes with the treatment, above that with covariates.

    References
    ----------
    Oster (2019), doi:10.1080/07350015.2016.1227711, proposition 3.

    Examples
    --------
    >>> round(selection(Stability(2.0, 0.4, 1.0, 0.5, 10.0, 1.0, 0.6), 0.65), 3)
    0.898
    """
    numerator, denominator = _polynomials(s, r_max)
    bias = s.long - effect
    below = float(np.polyval(denominator, bias))
    return float(np.polyval(numerator, bias)) / below if below else float("inf")


def effects(s: Stability, r_max: float, *, delta: float = 1.0) -> list[float]:
    """Every effect that fits a δ, the one nearest to the coefficient with covariates first.

    A bias at which numerator and denominator of δ both vanish, as there is one with a single covariate, fits every δ
    and is left out.

    References
    ----------
    Oster (2019), doi:10.1080/07350015.2016.1227711, propositions 1 and 2.

    Examples
    --------
    >>> found = effects(Stability(2.0, 0.4, 1.0, 0.5, 10.0, 1.0, 0.6), 0.65, delta=2.64 / 2.94)
    >>> abs(round(found[0], 6))
    0.0
    """
    numerator, denominator = _polynomials(s, r_max)
    roots = np.roots(np.trim_zeros(np.round(numerator - delta * denominator, 15), "f"))
    real = roots[np.abs(roots.imag) < 1e-7 * (1 + np.abs(roots))].real
    size = np.polyval(np.abs(denominator), np.abs(real))
    real = real[np.abs(np.polyval(denominator, real)) > 1e-7 * size]
    return [float(s.long - bias) for bias in sorted(real, key=abs)]


def _polynomials(s: Stability, r_max: float) -> tuple[Array, Array]:
    """Numerator and denominator of δ as polynomials in the bias, the highest power first."""
    moved, spread, left = s.short - s.long, s.treatment_variance, s.left
    more = (r_max - s.long_r2) * s.outcome_variance
    cubic, square = left * (spread - left), left * moved * spread
    gained = (s.long_r2 - s.short_r2) * s.outcome_variance * left + spread * left * moved**2
    return (
        np.array([cubic, 2 * square, gained, 0.0]),
        np.array([cubic, square, more * (spread - left), more * moved * spread]),
    )
