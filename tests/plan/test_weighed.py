"""A study's results weighed by the rule of its plan: what the pages say, and what a block [bias] adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError, Problems
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.bias import read_biases
from coresponder_causal.plan.frozen import study_content
from coresponder_causal.report.evidence import not_fixed as not_fixed_said

BIAS = """
[bias]
elicited_from = "three who know the city, by questionnaire"
[bias.series]
mean = 0.0
sd = 0.2
source = "what other towns saw in 2020"
[bias.cities]
mean = -0.02
sd = 0.1
source = "Turner et al. 2009"
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory, town) -> dict[str, report.Weighed]:
    """The town's evidence without a plan, and with a frozen one and elicited biases."""
    file = town(tmp_path_factory.mktemp("town"))
    file.write_text(file.read_text(encoding="utf-8") + BIAS, encoding="utf-8")
    stated = plan.planned(file)
    plan.freeze(stated.plan, stated.study, stated.before, by="Lead evaluator")
    made = {}
    with quietly():
        tables, quality = plan.read_tables(plan.read_study(file))
        evaluation = plan.run(plan.read_study(file), tables, quality)
        made["planned"] = plan.weighed(evaluation, tables)
        (file.parent / "PLAN.toml").unlink()
        made["unplanned"] = plan.weighed(evaluation, tables)
    return made


def test_the_rule_is_that_of_the_frozen_plan(found):
    planned, unplanned = found["planned"], found["unplanned"]
    assert (planned.planned, unplanned.planned) == (True, False)
    assert [one.outcome for one in planned.judged] == ["calls", "arrest"]
    assert set(planned.evidence.frame["falsification"]) <= {"not contradicted", "cannot tell", "contradicted"}
    assert not planned.judged[0].apart.any()  # cities and series start from the same months


def test_a_page_says_whether_a_plan_fixed_the_rule(found):
    said = {name: report.short_verdicts(one).text for name, one in found.items()}
    assert "fixed beforehand" in said["planned"]
    assert "no plan fixed" in said["unplanned"]
    first = report.evidence_section(found["unplanned"]).blocks[0]
    assert first.text == not_fixed_said
    assert report.evidence_section(found["planned"]).blocks[0].text.startswith("Verdict on calls")


def test_elicited_biases_give_a_pooled_number_by_outcome(found):
    one = found["planned"].pooled[0]
    assert one is not None
    assert set(one.methods) <= {"did_prediction_interval", "its_segmented"}
    assert sum(one.weights) == pytest.approx(1.0)
    texts = [
        block.text for block in report.evidence_section(found["planned"]).blocks if isinstance(block, report.Sentence)
    ]
    assert any("each adjusted for how far those who know it say that it may be wrong" in text for text in texts)
    assert not any("No pooled number" in text for text in texts)


def test_every_number_has_its_support(found):
    for part in (report.evidence_table(found["planned"].evidence), report.trust_table(found["planned"].evidence)):
        assert part.support is not None
        assert len(part.support) == len(part.frame)


def test_the_council_reads_no_word_of_the_trade(found):
    said = report.council_verdicts(found["planned"])
    assert set(said) == {"calls", "arrest"}
    assert all("interval" not in one.text and "assumption" not in one.text for one in said.values())


def test_a_study_that_runs_no_design_has_nothing_to_weigh(found):
    assert plan.with_evidence(report.Page(title="A town"), None).sections == ()


def test_a_block_of_biases_is_read_whole_or_not_at_all(tmp_path, town):
    file = town(tmp_path)
    file.write_text(file.read_text(encoding="utf-8") + BIAS.replace("sd = 0.2", "sd = 0"), encoding="utf-8")
    with pytest.raises(DataError, match=r"\[bias.series\] is"):
        plan.read_study(file)
    problems = Problems("study")
    read_biases({"cities": {"mean": 0, "sd": 0.1, "source": "s"}, "hours": 1}, ["cities", "series"], problems)
    told = " ".join(map(str, problems.found))
    assert "does not say who was asked" in told
    assert "how far 'series' may be wrong" in told
    assert "does not run 'hours'" in told


def test_a_study_without_biases_is_frozen_as_before(tmp_path: Path, town):
    study = plan.read_study(town(tmp_path))
    assert study.bias is None
    assert "bias" not in study_content(study)
