"""What every estimator keeps, whatever it estimates: one suite over all registered methods and the template.

A method whose design has no maker below fails here; a new method is covered without a line in this file.
"""

import ast
import inspect
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate, report
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.influence import Influence
from coresponder_causal.core.registry import METHODS, headings, measured, not_measured
from coresponder_causal.core.result import Result
from coresponder_causal.core.version import VERSION
from coresponder_causal.design import (
    CallDesign,
    CallInstrumentDesign,
    CoverageDesign,
    HistoryDesign,
    OfficerDesign,
    PanelDesign,
    PartlyKnownDesign,
    SeriesDesign,
    StrataDesign,
    SwitchbackDesign,
    VignetteDesign,
    WaveDesign,
    switchback_schedule,
    weight_propensity,
)
from coresponder_causal.estimate import _template
from coresponder_causal.estimate.__main__ import methods_page
from coresponder_causal.simulate import WorldConfig, officer_panel, world

DOCS = Path(__file__).parents[1] / "docs" / "methods.md"
CITY, START = "West Sacramento", "2020-07-15"
# Five comparison cities and 400 calls a month: no estimator has a doubt, so that none warns here.
STUDY = world("west_sac_like", seed=3, config=WorldConfig(n_comparison=5, monthly_calls=400))
PLAN = switchback_schedule(weeks=26, start="2021-01-04", city=CITY, seed=1)
SEVERAL = world("west_sac_like", seed=3, config=WorldConfig(n_comparison=17))
TIDY = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
NAMES = sorted(METHODS)
not_estimators = {"aggregate"}  # takes a result, not a design
# Counts of persons among known numbers of persons, links that are there or not, and days have no other unit.
shares = {"call_linkage", "call_narrative", "call_recurrent", "call_repeat", "call_strata"}
not_studied = {"series_mean_change"}  # the template: it is copied, nobody's data meet it


@dataclass(frozen=True)
class Maker:
    """A frame of counts called ``calls``, and the design made of it."""

    frame: Callable[[], pd.DataFrame]
    design: Callable[[pd.DataFrame, str | None], object]


def of_series(frame, outcome):
    return SeriesDesign.from_frame(frame, outcome=outcome, time="month", start=START, exposure="population")


def of_panel(frame, outcome):
    return PanelDesign.from_frame(
        frame, outcome=outcome, unit="city", time="month", treated=CITY, start=START, exposure="population"
    )


def of_largest(frame, outcome):
    treated = frame.groupby("city")["population"].mean().idxmax()
    return PanelDesign.from_frame(
        frame, outcome=outcome, unit="city", time="month", treated=treated, start=START, exposure="population"
    )


def of_coverage(frame, outcome):
    return CoverageDesign.from_tables(frame, STUDY.tables["schedule"], outcome=outcome, start=START)


def of_calls_by_hours(frame, outcome):
    return CoverageDesign.from_tables(
        frame, STUDY.tables["schedule"], outcome=outcome, start=START, exposure="calls", covariates=["priority"]
    )


def of_several(frame, outcome):
    treated = sorted(frame["city"].unique())[:6]
    return PanelDesign.from_frame(frame, outcome=outcome, unit="city", time="month", treated=treated, start="2020-07")


def of_plain_calls(frame, outcome):
    known = ["prior_contacts", "patrol_load", "priority"]
    return CallDesign.from_frame(frame, outcome=outcome, treatment="attended", covariates=known)


def of_calls(frame, outcome):
    return weight_propensity(of_plain_calls(frame, outcome), scheme="overlap")


def of_partly_known(frame, outcome, **columns):
    plain = CallDesign.from_frame(
        frame, outcome=None, treatment="attended", covariates=["prior_contacts", "patrol_load", "priority"]
    )
    return PartlyKnownDesign.from_calls(weight_propensity(plain, scheme="overlap"), outcome=outcome, **columns)


