"""What people hand in by mistake: one clear error with its mend, or one stated note; never a number in silence."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from typer.testing import CliRunner

from coresponder_causal.cli import app
from coresponder_causal.core.errors import CausalError, DataError, DesignError, EstimationError, IdentificationWarning
from coresponder_causal.core.notes import collecting
from coresponder_causal.data import panel, read_table, registers, validate
from coresponder_causal.design import CoverageDesign, PanelDesign, SeriesDesign
from coresponder_causal.estimate import call_coverage, did_prediction_interval, its_segmented
from coresponder_causal.plan.steps import kept_name
from coresponder_causal.simulate import WorldConfig, world

MONTHS = pd.period_range("2018-01", periods=48, freq="M")
CITIES = ("Davis", "Woodland", "Folsom", "Rocklin")
RNG = np.random.default_rng(6)
SERIES = pd.DataFrame(
    {"month": MONTHS.astype(str), "calls": RNG.poisson(180, 48), "population": 66_900, "burglary": RNG.poisson(40, 48)}
)
PANEL = pd.DataFrame(
    [(city, str(month), RNG.poisson(150), 60_000) for city in CITIES for month in MONTHS],
    columns=["city", "month", "calls", "population"],
)
CALLS = pd.DataFrame(
    {
        "call_id": [f"c{i}" for i in range(6)],
        "city": "Davis",
        "received_at": [f"2020-0{i}-03 10:00" for i in range(1, 7)],
        "arrest": ["yes", "no"] * 3,
    }
)
SHIFT = {"city": "Davis", "shift_start": "2020-03-04 12:00", "shift_end": "2020-03-04 22:00", "planned_hours": 10}


def series(frame=SERIES, **changed):
    return SeriesDesign.from_frame(frame, **({"outcome": "calls", "time": "month", "start": "2020-07-15"} | changed))


def cities(frame=PANEL, **changed):
    stated = {"outcome": "calls", "unit": "city", "time": "month", "treated": "Davis", "start": "2020-07-15"}
    return PanelDesign.from_frame(frame, **(stated | changed))


def cohorts(starts, frame=PANEL):
    return PanelDesign.from_frame(
        frame.assign(first=frame["city"].map(starts)), outcome="calls", unit="city", time="month", cohort="first"
    )


def hours(**changed):
    """A design of hours from a small world, with a column, the schedule or the dose changed."""
    small = world("west_sac_like", seed=2, config=WorldConfig(n_comparison=2, monthly_calls=20))
    schedule = changed.pop("schedule", small.tables["schedule"])
    dose = changed.pop("dose", None)
    frame = small.hours.assign(**changed)
    return CoverageDesign.from_tables(frame, schedule, outcome="calls", start="2020-07-15", dose=dose)


def with_value(frame: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    """The frame with one cell changed."""
    cells = frame[column].astype(object)
    cells[row] = value
    return frame.assign(**{column: cells.infer_objects()})


ERRORS: dict[str, tuple[Callable[[], object], type[CausalError], str]] = {
    # frames
    "no frame": (lambda: series({"calls": [1, 2]}), DataError, "a dict is not a table in memory"),
    "nothing": (lambda: series(None), DataError, "a NoneType is not a table in memory"),
    "lazy frame": (lambda: series(pl.from_pandas(SERIES).lazy()), DataError, "not a table in memory"),
    "empty frame": (lambda: series(SERIES.head(0)), DesignError, "the frame has no rows"),
    "missing column": (
        lambda: series(outcome="hold"),
        DesignError,
        "column 'hold' is missing (there are: month",
    ),
    "missing covariate": (lambda: cities(covariates=["heat"]), DesignError, "column 'heat' is missing"),
    "column given twice": (
        lambda: series(pd.concat([SERIES, SERIES[["calls"]]], axis=1)),
        DataError,
        "two columns have the same name",
    ),
    # outcomes
    "NaN outcome": (
        lambda: series(with_value(SERIES, 3, "calls", np.nan)),
        DesignError,
        "'calls' is missing in 1 row (rows 3)",
    ),
    "infinite outcome": (
        lambda: series(with_value(SERIES, 3, "calls", np.inf)),
        DesignError,
        "'calls' is infinite in 1 row (rows 3)",
    ),
    "text numbers": (
        lambda: series(SERIES.assign(calls="1,000")),
        DesignError,
        "'calls' is not numeric: text in 48 rows, of the form '9,999'",
    ),
    "one text among numbers": (
        lambda: series(with_value(SERIES, 3, "calls", "12 (est.)")),
        DesignError,
        "text in 1 row, of the form '99 (aaa.)' (rows 3)",
    ),
    "dates as outcome": (
        lambda: series(SERIES.assign(calls=MONTHS.to_timestamp())),
        DesignError,
        "'calls' is not numeric: datetime64",
    ),
    "objects as outcome": (
        lambda: series(SERIES.assign(calls=[[1, 2]] * 48)),
        DesignError,
        "'calls' is not numeric: object",
    ),
    "constant outcome": (lambda: series(SERIES.assign(calls=7)), DesignError, "'calls' is 7 in every period"),
    # time
    "months as 7/2020": (
        lambda: series(SERIES.assign(month=[f"{month.month}/{month.year}" for month in MONTHS])),
        DesignError,
        "of the form '9/9999'",
    ),
    "months as Jul 2020": (
        lambda: cities(PANEL.assign(month=np.tile(MONTHS.strftime("%b %Y"), 4))),
        DesignError,
        "of the form 'Aaa 9999'",
    ),
    "months as 202007": (
        lambda: series(SERIES.assign(month=MONTHS.strftime("%Y%m").astype(int))),
        DesignError,
        "whole numbers that look like year and month, e.g. 201801",
    ),
    "month thirteen": (
        lambda: series(with_value(SERIES, 4, "month", "2018-13")),
        DesignError,
        "'9999-99', which no calendar knows",
    ),
    "months and dates": (
        lambda: series(with_value(SERIES, 4, "month", "2018-05-01")),
        DesignError,
        "time mixes months and dates",
    ),
    "missing month": (
        lambda: series(with_value(SERIES, 4, "month", None)),
        DesignError,
        "time is missing in 1",
    ),
    "clock times": (
        lambda: series(SERIES.assign(month=pd.date_range("2018-01-01 08:00", periods=48, freq="D"))),
        DesignError,
        "clock times",
    ),
    "time zone": (
        lambda: series(SERIES.assign(month=pd.date_range("2018-01-01", periods=48, freq="D", tz="UTC"))),
        DesignError,
        "stamps with a time zone",
    ),
    "hourly periods": (
        lambda: series(SERIES.assign(month=pd.period_range("2018-01-01", periods=48, freq="h"))),
        DesignError,
        "Periods of frequency 'h'",
    ),
    "duplicated periods": (
        lambda: series(pd.concat([SERIES, SERIES.tail(2)])),
        DesignError,
        "2 periods come more than once (rows 48, 49)",
    ),
    "duplicated unit-times": (
        lambda: cities(pd.concat([PANEL, PANEL.head(2)])),
        DesignError,
        "2 rows with a unit and period of another row (rows 192, 193)",
    ),
    # the start
    "no start": (lambda: series(start=None), DesignError, "give either start= or start_between="),
    "two starts": (
        lambda: series(start_between=("2020-07", "2020-09")),
        DesignError,
        "give either start= or start_between=",
    ),
    "interval backwards": (
        lambda: series(start=None, start_between=("2020-09", "2020-07")),
        DesignError,
        "the earliest start 2020-09 lies after the latest 2020-07",
    ),
    "number as start of months": (lambda: series(start=606), DesignError, "start is 606 but time holds periods"),
    "truth as start": (lambda: series(start=True), DesignError, "start is True"),
    "prose as start": (
        lambda: series(start="mid-July"),
        DesignError,
        "of the form 'aaa-Aaaa'",
    ),
    "date as start of numbers": (
        lambda: series(SERIES.assign(month=range(48)), start=dt.date(2020, 7, 15)),
        DesignError,
        "but time holds whole numbers",
    ),
    "no period before": (lambda: series(start="2018-01"), DesignError, "no period lies before the start 2018-01"),
    "no period after": (lambda: cities(start="2022-01"), DesignError, "no period lies after the start 2022-01"),
    "everything excluded": (
        lambda: series(exclude=[("2020-07", "2021-12")]),
        DesignError,
        "no period is left on one side of the start",
    ),
    "negative phase-in": (lambda: series(phase_in=-1), DesignError, "phase_in=-1 cannot be used here"),
    "phase-in as text": (lambda: series(phase_in="2"), DesignError, "phase_in="),
    "a phase-in longer than the data": (lambda: series(phase_in=500), DesignError, "full dose is never seen"),
    "two doses": (lambda: series(dose="calls", phase_in=2), DesignError, "dose= and phase_in= both shape the dose"),
    "excluding nothing": (
        lambda: series(exclude=["2031-03"]),
        DesignError,
        "exclude='2031-03' is no period of the data",
    ),
    "breaks as text": (lambda: series(breaks="2021-01"), DesignError, "breaks='2021-01' is one text"),
    "an unknown dose of hours": (lambda: hours(dose="hours"), DesignError, "dose='hours' is not in the schedule"),
    "a level in percent": (
        lambda: its_segmented(series()).tidy(level=95),
        EstimationError,
        "level=95, scale=None and names=None cannot be shown",
    ),
    "half a phase-in": (lambda: series(phase_in=2.5), DesignError, "phase_in=2.5"),
    "interval as number": (lambda: series(start=None, start_between=7), DesignError, "start_between= is not a pair"),
    "season as text": (lambda: series(season="yes"), DesignError, "season='yes' is not a number of periods"),
    "season of nothing": (lambda: series(season=0), DesignError, "season=0 is not a number of periods"),
    # exposure and dose
    "zero exposure": (
        lambda: series(SERIES.assign(population=0), exposure="population"),
        DesignError,
        "'population' is zero or negative in 48 rows",
    ),
    "negative exposure": (
        lambda: cities(with_value(PANEL, 9, "population", -1), exposure="population"),
        DesignError,
        "'population' is zero or negative in 1 row (rows 9)",
    ),
    "negative dose": (
        lambda: series(SERIES.assign(dose=-1.0), dose="dose"),
        DesignError,
        "'dose' is negative in 48 rows",
    ),
    "dose that never varies": (
        lambda: series(SERIES.assign(dose=1.0), dose="dose"),
        DesignError,
        "the dose 'dose' never varies",
    ),
    # who is treated
    "nobody treated": (lambda: cities(treated=[]), DesignError, "treated (nobody) is not among the units"),
    "unknown treated": (lambda: cities(treated="Chico"), DesignError, "treated Chico is not among the units"),
    "everybody treated": (lambda: cities(treated=list(CITIES)), DesignError, "every unit is treated"),
    "treated without start": (lambda: cities(start=None), DesignError, "give either start= or start_between="),
    "one unit only": (lambda: cities(PANEL[PANEL["city"] == "Davis"]), DesignError, "there is one unit only"),
    "missing unit": (
        lambda: cities(with_value(PANEL, 60, "city", None)),
        DesignError,
        "'city' is missing in 1 row (rows 60)",
    ),
    "cohort never": (lambda: cohorts({}), DesignError, "no unit is ever treated: 'first' is missing everywhere"),
    "cohort at the first period": (
        lambda: cohorts({"Davis": "2018-01"}),
        DesignError,
        "no period before the start in 1 unit (Davis)",
    ),
    "cohort as prose": (lambda: cohorts({"Davis": "summer"}), DesignError, "of the form 'aaaaaa'"),
    "cohort and treated": (
        lambda: cities(PANEL.assign(first="2020-07"), cohort="first"),
        DesignError,
        "give either cohort=, or treated= with a start",
    ),
    "cohort that switches off": (
        lambda: PanelDesign.from_frame(
            PANEL.assign(first=np.where(PANEL["month"] < "2021-01", "2020-07", None)),
            outcome="calls",
            unit="city",
            time="month",
            cohort="first",
        ),
        DesignError,
        "'first' changes within 4 units (Davis, Folsom, Rocklin): the treatment switches off or moves",
    ),
    # estimators
    "no outcome": (
        lambda: its_segmented(series(outcome=None)),
        DesignError,
        "its_segmented needs an outcome and this design has none",
    ),
    "wrong design": (
        lambda: did_prediction_interval(series()),
        DesignError,
        "did_prediction_interval takes a PanelDesign, not a SeriesDesign",
    ),
    "frame for a design": (
        lambda: call_coverage(PANEL),
        DesignError,
        "call_coverage takes a CoverageDesign, not a DataFrame",
    ),
    "unknown choice": (
        lambda: its_segmented(series(), errors="hac"),
        EstimationError,
        "its_segmented: errors='hac' is not a choice",
    ),
    "too few periods": (
        lambda: its_segmented(series(SERIES.tail(22).head(6))),
        EstimationError,
        "absorbed by the other terms",
    ),
    "absorbed control": (
        lambda: its_segmented(series(SERIES.assign(trend=range(48)), controls=["trend"])),
        EstimationError,
        "'trend' is absorbed by the other terms",
    ),
    "zeros under a log": (
        lambda: its_segmented(series(SERIES.assign(calls=[0, 9] * 24))),
        EstimationError,
        "'calls' is zero in 24 of 48 periods",
    ),
    "yes or no as a count": (
        lambda: its_segmented(series(SERIES.assign(calls=[False, True] * 24))),
        EstimationError,
        "'calls' is zero in 24 of 48 periods",
    ),
    "negative counts in a series": (
        lambda: its_segmented(series(with_value(SERIES, 3, "calls", -4))),
        EstimationError,
        "'calls' has 1 negative values",
    ),
    "negative counts in a panel": (
        lambda: did_prediction_interval(cities(with_value(PANEL, 3, "calls", -4))),
        DesignError,
        "'calls' has 1 negative values",
    ),
    "gaps where none may be": (
        lambda: its_segmented(series(SERIES.drop(index=[5])), errors="prais-winsten"),
        EstimationError,
        "errors='prais-winsten' needs a series without gaps",
    ),
    "one comparison city": (
        lambda: did_prediction_interval(cities(PANEL[PANEL["city"].isin(CITIES[:2])])),
        EstimationError,
        "1 comparison city: the spread between cities cannot be estimated",
    ),
    "two treated cities": (
        lambda: did_prediction_interval(cities(treated=["Davis", "Folsom"])),
        DesignError,
        "is for one treated city; this design has 2",
    ),
    # hours and schedules
    "hour of the week 168": (
        lambda: hours(hour_of_week=168),
        DesignError,
        "'hour_of_week' is not a whole number from 0 to 167",
    ),
    "schedule of another city": (
        lambda: hours(schedule=pd.DataFrame([SHIFT | {"city": "Chico"}])),
        DesignError,
        "'Chico' is not in both the schedule and the calls",
    ),
    "shifts without the city": (
        lambda: registers.scheduled_hours(pd.DataFrame([SHIFT]), "Chico"),
        DataError,
        "the schedule has no shift in 'Chico'",
    ),
    "shift that ends before it starts": (
        lambda: registers.scheduled_hours(pd.DataFrame([SHIFT | {"shift_end": "2020-03-04 02:00"}]), "Davis"),
        DataError,
        "shifts that do not end after they start: 1 (rows 0)",
    ),
    # tables
    "no such table": (lambda: validate(CALLS, table="call"), DataError, "the dictionary has no table 'call'"),
    "missing required columns": (
        lambda: validate(CALLS[["city"]], table="calls"),
        DataError,
        "'call_id': required column is missing",
    ),
    "duplicated call numbers": (
        lambda: panel(CALLS.assign(call_id="c1")),
        DataError,
        "'call_id': occurs again in 5 rows",
    ),
    "unreadable dates": (
        lambda: panel(with_value(CALLS, 2, "received_at", "15/07/2020 12:30")),
        DataError,
        "'received_at': unreadable date in 1 row",
    ),
    "no date at all": (
        lambda: validate(with_value(CALLS, 2, "received_at", None), table="calls"),
        DataError,
        "'received_at': missing value in 1 row",
    ),
    "two offsets and no zone": (
        lambda: validate(
            CALLS.assign(received_at=["2020-01-03 10:00-08:00", "2020-07-03 10:00-07:00"] * 3), table="calls"
        ),
        DataError,
        "'received_at': several offsets from UTC in 3 rows",
    ),
    "offsets in some rows": (
        lambda: panel(with_value(CALLS, 2, "received_at", "2020-03-03 10:00-08:00")),
        DataError,
        "no offset where other rows have one",
    ),
    "a zone that is none": (
        lambda: validate(CALLS.assign(time_zone="Pacific"), table="calls"),
        DataError,
        "'time_zone': unknown time zone in 6 rows",
    ),
    "city without population": (
        lambda: panel(CALLS, cities=pd.DataFrame({"city": ["Folsom"], "population": [80_500]})),
        DataError,
        "'city': is not in cities in 6 rows",
    ),
    "negative counts in a table": (
        lambda: validate(PANEL.assign(calls=-1), table="city_panel"),
        DataError,
        "'calls': below 0 in 192 rows",
    ),
    "thousands separators": (
        lambda: validate(PANEL.assign(population="60,000"), table="city_panel"),
        DataError,
        "'population': number with thousands separators in 192 rows",
    ),
    "half a call": (
        lambda: validate(PANEL.assign(calls=0.5), table="city_panel"),
        DataError,
        "'calls': not a whole number in 192 rows",
    ),
    "maybe": (
        lambda: validate(CALLS.assign(arrest="maybe"), table="calls"),
        DataError,
        "'arrest': not a yes or no in 6 rows",
    ),
    "unknown period": (lambda: panel(CALLS, period="day"), DataError, "period is 'day'"),
    "no file": (lambda: read_table("nowhere.csv"), DataError, "there is no file nowhere.csv"),
    "no table file": (lambda: read_table("calls.docx"), DataError, "calls.docx is no kind of table known here"),
    # worlds
    "unknown world": (lambda: world("sacramento", seed=1), DesignError, "preset 'sacramento' is not known"),
    "seed that is none": (lambda: world("null", seed=-1), DesignError, "seed = -1 is not a whole number"),
    "impossible world": (lambda: WorldConfig(rho=2.0), DesignError, "rho = 2 is outside [0, 0.99]"),
}


@pytest.mark.parametrize(("bad", "kind", "says"), ERRORS.values(), ids=ERRORS)
@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
def test_bad_input_raises_one_error_that_says_what_and_how_to_mend_it(bad, kind, says):
    with pytest.raises(CausalError) as caught:
        bad()
    assert type(caught.value) is kind
    assert says in caught.value.what
    assert len(caught.value.mend) > 5
    assert str(caught.value).count("\n  mend: ") == 1


def fall_back_to_nothing():
    dose = np.where((SERIES["month"] >= "2020-07") & (SERIES["month"] < "2021-07"), 70.0, 0.0)
    return series(SERIES.assign(dose=dose), dose="dose", start="2020-07").notes


def unbalanced():
    return cities(PANEL.drop(index=[7, 90])).notes


def late_cohort():
    return cohorts({"Davis": "2020-07", "Folsom": "2030-01"}).notes


def outcomes_not_known():
    with collecting() as notes:
        panel(with_value(CALLS, 2, "arrest", "NA"))
    return notes


def unknown_column():
    with collecting() as notes:
        validate(CALLS.assign(zip="95616"), table="calls")
    return notes


def two_comparison_cities():
    return did_prediction_interval(cities(PANEL[PANEL["city"].isin(CITIES[:3])])).notes


def periods_of_one_city_alone():
    return did_prediction_interval(cities(PANEL.drop(index=range(60, 66)))).notes


def few_events():
    return its_segmented(series(SERIES.assign(calls=RNG.poisson(5, 48) + 1))).notes


def few_zeros():
    return its_segmented(series(with_value(SERIES, 3, "calls", 0))).notes


def disordered_stamps():
    with collecting() as notes:
        validate(CALLS.assign(arrived_at="2019-12-31 23:59"), table="calls")
    return notes


NOTES = {
    "a dose that falls to 0": (fall_back_to_nothing, "the treatment switches off: the dose 'dose' is 0 in 6 periods"),
    "missing unit-periods": (unbalanced, "2 of 192 unit-periods are missing"),
    "a start after the data": (late_cohort, "1 unit with a start after the data end: counted as never treated"),
    "an outcome that is not known": (outcomes_not_known, "arrest is missing in 1 of 6 calls"),
    "a column nobody described": (unknown_column, "'zip': column is not in the dictionary"),
    "two comparison cities": (two_comparison_cities, "2 comparison cities: the spread between cities is hardly known"),
    "months of some cities only": (periods_of_one_city_alone, "6 months are not there for every city"),
    "few events": (few_events, "events a period: below about 10 the log rate is biased downwards"),
    "a zero under a log": (few_zeros, "1 of 48 periods without events: half an event was put in their place"),
    "stamps out of order": (disordered_stamps, "arrived_at before received_at in 6 rows"),
}


@pytest.mark.parametrize(("make", "says"), NOTES.values(), ids=NOTES)
@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
def test_doubtful_input_is_said_in_one_note(make, says):
    assert sum(says in note for note in make()) == 1


@pytest.mark.parametrize("make", [fall_back_to_nothing, two_comparison_cities, few_events, periods_of_one_city_alone])
def test_what_puts_identification_in_doubt_also_warns(make):
    with pytest.warns(IdentificationWarning):
        make()


STUDY = """
[study]
title = "A small study"

