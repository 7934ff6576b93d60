"""How far hidden causes may move everybody's odds of treatment before a weighted comparison of calls loses its sign."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.marginal import Bounds, Calls, Contrast, effect_bounds, person_draws
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign

Array = NDArray[np.float64]
name = "marginal_sensitivity"
assumption = "Nothing hidden moves the odds of treatment of calls that look alike."
known: dict[str, Contrast] = {"ATT": "ATT", "ATE": "ATE", "ATC": "ATC"}
widest, steps = 10.0, 30


def marginal_sensitivity(
    result: Result | None,
    design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    lambdas: Sequence[float] = (1.0, 1.1, 1.25, 1.5, 2.0, 3.0),
    bounds: Bounds = "sharp",
    replications: int = 400,
    seed: int = 1,
    level: float = 0.95,
) -> CheckResult:
    """Bound the weighted difference of means when hidden causes may move every call's odds of treatment by up to Λ.

    Parameters
    ----------
    result : Result or None
        Not looked at: the comparison is that of the design's weights, as a difference of means.
    design : CallDesign
        Weighted by the logistic probability of treatment, for the treated, the untreated or all calls.
    lambdas : sequence of float
        Λ of the table, from 1 on.
    bounds : {"sharp", "sorted"}
        Hidden weights with mean 1 given the covariates, or any hidden weights between 1/Λ and Λ.
    replications : int
        Samples of persons (calls, where the design has none), in each of which the probability is estimated again.
    seed : int
    level : float
        Of the percentile intervals for the bounds.

    Returns
    -------
    CheckResult
        Reported; ``breakdown`` is the Λ at which the interval reaches no effect (1: it does as it is; ∞ beyond 10). Its
        table: ``lambda, low, high, conf_low, conf_high``; its course the same on a fine grid, with ``size`` for Λ.

    References
    ----------
    Zhao, Small & Bhattacharya (2019), doi:10.1111/rssb.12327; Dorn & Guo (2023), doi:10.1080/01621459.2022.2069572.
    No outside value: bounds by linear programming on small samples, and simulated truth.

    Examples
    --------
    >>> from coresponder_causal.design.weight_propensity import weight_propensity
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"attended": rng.random(300) < 0.4, "hour": rng.integers(0, 24, 300)})
    >>> frame["minutes"] = 40 - 5 * frame["attended"] + 0.3 * frame["hour"] + rng.normal(size=300)
    >>> d = CallDesign.from_frame(frame, outcome="minutes", treatment="attended", covariates=["hour"])
    >>> marginal_sensitivity(None, weight_propensity(d, scheme="att"), replications=50).breakdown > 2
    True
    """
    if not isinstance(design, CallDesign) or design.adjustment is None or design.outcome is None:
        return not_applicable(name, assumption, "It needs weighted calls with an outcome.")
    if design.adjustment.contrast not in known:
        why = "It speaks of the treated, the untreated or all calls, not of those that might have gone either way."
        return not_applicable(name, assumption, why)
    try:
        calls = _calls(design, known[design.adjustment.contrast])
    except EstimationError as error:
        return not_applicable(name, assumption, f"The probability of treatment has no estimate: {error.what}.")
    fine = np.unique(np.concatenate([[1.0], lambdas, np.geomspace(1, widest, steps)]))
    person = np.asarray(pd.factorize(design.persons)[0], np.int64)
    draws = person_draws(person, calls.sampling, replications, seed)
    found = effect_bounds(calls, chain([calls.sampling], draws), fine, bounds)
    at = next(found)
    if not np.isclose(at[0, 0], _difference(design), rtol=1e-6, atol=1e-9):
        why = f"The weights of {design.adjustment.method} are not those of a logistic probability alone."
        return not_applicable(name, assumption, why)
    drawn = np.array([*found])
    fitted = drawn[~np.isnan(drawn[:, 0, 0])]
    if len(fitted) < replications / 2:
        why = f"Only {len(fitted)} of {replications} samples of persons let the probability be estimated."
        return not_applicable(name, assumption, why)
    tail = (1 - level) / 2
    ends = np.quantile(fitted[:, :, 0], tail, axis=0), np.quantile(fitted[:, :, 1], 1 - tail, axis=0)
    course = pd.DataFrame({"size": fine, "low": at[:, 0], "high": at[:, 1], "conf_low": ends[0], "conf_high": ends[1]})
    lost = _reaches(fine, *ends)
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=course[np.isin(fine, lambdas)].rename(columns={"size": "lambda"}).reset_index(drop=True),
        sentence=_sentence(at, fine, lost, replications - len(fitted), replications),
        course=course,
        breakdown=lost,
        none_at=1.0,
    )


def _calls(design: CallDesign, contrast: Contrast) -> Calls:
    """Gather the calls with standardised regressors, in which Newton's steps are safe."""
    fit = design.propensity()
    spread = fit.rows[:, 1:].std(axis=0)
    centre = fit.rows[:, 1:].mean(axis=0)
    coef = np.concatenate([[fit.beta[0] + fit.beta[1:] @ centre], fit.beta[1:] * spread])
    return Calls(
        rows=np.column_stack([np.ones(len(fit.rows)), (fit.rows[:, 1:] - centre) / spread]),
        treated=design.treated,
        y=design.outcome_values(),
        sampling=design.sampling_weights(),
        coef=coef,
        contrast=contrast,
    )


def _difference(design: CallDesign) -> float:
    y, weights, treated = design.outcome_values(), design.call_weights(), design.treated
    return float(np.average(y[treated], weights=weights[treated]) - np.average(y[~treated], weights=weights[~treated]))


def _reaches(fine: Array, low: Array, high: Array) -> float:
    """Λ at which an interval first holds 0, by a straight line between neighbours on the grid."""
    apart = low if low[0] > 0 else -high
    inside = np.flatnonzero(apart <= 0)
    if not len(inside):
        return float("inf")
    first = int(inside[0])
    if first == 0:
        return 1.0
    share = apart[first - 1] / (apart[first - 1] - apart[first])
    return float(fine[first - 1] + share * (fine[first] - fine[first - 1]))


def _sentence(at: Array, fine: Array, lost: float, failed: int, replications: int) -> str:
    point = _reaches(fine, at[:, 0], at[:, 1])
    if lost == 1:
        said = "The interval holds no effect even where nothing hidden moved the odds of treatment"
    elif np.isinf(lost):
        said = f"The interval excludes no effect even where something hidden moved the odds of treatment by {widest:g}"
    else:
        said = f"The interval excludes no effect until something hidden moves calls' odds of treatment by {lost:.2f}"
    reach = f"{point:.2f}" if np.isfinite(point) else f"more than {widest:g}"
    lacking = f" In {failed} of {replications} samples the probability had no estimate." if failed else ""
    return f"{said}; the bounds themselves hold it from {reach} on.{lacking}"