def of_double_sample(frame, outcome):
    return of_partly_known(frame, outcome, drawn="drawn")


def of_linkage(frame, outcome):
    return of_partly_known(frame, outcome, reviewed="truly")


def of_narratives(frame, outcome):
    return of_partly_known(frame, outcome, reviewed="truly", chance="chance")


def of_switchback(frame, outcome):
    return SwitchbackDesign.from_tables(frame, PLAN, outcome=outcome)


def of_strata(frame, outcome):
    return StrataDesign.from_frame(frame, outcome=outcome, treatment="attended")


def by_strata():
    persons, hits = [270, 50, 230, 90, 180, 120, 130, 160, 90, 180], [40, 14, 48, 26, 44, 40, 36, 62, 30, 80]
    frame = pd.DataFrame({"stratum": np.repeat(np.arange(5), 2), "attended": [0, 1] * 5, "persons": persons})
    return frame.assign(score=[-1.9, -1.7, -0.8, -0.7, -0.3, -0.2, 0.3, 0.4, 1.2, 1.5], calls=hits)


def of_officers(frame, outcome):
    return OfficerDesign.from_frame(frame, outcome=outcome, dose="calls_together", volunteered="volunteered")


def by_officer():
    frame = officer_panel(seed=3, officers=48, months=24, squads=6).frame
    return frame.drop(columns="calls").rename(columns={"force": "calls"})


def by_half_day():
    rng = np.random.default_rng(3)
    return PLAN.frame[["shift_start"]].assign(
        calls=rng.poisson(3.0, len(PLAN.starts)), attended=PLAN.covered.ravel().astype(int)
    )


def calls_on_duty():
    table = STUDY.tables["calls"]
    mine = table[(table["city"] == CITY) & table["team_on_duty"]].head(1500)
    wanted = ["call_id", "attended", "prior_contacts", "patrol_load", "priority"]
    return mine[wanted].assign(calls=mine["minutes_on_scene"].fillna(0).astype(float)).reset_index(drop=True)


def calls_followed_up():
    frame = calls_on_duty()
    return frame.assign(calls=frame["calls"].mask(frame.index % 5 == 1))


def calls_followed_up_twice():
    frame = calls_on_duty()
    return frame.assign(calls=frame["calls"].mask(frame.index % 5 == 1), drawn=frame.index % 5 == 3)


def calls_linked():
    frame = calls_on_duty()
    truly = (frame["calls"] > frame["calls"].median()).astype(float)
    return frame.assign(calls=truly.where(frame.index % 7 > 0, 1 - truly), truly=truly.where(frame.index % 3 == 0))


def of_histories(frame, outcome):
    """Minutes on scene stand for days to the next call; every third call leads to custody."""
    calls = frame.drop(columns="calls")
    plain = CallDesign.from_frame(
        calls, outcome=None, treatment="attended", covariates=["prior_contacts", "patrol_load", "priority"]
    )
    kept = frame[frame["priority"] == 1]
    rows = [
        frame[["call_id"]].assign(kind="calls", day=frame["calls"], until=np.nan)[frame["calls"] <= 200],
        kept[["call_id"]].assign(kind="custody", day=30.0, until=45.0),
        frame[["call_id"]].assign(kind="end", day=200.0, until=np.nan),
    ]
    return HistoryDesign.from_history(weight_propensity(plain, scheme="overlap"), pd.concat(rows), outcome=outcome)


def calls_coded():
    return calls_linked().assign(chance=1 / 3)


def of_instrument(frame, outcome):
    return CallInstrumentDesign.from_tables(
        frame, STUDY.tables["schedule"], outcome=outcome, start=START, covariates=["prior_contacts", "patrol_load"]
    )


