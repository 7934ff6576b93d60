"""A bundle holds what a review needs, says for whom it is, and the same inputs give the same bytes."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from coresponder_causal import plan, report
from coresponder_causal.core.errors import DataError, DisclosureError
from coresponder_causal.plan.anew import Anew, evaluated_anew, read_numbers
from coresponder_causal.plan.frozen import study_content
from coresponder_causal.plan.manifest import hashed, pins
from coresponder_causal.plan.numbers import leaves, numbers
from coresponder_causal.plan.portable import moved_paths, portable
from coresponder_causal.privacy import Policy

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def file(tmp_path_factory, series_alone) -> Path:
    return series_alone(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def packed(file, tmp_path_factory) -> Path:
    """A bundle unpacked."""
    out = tmp_path_factory.mktemp("packed") / "bundle.zip"
    plan.bundle(file, out, clock=lambda: THEN)
    zipfile.ZipFile(out).extractall(out.with_suffix(""))
    return out.with_suffix("")


@pytest.fixture(scope="module")
def found(file) -> Anew:
    return evaluated_anew(plan.read_study(file))


def read(folder: Path, name: str):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_a_bundle_holds_what_a_review_needs_and_every_file_as_its_manifest_says(packed):
    names = {path.relative_to(packed).as_posix() for path in packed.rglob("*") if path.is_file()}
    tables = {"tables/city_panel.csv", "tables/control_series.csv", "tables/programmes.csv"}
    described = {"README.md", "requirements.txt", "ro-crate-metadata.json", "manifest.json"}
    assert names == {"STUDY.toml", "index.html", "index.md", "results.json", "numbers.csv"} | tables | described
    stated = read(packed, "manifest.json")
    assert set(stated["files"]) == names - {"manifest.json"}
    assert all(hashed(packed / name) == said for name, said in stated["files"].items())
    assert stated["started"] == stated["finished"] == "2026-01-02T03:04:05+00:00"
    assert [one["id"] for one in stated["results"]] == ["its_segmented/calls"]
    assert {"numpy", "pandas", "scipy", "statsmodels"} <= set(stated["environment"]["packages"])
    assert any(line.startswith("statsmodels==") for line in pins())
    said = (packed / "README.md").read_text(encoding="utf-8")
    assert "Not for the public. It holds rows about people" in said
    assert "coresponder-causal verify bundle.zip" in said


def test_equal_inputs_give_equal_bytes_readable_by_their_owner_alone(file, packed, tmp_path):
    again = plan.bundle(file, tmp_path / "bundle.zip", clock=lambda: THEN)
    first = packed.with_suffix(".zip")
    assert again.read_bytes() == first.read_bytes()
    assert again.stat().st_mode & 0o077 == 0
    with pytest.raises(DataError, match="already"):
        plan.bundle(file, again)


def test_the_metadata_are_a_flat_ro_crate_of_every_file_and_the_run(packed):
    content = read(packed, "ro-crate-metadata.json")
    assert content["@context"] == "https://w3id.org/ro/crate/1.2/context"
    graph = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(graph) == len(content["@graph"])
    descriptor, root = graph["ro-crate-metadata.json"], graph["./"]
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert {"name", "description", "datePublished", "license"} <= set(root)
    assert datetime.fromisoformat(root["datePublished"]) == THEN
    parts = {part["@id"] for part in root["hasPart"]}
    assert parts == {path.relative_to(packed).as_posix() for path in packed.rglob("*") if path.is_file()} - {
        "ro-crate-metadata.json"
    }
    assert all(graph[part]["@type"] == "File" and graph[part]["encodingFormat"] for part in parts)
    assert graph["numbers.csv"]["contentSize"] == str((packed / "numbers.csv").stat().st_size)
    run = graph["#evaluation"]
    assert {one["@id"] for one in run["object"]} == {"STUDY.toml"} | {p for p in parts if p.startswith("tables/")}
    assert {"@id": "results.json"} in run["result"]
    referenced = {value["@id"] for entity in graph.values() for value in entity.values() if isinstance(value, dict)}
    assert referenced - {"https://w3id.org/ro/crate/1.2"} <= set(graph)


def test_every_cell_of_results_checks_and_page_is_anchored_with_every_digit(packed, found):
    stated = read_numbers(packed).set_index("anchor")
    assert stated.index.is_unique
    result = found.evaluation.results[0]
    for i, row in enumerate(result.tidy().to_dict("records"), 1):
        for column in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
            held = stated.loc[f"its_segmented/calls/terms/{i} {row['term']}/{column}"]
            assert float(held["value"]) == row[column] or (held["value"] == "" and math.isnan(row[column]))
            assert (held["result"], held["fingerprint"]) == ("its_segmented/calls", result.provenance.data)
    assert float(stated.loc["its_segmented/calls/extra/rho", "value"]) == result.extra["rho"]
    for one in found.evaluation.checks[0]:
        assert stated.loc[f"its_segmented/calls/checks/{one.check}/verdict", "value"] == one.verdict
    texts = set(stated["value"])
    assert all(part.text in texts for part in found.page.parts() if isinstance(part, report.Sentence))
    cells = stated[stated.index.str.startswith("page/")]
    drawn = repr(float(result.path["counterfactual"].iloc[-1]))
    assert set(cells.loc[cells["value"] == drawn, "result"]) == {"its_segmented/calls"}
    assert stated.loc["tables/city_panel/rows", "value"] == "294"


def test_an_altered_number_or_word_of_the_page_changes_its_anchor(found):
    first = found.page.finding[0]
    page = replace(found.page, finding=(replace(first, text=f"{first.text} Or not."), *found.page.finding[1:]))
    before, after = (numbers(found.evaluation, one, found.tables) for one in (found.page, page))
    changed = before["anchor"][before["value"] != after["value"]]
    assert changed.tolist() == ["page/finding/1/text"]


def test_paths_are_changed_wherever_they_are_written_and_nothing_else():
    text = '# ours\n[tables]\ncalls = "${DIR}/calls.csv"\ncities = {path = \'/data/cities.csv\', columns = {a = "b"}}\n'
    moved = {"${DIR}/calls.csv": "tables/calls.csv", "/data/cities.csv": "tables/cities.csv"}
    assert portable(text, moved) == (
        '# ours\n[tables]\ncalls = "tables/calls.csv"\ncities = {path = "tables/cities.csv", columns = {a = "b"}}\n'
    )
    with pytest.raises(DataError, match="cannot be changed"):
        portable('[tables]\ncalls = "\\u0061.csv"\n', {"a.csv": "tables/a.csv"})
    with pytest.raises(DataError, match="cannot be changed"):
        portable('[study]\ntitle = "a.csv"\n[tables]\ncalls = "a.csv"\n', {"a.csv": "tables/a.csv"})


def test_files_of_plans_drawn_by_lot_come_along_and_a_ledger_does_not(tmp_path, monkeypatch):
    monkeypatch.setenv("PLANS", "drawn")
    content = {
        "tables": {"calls": {"path": "data/calls.csv"}, "cities": "cities.csv"},
        "switchback": [{"assignment": "${PLANS}/schedule.csv"}],
        "release": {"ledger": "../releases.jsonl"},
    }
    moved = moved_paths(content, tmp_path)
    assert {raw: new for raw, (_, new) in moved.items()} == {
        "data/calls.csv": "tables/calls.csv",
        "cities.csv": "tables/cities.csv",
        "${PLANS}/schedule.csv": "tables/schedule.csv",
        "../releases.jsonl": "releases.jsonl",
    }
    assert moved["${PLANS}/schedule.csv"][0] == tmp_path / "drawn" / "schedule.csv"


def test_tables_from_elsewhere_lie_in_the_bundle_and_two_of_one_name_are_refused(file, tmp_path, monkeypatch):
    (tmp_path / "far").mkdir()
    panel = (file.parent / "city_panel.csv").read_bytes()
    (tmp_path / "far" / "city_panel.csv").write_bytes(panel)
    monkeypatch.setenv("FAR", str(tmp_path / "far"))
    text = file.read_text(encoding="utf-8").replace('"city_panel.csv"', '"${FAR}/city_panel.csv"')
    for name in ("control_series", "programmes"):
        text = text.replace(f'"{name}.csv"', f'"{file.parent}/{name}.csv"')
    study = tmp_path / "STUDY.toml"
    study.write_text(text, encoding="utf-8")
    out = plan.bundle(study, tmp_path / "out")
    assert 'city_panel = "tables/city_panel.csv"' in (out / "STUDY.toml").read_text(encoding="utf-8")
    assert (out / "tables" / "city_panel.csv").read_bytes() == panel
    everything = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert str(tmp_path).encode() not in everything
    (tmp_path / "city_panel.csv").write_bytes(panel)
    study.write_text(text.replace("[treated]", 'calls = "city_panel.csv"\n[treated]'), encoding="utf-8")
    with pytest.raises(DataError, match="two files of the study are called"):
        plan.bundle(study, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_a_bundle_is_never_for_the_public_and_names_the_agreement_with_a_partner(file, tmp_path):
    with pytest.raises(DisclosureError, match="never for the public"):
        plan.bundle(file, tmp_path / "out", policy=Policy(audience="public"))
    assert not list(tmp_path.iterdir())
    text = file.read_text(encoding="utf-8") + '[release]\naudience = "public"\n'
    public = file.with_name("public.toml")
    public.write_text(text, encoding="utf-8")
    with pytest.raises(DisclosureError, match="never for the public"):
        plan.bundle(public, tmp_path / "out")
    out = plan.bundle(public, tmp_path / "out", policy=Policy(audience="partner", agreement="county 2026-04"))
    assert "under the agreement county 2026-04" in (out / "README.md").read_text(encoding="utf-8")
    stated = read(out, "manifest.json")
    assert (stated["audience"], stated["agreement"]) == ("partner", "county 2026-04")
    assert all("sha256" in one for one in (*stated["inputs"], *stated["results"]))


def test_the_manifest_of_an_evaluation_for_others_gives_no_hash_away(file, found):
    times = {"file": file, "started": THEN, "finished": THEN}
    steps = [{"name": "series", "key": "5ca1ab1e", "seconds": 1.5, "kept": False}]
    inside = plan.manifest(found.evaluation, steps=steps, **times)
    panel = next(one for one in inside["inputs"] if one["role"] == "table city_panel")
    assert panel == {"role": "table city_panel", "file": "city_panel.csv", **hashed(file.parent / "city_panel.csv")}
    assert inside["results"][0]["fingerprint"] == found.evaluation.results[0].provenance.data
    assert inside["steps"] == steps
    study = replace(found.evaluation.study, policy=Policy(audience="public"))
    public = plan.manifest(replace(found.evaluation, study=study), steps=steps, **times)
    assert [set(one) for one in public["inputs"]] == [{"role", "file"}] * 4
    assert [set(one) for one in public["results"]] == [{"id", "method", "outcome"}]
    assert public["steps"] == [{"name": "series", "seconds": 1.5, "kept": False}]
    embedded, _, _ = plan.embedded_study()
    assert plan.manifest(replace(found.evaluation, study=embedded), **times | {"file": None})["inputs"] == []


def test_results_of_one_name_are_told_apart(found):
    result = found.evaluation.results[0]
    assert plan.result_ids([result, result]) == ["its_segmented/calls", "its_segmented/calls/2"]


def test_a_frozen_study_does_not_hang_on_where_its_ledger_lies(tmp_path, series_alone):
    contents = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        file = series_alone(tmp_path / name)
        file.write_text(file.read_text(encoding="utf-8") + '[release]\nledger = "releases.jsonl"\n', encoding="utf-8")
        contents.append(study_content(plan.read_study(file)))
    assert contents[0] == contents[1]
    assert contents[0]["ledger"] == "releases.jsonl"


def test_frames_lists_and_missing_values_have_anchors():
    frame = pd.DataFrame({"when": [pd.Period("2020-01", "M"), pd.NaT], "x": [1 / 3, float("nan")]})
    assert list(leaves("a", {"f": frame, "none": None, "n": (True, 2)})) == [
        ("a/f/1/when", "2020-01"),
        ("a/f/1/x", repr(1 / 3)),
        ("a/f/2/when", ""),
        ("a/f/2/x", ""),
        ("a/n/1", "True"),
        ("a/n/2", "2"),
    ]
