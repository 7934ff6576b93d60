"""Every call in a set of calls alike, with one treated or one untreated call in its middle: optimal full matching."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.line_pairs import least_line_pairs
from coresponder_causal.core.links import Array, Limits, Links, Rows, least_links, nothing
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.core.stratum_weights import Whom
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.likeness import Distance, likeness
from coresponder_causal.design.linking import adjusted, linked


class Sizes(NamedTuple):
    """Links of a treated and of an untreated call."""

    treated: Limits
    untreated: Limits


def match_full(
    c: CallDesign,
    *,
    contrast: Whom = "ATT",
    min_controls: float | None = None,
    max_controls: float | None = None,
    caliper: float | None = None,
    distance: Distance = "logit",
) -> CallDesign:
    """Put all calls into sets of one treated and several untreated calls, or one untreated and several treated.

    Of all ways to do so, the sum of distances within sets is least. No outcome is looked at.

    Parameters
    ----------
    c : CallDesign
        Sets stay within calls equal in ``exact`` and ``stratum``.
    contrast : {"ATT", "ATE", "ATC"}
        Whom the weights speak of; the sets are the same.
    min_controls, max_controls : float, optional
        Untreated calls per treated call in each set: whole numbers, or 1/2, 1/3, … for one untreated call to as many
        treated.
    caliper : float, optional
        Largest distance allowed, in standard deviations of the score over all calls; for distances between covariates,
        which are in standard deviations already, the distance itself.
    distance : {"logit", "probability", "mahalanobis", "robust_mahalanobis", "scaled_euclidean"}
        As in `match_nearest`.

    Returns
    -------
    CallDesign
        With an adjustment: each set weighted to its share among the calls asked for, and ``sets``. The contrast is ATM
        where calls asked for are in no set.

    Raises
    ------
    DesignError
        Options that do not exist or that the calls cannot meet, or no set at all.
    EstimationError
        If the propensity cannot be estimated.

    Notes
    -----
    Without limits and without a caliper no call is left out. With a caliper those are that have no call of the other
    kind within it; with limits, as few as can be. Distances are compared to nine decimals; of equal sums, the one with
    most sets is taken, and calls that are equally near to several are spread over them. ``max_controls`` costs time:
    minutes with tens of thousands of calls, and more where it leaves calls out.

    Do not read many calls as much information: where kinds of call hardly overlap, one untreated call may stand for
    many treated ones; `call_difference` gives the effective number, and ``min_controls`` bounds it.

    References
    ----------
    Rosenbaum (1991), doi:10.1111/j.2517-6161.1991.tb01848.x; Hansen & Klopfer (2006), doi:10.1198/106186006X137047.
    Sets of least distance without limits are the edge cover of least weight: Schrijver (2003), Combinatorial
    Optimization, section 19.3.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 1, 0, 0, 0], "priority": [2, 9, 1, 3, 8]})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["priority"])
    >>> matched = match_full(c)
    >>> matched.adjustment.sets.tolist(), matched.adjustment.weights.tolist()
    ([0, 1, 0, 0, 1], [1.0, 1.0, 0.5, 0.5, 1.0])
    """
    c.require_plain("match_full")
    how = likeness(distance, caliper)
    problems = Problems("match_full")
    how.refuse(c, problems)
    refuse_choice("contrast", contrast, Whom, problems)
    sizes = _sizes(min_controls, max_controls, problems)
    problems.raise_if_any(DesignError)
    with collecting() as notes:
        rows = linked(c, how, c.treated, partial(_linked, sizes=sizes))
        _refuse_short(c, rows, sizes)
        _say(c, rows, contrast)
        sizes_asked = {"min_controls": min_controls, "max_controls": max_controls}
        options = {"contrast": contrast, "caliper": caliper, "distance": distance} | sizes_asked
        matched = adjusted(c, "match_full", rows, contrast, options=options)
    return replace(matched, notes=(*c.notes, *notes))


def _sizes(least: float | None, most: float | None, problems: Problems) -> Sizes:
    """Turn untreated calls per treated call into links that each may have."""
    for name, value in (("min_controls", least), ("max_controls", most)):
        if value is not None and not _is_ratio(value):
            problems.add(f"{name}={value!r} is no number of calls", mend="give 1, 2, 3, … or 1/2, 1/3, …")
            return Sizes(Limits(1, None), Limits(1, None))
    if least is not None and most is not None and least > most:
        problems.add(f"min_controls={least} is above max_controls={most}", mend="give the smaller first")
    low, high = least or 0, np.inf if most is None else most
    return Sizes(
        treated=Limits(max(1, round(low)), None if most is None else max(1, round(high))),
        untreated=Limits(max(1, round(1 / high)), None if least is None else max(1, round(1 / low))),
    )


def _is_ratio(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < np.inf:
        return False
    whole = value if value >= 1 else 1 / value
    return abs(whole - round(whole)) < 1e-9 * whole


def _linked(first: Array, second: Array, width: float, *, sizes: Sizes) -> Links:
    """Link both arms; along a score, places that limits leave are first given out as if they alone counted."""
    start = [nothing]
    if first.shape[1] == 1:
        line = first[:, 0], second[:, 0]
        start += [_placed(*line, sizes.untreated.high, width), _placed(*line[::-1], sizes.treated.high, width)[::-1]]
    joined = tuple(np.concatenate(rows) for rows in zip(*start, strict=True))
    return least_links(first, second, sizes.treated, sizes.untreated, width=width, start=(joined[0], joined[1]))


def _placed(one: Array, other: Array, many: int | None, width: float) -> tuple[Rows, Rows]:
    """Give every unit of one arm a place at the other, of which each unit there has so many."""
    if many is None:
        return nothing
    places = min(many, len(one))
    found = least_line_pairs(one, np.repeat(other, places), ratio=1, width=width)
    return found.first, found.second // places


def _refuse_short(c: CallDesign, rows: tuple[Rows, Rows], sizes: Sizes) -> None:
    """Refuse sets that calls are too few for."""
    for ends, kind, other, low in (
        (rows[0], "treated", "untreated", sizes.treated.low),
        (rows[1], "untreated", "treated", sizes.untreated.low),
    ):
        counts = np.bincount(ends)
        if short := int(((counts > 0) & (counts < low)).sum()):
            raise DesignError(
                f"{short} {kind} calls cannot have {low} {other} calls each: there are {int(c.treated.sum())} treated "
                f"and {int((~c.treated).sum())} untreated calls",
                mend="bring min_controls and max_controls nearer to 1",
            )


def _say(c: CallDesign, rows: tuple[Rows, Rows], contrast: Whom) -> None:
    """Say how large the largest sets are, and how many calls that were not asked for are in none."""
    to_treated, to_untreated = (int(np.bincount(ends).max()) for ends in rows)
    note(f"at most {to_treated} untreated calls to a treated one, and {to_untreated} treated to an untreated one")
    kind, other, ends = ("untreated", ~c.treated, rows[1]) if contrast == "ATT" else ("treated", c.treated, rows[0])
    if contrast != "ATE" and (out := int(other.sum()) - len(np.unique(ends))):
        note(f"{out} of {int(other.sum())} {kind} calls are in no set")
