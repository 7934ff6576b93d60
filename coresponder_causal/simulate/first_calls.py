"""Calls whose label, flag on scene and answers are known in truth: who is looked at follows what was written."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coresponder_causal.simulate.columns import STAMP
from coresponder_causal.simulate.streams import Tier, logistic, normal, stream
from coresponder_causal.simulate.told_items import asking, draw_told, draws_needed

START, TRAINED, MONTHS = pd.Timestamp("2021-01-01"), pd.Timestamp("2022-07-01"), 36
FALSE_LABEL, NEED = 0.10, -0.8
_TAKERS, _PERSON, _TAKER = 12, 0.8, 0.06
_LABELS = ("disturbance", "mental_health_crisis")


def first_calls(
    *, calls: int = 6000, sensitivity: float = 0.6, trained: float = 0.0, hidden: float = 0.0, checked: float = 0.0,
    hides: float = 0.0, seed: int = 1,
) -> pd.DataFrame:  # fmt: skip
    """Draw three years of calls with what was written, what was found where somebody went, and what the caller told.

    Parameters
    ----------
    calls : int
    sensitivity : float
        Chance that a crisis is written as one, before call takers are trained on 1 July 2022.
    trained : float
        Added to it from then on.
    hidden : float
        Log odds by which somebody goes sooner to a crisis, beyond the label and the night.
    checked : float
        Share of the calls to which nobody went, drawn by lot for a second look that always finds out.
    hides : float
        As in `draw_told`.
    seed : int

    Returns
    -------
    DataFrame
        In the words of the dictionary, with ``night``, ``drawn``, ``chance``, and what no table shows: ``crisis_truly``
        and ``there_*``, whether each item is there.

    Examples
    --------
    >>> made = first_calls(calls=2000)
    >>> bool(made["crisis_on_scene"].isna().mean() > 0.2)
    True
    """
    rng = stream(seed, Tier.TOLD, 0)
    persons = calls // 2
    frail, person = _PERSON * rng.standard_normal(persons), rng.integers(0, persons, calls)
    received = np.sort(rng.integers(0, MONTHS * 30 * 1440, calls))
    stamps = START + pd.to_timedelta(received, unit="min")
    night = (stamps.hour >= 20) | (stamps.hour < 6)
    crisis = np.asarray(logistic(rng.random(calls)) < NEED + frail[person] + 0.3 * night, bool)
    taker = rng.integers(0, _TAKERS, calls)
    habit = _TAKER * normal((np.arange(_TAKERS) + 0.5) / _TAKERS)
    right = np.clip(sensitivity + trained * (stamps >= TRAINED) + habit[taker], 0, 1)
    written = rng.random(calls) < np.where(crisis, right, FALSE_LABEL)
    went = np.asarray(logistic(rng.random(calls)) < np.where(written, 1.5, -0.5) + 0.6 * night + hidden * crisis, bool)
    drawn = ~went & (rng.random(calls) < checked)
    told = draw_told(rng.random((calls, draws_needed)), crisis, asking(_TAKERS)[taker], hides=hides)
    return pd.DataFrame(
        {
            "person": person,
            "received_at": stamps.astype(STAMP),
            "night": night,
            "call_taker": taker,
            "priority": np.where(written, 1, 2),
            "initial_type": pd.Series(np.array(_LABELS, object)[written.astype(int)], dtype="string"),
            "crisis_on_scene": pd.arrays.BooleanArray(crisis, ~(went | drawn)),
            "drawn": drawn,
            "chance": np.where(went, np.nan, checked),
            **told.columns(),
            "crisis_truly": crisis,
            **{f"there_{name}": there for name, there in told.there.items()},
        }
    )
