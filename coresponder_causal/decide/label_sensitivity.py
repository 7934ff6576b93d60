"""How often a call that truly is a crisis is labelled as one, by group as perceived, whether or not somebody went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.crossed_clusters import spread
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import interval
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.partial_means import Moved
from coresponder_causal.design.call_clusters import Clusters
from coresponder_causal.design.compared_calls import ComparedCalls, compared_calls
from coresponder_causal.design.covariates import groups_of

Array = NDArray[np.float64]


def label_sensitivity(
    calls: pd.DataFrame,
    *,
    group: str,
    reference: str,
    right: Sequence[str],
    truth: str = "crisis_on_scene",
    label: str = "initial_type",
    met_by: Sequence[str] = (),
    person: str | None = "person",
    clusters: Clusters = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """How often a call that truly is a crisis is labelled as one, by group, corrected for calls nobody looked at.

    Whether it was a crisis is known only where somebody went, and who goes follows the label. Within cells of group,
    label and ``met_by`` verified calls stand for the others (Begg & Greenes), by doubly robust scores of both counts.

    Parameters
    ----------
    calls : DataFrame
    group, reference, label, person, clusters
        As in `label_drift`.
    right : sequence of str
        Labels that a crisis should have.
    truth : str
        Column: whether it was one; missing where nobody looked.
    met_by : sequence of str
        Columns that decided, beside the label, where somebody went, such as the hour.
    level : float

    Returns
    -------
    DataFrame
        ``what, group, share, std_error, conf_low, conf_high, as_recorded, crises, verified, calls``: the sensitivity of
        each group, and its gap to the reference; ``crises``: those that were verified, ``persons`` behind the calls.

    Raises
    ------
    DesignError
        Listing every broken rule: columns, groups, a truth that is not yes or no, labels that no call has.
    EstimationError
        A cell in which nobody looked, or a group without a crisis that was verified.

    Notes
    -----
    Not where somebody's going, within those cells, followed what only they saw, such as a voice that sounded in need;
    nor where officers write a crisis down more readily in one group: that gap is theirs and looks like the label's.

    References
    ----------
    Begg & Greenes (1983), doi:10.2307/2530820.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> made = biased_calls(calls=4000, caller_bias=0.2)
    >>> made["crisis"] = (made["final_type"] == "welfare_check").astype(float).where(made["attended"])
    >>> found = label_sensitivity(made, group="group", reference="reference", right=["welfare_check"], truth="crisis")
    >>> bool(found["share"].iloc[-1] < 0)
    True
    """
    read = compared_calls(
        calls, subject="label_sensitivity", group=group, reference=reference, wanted=[label, *met_by], yes_no=[truth],
        person=person, clusters=clusters, level=level,
    )  # fmt: skip
    if strange := sorted(set(right) - set(read.table[label].dropna())):
        raise DesignError(f"no call is labelled {', '.join(strange)}", mend=f"name labels of '{label}' in right")
    correct, crisis = np.asarray(read.table[label].isin(list(right)), float), read.yes(truth)
    known = np.isfinite(crisis)
    cells = groups_of(read.table, [label, *met_by])
    shares: dict[str, Moved] = {}
    counts: dict[str, dict[str, int]] = {}
    plain: dict[str, float] = {}
    rows: list[dict[str, object]] = []
    for name in (reference, *read.groups.others):
        mine = read.groups.member(name)
        shares[name] = _sensitivity(crisis, correct, known, cells, mine, name)
        seen = mine & known & (crisis == 1)
        plain[name] = float(correct[seen].mean())
        counts[name] = {
            "crises": int(seen.sum()),
            "verified": int((mine & known).sum()),
            "calls": int(mine.sum()),
            "persons": int(read.persons[mine].nunique()),
        }
        told = _with_interval(shares[name], read, level) | {"as_recorded": plain[name]}
        rows.append({"what": "sensitivity", "group": name, **told, **counts[name]})
    for name in read.groups.others:
        gap = shares[name].plus(shares[reference], -1.0)
        told = _with_interval(gap, read, level) | {"as_recorded": plain[name] - plain[reference]}
        smaller = {key: min(many, counts[reference][key]) for key, many in counts[name].items()}
        rows.append({"what": "gap", "group": name, **told, **smaller})
    return pd.DataFrame(rows)


def _sensitivity(
    crisis: Array,
    correct: Array,
    known: NDArray[np.bool_],
    cells: NDArray[np.int64],
    mine: NDArray[np.bool_],
    name: str,
) -> Moved:
    """Crises labelled as such over all crises, cells without what was found filled by their verified calls."""
    many = int(cells.max()) + 1
    size, looked = np.bincount(cells[mine], minlength=many), np.bincount(cells[mine & known], minlength=many)
    if ((size > 0) & (looked == 0)).any():
        raise EstimationError(
            f"in {int(((size > 0) & (looked == 0)).sum())} kinds of calls of '{name}' nobody looked",
            mend="name fewer columns in met_by, or draw some of these calls for a second look",
        )
    truly = np.where(known, np.nan_to_num(crisis), 0.0)
    rate = np.divide(np.bincount(cells[mine & known], weights=truly[mine & known], minlength=many), looked,
                     out=np.zeros(many), where=looked > 0)  # fmt: skip
    times = np.divide(size, looked, out=np.zeros(many), where=looked > 0)[cells]
    score = np.where(mine, rate[cells] + np.where(known, times * (truly - rate[cells]), 0.0), 0.0)
    total = float(score.sum())
    if total <= 0:
        raise EstimationError(f"no crisis of '{name}' was verified", mend="bring more calls")
    value = float(score @ correct) / total
    return Moved(value, score * (correct - value) / total)


def _with_interval(share: Moved, read: ComparedCalls, level: float) -> dict[str, float]:
    found = spread(share.slope, read.clusters)
    error = float(np.sqrt(found.vcov[0, 0]))
    if not error > 1e-12:
        doubt("all crises of a group that were verified are labelled alike: how far chance could move it is not seen")
        return {"share": share.value} | dict.fromkeys(("std_error", "conf_low", "conf_high"), np.nan)
    low, high = interval(share.value, error, found.df, level)
    return {"share": share.value, "std_error": error, "conf_low": float(low), "conf_high": float(high)}
