"""Data that a method of each design is tried on: small, complete, and such that no estimator has a doubt about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.registry import Design
from coresponder_causal.design import (
    CallDesign,
    CallInstrumentDesign,
    CoverageDesign,
    HistoryDesign,
    OfficerDesign,
    PanelDesign,
    PartlyKnownDesign,
    SeriesDesign,
    StrataDesign,
    SwitchbackDesign,
    VignetteDesign,
    WaveDesign,
    switchback_schedule,
    weight_propensity,
)
from coresponder_causal.design.switchback_calendar import SwitchbackCalendar
from coresponder_causal.simulate import World, WorldConfig, officer_panel, world

city, start, outcome = "West Sacramento", "2020-07-15", "calls"
known_before = ("prior_contacts", "patrol_load", "priority")


@dataclass(frozen=True, slots=True)
class Example:
    """A frame whose outcome is the column ``calls``, and the design made of it.

    Parameters
    ----------
    frame : callable
        Gives the frame.
    design : callable
        Makes the design from a frame and the name of its outcome, or None for none.
    unit_free : bool
        Whether the outcome has no other unit, as a share, or days.
    """

    frame: Callable[[], pd.DataFrame]
    design: Callable[[pd.DataFrame, str | None], Any]
    unit_free: bool = False

    def designed(self) -> Design:
        """Make the design of the frame as it is."""
        made: Design = self.design(self.frame(), outcome)
        return made


@cache
def simulated_city() -> World:
    """Five comparison cities and 400 calls a month."""
    return world("west_sac_like", seed=3, config=WorldConfig(n_comparison=5, monthly_calls=400))


@cache
def half_days() -> SwitchbackCalendar:
    """Twenty-six weeks covered by lot."""
    return switchback_schedule(weeks=26, start="2021-01-04", city=city, seed=1)


def of_series(frame: pd.DataFrame, name: str | None) -> SeriesDesign:
    """One city in time."""
    return SeriesDesign.from_frame(frame, outcome=name, time="month", start=start, exposure="population")


def of_panel(frame: pd.DataFrame, name: str | None) -> PanelDesign:
    """One treated city among others."""
    return PanelDesign.from_frame(
        frame, outcome=name, unit="city", time="month", treated=city, start=start, exposure="population"
    )


def of_coverage(frame: pd.DataFrame, name: str | None) -> CoverageDesign:
    """Covered and other hours of the week."""
    schedule = simulated_city().tables["schedule"]
    return CoverageDesign.from_tables(frame, schedule, outcome=name, start=start)


def of_plain_calls(frame: pd.DataFrame, name: str | None) -> CallDesign:
    """Compare calls with and without the team, unadjusted."""
    return CallDesign.from_frame(frame, outcome=name, treatment="attended", covariates=list(known_before))


def of_calls(frame: pd.DataFrame, name: str | None) -> Any:  # noqa: ANN401
    """Weight calls to overlap."""
    return weight_propensity(of_plain_calls(frame, name), scheme="overlap")


def of_partly_known(frame: pd.DataFrame, name: str | None) -> PartlyKnownDesign:
    """Take calls whose outcome is known of some."""
    return PartlyKnownDesign.from_calls(of_calls(frame, None), outcome=name)


def of_histories(frame: pd.DataFrame, name: str | None) -> HistoryDesign:
    """Minutes on scene stand for days to the next call; every third call leads to custody."""
    kept = frame[frame["priority"] == 1]
    rows = [
        frame[["call_id"]].assign(kind="calls", day=frame["calls"], until=np.nan)[~(frame["calls"] > 200)],
        kept[["call_id"]].assign(kind="custody", day=30.0, until=45.0),
        frame[["call_id"]].assign(kind="end", day=200.0, until=np.nan),
    ]
    return HistoryDesign.from_history(of_calls(frame.drop(columns="calls"), None), pd.concat(rows), outcome=name)


def of_instrument(frame: pd.DataFrame, name: str | None) -> CallInstrumentDesign:
    """Take calls with the hours of the team as instrument."""
    schedule, covariates = simulated_city().tables["schedule"], ["prior_contacts", "patrol_load"]
    return CallInstrumentDesign.from_tables(frame, schedule, outcome=name, start=start, covariates=covariates)


def of_strata(frame: pd.DataFrame, name: str | None) -> StrataDesign:
    """Persons counted by strata."""
    return StrataDesign.from_frame(frame, outcome=name, treatment="attended")


def of_switchback(frame: pd.DataFrame, name: str | None) -> SwitchbackDesign:
    """Half-days covered by lot."""
    return SwitchbackDesign.from_tables(frame, half_days(), outcome=name)


def of_officers(frame: pd.DataFrame, name: str | None) -> OfficerDesign:
    """Officers in time."""
    return OfficerDesign.from_frame(frame, outcome=name, dose="calls_together", volunteered="volunteered")


def of_waves(frame: pd.DataFrame, name: str | None) -> WaveDesign:
    """Officers asked on several waves."""
    return WaveDesign.from_frame(frame, outcome=name, person="officer", wave="wave", exposure="rides")


def of_vignettes(frame: pd.DataFrame, name: str | None) -> VignetteDesign:
    """Officers who judged drawn cases."""
    return VignetteDesign.from_frame(frame, outcome=name, person="officer", factors=["drunk", "race"])


def one_city() -> pd.DataFrame:
    """Monthly counts of the city."""
    counts = simulated_city().panel_counts
    return counts[counts["city"] == city].reset_index(drop=True)


def calls_on_duty() -> pd.DataFrame:
    """Take calls while the team was on duty; minutes on scene are the outcome."""
    table = simulated_city().tables["calls"]
    mine = table[(table["city"] == city) & table["team_on_duty"]].head(1500)
    return with_minutes(mine, "call_id", "attended", *known_before)


def calls_of_two_years() -> pd.DataFrame:
    """Take calls a year before and after the start."""
    table = simulated_city().tables["calls"]
    mine = table[(table["city"] == city) & table["received_at"].between("2019-07-15", "2021-07-14")]
    return with_minutes(mine, "call_id", "city", "received_at", "attended", "prior_contacts", "patrol_load")


def with_minutes(calls: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Columns of calls, with minutes on scene as the outcome."""
    minutes = calls["minutes_on_scene"].fillna(0).astype(float)
    return calls[list(columns)].assign(calls=minutes).reset_index(drop=True)


