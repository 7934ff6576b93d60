"""Whether there are calls of both kinds for every kind of call that is compared."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult, not_applicable
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.covariates import certain_levels
from coresponder_causal.design.matched_sets import matched_for

Array = NDArray[np.float64]
Booleans = NDArray[np.bool_]
name = "overlap"
assumption = "Every kind of call that is compared could have gone either way."
most_outside, heaviest = 0.05, 0.1
heavy, many_bins = 0.01, 20


def overlap(result: Result | None, design: CallDesign | SeriesDesign | PanelDesign | CoverageDesign) -> CheckResult:
    """Compare the ranges of the probability of treatment in both arms, and look for calls that carry too much weight.

    Parameters
    ----------
    result : Result or None
        Not looked at: overlap is a matter of the design.
    design : CallDesign
        Matched, weighted, or as it came.

    Returns
    -------
    CheckResult
        Contradicts when more than 5 % of an arm's weight lies outside the range of the other arm's probabilities, where
        weights or matches were asked for the treated (ATT) or untreated calls (ATC) of these only; when one call
        carries more than 10 % of its arm; when the calls used of some level of a covariate all went one way though ten
        or more would have gone the other by the share treated; or when the covariates decide the treatment. Its table
        has one row per arm: ``arm, calls, used, lowest, highest, share_outside, effective`` ((Σw)²/Σw²),
        ``largest_share`` and ``heavy_share`` (of the weight on the heaviest call, and on the heaviest 1 % of the calls
        used, one at least). Its course has the calls of each arm by their probability of treatment: ``arm, low, high,
        calls, before, after``, shares of the arm's calls and weight, and ``given``, the covariates.

    References
    ----------
    Crump, Hotz, Imbens & Mitnik (2009), doi:10.1093/biomet/asn055; Kish (1965), Survey Sampling (effective number).

    Examples
    --------
    >>> frame = pd.DataFrame({"attended": [1, 0, 0] * 20 + [1, 1, 0] * 20, "night": [0] * 60 + [1] * 60})
    >>> d = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> overlap(None, d).verdict
    'no contradiction found'
    """
    if not isinstance(design, CallDesign) or not design.covariates:
        return not_applicable(name, assumption, "It needs a design of calls with covariates.")
    try:
        p = design.propensity().probability
    except EstimationError as error:
        why = f"The probability of treatment has no estimate: {error.what}."
        return CheckResult(
            check=name, assumption=assumption, verdict="contradicts", power=None, table=pd.DataFrame(), sentence=why
        )
    weights, treated = design.call_weights(), design.treated
    table = pd.DataFrame([_row("treated", p, weights, treated), _row("untreated", p, weights, ~treated)])
    asked = {"ATT": table[:1], "ATC": table[1:]}.get(matched_for(design), table)
    outside, share = float(asked["share_outside"].max()), float(table["largest_share"].max())
    used = weights > 0
    certain = certain_levels(design.source[used], [*design.covariates, *design.equal_in], treated[used])
    arms = " and ".join(asked["arm"])
    sentence = (
        f"Of the weight of {arms} calls, up to {100 * outside:.1f} % lies where the other arm has no calls; the "
        "effective "
        f"numbers are {table['effective'][0]:.0f} treated and {table['effective'][1]:.0f} untreated calls, one call "
        f"carries at most {100 * share:.1f} % of its arm and the heaviest hundredth "
        f"{100 * float(table['heavy_share'].max()):.1f} %."
    )
    return CheckResult(
        check=name,
        assumption=assumption,
        verdict="contradicts" if outside > most_outside or share > heaviest or certain else "no contradiction found",
        power=None,
        table=table,
        sentence=" ".join([sentence, *([f"Calls that all went one way: {'; '.join(certain)}."] if certain else [])]),
        course=pd.concat([_binned(p, design, arm) for arm in ("treated", "untreated")], ignore_index=True),
        support=pd.DataFrame([_support(p, weights, members) for members in (treated, ~treated)]),
    )


def _binned(p: Array, design: CallDesign, arm: str) -> pd.DataFrame:
    """Count calls of an arm in bins of equal width between the whole percents around all probabilities."""
    edges = np.linspace(np.floor(100 * p.min()) / 100, np.ceil(100 * p.max()) / 100, many_bins + 1)
    members = design.treated if arm == "treated" else ~design.treated
    sampling, weights = design.sampling_weights()[members], design.call_weights()[members]
    before, after = (np.histogram(p[members], edges, weights=w / w.sum())[0] for w in (sampling, weights))
    return pd.DataFrame(
        {
            "arm": arm,
            "low": edges[:-1],
            "high": edges[1:],
            "calls": np.histogram(p[members], edges)[0],
            "before": before,
            "after": after,
            "given": ", ".join((*design.covariates, *design.equal_in)),
        }
    )


def _outside(own: Array, other: Array) -> Booleans:
    """Mark calls outside the range of the other arm's probabilities."""
    return np.asarray((own < other.min()) | (own > other.max()), bool)


def _support(p: Array, weights: Array, members: Booleans) -> dict[str, float]:
    """Count calls of a row: used and not, outside the range of the other arm (numerator) and inside."""
    outside, used = _outside(p[members], p[~members]), weights[members] > 0
    counts = {"calls": used, "count": ~used, "numerator": outside, "denominator": ~outside}
    return {kind: float(told.sum()) for kind, told in counts.items()}


def _row(arm: str, p: Array, weights: Array, members: Booleans) -> dict[str, object]:
    own, carried = p[members], weights[members]
    outside, top = _outside(own, p[~members]), max(1, round(heavy * int((carried > 0).sum())))
    return {
        "arm": arm,
        "calls": int(members.sum()),
        "used": int((carried > 0).sum()),
        "lowest": float(own.min()),
        "highest": float(own.max()),
        "share_outside": float(carried[outside].sum() / carried.sum()),
        "effective": float(carried.sum() ** 2 / (carried @ carried)),
        "largest_share": float(carried.max() / carried.sum()),
        "heavy_share": float(np.sort(carried)[-top:].sum() / carried.sum()),
    }
