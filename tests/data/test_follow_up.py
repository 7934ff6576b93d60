"""Histories of calls: pairs of calls, stays, ends of follow-up, and what is said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.data import follow_up, stays_of
from coresponder_causal.simulate import WorldConfig, world


def calls(**changes):
    frame = pd.DataFrame(
        {
            "call_id": [11, 12, 13, 14, 15],
            "person": ["a", "a", "b", None, "a"],
            "received_at": pd.to_datetime(["2021-01-01", "2021-01-11", "2021-01-05", "2021-01-06", "2021-03-02"]),
        }
    )
    return frame.assign(**changes)


def stays(*rows):
    frame = pd.DataFrame(rows, columns=["person", "kind", "begin", "end"])
    return frame.assign(begin=pd.to_datetime(frame["begin"]), end=pd.to_datetime(frame["end"]))


def of(history, call_id):
    return history[history["call_id"] == call_id].drop(columns="call_id").values.tolist()


def same(found, wanted):
    assert [row[0] for row in found] == [row[0] for row in wanted]
    np.testing.assert_allclose([row[1:] for row in found], [row[1:] for row in wanted])


def test_later_calls_of_the_same_person_until_the_end():
    with collecting() as said:
        history = follow_up(calls(), days=30)
    same(of(history, 11), [["repeat", 10.0, np.nan], ["end", 30.0, np.nan]])
    same(of(history, 15), [["end", 0.0, np.nan]])
    assert 14 not in set(history["call_id"])
    assert any("1 of 5 calls have no person" in text for text in said)
    assert any("2021-03-02" in text for text in said)


def test_stays_begin_on_day_zero_where_they_were_running_and_have_no_end_where_they_are_for_good():
    given = stays(
        ("a", "hospital", "2020-12-30", "2021-01-03"),
        ("a", "custody", "2021-01-02", "2021-01-04"),
        ("a", "moved", "2021-02-10", None),
        ("a", "custody", "2020-12-01", "2021-01-01"),
    )
    with collecting() as said:
        history = follow_up(calls(), given, days=50)
    wanted = [["hospital", 0, 2], ["custody", 1, 3], ["repeat", 10, np.nan], ["moved", 40, np.nan], ["end", 50, np.nan]]
    same(of(history, 11), wanted)
    assert any("were running" in text for text in said)


def test_two_calls_in_the_same_second_are_a_repeat_of_the_lower_id_and_it_is_said():
    twice = calls(received_at=pd.to_datetime(["2021-01-01"] * 5))
    with collecting() as said:
        history = follow_up(twice, days=30, until="2021-06-01")
    assert of(history, 11)[0][:2] == ["repeat", 0.0]
    assert len(of(history, 15)) == 1
    assert any("same second" in text for text in said)


def test_rows_may_come_in_any_order():
    history = follow_up(calls(), days=90)
    pd.testing.assert_frame_equal(follow_up(calls().sample(frac=1, random_state=3), days=90), history)


def test_everything_wrong_is_listed():
    wrong = calls(call_id=[11, 11, 13, 14, 15], received_at=["x"] * 5)
    with pytest.raises(DataError, match="holds no times"):
        follow_up(wrong)
    with pytest.raises(DataError, match="stand twice"):
        follow_up(calls(call_id=[11, 11, 13, 14, 15]))
    with pytest.raises(DataError, match="end before they begin"):
        follow_up(calls(), stays(("a", "custody", "2021-01-05", "2021-01-04")))
    with pytest.raises(DataError, match="received after until"):
        follow_up(calls(), until="2021-01-02")


def test_repeats_of_a_world_are_those_of_its_outcomes():
    made = world("west_sac_like", seed=2, config=WorldConfig(n_comparison=1)).tables
    outcomes = made["outcomes"].set_index("call_id")["repeat_90d"].astype(bool)
    history = follow_up(made["calls"], days=90)
    repeated = set(history.loc[history["kind"] == "repeat", "call_id"])
    assert [call in repeated for call in outcomes.index] == outcomes.tolist()


def test_days_in_custody_follow_those_in_hospital_and_unknown_ones_are_doubted():
    table = calls(cleared_at=calls()["received_at"] + pd.Timedelta(hours=12))
    outcomes = pd.DataFrame({"call_id": [11, 12], "hospital_days_90d": [2.0, 0.0], "custody_days_90d": [5.0, 90.0]})
    with quietly(), collecting() as said:
        found = stays_of(table, outcomes)
    assert found["kind"].tolist() == ["hospital", "custody", "custody"]
    assert found["begin"].astype(str).tolist()[:2] == ["2021-01-01 12:00:00", "2021-01-03 12:00:00"]
    assert any("is not known" in text for text in said)
    assert any("may have lasted" in text for text in said)
    with pytest.raises(DataError, match="say nothing of stays"):
        stays_of(table, outcomes[["call_id"]])


@pytest.mark.parametrize(("cities", "said"), [(["East", "West"], True), (["East", "East"], False)])
def test_calls_of_several_cities_as_one_are_doubted(cities, said):
    calls = pd.DataFrame({"call_id": [1, 2], "person": ["a", "a"], "city": cities})
    calls["received_at"] = pd.to_datetime(["2021-01-01", "2021-01-31"])
    with collecting() as notes:
        follow_up(calls)
    assert any("calls of 2 cities are followed as one" in str(text) for text in notes) == said
