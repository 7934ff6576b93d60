"""Pairs of calls, each treated one beside untreated ones, with the least sum of distances over all pairs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from coresponder_causal.core.choices import refuse_choice
from coresponder_causal.core.errors import DesignError, Problems
from coresponder_causal.core.line_pairs import least_line_pairs
from coresponder_causal.core.links import Array, Limits, Links, least_links
from coresponder_causal.core.notes import collecting, note
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.likeness import Distance, likeness
from coresponder_causal.design.linking import adjusted, linked

Focus = Literal["ATT", "ATC"]


def match_optimal(
    c: CallDesign,
    *,
    ratio: int = 1,
    caliper: float | None = None,
    distance: Distance = "logit",
    contrast: Focus = "ATT",
) -> CallDesign:
    """Match treated calls to untreated ones so that all distances together are least, without any outcome.

    Parameters
    ----------
    c : CallDesign
        Matching stays within calls equal in ``exact`` and ``stratum``.
    ratio : int
        Untreated calls per treated call.
    caliper : float, optional
        Largest distance allowed, in standard deviations of the score over all calls; for distances between covariates,
        which are in standard deviations already, the distance itself.
    distance : {"logit", "probability", "mahalanobis", "robust_mahalanobis", "scaled_euclidean"}
        As in `match_nearest`.
    contrast : {"ATT", "ATC"}
        ATC matches treated calls to every untreated call instead.

    Returns
    -------
    CallDesign
        With an adjustment: 1 for a matched treated call, its untreated calls share 1; ``pairs`` and ``sets``. The
        contrast is ATM where calls asked for have no match and are left out.

    Raises
    ------
    DesignError
        Options that do not exist, a ratio above the number of calls to choose from, or no match at all.
    EstimationError
        If the propensity cannot be estimated.

    Notes
    -----
    As many calls as possible have a match, then as many as possible all of theirs, and of all ways to do so the sum of
    distances is least. Distances are compared to nine decimals. On a score, pairs are in order: of two treated calls
    the one with the higher score never has the match with the lower.

    Use it where calls to choose from are scarce: there it is better than `match_nearest`, which gives early choosers
    what late ones need. With many to choose from both take much the same calls. Do not use it where treated calls are
    the majority: half are left out. Without a caliper a pair may be far apart: see `check.balance`.

    References
    ----------
    Rosenbaum (1989), doi:10.1080/01621459.1989.10478868; Hansen & Klopfer (2006), doi:10.1198/106186006X137047.

    Examples
    --------
    Nearest matching, highest score first, would give the second call the match that the first one needs.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"attended": [1, 1, 0, 0, 0, 0], "priority": [3, 4, 3, 1, 0, 9]})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["priority"])
    >>> match_optimal(c).adjustment.pairs.tolist()
    [[0, 3], [1, 2]]
    """
    c.require_plain("match_optimal")
    how, focal = likeness(distance, caliper), c.treated == (contrast == "ATT")
    problems = Problems("match_optimal")
    how.refuse(c, problems)
    refuse_choice("contrast", contrast, Focus, problems)
    if isinstance(ratio, bool) or not isinstance(ratio, int) or ratio < 1:
        problems.add(f"ratio={ratio!r} is not a number of calls", mend="give a whole number from 1 on")
    elif ratio > (~focal).sum():
        problems.add(f"ratio={ratio} and there are {int((~focal).sum())} calls to choose from", mend="ask for fewer")
    problems.raise_if_any(DesignError)
    with collecting() as notes:
        rows = linked(c, how, focal, partial(_pairs, ratio=ratio))
        each = np.bincount(rows[0], minlength=len(focal))[focal]
        if fewer := int(((each > 0) & (each < ratio)).sum()):
            note(f"{fewer} {'treated' if contrast == 'ATT' else 'untreated'} calls have fewer than {ratio} matches")
        options = {"ratio": ratio, "caliper": caliper, "distance": distance, "contrast": contrast}
        pairs = np.column_stack(rows if contrast == "ATT" else rows[::-1])
        matched = adjusted(c, "match_optimal", rows, contrast, options=options, pairs=pairs)
    return replace(matched, notes=(*c.notes, *notes))


def _pairs(first: Array, second: Array, width: float, *, ratio: int) -> Links:
    """Pair along the score where there is one coordinate, else among points."""
    if first.shape[1] == 1:
        return least_line_pairs(first[:, 0], second[:, 0], ratio=ratio, width=width)
    return least_links(first, second, Limits(ratio, ratio), Limits(0, 1), width=width)