def calls_of_two_years():
    table = STUDY.tables["calls"]
    mine = table[(table["city"] == CITY) & table["received_at"].between("2019-07-15", "2021-07-14")]
    wanted = ["call_id", "city", "received_at", "attended", "prior_contacts", "patrol_load"]
    return mine[wanted].assign(calls=mine["minutes_on_scene"].fillna(0).astype(float)).reset_index(drop=True)


def calls_one_by_one():
    table = STUDY.tables["calls"]
    mine = table[table["city"] == CITY]
    wanted = ["call_id", "city", "received_at", "attended"]
    return mine[wanted].assign(calls=mine["minutes_on_scene"].fillna(0).astype(float)).reset_index(drop=True)


def calls_of_all_cities():
    table = STUDY.tables["calls"]
    near = table[table["received_at"].between("2019-07-15", "2021-07-14")]
    wanted = ["call_id", "city", "received_at", "priority"]
    return near[wanted].assign(calls=near["minutes_on_scene"].fillna(0).astype(float)).reset_index(drop=True)


def one_city():
    counts = STUDY.panel_counts
    return counts[counts["city"] == CITY].reset_index(drop=True)


def one_city_with_few_calls():
    frame = one_city()
    return frame.assign(calls=4 * (frame["calls"] > frame["calls"].median()).astype(int))


def of_waves(frame, outcome):
    return WaveDesign.from_frame(frame, outcome=outcome, person="officer", wave="wave", exposure="rides")


def by_wave():
    """Ninety officers on three waves; fifty rode along, in turns, and forty are asked on the last wave in vain."""
    rng, officer, wave = np.random.default_rng(5), np.repeat(np.arange(90), 3), np.tile([0, 1, 2], 90)
    rides = ((officer < 50) & (wave > officer % 2)).astype(float)
    answer = np.digitize(rng.normal(size=90)[officer] + 0.6 * rides + rng.logistic(size=270), [-2, -0.7, 0.7, 2])
    stayed = (wave < 2) | (rng.random(270) < 0.5 + 0.2 * (officer < 50))
    frame = pd.DataFrame({"officer": officer, "wave": wave, "rides": rides})
    return frame.assign(calls=np.where(stayed, answer + 1.0, np.nan))


def of_vignettes(frame, outcome):
    return VignetteDesign.from_frame(frame, outcome=outcome, person="officer", factors=["drunk", "race"])


def by_case():
    """Sixty officers, six cases each."""
    rng, officer = np.random.default_rng(6), np.repeat(np.arange(60), 6)
    frame = pd.DataFrame({"officer": officer, "drunk": rng.integers(0, 2, 360), "race": rng.integers(0, 3, 360)})
    return frame.assign(calls=(rng.normal(3, 1, 60)[officer] + 0.4 * frame["drunk"] + rng.normal(size=360)).round(1))


def by_like_cities():
    """Nine cities that share their course, so that weights can reproduce it."""
    rng, months = np.random.default_rng(8), pd.period_range("2017-01", periods=60, freq="M").astype(str)
    t, city = np.arange(60), np.arange(9)[:, None]
    course = 0.25 * np.sin(t / 5) * (1 + 0.04 * city) + 0.3 * np.cos(t / 9) * (1 - 0.04 * city)
    people = 40_000 + 5_000 * ((city + 4) % 9)
    counts = rng.poisson(people / 100 * np.exp(course + 0.02 * rng.normal(size=(9, 60))))
    names = [CITY, *(f"city {number}" for number in range(1, 9))]
    frame = pd.DataFrame({"city": np.repeat(names, 60), "month": np.tile(months, 9), "calls": counts.ravel()})
    return frame.assign(population=np.repeat(people.ravel(), 60))


