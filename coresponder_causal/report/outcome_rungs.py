"""Numbers of the ladder of outcomes: of each what is known in both arms, the difference, and what it can be at most."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import DesignError, EstimationError, Problems
from coresponder_causal.core.result import Result
from coresponder_causal.data import dictionary
from coresponder_causal.design import columns
from coresponder_causal.design.calls import CallDesign
from coresponder_causal.design.partly_known import PartlyKnownDesign
from coresponder_causal.estimate.call_bounds import call_bounds
from coresponder_causal.estimate.call_difference import call_difference

Array = NDArray[np.float64]
Adjust: TypeAlias = Callable[[CallDesign], CallDesign]
on_scene = "on scene"
hours_of = {"h": 1, "d": 24}
arm_names = ("with", "without")
of_difference = ("difference", "conf_low", "conf_high")
of_ends = ("least", "most", "set_low", "set_high")


def fields_of_ladder(d: CallDesign) -> list[str]:
    """Name the dictionary's outcomes of yes and no, with a time of their own, that the calls hold."""
    there = [one.name for one in dictionary.table("outcomes").fields if one.type == "boolean"]
    return [name for name in there if name in d.source and horizon(name) > 0]


def rungs(d: CallDesign, whole: CallDesign, outcomes: Sequence[str], adjust: Adjust | None) -> pd.DataFrame:
    """Compute one row for each outcome, in order of its time after the call.

    Parameters
    ----------
    d, whole : CallDesign
        As it came, without an outcome; and with all its calls made comparable.
    outcomes : sequence of str
        Columns of yes and no; missing is not known.
    adjust : callable or None
        What made them so, and makes the calls of known outcome comparable for the difference.

    Returns
    -------
    DataFrame
        ``outcome, when, label, source``; by arm ``calls, known, unknown, yes, share``; ``persons`` (the fewest behind a
        yes or a no of an arm); ``difference, conf_low, conf_high`` among the known; ``least, most`` and the interval
        ``set_low, set_high`` of what it is; ``remarks``: why numbers are absent, and what must be read with others.

    Raises
    ------
    DesignError
        Listing every broken rule with its mend.
    """
    values = _values(d, outcomes)
    return pd.DataFrame([_rung(d, whole, name, values[name], adjust) for name in sorted(outcomes, key=horizon)])


def _rung(d: CallDesign, whole: CallDesign, name: str, y: Array, adjust: Adjust | None) -> dict[str, object]:
    """Give the numbers of one outcome, and remarks."""
    row: dict[str, object] = {"outcome": name, "when": _when(name), **_in_words(name), "persons": _fewest(d, y)}
    for arm, own in zip(arm_names, (y[d.treated], y[~d.treated]), strict=True):
        known = own[np.isfinite(own)]
        row |= {
            f"calls_{arm}": len(own), f"known_{arm}": len(known), f"unknown_{arm}": len(own) - len(known),
            f"yes_{arm}": int(known.sum()), f"share_{arm}": known.mean() if len(known) else np.nan,
        }  # fmt: skip
    return row | _found(d, whole, name, y, adjust)


def _found(d: CallDesign, whole: CallDesign, name: str, y: Array, adjust: Adjust | None) -> dict[str, object]:
    """Give the difference among the known calls, and its ends whatever the others are."""
    remarks: list[str] = []
    numbers: dict[str, float] = dict.fromkeys((*of_difference, *of_ends), np.nan)
    try:
        result = _among_known(d, name, y, adjust)
        first = result.tidy().iloc[0]
        numbers |= dict(zip(of_difference, first[["estimate", "conf_low", "conf_high"]], strict=True))
        remarks += [one for one in result.notes if one not in d.notes]
    except (DesignError, EstimationError) as refused:
        remarks.append(f"no difference: {refused.what}")
    try:
        numbers |= dict(zip(of_ends, _ends(whole, name), strict=True))
    except (DesignError, EstimationError) as refused:
        remarks.append(f"no ends: {refused.what}")
    return {**numbers, "remarks": "; ".join(remarks)}


def _among_known(d: CallDesign, name: str, y: Array, adjust: Adjust | None) -> Result:
    """Give the difference among the calls whose outcome is known, adjusted anew."""
    seen = np.isfinite(y)
    if not seen[d.treated].any() or not seen[~d.treated].any():
        raise DesignError(f"'{name}' is known in one arm at most", mend="follow up calls of both")
    known = replace(d, source=d.source[seen].reset_index(drop=True).assign(**{name: y[seen]}))
    return call_difference((known if adjust is None else adjust(known)).with_outcome(name))


def _ends(whole: CallDesign, name: str) -> list[float]:
    """Give the least and the most that the difference can be, and the interval of what it is."""
    found = call_bounds(PartlyKnownDesign.from_calls(whole, outcome=name)).tidy().iloc[0]
    return [float(found[column]) for column in ("set_low", "set_high", "conf_low", "conf_high")]


def _fewest(d: CallDesign, y: Array) -> float:
    """Count the persons behind the smallest group of calls of one arm and one answer."""
    seen = np.isfinite(y)
    who = pd.DataFrame({"arm": d.treated[seen], "yes": y[seen], "person": d.persons[seen]})
    return float(who.groupby(["arm", "yes"])["person"].nunique().min())


def _values(d: CallDesign, outcomes: Sequence[str]) -> dict[str, Array]:
    """Return yes and no as 1 and 0 by outcome, NaN where not known; refuse all else."""
    problems = Problems("the ladder of outcomes")
    columns.rectangular(d.source, list(outcomes), problems)
    if d.outcome is not None or d.adjustment is not None:
        problems.add("the calls have an outcome or are adjusted", mend="give the design of from_frame, outcome=None")
    if not outcomes:
        problems.add("no outcome is named and the calls hold none of the dictionary", mend="join the outcomes table")
    values: dict[str, Array] = {}
    for name in outcomes:
        try:
            values[name] = _yes_or_no(d, name)
        except (TypeError, ValueError):
            values[name] = np.full(len(d.source), np.inf)
        if (odd := ~np.isnan(values[name]) & ~np.isin(values[name], [0.0, 1.0])).any():
            problems.add(
                f"'{name}' is more than yes and no", mend="recode it: blank for not known", rows=np.flatnonzero(odd)
            )
    problems.raise_if_any(DesignError)
    return values


def _yes_or_no(d: CallDesign, name: str) -> Array:
    return np.asarray(d.source[name].astype("Float64").to_numpy(float, na_value=np.nan), float)


def horizon(name: str) -> float:
    """Hours after the call that an outcome looks at; 0 where its name has none."""
    timed = re.search(r"_(\d+)([hd])$", name)
    return 0.0 if timed is None else float(timed[1]) * hours_of[timed[2]]


def _when(name: str) -> str:
    hours = horizon(name)
    if not hours:
        return on_scene
    return f"{hours:g} hours" if hours < 96 else f"{hours / 24:g} days"


def _in_words(name: str) -> dict[str, object]:
    """Label and source of an outcome, from the dictionary where it is there."""
    for table in ("outcomes", "calls"):
        for one in dictionary.table(table).fields:
            if one.name == name:
                return {"label": one.label, "source": one.source}
    return {"label": name.replace("_", " "), "source": "not in the dictionary"}
