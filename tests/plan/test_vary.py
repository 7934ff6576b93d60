"""Other assumptions stand beside the bundle's, are never called the plan, and unknown ones are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.plan.vary import with_assumptions


@pytest.fixture(scope="module")
def packed(tmp_path_factory, series_alone) -> Path:
    return plan.bundle(series_alone(tmp_path_factory.mktemp("town")), tmp_path_factory.mktemp("packed") / "bundle.zip")


@pytest.fixture(scope="module")
def base(packed) -> plan.Evaluation:
    """The bundle's study, run again."""
    found = plan.verify(packed)
    assert found.differences == ()
    return found.evaluation


def assumed(folder: Path, text: str) -> Path:
    file = folder / "assumptions.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_each_term_stands_beside_itself_under_a_later_start(packed, base, tmp_path):
    found = plan.vary(packed, assumed(tmp_path, '[treated]\nstart = "2020-10-01"\n'), base)
    assert found.changes.to_dict("records") == [{"place": "start", "bundle": "2020-07-15", "varied": "2020-10-01"}]
    before, after = (one.results[0].tidy(scale="ratio") for one in (base, found.evaluation))
    terms = found.terms[found.terms["result"] == "its_segmented/calls"].set_index("term")
    level = before["term"].iloc[0]
    assert terms.loc[level, "bundle"] == before["estimate"].iloc[0]
    assert terms.loc[level, "varied"] == after["estimate"].iloc[0] != before["estimate"].iloc[0]
    np.testing.assert_array_equal(terms["difference"], terms["varied"] - terms["bundle"])
    assert terms.loc[level, ["varied_low", "varied_high"]].tolist() == after[["conf_low", "conf_high"]].iloc[0].tolist()
    assert set(found.checks["bundle"] == found.checks["varied"]) <= {False}


def test_the_comparison_is_written_and_never_called_the_plan(packed, base, tmp_path):
    text = '[designs]\nrun = ["cities"]\n[cities]\noutcomes = ["arrest"]\n'
    found = plan.vary(packed, assumed(tmp_path, text), base)
    written = plan.write_varied(found, tmp_path / "out")
    assert {path.name for path in written} == {"index.html", "comparison.csv"}
    page = written[0].read_text(encoding="utf-8")
    assert "This is not the plan." in page
    assert "Was it run as planned?" not in page
    assert "This is a simulated city." in page
    table = pd.read_csv(written[1]).set_index("result")
    assert table.loc["its_segmented/calls", "varied"].isna().all()
    assert table["bundle"].drop("its_segmented/calls").isna().all()
    assert table["varied"].drop("its_segmented/calls").notna().all()
    assert set(found.checks["bundle"]) >= {"not made"}


def test_what_no_study_knows_and_what_may_not_be_varied_is_refused(packed, base, tmp_path):
    for text, said in (
        ('[treated]\nbegin = "2020-10-01"\n', "unknown key 'begin' in \\[treated\\]"),
        ("[doses]\nhours = 1\n", "unknown section \\[doses\\]"),
        ('[tables]\ncity_panel = "other.csv"\n', "\\[tables\\] cannot be varied"),
        ("", "no assumption is varied"),
        ("[treated\n", "is not a TOML file"),
        ("treated = 3\ndesigns = 4\n", "treated is a value, not a section"),
    ):
        with pytest.raises(DataError, match=said):
            plan.vary(packed, assumed(tmp_path, text), base)


def test_a_span_takes_the_place_of_a_date_and_options_reach_every_entry():
    study = {
        "treated": {"city": "Davis", "start": "2020-07"},
        "designs": {"run": ["gap", "calls"]},
        "gap": [{"horizons": [6]}, {"horizons": [12]}],
        "calls": [{"adjust": "match_nearest"}],
    }
    merged = with_assumptions(
        study,
        {
            "treated": {"start_between": ["2020-07-01", "2020-09-01"]},
            "gap": {"weights": "population"},
            "calls": [{"adjust": "weight_propensity"}],
        },
    )
    assert merged["treated"] == {"city": "Davis", "start_between": ["2020-07-01", "2020-09-01"]}
    assert merged["gap"] == [{"horizons": [6], "weights": "population"}, {"horizons": [12], "weights": "population"}]
    assert merged["calls"] == [{"adjust": "weight_propensity"}]
    assert study["treated"] == {"city": "Davis", "start": "2020-07"}


def test_the_command_line_verifies_and_shows_both_side_by_side(packed, tmp_path):
    file = assumed(tmp_path, '[treated]\nstart = "2020-10-01"\n')
    arguments = ["verify", packed, "--vary", file, "--out", tmp_path / "out"]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    assert "It holds: nothing differs." in done.output
    assert str(tmp_path / "out" / "comparison.csv") in done.output
    again = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert again.exit_code == 2
