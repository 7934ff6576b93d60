"""Officers in squads, some of whom come to work beside the team: who chose it, whom the roster sent, what it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate.process import ar1
from coresponder_causal.simulate.streams import Tier, stream

Array = NDArray[np.float64]
base, officer_sd, month_sd = 150.0, 30.0, 10.0  # events per 1,000 calls
officer_log_sd, month_log_sd = 0.4, 0.07  # where officers and months move rates by factors
beside_a_month = 3.0  # calls answered beside the team in an exposed month
first_month_share = 0.25  # share of the months before anybody is exposed
late = 6  # months by which those who do not follow the roster ride later


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfficerPanel:
    """Officer-months and what the exposure did in them.

    Parameters
    ----------
    frame : DataFrame
        ``officer, month, squad, volunteered, calls, force, calls_together, rostered, training_hours``, one row per
        officer and month, about calls without the team; the doses ``calls_together`` and ``rostered`` are cumulative.
    effect : ndarray, shape (n,)
        True effect of the officer's own exposure in each row: on the rate per 1,000 calls, or on its log.
    """

    frame: pd.DataFrame
    effect: Array

    def mean_effect(self, *, volunteered: bool | None = None) -> float:
        """Mean effect over exposed rows, weighted by calls: what officers exposed within the data gained.

        Parameters
        ----------
        volunteered : bool, optional
            Of volunteers alone, or of the others.
        """
        own = (self.frame["calls_together"] > 0).to_numpy()
        if volunteered is not None:
            own = own & (self.frame["volunteered"] == volunteered).to_numpy()
        return float(np.average(self.effect[own], weights=self.frame["calls"].to_numpy(float)[own]))


def officer_panel(
    *,
    seed: int,
    officers: int = 74,
    months: int = 48,
    squads: int = 8,
    calls: float = 25.0,
    effect: float = -30.0,
    per_call: float = 0.0,
    volunteers: float = 0.3,
    never: float = 0.25,
    level: float = 0.0,
    trend: float = 0.0,
    compliance: float = 1.0,
    spillover: float = 0.0,
    rho: float = 0.0,
    shock_sd: float = 0.0,
    scale: Literal["difference", "ratio"] = "difference",
    rate: float = base,
    fall: float = 0.0,
    part: int = 0,
) -> OfficerPanel:
    """Draw officers, rosters, rides and events on calls without the team.

    Volunteers come forward at times of their own in the first half of the programme; among the others of a squad a lot
    decides who rides when, and the last in the order never do.

    Parameters
    ----------
    seed : int
    officers, months, squads : int
    calls : float
        Mean calls of an officer in a month.
    effect, per_call : float
        Effect of having been exposed, and of each 10 calls beside the team before the month, on events per 1,000 calls.
    volunteers, never : float
        Share of officers who volunteer, and of the others whom the roster never sends.
    level, trend : float
        How volunteers differ without any exposure: in level, and by how much more a month.
    compliance : float
        Share of rostered officers who ride when they were drawn; the others ride six months later.
    spillover : float
        Effect on an unexposed officer of all squad mates being exposed.
    rho, shock_sd : float
        Correlation from month to month, and deviation, of shocks to an officer's rate.
    scale : {"difference", "ratio"}
        What moves rates adds to them, in events per 1,000 calls; or to their logs, so that each moves them by a factor:
        then effects, level, trend, spillover and shocks are logs of ratios.
    rate : float
        Events per 1,000 calls of an officer in the middle.
    fall : float
        What moves everybody's rates from the middle of the months on.
    part : int
        Number of the draw under one seed.

    Raises
    ------
    DesignError
        With fewer than 12 months, or fewer than two officers a squad.

    Examples
    --------
    >>> study = officer_panel(seed=1, officers=16, months=24, squads=2)
    >>> len(study.frame), study.mean_effect()
    (384, -30.0)
    """
    if months < 12 or officers < 2 * squads:
        raise DesignError(
            f"{officers} officers in {squads} squads over {months} months are too few",
            mend="take 12 months, and two officers a squad, or more",
        )
    rng = stream(seed, Tier.PROCESS, part)
    squad, came_forward = np.arange(officers) % squads, rng.random(officers) < volunteers
    drawn, first = _starts(rng, squad, came_forward, months, never, compliance)
    at = np.arange(months)
    exposed, rostered = at >= first[:, None], at >= drawn[:, None]
    dose = np.cumsum(exposed * np.maximum(rng.poisson(beside_a_month, exposed.shape), at == first[:, None]), axis=1)
    intended = np.cumsum(rostered * beside_a_month, axis=1)
    before = np.pad(dose, ((0, 0), (1, 0)))[:, :-1]
    own = np.where(exposed, effect + per_call * before / 10, 0.0)
    factors = scale == "ratio"
    of_officers, of_months = (officer_log_sd, month_log_sd) if factors else (officer_sd, month_sd)
    line = (0.0 if factors else rate) + rng.normal(0.0, of_officers, officers)[:, None]
    line = line + rng.normal(0.0, of_months, months) + own + fall * (at >= months / 2)
    line += came_forward[:, None] * (level + trend * (at - months / 2)) + ~exposed * spillover * _mates(squad, exposed)
    line += ar1(rng.standard_normal(line.shape), rho, shock_sd)
    rates = rate * np.exp(line) if factors else np.maximum(line, 1.0)
    handled = rng.poisson(calls, line.shape)
    columns = {
        "officer": np.repeat(np.arange(officers), months),
        "month": np.tile(np.arange(months), officers),
        "squad": np.repeat(squad, months),
        "volunteered": np.repeat(came_forward, months),
        "calls": handled.ravel(),
        "force": rng.poisson(handled * rates / 1000).ravel(),
        "calls_together": dose.ravel(),
        "rostered": intended.ravel(),
        "training_hours": np.repeat(rng.poisson(16 + 12 * came_forward), months),
    }
    return OfficerPanel(frame=pd.DataFrame(columns), effect=own.ravel())


def _starts(
    rng: np.random.Generator,
    squad: NDArray[np.int64],
    came_forward: NDArray[np.bool_],
    months: int,
    never: float,
    compliance: float,
) -> tuple[Array, Array]:
    """Month in which the roster sends each officer, and in which each first rides; infinite where never."""
    begin = int(first_month_share * months)
    drawn = np.full(len(squad), np.inf)
    for number in np.unique(squad):
        own = rng.permutation(np.flatnonzero((squad == number) & ~came_forward))
        sent = own[: round((1 - never) * len(own))]
        drawn[sent] = begin + np.floor(np.linspace(0, months - begin - 1, len(sent), endpoint=False))
    follows = rng.random(len(squad)) < compliance
    first = np.where(follows, drawn, drawn + late)
    first[came_forward] = rng.integers(begin, (begin + months) // 2, int(came_forward.sum()))
    return drawn, np.where(first < months, first, np.inf)


def _mates(squad: NDArray[np.int64], exposed: NDArray[np.bool_]) -> Array:
    """Share of the other officers of the squad who are exposed, shape (officers, months)."""
    together = (squad[:, None] == squad).astype(float)
    return np.asarray((together @ exposed - exposed) / np.maximum(together.sum(axis=1, keepdims=True) - 1, 1), float)
