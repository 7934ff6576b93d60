"""From what was written first to what was found, by group as perceived."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.crossed_clusters import spread
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import wilson
from coresponder_causal.core.notes import note
from coresponder_causal.core.support import least_shown
from coresponder_causal.design.call_clusters import Clusters
from coresponder_causal.design.compared_calls import ComparedCalls, compared_calls

together = "others together"


def label_drift(
    calls: pd.DataFrame,
    *,
    group: str,
    reference: str,
    label: str = "initial_type",
    found: str = "final_type",
    person: str | None = "person",
    clusters: Clusters = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Share of the calls of a group and a label that were found to be of each type.

    Parameters
    ----------
    calls : DataFrame
        One row per call; those of which it is unknown what was found are left out, and said.
    group, reference : str
        Column of the group as perceived, and the group that others are held against.
    label, found, person : str
        Columns of what was written first, of what was found, and of the person.
    clusters : {"person", "week", "person and week"}
        As in `disparity_rates`.
    level : float

    Returns
    -------
    DataFrame
        ``group, written, found, calls, of, persons, share, conf_low, conf_high``: score bounds at as many calls as
        their clusters are worth. Labels of a group with calls of fewer than 11 persons are left out, and said; types
        found of fewer than 11 persons under a label stand together as ``others together``, with the next one where
        they still would be of fewer.

    Raises
    ------
    DesignError
        Listing every broken rule: columns and groups.
    EstimationError
        No label of any group with 11 persons.

    Notes
    -----
    Only of calls where somebody went and wrote what was found; it says nothing of the others: `label_sensitivity`. Not
    a measure of bias by itself: where truth differs between groups, so does the drift. What was found may itself be
    what somebody expected to find.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> drift = label_drift(biased_calls(calls=4000, caller_bias=0.2), group="group", reference="reference")
    >>> wrong = drift[(drift["written"] == "disturbance") & (drift["found"] == "welfare_check")].set_index("group")
    >>> bool(wrong["share"]["group"] > wrong["share"]["reference"])
    True
    """
    read = compared_calls(
        calls, subject="label_drift", group=group, reference=reference, wanted=[label, found], person=person,
        clusters=clusters, level=level,
    ).known(label).known(found)  # fmt: skip
    written, seen = (read.table[name].astype(str).to_numpy() for name in (label, found))
    rows, left_out = [], []
    for name in (reference, *read.groups.others):
        for text in sorted(set(written[read.groups.member(name)])):
            mine = read.groups.member(name) & (written == text)
            if (many := read.persons[mine].nunique()) < least_shown:
                left_out.append(f"{text} of {name}")
                continue
            kinds = _large_enough(seen[mine], read.persons[mine])
            told = {"group": name, "written": text, "of": int(mine.sum())}
            if together in kinds:
                note(f"{text} of {name}: types found of fewer than {least_shown} persons stand together")
            rows += [
                {**told, "found": kind, **_share_of(kinds == kind, read, mine, many, level)}
                for kind in sorted(set(kinds), key=lambda one: (one == together, one))
            ]
    if left_out:
        note(f"labels with calls of fewer than {least_shown} persons are left out: {len(left_out)}")
    if not rows:
        raise EstimationError(f"no label has calls of {least_shown} persons", mend="merge labels, or bring more calls")
    order = ["group", "written", "found", "calls", "of", "persons", "share", "conf_low", "conf_high"]
    return pd.DataFrame(rows)[order]


def _large_enough(seen: NDArray[np.object_], persons: pd.Index) -> NDArray[np.object_]:
    """Put types of few persons together, with the next smallest where they would still be few, or be given away."""
    sizes = pd.Series(persons.to_numpy()).groupby(seen).nunique().sort_values(kind="stable")
    joined = sizes.index[sizes < least_shown].tolist()
    for name in sizes.index[len(joined) :]:
        if not joined or persons[np.isin(seen, joined)].nunique() >= least_shown:
            break
        joined.append(name)
    return np.where(np.isin(seen, joined), together, seen) if len(joined) > 1 else seen


def _share_of(
    hit: NDArray[np.bool_], read: ComparedCalls, mine: NDArray[np.bool_], many: int, level: float
) -> dict[str, float | int]:
    """Share of the calls of a group and label, with score bounds at as many calls as its variance is worth."""
    n, share = len(hit), float(hit.mean())
    variance = 0.0
    if 0 < share < 1:
        variance = float(spread((hit - share) / n, read.within(mine)).vcov[0, 0])
    worth = share * (1 - share) / variance if variance > 0 else float(many)
    low, high = wilson(share * worth, worth, level)
    persons = int(read.persons[mine][hit].nunique())
    bounds = {"conf_low": float(low), "conf_high": float(high)}
    return {"calls": int(hit.sum()), "persons": persons, "share": share, **bounds}
