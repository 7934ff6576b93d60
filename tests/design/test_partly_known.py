"""Designs of partly known outcomes: what they take, refuse and say; and whom the designer draws."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.design import CallDesign, PartlyKnownDesign, double_sampling, match_nearest

N = 200
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "call_id": RNG.permutation(N) + 1000,
        "attended": RNG.random(N) < 0.4,
        "night": RNG.random(N) < 0.5,
        "person": RNG.integers(0, 90, N),
        "engaged": pd.array(RNG.random(N) < 0.4, "boolean"),
        "minutes": RNG.gamma(2.0, 10.0, N),
    }
)
FRAME.loc[RNG.random(N) < 0.3, "engaged"] = pd.NA
FRAME.loc[RNG.random(N) < 0.3, "minutes"] = np.nan


def plain(frame=FRAME, **stated):
    return CallDesign.from_frame(frame, outcome=None, treatment="attended", covariates=["night"], **stated)


def test_missing_is_counted_and_is_not_a_no():
    d = PartlyKnownDesign.from_calls(plain(), outcome="engaged")
    gone = FRAME["engaged"].isna().to_numpy()
    treated = FRAME["attended"].to_numpy()
    said = f"{(treated & gone).sum()} of {treated.sum()} calls with attended and {(~treated & gone).sum()} of"
    assert any(said in text for text in d.notes)
    assert d.seen().sum() == (~gone).sum()
    assert d.range_of_outcome == (0.0, 1.0)


def test_amounts_have_the_range_of_those_known_and_that_is_said():
    d = PartlyKnownDesign.from_calls(plain(), outcome="minutes")
    assert d.range_of_outcome == (FRAME["minutes"].min(), FRAME["minutes"].max())
    assert any("are taken to lie among the known" in text for text in d.notes)
    stated = PartlyKnownDesign.from_calls(plain(), outcome="minutes", least=0, most=600)
    assert stated.range_of_outcome == (0.0, 600.0)
    assert not any("are taken to lie" in text for text in stated.notes)


def test_every_broken_rule_is_listed():
    with pytest.raises(DesignError) as caught:
        PartlyKnownDesign.from_calls(
            plain(person="person"), outcome=None, drawn="night", reviewed="person", chance="minutes"
        )
    for text in ("'night' has another role", "'person' has another role", "'minutes' is outside 0 to 1"):
        assert text in str(caught.value)
    complete = FRAME.assign(minutes=FRAME["minutes"].fillna(0))
    calls = CallDesign.from_frame(complete, outcome="minutes", treatment="attended", covariates=["night"])
    with pytest.raises(DesignError, match="already have the outcome"):
        PartlyKnownDesign.from_calls(calls, outcome="engaged")
    with pytest.raises(DesignError, match="'minutes' is outside 0 to 5 in"):
        PartlyKnownDesign.from_calls(plain(), outcome="minutes", least=0, most=5)
    unknown = FRAME.assign(engaged=FRAME["engaged"].mask(FRAME["attended"]))
    with pytest.raises(DesignError, match="known of no call with attended"):
        PartlyKnownDesign.from_calls(plain(unknown), outcome="engaged")
    with pytest.raises(DesignError, match="'word' is not numeric"):
        PartlyKnownDesign.from_calls(plain(FRAME.assign(word="yes")), outcome="word")


def test_the_adjustment_stays_the_same_whatever_the_outcome_is():
    matched = match_nearest(plain(), caliper=0.5)
    one, other = (PartlyKnownDesign.from_calls(matched, outcome=name) for name in ("engaged", "minutes"))
    assert one.calls.design_fingerprint == other.calls.design_fingerprint
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == PartlyKnownDesign.from_calls(matched, outcome=None).with_outcome("engaged").fingerprint


def cells(lost, known):
    """Calls of both arms in two strata, with so many lost and known outcomes each."""
    rows = [
        pd.DataFrame({"attended": arm, "night": night, "engaged": [*[1.0] * yes, *[0.0] * no, *[np.nan] * gone]})
        for (arm, night), gone, (yes, no) in zip([(1, 0), (1, 1), (0, 0), (0, 1)], lost, known, strict=True)
    ]
    return PartlyKnownDesign.from_calls(plain(pd.concat(rows, ignore_index=True)), outcome="engaged")


def test_the_optimum_follows_loss_and_spread():
    """Neyman: m ∝ W S. Arms of 200 and 400; 80 and 20 lost with the team, 80 and 20 without: W = .4, .1, .2, .05."""
    half = cells((80, 20, 80, 20), ((25, 25), (25, 25), (75, 75), (75, 75)))
    sample = double_sampling(half, number=75, stratum="night", seed=1)
    assert sample.cells["drawn"].tolist() == [20, 5, 40, 10]
    assert (sample.cells.set_index(["treated", "stratum"])["share"] == [0.2, 0.05, 0.4, 0.1]).all()
    uneven = cells((50, 50, 50, 50), ((25, 25), (5, 45), (25, 25), (5, 45)))
    drawn = double_sampling(uneven, number=80, stratum="night", seed=1).cells["drawn"].to_numpy()
    assert drawn[0] / drawn[1] == pytest.approx(0.5 / 0.3, rel=0.06)
    same = double_sampling(uneven, number=80, stratum="night", allocation="proportional", seed=1)
    assert same.cells["drawn"].tolist() == [20, 20, 20, 20]


def test_the_number_is_the_fewest_that_bring_the_error():
    d = cells((80, 20, 80, 20), ((25, 25), (25, 25), (75, 75), (75, 75)))
    sample = double_sampling(d, std_error=0.06, seed=2)
    total = int(sample.cells["drawn"].sum())
    assert sample.std_error <= 0.06 < double_sampling(d, number=total - 1, seed=2).std_error
    whole = double_sampling(d, number=10_000, seed=2)
    assert whole.std_error == pytest.approx(np.sqrt(0.25 / 200 + 0.25 / 400))
    assert whole.frame["drawn"].all()


def test_the_list_holds_calls_and_nothing_else_of_them_and_repeats_by_its_seed():
    d = PartlyKnownDesign.from_calls(plain(person="person"), outcome="engaged")
    sample = double_sampling(d, number=20, stratum="night", seed=5)
    assert list(sample.frame) == ["call_id", "chance", "drawn"]
    gone = set(d.source.loc[~d.seen(), "call_id"])
    assert set(sample.frame["call_id"]) == gone
    assert sample.frame["drawn"].sum() == 20
    again, other = (double_sampling(d, number=20, stratum="night", seed=seed).frame for seed in (5, 6))
    pd.testing.assert_frame_equal(sample.frame, again)
    assert not again["drawn"].equals(other["drawn"])
    assert "20 of" in repr(sample)


def test_sizes_that_cannot_be_are_refused():
    d = cells((80, 20, 80, 20), ((25, 25), (25, 25), (75, 75), (75, 75)))
    for stated, why in (
        ({}, "one of them"),
        ({"number": 9, "std_error": 0.1}, "one of them"),
        ({"number": 7, "stratum": "night"}, "7 calls for 4 cells"),
        ({"std_error": 0.01}, "even if everybody is found"),
        ({"number": 9, "stratum": "nowhere"}, "'nowhere' is missing"),
    ):
        with pytest.raises(DesignError, match=why):
            double_sampling(d, seed=1, **stated)
    full = FRAME.assign(engaged=FRAME["engaged"].fillna(False))
    with pytest.raises(DesignError, match="outcome of every call is known"):
        double_sampling(PartlyKnownDesign.from_calls(plain(full), outcome="engaged"), number=10, seed=1)
