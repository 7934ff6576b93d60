"""Worlds on which refuters must pass, and worlds made to break them: a result and its design, drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coresponder_causal import estimate
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.result import Result
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, weight_propensity
from coresponder_causal.validity.boundary_worlds import boundary_design
from coresponder_causal.validity.call_worlds import closes, opens, profile, shifts, start

Array = NDArray[np.float64]
first_day, year = pd.Timestamp("2021-01-04"), 364
calls, effect = 1600, -0.4
cities, months, before = 9, 72, 42
hour_calls, hour_cities, hour_effect = 3500, 9, -0.25


class Drawn(NamedTuple):
    """A result and the design it was made from."""

    result: Result
    design: CallDesign | PanelDesign | CoverageDesign


def call_frame(
    rng: np.random.Generator,
    *,
    by_evening: float = 0.0,
    by_person: float = 0.0,
    hidden: float = 0.0,
    persons: int = calls // 2,
    alike: float = 0.8,
    shock: float = 0.0,
    linked: float = 0.0,
) -> pd.DataFrame:
    """Draw calls of persons over a year and who was attended, more severe ones more often.

    Parameters
    ----------
    rng : Generator
    by_evening : float
        By how much more the team goes to calls of the evening, which end worse by half as much.
    by_person : float
        Deviation of the odds of the team between persons.
    hidden : float
        Pull on the odds of the team of what nobody wrote down, and which makes calls longer.
    persons : int
    alike : float
        Deviation of outcomes between persons.
    shock : float
        Change of the outcome of attended calls in four weeks.
    linked : float
        Effect of the weather on severity, which a graph says is none.

    Examples
    --------
    >>> len(call_frame(np.random.default_rng(1)))
    1600
    """
    person, day, hour = (
        rng.integers(0, persons, calls),
        rng.integers(0, year, calls),
        rng.integers(opens, closes, calls),
    )
    weather, unseen = rng.normal(size=calls), rng.normal(size=calls)
    severity = rng.normal(size=calls) + linked * weather
    evening = np.where(hour >= (opens + closes) // 2 + 1, 0.5, -0.5)
    odds = 0.6 * severity + 2 * by_evening * evening + by_person * rng.normal(size=persons)[person] + hidden * unseen
    wanted = rng.random(calls) < 1 / (1 + np.exp(0.4 - odds))
    busy = rng.random(calls) < 0.3
    attended = wanted & ~busy
    minutes = 0.5 * severity + by_evening * evening + alike * rng.normal(size=persons)[person] + rng.normal(size=calls)
    minutes += effect * attended + 0.8 * (hidden > 0) * unseen + shock * (attended & (day >= 140) & (day < 168))
    return pd.DataFrame(
        {
            "person": person,
            "received_at": first_day + pd.to_timedelta(day, unit="D") + pd.to_timedelta(hour, unit="h"),
            "severity": severity,
            "weather": weather,
            "team_on_duty": True,
            "team_busy": busy,
            "attended": attended,
            "minutes": minutes,
        }
    )


def weighted_calls(frame: pd.DataFrame, *, by_person: bool = True) -> Drawn:
    """Weight calls by severity and compare them, with standard errors by person or as if all calls were independent."""
    with quietly():
        plain = CallDesign.from_frame(
            frame, outcome="minutes", treatment="attended", covariates=["severity"], person="person"
        )
        design = weight_propensity(plain)
        return Drawn(estimate.call_difference(design, cluster="auto" if by_person else "none"), design)


def panel(
    rng: np.random.Generator,
    *,
    early: float = 0.0,
    odd: float = 0.0,
    apart: float = 0.05,
    change: float = effect,
    shared: float = 0.0,
    clustered: bool = False,
) -> Drawn:
    """Draw monthly counts of one city with a team among others, with a control outcome, and compare them.

    Parameters
    ----------
    rng : Generator
    early : float
        Change of the treated city's counts in the middle of the time before the start, of both outcomes.
    odd : float
        Change of one comparison city's counts at the start.
    apart : float
        Deviation of changes that every city has at the start.
    change : float
        Of the treated city's counts at the start, by the programme.
    shared : float
        Of both outcomes of the treated city at the start, by something else.
    clustered : bool
        Whether standard errors are clustered by city, which a single treated city makes far too small.
    """
    after, long = np.arange(months) >= before, np.arange(months) >= before // 2
    log_mean = np.log(180.0) + 0.3 * rng.normal(size=(cities, 1)) + 0.1 * rng.normal(size=(1, months))
    log_mean = log_mean + apart * rng.normal(size=(cities, 1)) * after
    log_mean[0] += early * long + shared * after
    control = rng.poisson(np.exp(log_mean))
    log_mean[0] += change * after
    log_mean[1] += odd * after
    frame = pd.DataFrame(
        {
            "city": np.repeat([f"city {number}" for number in range(cities)], months),
            "month": np.tile(pd.period_range("2017-01", periods=months, freq="M"), cities),
            "calls": rng.poisson(np.exp(log_mean)).ravel(),
            "burglary": control.ravel(),
        }
    )
    with quietly():
        design = PanelDesign.from_frame(
            frame, outcome="calls", unit="city", time="month", treated="city 0", start=frame["month"][before]
        )
        if clustered:
            return Drawn(estimate.did_two_way(design, log=True, inference="cluster"), design)
        return Drawn(estimate.did_prediction_interval(design), design)


def hours(rng: np.random.Generator, *, mornings: float = 0.0) -> Drawn:
    """Draw calls of nine cities over two years, of which one gets a team by day, and compare the chance of an arrest.

    Parameters
    ----------
    rng : Generator
    mornings : float
        Change of the chance of an arrest in the treated city from 6 to 12 o'clock from the start on, without any team.
    """
    place = np.repeat(np.arange(hour_cities), rng.poisson(hour_calls, hour_cities))
    n = len(place)
    day, hour = rng.integers(-year, year, n), rng.choice(24, n, p=profile)
    inside, after = (hour >= opens) & (hour < closes), day >= 0
    chance = 0.4 - 0.06 * inside + 0.04 * after + hour_effect * (inside & after & (place == 0))
    chance += mornings * ((hour >= 6) & (hour < opens) & after & (place == 0))
    frame = pd.DataFrame(
        {
            "call_id": [f"{number:06d}" for number in range(n)],
            "city": np.array(["town", *"ABCDEFGH"])[place],
            "received_at": start
            + pd.to_timedelta(day, unit="D")
            + pd.to_timedelta(3600 * hour + rng.integers(0, 3600, n), unit="s"),
            "arrest": rng.random(n) < chance,
        }
    )
    with quietly():
        design = CoverageDesign.from_tables(frame, shifts(), outcome="arrest", start=start.date(), exposure="calls")
        return Drawn(estimate.did_triple(design), design)


def boundary(rng: np.random.Generator, *, later: float = 0.0) -> Drawn:
    """Draw calls of a town around the hour at which its team comes on, and take the jump there.

    Parameters
    ----------
    rng : Generator
    later : float
        Jump of the outcome after the start, three hours after the team comes on.
    """
    design = boundary_design(rng)
    frame = design.require_calls()
    moved = frame["after"] & frame["covered"] & (frame["minutes_from_opening"] >= 180)
    with quietly():
        design = replace(design, calls=frame.assign(arrest=frame["arrest"] + later * moved))
        return Drawn(estimate.call_boundary(design), design)


def with_chance(drawn: Drawn, rng: np.random.Generator) -> float:
    """How far a column of chance among the covariates moves the estimate, in standard errors."""
    assert isinstance(drawn.design, CallDesign)
    plain = replace(
        drawn.design,
        source=drawn.design.source.assign(chance=rng.normal(size=len(drawn.design.source))),
        covariates=(*drawn.design.covariates, "chance"),
        adjustment=None,
    )
    with quietly():
        again = estimate.call_difference(weight_propensity(plain))
    return float(abs(again.estimate[0] - drawn.result.estimate[0]) / np.sqrt(drawn.result.vcov[0, 0]))
