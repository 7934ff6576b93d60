"""Fairness asked at once, what is refused, clusters that cross, small cells, similar calls, drawn pairs of cases."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import decide, report
from coresponder_causal.check import leniency_balance, leniency_monotone
from coresponder_causal.core.crossed_clusters import crossed, spread
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.decide.fairness_page import fairness_text
from coresponder_causal.decide.fairness_worlds import stages_in_worlds
from coresponder_causal.design import CallDesign, CallInstrumentDesign, VignetteDesign, minimal_pairs
from coresponder_causal.estimate import call_iv, vignette_effects
from coresponder_causal.qualitative import lexicon_use
from coresponder_causal.qualitative.word_lists import Lexicon
from coresponder_causal.simulate.biased_calls import biased_calls, biased_contacts
from coresponder_causal.validity.call_worlds import shifts, start

BY_GROUP = {"group": "group", "reference": "reference"}


def design(frame):
    return CallDesign.from_frame(
        frame, outcome="arrest", treatment="attended", covariates=["hour", "initial_type"], person="person"
    )


def asked(frame, **more):
    with quietly():
        return decide.fairness(frame, **BY_GROUP, outcomes=["arrest"], worse=["disturbance"], **more)


def test_three_quantities_stand_beside_each_other_and_agree_with_those_asked_alone():
    made = biased_calls(calls=6000, caller_bias=0.15, officer_bias=0.06)
    found = asked(made, design=design(made), allowable=["initial_type"])
    told = found.table().set_index(["outcome", "quantity"])
    assert told.index.tolist()[0] == ("attended", "as it is")
    assert told.loc["arrest"].index.tolist() == ["as it is", "alike", "all attended", "officers"]
    alone = decide.disparity_rates(design(made), **BY_GROUP)
    assert told.loc[("arrest", "as it is"), "gap"] == pytest.approx(alone.estimate[0])
    assert set(found.enters_with()) == {"callers and call takers", "officers"}
    assert found.outcomes[0].bounds is not None


def test_a_gap_that_follows_a_contact_is_not_told_without_its_bounds():
    made = biased_calls(calls=3000)
    made["arrest"] = made["arrest"] * 2
    found = asked(made)
    (one,) = found.outcomes
    assert (one.rates, one.closing, one.bounds) == (None, None, None)
    assert any("not yes or no" in text for text in found.refused)
    assert found.table()["outcome"].tolist() == ["attended"]


def test_without_a_design_no_gap_is_conditional_and_the_reason_is_said():
    found = asked(biased_calls(calls=3000))
    assert "alike" not in set(found.table()["quantity"])
    assert any("no design compares calls one by one" in text for text in found.refused)


def test_every_broken_rule_of_a_frame_is_in_one_error():
    made = biased_calls(calls=500).assign(arrest="often")
    with pytest.raises(DesignError) as said:
        decide.contact_gap(made, outcome="arrest", group="group", reference="nobody", clusters="month", level=2.0)
    for part in ("clusters='month'", "level=2.0", "not yes or no", "'nobody' is no group"):
        assert part in str(said.value)
    for call in (
        lambda: decide.label_drift(made, group="colour", reference="white"),
        lambda: decide.unknown_group(made, outcome="shoes", **BY_GROUP),
        lambda: decide.where_bias(made, **BY_GROUP, worse=["opera"], outcome="attended"),
        lambda: decide.label_sensitivity(made, **BY_GROUP, right=["opera"], truth="attended"),
        lambda: decide.outcome_test(made, **BY_GROUP, acted="attended", right="arrest", place="hour"),
        lambda: decide.contact_gap(made, outcome="attended", **BY_GROUP, shares=[0.1, 1.0]),
    ):
        with pytest.raises(DesignError):
            call()


def test_calls_without_a_person_or_an_outcome_are_said_and_break_nothing():
    made = biased_calls(calls=3000).astype({"person": "Int64", "arrest": "boolean"})
    made.loc[:9, "person"] = pd.NA
    made.loc[10:29, "arrest"] = pd.NA
    with collecting() as said:
        found = decide.contact_gap(made, outcome="arrest", **BY_GROUP)
    assert found["contacts"].iloc[0] == 2980
    assert any("10 of 3000 calls have no code" in text for text in said)
    assert any("20 of 3000 calls without a value of 'arrest'" in text for text in said)


def test_clusters_that_cross_are_never_narrower_than_either_and_know_shocks_of_weeks():
    made = biased_calls(calls=6000)
    week = pd.to_datetime(made["received_at"]).dt.strftime("%G-W%V")
    shock = pd.Series(np.random.default_rng(1).normal(0, 0.5, week.nunique()), index=week.unique())
    made["arrest"] = np.where((made["group"] == "group") & (week.map(shock) > 0.2), True, made["arrest"])
    errors = {
        kind: decide.disparity_rates(design(made), **BY_GROUP, clusters=kind).tidy()["std_error"].iloc[0]
        for kind in ("person", "week", "person and week")
    }
    assert errors["week"] > 1.5 * errors["person"]
    assert errors["person and week"] >= errors["week"]


def test_two_ways_that_are_one_and_the_same_give_that_one():
    rng = np.random.default_rng(2)
    slopes, kind = rng.normal(size=(200, 2)), rng.integers(0, 20, 200)
    one = spread(slopes, [kind])
    both = spread(slopes, [kind, kind])
    np.testing.assert_allclose(both.vcov, one.vcov, rtol=1e-10)
    found = crossed(np.eye(2), 2 * np.eye(2), 5 * np.eye(2))  # no covariance by itself
    assert (np.linalg.eigvalsh(found) >= 0).all()
    assert np.diag(found).tolist() == [2.0, 2.0]


def test_no_cell_of_few_persons_is_shown_nor_given_away():
    made = biased_calls(calls=3000, caller_bias=0.2)
    made.loc[made.index[:4], "final_type"] = "trespass"
    made.loc[made.index[10:16], "initial_type"] = "trespass"
    with collecting() as said:
        drift = decide.label_drift(made, **BY_GROUP)
    assert (drift["persons"] >= 11).all()
    assert not drift[["written", "found"]].eq("trespass").any().any()
    assert "others together" in set(drift["found"])
    assert any("labels with calls of fewer than 11 persons are left out" in text for text in said)


def test_calls_acted_on_of_unknown_result_are_not_counted_as_wrong_and_doubled_calls_as_one():
    rng, n = np.random.default_rng(3), 6000
    frame = pd.DataFrame({"group": rng.choice(["a", "b"], n), "beat": rng.choice(["x", "y", "z"], n)})
    guilty = rng.random(n) < frame["beat"].map({"x": 0.2, "y": 0.3, "z": 0.4})
    frame = frame.assign(acted=rng.normal(size=n) + 1.5 * guilty > 1.0, right=guilty.astype(float))
    truth = frame[frame["acted"]].groupby("group")["right"].mean()
    frame["right"] = frame["right"].mask(rng.random(n) < 0.5)
    columns = {"group": "group", "reference": "b", "acted": "acted", "right": "right", "place": "beat"}
    half = decide.outcome_test(frame, **columns, person=None)
    assert np.abs(half.table.set_index("group")["right_share"] - truth).max() < 0.05
    assert any("it is not known whether that was right" in text for text in half.notes)
    twice = decide.outcome_test(
        pd.concat([frame, frame], ignore_index=True).assign(person=[*range(n), *range(n)]), **columns
    )
    assert any("2.00 calls are worth one" in text for text in twice.notes)
    np.testing.assert_allclose(twice.table["diff_low"][1], half.table["diff_low"][1], atol=0.02)


def test_similar_calls_find_who_got_the_team_and_count_those_without_a_match():
    made = biased_calls(calls=8000, reach_bias=0.2).assign(beat="north")
    made.loc[made.index[:3], "beat"] = "moon"
    found = decide.similar_calls(made, **BY_GROUP, outcome="attended").iloc[0]
    assert found["conf_low"] < -0.2 < found["conf_high"] < 0
    assert found["left_out"] + found["matched"] == (made["group"] == "group").sum()
    fair = decide.similar_calls(biased_calls(calls=8000, caller_bias=0.3), **BY_GROUP, outcome="attended",
                                alike=["initial_type", "hour"]).iloc[0]  # fmt: skip
    assert abs(fair["gap"]) < 3 * fair["std_error"]
    with pytest.raises(EstimationError, match="make cells coarser"):
        decide.similar_calls(made.assign(beat=made.index), **BY_GROUP, outcome="attended")


def test_bounds_hold_the_effect_where_contacts_were_had_for_the_group():
    made = biased_contacts(persons=200_000)
    own = made["group"] == "group"
    truth = float((made["force_as_group"] * 1.0 - made["force_as_reference"]).mean())
    shares = [0.0, float(made.loc[own, "for_the_group"].mean())]
    found = decide.contact_gap(made, outcome="force", shares=shares, person=None, **BY_GROUP)
    assert found["conf_high"][0] < truth  # as if bias brought no contact
    assert found["set_low"][1] < truth < found["set_high"][1]


def by_takers(*, turned, seed=7, n=9000, takers=20):
    """Calls whose label, and with it the team, hangs on who takes them; ``turned``: the other way in one group."""
    rng = np.random.default_rng(seed)
    taker, black = rng.integers(0, takers, n), rng.random(n) < 0.4
    severity, hidden = rng.normal(size=n), rng.normal(size=n)
    lenient = 0.15 + 0.5 * taker / (takers - 1)
    lenient = np.where(turned & black, 0.8 - lenient, lenient - 0.1 * black)  # a label that callers and takers bias
    label = rng.random(n) < lenient
    attended = rng.random(n) < np.clip(0.05 + 0.7 * label + 0.1 * hidden, 0, 1)
    arrest = rng.random(n) < np.clip(0.4 + 0.08 * hidden + 0.05 * severity + 0.06 * black - 0.15 * attended, 0, 1)
    minutes = rng.integers(0, 720, n) * 1440 + rng.integers(12 * 60, 22 * 60, n)
    frame = pd.DataFrame({
        "received_at": start + pd.to_timedelta(minutes, unit="min"), "severity": severity, "black": black,
        "call_taker": taker, "attended": attended, "team_on_duty": True, "arrest": arrest,
    })  # fmt: skip
    early = frame.head(1).assign(received_at=start - pd.Timedelta("1D"), team_on_duty=False)
    d = CallInstrumentDesign.from_tables(
        pd.concat([frame, early], ignore_index=True), shifts(), outcome="arrest", start=start.date(),
        instrument="call_taker", covariates=["severity", "black"],
    )  # fmt: skip
    with quietly():
        return d, call_iv(d)


def test_leniency_recovers_the_effect_though_labels_are_biased_by_call_taker_and_group():
    found, inside = [], []
    for seed in range(8):
        d, result = by_takers(turned=False, seed=seed)
        row = result.tidy().iloc[0]
        found.append(row["estimate"])
        inside.append(row["conf_low"] <= -0.15 <= row["conf_high"])
    assert abs(np.mean(found) + 0.15) < 0.03
    assert sum(inside) >= 7
    assert leniency_monotone(result, d).verdict == "no contradiction found"
    assert leniency_balance(result, d).verdict == "no contradiction found"


def test_a_call_taker_strict_for_one_group_and_lenient_for_the_other_fails_monotonicity():
    d, result = by_takers(turned=True)
    found = leniency_monotone(result, d)
    assert found.verdict == "contradicts"
    assert found.table.set_index("what").loc["black", "estimate"] < 0


def test_pairs_differ_in_the_cue_alone_are_balanced_and_find_a_bias():
    cases = {f"case {k}": f"Somebody calls about a {{cue}} near place {k}." for k in range(8)}
    cues = {"housed": "man", "unhoused": "man with a tent"}
    drawn = minimal_pairs(cases, cues, persons=[f"p{k}" for k in range(40)], seed=3)
    assert drawn.groupby("person")["group"].value_counts().eq(4).all()
    assert drawn.groupby("case")["group"].value_counts().eq(20).all()
    same = drawn.assign(text=[t.replace(cues[g], "") for t, g in zip(drawn["text"], drawn["group"], strict=True)])
    assert same.groupby("case")["text"].nunique().eq(1).all()
    rng = np.random.default_rng(4)
    drawn["strict"] = rng.normal(size=len(drawn)) + 0.8 * (drawn["group"] == "unhoused")
    d = VignetteDesign.from_frame(drawn, outcome="strict", person="person", factors=["group", "case"])
    row = vignette_effects(d).tidy().iloc[0]
    assert row["conf_low"] < 0.8 < row["conf_high"]
    assert row["conf_low"] > 0
    with pytest.raises(DesignError, match="3 rules"):
        minimal_pairs({"one": "no place"}, cues, persons=["a", "a"])
    form = report.pair_form(drawn, person="p3", question="What do you write?", answers=["welfare check"])
    assert len(form.lines) == 16
    assert not any("unhoused" in line.text for line in form.lines)


def test_stigmatising_words_are_told_by_perceived_group_with_the_machines_errors_taken_out():
    rng, n = np.random.default_rng(5), 1200
    group = rng.choice(["black", "white"], n)
    truly = rng.random(n) < np.where(group == "black", 0.3, 0.15)
    hit = np.where(truly, rng.random(n) < 0.9, rng.random(n) < 0.1)
    texts = ["He was a junkie again." if one else "He was calm at home." for one in hit]
    drawn = rng.random(n) < 0.4
    hand = [float(one) if known else None for one, known in zip(truly, drawn, strict=True)]
    words = Lexicon(name="own", label="Own words", terms=("junkie",))
    found = lexicon_use(texts, words, authors=list(rng.integers(0, 60, n)), groups=list(group), hand=hand,
                        chance=[0.4] * n)  # fmt: skip
    told = found.table.set_index("group")
    for name, share in (("black", 0.3), ("white", 0.15)):
        assert told.loc[name, "corrected_low"] < share < told.loc[name, "corrected_high"]
    assert found.status == "validated"


def test_the_page_gives_the_odds_that_the_study_found():
    odds = stages_in_worlds(range(1), calls=3000)
    assert odds["world"].tolist()[0] == "nobody"
    assert odds["rightly"].isin([0.0, 1.0]).all()
    told = {"quantity": ["gap"], "truth": [0.05], "mean": [0.051], "covered": [0.94], "seeds": [150]}
    text = fairness_text(odds, pd.DataFrame(told | {"monte_carlo": [0.018]}))
    assert f"| nobody | {odds['callers and call takers'][0]:.3f} |" in text
    assert "| gap | +0.050 | +0.051 | 0.940 | 0.018 |" in text
