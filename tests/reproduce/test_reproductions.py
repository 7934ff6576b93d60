"""Printed numbers computed again: the ledger is the one that the files give, and the files are those the data give."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError
from coresponder_causal.reproduce import (
    FolderTable,
    NotInstalled,
    PackagedTable,
    Printed,
    folder,
    ledger,
    moved,
    papers,
    read_published,
    reproduce,
)
from coresponder_causal.reproduce.ledger_page import compared, kept
from coresponder_causal.reproduce.placebo_simulations import World, drawn, estimates
from coresponder_causal.reproduce.regression import least_squares

HEADER = "item,where,printed,known,kind,within,why\n"


def test_the_ledger_is_not_stale() -> None:
    page = (folder() / "LEDGER.md").read_text(encoding="utf-8")
    assert page == ledger(), "run python -m coresponder_causal.reproduce"


def test_thirty_printed_numbers_that_were_read_have_the_digits_and_none_differs_unexplained() -> None:
    rows = [(one, ours) for paper in papers for one, ours in compared(paper, kept(paper))]
    printed = Counter(one.status(ours) for one, ours in rows if one.kind != "derived")
    assert printed["exact-seen"] >= 30
    assert [one.item for one, ours in rows if one.status(ours) == "DIFFERS" and not one.why] == []


@pytest.mark.parametrize("paper", [p for p in papers if not p.slow], ids=lambda p: p.name)
def test_the_numbers_are_still_those_of_the_ledger(paper) -> None:
    found = reproduce(paper.name)
    if found.skipped:
        pytest.skip(found.skipped)
    assert moved(found) == []


@pytest.mark.full
def test_the_simulations_are_within_their_monte_carlo_error() -> None:
    found = reproduce("placebo_simulations")
    if found.skipped:
        pytest.skip(found.skipped)
    assert found.counts()["DIFFERS"] == 0
    assert moved(found) == []


def test_every_folder_is_a_reproduction_with_its_three_files() -> None:
    names = {path.name for path in folder().iterdir() if path.is_dir()}
    assert names == {paper.name for paper in papers}
    for name in names:
        readme = (folder() / name / "README.md").read_text(encoding="utf-8")
        for part in ("Source", "Question", "Data and rights", "Computed by", "Deviations", "Run time"):
            assert f"**{part}.**" in readme, (name, part)
        assert {path.name for path in (folder() / name).iterdir()} == {"README.md", "published.csv", "obtained.csv"}


CATALOGUE = {
    "v01_prop99_sdid": "prop99",
    "v02_adh2010_weights": "left out",
    "v03_castle_t5_weighted": "castle",
    "v04_fatalities_t10_1": "fatalities",
    "v05_guns": "guns",
    "v06_kielmc": "houses",
    "v07_ezunem": "zones",
    "v08_traffic1": "traffic",
    "v09_jtrain": "training",
    "v10_organ": "donors",
    "v11_mpdta": "minimum_wage",
    "v12_ehec": "medicaid",
    "v13_dw99_raw": "job_training",
    "v14_lalonde_exp": "job_training",
    "v15_nhefs_ipw": "smokers",
    "v16_matchit": "left out",
    "v17_titanic": "titanic",
    "v18_nile": "nile",
    "v19_seatbelts_uk": "left out",
    "v20_ukdriver_arima": "drivers",
    "v21_star_k": "classes",
    "v22_mlda": "drinking_age",
    "v23_sdid_mc": "placebo_simulations",
    "v24_lw_castle": "left out",
}


def test_every_published_result_of_the_catalogue_is_computed_or_named_as_left_out(golden) -> None:
    known = {row["name"] for row in json.loads((golden / "reproductions_catalogue.json").read_text(encoding="utf-8"))}
    assert known == set(CATALOGUE)
    assert set(CATALOGUE.values()) - {"left out"} < {paper.name for paper in papers}
    reasons = (folder() / "README.md").read_text(encoding="utf-8").partition("## Left out, and why")[2]
    for named in ("Abadie, Diamond & Hainmueller", "Lee & Wooldridge", "MatchIt", "Commandeur & Koopman"):
        assert named in reasons


def test_a_changed_number_is_found() -> None:
    found = reproduce("bailey")
    found.obtained["E-value"] *= 1.01
    assert moved(found) == [
        f"bailey, E-value: {found.obtained['E-value']:.10g}, was {kept(found.paper)['E-value']:.10g}"
    ]


def test_what_differs_needs_a_reason(monkeypatch) -> None:
    printed = Printed("E-value", "", "3.70", "seen", "E-value", "", "")
    monkeypatch.setattr("coresponder_causal.reproduce.ledger_page.read_published", lambda file: [printed])
    monkeypatch.setattr("coresponder_causal.reproduce.ledger_page.papers", [p for p in papers if p.name == "bailey"])
    with pytest.raises(DataError, match=r"bailey, E-value: 3\.58565 for 3\.70"):
        ledger()


@pytest.mark.parametrize(
    ("printed", "within", "ours", "status"),
    [
        ("-.4000", "", -0.39996, "exact-seen"),
        ("-.4000", "", -0.39954, "DIFFERS"),
        ("-.4000", "0.001", -0.39954, "tolerance"),
        ("1", "sign", 7.0, "sign"),
        ("1", "sign", -7.0, "DIFFERS"),
    ],
)
def test_how_numbers_agree(printed, within, ours, status) -> None:
    assert Printed("a", "", printed, "seen", "estimate", within, "because").status(ours) == status


def test_equal_digits_of_simulations_are_no_agreement_to_the_digit() -> None:
    assert Printed("a", "", "0.04", "seen", "simulation", "0.01", "noise").status(0.0401) == "tolerance"


def test_every_broken_rule_of_the_printed_numbers_is_said_at_once(tmp_path) -> None:
    file = tmp_path / "published.csv"
    file.write_text(HEADER + "a,t,x,read,guess,-1,\na,t,1,seen,estimate,,\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_published(file)
    for said in ("repeated items", "no numbers", "'known'", "'kind'", "'within'", "without a reason"):
        assert said in caught.value.what
    file.write_text("item,printed\n", encoding="utf-8")
    with pytest.raises(DataError, match="columns item, printed"):
        read_published(file)


def test_a_package_that_is_not_there_and_a_look_alike(tmp_path, monkeypatch) -> None:
    with pytest.raises(NotInstalled, match="no-such-package is not installed"):
        PackagedTable("no-such-package", "a.csv", "0").read()
    with pytest.raises(DataError, match="carries no data/absent"):
        PackagedTable("pandas", "data/absent.csv", "0").read()
    monkeypatch.setenv("SOME_DATA", str(tmp_path))
    (tmp_path / "a.csv").write_bytes(b"x;y\n1;2\n")
    right = hashlib.sha256(b"x;y\n1;2\n").hexdigest()
    assert FolderTable("SOME_DATA", "a.csv", right).read().to_dict("list") == {"x": [1], "y": [2]}
    with pytest.raises(DataError, match="a look-alike, or another version"):
        FolderTable("SOME_DATA", "a.csv", "0" * 64).read()


def test_what_is_not_installed_is_skipped_with_the_reason(monkeypatch) -> None:
    monkeypatch.delenv("CORESPONDER_DATA", raising=False)
    assert reproduce("denver").said.startswith("denver: skipped, CORESPONDER_DATA names no folder with duke_star")


def test_the_command_and_an_unknown_name() -> None:
    done = CliRunner().invoke(app, ["reproduce", "bailey"])
    assert (done.exit_code, done.output.strip()) == (0, "bailey: 4 exact-seen")
    refused = CliRunner().invoke(app, ["reproduce", "baily"])
    assert refused.exit_code == 2
    assert "there is no reproduction 'baily'" in refused.output


def test_least_squares_with_swept_units_is_that_with_dummies() -> None:
    rng = np.random.default_rng(3)
    unit, time = pd.Series(np.repeat(range(8), 5)), pd.Series(np.tile(range(5), 8))
    x, y = rng.normal(size=40), rng.normal(size=40)
    swept = least_squares(y, {"x": x}, effects=(time,), errors="clustered", within=unit)
    dummies = least_squares(y, {"x": x}, effects=(unit, time))
    assert swept.loc["x", "estimate"] == pytest.approx(dummies.loc["x", "estimate"], rel=1e-10)
    assert swept.index.tolist() == ["x"]


def test_simulated_panels_have_no_effect_and_at_most_so_many_treated() -> None:
    flat = World(np.zeros((12, 9)), np.zeros((12, 9)), np.eye(9) / 100, np.full(12, 0.9), most=3, late=2)
    values, treated = drawn(flat, np.random.default_rng(1))
    assert values.shape == (9, 12)
    assert treated.sum() == 3
    values[-2:, treated] += 5.0
    assert all(4.0 < effect < 6.5 for effect in estimates(values, treated, 2).values())
