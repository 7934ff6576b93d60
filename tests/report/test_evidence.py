"""Verdicts in words: each says why, with its numbers, and that of the council has no word of the trade."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import decide, report
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.facts import Facts
from coresponder_causal.core.result import Result
from coresponder_causal.core.verdict import CheckResult

JARGON = (
    r"\bATT\b|\bITT\b|p-value|\bp [=<]|interval|permutation|estimat|regression|log ratio|confiden|signific|[τρκ]|"
    r"95 ?%|treated|counterfactual|covariate|placebo|standard error|null|assumption|bias|design"
)
METHODS = {"call_coverage": "ITT of coverage", "did_prediction_interval": "ATT"}


def evidence(*ratios: float, error: float = 0.05, outcome: str = "calls", contradicted: int | None = None):
    """Lay results of covered hours and of other cities beside each other."""
    results, checks = [], []
    for number, (ratio, (method, contrast)) in enumerate(zip(ratios, METHODS.items(), strict=False)):
        about = Estimand(contrast=contrast, outcome=outcome, treatment="t", population="p", horizon="h", scale="s")
        results.append(
            Result(
                method=method,
                estimand=about,
                terms=pd.DataFrame({"term": ["mean_post"]}),
                estimate=np.log([ratio]),
                vcov=np.array([[error**2]]),
                df=np.array([40.0]),
                scale="log_ratio",
                n_obs=72,
                n_units=11,
                support=pd.DataFrame({"events": [400]}),
                extra=Facts({"tau": 0.0, "tau_star": 0.1, "m": 10}),
            )
        )
        verdict = "contradicts" if number == contradicted else "no contradiction found"
        one = CheckResult(
            check="forecast_skill", assumption="A", verdict=verdict, power=None, table=pd.DataFrame(), sentence="S."
        )
        checks.append((one,))
    return decide.evidence(results, checks=checks)


SAID = [
    ((0.8, 0.8), 0.05, "calls", ("supported: fewer", "share neither record nor start agree")),
    ((1.3, 1.3), 0.05, "calls", ("supported: more",)),
    ((1.0, 1.0), 0.05, "calls", ("no meaningful effect", "smallest effect that matters (15 %)")),
    ((0.8, 0.95), 0.05, "calls", ("consistent, not established", "Found by (fewer): covered against other hours")),
    ((0.9, 1.1), 0.2, "calls", ("uninformative", "smallest fall that a design finds four times in five is 44 %")),
    ((0.8, 0.8), 0.05, "arrest", ("consistent, not established", "all designs count as one")),
]


@pytest.mark.parametrize(("ratios", "error", "outcome", "said"), SAID)
def test_each_verdict_says_why(ratios, error, outcome, said):
    seen = evidence(*ratios, error=error, outcome=outcome)
    judged = decide.judge_outcome(seen, outcome)
    text = report.verdict_sentence(judged, seen).text
    for part in (*said, "With a sceptical prior centred on no effect (the trials' result)"):
        assert part in text
    weighed = report.Weighed(evidence=seen, judged=(judged,), pooled=(None,), planned=True)
    told = report.council_verdicts(weighed)[outcome].text
    assert not re.search(JARGON, told, re.IGNORECASE), told
    assert "fixed beforehand" in told


def test_the_table_gives_estimates_with_their_bounds_and_what_is_not_known():
    table = report.evidence_table(evidence(0.8, 0.8))
    first = table.frame.iloc[0]
    assert first["ratio_said"] == "0.800 (0.723 to 0.885)"
    assert first["itt_said"] == "200 (115 to 277)"
    assert first["att_said"] == "not known"
    trust = report.trust_table(evidence(0.8, 0.8, contradicted=1)).frame
    assert trust["falsification_said"].tolist() == ["not contradicted", "contradicted (forecast skill)"]
    assert trust["breakdown_said"].iloc[0] == "τ* = 0.100: how far cities may drift apart"
    assert "calls that do not come cannot be attended" in trust["unknown"].iloc[0]


def test_the_picture_sets_contradicted_designs_apart_and_what_is_pooled_first():
    seen = evidence(0.8, 0.9, contradicted=0)
    given = {method: decide.Bias(mean=0.0, sd=0.1, source="s", elicited_from="e") for method in METHODS}
    seen = decide.evidence(seen.results, checks=[(), ()], bias=given)
    judged = decide.judge_outcome(seen, "calls")
    weighed = report.Weighed(evidence=seen, judged=(judged,), pooled=(decide.pool(seen, "calls"),), planned=False)
    section = report.evidence_section(weighed)
    rows = next(block for block in section.blocks if isinstance(block, report.Picture)).data["cities"]
    assert rows["city"].iloc[0] == "All together\nadjusted for bias, 2 designs"
    assert rows["effect"].iloc[0] == pytest.approx(decide.pool(seen, "calls").estimate)
    alone = report.Weighed(evidence=evidence(0.8, 0.9, contradicted=0), judged=(judged,), pooled=(None,), planned=False)
    drawn = next(block for block in report.evidence_section(alone).blocks if isinstance(block, report.Picture))
    assert drawn.data["cities"]["role"].tolist() == ["treated", "comparison"]
    assert "Comparison cities" in drawn.data["cities"]["city"].iloc[0]


@pytest.mark.parametrize(
    ("ratios", "first"), [((0.8, 0.8), "As far as this study can tell"), ((0.8, 0.95), "By one way")]
)
def test_the_council_is_not_told_yes_where_the_rule_says_not_established(ratios, first):
    seen = evidence(*ratios)
    judged = decide.judge_outcome(seen, "calls")
    weighed = report.Weighed(evidence=seen, judged=(judged,), pooled=(None,), planned=True)
    sheet = report.council_page(
        [replace(result, method="example") for result in seen.results],  # one that no study of coverage has measured
        checks=[(), ()],
        title="A town",
        quality=pd.DataFrame({"rule": [], "severity": [], "count": []}),
        verdicts=report.council_verdicts(weighed),
    )
    assert sheet.finding[0].text.startswith(first)
    assert sheet.finding[3].text == report.council_verdicts(weighed)["calls"].text