MAKERS = {
    "SeriesDesign": Maker(one_city, of_series),
    "PanelDesign": Maker(lambda: STUDY.panel_counts, of_panel),
    "CallDesign": Maker(calls_on_duty, of_calls),
    "CallInstrumentDesign": Maker(calls_of_two_years, of_instrument),
    "PartlyKnownDesign": Maker(calls_followed_up, of_partly_known),
    "CoverageDesign": Maker(lambda: STUDY.hours, of_coverage),
    "HistoryDesign": Maker(calls_on_duty, of_histories),
    "OfficerDesign": Maker(by_officer, of_officers),
    "StrataDesign": Maker(by_strata, of_strata),
    "SwitchbackDesign": Maker(by_half_day, of_switchback),
    "VignetteDesign": Maker(by_case, of_vignettes),
    "WaveDesign": Maker(by_wave, of_waves),
}


# Methods that are not licensed for one treated city among five or for a smaller one, and those that need more than
# their design says.
OWN = dict.fromkeys(
    ("did_group_time", "did_imputation", "did_interaction", "did_stacked", "did_switching", "did_two_way"),
    Maker(lambda: SEVERAL.panel_counts.drop(columns="population"), of_several),
) | {
    **dict.fromkeys(("call_aipw", "dml_forest", "dml_linear"), Maker(calls_on_duty, of_plain_calls)),
    **dict.fromkeys(("synth_augmented", "synth_control", "synth_did"), Maker(by_like_cities, of_panel)),
    "call_double_sample": Maker(calls_followed_up_twice, of_double_sample),
    "call_linkage": Maker(calls_linked, of_linkage),
    "call_narrative": Maker(calls_coded, of_narratives),
    "call_boundary": Maker(calls_one_by_one, of_coverage),
    "did_few_treated": Maker(lambda: STUDY.panel_counts, of_largest),
    "did_triple": Maker(calls_of_all_cities, of_calls_by_hours),
    "its_rare": Maker(one_city_with_few_calls, of_series),
}


def function(name):
    return getattr(estimate, name) if name in estimate.__all__ else getattr(_template, name)


def maker(name):
    wanted = METHODS[name].design
    if name in OWN:
        return OWN[name]
    assert wanted in MAKERS, f"{name} takes a {wanted}: give this suite a maker of one in MAKERS"
    return MAKERS[wanted]


@cache
def designed(name):
    return maker(name).design(maker(name).frame(), "calls")


@cache
def estimated(name):
    return function(name)(designed(name))


def on_other_counts(name, change, **options):
    """Run the estimator on the same design with its outcome changed; ``change`` maps counts to counts."""
    frame = maker(name).frame()
    return function(name)(maker(name).design(frame.assign(calls=change(frame["calls"])), "calls"), **options)


def options_of(name):
    _, *options = inspect.signature(function(name)).parameters.values()
    return options


def as_json(value):
    return json.loads(json.dumps(value))


every_method = pytest.mark.parametrize("name", NAMES)


def test_every_exported_estimator_is_registered_and_the_template_with_them():
    assert set(NAMES) >= {*estimate.__all__, "series_mean_change"} - not_estimators


@every_method
def test_returns_a_result_with_terms_support_and_sizes(name):
    result = estimated(name)
    assert isinstance(result, Result)
    assert result.method == name
    assert set(result.terms["term"]) == set(result.support["term"])
    assert list(result.support) == ["term", "persons", "events", "units"]
    assert result.n_obs > 0
    assert result.n_units > 0
    assert all(result.estimand.to_dict().values())
    assert result.extra["interval"]


@every_method
def test_provenance_names_data_options_and_version(name):
    about = estimated(name).provenance
    assert (about.design, about.version) == (METHODS[name].design, VERSION)
    assert about.data == designed(name).fingerprint
    assert len(about.data) == 64
    stated = json.loads(about.options)
    assert stated == {option.name: as_json(option.default) for option in options_of(name)}
    assert about.option_values() == {option.name: option.default for option in options_of(name)}


@every_method
def test_fingerprint_follows_the_data_and_the_outcome(name):
    frame = maker(name).frame()
    assert maker(name).design(frame, "calls").fingerprint == designed(name).fingerprint
    assert maker(name).design(frame, None).fingerprint != designed(name).fingerprint
    other = frame.assign(calls=frame["calls"].where(frame.index != 7, frame["calls"] + 1))
    assert maker(name).design(other, "calls").fingerprint != designed(name).fingerprint


