"""The corridor walked once, in the lines that show the interface: they run as they stand."""
# ruff: noqa: E501, E702

from html import unescape

import pytest

import coresponder_causal as cc
from coresponder_causal.core.errors import IdentificationWarning
from coresponder_causal.report.specs import Picture, Sentence, Table


def test_the_example_runs_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # fmt: off
    world  = cc.simulate.world("west_sac_like", seed=1)
    calls, schedule = world.tables["calls"], world.tables["schedule"]
    panel  = cc.data.panel(calls, unit="city", period="month", cities=world.tables["cities"])
    one    = panel[panel.city == "West Sacramento"]
    series = cc.design.SeriesDesign.from_frame(one, outcome="calls", time="month", start="2020-07-15", exposure="population", season=12)
    cities = cc.design.PanelDesign.from_frame(panel, outcome="calls", unit="city", time="month", treated="West Sacramento", start="2020-07-15", exposure="population")
    many   = cc.simulate.staggered(seed=1)                                   # id, t, first_treated (NaN: never), x, y
    stag   = cc.design.PanelDesign.from_frame(many, outcome="y", unit="id", time="t", cohort="first_treated", covariates=["x"])
    hours  = cc.design.CoverageDesign.from_tables(calls, schedule, outcome="arrest", start="2020-07-15")
    c      = cc.design.CallDesign.from_frame(calls, outcome="arrest", treatment="attended", covariates=["hour", "initial_type", "prior_contacts"], person="person")
    m      = cc.design.match_nearest(c, caliper=.2);  w = cc.design.weight_propensity(c, scheme="overlap")
    r1 = cc.estimate.its_segmented(series);  r2 = cc.estimate.did_prediction_interval(cities)
    with pytest.warns(IdentificationWarning, match="15 events a month in West Sacramento"):
        r3 = cc.estimate.call_coverage(hours)
    r4 = cc.estimate.call_difference(m)
    g  = cc.estimate.did_group_time(stag, control="never", method="dr");  e = cc.estimate.aggregate(g, by="event_time")   # overall | cohort | time
    checks = cc.check.battery(r2, cities);  table = cc.report.table(r1, r2, r3, r4);  figure = cc.report.figure(r2);  sentence = cc.report.sentence(r2);  page = cc.report.write(cc.report.page([r1, r2, r3, r4]), "evaluation")
    # fmt: on

    assert panel["calls"].sum() == len(calls)
    assert panel["arrest"].sum() == calls["arrest"].sum()
    assert list(one["calls"]) == list(world.panel_counts.query("city == 'West Sacramento'")["calls"])
    assert (series.dose[41], series.dose[42], series.dose[43]) == (0, 17 / 31, 1)
    assert cities.treated_units == ["West Sacramento"]
    assert len(cities.comparison_units) == 10
    assert hours.covered.sum() == 70

    # A 95 % interval and one drawn world: that this one holds its truth is a fact of seed 1, not a rate.
    low, high = r2.conf_int().loc["mean_post"]
    assert low < world.truth.effect_at_full_dose < high
    assert r3.terms["term"].tolist() == ["triple_difference", "covered_within_city"]

    assert {check.check for check in checks} == {
        "break_date",
        "control_outcomes",
        "covid_interval",
        "forecast_skill",
        "leave_one_out",
        "leverage",
        "levels_or_logs",
        "placebo_cities",
        "placebo_dates",
        "pre_period",
        "residual_autocorrelation",
    }
    assert w.estimand != m.estimand
    assert r4.terms["term"].tolist() == ["effect"]
    assert {"overall", "event_time=0"} <= set(e.terms["term"])
    assert len(g.terms) > len(e.terms)
    assert isinstance(table, Table)
    assert set(table.frame["method"]) == {cc.report.words.named(result) for result in (r1, r2, r3, r4)}
    assert isinstance(figure, Picture)
    assert isinstance(sentence, Sentence)
    assert "what the comparison cities' experience predicts" in sentence.text
    assert page.as_posix() == "evaluation/index.html"
    shown = unescape((tmp_path / page).read_text(encoding="utf-8"))
    assert "what the comparison cities' experience predicts" in shown
    assert r2.provenance.data[:8] in shown
