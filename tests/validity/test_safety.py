"""The page of safety follows from its table, and the table from the programs where they are installed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.core.inference import rejection_rate_limit
from coresponder_causal.validity import safety
from coresponder_causal.validity.safety import Call, calls, measured, ours, panels, safety_page

TABLE = pd.read_csv(safety.table_path)
PAGE = Path(__file__).parents[2] / safety.page
AGAIN = 6


def test_the_page_is_what_the_table_says():
    assert PAGE.read_text(encoding="utf-8") == safety_page(TABLE), "run: python -m coresponder_causal.validity.safety"


def test_a_bar_in_a_call_does_not_end_its_cell():
    rows = [line for line in safety_page(TABLE).splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_every_call_was_measured_on_the_same_panels():
    assert TABLE["call"].tolist() == [call.code for call in calls]
    assert set(TABLE["draws"]) == {safety.draws}
    assert safety.draws >= 400
    assert TABLE["answers"].isin([0, safety.draws]).all()


def test_what_ours_give_without_being_asked_holds_its_level():
    own = TABLE[TABLE["program"] == ours].set_index("call")
    assert own.loc["did_two_way(log=True)", "answers"] == 0
    held = own.loc[["did_prediction_interval()", 'did_two_way(log=True, inference="permutation")'], "invented"]
    assert (held <= safety.draws * rejection_rate_limit(0.05, safety.draws, 3)).all()


def test_a_refusal_is_no_answer_and_a_missing_program_is_named(monkeypatch):
    def refuses(drawn):
        raise EstimationError("no", mend="ask otherwise")

    by_hand = (Call(ours, "refuses", refuses), Call(ours, "finds", lambda drawn: 0.01))
    monkeypatch.setattr(safety, "calls", by_hand)
    assert measured(3)[["answers", "invented", "found"]].to_numpy().tolist() == [[0, 0, 0], [3, 3, 3]]
    monkeypatch.setattr(safety, "calls", (*by_hand, Call("no-such-program", "f()", lambda drawn: 1.0)))
    with pytest.raises(EstimationError, match="no-such-program not installed"):
        measured(3)


def test_panels_hold_a_dose_and_a_start_for_every_program():
    [one] = panels(1)
    assert one.frame["d"].equals(one.frame["treated"] * one.frame["post"])
    assert one.frame.loc[one.frame["treated"] == 1, "first"].unique().tolist() == [42]
    counts = one.design.source["calls"].to_numpy(float)
    np.testing.assert_allclose(np.exp(one.frame["rate"]) * one.design.source["population"], counts, rtol=1e-12)


@pytest.mark.full
@pytest.mark.parametrize("call", calls, ids=lambda call: f"{call.program} {call.code}")
def test_calls_still_answer_and_find_about_as_often(call, monkeypatch):
    """A handful of draws: within four Monte-Carlo errors of the shipped share."""
    if call.program != ours:
        pytest.importorskip(call.program.replace("-", "_"))
    if "wildboottest" in call.code:
        pytest.importorskip("wildboottest")
    monkeypatch.setattr(safety, "calls", (call,))
    again, shipped = measured(AGAIN).iloc[0], TABLE[TABLE["call"] == call.code].iloc[0]
    assert again["answers"] == (AGAIN if shipped["answers"] else 0)
    for count in ("invented", "found"):
        share = (shipped[count] + 0.5) / (shipped["draws"] + 1)
        assert abs(again[count] / AGAIN - share) <= 4 * np.sqrt(share * (1 - share) / AGAIN)
