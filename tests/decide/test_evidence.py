"""The evidence table: conversions by hand and by simulation, checks after correction, verdicts, and what must fail."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import decide
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult
from coresponder_causal.decide.converted import Attendance, Bounds, over_share, times_share
from coresponder_causal.decide.evidence import too_often
from coresponder_causal.decide.falsification import falsified


def result(
    method: str,
    ratio: float = 0.8,
    error: float = 0.05,
    *,
    outcome: str = "calls",
    contrast: str = "ATT",
    term: str = "mean_post",
    **given: object,
) -> Result:
    about = Estimand(contrast=contrast, outcome=outcome, treatment="t", population="p", horizon="h", scale="s")
    stated = {
        "method": method,
        "estimand": about,
        "terms": pd.DataFrame({"term": [term]}),
        "estimate": np.log([ratio]),
        "vcov": np.array([[error**2]]),
        "df": np.array([np.inf]),
        "scale": "log_ratio",
        "n_obs": 72,
        "n_units": 11,
        "support": pd.DataFrame({"events": [400]}),
    }
    return Result(**stated | given)


def check(name: str, verdict: str, p: float | None = None) -> CheckResult:
    table = pd.DataFrame() if p is None else pd.DataFrame({"p_value": [p]})
    return CheckResult(check=name, assumption="A.", verdict=verdict, power=None, table=table, sentence="S.")


HOURS = result("call_coverage", contrast="ITT of coverage", term="triple_difference")
CITIES = result("did_prediction_interval", extra=Facts({"tau": 0.0, "tau_star": 0.2, "m": 10}))
SERIES = result("its_segmented")


def row(one: Result, **given: object) -> pd.Series:
    return decide.evidence([one], **given).frame.iloc[0]


def test_a_ratio_of_counts_in_events_by_hand():
    """Of 1,000 calls 60 end in an arrest with the programme, at a ratio of .75: 80 without it, so 20 averted."""
    found = row(result("did_prediction_interval", 0.75, outcome="arrest"), shares={"arrest": 0.06})
    assert found["itt"] == pytest.approx(20.0)
    assert found["itt_high"] == pytest.approx(60 * (np.exp(1.959964 * 0.05) / 0.75 - 1), rel=1e-6)
    assert np.isnan(found["att"])
    assert "a bundle does not work through attended calls alone" in found["unknown"]


def test_calls_themselves_are_averted_of_those_expected():
    assert row(CITIES)["itt"] == pytest.approx(200.0)


def test_a_difference_becomes_a_ratio_by_what_was_seen_with_the_team():
    facts = Facts({"yes_or_no": True, "mean_treated": 0.05})
    one = result("call_aipw", outcome="arrest", scale="difference", estimate=np.array([-0.03]), extra=facts)
    found = row(one, attendance=Attendance(share=0.4, std_error=0.0))
    assert found["ratio"] == pytest.approx(0.05 / 0.08)
    assert (found["att"], found["itt"]) == (pytest.approx(30.0), pytest.approx(12.0))


def test_an_effect_on_duty_is_one_on_attended_calls_times_their_share():
    facts = Facts({"yes_or_no": True})
    one = result("call_boundary", outcome="arrest", contrast="ITT of coverage", scale="difference",
                 estimate=np.array([-0.02]), vcov=np.array([[0.005**2]]), extra=facts)  # fmt: skip
    found = row(one, attendance=Attendance(share=0.4, std_error=0.02))
    half = 1.959964 * 50 * np.hypot(0.005 / 0.02, 0.02 / 0.4)  # delta method of a ratio
    assert found["att"] == pytest.approx(50.0)
    assert found["att_high"] - found["att"] == pytest.approx(half, rel=1e-5)


def test_bounds_of_a_converted_effect_hold_it_as_often_as_they_say():
    """4,000 replications: Monte-Carlo error of .95 is .0034."""
    rng = np.random.default_rng(2)
    effects, shares = rng.normal(20, 5, 4000), rng.binomial(300, 0.4, 4000) / 300
    held = 0
    for effect, share in zip(effects, shares, strict=True):
        own = Bounds(effect, effect - 1.959964 * 5, effect + 1.959964 * 5)
        low, high = over_share(own, Attendance(share=share, std_error=np.sqrt(share * (1 - share) / 300)))[1:]
        held += low <= 50 <= high
    assert held / 4000 == pytest.approx(0.95, abs=0.012)


def test_there_and_back_gives_the_same():
    share = Attendance(share=0.4, std_error=0.0)
    assert times_share(over_share(Bounds(10, 4, 17), share), share) == pytest.approx((10, 4, 17))


def test_the_share_attended_has_the_error_of_its_weeks():
    """Two weeks of all and of none: every call of a week goes with the others."""
    attended, weeks = pd.Series([True] * 50 + [False] * 50), pd.Series([1] * 50 + [2] * 50)
    assert Attendance.of_calls(attended, weeks).std_error == pytest.approx(0.5)
    assert Attendance.of_calls(attended).std_error == pytest.approx(0.5 / np.sqrt(99))
    with pytest.raises(DesignError, match="0 attended calls"):
        Attendance.of_calls(pd.Series([False, False]))


def test_what_is_no_t_interval_is_listed_and_not_pooled():
    ranks = result("did_two_way", placebo=np.array([[0.1, 0.2, -0.1, 0.3]]))
    conformal, described = result("its_conformal"), result("call_coverage", term="covered_within_city")
    few = result("did_two_way", extra=Facts({"enough_clusters": False}))
    places = decide.evidence([CITIES, ranks, conformal, described, few]).frame["place"].tolist()
    assert places[0] == "pooled"
    assert all(place.startswith("listed: ") for place in places[1:])


def test_a_method_measured_to_find_too_much_does_not_judge():
    """With one treated city the default error of did_group_time rejected in about half of the worlds without effect."""
    one_city = result("did_group_time", 0.5, term="overall", extra=Facts({"treated_units": 1, "untreated_units": 10}))
    made = decide.evidence([one_city, CITIES])
    assert made.frame["place"].tolist() == [too_often, "pooled"]
    assert "% of the time without an effect" in made.frame["unknown"].iloc[0]
    assert decide.judge_outcome(made, "calls").rows == (1,)


def test_what_is_not_known_is_said():
    found = row(result("did_two_way", placebo=np.array([[0.1, 0.2, -0.1, 0.3]]), outcome="arrest"))
    for said in ("not in events", "no detectable fall", "no breakdown value", "no sceptic's probability"):
        assert said in found["unknown"]


def test_the_likely_bias_follows_record_effect_and_what_was_elicited():
    rising = result("call_coverage", 1.2, contrast="ITT of coverage", term="triple_difference")
    assert (row(HOURS)["bias"], row(rising)["bias"]) == ("+", "−")
    arrests = row(result("call_coverage", outcome="arrest"))
    assert arrests["bias"] == "?"
    assert "may file less (−)" in arrests["bias_why"]
    elicited = {"call_coverage": decide.Bias(mean=-0.1, sd=0.1, source="a paper", elicited_from="two")}
    assert row(HOURS, bias=elicited)[["bias", "bias_why"]].tolist() == ["−", "elicited: a paper"]


def test_checks_count_after_correction_for_their_number():
    """Of five tests with one p of .03, Holm's smallest is .15: it no longer contradicts; alone it does."""
    made = [check("placebo_dates", "contradicts", 0.03), *(check("pre_period", "cannot tell", 0.5) for _ in range(4))]
    assert falsified([made])[0].status == "cannot tell"
    assert falsified([made[:1]])[0] == ("contradicted", ("placebo_dates",), 1)
    assert falsified([[*made, check("forecast_skill", "contradicts")]])[0].by == ("forecast_skill",)


