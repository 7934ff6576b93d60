"""What would help most: levers by hand, by simulated truth, ranked, and what the tables do not tell."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.decide import (
    Lever,
    PerCall,
    Precision,
    ShiftRules,
    deployment,
    evidence,
    improve,
    lever_by_lot,
    lever_follow_up,
    lever_hours,
    lever_labels,
    lever_narrower,
    lever_reach,
    lever_second_sample,
)
from coresponder_causal.decide.converted import Bounds
from coresponder_causal.design import CallDesign, CoverageDesign, PartlyKnownDesign
from coresponder_causal.estimate import call_bounds
from coresponder_causal.simulate.hours import hours_world
from coresponder_causal.validity import SwitchbackPower

ARREST = PerCall(outcome="arrest", averted=Bounds(0.05, 0.03, 0.07), of="the calls it attended", events=40)
WEEKS = 80
YEAR = 365.25 / 7  # weeks


def calls_of(counts: dict[tuple[str, str, bool, bool, bool, bool], int], weeks: int = WEEKS) -> pd.DataFrame:
    """So many calls a week of each kind, exactly: code at intake, last code, flag, on duty, taken, attended."""
    names = ["initial_type", "final_type", "crisis_on_scene", "team_on_duty", "team_busy", "attended"]
    rows = pd.DataFrame([kind for kind, many in counts.items() for _ in range(many)], columns=names)
    all_weeks = pd.concat([rows] * weeks, ignore_index=True)
    week = np.repeat(np.arange(weeks), len(rows))
    within = np.tile(np.linspace(0, 6.9, len(rows)), weeks)
    received = pd.Timestamp("2021-01-04") + pd.to_timedelta(7 * week + within, unit="D")
    return all_weeks.assign(received_at=received, call_id=np.arange(len(all_weeks)))


HEARD, OTHER = "mental_health_crisis", "disturbance"
KINDS = {
    (HEARD, HEARD, True, True, False, True): 4,  # attended: 4 of 10 labelled calls in the team's hours
    (HEARD, HEARD, True, True, False, False): 2,  # missed while free
    (HEARD, HEARD, True, True, True, False): 4,  # missed while taken
    (HEARD, HEARD, True, False, False, False): 3,  # outside the hours
    (OTHER, HEARD, True, True, False, False): 1,  # not labelled; both records say crisis
    (OTHER, OTHER, True, True, False, False): 2,  # one of them says crisis
    (OTHER, OTHER, False, True, False, False): 5,  # none does
}


def test_reach_by_hand():
    """2 and 4 missed calls a week, each week alike: no error of counting, and the effect's own interval."""
    free, taken = lever_reach(ARREST, calls_of(KINDS))
    for lever, a_week in ((free, 2), (taken, 4)):
        np.testing.assert_allclose(lever.gain, YEAR * a_week * np.array([0.05, 0.03, 0.07]), rtol=1e-12)
        assert lever.support == {"calls": WEEKS * a_week, "events": 40}
    assert "while it was free" in free.what
    assert "104 calls a year" in free.said


def test_reach_without_the_field_of_being_taken_is_one_lever():
    (both,) = lever_reach(ARREST, calls_of(KINDS).drop(columns="team_busy"))
    assert both.gain.estimate == pytest.approx(YEAR * 6 * 0.05)


def test_labels_by_hand():
    """Of unlabelled calls 1 a week is a crisis by both records and 3 by either; labelled ones are attended at 0.4."""
    lever = lever_labels(ARREST, calls_of(KINDS))
    assert np.isnan(lever.gain.estimate)
    assert lever.gain.low == pytest.approx(YEAR * 1 * 0.4 * 0.03)
    assert lever.gain.high == pytest.approx(YEAR * 3 * 0.4 * 0.07)
    assert "a range" in lever.said


