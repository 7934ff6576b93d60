"""The course of eight calls, counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import pathway, pathway_flows

# Calls a to h. a to e are eligible as reported, f as found only, g is not, of h the codes are not known.
CALLS = pd.DataFrame(
    {
        "call_id": list("abcdefgh"),
        "received_at": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03", "2020-02-01", *["2020-06-01"] * 4]),
        "person": list("xyzxpqrs"),
        "initial_type": ["suicide_threat"] * 5 + ["medical_aid", "medical_aid", None],
        "final_type": ["suicide_threat"] * 6 + ["medical_aid", None],
        "crisis_flagged": False,
        "closed_without_dispatch": [False, False, False, False, True, False, False, False],
        "attended": [True, True, False, None, None, False, False, True],
        "hold": [True, False, False, False, False, None, False, False],
        "arrest": [True, True, False, False, False, False, False, False],
        "ed_transport": False,
    }
)
OUTCOMES = pd.DataFrame({"call_id": list("abc"), "linked_30d": [True, False, None]})


def counts(stage: str, tables) -> dict[str, float]:
    found = pathway(tables)
    return found[found["stage"].eq(stage)].set_index("state")["count"].to_dict()


def test_every_stage_counts_the_calls_that_reach_it() -> None:
    """e is solved on the phone and goes no further; a hold goes before an arrest; unknown states stay unknown.

    Followed for 90 days before the last call, of 1 June: a to d. Only a has another call of its person (d).
    """
    tables = {"calls": CALLS, "outcomes": OUTCOMES}
    assert counts("call", tables) == {"received": 8}
    assert counts("label", tables) == {
        "eligible as reported": 5, "eligible as found only": 1, "not eligible": 1, "not known": 1,
    }  # fmt: skip
    assert counts("dispatch", tables) == {"somebody sent": 5, "nobody sent": 1}
    assert counts("scene", tables) == {"team on scene": 2, "police without the team": 2, "not known": 1}
    assert counts("disposition", tables) == {"hold": 1, "arrest": 1, "none of these": 2, "not known": 1}
    assert counts("link", tables) == {"linked within 30 days": 1, "not linked": 1, "not known": 3}
    assert counts("repeat", tables) == {"another call in 90 days": 1, "no other call in 90 days": 3, "not known": 1}


def test_shares_are_of_the_calls_whose_state_is_known() -> None:
    found = pathway({"calls": CALLS}).set_index(["stage", "state"])
    assert found.loc[("scene", "team on scene"), "share"] == 0.5
    assert found.loc[("scene", "team on scene"), ["entered", "missing"]].tolist() == [5, 1]
    assert pd.isna(found.loc[("scene", "not known"), "share"])


def test_flows_add_up_to_the_states_they_lead_to() -> None:
    tables = {"calls": CALLS, "outcomes": OUTCOMES}
    table, flows = pathway(tables), pathway_flows(tables)
    for stage in ("dispatch", "scene", "disposition", "link", "repeat"):
        into = flows[flows["stage"].eq(stage)].groupby("state")["count"].sum().to_dict()
        assert into == table[table["stage"].eq(stage)].set_index("state")["count"].to_dict()
    first = flows[flows["from_stage"].eq("label")].groupby("from_state")["count"].sum()
    assert first.to_dict() == {"eligible as reported": 5, "eligible as found only": 1}


def test_a_stage_without_its_fields_says_what_it_lacks() -> None:
    found = pathway({"calls": CALLS.drop(columns="attended")})
    assert found.set_index("stage").loc["scene", "lacks"] == "calls.attended"
    assert found.set_index("stage").loc["link", "lacks"] == "outcomes.call_id, outcomes.linked_30d"


def test_no_calls_no_pathway() -> None:
    with pytest.raises(DataError, match="starts with calls"):
        pathway({"outcomes": OUTCOMES})


def test_without_a_word_of_dispatch_any_stamp_says_that_somebody_was_sent() -> None:
    """Of eight calls a was dispatched, b only arrived at; of the others, on the way to dispatch, nothing is known."""
    day = pd.Timestamp("2020-01-01 12:00")
    stamped = CALLS.drop(columns="closed_without_dispatch").assign(
        dispatched_at=pd.to_datetime([day, *[None] * 7]), arrived_at=pd.to_datetime([None, day, *[None] * 6])
    )
    found = counts("dispatch", {"calls": stamped, "outcomes": OUTCOMES})
    assert found == {"somebody sent": 2, "not known": 4}
