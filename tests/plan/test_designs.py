"""What a study may ask of its designs: several estimates of one design, further outcomes, adopters, calls."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.core.notes import Doubt, quietly
from coresponder_causal.design import CallDesign, match_nearest
from coresponder_causal.estimate import (
    aggregate,
    call_aipw,
    call_difference,
    did_group_time,
    did_imputation,
    did_interaction,
    did_stacked,
    dml_forest,
    dml_linear,
)
from coresponder_causal.plan.designs import known_keys, rank
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.simulate import WorldConfig, world

MONTHS = pd.period_range("2018-01", periods=36, freq="M")
CITIES = [f"City {k:02d}" for k in range(22)]
KNOWN = ["initial_type", "priority", "prior_contacts", "patrol_load"]


@cache
def panel() -> pd.DataFrame:
    """Twenty-two cities; six start in 2019-07, six in 2020-01, and lose a quarter of their calls a month later on."""
    rng = np.random.default_rng(3)
    frame = pd.MultiIndex.from_product([CITIES, MONTHS.astype(str)], names=["city", "month"]).to_frame(index=False)
    number, position = frame["city"].str[-2:].astype(int), pd.PeriodIndex(frame["month"], freq="M")
    first = np.where(number < 6, "2019-07", np.where(number < 12, "2020-01", "2099-01"))
    after = position >= pd.PeriodIndex(first, freq="M")
    mean = 200 * np.exp(0.1 * np.sin(number)) * np.where(after, 0.75, 1.0)
    return frame.assign(population=50_000, calls=rng.poisson(mean), arrest=rng.poisson(mean / 5))


def programmes() -> pd.DataFrame:
    starts = ["2019-07-01"] * 6 + ["2020-01-01"] * 6
    return pd.DataFrame(
        {
            "city": CITIES[:12],
            "programme": "team",
            "start_earliest": starts,
            "start_latest": [*starts[:3], "2019-09-01", *starts[4:]],
            "source": "council minutes",
            "certainty": "documented",
        }
    )


STUDY = Study(
    title="A consortium",
    tables={"city_panel": Source(path=Path("city_panel.csv"))},
    designs=("adopters",),
    city=CITIES[0],
    start="2019-07",
    primary="calls",
)


def evaluated(study: Study, tables: dict[str, pd.DataFrame]) -> plan.Evaluation:
    with quietly():
        return plan.run(study, *validated(tables, {}))


@cache
def adopters() -> plan.Evaluation:
    options = {"adopters": ({"control": "not_yet", "outcomes": ["calls", "arrest"]},)}
    return evaluated(replace(STUDY, options=options), {"city_panel": panel(), "programmes": programmes()})


def test_cities_that_start_at_different_times_are_averaged_by_time_since_the_start():
    calls, arrests = adopters().results
    design = adopters().designs[0]
    by_hand = aggregate(did_group_time(design, control="not_yet"), by="event_time")
    pd.testing.assert_frame_equal(calls.tidy(), by_hand.tidy())
    assert calls.terms["term"].iloc[0] == "overall"
    assert (calls.estimand.outcome, arrests.estimand.outcome) == ("calls", "arrest")
    # 200 calls a month of 50,000 residents fall by a quarter: one call per 1,000 residents
    assert calls.estimate[0] == pytest.approx(-1.0, abs=4 * calls.bse.iloc[0])
    assert "'calls' is a month's number per 1,000 residents." in adopters().lines
    assert "Start between two dates, the earlier one taken: City 03." in adopters().lines


def test_only_the_first_outcome_is_checked():
    first, second = adopters().checks
    assert "pretrends" in [check.check for check in first]
    assert second == ()


def test_the_page_shows_effects_by_time_since_the_start_and_every_outcome():
    page = plan.evaluation_page(adopters())
    kinds = [part.kind for part in page.parts() if isinstance(part, report.Picture)]
    assert kinds == ["events"]
    (section,) = [section for section in page.sections if section.title.endswith("every outcome")]
    assert section.blocks[0].frame["outcome"].unique().tolist() == ["calls", "arrests"]
    assert "in the cities that started, against those that had not" in " ".join(s.text for s in page.finding)


def test_a_few_cities_that_start_at_different_times_are_judged_among_the_others():
    starters = [CITIES[0], CITIES[6]]
    counts = panel()[panel()["city"].isin([*starters, *CITIES[12:]])]
    options = {"few_adopters": ({"inference": "sets"},)}
    study = replace(STUDY, designs=("few_adopters",), options=options)
    done = evaluated(study, {"city_panel": counts, "programmes": programmes().iloc[[0, 6]]})
    (result,), (design,) = done.results, done.designs
    assert design.treated_units == starters
    assert (result.method, result.extra["treated_units"], result.extra["inference"]) == ("did_few_treated", 2, "sets")
    assert result.estimate[0] == pytest.approx(np.log(0.75), abs=0.05)
    assert "Calls fell by" in " ".join(sentence.text for sentence in plan.evaluation_page(done).finding)


@cache
def calls() -> dict[str, pd.DataFrame]:
    made = world("west_sac_like", seed=5, config=WorldConfig(n_comparison=1, monthly_calls=300))
    table = made.tables["calls"]
    return {"calls": table[table["city"] == "West Sacramento"], "outcomes": made.tables["outcomes"]}


OF_CALLS = Study(
    title="Calls",
    tables={"calls": Source(path=Path("calls.csv"))},
    designs=("calls",),
    city="West Sacramento",
    options={
        "calls": (
            {"outcomes": ["arrest"], "covariates": KNOWN, "adjust": "match_nearest", "caliper": 0.2},
            {"outcomes": ["arrest", "minutes_on_scene"], "covariates": KNOWN, "scheme": "overlap"},
            {"outcomes": ["arrest"], "covariates": KNOWN, "adjust": "none", "scale": "difference"},
        )
    },
)


@cache
def compared() -> plan.Evaluation:
    return evaluated(OF_CALLS, calls())


def test_calls_on_duty_are_adjusted_as_asked():
    on_duty = calls()["calls"][lambda table: table["team_on_duty"]].reset_index(drop=True)
    plain = CallDesign.from_frame(on_duty, outcome="arrest", treatment="attended", covariates=KNOWN, person="person")
    by_hand = call_difference(match_nearest(plain, caliper=0.2), scale="ratio")
    pd.testing.assert_frame_equal(compared().results[0].tidy(), by_hand.tidy())
    assert [result.extra["adjustment"] for result in compared().results] == [
        "match_nearest",
        "weight_propensity",
        "weight_propensity",
        "none",
    ]
    assert [result.scale for result in compared().results] == ["log_ratio"] * 3 + ["difference"]
    off = len(calls()["calls"]) - len(on_duty)
    assert any(line.startswith(f"{off:,} of {len(calls()['calls']):,} calls are left out") for line in compared().lines)


def test_limits_of_a_match_can_be_stated_in_a_study():
    limits = {
        "mahalanobis_on": ["prior_contacts"],
        "caliper": 0.2,
        "calipers": {"patrol_load": 1},
        "antiexact": ["priority"],
    }
    asked = ({"outcomes": ["arrest"], "covariates": KNOWN, "adjust": "match_nearest"} | limits,)
    done = evaluated(replace(OF_CALLS, options={"calls": asked}), calls())
    (design,) = done.designs
    first, second = (design.source.iloc[side].reset_index(drop=True) for side in design.adjustment.pairs.T)
    assert (first["patrol_load"] - second["patrol_load"]).abs().max() <= 1
    assert (first["priority"] != second["priority"]).all()


def test_calls_may_be_balanced_in_means():
    stated = {"outcomes": ["arrest"], "covariates": KNOWN, "adjust": "weight_balance"}
    options = {"calls": (stated | {"method": "tilting", "contrast": "ATE", "moments": 2},)}
    (result,) = evaluated(replace(OF_CALLS, options=options), calls()).results
    assert (result.extra["adjustment"], result.extra["scheme"]) == ("weight_balance", "tilting ate")
    assert "than in like calls" in report.sentence(result).text


def test_a_study_may_ask_for_the_first_calls_of_persons():
    """Chosen before calls whose outcome nobody knows are left out: those are earlier calls all the same."""
    asked = {"outcomes": ["arrest"], "covariates": KNOWN, "which": "first", "washout_days": 90}
    asked |= {"eligible": {"initial_type": ["mental_health_crisis", "welfare_check"]}, "scheme": "att"}
    table = calls()["calls"].astype({"arrest": "float64"})
    table.loc[::7, "arrest"] = np.nan
    study = replace(OF_CALLS, options={"calls": (asked,)})
    with quietly():
        done = evaluated(study, {"calls": table})
    chosen = CallDesign.from_tables(
        table.assign(known=table["arrest"].notna()),
        outcome=None,
        treatment="attended",
        covariates=KNOWN,
        person="person",
        washout_days=90,
        eligible=asked["eligible"],
    )
    (result,) = done.results
    assert result.extra["calls"] == chosen.source["known"].sum()
    assert any("in the 90 days after another eligible one" in line for line in done.lines)


@pytest.mark.parametrize("unknown", [False, True])
def test_calls_of_a_study_know_what_came_before_them(unknown):
    """Both checks of single calls run, on the calls that the study compares, whatever other outcomes are not known."""
    table = calls()["calls"]
    if unknown:
        table = table.astype({"arrest": "float64"})
        table.loc[::7, "arrest"] = np.nan
    study = replace(OF_CALLS, options={"calls": ({"outcomes": ["arrest"], "covariates": KNOWN},)})
    with quietly():
        done = evaluated(study, {"calls": table})
    found = {one.check: one for one in done.checks[0]}
    for name in ("first_or_all", "displacement", "placebo_exposure"):
        assert found[name].verdict != "not applicable", found[name].sentence
    rows = found["first_or_all"].table.set_index("washout_days")
    assert rows["calls"][0] == done.results[0].n_obs == (table["team_on_duty"] & table["arrest"].notna()).sum()
    assert rows["calls"][180] < rows["calls"][0]


def test_calls_on_duty_are_compared_by_models():
    on_duty = calls()["calls"][lambda table: table["team_on_duty"]].reset_index(drop=True)
    plain = CallDesign.from_frame(on_duty, outcome="arrest", treatment="attended", covariates=KNOWN, person="person")
    asked = {"outcomes": ["arrest"], "covariates": KNOWN}
    options = {
        "aipw": (asked | {"contrast": "ATO", "repeats": 2},),
        "dml": (asked | {"repeats": 2},),
        "forest": (asked | {"by": "priority", "trees": 12},),
    }
    found = evaluated(replace(OF_CALLS, designs=("aipw", "dml", "forest"), options=options), calls())
    by_hand = {
        "call_aipw": call_aipw(plain, contrast="ATO", scale="ratio", repeats=2),
        "dml_linear": dml_linear(plain, repeats=2),
        "dml_forest": dml_forest(plain, by="priority", trees=12),
    }
    assert {result.method for result in found.results} == set(by_hand)
    for result in found.results:
        pd.testing.assert_frame_equal(result.tidy(), by_hand[result.method].tidy())
    page = plan.evaluation_page(found)
    said = " ".join(sentence.text for sentence in page.finding)
    assert "in calls the team attended than in like calls it did not attend" in said
    assert not any(isinstance(part, report.Picture) and part.kind == "love" for part in page.parts())


def test_the_page_of_calls_shows_balance_and_speaks_of_calls():
    page = plan.evaluation_page(compared())
    pictures = [part for part in page.parts() if isinstance(part, report.Picture)]
    assert [picture.kind for picture in pictures].count("love") == 3
    assert pictures[-1].kind == "forest"  # the designs beside each other
    assert "1 in other units is not drawn" in pictures[-1].caption
    said = " ".join(sentence.text for sentence in page.finding)
    assert "in calls the team attended than in matched calls it did not attend" in said
    assert "programme" not in said


def test_what_followed_the_calls_can_be_the_outcome_and_what_is_unknown_is_said():
    options = {"calls": ({"outcomes": ["linked_30d"], "covariates": KNOWN},)}
    found = evaluated(replace(OF_CALLS, options=options), calls())
    on_duty = calls()["calls"][lambda table: table["team_on_duty"]]
    known = calls()["outcomes"].dropna(subset=["linked_30d"])["call_id"]
    assert found.results[0].n_obs == on_duty["call_id"].isin(known).sum() < len(on_duty)
    (doubt,) = [line for line in found.lines if isinstance(line, Doubt)]
    assert f"not known of {(~on_duty['call_id'].isin(known)).sum():,} of {len(on_duty):,} calls" in doubt
    assert any(sentence.text.startswith("In doubt: Linked_30d") for sentence in plan.evaluation_page(found).finding)


def test_a_filter_that_is_no_yes_or_no_field_is_refused():
    options = {"calls": ({"outcomes": ["arrest"], "covariates": KNOWN, "only": "priority"},)}
    with pytest.raises(DesignError, match="only = 'priority' is not a yes-or-no field"):
        evaluated(replace(OF_CALLS, options=options), calls())


def test_a_city_without_calls_is_named_with_those_that_have_some():
    with pytest.raises(DesignError, match="the table calls has no calls of 'Davis'") as caught:
        evaluated(replace(OF_CALLS, city="Davis"), calls())
    assert "West Sacramento" in str(caught.value)


def test_two_way_rates_in_levels_are_per_thousand_residents_unless_stated():
    """Per resident the same estimate is a thousandth."""
    study = replace(STUDY, designs=("two_way",), options={"two_way": ({"inference": "permutation"},)})
    plain = evaluated(study, {"city_panel": panel()}).results[0]
    options = {"two_way": ({"inference": "permutation", "per": 1.0},)}
    stated = evaluated(replace(study, options=options), {"city_panel": panel()}).results[0]
    assert plain.extra["outcome_unit"] == "calls per 1,000 population"
    assert plain.estimate[0] == pytest.approx(1000 * stated.estimate[0], rel=1e-9)  # one division more


def test_a_design_that_cannot_be_formed_names_its_section_and_outcome():
    options = {"calls": ({"outcomes": ["arrest"], "covariates": ["favourite colour"]},)}
    with pytest.raises(DesignError, match=r"\[calls\], outcome 'arrest': "):
        evaluated(replace(OF_CALLS, options=options), calls())


def test_outcomes_that_are_text_are_read_as_numbers_or_refused_by_row():
    study = replace(
        STUDY, designs=("two_way",), options={"two_way": ({"outcomes": ["cited"], "inference": "permutation"},)}
    )
    cited = panel()["calls"].astype(str)
    tables = {"city_panel": panel().assign(cited=cited), "programmes": programmes()}
    assert evaluated(study, tables).results[0].estimand.outcome == "cited"
    tables["city_panel"].loc[[3, 8], "cited"] = "many"
    with pytest.raises(DataError, match=r"'cited' is no number in 2 rows of city_panel"):
        evaluated(study, tables)


def test_a_forecast_is_told_by_the_comparison_cities_and_by_its_own_past_where_there_are_none():
    study = replace(STUDY, designs=("structural", "arima"), start="2019-12")
    with quietly():
        found = evaluated(study, {"city_panel": panel()})
        alone = evaluated(study, {"city_panel": panel()[lambda table: table["city"] == CITIES[0]]})
    assert [result.method for result in found.results] == ["its_structural", "its_arima"]
    assert [design.controls for design in found.designs] == [("comparison cities",), ()]
    rates = np.log(panel().pivot(index="month", columns="city", values="calls") / 50_000).drop(columns=CITIES[0])
    np.testing.assert_allclose(found.designs[0].control_values()[:, 0], rates.mean(axis=1), rtol=1e-12)
    assert any("mean log rate of 21 comparison cities" in text for text in found.lines)
    assert alone.designs[0].controls == ()
    assert {check.check for check in found.checks[0]} == {check.check for check in found.checks[1]}
    assert {"component", "covid", "phase_in"} <= set(known_keys("structural"))


def test_options_are_those_of_the_design_and_of_its_estimator():
    assert {"time_effects", "inference", "per", "covariates"} <= set(known_keys("two_way"))
    assert {"covariates", "caliper", "adjust", "scale"} <= set(known_keys("calls", "match_nearest"))
    assert "scheme" in known_keys("calls")
    assert "scheme" not in known_keys("calls", "match_nearest")
    assert "caliper" not in known_keys("two_way")


def test_places_on_the_page():
    found = sorted((*adopters().results, *compared().results), key=rank)
    assert [result.method for result in found][:2] == ["did_group_time", "did_group_time"]


@pytest.mark.parametrize(
    ("name", "method"), [("imputation", did_imputation), ("interaction", did_interaction), ("stacked", did_stacked)]
)
def test_other_methods_for_starts_at_different_times_read_the_same_rates(name, method):
    found = evaluated(replace(STUDY, designs=(name,)), {"city_panel": panel(), "programmes": programmes()})
    (result,), (design,) = found.results[:1], found.designs[:1]
    with quietly():
        pd.testing.assert_frame_equal(result.tidy(), method(design).tidy())
    assert design.cohort.nunique() == 2


def test_programmes_that_ended_are_switching_and_refused_elsewhere_by_name():
    ended = programmes().assign(end_date=pd.NaT)
    ended["end_date"] = pd.to_datetime(ended["end_date"]).mask(ended.index.isin([2, 8]), pd.Timestamp("2020-06-30"))
    tables = {"city_panel": panel(), "programmes": ended}
    with pytest.raises(DesignError, match=f"paused or ended within the months in {CITIES[2]}, {CITIES[8]}"):
        evaluated(STUDY, tables)
    found = evaluated(replace(STUDY, designs=("switching",)), tables)
    design = found.designs[0]
    own = design.source.assign(on=design.dose).set_index(["city", "month"])["on"]
    assert own[CITIES[2], pd.Period("2020-06", "M")] == 1
    assert own[CITIES[2], pd.Period("2020-07", "M")] == 0
    assert design.interrupted_units == [CITIES[2], CITIES[8]]
    assert any("treatment changed again" in text for text in found.results[0].notes)
