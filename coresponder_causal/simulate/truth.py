"""What a simulated study knows and a real one does not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.simulate.columns import months
from coresponder_causal.simulate.config import WorldConfig
from coresponder_causal.simulate.rates import Floats, Rates
from coresponder_causal.simulate.spells import COVERED, MONTHS, spells


@dataclass(frozen=True, eq=False)
class Truth:
    """True effects of the changed programme in the treated city; all logs are natural.

    Write μ1 for expected calls with the changed programme and μ0 for expected calls had the earlier dose gone on, both
    under the shocks that the city met. Sums run from 15 July 2020 to the end of 2022.

    Parameters
    ----------
    city_log_ratio : float
        log(Σ μ1 / Σ μ0) over all hours: the average over the whole period, the months of small dose included.
    effect_at_full_dose : float
        Mean over the months at full dose of log(μ1 / μ0) over all hours.
    covered_log_ratio, uncovered_log_ratio : float
        log(Σ μ1 / Σ μ0) over the 70 hours of the full schedule, and over the other 98.
    hours_log_ratio : float
        Covered minus uncovered log ratio: what a comparison of hours, before and after, across cities is after.
    averted_calls : float
        Σ (μ0 − μ1).
    tau : float
        Standard deviation between cities of the structural step.
    city_path : pandas.DataFrame
        One row per month: month, mu0, mu1 (expected calls of the whole month).

    Examples
    --------
    >>> from coresponder_causal.simulate import WorldConfig, world
    >>> truth = world(seed=1, config=WorldConfig(city_effect=-0.25)).truth
    >>> round(truth.city_log_ratio, 10), abs(truth.hours_log_ratio) < 1e-10
    (-0.25, True)
    """

    city_log_ratio: float
    effect_at_full_dose: float
    covered_log_ratio: float
    uncovered_log_ratio: float
    hours_log_ratio: float
    averted_calls: float
    tau: float
    city_path: pd.DataFrame
    attended_arrests: Callable[[], tuple[NDArray[np.bool_], NDArray[np.bool_]]] = field(repr=False)
    """Gives the potential arrests of the attended calls, without and with the team."""

    @cached_property
    def att(self) -> float:
        """Mean change of arrest through the team's presence, over all calls it attended; NaN if there is none.

        Asking for it makes the calls.
        """
        without, with_team = self.attended_arrests()
        return float(with_team.mean() - without.mean()) if len(without) else float("nan")


def true_effects(
    rates: Rates,
    config: WorldConfig,
    attended_arrests: Callable[[], tuple[NDArray[np.bool_], NDArray[np.bool_]]],
) -> Truth:
    """Read the true effects off the expected calls.

    Parameters
    ----------
    rates : Rates
        Expected calls with and without the programme.
    config : WorldConfig
        Its `tau`.
    attended_arrests : callable
        Gives the potential arrests of the attended calls, without and with the team.

    Returns
    -------
    Truth
        True effects in the treated city.
    """
    cut = spells()
    mu1, mu0 = rates.expected[0], rates.without
    path = pd.DataFrame(
        {
            "month": months(np.arange(len(MONTHS))),
            "mu0": np.add.reduceat(mu0.sum(axis=1), cut.first_of_month),
            "mu1": np.add.reduceat(mu1.sum(axis=1), cut.first_of_month),
        }
    )
    post1, post0 = mu1[cut.post], mu0[cut.post]
    full = np.log(mu1.sum(axis=1) / mu0.sum(axis=1))[(rates.dose == 1) & cut.post]
    covered = _log_ratio(post1[:, COVERED], post0[:, COVERED])
    uncovered = _log_ratio(post1[:, ~COVERED], post0[:, ~COVERED])
    return Truth(
        city_log_ratio=_log_ratio(post1, post0),
        effect_at_full_dose=float(full.mean()),
        covered_log_ratio=covered,
        uncovered_log_ratio=uncovered,
        hours_log_ratio=covered - uncovered,
        averted_calls=float((post0 - post1).sum()),
        tau=float(config.tau),
        city_path=path,
        attended_arrests=attended_arrests,
    )


def _log_ratio(with_programme: Floats, without: Floats) -> float:
    """Log ratio of two sums."""
    return float(np.log(with_programme.sum() / without.sum()))
