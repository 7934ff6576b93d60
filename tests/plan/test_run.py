"""A study is run whole: tables read, cities left out, designs formed, the headline chosen, all written or nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import data, plan, report
from coresponder_causal.core.errors import DataError, DesignError
from coresponder_causal.core.notes import Doubt, collecting, quietly
from coresponder_causal.core.result import Result
from coresponder_causal.plan.reading import validated
from coresponder_causal.plan.study import Study
from coresponder_causal.plan.study_files import Source
from coresponder_causal.simulate import WorldConfig, world

CITIES = ("Davis", "Woodland", "Folsom", "Rocklin", "Chico", "Redding", "Roseville")
MONTHS = pd.period_range("2017-01", periods=60, freq="M")
CHECKS = ["pre_period", "placebo_dates", "placebo_cities", "leave_one_out", "control_outcomes"]
CHECKS += ["break_date", "forecast_skill", "leverage", "covid_interval", "residual_autocorrelation"]


@cache
def given() -> dict[str, pd.DataFrame]:
    """City panel, controls, programmes, breaks and shifts as an agency would hand them in."""
    rng = np.random.default_rng(9)
    keys = pd.MultiIndex.from_product([CITIES, MONTHS.astype(str)], names=["city", "month"]).to_frame(index=False)
    panel = keys.assign(population=60_000, calls=rng.poisson(150, len(keys)), arrest=rng.poisson(40, len(keys)))
    controls = keys.assign(series="burglary", count=rng.poisson(70, len(keys)))
    programme = {
        "city": "Roseville",
        "programme": "SMART",
        "start_earliest": "2019-03-01",
        "start_latest": "2019-04-01",
        "source": "council minutes",
        "certainty": "documented",
    }
    change = {"city": "Davis", "field": "calls", "what": "new CAD", "source": "agency", "certainty": "documented"}
    days = pd.date_range("2020-07-15", "2021-12-31", freq="W-WED")
    shifts = pd.DataFrame(
        {
            "city": "Davis",
            "shift_start": days + pd.Timedelta(hours=12),
            "shift_end": days + pd.Timedelta(hours=22),
            "planned_hours": 10,
            "delivered_hours": 5,
        }
    )
    return {
        "city_panel": panel,
        "control_series": controls,
        "programmes": pd.DataFrame([programme]),
        "breaks": pd.DataFrame([change | {"date": "2018-04-10"}, change | {"date": "2011-01-01"}]),
        "schedule": shifts.astype(str),
    }


def tables(*names: str, **changed: pd.DataFrame) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    kept = {name: given()[name] for name in names} | changed
    return validated(kept, {})


STUDY = Study(
    title="A town",
    tables={"city_panel": Source(path=Path("city_panel.csv"))},
    designs=("series", "cities"),
    city="Davis",
    start="2020-07-15",
    primary="calls",
    controls=("burglary",),
)


def evaluated(study: Study = STUDY, *names: str, **changed: pd.DataFrame) -> plan.Evaluation:
    with quietly():
        return plan.run(study, *tables(*(names or ("city_panel", "control_series")), **changed))


@cache
def whole() -> plan.Evaluation:
    return evaluated(STUDY, "city_panel", "control_series", "programmes", "breaks")


def study_of_hours(monthly_calls: float, n_comparison: int = 2) -> plan.Evaluation:
    made = world("west_sac_like", seed=4, config=WorldConfig(n_comparison=n_comparison, monthly_calls=monthly_calls))
    calls, cities = made.tables["calls"], made.tables["cities"]
    if n_comparison == 1:
        calls = calls[calls["city"] == "West Sacramento"]
    names = ("series", "hours") if n_comparison == 1 else ("series", "cities", "hours")
    study = replace(STUDY, designs=names, city="West Sacramento", controls=())
    with quietly():
        return plan.run(study, *validated({"calls": calls, "cities": cities, "schedule": made.tables["schedule"]}, {}))


def test_the_comparison_of_cities_comes_before_the_single_series():
    assert [result.method for result in whole().results] == ["did_prediction_interval", "its_segmented"]
    assert [type(design).__name__ for design in whole().designs] == ["PanelDesign", "SeriesDesign"]
    assert len(whole().checks) == 2


def test_the_gap_stands_below_the_headline_and_above_what_only_describes():
    options = {"gap": ({"weights": "population", "horizons": [6]},), "first_periods": ({"window": 3},)}
    asked = ("first_periods", "series", "gap", "cities")
    found = evaluated(replace(STUDY, designs=asked, options=options, controls=())).results
    assert [result.method for result in found] == [
        "did_prediction_interval",
        "did_gap",
        "its_segmented",
        "its_conformal",
    ]
    assert found[1].extra["weights"] == "population"
    assert "effect_at_6_months" in found[1].terms["term"].tolist()
    assert found[3].terms["term"].iloc[0] == "mean_first_3_months"


@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
def test_synthetic_controls_are_asked_for_by_name_and_stand_below_the_headline():
    options = {"synthetic": ({"predictors": ["population"]},), "synthetic_did": ({"bin_width": 12},)}
    asked = ("synthetic", "synthetic_augmented", "synthetic_did", "cities")
    found = evaluated(replace(STUDY, designs=asked, options=options, controls=())).results
    methods = [result.method for result in found]
    assert methods[0] == "did_prediction_interval"
    assert set(methods[1:]) == {"synth_control", "synth_augmented", "synth_did"}
    by_name = dict(zip(methods, found, strict=True))
    assert by_name["synth_control"].extra["predictors"] == ("population",)
    assert by_name["synth_did"].terms["term"].tolist()[:3] == ["mean_post", "event_time=0", "event_time=12"]


def test_counts_of_one_city_are_regressed_and_compared_without_being_held_for_more():
    found = evaluated(replace(STUDY, designs=("series", "counts", "rare")), "city_panel", "control_series")
    assert [result.method for result in found.results] == ["its_segmented", "its_counts", "its_rare"]
    assert {type(design).__name__ for design in found.designs} == {"SeriesDesign"}
    alone = evaluated(replace(STUDY, designs=("counts",), controls=()), "city_panel")
    assert plan.evaluation_page(alone).finding[1].text.startswith("Description only: a single series cannot tell")


def test_expected_events_and_spans_of_time_are_asked_for_by_name():
    options = {"poisson": ({"bin_width": 12},), "event_study": ({"bin_width": 12},)}
    asked = ("event_study", "poisson", "cities")
    found = evaluated(replace(STUDY, designs=asked, options=options, controls=())).results
    assert [result.method for result in found] == ["did_prediction_interval", "did_poisson", "did_event_study"]
    assert found[1].terms["event_time"].iloc[1:3].tolist() == [0, 12]
    assert found[2].extra["base"] == -12


def test_every_result_has_its_checks():
    cities, series = ({check.check: check for check in checks} for checks in whole().checks)
    assert set(series) == set(CHECKS)
    assert set(cities) == {*CHECKS, "levels_or_logs"}
    assert cities["control_outcomes"].table["outcome"].tolist() == ["burglary"]
    assert whole().falsification == ()


@pytest.mark.parametrize(
    ("monthly", "order"),
    [
        (100, ["call_coverage", "did_prediction_interval", "its_segmented"]),
        (25, ["did_prediction_interval", "call_coverage", "its_segmented"]),
    ],
)
def test_hours_lead_from_sixty_events_a_month(monthly, order):
    found = study_of_hours(monthly)
    hours = next(result for result in found.results if result.method == "call_coverage")
    assert (hours.extra.number("mean_events") >= 60) == (monthly == 100)
    assert [result.method for result in found.results] == order
    assert [check.check for check in found.falsification] == ["control_outcomes"]


def test_hours_of_one_city_alone_describe_and_come_last():
    found = study_of_hours(100, n_comparison=1)
    assert [result.method for result in found.results] == ["its_segmented", "call_coverage"]
    assert found.results[1].terms["term"].tolist() == ["covered_within_city"]
    page = plan.evaluation_page(found)
    doubted = next(section for section in page.sections if section.title == "What could be wrong?")
    table = next(block for block in doubted.blocks if isinstance(block, report.Table))
    assert table.frame["sentence"].tolist() == [check.sentence for check in found.checks[0]]


def test_cities_with_a_programme_of_their_own_are_left_out_and_named():
    assert "Left out because they had a programme of their own: Roseville." in whole().lines
    assert whole().designs[0].comparison_units == ["Chico", "Folsom", "Redding", "Rocklin", "Woodland"]
    assert whole().results[0].n_units == 6


def test_cities_of_which_nothing_is_known_are_named():
    (line,) = [line for line in whole().lines if "no entry in the register" in line]
    for city in ("Chico", "Folsom", "Redding", "Rocklin", "Woodland"):
        assert city in line


def test_without_a_register_nobody_is_left_out():
    assert evaluated().results[0].n_units == 7


def test_changes_of_recording_get_a_step_in_the_series():
    design = whole().designs[1]
    assert [str(design.label(position)) for position in design.breaks] == ["2018-04"]
    assert "Recording of calls changed on 2018-04-10: the city's own series alone gets a step there." in whole().lines
    assert "recording breaks: 2018-04" in design.describe()
    assert evaluated(replace(STUDY, primary="arrest"), "city_panel", "breaks", "control_series").designs[1].breaks == ()


def test_rows_of_every_table_are_counted():
    assert whole().lines[:2] == ("Table city_panel: 420 rows.", "Table control_series: 420 rows.")


def test_delivered_hours_can_be_the_dose():
    study = replace(STUDY, designs=("series",), dose="delivered_hours", start="2020-07", controls=())
    (design,) = evaluated(study, "city_panel", "schedule").designs
    wednesdays = pd.date_range("2020-07-15", "2021-12-31", freq="W-WED").to_period("M")
    by_hand = [5.0 * (wednesdays == month).sum() for month in MONTHS]
    np.testing.assert_allclose(design.dose, np.array(by_hand) / max(by_hand), rtol=1e-12)


def test_population_is_the_exposure_where_every_row_has_it():
    assert whole().designs[0].exposure == "population"
    bare = given()["city_panel"].drop(columns="population")
    assert evaluated(STUDY, "control_series", city_panel=bare).designs[0].exposure is None


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"primary": "hold"}, "there is no outcome 'hold'"),
        ({"controls": ("noise",)}, "there is no outcome 'noise'"),
        ({"city": "Winters"}, "city 'Winters' is not in the data: choose from Chico, Davis"),
        ({"dose": "units"}, "there is no dose 'units'"),
    ],
)
def test_names_that_the_data_lack_are_listed_with_those_there_are(changed, says):
    with pytest.raises(DataError) as caught:
        evaluated(replace(STUDY, **changed))
    assert says in caught.value.what


def test_a_start_outside_the_data_is_a_design_error():
    with pytest.raises(DesignError, match="no period lies after the start 2031-01"):
        evaluated(replace(STUDY, start="2031-01"))


def test_every_broken_rule_of_every_table_is_raised_together():
    panel = given()["city_panel"].assign(calls="1,000")
    controls = given()["control_series"].drop(columns="count")
    with pytest.raises(DataError, match="the study's data breaks 2 rules") as caught:
        tables(city_panel=panel, control_series=controls)
    assert "table 'city_panel', calls: number with thousands separators (420)" in caught.value.what
    assert "table 'control_series', count: required column is missing (420)" in caught.value.what


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("city_panel", "control_series"):
        given()[name].to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def sources(folder: Path, **columns: dict[str, str]) -> dict[str, Source]:
    names = ("city_panel", "control_series")
    return {name: Source(path=folder / f"{name}.csv", columns=columns.get(name, {})) for name in names}


def test_tables_are_read_by_the_names_their_columns_have(folder):
    renamed = given()["city_panel"].rename(columns={"city": "Ort", "calls": "n"})
    renamed.assign(month_name="June").to_csv(folder / "city_panel.csv", index=False)
    read, quality = plan.read_tables(replace(STUDY, tables=sources(folder, city_panel={"Ort": "city", "n": "calls"})))
    assert read["city_panel"]["city"].unique().tolist() == list(CITIES)
    assert read["city_panel"]["calls"].tolist() == given()["city_panel"]["calls"].tolist()
    assert quality[["rule", "field", "table", "count"]].to_numpy().tolist() == [
        ["column is not in the dictionary", "month_name", "city_panel", 420]
    ]


def test_a_namesake_of_a_mapped_field_is_set_aside_and_said(folder):
    named = given()["city_panel"].rename(columns={"month": "date"}).assign(month="June")
    named.to_csv(folder / "city_panel.csv", index=False)
    read, quality = plan.read_tables(replace(STUDY, tables=sources(folder, city_panel={"date": "month"})))
    assert read["city_panel"]["month"].astype(str).tolist()[:2] == ["2017-01", "2017-02"]
    assert quality["field"].tolist() == ["month (not the one mapped)"]


def test_what_was_said_while_reading_is_among_the_findings(folder):
    text = given()["city_panel"].to_csv(index=False).replace("Redding", "Rédding")
    (folder / "city_panel.csv").write_bytes(text.encode("cp1252"))
    _, quality = plan.read_tables(replace(STUDY, tables=sources(folder)))
    assert quality["rule"].tolist() == ["city_panel.csv is not UTF-8 and was read as Windows-1252"]
    assert quality["severity"].tolist() == ["quality"]


def test_broken_rules_stop_a_study_with_designs_and_are_the_finding_of_one_without(folder):
    given()["city_panel"].assign(calls=-1).to_csv(folder / "city_panel.csv", index=False)
    study = replace(STUDY, tables=sources(folder))
    with pytest.raises(DataError, match="below 0"):
        plan.read_tables(study)
    data_alone = replace(study, designs=(), sensitive=False)
    read, quality = plan.read_tables(data_alone)
    assert quality[["rule", "severity", "count"]].to_numpy().tolist() == [["below 0", "error", 420]]
    found = plan.run(data_alone, read, quality)
    assert found.results == ()
    assert found.lines == ("Table city_panel: 420 rows.", "Table control_series: 420 rows.")
    page = plan.evaluation_page(found)
    assert page.finding[0].text == "The data break 1 rule that must be mended before any analysis."


def test_a_sensitive_page_shows_no_row_and_no_value():
    panel = given()["city_panel"].assign(unit="Unit 7")
    study = replace(STUDY, designs=())
    quality = plan.quality_of({"city_panel": panel.assign(days=99_999.5)})
    assert quality["rows"].map(len).max() == 5
    columns = {
        sensitive: _quality_columns(plan.evaluation_page(plan.run(replace(study, sensitive=sensitive), {}, quality)))
        for sensitive in (True, False)
    }
    assert "rows" not in columns[True]
    assert "rows" in columns[False]
    assert {"rule", "field", "count", "mend"} <= columns[True]


def _quality_columns(page: report.Page) -> set[str]:
    section = next(section for section in page.sections if section.title == "Can the data be trusted?")
    return {column.name for block in section.blocks if isinstance(block, report.Table) for column in block.columns}


def test_the_page_has_the_headline_and_the_lines():
    page = plan.evaluation_page(whole())
    assert page.title == "A town"
    assert page.finding[1].text.lower().count("comparison cities") == 1
    said = [item.text for item in page.sections[0].blocks[0].items]
    assert said == [*(design.describe() for design in whole().designs), *whole().lines]
    assert len(page.banners) == 1


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_published_can_be_read_back(tmp_path):
    written = plan.publish(plan.evaluation_page(whole()), whole(), tmp_path / "new" / "out")
    assert written == tmp_path / "new" / "out" / "index.html"
    assert set(files(tmp_path)) == {"new/out/index.html", "new/out/results.json"}
    stored = json.loads((written.parent / "results.json").read_text(encoding="utf-8"))
    for entry, result in zip(stored, whole().results, strict=True):
        back = Result.from_json(json.dumps(entry))
        pd.testing.assert_frame_equal(back.tidy(), result.tidy(), check_exact=True)
        assert (back.method, back.estimand, back.notes) == (result.method, result.estimand, result.notes)
        assert back.provenance == result.provenance


def test_a_failure_while_writing_leaves_nothing(tmp_path, monkeypatch):
    def fail(_self: Result) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Result, "to_json", fail)
    with pytest.raises(OSError, match="No space left"):
        plan.publish(plan.evaluation_page(whole()), whole(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_writing_leaves_an_earlier_evaluation(tmp_path, monkeypatch):
    out = tmp_path / "out"
    plan.publish(plan.evaluation_page(whole()), whole(), out)
    before = files(tmp_path)
    monkeypatch.setattr(Result, "to_json", lambda _self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        plan.publish(plan.evaluation_page(whole()), whole(), out, force=True)
    assert files(tmp_path) == before


def test_a_filled_folder_is_refused_and_on_request_only_the_evaluation_is_replaced(tmp_path):
    page, out = plan.evaluation_page(whole()), tmp_path / "out"
    plan.publish(page, whole(), out)
    (out / "thesis.txt").write_text("years of work", encoding="utf-8")
    (out / "index.html").write_text("old", encoding="utf-8")
    with pytest.raises(DataError, match="is not empty"):
        plan.publish(page, whole(), out)
    assert (out / "index.html").read_text(encoding="utf-8") == "old"
    plan.publish(page, whole(), out, force=True)
    assert (out / "thesis.txt").read_text(encoding="utf-8") == "years of work"
    assert (out / "index.html").stat().st_size > 10_000
    assert len(list(tmp_path.iterdir())) == 1


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    plan.publish(plan.evaluation_page(whole()), whole(), tmp_path / "out")
    assert (tmp_path / "out" / "index.html").is_file()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="is a file"):
        plan.publish(plan.evaluation_page(whole()), whole(), tmp_path / "out", force=True)


def test_a_study_runs_the_same_twice():
    one, two = evaluated(), evaluated()
    for first, second in zip(one.results, two.results, strict=True):
        assert first.to_json() == second.to_json()


def test_half_covered_months_are_left_out_and_said():
    from coresponder_causal.plan.assemble import _whole_months

    stamps = pd.date_range("2020-01-01 06:00", "2020-06-05", freq="5h")
    calls = pd.DataFrame({"call_id": range(len(stamps)), "city": "Davis", "received_at": stamps})
    with quietly():
        counted = data.panel(calls.astype({"call_id": str}), unit="city", period="month")
    with collecting() as notes, quietly():
        whole = _whole_months(calls, counted)
    assert [str(month) for month in whole["month"]] == ["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"]
    assert notes == ["months that a city's calls do not span were left out (Davis: 2020-06)"]


def test_registers_put_the_comparison_in_doubt():
    mine = dict(given())
    own = mine["programmes"].assign(city="Davis", start_earliest="2018-01-01", start_latest="2018-01-01")
    mine["programmes"] = pd.concat([mine["programmes"], own], ignore_index=True)
    mine["breaks"] = pd.concat([mine["breaks"], mine["breaks"].assign(city="Chico")], ignore_index=True)
    with quietly():
        lines = plan.run(replace(STUDY, designs=("cities",)), *validated(mine, {})).lines
    doubts = [line for line in lines if isinstance(line, Doubt)]
    assert any("Davis had a programme from 2018-01-01 on" in line for line in doubts)
    assert any("Recording of calls changed in Chico" in line for line in doubts)


def test_a_hole_in_the_population_is_refused_and_no_population_is_said():
    mine = dict(given())
    hole = mine["city_panel"].assign(population=lambda t: t["population"].where(t.index != 100))
    with pytest.raises(DesignError, match="'population' is missing in 1 row"), quietly():
        plan.run(replace(STUDY, designs=("cities",)), *validated(mine | {"city_panel": hole}, {}))
    without = mine | {"city_panel": mine["city_panel"].drop(columns="population")}
    with quietly():
        lines = plan.run(replace(STUDY, designs=("cities",)), *validated(without, {})).lines
    assert "No population was given: counts are compared, not rates." in lines


def test_a_study_states_the_options_of_its_series():
    stated = {"covid": "drop", "phase_in": 2, "phase_in_as": "exclude", "harmonics": "dummies", "link": "identity"}
    (result,) = evaluated(replace(STUDY, designs=("series",), controls=(), options={"series": (stated,)})).results
    (plain,) = evaluated(replace(STUDY, designs=("series",), controls=())).results
    assert plain.n_obs - result.n_obs == 4 + 2
    assert (result.scale, result.extra["harmonics"], result.extra["phase_in"]) == ("difference", "dummies", 2)
    assert any("does not take the pandemic out" in text for text in result.notes)


def test_a_study_judges_one_change_a_city_in_the_way_it_asks_for():
    options = {"few_treated": ({"inference": "lau-li", "rho": 1.5}, {"inference": "conley-taber"})}
    asked = ("few_treated", "cities")
    found = evaluated(replace(STUDY, designs=asked, options=options, controls=())).results
    assert [result.method for result in found] == ["did_prediction_interval", "did_few_treated", "did_few_treated"]
    assert [result.extra["inference"] for result in found[1:]] == ["lau-li", "conley-taber"]
    assert "ρ = 1.5" in found[1].extra["interval"]
