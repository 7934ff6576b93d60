"""What was aimed at, and whether the table shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coresponder_causal.bench.case import ours


@dataclass(frozen=True, slots=True)
class Target:
    """So many times as fast as the fastest other program; or limits of seconds and memory of our whole call.

    Parameters
    ----------
    case : str
    factor : float
        Times as fast, our kernel against the fastest other program, at the largest size both have.
    size : int
        Size at which the limits hold.
    seconds, megabytes : float
    """

    case: str
    factor: float = 0.0
    size: int = 0
    seconds: float = np.inf
    megabytes: float = np.inf


@dataclass(frozen=True, slots=True)
class Met:
    """What was aimed at and found, in words, and whether it is met; None where it was not measured."""

    aimed: str
    found: str
    met: bool | None


targets = (
    Target("group_time", factor=10),
    Target("group_time_draws", factor=50),
    Target("group_time_adjusted", factor=4),
    Target("two_way", factor=4),
    Target("synthetic_control", factor=20),
    Target("synthetic_did", factor=2),
    Target("synthetic_did_long", factor=2),
    Target("group_time", size=1_000_000, seconds=20, megabytes=3_000),
)


def judged(target: Target, table: pd.DataFrame) -> Met:
    """Hold a target against the table.

    Parameters
    ----------
    target : Target
    table : DataFrame
        As `coresponder_causal.bench.table.bench` gives it.
    """
    rows = table[(table["case"] == target.case) & table["cpu_seconds"].notna()]
    return _limits(target, rows) if target.size else _ratio(target, rows)


def _limits(target: Target, rows: pd.DataFrame) -> Met:
    aimed = f"whole call at {target.size:,}: below {target.seconds:g} s and {target.megabytes:,.0f} MB"
    own = rows[(rows["program"] == ours) & (rows["role"] == "call") & (rows["size"] == target.size)]
    if own.empty:
        return Met(aimed, "not measured", None)
    seconds, megabytes = own[["cpu_seconds", "peak_mb"]].iloc[0]
    met = bool(seconds < target.seconds and megabytes < target.megabytes)
    return Met(aimed, f"{seconds:.1f} s, {megabytes:,.0f} MB", met)


def _ratio(target: Target, rows: pd.DataFrame) -> Met:
    aimed = f"kernel {target.factor:g} times as fast as the fastest other program"
    kernel = rows[(rows["program"] == ours) & (rows["role"] == "kernel")].set_index("size")["cpu_seconds"]
    others = rows[(rows["program"] != ours) & (rows["role"] == "call")]
    others = others[others["size"].isin(kernel.index)]
    if others.empty:
        return Met(aimed, "not measured", None)
    largest = others[others["size"] == others["size"].max()]
    fastest = largest.sort_values("cpu_seconds").iloc[0]
    times = float(fastest["cpu_seconds"] / kernel[fastest["size"]])
    return Met(aimed, f"{times:.3g} times ({fastest['program']}, at {fastest['size']:,})", times >= target.factor)
