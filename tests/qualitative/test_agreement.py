"""Agreement of coders on codes and texts: counts, silence that was read, and bounds that hold the truth."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.agreement_of_many import counts_of, krippendorff_alpha
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting
from coresponder_causal.qualitative import Case, Code, Coded, Segment, Source, agreement, rating_agreement

CODES = (Code(name="Respect"), Code(name="Listening", parent="Respect"), Code(name="Fear"))


def project(given, texts=6, cases=()):
    """Coded text from {(coder, code): places}."""
    sources = tuple(Source(name=f"I{i}", text="They listened to me.") for i in range(texts))
    segments = tuple(
        Segment(source=f"I{i}", start=0, end=4, code=code, coder=coder)
        for (coder, code), places in given.items()
        for i in places
    )
    return Coded(codes=CODES, sources=sources, segments=segments, cases=cases)


def everything(coded, *who):
    return {name: [source.name for source in coded.sources] for name in who}


def test_counts_stand_beside_each_coefficient():
    coded = project({("ann", "Fear"): (0, 1, 2), ("bo", "Fear"): (0, 1, 3)})
    row = agreement(coded, read=everything(coded, "ann", "bo")).set_index("code").loc["Fear"]
    assert row[["texts", "by_all", "by_some", "by_none", "with_code"]].tolist() == [6, 2, 2, 2, 6]
    assert row["prevalence"] == 0.5
    assert row["kappa"] == pytest.approx(1 / 3)
    assert row["percent"] == pytest.approx(2 / 3)
    assert row["alpha_low"] < row["alpha"] < row["alpha_high"]


def test_texts_one_coder_did_not_read_are_no_disagreement():
    coded = project({("ann", "Fear"): (0, 1, 2, 3), ("bo", "Fear"): (0, 1)})
    read = {"ann": ["I0", "I1", "I2", "I3", "I4"], "bo": ["I0", "I1", "I4", "I5"]}
    row = agreement(coded, read=read).set_index("code").loc["Fear"]
    assert row[["texts", "once", "by_some", "by_none"]].tolist() == [3, 3, 0, 1]
    assert row["kappa"] == row["alpha"] == 1


def test_silence_is_not_taken_for_reading_without_saying_so():
    coded = project({("ann", "Fear"): (0, 1, 2), ("bo", "Fear"): (0,), ("bo", "Respect"): (1,)})
    with collecting() as notes:
        row = agreement(coded).set_index("code").loc["Fear"]
    assert row["texts"] == 2
    assert any("not read" in text for text in notes)


def test_codes_below_count_for_those_above_where_asked():
    coded = project({("ann", "Listening"): (0, 1), ("bo", "Respect"): (0, 1)})
    read = everything(coded, "ann", "bo")
    assert agreement(coded, read=read).set_index("code").loc["Respect", "by_some"] == 2
    assert agreement(coded, read=read, roll_up=True).set_index("code").loc["Respect", "by_all"] == 2


def test_cases_are_compared_by_all_their_sources():
    pair = (Case(name="A", sources=("I0", "I1")), Case(name="B", sources=("I2", "I3")))
    coded = project({("ann", "Fear"): (0,), ("bo", "Fear"): (1,)}, cases=pair)
    row = agreement(coded, read=everything(coded, "ann", "bo"), unit="case").set_index("code").loc["Fear"]
    assert row[["texts", "by_all"]].tolist() == [4, 1]


def test_three_coders_and_a_rare_code_that_is_said():
    coded = project({("ann", "Fear"): (0,), ("bo", "Respect"): (1,), ("cy", "Respect"): (1,)}, texts=12)
    with collecting() as notes:
        found = agreement(coded, read=everything(coded, "ann", "bo", "cy")).set_index("code")
    assert found.loc["Fear", "ac1"] > 0.9 > 0.05 > found.loc["Fear", "kappa"]
    assert any("Read by_all" in text for text in notes)


def test_every_broken_rule_is_named_at_once():
    coded = project({("ann", "Fear"): (0, 1)})
    with pytest.raises(DataError) as error:
        agreement(coded, coders=["ann", "zoe"], read={"ann": ["I0", "I9"]}, unit="page")
    for part in ("unit='page'", "zoe", "1 sources that are not there", "1 texts they are not said to have read"):
        assert part in str(error.value)


def test_ratings_that_are_no_numbers_are_refused_on_a_scale():
    told = pd.DataFrame({"ann": ["low", "high"], "bo": ["low", "low"]})
    assert rating_agreement(told).set_index("statistic").loc["percent", "estimate"] == 0.5
    with pytest.raises(DataError, match="4 ratings are no numbers"):
        rating_agreement(told, measured="ordinal")


def test_a_level_that_is_no_share_is_refused_with_all_else():
    told = pd.DataFrame({"ann": ["low", "high"], "bo": ["low", "low"]})
    with pytest.raises(DataError, match=r"(?s)breaks 4 rules.*level=1.5.*replications=0.*4 ratings are no numbers"):
        rating_agreement(told, measured="ordinal", level=1.5, replications=0)
    with pytest.raises(DataError, match=r"(?s)breaks 2 rules.*level=0.*1 coder"), collecting():
        agreement(project({("ann", "Fear"): [0, 1]}), level=0)


def test_bounds_of_alpha_hold_the_truth_and_are_not_wide():
    # Two readers who see the truth (half yes) with chance .8 and guess otherwise: alpha is .64 in many texts.
    rng, inside, width = np.random.default_rng(5), 0, []
    for draw in range(200):
        truth = rng.random(120) < 0.5
        told = np.where(rng.random((2, 120)) < 0.8, truth, rng.random((2, 120)) < 0.5).astype(float)
        told[1, 80:] = np.nan
        found = krippendorff_alpha(*counts_of(told.T), replications=300, seed=draw)
        inside += found.low <= 0.64 <= found.high
        width.append(found.high - found.low)
    assert 0.91 <= inside / 200 <= 0.98  # Monte-Carlo error .015
    assert np.mean(width) < 0.4
