"""Measure how long worlds take: ``python -m coresponder_causal.simulate.speed``."""

import sys
from time import process_time

from coresponder_causal.simulate.worlds import world

_WORLDS = 1000
_REPEATS = 20


def measure() -> str:
    """Time the panel tier, the treated city's calls and the full tier.

    Returns
    -------
    str
        Lines with seconds of one processor.
    """
    shape = world(seed=_WORLDS).panel_counts.shape  # the calendar is made once for all worlds
    began = process_time()
    for seed in range(_WORLDS):
        shape = world(seed=seed).panel_counts.shape
    panels = process_time() - began
    began = process_time()
    for seed in range(_REPEATS):
        study = world(seed=seed)
        calls, outcomes = study.treated_calls, study.treated_outcomes
    one = (process_time() - began) / _REPEATS
    began = process_time()
    study = world("riding_along", seed=1)
    rows = sum(len(table) for tables in (study.tables, study.answers, study.themes) for table in tables.values())
    full = process_time() - began
    return (
        f"{_WORLDS:,} worlds of {shape[0] // 72} cities × 72 months: {panels:.2f} s\n"
        f"{len(calls):,} calls of the treated city, {len(outcomes):,} followed for 90 days: {one:.3f} s\n"
        f"{rows:,} rows of all {len(study.tables)} tables of all cities and six years: {full:.2f} s\n"
    )


if __name__ == "__main__":
    sys.stdout.write(measure())
