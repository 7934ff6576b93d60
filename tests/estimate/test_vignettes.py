"""A vignette trial: by hand, against linearmodels, and what its design refuses and says."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import check, report
from coresponder_causal.core.errors import DesignError, EstimationError
from coresponder_causal.design import VignetteDesign
from coresponder_causal.estimate import vignette_effects
from coresponder_causal.validity.vignette_worlds import answers

ROLES = {"outcome": "force", "person": "person", "factors": ["appearance", "call"]}


def frame(persons=60, cases=6, effect=0.3, seed=1):
    return answers(np.random.default_rng(seed), persons, cases, effect)


def test_one_feature_and_two_cases_are_a_paired_comparison():
    # Differences within persons 1, 2, 3: mean 2, and CR2 is their variance over 3, with 2 df.
    table = pd.DataFrame({"person": [1, 1, 2, 2, 3, 3], "drunk": ["no", "yes"] * 3, "force": [1.0, 2, 1, 3, 2, 5]})
    found = vignette_effects(VignetteDesign.from_frame(table, outcome="force", person="person", factors="drunk"))
    assert found.params.to_dict() == {"drunk: yes": pytest.approx(2.0)}
    assert found.vcov[0, 0] == pytest.approx(1 / 3)
    assert found.df[0] == pytest.approx(2.0)


def test_effects_are_those_of_linearmodels():
    from linearmodels.panel import PanelOLS

    table = frame()
    given = table.assign(case=table.groupby("person").cumcount()).set_index(["person", "case"])
    dummies = pd.get_dummies(given[["appearance", "call"]].astype(str), drop_first=True).astype(float)
    peer = PanelOLS(given["force"], dummies, entity_effects=True).fit()
    found = vignette_effects(VignetteDesign.from_frame(table, **ROLES))
    assert found.terms["term"].tolist() == ["appearance: 1", "call: 1", "call: 2"]
    np.testing.assert_allclose(found.estimate, peer.params.to_numpy(), atol=1e-10)


def test_answers_that_were_not_given_and_pairs_never_drawn_are_said():
    table = frame()
    table.loc[[0, 7, 9], "force"] = np.nan
    table = table[~((table["appearance"] == 1) & (table["call"] == 2))]
    d = VignetteDesign.from_frame(table, **ROLES)
    assert "1 pairs of levels of 'appearance' and 'call' were never drawn: the averages leave them out" in d.notes
    assert any("cases have no answer on 'force', or are the only one of their person" in text for text in d.notes)
    found = check.battery(vignette_effects(d), d)
    assert [one.check for one in found] == ["vignette_balance"]
    assert found[0].verdict == "contradicts"


def test_the_sentence_names_both_features():
    said = report.sentence(vignette_effects(VignetteDesign.from_frame(frame(), **ROLES))).text
    assert said.startswith("In cases that differed by lot, force differed by +0.")
    assert "with appearance: 1 against appearance: 0 (95 % interval" in said


def test_a_fair_lot_is_seldom_contradicted():
    verdicts = [
        check.vignette_balance(None, VignetteDesign.from_frame(frame(seed=seed), **ROLES)).verdict for seed in range(60)
    ]
    assert verdicts.count("contradicts") < 9  # 3 are expected at 5 %; 9 would be 3.5 errors more


def test_broken_rules_are_told_together():
    table = frame().assign(call="same")
    table.loc[4, "appearance"] = None
    with pytest.raises(DesignError, match="breaks 2 rules"):
        VignetteDesign.from_frame(table, **ROLES)
    with pytest.raises(DesignError, match="no person has two cases"):
        VignetteDesign.from_frame(frame(cases=1, persons=200), **ROLES)
    with pytest.raises(DesignError, match="named twice, or is the person"):
        VignetteDesign.from_frame(frame(), **(ROLES | {"factors": ["call", "call"]}))
    together = frame().assign(call=lambda t: t["appearance"])
    with pytest.raises(EstimationError, match="cannot be told apart within persons"):
        vignette_effects(VignetteDesign.from_frame(together, **ROLES))
