"""Each treated call beside the untreated calls most like it: greedy nearest-neighbour matching."""

from __future__ import annotations

from dataclasses import replace as replace_fields
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.matching import (
    Matches,
    Order,
    match_on_rows,
    match_on_score,
    processing_order,
    whitener,
)
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.design.calls import Adjustment, CallDesign

Array = NDArray[np.float64]
Distance = Literal["logit", "probability", "mahalanobis"]
decimals = 9


def match_nearest(
    c: CallDesign,
    *,
    ratio: int = 1,
    replace: bool = False,
    caliper: float | None = None,
    distance: Distance = "logit",
    order: Order = "largest",
    seed: int = 1,
) -> CallDesign:
    """Match every treated call to its nearest untreated calls, without looking at any outcome.

    Parameters
    ----------
    c : CallDesign
        Matching stays within calls equal in ``exact`` and ``stratum``.
    ratio : int
        Untreated calls per treated call.
    replace : bool
        Whether an untreated call may serve several treated calls.
    caliper : float, optional
        Largest distance allowed, in standard deviations of the score over all calls; for the Mahalanobis distance,
        which is in standard deviations already, the distance itself.
    distance : {"logit", "probability", "mahalanobis"}
        Log odds or probability of treatment, or the covariates with their pooled covariance.
    order : {"largest", "smallest", "closest", "data", "random"}
        Which treated call chooses first: by its score (for ``"mahalanobis"`` the log odds), by the distance to its
        nearest call, by id, or at random.
    seed : int
        Seed of the random order.

    Returns
    -------
    CallDesign
        With an adjustment: 1 for a matched treated call, its untreated calls share 1. The contrast is ATT, or ATM
        where some treated calls have no match and are left out.

    Raises
    ------
    DesignError
        Options that do not exist, a ratio above the number of untreated calls, or no match at all: widen the caliper.
    EstimationError
        If the propensity cannot be estimated.

    Notes
    -----
    Scores are compared to nine decimals of their standard deviation; among equally near calls the lowest id is taken,
    and a note says how often.

    References
    ----------
    Rosenbaum & Rubin (1985), doi:10.1080/00031305.1985.10479383; Stuart (2010), doi:10.1214/09-STS313.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 1, 0, 0, 0, 0], "priority": [1, 3, 1, 2, 3, 3]})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["priority"])
    >>> match_nearest(c).adjustment.pairs.tolist()
    [[0, 2], [1, 4]]
    """
    c.require_plain("match_nearest")
    _require_options(c, ratio=ratio, caliper=caliper, distance=distance, order=order)
    fit = c.propensity()
    score = fit.probability if distance == "probability" else fit.linear
    points = _whitened(c) if distance == "mahalanobis" else _in_deviations(score)
    width = np.inf if caliper is None else float(caliper)
    with collecting() as notes:
        found = _within_groups(c, points, _in_deviations(score), order, seed, ratio=ratio, replace=replace, width=width)
        if not len(found.treated):
            raise DesignError(
                f"no treated call has an untreated call {_near(c, caliper)}",
                mend="widen the caliper, or ask for equality in fewer columns",
            )
        _say(c, found, ratio, caliper)
    matched = np.bincount(found.treated, minlength=len(c.treated))
    weights = (matched > 0).astype(float)
    np.add.at(weights, found.control, 1 / matched[found.treated])
    adjustment = Adjustment(
        method="match_nearest",
        contrast="ATT" if matched[c.treated].all() else "ATM",
        options=Facts(
            {"ratio": ratio, "replace": replace, "caliper": caliper, "distance": distance, "order": order}
            | ({"seed": seed} if order == "random" else {})
        ),
        weights=weights,
        pairs=np.column_stack([found.treated, found.control]),
        reused=replace,
    )
    return replace_fields(c, adjustment=adjustment, notes=(*c.notes, *notes))


def _require_options(c: CallDesign, *, ratio: int, caliper: float | None, distance: str, order: str) -> None:
    problems = Problems("match_nearest")
    for name, value, hint in (("distance", distance, Distance), ("order", order, Order)):
        if value not in get_args(hint):
            problems.add(f"{name}={value!r} is not a choice", mend=f"choose from {', '.join(get_args(hint))}")
    controls = int((~c.treated).sum())
    if isinstance(ratio, bool) or not isinstance(ratio, int) or ratio < 1:
        problems.add(f"ratio={ratio!r} is not a number of calls", mend="give a whole number from 1 on")
    elif ratio > controls:
        problems.add(f"ratio={ratio} and there are {controls} untreated calls", mend="ask for fewer")
    if caliper is not None and (isinstance(caliper, bool) or not (isinstance(caliper, (int, float)) and caliper > 0)):
        problems.add(f"caliper={caliper!r} is not a distance", mend="give a positive number, or None for none")
    problems.raise_if_any(DesignError)


def _in_deviations(score: Array) -> Array:
    """Scores in standard deviations, rounded so that equal calls have equal scores on every machine."""
    return np.asarray(np.round(score / score.std(ddof=1), decimals), float)


def _whitened(c: CallDesign) -> Array:
    matrix = c.covariate_frame(reference_levels=False).to_numpy(float)
    return np.round(matrix @ whitener(matrix, c.treated), decimals)


def _within_groups(
    c: CallDesign,
    points: Array,
    score: Array,
    order: Order,
    seed: int,
    *,
    ratio: int,
    replace: bool,
    width: float,
) -> Matches:
    """Match within each group of calls that must be equal; rows are those of the design."""
    rng = np.random.default_rng(seed)
    match = match_on_score if points.ndim == 1 else match_on_rows
    rows = np.argsort(c.groups(), kind="stable")
    parts = []
    for members in np.split(rows, np.cumsum(np.bincount(c.groups()))[:-1]):
        treated, control = members[c.treated[members]], members[~c.treated[members]]
        if not len(treated) or not len(control):
            continue
        sequence = processing_order(score[treated], order, rng)
        found = match(points[treated], points[control], sequence, ratio=ratio, replace=replace, width=width)
        parts.append((treated[found.treated], control[found.control], found.ties))
    if not parts:
        return Matches(np.array([], np.int64), np.array([], np.int64), 0)
    firsts, seconds, ties = zip(*parts, strict=True)
    return Matches(np.concatenate(firsts), np.concatenate(seconds), sum(ties))


def _near(c: CallDesign, caliper: float | None) -> str:
    """Say what a match had to fulfil."""
    within = [] if caliper is None else [f"within {caliper:g} standard deviations"]
    return " and ".join([*within, *([f"equal in {', '.join(c.equal_in)}"] if c.equal_in else [])]) or "left for it"


def _say(c: CallDesign, found: Matches, ratio: int, caliper: float | None) -> None:
    many, matched = int(c.treated.sum()), np.bincount(found.treated)
    lost, fewer = many - int((matched > 0).sum()), int(((matched > 0) & (matched < ratio)).sum())
    if lost:
        note(
            f"{lost} of {many} treated calls have no untreated call {_near(c, caliper)} and are left out: the estimate "
            "speaks of the others"
        )
    if fewer:
        note(f"{fewer} treated calls have fewer than {ratio} matches")
    if found.ties:
        note(f"{found.ties} of {len(found.treated)} matches had another call as near: the lowest id was taken")
