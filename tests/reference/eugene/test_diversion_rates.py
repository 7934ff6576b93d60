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

from coresponder_causal import report
from coresponder_causal.core.errors import DataError
from coresponder_causal.data import rates
from coresponder_causal.data.rates import Definition

COUNTS = {
    "cahoots_associations": 22055,
    "cahoots_dispatched": 18106,
    "cahoots_dispatched_check_welfare_text": 5546,
    "cahoots_dispatched_check_welfare_table": 6003,
    "cahoots_dispatched_transport": 1803,
    "cahoots_dispatched_assist_public": 5788,
    "cahoots_only_arrived": 14212,
    "cahoots_arrived_assist_public": 5058,
    "cahoots_arrived_check_welfare": 5022,
    "cahoots_arrived_transport": 1587,
    "total_cfs": 109854,
    "dispatched_cfs_both_agencies": 68427,
    "check_welfare_divertible_share": 0.74,
}
COMMONEST = "cahoots_arrived_assist_public + cahoots_arrived_check_welfare + cahoots_arrived_transport"
DIVERTED = "check_welfare_divertible_share * cahoots_dispatched_check_welfare_text"
SENT = "dispatched_cfs_both_agencies"
DEFINITIONS = [
    Definition(name=name, numerator=above, denominator=below, counts=counts, divides_by=over)
    for name, above, below, counts, over in (
        ("1a", "cahoots_associations", "total_cfs", "calls with any mention of the team", "all calls"),
        ("1b", "cahoots_dispatched", "total_cfs", "calls to which the team was sent", "all calls"),
        ("1c", "cahoots_only_arrived", "total_cfs", "calls where the team alone arrived", "all calls"),
        (
            "2a",
            f"cahoots_only_arrived - ({COMMONEST})",
            "total_cfs",
            "calls where the team alone arrived, less its three commonest types",
            "all calls",
        ),
        (
            "2b",
            f"cahoots_only_arrived - ({COMMONEST})",
            f"{SENT} - ({COMMONEST})",
            "calls where the team alone arrived, less its three commonest types",
            "calls with a unit sent, less these",
        ),
        ("3a", DIVERTED, "total_cfs", "74 % of welfare checks", "all calls"),
        (
            "3b",
            DIVERTED,
            f"{SENT} - (cahoots_dispatched - {DIVERTED})",
            "74 % of welfare checks",
            "calls with a unit sent, less the team's other calls",
        ),
    )
]
STATED = [20.0766, 16.4819, 12.9372, 2.3167, 4.4838, 3.7359, 7.5407]


def test_the_same_counts_give_two_to_twenty_percent() -> None:
    found = rates(COUNTS, DEFINITIONS)
    assert found["percent"].round(4).tolist() == STATED


def test_the_counts_typed_here_are_those_of_the_table(data_dir: Path) -> None:
    file = data_dir / "eugene_springfield_yearly" / "epd2021_cahoots_counts.csv"
    if not file.is_file():
        pytest.skip(f"needs {file.name}, which is not in CORESPONDER_DATA")
    assert pd.read_csv(file).set_index("name")["value"].to_dict() == COUNTS


def test_the_picture_names_every_denominator(tmp_path: Path) -> None:
    picture = report.rates_picture(rates(COUNTS, DEFINITIONS), title="One team, seven diversion rates")
    for definition in DEFINITIONS:
        assert f"{definition.counts}, of {definition.divides_by}" in picture.alt
    assert picture.data["rates"]["percent"].is_monotonic_decreasing
    assert report.write(picture, tmp_path / "rates.svg").read_bytes().startswith(b"<?xml")


def test_a_definition_that_names_no_count_is_refused() -> None:
    wrong = Definition(name="x", numerator="met + seen", denominator="all_calls", counts="", divides_by="")
    with pytest.raises(DataError, match=r"'x' names no count: all_calls, seen"):
        rates({"met": 1}, [wrong])


def test_nothing_to_divide_by_is_refused() -> None:
    wrong = Definition(name="x", numerator="a", denominator="a - b", counts="", divides_by="")
    with pytest.raises(DataError, match="nothing to divide by in x"):
        rates({"a": 1, "b": 1}, [wrong])
