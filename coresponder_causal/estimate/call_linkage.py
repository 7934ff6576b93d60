"""Difference between calls in an outcome that a linkage finds, corrected for links that are false and links it missed.

Estimand: the difference of shares of the call design behind it, of calls whose outcome is truly yes.

Needs: comparable calls (check: balance, overlap); a sample of calls reviewed by hand, drawn by lot and not by what the
linkage found, or with stated chances; what the review finds is true (rates that differ by arm: check: tipping_point).

Estimator: π_a = (p_a − λ_a)/(1 − λ_a − γ_a), with p_a the share linked, γ the share of true ones that it missed and λ
the share of others that it linked falsely, both from the reviewed calls, by arm or of all. With `apart` the rates
of the arms may lie that far from those of all: ends of a set.

Inference: derivatives in the weights of calls, so that the noise of the reviewed sample is counted with that of the
rest; summed within persons; t(G − 1).

Breaks: where 1 − λ − γ is near zero the linkage says next to nothing; rates of all, where the linkage finds the treated
better because the team wrote their names down: take the rates by arm, or `apart`. With many reviewed, their own
difference needs no correction.

Reference: Rogan & Gladen 1978, doi:10.1093/oxfordjournals.aje.a112510; Neter, Maynes & Ramanathan 1965,
doi:10.1080/01621459.1965.10480846; Imbens & Manski 2004, doi:10.1111/j.1468-0262.2004.00555.x. Worked by hand, and
simulated truth.

Say: Among {population}, {outcome} differed by {effect} ({interval}) once missed and false links are counted.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.partial_means import Ends, Moved, mean
from coresponder_causal.core.registry import estimator
from coresponder_causal.core.result import Result
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.design.partly_known_estimates import arms, partial_result

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rates = Literal["arm", "all"]
little, few = 0.2, 10


class _Errors(NamedTuple):
    """Shares of true ones missed, and of others linked falsely."""

    missed: Moved
    false: Moved


@estimator(
    design=PartlyKnownDesign,
    contrasts=("ATT", "ATE", "ATC", "ATO", "ATM", "unadjusted difference"),
    reference="Rogan & Gladen 1978; Neter, Maynes & Ramanathan 1965",
    checked_against="worked by hand; simulated truth",
    setting="linkage",
)
def call_linkage(d: PartlyKnownDesign, *, rates: Rates = "arm", apart: float = 0.0) -> Result:
    """Correct the difference of linked shares by the errors that a review by hand found.

    Parameters
    ----------
    d : PartlyKnownDesign
        Formed with ``reviewed=``, and ``chance=`` where not all calls had the same chance of being reviewed: of a
        sample by `privacy.clerical_sample` one over its weight, the outcome as linked where that is correct and
        otherwise its opposite.
    rates : {"arm", "all"}
        Errors of the linkage for each arm, or the same for both.
    apart : float
        How far the errors of either arm may lie from those of all, for ``rates="all"``.

    Returns
    -------
    Result
        One term ``effect``, a set with ``apart``; ``extra`` holds the errors and the difference as linked.

    Raises
    ------
    EstimationError
        No review, an outcome that is not yes or no everywhere, a review that found no true ones or none other, or a
        linkage that is no better than chance.

    References
    ----------
    Rogan & Gladen (1978), doi:10.1093/oxfordjournals.aje.a112510.

    Examples
    --------
    >>> import pandas as pd
    >>> from coresponder_causal.design import CallDesign
    >>> truly, linked = [1] * 10 + [0] * 10, [1] * 8 + [0] * 12
    >>> more = [pd.DataFrame({"attended": 1, "linked": [1] * 6 + [0] * 4})]
    >>> more += [pd.DataFrame({"attended": 0, "linked": [0]})]
    >>> seen = [pd.DataFrame({"attended": arm, "linked": linked, "truly": truly}) for arm in (0, 1)]
    >>> frame = pd.concat([*seen, *more], ignore_index=True).assign(night=lambda t: t.index % 2)
    >>> plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> found = call_linkage(PartlyKnownDesign.from_calls(plain, outcome="linked", reviewed="truly"))
    >>> round(float(found.estimate[0]), 4), found.extra["missed_treated"]
    (0.1071, 0.2)
    """
    _require_review(d, rates, apart)
    y, ways = d.values(), arms(d)
    whole = [arm.weights for arm in ways] if rates == "arm" else [ways[0].weights + ways[1].weights] * 2
    errors = [_errors(d, weights) for weights in whole]
    linked = [mean(y, arm.weights) for arm in ways]
    one, other = (_true_share(share, error, apart) for share, error in zip(linked, errors, strict=True))
    for end in (*one, *other):
        if not 0 <= end.value <= 1:
            doubt(f"a corrected share of {end.value:.3f}: the errors found by hand do not fit what was linked")
    (first, second), plain = errors, linked[0].value - linked[1].value
    return partial_result(
        d,
        "call_linkage",
        {"effect": one.minus(other)},
        {
            "adjustment": "one link in five missed"
            if max(first.missed.value, second.missed.value) > 0.15
            else "one link in ten missed",
            "missed_treated": first.missed.value,
            "missed_untreated": second.missed.value,
            "false_treated": first.false.value,
            "false_untreated": second.false.value,
            "difference_as_linked": plain,
            "reviewed": int(np.isfinite(d.found()).sum()),
        },
        bounded=apart > 0,
    )


def _require_review(d: PartlyKnownDesign, rates: Rates, apart: float) -> None:
    if d.reviewed is None:
        raise EstimationError("no calls were reviewed by hand", mend="name the column: reviewed=")
    if not (d.seen().all() and d.yes_or_no):
        raise EstimationError(
            f"'{d.outcome}' is not yes or no for every call", mend="a call without a link is a no, not a missing value"
        )
    if not 0 <= apart < 1 or (apart and rates == "arm"):
        raise EstimationError(
            f"apart={apart!r} does not go with rates='{rates}'", mend="take rates='all' and a share between 0 and 1"
        )


def _errors(d: PartlyKnownDesign, weights: Array) -> _Errors:
    """Errors of the linkage among reviewed calls, each standing for as many as its chance says."""
    truth, y, chance = d.found(), d.values(), d.chances()
    shares = []
    for truly, wrong in ((1.0, 1 - y), (0.0, y)):
        kind = (truth == truly) & (weights > 0)
        if not kind.any():
            raise EstimationError(
                f"the review found no call whose outcome is {'yes' if truly else 'no'}",
                mend="review more, or rates='all'",
            )
        if kind.sum() < few:
            doubt(f"{int(kind.sum())} reviewed calls are truly {'yes' if truly else 'no'}: the errors are hardly known")
        times = np.divide(1.0, chance, out=np.zeros(len(y)), where=kind)
        found = mean(wrong, weights * times)
        shares.append(Moved(found.value, times * found.slope))
    return _Errors(*shares)


def _true_share(linked: Moved, errors: _Errors, apart: float) -> Ends:
    """Invert the errors, moved apart to where they make the share least and most."""
    missed, false = errors
    low = _inverted(linked, _shifted(missed, -apart), _shifted(false, apart))
    return Ends(low, _inverted(linked, _shifted(missed, apart), _shifted(false, -apart)))


def _shifted(rate: Moved, by: float) -> Moved:
    moved = rate.value + by
    return rate._replace(value=moved) if 0 < moved < 1 or not by else Moved(min(max(moved, 0.0), 1.0), 0 * rate.slope)


def _inverted(linked: Moved, missed: Moved, false: Moved) -> Moved:
    """(p − λ)/(1 − λ − γ), which grows with γ and falls with λ."""
    left = 1 - false.value - missed.value
    if not left > 0:
        raise EstimationError("the linkage is no better than chance: missed and false links add to 1", mend="link anew")
    if left < little:
        doubt(f"missed and false links leave {left:.2f} of what the linkage says")
    share = (linked.value - false.value) / left
    slope = linked.slope - (1 - share) * false.slope + share * missed.slope
    return Moved(share, slope / left)
