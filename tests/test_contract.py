"""What every estimator keeps: the rules of `testing` over all registered methods and the template.

A method whose design has no example there fails here; a new method is covered without a line in this file.
"""

import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import estimate
from coresponder_causal.core.registry import METHODS, measured, not_measured
from coresponder_causal.design import CallDesign, CoverageDesign, PanelDesign, PartlyKnownDesign, weight_propensity
from coresponder_causal.estimate import _template
from coresponder_causal.estimate.__main__ import methods_page
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.testing import Case, Example, broken, example_of, rules, title
from coresponder_causal.testing.examples import (
    calls_followed_up,
    calls_on_duty,
    city,
    known_before,
    of_coverage,
    of_panel,
    of_plain_calls,
    of_series,
    one_city,
    simulated_city,
    start,
    with_minutes,
)

DOCS = Path(__file__).parents[1] / "docs" / "methods.md"
NAMES = sorted(METHODS)
not_estimators = {"aggregate"}  # takes a result, not a design
not_studied = {"series_mean_change"}  # the template: it is copied, nobody's data meet it


@cache
def several_cities():
    return world("west_sac_like", seed=3, config=WorldConfig(n_comparison=17)).panel_counts.drop(columns="population")


def of_several(frame, outcome):
    treated = sorted(frame["city"].unique())[:6]
    return PanelDesign.from_frame(frame, outcome=outcome, unit="city", time="month", treated=treated, start="2020-07")


def of_largest(frame, outcome):
    treated = frame.groupby("city")["population"].mean().idxmax()
    return PanelDesign.from_frame(
        frame, outcome=outcome, unit="city", time="month", treated=treated, start=start, exposure="population"
    )


def of_calls_by_hours(frame, outcome):
    schedule = simulated_city().tables["schedule"]
    return CoverageDesign.from_tables(
        frame, schedule, outcome=outcome, start=start, exposure="calls", covariates=["priority"]
    )


def of_partly_known(frame, outcome, **columns):
    plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=list(known_before))
    return PartlyKnownDesign.from_calls(weight_propensity(plain, scheme="overlap"), outcome=outcome, **columns)


def of_double_sample(frame, outcome):
    return of_partly_known(frame, outcome, drawn="drawn")


def of_linkage(frame, outcome):
    return of_partly_known(frame, outcome, reviewed="truly")


def of_narratives(frame, outcome):
    return of_partly_known(frame, outcome, reviewed="truly", chance="chance")


def calls_followed_up_twice():
    frame = calls_followed_up()
    return frame.assign(drawn=frame.index % 5 == 3)


def calls_linked():
    frame = calls_on_duty()
    truly = (frame["calls"] > frame["calls"].median()).astype(float)
    return frame.assign(calls=truly.where(frame.index % 7 > 0, 1 - truly), truly=truly.where(frame.index % 3 == 0))


def calls_coded():
    return calls_linked().assign(chance=1 / 3)


def calls_one_by_one():
    table = simulated_city().tables["calls"]
    return with_minutes(table[table["city"] == city], "call_id", "city", "received_at", "attended")


def calls_of_all_cities():
    table = simulated_city().tables["calls"]
    near = table[table["received_at"].between("2019-07-15", "2021-07-14")]
    return with_minutes(near, "call_id", "city", "received_at", "priority")


def one_city_with_few_calls():
    frame = one_city()
    return frame.assign(calls=4 * (frame["calls"] > frame["calls"].median()).astype(int))


def by_like_cities():
    """Nine cities that share their course, so that weights can reproduce it."""
    rng, months = np.random.default_rng(8), pd.period_range("2017-01", periods=60, freq="M").astype(str)
    t, place = np.arange(60), np.arange(9)[:, None]
    course = 0.25 * np.sin(t / 5) * (1 + 0.04 * place) + 0.3 * np.cos(t / 9) * (1 - 0.04 * place)
    people = 40_000 + 5_000 * ((place + 4) % 9)
    counts = rng.poisson(people / 100 * np.exp(course + 0.02 * rng.normal(size=(9, 60))))
    names = [city, *(f"city {number}" for number in range(1, 9))]
    frame = pd.DataFrame({"city": np.repeat(names, 60), "month": np.tile(months, 9), "calls": counts.ravel()})
    return frame.assign(population=np.repeat(people.ravel(), 60))


# Methods that are not licensed for one treated city among five or for a smaller one, and those that need more than
# their design says.
OWN = dict.fromkeys(
    ("did_group_time", "did_imputation", "did_interaction", "did_stacked", "did_switching", "did_two_way"),
    Example(several_cities, of_several),
) | {
    **dict.fromkeys(("call_aipw", "dml_forest", "dml_linear"), Example(calls_on_duty, of_plain_calls)),
    **dict.fromkeys(("synth_augmented", "synth_control", "synth_did"), Example(by_like_cities, of_panel)),
    "call_double_sample": Example(calls_followed_up_twice, of_double_sample),
    "call_linkage": Example(calls_linked, of_linkage, unit_free=True),
    "call_narrative": Example(calls_coded, of_narratives, unit_free=True),
    "call_boundary": Example(calls_one_by_one, of_coverage),
    "did_few_treated": Example(lambda: simulated_city().panel_counts, of_largest),
    "did_triple": Example(calls_of_all_cities, of_calls_by_hours),
    "its_rare": Example(one_city_with_few_calls, of_series),
}


def function(name):
    return getattr(estimate, name) if name in estimate.__all__ else getattr(_template, name)


@cache
def case(name):
    return Case(function(name), OWN[name] if name in OWN else example_of(METHODS[name].design))


every_method = pytest.mark.parametrize("name", NAMES)


def test_every_exported_estimator_is_registered_and_the_template_with_them():
    assert set(NAMES) >= {*estimate.__all__, "series_mean_change"} - not_estimators


@every_method
@pytest.mark.parametrize("rule", rules, ids=title)
def test_keeps_the_contract(name, rule):
    assert broken(rule, case(name)) == []


@every_method
def test_fingerprint_follows_the_data_and_the_outcome(name):
    example, frame, known = case(name).example, case(name).example.frame(), case(name).design.fingerprint
    assert example.design(frame, "calls").fingerprint == known
    assert example.design(frame, None).fingerprint != known
    other = frame.assign(calls=frame["calls"].where(frame.index != 7, frame["calls"] + 1))
    assert example.design(other, "calls").fingerprint != known


@every_method
def test_every_shipped_method_has_been_measured(name):
    domain, found = METHODS[name].domain, measured(case(name).result)
    if name in not_studied:
        assert (domain, found) == (not_measured, None)
        return
    assert domain.startswith("domain: measured in"), "run `coresponder-causal validity run`, bring the rows into core"
    assert METHODS[name].setting is not None
    assert found.replications > 0


def test_the_methods_page_is_up_to_date():
    shown = methods_page()
    assert [line for line in shown.splitlines() if line.startswith("## ")] == [
        f"## `{name}`" for name in sorted({*estimate.__all__} - not_estimators)
    ]
    assert DOCS.read_text(encoding="utf-8") == shown, "run: python -m coresponder_causal.estimate"


def test_the_page_is_written_by_one_command(tmp_path):
    subprocess.run([sys.executable, "-m", "coresponder_causal.estimate"], cwd=tmp_path, check=True)
    assert (tmp_path / "docs" / "methods.md").read_text(encoding="utf-8") == methods_page()
