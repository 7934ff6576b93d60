"""Calls of one town over four years, covered by a team in 70 hours a week of the last two: who is sent is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from coresponder_causal.core.errors import CausalError
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import Design
from coresponder_causal.design import CallInstrumentDesign
from coresponder_causal.design.call_instrument import Instrument
from coresponder_causal.simulate.process import ar1
from coresponder_causal.simulate.streams import Tier, stream
from coresponder_causal.validity.cell import Cell, World

Array = NDArray[np.float64]
first_day, days, opens, closes = pd.Timestamp("2019-01-07"), 1456, 12, 22
start = first_day + pd.Timedelta(days=days // 2)
profile = 1 + 0.6 * np.sin(2 * np.pi * (np.arange(24) - 9) / 24)
profile = profile / profile.sum()
on_duty_share = float(profile[opens:closes].sum()) / 2
type_odds, type_risk = np.array([-0.8, 0.0, 0.4, 0.9]), 0.05 * (np.arange(4) - 1.5)
types = np.array(["welfare check", "disturbance", "suicide threat", "psychosis"])
held_hours = 2 / 3
free_share = 0.7  # of the calls on duty that find the team neither elsewhere nor with an earlier call
shock_sd, profile_moves = 0.03, 0.05
crews, crew_size, leniency_sd, alike_sd = 4, 6, 0.6, 0.2
Takers = Literal["chance", "chosen", "alike"]
takers_of: dict[World, Takers] = {"takers chosen": "chosen", "takers alike": "alike"}
mean_effect = -0.108
instruments: dict[str, Instrument] = {name: name for name in get_args(Instrument)}


def instrument_designs(cell: Cell, part: int, block: int) -> Iterator[Design | CausalError]:
    """Draw a block of designs of a cell."""
    rng = stream(cell.seed, Tier.PROCESS, part)
    instrument = instruments[str(cell.adjustment)]
    on_duty = on_duty_share if instrument != "coverage_post" else 1.0
    for _ in range(block):
        many, share = int(cell.calls or 0) / on_duty, float(cell.share or 0) * on_duty
        calls = call_table(
            rng,
            calls=round(many),
            share=share,
            effect=cell.effect,
            rho=float(cell.rho or 0),
            moved=cell.world == "hour profile moved",
            takers=None if instrument != "call_taker" else takers_of.get(cell.world, "chance"),
        )
        known = ["severity", "initial_type", *([] if cell.world == "load left out" else ["patrol_load"])]
        try:
            with quietly():
                yield CallInstrumentDesign.from_tables(
                    calls,
                    shifts(),
                    outcome="arrest",
                    start=start.date(),
                    instrument=instrument,
                    covariates=known,
                )
        except CausalError as error:
            yield error


def call_table(
    rng: np.random.Generator,
    *,
    calls: int = 13_000,
    share: float = 0.09,
    effect: float = mean_effect,
    rho: float = 0.0,
    moved: bool = False,
    holding: float = 0.0,
    takers: Takers | None = None,
) -> pd.DataFrame:
    """Draw calls, who was attended, and who was arrested.

    Parameters
    ----------
    rng : Generator
    calls : int
        Expected number of calls.
    share : float
        Share of all calls that is attended, about.
    effect : float
        Mean change of the chance of an arrest over the attended calls: exactly this in every draw.
    rho : float
        Week-to-week correlation of shocks to the covered hours' chance of arrest; 0: no such shocks.
    moved : bool
        Whether calls move into the covered hours from the start on, and more severe ones than severity shows.
    holding : float
        Share of the calls of the last 40 minutes before the team comes on that is held for it.
    takers : {"chance", "chosen", "alike"}, optional
        Twenty-four call takers in four crews, two by day and two by night, taking turns every four days; each moves the
        log odds of the team by a leniency of his own, of deviation .6 (.2 where they are alike). Within a crew it is
        chance who takes a call, or the more lenient ones get those that are more severe than severity shows.

    Returns
    -------
    DataFrame
        In the words of the dictionary, with ``severity``, and ``call_taker`` where there are takers. All calls of the
        covered hours, before the start too, have a lower chance of an arrest: another patrol shift works them.
    """
    day, hour = _when(rng, calls, moved=moved)
    n, after = len(day), day >= days // 2
    inside = (hour >= opens) & (hour < closes)
    severity, hidden, kind = rng.standard_normal(n), rng.standard_normal(n), rng.integers(0, 4, n)
    load = rng.poisson(72 * profile[hour.astype(int)]).astype(float)
    load = (load - load.mean()) / load.std()
    odds = 0.5 * severity + 0.6 * hidden + type_odds[kind]
    answered: dict[str, NDArray[np.int64]] = {}
    if takers is not None:
        deviation = alike_sd if takers == "alike" else leniency_sd
        taker, lenient = _takers(rng, day, hour, hidden if takers == "chosen" else None, deviation=deviation)
        odds, answered = odds + lenient, {"call_taker": taker}
    held = np.zeros(n, bool)
    if holding:
        held = after & (hour >= opens - held_hours) & (hour < opens) & (rng.random(n) < holding)
    served = np.asarray(day * 24 + np.where(held, opens, hour), float)
    attended, busy = _serve(rng, served, (inside & after) | held, odds, load, share)
    risk = 0.5 + 0.06 * severity + 0.08 * hidden + type_risk[kind] + 0.03 * load
    risk += 0.05 * np.sin(2 * np.pi * hour / 24) - 0.06 * inside - 0.03 * after + 0.02 * np.sin(2 * np.pi * day / 365)
    if rho:
        risk += inside * ar1(rng.standard_normal(days // 7), rho, shock_sd)[day // 7]
    if moved:
        risk += profile_moves * (inside & after)
    uneven = 1 + 0.25 * severity
    risk = np.clip(risk, 0.2, 0.95) + attended * effect * uneven / uneven[attended].mean()
    return pd.DataFrame(
        {
            "received_at": _moments(day, hour),
            "severity": severity,
            "initial_type": types[kind],
            "patrol_load": load,
            "team_on_duty": inside & after,
            "team_busy": busy,
            "attended": attended,
            **answered,
            "arrest": rng.random(n) < risk,
        }
    )


@cache
def shifts() -> pd.DataFrame:
    """Give the plan: ten hours on every day from the start on."""
    mornings = start + pd.to_timedelta(np.arange(days // 2), unit="D")
    begin, end = (mornings + pd.Timedelta(hours=hour) for hour in (opens, closes))
    hours = float(closes - opens)
    return pd.DataFrame({"city": "town", "shift_start": begin, "shift_end": end, "planned_hours": hours})


def _when(rng: np.random.Generator, calls: int, *, moved: bool) -> tuple[NDArray[np.int64], Array]:
    """Days and clock hours of the calls, in order of time."""
    n = int(rng.poisson(calls))
    day, hour = rng.integers(0, days, n), rng.choice(24, n, p=profile).astype(float)
    if moved:
        outside = (day >= days // 2) & ((hour < opens) | (hour >= closes)) & (rng.random(n) < 0.2)
        hour[outside] = rng.integers(opens, closes, int(outside.sum()))
    hour += rng.random(n)
    order = np.argsort(day * 24 + hour, kind="stable")
    return day[order], hour[order]


def _moments(day: NDArray[np.int64], hour: Array) -> pd.DatetimeIndex:
    """When calls came, to the second."""
    seconds = (hour * 3600).astype(np.int64)
    return first_day + pd.to_timedelta(day, unit="D") + pd.to_timedelta(seconds, unit="s")


def _takers(
    rng: np.random.Generator, day: NDArray[np.int64], hour: Array, severe: Array | None, *, deviation: float
) -> tuple[NDArray[np.int64], Array]:
    """Who takes each call and how far that moves the odds of the team; the severe go to the lenient where given."""
    lenient = np.sort(deviation * rng.standard_normal((crews, crew_size)), axis=1)
    crew = 2 * (day // 4 % 2) + ((hour < 6) | (hour >= 18))
    rank = rng.random(len(day)) if severe is None else ndtr((severe + rng.standard_normal(len(day))) / np.sqrt(2))
    place = np.minimum((rank * crew_size).astype(np.int64), crew_size - 1)
    return crew * crew_size + place, lenient[crew, place]


def _serve(
    rng: np.random.Generator, time: Array, on_duty: NDArray[np.bool_], odds: Array, load: Array, share: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Let one team go through the calls: taken by its last one, and elsewhere the likelier the higher the load."""
    wanted_share = min(share * len(time) / (free_share * on_duty.sum()), 0.9)
    middle = np.quantile(odds[on_duty] + rng.logistic(size=int(on_duty.sum())), 1 - wanted_share)
    wanted = on_duty & (odds + rng.logistic(size=len(time)) > middle)
    elsewhere = rng.logistic(size=len(time)) > 1.6 - 0.7 * load
    minutes = rng.gamma(4.0, 0.4, len(time))
    attended, busy, free_at = np.zeros(len(time), bool), np.zeros(len(time), bool), -1.0
    for call in np.flatnonzero(on_duty).tolist():
        busy[call] = bool(elsewhere[call]) or time[call] < free_at
        if wanted[call] and not busy[call]:
            attended[call], free_at = True, float(time[call] + minutes[call])
    return attended, busy
