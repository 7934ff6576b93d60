"""Who got the team, or which label, among calls alike in kind, hour and place: groups put beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.crossed_clusters import spread
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import interval, p_value
from coresponder_causal.core.notes import note
from coresponder_causal.design.call_clusters import Clusters
from coresponder_causal.design.compared_calls import compared_calls
from coresponder_causal.design.covariates import groups_of

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
fewest_beside = 2  # calls of the reference in a cell: of one alone the noise cannot be seen


class _Matched(NamedTuple):
    """Difference among calls put beside each other, its derivative in each call, and which calls those are."""

    gap: float
    slope: Array
    used: Flags
    cells: int


def similar_calls(
    calls: pd.DataFrame,
    *,
    group: str,
    reference: str,
    outcome: str,
    alike: Sequence[str] = ("initial_type", "hour", "beat"),
    person: str | None = "person",
    clusters: Clusters = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare each group's calls with those of the reference that have the same values in every column named.

    Parameters
    ----------
    calls : DataFrame
        One row per call.
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    outcome : str
        Yes or no, such as ``attended``; for labels a column that says whether the label was one.
    alike : sequence of str
        Columns in which calls are the same; a missing value is a value. For labels: without the label.
    person, clusters, level
        As in `contact_gap`.

    Returns
    -------
    DataFrame
        ``group, gap, std_error, conf_low, conf_high, p_value, cells, matched, left_out`` (calls of the group with and
        without two calls of the reference beside them), ``calls, events, persons`` of the smaller side. ``gap`` is over
        the matched calls of the group.

    Raises
    ------
    DesignError
        Listing every broken rule: columns, groups, an outcome that is not yes or no.
    EstimationError
        A group none of whose calls has others beside it, or the same outcome of all of them.

    Notes
    -----
    Not where calls differ in what no column holds, such as a voice or what was said: then it describes. The finer the
    cells, the more alike and the fewer are the calls; those left out are counted.

    References
    ----------
    Rosenbaum (2010), Design of Observational Studies, ch. 9 (exact matching); simulated truth.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> made = biased_calls(calls=6000, reach_bias=0.2)
    >>> found = similar_calls(made, group="group", reference="reference", outcome="attended",
    ...                       alike=["initial_type", "hour"])
    >>> bool(found["conf_low"][0] < -0.2 < found["conf_high"][0])
    True
    """
    read = compared_calls(
        calls, subject="similar_calls", group=group, reference=reference, wanted=alike, yes_no=[outcome],
        person=person, clusters=clusters, level=level,
    ).known(outcome)  # fmt: skip
    cells = groups_of(read.table, alike)
    y, other, rows = read.yes(outcome), read.groups.member(reference), []
    for name in read.groups.others:
        member = read.groups.member(name)
        found = _matched(y, member, other, cells)
        if found is None:
            raise EstimationError(f"no call of '{name}' has two of '{reference}' beside it", mend="make cells coarser")
        judged = spread(found.slope[found.used], read.within(found.used))
        error = float(np.sqrt(judged.vcov[0, 0]))
        if not error > 0:
            raise EstimationError(
                f"'{outcome}' is the same in all calls of '{name}', and in all beside them: chance cannot be seen",
                mend="make cells coarser, or bring more calls",
            )
        low, high = interval(found.gap, error, judged.df, level)
        matched = int((member & found.used).sum())
        if left := int(member.sum()) - matched:
            note(f"{left} of {int(member.sum())} calls of {name} have fewer than two calls of {reference} beside them")
        sides = [found.used & side for side in (member, other)]
        rows.append(
            {"group": name, "gap": found.gap, "std_error": error, "conf_low": float(low), "conf_high": float(high),
             "p_value": float(p_value(found.gap / error, judged.df)), "cells": found.cells,
             "matched": matched, "left_out": left, "calls": min(int(side.sum()) for side in sides),
             "events": min(int(y[side].sum()) for side in sides),
             "persons": min(read.persons[side].nunique() for side in sides)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _matched(y: Array, member: Flags, other: Flags, cells: NDArray[np.intp]) -> _Matched | None:
    """Average the differences to the reference's mean of the cell; residuals of few calls are scaled up."""
    many = int(cells.max()) + 1
    own, beside = (np.bincount(cells[rows], minlength=many) for rows in (member, other))
    both = (own > 0) & (beside >= fewest_beside)
    if not both.any():
        return None
    mean = np.bincount(cells[other], weights=y[other], minlength=many) / np.maximum(beside, 1)
    ours, theirs = member & both[cells], other & both[cells]
    size = int(ours.sum())
    gap = float((y - mean[cells])[ours].mean())
    scale = np.sqrt(beside / np.maximum(beside - 1, 1)) * own / np.maximum(beside, 1)
    slope = np.where(ours, y - mean[cells] - gap, 0.0) - np.where(theirs, scale[cells] * (y - mean[cells]), 0.0)
    return _Matched(gap, slope / size, ours | theirs, int(both.sum()))
