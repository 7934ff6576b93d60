"""The command line: the embedded study, and a city's own from its first file to its page."""

from __future__ import annotations

import html
import json
import math
import re
import time
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from typer.testing import CliRunner

import coresponder_causal as cc
from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.core.result import Result
from coresponder_causal.simulate import world

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
EXAMPLES = {"calls", "city_panel", "schedule", "control_series", "cities", "programmes", "breaks"}


def invoke(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def plain(page: Path) -> str:
    """The text a reader sees, on one line."""
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def stored(out: Path) -> list[Result]:
    entries = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return [Result.from_json(json.dumps(entry)) for entry in entries]


def on_one_line(screen: str) -> str:
    return " ".join(screen.translate(dict.fromkeys(map(ord, "│╭╮╰╯─"), " ")).split())


def files(folder: Path) -> dict[str, bytes]:
    """Every file by its place, without steps that are kept."""
    found = (path for path in folder.rglob("*") if path.is_file() and ".coresponder_steps" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_without_a_study_the_embedded_one_is_evaluated(tmp_path, monkeypatch, record_property):
    monkeypatch.chdir(tmp_path)
    began = time.perf_counter()
    done = invoke("evaluate")
    record_property("seconds", round(time.perf_counter() - began, 1))
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.iterdir()] == ["evaluation"]
    out = tmp_path / "evaluation"
    for name in ("council.html", "index.html", "manifest.json", "results.json", "supervisor.html", "tables.xlsx"):
        assert name in files(out)
    assert "This is a simulated city: nothing here is evidence about a real programme." in done.output
    page, results = plain(out / "index.html"), stored(out)
    jsonschema.validate(
        json.loads((out / "results.json").read_text(encoding="utf-8")), cc.report.json_schema("results")
    )
    assert [result.to_json() for result in plan.read_results(out)] == [result.to_json() for result in results]
    assert "This is a simulated city." in page
    assert [result.method for result in results] == [
        "call_coverage",
        "did_prediction_interval",
        "did_two_way",
        "its_segmented",
        "call_difference",
        "call_difference",
        "call_iv",
        "call_iv",
    ]
    assert [result.extra["adjustment"] for result in results[-2:]] == ["team_free", "coverage_post"]
    assert "calls that had the team" in page
    assert "Estimates beside the known truth" in page
    truths = world("west_sac_like", seed=1).truth
    for true, estimate in (
        (truths.hours_log_ratio, results[0].estimate[0]),
        (truths.city_log_ratio, results[1].estimate[0]),
        (truths.city_log_ratio, results[2].estimate[0]),
        (truths.city_log_ratio, results[3].estimate[0]),
        (plan.truths(world("west_sac_like", seed=1))["call_difference.effect"], results[4].estimate[0]),
    ):
        shown, distance = 100 * math.expm1(true), 100 * (math.expm1(estimate) - math.expm1(true))
        assert signed(shown) in page
        assert re.search(rf"{re.escape(signed(shown))} \S+ {re.escape(signed(distance))}", page)


def signed(value: float) -> str:
    """A percentage as the tables of the page write it: three digits, a real minus."""
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:+.{digits}f}".replace("-", "−")


@pytest.fixture(scope="module")
def initialised(tmp_path_factory) -> tuple[Path, str]:
    """A folder made by init, and what the screen said."""
    folder = tmp_path_factory.mktemp("city") / "our study"
    made = invoke("init", folder)
    assert made.exit_code == 0, made.output
    return folder, made.output