@every_method
def test_input_and_design_are_left_as_they_were(name):
    frame = maker(name).frame()
    given = frame.copy(deep=True)
    design = maker(name).design(frame, "calls")
    pd.testing.assert_frame_equal(frame, given)
    before, source = design.fingerprint, design.source.copy(deep=True)
    function(name)(design)
    pd.testing.assert_frame_equal(design.source, source)
    pd.testing.assert_frame_equal(frame, given)
    assert design.fingerprint == before


@every_method
def test_repeats_bit_for_bit_also_in_threads(name):
    once = estimated(name).to_json()
    with ThreadPoolExecutor(2) as pool:
        again = [job.result() for job in [pool.submit(function(name), designed(name)) for _ in range(2)]]
    assert [result.to_json() for result in again] == [once, once]


@every_method
def test_row_order_does_not_matter(name):
    frame = maker(name).frame()
    shuffled = frame.sample(frac=1.0, random_state=5)
    assert list(shuffled.index) != list(frame.index)
    assert function(name)(maker(name).design(shuffled, "calls")).to_json() == estimated(name).to_json()


# The search for variance parameters runs on a standardised outcome and takes the same steps; only τ² comes from a
# minimiser that stops within the square root of machine precision (1.5e-8) of itself, hence 1e-7 for what it enters.
def assert_carried(moved, result, factor):
    std_error = np.sqrt(np.diag(result.vcov))
    assert np.abs(moved.estimate / factor - result.estimate).max() < (1e-8 * std_error).min()
    np.testing.assert_allclose(np.sqrt(np.diag(moved.vcov)), factor * std_error, rtol=1e-7)
    np.testing.assert_allclose(moved.df, result.df, rtol=1e-7)


@every_method
def test_the_unit_of_the_outcome_carries_through(name):
    """Log ratios do not feel a factor; differences take it on and do not feel a shift."""
    if name in shares:
        pytest.skip(f"{name} reads shares, which have no other unit")
    variants = [{}, {"link": "identity"}] if "link" in [option.name for option in options_of(name)] else [{}]
    for options in variants:
        result = function(name)(designed(name), **options)
        if result.scale == "difference":
            assert_carried(on_other_counts(name, lambda counts: 70 + 3 * counts, **options), result, 3)
            continue
        doubled = on_other_counts(name, lambda counts: 2 * counts, **options)
        assert_carried(doubled, result, 1)
        if result.event_base is not None:
            np.testing.assert_allclose(doubled.event_base, 2 * result.event_base)  # nan where no events are meant


@every_method
def test_variance_is_that_of_the_influence_functions(name):
    result = estimated(name)
    if result.influence is None:
        pytest.skip(f"{name} carries no influence functions")
    psi = result.influence.rows() if result.influence.cluster is None else result.influence.by_cluster().to_numpy()
    np.testing.assert_allclose(result.vcov, psi.T @ psi / result.influence.n**2, rtol=1e-10)


@every_method
def test_result_and_design_pickle(name):
    result, design = (pickle.loads(pickle.dumps(thing)) for thing in (estimated(name), designed(name)))
    assert result.to_json() == estimated(name).to_json()
    assert design.fingerprint == designed(name).fingerprint
    assert function(name)(design).to_json() == result.to_json()


@every_method
def test_arrays_are_read_only_also_in_a_pickled_copy(name):
    for result in (estimated(name), pickle.loads(pickle.dumps(estimated(name)))):
        arrays = {field.name: getattr(result, field.name) for field in fields(result)}
        held = {key: array for key, array in arrays.items() if isinstance(array, np.ndarray)}
        assert set(held) >= {"estimate", "vcov", "df"}
        assert [key for key, array in held.items() if array.flags.writeable] == []
        with pytest.raises(AttributeError):
            result.estimate = np.zeros(1)