def test_labels_by_readings():
    """Of 20 flagged and 20 other calls that people read, 15 and 1 are crises: 3 λ₁ + 5 λ₀ calls a week."""
    calls = calls_of(KINDS)
    unheard = calls[calls["initial_type"].eq(OTHER)]
    ids = pd.concat([unheard[unheard["crisis_on_scene"].eq(flag)]["call_id"].head(20) for flag in (True, False)])
    coded = [True] * 15 + [False] * 5 + [True] + [False] * 19
    read = pd.DataFrame({"call_id": ids, "crisis_coded": coded, "coded_by": "hand", "sampling_probability": 0.1})
    found = lever_labels(ARREST, calls, read)
    assert found.gain.estimate == pytest.approx(YEAR * 0.4 * 0.05 * (3 * 15.5 / 21 + 5 * 1.5 / 21))
    assert found.gain.low > lever_labels(ARREST, calls).gain.low
    few = lever_labels(ARREST, calls, read.head(25))
    assert np.isnan(few.gain.estimate)


def met(p_reached: float = 0.6, p_not: float = 0.2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ten people a week, five of them reached; whole numbers of them linked, spread over the weeks."""
    calls = calls_of({(HEARD, HEARD, True, True, False, True): 10})
    reached = np.tile([True] * 5 + [False] * 5, WEEKS)
    linked = np.where(
        reached, np.tile(np.arange(10) % 5, WEEKS) < 5 * p_reached, np.tile(np.arange(10) % 5, WEEKS) < 5 * p_not
    )
    return calls, pd.DataFrame({"call_id": calls["call_id"], "followed_up_72h": reached, "linked_30d": linked})


def test_follow_up_by_hand():
    """260.9 people a year not reached; 0.6 − 0.2 of them; whatever is not known, from −0.2 to 0.8 of them."""
    lever = lever_follow_up(*met())
    assert lever.gain.low == 0
    many, error = YEAR * 5, np.sqrt(0.6 * 0.4 / 399 + 0.2 * 0.8 / 399)
    assert lever.gain.high == pytest.approx(many * (0.4 + 1.959964 * error), rel=2e-3)
    assert "observed difference alone: 104" in lever.said
    assert "from −52 to 209" in lever.said


def test_people_linked_less_often_when_reached_bring_nothing():
    assert lever_follow_up(*met(p_reached=0.2, p_not=0.6)).gain == pytest.approx((np.nan, 0, 0), nan_ok=True)


def test_a_person_counts_once_a_year():
    calls, outcomes = met()
    alike = lever_follow_up(calls.assign(person=["p"] * len(calls)), outcomes)
    assert alike.needs.startswith("both answers of enough people")
    pairs = calls.assign(person=np.arange(len(calls)) // 20 * 10 + np.arange(len(calls)) % 10)  # two weeks running
    assert lever_follow_up(pairs, outcomes).gain.high < 0.6 * lever_follow_up(calls, outcomes).gain.high


@cache
def hours():
    world = hours_world(2, plan="lot", weeks=60)
    made = CoverageDesign.from_tables(world.calls, world.schedule, outcome="harm", start="2025-01-06", exposure="calls")
    return deployment(made, rules=ShiftRules(hours=72, exploration_hours=0), draws=200)


@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
def test_hours_are_those_of_the_deployment():
    moved, more = lever_hours(hours())
    assert moved.gain.estimate == pytest.approx(hours().gain)
    assert moved.gain.low < hours().gain_low
    step = hours().frontier.set_index("hours")["averted"]
    assert more.gain.estimate == pytest.approx(step[82] - step[72], rel=0.15)  # mean of draws against value of means
    assert more.gain.low < more.gain.estimate < more.gain.high
    (unknown,) = lever_hours(replace(hours(), proposed=None))
    assert "drawn by lot" in unknown.needs


def test_reach_holds_the_truth():
    """A team attends half of ten calls a week, each worth 0.08; effect and count come from the same calls."""
    rng, held, many = np.random.default_rng(7), 0, 300
    truth = 5 * YEAR * 0.08
    for _ in range(many):
        n = rng.poisson(10 * WEEKS)
        attended = rng.random(n) < 0.5
        arrest = rng.random(n) < np.where(attended, 0.12, 0.2)
        calls = pd.DataFrame({"attended": attended, "initial_type": HEARD, "team_on_duty": True})
        calls["received_at"] = pd.Timestamp("2021-01-04") + pd.to_timedelta(7 * WEEKS * rng.random(n), unit="D")
        groups = arrest[~attended], arrest[attended]
        each = groups[0].mean() - groups[1].mean()
        half = 1.959964 * np.sqrt(sum(group.var() / len(group) for group in groups))
        gain = lever_reach(replace(ARREST, averted=Bounds(each, each - half, each + half)), calls)[0].gain
        held += gain.low <= truth <= gain.high
    assert held / many == pytest.approx(0.95, abs=0.04)


def test_labels_by_readings_hold_the_truth():
    """Of 6 unlabelled calls a week, 40 % are crises; the flag finds 80 % of them and 20 % of the others."""
    rng, held, many = np.random.default_rng(8), 0, 200
    for _ in range(many):
        n = rng.poisson(6 * WEEKS)
        crisis = rng.random(n) < 0.4
        flag = rng.random(n) < np.where(crisis, 0.8, 0.2)
        heard = rng.poisson(5 * WEEKS)
        attended = np.r_[np.zeros(n, bool), rng.random(heard) < 0.5]
        calls = pd.DataFrame({"call_id": np.arange(n + heard), "attended": attended, "team_on_duty": True})
        calls["received_at"] = pd.Timestamp("2021-01-04") + pd.to_timedelta(7 * WEEKS * rng.random(n + heard), unit="D")
        calls["initial_type"] = [OTHER] * n + [HEARD] * heard
        calls = calls.assign(final_type=calls["initial_type"], crisis_on_scene=np.r_[flag, np.ones(heard, bool)])
        drawn = rng.choice(n, 150, replace=False)
        read = pd.DataFrame({"call_id": drawn, "crisis_coded": crisis[drawn], "coded_by": "hand"})
        gain = lever_labels(replace(ARREST, averted=Bounds(0.05, 0.05, 0.05)), calls, read).gain
        held += gain.low <= 0.4 * 6 * YEAR * 0.5 * 0.05 <= gain.high
    assert held / many >= 0.92


def test_effects_per_call_come_from_the_design_believed_first():
    def one(method, contrast, estimate):
        about = Estimand(
            contrast=contrast, outcome="arrest", treatment="attended", population="calls", horizon="one call",
            scale="difference",
        )  # fmt: skip
        return Result(
            method=method, estimand=about, terms=pd.DataFrame({"term": ["att"]}), estimate=np.array([estimate]),
            vcov=np.array([[0.0001]]), df=np.array([np.inf]), scale="difference", n_obs=900, n_units=900,
            extra=Facts({"yes_or_no": True}), support=pd.DataFrame({"term": ["att"], "events": [37], "persons": [800]}),
        )  # fmt: skip

    found = PerCall.of_evidence(evidence([one("call_difference", "ATO", -0.04), one("call_iv", "LATE", -0.09)]))
    assert found.averted.estimate == pytest.approx(0.04)
    assert found.averted.low == pytest.approx(0.04 - 1.959964 * 0.01)
    assert found.events == 37
    assert "other way" in found.of
    bundle = replace(found, outcome="force")
    assert lever_reach(bundle, calls_of(KINDS))[0].outcome == "force"


def test_second_sample_by_hand():
    """200 a arm, 100 of each not known, half of the known yes: 10 % of 200 found again, 10 in each arm."""
    answer = pd.array([True, False, None, None] * 100, dtype="boolean")
    frame = pd.DataFrame({"attended": [True] * 200 + [False] * 200, "linked_30d": answer})
    plain = CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=[])
    d = PartlyKnownDesign.from_calls(plain, outcome="linked_30d")
    bounds = call_bounds(d)
    lever = lever_second_sample(bounds, d)
    variance = 2 * (0.25 / 200 + 0.5**2 * 0.25 * (1 / 10 - 1 / 100))
    row = bounds.tidy().iloc[0]
    assert lever.gain.estimate == pytest.approx(
        2 * 1.959964 * np.sqrt(variance) / (row["conf_high"] - row["conf_low"]), rel=1e-6
    )
    assert lever.gain.high == pytest.approx(lever.gain.estimate)  # the known vary as much as can be
    assert lever.gain.low == pytest.approx(lever.gain.estimate * np.sqrt(0.0025 / variance))
    assert "20 of 200" in lever.said


def test_a_lot_by_hand():
    table = pd.DataFrame(
        {"weeks": [13, 52], "events": [300.0, 1200.0], "std_error": [0.12, 0.06], "fall": 0.0, "rise": 0.0}
    )
    power = SwitchbackPower(table=table, outcome="calls", weeks_before=101)
    lever = lever_by_lot(Precision(0.2), power, weeks=52, outcome="calls", fall=-40.0)
    assert lever.gain.estimate == pytest.approx(0.3)
    # χ² with 100 degrees of freedom: 129.561 and 74.222
    assert lever.gain.low == pytest.approx(0.3 * np.sqrt(100 / 129.561), rel=1e-4)
    assert lever.gain.high == pytest.approx(0.3 * np.sqrt(100 / 74.222), rel=1e-4)
    assert "a fall of 14 %" in lever.said  # 1 − 0.6^0.3
    with pytest.raises(DesignError, match="nothing was drawn for 26 weeks"):
        lever_by_lot(Precision(0.2), power, weeks=26, outcome="calls")


def a_lever(what: str, gain: Bounds | None, currency="averted") -> Lever:
    return Lever(what=what, currency=currency, outcome="arrest", gain=gain, needs="" if gain else "more")


def test_currencies_are_ranked_apart():
    found = improve(
        [
            a_lever("unknown", None),
            a_lever("sharp", Bounds(0.3, 0.2, 0.4), "interval"),
            a_lever("range", Bounds(np.nan, 0.0, 20.0)),
            a_lever("small", Bounds(4.0, 1.0, 7.0)),
            a_lever("blunt", Bounds(0.9, 0.8, 1.0), "interval"),
            a_lever("large", Bounds(12.0, -1.0, 25.0)),
        ]
    ).frame
    assert found["what"].tolist() == ["large", "range", "small", "unknown", "sharp", "blunt"]
    assert found["rank"].tolist()[:3] == [1, 2, 3]
    assert np.isnan(found["rank"][3])
    assert found["rank"].tolist()[4:] == [1, 2]
    assert found["said"].tolist()[:3] == ["it may bring nothing", "it may bring nothing", ""]


@pytest.mark.parametrize("missing", ["attended", "team_on_duty", "initial_type"])
def test_what_is_missing_is_asked_for(missing):
    calls = calls_of(KINDS).drop(columns=missing)
    for lever in (*lever_reach(ARREST, calls), lever_labels(ARREST, calls)):
        assert lever.gain is None
        assert missing in lever.needs
    assert lever_follow_up(calls_of(KINDS), None).needs == "followed_up_72h, linked_30d, in a table outcomes by call_id"
    assert "crisis_on_scene" in lever_labels(ARREST, calls_of(KINDS).drop(columns="crisis_on_scene")).needs
    assert "eight weeks" in lever_reach(ARREST, calls_of(KINDS, weeks=7))[0].needs


def test_what_is_refused():
    with pytest.raises(DesignError, match="no lever"):
        improve([])
    with pytest.raises(DesignError, match="currency='dollars' is not a choice"):
        improve([a_lever("x", Bounds(1.0, 0.0, 2.0), "dollars")])
    with pytest.raises(DesignError, match="neither a gain nor what to collect: x"):
        improve([Lever(what="x", currency="averted", outcome="arrest")])
    same = Precision(0.0)
    with pytest.raises(DesignError, match="no length today"):
        lever_narrower(what="x", outcome="calls", now=same, then=same, least=same, most=same, formula="", assumes="")
