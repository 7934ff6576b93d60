"""A bundle that was altered in one number, word, row or option does not verify, re-hashed or not."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.plan.compare import of_files, same
from coresponder_causal.plan.frozen import sealed, write_record
from coresponder_causal.plan.manifest import hashed, result_hash
from coresponder_causal.plan.verify import read_manifest


def replaced(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def rehashed(folder: Path) -> None:
    """Do what a forger would: make the manifest fit the files."""
    stated = read_manifest(folder)
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    stated["files"] = {name: hashed(folder / name) for name in names if name != "manifest.json"}
    for one in stated["inputs"]:
        if one["packed"]:
            one |= hashed(folder / one["file"])
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    for one, result in zip(stated["results"], results, strict=True):
        one["sha256"] = result_hash(result)
    (folder / "manifest.json").write_text(json.dumps(stated), encoding="utf-8")


@pytest.fixture(scope="module")
def packed(tmp_path_factory, series_alone) -> Path:
    """A bundle of a study without a plan, as a folder."""
    return plan.bundle(series_alone(tmp_path_factory.mktemp("town")), tmp_path_factory.mktemp("packed") / "bundle")


@pytest.fixture(scope="module")
def packed_plan(tmp_path_factory, town) -> Path:
    """A bundle of a frozen study, as a folder."""
    file = town(tmp_path_factory.mktemp("planned"))
    stated = plan.planned(file)
    plan.freeze(stated.plan, stated.study, stated.before, by="Lead evaluator")
    return plan.bundle(file, tmp_path_factory.mktemp("packed") / "bundle")


@pytest.fixture
def forged(packed, tmp_path) -> Path:
    """A copy to alter."""
    return shutil.copytree(packed, tmp_path / "bundle")


def anchors(found: plan.Verified) -> list[str]:
    return [one.anchor for one in found.differences]


def test_a_bundle_that_nobody_altered_holds(packed):
    found = plan.verify(packed)
    assert found.differences == ()
    assert found.versions == ()
    assert f"sha256 {hashed(packed / 'manifest.json')['sha256']}" in found.lines[0]
    assert "with a tolerance of 1e-09" in found.lines[1]


def test_one_altered_number_in_each_file_is_found_where_it_stands_though_the_manifest_was_made_to_fit(forged):
    results = json.loads((forged / "results.json").read_text(encoding="utf-8"))
    numbers = results[0]["estimate"]["array"]["values"]
    numbers[1] *= 1 + 1e-8
    (forged / "results.json").write_text(json.dumps(results), encoding="utf-8")
    anchored = (forged / "numbers.csv").read_text(encoding="utf-8")
    row = re.search(r"^its_segmented/calls/terms/1 \S+?/std_error,([\d.e-]+)", anchored, re.MULTILINE)
    replaced(forged / "numbers.csv", row[0], row[0].replace(row[1], str(float(row[1]) * 1.001)))
    fact = re.search(r"^its_segmented/calls/rows/n_obs,\d+,its_segmented/calls,", anchored, re.MULTILINE)
    replaced(forged / "numbers.csv", fact[0], f"{fact[0]}0")
    page = (forged / "index.html").read_text(encoding="utf-8")
    shown = re.search(r"<td[^>]*>(\d\.\d\d)", page)
    replaced(forged / "index.html", shown[0], f"{shown[0][:-1]}{(int(shown[0][-1]) + 1) % 10}")
    drawn = re.search(r'<path d="M [\d.]+', page[page.index("<svg") :])
    replaced(forged / "index.html", drawn[0], f"{drawn[0]}1")
    replaced(forged / "index.md", "A town", "A city")
    rehashed(forged)
    found = anchors(plan.verify(forged))
    assert len(found) == 6
    assert found[0] == "results.json.1.estimate.array.values.2"
    assert found[1] == "its_segmented/calls/rows/n_obs (its result and fingerprint)"
    assert found[2] == row[0].partition(",")[0]
    assert [re.sub(r"\d+", "n", name) for name in found[3:5]] == ["index.html, line n"] * 2
    assert found[5] == "index.md, line 1"


def one_count_more(lines: list[str]) -> list[str]:
    city, month, people, calls, *rest = lines[1].split(",")
    return [lines[0], ",".join([city, month, people, str(int(calls) + 1), *rest]), *lines[2:]]


def a_row_of_a_city_that_is_not_used(lines: list[str]) -> list[str]:
    at = next(i for i, line in enumerate(lines) if line.startswith("Chico"))
    return [*lines[:at], *lines[at + 1 :]]


def a_row_more(lines: list[str]) -> list[str]:
    last = lines[-1].split(",")
    return [*lines, ",".join([last[0], "2022-01", *last[2:]])]


@pytest.mark.parametrize("alter", [one_count_more, a_row_of_a_city_that_is_not_used, a_row_more])
def test_one_row_altered_removed_or_added_is_found_though_the_manifest_was_made_to_fit(forged, alter):
    table = forged / "tables" / "city_panel.csv"
    table.write_text("\n".join(alter(table.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")
    rehashed(forged)
    assert "tables/city_panel/sha256" in anchors(plan.verify(forged))


@pytest.mark.parametrize(
    ("old", "new", "anchor"),
    [
        ('start = "2020-07-15"', 'start = "2020-08-15"', "study/start"),
        ("simulated = true", "simulated = true\nseed = 2", "study/seed"),
    ],
)
def test_one_altered_option_of_the_study_is_found_though_the_manifest_was_made_to_fit(forged, old, new, anchor):
    replaced(forged / "STUDY.toml", old, new)
    rehashed(forged)
    assert anchor in anchors(plan.verify(forged))


def test_whatever_of_a_frozen_plan_is_altered_is_found(packed_plan, tmp_path):
    assert plan.verify(packed_plan).differences == ()
    alterations: dict[str, tuple[str, str, str]] = {
        "PLAN.toml": ("smallest_effect = 0.85", "smallest_effect = 0.95", "decision.smallest_effect: 0.85 → 0.95"),
        "STUDY.toml": ('start = "2020-07-15"', 'start = "2020-08-15"', "start: 2020-07-15 → 2020-08-15"),
        "PLAN.frozen.json": ("Lead evaluator", "Somebody else", "was changed after it was frozen"),
    }
    for name, (old, new, said) in alterations.items():
        forged = shutil.copytree(packed_plan, tmp_path / name)
        replaced(forged / name, old, new)
        rehashed(forged)
        found = plan.verify(forged).differences
        assert [one.anchor for one in found] == ["the run"]
        assert said in found[0].found
    forged = shutil.copytree(packed_plan, tmp_path / "resealed")
    states = plan.read_record(forged)
    write_record(forged, [sealed({**states[0], "by": "Somebody else"}, "")])
    rehashed(forged)
    found = anchors(plan.verify(forged))
    assert {"plan/frozen/1/by", "plan/frozen/1/sha256", "page/Was it run as planned?/text/text"} <= set(found)


def test_files_that_do_not_fit_the_manifest_are_named(forged):
    replaced(forged / "requirements.txt", "numpy==", "numpy==9")
    (forged / "README.md").unlink()
    (forged / "more.txt").write_text("more", encoding="utf-8")
    stated = read_manifest(forged)
    assert [one.anchor for one in of_files(forged, stated)] == [
        "file README.md",
        "file more.txt",
        "file requirements.txt",
    ]
    stated["results"][0]["fingerprint"], stated["seed"] = "another", 7
    (forged / "manifest.json").write_text(json.dumps(stated), encoding="utf-8")
    found = anchors(plan.verify(forged))
    assert {"manifest.json.seed", "manifest.json.results.1.fingerprint"} <= set(found)


def test_results_and_numbers_that_cannot_be_read_are_differences(forged):
    (forged / "results.json").write_text("[", encoding="utf-8")
    (forged / "numbers.csv").write_text("anchor\n", encoding="utf-8")
    found = anchors(plan.verify(forged))
    assert {"results.json", "numbers.csv"} <= set(found)


def test_numbers_are_compared_within_a_tolerance_and_words_exactly(forged):
    assert same(1.0, "1.0000000001", 1e-9)
    assert not same(1.0, 1.00000001, 1e-9)
    assert same(1e-13, -1e-13, 1e-9)
    assert not same("nan", "1", 1e-9)
    assert same(["a"], ["a"], 0.0)
    assert same("1.0", 1, 0.0)
    assert not same(0.1, 0.1 + 2e-17, 0.0)
    assert not same(1e-15, 2e-15, 0.0)
    results = json.loads((forged / "results.json").read_text(encoding="utf-8"))
    results[0]["estimate"]["array"]["values"][0] *= 1 + 1e-6
    (forged / "results.json").write_text(json.dumps(results), encoding="utf-8")
    rehashed(forged)
    assert plan.verify(forged, tolerance=1e-5).differences == ()


def test_other_versions_are_said_and_are_no_difference_by_themselves(forged):
    stated = read_manifest(forged)
    now = stated["environment"]["packages"]["matplotlib"]
    stated["environment"]["packages"]["matplotlib"] = "1.0"
    (forged / "manifest.json").write_text(json.dumps(stated), encoding="utf-8")
    for name in ("index.html", "index.md", "numbers.csv"):
        replaced(forged / name, f"matplotlib {now}", "matplotlib 1.0")
    replaced(forged / "index.html", "<svg", "<svg drawn='otherwise'")
    rehashed(forged)
    found = plan.verify(forged)
    assert found.versions == (f"matplotlib: 1.0 then, {now} now",)
    assert found.differences == ()
    assert any("Drawings were not compared" in line for line in found.lines)


def test_without_tables_they_are_named_and_taken_from_elsewhere(tmp_path, series_alone):
    file = series_alone(tmp_path)
    out = plan.bundle(file, tmp_path / "b.zip", with_tables=False)
    names = zipfile.ZipFile(out).namelist()
    assert not [name for name in names if name.startswith("tables")]
    crate = json.loads(zipfile.ZipFile(out).read("ro-crate-metadata.json"))
    absent = next(one for one in crate["@graph"] if one["@id"] == "#tables/city_panel.csv")
    assert absent["localPath"] == "tables/city_panel.csv"
    with pytest.raises(DataError, match=r"missing: city_panel\.csv, control_series\.csv, programmes\.csv"):
        plan.verify(out)
    replaced(tmp_path / "city_panel.csv", "Chico,2019-01,60000", "Chico,2019-01,60001")
    assert anchors(plan.verify(out, tables=tmp_path)) == ["file tables/city_panel.csv", "tables/city_panel/sha256"]


def test_what_is_no_bundle_and_what_reaches_outside_of_it_is_refused(forged, tmp_path):
    for place, said in ((tmp_path / "nowhere", "there is no such file"), (tmp_path, r"manifest\.json is missing")):
        with pytest.raises(DataError, match=said):
            plan.verify(place)
    (tmp_path / "not.zip").write_text("no", encoding="utf-8")
    with pytest.raises(DataError, match="is no bundle"):
        plan.verify(tmp_path / "not.zip")
    broken = shutil.copytree(forged, tmp_path / "broken")
    stated = read_manifest(broken)
    del stated["environment"]["packages"]["scipy"]
    (broken / "manifest.json").write_text(json.dumps(stated), encoding="utf-8")
    with pytest.raises(DataError, match=r"manifest\.json does not say 'scipy'"):
        plan.verify(broken)
    elsewhere = tmp_path / "city_panel.csv"
    shutil.copyfile(forged / "tables" / "city_panel.csv", elsewhere)
    replaced(forged / "STUDY.toml", '"tables/city_panel.csv"', f'"{elsewhere}"')
    rehashed(forged)
    found = plan.verify(forged)
    assert [one.anchor for one in found.differences] == ["the run"]
    assert "names files outside of it: city_panel.csv" in found.differences[0].found
    assert found.evaluation is None


def test_the_command_line_packs_verifies_and_tells_what_differs(tmp_path, series_alone):
    def invoke(*arguments: object):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    file, out = series_alone(tmp_path), tmp_path / "bundle"
    assert invoke("bundle", file, "--out", out, "--audience", "public").exit_code == 2
    assert invoke("bundle", file, "--out", out).exit_code == 0
    replaced(out / "index.md", "A town", "A city")
    found = invoke("verify", out)
    assert found.exit_code == 1
    assert "It does not hold: 2 differences." in found.output
    assert "index.md, line 1\n  stated: # A city\n  found:  # A town" in found.output
