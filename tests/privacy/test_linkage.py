"""How good a linkage is: worked by hand, and on linkages whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import privacy
from coresponder_causal.core.errors import DisclosureError, IdentificationWarning
from coresponder_causal.core.inference import wilson

ROWS = 3000
HOW = np.array(["exact", "sound", "initial"])
RIGHT = {"exact": 0.999, "sound": 0.95, "initial": 0.85}


def linkage(rng):
    """Links of three kinds, of which some are wrong, and rows without a link, of which a tenth has one to be found."""
    linked = rng.random(ROWS) < 0.6
    how = rng.choice(HOW, ROWS, p=[0.7, 0.2, 0.1])
    right = rng.random(ROWS) < np.array([RIGHT[name] for name in how])
    absent = rng.random(ROWS) < 0.9
    pairs = pd.DataFrame({"left": np.arange(ROWS), "right": np.arange(ROWS), "agreeing": 3, "strongest": how})[linked]
    truth = np.where(linked, right, absent)
    found = (linked & right).sum()
    measures = {"precision": found / linked.sum(), "recall": found / (found + (~linked & ~absent).sum())}
    return pairs, truth, measures


def read(pairs, truth, seed, number=400):
    sample = privacy.clerical_sample(pairs, pd.RangeIndex(ROWS), number=number, seed=seed)
    return sample.assign(correct=truth[sample["left"]])


def test_a_sample_takes_each_class_alike_and_its_weights_add_up():
    pairs, truth, _ = linkage(np.random.default_rng(1))
    sample = read(pairs, truth, seed=2)
    assert sample["how"].value_counts().to_dict() == dict.fromkeys([*HOW, "not linked"], 100)
    assert sample["weight"].sum() == pytest.approx(ROWS)
    assert sample["left"].is_unique
    assert sample.loc[sample["how"] == "not linked", "right"].isna().all()
    pd.testing.assert_frame_equal(sample, read(pairs, truth, seed=2))
    with pytest.raises(DisclosureError, match="3 rows cannot be drawn from 4 classes"):
        privacy.clerical_sample(pairs, pd.RangeIndex(ROWS), number=3, seed=1)


def test_without_classes_the_bounds_are_those_of_a_share():
    """Forty links of one class, of which 36 are right, drawn from very many."""
    sample = pd.DataFrame({"how": "exact", "weight": 1e9, "correct": [True] * 36 + [False] * 4})
    found = privacy.linkage_error(sample).set_index("measure").loc["precision"]
    assert found["estimate"] == pytest.approx(0.9)
    assert found["effective"] == pytest.approx(39)  # variances are over n − 1
    assert (found["low"], found["high"]) == pytest.approx(tuple(map(float, wilson(0.9 * 39, 39))))


def test_bounds_hold_precision_and_recall():
    rng, held = np.random.default_rng(3), []
    for seed in range(100):
        pairs, truth, measures = linkage(rng)
        found = privacy.linkage_error(read(pairs, truth, seed)).set_index("measure")
        held.append([found.loc[name, "low"] <= true <= found.loc[name, "high"] for name, true in measures.items()])
    coverage = np.mean(held, axis=0)
    assert (coverage >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 100)).all(), coverage


def test_rows_that_nobody_read_are_counted():
    pairs, truth, _ = linkage(np.random.default_rng(1))
    sample = read(pairs, truth, seed=1).astype({"correct": "boolean"})
    sample.loc[:6, "correct"] = pd.NA
    with pytest.raises(DisclosureError, match="7 of 400 rows are not read"):
        privacy.linkage_error(sample)


def test_groups_that_are_linked_less_often_are_named():
    groups = pd.DataFrame({"race": ["a"] * 200 + ["b"] * 200, "sex": ["f", "m"] * 200, "arm": [0, 0, 1, None] * 100})
    linked = np.r_[np.arange(200) < 160, np.arange(200) < 100]
    with pytest.warns(IdentificationWarning, match="differ between groups of race: who is missed is not chance"):
        found = privacy.linkage_by_group(linked, groups)
    race = found[found["field"] == "race"].set_index("group")
    assert race["share"].to_dict() == {"a": 0.8, "b": 0.5}
    assert race["p_value"].iloc[0] < 1e-6
    assert (race["low"] < race["share"]).all()
    assert (race["share"] < race["high"]).all()
    assert found.loc[found["field"] == "arm", "group"].tolist() == ["0.0", "1.0", "not known"]
    assert (found.loc[found["field"] == "sex", "p_value"] > 0.05).all()


def test_no_word_of_a_difference_where_there_is_none(recwarn):
    found = privacy.linkage_by_group([True, False] * 50, pd.DataFrame({"arm": [0, 0, 1, 1] * 25, "all": "one"}))
    assert not recwarn.list
    assert found["p_value"].isna().tolist() == [False, False, True]
    with pytest.raises(DisclosureError, match="3 flags for 1 rows"):
        privacy.linkage_by_group([True] * 3, pd.DataFrame({"arm": [0]}))
