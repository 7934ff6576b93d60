"""One evaluation for its readers: the same numbers in every file, small counts in none, one sheet for the council."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DisclosureError
from coresponder_causal.core.notes import Doubt, quietly
from coresponder_causal.data import metrics
from coresponder_causal.plan import embedded_study, evaluation_page, publish, reader_specs, run
from coresponder_causal.plan.plan_file import plan_name
from coresponder_causal.privacy import Policy, hidden_mark, limits, watermark
from coresponder_causal.report import Sentence, of_nobody, words
from coresponder_causal.report.effects import effects
from coresponder_causal.report.gate import passed
from coresponder_causal.report.page import simulated_banner
from coresponder_causal.report.sentences import finding
from coresponder_causal.report.team_hours import reach_picture, shift_tables

PUBLIC = Policy(audience="public")
COUNTED = r"(?:calls?|persons?|people|arrests?|holds?|events?|contacts?|shifts?)\b"
browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def publish_all(found, tables, out, *, force=False):
    page, together = evaluation_page(found), plan.weighed(found, tables)
    page = plan.with_evidence(page, together)
    return publish(page, found, out, others=reader_specs(found, page, tables, together), force=force)


@cache
def studied():
    stated, tables, _ = embedded_study()
    one_way = {"calls": stated.options["calls"][1:]}
    study = replace(stated, designs=("hours", "calls"), options=one_way, simulated=True)
    with quietly():
        found = run(study, tables, plan.quality_of(tables))
    return found, tables, plan.with_evidence(evaluation_page(found), plan.weighed(found, tables))


@cache
def specs():
    found, tables, page = studied()
    return {"index.html": page} | reader_specs(found, page, tables, plan.weighed(found, tables))


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> dict[str, Path]:
    """Folders of the same evaluation for two audiences."""
    home = tmp_path_factory.mktemp("readers")
    for audience in ("internal", "public"):
        out = home / audience
        report.write_all({out / name: spec for name, spec in specs().items()}, policy=Policy(audience=audience))
    return {"internal": home / "internal", "public": home / "public"}


def read(page: Path) -> str:
    body = re.sub(r"<(style|svg)\b.*?</\1>", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_every_reader_has_a_file(written):
    names = {str(path.relative_to(written["internal"])) for path in written["internal"].rglob("*") if path.is_file()}
    assert {"index.html", "council.html", "supervisor.html", "tables.xlsx", "tables/internal.txt"} <= names
    assert {"tables/01_evidence.csv", "tables/01_evidence.tex"} <= names
    assert not any(path.name == "internal.txt" for path in written["public"].rglob("*"))


def test_the_same_numbers_stand_in_every_form(written):
    """Estimates in the workbook, the .csv and the .tex are those of the results, on the scale that is shown."""
    home, (found, _, page) = written["internal"], studied()
    truth = pd.concat([effects(result) for result in found.results], ignore_index=True)
    titles = [table.title for _, table in page.tables()]
    place = len(titles) - titles[::-1].index("Estimates")  # the last of that name shows every term
    book = load_workbook(home / "tables.xlsx")
    sheet = next(name for name in book.sheetnames if name.startswith(f"{place:02d} "))
    in_book = pd.read_excel(home / "tables.xlsx", sheet_name=sheet)
    in_csv = pd.read_csv(home / f"tables/{place:02d}_estimates.csv")
    for ours, theirs in (("estimate", "Estimate"), ("conf_low", "95 % from"), ("conf_high", "to")):
        np.testing.assert_allclose(in_csv[ours], truth[ours], rtol=1e-15)
        np.testing.assert_allclose(in_book[theirs], truth[ours], rtol=1e-15)
    latex = (home / f"tables/{place:02d}_estimates.tex").read_text(encoding="utf-8").replace(r"\ensuremath{-}", "−")
    for value in truth["estimate"]:
        assert f"& {words.signed(value)} &" in latex
    council = read(home / "council.html")
    raw = found.results[0].tidy().iloc[0]
    for name in ("estimate", "conf_low", "conf_high"):
        assert words.of_hundred(100 * np.exp(raw[name])) in council
    assert finding(found.results[0]).text in read(home / "index.html")


def test_csv_and_workbook_hold_the_same_tables(written):
    for home in written.values():
        book = load_workbook(home / "tables.xlsx")
        files = sorted((home / "tables").glob("*.csv"))
        assert len(files) == len(book.sheetnames) - 1
        for file, name in zip(files, book.sheetnames[1:], strict=True):
            assert file.name[:2] == name[:2]
            assert len(pd.read_csv(file)) == book[name].max_row - 1


def test_small_counts_leave_in_no_form(written):
    home = written["public"]
    texts = {path.name: path.read_text(encoding="utf-8") for path in (home / "tables").iterdir()}
    texts |= {path.name: read(path) for path in home.glob("*.html")}
    sheets = pd.read_excel(home / "tables.xlsx", sheet_name=None, header=None)
    texts["tables.xlsx"] = " ".join(str(cell) for sheet in sheets.values() for cell in sheet.to_numpy().ravel())
    for name, text in texts.items():
        small = [int(one) for one in re.findall(rf"(?<![\d.,/–-])(\d+) {COUNTED}", text) if 0 < int(one) < 11]
        assert small == [], name
        assert watermark not in text, name
    assert limits in texts["council.html"]
    assert hidden_mark in texts["supervisor.html"]
    hours = html.unescape(texts["supervisor.html"])
    assert re.search(rf"court {hidden_mark}", hours)
    assert re.search(r"court 5", read(written["internal"] / "supervisor.html"))


def test_the_supervisor_reads_hours_reach_repeats_and_what_to_mend(written):
    text = read(written["internal"] / "supervisor.html")
    _, tables, _ = studied()
    own = {name: table[table["city"] == "West Sacramento"] for name, table in tables.items() if "city" in table}
    values = metrics(own, period="all", start="2020-07-15", only=["M07", "M28"])
    after = values[values["phase"].eq("from the start") & values["part"].isin(["", "within 30 days"])]
    for value in after["value"]:
        assert f"{words.number(100 * value)} %" in text
    assert text.count("What to do:") == 5
    assert "Not shown: linked to care, for want of the table “outcomes”." in text
    assert "Only those under “What would help most?” rest on effects of the programme" in text
    assert "who mends it?" in text


def test_hours_delivered_and_reach_by_hour_are_counted_right():
    _, tables, _ = studied()
    schedule = tables["schedule"][tables["schedule"]["city"] == "West Sacramento"]
    calls = tables["calls"][tables["calls"]["city"] == "West Sacramento"]
    since = schedule[schedule["shift_start"] >= "2020-07-15"]
    by_quarter, by_reason = shift_tables(schedule, "2020-07-15")
    assert by_quarter.frame["planned"].sum() == since["planned_hours"].sum()
    assert by_quarter.frame["delivered"].sum() == since["delivered_hours"].sum()
    assert by_quarter.frame["missed"].sum() == by_reason.frame["missed"].sum() == since["delivered_hours"].eq(0).sum()
    hours = reach_picture(calls, schedule, "West Sacramento", "2020-07-15").data["hours"]
    values = metrics({"calls": calls}, period="all", start="2020-07-15", only=["M06"])
    row = values[values["phase"].eq("from the start") & values["part"].eq("all hours")].iloc[0]
    assert (hours["events"].sum(), hours["calls"].sum()) == (row["numerator"], row["denominator"])
    assert hours["covered"].sum() == 70
    assert hours.loc[~hours["covered"], "share"].max() < 0.01


def test_what_shifts_do_not_say_is_said():
    _, tables, _ = studied()
    schedule = tables["schedule"].head(4).assign(delivered_hours=[np.nan, 10.0, 0.0, 10.0])
    by_quarter, by_reason = shift_tables(schedule)
    assert by_quarter.note == "1 shifts do not say what was delivered and are left out."
    assert by_quarter.frame["shifts"].sum() == 3
    assert by_reason.frame["missed"].tolist() == [1]
    assert shift_tables(schedule.drop(columns=["delivered_hours"]))[0].frame.empty


def test_without_calls_or_shifts_the_page_says_what_is_wanting(town, tmp_path):
    study = plan.read_study(town(tmp_path))
    (tmp_path / plan_name).unlink()
    tables, quality = plan.read_tables(study)
    with quietly():
        found = run(replace(study, designs=("series",)), tables, quality)
    made = reader_specs(found, evaluation_page(found), tables)
    said = " ".join(part.text for part in made["supervisor.html"].parts() if isinstance(part, Sentence))
    assert "Not shown: hours of the team, for want of the table “schedule”." in said
    assert "Not shown: reach by hour of the week, for want of the table “calls”." in said
    assert "Begin to record it" in said
    assert "Find out why shifts fall out" not in said
    assert simulated_banner in made["council.html"].banners


def test_the_plan_is_spoken_of_in_plain_words(town, tmp_path):
    stated = plan.planned(town(tmp_path))
    plan.freeze(stated.plan, stated.study, stated.before, by="Lead evaluator")
    tables, quality = plan.read_tables(stated.study)
    with quietly():
        whole = run(stated.study, tables, quality)
    for found, said in (
        (whole, "It was kept."),
        (
            replace(whole, results=whole.results[:1], checks=whole.checks[:1], designs=whole.designs[:1]),
            "done otherwise; the full report lists what.",
        ),
    ):
        sheet = reader_specs(found, evaluation_page(found), tables)["council.html"]
        told = " ".join(part.text for part in sheet.parts() if isinstance(part, Sentence))
        assert "The plan was fixed on" in told
        assert said in told


def test_for_others_no_table_holds_a_fingerprint_of_the_data():
    found, _, page = studied()
    fingerprint = found.results[0].provenance.data[:16]
    for policy, held in ((Policy(), True), (PUBLIC, False)):
        (left,) = passed([page], policy).specs
        (origins,) = (table for _, table in left.tables() if table.title == "Computed from")
        assert ("data" in origins.frame) == held
        assert (fingerprint in origins.frame.to_csv()) == held
        assert len(origins.columns) == 5 + held


def test_a_study_of_data_alone_has_every_file(tmp_path):
    stated, tables, _ = embedded_study()
    alone = {name: tables[name] for name in ("schedule", "cities")}
    for policy in (Policy(), PUBLIC):
        study = replace(stated, designs=(), policy=policy)
        found = run(study, alone, plan.quality_of(alone))
        out = tmp_path / policy.audience
        publish_all(found, alone, out)
        assert "this is about the data alone" in read(out / "council.html")
        assert "this is about the data alone" in read(out / "supervisor.html")


def test_files_of_an_earlier_evaluation_go_and_those_of_others_stay(tmp_path):
    stated, tables, _ = embedded_study()
    alone = {"cities": tables["cities"]}
    found = run(replace(stated, designs=()), alone, plan.quality_of(alone))
    (tmp_path / "tables").mkdir()
    for name in ("tables/99_old.csv", "tables/mine.csv", "notes.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    publish_all(found, alone, tmp_path, force=True)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert {"tables/mine.csv", "notes.txt", "council.html"} <= left
    assert "tables/99_old.csv" not in left


def test_a_folder_with_tables_for_another_audience_is_refused(tmp_path):
    stated, tables, _ = embedded_study()
    alone = {"cities": tables["cities"]}
    found = run(replace(stated, designs=(), policy=PUBLIC), alone, plan.quality_of(alone))
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "agreement.txt").write_text("For a partner.", encoding="utf-8")
    with pytest.raises(DisclosureError, match=r"holds agreement\.txt"):
        publish_all(found, alone, tmp_path, force=True)
    assert not (tmp_path / "index.html").exists()


@pytest.mark.skipif(browser is None, reason="needs a browser that prints, such as chromium")
@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_the_council_reads_one_printed_page(tmp_path, paper):
    """With everything that may stand on it: both banners, the plan, two doubts, data to mend, a long title."""
    found, _, _ = studied()
    lines = [
        Sentence(text=Doubt(f"recording of calls changed in {', '.join(['Rancho Cordova'] * 5)}"), support=of_nobody)
    ]
    sheet = report.council_page(
        found.results,
        checks=found.checks,
        title="An evaluation of co-response in the City of West Sacramento and its neighbours, 2017 to 2022",
        quality=pd.DataFrame({"rule": ["a"], "severity": ["quality"], "count": [40]}),
        design_lines=lines * 2,
        planned=Sentence(
            text="The plan was fixed on 12 September 2023, before results were seen. " * 2, support=of_nobody
        ),
        simulated=True,
    )
    file = report.write(sheet, tmp_path / "council.html", audience="public")
    sized = file.read_text(encoding="utf-8").replace("</style>", f"@page, @page sheet {{ size: {paper} }}</style>")
    file.write_text(sized, encoding="utf-8")
    printed = tmp_path / "council.pdf"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={printed}", file.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 1
