"""Calls of several cities over two years, by hours that a team covers in one of them: an outcome of every call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.design import CoverageDesign
from coresponder_causal.simulate.process import ar1
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.call_worlds import closes, opens, profile, shifts, start
from coresponder_causal.validity.cell import Cell

Array = NDArray[np.float64]
weeks = 104  # the team starts in the middle
smallest, largest = 0.6, 2.5  # comparison cities' calls, the treated city's being 1
deviation = 0.49  # of an outcome that happens to about four calls in ten
city_sd, shared_sd, step_sd, shock_sd = 0.05, 0.03, 0.03, 0.03
severer_by_night, severer_by_day, severity_risk, severity_trend = 0.3, -0.2, 0.06, 0.04


def hour_call_designs(cell: Cell, part: int, block: int) -> Iterator[Design]:
    """Draw a block of designs: the calls once, their outcomes anew for each."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    frame = _calls(cell, rng)
    adjusted = cell.adjustment == "covariates"
    with quietly():
        template = CoverageDesign.from_tables(
            frame,
            shifts(),
            outcome="arrest",
            start=start.date(),
            exposure="calls",
            covariates=["severity"] if adjusted else [],
        )
    assert template.calls is not None  # formed of calls
    place = pd.factorize(template.calls["city"], sort=True)[0]
    treated = template.calls["city"].eq(template.treated).to_numpy()
    for _ in range(block):
        happens = rng.random(len(place)) < _risk(cell, template.calls, place, treated, rng)
        yield replace(template, calls=template.calls.assign(arrest=happens))


def _calls(cell: Cell, rng: np.random.Generator) -> pd.DataFrame:
    """Draw who calls when; severity differs between day and night, in some cities more than in others."""
    size = np.append(np.geomspace(smallest, largest, int(cell.comparison or 0)), 1.0)  # the treated city last
    many = rng.poisson(int(cell.calls or 0) * size)
    names = [*(f"city {number:02d}" for number in range(1, len(size))), "town"]
    n = int(many.sum())
    day, hour = rng.integers(0, 7 * weeks, n), rng.choice(24, n, p=profile)
    seconds = hour * 3600 + rng.integers(0, 3600, n)
    place = np.repeat(np.arange(len(size)), many)
    inside = (hour >= opens) & (hour < closes)
    middle = np.where(inside, severer_by_day, severer_by_night) * rng.uniform(0.5, 1.5, len(size))[place]
    return pd.DataFrame(
        {
            "call_id": [f"{number:07d}" for number in range(n)],
            "city": np.array(names)[place],
            "received_at": start
            - pd.Timedelta(weeks=weeks // 2)
            + pd.to_timedelta(day, unit="D")
            + pd.to_timedelta(seconds, unit="s"),
            "severity": middle + rng.standard_normal(n),
            "arrest": np.arange(n) % 2 == 0,
        }
    )


def _risk(
    cell: Cell, calls: pd.DataFrame, place: NDArray[np.int64], treated: NDArray[np.bool_], rng: np.random.Generator
) -> Array:
    """Chance of the outcome of every call: its city's level, steps and shocks, and, on treated calls, the effect."""
    cities = int(cell.comparison or 0) + 1
    covered, after = calls["covered"].to_numpy(bool), calls["after"].to_numpy(bool)
    week = calls["week"].to_numpy() + weeks // 2
    moved = shared_sd * rng.standard_normal(weeks)[week]
    if cell.rho:
        moved += ar1(rng.standard_normal((cities, weeks)), float(cell.rho), shock_sd)[place, week]
    apart = float(cell.tau or 0) * deviation * rng.standard_normal(cities)[place]
    risk = 0.4 + city_sd * rng.standard_normal(cities)[place] + step_sd * after * rng.standard_normal(cities)[place]
    risk += covered * (moved - 0.06 + after * (0.04 + apart + cell.effect * treated))
    if cell.adjustment == "covariates":
        risk += (severity_risk + severity_trend * after) * calls["severity"].to_numpy()
    return np.asarray(np.clip(risk, 0.02, 0.98), float)
