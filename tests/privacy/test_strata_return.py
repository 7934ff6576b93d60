"""The police's half, and both halves together: two folders, files between them, one number."""

import csv
import json
import shutil
import stat
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from typer.testing import CliRunner

from coresponder_causal import design, plan, privacy
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError, DesignError, DisclosureError
from coresponder_causal.core.notes import collecting
from coresponder_causal.privacy.county_return import record_columns

EFFECT = 0.12


@pytest.fixture(scope="module")
def town():
    """Two thousand persons, fifty of whom call twice; who is connected, and when."""
    rng, n = np.random.default_rng(3), 2000
    severity, prior = rng.normal(size=n), rng.poisson(1.0, n)
    attended = rng.random(n) < expit(-0.4 + 0.7 * severity + 0.3 * prior)
    connected = rng.random(n) < expit(-1.2 + 0.6 * severity + 0.2 * prior) + EFFECT * attended
    when = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 360 * 1440, n), unit="min")
    born = pd.Timestamp("1940-01-01") + pd.to_timedelta(11 * np.arange(n), unit="D")
    calls = pd.DataFrame(
        {
            "call_id": [f"C{number:05d}" for number in range(n)],
            "received_at": when,
            "first_name": [f"Ana-{chr(97 + number % 20)}" for number in range(n)],
            "last_name": [f"Ruiz{number % 700}" for number in range(n)],
            "birth_date": born.strftime("%Y-%m-%d"),
            "attended": attended,
            "severity": severity,
            "prior_contacts": prior,
        }
    )
    later = calls.head(50).assign(call_id=calls["call_id"].head(50) + "b", received_at=when[:50] + pd.Timedelta("2h"))
    nameless = calls.tail(1).assign(call_id="X", birth_date="unknown")
    records = calls[connected].assign(
        last_name=lambda rows: rows["last_name"].str.upper(),
        service_date=(when[connected] + pd.Timedelta("20D")).strftime("%m/%d/%Y"),
    )
    crude = connected[attended].mean() - connected[~attended].mean()
    return pd.concat([calls, later, nameless]), records[list(record_columns)], crude


@pytest.fixture
def agencies(town, tmp_path):
    police, county = tmp_path / "police", tmp_path / "county"
    for folder, name, table in ((police, "calls", town[0]), (county, "records", town[1])):
        folder.mkdir()
        table.to_csv(folder / f"{name}.csv", index=False)
    return police, county


def invoke(*given):
    return CliRunner().invoke(app, ["strata", *map(str, given)])


