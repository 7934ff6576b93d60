"""What estimators of waves share: of whom and of what they speak, and who stands behind the numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.inference import interval
from coresponder_causal.core.notes import note
from coresponder_causal.design.waves import WaveDesign

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


class FirstToLast(NamedTuple):
    """Persons scored on the first wave and asked on the last: first score, change (NaN: no answer), exposed between."""

    first: Array
    change: Array
    exposed: Flags


def first_to_last(d: WaveDesign) -> FirstToLast:
    """Change of every person from the first to the last wave; who is left out is said.

    Raises
    ------
    EstimationError
        If nobody was asked on both.
    """
    begin, end = d.waves[0], d.waves[-1]
    table = pd.DataFrame({"person": d.source[d.person], "wave": d.source[d.wave], "y": d.values(), "x": d.exposures()})
    first, last = (table[table["wave"] == wave].set_index("person") for wave in (begin, end))
    kept = first.index[first["y"].notna()].intersection(last.index)
    if not len(kept):
        raise EstimationError(f"nobody has a score on wave {begin:g} and a row on wave {end:g}", mend="add their rows")
    if left := d.persons - len(kept):
        note(f"{left} of {d.persons} persons have no score on the first wave, or no row on the last, and are left out")
    before, after = first.loc[kept], last.loc[kept]
    change = after["y"].to_numpy(float) - before["y"].to_numpy(float)
    return FirstToLast(before["y"].to_numpy(float), change, (after["x"] > before["x"]).to_numpy())


def estimand(d: WaveDesign, contrast: str, scale: str, *, treatment: str = "", among: str = "") -> Estimand:
    """Say what is estimated of a design of waves."""
    waves = d.waves
    return Estimand(
        contrast=contrast,
        outcome=str(d.outcome),
        treatment=treatment or f"one unit of {d.exposure} more",
        population=f"{d.persons} persons{among}",
        horizon=f"waves {waves[0]:g} to {waves[-1]:g}",
        scale=scale,
    )


def facts(d: WaveDesign, rows: Flags) -> dict[str, object]:
    """Count how many persons were exposed and not among those used, and on how many waves."""
    used = d.source[rows]
    ever = d.ever_exposed()[rows]
    return {
        "exposure": d.exposure,
        "treated_units": int(used.loc[ever, d.person].nunique()),
        "untreated_units": int(used.loc[~ever, d.person].nunique()),
        "periods": int(used[d.wave].nunique()),
        "outcome_unit": str(d.outcome).replace("_", " "),
    }


def course(d: WaveDesign, rows: Flags) -> pd.DataFrame:
    """Mean outcome by wave, of persons exposed on any wave and of others, with its 95 % interval."""
    used = pd.DataFrame({"time": d.source[d.wave], "treated": d.ever_exposed(), "y": d.values()})[rows]
    found = used.groupby(["time", "treated"])["y"].agg(["mean", "std", "size"]).reset_index()
    many = found["size"].to_numpy(float)
    low, high = interval(found["mean"], found["std"] / np.sqrt(many), np.maximum(many - 1, 1))
    named = found.rename(columns={"mean": "observed", "size": "persons"})[["time", "treated", "observed", "persons"]]
    return named.astype({"time": float}).assign(low=low, high=high, events=named["persons"])


def support(d: WaveDesign, terms: list[str], rows: Flags) -> pd.DataFrame:
    """Give persons and answers behind the terms."""
    persons = int(d.source.loc[rows, d.person].nunique())
    return pd.DataFrame({"term": terms, "persons": persons, "events": int(rows.sum()), "units": persons})
