"""Least squares for one series under a model of its errors, the same answer whichever model is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.reml import serial_design
from coresponder_causal.core.sandwich import andrews_lags, lagged
from coresponder_causal.core.serial import ols, prais_winsten
from coresponder_causal.core.serial_noise import SerialNoise
from coresponder_causal.core.variance import VarianceRecord

Array = NDArray[np.float64]
Errors = Literal["reml-nugget", "reml-ar1", "prais-winsten", "newey-west", "ols"]
Lags = int | Literal["andrews"]


@dataclass(frozen=True, slots=True, eq=False)
class ErrorFit:
    """A fit of y = Xβ + u.

    Parameters
    ----------
    beta, vcov : ndarray, shapes (k,) and (k, k)
    df : float
        n − k; with a ``record`` the ceiling of the Satterthwaite df.
    record : VarianceRecord or None
        Of the REML models.
    noise : SerialNoise
        The errors u as they were estimated.
    facts : dict
        ``errors, interval`` and what the model estimated: ``rho, phi, nugget`` and limits of ρ, or ``lags``.
    """

    beta: Array
    vcov: Array
    df: float
    record: VarianceRecord | None
    noise: SerialNoise
    facts: dict[str, object]


def fit_errors(y: Array, X: Array, *, positions: Array, errors: Errors, lags: Lags = "andrews") -> ErrorFit:
    """Fit a linear model of one series.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, k)
    positions : ndarray, shape (n,)
        Integer positions in time, increasing; all but REML need them without gaps.
    errors : {"reml-nugget", "reml-ar1", "prais-winsten", "newey-west", "ols"}
        AR(1) plus white noise by REML, or AR(1) by REML, both with Satterthwaite df; AR(1) by Prais–Winsten, first row
        kept, iterated until ρ settles; least squares with Newey–West (times n/(n−k), no prewhitening: R ``NeweyWest``
        with ``adjust=TRUE``, Stata ``newey``) or with classical standard errors, these three with t(n−k).
    lags : int or "andrews"
        Lags of Newey–West.

    Raises
    ------
    EstimationError
        A series with gaps where the model cannot span them: use REML; and what the models themselves refuse.

    Examples
    --------
    >>> t = np.arange(24.0)
    >>> X = np.column_stack([np.ones(24), t >= 12])
    >>> y = np.where(t < 12, 5.0, 4.0) + np.sin(t) + np.cos(2.3 * t)
    >>> fit = fit_errors(y, X, positions=t, errors="newey-west", lags=2)
    >>> round(float(fit.beta[1]), 2), fit.df, fit.facts["lags"]
    (-1.14, 22.0, 2)
    """
    if errors in ("reml-nugget", "reml-ar1"):
        return _reml(y, X, positions, errors)
    if len(np.unique(np.diff(positions))) > 1:
        raise EstimationError(f"errors='{errors}' needs a series without gaps", mend="use errors='reml-nugget'")
    fit = prais_winsten(y, X) if errors == "prais-winsten" else ols(y, X)
    vcov = fit.vcov
    facts: dict[str, object] = {"errors": errors, "interval": "t(n − k)"}
    if errors == "prais-winsten":
        facts |= {"rho": fit.rho}
    if errors == "newey-west":
        last = andrews_lags(fit.residuals) if lags == "andrews" else lags
        vcov = lagged(X, fit.residuals, lags=last, small_sample="n/(n-k)")
        facts |= {"lags": last}
    spread = float(fit.residuals.var()) * fit.n / (fit.n - fit.k)
    persistent, white = (spread, 0.0) if fit.rho else (0.0, spread)
    noise = SerialNoise(persistent, white, fit.rho, positions)
    return ErrorFit(fit.beta, vcov, fit.df, None, noise, facts)


def _reml(y: Array, X: Array, positions: Array, errors: Errors) -> ErrorFit:
    serial = serial_design(X, time=positions, nugget=errors == "reml-nugget")
    fit, (lower, upper) = serial.fit(y), serial.rho_limits(y)
    facts: dict[str, object] = {"errors": errors, "interval": "t, Satterthwaite df", "rho": fit.rho, "phi": fit.phi}
    facts |= {"nugget": 1 - fit.phi, "rho_lower": lower, "rho_upper": upper, "at_bound": ", ".join(fit.at_bound)}
    noise = SerialNoise(fit.sigma2 * fit.phi, fit.sigma2 * (1 - fit.phi), fit.rho, positions)
    return ErrorFit(fit.beta, fit.vcov, fit.record.ceiling, fit.record, noise, facts)
