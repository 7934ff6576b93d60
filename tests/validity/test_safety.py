"""The page of safety follows from its table, and the table from the programs where they are installed."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import EstimationError
from coresponder_causal.validity import safety
from coresponder_causal.validity.safety import asked_by, held, measured, questions, safety_page
from coresponder_causal.validity.safety_calls import towns
from coresponder_causal.validity.safety_cities import cities, panels
from coresponder_causal.validity.safety_question import Call, Question, ours
from coresponder_causal.validity.safety_series import series

TABLE = pd.read_csv(safety.table_path)
PAGE = Path(__file__).parents[2] / safety.page
AGAIN = 6
CALLS = [(one, call) for one in questions for call in one.calls]


def asked(*calls: Call) -> Question:
    return replace(cities, name="q", told="Told.", calls=calls)


def last(chosen, kept=None):
    *_, table = measured(chosen, kept)
    return table


def refuses(drawn):
    raise EstimationError("no", mend="ask otherwise")


finds, misses = Call(ours, "finds", lambda drawn: 0.01, 3), Call(ours, "misses", lambda drawn: 0.9, 3)
refused = Call(ours, "refuses", refuses, 3)


def test_the_page_is_what_the_table_says():
    assert PAGE.read_text(encoding="utf-8") == safety_page(TABLE), "run: python -m coresponder_causal.validity.safety"


def test_a_bar_in_a_call_does_not_end_its_cell():
    rows = [line for line in safety_page(TABLE).splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_every_call_was_measured():
    keys = [(one.name, call.program, call.code, call.draws) for one, call in CALLS]
    assert TABLE[["question", "program", "call", "draws"]].apply(tuple, axis=1).tolist() == keys
    assert len(set(keys)) == len(keys)
    assert (TABLE["answers"].isin([0]) | (TABLE["answers"] == TABLE["draws"])).all()
    assert TABLE["version"].notna().all()


def test_what_ours_give_without_being_asked_holds_its_level():
    """The others were asked for, or match calls however far apart, which a caliper forbids."""
    own = TABLE[TABLE["program"] == ours]
    assert own.set_index("call").loc["did_two_way(d, log=True)", "answers"] == 0
    holds = held(own)
    broken = own.loc[~holds & (own["answers"] > 0), "call"]
    assert set(broken) == {
        'did_two_way(d, log=True, inference="cluster")',
        'its_segmented(d, slope_change=False, errors="newey-west")',
        'its_segmented(d, slope_change=False, errors="ols")',
        "call_difference(match_nearest(d))",
    }


def test_a_refusal_is_no_answer_and_a_missing_program_is_named():
    found = last((asked(refused, finds, misses),))
    assert found[["answers", "invented", "found"]].to_numpy().tolist() == [[0, 0, 0], [3, 3, 3], [3, 0, 0]]
    with pytest.raises(EstimationError, match="no-such-program not installed"):
        last((asked(finds, Call("no-such-program", "f()", lambda drawn: 1.0)),))


def test_what_was_measured_stays_and_no_row_is_lost_on_the_way():
    one = asked(finds, misses, refused)
    had = last((one,)).assign(found=7).iloc[[2, 0]]
    tables = list(measured((one,), had))
    assert [len(table) for table in tables] == [3, 3]
    assert tables[-1]["found"].tolist() == [7, 0, 7]
    assert tables[-1]["call"].tolist() == ["finds", "misses", "refuses"]
    assert list(tables[0])[: len(asked_by)] == asked_by


def test_the_page_says_which_of_ours_are_blind_refuse_or_invent():
    one = asked(refused, finds, misses, Call(ours, "sees", lambda drawn: 0.01, 3))
    table = last((one,))
    table.loc[3, ["invented", "found"]] = 0, 3
    said = safety_page(table, (one,))
    for words, call in (
        ("Hold, and find", "sees"), ("are blind", "misses"), ("Find what is not there", "finds"), ("Refuse", "refuses"),
    ):  # fmt: skip
        [line] = [line for line in said.splitlines() if line.startswith("- ") and words in line]
        assert line.endswith(f"of ours `{call}`.")
    assert "Of those that hold ours finds the effect most often: `sees`, 100.0 %." in said


def test_panels_hold_a_dose_and_a_start_for_every_program():
    one = next(panels())
    assert one.frame["d"].equals(one.frame["treated"] * one.frame["post"])
    assert one.frame.loc[one.frame["treated"] == 1, "first"].unique().tolist() == [42]
    counts = one.design.source["calls"].to_numpy(float)
    np.testing.assert_allclose(np.exp(one.frame["rate"]) * one.design.source["population"], counts, rtol=1e-12)


def test_series_change_by_the_effect_and_calls_by_points():
    """Draws are the same with and without it, but for the counting of calls."""
    without, with_effect = (
        np.concatenate([one.frame.loc[one.frame["post"] == 1, "calls"] for one in islice(series(effect), 40)])
        for effect in (0.0, -0.25)
    )
    assert abs(np.log(with_effect.mean() / without.mean()) + 0.25) < 0.02
    arrests = [
        np.mean([one.frame.loc[one.frame["attended"] == 1, "arrest"].mean() for one in islice(towns(effect), 20)])
        for effect in (0.0, -0.1)
    ]
    assert abs(arrests[1] - arrests[0] + 0.1) < 0.02


@pytest.mark.full
@pytest.mark.parametrize(("one", "call"), CALLS, ids=lambda part: getattr(part, "code", "")[:50])
def test_calls_still_answer_and_find_about_as_often(one, call):
    """A handful of draws: within four Monte-Carlo errors of the shipped share."""
    if call.program != ours:
        pytest.importorskip({"pymatchit-causal": "pymatchit", "synthdid-py": "synthdid"}.get(
            call.program, call.program.replace("-", "_")
        ))  # fmt: skip
    few = min(AGAIN, call.draws) if call.draws > 20 else 1
    again = last((replace(one, calls=(replace(call, draws=few),)),)).iloc[0]
    shipped = TABLE[(TABLE["question"] == one.name) & (TABLE["call"] == call.code)].iloc[0]
    assert again["answers"] == (few if shipped["answers"] else 0)
    for count in ("invented", "found"):
        share = (shipped[count] + 0.5) / (shipped["draws"] + 1)
        assert abs(again[count] / few - share) <= 4 * np.sqrt(share * (1 - share) / few)
