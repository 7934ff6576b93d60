"""Shares of small cells against a simulated truth, and on the crisis calls of Toronto, which have no treatment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import surface
from coresponder_causal.design import CallDesign


def drawn(seed: int, spread: float, mean_calls: float) -> tuple[pd.DataFrame, np.ndarray]:
    """A made-up day of 24 hours whose true shares scatter around 20 % as a beta distribution of a given size."""
    rng = np.random.default_rng(seed)
    truth = rng.beta(0.2 * spread, 0.8 * spread, 24)
    rows = pd.DataFrame({"hour": np.repeat(np.arange(24), rng.poisson(mean_calls, 24)), "type": "crisis"})
    return rows.assign(held=rng.random(len(rows)) < truth[rows["hour"]]), truth


@pytest.mark.parametrize(("spread", "mean_calls", "most"), [(30, 25, 0.6), (300, 25, 0.25), (5, 10, 0.8)])
def test_pooled_shares_lie_nearer_to_the_truth_and_their_intervals_hold_it(spread, mean_calls, most) -> None:
    """Sixty made-up days. Where hours differ little the squared error falls most; it never rises.

    Of 1,440 intervals 95 % should hold the truth; at least 91 % must (Monte-Carlo error of one: .6 %; hours of one day
    share what is not known of the spread, so the error of the mean is about three times that).
    """
    raw, pooled, held = [], [], []
    for seed in range(60):
        rows, truth = drawn(seed, spread, mean_calls)
        found = surface(rows, outcome="held", cell="hour", group="type", cells=range(24))
        raw.append(np.nanmean((found["raw"] - truth) ** 2))
        pooled.append(((found["share"] - truth) ** 2).mean())
        held.append(found["conf_low"].le(truth) & found["conf_high"].ge(truth))
    assert np.mean(pooled) < most * np.mean(raw)
    assert np.mean(held) > 0.91


def test_a_cell_without_calls_takes_its_group_s_share() -> None:
    rows, _ = drawn(1, 30, 25)
    found = surface(rows[rows["hour"] != 3], outcome="held", cell="hour", group="type", cells=range(24)).set_index(
        "hour"
    )
    assert found.loc[3, "calls"] == 0
    assert np.isnan(found.loc[3, "raw"])
    assert found.loc[3, "share"] == pytest.approx(found.loc[3, "group_share"], rel=1e-9)
    assert found.loc[3, "pooled"] == pytest.approx(1)


def test_many_calls_are_hardly_moved() -> None:
    rows = pd.DataFrame(
        {
            "hour": [0] * 4000 + [1] * 4000,
            "type": "a",
            "held": [True] * 1000 + [False] * 3000 + [True] * 400 + [False] * 3600,
        }
    )
    found = surface(rows, outcome="held", cell="hour", group="type")
    np.testing.assert_allclose(found["share"], [0.25, 0.10], atol=0.003)


def test_rows_without_an_answer_are_left_out_and_said() -> None:
    rows = pd.DataFrame({"hour": [1, 1, 2], "type": "a", "held": ["yes", None, "no"]})
    with collecting() as said:
        found = surface(rows, outcome="held", cell="hour", group="type")
    assert found["calls"].tolist() == [1, 1]
    assert said == ["1 of 3 rows have no held, hour or type and are left out"]


def test_wrong_columns_are_refused_together() -> None:
    with pytest.raises(DataError, match=r"(?s)column 'held' is missing.*column 'hour' is missing"):
        surface(pd.DataFrame({"type": ["a"]}), outcome="held", cell="hour", group="type")
    with pytest.raises(DataError, match="not a yes or no"):
        surface(
            pd.DataFrame({"type": ["a"], "hour": [1], "held": ["perhaps"]}), outcome="held", cell="hour", group="type"
        )


@pytest.fixture
def toronto(data_dir: Path) -> pd.DataFrame:
    file = data_dir / "toronto_persons_in_crisis" / "pic_2014_2015m5_calls.csv"
    if not file.is_file():
        pytest.skip(f"needs {file.name}, which is not in CORESPONDER_DATA")
    return pd.read_csv(file)


def test_apprehensions_of_toronto_by_hour_and_type(toronto: pd.DataFrame) -> None:
    found = surface(toronto, outcome="apprehension_made", cell="event_hour", group="event_type", cells=range(24))
    assert len(found) == 24 * toronto["event_type"].nunique()
    assert found["calls"].sum() == len(toronto) == 31_944
    assert found["events"].sum() == toronto["apprehension_made"].eq("Yes").sum()
    inside = found["share"].between(
        found[["raw", "group_share"]].min(axis=1) - 1e-3, found[["raw", "group_share"]].max(axis=1) + 1e-3
    )
    assert inside.all()


def test_calls_of_toronto_cannot_be_compared_for_want_of_a_treatment(toronto: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"which says which calls had the treatment, is missing.*data\.surface"):
        CallDesign.from_frame(
            toronto, outcome="apprehension_made", treatment="attended", covariates=["event_hour", "event_type"]
        )
