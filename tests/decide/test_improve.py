"""What would avert most: by hand, and by simulated truth."""

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.result import Result
from coresponder_causal.decide import Effect, Lever, improve, reach


def an_effect(estimate=-0.04, error=0.01, contrast="ATT") -> Effect:
    about = Estimand(
        contrast=contrast, outcome="arrest", treatment="attended", population="calls", horizon="one call",
        scale="difference",
    )  # fmt: skip
    result = Result(
        method="call_difference", estimand=about, terms=pd.DataFrame({"term": ["att"]}), estimate=np.array([estimate]),
        vcov=np.array([[error**2]]), df=np.array([np.inf]), scale="difference", n_obs=900, n_units=900,
    )  # fmt: skip
    return Effect(result=result, per_year=800.0)


def test_by_hand_and_ranked():
    found = improve(
        an_effect(),
        [reach(2000, 800, 0.6), Lever(what="follow-up", needs="connected_at"), Lever(what="labels", calls=500)],
    )
    assert found["what"].tolist() == ["labels", "attend 60 % of the calls in shift", "follow-up"]
    assert found["averted"].tolist()[:2] == pytest.approx([20, 16])
    assert found["high"].iloc[1] - 16 == pytest.approx(400 * 0.01 * 1.959964)
    assert found["said"].iloc[2] == "not computable from these tables: needs connected_at"


def test_the_interval_of_reach_holds_the_truth():
    rng, truth, held, many = np.random.default_rng(1), 0.05, 0, 1000
    for _ in range(many):
        calls, estimate = rng.normal(400, 60), rng.normal(-truth, 0.015)
        lever = Lever(what="labels", calls=calls, std_error=60.0)
        row = improve(an_effect(estimate, 0.015), [lever]).iloc[0]
        held += row["low"] <= 400 * truth <= row["high"]
    assert held / many == pytest.approx(0.95, abs=0.025)


def test_no_effect_is_said():
    assert "may avert none" in improve(an_effect(error=0.03), [reach(2000, 800, 0.6)])["said"].iloc[0]


def test_what_is_refused():
    with pytest.raises(DesignError, match="per attended call"):
        improve(an_effect(contrast="ITT"), [])
    with pytest.raises(DesignError, match="a target of"):
        reach(2000, 800, 0.3)
    with pytest.raises(DesignError, match="no call"):
        improve(an_effect(), [Lever(what="labels", calls=0)])
