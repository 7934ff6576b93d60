"""Which calls are compared: received on duty, eligible by what was known, the first of a person; others counted."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError, IdentificationWarning
from coresponder_causal.design import CallDesign, CallInstrumentDesign, match_nearest, weight_propensity
from coresponder_causal.design.call_sequence import earlier_calls
from coresponder_causal.design.covariates import certain_levels, stage_of
from coresponder_causal.simulate import world

SHIFTS = pd.DataFrame(
    {
        "city": "Davis",
        "shift_start": pd.to_datetime(["2020-07-01 12:00", "2020-07-02 12:00", "2021-02-01 12:00"]),
        "shift_end": pd.to_datetime(["2020-07-01 22:00", "2020-07-02 22:00", "2021-02-01 22:00"]),
        "planned_hours": 10.0,
        "delivered_hours": [10.0, 0.0, 10.0],
    }
)


def table(**changed):
    """Eight calls by hand: on duty 0, 2, 3, 6, 7; the second shift was planned and not delivered."""
    received = [
        "2020-07-01 13:00", "2020-07-01 11:00", "2020-07-01 14:00", "2020-07-01 15:00",
        "2020-07-02 13:00", "2020-12-31 13:00", "2021-02-01 13:00", "2021-02-01 14:00",
    ]  # fmt: skip
    frame = pd.DataFrame(
        {
            "call_id": [f"C{place}" for place in range(8)],
            "city": "Davis",
            "received_at": pd.to_datetime(received),
            "person": ["a", "b", "b", "c", "d", "e", "a", "e"],
            "initial_type": ["crisis", "crisis", "crisis", "crisis", "crisis", "crisis", "crisis", "crisis"],
            "attended": [1, 0, 1, 0, 0, 0, 1, 0],
            "priority": [1, 2, 3, 1, 2, 3, 1, 2],
            "arrest": [0, 1, 0, 1, 0, 1, 0, 1],
        }
    )
    return frame.assign(**changed)


def formed(frame=None, schedule=SHIFTS, **changed):
    stated = {"outcome": "arrest", "treatment": "attended", "covariates": [], "person": "person"}
    return CallDesign.from_tables(table() if frame is None else frame, schedule, **(stated | changed))


def said(design, text):
    return any(text in one for one in design.notes)


def test_calls_outside_delivered_shifts_are_left_out_and_counted():
    d = formed(which="all")
    assert list(d.calls) == ["C0", "C2", "C3", "C6", "C7"]
    assert said(d, "3 of 8 calls were received while the team was off duty and are left out")


def test_a_column_says_the_same_as_the_schedule():
    duty = [True, False, True, True, False, False, True, True]
    by_column = formed(table(team_on_duty=duty), None, which="all")
    assert list(by_column.calls) == list(formed(which="all").calls)
    unsaid = formed(table(team_on_duty=pd.array([*duty[:7], None], "boolean")), None, which="all")
    assert list(unsaid.calls) == ["C0", "C2", "C3", "C6"]
    assert said(unsaid, "1 of 8 calls do not say 'team_on_duty'")


def test_only_the_first_call_of_a_person_in_the_wash_out_is_kept():
    """b called before the shift on the same day, e a month before, a seven months before."""
    d = formed()
    assert list(d.calls) == ["C0", "C3", "C6"]
    assert said(d, "2 of 5 calls came in the 180 days after another eligible one of the same person")
    assert said(d, "2 of 3 calls fall into the first 180 days of the table")
    assert list(formed(washout_days=30).calls) == ["C0", "C3", "C6", "C7"]
    assert list(formed(washout_days=300).calls) == ["C0", "C3"]


def test_a_wash_out_asks_for_eligible_calls_only():
    """What is not eligible does not start an episode: b's first call was about something else."""
    frame = table(initial_type=["crisis", "noise", *["crisis"] * 6])
    d = formed(frame, eligible={"initial_type": ["crisis"]})
    assert list(d.calls) == ["C0", "C2", "C3", "C6"]
    assert said(d, "7 of 8 calls are eligible by initial_type")


