"""The fitted process: near the true one on average, and blind to every outcome from the start on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.design import SeriesDesign
from coresponder_causal.validity.layout import blinded, layout
from coresponder_causal.validity.lengthen import reaching
from coresponder_causal.validity.pre_period import pre_period

NAMES = ("cities", "series", "hours")


def same(one, other) -> bool:
    """Whether two fitted processes are the same to the last bit."""
    arrays = ("log_mean", "rho", "ar_sd", "nugget_sd", "tau", "step", "dose")
    return all(
        getattr(one.process, name).tobytes() == getattr(other.process, name).tobytes() for name in arrays
    ) and one.cities.equals(other.cities)


def test_parameters_come_back_on_average(known, panel):
    true = known(nugget_sd=0.1, events=100.0)
    fits = [pre_period(panel(counts)) for counts in true.draw(12, seed=3)]
    others = [fit.cities.iloc[1:] for fit in fits]
    # Spreads over 30 studies were .20, .023, .031, .035 and .038; over 12 the standard errors are those through √12.
    # The remaining excess, .03 to .14 in ρ, is what a step that is taken out leaves behind in 42 months.
    assert np.mean([fit.cities["rho"].iloc[0] for fit in fits]) == pytest.approx(0.4, abs=0.14 + 3 * 0.2 / 12**0.5)
    assert np.mean([np.sqrt((rows["ar_sd"] ** 2).mean()) for rows in others]) == pytest.approx(0.15, abs=0.02)
    assert np.mean([np.sqrt((rows["nugget_sd"] ** 2).mean()) for rows in others]) == pytest.approx(0.1, abs=0.03)
    # τ from 42 months is biased down, by a quarter in those studies; its upper limit lies above the truth on average.
    assert 0.045 <= np.mean([fit.drift.estimate for fit in fits]) <= 0.1 + 3 * 0.035 / 12**0.5
    assert np.mean([fit.drift.high for fit in fits]) >= 0.1 - 3 * 0.038 / 12**0.5


def test_the_noise_of_counting_is_not_counted_twice(known, panel):
    calm = known(events=9.0, ar_sd=0.0, tau=0.0, rho=0.0)
    fits = [pre_period(panel(counts)) for counts in calm.draw(8, seed=4)]
    total = [np.sqrt((fit.cities["ar_sd"] ** 2 + fit.cities["nugget_sd"] ** 2).mean()) for fit in fits]
    # Counting alone has a standard deviation of 1/√9 on the log scale; a third of it may stay, from log's curvature
    # at small counts (its variance is 1/9 + 3/162) and from variances that cannot be negative.
    assert np.mean(total) < 0.33 * 1.2


def test_the_expected_events_before_the_start_are_the_observed_ones(known, panel):
    design = panel(known().draw(1, seed=5)[0])
    fit = pre_period(design)
    before = design.wide("calls").to_numpy()[:42].sum(axis=0)
    noise = (fit.process.ar_sd**2 + fit.process.nugget_sd**2) / 2
    expected = np.exp(fit.process.log_mean + noise[:, None])[:, :42].sum(axis=1)
    assert expected == pytest.approx(before, rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_outcomes_from_the_start_on_are_not_read(designs, change_after, name):
    design = designs[name]
    fit = pre_period(design)
    for change in (np.random.default_rng(1).permutation, lambda values: values * np.nan, lambda values: values + 7):
        assert same(fit, pre_period(change_after(design, change)))
    earlier = replace(design, source=design.source.assign(calls=design.source["calls"] * 2.0))
    assert not same(fit, pre_period(earlier))
    assert blinded(design).source["calls"].isna().sum() == (design.axis.positions >= design.start_position).sum()


@pytest.mark.parametrize("name", NAMES)
def test_a_redrawn_design_is_the_same_but_for_its_outcome(designs, name):
    design = designs[name]
    fit = pre_period(design)
    counts = fit.draw(1, effect=0.0, seed=1)[0]
    redrawn = fit.redrawn(counts)
    pd.testing.assert_frame_equal(redrawn.source.drop(columns="calls"), design.source.drop(columns="calls"))
    assert redrawn.source["calls"].sum() == counts.sum()
    np.testing.assert_array_equal(redrawn.dose, design.dose)
    plan = layout(design)
    shown = plan.spread(redrawn.source["calls"].to_numpy(float), np.ones(len(design.source), bool))
    np.testing.assert_array_equal(shown, counts)


def test_an_effect_reaches_the_treated_city_at_full_dose(designs):
    fit = pre_period(designs["hours"])
    calm, helped = (fit.draw(40, effect=effect, seed=2).sum(axis=0) for effect in (0.0, -0.5))
    after = fit.layout.after & (fit.layout.dose == 1)
    # covered hours of the treated city come first; both sums hold over 50,000 events of the same shocks
    assert np.log(helped[0, after].sum() / calm[0, after].sum()) == pytest.approx(-0.5, abs=0.03)
    rest = np.log(helped[1:, after].sum(axis=1) / calm[1:, after].sum(axis=1))
    assert np.abs(rest).max() < 0.03


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("periods", [12, 30, 40])
def test_a_design_reaches_as_far_as_asked(designs, name, periods):
    design = designs[name]
    longer = reaching(design, periods)
    positions = np.unique(longer.axis.positions)
    assert positions.max() == design.start_position + periods - 1
    assert len(longer.source) == len(design.source) / 72 * (42 + periods)
    fit = pre_period(longer)
    common = min(72, 42 + periods)
    np.testing.assert_array_equal(fit.layout.dose[:common], layout(design).dose[:common])
    assert (fit.layout.dose[72:] == 1).all()
    np.testing.assert_allclose(fit.layout.exposure[:, :common], layout(design).exposure[:, :common])
    assert fit.drift == pre_period(design).drift


def test_what_cannot_be_simulated_is_refused(designs):
    several = replace(designs["cities"], cohort=designs["cities"].cohort.fillna(606.0))
    with pytest.raises(DesignError, match="5 units are treated"):
        pre_period(several)
    with pytest.raises(DesignError, match="counted after the start"):
        pre_period(replace(designs["hours"], exposure="arrest"))
    with pytest.raises(DesignError, match="no outcome"):
        pre_period(replace(designs["series"], outcome=None))
    short = designs["series"].source.iloc[30:]
    with pytest.raises(EstimationError, match="12 periods before the start"):
        pre_period(type(designs["series"]).from_frame(short, outcome="calls", time="month", start="2020-07"))
    with pytest.raises(EstimationError, match="tau=-1"):
        pre_period(designs["cities"], tau=-1.0)
    with pytest.raises(DesignError, match="too few"):
        reaching(designs["series"], 1)


def test_the_events_behind_it_are_those_before_the_start_alone():
    months = pd.period_range("2017-01", periods=60, freq="M")
    calls = np.random.default_rng(1).poisson(180, 60)
    frame = pd.DataFrame({"month": months, "calls": calls})
    design = SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-07")
    assert pre_period(design).support["events"].tolist() == [calls[:42].sum()]
