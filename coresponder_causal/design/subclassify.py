"""Calls in subclasses of like probability of treatment."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.stratum_weights import Whom, shares_model, stratum_weights
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign


def subclassify(c: CallDesign, *, subclasses: int = 6, contrast: Whom = "ATT") -> CallDesign:
    """Cut calls into subclasses of like propensity and compare within them, without looking at any outcome.

    Parameters
    ----------
    c : CallDesign
        Its ``exact`` columns cannot be kept equal by subclasses of the propensity.
    subclasses : int
        How many: of equal numbers of the calls that the contrast speaks of.
    contrast : {"ATT", "ATE", "ATC"}
        Whom the weights speak of.

    Returns
    -------
    CallDesign
        With an adjustment: each kind of call weighted to the share that the subclass has among the calls asked for.

    Raises
    ------
    DesignError
        A subclass without calls of one kind: ask for fewer. Also ``exact`` columns: match instead.
    EstimationError
        If the propensity cannot be estimated.

    Notes
    -----
    Five subclasses leave about a tenth of the bias of a smooth propensity (Cochran): with many calls take more, or
    weights. Standard errors count the estimation of the subclasses' shares, not that of their limits.

    References
    ----------
    Rosenbaum & Rubin (1984), doi:10.1080/01621459.1984.10478078; Cochran (1968), doi:10.2307/2528036.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 0, 0, 0] * 10 + [1, 1, 1, 0] * 10, "night": [0] * 40 + [1] * 40})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> sorted({round(float(w), 3) for w in subclassify(c, subclasses=2).adjustment.weights})
    [0.333, 1.0, 3.0]
    """
    c.require_plain("subclassify")
    _require_options(c, subclasses, contrast)
    p = c.propensity().probability
    asked = {"ATT": p[c.treated], "ATC": p[~c.treated], "ATE": p}[contrast]
    inner = np.quantile(asked, np.linspace(0, 1, subclasses + 1))[1:-1]
    number = np.searchsorted(inner, p, side="right").astype(np.int64)
    _refuse_one_kind(number, c.treated, subclasses)
    found = stratum_weights(c.treated, number, contrast, c.sampling_weights())
    adjustment = Adjustment(
        method="subclassify",
        contrast=contrast,
        options=Facts({"subclasses": subclasses, "contrast": contrast}),
        weights=found.weights,
        model=shares_model(c.treated, number, c.sampling_weights(), found.slope),
    )
    return replace(c, adjustment=adjustment)


def _require_options(c: CallDesign, subclasses: int, contrast: str) -> None:
    problems = Problems("subclassify")
    if contrast not in get_args(Whom):
        problems.add(f"contrast={contrast!r} is not a choice", mend=f"choose from {', '.join(get_args(Whom))}")
    if isinstance(subclasses, bool) or not isinstance(subclasses, int) or subclasses < 2:
        problems.add(f"subclasses={subclasses!r} is not a number of them", mend="give a whole number from 2 on")
    if c.exact:
        problems.add(f"calls cannot be kept equal in {', '.join(c.exact)}", mend="put these among the covariates")
    problems.raise_if_any(DesignError)


def _refuse_one_kind(number: NDArray[np.int64], treated: NDArray[np.bool_], subclasses: int) -> None:
    problems = Problems("subclasses of the propensity")
    for kind, members in (("treated", treated), ("untreated", ~treated)):
        counts = np.bincount(number[members], minlength=subclasses)
        for empty in np.flatnonzero(counts == 0):
            problems.add(f"subclass {empty + 1} of {subclasses} holds no {kind} calls", mend="ask for fewer subclasses")
    problems.raise_if_any(DesignError)
