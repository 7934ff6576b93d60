"""The block [funnel]: what it needs, what it decides, and what a study without it keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError, EstimationError, Problems
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan.embedded import embedded_study
from coresponder_causal.plan.frozen import study_content
from coresponder_causal.plan.funnel import funnel_of
from coresponder_causal.plan.funnel_block import read_funnel
from coresponder_causal.plan.reading import quality_of
from coresponder_causal.simulate import world


def test_a_block_that_cannot_be_followed_is_refused(tmp_path, town):
    file = town(tmp_path)
    block = '\n[funnel]\nstages = ["report"]\nagainst = "towns"\nrecord = "calls"\n'
    file.write_text(file.read_text(encoding="utf-8") + block, encoding="utf-8")
    with pytest.raises(DataError) as said:
        plan.read_study(file)
    for part in ("needs the table calls", "needs the table schedule", "stages in", "against in", "record in"):
        assert part in str(said.value)


def test_a_study_without_the_block_is_the_study_it_was(tmp_path, town):
    stated = plan.read_study(town(tmp_path))
    assert funnel_of(stated, {}) is None
    assert "funnel" not in study_content(stated)


def test_what_cannot_be_compared_names_the_block():
    stated, given, _ = embedded_study()
    tables = {name: given[name] for name in ("calls", "schedule")}
    calls = tables["calls"]
    tables["calls"] = calls[calls["city"] == stated.city]
    followed = read_funnel({}, {"calls": "", "schedule": ""}, Problems("study"))
    with quietly(), pytest.raises(EstimationError, match=r"^\[funnel\]: 0 comparison cities have every stage"):
        funnel_of(replace(stated, funnel=followed), tables)


def test_where_a_change_lies_decides_what_its_record_may_show():
    stated, given, _ = embedded_study()
    tables = {name: table for name, table in world("funnel_only", seed=1).tables.items() if name in given}
    followed = read_funnel({}, {"calls": "", "schedule": ""}, Problems("study"))
    asked = replace(stated, designs=("hours",), options={}, primary="report_filed", funnel=followed)
    with quietly():
        found = plan.weighed(plan.run(asked, tables, quality_of(tables)), tables)
    assert (found.funnel.verdict, found.funnel.record, found.funnel.against) == (
        "recording", "report_filed", "other_hours",
    )  # fmt: skip
    assert [(one.outcome, one.funnel) for one in found.judged] == [("report_filed", "recording")]
    assert "not fewer incidents" in report.council_verdicts(found)["report_filed"].text
    titles = [getattr(block, "title", "") for block in report.evidence_section(found).blocks]
    assert "From call to record, stage by stage" in titles
