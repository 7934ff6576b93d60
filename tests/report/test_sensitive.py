"""What a study marked sensitive shows in a notebook: a small count planted in it never appears there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coresponder_causal as cc
from coresponder_causal import report
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.provenance import Provenance
from coresponder_causal.core.result import Result
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.privacy import Counts, hidden_mark
from coresponder_causal.report.sensitive import as_sensitive
from coresponder_causal.report.specs import Column, Page, Section, Sentence, Table

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
canary = 7


def by_district() -> Table:
    frame = pd.DataFrame({"district": ["a", "b", "c"], "calls": [canary, 41, 63]})
    counts = Counts(family="calls", frame=frame, dimensions=("district",), count="calls")
    columns = (Column("district", "District"), Column("calls", "Calls", "whole"))
    return Table(title="Calls", frame=frame, columns=columns, counts=(counts,))


def effect(events: int, *, sensitive: bool) -> Result:
    about = Estimand(
        contrast="ATT", outcome="arrest", treatment="a team", population="one city", horizon="a year", scale="ratio"
    )
    return Result(
        method="its_segmented",
        estimand=about,
        terms=pd.DataFrame({"term": ["mean_post", "level_change"]}),
        estimate=np.array([-0.1234, -0.5678]),
        vcov=np.diag([0.01, 0.02]),
        df=np.array([9.0, 9.0]),
        scale="log_ratio",
        n_obs=72,
        n_units=1,
        support=pd.DataFrame({"term": ["mean_post", "level_change"], "events": [events, 400]}),
        notes=(f"{canary} arrests were left out", "the series has a gap"),
        provenance=Provenance(sensitive=sensitive),
    )


def test_a_table_shows_its_gated_form_where_it_is_sensitive() -> None:
    open_one, closed = by_district()._repr_html_(), as_sensitive(by_district(), True)._repr_html_()
    assert f">{canary}<" in open_one
    assert f">{canary}<" not in closed
    assert hidden_mark in closed
    assert ">63<" in closed


def test_what_nothing_is_known_of_is_not_shown_and_raises_nothing() -> None:
    unknown = replace(by_district(), counts=(), sensitive=True)
    shown = unknown._repr_html_()
    assert "Not shown, for the study is sensitive" in shown
    assert f">{canary}<" not in shown
    said = Sentence(text=f"{canary} calls were left out.", support=pd.DataFrame({"events": [90]}), sensitive=True)
    assert str(canary) not in said._repr_html_()
    assert str(canary) in replace(said, sensitive=False)._repr_html_()


def test_every_part_of_a_sensitive_page_is() -> None:
    page = Page(title="A page", sections=(Section(title="Calls", blocks=(by_district(),)),))
    part = next(as_sensitive(page, True).parts())
    assert f">{canary}<" not in part._repr_html_()


def test_what_was_released_is_shown_as_it_was_released() -> None:
    shown = report.released(as_sensitive(by_district(), True), audience="public")
    assert not shown.sensitive
    assert ">63<" in shown._repr_html_()


def test_a_result_shows_terms_of_many_alone_and_no_number_of_its_notes() -> None:
    plain, shown = (effect(canary, sensitive=one)._repr_html_() for one in (False, True))
    assert "0.1234" in plain
    assert f"{canary} arrests" in plain
    assert "0.1234" not in shown
    assert "0.5678" in shown
    assert f"{canary} arrests" not in shown
    assert "has a gap" in shown
    assert "0.1234" in effect(70, sensitive=True)._repr_html_()
    assert "0.5678" not in replace(effect(70, sensitive=True), support=None)._repr_html_()


def test_what_is_made_of_a_sensitive_result_is_sensitive() -> None:
    for sensitive in (True, False):
        result = effect(canary, sensitive=sensitive)
        assert report.table(result).sensitive is sensitive
        assert report.sentence(result).sensitive is sensitive
        assert Result.from_json(result.to_json()).provenance.sensitive is sensitive
    assert "12" not in report.sentence(effect(canary, sensitive=True))._repr_html_()


@pytest.mark.parametrize("sensitive", [True, False])
def test_a_study_marks_all_that_it_gives(sensitive: bool) -> None:
    rng = np.random.default_rng(3)
    months = pd.period_range("2020-01", periods=36, freq="M").astype(str)
    panel = pd.DataFrame({"city": "Arden", "month": months, "calls": 40 + rng.poisson(3, 36), "population": 40_000})
    tables = {"city_panel": cc.data.validate(panel, table="city_panel")}
    study = Study(
        title="Arden",
        tables={"city_panel": Source(path=Path("panel.csv"))},
        designs=("series",),
        city="Arden",
        start="2022-01",
        primary="calls",
        sensitive=sensitive,
    )
    found = cc.plan.run(study, tables, cc.plan.quality_of(tables))
    assert found.results[0].provenance.sensitive is sensitive
    assert {one.sensitive for one in found.checks[0]} == {sensitive}
    page = cc.plan.evaluation_page(found)
    assert {part.sensitive for part in page.parts()} == {sensitive}
    assert report.figure(found.results[0]).sensitive is sensitive
    assert report.table(*found.checks[0]).sensitive is sensitive
