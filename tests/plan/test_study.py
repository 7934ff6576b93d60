"""STUDY.toml says what a study is; everything that is wrong with it is listed at once, before a table is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.plan import Study, read_study
from coresponder_causal.plan.designs import settings
from coresponder_causal.plan.study_files import Source

WHOLE = """
[study]
title = "Our programme"
sensitive = false
seed = 7

[tables]
calls = "calls.csv"
schedule = { path = "roster.xlsx", columns = { shift_start = "Start", shift_end = "End" } }

[treated]
city = "Davis"
start = 2020-07-15
dose = "delivered_hours"

[outcomes]
primary = "arrest"
controls = ["burglary", "noise"]

[designs]
run = ["hours", "series"]
"""
DATA_ALONE = """
[study]
title = "Our log"

[tables]
calls = "calls.csv"

[designs]
run = []
"""


@pytest.fixture
def read(tmp_path):
    """A function that writes a study beside two tables and reads it."""
    for name in ("calls.csv", "roster.xlsx"):
        (tmp_path / name).write_text("not looked into", encoding="utf-8")

    def write_and_read(text: str) -> Study:
        file = tmp_path / "STUDY.toml"
        file.write_text(text, encoding="utf-8")
        return read_study(file)

    return write_and_read


def problems(caught) -> list[str]:
    """The points of an error, without their numbers."""
    return [line.strip().partition(" ")[2] for line in caught.value.what.splitlines()[1:]]


def test_a_whole_study_is_read_as_it_is_written(read, tmp_path):
    study = read(WHOLE)
    assert study == Study(
        title="Our programme",
        tables={
            "calls": Source(path=tmp_path / "calls.csv"),
            "schedule": Source(path=tmp_path / "roster.xlsx", columns={"Start": "shift_start", "End": "shift_end"}),
        },
        designs=("hours", "series"),
        city="Davis",
        start="2020-07-15",
        dose="delivered_hours",
        primary="arrest",
        controls=("burglary", "noise"),
        sensitive=False,
        seed=7,
    )


def test_a_study_of_data_alone_needs_neither_city_nor_outcome(read):
    study = read(DATA_ALONE)
    assert study.designs == ()
    assert (study.city, study.start, study.primary, study.controls) == (None, None, None, ())
    assert study.sensitive
    assert study.seed == 1


@pytest.mark.parametrize(
    ("written", "start", "between"),
    [
        ('start = "2020-07"', "2020-07", None),
        ('start = "2020-07-15"', "2020-07-15", None),
        ("start = 2020-07-15", "2020-07-15", None),
        ('start_between = ["2020-07-15", "2021-06-30"]', None, ("2020-07-15", "2021-06-30")),
        ("start_between = [2020-07-15, 2021-06-30]", None, ("2020-07-15", "2021-06-30")),
    ],
)
def test_a_start_may_be_a_date_a_month_or_an_interval(read, written, start, between):
    study = read(WHOLE.replace("start = 2020-07-15", written))
    assert (study.start, study.start_between) == (start, between)


def test_paths_are_relative_to_the_study_and_may_name_variables(tmp_path, monkeypatch, read):
    elsewhere = tmp_path / "cad exports"
    elsewhere.mkdir()
    (elsewhere / "log.csv").write_text("call_id", encoding="utf-8")
    monkeypatch.setenv("OUR_DATA", str(elsewhere))
    monkeypatch.setenv("OUR_LOG", "log")
    study = read(DATA_ALONE.replace("calls.csv", "${OUR_DATA}/${OUR_LOG}.csv"))
    assert study.tables["calls"].path == elsewhere / "log.csv"
    monkeypatch.chdir(elsewhere)
    assert read(DATA_ALONE).tables["calls"].path == tmp_path / "calls.csv"


def test_a_variable_that_is_not_set_is_named(monkeypatch, read):
    monkeypatch.delenv("OUR_DATA", raising=False)
    with pytest.raises(DataError) as caught:
        read(DATA_ALONE.replace("calls.csv", "${OUR_DATA}/calls.csv"))
    assert problems(caught) == [
        "table 'calls': ${OUR_DATA}/calls.csv names a variable that is not set: set it, or write the path"
    ]


def test_everything_wrong_is_listed_at_once(read):
    text = (
        WHOLE.replace("title", "name")
        .replace("seed = 7", 'seed = "seven"')
        .replace('calls = "calls.csv"', 'calls = "gone.csv"\npeople = "people.csv"')
        .replace('city = "Davis"', "")
        .replace("start = 2020-07-15", "start = 2020")
        .replace('["hours", "series"]', '["hours", "rdd"]')
    )
    with pytest.raises(DataError, match=r"study STUDY.toml breaks 9 rules") as caught:
        read(text + "\n[extras]\nx = 1\n")
    said = "\n".join(problems(caught))
    for what in (
        "unknown section [extras]: sections are study, tables, treated, outcomes, designs, donors, release, bias, "
        "funnel, cost, graph, groups, fairness, qualitative, first_calls, hours, triple",
        "unknown key 'name' in [study]: keys are title, sensitive, simulated, seed",
        "unknown table 'people' in [tables]: tables are breaks, calls",
        "seed in [study] is 'seven': write a whole number",
        "start in [treated] is 2020: write a date or month",
        f"unknown designs ['rdd']: designs are {', '.join(settings())}",
        "key 'title' in [study] is missing: add it",
        "table 'calls': there is no file gone.csv: correct the path",
        "key 'city' in [treated] is missing",
    ):
        assert what in said
    assert caught.value.mend == "change the 9 points above, then run again"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("start = 2020-07-15", "", "[treated] needs start or start_between"),
        ('primary = "arrest"', "", "key 'primary' in [outcomes] is missing"),
        ('calls = "calls.csv"', "", "design 'hours' needs the tables calls and schedule"),
        ('["hours", "series"]', '["hours", "hours"]', "names a design twice"),
        ("sensitive = false", 'sensitive = "no"', "sensitive in [study] is 'no': write true or false"),
        ('["burglary", "noise"]', '"burglary"', "controls in [outcomes] is 'burglary': write a list of names"),
        ('"calls.csv"', '{ file = "calls.csv" }', "table 'calls' is {'file': 'calls.csv'}"),
        ('"calls.csv"', '{ path = "calls.csv", sheet = 2 }', "table 'calls' is {"),
        ('shift_end = "End"', 'shift_end = "Start"', "columns maps Start to several fields"),
    ],
)
def test_each_rule_is_named(read, old, new, says):
    assert old in WHOLE
    with pytest.raises(DataError) as caught:
        read(WHOLE.replace(old, new))
    assert says in caught.value.what


TWO_WAY = """
[[two_way]]
log = true
inference = "permutation"