def test_calls_while_the_team_was_taken_are_left_out_and_counted():
    busy = [False, False, True, True, False, False, False, False]
    d = formed(table(team_busy=busy), which="all")
    assert list(d.calls) == ["C0", "C6", "C7"]
    assert said(d, "2 of 5 calls were received while the team was taken and are left out, 1 of them with attended")
    assert said(formed(which="all"), "no column 'team_busy' says when the team was taken")


def test_prior_calls_are_those_before_the_call_in_the_wash_out():
    d = formed(which="all", covariates=["prior_calls"], washout_days=180)
    assert d.source["prior_calls"].tolist() == [0, 1, 0, 0, 1]
    assert not any("prior_calls" in one and "dictionary" in one for one in d.notes)


def test_earlier_calls_by_looking_at_all():
    rng = np.random.default_rng(5)
    calls = pd.DataFrame({"person": rng.integers(0, 30, 300).astype(float), "call_id": rng.permutation(300)})
    calls.loc[::17, "person"] = np.nan
    calls["received_at"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 400, 300), unit="D")
    expected = [
        sum(
            one.person == other.person
            and one.received_at - pd.Timedelta(days=60) <= other.received_at
            and (other.received_at, str(other.call_id)) < (one.received_at, str(one.call_id))
            for other in calls.itertuples()
        )
        for one in calls.itertuples()
    ]
    assert sum(expected) > 50
    assert earlier_calls(calls, "person", days=60).tolist() == expected


def test_the_order_of_rows_does_not_matter():
    shuffled = formed(table().sample(frac=1, random_state=3))
    assert shuffled.fingerprint == formed().fingerprint


def test_calls_without_a_time_and_of_other_cities_are_counted():
    other = table(city=["Davis"] * 7 + ["Folsom"])
    assert said(formed(other, which="all"), "1 of 8 calls are not of Davis")
    blank = table()
    blank.loc[0, "received_at"] = pd.NaT
    d = formed(blank, which="all")
    assert said(d, "1 of 8 calls have no time of receipt")
    assert "C0" not in d.calls


def test_every_broken_rule_is_told_at_once():
    with pytest.raises(DesignError) as caught:
        formed(which="some", washout_days=0, person=None, covariates=["prior_calls"], eligible={"final_type": ["x"]})
    text = str(caught.value)
    for part in ("which='some'", "washout_days=0", "without person codes", "'final_type' is missing"):
        assert part in text
    late = table(final_type="crisis")
    with pytest.raises(DesignError, match="'final_type' comes about after dispatch"):
        formed(late, eligible={"final_type": ["crisis"]})
    with pytest.raises(DesignError, match="'team_busy' follows from the coverage"):
        formed(table(team_busy=False), covariates=["team_busy"])


def test_first_calls_cannot_be_told_without_persons():
    with pytest.raises(DesignError, match="which='first' cannot be told without person codes"):
        formed(person=None)
    assert formed(person=None, which="all").person is None


def test_duty_must_be_known_and_somebody_left():
    with pytest.raises(DesignError, match="nothing says when the team was on duty"):
        formed(schedule=None)
    with pytest.raises(DesignError, match="no call is left"):
        formed(eligible={"initial_type": ["fire"]})


def test_treated_calls_off_duty_put_the_clock_in_doubt():
    with pytest.warns(IdentificationWarning, match="1 calls had attended while the team was off duty"):
        formed(table(attended=[1, 1, 1, 0, 0, 0, 1, 0]), which="all")


