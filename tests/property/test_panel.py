"""Panels count every call exactly once, whatever the calls are."""

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coresponder_causal.data.panel import panel

CITIES = ["Davis", "Folsom", "Woodland"]
OUTCOMES = ["arrest", "hold"]

# one example takes some 50 ms, nearly all of it opening the database
quick = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])

moments = st.datetimes(pd.Timestamp("2019-11-20").to_pydatetime(), pd.Timestamp("2020-03-10").to_pydatetime())
answers = st.sampled_from([True, False, None])
rows = st.lists(st.tuples(st.sampled_from(CITIES), moments, answers, answers), min_size=1, max_size=60)


def table(drawn):
    calls = pd.DataFrame(drawn, columns=["city", "received_at", *OUTCOMES])
    calls[OUTCOMES] = calls[OUTCOMES].astype("boolean")
    return calls.assign(call_id=[f"c{row}" for row in range(len(calls))])


@quick
@given(rows)
def test_the_periods_agree_with_each_other_and_with_the_calls(drawn):
    calls = table(drawn)
    month, week, hour = (panel(calls, period=name) for name in ("month", "week", "hour_of_week"))
    for made in (month, week, hour):
        assert made["calls"].sum() == len(calls)
        assert made.groupby("city")["calls"].sum().to_dict() == calls["city"].value_counts().to_dict()
        for name in OUTCOMES:
            assert made[name].sum() == calls[name].sum()
        assert (made[OUTCOMES].max(axis=1) <= made["calls"]).all()
    by_month = hour.groupby(["city", "month"])[["calls", *OUTCOMES]].sum().reset_index()
    pd.testing.assert_frame_equal(by_month, month[by_month.columns])


@quick
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(drawn, random):
    calls = table(drawn)
    shuffled = calls.iloc[random.sample(range(len(calls)), len(calls))]
    pd.testing.assert_frame_equal(panel(shuffled, period="week"), panel(calls, period="week"))


@quick
@given(rows)
def test_every_unit_and_period_has_one_row(drawn):
    calls = table(drawn)
    span = len(pd.period_range(calls["received_at"].min(), calls["received_at"].max(), freq="M"))
    cities = calls["city"].nunique()
    month, hour = panel(calls), panel(calls, period="hour_of_week")
    assert len(month) == cities * span
    assert len(hour) == cities * span * 168
    assert not month.duplicated(["city", "month"]).any()
    assert not hour.duplicated(["city", "month", "hour_of_week"]).any()
    # every clock hour of a month is counted once among its hours of the week
    hours = hour.groupby(["city", "month"])["hours"].sum()
    assert (hours == hour.groupby(["city", "month"])["days"].first() * 24).all()
