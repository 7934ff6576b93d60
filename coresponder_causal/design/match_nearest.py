"""Each treated call beside the untreated calls most like it: greedy nearest-neighbour matching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from dataclasses import replace as replace_fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.matching import Matches, Order, match_on_score, processing_order
from coresponder_causal.core.matching_rows import match_on_rows
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.likeness import (
    Alike,
    Discard,
    Distance,
    Likeness,
    Width,
    alike,
    in_support,
    score_of,
)

Flags = NDArray[np.bool_]
Focus = Literal["ATT", "ATC"]


def match_nearest(
    c: CallDesign,
    *,
    ratio: int = 1,
    replace: bool = False,
    caliper: float | None = None,
    caliper_in: Width = "sd",
    calipers: Mapping[str, float] | None = None,
    calipers_in: Width = "raw",
    distance: Distance = "logit",
    mahalanobis_on: Sequence[str] = (),
    antiexact: Sequence[str] = (),
    discard: Discard = "none",
    contrast: Focus = "ATT",
    order: Order | None = None,
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
        Largest distance allowed: of the score, in ``caliper_in``; of the covariates, where they are the distance, in
        its own unit.
    caliper_in : {"sd", "raw"}
        Standard deviations of the score over all calls kept, or the units of the score.
    calipers : mapping of str to float, optional
        Largest difference allowed in each of these covariates, in ``calipers_in``.
    calipers_in : {"raw", "sd"}
        The covariates' own units, or standard deviations over all calls kept.
    distance : {"logit", "probability", "mahalanobis", "robust_mahalanobis", "scaled_euclidean"}
        The score: log odds or probability of treatment. Or all covariates: with their covariance pooled within both
        kinds of call, by their ranks, or each in its pooled standard deviation. The last two give a text of three or
        more levels one indicator per level.
    mahalanobis_on : sequence of str
        Covariates whose Mahalanobis distance decides, while caliper, order and discard go by the score.
    antiexact : sequence of str
        Columns known before dispatch in each of which matched calls must differ, e.g. the shift.
    discard : {"none", "treated", "control", "both"}
        Leave out calls of this kind whose score lies outside the range of the other kind, before anything else.
    contrast : {"ATT", "ATC"}
        ATC looks for treated calls like each untreated call: in this page, read one for the other.
    order : {"largest", "smallest", "closest", "data", "random"}, optional
        Which call chooses first: by its score (of covariates, the log odds), by the distance to its nearest call, by
        id, or at random. By default the calls least like the other kind: the largest score for ATT, the smallest for
        ATC.
    seed : int
        Seed of the random order.

    Returns
    -------
    CallDesign
        With an adjustment: 1 for a matched treated call, its untreated calls share 1. The contrast is ATT (ATC), or
        ATM where some of those calls have no match or were discarded.

    Raises
    ------
    DesignError
        Options that do not exist, a ratio above the number of untreated calls, or no match at all: widen the caliper.
    EstimationError
        If the propensity cannot be estimated.

    Notes
    -----
    Scores are compared to nine decimals of their standard deviation, other distances to seven; among equally near
    calls the lowest id is taken, and a note says how often.

    Do not use it where few calls have a counterpart within a caliper: the matched calls are then others than were
    asked about. Without a caliper late choosers get what is left, however far: see the check of balance. With many
    covariates the covariate distances are ruled by those that matter least; take the score.

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
    how = Likeness(
        distance=distance,
        mahalanobis_on=tuple(mahalanobis_on),
        caliper=caliper,
        caliper_in=caliper_in,
        calipers=dict(calipers or {}),
        calipers_in=calipers_in,
        antiexact=tuple(antiexact),
        discard=discard,
    )
    first: Order = order or ("largest" if contrast == "ATT" else "smallest")
    with collecting() as notes:
        _require(c, how, ratio, contrast, first)
        score = score_of(c, distance)
        kept = in_support(score, c.treated, discard)
        focal = c.treated == (contrast == "ATT")
        by = alike(c, score, kept, how)
        found = _within_groups(c, by, focal, kept, processing=(first, seed), ratio=ratio, replace=replace)
        _refuse_none(c, found, how, contrast)
        _say(c, found, how, ratio=ratio, contrast=contrast, kept=kept)
    options = {"ratio": ratio, "replace": replace, "contrast": contrast, "order": first}
    options |= asdict(how) | {"calipers": tuple(how.calipers.items())} | ({"seed": seed} if first == "random" else {})
    adjustment = _adjustment(found, focal, contrast, reused=replace, options=options)
    return replace_fields(c, adjustment=adjustment, notes=(*c.notes, *notes))


def _require(c: CallDesign, how: Likeness, ratio: int, contrast: str, order: str) -> None:
    problems = Problems("match_nearest")
    how.refuse(c, problems)
    refuse_choice("contrast", contrast, Focus, problems)
    refuse_choice("order", order, Order, problems)
    _, other = _kinds(contrast)
    many = int((c.treated == (contrast != "ATT")).sum())
    if isinstance(ratio, bool) or not isinstance(ratio, int) or ratio < 1:
        problems.add(f"ratio={ratio!r} is not a number of calls", mend="give a whole number from 1 on")
    elif ratio > many:
        problems.add(f"ratio={ratio} and there are {many} {other} calls", mend="ask for fewer")
    problems.raise_if_any(DesignError)


def _refuse_none(c: CallDesign, found: Matches, how: Likeness, contrast: Focus) -> None:
    if not len(found.treated):
        one, other = _kinds(contrast)
        raise DesignError(
            f"no {one} call has {'an' if other == 'untreated' else 'a'} {other} call {_near(c, how)}",
            mend="widen the caliper, or ask for equality in fewer columns",
        )


def _within_groups(
    c: CallDesign,
    by: Alike,
    focal: Flags,
    kept: Flags,
    *,
    processing: tuple[Order, int],
    ratio: int,
    replace: bool,
) -> Matches:
    """Match within each group of calls that must be equal; rows are those of the design."""
    order, rng = processing[0], np.random.default_rng(processing[1])
    groups = c.groups()
    rows = np.argsort(groups, kind="stable")
    parts = []
    for members in np.split(rows, np.cumsum(np.bincount(groups))[:-1]):
        members = members[kept[members]]
        first, second = members[focal[members]], members[~focal[members]]
        if not len(first) or not len(second):
            continue
        sequence = processing_order(by.score[first], order, rng)
        found = _match(by, first, second, sequence, ratio=ratio, replace=replace)
        parts.append((first[found.treated], second[found.control], found.ties))
    if not parts:
        return Matches(np.array([], np.int64), np.array([], np.int64), 0)
    firsts, seconds, ties = zip(*parts, strict=True)
    return Matches(np.concatenate(firsts), np.concatenate(seconds), sum(ties))


def _match(
    by: Alike,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    sequence: NDArray[np.int64] | None,
    *,
    ratio: int,
    replace: bool,
) -> Matches:
    """Match along the score where it is all that counts, else among points."""
    if by.units.points.shape[1] + by.units.near.shape[1] + by.units.apart.shape[1] == 1:
        line = by.units.points[:, 0]
        return match_on_score(line[first], line[second], sequence, ratio=ratio, replace=replace, width=by.width)
    units = by.units.at(first), by.units.at(second)
    return match_on_rows(*units, sequence, ratio=ratio, replace=replace, width=by.width, widths=by.widths)


def _adjustment(
    found: Matches, focal: Flags, contrast: Focus, *, reused: bool, options: Mapping[str, object]
) -> Adjustment:
    """Weights, pairs and sets of what was matched: 1 for a call of the kind asked about, its matches share 1."""
    matched = np.bincount(found.treated, minlength=len(focal))
    weights = (matched > 0).astype(float)
    np.add.at(weights, found.control, 1 / matched[found.treated])
    sets = np.where(matched > 0, np.cumsum(matched > 0) - 1, -1)
    sets[found.control] = sets[found.treated]
    pairs = (found.treated, found.control) if contrast == "ATT" else (found.control, found.treated)
    return Adjustment(
        method="match_nearest",
        contrast=contrast if matched[focal].all() else "ATM",
        options=Facts(options),
        weights=weights,
        pairs=np.column_stack(pairs),
        sets=None if reused else sets,
        reused=reused,
    )


def _kinds(contrast: str) -> tuple[str, str]:
    """Call in words those that look for a match, and those they look among."""
    return ("untreated", "treated") if contrast == "ATC" else ("treated", "untreated")


def _near(c: CallDesign, how: Likeness) -> str:
    """Say what a match had to fulfil."""
    score = how.distance if how.caliper_in == "raw" else "standard deviations"
    parts = [] if how.caliper is None else [f"within {how.caliper:g} {score}"]
    parts += [
        f"within {width:g}{' standard deviations' if how.calipers_in == 'sd' else ''} of its {name}"
        for name, width in how.calipers.items()
    ]
    parts += [f"different in {', '.join(how.antiexact)}"] if how.antiexact else []
    parts += [f"equal in {', '.join(c.equal_in)}"] if c.equal_in else []
    return " and ".join(parts) or "left"


def _say(c: CallDesign, found: Matches, how: Likeness, *, ratio: int, contrast: str, kept: Flags) -> None:
    one, other = _kinds(contrast)
    focal = c.treated == (one == "treated")
    for name, arm in ((one, focal), (other, ~focal)):
        if out := int((arm & ~kept).sum()):
            others = ": the estimate speaks of the others" if name == one else ""
            note(f"{out} {name} calls whose score no call of the other kind surrounds were discarded{others}")
    many, matched = int((focal & kept).sum()), np.bincount(found.treated)
    lost, fewer = many - int((matched > 0).sum()), int(((matched > 0) & (matched < ratio)).sum())
    if lost:
        note(
            f"{lost} of {many} {one} calls have no {other} call {_near(c, how)} and are left out: the estimate "
            "speaks of the others"
        )
    if fewer:
        note(f"{fewer} {one} calls have fewer than {ratio} matches")
    if found.ties:
        note(f"{found.ties} of {len(found.treated)} matches had another call as near: the lowest id was taken")
