"""The gap between a group and the reference at one stage of a call, among calls that are alike up to it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.crossed_clusters import spread
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import critical, interval, p_value, share_gap, share_gap_p_value
from coresponder_causal.core.inference import power as power_of
from coresponder_causal.core.notes import doubt
from coresponder_causal.core.two_stage import swept
from coresponder_causal.design.compared_calls import ComparedCalls
from coresponder_causal.design.compared_groups import few_events, seldom

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
matters = 0.05  # a gap of this size, in the share of calls, is one that a stage should be able to show


class Stage(NamedTuple):
    """One stage: its name, the outcome, the calls it is looked for in, and the cells in which they are alike."""

    name: str
    y: Array
    rows: Flags
    cells: pd.Series
    within: tuple[pd.Index, ...]
    factor: Array | None = None


class _Judged(NamedTuple):
    low: float
    high: float
    p_value: float

    def widened(self, low: float, high: float, p_value: float) -> _Judged:
        """Reach as far as another interval, and find no more than its test does."""
        return _Judged(min(self.low, low), max(self.high, high), max(self.p_value, p_value))


def stage_row(stage: Stage, read: ComparedCalls, name: str, level: float) -> dict[str, object] | None:
    """Gap of one group at one stage, within cells, by clusters of the calls that have others beside them."""
    member, other = read.groups.member(name), read.groups.member(read.groups.reference)
    used = stage.rows & (member | other)
    y, z, spent = _among_alike(stage, used, member[used].astype(float))
    if not z @ z > 1e-9:
        raise EstimationError(f"no cell holds calls of '{name}' and of the reference", mend="make fewer columns alike")
    gap, telling = float(z @ y / (z @ z)), np.abs(z) > 1e-9
    there = np.flatnonzero(used)[telling]
    left_over = (z * (y - gap * z))[telling] / (z @ z)
    found = spread(left_over, [labels[there] for labels in stage.within])
    error = float(np.sqrt(found.vcov[0, 0] * len(y) / max(len(y) - spent - 1, 1)))
    if not error > 1e-12:
        doubt(f"{stage.name}: calls of {name} and like calls of the reference all end alike, so that chance is unseen")
        return None
    sides = [there[rows[there]] for rows in (member, other)]
    low, high = (float(end) for end in interval(gap, error, found.df, level))
    judged = _Judged(low, high, float(p_value(gap / error, found.df)))
    few = any(seldom(stage.y[side]) for side in sides)
    if few and stage.factor is None:
        pair = _two_shares(stage.y[used], z, design=error**2 / float(left_over @ left_over))
        judged = judged.widened(*share_gap(*pair, found.df, level), share_gap_p_value(*pair, found.df))
    elif few:
        doubt(f"{stage.name}: fewer than {few_events} calls of {name}, or of the reference, are labelled one way: the "
              "interval is too narrow")  # fmt: skip
    half = (judged.high - judged.low) / 2
    return {
        "stage": stage.name,
        "group": name,
        "gap": gap,
        "std_error": error,
        "conf_low": judged.low,
        "conf_high": judged.high,
        "p_value": judged.p_value,
        "power": float(power_of(matters, half / critical(found.df, level), found.df)),
        "calls": min(map(len, sides)),
        "events": min(int(stage.y[side].sum()) for side in sides),
        "persons": min(int(read.persons[side].nunique()) for side in sides),
    }


def _among_alike(stage: Stage, used: Flags, x: Array) -> tuple[Array, Array, int]:
    """Outcome and group, times the factor of the stage, as cells leave them, and how many of these there are."""
    beside = pd.DataFrame(index=range(int(used.sum())))
    if stage.factor is not None:
        beside = pd.DataFrame({"group": x, "strictness": stage.factor[used]})
        x = x * stage.factor[used]
    left, spent = swept(np.column_stack([stage.y[used], x]), strata=stage.cells[used], regressors=beside)
    return left[:, 0], left[:, 1], spent


def _two_shares(y: Array, z: Array, *, design: float) -> tuple[Array, Array]:
    """Shares of both sides whose difference is the gap, and by how many independent calls each is known.

    A call weighs |z| in the share of its side; the numbers are Kish's, over how much less clusters tell than as many
    independent calls would.
    """
    sides = [np.maximum(z, 0.0), np.maximum(-z, 0.0)]
    shares = [float(w @ y / w.sum()) for w in sides]
    numbers = [float(w.sum() ** 2 / (w @ w)) / max(design, 1.0) for w in sides]
    return np.clip(shares, 0.0, 1.0), np.array(numbers)
