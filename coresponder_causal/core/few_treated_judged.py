"""How each way of inference judges the gap between a few treated cities and others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core import few_treated, few_treated_ranks, rearrangement
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.few_treated import Windows
from coresponder_causal.core.inference import critical, minimum_detectable_effect, randomization_interval, rank_critical
from coresponder_causal.core.notes import note
from coresponder_causal.core.prediction_facts import ranked

Array = NDArray[np.float64]
Inference = Literal[
    "lee-wooldridge", "hc3", "lau-li", "conley-taber", "ferman-pinto", "permutation", "sets", "hagemann"
]
with_a_ratio = ("lau-li", "hagemann")
of_one_city = {"permutation": "inference='sets'", "hagemann": "inference='lau-li' with a rho"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """What a way of inference says.

    Parameters
    ----------
    std_error, df : float
    facts : Facts
        Its interval in words, and its smallest p-value.
    placebo : ndarray, shape (B,), optional
        Statistics among which that of the gap is ranked.
    crossings : ndarray, shape (B, 2), optional
        Bounds of the effect of randomization or rearrangement tests.
    """

    std_error: float
    df: float
    facts: Facts
    placebo: Array | None = None
    crossings: Array | None = None

    def half_width(self, level: float = 0.95) -> float:
        """Half of the interval's width; infinite below the smallest p-value."""
        if self.placebo is not None:
            return rank_critical(self.placebo, level) * self.std_error
        if self.crossings is not None:
            low, high = randomization_interval(self.crossings, level)
            return (high - low) / 2
        return float(critical(self.df, level)) * self.std_error

    def detectable(self) -> float:
        """Effect that the test finds four times in five."""
        return minimum_detectable_effect(self.std_error, self.df, cut=self.half_width() / self.std_error)


def judge(seen: Windows, inference: Inference, *, rho: float, size: Array | None, seed: int) -> Judged:
    """Judge the gap.

    Parameters
    ----------
    seen : Windows
    inference : str
    rho : float
        The treated cities' standard deviation over the others'.
    size : ndarray, shape (k + m,), optional
        Populations, where the design has them.
    seed : int
        Of draws.

    Returns
    -------
    Judged

    Raises
    ------
    DesignError
        Where the test is for one treated city, or for several.
    EstimationError
        ``rho`` where it is not used or not positive; no ``size`` for "ferman-pinto".
    """
    _refuse(inference, rho, size, seen.dose.shape[1])
    if inference in ("lee-wooldridge", "hc3", "lau-li"):
        return _by_t(seen.table, inference, rho)
    if inference in ("hagemann", "sets"):
        return _by_crossings(seen, inference, rho, seed)
    return _by_placebos(seen, inference, size, seed)


def _by_t(table: Array, inference: Inference, rho: float) -> Judged:
    m, k = len(table) - table.shape[1], table.shape[1]
    if inference == "lau-li":
        error, df, of = few_treated.std_error(table, rho), m - 1, "changes of the comparison cities"
    elif inference == "hc3":
        error, df, of = few_treated.hc3_error(table), m + k - 2, "changes, HC3"
    else:
        error, df, of = few_treated.pooled_error(table), m + k - 2, "changes"
    said = f"t({df}) of {of}" + ("" if inference == "hc3" else f", ρ = {rho:g}")
    return Judged(std_error=error, df=float(df), facts=Facts({"interval": said, "p_floor": 0.0}))


def _by_crossings(seen: Windows, inference: Inference, rho: float, seed: int) -> Judged:
    table, k = seen.table, seen.dose.shape[1]
    m = len(table) - k
    if inference == "hagemann":
        floor, said = rearrangement.rearrangement_floor(m, rho), f"rearrangement does not reject, ρ up to {rho:g}"
        text = f"rearrangement: a p-value cannot go below {floor:.3f} with {m} comparison cities at ρ = {rho:g}"
        note(f"{text}; from {rearrangement.rearrangement_needs(rho)} on it can reach 5 %")
        crossings = rearrangement.rearrangement_crossings(table[:, 0], rho)
    else:
        crossings = few_treated_ranks.set_crossings(table, seen.effects, seen.together, seed=seed)
        floor, said = 1 / (1 + len(crossings)), f"{1 + len(crossings)} choices of cities do not reject"
        _say_listed(few_treated_ranks.choices(m + k, seen.together), len(crossings), floor)
    error = few_treated.pooled_error(table)
    facts = Facts({"interval": f"effects that {said}", "p_floor": floor})
    return Judged(std_error=error, df=float(m - 1), facts=facts, crossings=crossings)


def _by_placebos(seen: Windows, inference: Inference, size: Array | None, seed: int) -> Judged:
    table, k = seen.table, seen.dose.shape[1]
    if inference == "permutation":
        among, error = "pairs of a city and a shifted course", few_treated.std_error(table)
        placebo = few_treated_ranks.shifted_placebos(seen.outcomes[:, 1:], seen.base, seen.weights[:, 0])
    else:
        among = "cities" if k == 1 else f"draws of {k} cities"
        by_size = size if inference == "ferman-pinto" else None
        error, placebo = few_treated_ranks.drawn_placebos(table, by_size, seed=seed)
    statistics = placebo / error
    facts = Facts({**ranked(statistics, among=among), "among": among})
    return Judged(std_error=error, df=float(len(table) - k - 1), facts=facts, placebo=statistics)


def _say_listed(there: int, drawn: int, floor: float) -> None:
    how = f"all {there}" if drawn == there - 1 else f"{drawn} of {there}, drawn at random,"
    never = ", so that it never reaches 5 %" if floor > 0.05 else ""
    note(f"sets: {how} choices of cities stand behind a p-value, which cannot go below {floor:.3g}{never}")


def _refuse(inference: Inference, rho: float, size: Array | None, k: int) -> None:
    if not rho > 0 or not np.isfinite(rho):
        raise EstimationError(f"rho={rho!r} is not a ratio of standard deviations", mend="give a positive number")
    if rho != 1 and inference not in with_a_ratio:
        raise EstimationError(
            f"rho={rho:g} has no place in inference='{inference}'", mend=f"ask for one of {', '.join(with_a_ratio)}"
        )
    if k > 1 and inference in of_one_city:
        raise DesignError(
            f"inference='{inference}' is for one treated city; this design has {k}",
            mend=f"take {of_one_city[inference]}, or name one treated city and leave the others out",
        )
    if k == 1 and inference == "hc3":
        raise DesignError(
            "inference='hc3' needs two treated cities: one alone is fitted exactly, and its residual is 0",
            mend="take inference='lee-wooldridge'",
        )
    if inference == "ferman-pinto" and size is None:
        raise EstimationError(
            "the design has no exposure to tell how variances go with the size of cities",
            mend="name exposure= in the design, or ask for another inference",
        )