def test_only_the_check_named_beforehand_may_contradict():
    made = [check("placebo_dates", "contradicts", 0.001), check("pre_period", "no contradiction found", 0.5)]
    assert falsified([made], named=["pre_period"])[0].status == "not contradicted"
    assert falsified([made], named=["control_outcomes"])[0].status == "not run"


def test_two_different_designs_support_and_two_of_one_start_do_not():
    both = decide.evidence([HOURS, CITIES])
    assert decide.judge_outcome(both, "calls").verdict == "fewer"
    same = decide.evidence([CITIES, SERIES])
    assert decide.judge_outcome(same, "calls").verdict == "consistent, not established"
    assert decide.judge_outcome(decide.evidence([result("did_prediction_interval", 0.95)]), "calls").mde == (
        pytest.approx(100 * np.expm1(-2.8016 * 0.05), rel=1e-3)
    )


def test_a_recorded_outcome_needs_the_funnel_or_another_source():
    hours, cities = (result(one.method, outcome="arrest", contrast=one.estimand.contrast) for one in (HOURS, CITIES))
    booked = result("did_prediction_interval", outcome="booked_365d")
    seen = decide.evidence([hours, cities, booked])
    said = [
        decide.judge_outcome(seen, "arrest", funnel=place).verdict for place in ("unknown", "recording", "upstream")
    ]
    assert said == ["consistent, not established"] * 2 + ["fewer"]
    assert decide.judge_outcome(seen, "arrest", other_sources=["booked_365d"]).verdict == "fewer"


