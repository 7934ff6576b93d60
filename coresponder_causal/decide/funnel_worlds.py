"""The funnel on simulated cities, where it is known what happened and what was only recorded otherwise."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.notes import quietly
from coresponder_causal.decide.funnel import Decomposed, funnel
from coresponder_causal.design import CoverageDesign
from coresponder_causal.simulate import Truth, world
from coresponder_causal.simulate.effects import DutyPlay
from coresponder_causal.simulate.intake import since_start
from coresponder_causal.simulate.presets import Preset

Array = NDArray[np.float64]
start, covered_from, covered_to = "2020-07-15", 12, 22
counted = ("ed_transport", "report_filed", "arrest")


def funnels_in_worlds(preset: Preset, seeds: Iterable[int]) -> pd.DataFrame:
    """Decompose reports and arrests in worlds of one kind, and set the truth beside.

    Parameters
    ----------
    preset : str
        Name of the kind of world.
    seeds : iterable of int

    Returns
    -------
    DataFrame
        One row per world and stage or sum: ``seed, verdict, what, log_change, std_error, std_error_apart, low, high,
        truth``.
    """
    made = []
    for seed in seeds:
        simulated = world(preset, seed=seed)
        with quietly():
            d = CoverageDesign.from_tables(
                simulated.tables["calls"],
                simulated.tables["schedule"],
                outcome="report_filed",
                start=start,
                exposure="calls",
            )
            found = funnel(d)
        made.append(beside(found, true_changes(simulated.truth)).assign(seed=seed))
    return pd.concat(made, ignore_index=True)


def true_changes(truth: Truth) -> dict[str, float]:
    """Change of each stage and sum through the programme, in covered less uncovered hours of the treated city.

    Log ratios of counts of the very calls with and without it, as `Truth.outcomes` gives them for all hours.
    """
    counts = {name: _counted(truth.play(name)) for name in ("bundle", "none")}
    moved = np.log(counts["bundle"] / counts["none"])
    calls, witnessed, reports, arrests = moved[1] - moved[0]
    return {
        "calls": calls,
        "witness": witnessed - calls,
        "report_filed": reports - witnessed,
        "arrest": arrests - reports,
        "record": reports,
        "dispatch": calls,
        "upstream": witnessed,
        "recording": reports - witnessed,
        "last": arrests,
    }


def beside(found: Decomposed, truth: dict[str, float]) -> pd.DataFrame:
    """Estimates of stages and of sums with the truth of each."""
    stages = found.rows.rename(columns={"stage": "what"}).set_index("what")
    sums = found.sums.rename(columns={"log_low": "log_change"})
    columns = ["log_change", "std_error", "std_error_apart", "low", "high"]
    both = pd.concat([stages.reindex(columns=columns), sums[columns]]).rename_axis("what").reset_index()
    return both[both["what"].isin(truth)].assign(truth=both["what"].map(truth), verdict=found.verdict)


def _counted(duty: DutyPlay) -> Array:
    """Count calls since the start that reached each stage, in uncovered and covered hours, shape (2, 4)."""
    played = duty.play
    hour = played.calls.received % 86400 // 3600
    covered, post = (hour >= covered_from) & (hour < covered_to), since_start(played.calls.received)
    reached = np.column_stack([np.ones(len(hour)), *(played.endings.observed[name] for name in counted)])
    return np.array([reached[post & (covered == side)].sum(axis=0) for side in (False, True)])
