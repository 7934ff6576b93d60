"""Keywords: Dunning's number, clumps that make none, and a test that keeps its level where words come in clumps."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.qualitative import keyness

GROUPS = ["before"] * 30 + ["after"] * 30


def compared(texts, **options):
    return keyness(texts, GROUPS, target="after", reference="before", **options).set_index("word")


def clumpy(rng, rates, shape=0.5, length=80):
    """Texts in which the rate of each word varies from text to text by a gamma law."""
    words = np.array([f"w{chr(97 + j // 26)}{chr(97 + j % 26)}" for j in range(rates.shape[1])])
    own = rates * rng.gamma(shape, 1 / shape, rates.shape)
    own[:, 0] = 1 - np.minimum(own[:, 1:].sum(axis=1), 0.9)
    return [" ".join(rng.choice(words, length, p=row / row.sum())) for row in own]


def test_the_log_likelihood_is_that_of_the_four_cells():
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(["calm", "loud", "door"], 40, p=[0.2, 0.3, 0.5])) for _ in range(60)]
    row = compared(texts).loc["calm"]
    cells = [[row["target"], 1200 - row["target"]], [row["reference"], 1200 - row["reference"]]]
    theirs = chi2_contingency(cells, correction=False, lambda_="log-likelihood").statistic
    assert row["log_likelihood"] == pytest.approx(theirs, abs=1e-9)


def test_one_long_text_makes_no_keyword():
    texts = ["we came and spoke with them at the door"] * 60
    texts[40] += " shelter" * 60
    texts[41] += " shelter"
    texts[2] += " shelter"
    row = compared(texts).loc["shelter"]
    assert row["log_likelihood"] > 50  # taken for many words it would be one
    assert row["p_holm"] > 0.5
    assert row["spread"] > 0.8
    assert row["clusters_target"] == 2


def test_a_word_that_many_use_more_is_found_with_its_ratio():
    rng = np.random.default_rng(2)
    rates = np.full((60, 30), 0.02)
    rates[30:, 5] *= 4
    found = compared(clumpy(rng, rates, shape=4.0))
    assert found.index[0] == "waf"
    assert found.iloc[0]["p_holm"] < 0.05
    assert found.iloc[0]["conf_low"] < 2 < found.iloc[0]["conf_high"]


def test_the_ratio_is_of_rates_where_one_group_speaks_longer():
    texts = ["calm door " * 2] * 30 + ["calm door door door " * 4] * 30
    row = compared(texts).loc["calm"]
    assert row["log_ratio"] == pytest.approx(-1.0)  # twice as often, in four times as many words
    assert (row["per_1000_target"], row["per_1000_reference"]) == pytest.approx((250, 500))


def test_the_level_holds_where_words_come_in_clumps_and_that_of_independent_words_does_not():
    rng, ours, theirs = np.random.default_rng(3), [], []
    for _ in range(12):
        found = compared(clumpy(rng, np.full((60, 30), 0.02))).drop(index="waa")
        ours += list(found["p_value"] < 0.05)
        theirs += list(found["log_likelihood"] > 3.84)
    assert np.mean(ours) < 0.07  # Monte-Carlo error about .012
    assert np.mean(theirs) > 0.1


def test_a_word_one_group_never_uses_has_a_bound_on_one_side():
    texts = ["they came"] * 30 + ["they waited"] * 30
    row = compared(texts).loc["waited"]
    assert row["log_ratio"] == row["conf_high"] == np.inf
    assert 0 < row["conf_low"] < np.inf


def test_texts_of_one_author_are_one_clump():
    texts = ["quiet door"] * 30 + ["quiet street", "quiet door"] * 15
    alone = compared(texts, least_clusters=1).loc["street"]
    authors = [f"b{i}" for i in range(30)] + [f"a{i // 10}" for i in range(30)]
    with collecting() as notes:
        by_author = compared(texts, clusters=authors, least_clusters=1).loc["street"]
    assert by_author["clusters_target"] == 3 < alone["clusters_target"]
    assert any("too narrow" in text for text in notes)


def test_every_broken_rule_is_named_at_once():
    with pytest.raises(DataError, match=r"(?s)'now' has 1 texts.*1 authors have texts in both"):
        keyness(["a b", "a", "b"], ["now", "then", "then"], target="now", reference="then", clusters=["x", "x", "y"])
    with pytest.raises(DataError, match="give as many of each"):
        keyness(["a"], [], target=1, reference=2)
    with pytest.raises(DataError, match="no word comes"):
        compared(
            ["one"] + ["two three"] * 2 + ["four"] * 2 + [f"w{chr(97 + i % 26)}{i // 26 * 'x'}" for i in range(55)]
        )


def test_missing_texts_and_a_level_that_is_no_share_are_refused_together():
    texts = ["we came"] * 57 + [None, float("nan"), 3]
    with pytest.raises(DataError, match=r"(?s)breaks 2 rules.*level=95.*3 of 60 texts are missing or no text"):
        compared(texts, level=95)
