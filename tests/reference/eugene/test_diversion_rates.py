"""Eugene, Oregon: seven "diversion rates" of one team from the counts of one printed analysis.

The thirteen counts are those that the Eugene Police Department's 2021 analysis of the CAHOOTS programme prints; the
seven rates are those of its methods: any association, dispatches, arrivals of the team alone, arrivals less the three
types of call that police would not have had (assist public, check welfare, transport), and 74 % of welfare checks, each
over all calls or over calls with a unit sent. Expected values to the four decimals to which they are stated.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import rates
from coresponder_causal.data.rates import Definition
from coresponder_causal.plan.denominators import denominators_page, example

STATED = [20.0766, 16.4819, 12.9372, 2.3167, 4.4838, 3.7359, 7.5407]


def test_the_same_counts_give_two_to_twenty_percent() -> None:
    _, found = example()
    assert found["percent"].round(4).tolist() == STATED


def test_the_counts_of_the_example_are_those_of_the_table(data_dir: Path) -> None:
    file = data_dir / "eugene_springfield_yearly" / "epd2021_cahoots_counts.csv"
    if not file.is_file():
        pytest.skip(f"needs {file.name}, which is not in CORESPONDER_DATA")
    assert pd.read_csv(file).set_index("name")["value"].to_dict() == example()[0]["counts"]


def test_the_page_in_the_docs_is_this_one_and_names_every_denominator() -> None:
    docs = Path(__file__).parents[3] / "docs"
    page = (docs / "denominators.md").read_text(encoding="utf-8")
    assert page == denominators_page()
    assert (docs / "denominators.svg").read_bytes().startswith(b"<?xml")
    for definition in example()[0]["definitions"]:
        assert f"{definition['counts']}, of {definition['divides_by']}" in page


def test_a_definition_that_names_no_count_is_refused() -> None:
    wrong = Definition(name="x", numerator="met + seen", denominator="all_calls", counts="", divides_by="")
    with pytest.raises(DataError, match=r"'x' names no count: all_calls, seen"):
        rates({"met": 1}, [wrong])


def test_nothing_to_divide_by_is_refused() -> None:
    wrong = Definition(name="x", numerator="a", denominator="a - b", counts="", divides_by="")
    with pytest.raises(DataError, match="nothing to divide by in x"):
        rates({"a": 1, "b": 1}, [wrong])
