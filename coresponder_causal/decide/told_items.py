"""What callers tell, and what it says of the need found on scene; bounds for what is not told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError, Problems
from coresponder_causal.core.inference import interval
from coresponder_causal.core.notes import collecting, doubt, note
from coresponder_causal.core.partial_means import mean
from coresponder_causal.core.telling import mutual_information, telling_bounds
from coresponder_causal.core.verification import verified_scores
from coresponder_causal.data import dictionary
from coresponder_causal.decide.labelled_calls import LabelledCalls, labelled_calls

Array = NDArray[np.float64]
answers = ("yes", "no", "not_known", "not_asked")
resting = {False: "nothing", True: "what is there is told at least as readily"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToldItems:
    """What each item of the first call says of the need on scene.

    Parameters
    ----------
    table : DataFrame
        ``item, answer, share`` (of all calls), ``estimate`` (share of the calls with that answer in need on scene),
        ``std_error, conf_low, conf_high, calls, verified, crises, persons``: answers given often enough to be shown.
    worth : DataFrame
        ``item, bits, std_error, conf_low, conf_high, of_all`` (share of what there is to know), ``told`` (share of
        calls with yes or no): information the answer, or that there is none, holds about need, small samples corrected.
    bounds : DataFrame
        ``item, rests_on, told_difference, set_low, set_high, conf_low, conf_high``: how much more need there is where
        the thing is there than where it is not, though not everybody tells.
    support : DataFrame
    notes : tuple of str
    """

    table: pd.DataFrame
    worth: pd.DataFrame
    bounds: pd.DataFrame
    support: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        best = self.worth.sort_values("bits", ascending=False).iloc[0]
        return (
            f"ToldItems: most is told by {best['item']}, {100 * best['of_all']:.0f} % of what there is to know of need"
        )


def told_fields() -> tuple[str, ...]:
    """Fields of the data dictionary that say what a caller told.

    Examples
    --------
    >>> told_fields()[:2]
    ('told_weapon', 'told_self_harm')
    """
    return tuple(one.name for one in dictionary.table("calls").fields if one.name.startswith("told_"))


def told_items(
    calls: pd.DataFrame,
    *,
    items: Sequence[str] | None = None,
    right: Sequence[str] | None = None,
    truth: str = "crisis_on_scene",
    label: str = "initial_type",
    met_by: Sequence[str] = (),
    person: str | None = "person",
    time: str | None = "received_at",
    level: float = 0.95,
) -> ToldItems:
    """Say what each thing that callers tell says of the need found on scene.

    Need is known only where somebody went: within cells of label, answer and ``met_by`` those calls stand for the
    others. "Not told" is neither "no" nor "not there": the bounds let what is not told be there or not.

    Parameters
    ----------
    calls : DataFrame
        One row per call, with ``told_*``: yes, no, not_known; missing where it was not asked.
    items : sequence of str, optional
        Columns; by default all fields ``told_*`` that the calls have.
    right, truth, label, met_by, person, time, level
        As in `concordance`; ``truth`` is the need on scene.

    Returns
    -------
    ToldItems

    Raises
    ------
    DesignError
        As in `concordance`; no item, or answers that are none; one error lists all.

    Notes
    -----
    It describes: that a told item goes with need does not say that asking changes anything. An answer of the caller is
    taken to be right in the bounds; where callers also say yes to what is not there, they do not hold.

    References
    ----------
    Begg & Greenes (1983), doi:10.2307/2530820; information: Cover & Thomas (2006), doi:10.1002/047174882X; bounds:
    Manski (1990), doi:10.3386/t0094; their intervals: Imbens & Manski (2004), doi:10.1111/j.1468-0262.2004.00555.x.

    Examples
    --------
    >>> from coresponder_causal.simulate.first_calls import first_calls
    >>> found = told_items(first_calls(calls=6000), items=["told_self_harm", "told_weapon"], met_by=["night"])
    >>> bool(found.worth["bits"][0] > found.worth["bits"][1])
    True
    """
    asked = tuple(name for name in told_fields() if name in calls) if items is None else tuple(items)
    problems = Problems("what callers told")
    if not asked:
        problems.add("no column told_*", mend=f"bring one of {', '.join(told_fields())}")
    for name in (name for name in asked if name in calls):
        if strange := sorted({str(one) for one in calls[name].dropna().unique()} - set(answers)):
            problems.add(f"'{name}' holds {', '.join(strange[:3])}", mend=f"write {', '.join(answers[:3])}, or nothing")
    rows: dict[str, list[dict[str, object]]] = {"table": [], "worth": [], "bounds": []}
    with collecting() as said:
        made = labelled_calls(
            calls, right=right, truth=truth, label=label, met_by=met_by, person=person, time=time, others=asked,
            problems=problems,
        )  # fmt: skip
        for name in asked:
            try:
                _of_item(made, name, rows, level)
            except EstimationError as error:
                doubt(f"{name} is not told: {error.what}")
        if not rows["worth"]:
            raise EstimationError("no item was told often enough", mend="bring more calls")
        support = pd.DataFrame([made.counts(np.ones(len(made.label), bool))])
        note(f"need is known of {int(made.known.sum())} of {len(made.label)} calls")
    frames = {key: pd.DataFrame(found) for key, found in rows.items()}
    return ToldItems(**frames, support=support, notes=tuple(said))


def _of_item(made: LabelledCalls, name: str, rows: dict[str, list[dict[str, object]]], level: float) -> None:
    """Add what one item says."""
    said = made.rows[name].astype("string").fillna("not_asked")
    score = verified_scores(made.truth, made.known, made.cells(name))
    member = np.array([(said == one).to_numpy(float) for one in answers])
    given = {answer: mine > 0 for answer, mine in zip(answers, member, strict=True) if mine.any()}
    shown = made.shown(given)
    for answer in shown:
        told = made.told(mean(score, given[answer].astype(float)), name, level)
        counts = made.counts(given[answer])
        rows["table"].append({"item": name, "answer": answer, "share": float(given[answer].mean()), **told, **counts})
    if len(shown) < len(given):
        note(f"{len(given) - len(shown)} answers to {name} are not shown: too few calls, or next to one with too few")
    told_of = member[0] + member[1]
    if not {"yes", "no"} <= set(shown):
        raise EstimationError("yes or no was told too seldom", mend="bring more calls")
    parts = np.stack([member * (1 - score), member * score], axis=1)
    used = parts[member.sum(axis=1) > 0]
    rows["worth"].append({"item": name, **_bits(made, used, name, level), "told": float(told_of.mean())})
    three = np.stack([parts[0], parts[1], parts[2] + parts[3]])
    shares = [mean(score, one) for one in member[:2]]
    apart = {"told_difference": shares[0].value - shares[1].value}
    for monotone, why in resting.items():
        ends = telling_bounds(three, monotone=monotone)
        rows["bounds"].append({"item": name, "rests_on": why, **apart, **made.bounded(ends, name, level, floor=-1.0)})


def _bits(made: LabelledCalls, parts: Array, name: str, level: float) -> dict[str, float]:
    """Information about need, less what chance alone would give; never below 0."""
    found = mutual_information(parts)
    cells = parts.reshape(-1, parts.shape[2])
    share = cells.sum(axis=1, keepdims=True) / cells.sum()
    codes, persons = pd.factorize(made.persons)
    moved = (cells - share * cells.sum(axis=0)) / cells.sum()
    sums = np.array([np.bincount(codes, one, minlength=len(persons)) for one in moved])
    curved = found.hessian @ (len(persons) / (len(persons) - 1) * sums @ sums.T)
    spread = made.spread(found.bits.slope, name)
    error = float(np.sqrt(spread.variance + np.trace(curved @ curved) / 2))
    bits = found.bits.value - float(np.trace(curved)) / 2
    low, high = interval(bits, error, spread.clusters - 1, level)
    return {
        "bits": max(bits, 0.0), "std_error": error,
        "conf_low": max(float(low), 0.0), "conf_high": max(float(high), 0.0), "of_all": max(bits, 0.0) / found.entropy,
    }  # fmt: skip
