"""What withholding costs a consortium: the direction of the bias, and the page that shows the shipped table."""

from pathlib import Path

import pandas as pd

from coresponder_causal.validity.consortium import suppression_loss
from coresponder_causal.validity.consortium_page import consortium_page, measured

place = Path(__file__).parents[2] / "docs" / "jurisdictions.md"


def test_withholding_makes_falls_look_smaller_where_counts_are_small():
    found = suppression_loss(mean_before=[15.0, 120.0], replications=60).set_index(["mean_before", "rule"])
    assert found.loc[(15, "what is released"), "bias"] > found.loc[(15, "every city"), "bias"] + 0.01
    assert abs(found.loc[(120, "what is released"), "bias"] - found.loc[(120, "every city"), "bias"]) < 0.005
    assert found["covered"].gt(0.85).all()


def test_the_page_shows_the_shipped_table():
    assert place.read_text(encoding="utf-8") == consortium_page(pd.read_csv(measured))
