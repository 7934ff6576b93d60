"""The ledger of releases: what it finds, and what it keeps."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.notes import collecting
from coresponder_causal.privacy import Earlier, Ledger


def cell(label: str, value: int | None, month: str = "2024-01") -> Earlier:
    return Earlier(labels={"district": label}, span=frozenset({month}), value=value)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "kept" / "releases.jsonl")
    made.record({"calls": [cell("a", 20), cell("b", None)]}, content=b"first", name="one.csv", on="2024-02-01")
    made.record({"calls": [cell("a", 30, "2024-02"), cell("b", None, "2024-02")]}, content=b"second", name="two.csv")
    return made


def lines(ledger: Ledger) -> list[str]:
    return ledger.path.read_text(encoding="utf-8").splitlines()


def test_it_gives_back_what_left(ledger):
    assert ledger.cells()["calls"] == [
        cell("a", 20), cell("b", None), cell("a", 30, "2024-02"), cell("b", None, "2024-02"),
    ]  # fmt: skip


def test_hidden_values_are_not_in_it(tmp_path):
    """A canary: the true value of a hidden cell is nowhere in the file."""
    made = Ledger(tmp_path / "l.jsonl")
    made.record({"calls": [cell("a", None)]}, content=b"", name="x.csv")
    (entry,) = map(json.loads, lines(made))
    assert entry["families"] == {"calls": [[{"district": "a"}, ["2024-01"], None]]}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('["2024-01"], 20]', '["2024-01"], 21]'),
        lambda text: text.replace("one.csv", "won.csv"),
        lambda text: text.split("\n", 1)[1],
        lambda text: "\n".join(reversed(text.strip().split("\n"))),
        lambda text: "not json\n" + text,
    ],
)
def test_whatever_is_changed_is_found(ledger, change):
    text = ledger.path.read_text(encoding="utf-8")
    assert change(text) != text
    ledger.path.write_text(change(text), encoding="utf-8")
    for use in (ledger.verify, ledger.cells, lambda: ledger.record({}, content=b"", name="")):
        with pytest.raises(DisclosureError, match="line 1 of the ledger"):
            use()


def test_lines_cut_off_at_the_end_show_against_a_noted_head(ledger):
    head = ledger.verify()
    ledger.path.write_text(lines(ledger)[0] + "\n", encoding="utf-8")
    ledger.verify()
    with pytest.raises(DisclosureError, match="noted elsewhere"):
        ledger.verify(head)


def test_it_only_grows(ledger):
    before = ledger.path.read_bytes()
    ledger.record({"calls": [cell("a", 15, "2024-03")]}, content=b"", name="three.csv")
    assert ledger.path.read_bytes().startswith(before)


def test_new_categories_are_refused(ledger):
    """A split category would be a difference between releases."""
    with pytest.raises(DisclosureError, match="new categories of district"):
        ledger.record({"calls": [cell("a1", 15)]}, content=b"", name="four.csv")
    ledger.record({"other": [cell("a1", 15)]}, content=b"", name="five.csv")


def test_wherever_the_last_line_ends_what_left_before_is_there_and_more_can_be_added(ledger):
    """As after a kill or on a full disk, at every byte of the line."""
    whole, head = ledger.path.read_bytes(), ledger.verify()
    first = whole.index(b"\n") + 1
    for end in range(first + 1, len(whole) - 1):
        ledger.path.write_bytes(whole[:end])
        with collecting() as said:
            assert ledger.verify() != head
        assert said == ["the last line of the ledger releases.jsonl was never finished: its release did not leave"]
    ledger.record({"calls": [cell("a", 15, "2024-03")]}, content=b"", name="three.csv")
    with collecting() as said:
        assert [one.value for one in ledger.cells()["calls"]] == [20, None, 15]
    assert said == []


def test_a_last_line_that_lost_its_end_of_line_alone_counts(ledger):
    ledger.path.write_bytes(ledger.path.read_bytes().rstrip(b"\n"))
    ledger.record({"calls": [cell("a", 15, "2024-03")]}, content=b"", name="three.csv")
    assert len(lines(ledger)) == 3
    assert len(ledger.cells()["calls"]) == 5


def test_a_last_line_that_was_changed_is_no_unfinished_one(ledger):
    ledger.path.write_bytes(ledger.path.read_bytes().rstrip(b"\n").replace(b"two.csv", b"2.csv"))
    with pytest.raises(DisclosureError, match="line 2 of the ledger"):
        ledger.verify()


def test_labels_may_hold_whatever_ends_a_line_elsewhere(tmp_path):
    made = Ledger(tmp_path / "l.jsonl")
    strange = "a\u2028b\u0085c\x1ed\r\n"
    head = made.record({"calls": [cell(strange, 20)]}, content=b"", name="x.csv")
    assert made.verify() == head
    assert made.cells()["calls"] == [cell(strange, 20)]


def test_releases_recorded_at_the_same_time_wait_for_each_other(tmp_path, forked):
    made = Ledger(tmp_path / "l.jsonl")

    def releasing(who: int) -> None:
        for month in range(5):
            made.record({f"calls {who}": [cell("a", 20, f"2024-0{month + 1}")]}, content=b"", name="x.csv")

    runs = [forked(lambda who=who: releasing(who)) for who in range(4)]
    assert [os.waitpid(run, 0)[1] for run in runs] == [0] * 4
    assert len(lines(made)) == 20
    assert len(made.verify()) == 64


def test_a_release_that_was_not_held_against_the_last_one_is_refused(ledger):
    head = ledger.verify()
    ledger.record({"calls": [cell("a", 15, "2024-03")]}, content=b"", name="three.csv", since=head)
    before = ledger.path.read_bytes()
    with pytest.raises(DisclosureError, match="another release was recorded"):
        ledger.record({"calls": [cell("a", 15, "2024-04")]}, content=b"", name="four.csv", since=head)
    assert ledger.path.read_bytes() == before


def test_killed_while_it_records_it_stays_whole(tmp_path, forked):
    made = Ledger(tmp_path / "l.jsonl")
    large = {"calls": [cell(f"district {number}", 20) for number in range(300)]}

    def releasing() -> None:
        while True:
            made.record(large, content=b"", name="x.csv")

    seen = 0
    for wait in np.random.default_rng(3).uniform(0.02, 0.1, 6):
        run = forked(releasing)
        time.sleep(float(wait))
        os.kill(run, signal.SIGKILL)
        os.waitpid(run, 0)
        made.verify()
        there = made.path.read_bytes().count(b"\n") if made.path.is_file() else 0
        assert there >= seen
        seen = there
    made.record(large, content=b"", name="x.csv")
    assert len(made.cells()["calls"]) == 300
