"""The ledger of releases: what it finds, and what it keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coresponder_causal.core.errors import DisclosureError
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
