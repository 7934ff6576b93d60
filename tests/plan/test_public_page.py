"""The embedded study and its city, written for the public: whole pages, read back."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.core.notes import quietly
from coresponder_causal.plan import embedded_study, evaluation_page, meant_for, publish, read_study, run, truths
from coresponder_causal.privacy import Ledger, Policy, limits
from coresponder_causal.report.gate import passed

PUBLIC = Policy(audience="public")
COUNTED = r"(?:calls?|persons?|people|arrests?|holds?|events?|contacts?|shifts?)\b"


@cache
def studied(designs: tuple[str, ...] | None = None, primary: str | None = None):
    stated, tables, simulated = embedded_study()
    stated = replace(stated, policy=PUBLIC, designs=designs or stated.designs, primary=primary or stated.primary)
    with quietly():
        found = run(stated, tables, plan.quality_of(tables))
    return found, truths(simulated) if designs is None else None


def read(page: Path) -> str:
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_whole_embedded_study_can_be_made_public(tmp_path):
    evaluation, truth = studied()
    text = read(publish(evaluation_page(evaluation, truth=truth), evaluation, tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["index.html"]
    assert limits in text
    assert "Not for release" not in text
    for said in ("smallest effect", "All estimates together", "What must be read with these numbers?"):
        assert said in text
    assert "training 1" not in text
    assert "A remark is not shown" in text
    small = [int(number) for number in re.findall(rf"(?<![\d.,/–-])(\d+) {COUNTED}", text) if 0 < int(number) < 11]
    assert small == []


def test_the_results_of_those_inside_do_not_stay_beside_a_public_page(tmp_path):
    evaluation, _ = studied(("instrument",), "arrest")
    (tmp_path / "results.json").write_text("[]", encoding="utf-8")
    with pytest.raises(DisclosureError, match=r"holds results\.json"):
        publish(evaluation_page(evaluation), evaluation, tmp_path, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_refits_of_moved_windows_of_rare_events_stay_inside():
    """With √(1/nA + 1/nB) each made-up start of a rare outcome told its counts, and neighbours those in between."""
    for outcome, shown in (("force", False), ("calls", True)):
        evaluation, _ = studied(("rare",), outcome)
        made = {one.check: one for one in evaluation.checks[0] if one.check in ("placebo_dates", "pre_period")}
        page = report.released(evaluation_page(evaluation), audience="public")
        tables = {part.title: part.frame for part in page.parts() if isinstance(part, report.Table)}
        verdicts = tables["Checks"].set_index("check")
        assert ("Numbers behind “placebo dates”" in tables) == shown
        for name, one in made.items():
            assert len(one.table)
            assert (verdicts.loc[name.replace("_", " ").capitalize(), "sentence"] == one.sentence) == shown


def test_a_study_of_data_quality_alone_can_be_made_public(tmp_path):
    stated, tables, _ = embedded_study()
    stated = replace(stated, policy=PUBLIC, designs=())
    found = run(stated, tables, plan.quality_of(tables))
    text = read(publish(evaluation_page(found), found, tmp_path / "out"))
    assert f"Table calls: {len(tables['calls']):,} rows." in text


def test_every_part_of_the_page_says_who_stands_behind_it():
    """A part added without support is refused, and named."""
    evaluation, truth = studied()
    page = evaluation_page(evaluation, truth=truth)
    assert report.released(page, audience="public").sections
    bare = replace(page, finding=(*page.finding, report.Sentence(text="In all 77 of them.")))
    with pytest.raises(DisclosureError, match=r"breaks 1 rule\n.*In all 77 of them"):
        report.released(bare, audience="public")


def test_months_with_few_arrests_are_not_drawn():
    """Arrests of the city by month: those of 1 to 10 are gone from the picture, and from its residuals."""
    evaluation, _ = studied(("series",), "arrest")
    (result,) = evaluation.results
    small = ((result.path["events"] > 0) & (result.path["events"] < 11)).to_numpy()
    assert small.any()
    page = report.released(evaluation_page(evaluation), audience="public")
    pictures = {part.kind: part for part in page.parts() if isinstance(part, report.Picture)}
    drawn = pictures["series"].data["path"]
    assert drawn["observed"].isna().to_numpy().tolist() == small.tolist()
    np.testing.assert_array_equal(drawn["observed"][~small], result.path["observed"][~small])
    if "residuals" in pictures:
        assert pictures["residuals"].data["residuals"]["residual"].isna().sum() == small.sum()


def test_a_study_states_its_audience(tmp_path):
    for name in ("calls.csv", "city_panel.csv"):
        (tmp_path / name).write_text("x\n", encoding="utf-8")
    text = '[study]\ntitle = "T"\n[tables]\ncalls = "calls.csv"\n[designs]\nrun = []\n[release]\n'
    file = tmp_path / "STUDY.toml"
    file.write_text(text + 'audience = "partner"\nagreement = "county 1"\nledger = "kept.jsonl"\n', encoding="utf-8")
    stated = read_study(file)
    assert stated.policy == Policy(audience="partner", agreement="county 1")
    assert stated.ledger == Ledger(tmp_path / "kept.jsonl")
    assert meant_for(stated, "public", None, None).policy == PUBLIC
    file.write_text(text + 'audience = "partner"\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"\[release\]: audience 'partner' with no agreement"):
        read_study(file)


def test_readiness_and_quality_of_the_city_can_be_made_public(tmp_path):
    found = plan.readiness(plan.simulated_folder().tables)
    page = plan.write_readiness(found, tmp_path / "ready", simulated=True, policy=PUBLIC)[0]
    assert limits in read(page)
    city = plan.city_of(None)
    from coresponder_causal.data import quality

    kept = quality({name: city.tables[name] for name in ("calls", "schedule")})
    page, _ = plan.publish_quality(kept, tmp_path / "quality", policy=PUBLIC)
    text = read(page)
    assert limits in text
    assert "Not for release" not in text


def test_the_ledger_of_a_study_records_what_leaves(tmp_path):
    evaluation, _ = studied(("instrument",), "arrest")
    ledger = Ledger(tmp_path / "kept.jsonl")
    kept = replace(evaluation, study=replace(evaluation.study, ledger=ledger))
    publish(evaluation_page(kept), kept, tmp_path / "out")
    (line,) = ledger.path.read_text(encoding="utf-8").splitlines()
    entry = json.loads(line)
    assert entry["name"] == "index.html"
    assert any(name.startswith("calls with the team") for name in entry["families"])
    values = [value for cells in entry["families"].values() for _, _, value in cells]
    assert not [value for value in values if value is not None and 0 < value < 11]


def test_a_share_with_its_denominator_is_checked_as_a_count():
    """Calls with the team by hour before the start: at a threshold of 35, hours with 33 or 34 are not drawn."""
    evaluation, _ = studied(("instrument",), "arrest")
    (result,) = [one for one in evaluation.results if one.extra["adjustment"] == "coverage_post"]
    shares = pd.DataFrame(result.extra["shares"], columns=["x", "n0", "n1", "s0", "s1", "covered"]).astype(float)
    came = np.round(shares["s0"] * shares["n0"])
    small = set(shares["x"][(came > 0) & (came < 35)])
    assert small
    (picture,) = passed([report.figure(result)], Policy(audience="public", threshold=35)).specs
    assert isinstance(picture, report.Picture)
    assert not small & set(picture.data["shares"]["x"])
    (at_eleven,) = passed([report.figure(result)], PUBLIC).specs
    assert isinstance(at_eleven, report.Picture)
    assert small <= set(at_eleven.data["shares"]["x"])