@every_method
def test_tidy_has_its_columns_and_agrees_with_the_labelled_views(name):
    result = estimated(name)
    tidy = result.tidy()
    keys = [column for column in result.terms if column != "term"]
    added = ["set_low", "set_high"] if result.kind == "set" else []
    assert list(tidy) == [*keys, *TIDY, *added]
    assert np.isfinite(tidy[TIDY[1:]].to_numpy(float)).all()
    assert (tidy["conf_low"] < tidy["estimate"]).all()
    assert (tidy["estimate"] < tidy["conf_high"]).all()
    assert tidy["p_value"].between(0, 1).all()
    for view, column in (("params", "estimate"), ("bse", "std_error"), ("pvalues", "p_value")):
        labelled = getattr(result, view)
        assert list(labelled.index) == list(tidy["term"])
        np.testing.assert_array_equal(labelled, tidy[column])
    np.testing.assert_array_equal(result.conf_int(), tidy[["conf_low", "conf_high"]])
    assert (result.conf_int(0.8)["conf_high"] < result.conf_int()["conf_high"]).all()
    assert len(result.glance()) == 1


@every_method
def test_card_is_complete(name):
    card = METHODS[name]
    assert tuple(heading for heading, _ in card.sections) == headings
    assert all(len(text) > 20 for _, text in card.sections)
    assert card.title
    assert card.contrasts
    assert card.reference
    assert card.checked_against
    assert "doi:" in dict(card.sections)["Reference"]
    assert "{interval}" in dict(card.sections)["Say"]
    shown = card.to_markdown()
    assert shown.startswith(f"## `{name}`")
    assert all(f"**{heading}.** {text}" in shown for heading, text in card.sections)


@every_method
def test_checks_named_on_the_card_exist(name):
    from coresponder_causal import check

    text = dict(METHODS[name].sections)["Needs"]
    named = {part.strip() for piece in text.split("(check:")[1:] for part in piece.split(")")[0].split(",")}
    assert named
    assert named <= set(check.__all__)


@every_method
def test_measured_domain_is_said(name):
    domain, found, notes = METHODS[name].domain, measured(estimated(name)), estimated(name).notes
    if name in not_studied:
        assert (domain, found) == (not_measured, None)
        assert not_measured in notes
        return
    assert domain.startswith("domain: measured in"), "run `coresponder-causal validity run`, bring the rows into core"
    assert METHODS[name].setting is not None
    assert str(found) in notes
    assert found.replications > 0


@every_method
def test_another_design_is_refused_by_name(name):
    wanted = METHODS[name].design
    other = next(made for key, made in MAKERS.items() if key != wanted)
    with pytest.raises(DesignError, match=f"takes a {wanted}, not a ") as caught:
        function(name)(other.design(other.frame(), "calls"))
    assert f"design.{wanted}" in caught.value.mend
    with pytest.raises(DesignError, match=f"takes a {wanted}, not a DataFrame"):
        function(name)(maker(name).frame())


@every_method
def test_design_without_outcome_is_refused_until_one_is_named(name):
    blank = maker(name).design(maker(name).frame(), None)
    with pytest.raises(DesignError, match="needs an outcome") as caught:
        function(name)(blank)
    assert ".with_outcome" in caught.value.mend
    assert function(name)(blank.with_outcome("calls")).to_json() == estimated(name).to_json()


