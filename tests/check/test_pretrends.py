"""The event-study check: it sees a pre-trend, passes a parallel panel, and keeps silent where clusters are few."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.check.pretrends import pretrends
from coresponder_causal.core.inference import wald_test
from coresponder_causal.design import PanelDesign, SeriesDesign
from coresponder_causal.estimate import did_prediction_interval, its_segmented
from coresponder_causal.estimate.did_two_way import did_two_way

START = 8
few = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")


def panel(*, drift=0.0, effect=3.0, treated=6, units=20, start=START, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame([(u, t) for u in range(units) for t in range(12)], columns=["city", "t"])
    own = frame["city"] < treated
    frame["y"] = rng.normal(size=len(frame)) + own * (effect * (frame["t"] >= start) + drift * frame["t"])
    return PanelDesign.from_frame(frame, outcome="y", unit="city", time="t", treated=list(range(treated)), start=start)


def months(treated, *, units=12, seed=1):
    """Four years of monthly counts, the start after two and a half."""
    rng = np.random.default_rng(seed)
    period = pd.period_range("2018-01", periods=48, freq="M")
    frame = pd.DataFrame(
        [(u, m, rng.poisson(120)) for u in range(units) for m in period], columns=["city", "m", "calls"]
    )
    return PanelDesign.from_frame(
        frame, outcome="calls", unit="city", time="m", treated=list(range(treated)), start="2020-07"
    )


def test_a_drift_before_the_start_contradicts():
    d = panel(drift=1.0)
    found = pretrends(did_two_way(d), d)
    assert found.verdict == "contradicts"
    assert found.table["term"].tolist() == ["lead 2", "lead 3", "lead 4", "lead 5"]
    assert (found.table["estimate"].diff().dropna() < 0).all()


def test_a_parallel_panel_is_not_contradicted_and_power_is_said():
    d = panel()
    found = pretrends(did_two_way(d), d)
    assert found.verdict == "no contradiction found"
    assert found.power > 0.9
    assert f"probability {found.power:.2f}" in found.sentence


def test_a_test_that_would_not_see_the_estimate_cannot_tell():
    d = panel(effect=0.05)
    found = pretrends(did_two_way(d), d)
    assert found.verdict == "cannot tell"
    assert found.power < 0.5


def test_leads_are_measured_against_the_last_bin_before_each_units_start():
    d = panel()
    wide = d.source.pivot(index="city", columns="t", values="y")
    gap = (wide.iloc[:6].mean() - wide.iloc[6:].mean()).to_numpy()
    expected = [*(gap[7 - k] for k in (1, 2, 3)), gap[:4].mean()] - gap[7]
    # The same means by another route: rounding only.
    np.testing.assert_allclose(pretrends(did_two_way(d), d).table["estimate"], expected, atol=1e-10)


def test_one_lead_is_its_own_t_test():
    d = panel(start=2)
    found = pretrends(did_two_way(d), d)
    assert len(found.table) == 1
    shown = re.search(r"F\(1, ([\d.]+)\) = ([\d.]+) \(p ([\d.]+)\)", found.sentence)
    assert float(shown[2]) == pytest.approx(found.table["statistic"].item() ** 2, abs=0.005)
    assert float(shown[3]) == pytest.approx(found.table["p_value"].item(), abs=0.0005)


def test_several_leads_are_tested_by_hotellings_t_squared():
    """With equal covariances of the leads in both groups the smallest df is Welch's at 6 and 14 units: 9.53."""
    d = panel()
    found = pretrends(did_two_way(d), d)
    wide = d.source.pivot(index="city", columns="t", values="y").to_numpy()
    leads = np.column_stack([wide[:, 6], wide[:, 5], wide[:, 4], wide[:, :4].mean(axis=1)]) - wide[:, [7]]
    groups = leads[:6], leads[6:]
    vcov = sum(np.cov(group.T) / len(group) for group in groups)
    df = (1 / 6 + 1 / 14) ** 2 / (1 / (36 * 5) + 1 / (196 * 13))
    spare = df - 3
    expected = wald_test(groups[0].mean(axis=0) - groups[1].mean(axis=0), vcov * df / spare, spare)
    shown = re.search(r"F\(4, ([\d.]+)\) = ([\d.]+) \(p ([\d.]+)\)", found.sentence)
    assert [float(text) for text in shown.groups()] == [
        pytest.approx(value, abs=tolerance)  # half of the last digit shown
        for value, tolerance in ((spare, 0.05), (expected.statistic, 0.005), (expected.p_value, 0.0005))
    ]


@few
def test_one_treated_city_cannot_tell_and_says_the_measured_size():
    d = panel(treated=1, units=11)
    found = pretrends(did_two_way(d, inference="cluster"), d)
    assert (found.verdict, found.power) == ("cannot tell", None)
    assert "1 treated and 10 comparison clusters" in found.sentence
    assert "rejected 51 % of the time" in found.sentence


@few
def test_months_are_binned_in_half_years_and_other_methods_are_checked_on_their_scale():
    d = months(1)
    found = pretrends(did_prediction_interval(d), d)
    assert found.verdict == "cannot tell"
    assert found.table["term"].tolist() == ["lead 2", "lead 3", "lead 4", "lead 5"]
    assert found.table["estimate"].abs().max() < 0.5  # logs of about 120 calls, not calls


def test_where_it_does_not_apply_it_says_why():
    d = panel(start=1)
    assert pretrends(did_two_way(d), d).verdict == "not applicable"
    absorbed = panel()
    held = PanelDesign.from_frame(
        absorbed.source[["city", "t", "y"]].query("t >= 7"), outcome="y", unit="city", time="t", treated=[0], start=8
    )
    assert "too short for two bins" in pretrends(did_two_way(absorbed), held).sentence
    period = pd.period_range("2017-01", periods=48, freq="M")
    series = SeriesDesign.from_frame(
        pd.DataFrame({"m": period, "calls": [90, 110] * 24}), outcome="calls", time="m", start="2019-07"
    )
    assert pretrends(its_segmented(series), series).verdict == "not applicable"
