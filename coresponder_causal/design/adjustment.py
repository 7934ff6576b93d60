"""What matching or weighting puts on a design of calls: weights, pairs or sets, and what they speak of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coresponder_causal.core.facts import Facts
from coresponder_causal.core.weight_model import WeightModel

Array = NDArray[np.float64]
Contrast = Literal["ATT", "ATE", "ATC", "ATO", "ATM"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjustment:
    """Weights that make the untreated calls comparable, made without any outcome.

    Parameters
    ----------
    method : str
        Function that made them.
    contrast : {"ATT", "ATE", "ATC", "ATO", "ATM"}
        Whom the weighted comparison speaks of; ATC: the untreated calls; ATM: calls of both kinds that are alike.
    options : Facts
        Options of that function.
    weights : ndarray, shape (n,)
        Weight of each call before sampling weights; 0 where a call is not used.
    model : WeightModel, optional
        How estimated weights move with what they were estimated from.
    pairs : ndarray of int, shape (m, 2), optional
        Rows of treated and control in each matched pair.
    sets : ndarray of int, shape (n,), optional
        Number of the matched set, stratum or subclass of each call, -1 where a call is in none.
    reused : bool
        Whether a control may stand in several pairs.
    among : str
        Which of these calls it speaks of, where some were left out, as in "whose …".
    """

    method: str
    contrast: Contrast
    options: Facts = field(default_factory=Facts)
    weights: Array
    model: WeightModel | None = None
    pairs: NDArray[np.int64] | None = None
    sets: NDArray[np.int64] | None = None
    reused: bool = False
    among: str = ""

    def __post_init__(self) -> None:
        for name in ("weights", "pairs", "sets"):
            array = getattr(self, name)
            if array is not None:
                own = array.copy()
                own.setflags(write=False)
                object.__setattr__(self, name, own)
        if self.model is not None:
            for array in self.model.arrays():
                array.setflags(write=False)