def test_both_halves_in_two_folders_give_the_effect(agencies, town):
    police, county = agencies
    key = police / "project.key"
    assert invoke("key", key, "--project", "crisis team", "--period", "2021").exit_code == 0
    done = invoke(
        "prepare", police / "calls.csv", "--key", key, "--covariates", "severity,prior_contacts",
        "--out", police / "out", "--police", "City Police", "--county", "County Health",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "50 later calls of persons who called before are left out" in said
    assert "1 of 2051 rows have no token" in said
    assert "0 of 2 covariates and levels differ by more than 0.1 standard deviations" in said
    assert invoke("county-file", county / "county_return.py").exit_code == 0
    shutil.copy(police / "out" / "to_county" / "tokens.csv", county)
    shutil.copy(key, county)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "county_return.py", "--tokens", "tokens.csv", "--records", "records.csv",
         "--key", "project.key", "--out", "returned.json"],
        cwd=county, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    shutil.copy(county / "returned.json", police)
    done = invoke(
        "estimate", police / "returned.json", "--scores", police / "out" / "kept" / "scores.csv", "--recall", "0.9",
        "--out", police / "page",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    result, _ = plan.estimate_strata(
        police / "returned.json", police / "again", scores=police / "out" / "kept" / "scores.csv"
    )
    assert abs(result.estimate[0] - EFFECT) < 3 * result.bse["effect"] < abs(town[2] - EFFECT)
    assert result.extra["adjustment"] == "5 strata with scores"
    assert "if the linkage found between 90 % and all of the true links" in " ".join(done.output.split())
    page = (police / "page" / "index.html").read_text(encoding="utf-8")
    assert "Counts of two agencies by strata" in page


@pytest.fixture
def listed(agencies):
    police, _ = agencies
    key = privacy.new_key(police / "project.key", project="crisis team", period="2021")
    made = plan.prepare_strata(
        police / "calls.csv", police / "out", key=key, covariates=["severity", "prior_contacts"], county="County Health"
    )
    return police / "out", made, key


def test_what_leaves_is_tokens_arm_stratum_and_coarse_period(listed, town):
    out, made, key = listed
    assert [path.relative_to(out).as_posix() for path in made.written] == [
        "to_county/tokens.csv", "kept/crosswalk.csv", "kept/scores.csv", "agreement.md",
    ]  # fmt: skip
    for path in made.written[:3]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with made.written[0].open() as file:
        head = json.loads(file.readline().lstrip("# "))
        rows = list(csv.DictReader(file))
    assert head == {"format": "strata-tokens-1", "key": key.id, "by": "quarter", "follow": 1, "agreeing": 1}
    assert list(rows[0]) == ["arm", "stratum", "period", "token_1", "token_2", "token_3", "token_4", "token_5"]
    assert len(rows) == 2000
    assert [row["token_1"] for row in rows] == sorted(row["token_1"] for row in rows)  # the order of calls is gone
    assert {row["period"] for row in rows} == {f"2021-Q{quarter}" for quarter in (1, 2, 3, 4)}
    assert key.id not in "".join(row["token_1"] for row in rows)
    kept = pd.read_csv(made.written[1])
    assert {"call_id", "score", "token_1", "stratum"} <= set(kept)
    assert not {"first_name", "last_name", "birth_date"} & set(kept)
    assert kept["call_id"].is_unique
    assert made.counts.to_numpy().sum() == 2000


def test_the_agreement_names_both_disclosures(listed):
    text = (listed[0] / "agreement.md").read_text()
    assert "The police disclose to County Health" not in text
    assert 'and County Health ("the county")' in text
    for named in ("## Disclosure 1: from the police to the county", "each of 2,000 persons", "the quarter of the call",
                  "## Disclosure 2", "164.514(c)(1)", "not legal advice", "--epsilon"):  # fmt: skip
        assert named in text
    assert "{" not in text


def test_a_year_is_coarser_than_a_quarter(agencies, tmp_path):
    police, _ = agencies
    key = privacy.new_key(tmp_path / "a.key", project="a", period="b")
    calls = police / "calls.csv"
    plan.prepare_strata(calls, police / "out", key=key, covariates=["severity"], by="year", rule="two", follow=0)
    text = (police / "out" / "to_county" / "tokens.csv").read_text()
    assert '"by": "year", "follow": 0, "agreeing": 2' in text.partition("\n")[0]
    assert ",2021,0" in text
    assert "-Q" not in text
    with pytest.raises(DataError, match="is not empty"):
        plan.prepare_strata(calls, police / "out", key=key, covariates=["severity"])
    pd.read_csv(calls).assign(day="soon").to_csv(police / "timeless.csv", index=False)
    with pytest.raises(DisclosureError, match="2000 rows without a time"):
        plan.prepare_strata(police / "timeless.csv", police / "other", key=key, covariates=["severity"], time="day")
    with pytest.raises(DataError, match="has no column born"):
        plan.prepare_strata(calls, police / "other", key=key, covariates=["severity"], birth="born")


def test_what_cannot_be_cut_into_strata_is_said_before_tokens_are_made(agencies, tmp_path):
    police, _ = agencies
    key, calls, out = privacy.new_key(tmp_path / "a.key", project="a", period="b"), police / "calls.csv", police / "out"
    with pytest.raises(DataError, match="last_name tells who a person is"):
        plan.prepare_strata(calls, out, key=key, covariates=["severity", "last_name"])
    with pytest.raises(DataError, match="has no column sevrity") as caught:
        plan.prepare_strata(calls, out, key=key, covariates=["sevrity"])
    assert "token" not in str(caught.value)
    for number in (1, 11, 500):
        with pytest.raises(DataError, match=f"{number} strata"):
            plan.prepare_strata(calls, out, key=key, covariates=["severity"], strata=number)
    assert not out.exists()


def test_a_treatment_of_another_name_may_say_yes_and_no(agencies, tmp_path):
    police, _ = agencies
    key, table = privacy.new_key(tmp_path / "a.key", project="a", period="b"), pd.read_csv(police / "calls.csv")
    plain = plan.prepare_strata(police / "calls.csv", police / "out", key=key, covariates=["severity"])
    worded = table.assign(team=table["attended"].map({True: "Yes", False: "no"}))
    worded.to_csv(police / "worded.csv", index=False)
    made = plan.prepare_strata(
        police / "worded.csv", police / "worded", key=key, covariates=["severity"], treatment="team"
    )
    assert made.counts.equals(plain.counts)
    table.assign(shade="Grey").to_csv(police / "grey.csv", index=False)
    with pytest.raises(DataError, match="not a yes or no") as caught:
        plan.prepare_strata(police / "grey.csv", police / "c", key=key, covariates=["severity"], treatment="shade")
    assert "Grey" not in str(caught.value)


def test_a_return_that_is_not_there_is_said_before_a_full_folder(tmp_path):
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "index.html").write_text("x")
    done = invoke("estimate", tmp_path / "absent.json", "--out", tmp_path / "page")
    assert done.exit_code == 2
    assert "absent.json" in "".join(done.output.replace("│", "").split())


