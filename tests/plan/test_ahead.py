"""The commands that are run before the outcome is looked at."""

from dataclasses import replace

import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.plan import designs_of, embedded_study, left_out
from coresponder_causal.plan.ahead import why_not
from coresponder_causal.plan.designs import settings

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
    assert sorted(files(out)) == ["internal.txt", "series_power.csv", "series_power.svg", "series_power_months.csv"]
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


@pytest.fixture(scope="module")
def stated():
    """The embedded study and its tables."""
    return embedded_study()[:2]


def test_every_design_of_counts_is_redrawn_with_the_method_and_the_options_the_study_states(stated):
    run = ("cities", "gap", "first_periods", "counts", "rare", "two_way")
    options = {
        "gap": ({"weights": "synthetic", "horizons": [6]},),
        "counts": ({"errors": "quasi", "phase_in": 2},),
    }
    found = designs_of(replace(stated[0], designs=run, options=options), stated[1])
    assert {name: (type(one.design).__name__, one.method, one.options) for name, one in found.items()} == {
        "cities": ("PanelDesign", "did_prediction_interval", {}),
        "gap": ("PanelDesign", "did_gap", {"weights": "synthetic", "horizons": (6,)}),
        "first_periods": ("PanelDesign", "its_conformal", {}),
        "counts": ("SeriesDesign", "its_counts", {"errors": "quasi"}),
        "rare": ("SeriesDesign", "its_rare", {}),
    }
    assert found["counts"].design.phase_in == 2


def test_every_design_of_a_study_is_redrawn_or_says_why_not_and_what_instead(stated):
    formed = {"hours", "cities", "gap", "first_periods", "series", "counts", "rare"}
    assert set(settings()) - set(why_not) >= formed
    assert set(why_not) < set(settings())
    for name, (why, instead) in why_not.items():
        study = replace(stated[0], designs=("series", name))
        assert left_out(study) == f"Not redrawn: {name}: {why}."
        with pytest.raises(DataError, match=f"'{name}' is not redrawn: {why}") as caught:
            designs_of(study, {}, only=[name])
        assert caught.value.mend == instead
        with pytest.raises(DataError, match="is not redrawn"):
            designs_of(replace(study, designs=(name,)), {})
    assert left_out(replace(stated[0], designs=("series",))) == ""
    with pytest.raises(DataError, match="runs no design"):
        designs_of(replace(stated[0], designs=()), {})


def test_the_commands_run_the_methods_of_the_gap_and_of_counts(folder, tmp_path):
    text = (folder / "STUDY.toml").read_text(encoding="utf-8")
    run = next(line for line in text.splitlines() if line.startswith("run ="))
    asked = text.replace(run, 'run = ["gap", "first_periods", "counts", "two_way", "calls", "instrument"]')
    study = folder / "OTHER.toml"
    study.write_text(asked, encoding="utf-8")
    few = ("--replications", 2, "--jobs", 1)
    done = invoke("validity", "calibrate", study, "--out", tmp_path / "all", *few)
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    for method in ("did_gap", "its_conformal", "its_counts"):
        assert f"{method}: without any effect" in said
    assert "Not redrawn: two_way" in said
    done = invoke("validity", "power", study, "--out", tmp_path / "gap", "--design", "gap", *few)
    assert done.exit_code == 0, done.output
    assert "did_gap finds" in " ".join(done.output.split())
    assert sorted(files(tmp_path / "gap")) == ["gap_power.csv", "gap_power.svg", "gap_power_months.csv", "internal.txt"]
