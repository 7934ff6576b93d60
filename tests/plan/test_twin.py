"""A twin holds the counts that were released, and nothing of any row. The city is made up here, small on purpose."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import coresponder_causal as cc
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DesignError, DisclosureError
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.plan.twin import good_for
from coresponder_causal.plan.twin_folder import without_ledger
from coresponder_causal.privacy import Ledger

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
CANARY = "Zqcanary"
cities = ("Arden", "Birch", "Cedar")


def city_calls() -> pd.DataFrame:
    """Fifty to ninety calls a city and month, one in twenty an arrest: its quarters are mostly under eleven."""
    rng = np.random.default_rng(7)
    rows = []
    for place, city in enumerate(cities):
        for month in pd.period_range("2022-01", periods=20, freq="M"):
            n = rng.poisson(50 + 10 * place)
            seconds = rng.integers(0, month.days_in_month * 86_400, n)
            rows.append(pd.DataFrame({"city": city, "received_at": month.start_time + pd.to_timedelta(seconds, "s")}))
    calls = pd.concat(rows, ignore_index=True)
    calls["received_at"] = calls["received_at"].astype("datetime64[us]")
    n = len(calls)
    calls["call_id"] = [f"{CANARY}-call-{row}" for row in range(n)]
    calls["person"] = [f"{CANARY}-person-{row // 3}" for row in range(n)]
    calls["address"] = f"{CANARY} street"
    calls["initial_type"] = rng.choice(["welfare_check", "disturbance"], n)
    hour = calls["received_at"].dt.hour
    calls["attended"] = (
        (calls["city"] == "Arden")
        & (calls["received_at"] >= "2023-05-10")
        & hour.between(12, 21)
        & (rng.random(n) < 0.5)
    )
    calls["arrest"] = rng.random(n) < 0.03
    return calls


def shifts() -> pd.DataFrame:
    days = pd.date_range("2023-05-10", "2023-08-31")
    return pd.DataFrame(
        {
            "city": "Arden",
            "shift_start": days + pd.Timedelta(hours=12),
            "shift_end": days + pd.Timedelta(hours=22),
            "planned_hours": 10.0,
            "delivered_hours": 10.0,
            "absence_reason": f"{CANARY} ill",
        }
    )


def tables_of(calls: pd.DataFrame) -> dict[str, pd.DataFrame]:
    register = pd.DataFrame(
        {"city": cities, "population": [40_000, 50_000, 60_000], "time_zone": "America/Los_Angeles"}
    )
    given = {"calls": calls, "schedule": shifts(), "cities": register}
    return {name: cc.data.validate(frame, table=name) for name, frame in given.items()}


study = Study(
    title="Arden",
    tables={name: Source(path=Path(f"{name}.csv")) for name in ("calls", "schedule", "cities")},
    designs=("cities", "series", "instrument"),
    options={"series": ({"outcomes": ("calls", "arrest")},), "instrument": ({"outcomes": ["arrest"]},)},
    city="Arden",
    start="2023-05-10",
    primary="calls",
)


@pytest.fixture(scope="module")
def calls() -> pd.DataFrame:
    return city_calls()


@pytest.fixture(scope="module")
def made(calls: pd.DataFrame) -> cc.plan.Twin:
    return cc.plan.twin(study, tables_of(calls), seed=5)


def by(calls: pd.DataFrame, period: str, rows: pd.Series | None = None) -> pd.Series:
    held = calls if rows is None else calls[rows.fillna(False).astype(bool)]
    return held.groupby(["city", held["received_at"].dt.to_period(period)]).size()


def test_the_twin_has_the_counts_that_were_shown(calls: pd.DataFrame, made: cc.plan.Twin) -> None:
    drawn = made.tables["calls"]
    pd.testing.assert_series_equal(by(drawn, "M"), by(calls, "M"))
    pd.testing.assert_series_equal(by(drawn, "Q", drawn["attended"]), by(calls, "Q", calls["attended"]))
    own, theirs = (by(frame, "Q", frame["arrest"]) for frame in (calls, drawn))
    small = (own > 0) & (own < 11)
    assert small.mean() > 0.5
    assert (theirs.reindex(own.index, fill_value=0)[small] != own[small]).mean() > 0.4  # made up, not copied
    assert theirs.sum() == pytest.approx(own.sum(), rel=0.1)  # but they add up
    hidden, of = map(int, made.provenance["counts"]["arrest by quarter"].split(" cells")[0].split(" of "))
    assert small.sum() <= hidden <= of


def test_the_team_attends_in_its_shifts(made: cc.plan.Twin) -> None:
    drawn = made.tables["calls"]
    attended = drawn[drawn["attended"].astype(bool)]
    assert attended["team_on_duty"].all()
    assert set(attended["city"]) == {"Arden"}


def test_nothing_of_a_row_is_in_the_folder(calls: pd.DataFrame, made: cc.plan.Twin, tmp_path: Path) -> None:
    written = cc.plan.write_twin(made, tmp_path / "twin")
    assert {path.name for path in written} == {
        "STUDY.toml", "TWIN.txt", "twin.json", "calls.csv", "schedule.csv", "cities.csv",
    }  # fmt: skip
    for path in written:
        assert CANARY not in path.read_text(encoding="utf-8"), path.name
    drawn = made.tables["calls"]
    assert not {"person", "address", "beat", "origin"} & set(drawn)
    pairs = [set(zip(frame["city"], frame["received_at"], strict=True)) for frame in (calls, drawn)]
    assert len(pairs[0] & pairs[1]) < 4  # of 5,000 in 63 million seconds, some by chance
    said = (tmp_path / "twin" / "TWIN.txt").read_text(encoding="utf-8")
    assert good_for in said
    assert without_ledger in said
    assert "instrument" in said


def test_rows_that_differ_below_the_threshold_give_the_same_twin(calls: pd.DataFrame, made: cc.plan.Twin) -> None:
    other = calls.copy()
    quarter = other["received_at"].dt.to_period("Q").astype(str)

    def one(city: str, when: str, arrest: bool) -> int:
        found = other[(other["city"] == city) & (quarter == when) & (other["arrest"] == arrest)]
        return int(found.index[0])

    small = by(other, "Q", other["arrest"]).between(2, 9)
    ones, others, first, second = next(
        (a, b, p, q)
        for a, b in combinations(cities, 2)
        for p, q in combinations(("2022Q1", "2022Q2", "2022Q3", "2022Q4"), 2)
        if all(small.get((city, pd.Period(when, "Q")), False) for city in (a, b) for when in (p, q))
    )
    places = [(ones, first, True), (ones, second, False), (others, first, False), (others, second, True)]
    for row, before in [(one(*place), place[2]) for place in places]:
        other.loc[row, "arrest"] = not before
    other.loc[10, "received_at"] = other.loc[10, "received_at"].floor("h") + pd.Timedelta(seconds=1)
    other.loc[11, ["person", "address"]] = ["somebody else", "elsewhere"]
    again = cc.plan.twin(study, tables_of(other), seed=5)
    pd.testing.assert_frame_equal(again.tables["calls"], made.tables["calls"])


def test_the_folder_is_a_study_that_runs_and_the_ledger_knows(calls: pd.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "original"
    folder.mkdir()
    for name, frame in tables_of(calls).items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    (folder / "STUDY.toml").write_text(
        '[study]\ntitle = "Arden"\n[tables]\ncalls = "calls.csv"\nschedule = "schedule.csv"\ncities = "cities.csv"\n'
        '[treated]\ncity = "Arden"\nstart = "2023-05-10"\n[outcomes]\nprimary = "calls"\n'
        '[designs]\nrun = ["cities", "series"]\n[release]\nledger = "releases.jsonl"\n'
    )
    run, out = CliRunner(), tmp_path / "twin"
    done = run.invoke(app, ["twin", str(folder / "STUDY.toml"), "--out", str(out), "--compare"])
    assert done.exit_code == 0, done.output
    assert "not good for conclusions" in " ".join(done.output.split())
    assert "its_segmented" in done.output
    ledger = Ledger(folder / "releases.jsonl")
    assert json.loads((out / "twin.json").read_text())["ledger"] == ledger.verify()
    evaluated = run.invoke(app, ["evaluate", str(out / "STUDY.toml"), "--out", str(tmp_path / "page")])
    assert evaluated.exit_code == 0, evaluated.output
    assert "A twin of: Arden" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    refused = run.invoke(app, ["twin", str(folder / "STUDY.toml"), "--out", str(out)])
    assert refused.exit_code == 2


def test_counts_that_changed_since_they_were_released_are_refused(calls: pd.DataFrame, tmp_path: Path) -> None:
    ledger, tables = Ledger(tmp_path / "releases.jsonl"), tables_of(calls)
    asked = replace(study, ledger=ledger, designs=("series",), options={})
    cc.plan.write_twin(cc.plan.twin(asked, tables), tmp_path / "first", ledger=ledger)
    fewer = {**tables, "calls": tables["calls"].drop(index=range(5)).reset_index(drop=True)}
    with pytest.raises(DisclosureError, match="differ from what was shown"):
        cc.plan.twin(asked, fewer)


def test_a_twin_is_recorded_only_where_it_was_held_against_the_last_release(
    calls: pd.DataFrame, made: cc.plan.Twin, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "releases.jsonl")
    asked = replace(study, ledger=ledger, designs=("series",), options={})
    first = cc.plan.twin(asked, tables_of(calls))
    cc.plan.write_twin(first, tmp_path / "first", ledger=ledger)
    for late in (first, made):  # the second was held against no ledger
        with pytest.raises(DisclosureError, match="another release was recorded"):
            cc.plan.write_twin(late, tmp_path / "late", ledger=ledger)
    assert not (tmp_path / "late").exists()


def test_estimates_of_the_shown_counts_are_those_of_the_study(calls: pd.DataFrame) -> None:
    asked = replace(study, designs=("cities", "series"), options={})
    tables = tables_of(calls)
    copy = cc.plan.twin(asked, tables)
    assert not cc.plan.twin(asked, tables, seed=6).tables["calls"].equals(copy.tables["calls"])
    original, other = (
        cc.plan.run(one, held, cc.plan.quality_of(held)) for one, held in ((asked, tables), (copy.study, copy.tables))
    )
    apart = cc.plan.twin_distance(original, other)
    assert set(apart["method"]) == {"its_segmented", "did_prediction_interval"}
    assert apart["distance"].abs().max() < 1e-9


def test_remarks_tell_no_small_count(calls: pd.DataFrame) -> None:
    stray = calls.head(5).assign(
        call_id=[f"stray-{row}" for row in range(5)], received_at=pd.Timestamp("2023-09-03 10:00:00")
    )
    more = pd.concat([calls, stray.astype({"received_at": "datetime64[us]"})], ignore_index=True)
    said = cc.plan.twin(replace(study, designs=("series",), options={}), tables_of(more)).remarks
    assert any("do not span" in text for text in said)
    assert not any(text.startswith("5 ") or " 5 calls" in text for text in said)


def test_what_has_no_twin(calls: pd.DataFrame) -> None:
    tables = tables_of(calls)
    with pytest.raises(DesignError, match="no table of calls"):
        cc.plan.twin(study, {"cities": tables["cities"]})
    with pytest.raises(DesignError, match="no yes-or-no field"):
        cc.plan.twin(replace(study, primary="crime"), tables)