[tables]
city_panel = "city_panel.csv"

[treated]
city = "Davis"
start = "2020-07-15"

[outcomes]
primary = "calls"

[designs]
run = ["cities"]
"""


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")

    return change


def put(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def changed(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    return lambda folder: change(pd.read_csv(folder / name)).to_csv(folder / name, index=False)


def two_empty(folder: Path) -> None:
    edit("STUDY.toml", "[treated]", 'cities = "cities.csv"\n[treated]')(folder)
    put("city_panel.csv", b"")(folder)
    put("cities.csv", b"city\n")(folder)


def wrong_everywhere(folder: Path) -> None:
    """Calls with every column broken in every row: far more than a screen holds."""
    columns = ["call_id", "received_at", "dispatched_at", "arrived_at", "cleared_at", "priority", "patrol_load"]
    columns += ["team_on_duty", "team_busy", "attended", "arrest", "hold", "ed_transport", "force", "report_filed"]
    names = [*columns, "prior_contacts", "minutes_on_scene", "hour", *(f"unknown_{i}" for i in range(30))]
    pd.DataFrame({name: ["what?"] * 50 for name in names}).to_csv(folder / "calls.csv", index=False)
    edit("STUDY.toml", 'city_panel = "city_panel.csv"', 'calls = "calls.csv"')(folder)


SCREENS: dict[str, tuple[Callable[[Path], None], str]] = {
    "no study": (lambda folder: (folder / "STUDY.toml").unlink(), "there is no study file"),
    "no TOML": (put("STUDY.toml", b"title: A study\n"), "STUDY.toml is not a TOML file in UTF-8"),
    "not UTF-8": (put("STUDY.toml", b"\xff\xfe\x00"), "is not a TOML file in UTF-8"),
    "unknown key": (edit("STUDY.toml", "start =", "begin ="), "unknown key 'begin' in [treated]"),
    "unknown section": (edit("STUDY.toml", "[outcomes]", "[outcome]"), "unknown section [outcome]"),
    "section as value": (edit("STUDY.toml", "[study]\n", "designs = 1\n[study]\n"), ""),
    "unknown table": (edit("STUDY.toml", "city_panel =", "panel ="), "unknown table 'panel' in [tables]"),
    "unknown design": (edit("STUDY.toml", '"cities"', '"rdd"'), "unknown designs ['rdd']"),
    "designs as text": (edit("STUDY.toml", '["cities"]', '"cities"'), "run in [designs] is 'cities'"),
    "designs as number": (edit("STUDY.toml", '["cities"]', "5"), "run in [designs] is 5"),
    "design twice": (edit("STUDY.toml", '["cities"]', '["cities", "cities"]'), "names a design twice"),
    "no title": (edit("STUDY.toml", 'title = "A small study"', ""), "key 'title' in [study] is missing"),
    "no table": (edit("STUDY.toml", 'city_panel = "city_panel.csv"', ""), "[tables] names no table"),
    "two starts": (
        edit("STUDY.toml", "start =", 'start_between = ["2020-07", "2020-09"]\nstart ='),
        "[treated] needs start or start_between",
    ),
    "one end of an interval": (
        edit("STUDY.toml", 'start = "2020-07-15"', 'start_between = ["2020-07"]'),
        "start_between does not hold two dates",
    ),
    "interval as number": (
        edit("STUDY.toml", 'start = "2020-07-15"', "start_between = 7"),
        "start_between in [treated] is 7",
    ),
    "start as number": (edit("STUDY.toml", '"2020-07-15"', "2020"), "start in [treated] is 2020"),
    "start as prose": (edit("STUDY.toml", '"2020-07-15"', '"July"'), "of the form 'Aaaa'"),
    "start after the data": (edit("STUDY.toml", "2020-07-15", "2031-07-15"), "no period lies after the start"),
    "hours without calls": (edit("STUDY.toml", '"cities"', '"hours"'), "'hours' needs the tables calls and schedule"),
    "unknown city": (edit("STUDY.toml", '"Davis"', '"Chico"'), "city 'Chico' is not in the data"),
    "unknown outcome": (edit("STUDY.toml", '"calls"', '"hold"'), "there is no outcome 'hold'"),
    "unknown control": (
        edit("STUDY.toml", 'primary = "calls"', 'primary = "calls"\ncontrols = ["noise"]'),
        "there is no outcome 'noise'",
    ),
    "unknown dose": (edit("STUDY.toml", "start =", 'dose = "units"\nstart ='), "there is no dose 'units'"),
    "dose without schedule": (
        edit("STUDY.toml", "start =", 'dose = "planned_hours"\nstart ='),
        "dose 'planned_hours' needs the table schedule",
    ),
    "missing file": (lambda folder: (folder / "city_panel.csv").unlink(), "there is no file city_panel.csv"),
    "variable that is not set": (
        edit("STUDY.toml", '"city_panel.csv"', '"${NOT_SET_ANYWHERE}/city_panel.csv"'),
        "names a variable that is not set",
    ),
    "table as number": (edit("STUDY.toml", '"city_panel.csv"', "3"), "table 'city_panel' is 3"),
    "columns as list": (
        edit("STUDY.toml", '"city_panel.csv"', '{ path = "city_panel.csv", columns = { city = ["a"] } }'),
        "table 'city_panel' is {",
    ),
    "column mapped twice": (
        edit("STUDY.toml", '"city_panel.csv"', '{ path = "city_panel.csv", columns = { calls = "n", arrest = "n" } }'),
        "columns maps n to several fields",
    ),
    "mapped column that is not there": (
        edit("STUDY.toml", '"city_panel.csv"', '{ path = "city_panel.csv", columns = { calls = "n" } }'),
        "mapped column is not in the table",
    ),
    "empty file": (put("city_panel.csv", b""), "city_panel.csv is empty"),
    "head without rows": (put("city_panel.csv", b"city,month,calls\n"), "has a head but no rows"),
    "workbook named csv": (put("city_panel.csv", b"PK\x03\x04\x14"), "is a workbook or an archive, not text"),
    "two files that cannot be read": (two_empty, "breaks 2 rules"),
    "misspelt section": (edit("STUDY.toml", "[designs]", "[designz]"), "did you mean designs? sections are study"),
    "no table at all": (put("city_panel.csv", b"\x00\x01\x02\n"), ""),
    "missing column": (
        changed("city_panel.csv", lambda frame: frame.drop(columns="month")),
        "month: required column is missing",
    ),
    "text numbers": (
        changed("city_panel.csv", lambda frame: frame.assign(calls="1,000")),
        "number with thousands separators",
    ),
    "negative counts": (changed("city_panel.csv", lambda frame: frame.assign(calls=-3)), "below 0"),
    "months as 7/2020": (
        changed("city_panel.csv", lambda frame: frame.assign(month="7/2020")),
        "unreadable date",
    ),
    "duplicated rows": (
        changed("city_panel.csv", lambda frame: pd.concat([frame, frame.head(3)])),
        "duplicated key",
    ),
    "no comparison city": (
        changed("city_panel.csv", lambda frame: frame[frame["city"] == "Davis"]),
        "there is one unit only",
    ),
    "one comparison city": (
        changed("city_panel.csv", lambda frame: frame[frame["city"].isin(CITIES[:2])]),
        "1 comparison city",
    ),
    "constant outcome": (changed("city_panel.csv", lambda frame: frame.assign(calls=4)), "'calls' is 4 in every"),
    "everything wrong": (wrong_everywhere, "required column is missing"),
}


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "study"
    made.mkdir()
    (made / "STUDY.toml").write_text(STUDY, encoding="utf-8")
    PANEL.to_csv(made / "city_panel.csv", index=False)
    return made


def on_one_line(screen: str) -> str:
    return " ".join(screen.translate(dict.fromkeys(map(ord, "│╭╮╰╯─"), " ")).split())


def held(folder: Path) -> set[str]:
    """Everything in a folder, without the steps that are kept."""
    found = {path.relative_to(folder) for path in folder.rglob("*")}
    return {str(path) for path in found if kept_name not in path.parts}


@pytest.mark.parametrize(("spoil", "says"), SCREENS.values(), ids=SCREENS)
@pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")
def test_a_bad_study_ends_on_one_screen_and_writes_nothing(folder, tmp_path, spoil, says):
    spoil(folder)
    before = held(tmp_path)
    result = CliRunner().invoke(app, ["evaluate", str(folder / "STUDY.toml"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert says in on_one_line(result.output)
    assert on_one_line(result.output).count("mend: ") == 1
    assert len(result.output.splitlines()) <= 40
    assert held(tmp_path) == before


def test_the_small_study_itself_is_sound(folder, tmp_path):
    with pytest.warns(IdentificationWarning, match="3 comparison cities"):
        result = CliRunner().invoke(app, ["evaluate", str(folder / "STUDY.toml"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert {"council.html", "index.html", "manifest.json", "results.json"} < held(tmp_path / "out")


def test_everything_wrong_with_a_study_file_is_listed_at_once(folder, tmp_path):
    for change in (
        edit("STUDY.toml", "title =", "name ="),
        edit("STUDY.toml", '"2020-07-15"', "2020"),
        edit("STUDY.toml", '["cities"]', '["cities", "rdd"]'),
        edit("STUDY.toml", '"city_panel.csv"', '"nowhere.csv"'),
    ):
        change(folder)
    result = CliRunner().invoke(app, ["evaluate", str(folder / "STUDY.toml"), "--out", str(tmp_path / "out")])
    screen = on_one_line(result.output)
    assert "STUDY.toml breaks 5 rules" in screen
    for says in ("unknown key 'name'", "'title' in [study] is missing", "is 2020", "['rdd']", "no file nowhere.csv"):
        assert says in screen


@pytest.mark.parametrize("filled", ["file", "folder"])
def test_an_output_that_holds_something_is_left_alone(folder, tmp_path, filled):
    out = tmp_path / "out"
    if filled == "folder":
        out.mkdir()
    kept = out if filled == "file" else out / "thesis.txt"
    kept.write_text("years of work", encoding="utf-8")
    result = CliRunner().invoke(app, ["evaluate", str(folder / "STUDY.toml"), "--out", str(out)])
    assert result.exit_code == 2
    assert "mend: name " in on_one_line(result.output)
    assert kept.read_text(encoding="utf-8") == "years of work"


def test_the_installed_command_shows_one_screen_too(folder, tmp_path):
    edit("STUDY.toml", '"Davis"', '"Chico"')(folder)
    command = [sys.executable, "-m", "coresponder_causal.cli", "evaluate", str(folder / "STUDY.toml"), "--out", "out"]
    screen = os.environ | {"COLUMNS": "80"}
    done = subprocess.run(command, cwd=tmp_path, env=screen, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "city 'Chico' is not in the data" in on_one_line(done.stderr)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 40
    assert not (tmp_path / "out").exists()
