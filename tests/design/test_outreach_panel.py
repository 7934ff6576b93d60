"""Persons around their first visit: two sets by hand, and a world in which visits follow crises."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check
from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.notes import quietly
from coresponder_causal.design import outreach_panel
from coresponder_causal.estimate import aggregate, did_group_time
from coresponder_causal.simulate import WorldConfig, outreach, world

ZERO = pd.Timestamp("2021-01-01")


def made(days_of_calls, visits):
    """Calls of persons on days, and visits to persons on days."""
    rows = [(person, ZERO + pd.Timedelta(days=day)) for person, days in days_of_calls.items() for day in days]
    calls = pd.DataFrame(rows, columns=["person", "received_at"])
    contacts = pd.DataFrame(
        [(person, ZERO + pd.Timedelta(days=day), origin) for person, day, origin in visits],
        columns=["person", "contact_at", "origin"],
    )
    return calls, contacts


def by_hand(**changed):
    """a and c are visited on day 100; b has the same calls before, d called one period later, e long before."""
    days = {"z": [0, 400], "a": [95, 135], "b": [90, 105, 110], "c": [50, 95], "d": [65], "e": [20], "f": [60, 99, 101]}
    visits = [("a", 100, "outreach"), ("c", 100, "follow_up"), ("d", 90, "officer_initiated"), ("b", 130, "outreach")]
    calls, contacts = made(days, visits)
    with quietly():
        return outreach_panel(calls, contacts, **({"periods_before": 3, "periods_after": 2} | changed))


def test_sets_by_hand():
    """Period −1 is [70, 100), −2 is [40, 70): a is like b (1, 0, 0), c is like f (1, 1, 0); b is visited after that."""
    d = by_hand()
    assert d.treated_units == ["a/a", "c/c"]
    wide = d.source.pivot(index="person_in_set", columns="period", values="calls")
    assert wide.columns.tolist() == [-3, -2, -1, 0, 1]
    assert wide.loc["a/a"].tolist() == [0, 0, 1, 0, 1]
    assert wide.loc["a/b"].tolist() == [0, 0, 1, 2, 0]
    assert wide.loc["c/f"].tolist() == [0, 1, 1, 1, 0]
    assert sorted(wide.index) == ["a/a", "a/b", "c/c", "c/f"]
    assert set(d.source["visit_month"]) == {"2021-04"}
    assert any("50 % of the persons compared were visited themselves" in said for said in d.notes)


def test_effect_by_hand():
    """Periods 0 and 1: a − b −2, 1; c − f −1, 0, with nothing to take out: means −1.5 and .5, together −.5."""
    with quietly():
        found = did_group_time(by_hand(), base="universal")
        assert found.params[["att(g=0, t=0)", "att(g=0, t=1)"]].tolist() == [-1.5, 0.5]
        assert aggregate(found).estimate[0] == pytest.approx(-0.5)


def test_what_cannot_be_compared_is_said():
    assert any("1 of 2 persons visited have nobody alike" in said for said in by_hand_without("f").notes)
    calls, contacts = made({"a": [0, 200], "b": [90]}, [("a", 100, "911")])
    with pytest.raises(DesignError, match="no contact is an outreach"):
        outreach_panel(calls, contacts)
    with pytest.raises(DesignError, match="'origin' is missing"):
        outreach_panel(calls, contacts.drop(columns="origin"))


def by_hand_without(gone):
    days = {"z": [0, 400], "a": [95], "b": [90, 105], "c": [50, 95], "f": [60, 99]}
    calls, contacts = made(
        {who: on for who, on in days.items() if who != gone}, [("a", 100, "outreach"), ("c", 100, "outreach")]
    )
    with quietly():
        return outreach_panel(calls, contacts, periods_before=3, periods_after=2)


def test_officers_own_stops_are_no_calls_of_persons():
    calls, contacts = made({"z": [0, 400], "a": [95], "b": [90, 105], "c": [96]}, [("a", 100, "outreach")])
    own = calls.assign(origin=np.where(calls["person"] == "c", "officer_initiated", "911"))
    with quietly():
        found = outreach_panel(own, contacts, periods_before=3, periods_after=2)
    assert set(found.source["person"]) == {"a", "b"}


@pytest.mark.parametrize("prevents", [0.0, 0.6])
def test_return_to_the_mean_is_not_taken_for_an_effect(prevents):
    """Six worlds: before and after show a fall of a quarter of a call in 30 days without any effect; this does not."""
    ours, naive = [], []
    for seed in range(6):
        study = outreach(
            world(seed=seed, config=WorldConfig(n_comparison=1)).treated_calls, prevents=prevents, seed=seed
        )
        with quietly():
            d = outreach_panel(study.calls, study.contacts)
            effect = aggregate(did_group_time(d, base="universal")).estimate[0]
        treated = d.source[d.source["first_visited"].notna()]
        change = (
            treated["calls"][treated["period"] >= 0].mean() - treated["calls"][treated["period"].between(-3, -1)].mean()
        )
        ours.append(effect + study.averted(180))
        naive.append(change + study.averted(180))
    error = np.std(ours, ddof=1) / np.sqrt(6)
    assert abs(np.mean(ours)) < 3 * error + 0.005  # those left without a like are other persons than all visited
    assert np.mean(naive) < -0.2


def test_what_was_not_matched_is_a_test():
    study = outreach(world(seed=2, config=WorldConfig(n_comparison=1)).treated_calls, seed=2)
    with quietly():
        d = outreach_panel(study.calls, study.contacts)
        found = check.pretrends(did_group_time(d, base="universal"), d)
    assert found.verdict != "contradicts"
