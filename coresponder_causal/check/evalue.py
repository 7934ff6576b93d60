"""How strongly something hidden would have to go with treatment and outcome to explain a finding away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.evalue import EValue, Measure, evalues, evalues_of_counts
from coresponder_causal.core.registry import refit
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign, StrataDesign

name = "evalue"
assumption = "Nothing hidden goes with both the treatment and the outcome strongly enough to explain the finding."


def evalue(
    result: Result,
    design: CallDesign | StrataDesign | SeriesDesign | PanelDesign | CoverageDesign,
    *,
    true: float = 1.0,
) -> CheckResult:
    """Compute the E-value of a comparison of calls, and of the bound of its interval nearer to no effect.

    Ratios are taken as they are. Differences of yes-or-no outcomes are estimated again as ratios where the method can;
    else the bounds are those of the difference over the risk without treatment, taken as known. Differences of numbers
    are divided by the outcome's standard deviation and become ratios approximately.

    Parameters
    ----------
    result : Result
    design : CallDesign or StrataDesign
        The design it was made from.
    true : float
        Ratio that would be left if the hidden cause were known.

    Returns
    -------
    CheckResult
        Reported; ``breakdown`` is the E-value of the bound. Its table has one row: ``measure, ratio, low, high, evalue,
        evalue_limit``.

    References
    ----------
    VanderWeele & Ding (2017), doi:10.7326/M16-2607.

    Examples
    --------
    >>> from coresponder_causal.design.weight_propensity import weight_propensity
    >>> from coresponder_causal.estimate import call_difference
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"attended": rng.random(400) < 0.5, "hour": rng.integers(0, 24, 400)})
    >>> frame["arrest"] = rng.random(400) < 0.4 - 0.2 * frame["attended"]
    >>> d = CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=["hour"])
    >>> weighted = weight_propensity(d)
    >>> evalue(call_difference(weighted), weighted).verdict
    'reported'
    """
    if not isinstance(design, CallDesign | StrataDesign):
        return not_applicable(name, assumption, "It speaks of comparisons of calls with and without the treatment.")
    try:
        measure, found = _on_ratio_scale(result, design, true)
    except EstimationError as error:
        return not_applicable(name, assumption, f"No ratio can be had: {error.what}.")
    return _reported(measure, found, true)


def evalue_of_published(
    estimate: float, low: float, high: float, *, measure: Measure, common: bool = True, true: float = 1.0
) -> CheckResult:
    """Compute the E-value of an estimate printed elsewhere, with its 95 % bounds.

    Parameters
    ----------
    estimate, low, high : float
    measure, common, true
        As in `coresponder_causal.core.evalue.evalues`.

    Examples
    --------
    >>> round(evalue_of_published(0.86, 0.75, 0.99, measure="odds ratio", common=False).breakdown, 2)
    1.11
    """
    return _reported(measure, evalues(estimate, low, high, measure=measure, common=common, true=true), true)


def evalue_of_counts(events: tuple[float, float], persons: tuple[float, float]) -> CheckResult:
    """Compute the E-value of a difference of two printed risks, treated first.

    Parameters
    ----------
    events, persons : tuple of float
        Persons with the outcome and persons at all, of the treated and of the others.

    Examples
    --------
    >>> round(evalue_of_counts((397, 51), (78954, 108829)).breakdown, 2)
    15.96
    """
    return _reported("risk difference", evalues_of_counts(events, persons), 1.0)


def _on_ratio_scale(result: Result, design: CallDesign | StrataDesign, true: float) -> tuple[str, EValue]:
    yes_or_no = bool(result.extra.get("yes_or_no"))
    if result.kind == "set":
        raise EstimationError("the effect is known as a set alone", mend="bring the counts that are not known")
    if result.scale != "log_ratio" and yes_or_no and "scale" in result.provenance.option_values():
        result = refit(result, design, options={"scale": "ratio"})
    estimate, low, high = (float(result.tidy()[part].iloc[0]) for part in ("estimate", "conf_low", "conf_high"))
    if result.scale == "log_ratio":
        measure = "risk ratio" if yes_or_no else "ratio of means"
        return measure, evalues(float(np.exp(estimate)), float(np.exp(low)), float(np.exp(high)), true=true)
    if yes_or_no:
        untreated = result.extra.number("mean_untreated")
        if not untreated > 0:
            raise EstimationError("nobody has the outcome without the treatment", mend="choose another outcome")
        centre, least, most = (max(1 + end / untreated, 1e-9) for end in (estimate, low, high))
        return "risk ratio, risk without treatment as known", evalues(centre, least, most, true=true)
    if not isinstance(design, CallDesign):
        raise EstimationError("the strata hold counts only", mend="give an outcome that is yes or no")
    spread = float(np.std(design.outcome_values()[design.call_weights() > 0], ddof=1))
    kind: Measure = "standardised difference"
    return kind, evalues(estimate / spread, low / spread, high / spread, measure=kind, true=true)


def _reported(measure: str, found: EValue, true: float) -> CheckResult:
    left = "no effect" if true == 1 else f"a ratio of {true:g}"
    limit = (
        f"{found.limit:.2f} would bring the bound of its interval there"
        if found.limit > 1
        else f"the interval holds {left} as it is"
    )
    sentence = (
        f"A ratio of {found.ratio:.2f}: something hidden that goes with both the treatment and the outcome by risk "
        f"ratios of {found.point:.2f}, beyond what is adjusted for, could explain it down to {left}; {limit}."
    )
    row = {"measure": measure, "ratio": found.ratio, "low": found.low, "high": found.high}
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="reported",
        power=None,
        table=pd.DataFrame([row | {"evalue": found.point, "evalue_limit": found.limit}]),
        sentence=sentence,
        breakdown=found.limit,
        none_at=1.0,
    )