def test_holm_goes_over_the_primary_outcomes_of_a_design():
    """p .03 twice: alone each holds; of two outcomes both do by .06 > .05 for neither."""
    small = np.log(1) - 2.17 * 0.05  # z -2.17: p .03
    made = [
        result(method, float(np.exp(small)), outcome=outcome, contrast=contrast)
        for outcome in ("calls", "repeat_90d")
        for method, contrast in (("call_coverage", "ITT of coverage"), ("did_prediction_interval", "ATT"))
    ]
    seen = decide.evidence(made)
    assert decide.judge_outcome(seen, "calls").verdict == "fewer"
    assert decide.judge_outcome(seen, "calls", primaries=["calls", "repeat_90d"]).verdict != "fewer"


def test_the_least_bias_that_changes_the_verdict_by_hand():
    """Both designs are found at -.223, .05: found until 1.96 errors are left, so after 2.50 of 4.46 errors of bias."""
    found = decide.judge_outcome(decide.evidence([HOURS, CITIES]), "calls")
    size = -np.log(0.8) / 0.05 - 1.959964
    assert found.flips["std_errors"].to_numpy() == pytest.approx([-size] * 3, abs=0.05)
    assert found.flips["to"].tolist() == ["consistent, not established"] * 2 + ["uninformative"]
    assert {name for names in found.must_fail for name in names} == {
        "covered and other hours would have moved alike",
        "the city would have moved as the other cities did",
    }


def test_a_contradicted_design_neither_judges_nor_is_pooled():
    bias = {one.method: decide.Bias(mean=0.0, sd=0.1, source="s", elicited_from="e") for one in (HOURS, CITIES, SERIES)}
    checks = [[], [], [check("forecast_skill", "contradicts")]]
    seen = decide.evidence([HOURS, CITIES, SERIES], checks=checks, bias=bias)
    assert decide.pool(seen, "calls").methods == ("call_coverage", "did_prediction_interval")
    assert seen.frame["falsification"].tolist() == ["not run", "not run", "contradicted"]


def test_bounds_without_an_interval_judge_nothing():
    ends = {"set_low": np.array([-0.4]), "set_high": np.array([-0.2])}
    bounds = result("call_bounds", kind="set", vcov=np.zeros((1, 1)), **ends)
    seen = decide.evidence([bounds, CITIES])
    assert seen.frame["place"].iloc[0] == "listed: a set of values"
    assert seen.frame[["ratio_low", "ratio_high"]].iloc[0].tolist() == pytest.approx(np.exp([-0.4, -0.2]).tolist())
    assert decide.judge_outcome(seen, "calls").verdict == "consistent, not established"


def test_of_a_set_a_sceptic_has_a_range():
    ends = {"set_low": np.array([-0.4]), "set_high": np.array([0.1])}
    one = row(result("call_strata", kind="set", set_spread=np.array([[0.1, 0.1]]), **ends))
    assert one["any_fall"] < 0.5 < one["any_fall_to"]


def test_designs_and_checks_are_one_for_each_result():
    with pytest.raises(DesignError, match="1 checks for 2 results"):
        decide.evidence([HOURS, CITIES], checks=[[]])
    with pytest.raises(DesignError, match="no design that may judge speaks to 'arrest'"):
        decide.judge_outcome(decide.evidence([HOURS]), "arrest")
