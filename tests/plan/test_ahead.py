"""The commands that are run before the outcome is looked at."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study of one series, made by init."""
    made = tmp_path_factory.mktemp("ahead") / "study"
    assert CliRunner().invoke(app, ["init", str(made)]).exit_code == 0
    return made


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def files(out):
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_power_writes_tables_and_a_picture(folder, tmp_path):
    out = tmp_path / "power"
    few = ("--design", "series", "--replications", 4, "--jobs", 1, "--at", -30)
    done = invoke("validity", "power", folder / "STUDY.toml", "--out", out, *few)
    assert done.exit_code == 0, done.output
    assert sorted(files(out)) == ["series_power.csv", "series_power.svg", "series_power_months.csv"]
    assert pd.read_csv(out / "series_power.csv")["effect"].min() == -50
    assert "fall of 30 %" in " ".join(done.output.split())


def test_calibrate_gives_the_same_whatever_came_after_the_start(folder, tmp_path):
    study = folder / "STUDY.toml"
    few = ("--design", "series", "--design", "hours", "--replications", 2, "--jobs", 1)
    done = invoke("validity", "calibrate", study, "--out", tmp_path / "first", *few)
    assert done.exit_code == 0, done.output
    assert "Calls in West Sacramento" in done.output
    other = tmp_path / "other"
    other.mkdir()
    for file in folder.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    table = pd.read_csv(other / "city_panel.csv")
    after = table["month"] >= "2020-07"
    table.loc[after, "calls"] = table.loc[after, "calls"].to_numpy()[::-1]
    table.to_csv(other / "city_panel.csv", index=False)
    again = invoke("validity", "calibrate", other / "STUDY.toml", "--out", tmp_path / "second", *few)
    assert again.exit_code == 0, again.output
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_a_design_the_study_does_not_run_and_a_filled_folder_are_refused(folder, tmp_path):
    done = invoke("validity", "power", folder / "STUDY.toml", "--out", tmp_path / "new", "--design", "officers")
    assert done.exit_code == 2
    assert "not officers" in " ".join(done.output.translate({ord("│"): " "}).split())
    assert not (tmp_path / "new").exists()
    (tmp_path / "notes.txt").write_text("ours", encoding="utf-8")
    assert invoke("validity", "calibrate", folder / "STUDY.toml", "--out", tmp_path).exit_code == 2
    assert list(files(tmp_path)) == ["notes.txt"]
