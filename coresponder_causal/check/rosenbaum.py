"""How far apart the odds of treatment of matched calls may secretly have been before a finding is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from coresponder_causal.core import rosenbaum as bounds
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign

Array = NDArray[np.float64]
name = "rosenbaum"
assumption = "Matched calls that look alike had the same odds of treatment."
widest, decimals = 100.0, 9


class _Sets(NamedTuple):
    """Outcomes by matched set as `core.rosenbaum` wants them, the sign of each set, and the calls in it (−1: none)."""

    outcomes: Array
    sign: Array
    calls: NDArray[np.int64]


def rosenbaum(
    result: Result,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    gammas: Sequence[float] = (1.0, 1.25, 1.5, 2.0, 3.0),
    level: float = 0.95,
) -> CheckResult:
    """Bound the test of no effect in matched sets under hidden odds of treatment up to Γ times apart.

    Yes-or-no outcomes: McNemar's and the Mantel–Haenszel test, exact. Numbers: Wilcoxon's signed rank test and
    Hodges–Lehmann estimates in pairs, Huber's M-statistic in larger sets. One-sided, in the direction of the estimate.

    Parameters
    ----------
    result : Result
        Its sign is the direction.
    design : CallDesign
        Matched without using a control twice, in sets of one treated call or of one control.
    gammas : sequence of float
        Γ of the table, from 1 on.
    level : float
        The finding is lost where twice the one-sided p-value exceeds 1 − level.

    Returns
    -------
    CheckResult
        Reported; ``breakdown`` is the largest Γ that keeps the finding (1: none is kept even without hidden bias, ∞
        beyond 100). Its table: ``gamma, p_low, p_high`` and, of pairs with numbers, ``effect_low, effect_high``. Its
        course holds ``size, value`` for the picture.

    Notes
    -----
    Sets are taken as independent, also where a person stands in several: the sentence says how many do.

    References
    ----------
    Rosenbaum (2002), Observational Studies, 2nd ed., chapter 4; Rosenbaum (2007), doi:10.1111/j.1541-0420.2006.00717.x.

    Examples
    --------
    >>> from coresponder_causal.design.match_nearest import match_nearest
    >>> from coresponder_causal.estimate import call_difference
    >>> frame = pd.DataFrame({"attended": [1, 0, 0] * 30, "hour": np.arange(90) % 24})
    >>> frame["minutes"] = 40 - 6 * frame["attended"] + frame["hour"] / 9 + np.arange(90) % 5
    >>> d = match_nearest(CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"]))
    >>> rosenbaum(call_difference(d), d).breakdown > 3
    True
    """
    if not isinstance(design, CallDesign) or design.adjustment is None:
        return not_applicable(name, assumption, "It needs matched calls.")
    if design.adjustment.sets is None and design.adjustment.pairs is None:
        return not_applicable(name, assumption, f"{design.adjustment.method} makes no matched sets.")
    if design.adjustment.reused:
        return not_applicable(name, assumption, "Controls stand in several pairs, which are then not independent.")
    sets = _sets(design)
    if sets is None:
        return not_applicable(name, assumption, "Some sets hold several calls of both kinds.")
    positive = bool(result.estimate[0] > 0)
    tails = _tails(sets, positive=positive)
    table = pd.DataFrame(
        [{"gamma": float(gamma), "p_low": tails(gamma).low, "p_high": tails(gamma).high} for gamma in gammas]
    )
    if _numbers_in_pairs(sets):
        ends = [bounds.hodges_lehmann(_differences(sets), float(gamma)) for gamma in gammas]
        table[["effect_low", "effect_high"]] = np.array(ends)
    lost = _breakdown(lambda gamma: 2 * tails(gamma).high - (1 - level))
    reach = np.geomspace(1, max(float(max(gammas)), 1.3 * min(lost, 10.0)), 40)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=table,
        sentence=_sentence(design, sets, lost),
        course=pd.DataFrame({"size": reach, "value": [2 * tails(gamma).high for gamma in reach]}),
        breakdown=lost,
        none_at=1.0,
    )


def _sets(design: CallDesign) -> _Sets | None:
    """Gather matched sets, the call of the rarer kind first; None where a set holds several of both kinds."""
    number = _set_numbers(design)
    used = np.flatnonzero(number >= 0)
    treated = design.treated[used]
    _, place = np.unique(number[used], return_inverse=True)
    many = np.bincount(place)
    of_treated = np.bincount(place, weights=treated).astype(int)
    both = (of_treated > 0) & (of_treated < many)
    if (np.minimum(of_treated, many - of_treated)[both] > 1).any():
        return None
    turned = of_treated > 1
    order = np.lexsort((used, treated == turned[place], place))
    order = order[both[place[order]]]
    within = np.arange(len(order)) - np.repeat(np.cumsum(many[both]) - many[both], many[both])
    calls = np.full((int(both.sum()), int(many[both].max())), -1, np.int64)
    calls[np.cumsum(both)[place[order]] - 1, within] = used[order]
    outcomes = np.where(calls < 0, np.nan, design.outcome_values()[calls])
    return _Sets(outcomes, np.where(turned[both], -1.0, 1.0), calls)


def _set_numbers(design: CallDesign) -> NDArray[np.int64]:
    """Return the number of each call's matched set, of pairs the row of the treated call; −1 for calls in none."""
    number = np.full(len(design.source), -1, np.int64)
    if design.adjustment is None:
        return number
    if design.adjustment.sets is not None:
        return design.adjustment.sets
    if design.adjustment.pairs is not None:
        for column in (0, 1):
            number[design.adjustment.pairs[:, column]] = design.adjustment.pairs[:, 0]
    return number


def _differences(sets: _Sets) -> Array:
    """Treated less control in each pair, rounded so that equal differences are equal on every machine."""
    apart = sets.outcomes[:, 0] - sets.outcomes[:, 1]
    return np.round(apart, decimals)


def _numbers_in_pairs(sets: _Sets) -> bool:
    known = sets.outcomes[~np.isnan(sets.outcomes)]
    return sets.outcomes.shape[1] == 2 and not np.isin(known, [0.0, 1.0]).all()


def _tails(sets: _Sets, *, positive: bool) -> Callable[[float], bounds.Tails]:
    """Bounds of the test that fits the outcome and the sets, by Γ."""
    known = sets.outcomes[~np.isnan(sets.outcomes)]
    if np.isin(known, [0.0, 1.0]).all():
        return lambda gamma: bounds.binary_tails(sets.outcomes, sets.sign, gamma, positive=positive)
    if sets.outcomes.shape[1] == 2:
        apart = _differences(sets)
        return lambda gamma: bounds.signed_rank_tails(apart, gamma, positive=positive)
    scores = bounds.m_scores(sets.outcomes)
    return lambda gamma: bounds.m_tails(scores, sets.sign, gamma, positive=positive)


def _breakdown(excess: Callable[[float], float]) -> float:
    """Largest Γ at which the p-value is not in excess."""
    if excess(1.0) > 0:
        return 1.0
    if excess(widest) <= 0:
        return float("inf")
    return float(optimize.brentq(excess, 1.0, widest, xtol=1e-6))


def _sentence(design: CallDesign, sets: _Sets, lost: float) -> str:
    many = len(sets.outcomes)
    if lost == 1:
        said = f"The test in {many} matched sets finds nothing even where odds of treatment were equal within them."
    elif np.isinf(lost):
        said = f"In {many} matched sets the finding survives odds of treatment that were {widest:g} times apart."
    else:
        worked = bounds.amplified(lost, 2 * lost)
        said = (
            f"In {many} matched sets the finding survives until, within them, hidden odds of treatment were "
            f"{lost:.2f} times apart: the work of something that multiplies the odds of treatment by {2 * lost:.1f} "
            f"and those of the better or worse outcome by {worked:.1f}."
        )
    if design.weights is not None:
        said += " Sampling weights are not used."
    if design.person is None:
        return said
    inside = sets.calls[sets.calls >= 0]
    persons = pd.DataFrame({"person": design.persons[inside], "set": np.nonzero(sets.calls >= 0)[0]}).drop_duplicates()
    repeated = int((persons.groupby("person").size() > 1).sum())
    return said + (f" {repeated} persons stand in several sets, which are taken as independent." if repeated else "")
