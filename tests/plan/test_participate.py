"""A study of several cities: each estimates at home, what travels, and that nothing is lost by it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from coresponder_causal import plan, report
from coresponder_causal.cli import app
from coresponder_causal.core.errors import DataError, DesignError, DisclosureError
from coresponder_causal.core.estimand import Estimand
from coresponder_causal.core.result import Result
from coresponder_causal.core.second_stage import second_stage
from coresponder_causal.decide.federated import pool_releases
from coresponder_causal.privacy import Counts, Ledger, city_choice, release
from coresponder_causal.privacy.city_choice import city_release
from coresponder_causal.privacy.city_release import read_release, write_release

facets = {"event": "call", "among": "all calls", "counting_unit": "call", "recorded_in": "cad", "threshold": "none"}
starts = "2020-01-01"
cities = ("Ashford", "Brook", "Cedar")
bridge = {
    "metric": "calls", "facet": "threshold", "from_code": "answered", "to_code": "none", "ratio": 1.2,
    "ratio_low": 1.1, "ratio_high": 1.3, "how": "recoded", "source": "worked by hand",
}  # fmt: skip


def write_city(folder: Path, city: str, *, seed: int, mean: float = 150.0, effect: float = -0.2, **other: str) -> Path:
    """Write a city's tables and its study; keywords change facets of its definition."""
    rng = np.random.default_rng(seed)
    months = pd.period_range("2017-01", "2021-12", freq="M")
    names = [city, *(f"{city} neighbour {k}" for k in range(1, 6))]
    season = 0.1 * np.sin(2 * np.pi * np.arange(len(months)) / 12)
    rows = []
    for name in names:
        drift = np.cumsum(rng.normal(0, 0.02, len(months))) + season
        drift = drift + (effect * (months >= starts[:7]) if name == city else 0)
        counted = rng.poisson(mean * np.exp(drift))
        rows.append(pd.DataFrame({"city": name, "month": months.astype(str), "population": 50_000, "calls": counted}))
    folder.mkdir(parents=True)
    pd.concat(rows).to_csv(folder / "city_panel.csv", index=False)
    meant = {"city": city, "metric": "calls", **facets, **other, "source": "manual", "certainty": "documented"}
    pd.DataFrame([meant]).to_csv(folder / "metric_systems.csv", index=False)
    file = folder / "STUDY.toml"
    file.write_text(
        f"""[study]
title = "{city}"
simulated = true
[tables]
city_panel = "city_panel.csv"
metric_systems = "metric_systems.csv"
[treated]
city = "{city}"
start = "{starts}"
[outcomes]
primary = "calls"
[designs]
run = ["cities"]
""",
        encoding="utf-8",
    )
    return file


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cities, each in a folder of its own, their releases beside them; the third counts otherwise."""
    home = tmp_path_factory.mktemp("consortium")
    for number, city in enumerate(cities):
        other = {"threshold": "answered"} if city == "Cedar" else {}
        study = write_city(home / city, city, seed=number, **other)
        plan.make_release(study, home / f"{city}.json")
    return home


def releases(home: Path) -> list[Path]:
    return [home / f"{city}.json" for city in cities]


def agreed(home: Path, *, ending: str, more: str = "") -> Path:
    places = {"json": "{}.json", "toml": "{}/STUDY.toml"}[ending]
    lines = "\n".join(f'"{city}" = "{places.format(city)}"' for city in cities)
    file = home / f"{ending}.toml"
    head = f'[consortium]\ntitle = "Three"\ndesigns = ["cities"]\noutcomes = ["calls"]\n{more}\n'
    file.write_text(f"{head}[cities]\n{lines}\n", encoding="utf-8")
    return file


def test_federated_equals_rows_in_one_place(consortium, tmp_path):
    pd.DataFrame([bridge]).to_csv(consortium / "bridges.csv", index=False)
    file = agreed(consortium, ending="toml", more='bridges = "bridges.csv"\nreference = "Ashford"')
    together, page = plan.pool([file], tmp_path / "here")
    apart, _ = plan.pool(releases(consortium), tmp_path / "sent", bridges=pd.DataFrame([bridge]))
    direct = []
    for city in cities:
        study = plan.read_study(consortium / city / "STUDY.toml")
        result = plan.run(study, *plan.read_tables(study)).results[0]
        direct.append((result.estimate[0], result.vcov[0, 0]))
    pooled = second_stage(*np.array(direct).T)
    for found in (together.questions[0].found, apart.questions[0].found):
        for name in ("estimate", "std_error", "tau", "low", "high", "predicted_low", "predicted_high", "q"):
            assert getattr(found, name) == pytest.approx(getattr(pooled, name), abs=1e-10)
    assert page.is_file()
    assert "Cedar" in page.read_text(encoding="utf-8")


def test_who_counts_otherwise_is_left_out_without_a_bridge(consortium):
    read = [read_release(path) for path in releases(consortium)]
    question = pool_releases(read).questions[0]
    assert question.cities.set_index("city")["used"].to_dict() == {"Ashford": True, "Brook": True, "Cedar": False}
    assert any("Cedar counts another thing" in note for note in question.notes)
    assert any("two cities cannot tell" in note for note in question.notes)


def test_nothing_of_a_row_or_a_series_travels(consortium):
    content = json.loads((consortium / "Ashford.json").read_text(encoding="utf-8"))
    assert set(content) == {"format", "version", "city", "simulated", "effects", "withheld", "sha256"}
    (effect,) = content["effects"]
    counts = pd.read_csv(consortium / "Ashford" / "city_panel.csv").query("city == 'Ashford'")
    before = int(counts.loc[counts["month"] < "2020-01", "calls"].sum())
    assert next(iter(effect["support"].values())) == before
    assert not set(map(str, counts["calls"])) & set((consortium / "Ashford.json").read_text(encoding="utf-8").split())


def test_a_changed_file_is_refused(consortium, tmp_path):
    text = (consortium / "Brook.json").read_text(encoding="utf-8")
    changed = tmp_path / "Brook.json"
    changed.write_text(text.replace('"doubts": ', '"doubts": 1'), encoding="utf-8")
    with pytest.raises(DataError, match="was changed after it was made"):
        read_release(changed)
    changed.write_text("[]", encoding="utf-8")
    with pytest.raises(DataError, match="is no release"):
        read_release(changed)
    assert write_release(read_release(consortium / "Brook.json"), changed).read_text(encoding="utf-8") == text


def effect_on(outcome: str) -> Result:
    about = Estimand(
        contrast="ATT", outcome=outcome, treatment="a team", population="Small", horizon="24 months", scale="ratio"
    )
    return Result(
        method="example", estimand=about, terms=pd.DataFrame({"term": ["effect"]}), estimate=np.array([-0.1]),
        vcov=np.array([[0.04]]), df=np.array([np.inf]), scale="log_ratio", n_obs=60, n_units=1,
    )  # fmt: skip


def sides(outcome: str, before: int, after: int) -> list[Counts]:
    frame = pd.DataFrame({"period": ["before", "after"], "count": [before, after]})
    return [Counts(family=outcome, frame=frame, dimensions=("period",))]


def test_few_events_stay_at_home(tmp_path):
    calls, force = effect_on("calls"), effect_on("force")
    with pytest.raises(DisclosureError, match="nothing to release"):
        city_release("Small", [force], [sides("force", 40, 7)])
    with pytest.raises(DisclosureError, match="not known who stands behind"):
        city_release("Small", [force], [[]])
    with pytest.raises(DisclosureError, match="a range or an effect without a variance"):
        city_release("Small", [replace(calls, vcov=np.array([[0.0]]))], [sides("calls", 400, 380)])
    made = city_release("Small", [calls, force], [sides("calls", 400, 380), sides("force", 40, 7)])
    assert [one.outcome for one in made.effects] == ["calls"]
    assert [outcome for outcome, _, _ in made.withheld] == ["force"]
    text = write_release(made, tmp_path / "small.json").read_text(encoding="utf-8")
    assert '"force"' in text
    assert "40" not in text.replace("400", "")
    assert np.isinf(read_release(tmp_path / "small.json").effects[0].df)


def test_a_month_more_that_gives_a_small_count_away_stays(tmp_path):
    study = write_city(tmp_path / "town", "Town", seed=4, mean=5)
    ledger = tmp_path / "left.jsonl"
    panel = pd.read_csv(tmp_path / "town" / "city_panel.csv")
    panel[panel["month"] < "2021-12"].to_csv(tmp_path / "town" / "city_panel.csv", index=False)
    plan.make_release(study, tmp_path / "first.json", ledger=ledger)
    panel.to_csv(tmp_path / "town" / "city_panel.csv", index=False)
    with pytest.raises(DisclosureError, match="withheld"):
        plan.make_release(study, tmp_path / "second.json", ledger=ledger)


def test_a_release_beside_which_another_was_recorded_is_refused(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path / "left.jsonl")

    def slow(counts, **options):
        gate = release(counts, **options)
        ledger.record({"holds": []}, content=b"", name="the fast one")
        return gate

    monkeypatch.setattr(city_choice, "release", slow)
    with pytest.raises(DisclosureError, match="another release was recorded"):
        city_release("Small", [effect_on("calls")], [sides("calls", 400, 380)], ledger=ledger)


def test_releases_that_cannot_be_put_together(consortium):
    one, two, _ = (read_release(path) for path in releases(consortium))
    with pytest.raises(DesignError, match="two releases of Ashford"):
        pool_releases([one, one], reference="Nowhere")
    with pytest.raises(DesignError, match="1 release"):
        pool_releases([two])


def test_the_pictures_and_the_page_draw_for_the_public(consortium, tmp_path):
    found = pool_releases([read_release(path) for path in releases(consortium)], bridges=pd.DataFrame([bridge]))
    grid = report.comparable_picture(found)
    assert grid is not None
    assert grid.data["pairs"]["verdict"].value_counts().to_dict() == {"bridged": 4, "same definition": 2}
    for picture in (report.cities_picture(found), grid):
        assert report.write(picture, tmp_path / f"{picture.kind}.svg").stat().st_size > 1000
    assert report.write(report.comparison_page(found), tmp_path / "page.html", audience="public").is_file()


def test_the_file_of_a_consortium_lists_every_broken_rule(tmp_path):
    file = tmp_path / "CONSORTIUM.toml"
    file.write_text('[consortium]\ndesigns = ["citys"]\nleast_cities = 1\nbridge = "x"\n[cities]\nA = "a.csv"\n')
    with pytest.raises(DataError, match="breaks 6 rules"):
        plan.read_consortium(file)
    assert plan.read_consortium(plan.write_consortium(tmp_path / "example.toml")).outcomes == ("calls",)


def test_the_commands(consortium, tmp_path):
    run = CliRunner().invoke
    folder = str(consortium / "Ashford")
    able = run(app, ["participate", "check", folder, "--start", "2020-01-01", "--city", "Ashford"])
    assert able.exit_code == 0, able.output
    assert "can take part" in able.output
    file = str(agreed(consortium, ending="json"))
    stranger = run(app, ["participate", "check", folder, "--city", "Ashford neighbour 1", "--consortium", file])
    assert stranger.exit_code == 1
    assert "'Ashford neighbour 1' is none of its cities, Ashford, Brook, Cedar" in " ".join(stranger.output.split())
    panel = pd.read_csv(consortium / "Ashford" / "city_panel.csv")
    (tmp_path / "bad").mkdir()
    panel.assign(calls=-1).to_csv(tmp_path / "bad" / "city_panel.csv", index=False)
    wrong = run(app, ["participate", "check", str(tmp_path / "bad")])
    assert wrong.exit_code == 1
    assert "to mend" in wrong.output
    pooled = run(app, ["participate", "pool", *map(str, releases(consortium)), "--out", str(tmp_path / "page")])
    assert pooled.exit_code == 0, pooled.output
    assert "on average" in pooled.output
