"""How uncertain a two-stage estimate is, as a function of the effect: standard error, Anderson–Rubin set, strength."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coresponder_causal.core import inference as tests
from coresponder_causal.core.anderson_rubin import ConfidenceSet, confidence_set
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt, note
from coresponder_causal.core.two_stage import TwoStage

few_clusters = 20
weak, plain_t = 23.1, 104.7  # Montiel Olea & Pflueger's τ = 10 % at one instrument; Lee et al.'s F from which t holds


class Spread(NamedTuple):
    """Variance and df of the instrument's effect on y − b·d as a function of b, and of its effect on d; their facts."""

    by: str
    units: int
    at: Callable[[float], tuple[float, float]]
    first: tuple[float, float]
    facts: dict[str, object]


def clustered_spread(fit: TwoStage, labels: ArrayLike, *, by: str) -> Spread:
    """Spread of scores summed within clusters, t(G − 1).

    Parameters
    ----------
    fit : TwoStage
    labels : array_like, shape (n,)
        Clusters.
    by : str
        What they are, in words.

    Raises
    ------
    EstimationError
        Fewer than two clusters.

    Examples
    --------
    >>> fit = TwoStage(y=np.array([1.0, -2.0, 1.0]), d=np.zeros(3), z=np.array([1.0, 0, -1]), itt=0.0, first_stage=0.5,
    ...                spent=1)
    >>> clustered_spread(fit, ["a", "b", "c"], by="week").at(0.0)
    (1.5, 2.0)
    """
    vcov, clusters = fit.clustered(labels)
    return spread_of(vcov, float(clusters - 1), by=by, units=clusters)


def spread_of(vcov: NDArray[np.float64], df: float, *, by: str, units: int) -> Spread:
    """Spread by a covariance of reduced form and first stage, shape (2, 2), with one df for both."""

    def at(b: float) -> tuple[float, float]:
        weights = np.array([1.0, -b])
        return float(weights @ vcov @ weights), df

    return Spread(by, units, at, (float(vcov[1, 1]), df), {})


class Errors(NamedTuple):
    """Standard error and df of the two-stage estimate, and of the reduced form."""

    late: float
    late_df: float
    itt: float
    itt_df: float


def errors_of(fit: TwoStage, spread: Spread) -> Errors:
    """Give the standard errors of both, the reduced form's by its variance without an effect.

    Raises
    ------
    EstimationError
        If nothing varies: choose an outcome that does.
    """
    variance, df = spread.at(fit.late)
    itt_variance, itt_df = spread.at(0.0)
    if not (variance > 0 and itt_variance > 0):
        raise EstimationError("the outcome does not vary within hours and months", mend="choose an outcome that varies")
    return Errors(float(np.sqrt(variance)) / abs(fit.first_stage), df, float(np.sqrt(itt_variance)), itt_df)


def anderson_rubin(fit: TwoStage, spread: Spread, std_error: float) -> ConfidenceSet:
    """Effects that the test of the instrument on y − b·d does not reject.

    Parameters
    ----------
    fit : TwoStage
    spread : Spread
    std_error : float
        Of the two-stage estimate: it sets the steps of the search.
    """

    def excess(b: float) -> float:
        variance, df = spread.at(b)
        return abs(fit.itt - b * fit.first_stage) / float(np.sqrt(variance)) - float(tests.critical(df))

    variance, df = spread.first
    strong = abs(fit.first_stage) / float(np.sqrt(variance)) > float(tests.critical(df))
    return confidence_set(excess, fit.late, std_error, strong=strong)


def effective_f(fit: TwoStage, spread: Spread) -> float:
    """Effective F of the first stage, which with one instrument is its squared t."""
    return fit.first_stage**2 / spread.first[0]


def say_strength(fit: TwoStage, spread: Spread, found: ConfidenceSet) -> None:
    """Say the set, and how strong the first stage is; a weak one as a doubt."""
    effective = effective_f(fit, spread)
    note(f"Anderson–Rubin 95 % set, which holds however weak the instrument: {found}")
    if effective < weak:
        doubt(f"effective F = {effective:.1f}, below {weak}: the instrument is weak; read the Anderson–Rubin set")
    elif effective < plain_t:
        note(
            f"effective F = {effective:.1f}: below {plain_t} a t interval may be too short (tF, Lee et al. 2022); "
            "the Anderson–Rubin set is not"
        )


def say_few(spread: Spread) -> None:
    """Doubt a standard error of few clusters."""
    if spread.units < few_clusters:
        doubt(f"{spread.units} clusters by {spread.by}: the standard error is hardly known")


def strength(fit: TwoStage, spread: Spread, found: ConfidenceSet) -> dict[str, object]:
    """First stage, effective F and Anderson–Rubin set as facts."""
    variance, df = spread.first
    return {
        "first_stage": fit.first_stage,
        "first_stage_std_error": float(np.sqrt(variance)),
        "first_stage_df": df,
        "effective_f": effective_f(fit, spread),
        "ar_shape": found.shape,
        "ar_low": found.low,
        "ar_high": found.high,
    }
