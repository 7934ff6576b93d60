"""Metrics that count the same cells hide the same, and no number is left over between two of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.data import metrics, pathway
from coresponder_causal.privacy import Counts, Ledger, Policy, release
from coresponder_causal.report.metric_counts import course, course_counts, metric_counts

months = [f"2024-{month:02d}" for month in range(1, 7)]


@pytest.fixture(scope="module")
def calls() -> pd.DataFrame:
    """Six months of 100 calls each; how many of a month are arrests, were found on scene, and had days in custody."""
    made = []
    for month, arrests, found in zip(months, (20, 16, 25, 6, 30, 18), (3, 20, 4, 15, 16, 2), strict=True):
        number = np.arange(100)
        made.append(
            pd.DataFrame(
                {
                    "call_id": [f"{month} {k}" for k in number],
                    "person": [f"P{month}{k}" for k in number],
                    "received_at": pd.Timestamp(f"{month}-05 12:00"),
                    "perceived_race": np.array(["black", "white", "white", "hispanic"])[number % 4],
                    "initial_type": np.where(number < 60, "mental_health_crisis", "other"),
                    "final_type": np.where(number < 60 + found, "mental_health_crisis", "other"),
                    "crisis_flagged": number < 60 + found,
                    "arrest": number < arrests,
                    "custody_days_90d": np.where(number == 5, 80.0, 0.0),
                }
            )
        )
    return pd.concat(made, ignore_index=True)


def shown(calls: pd.DataFrame, only: list[str]) -> pd.DataFrame:
    """Metrics by month, with what stays hidden outside."""
    given = {"calls": calls.drop(columns="custody_days_90d"), "outcomes": calls[["call_id", "custody_days_90d"]]}
    rows = metrics(given, only=only)
    rows = rows[rows["lacks"].eq("")].reset_index(drop=True)
    counts = metric_counts(rows, months=months)
    hidden = np.zeros(len(rows), bool)
    for one, mask in zip(counts, release(counts, policy=Policy(audience="public")).hidden, strict=True):
        hidden[one.frame.index[mask]] = True
    return rows.assign(hidden=hidden)


def test_arrests_by_race_do_not_give_away_the_months_hidden_beside_them(calls):
    """Six arrests in April are hidden, as is each small number by race; their sums leave nothing over."""
    rows = shown(calls, ["M15", "M44"])
    whole, races = rows[rows["metric"].eq("M15")], rows[rows["part"].eq("arrest by perceived race")]
    assert whole.set_index("period")["hidden"]["2024-04"]
    small = races["numerator"].between(1, 10)
    assert small.any()
    assert races.loc[small, "hidden"].all()
    for month, own in races.groupby("period"):
        if whole.set_index("period")["hidden"][month]:
            assert own["hidden"].any()
        assert own["hidden"].sum() != 1 or whole.set_index("period")["hidden"][month]


def test_parts_of_one_metric_leave_no_small_count_between_them(calls):
    """Reported or found less reported is found alone: 2 to 20 calls a month, so reported is not shown by month."""
    rows = shown(calls, ["M01"]).set_index(["part", "period"])
    either, reported = rows.loc["reported or found"], rows.loc["reported at intake"]
    alone = either["numerator"] - reported["numerator"]
    assert alone.between(1, 10).any()
    assert not (~either["hidden"] & ~reported["hidden"] & alone.between(1, 10)).any()


def test_days_of_a_few_persons_are_hidden(calls):
    """One person a month has 80 days in custody; the mean divides by 60 calls."""
    rows = shown(calls, ["M31"])
    assert (rows["n_any"] == 1).all()
    assert (rows["denominator"] > 50).all()
    assert rows["hidden"].all()


def test_a_growing_series_leaves_twice_and_is_held_against_what_left(calls, tmp_path):
    """Four months, then six: cells of the course know their months, and what is waited for is no contradiction."""
    ledger = Ledger(tmp_path / "releases.jsonl")
    for until in (months[3], months[5]):
        now = calls[calls["received_at"].dt.strftime("%Y-%m") <= until]
        shown_months = [month for month in months if month <= until]
        rows = metrics({"calls": now}, only=["M01", "M28"])
        states = pathway({"calls": now})
        counts = [
            *course_counts(states, months=shown_months),
            *metric_counts(rows[rows["lacks"].eq("")], months=shown_months),
        ]
        found = release(counts, policy=Policy(audience="public"), earlier=ledger.cells())
        ledger.record(found.cells, content=b"", name=until)
    spans = {cell.span for cell in ledger.cells()[course]}
    assert spans == {frozenset(months[:4]), frozenset(months)}


def test_counts_that_follow_by_subtraction_are_shown_all_or_none():
    frame = pd.DataFrame({"period": ["2024-01", "2024-02"], "count": [3, 40]})
    derived = Counts(family="less", frame=frame, dimensions=("period",), whole=True)
    policy = Policy(audience="public")
    assert release([derived], policy=policy).hidden[0].all()
    assert not release([replace(derived, frame=frame.assign(count=[30, 40]))], policy=policy).hidden[0].any()