def calls_followed_up() -> pd.DataFrame:
    """Take calls of which every fifth has no outcome."""
    frame = calls_on_duty()
    return frame.assign(calls=frame["calls"].mask(frame.index % 5 == 1))


def by_strata() -> pd.DataFrame:
    """Persons with and without an event, by strata."""
    persons, hits = [270, 50, 230, 90, 180, 120, 130, 160, 90, 180], [40, 14, 48, 26, 44, 40, 36, 62, 30, 80]
    frame = pd.DataFrame({"stratum": np.repeat(np.arange(5), 2), "attended": [0, 1] * 5, "persons": persons})
    return frame.assign(score=[-1.9, -1.7, -0.8, -0.7, -0.3, -0.2, 0.3, 0.4, 1.2, 1.5], calls=hits)


def by_officer() -> pd.DataFrame:
    """Months of forty-eight officers; uses of force are the outcome."""
    frame = officer_panel(seed=3, officers=48, months=24, squads=6).frame
    return frame.drop(columns="calls").rename(columns={"force": "calls"})


def by_half_day() -> pd.DataFrame:
    """Count calls by half-day."""
    plan, rng = half_days(), np.random.default_rng(3)
    covered = plan.covered.ravel().astype(int)
    return plan.frame[["shift_start"]].assign(calls=rng.poisson(3.0, len(plan.starts)), attended=covered)


def by_wave() -> pd.DataFrame:
    """Ninety officers on three waves; fifty rode along, in turns, and forty are asked on the last wave in vain."""
    rng, officer, wave = np.random.default_rng(5), np.repeat(np.arange(90), 3), np.tile([0, 1, 2], 90)
    rides = ((officer < 50) & (wave > officer % 2)).astype(float)
    answer = np.digitize(rng.normal(size=90)[officer] + 0.6 * rides + rng.logistic(size=270), [-2, -0.7, 0.7, 2])
    stayed = (wave < 2) | (rng.random(270) < 0.5 + 0.2 * (officer < 50))
    frame = pd.DataFrame({"officer": officer, "wave": wave, "rides": rides})
    return frame.assign(calls=np.where(stayed, answer + 1.0, np.nan))


def by_case() -> pd.DataFrame:
    """Sixty officers, six cases each."""
    rng, officer = np.random.default_rng(6), np.repeat(np.arange(60), 6)
    frame = pd.DataFrame({"officer": officer, "drunk": rng.integers(0, 2, 360), "race": rng.integers(0, 3, 360)})
    return frame.assign(calls=(rng.normal(3, 1, 60)[officer] + 0.4 * frame["drunk"] + rng.normal(size=360)).round(1))


examples: dict[str, Example] = {
    "SeriesDesign": Example(one_city, of_series),
    "PanelDesign": Example(lambda: simulated_city().panel_counts, of_panel),
    "CallDesign": Example(calls_on_duty, of_calls),
    "CallInstrumentDesign": Example(calls_of_two_years, of_instrument),
    "PartlyKnownDesign": Example(calls_followed_up, of_partly_known),
    "CoverageDesign": Example(lambda: simulated_city().hours, of_coverage),
    "HistoryDesign": Example(calls_on_duty, of_histories, unit_free=True),
    "OfficerDesign": Example(by_officer, of_officers),
    "StrataDesign": Example(by_strata, of_strata, unit_free=True),
    "SwitchbackDesign": Example(by_half_day, of_switchback),
    "VignetteDesign": Example(by_case, of_vignettes),
    "WaveDesign": Example(by_wave, of_waves),
}


def example_of(design: str) -> Example:
    """Find data of a design.

    Parameters
    ----------
    design : str
        Its name, e.g. ``SeriesDesign``.

    Raises
    ------
    EstimationError
        Where there are none.

    Examples
    --------
    >>> example_of("StrataDesign").designed().outcome
    'calls'
    """
    if design not in examples:
        raise EstimationError(f"there is no example of a {design}", mend="give one: check_method(fn, Example(...))")
    return examples[design]
