"""Themes that were planted are found, and none where words come together by chance alone."""

import numpy as np
import pytest

import coresponder_causal as cc
from coresponder_causal.core.errors import DataError
from coresponder_causal.qualitative import themes
from coresponder_causal.qualitative.texts import words_of

QUICK = {"numbers": (2, 3, 4, 5, 6), "seeds": 3, "resamples": 5}


def planted(rng, texts=160, topics=4, length=40):
    """Texts of which half the words are of one topic and half are anybody's; and the topic of each."""
    own = [[f"t{chr(97 + j)}{chr(97 + i)}" for i in range(12)] for j in range(topics)]
    common = [f"c{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(150)]
    share = 1 / np.arange(1, 151)
    topic = rng.integers(topics, size=texts)
    many = rng.binomial(length, 0.5, texts)
    told = [
        [*rng.choice(own[j], m), *rng.choice(common, length - m, p=share / share.sum())]
        for j, m in zip(topic, many, strict=True)
    ]
    return [" ".join(words) for words in told], topic


def dealt(texts, rng):
    """Texts of the same lengths with all words dealt out anew."""
    words = [words_of(text) for text in texts]
    bag = rng.permutation([word for own in words for word in own])
    return [" ".join(part) for part in np.split(bag, np.cumsum([len(own) for own in words])[:-1])]


def test_planted_themes_are_found_with_their_number_and_their_texts():
    texts, topic = planted(np.random.default_rng(1))
    found = themes(texts, **QUICK)
    assert found.verdict == "4 stable themes"
    heads = [{word[:2] for word in words.split(", ")} for words in found.table["words"]]
    assert sorted(head for own in heads for head in own) == ["ta", "tb", "tc", "td"]
    assert (found.table[["over_seeds", "over_resamples"]] >= 0.8).to_numpy().all()
    letter = np.array(["".join(own) for own in heads])[found.weights.to_numpy().argmax(axis=1)]
    assert np.mean(letter == np.char.add("t", np.array(list("abcd"))[topic])) > 0.97


def test_shuffled_words_have_no_themes_however_stable_their_fits_are():
    rng, most = np.random.default_rng(2), 0.0
    for seed in range(4):
        found = themes(dealt(planted(rng)[0], rng), **QUICK, seed=seed)
        assert found.verdict == "no stable themes"
        assert found.table.empty
        most = max(most, found.numbers[["over_seeds", "over_resamples"]].min(axis=1).max())
    assert most > 0.8  # stability alone would have found some


def test_the_same_seed_gives_the_same_themes():
    texts, _ = planted(np.random.default_rng(3), texts=80)
    one, other = (themes(texts, numbers=(3, 4), seeds=2, resamples=2, shuffles=2) for _ in range(2))
    assert one.table.equals(other.table)
    assert one.by_chance == other.by_chance


def test_too_few_texts_are_refused():
    with pytest.raises(DataError, match=r"(?s)numbers=\(2, 9\).*seeds=1"):
        themes(["calm again"] * 12, numbers=(2, 9), seeds=1)


def test_themes_of_a_simulated_world_are_found_and_not_mixed():
    # A narrative tells a theme by one of three sentences, so that each sentence is a theme of its own words. Those of
    # the fifth theme, substance use, have fewer than three words that are no grammar: such a theme is not looked for.
    world = cc.simulate.world("west_sac_like", seed=1)
    told, truth = world.tables["narratives"]["text"], world.themes["narratives"]
    pick = np.sort(np.random.default_rng(1).permutation(len(told))[:1500])
    texts, names = list(told.iloc[pick]), ["housing", "medication", "family", "fear_of_police"]
    found = themes(texts, numbers=(40,), seeds=2, resamples=3)
    has = [set(words_of(text)) for text in texts]
    met = {}
    for words in found.table["words"].str.split(", "):
        holds = np.array([set(words[:3]) <= own for own in has])
        for name in names:
            met[name] = max(met.get(name, 0.0), truth[name].to_numpy()[pick][holds].mean() if holds.any() else 0.0)
    assert min(met.values()) > 0.97
    assert found.table["words"].str.count(",").min() >= 2
    assert themes(dealt(texts[:600], np.random.default_rng(2)), numbers=(20,), seeds=2, resamples=2).table.empty
