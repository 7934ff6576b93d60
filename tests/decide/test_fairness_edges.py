"""Comparisons of groups at their edges: nothing happened, little is known, calls stand alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError, IdentificationWarning
from coresponder_causal.core.notes import quietly
from coresponder_causal.decide import (
    contact_gap,
    disparity_closing,
    fairness,
    label_sensitivity,
    outcome_test,
    similar_calls,
    unknown_group,
    where_bias,
)
from coresponder_causal.design import CallDesign
from coresponder_causal.simulate.biased_calls import biased_calls

who = {"group": "group", "reference": "b", "person": None}
asked = {"group": "group", "reference": "reference", "worse": ["disturbance"], "outcome": "arrest"}


def _frame(force: object, **more: object) -> pd.DataFrame:
    return pd.DataFrame({"force": force, "group": np.repeat(["a", "b"], 40), "hour": 1} | more)


@pytest.mark.parametrize("force", [0, 1, np.repeat([0, 1], 40)])
def test_what_all_calls_of_a_group_share_has_no_interval(force: object) -> None:
    """0 of 40 against 0 of 40 is no gap known to be 0, and 0 of 40 against 40 of 40 none known to be 1."""
    with pytest.raises(EstimationError, match="how far chance could move it"):
        contact_gap(_frame(force), outcome="force", **who)
    with pytest.raises(EstimationError, match="chance cannot be seen"):
        similar_calls(_frame(force), outcome="force", alike=["hour"], **who)


def test_one_side_without_events_is_said() -> None:
    with pytest.warns(IdentificationWarning, match="the same in all calls of a: intervals do not hold"):
        found = contact_gap(_frame(np.r_[np.zeros(40), [1, 0] * 20]), outcome="force", shares=[0.0], **who)
    assert found["among_group"].tolist() == [-0.5]


def test_a_group_without_events_like_the_reference_is_left_out() -> None:
    three = pd.DataFrame({"force": [0] * 80 + [1, 0] * 20, "group": np.repeat(["a", "b", "c"], 40)})
    with pytest.warns(IdentificationWarning, match="of a, and of b: their gaps are left out"):
        found = contact_gap(three, outcome="force", shares=[0.0], **who)
    assert found["group"].tolist() == ["c"]


def test_bounds_of_unknown_groups_need_an_outcome_that_varies() -> None:
    with quietly(), pytest.raises(EstimationError, match="same in all calls"):
        unknown_group(_frame(0).assign(group=["a"] * 20 + ["b"] * 40 + [None] * 20), outcome="force", **who)


@pytest.mark.parametrize("known", [0, 3, 10])
def test_groups_that_shrink_below_eleven_are_no_longer_shown(known: int) -> None:
    frame = _frame(np.tile([0.0, 1.0], 40))
    frame.loc[known:39, "force"] = np.nan
    for ask in (contact_gap, unknown_group):
        with pytest.raises(EstimationError, match="fewer than 11 persons are left of a"):
            ask(frame, outcome="force", **who)
    with pytest.raises(EstimationError, match="fewer than 11 persons are left of a"):
        outcome_test(frame.assign(beat="x"), acted="force", right="hour", place="beat", **who)
    more = pd.concat([frame, pd.DataFrame({"force": [0.0, 1.0] * 10, "group": "c", "hour": 1})])
    assert similar_calls(more, outcome="force", alike=["hour"], **who)["group"].tolist() == ["c"]


def test_stages_count_calls_with_others_beside_them() -> None:
    """A cell of the reference alone tells nothing: it changes neither the error, nor its degrees of freedom."""
    made = biased_calls(calls=1500, officer_bias=0.1)
    made = made.assign(person=np.arange(len(made)))
    alone = made[made["group"] == "reference"].assign(caller_type="nobody else", person=lambda t: t["person"] + 10_000)
    few, many = (where_bias(calls, taker=None, **asked).table for calls in (made, pd.concat([made, alone])))
    counts = ["calls", "events", "persons"]
    assert few[counts].equals(many[counts])
    assert few["gap"].to_numpy() == pytest.approx(many["gap"].to_numpy(), abs=1e-12)
    officers = few.iloc[-1]
    assert officers["calls"] == officers["persons"] <= (made["group"] == "group").sum()
    assert officers["events"] <= officers["calls"]


def test_degrees_of_freedom_are_of_clusters_that_tell() -> None:
    """Twelve persons of each group in the one shared cell, many more alone in others: t has 23 degrees of freedom."""
    from coresponder_causal.core.inference import critical

    rng = np.random.default_rng(4)
    own = pd.DataFrame({"group": ["group"] * 12 + ["reference"] * 312, "caller_type": ["x"] * 24 + ["y"] * 300})
    calls = own.assign(
        person=range(324), initial_type="welfare_check", final_type="welfare_check", attended=True,
        arrest=rng.integers(0, 2, 324),
    )  # fmt: skip
    calls.loc[0, "initial_type"] = "disturbance"
    last = where_bias(calls, taker=None, **asked).table.iloc[-1]
    reach = (last["conf_high"] - last["conf_low"]) / 2 / last["std_error"]
    assert last["persons"] in (11, 12)
    assert reach == pytest.approx(critical(22.0, 0.95), rel=0.005)


def test_a_stage_where_nothing_happens_is_left_out() -> None:
    with pytest.warns(IdentificationWarning, match="chance is unseen"):
        found = where_bias(biased_calls(calls=1500).assign(arrest=0), taker=None, **asked).table
    assert found["stage"].tolist() == ["callers and call takers"]


def test_fairness_says_which_column_it_misses() -> None:
    made = biased_calls(calls=1500).drop(columns="attended")
    with pytest.raises(EstimationError, match="'attended'"):
        fairness(made, group="group", reference="reference", outcomes=["arrest"], worse=["disturbance"])


def test_a_label_that_never_fails_has_no_interval_of_length_zero() -> None:
    made = biased_calls(calls=1500)
    made["crisis"] = (made["final_type"] == "welfare_check").astype(float).where(made["attended"])
    made.loc[made["crisis"] == 1, "initial_type"] = "welfare_check"
    with pytest.warns(IdentificationWarning, match="how far chance could move it is not seen"):
        found = label_sensitivity(made, group="group", reference="reference", right=["welfare_check"], truth="crisis")
    assert found["share"].tolist() == [1.0, 1.0, 0.0]
    assert found[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)


def _seldom(seed: int) -> pd.DataFrame:
    """Two groups treated alike, 40 calls of one and 400 of the other, and about 3 events among the 40."""
    rng = np.random.default_rng(seed)
    cell = rng.integers(0, 2, 440)
    written = {"initial_type": "welfare_check", "final_type": "welfare_check", "attended": False}
    made = pd.DataFrame({"group": np.repeat(["group", "reference"], [40, 400]), **written})
    made["caller_type"] = np.array(["family", "resident"])[cell]
    made["person"], made["arrest"] = rng.integers(0, 350, 440), rng.random(440) < np.where(cell, 0.09, 0.05)
    made.loc[39:40, ["initial_type"]] = "disturbance"
    return made


def test_a_stage_with_few_events_has_an_interval_that_holds() -> None:
    """60 draws: the share that holds is .95 within three Monte-Carlo errors, and verdict and interval agree."""
    held = []
    for seed in range(60):
        with quietly():
            table = where_bias(_seldom(seed), taker=None, **asked).table
        row = table[table["stage"] == "officers"].iloc[0]
        held.append(row["conf_low"] <= 0 <= row["conf_high"])
        assert held[-1] == (row["p_value"] >= 0.05)
        assert row["power"] < 0.8  # so few calls cannot show that a gap of 0.05 is not there
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 60)


def test_gaps_left_by_the_team_say_where_events_are_few() -> None:
    made = biased_calls(calls=1500, seed=2)
    made["arrest"] &= ~((made["group"] == "group") & made["attended"] & (made.index > 60))
    c = CallDesign.from_frame(made, outcome="arrest", treatment="attended", covariates=["hour"], person="person")
    with pytest.warns(IdentificationWarning, match="fewer than 15 calls of group with attended: intervals there"):
        disparity_closing(c, group="group", reference="reference", repeats=1, folds=2)
