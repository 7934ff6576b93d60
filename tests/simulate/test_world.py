"""A world repeats, its tiers agree, and its tables obey the data dictionary."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from coresponder_causal.core.errors import DesignError
from coresponder_causal.simulate import WorldConfig, world

DICTIONARY = Path(__file__).parents[2] / "data_dictionary"
SMALL = WorldConfig(n_comparison=2, monthly_calls=60)
NAMES = [
    "calls", "outcomes", "cities", "city_panel", "programmes", "breaks", "schedule", "control_series",
    "officers", "staff", "rides", "units", "persons", "contacts", "narratives", "interviews", "surveys",
    "officer_waves", "staff_waves",
]  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return world(seed=11, config=SMALL)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_gives_the_same_table_whatever_was_asked_first(study, name):
    other = world(seed=11, config=SMALL)
    assert other.truth.averted_calls > 0
    for earlier in reversed(NAMES):
        _ = other.tables[earlier]
    pd.testing.assert_frame_equal(study.tables[name], other.tables[name])


def test_another_seed_gives_other_calls(study):
    assert not study.panel_counts.calls.equals(world(seed=12, config=SMALL).panel_counts.calls)


def test_calls_agree_with_the_aggregated_counts(study):
    calls, hours = study.tables["calls"], study.hours
    found = (
        calls.assign(
            month=calls.received_at.dt.to_period("M"),
            hour_of_week=calls.received_at.dt.day_of_week * 24 + calls.received_at.dt.hour,
        )
        .groupby(["city", "month", "hour_of_week"])
        .size()
        .reindex(pd.MultiIndex.from_frame(hours[["city", "month", "hour_of_week"]]), fill_value=0)
    )
    np.testing.assert_array_equal(found.to_numpy(), hours.calls)
    assert hours.calls.sum() == len(calls)


def test_panel_counts_are_the_sums_of_hours(study):
    sums = study.hours.groupby(["city", "month"], sort=False).calls.sum().reset_index()
    pd.testing.assert_frame_equal(sums, study.panel_counts[["city", "month", "calls"]])


def test_city_panel_counts_the_calls(study):
    calls, panel = study.tables["calls"], study.tables["city_panel"]
    by_month = calls.groupby(["city", calls.received_at.dt.to_period("M").rename("month")], sort=False)
    counted = by_month[["arrest", "hold", "ed_transport", "force", "report_filed"]].sum()
    keyed = panel.set_index(["city", "month"]).loc[counted.index, counted.columns]
    pd.testing.assert_frame_equal(counted, keyed, check_dtype=False)


def test_clock_hours_are_those_of_the_calendar(study):
    hours = study.hours
    stamps = pd.Series(pd.date_range("2017-01-01", "2022-12-31 23:00", freq="h"))
    true = stamps.groupby([stamps.dt.to_period("M"), stamps.dt.day_of_week * 24 + stamps.dt.hour]).size()
    np.testing.assert_array_equal(hours.hours[hours.city == "Davis"], true.to_numpy())
    assert (hours.groupby(["city", "month"]).hours.sum().to_numpy() == 24 * study.panel_counts.days.to_numpy()).all()


def test_default_size_is_that_of_the_treated_city():
    totals = [world(seed=seed, config=WorldConfig(n_comparison=1)).panel_counts for seed in range(40)]
    monthly = np.mean([panel.calls[panel.city == "West Sacramento"].mean() for panel in totals])
    assert 170 < monthly < 192  # aimed at 180; the mean of 40 worlds has a standard error of about 1.5


@pytest.mark.parametrize("name", NAMES)
def test_tables_obey_the_data_dictionary(study, name):
    path = DICTIONARY / f"{name}.yaml"
    if not path.exists():
        pytest.skip("needs data_dictionary")
    rules, table = yaml.safe_load(path.read_text()), study.tables[name]
    fields = {rule["name"]: rule for rule in rules["fields"]}
    assert list(table.columns) == [field for field in fields if field in table.columns]
    assert {field for field, rule in fields.items() if rule.get("required")} <= set(table.columns)
    assert not table.duplicated(rules["key"]).any()
    for column in table:
        rule, values = fields[column], table[column].dropna()
        assert rule.get("allowed") is None or set(values.unique()) <= set(rule["allowed"]), column
        assert rule.get("minimum") is None or values.min() >= rule["minimum"], column
        assert (len(values) == len(table)) or not rule.get("required"), column


def test_columns_have_plain_types(study):
    kinds = {
        "text": lambda column: column.dtype == "str",
        "integer": lambda column: column.dtype == np.int64,
        "number": lambda column: column.dtype == np.float64,
        "boolean": lambda column: column.dtype == (np.bool_ if column.notna().all() else "boolean"),
        "datetime": lambda column: column.dtype == "datetime64[us]",
        "date": lambda column: column.dtype == "datetime64[us]",
        "month": lambda column: column.dtype == "period[M]",
    }
    for name in NAMES:
        types = {
            rule["name"]: rule["type"] for rule in yaml.safe_load((DICTIONARY / f"{name}.yaml").read_text())["fields"]
        }
        wrong = [column for column in study.tables[name] if not kinds[types[column]](study.tables[name][column])]
        assert wrong == [], name


def test_a_table_taken_out_may_be_changed(study):
    mine = study.tables["cities"]
    mine["population"] = 0
    assert study.tables["cities"].population.min() > 0


def test_world_pickles(study):
    _ = study.tables["units"], study.truth.full.officers, study.answers["staff_wave"]
    again = pickle.loads(pickle.dumps(study))
    assert again.truth.att == study.truth.att
    pd.testing.assert_frame_equal(again.tables["calls"], study.tables["calls"])


def test_effects_leave_the_comparison_cities_alone():
    with_effect, without = (world(preset, seed=5).panel_counts for preset in ("west_sac_like", "null"))
    treated = with_effect.city == "West Sacramento"
    before = with_effect.month < pd.Period("2020-07")
    same = with_effect.calls == without.calls
    assert same[~treated].all()
    assert same[treated & before].all()
    assert not same[treated & ~before].all()


def test_a_city_does_not_depend_on_how_many_follow_it():
    few, many = (world(seed=5, config=WorldConfig(n_comparison=n)).panel_counts for n in (3, 15))
    pd.testing.assert_frame_equal(few, many.head(len(few)))
    assert many.city.nunique() == 16


@pytest.mark.parametrize("seed", [-1, 1.5, True, None])
def test_seed_must_be_a_whole_number(seed):
    with pytest.raises(DesignError, match="whole number"):
        world(seed=seed)


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(DesignError, match="'west_sac_like', 'null'"):
        world("nothing", seed=1)


def test_config_lists_every_broken_rule():
    with pytest.raises(DesignError) as caught:
        WorldConfig(tau=-1, n_comparison=2.5, effect="large", city_effect=float("nan"), absence=True)
    assert "breaks 5 rules" in str(caught.value)
    for name in ("tau = -1", "n_comparison = 2.5", "effect = 'large'", "city_effect = nan", "absence = True"):
        assert name in str(caught.value)
