"""From what was written first to what was found, by group as perceived; and how often the label held, met or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import interval, wilson
from coresponder_causal.core.notes import note
from coresponder_causal.core.support import least_shown
from coresponder_causal.design.compared_groups import compared_groups
from coresponder_causal.design.covariates import labels

Array = NDArray[np.float64]
together = "fewer each"


def label_drift(
    calls: pd.DataFrame,
    *,
    group: str,
    reference: str,
    label: str = "initial_type",
    found: str = "final_type",
    person: str | None = "person",
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
    level : float

    Returns
    -------
    DataFrame
        ``group, written, found, calls, of, share, conf_low, conf_high`` (Wilson). Labels of a group with fewer than 11
        calls are left out; types found fewer than 11 times under a label stand together as ``fewer each``.

    Notes
    -----
    Only of calls where somebody went and wrote what was found; it says nothing of the others: `label_sensitivity`.

    Examples
    --------
    >>> from coresponder_causal.simulate.biased_calls import biased_calls
    >>> drift = label_drift(biased_calls(calls=4000, caller_bias=0.2), group="group", reference="reference")
    >>> wrong = drift[(drift["written"] == "disturbance") & (drift["found"] == "welfare_check")].set_index("group")
    >>> bool(wrong["share"]["group"] > wrong["share"]["reference"])
    True
    """
    persons = pd.Index(calls[person]) if person else None
    groups = compared_groups(calls, group=group, reference=reference, persons=persons)
    told = pd.DataFrame(
        {"group": groups.of, "written": calls[label].to_numpy(), "found": calls[found].astype("string").to_numpy()}
    ).dropna()
    note(f"{len(calls) - len(told)} of {len(calls)} calls without a group, a label or what was found are left out")
    counts = told.groupby(["group", "written", "found"]).size().to_frame("calls").reset_index()
    few = counts["calls"] < least_shown
    counts["found"] = counts["found"].mask(few, together)
    counts = counts.groupby(["group", "written", "found"])[["calls"]].sum().reset_index()
    counts["of"] = counts.groupby(["group", "written"])["calls"].transform("sum")
    counts = counts[counts["of"] >= least_shown].reset_index(drop=True)
    low, high = wilson(counts["calls"], counts["of"], level)
    return counts.assign(share=counts["calls"] / counts["of"], conf_low=low, conf_high=high)


class _Share(NamedTuple):
    """A share and its influence on it, shape (n,)."""

    value: float
    influence: Array


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
    level: float = 0.95,
) -> pd.DataFrame:
    """How often a call that truly is a crisis is labelled as one, by group, corrected for calls nobody looked at.

    Whether it was a crisis is known only where somebody went, and who goes follows the label. Within cells of group,
    label and ``met_by`` verified calls stand for the others (Begg & Greenes), by doubly robust scores of both counts.

    Parameters
    ----------
    calls : DataFrame
    group, reference, label, person
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
        ``what, group, share, std_error, conf_low, conf_high, as_recorded, verified, calls``: the sensitivity of each
        group, and its gap to the reference.

    Raises
    ------
    EstimationError
        A cell in which nobody looked, or a group without a crisis that was verified.

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
    persons = pd.Index(calls[person]) if person else pd.RangeIndex(len(calls))
    groups = compared_groups(calls, group=group, reference=reference, persons=persons)
    known, correct = calls[truth].notna().to_numpy(), np.asarray(calls[label].isin(list(right)), float)
    crisis = np.asarray(calls[truth].astype("Float64").to_numpy(float, na_value=np.nan), float)
    texts = pd.DataFrame({name: labels(calls[name]) for name in dict.fromkeys((label, *met_by))})
    cells = np.asarray(texts.groupby(list(texts), sort=True).ngroup(), np.int64)
    shares: dict[str, _Share] = {}
    plain: dict[str, float] = {}
    rows: list[dict[str, object]] = []
    for name in (reference, *groups.others):
        mine = groups.member(name)
        shares[name] = _sensitivity(crisis, correct, known, cells, mine, name)
        seen = mine & known & (crisis == 1)
        plain[name] = float(correct[seen].mean())
        about = {
            "as_recorded": plain[name],
            "verified": int((mine & known).sum()),
            "calls": int(mine.sum()),
        }
        rows.append({"what": "sensitivity", "group": name, **_with_interval(shares[name], persons, level), **about})
    for name in groups.others:
        gap = _Share(shares[name].value - shares[reference].value, shares[name].influence - shares[reference].influence)
        about = {"as_recorded": plain[name] - plain[reference], "verified": int(known.sum()), "calls": len(calls)}
        rows.append({"what": "gap", "group": name, **_with_interval(gap, persons, level), **about})
    return pd.DataFrame(rows)


def _sensitivity(
    crisis: Array,
    correct: Array,
    known: NDArray[np.bool_],
    cells: NDArray[np.int64],
    mine: NDArray[np.bool_],
    name: str,
) -> _Share:
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
    return _Share(value, score * (correct - value) / total)


def _with_interval(share: _Share, persons: pd.Index, level: float) -> dict[str, float]:
    codes, found = pd.factorize(persons)
    many = len(found)
    error = float(np.sqrt(many / (many - 1) * (np.bincount(codes, weights=share.influence) ** 2).sum()))
    low, high = interval(share.value, error, many - 1, level)
    return {"share": share.value, "std_error": error, "conf_low": float(low), "conf_high": float(high)}