def test_a_study_made_by_init_can_be_evaluated_as_it_is(initialised, tmp_path):
    (folder, said), out = initialised, tmp_path / "out"
    assert {path.stem for path in folder.glob("*.csv")} == EXAMPLES
    assert f"coresponder-causal evaluate {folder / 'STUDY.toml'}" in said
    before = files(folder)

    done = invoke("evaluate", folder / "STUDY.toml", "--out", out)
    assert done.exit_code == 0, done.output
    assert f"The page: {out / 'index.html'}" in done.output
    assert "This is a simulated city" in done.output
    assert files(folder) == before
    again = invoke("evaluate", folder / "STUDY.toml", "--out", out, "--force")
    assert re.search(r"(\d+) of \1 steps were kept from an earlier run", again.output)
    assert "were kept" not in invoke("evaluate", folder / "STUDY.toml", "--out", out, "--force", "--fresh").output
    # The examples hold calls of the treated city alone: its hours describe and cannot lead.
    assert [result.method for result in stored(out)] == [
        "did_prediction_interval",
        "its_segmented",
        "call_difference",
        "call_iv",
        "call_coverage",
    ]
    page = plain(out / "index.html")
    assert "Not for release." in page
    assert "Our co-responder programme" in page


def test_the_tables_of_init_are_sound(initialised):
    study = plan.read_study(initialised[0] / "STUDY.toml")
    assert set(study.tables) == EXAMPLES
    tables, quality = plan.read_tables(study)
    assert (quality["severity"] == "quality").all()
    assert tables["calls"]["city"].unique().tolist() == ["West Sacramento"]
    assert tables["city_panel"]["city"].nunique() == 11
    assert set(study.controls) <= set(tables["control_series"]["series"])


def test_a_folder_that_holds_files_is_refused_by_init(tmp_path):
    (tmp_path / "notes.txt").write_text("ours", encoding="utf-8")
    done = invoke("init", tmp_path)
    assert done.exit_code == 2
    assert "This cannot be done as it is" in done.output
    assert "is not empty" in on_one_line(done.output)
    assert "--out" not in done.output
    assert files(tmp_path) == {"notes.txt": b"ours"}


def test_on_request_init_writes_beside_other_files(tmp_path):
    (tmp_path / "notes.txt").write_text("ours", encoding="utf-8")
    assert invoke("init", tmp_path, "--force").exit_code == 0
    assert files(tmp_path)["notes.txt"] == b"ours"
    assert (tmp_path / "STUDY.toml").is_file()


@pytest.fixture
def small_study(tmp_path) -> Path:
    """A study of data quality alone, in a folder of its own."""
    folder = tmp_path / "study"
    folder.mkdir()
    pd.DataFrame({"city": ["Davis"], "month": ["2020-07"], "calls": [3]}).to_csv(folder / "panel.csv", index=False)
    text = '[study]\ntitle = "Small"\n[tables]\ncity_panel = "panel.csv"\n[designs]\nrun = []\n'
    (folder / "STUDY.toml").write_text(text, encoding="utf-8")
    return folder / "STUDY.toml"


def test_a_study_without_designs_is_a_page_about_the_data(small_study, tmp_path):
    done = invoke("evaluate", small_study, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "The data break no rule of the data dictionary." in done.output
    assert "Table city_panel: 1 rows." in plain(tmp_path / "out" / "index.html")
    assert stored(tmp_path / "out") == []


def test_a_filled_output_is_refused_and_on_request_replaced(small_study, tmp_path):
    out = tmp_path / "out"
    assert invoke("evaluate", small_study, "--out", out).exit_code == 0
    (out / "index.html").write_text("old", encoding="utf-8")
    refused = invoke("evaluate", small_study, "--out", out)
    assert refused.exit_code == 2
    assert (out / "index.html").read_text(encoding="utf-8") == "old"
    assert invoke("evaluate", small_study, "--out", out, "--force").exit_code == 0
    assert "Small" in (out / "index.html").read_text(encoding="utf-8")
    public = invoke("evaluate", small_study, "--out", out, "--audience", "public", "--force")
    assert public.exit_code == 2
    assert "results.json" in public.output
    assert {"index.html", "manifest.json", "results.json"} <= set(files(out))


def test_an_error_of_the_file_system_is_one_screen_too(small_study, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = invoke("evaluate", small_study, "--out", tmp_path / "file" / "out")
    assert done.exit_code == 2
    assert "check the path and the permissions" in on_one_line(done.output)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "evaluate"), (["evaluate", "--help"], "--out"), (["init", "--help"], "Folder for the study")],
)
def test_help_says_what_there_is(arguments, says):
    done = invoke(*arguments)
    assert says in done.output
    assert "Traceback" not in done.output


