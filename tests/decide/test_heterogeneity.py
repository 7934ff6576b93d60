"""Whom it helps more: silence in homogeneous worlds, the truth in others, and groups named beforehand."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import decide
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.decide import Heterogeneity, Subgroups, heterogeneity, subgroups
from coresponder_causal.design import CallDesign


def design(
    seed: int, slope: float, n: int = 800, treatment: str = "attended", more: tuple[str, ...] = ()
) -> CallDesign:
    """Calls of persons who call several times; the effect is −1 − slope x, x known before dispatch."""
    rng = np.random.default_rng(seed)
    many = int(0.7 * n)
    person = rng.integers(0, many, n)
    night, x = (rng.random(many) < 0.5)[person].astype(int), rng.normal(size=n)
    sent = rng.random(n) < 1 / (1 + np.exp(-0.4 * night - 0.3 * x))
    score = 0.5 * rng.normal(size=many)[person] + 0.5 * x + 0.3 * night - sent * (1 + slope * x) + rng.normal(size=n)
    frame = pd.DataFrame({treatment: sent, "night": night, "x": x, "person": person, "score": score})
    frame["rare"] = np.where(np.arange(n) < 9, "rare", np.where(np.arange(n) % 2, "some", "most"))
    covariates = ["night", "x", *more]
    return CallDesign.from_frame(
        frame, outcome="score", treatment=treatment, covariates=covariates, person="person", on_duty="all"
    )


def found(seed: int, slope: float, *, halves: int = 7) -> Heterogeneity:
    return heterogeneity(
        design(seed, slope), effect_modifiers=["night", "x"], learner="linear", halves=halves, contrast="ATE", seed=seed
    )


@cache
def groups() -> Subgroups:
    return subgroups(design(3, 0.6), pre_specified=["night", "x"])


def test_where_all_benefit_alike_it_stays_silent() -> None:
    """Of 400 such worlds of 800 calls .002 passed, of 200 with forests none: twice the median p is cautious."""
    spoke = [found(seed, 0.0, halves=5).passed for seed in range(25)]
    assert np.mean(spoke) <= 0.08
    silent = found(2, 0.0)
    assert silent.effects is None
    assert silent.who.empty
    assert "No evidence" in silent.sentence
    assert 0.3 < silent.detectable < 2


@pytest.mark.parametrize("learner", ["linear", "forest"])
def test_where_some_benefit_more_it_says_who(learner: str) -> None:
    c = design(1, 0.6)
    told = heterogeneity(c, effect_modifiers=["night", "x"], learner=learner, halves=5, trees=100)  # type: ignore[arg-type]
    assert told.passed
    p = told.tests.set_index("test")["p_value"]
    assert p["calibration"] > 0.05
    assert p["falls"] > 0.05
    assert told.gates["estimate"].iloc[0] < told.gates["estimate"].iloc[-1]
    who = told.who.set_index("modifier")
    assert who.loc["x", "p_holm"] < 0.001
    assert who.loc["x", "most"] > 1 > -0.8 > who.loc["x", "least"]
    assert told.effects is not None
    truth = -1 - 0.6 * c.source["x"]
    assert np.corrcoef(told.effects.dropna(), truth[told.effects.notna()])[0, 1] > 0.8


def test_benefit_follows_the_sign_that_is_asked_for() -> None:
    c = design(1, 0.6)
    less, more = (
        heterogeneity(c, effect_modifiers=["x"], learner="linear", halves=3, better=better)  # type: ignore[arg-type]
        for better in ("less", "more")
    )
    assert less.gates["estimate"].to_numpy() == pytest.approx(more.gates["estimate"].to_numpy()[::-1], abs=1e-9)
    assert less.tests["estimate"][0] == pytest.approx(more.tests["estimate"][0])


def test_the_same_seed_says_the_same() -> None:
    first, again = found(4, 0.6, halves=3), found(4, 0.6, halves=3)
    pd.testing.assert_frame_equal(first.tests, again.tests)


def test_calls_received_on_duty_may_be_the_treatment() -> None:
    told = heterogeneity(
        design(1, 0.6, treatment="team_on_duty"), effect_modifiers=["x"], learner="linear", halves=3, contrast="ATE"
    )
    assert told.treatment == "team_on_duty"


def test_modifiers_must_be_known_before_dispatch() -> None:
    with pytest.raises(DesignError, match="final_type"):
        heterogeneity(design(1, 0.0), effect_modifiers=["final_type"])
    with pytest.raises(EstimationError, match="halves"):
        heterogeneity(design(1, 0.0), effect_modifiers=["x"], halves=0)


def test_groups_have_effects_a_test_of_their_difference_and_all_are_counted() -> None:
    told = groups()
    assert told.table["field"].tolist() == ["night", "night", "x", "x", "x", "x"]
    p = told.differences.set_index("field")
    assert p.loc["x", "p_holm"] < 0.001
    assert p.loc["night", "p_value"] > 0.05
    assert (told.table["p_romano_wolf"] >= told.table["p_value"] - 1e-12).all()
    two = told.table.set_index("group")["estimate"]
    assert p.loc["night", "difference"] == pytest.approx(two["1"] - two["0"])


def test_shrunk_groups_lie_between_their_own_and_the_whole() -> None:
    told = groups()
    whole, own, shrunk = told.result.estimate[0], told.table["estimate"], told.table["shrunk"]
    assert told.tau > 0
    assert (np.abs(shrunk - whole) < np.abs(own - whole)).all()


def test_all_calls_are_the_answer_of_the_estimator() -> None:
    from coresponder_causal.estimate import call_aipw

    own = call_aipw(design(3, 0.6), folds=5, repeats=3, seed=1)
    assert groups().result.estimate[0] == pytest.approx(own.estimate[0], rel=1e-10)
    assert groups().result.vcov[0, 0] == pytest.approx(own.vcov[0, 0], rel=1e-8)


def test_small_groups_are_put_together_with_one_that_would_give_them_away() -> None:
    told = subgroups(design(3, 0.6, more=("rare",)), pre_specified=["night", "rare"], propensity_model="ridge")
    assert told.left_out[0] == "rare: rare"
    assert len(told.left_out) == 2
    assert any("too small" in text for text in told.result.notes)
    assert told.table["field"].tolist() == ["night", "night", "rare", "rare"]
    assert told.table["group"].tolist()[-1] == "others together"
    with pytest.raises(EstimationError, match="horoscope"):
        subgroups(design(3, 0.6), pre_specified=["horoscope"])


def test_numbers_are_cut_where_it_was_said() -> None:
    told = subgroups(design(3, 0.6), pre_specified=["x"], cuts={"x": [-0.5, 0.5]})
    assert told.table["group"].tolist() == ["below -0.5", "-0.5 to below 0.5", "0.5 or more"]
    assert told.table["units"].sum() == 800


def test_differences_cover_and_say_what_they_could_have_seen() -> None:
    """x is cut at 0: the true difference of mean effects is −0.6 (E[x | x > 0] − E[x | x < 0]) for all calls."""
    truth = -0.6 * 2 * np.sqrt(2 / np.pi)
    told = [
        subgroups(design(seed, 0.6), pre_specified=["x"], cuts={"x": [0.0]}, contrast="ATE", repeats=1).differences.loc[
            0
        ]
        for seed in range(12)
    ]
    assert sum(one["conf_low"] <= truth <= one["conf_high"] for one in told) >= 10
    assert all(0.2 < one["mde"] < 0.8 for one in told)
    null = [
        subgroups(design(seed, 0.0), pre_specified=["x"], cuts={"x": [0.0]}, contrast="ATE", repeats=1).differences.loc[
            0
        ]
        for seed in range(12)
    ]
    assert sum(one["p_value"] < 0.05 for one in null) <= 3


def test_silence_is_called_evidence_only_where_a_difference_that_matters_would_be_seen() -> None:
    c = design(3, 0.0)
    rich = CallDesign.from_frame(
        c.source.assign(score=c.source["score"] + 100), outcome="score", treatment="attended",
        covariates=["night", "x"], person="person",
    )  # fmt: skip
    says = [subgroups(one, pre_specified=["night"], repeats=1) for one in (c, rich)]
    assert says[0].differences.loc[0, "verdict"] == "not testable at this n"
    assert says[1].differences.loc[0, "verdict"] == "no evidence that groups differ"
    assert says[1].matters > 10


def test_both_are_of_the_room() -> None:
    assert {"heterogeneity", "subgroups"} <= set(decide.__all__)
