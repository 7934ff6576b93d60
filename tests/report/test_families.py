"""Outcomes judged together, as a table, a sentence and a section of the page."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import decide, report
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.result import Result


def result(outcome, t, *, events=200):
    about = Estimand(
        contrast="ATT",
        outcome=outcome,
        treatment="0 to 70 hours",
        population="one city",
        horizon="30 months",
        scale="ratio of rates",
    )
    return Result(
        method="did_prediction_interval",
        estimand=about,
        terms=pd.DataFrame({"term": ["mean_post"]}),
        estimate=np.array([0.1 * t]),
        vcov=np.array([[0.01]]),
        df=np.array([np.inf]),
        scale="log_ratio",
        support=pd.DataFrame({"term": ["mean_post"], "events": [events]}),
        n_obs=72,
        n_units=11,
    )


def family():
    """Five outcomes: p of 3 is .0027, of 2.2 is .028, of which Holm leaves .0135 and .111."""
    return decide.holm([result(name, t) for name, t in zip("abcde", (0.3, -3.0, 1.0, -2.2, 0.1), strict=True)])


def test_the_sentence_counts_what_holds_and_what_would_alone():
    said = report.family_sentence(family())
    assert said.text == (
        "Of 5 primary outcomes 1 holds after Holm's correction: the rate of b. Looked at alone, 2 would."
    )
    assert dict(said.numbers) == {"holds": 1, "alone": 2, "of": 5}
    none = report.family_sentence(decide.exploratory([result("a", 0.1), result("b", 1.0)]))
    assert none.text == "Of 2 outcomes that are not primary none hold by sharpened q-values."


def test_the_table_shows_percent_changes_and_every_p_value():
    table = report.family_table(family())
    assert [column.name for column in table.columns] == [
        "outcome", "estimate", "conf_low", "conf_high", "unit", "p_value", "p_holm", "holds",
    ]  # fmt: skip
    assert table.frame["holds"].tolist() == ["no", "yes", "no", "no", "no"]
    assert table.frame["estimate"].iloc[1] == pytest.approx(100 * np.expm1(-0.3))
    np.testing.assert_allclose(table.frame["p_holm"].iloc[1], 5 * table.frame["p_value"].iloc[1])
    assert "is held at 5 %, after Holm's correction" in table.note
    assert len(table.support) == 5


def test_the_page_has_a_section_with_the_notes():
    stepped = decide.step_down([result("a", 2.5), result("b", 2.6)])
    page = report.page([result("a", 2.5)], families=[stepped])
    (section,) = [part for part in page.sections if part.title == "What holds when all outcomes are counted?"]
    sentence, shown, notes = section.blocks
    assert sentence.text.startswith("Of 2 primary outcomes 2 hold after Romano and Wolf's correction")
    assert shown.title.startswith("Primary outcomes counted together: ")
    assert "this is Holm's correction" in notes.items[0].text
    assert not any("all outcomes" in part.title for part in report.page([result("a", 2.5)]).sections)


def test_what_few_stand_behind_does_not_leave():
    few = decide.holm([result("a", 3.0), result("b", 3.0, events=4)])
    out = report.released(report.family_table(few), audience="public")
    assert np.isnan(pd.to_numeric(out.frame["p_holm"], errors="coerce").iloc[1])
    assert out.frame["holds"].iloc[1] != "yes"


def test_a_sensitive_study_marks_its_families():
    one, two = result("a", 3.0), result("b", 1.0)
    secret = replace(one, provenance=replace(one.provenance, sensitive=True))
    assert report.family_table(decide.holm([secret, two])).sensitive
    assert not report.family_table(decide.holm([one, two])).sensitive
