"""The funnel: by hand, exact in its sums, and in worlds where events change and where only recording does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.decide import funnel, funnels_in_worlds
from coresponder_causal.design import CoverageDesign
from coresponder_causal.simulate import WorldConfig, world
from coresponder_causal.simulate.presets import LESSONS

START = "2020-07-15"


def design(preset: str, seed: int = 1, **changes: object) -> CoverageDesign:
    config = WorldConfig(**{**LESSONS[preset].changes, "n_comparison": 5, **changes})
    tables = world(preset, seed=seed, config=config).tables
    with quietly():
        return CoverageDesign.from_tables(
            tables["calls"], tables["schedule"], outcome="report_filed", start=START, exposure="calls"
        )


@pytest.fixture(scope="module")
def recorded() -> CoverageDesign:
    return design("funnel_only")


def by_hand(calls: pd.DataFrame, city: str, reached: pd.Series) -> float:
    """Change of one log count of one city, in covered less uncovered hours."""
    mine = calls["city"].eq(city) & reached
    weeks = {side: calls.loc[calls["after"] == side, "week"].nunique() for side in (True, False)}
    n = {(c, a): (mine & (calls["covered"] == c) & (calls["after"] == a)).sum() / weeks[a]
         for c in (True, False) for a in (True, False)}  # fmt: skip
    return float(np.log(n[True, True] / n[True, False]) - np.log(n[False, True] / n[False, False]))


def test_every_stage_by_hand(recorded):
    calls, found = recorded.calls, funnel(recorded)
    witnessed = calls["ed_transport"]
    counts = {
        "calls": calls["city"].notna(),
        "witness": witnessed,
        "report_filed": calls["report_filed"],
        "arrest": calls["report_filed"] & calls["arrest"],
    }
    others = recorded.comparison_units
    log = {
        name: by_hand(calls, recorded.treated, reached) - np.mean([by_hand(calls, city, reached) for city in others])
        for name, reached in counts.items()
    }
    expected = [log["calls"], 0.0, log["witness"] - log["calls"], log["report_filed"] - log["witness"],
                log["arrest"] - log["report_filed"]]  # fmt: skip
    np.testing.assert_allclose(found.rows["log_change"], expected, atol=1e-10)


@pytest.mark.parametrize("against", ["other_hours", "cities"])
@pytest.mark.parametrize("witness", [("ed_transport",), ()])
def test_stages_add_up_to_the_last_count(recorded, against, witness):
    with quietly():
        found = funnel(recorded, against=against, witness=witness)
    rows = found.rows.set_index("part")["log_change"]
    assert rows.sum() == pytest.approx(found.sums.loc["last", "log_low"], abs=1e-12)
    assert rows.drop("afterwards").sum() == pytest.approx(found.sums.loc["record", "log_low"], abs=1e-12)


def test_a_witness_splits_the_stage_of_the_record(recorded):
    with quietly():
        whole, split = (funnel(recorded, witness=witness) for witness in ((), ("ed_transport",)))
    mixed = whole.rows.set_index("part").loc["scene or recording", "log_change"]
    parts = split.rows.set_index("part")["log_change"]
    assert parts["scene"] + parts["recording"] == pytest.approx(mixed)
    assert whole.sums.loc[["upstream", "recording"], "std_error"].isna().all()
    assert whole.sums.loc["upstream", ["log_low", "log_high"]].tolist() == sorted(
        [whole.sums.loc["record", "log_low"], whole.sums.loc["dispatch", "log_low"]]
    )
    assert whole.sums.loc["recording", ["log_low", "log_high"]].tolist() == sorted([mixed, 0.0])
    assert whole.verdict == "unknown"


def test_shares_add_up_to_the_change_of_the_record(recorded):
    rows = funnel(recorded).rows
    assert rows["share"].sum() == pytest.approx(1.0)
    assert np.isnan(rows["share"].iloc[-1])


def test_errors_of_a_sum_hold_how_stages_move_together():
    """Records that others witness too: report per witnessed event falls where the witness rises by chance."""
    with quietly():
        sums = pd.concat([funnel(design("null", seed=seed)).sums for seed in (1, 2, 3)])
    record = sums.loc["record"]
    assert (record["std_error"] < 0.8 * record["std_error_apart"]).all()


def test_a_change_of_recording_is_named():
    found = funnels_in_worlds("funnel_only", range(3))
    assert set(found["verdict"]) == {"recording"}
    assert found.groupby("what")["truth"].max()["recording"] < -0.5


def test_calls_that_fall_are_named_and_not_recording():
    config = {"effect": -0.9, "spillover": 0.0, "attendance": 0.0, "reporting": 0.0}
    with quietly():
        assert funnel(design("west_sac_like", **config)).verdict == "upstream"


def test_rare_events_and_unknown_stages_are_said(recorded):
    calls = recorded.calls.assign(arrest=recorded.calls["force"])
    with pytest.raises(EstimationError, match="no call in West Sacramento"):
        funnel(replace(recorded, calls=calls.assign(arrest=calls["arrest"] & calls["after"])))
    flag = calls["report_filed"].astype("boolean").mask(np.arange(len(calls)) % 50 == 0)
    asked = replace(recorded, calls=calls.assign(report_filed=flag))
    with pytest.warns(IdentificationWarning):
        found = funnel(asked, stages=("report_filed",), witness=("hold",))
    assert "is not known of" in " ".join(found.notes)
    assert "the responders write 'hold' themselves" in " ".join(found.notes)


def test_what_cannot_be_a_stage_is_refused(recorded):
    with pytest.raises(DesignError, match="no column"):
        funnel(recorded, stages=("report", "report_filed"))
    with pytest.raises(DesignError, match="neither yes or no"):
        funnel(recorded, stages=("priority", "report_filed"))
    with pytest.raises(DesignError, match="not among the stages"):
        funnel(recorded, stages=("arrest",))