[[two_way]]
outcomes = ["arrest", "hold"]
inference = "cluster"
"""


def test_options_of_a_design_may_stand_several_times(read):
    study = read(WHOLE.replace('"series"]', '"series", "two_way"]') + TWO_WAY)
    assert [outcome for outcome, _ in study.asked("two_way")] == ["arrest", "arrest", "hold"]
    assert [options.get("log") for _, options in study.asked("two_way")] == [True, None, None]
    assert list(study.asked("hours")) == [("arrest", {})]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[cities]\nharmonics = 1", "run in [designs] does not name it: add it to run, or delete the section"),
        ("[series]\nwidth = 1", "unknown key 'width' in [series]: keys are outcomes, full_dose, phase_in"),
        ('[series]\noutcomes = "calls"', "outcomes in [series] is 'calls': write a list of names"),
        ("series = 3", "series is a value, not a section"),
        (
            '[calls]\nscheme = "att"\nadjust = "match_nearest"',
            "unknown key 'scheme' in [calls] with adjust = 'match_nearest'",
        ),
    ],
)
def test_options_that_no_design_has_are_named(read, text, says):
    with pytest.raises(DataError) as caught:
        read(f"{text}\n{WHOLE}" if "= 3" in text else WHOLE + text)
    assert says in caught.value.what


@pytest.mark.parametrize(
    ("run", "text", "says"),
    [
        ('["calls"]', "", "key 'covariates' in [calls] is missing"),
        ('["calls"]', '[calls]\ncovariates = ["hour"]', "key 'outcomes' in [calls] is missing: name fields of calls"),
        ('["calls"]', '[calls]\nadjust = "weights"', "adjust in [calls] is 'weights': choose from match_nearest"),
        ('["adopters"]', "", "design 'adopters' needs the table programmes"),
    ],
)
def test_what_calls_and_adopters_need_is_named(read, run, text, says):
    with pytest.raises(DataError) as caught:
        read(WHOLE.replace('["hours", "series"]', run) + text)
    assert says in caught.value.what


def test_a_dose_of_the_schedule_needs_the_schedule(read):
    text = WHOLE[: WHOLE.index("schedule =")] + WHOLE[WHOLE.index("[treated]") :].replace('"hours", ', "")
    with pytest.raises(DataError, match="dose 'delivered_hours' needs the table schedule"):
        read(text)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"title = ", "STUDY.toml is not a TOML file in UTF-8"),
        (b"\xff\xfe", "STUDY.toml is not a TOML file in UTF-8"),
        (b"", "section [study] is missing"),
    ],
)
def test_a_file_that_is_no_study_is_refused(tmp_path, content, says):
    file = tmp_path / "STUDY.toml"
    file.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_study(file)
    assert says in caught.value.what


@pytest.mark.parametrize("path", ["nowhere.toml", "."])
def test_a_study_that_is_not_there_is_named(tmp_path, path):
    with pytest.raises(DataError, match="there is no study file") as caught:
        read_study(tmp_path / path)
    assert "coresponder-causal init" in caught.value.mend


def test_a_path_may_be_text(read, tmp_path):
    study = read(DATA_ALONE)
    assert read_study(str(tmp_path / "STUDY.toml")) == study
    assert isinstance(study.tables["calls"].path, Path)
