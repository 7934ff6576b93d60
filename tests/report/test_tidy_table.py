"""Estimates for other programs: broom's names, files that keep every digit, schemas that results.json keeps to."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from coresponder_causal import design, estimate, plan, report, simulate
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError, DisclosureError, EstimationError
from coresponder_causal.privacy import watermark
from coresponder_causal.testing.examples import example_of

BROOM = [
    "term",
    "estimate",
    "std.error",
    "statistic",
    "p.value",
    "conf.low",
    "conf.high",
]  # broom::tidy, conf.int = TRUE


@pytest.fixture(scope="module")
def results():
    adopters = estimate.aggregate(estimate.did_group_time(staggered()), by="event_time")
    series = estimate.its_segmented(example_of("SeriesDesign").designed())
    bounds = estimate.call_bounds(example_of("PartlyKnownDesign").designed())
    ranks = estimate.did_two_way(example_of("PanelDesign").designed(), log=True, inference="permutation")
    return adopters, series, bounds, ranks


def staggered():
    frame = simulate.staggered(seed=1)
    return design.PanelDesign.from_frame(frame, outcome="y", unit="id", time="t", cohort="first_treated")


@pytest.fixture
def stored(tmp_path, results):
    file = tmp_path / "results.json"
    file.write_text(json.dumps([json.loads(one.to_json()) for one in results]), encoding="utf-8")
    return file


def valid(instance, of):
    schema = report.json_schema(of)
    jsonschema.Draft202012Validator.check_schema(schema)
    return list(jsonschema.Draft202012Validator(schema).iter_errors(instance))


def test_columns_bear_the_names_of_broom_and_nothing_else_changes(results):
    for result in results:
        ours, theirs = result.tidy(), result.tidy(names="broom")
        assert set(BROOM) <= set(theirs.columns)
        assert not [name for name in theirs if "_" in name and name not in result.terms]
        pd.testing.assert_frame_equal(theirs.set_axis(ours.columns, axis="columns"), ours)
    assert results[0].glance(names="broom")["nobs"].item() == results[0].n_obs
    with pytest.raises(EstimationError, match="names='stata'"):
        results[0].tidy(names="stata")


def test_every_file_says_the_same_at_full_precision(results, tmp_path):
    table = report.tidy_table(*results)
    for ending in (".csv", ".json", ".tex", ".md", ".html", ".xlsx"):
        report.write(table, tmp_path / f"t{ending}")
    rows = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert valid(rows, "tidy") == []
    back = pd.read_csv(tmp_path / "t.csv")
    book = load_workbook(tmp_path / "t.xlsx")
    sheet = pd.DataFrame(book.worksheets[1].values)
    assert list(back.columns) == list(rows[0]) == sheet.iloc[0].tolist()
    for name in ("estimate", "std.error", "conf.low"):
        stated = table.frame[name].to_numpy(float)
        np.testing.assert_array_equal(back[name], stated)
        np.testing.assert_array_equal([float(row[name]) for row in rows], stated)  # "-Inf" is a number
        cells = sheet.iloc[1:, list(back.columns).index(name)]
        np.testing.assert_allclose([float(str(cell).replace("−", "-")) for cell in cells], stated)
    said = [str(cell) for row in book.worksheets[0].values for cell in row]
    assert any(watermark in text for text in said)
    assert (tmp_path / "internal.txt").exists()


def test_small_counts_do_not_leave_as_rows_either(results, tmp_path):
    few = replace(results[1], support=results[1].support.assign(events=5.0, persons=5.0))
    report.write(report.tidy_table(few), tmp_path / "public.json", audience="public")
    rows = json.loads((tmp_path / "public.json").read_text(encoding="utf-8"))
    assert {row["estimate"] for row in rows} == {"•"}
    assert valid(rows, "tidy") == []
    with pytest.raises(DisclosureError, match="nothing is known"):
        report.write(report.tidy_table(replace(few, support=None)), tmp_path / "unknown.json", audience="public")


def test_stored_results_keep_to_the_schema_and_come_back_digit_for_digit(stored, results):
    entries = json.loads(stored.read_text(encoding="utf-8"))
    assert valid(entries, "results") == []
    for was, found in zip(results, plan.read_results(stored.parent), strict=True):
        pd.testing.assert_frame_equal(found.tidy(), was.tidy())
        assert found.notes == was.notes


@pytest.mark.parametrize(
    "breaks",
    [
        lambda entry: entry.pop("vcov"),
        lambda entry: entry.update(scale="odds"),
        lambda entry: entry.update(invented=1),
        lambda entry: entry["estimate"]["array"]["values"].append("0.5"),
        lambda entry: entry["terms"]["frame"].pop("term"),
        lambda entry: entry["provenance"]["provenance"].pop("data"),
    ],
)
def test_the_schema_refuses_what_is_no_result(stored, breaks):
    entries = json.loads(stored.read_text(encoding="utf-8"))
    breaks(entries[0])
    assert valid(entries, "results")


def test_the_command_writes_what_the_function_makes(stored, results, tmp_path):
    done = CliRunner().invoke(app, ["tidy", str(stored), "--out", str(tmp_path / "t.csv"), "--level", "0.9"])
    assert done.exit_code == 0, done.output
    found = pd.read_csv(tmp_path / "t.csv")
    np.testing.assert_array_equal(found["conf.low"], report.tidy_table(*results, level=0.9).frame["conf.low"])
    broken = tmp_path / "broken.json"
    for content in ('[{"method": "x"}]', "[" * 100_000):
        broken.write_text(content, encoding="utf-8")
        refused = CliRunner().invoke(app, ["tidy", str(broken)])
        assert refused.exit_code == 2
        assert "holds no results" in " ".join(refused.output.split())
    with pytest.raises(DataError, match="there is no file"):
        plan.read_results(tmp_path / "nowhere")


def test_maketables_finds_what_it_asks_a_model_for(results):
    made = report.coefficients(results[0])
    assert made.__maketables_coef_table__.index.is_unique
    np.testing.assert_array_equal(made.table["b"], results[0].estimate)
    assert [made.__maketables_stat__(key) for key in ("N", "r2")] == [results[0].n_obs, None]
    assert made.__maketables_default_stat_keys__ == list(made.__maketables_stat_labels__)


def test_maketables_sets_a_column_a_result(results):
    maketables = pytest.importorskip("maketables")
    text = maketables.ETable([report.coefficients(one) for one in results[:2]]).make("tex")
    assert f"{results[1].estimate[0]:.3f}" in text
    assert "Interrupted time series" in text


def test_coefficients_of_a_sensitive_study_show_terms_with_many_cases_alone(results):
    few = results[1].support.assign(events=5.0, persons=5.0)
    hidden = replace(results[1], support=few, provenance=replace(results[1].provenance, sensitive=True))
    assert report.coefficients(hidden).table.empty
