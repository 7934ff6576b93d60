"""What the first call tells as pictures and tables: every number is drawn, and small ones stay behind."""

import pandas as pd
import pytest

from coresponder_causal.core.notes import quietly
from coresponder_causal.core.support import least_shown
from coresponder_causal.decide import agreement_after_training, concordance, told_items
from coresponder_causal.privacy import Policy
from coresponder_causal.report.drawing import drawn
from coresponder_causal.report.first_calls import (
    agreement_picture,
    agreement_sentence,
    course_picture,
)
from coresponder_causal.report.gate import passed
from coresponder_causal.report.told_items import bounds_table, told_picture, told_table
from coresponder_causal.simulate.first_calls import first_calls


@pytest.fixture(scope="module")
def calls():
    return first_calls(calls=5000, seed=7)


def test_each_picture_draws(calls):
    told = told_items(calls, items=["told_self_harm", "told_medication"])
    pictures = [
        agreement_picture(concordance(calls, by=(), taker=None)),
        course_picture(agreement_after_training(calls, start="2022-07-01")),
        told_picture(told),
    ]
    for picture in pictures:
        assert drawn(picture, "svg").startswith(b"<?xml")
    assert len(pictures[2].data["rows"]) == len(told.table)
    assert bounds_table(told).frame["rests_on"].nunique() == 2


def test_the_sentence_says_the_corrected_number_first(calls):
    found = concordance(calls, by=(), taker=None)
    own = found.table.set_index("measure").loc["sensitivity"]
    text = agreement_sentence(found).text
    assert f"{100 * own['estimate']:.0f} (" in text
    assert text.index(f"{100 * own['estimate']:.0f} (") < text.index(f"be {100 * own['as_recorded']:.0f}")


def test_a_rare_answer_is_not_shown_to_anybody(calls):
    rare = calls.copy()
    rare["told_weapon"] = rare["told_weapon"].mask(rare["told_weapon"] == "not_known", pd.NA)
    rare.loc[rare.index[:6], "told_weapon"] = "not_known"
    with quietly():
        found = told_items(rare, items=["told_weapon", "told_self_harm"])
    shown = found.table[found.table["item"] == "told_weapon"]
    assert "not_known" not in set(shown["answer"])
    assert (shown[["crises", "persons"]] >= least_shown).all().all()
    hidden = int(rare["crisis_on_scene"].notna().sum()) - int(shown["verified"].sum())
    assert hidden >= least_shown
    passed([told_table(found)], Policy(audience="public"))
