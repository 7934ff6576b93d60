"""The commands that describe: on the simulated city, on a folder, on a study."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.simulate import world


def invoke(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Calls of two cities from 2021 on, what followed them, and the shifts of one."""
    place = tmp_path_factory.mktemp("city")
    made = world("west_sac_like", seed=1).tables
    calls = made["calls"]
    calls = calls[calls["city"].isin(["West Sacramento", "Davis"]) & (calls["received_at"] >= "2021-01-01")]
    calls.to_csv(place / "calls.csv", index=False)
    made["outcomes"][made["outcomes"]["call_id"].isin(calls["call_id"])].to_csv(place / "outcomes.csv", index=False)
    made["schedule"].to_csv(place / "schedule.csv", index=False)
    return place


def test_the_city_with_shifts_is_the_one_described(folder: Path) -> None:
    found = plan.city_of(folder)
    assert found.name == "West Sacramento"
    assert set(found.tables["calls"]["city"]) == {"West Sacramento"}
    assert found.tables["outcomes"]["call_id"].isin(found.tables["calls"]["call_id"]).all()
    assert plan.city_of(folder, city="Davis").name == "Davis"


def test_several_cities_without_shifts_must_be_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_bytes((folder / "calls.csv").read_bytes())
    with pytest.raises(DataError, match="the tables hold 2 cities"):
        plan.city_of(tmp_path)
    with pytest.raises(DataError, match="city 'Atlantis' is not in the tables"):
        plan.city_of(tmp_path, city="Atlantis")


def test_a_study_brings_its_city_and_its_start(folder: Path, tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(
        f'[study]\ntitle = "T"\nsensitive = false\n[tables]\ncalls = "{folder / "calls.csv"}"\n'
        '[treated]\ncity = "Davis"\nstart = "2021-06-01"\n[designs]\nrun = []\n',
        encoding="utf-8",
    )
    found = plan.city_of(study)
    assert (found.name, found.start, found.sensitive) == ("Davis", "2021-06-01", False)


def test_metrics_writes_a_page_and_its_numbers(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("metrics", folder, "--out", out, "--start", "2022-01-01")
    assert result.exit_code == 0, result.output
    assert "Metrics of West Sacramento" in (out / "index.html").read_text(encoding="utf-8")
    values = pd.read_csv(out / "metrics.csv")
    assert set(values["phase"].dropna()) == {"before", "from the start"}
    assert set(pd.read_csv(out / "metrics_by_month.csv")["period"].dropna()) >= {"2021-01", "2022-12"}
    assert invoke("metrics", folder, "--out", out).exit_code == 2  # the folder holds files now


def test_pathway_writes_a_picture_and_its_numbers(folder: Path, tmp_path: Path) -> None:
    result = invoke("pathway", folder, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"pathway.svg", "pathway.csv", "pathway_flows.csv", "internal.txt"}


def test_readiness_of_a_folder_fits_on_a_screen(folder: Path, tmp_path: Path) -> None:
    result = invoke("readiness", folder, "--out", tmp_path / "out", "--start", "2022-01-01")
    assert result.exit_code == 0, result.output
    assert "✓ Does the team reach the calls in its hours?" in result.output
    assert "Next fields, best first:" in result.output
    assert (tmp_path / "out" / "index.html").is_file()


def test_without_a_folder_the_simulated_city_is_said_to_be_simulated(tmp_path: Path) -> None:
    result = invoke("readiness", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "This is a simulated city" in result.output
    assert "This is a simulated city" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
