"""The page of refuters follows from its table; refuters fail on what was made to break them and pass what is clean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.check.refute import refuters as offered
from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.validity import refuters
from coresponder_causal.validity.refuters import measured, refuters_page, worlds

TABLE = pd.read_csv(refuters.table_path)
PAGE = Path(__file__).parents[2] / refuters.page
TRAPS = ("placebo_treatment, call by call", "random common cause")
OURS = TABLE[~TABLE["refuter"].isin(TRAPS)]
NAMES = {(one.refuter, one.world): one for one in worlds}


def test_the_page_is_what_the_table_says():
    assert PAGE.read_text(encoding="utf-8") == refuters_page(TABLE), (
        "run: python -m coresponder_causal.validity.refuters"
    )


def test_every_world_was_measured():
    assert list(zip(TABLE["refuter"], TABLE["world"], strict=True)) == list(NAMES)
    assert TABLE["draws"].tolist() == [one.draws for one in worlds]


def test_every_refuter_that_can_fail_met_a_clean_and_a_broken_world():
    assert set(OURS["refuter"]) == set(offered) - {"robustness_value"}  # which reports and decides nothing
    assert OURS.groupby("refuter")["broken"].nunique().eq(2).all()


def test_clean_worlds_pass():
    clean = OURS[~OURS["broken"]]
    limit = [rejection_rate_limit(0.05, int(draws), 2.5) for draws in clean["draws"]]
    assert (clean["contradicts"] <= limit).all(), clean[["refuter", "contradicts"]]


def test_broken_worlds_are_seen_and_traps_see_nothing():
    assert (OURS.loc[OURS["broken"], "contradicts"] >= 0.3).all(), OURS[["refuter", "world", "contradicts"]]
    traps = TABLE[TABLE["refuter"].isin(TRAPS) & TABLE["broken"]]
    assert (traps["contradicts"] <= 0.2).all()


@pytest.mark.parametrize(
    "key", [key for key, one in NAMES.items() if key[0] in ("graph_independences", "placebo_exposure")]
)
def test_a_shipped_row_is_made_again(key):
    """A tenth of its draws, which are its first: within four Monte-Carlo errors."""
    shipped = TABLE.set_index(["refuter", "world"]).loc[key]
    draws = int(shipped["draws"]) // 10
    again, share = measured(NAMES[key], draws), float(np.clip(shipped["contradicts"], 0.05, 0.95))
    assert again["contradicts"] == pytest.approx(shipped["contradicts"], abs=4 * (share * (1 - share) / draws) ** 0.5)
