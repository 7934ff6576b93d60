"""Designs drawn from a process whose parameters are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.process import Process

MONTHS = pd.period_range("2017-01", periods=72, freq="M")
START = "2020-07-15"


def known_process(*, m=10, events=25.0, rho=0.4, ar_sd=0.15, nugget_sd=0.0, tau=0.1) -> Process:
    """42 months before the start and 30 after; cities step 21 months before the start as they do at it."""
    month, cities = np.arange(72), m + 1
    return Process(
        log_mean=np.log(events) + np.tile(0.1 * np.cos(2 * np.pi * month / 12), (cities, 1)),
        rho=np.full(cities, rho),
        ar_sd=np.full(cities, ar_sd),
        nugget_sd=np.full(cities, nugget_sd),
        tau=np.full(cities, tau),
        step=(month >= 21) * 1.0 + (month >= 42),
        dose=np.clip(month - 42 + 17 / 31, 0, 1),
    )


def panel_of(counts) -> PanelDesign:
    """The design of drawn counts, shape (J, 72); the first city is treated."""
    names = [f"city {number:02}" for number in range(len(counts))]
    frame = pd.DataFrame({"city": np.repeat(names, 72), "month": [*MONTHS] * len(names), "calls": counts.ravel()})
    return PanelDesign.from_frame(frame, outcome="calls", unit="city", time="month", treated=names[0], start=START)


def series_of(counts) -> SeriesDesign:
    """The design of one city's counts, shape (72,)."""
    frame = pd.DataFrame({"month": MONTHS, "calls": counts})
    return SeriesDesign.from_frame(frame, outcome="calls", time="month", start=START, city="here")


def changed_after(design, change):
    """The design with its outcome from the start on changed by a function; nothing is checked."""
    after = design.axis.positions >= design.start_position
    values = design.source[design.outcome].to_numpy(float).copy()
    values[after] = change(values[after])
    return replace(design, source=design.source.assign(**{design.outcome: values}))


@pytest.fixture(scope="session")
def known():
    """Maker of the process."""
    return known_process


@pytest.fixture(scope="session")
def panel():
    """Maker of a panel."""
    return panel_of


@pytest.fixture(scope="session")
def series():
    """Maker of a series."""
    return series_of


@pytest.fixture(scope="session")
def change_after():
    """Changer of outcomes from the start on."""
    return changed_after


@pytest.fixture(scope="session")
def designs():
    """One design of each kind, with 60 or more events a month: no fit fails."""
    counts = known_process(m=4, events=60.0).draw(1, seed=2)[0]
    study = world("west_sac_like", seed=3, config=WorldConfig(n_comparison=4, monthly_calls=400))
    hours = CoverageDesign.from_tables(study.hours, study.tables["schedule"], outcome="calls", start=START)
    return {"cities": panel_of(counts), "series": series_of(counts[0]), "hours": hours}
