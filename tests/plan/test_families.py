"""Which outcomes of a study are judged together."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.plan import families

ABOUT = {"contrast": "ATT", "treatment": "a team", "population": "one city", "horizon": "a year", "scale": "ratio"}
STUDY = plan.Study(title="A town", tables={}, designs=(), primary="calls")
NAMES = ("calls", "arrest", "force", "repeat", "hold")


def result(outcome, t):
    """One term of the first method of a plan."""
    given = {"estimate": np.array([0.1 * t]), "vcov": np.array([[0.01]]), "df": np.array([9.0]), "n_obs": 72}
    terms, about = pd.DataFrame({"term": ["mean_post"]}), Estimand(outcome=outcome, **ABOUT)
    return Result(method="did_prediction_interval", estimand=about, terms=terms, scale="log_ratio", n_units=9, **given)


def results(names=NAMES):
    return [result(name, 1.0 + place) for place, name in enumerate(names)]


def frozen(monkeypatch, *primary):
    stated = [{"outcome": name, "domain": f"domain of {name}", "verdict": name != "force"} for name in primary]
    monkeypatch.setattr(families, "frozen_state", lambda study: {"plan": {"primary": stated}})


def test_primaries_of_the_plan_get_holms_and_the_others_q_values(monkeypatch):
    frozen(monkeypatch, "calls", "arrest", "force")
    primary, others = families.families_of(STUDY, results())
    assert primary.table["outcome"].tolist() == ["calls", "arrest"]
    assert primary.table["domain"].tolist() == ["domain of calls", "domain of arrest"]
    assert primary.adjusted == ("p_holm", "p_romano_wolf")
    assert others.table["outcome"].tolist() == ["force", "repeat", "hold"]
    assert others.adjusted == ("q_value",)


def test_primaries_that_a_design_leaves_out_are_said(monkeypatch):
    frozen(monkeypatch, "calls", "arrest", "elsewhere")
    assert families.families_of(STUDY, results())[0].notes[-1].endswith("not counted here: elsewhere")


def test_without_a_frozen_plan_there_is_one_primary_outcome():
    (only,) = families.families_of(STUDY, results())
    assert only.kind == "exploratory"
    assert only.table["outcome"].tolist() == list(NAMES[1:])
    assert families.families_of(STUDY, results(NAMES[:2])) == ()


@pytest.mark.parametrize("apart", ["another method", "too few clusters"])
def test_designs_are_judged_apart_and_what_cannot_be_used_takes_no_part(apart):
    made = results(("calls", "arrest", "force"))
    if apart == "another method":
        made[2] = replace(made[2], method="did_few_treated")
    else:
        made[2] = replace(made[2], extra=Facts({"enough_clusters": False}))
    assert families.families_of(STUDY, made) == ()


def test_an_outcome_that_comes_again_is_of_another_design():
    both = families.families_of(STUDY, [*results(), *results()])
    assert [len(family.table) for family in both] == [4, 4]


def test_the_page_of_a_study_tells_which_outcomes_hold(monkeypatch):
    frozen(monkeypatch, "calls", "arrest")
    found = plan.Evaluation(
        study=STUDY,
        quality=pd.DataFrame(columns=["rule", "field", "severity", "count", "rows", "mend"]),
        results=tuple(results()),
        designs=(SimpleNamespace(describe=lambda: "cities"),) * len(NAMES),
        checks=((),) * len(NAMES),
        falsification=(),
        lines=(),
    )
    page = plan.evaluation_page(found)
    (section,) = [part for part in page.sections if part.title == "What holds when all outcomes are counted?"]
    said = [block.text for block in section.blocks if hasattr(block, "text")]
    assert [text.split(" hold")[0] for text in said] == [
        "Of 2 primary outcomes none",
        "Of 3 outcomes that are not primary 3",
    ]
