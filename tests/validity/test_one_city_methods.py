"""Every method that reads one city's counts in time can be calibrated, and is held against its own truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.core.registry import METHODS
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.validity import calibrate, power
from coresponder_causal.validity.layout import layout
from coresponder_causal.validity.pre_period import pre_period
from coresponder_causal.validity.replicate import candidates

MONTHS = pd.period_range("2017-01", periods=60, freq="M")
HALF = np.repeat([0.0, 0.5, 1.0], [36, 12, 12])  # a dose of one half, then the whole


def series(counts, **options) -> SeriesDesign:
    frame = pd.DataFrame({"month": MONTHS, "calls": counts, "dose": HALF})
    return SeriesDesign.from_frame(frame, outcome="calls", time="month", start="2020-01", city="here", **options)


def panel(counts, **options) -> PanelDesign:
    """One treated city, the first, among others; counts of shape (cities, 60)."""
    names = [f"city {number}" for number in range(len(counts))]
    frame = pd.DataFrame(
        {
            "city": np.repeat(names, 60),
            "month": [*MONTHS] * len(names),
            "calls": np.ravel(counts),
            "dose": np.append(HALF, np.zeros(60 * (len(names) - 1))),
        }
    )
    return PanelDesign.from_frame(
        frame, outcome="calls", unit="city", time="month", treated=names[0], start="2020-01", **options
    )


def poisson(mean, *shape, seed=1):
    return np.random.default_rng(seed).poisson(mean, shape or 60)


def test_every_registered_method_of_one_citys_counts_is_a_candidate():
    there = {name: METHODS[name] for name in estimate.__all__ if name in METHODS}
    of_several = {f"did_{name}" for name in ("group_time", "imputation", "interaction", "stacked", "switching")}
    of_series = {name for name, card in there.items() if card.design == "SeriesDesign"}
    assert set(candidates(series(poisson(60)))) == of_series >= {"its_segmented", "its_counts", "its_rare"}
    of_panels = {name for name, card in there.items() if card.design == "PanelDesign"} - of_several
    assert set(candidates(panel(poisson(60, 4, 60)))) == of_panels >= {"did_prediction_interval", "did_poisson"}


def test_each_method_is_held_against_the_truth_of_its_headline():
    """Counts so large that an estimate is its truth; a mean of the effect and that of a full dose differ by .09."""
    for design in (series(poisson(1e6), dose="dose", season=None), panel(poisson(1e6, 4, 60), dose="dose")):
        for name in candidates(design):
            table = calibrate(design, methods=[name], effects=(-30,), tau=0.0, replications=2).table
            assert table["failures"].item() == 0, name
            assert table["bias"].item() == pytest.approx(0, abs=0.01), name


def test_a_ratio_of_all_events_is_the_log_of_mean_ratios():
    draw = calibrate(
        series(poisson(1e8), dose="dose", season=None), methods=["its_rare"], effects=(-60,), replications=2
    )
    # (.4^½ + .4)/2 in logs; the mean of the logs lies .026 lower
    assert np.log((0.4**0.5 + 0.4) / 2) - 0.75 * np.log(0.4) == pytest.approx(0.0258, abs=1e-3)
    assert draw.table["bias"].item() == pytest.approx(0, abs=1e-3)


def test_rare_events_are_redrawn_at_a_constant_rate_and_compared_at_their_level():
    design = series(poisson(1.0, seed=3))
    fit = pre_period(design)
    expected = np.exp(fit.process.log_mean[0] + (fit.process.ar_sd[0] ** 2 + fit.process.nugget_sd[0] ** 2) / 2)
    np.testing.assert_allclose(expected, design.outcome_values()[:36].mean(), rtol=1e-12)
    found = calibrate(design, methods=["its_rare"], effects=(0, -60), replications=120).table
    assert found["rejected"].iloc[0] <= rejection_rate_limit(0.05, 120, 3)
    assert found["covered"].min() >= 1 - rejection_rate_limit(0.05, 120, 3)
    assert found["rejected"].iloc[1] > 0.5


def test_the_noise_of_rare_events_is_what_goes_beyond_counting():
    rng = np.random.default_rng(1)
    calm = [pre_period(series(poisson(1.5, seed=seed))).cities["nugget_sd"].item() for seed in range(12)]
    wild = [pre_period(series(rng.poisson(1.5 * rng.gamma(1.0, 1.0, 60)))).cities for _ in range(12)]
    total = [float(np.hypot(fit["ar_sd"], fit["nugget_sd"]).item()) for fit in wild]
    # a gamma shock of variance 1 beside none; a variance from 36 counts has an error of about a third of its size
    assert np.mean(np.square(total)) == pytest.approx(1.0, abs=0.5)
    assert np.mean(np.square(calm)) < 0.2


def test_what_the_design_takes_out_besides_the_programme_is_no_noise():
    dip = np.where((MONTHS >= "2020-03") & (MONTHS <= "2020-06"), 0.4, 1.0)
    frame = pd.DataFrame({"month": MONTHS, "calls": poisson(400 * dip)})
    known = {"outcome": "calls", "time": "month", "start": "2020-09", "city": "here"}
    plain = SeriesDesign.from_frame(frame, **known)
    with pytest.warns(UserWarning, match="does not take the pandemic out"):
        pulsed = SeriesDesign.from_frame(frame, **known, covid="pulse", breaks=["2018-05", "2021-05"])
    assert layout(plain).nuisance.shape[1] == 1  # the trend
    assert layout(pulsed).nuisance.shape[1] == 3  # with the pulse and the break before the start
    noise = [pre_period(d).cities[["ar_sd", "nugget_sd"]].pow(2).to_numpy().sum() for d in (plain, pulsed)]
    assert noise[1] < noise[0] / 10


def test_options_of_a_method_are_its_own():
    design = series(poisson(200))
    default = calibrate(design, effects=(0,), replications=3).table
    wide = calibrate(design, options={"its_segmented": {"slope_change": False}}, effects=(0,), replications=3).table
    other = calibrate(design, options={"its_counts": {"slope_change": False}}, effects=(0,), replications=3).table
    assert default.equals(other)
    assert wide["half_width"].item() != default["half_width"].item()
    few = {"effects": (-50,), "at": -50, "horizons": (), "replications": 3}
    assert not power(design, options={"errors": "ols"}, **few).curve.equals(power(design, **few).curve)
    with pytest.raises(DesignError, match="gives no ratio"):
        power(design, options={"link": "identity"}, **few)


def test_a_method_without_a_result_is_no_power_of_nothing():
    rare = series(poisson(0.5))
    with pytest.raises(EstimationError, match="its_segmented gives no result in any redrawn study: 'calls' is zero in"):
        power(rare, effects=(-20,), horizons=(), replications=3)
    said = calibrate(rare, effects=(0,), replications=3).sentence
    assert "its_segmented gives no result in any of the redrawn studies" in said
    never = replace(rare, source=rare.source.assign(calls=0.0))
    with pytest.raises(EstimationError, match="no events before the start in here") as caught:
        pre_period(never)
    assert "choose an outcome that happened" in caught.value.mend
