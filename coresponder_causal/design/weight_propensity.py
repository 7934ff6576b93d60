"""Weights from the probability of treatment: for the treated, for all calls, or where decisions were open."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.design.calls import Adjustment, CallDesign, Contrast

Array = NDArray[np.float64]
Scheme = Literal["att", "ate", "overlap"]
contrasts: dict[Scheme, Contrast] = {"att": "ATT", "ate": "ATE", "overlap": "ATO"}
heaviest = 0.1


def weight_propensity(c: CallDesign, *, scheme: Scheme = "overlap") -> CallDesign:
    """Weight calls by their estimated probability of treatment p, without looking at any outcome.

    Parameters
    ----------
    c : CallDesign
        Its ``exact`` columns cannot be kept equal by weights; a note says so.
    scheme : {"att", "ate", "overlap"}
        Weights of treated and untreated calls: 1 and p/(1 − p); 1/p and 1/(1 − p); 1 − p and p.

    Returns
    -------
    CallDesign
        With an adjustment whose contrast is ATT, ATE or ATO. Weights are as in the formulas; estimators take means
        within each arm, which makes their scale immaterial.

    Raises
    ------
    DesignError
        If the scheme does not exist or the design is adjusted already.
    EstimationError
        If the propensity cannot be estimated: covariates separate, repeat each other, or do not converge.

    Notes
    -----
    A note gives the effective number of calls (Σw)²/Σw² in each arm; an `IdentificationWarning` is given where one call
    carries more than a tenth of its arm. With overlap weights the means of all covariates are equal in both arms.

    References
    ----------
    Rosenbaum (1987), doi:10.1080/01621459.1987.10478441; Li, Morgan & Zaslavsky (2018),
    doi:10.1080/01621459.2016.1260466.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 0, 0, 0] * 10 + [1, 1, 1, 0] * 10, "night": [0] * 40 + [1] * 40})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> weight_propensity(c).adjustment.weights[[0, 1, 40, 43]].round(6).tolist()
    [0.75, 0.25, 0.25, 0.75]
    """
    c.require_plain("weight_propensity")
    if scheme not in get_args(Scheme):
        raise DesignError(f"scheme={scheme!r} is not a choice", mend=f"choose from {', '.join(get_args(Scheme))}")
    weights, slope = _weights(c.propensity().probability, c.treated, scheme)
    adjustment = Adjustment(
        method="weight_propensity",
        contrast=contrasts[scheme],
        options=Facts({"scheme": scheme}),
        weights=weights,
        slope=slope,
    )
    with collecting() as notes:
        if c.exact:
            note(f"weights do not keep calls equal in {', '.join(c.exact)}: put these among the covariates, or match")
        _say(weights * c.sampling_weights(), c.treated)
    return replace(c, adjustment=adjustment, notes=(*c.notes, *notes))


def _weights(p: Array, treated: NDArray[np.bool_], scheme: Scheme) -> tuple[Array, Array]:
    """Weights and their derivatives in the log odds, where dp = p(1 − p)."""
    q = 1 - p
    if scheme == "att":
        odds = p / q
        return np.where(treated, 1.0, odds), np.where(treated, 0.0, odds)
    if scheme == "ate":
        return np.where(treated, 1 / p, 1 / q), np.where(treated, -q / p, p / q)
    return np.where(treated, q, p), np.where(treated, -p * q, p * q)


def _say(weights: Array, treated: NDArray[np.bool_]) -> None:
    sizes = []
    for name, arm in (("treated", treated), ("untreated", ~treated)):
        own = weights[arm]
        effective, share = own.sum() ** 2 / (own @ own), own.max() / own.sum()
        sizes.append(f"{effective:.0f} of {len(own)} {name} calls")
        if share > heaviest:
            doubt(f"one {name} call carries {share:.0%} of the weight of its arm: the comparison rests on few calls")
    note(f"effective number after weighting: {' and '.join(sizes)}")
