"""Weights from the probability of treatment: for the treated, the untreated, all, or where decisions were open."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.propensity import propensity
from coresponder_causal.core.weight_model import Part, Scheme, WeightModel, of_log_odds
from coresponder_causal.design.adjustment import Adjustment, Contrast
from coresponder_causal.design.boosted_propensity import boosted_log_odds
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.weighted import weighted

Array = NDArray[np.float64]
Chosen = NDArray[np.bool_]
Model = Literal["logistic", "boosted"]
contrasts: dict[Scheme, Contrast] = {"att": "ATT", "ate": "ATE", "atc": "ATC", "overlap": "ATO", "matching": "ATM"}


def weight_propensity(
    c: CallDesign,
    *,
    scheme: Scheme = "overlap",
    stabilise: bool = False,
    trim: float | None = None,
    truncate: float | None = None,
    model: Model = "logistic",
    seed: int = 1,
) -> CallDesign:
    """Weight calls by their estimated probability of treatment p, without looking at any outcome.

    Parameters
    ----------
    c : CallDesign
        Its ``exact`` columns cannot be kept equal by weights; a note says so.
    scheme : {"att", "ate", "atc", "overlap", "matching"}
        Weights of treated and untreated calls: 1 and p/(1 − p); 1/p and 1/(1 − p); (1 − p)/p and 1; 1 − p and p;
        min(p, 1 − p)/p and min(p, 1 − p)/(1 − p).
    stabilise : bool
        Multiply the weights of each arm by its share of the calls, for ``scheme="ate"``. Means within the arms, and so
        all that is estimated here, stay as they are; weights taken elsewhere have a mean near 1.
    trim : float, optional
        Leave out calls with p below this or above 1 less this, such as 0.1, and estimate p anew in the others, of whom
        the contrast then speaks.
    truncate : float, optional
        Cut the weights of each arm to this quantile of theirs, such as 0.99. What is balanced is no longer exactly what
        the contrast says.
    model : {"logistic", "boosted"}
        Logistic regression, linear in the covariates and without a penalty; or boosted trees, cross-fitted by person.
    seed : int
        Of the folds and trees of ``"boosted"``.

    Returns
    -------
    CallDesign
        With an adjustment whose contrast is ATT, ATE, ATC, ATO or ATM. Weights are as in the formulas; estimators take
        means within each arm, which makes their scale immaterial.

    Raises
    ------
    DesignError
        If options do not exist, trimming leaves an arm without calls, or the design is adjusted already.
    EstimationError
        If the propensity cannot be estimated: covariates separate, repeat each other, or do not converge.

    Notes
    -----
    A note gives the effective number of calls (Σw)²/Σw² in each arm; an `IdentificationWarning` is given where one call
    carries more than a tenth of its arm. With overlap weights the means of all covariates are equal in both arms.

    Not to be used where some kinds of calls are never, or always, attended: their weights grow without bound under
    ``"att"``, ``"ate"`` and ``"atc"``. Take ``"overlap"``, ``"matching"`` or ``trim``, which speak of other calls, or
    `weight_balance`, whose weights are the smoothest that balance. Trees find bends that a line misses, but of some
    hundreds of calls they learn less than a line does, and part of the difference before adjustment stays. Their error
    is not in the standard error; a note says so.

    References
    ----------
    Rosenbaum (1987), doi:10.1080/01621459.1987.10478441; Li, Morgan & Zaslavsky (2018),
    doi:10.1080/01621459.2016.1260466; Li & Greene (2013), doi:10.1515/ijb-2012-0030 (matching weights); Robins, Hernán
    & Brumback (2000), doi:10.1097/00001648-200009000-00011 (stabilised); Crump, Hotz, Imbens & Mitnik (2009),
    doi:10.1093/biomet/asn055 (trimmed); Cole & Hernán (2008), doi:10.1093/aje/kwn164 (truncated).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 0, 0, 0] * 10 + [1, 1, 1, 0] * 10, "night": [0] * 40 + [1] * 40})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"])
    >>> weight_propensity(c).adjustment.weights[[0, 1, 40, 43]].round(6).tolist()
    [0.75, 0.25, 0.25, 0.75]
    """
    c.require_plain("weight_propensity")
    _require_options(scheme, stabilise=stabilise, trim=trim, truncate=truncate, model=model)
    with collecting() as notes:
        kept = np.ones(len(c.treated), bool) if trim is None else _kept(c, trim, model, seed)
        linear, score = _log_odds(c, kept, model, seed)
        weights, slope = (np.where(kept, values, 0.0) for values in of_log_odds(linear, c.treated, scheme))
        if stabilise:
            share = np.average(c.treated[kept], weights=c.sampling_weights()[kept])
            scale = np.where(c.treated, share, 1 - share)
            weights, slope = weights * scale, slope * scale
        if truncate is not None:
            weights, slope = _truncated(weights, slope, c.treated, kept, truncate)
        if score is None:
            note("the error of the boosted trees is not in the standard error: take it for a lower limit")
    marks = {"boosted": model == "boosted", "trimmed": trim, "truncated": truncate}
    options = {"stabilise": stabilise, "trim": trim, "truncate": truncate}
    adjustment = Adjustment(
        method="weight_propensity",
        contrast=contrasts[scheme],
        options=Facts(
            {"scheme": " ".join([scheme, *(mark for mark, given in marks.items() if given)])}
            | {name: value for name, value in options.items() if value}
            | ({"model": model, "seed": seed} if model == "boosted" else {})
        ),
        weights=weights,
        model=None if score is None else WeightModel(score.matrix, (score.parts[0]._replace(slope=slope),)),
        among="" if trim is None else f"whose probability of treatment lies between {trim:g} and {1 - trim:g}",
    )
    return weighted(c, adjustment, notes)


def _require_options(scheme: str, *, stabilise: bool, trim: float | None, truncate: float | None, model: str) -> None:
    problems = Problems("weight_propensity")
    for name, value, hint in (("scheme", scheme, Scheme), ("model", model, Model)):
        if value not in get_args(hint):
            problems.add(f"{name}={value!r} is not a choice", mend=f"choose from {', '.join(get_args(hint))}")
    if stabilise and scheme != "ate":
        problems.add(f"stabilise=True with scheme={scheme!r}", mend="only weights of scheme='ate' are stabilised")
    for name, bound, low, high in (("trim", trim, 0.0, 0.5), ("truncate", truncate, 0.5, 1.0)):
        if bound is not None and not (isinstance(bound, float) and low < bound < high):
            problems.add(f"{name}={bound!r}", mend=f"give a number between {low:g} and {high:g}, or None")
    problems.raise_if_any(DesignError)


def _log_odds(c: CallDesign, kept: Chosen, model: Model, seed: int) -> tuple[Array, WeightModel | None]:
    """Log odds of treatment of the calls kept, 0 for others, and what a logistic regression estimated them by."""
    frame = c.covariate_frame(reference_levels=False)
    matrix, sampling = frame.to_numpy(float)[kept], c.sampling_weights()[kept]
    if model == "boosted":
        found = boosted_log_odds(matrix, c.treated[kept], c.persons[kept], weights=sampling, seed=seed)
        return _in_place(found, kept), None
    fit = propensity(c.treated[kept].astype(float), matrix, list(map(str, frame)), weights=sampling)
    part = Part(score=_in_place(fit.scores[:, 0], kept), slope=kept.astype(float), bread=fit.bread)
    return _in_place(fit.linear, kept), WeightModel(_in_place(fit.rows, kept), (part,))


def _in_place(values: Array, kept: Chosen) -> Array:
    """Rows of the calls kept among all, zeros elsewhere."""
    if kept.all():
        return values
    found = np.zeros((len(kept), *values.shape[1:]))
    found[kept] = values
    return found


def _kept(c: CallDesign, trim: float, model: Model, seed: int) -> Chosen:
    """Mark the calls whose treatment was open, and say how many others there are."""
    linear, _ = _log_odds(c, np.ones(len(c.treated), bool), model, seed)
    kept = np.abs(linear) <= np.log((1 - trim) / trim)
    counts = [int((kept & arm).sum()) for arm in (c.treated, ~c.treated)]
    if min(counts) == 0:
        raise DesignError(
            f"trim={trim:g} keeps {counts[0]} treated and {counts[1]} untreated calls", mend="trim less, or not at all"
        )
    note(
        f"{len(kept) - sum(counts)} of {len(kept)} calls have a probability of treatment below {trim:g} or above "
        f"{1 - trim:g} and are left out: the estimate speaks of the others, whose probability was estimated anew"
    )
    return np.asarray(kept, bool)


def _truncated(weights: Array, slope: Array, treated: Chosen, kept: Chosen, quantile: float) -> tuple[Array, Array]:
    """Cut the weights of each arm at their quantile, which then counts as given: cut weights do not move."""
    cut = np.zeros(len(weights), bool)
    weights = weights.copy()
    for arm in (treated & kept, ~treated & kept):
        bound = np.quantile(weights[arm], quantile)
        beyond = arm & (weights > bound)
        weights[beyond], cut = bound, cut | beyond
    note(f"{int(cut.sum())} of {int(kept.sum())} weights are cut to the {quantile:g} quantile of their arm")
    return weights, np.where(cut, 0.0, slope)
