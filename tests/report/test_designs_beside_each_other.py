"""Several designs in one picture, balance, effects by time since the start, ranks, and sentences about calls."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import (
    CallDesign,
    PanelDesign,
    SeriesDesign,
    match_coarsened,
    match_nearest,
    weight_propensity,
)
from coresponder_causal.estimate import (
    aggregate,
    call_difference,
    did_event_study,
    did_group_time,
    did_poisson,
    did_prediction_interval,
    did_two_way,
    its_segmented,
)
from coresponder_causal.report import words
from coresponder_causal.report.rows import across, love
from coresponder_causal.simulate import staggered


@cache
def calls() -> pd.DataFrame:
    """Night calls are attended twice as often and end in an arrest thrice as often; attendance halves arrests."""
    rng = np.random.default_rng(2)
    night = rng.random(4000) < 0.4
    attended = rng.random(4000) < 0.2 + 0.2 * night
    arrest = rng.random(4000) < (0.1 + 0.2 * night) * np.where(attended, 0.5, 1.0)
    frame = pd.DataFrame({"attended": attended, "night": night.astype(int), "load": rng.random(4000), "arrest": arrest})
    return frame.assign(minutes=30 + 10 * night - 5 * attended + rng.normal(size=4000))


def design(outcome="arrest", **changes):
    return CallDesign.from_frame(
        calls().assign(**changes), outcome=outcome, treatment="attended", covariates=["night", "load"]
    )


@cache
def panel() -> PanelDesign:
    rng = np.random.default_rng(8)
    months = pd.period_range("2017-01", periods=60, freq="M")
    frame = pd.DataFrame([(c, m) for c in "ABCDEFG" for m in months], columns=["city", "month"])
    frame["arrest"] = rng.poisson(150, len(frame))
    return PanelDesign.from_frame(frame, outcome="arrest", unit="city", time="month", treated="A", start="2020-07")


@cache
def ranked():
    with quietly():
        return did_two_way(panel(), log=True, inference="permutation")


@cache
def several():
    series = panel().source[panel().source["city"] == "A"]
    alone = SeriesDesign.from_frame(series, outcome="arrest", time="month", start="2020-07")
    with quietly():
        return (
            did_prediction_interval(panel()),
            ranked(),
            its_segmented(alone),
            call_difference(weight_propensity(design()), scale="ratio"),
            call_difference(design("minutes")),
        )


def test_headlines_of_ratios_stand_below_each_other_as_in_tidy():
    picture = report.figure(*several())
    rows = picture.data["cities"]
    for row, result in zip(rows.itertuples(), several()[:4], strict=True):
        first = result.tidy().iloc[0]
        assert (row.effect, row.low, row.high) == (first["estimate"], first["conf_low"], first["conf_high"])
    assert rows["city"].str.split("\n").str[0].tolist() == [
        "Comparison cities, prediction interval",
        "Two-way regression, ranks",
        "Interrupted time series",
        "Attended against other calls, weighted",
    ]
    assert rows["role"].tolist() == ["treated", "comparison", "comparison", "comparison"]
    assert "1 in other units is not drawn" in picture.caption
    assert np.isinf(rows["high"][1])


@pytest.mark.parametrize("form", [".svg", ".png", ".pdf"])
def test_pictures_of_rows_are_drawn_also_without_an_end(tmp_path, form):
    with quietly():
        balance = check.balance(None, match_nearest(design()))
        grouped = did_group_time(
            PanelDesign.from_frame(staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated")
        )
    for picture in (across(several()), love(balance), report.figure(aggregate(grouped, by="event_time"))):
        assert report.write(picture, tmp_path / f"{picture.kind}{form}").stat().st_size > 5_000


def test_one_ratio_is_nothing_to_compare():
    with pytest.raises(EstimationError, match="1 of 2 results are ratios"):
        report.figure(several()[0], several()[4])
    with pytest.raises(EstimationError, match="results or one check, not 1 checks and 1 results"):
        report.figure(several()[0], check.balance(None, design()))


def test_love_plot_shows_differences_without_sign_the_largest_first():
    with quietly():
        found = check.balance(None, weight_propensity(design(), scheme="att"))
    rows = report.figure(found).data["balance"]
    table = found.table[found.table["kind"] != "prognosis"].set_index("covariate")
    assert rows["before"].tolist() == sorted(table["smd_before"].abs(), reverse=True)
    assert rows.set_index("covariate").loc["night", "after"] == abs(table.loc["night", "smd_after"])
    assert rows.set_index("covariate").loc["night", "before"] > 0.3 > 0.05 > rows["after"].max()


def test_a_regression_besides_the_weights_is_part_of_the_name():
    weighted = weight_propensity(design())
    names = [words.named(call_difference(weighted, regression=kind)) for kind in ("none", "by_arm")]
    assert names == [
        "Attended against other calls, weighted",
        "Attended against other calls, weighted, with a regression",
    ]


def test_who_stands_behind_a_row_of_the_love_plot_moves_with_it():
    found = check.balance(None, design())
    found = replace(found, support=pd.DataFrame({"calls": found.table["smd_before"].abs()}))
    picture = report.figure(found)
    np.testing.assert_array_equal(picture.support["calls"], picture.data["balance"]["before"])


def test_effects_by_time_since_the_start_have_their_joint_band():
    d = PanelDesign.from_frame(
        staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated", covariates=["x"]
    )
    result = aggregate(did_group_time(d, inference="bootstrap", replications=99), by="event_time")
    picture = report.figure(result)
    rows, tidy = picture.data["events"], result.tidy().iloc[1:]
    assert rows["event_time"].tolist() == tidy["event_time"].tolist()
    assert rows["low"].tolist() == tidy["band_low"].tolist()
    assert "joint band" in picture.caption
    assert (rows["low"][rows["event_time"] >= 0] > 0).all()  # effects of one and more, standard errors of .1


def test_spans_of_time_stand_at_their_middle_and_the_base_without_an_interval():
    result = did_event_study(panel())
    picture = report.figure(result)
    rows = picture.data["events"].set_index("event_time")
    assert rows["position"].tolist() == [start + 2.5 for start in rows.index]
    assert rows.loc[-6, "estimate"] == 0
    assert rows["low"].isna().tolist() == [start == -6 for start in rows.index]
    assert "Hollow" in picture.caption
    assert picture.labels["x"] == "Months since the start, in spans of 6"
    assert report.sentence(result).text.count("against the 6 months before the start") == 1


def test_counted_against_expected_events_gives_all_three_pictures():
    result = did_poisson(panel())
    assert [picture.kind for picture in report.figures.pictures(result)] == ["events", "gap", "forest"]
    assert report.figure(result).kind == "forest"
    events = report.figures.pictures(result)[0]
    assert "Before the start" not in events.caption
    assert "what the comparison cities' experience predicts" in report.sentence(result).text


def test_effects_of_cohorts_are_no_single_line():
    d = PanelDesign.from_frame(staggered(seed=1), outcome="y", unit="id", time="t", cohort="first_treated")
    cells = did_group_time(d)
    with pytest.raises(EstimationError, match=r"average it: aggregate\(result, by='event_time'\)"):
        report.figure(cells)
    assert "in the units that started in 3, seen in 3, against those that had not" in report.sentence(cells).text
    with pytest.raises(EstimationError, match="by='dynamic' is not a choice"):
        aggregate(cells, by="dynamic")


def test_errors_that_cannot_be_used_are_marked_before_they_are_read():
    with quietly():
        clustered = did_two_way(panel(), log=True, inference="cluster")
    page = report.page([several()[0], clustered])
    section = next(section for section in page.sections if section.title.endswith("clustered errors"))
    assert section.blocks[0].text.startswith("For comparison with the literature only")
    table = report.table(clustered).frame
    assert table[["p_value", "mde"]].isna().all(axis=None)
    assert report.page([clustered]).finding[1].text.startswith("For comparison with the literature only")


def test_calls_are_spoken_of_as_calls():
    weighted = report.sentence(call_difference(weight_propensity(design(), scheme="att"), scale="ratio")).text
    assert re.match(
        r"Arrests were \d+ % rarer in calls the team attended than in like calls it did not attend \(95 % interval",
        weighted,
    )
    assert "a difference of" in weighted
    minutes = report.sentence(call_difference(weight_propensity(design("minutes"), scheme="att"))).text
    assert re.search(r"were \d\.\d+ minutes per call lower in calls the team attended", minutes)
    shuffled = calls()["arrest"].sample(frac=1, random_state=3).to_numpy()
    unclear = report.sentence(call_difference(match_nearest(design(arrest=shuffled)), scale="ratio")).text
    assert (
        "cannot tell whether arrests are rarer or more frequent in calls the team attended than in matched" in unclear
    )
    assert "includes no difference" in unclear
    with quietly():
        plain = report.sentence(call_difference(design(), scale="ratio")).text
    assert "than in other calls, whatever kind they were, it did not attend" in plain
    for text in (weighted, minutes, unclear, plain):
        assert "programme" not in text


def test_other_treatments_are_named():
    frame = calls().rename(columns={"attended": "follow_up"})
    d = CallDesign.from_frame(frame, outcome="arrest", treatment="follow_up", covariates=["night"])
    assert (
        "in calls with follow up than in like calls without it"
        in report.sentence(call_difference(weight_propensity(d), scale="ratio")).text
    )


def test_ranks_say_what_they_cannot_do_and_why_clustered_errors_are_not_used():
    said = report.sentence(ranked()).text
    assert "ranks among so few cities exclude nothing" in said
    assert "finds no effect, however large: its p-value cannot go below 0.143" in said
    page = report.page([several()[0], ranked()])
    (text,) = [part.text for part in page.parts() if getattr(part, "text", "").startswith("Among 7 cities")]
    p = ranked().pvalues.iloc[0]
    assert f"{round(7 * p)} have an estimate as large or larger (permutation p = {p:.3f}" in text
    assert "rejected 32 % of the time where nothing had changed" in text


def test_the_same_outcome_by_two_adjustments_is_two_designs():
    with quietly():
        adjusted = [match_nearest(design(), caliper=width) for width in (0.05, 0.2)] + [match_coarsened(design())]
        results = [call_difference(one) for one in adjusted]
    page = report.page([several()[0], *results])
    titles = [section.title.removeprefix("What does another design say? ") for section in page.sections]
    assert titles.count("Attended against other calls, matched") == 2
    assert titles.count("Attended against other calls, matched in bins") == 1
    assert not [title for title in titles if title.endswith("every outcome")]


def test_outcomes_of_one_design_stand_in_one_table():
    with quietly():
        results = [call_difference(weight_propensity(design(name))) for name in ("arrest", "minutes")]
    page = report.page([several()[0], *results])
    (section,) = [section for section in page.sections if section.title.endswith("every outcome")]
    frame = section.blocks[0].frame
    assert frame["outcome"].tolist() == ["arrests", "minutes"]
    assert frame["std_error"].tolist() == [float(result.bse.iloc[0]) for result in results]
    titles = [section.title for section in page.sections]
    assert titles.count("What does another design say? Attended against other calls, weighted") == 1
