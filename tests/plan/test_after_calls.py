"""A study that asks what came after calls: which calls are compared, what is said, what is refused."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.designs import known_keys
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.run import evaluation_page, run
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.report import write
from coresponder_causal.simulate import WorldConfig, world

CITY = "West Sacramento"
KNOWN = ["initial_type", "priority", "prior_contacts", "patrol_load"]


@cache
def given(*, with_outcomes: bool = True):
    made = world("west_sac_like", seed=2, config=WorldConfig(n_comparison=1)).tables
    calls = made["calls"][made["calls"]["city"] == CITY]
    tables = {"calls": calls}
    if with_outcomes:
        tables["outcomes"] = made["outcomes"][made["outcomes"]["call_id"].isin(calls["call_id"])]
    return validated(tables, {name: {} for name in tables})


def study(tables, **options):
    asked = {"outcomes": ["repeat"], "covariates": KNOWN} | options
    return Study(
        title="After the call",
        tables={name: Source(path=Path(f"{name}.csv")) for name in tables},
        designs=("repeat", "recurrent"),
        options={"repeat": (asked,), "recurrent": (asked,)},
        city=CITY,
        start="2020-07-15",
        sensitive=False,
        simulated=True,
    )


def test_both_methods_run_are_checked_and_are_put_on_a_page(tmp_path):
    tables, quality = given()
    with quietly():
        found = run(study(tables), tables, quality)
    assert [result.method for result in found.results] == ["call_repeat", "call_recurrent"]
    assert [{one.check for one in checks} for checks in found.checks] == [{"balance", "overlap"}] * 2
    lines = " ".join(found.lines)
    assert "have no person" not in lines
    assert "ospital_days_90d is not known" in lines
    assert found.results[0].extra.number("custody_90_untreated") > 0
    known = tables["outcomes"]["custody_days_90d"].notna().sum()
    assert found.results[0].extra.number("calls") <= known
    write(evaluation_page(found), tmp_path / "page")
    assert "What came after the calls" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")


def test_without_stays_custody_is_doubted_and_without_persons_nothing_is_told():
    tables, quality = given(with_outcomes=False)
    with quietly():
        found = run(study(tables), tables, quality)
    assert any("may be more days in custody" in line for line in found.lines)
    assert found.designs[0].competing == ()
    calls = tables["calls"]
    some = {"calls": calls.assign(person=calls["person"].where(calls["priority"] != 1))}
    with quietly():
        assert any("have no person and are left out" in line for line in run(study(some), some, quality).lines)
    nameless = {"calls": tables["calls"].drop(columns="person")}
    with pytest.raises(DesignError, match="without person codes"), quietly():
        run(study(nameless), nameless, quality)


def test_keys_are_those_of_calls_and_of_the_estimators():
    assert {"covariates", "adjust", "scheme", "days", "person"} <= set(known_keys("repeat"))
    assert {"caliper", "days"} <= set(known_keys("recurrent", "match_nearest"))
