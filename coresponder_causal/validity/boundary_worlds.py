"""Designs of covered hours with the calls of `call_worlds`, some of which are held until the team comes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import CoverageDesign
from coresponder_causal.design.coverage_calls import timed_calls
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.call_worlds import call_table, mean_effect, shifts, start
from coresponder_causal.validity.cell import Cell

held_share = 0.4


def boundary_designs(cell: Cell, part: int, block: int) -> Iterator[CoverageDesign]:
    """Draw a block of designs of a cell."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    for _ in range(block):
        yield boundary_design(
            rng,
            calls=int(cell.calls or 0),
            share=float(cell.share or 0),
            effect=cell.effect,
            rho=float(cell.rho or 0),
            holding=held_share if cell.world == "holding" else 0.0,
        )


def boundary_design(
    rng: np.random.Generator,
    *,
    calls: int = 13_000,
    share: float = 0.08,
    effect: float = mean_effect,
    rho: float = 0.0,
    holding: float = 0.0,
) -> CoverageDesign:
    """Draw calls as `call_table` does and form a design of them.

    All but the calls is formed and validated once; the counts by month stay those of the first draw, as methods that
    look at calls do not look at them.

    Examples
    --------
    >>> d = boundary_design(np.random.default_rng(1), calls=500)
    >>> d.treated, int(d.covered.sum()), d.calls["after"].any()
    ('town', 70, np.True_)
    """
    frame = call_table(rng, calls=calls, share=share, effect=effect, rho=rho, holding=holding)
    template = _template()
    assert template.roster is not None  # formed of shifts
    timed = timed_calls(_named(frame), roster=template.roster, city="town", covered=template.covered, begin=start)
    return replace(template, calls=timed)


@cache
def _template() -> CoverageDesign:
    calls = _named(call_table(np.random.default_rng(0), calls=20_000))
    with quietly():
        return CoverageDesign.from_tables(calls, shifts(), outcome="arrest", start=start.date(), exposure="calls")


def _named(calls: pd.DataFrame) -> pd.DataFrame:
    """Keep what a design of the boundary looks at, under names of the dictionary."""
    kept = calls[["received_at", "attended", "arrest"]]
    return kept.assign(city="town", call_id=np.arange(len(calls)).astype(str))
