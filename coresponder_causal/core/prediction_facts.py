"""What a result says of its prediction interval: spread between cities, persistence, ranks, and doubts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.few_treated import breakdown_ratio
from coresponder_causal.core.notes import Doubt, note
from coresponder_causal.core.prediction import Array, Prediction
from coresponder_causal.core.verdict import as_change


def ranked(statistics: Array, *, among: str = "cities") -> Facts:
    """Facts of a rank test: its kind, and the p-value below which it cannot go, which is said.

    Parameters
    ----------
    statistics : ndarray, shape (m,)
        Of the units without the treatment.
    among : str
        What they are of.
    """
    of = len(statistics) + 1
    note(f"permutation: a p-value cannot go below 1/{of} = {1 / of:.3f}" + ", so that it never reaches 5 %" * (of < 20))
    return Facts({"interval": f"permutation among {of} {among}", "p_floor": 1 / of})


def doubt_bound(fit: Prediction, outcomes: Array, after: NDArray[np.bool_]) -> None:
    """Say when the treated city's errors are fitted as a near random walk."""
    if "rho upper" in fit.own.at_bound:
        doubt_random_walk(fit.effect, outcomes[:, 0] - outcomes[:, 1:].mean(axis=1), after)


def doubt_random_walk(effect: float, gap: Array, after: NDArray[np.bool_]) -> None:
    """Say that months near the start decide, as errors are fitted as a near random walk."""
    distance = as_change(float(gap[after].mean() - gap[~after].mean()), "log_ratio")
    text = (
        f"the city's errors are fitted as almost a random walk (ρ at its bound): the estimate, "
        f"{as_change(effect, 'log_ratio')}, rests on the periods around the start; the plain distance of the means "
        f"after and before is {distance}"
    )
    note(Doubt(text))


def facts(fit: Prediction) -> dict[str, object]:
    """Return the small facts of a prediction interval of log ratios, breakdown values included."""
    low, high = fit.integrated()
    return facts_of_spread(fit) | {"integrated_low": low, "integrated_high": high}


def facts_of_spread(fit: Prediction) -> dict[str, object]:
    """Return the small facts of a prediction interval on any scale."""
    tau_star, kappa_star = fit.breakdown()
    return {
        "interval": "prediction interval",
        "tau_star": tau_star,
        "kappa_star": kappa_star,
        "rho_star": breakdown_ratio(fit.effects[:, None]),
        "prob_tau_zero": fit.zero_probability(),
    } | process_facts(fit)


def process_facts(fit: Prediction) -> dict[str, object]:
    """Return what is known of the process: the number of cities, their drift, the persistence of errors."""
    tau_lower, tau_upper = fit.tau_limits()
    return {
        "m": len(fit.effects) - 1,
        "tau": fit.tau,
        "at_bound": ", ".join(fit.own.at_bound),
        "rho": fit.own.rho,
        "phi": fit.own.phi,
        "rho_lower": fit.rho_limits[0],
        "rho_upper": fit.rho_limits[1],
        "tau_lower": tau_lower,
        "tau_upper": tau_upper,
    }
