"""The jump at the hours of the team: its terms, what it says, and what it refuses."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import report
from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.inference import critical
from coresponder_causal.design import CoverageDesign
from coresponder_causal.design.coverage_boundary import unattended
from coresponder_causal.estimate import call_boundary
from coresponder_causal.simulate import world
from coresponder_causal.validity.boundary_worlds import boundary_design


@cache
def drawn(*, calls=20_000, holding=0.0, seed=5):
    return boundary_design(np.random.default_rng(seed), calls=calls, holding=holding)


def changed(d, **columns):
    return replace(d, calls=d.calls.assign(**columns))


def test_terms_are_the_jump_and_its_ratio_to_that_of_attendance():
    result = call_boundary(drawn())
    assert result.terms["term"].tolist() == ["att", "itt"]
    assert result.estimand.contrast == "ATT"
    assert result.params["att"] * result.extra.number("first_stage") == pytest.approx(result.params["itt"], rel=1e-12)
    assert result.n_units == 208  # weeks of the drawn years
    assert result.df.tolist() == [207, 207]
    assert result.n_obs == result.support["units"].iloc[1]


def test_a_planted_jump_is_found_and_what_both_periods_share_is_not():
    """Minutes on scene: 5 more in the hours of the team from the start on, 30 more in these hours in any year."""
    d = drawn()
    x, after = d.calls["minutes_from_opening"], d.calls["after"]
    planted = changed(d, arrest=30.0 * d.calls["covered"] + 0.01 * x * after + 5.0 * (d.calls["covered"] & after))
    result = call_boundary(planted)
    assert result.params["itt"] == pytest.approx(5.0, abs=1e-9)
    with pytest.warns(IdentificationWarning, match="takes whatever else changes at that hour"):
        alone = call_boundary(planted, contrast="discontinuity")
    assert alone.params["itt"] == pytest.approx(35.0, abs=1e-9)


def test_the_jump_after_the_start_alone_is_doubted_with_its_measured_bias():
    with pytest.warns(IdentificationWarning, match=r"measured: bias -0\.\d+ of an effect of -0\.108 where patrols"):
        call_boundary(drawn(), contrast="discontinuity")


def test_at_the_closing_the_effect_is_still_that_of_the_team():
    d = drawn()
    planted = changed(d, arrest=5.0 * (d.calls["covered"] & d.calls["after"]))
    assert call_boundary(planted, boundary="closing").params["itt"] == pytest.approx(5.0, abs=1e-9)


def test_held_calls_turn_it_into_the_late_and_weaken_the_first_stage():
    with pytest.warns(IdentificationWarning, match="the instrument is weak"):
        result = call_boundary(drawn(holding=0.4))
    plain = call_boundary(drawn())
    assert result.terms["term"].iloc[0] == "late"
    (said,) = (text for text in result.notes if "were received outside the team's hours" in text)
    assert "outside planned shifts, as when calls are held for the team" in said
    assert "before the start" not in said
    assert result.extra.number("first_stage") < 0.7 * plain.extra.number("first_stage")


def test_calls_of_an_earlier_programme_are_not_taken_for_held_ones():
    d = drawn()
    earlier = ~d.calls["after"] & d.calls["covered"] & (d.calls.index % 10 == 0)
    planted = changed(d, attended=d.calls["attended"] | earlier, planned=d.calls["planned"] | earlier)
    result = call_boundary(planted, bandwidth=120, donut=0)
    near = int((earlier & d.calls["minutes_from_opening"].between(0, 120, inclusive="left")).sum())
    (said,) = (text for text in result.notes if "were received outside the team's hours" in text)
    assert f"{near} before the start in shifts planned then (an earlier programme):" in said
    assert "held" not in said


def test_without_attendance_the_hours_themselves_are_the_treatment():
    result = call_boundary(unattended(drawn()))
    assert result.terms["term"].tolist() == ["itt"]
    assert result.params["itt"] == pytest.approx(call_boundary(drawn()).params["itt"], rel=1e-12)
    assert "effective_f" not in result.extra


def test_the_set_inverts_the_test_of_the_jump():
    d = drawn()
    result = call_boundary(d)
    for end in ("ar_low", "ar_high"):
        shifted = changed(d, arrest=d.calls["arrest"] - result.extra.number(end) * d.calls["attended"])
        moved = call_boundary(shifted)
        assert abs(moved.params["itt"] / moved.bse["itt"]) == pytest.approx(float(critical(207)), rel=1e-3)


def test_other_bandwidths_stand_beside_the_headline():
    result, half = call_boundary(drawn()), call_boundary(drawn(), bandwidth=60.0)
    assert result.extra.number("half_estimate") == pytest.approx(half.estimate[0], rel=1e-12)
    assert result.extra.number("half_std_error") == pytest.approx(half.bse.iloc[0], rel=1e-12)
    assert half.extra.number("double_estimate") == pytest.approx(result.estimate[0], rel=1e-12)
    assert result.extra.number("double_std_error") < result.bse.iloc[0] < half.bse.iloc[0]


def test_the_honest_interval_is_wider():
    result = call_boundary(drawn())
    low, high = result.conf_int().iloc[0]
    assert result.extra.number("honest_low") < low
    assert high < result.extra.number("honest_high")
    assert result.extra.number("worst_bias") > 0


def hourly(*, opens=12, closes=22, minutes=(2, 17, 32, 47)):
    """Four calls an hour of one city over 26 weeks, the team on from the fourteenth week on."""
    hours = pd.date_range("2020-01-06", periods=26 * 168, freq="h")
    times = np.repeat(hours, len(minutes)) + pd.to_timedelta(np.tile(minutes, len(hours)), unit="min")
    rng = np.random.default_rng(3)
    calls = pd.DataFrame({"call_id": range(len(times)), "city": "Davis", "received_at": times})
    calls = calls.assign(priority=rng.integers(1, 4, len(times)), arrest=rng.random(len(times)) < 0.4)
    days = pd.date_range("2020-04-06", periods=91)
    shifts = pd.DataFrame({"city": "Davis", "shift_start": days + pd.Timedelta(hours=opens)})
    shifts["shift_end"] = days + pd.Timedelta(hours=closes)
    shifts["planned_hours"] = float(closes - opens)
    return calls, shifts


def test_calls_beyond_another_boundary_are_left_out_and_counted():
    """Shifts of one hour: within two hours of the opening the second hour lies beyond the closing."""
    calls, shifts = hourly(opens=12, closes=13)
    d = CoverageDesign.from_tables(calls, shifts, outcome="arrest", start="2020-04-06", exposure="calls")
    result = call_boundary(d, donut=0.0)
    assert any(text.endswith("lie beyond the closing of covered hours and are left out") for text in result.notes)
    assert result.path.loc[result.path["inside"], "time"].max() < 60


def scored(calls, shifts, covariates):
    timed = calls.assign(minutes=10.0 * calls["priority"] + calls["arrest"]).drop(columns="arrest")
    return CoverageDesign.from_tables(
        timed, shifts, outcome="minutes", start="2020-04-06", exposure="calls", covariates=covariates
    )


def test_covariates_enter_the_lines():
    calls, shifts = hourly()
    plain, adjusted = (call_boundary(scored(calls, shifts, covariates)) for covariates in ((), ("priority",)))
    assert adjusted.bse["itt"] < 0.2 * plain.bse["itt"]


def test_calls_whose_outcome_nobody_knows_are_doubted():
    d = drawn()
    gaps = d.calls["arrest"].astype(float).where(d.calls.index % 50 != 0)
    with pytest.warns(IdentificationWarning, match=r"calls near the opening is not known: they are left out"):
        result = call_boundary(changed(d, arrest=gaps))
    assert result.n_obs < call_boundary(d).n_obs


def test_heaped_minutes_are_said():
    d, (calls, shifts) = drawn(), hourly(minutes=(0, 15, 30, 45))
    heaped = call_boundary(CoverageDesign.from_tables(calls, shifts, outcome="arrest", start="2020-04-06"))
    assert heaped.extra["heaped_share"] == 1
    assert any(text.startswith("100 % of these calls are stamped at a full quarter") for text in heaped.notes)
    assert not any("full quarter" in text for text in call_boundary(d).notes)


def test_few_calls_are_doubted_and_too_few_refused():
    with pytest.warns(IdentificationWarning, match=r"few calls within 120 minutes of the opening: \d+ outside, before"):
        call_boundary(drawn(calls=1200))
    with pytest.raises(EstimationError, match="too few calls within 15 minutes"):
        call_boundary(drawn(calls=300), bandwidth=15.0)


def test_a_window_that_is_none_is_refused_with_both_rules():
    with pytest.raises(EstimationError) as caught:
        call_boundary(drawn(), bandwidth=-5.0, donut=-1.0)
    assert "bandwidth=-5 is not" in str(caught.value)
    assert "donut=-1 is not" in str(caught.value)


def test_a_design_of_counts_is_refused():
    study = world("west_sac_like", seed=1)
    counts = CoverageDesign.from_tables(study.hours, study.tables["schedule"], outcome="calls", start="2020-07-15")
    with pytest.raises(DesignError, match="holds counts, not calls") as caught:
        call_boundary(counts)
    assert "table of calls" in caught.value.mend


def test_reads_as_a_table_a_sentence_and_a_picture():
    result = call_boundary(drawn())
    assert "Calls around the team's hours" in report.table(result).frame.to_string()
    assert "on the calls the team attended" in report.sentence(result).text
    assert "just inside the team's hours" in report.sentence(call_boundary(unattended(drawn()))).text
    picture = report.figure(result)
    assert picture.kind == "boundary"
    ends = picture.data["lines"].set_index(["after", "inside"])
    at = ends["last"].where(~ends.index.get_level_values("inside"), ends["first"])
    jump = at[(True, True)] - at[(True, False)] - at[(False, True)] + at[(False, False)]
    assert jump == pytest.approx(result.params["itt"], rel=1e-9)
