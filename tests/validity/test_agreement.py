"""The page of agreement follows from its table, ours and R's numbers from the data; what differs has a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.validity import agreement, agreement_data
from coresponder_causal.validity.agreement import (
    agreement_page,
    asked_by,
    differences,
    kinds,
    measured,
    questions,
    reasons,
)
from coresponder_causal.validity.agreement_question import Asked, Why
from coresponder_causal.validity.safety_question import ours

TABLE = pd.read_csv(agreement.table_path)
PAGE = Path(__file__).parents[2] / agreement.page


def without_programs_of_python(one):
    return replace(one, others=tuple(asked for asked in one.others if asked.stored_in))


def test_the_page_is_what_the_table_says():
    said = PAGE.read_text(encoding="utf-8")
    assert said == agreement_page(TABLE), "run: python -m coresponder_causal.validity.agreement"


def test_every_question_was_put_to_every_program():
    asked = [(one.data, one.text, ours, one.code) for one in questions]
    asked += [(one.data, one.text, other.program, other.code) for one in questions for other in one.others]
    assert set(TABLE[asked_by].itertuples(index=False, name=None)) == set(asked)
    assert len(asked) == len(set(asked)) == len(TABLE)
    assert TABLE["estimate"].notna().all()
    assert TABLE["version"].notna().all()


def test_what_differs_has_a_reason_and_what_agrees_has_none():
    held, why = differences(TABLE), reasons()
    apart = set(held.loc[~held["agrees"], asked_by].itertuples(index=False, name=None))
    assert apart == set(why)
    assert {one.kind for one in why.values()} <= set(kinds)


def test_ours_and_the_stored_numbers_are_still_these(golden, monkeypatch):
    """Sums in another order, and another BLAS, move the last places."""
    monkeypatch.setenv("CORESPONDER_GOLDEN", str(golden))
    again = measured(tuple(map(without_programs_of_python, questions))).set_index(asked_by)
    shipped = TABLE.set_index(asked_by).loc[again.index]
    for column in ("estimate", "std_error"):
        np.testing.assert_allclose(again[column], shipped[column], rtol=1e-7)
    stored = again.index.get_level_values("program").str.startswith("R ")
    assert (again.loc[stored, "version"] == shipped.loc[stored, "version"]).all()


def test_a_program_that_is_not_installed_keeps_the_number_it_had():
    asked = Asked("no-such-program", "f()", lambda: agreement_data.answer(1.0))
    one = replace(questions[0], found=lambda: agreement_data.answer(2.0, 1.0), others=(asked,))
    found = measured((one,))
    assert found["estimate"].tolist()[0] == 2.0
    assert np.isnan(found["estimate"].iloc[1])
    assert "not installed" in agreement_page(found)
    had = found.assign(estimate=[2.0, 3.0], version=["1", "0.9"])
    assert measured((one,), had).iloc[1][["version", "estimate"]].tolist() == ["0.9", 3.0]


@pytest.mark.parametrize(
    ("theirs", "agrees", "said"),
    [
        ((2.0, 1.0), True, "the same"),
        ((2.0, np.nan), True, "the same"),
        ((2.0, 1.1), False, "estimate the same, error 1.1 times ours"),
        ((2.5, 1.0), False, "25 % apart"),
        ((6.0, 1.0), False, "200 % apart"),
    ],
)
def test_an_answer_is_held_against_ours(theirs, agrees, said):
    rows = [("d", "q", ours, "f()", "1", 2.0, 1.0), ("d", "q", "other", "g()", "1", *theirs)]
    table = pd.DataFrame(rows, columns=[*asked_by, "version", "estimate", "std_error"])
    assert differences(table)["agrees"].tolist() == [agrees]
    assert f"| {said} |" in agreement_page(table)


def test_without_the_folder_it_is_said_where_to_name_it(monkeypatch):
    monkeypatch.setenv("CORESPONDER_GOLDEN", "/no/such/folder")
    with pytest.raises(DataError, match="CORESPONDER_GOLDEN"):
        agreement_data.golden()


def test_reasons_are_those_of_the_questions():
    why = Why("bug", "It adds one.")
    one = replace(questions[0], others=(Asked("p", "f()", lambda: agreement_data.answer(1.0), why),))
    assert reasons((one,)) == {(one.data, one.text, "p", "f()"): why}


@pytest.mark.full
def test_other_programs_still_answer_so(golden, monkeypatch):
    """Where they are installed in the versions of the table."""
    monkeypatch.setenv("CORESPONDER_GOLDEN", str(golden))
    shipped = TABLE.set_index(asked_by)
    here = measured(kept=TABLE).set_index(asked_by)
    rows = here.index[here["version"] == shipped.loc[here.index, "version"]]
    np.testing.assert_allclose(here.loc[rows, "estimate"], shipped.loc[rows, "estimate"], rtol=1e-6)
