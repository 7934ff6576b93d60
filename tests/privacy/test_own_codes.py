"""Codes that people make themselves: what is linked, what is only near, and what chance makes."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import privacy
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.notes import collecting
from coresponder_causal.privacy.county_return import Key

KEY = Key(bytes(range(32)), "team", "2026")
ELEMENTS = ["mother", "town", "day", "school"]


def wave(number, codes, scores, band="0"):
    return pd.DataFrame(codes, columns=ELEMENTS).assign(wave=number, stigma_score=scores, band=band, consent=True)


def linked(*waves, **more):
    return privacy.link_own_codes(pd.concat(waves), key=KEY, elements=ELEMENTS, **more)


def test_a_case_worked_by_hand():
    """One is linked in other letters; one forgot the town; two share a code; one left a line empty; one is new."""
    first = [
        ("M", "Davis", "3", "Oak"),
        ("K", "Rio", "9", "Elm"),
        ("A", "x", "1", "y"),
        ("A", "x", "1", "y"),
        ("B", "", "2", "z"),
    ]
    second = [("m", " davis ", "3", "OAK"), ("K", "Lodi", "9", "Elm"), ("Z", "q", "8", "w")]
    with collecting() as said:
        made = linked(wave(0, first, 3.0), wave(1, second, [2.0, 2.5, 3.0], band=["1 to 5", "0", "0"]))
    assert made.linkage["rows"].to_dict() == {"linked": 1, "near": 1, "twice": 2, "incomplete": 1, "alone": 1}
    assert made.frame[["wave", "stigma_score", "band"]].values.tolist() == [[0, 3.0, "1 to 5"], [1, 2.0, "1 to 5"]]
    assert made.frame["person"].nunique() == 1
    assert not set(ELEMENTS) & set(made.frame)
    assert "at least 50 % of those who wrote a code twice are linked" in said[0]
    assert said[1:] == [
        "2 answers are left out: others of the wave wrote the same code",
        "1 answers are left out: their code is incomplete",
    ]


def test_links_near_codes_and_chance_are_those_of_the_truth():
    """One of ten errs in one element at the second wave; elements of few values let chance matter."""
    rng, people = np.random.default_rng(6), 300
    true = np.column_stack([rng.integers(0, size, people) for size in (20, 30, 31, 12)]).astype(str)
    later = true.copy()
    erred = rng.random(people) < 0.1
    for one in np.flatnonzero(erred):
        place = rng.integers(4)
        later[one, place] = f"x{later[one, place]}"
    made = linked(wave(0, true, 3.0), wave(1, later, 2.0))
    found = made.linkage
    unique = ~pd.DataFrame(true).duplicated(keep=False).to_numpy()
    assert found.loc["linked", "rows"] == (unique & ~erred).sum()
    assert found.loc["near", "rows"] >= (unique & erred).sum() > 20
    assert found.loc["near", "by_chance"] == pytest.approx(_near_by_chance(true, later), rel=0.25)
    expected = people * (people - 1) / (20 * 30 * 31 * 12)
    assert expected < found.loc["linked", "by_chance_high"] < 20 * expected


def _near_by_chance(one, other):
    """Pairs of different persons across waves that agree in three of four."""
    agree = (one[:, None, :] == other[None, :, :]).sum(axis=2)
    np.fill_diagonal(agree, 0)
    return (agree == 3).sum()


def test_a_return_follows_from_own_codes_too(tmp_path):
    rng = np.random.default_rng(2)
    codes = [(f"m{k}", f"t{k % 7}", f"{k % 28}", f"s{k % 5}") for k in range(60)]
    bands = np.where(np.arange(60) < 30, "0", "1 or more")
    waves = [wave(number, codes, rng.uniform(1, 5, 60), bands) for number in (0, 1)]
    made = privacy.wave_return(linked(*waves), key=KEY, ledger=privacy.Ledger(tmp_path / "left"))
    assert made.frame["said"].tolist() == ["reported"] * 3
    again = linked(*waves)
    pd.testing.assert_series_equal(again.frame["person"], linked(*waves).frame["person"])


def test_two_elements_are_no_code():
    with pytest.raises(DisclosureError, match="2 elements make no code"):
        privacy.link_own_codes(wave(0, [], []), key=KEY, elements=ELEMENTS[:2])
    with pytest.raises(DisclosureError, match="columns shoe are missing"):
        privacy.link_own_codes(wave(0, [], []), key=KEY, elements=[*ELEMENTS, "shoe"])
