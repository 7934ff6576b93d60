"""The odds of verdicts: against closed forms, where nothing changes, and where only recording does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coresponder_causal.core.errors import DesignError
from coresponder_causal.core.inference import normal_tail
from coresponder_causal.decide import Setting, operating_characteristics, verdicts, verdicts_in_worlds
from coresponder_causal.decide.__main__ import rule_page
from coresponder_causal.decide.operating_worlds import supported

ODDS = operating_characteristics(draws=20_000)


def share(world: str, outcome: str, rule: str) -> float:
    row = ODDS[(ODDS["world"] == world) & (ODDS["outcome"] == outcome) & (ODDS["rule"] == rule)]
    return float(row["supported"].iloc[0])


def test_every_study_gets_one_verdict():
    np.testing.assert_allclose(ODDS[list(verdicts)].sum(axis=1), 1.0)


@pytest.mark.parametrize("outcome", ["counted at receipt", "recorded by responders"])
def test_nothing_is_supported_where_nothing_changes(outcome):
    assert share("nothing changes", outcome, "this rule") < 0.05


def test_a_change_of_recording_is_not_taken_for_one_of_events():
    """2.5 standard errors of bias in two designs correlated by .8: the naive rule is wrong more often than not."""
    assert share("only recording changes", "recorded by responders", "this rule") < 0.05
    assert share("only recording changes", "recorded by responders", "naive") == pytest.approx(0.55, abs=0.02)


def test_the_naive_rule_by_the_bivariate_normal():
    """P(both z below -1.96 with means -2.5 and correlation .8), by one-dimensional integration, times .95²."""
    z = np.linspace(-8, 8, 20_001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    inner = normal_tail((-0.54 + 0.8 * z) / 0.6)  # of the second given that the first is -2.5 + z
    both = float((density * inner)[z < 0.54].sum() * (z[1] - z[0]))
    assert share("only recording changes", "recorded by responders", "naive") == pytest.approx(
        0.95**2 * both, abs=0.012
    )


def test_a_strong_effect_is_found_and_costs_what_the_funnel_misses():
    seen, recorded = (
        share("strong effect", outcome, "this rule") for outcome in ("counted at receipt", "recorded by responders")
    )
    assert seen > 0.9
    assert recorded == pytest.approx(0.8 * seen, abs=0.01)


def test_designs_that_start_from_the_same_months_support_nothing():
    odds = operating_characteristics(Setting(before=("all hours", "all hours")), draws=2000)
    assert (odds.loc[odds["rule"] == "this rule", "supported"] == 0).all()


def test_a_setting_must_describe_every_design():
    with pytest.raises(DesignError, match="2 standard errors, 1 df"):
        operating_characteristics(Setting(df=(9.0,)))
    with pytest.raises(DesignError, match="cannot all correlate"):
        operating_characteristics(Setting(correlation=-1.5))


def test_a_simulated_city_is_judged_with_and_without_what_designs_share():
    found = verdicts_in_worlds("funnel_only", [1], outcome="report_filed")
    assert set(found) == {"seed", "verdict", "naive", "call_coverage", "did_prediction_interval"}
    assert set(found[["verdict", "naive"]].iloc[0]) <= set(verdicts)
    assert supported(found["verdict"]) == 0


@pytest.mark.full
@pytest.mark.parametrize(("preset", "outcome"), [("funnel_only", "report_filed"), ("null", "calls")])
def test_in_simulated_cities_without_an_effect_almost_nothing_is_supported(preset, outcome):
    """Of 30 worlds at most 4 may be wrong: chance .006 at a rate of .05."""
    assert supported(verdicts_in_worlds(preset, range(1, 31), outcome=outcome)["verdict"]) <= 4 / 30


def test_the_page_of_the_rule_is_the_one_that_is_written():
    assert (Path(__file__).parents[2] / "docs" / "decision_rule.md").read_text(encoding="utf-8") == rule_page()
