"""Each check contradicts a planted violation, finds none in a clean world, and says when it could see none."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.core.notes import quietly
from coresponder_causal.core.registry import refit
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, SeriesDesign, weight_propensity
from coresponder_causal.estimate import (
    aggregate,
    call_coverage,
    call_difference,
    did_group_time,
    did_prediction_interval,
    did_two_way,
    its_segmented,
)
from coresponder_causal.simulate import WorldConfig, staggered, world

PERIODS, START = 60, 36
MONTHS = pd.period_range("2017-01", periods=PERIODS, freq="M")
AFTER = np.arange(PERIODS) >= START
CITIES = tuple("ABCDEFGHI")
ORDER = ["pre_period", "placebo_dates", "placebo_cities", "leave_one_out", "control_outcomes"]
OF_A_SERIES = ["break_date", "forecast_skill", "leverage", "covid_interval", "residual_autocorrelation"]
CONTROLS = ("burglary", "noise")


def cities(effect=-0.4, *, mean=2000.0, tau=0.03, m=8, seed=1, shifts=None, controls_move=0.0) -> PanelDesign:
    """Treated city A and m others; ``shifts`` adds a path of log rates (or a step of that size) to a city."""
    rng = np.random.default_rng(seed)
    rows = []
    for city in CITIES[: m + 1]:
        path = (effect if city == "A" else 0.0) * AFTER + rng.normal(0, tau) * AFTER
        extra = (shifts or {}).get(city, 0.0)
        path = path + (extra if isinstance(extra, np.ndarray) else extra * AFTER)
        moved = controls_move * AFTER * (city == "A")
        rows.append(
            pd.DataFrame(
                {
                    "city": city,
                    "month": MONTHS,
                    "calls": rng.poisson(mean * np.exp(path + rng.normal(0, 0.02, PERIODS))),
                    "burglary": rng.poisson(mean / 2 * np.exp(moved + rng.normal(0, 0.02, PERIODS))),
                    "noise": rng.poisson(mean / 2, PERIODS),
                }
            )
        )
    return PanelDesign.from_frame(
        pd.concat(rows), outcome="calls", unit="city", time="month", treated="A", start=MONTHS[START]
    )


def series(effect=-0.4, *, mean=2000.0, seed=1, path=0.0, controls_move=0.0) -> SeriesDesign:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "month": MONTHS,
            "calls": rng.poisson(mean * np.exp(effect * AFTER + path)),
            "burglary": rng.poisson(mean * np.exp(controls_move * AFTER)),
        }
    )
    return SeriesDesign.from_frame(frame, outcome="calls", time="month", start=MONTHS[START], city="A")


def hours(**config) -> CoverageDesign:
    made = world("west_sac_like", seed=3, config=WorldConfig(n_comparison=5, monthly_calls=400, **config))
    return CoverageDesign.from_tables(made.hours, made.tables["schedule"], outcome="calls", start="2020-07-15")


DRIFT = -0.5 * np.linspace(0, 1, PERIODS)
BEND = 0.6 * np.clip(np.arange(PERIODS) - START / 2, 0, None) / START
STEP = -0.5 * (np.arange(PERIODS) >= 21)


def test_a_clean_world_with_a_large_effect_contradicts_nothing():
    design = cities()
    found = check.battery(did_prediction_interval(design), design, controls=CONTROLS)
    verdicts = {each.check: each.verdict for each in found}
    assert verdicts.pop("residual_autocorrelation") == "reported"
    assert set(verdicts.values()) == {"no contradiction found"}
    power = {each.check: each.power for each in found}
    assert power["placebo_cities"] == pytest.approx(1 - 1 / (len(design.comparison_units) + 1))
    assert power["leave_one_out"] is None
    assert all(power[name] > 0.9 for name in ("pre_period", "placebo_dates", "control_outcomes"))


def test_a_clean_series_with_a_large_effect_contradicts_nothing():
    design = series()
    found = check.battery(its_segmented(design), design, controls=["burglary"])
    verdicts = {each.check: each.verdict for each in found}
    assert verdicts.pop("residual_autocorrelation") == "reported"
    assert verdicts.pop("placebo_cities") == verdicts.pop("leave_one_out") == "not applicable"
    assert set(verdicts.values()) == {"no contradiction found"}


@pytest.mark.parametrize(
    ("make", "estimate", "controls", "names"),
    [
        (cities, did_prediction_interval, CONTROLS, [*ORDER, "levels_or_logs", *OF_A_SERIES]),
        (series, its_segmented, ("burglary",), ORDER + OF_A_SERIES),
        (hours, call_coverage, (), ORDER),
    ],
    ids=["cities", "series", "hours"],
)
def test_the_battery_has_its_checks_by_what_they_could_change(make, estimate, controls, names):
    design = make()
    found = check.battery(estimate(design), design, controls=controls)
    assert sorted(each.check for each in found) == sorted(names)
    weights = [each.could_change for each in found]
    assert weights == sorted(weights, reverse=True)
    for each in found:
        assert each.sentence.endswith((".", ").")), each.sentence
        assert str(each) == f"{each.check}: {each.verdict}. {each.sentence}"
        assert each.assumption.endswith(".")


@pytest.mark.parametrize(
    ("design", "estimate"),
    [(cities(shifts={"A": DRIFT}), did_prediction_interval), (series(path=BEND), its_segmented)],
    ids=["cities", "series"],
)
def test_a_drift_before_the_start_is_seen(design, estimate):
    found = check.pre_period(estimate(design), design)
    assert found.verdict == "contradicts"
    assert found.table["p_value"].item() < 0.05
    assert found.sentence.startswith("Over the 36 periods before the start the drift was ")


def test_the_drift_found_is_the_one_planted():
    design = cities(shifts={"A": DRIFT})
    found = check.pre_period(did_prediction_interval(design), design).table.iloc[0]
    planted = DRIFT[START - 1] - DRIFT[0]
    assert found["conf_low"] < planted < found["conf_high"]
    assert found["estimate"] == pytest.approx(planted, abs=0.1)


@pytest.mark.parametrize(
    ("design", "estimate"),
    [(cities(shifts={"A": STEP}), did_prediction_interval), (series(path=STEP), its_segmented)],
    ids=["cities", "series"],
)
def test_a_step_before_the_start_is_seen(design, estimate):
    found = check.placebo_dates(estimate(design), design)
    assert found.verdict == "contradicts"
    assert found.table["p_holm"].min() < 0.05
    assert found.table.loc[found.table["p_value"].idxmin(), "start"] in {str(month) for month in MONTHS[18:23]}


def test_made_up_starts_lie_in_the_middle_of_the_time_before():
    design = cities()
    table = check.placebo_dates(did_prediction_interval(design), design, dates=3).table
    assert table["start"].tolist() == [str(MONTHS[at]) for at in (12, 21, 30)]
    assert (table["p_holm"] >= table["p_value"]).all()


@pytest.mark.parametrize(
    ("design", "estimate", "controls"),
    [
        (cities(controls_move=-0.3), did_prediction_interval, CONTROLS),
        (series(controls_move=-0.3), its_segmented, ("burglary",)),
    ],
    ids=["cities", "series"],
)
def test_an_outcome_that_the_programme_cannot_touch_and_that_moved_is_seen(design, estimate, controls):
    found = check.control_outcomes(estimate(design), design, outcomes=controls)
    assert found.verdict == "contradicts"
    moved = found.table.set_index("outcome").loc["burglary"]
    assert moved["estimate"] == pytest.approx(-0.3, abs=0.1)
    assert f"1 of {len(controls)} control outcomes moved" in found.sentence


def test_a_control_outcome_that_cannot_be_fitted_is_said():
    design = series()
    source = design.source.assign(rare=[0, 0, 1] * 20)
    wider = SeriesDesign.from_frame(source, outcome="calls", time="month", start=MONTHS[START], city="A")
    found = check.control_outcomes(its_segmented(wider), wider, outcomes=["rare", "burglary"])
    assert found.table["outcome"].tolist() == ["burglary"]
    assert "Not fitted: rare: 'rare' is zero in 40 of 60 periods" in found.sentence
    alone = check.control_outcomes(its_segmented(wider), wider, outcomes=["rare"])
    assert alone.verdict == "not applicable"


def test_a_comparison_city_that_hides_the_finding_is_named():
    design = cities(-0.3, m=4, tau=0.0, shifts={"B": 0.9})
    with quietly():
        result = did_prediction_interval(design)
    assert result.tidy()["p_value"].item() > 0.05
    found = check.leave_one_out(result, design)
    assert found.verdict == "contradicts"
    assert found.sentence.endswith("The conclusion changes without B.")
    assert found.table.set_index("left_out")["excludes"].to_dict() == {"B": True, "C": False, "D": False, "E": False}


def test_a_comparison_city_that_carries_the_finding_is_named():
    # Seven others hardly moved; B rose so much that the comparison cities' mean rose with it.
    design = cities(0.0, m=8, tau=0.0, seed=5, shifts={"A": -0.06, "B": 0.9})
    result = did_prediction_interval(design)
    found = check.leave_one_out(result, design)
    without = found.table.set_index("left_out")["estimate"]
    assert without["B"] == pytest.approx(-0.06, abs=0.03)
    assert float(result.estimate[0]) == pytest.approx(-0.06 - 0.9 / 8, abs=0.03)
    assert found.verdict == "contradicts"
    assert "B" in found.sentence.rpartition("without ")[2]


def test_a_comparison_city_with_a_larger_statistic_is_seen():
    design = cities(-2.0, shifts={"B": 0.5}, tau=0.0)
    result = did_prediction_interval(design)
    assert result.tidy()["p_value"].item() < 0.05
    found = check.placebo_cities(result, design)
    assert found.verdict == "contradicts"
    statistics = found.table.set_index("city")["statistic"].abs()
    assert statistics["B"] > statistics["A"]
    assert "it ranks 2 of 9 (permutation p 0.222;" in found.sentence


@pytest.mark.parametrize(("m", "floor"), [(3, "1/4 = 0.250"), (8, "1/9 = 0.111")])
def test_the_rank_says_the_floor_of_its_p_value(m, floor):
    design = cities(m=m)
    with quietly():
        result = did_prediction_interval(design)
    found = check.placebo_cities(result, design)
    assert f"it cannot go below {floor}, so that it can never reach 5 %" in found.sentence
    assert found.sentence.startswith(f"One treated city of {m + 1}: by |estimate| / standard error it ranks 1 of")
    assert len(found.table) == m + 1
    assert found.table["role"].tolist() == ["treated"] + ["comparison"] * m


def test_little_data_cannot_tell():
    design = cities(-0.05, mean=20.0, tau=0.1)
    found = check.battery(did_prediction_interval(design), design, controls=CONTROLS)
    by_name = {each.check: each for each in found}
    for name in ("pre_period", "placebo_dates", "control_outcomes"):
        each = by_name[name]
        assert each.verdict == "cannot tell"
        assert each.power < 0.5
        assert f"probability {each.power:.2f}" in each.sentence
    assert by_name["placebo_cities"].verdict == "cannot tell"
    assert by_name["placebo_cities"].sentence.endswith("The estimate itself does not exclude no change.")


@pytest.mark.parametrize(
    ("start", "verdicts"),
    [(10, ["not applicable", "not applicable"]), (15, ["no contradiction found", "not applicable"])],
)
def test_a_short_time_before_the_start_is_not_stretched(start, verdicts):
    frame = cities(-0.6).source
    early = frame[frame["month"] >= MONTHS[START - start]]
    design = PanelDesign.from_frame(
        early, outcome="calls", unit="city", time="month", treated="A", start=MONTHS[START], season=None
    )
    result = did_prediction_interval(design)
    found = check.pre_period(result, design), check.placebo_dates(result, design)
    assert [each.verdict for each in found] == verdicts
    assert f"Only {start} periods lie before the start; 18 are needed" in found[1].sentence


def test_two_comparison_cities_are_too_few_to_leave_one_out():
    design = cities(m=2)
    with quietly():
        result = did_prediction_interval(design)
    for each in (check.leave_one_out(result, design), check.placebo_cities(result, design)):
        assert each.verdict == "not applicable"
        assert each.sentence == "It needs at least three comparison cities."
        assert each.table.empty


def test_without_control_outcomes_the_check_says_so():
    design = series()
    found = check.control_outcomes(its_segmented(design), design)
    assert (found.verdict, found.power) == ("not applicable", None)
    assert found.sentence == "No outcome was named that the programme cannot touch."


def test_refits_keep_their_doubts_to_themselves():
    design = cities(m=4, mean=8.0)
    with quietly():
        result = did_prediction_interval(design)
    assert any("log rates are biased down" in note for note in result.notes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check.battery(result, design, controls=CONTROLS)


def test_checks_repeat_and_leave_the_design_alone():
    design = cities()
    result, before = did_prediction_interval(design), design.fingerprint
    one, two = (check.battery(result, design, controls=CONTROLS) for _ in range(2))
    assert [each.sentence for each in one] == [each.sentence for each in two]
    for first, second in zip(one, two, strict=True):
        pd.testing.assert_frame_equal(first.table, second.table)
    assert design.fingerprint == before


def test_a_check_uses_the_options_of_the_result():
    design = cities()
    plain = did_prediction_interval(design, harmonics=0)
    table = check.placebo_cities(plain, design).table
    assert table["statistic"].iloc[0] == pytest.approx(plain.tidy()["statistic"].item(), rel=1e-12)
    pretended = did_prediction_interval(design.pretending("B"), harmonics=0).tidy()["statistic"].item()
    assert table.set_index("city").loc["B", "statistic"] == pytest.approx(pretended, rel=1e-12)


def test_the_battery_follows_the_design():
    made = world("west_sac_like", seed=3, config=WorldConfig(n_comparison=17))
    treated = sorted(made.panel_counts["city"].unique())[:6]
    panel = PanelDesign.from_frame(
        made.panel_counts, outcome="calls", unit="city", time="month", treated=treated, start="2020-07"
    )
    found = {each.check: each.verdict for each in check.battery(did_two_way(panel, log=True), panel)}
    assert set(found) == {"pretrends", "bacon", *ORDER, "levels_or_logs"}
    assert found["placebo_cities"] == "not applicable"
    assert found["leave_one_out"] in ("contradicts", "no contradiction found")

    calls = made.tables["calls"]
    mine = calls[(calls["city"] == "West Sacramento") & calls["team_on_duty"]]
    weighted = weight_propensity(
        CallDesign.from_frame(mine, outcome="arrest", treatment="attended", covariates=["prior_contacts", "priority"])
    )
    found = {each.check: each.verdict for each in check.battery(call_difference(weighted), weighted)}
    hidden = ["placebo_exposure", "evalue", "robustness_value", "oster", "rosenbaum", "marginal_sensitivity"]
    of_time = ["leave_one_week_out", "first_or_all", "displacement"]
    assert set(found) == {"balance", "overlap", *hidden, *of_time}
    assert found["rosenbaum"] == found["marginal_sensitivity"] == "not applicable"


@pytest.mark.parametrize("by", ["overall", "event_time", "cohort"])
def test_checks_of_averages_average_again(by):
    """Every fit again is of the averaged effect: on the whole design it is the estimate itself."""
    frame = staggered(seed=1, units=80).assign(id=lambda table: table["id"] * 10)
    d = PanelDesign.from_frame(frame, outcome="y", unit="id", time="t", cohort="first_treated", covariates=["x"])
    result = aggregate(did_group_time(d), by=by)
    again = refit(result, d)
    assert again.terms["term"].tolist() == result.terms["term"].tolist()
    np.testing.assert_allclose(again.estimate, result.estimate, rtol=1e-12)
    loo = check.leave_one_out(result, d)
    # one of 80 units moves a mean effect of 1.8 by a few hundredths
    assert np.abs(loo.table["estimate"] - result.estimate[0]).max() < 0.3