def test_rows_that_cannot_leave_are_refused_together(tmp_path):
    key = privacy.new_key(tmp_path / "a.key", project="a", period="b")
    people = pd.DataFrame({"f": ["Ana", "Ana", ""], "l": ["Ruiz", "Ruiz", "Cole"], "b": ["1980-02-03"] * 3})
    with collecting():
        rows = privacy.tokens(people, key=key, first="f", last="l", birth="b").assign(
            arm=[0, 2, 1],
            stratum=[1, 0, 1],
            score=[0.0, 0.0, np.nan],
            day=pd.to_datetime(["2021-01-01", None, "2021-02-01"]),
        )
    with pytest.raises(DisclosureError, match="breaks 6 rules") as caught:
        privacy.write_list(rows, tmp_path / "out", key=key, time="day")
    said = str(caught.value)
    for what in ("1 rows without tokens (rows 2)", "1 rows of a person listed before (rows 1)",
                 "an arm other than 0 and 1", "without a stratum", "without a score", "without a time"):  # fmt: skip
        assert what in said
    assert "Ana" not in said
    assert "Ruiz" not in said
    assert not (tmp_path / "out").exists()


def test_scores_of_another_list_are_refused_and_merged_strata_take_their_mean(tmp_path):
    cells = [
        {"strata": levels, "arm": arm, "persons": persons, "connected": 30}
        for levels, persons in (([1, 2], 100), ([3], 60))
        for arm in (0, 1)
    ]
    said = {"format": "strata-return-1", "project": "a", "period": "2021", "key": "ab", "by": "quarter", "follow": 1,
            "agreeing": 1, "smallest": 11, "epsilon": None, "noise_variance": 0.0, "persons": 320, "linked": None,
            "cells": cells}  # fmt: skip
    returned, scores = tmp_path / "returned.json", tmp_path / "scores.csv"
    returned.write_text(json.dumps(said))
    kept = pd.DataFrame({"stratum": [1, 2, 3] * 2, "arm": [0] * 3 + [1] * 3, "persons": [75, 25, 60] * 2})
    kept.assign(score=[-1.0, 1.0, 2.0] * 2).to_csv(scores, index=False)
    made = design.StrataDesign.from_file(returned, scores=scores)
    assert made.scores.tolist() == [[-0.5, -0.5], [2.0, 2.0]]
    assert (made.asked, made.strata) == (3, ["1+2", "3"])
    assert made.notes == ("the county merged 3 strata to 2 so that no cell is small",)
    assert design.StrataDesign.from_file(returned).scores is None
    kept.assign(score=0.0, persons=kept["persons"] + 1).to_csv(scores, index=False)
    with pytest.raises(DesignError, match="does not hold the numbers of persons that were returned"):
        design.StrataDesign.from_file(returned, scores=scores)
    kept.to_csv(scores, index=False)
    with pytest.raises(DesignError, match="has no column score"):
        design.StrataDesign.from_file(returned, scores=scores)
    for text, match in (("[]", "is not a return"), (json.dumps(said | {"format": "x"}), "has format 'x'")):
        returned.write_text(text)
        with pytest.raises(DesignError, match=match):
            design.StrataDesign.from_file(returned)