def literals(hint):
    """The values of every Literal inside an annotation."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(value for part in get_args(hint) for value in literals(part))


@every_method
def test_an_option_that_does_not_exist_is_refused_with_the_choices(name):
    hints = get_type_hints(function(name))
    for option in options_of(name):
        with pytest.raises(EstimationError, match=f"{option.name}='nonsense'") as caught:
            function(name)(designed(name), **{option.name: "nonsense"})
        assert all(repr(value) in caught.value.mend for value in literals(hints[option.name])), option.name


@every_method
def test_options_are_keywords_and_a_misspelt_one_is_an_error(name):
    kinds = {option.kind for option in options_of(name)}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY}
    assert all(option.default is not inspect.Parameter.empty for option in options_of(name))
    with pytest.raises(EstimationError, match=f"{name} has no option no_such_option"):
        function(name)(designed(name), no_such_option=1)
    with pytest.raises(TypeError):
        function(name)(designed(name), "reml-ar1")


@every_method
def test_json_gives_the_same_result_back(name):
    result = estimated(name)
    again = Result.from_json(result.to_json())
    assert again.to_json() == result.to_json()
    for field in fields(Result):
        ours, theirs = getattr(result, field.name), getattr(again, field.name)
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(theirs, ours, err_msg=field.name)
            assert not theirs.flags.writeable
        elif isinstance(ours, pd.DataFrame):
            pd.testing.assert_frame_equal(theirs, ours, check_exact=True, obj=field.name)
        elif field.name not in ("influence", "variance_record"):
            assert theirs == ours, field.name
    pd.testing.assert_frame_equal(again.tidy(), result.tidy(), check_exact=True)


@every_method
def test_what_may_leave_carries_no_units(name):
    units = Influence(left=np.ones((3, 1)), right=np.ones((1, len(estimated(name).terms))), unit=pd.Index(list("abc")))
    public = replace(estimated(name), influence=units).public()
    assert public.influence is None
    assert (public.path, public.cities) == (None, None)
    assert public.to_json() == replace(estimated(name), path=None, cities=None).to_json()
    assert "influence" not in json.loads(public.to_json())


@every_method
def test_result_reads_as_text_and_html_and_escapes(name):
    result = estimated(name)
    for shown in (str(result), result.summary(), result._repr_html_()):
        assert name in shown
        assert all(term in shown for term in result.terms["term"])
    assert all(text in result.summary() for text in result.notes)
    hostile = "<script>alert(1)</script>"
    estimand = replace(result.estimand, outcome=hostile)
    labels = result.terms.assign(term=[hostile, *result.terms["term"][1:]])
    html = replace(result, notes=(hostile,), estimand=estimand, terms=labels)._repr_html_()
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 3


@every_method
def test_a_council_can_be_told_of_every_result(name):
    nothing_wrong = pd.DataFrame(columns=["rule", "severity", "count"])
    sheet = report.council_page([estimated(name)], checks=[()], title="A town", quality=nothing_wrong)
    verdict, amount, noticed = (sentence.text for sentence in sheet.finding)
    assert re.match(r"As far as this study can tell, yes|This study cannot tell|This only describes", verdict)
    assert re.search(r"anything from .+ fits? these data|rule out nothing", amount)
    assert not re.search("nan|None|–", amount + noticed)


@every_method
def test_the_file_holds_one_function_for_others_and_never_prints(name):
    tree = ast.parse(Path(inspect.getsourcefile(inspect.unwrap(function(name)))).read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [call.id for call in calls if isinstance(call, ast.Name) and call.id == "print"] == []
    public = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert [found for found in public if not found.startswith("_")] == [name]


def test_the_methods_page_is_up_to_date():
    shown = methods_page()
    assert [line for line in shown.splitlines() if line.startswith("## ")] == [
        f"## `{name}`" for name in sorted({*estimate.__all__} - not_estimators)
    ]
    assert DOCS.read_text(encoding="utf-8") == shown, "run: python -m coresponder_causal.estimate"


def test_the_page_is_written_by_one_command(tmp_path):
    subprocess.run([sys.executable, "-m", "coresponder_causal.estimate"], cwd=tmp_path, check=True)
    assert (tmp_path / "docs" / "methods.md").read_text(encoding="utf-8") == methods_page()