def test_no_design_lets_calls_off_duty_into_a_probability_of_treatment():
    tables = world("west_sac_like", seed=1).tables
    calls = tables["calls"][tables["calls"]["city"] == "West Sacramento"]
    stated = {"outcome": "arrest", "treatment": "attended", "covariates": ["priority", "prior_contacts"]}
    d = CallDesign.from_frame(calls, **stated)
    assert d.source["team_on_duty"].all()
    assert said(d, f"of {len(calls)} calls were received while the team was off duty")
    every = CallDesign.from_frame(calls, on_duty="all", **stated)
    assert len(every.source) == len(calls)
    for adjust in (weight_propensity, match_nearest):
        with pytest.raises(DesignError, match="received while the team was off duty") as caught:
            adjust(every)
        assert "on_duty='only'" in caught.value.mend
    with pytest.raises(DesignError, match="the probability of treatment was given"):
        every.propensity()
    by_plan = CallInstrumentDesign.from_tables(calls, tables["schedule"], start="2020-07-15", **stated)
    assert not by_plan.calls.source["team_on_duty"].all()


def test_first_calls_of_a_world_are_apart_by_the_wash_out():
    tables = world("west_sac_like", seed=1).tables
    d = CallDesign.from_tables(
        tables["calls"],
        tables["schedule"],
        outcome="arrest",
        treatment="attended",
        covariates=["priority", "prior_contacts"],
        person="person",
        eligible={"initial_type": ["mental_health_crisis", "suicide_threat", "welfare_check"]},
    )
    known = d.source.dropna(subset=["person"]).sort_values("received_at")
    gaps = known.groupby("person")["received_at"].diff().dropna()
    assert len(gaps) > 10
    assert gaps.min() > pd.Timedelta(days=180)
    assert not d.source["team_busy"].any()


def test_levels_that_all_went_one_way_are_said():
    rng = np.random.default_rng(2)
    hour = rng.integers(0, 24, 2000)
    frame = pd.DataFrame({"hour": hour, "attended": (rng.random(2000) < 0.5) & (hour >= 12)})
    with pytest.warns(IdentificationWarning, match=r"hour 0, 1, 2, 3, 4, 5, 6, 7 and 4 more: 0 of \d+ calls treated"):
        CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["hour"])


def test_small_levels_and_measured_numbers_are_not_judged():
    treated = np.arange(100) % 2 == 0
    frame = pd.DataFrame({"kind": np.where(np.arange(100) < 18, "rare", "other"), "load": np.arange(100) / 7})
    assert certain_levels(frame, ["kind", "load"], treated & (frame["kind"] == "other").to_numpy()) == []
    frame["kind"] = np.where(np.arange(100) < 40, "rare", "other")
    assert certain_levels(frame, ["kind"], treated | (frame["kind"] == "rare").to_numpy()) == [
        "kind rare: 40 of 40 calls treated"
    ]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (["a", None] * 40, []),
        ([None] * 40 + ["a"] * 40, ["k missing: 0 of 40 calls treated"]),
        (pd.array([True] * 40 + [False] * 40, "boolean"), ["k True: 0 of 40 calls treated"]),
        (pd.Categorical(["b"] * 40 + ["c"] * 40), ["k b: 0 of 40 calls treated"]),
        ([1.5] * 80, []),
        (pd.period_range("2020-01", periods=2, freq="M").repeat(40), ["k 2020-01: 0 of 40 calls treated"]),
        (np.repeat([9.0, 10.0], 40), ["k 9.0: 0 of 40 calls treated"]),
    ],
)
def test_levels_of_every_kind_of_column(column, said):
    assert certain_levels(pd.DataFrame({"k": column}), ["k"], np.arange(80) >= 50) == said


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("initial_type", "pre-dispatch"),
        ("final_type", "after"),
        ("minutes_to_co_responder", "on scene"),  # derived by the metrics
        ("again_90d", "after"),
        ("referral_accepted", "after"),  # of the table of contacts
        ("prior_calls", "pre-dispatch"),
        ("date", None),  # of several tables, that differ
        ("nonsense", None),
    ],
)
def test_stages_of_fields_of_every_table(name, stage):
    assert stage_of(name) == stage
    if stage not in (None, "pre-dispatch"):
        frame = table(**{name: np.arange(8)})
        how = f"\\((stage '{stage}'|team attends → .+)\\)"
        with pytest.raises(DesignError, match=f"'{name}' comes about after dispatch {how}"):
            CallDesign.from_frame(frame, outcome="arrest", treatment="attended", covariates=[name])
