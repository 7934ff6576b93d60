"""Word lists: whole words, intervals by authors, errors by hand, and shares that are right though the list is not."""

import numpy as np
import pytest

import coresponder_causal as cc
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.hand_checked import rogan_gladen
from coresponder_causal.core.partial_means import Moved
from coresponder_causal.data.metrics_catalogue import stigmatising_terms
from coresponder_causal.qualitative import Lexicon, lexicon, lexicon_use

OWN = Lexicon(name="own", label="Own words", terms=("wino", "nut", "nut job"))


def drawn_texts(rng, authors=40, each=25):
    """Texts whose true share differs by group, with a list that errs more in one of them; a drawn half coded."""
    who = np.repeat(np.arange(authors), each)
    group = np.where(who < authors // 2, "team", "others")
    own = rng.beta(4, np.where(np.arange(authors) < authors // 2, 16, 6))[who]
    truth = rng.random(len(who)) < own
    hit = np.where(truth, rng.random(len(who)) < 0.8, rng.random(len(who)) < np.where(group == "team", 0.3, 0.05))
    chance = np.where(hit, 0.6, 0.3)
    hand = np.where(rng.random(len(who)) < chance, truth, np.nan)
    texts = ["a wino at the door" if yes else "a man at the door" for yes in hit]
    return {"texts": texts, "authors": who, "groups": group, "hand": hand, "chance": chance}


def used(told, **options):
    texts = told.pop("texts")
    return lexicon_use(texts, OWN, **told, **options)


def test_whole_words_and_the_longer_of_two_terms():
    assert OWN.hits(["Winos, NUT JOB and nuts", "a nutshell, a window", "nut\n job"]).tolist() == [3, 0, 1]


def test_the_lists_of_the_dictionary():
    assert set(stigmatising_terms()) <= set(lexicon("stigma").terms)
    assert not set(lexicon("stigma").terms) & set(lexicon("strengths").terms)
    assert lexicon("stigma").hits(["Off her meds again, the usual nonsense."]).tolist() == [2]
    with pytest.raises(DataError, match="take one of stigma, strengths"):
        lexicon("function_words")


def test_corrected_shares_hold_the_truth_where_the_list_errs_by_group():
    rng = np.random.default_rng(4)
    inside, gladen, machine = [], [], []
    for _ in range(150):
        table = used(drawn_texts(rng)).table.set_index("group")
        for group, truth in (("team", 0.2), ("others", 0.4)):
            row = table.loc[group]
            inside.append(row["corrected_low"] <= truth <= row["corrected_high"])
            gladen.append(row["rogan_gladen"] - truth)
            machine.append(row["share"] - truth)
    assert 0.91 <= np.mean(inside) <= 0.985  # Monte-Carlo error .013
    assert np.mean(gladen[::2]) > 0.05  # one specificity for both groups is wrong for the team's
    assert np.mean(machine[::2]) > 0.15


def test_errors_are_weighted_by_the_draw():
    rng = np.random.default_rng(6)
    found = [used(drawn_texts(rng)).errors.set_index("group").loc["team"] for _ in range(30)]
    assert np.mean([row["sensitivity"] for row in found]) == pytest.approx(0.8, abs=0.03)
    assert np.mean([row["specificity"] for row in found]) == pytest.approx(0.7, abs=0.03)


def test_rates_per_thousand_hold_the_truth_where_authors_differ():
    rng, inside, words = np.random.default_rng(7), 0, 50
    for _ in range(200):
        rate = rng.gamma(2.0, 0.01, 30)
        who = np.repeat(np.arange(30), 10)
        hits = np.minimum(rng.poisson(rate[who] * words), words)
        texts = [" ".join(["wino"] * k + ["calm"] * (words - k)) for k in hits]
        row = lexicon_use(texts, OWN, authors=who, unvalidated=True).table.iloc[0]
        inside += row["per_1000_low"] <= 20 <= row["per_1000_high"]
    assert 0.9 <= inside / 200 <= 0.99  # Monte-Carlo error .015


def test_nothing_is_counted_unvalidated_without_its_name():
    with pytest.raises(DataError, match="unvalidated=True"):
        lexicon_use(["a wino"], OWN, authors=["x"])
    found = lexicon_use(["a wino", "he"], OWN, authors=["x", "y"], unvalidated=True)
    assert found.status == "unvalidated"
    assert set(found.table["status"]) == {"unvalidated"}
    assert "corrected" not in found.table
    assert any("not to be compared" in text for text in found.notes)


def test_every_broken_rule_is_named_at_once():
    with pytest.raises(DataError, match=r"(?s)2 texts and 1 authors.*no text was coded.*1 chances"):
        lexicon_use(["a", "b"], OWN, authors=["x"], hand=[None, None], chance=[0.5, 0.0])


def test_stigma_of_a_simulated_world_is_corrected_to_its_truth():
    world = cc.simulate.world("west_sac_like", seed=1)
    told, truth = world.tables["narratives"], world.themes["narratives"]["stigmatising_term"].to_numpy()
    rng = np.random.default_rng(1)
    hand = np.where(rng.random(len(told)) < 0.2, truth, np.nan)
    found = lexicon_use(
        list(told["text"]), lexicon("stigma"), authors=list(told["author"]), hand=hand, chance=[0.2] * len(told)
    )
    row, errors = found.table.iloc[0], found.errors.iloc[0]
    assert row["corrected_low"] <= truth.mean() <= row["corrected_high"]
    assert errors["sensitivity"] == 1
    assert errors["specificity"] > 0.95


def test_a_list_that_errs_is_corrected_in_a_simulated_world():
    # Half of the terms that the world's officers use are struck from the list: it misses what they write with these.
    world = cc.simulate.world("west_sac_like", seed=1)
    told, truth = world.tables["narratives"], world.themes["narratives"]["stigmatising_term"].to_numpy()
    texts = list(told["text"])
    used = [
        term for term in lexicon("stigma").terms if Lexicon(name="one", label="One", terms=(term,)).hits(texts).any()
    ]
    wrong = Lexicon(name="wrong", label="Wrong", terms=tuple(used[::2]))
    rng = np.random.default_rng(1)
    hand = np.where(rng.random(len(told)) < 0.2, truth, np.nan)
    found = lexicon_use(texts, wrong, authors=list(told["author"]), hand=hand, chance=[0.2] * len(told))
    row, errors = found.table.iloc[0], found.errors.iloc[0]
    assert abs(row["share"] - truth.mean()) > 0.02
    assert row["corrected_low"] <= truth.mean() <= row["corrected_high"]
    assert errors["sensitivity"] < 0.9
    assert errors["found"] < errors["yes"]


def test_no_hit_in_a_few_texts_is_no_proof_that_there_are_none():
    """20 of 20 read by hand without such words leave up to 16 % by Wilson; of texts without a group no row is made."""
    own = Lexicon(name="own", label="Own words", terms=("wino",))
    groups = ["a"] * 10 + ["b"] * 8 + [None, np.nan]
    found = lexicon_use(
        ["calm at home"] * 20, own, authors=list(range(20)), groups=groups, hand=[0] * 20, chance=[1.0] * 20
    )
    ends = found.table.set_index("group")[["corrected", "corrected_low", "corrected_high"]]
    assert ends.loc["all"].tolist() == pytest.approx([0, 0, 1.96**2 / (20 + 1.96**2)], abs=1e-4)
    assert ends.index.tolist() == ["all", "a", "b"]
    assert ends.loc["b", "corrected_high"] > ends.loc["a", "corrected_high"] > ends.loc["all", "corrected_high"]
    assert any("2 of 20 texts are of no group" in text for text in found.notes)


def test_slopes_of_rogan_and_gladen_are_derivatives():
    at, steps = np.array([0.3, 0.8, 0.9]), 1e-6 * np.eye(3)

    def of(values):
        return rogan_gladen(*(Moved(value, unit) for value, unit in zip(values, np.eye(3), strict=True)))

    moved = [(of(at + step).value - of(at - step).value) / 2e-6 for step in steps]
    assert of(at).slope == pytest.approx(np.array(moved), abs=1e-7)
