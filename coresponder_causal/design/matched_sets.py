"""Who was matched with whom: sets of a matched design, copies of calls in several pairs, and where calls are alike."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError
from coresponder_causal.design.adjustment import Adjustment
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.likeness import Distance, in_deviations, likeness

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
far = 1e4


class Copies(NamedTuple):
    """Calls once for each pair they stand in: row, number of the pair's set, share of the call's weight."""

    rows: Rows
    sets: pd.Index
    share: Array


def has_sets(d: CallDesign) -> bool:
    """Whether the design has matched pairs or sets."""
    return d.adjustment is not None and (d.adjustment.pairs is not None or d.adjustment.sets is not None)


def is_copied(d: CallDesign) -> bool:
    """Whether calls may stand in several pairs."""
    return d.adjustment is not None and d.adjustment.pairs is not None and d.adjustment.reused


def matched_for(d: CallDesign) -> str:
    """Give the contrast for which matches were found; of a design that lost calls, the one asked for.

    Matching weights look for no matches: theirs stays ATM.
    """
    if d.adjustment is None or d.contrast != "ATM":
        return d.contrast
    return str(d.adjustment.options.get("contrast", d.contrast))


def set_labels(d: CallDesign) -> pd.Index:
    """Label of each call's matched set, of pairs the row of the treated call; other calls are their own."""
    labels = np.arange(len(d.source))
    if d.adjustment is not None and d.adjustment.sets is not None:
        return pd.Index(np.where(d.adjustment.sets < 0, len(labels) + labels, d.adjustment.sets))
    if d.adjustment is not None and d.adjustment.pairs is not None:
        labels[d.adjustment.pairs[:, 1]] = d.adjustment.pairs[:, 0]
    return pd.Index(labels)


def matches(d: CallDesign) -> Rows:
    """Pairs as rows of a call and of a match that was found for it, shape (m, 2).

    Matches are found for the treated calls, or for ATC for the untreated ones.
    """
    _, pairs = _paired(d)
    return pairs[:, ::-1] if matched_for(d) == "ATC" else pairs


def copies(d: CallDesign) -> Copies:
    """Take every call once for each pair it stands in.

    Examples
    --------
    >>> from coresponder_causal.design.match_nearest import match_nearest
    >>> frame = pd.DataFrame({"attended": [1, 1, 1, 0, 0, 0], "priority": [1, 2, 2, 1, 2, 3]})
    >>> c = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["priority"])
    >>> found = copies(match_nearest(c, replace=True))
    >>> found.rows.tolist(), found.sets.tolist(), found.share.tolist()
    ([0, 1, 2, 3, 4, 4], [0, 1, 2, 0, 1, 2], [1.0, 1.0, 1.0, 1.0, 0.5, 0.5])
    """
    unit, match = matches(d).T
    part = 1 / np.bincount(unit)[unit]
    once = np.unique(unit)
    share = np.concatenate([np.ones(len(once)), part / np.bincount(match, part)[match]])
    return Copies(np.concatenate([once, match]), pd.Index(np.concatenate([once, unit])), share)


def places(d: CallDesign) -> Array:
    """Coordinates in which calls are alike: what they were matched by, with groups far apart; shape (n, q)."""
    options = _paired(d)[0].options
    distance = cast("Distance", options.get("distance", "logit"))
    how = likeness(distance, mahalanobis_on=cast("tuple[str, ...]", options.get("mahalanobis_on", ())))
    return np.column_stack([in_deviations(d, how)[0], far * d.groups()])


def _paired(d: CallDesign) -> tuple[Adjustment, Rows]:
    if d.adjustment is None or d.adjustment.pairs is None:
        raise DesignError("the design has no matched pairs", mend="match it by match_nearest")
    return d.adjustment, d.adjustment.pairs
