"""Counts of cities from a stated process: many replications at once, for studies of size, coverage and power.

log μ_jt = log_mean_jt + AR(1) and independent shocks + a structural step of the city + the programme's effect; counts
are Poisson. Everything but the draws is given, so that the truth is known: it is `effect`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.simulate.streams import Tier, stream

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Process:
    """How counts of J cities come about in T periods; the treated city is the first.

    Parameters
    ----------
    log_mean : ndarray, shape (J, T)
        Log of the expected count without shocks: level, exposure, season, shared shocks.
    rho, ar_sd, nugget_sd : ndarray, shape (J,)
        Correlation and standard deviation of the AR(1) shocks, standard deviation of the independent ones.
    tau : ndarray, shape (J,)
        Standard deviation of each city's structural step.
    step : ndarray, shape (T,)
        Share of the structural steps in force: 0 before the start.
    dose : ndarray, shape (T,)
        Dose of the programme in the treated city.
    effect : float
        Log ratio of expected counts at full dose: the truth.

    Raises
    ------
    DesignError
        If shapes disagree, a correlation is outside [0, 1) or a standard deviation is negative; the message lists each.

    Examples
    --------
    >>> flat = Process(log_mean=np.full((3, 24), np.log(50.0)), rho=np.full(3, 0.5), ar_sd=np.full(3, 0.1),
    ...                nugget_sd=np.zeros(3), tau=np.zeros(3), step=np.zeros(24), dose=np.arange(24) >= 12, effect=-0.2)
    >>> flat.draw(5, seed=1).shape
    (5, 3, 24)
    """

    log_mean: Floats
    rho: Floats
    ar_sd: Floats
    nugget_sd: Floats
    tau: Floats
    step: Floats
    dose: Floats
    effect: float = 0.0

    def __post_init__(self) -> None:
        problems = Problems("Process")
        cities, periods = self.log_mean.shape
        for name, size in (("rho", cities), ("ar_sd", cities), ("nugget_sd", cities), ("tau", cities)):
            values = getattr(self, name)
            if values.shape != (size,):
                problems.add(f"{name} has shape {values.shape}, not {(size,)}", mend="give one value per city")
            elif (values < 0).any() or (name == "rho" and (values >= 1).any()):
                problems.add(f"{name} has values out of range", mend="correlations in [0, 1), deviations from 0 on")
        for name in ("step", "dose"):
            if getattr(self, name).shape != (periods,):
                problems.add(f"{name} has shape {getattr(self, name).shape}", mend="give one value per period")
        problems.raise_if_any(DesignError)

    def draw(self, replications: int, *, seed: int, part: int = 0) -> NDArray[np.int64]:
        """Draw counts.

        Parameters
        ----------
        replications : int
        seed, part : int
            Each part of a seed has its own stream.

        Returns
        -------
        ndarray of int, shape (replications, J, T)
        """
        rng = stream(seed, Tier.PROCESS, part)
        size = (replications, *self.log_mean.shape)
        shocks = ar1(rng.standard_normal(size), self.rho[:, None], self.ar_sd[:, None])
        shocks += self.nugget_sd[:, None] * rng.standard_normal(size)
        shocks += (self.tau * rng.standard_normal(size[:2]))[:, :, None] * self.step
        shocks += self.log_mean
        shocks[:, 0] += self.effect * self.dose
        return np.asarray(rng.poisson(np.exp(shocks)), np.int64)


def ar1(normal: Floats, rho: Floats | float, sd: Floats | float) -> Floats:
    """Stationary AR(1) paths along the last axis, from standard normal draws.

    Parameters
    ----------
    normal : ndarray, shape (..., T)
    rho, sd : float or ndarray that spreads over shape (..., 1)
        Correlation from period to period, and standard deviation of every period.

    Returns
    -------
    ndarray, shape (..., T)

    Examples
    --------
    >>> ar1(np.array([1.0, 0.0, 0.0]), 0.5, 2.0).tolist()
    [2.0, 1.0, 0.5]
    """
    path = normal * sd
    correlation = np.broadcast_to(np.asarray(rho, float), (*path.shape[:-1], 1))[..., 0]
    innovation = np.sqrt(1 - correlation**2)
    for period in range(1, path.shape[-1]):
        path[..., period] = correlation * path[..., period - 1] + innovation * path[..., period]
    return path