def test_a_study_of_the_methods_is_run_and_resumed(tmp_path, monkeypatch):
    from coresponder_causal.validity import coverage

    monkeypatch.setattr(coverage, "fast_replications", 3)
    out = tmp_path / "measured.csv"
    done = invoke("validity", "run", "--methods", "its_segmented", "--out", out, "--jobs", 1)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(out)
    assert list(table) == coverage.columns
    assert set(table["method"]) == {"its_segmented"}
    first = out.read_bytes()
    monkeypatch.setattr(coverage, "measure", None)  # nothing is left to measure
    assert invoke("validity", "run", "--methods", "its_segmented", "--out", out, "--jobs", 1).exit_code == 0
    assert out.read_bytes() == first


def test_a_method_that_is_not_there_is_one_screen(tmp_path):
    done = invoke("validity", "run", "--methods", "its_segmentd", "--out", tmp_path / "measured.csv")
    assert done.exit_code == 2
    assert "no method its_segmentd" in on_one_line(done.output)
    assert list(tmp_path.iterdir()) == []


def test_the_dictionary_is_exported_in_every_form(tmp_path):
    out = tmp_path / "out"
    done = invoke("dictionary", "export", "--out", out)
    assert done.exit_code == 0, done.output
    made = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert {
        "codebook.html",
        "collection_procedure.md",
        "paper/on_scene_card.html",
        "redcap/calls.csv",
        "schemas.py",
        "tableschema/calls.schema.json",
        "tableschema/datapackage.json",
        "workbook.xlsx",
        "xlsform/on_scene_card.xlsx",
        "xlsform/schedule.xlsx",
    } <= made
    assert set(done.output.split()) == {str(out / name) for name in made}


def test_one_form_of_the_dictionary_can_be_asked_for(tmp_path):
    assert invoke("dictionary", "export", "--what", "pandera", "--out", tmp_path / "one").exit_code == 0
    assert list(files(tmp_path / "one")) == ["schemas.py"]
    refused = invoke("dictionary", "export", "--what", "redcap", "--out", tmp_path / "one")
    assert refused.exit_code == 2
    assert "is not empty" in on_one_line(refused.output)
    strange = invoke("dictionary", "export", "--what", "excel", "--out", tmp_path / "two")
    assert strange.exit_code == 2
    assert "cannot be exported as excel" in on_one_line(strange.output)
    assert not (tmp_path / "two").exists()


def test_a_schedule_of_publication_and_an_unknown_audience(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke("publication", "--volume", "80", "--share", "arrest=0.10")
    assert done.exit_code == 0, done.output
    assert "arrest: quarter" in done.output
    assert sorted(files(tmp_path / "publication")) == ["publication.csv", "publication.html"]
    refused = invoke("pathway", "--audience", "everybody")
    assert refused.exit_code == 2
    assert "audience is 'everybody'" in on_one_line(refused.output)
    assert not (tmp_path / "pathway").exists()


def test_the_course_of_calls_for_the_public(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = invoke("pathway", "--audience", "public", "--ledger", "kept.jsonl")
    assert done.exit_code == 0, done.output
    assert "•" in (tmp_path / "pathway" / "pathway_flows.csv").read_text(encoding="utf-8")
    assert (tmp_path / "kept.jsonl").is_file()


def test_the_version_is_told_without_a_command():
    done = invoke("--version")
    assert done.exit_code == 0, done.output
    assert done.output.strip() == cc.__version__
