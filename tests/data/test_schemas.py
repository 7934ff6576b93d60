"""Dictionary, pandera schema, simulated world: the world passes, and each of its corrupted copies is named.

The truth of every case is the corruption itself, made here in one cell or column of a simulated table.
"""

import builtins
import importlib.util
import warnings

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

import coresponder_causal as cc
from coresponder_causal.core.errors import CausalError, DataError

NAMES = ("calls", "outcomes", "cities", "city_panel", "programmes", "breaks", "schedule", "control_series")


@pytest.fixture(scope="module")
def world():
    return cc.simulate.world("west_sac_like", seed=1)


@pytest.fixture(scope="module")
def valid(world):
    return {name: cc.data.validate(world.tables[name], table=name) for name in NAMES}


@pytest.fixture(scope="module")
def some(valid):
    """The first rows of each table, to be corrupted."""
    return {name: table.head(400) for name, table in valid.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_simulated_world_passes(valid, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(cc.data.schema(name).validate(valid[name], lazy=True)) == len(valid[name])


def put(column, value, row=7):
    """Put a value into one cell; the column keeps its type where the value has it."""

    def corrupt(frame):
        frame.loc[row, column] = value
        return frame

    return corrupt


def recast(column, dtype):
    return lambda frame: frame.assign(**{column: frame[column].astype(dtype)})


def twice(row=3):
    return lambda frame: pd.concat([frame, frame.iloc[[row]]], ignore_index=True)


def without(column):
    return lambda frame: frame.drop(columns=column)


STAMP = pd.Timestamp("2020-07-15 12:00")
# table, how it is corrupted, what the error must name
CORRUPTIONS = [
    ("calls", twice(), ["call_id", "not unique"]),
    ("calls", put("call_id", None), ["call_id", "not_nullable"]),
    ("calls", without("received_at"), ["received_at", "column_in_dataframe"]),
    ("calls", put("city", None), ["city", "not_nullable"]),
    ("calls", put("received_at", pd.NaT), ["received_at", "not_nullable"]),
    ("calls", recast("received_at", "str"), ["received_at", "dtype"]),
    ("calls", recast("arrest", "object"), ["arrest", "dtype"]),
    ("calls", recast("priority", "str"), ["priority", "dtype"]),
    ("calls", put("hour", 24), ["hour above 23"]),
    ("calls", put("hour", -1), ["hour below 0"]),
    ("calls", put("prior_contacts", -3), ["prior_contacts below 0"]),
    ("calls", put("patrol_load", -0.5), ["patrol_load below 0"]),
    ("calls", put("minutes_on_scene", -1.0), ["minutes_on_scene below 0"]),
    ("outcomes", twice(), ["call_id", "not unique"]),
    ("outcomes", put("hospital_days_90d", 91.0), ["hospital_days_90d above 90"]),
    ("outcomes", put("custody_days_90d", -1.0), ["custody_days_90d below 0"]),
    ("outcomes", recast("linked_30d", "str"), ["linked_30d", "dtype"]),
    ("cities", put("population", 0, row=1), ["population below 1"]),
    ("cities", without("time_zone"), ["time_zone", "column_in_dataframe"]),
    ("cities", twice(), ["city", "not unique"]),
    ("city_panel", recast("month", "str"), ["month", "dtype"]),
    ("city_panel", twice(), ["city", "month", "not unique"]),
    ("city_panel", put("arrest", -1), ["arrest below 0"]),
    ("schedule", put("planned_hours", -2.0), ["planned_hours below 0"]),
    ("schedule", put("shift_end", pd.NaT), ["shift_end", "not_nullable"]),
    ("control_series", put("hour_of_week", 168), ["hour_of_week above 167"]),
    ("control_series", without("count"), ["count", "column_in_dataframe"]),
    ("programmes", put("start_earliest", pd.NaT, row=0), ["start_earliest", "not_nullable"]),
    ("programmes", put("hours_per_week", -10.0, row=0), ["hours_per_week below 0"]),
    ("breaks", put("source", None, row=0), ["source", "not_nullable"]),
]


def said(error: pa.errors.SchemaErrors) -> str:
    """Everything that the errors name, without their values."""
    cases = error.failure_cases
    return str(error.message) + " ".join(map(str, cases[["column", "check", "schema_context"]].to_numpy().ravel()))


@pytest.mark.parametrize(("name", "corrupt", "named"), CORRUPTIONS)
def test_each_corruption_is_named_by_the_schema(some, name, corrupt, named):
    broken = corrupt(some[name].copy())
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        cc.data.schema(name).validate(broken, lazy=True)
    text = said(caught.value)
    for word in named:
        assert word in text


def test_there_are_thirty_corruptions_over_all_tables():
    assert len(CORRUPTIONS) == 30
    assert {name for name, _, _ in CORRUPTIONS} == set(NAMES)


@pytest.mark.parametrize(
    ("name", "corrupt", "rule", "field"),
    [
        ("calls", put("cleared_at", STAMP - pd.Timedelta(days=9000)), "cleared_at before received_at", "cleared_at"),
        ("schedule", put("shift_end", pd.Timestamp("2001-01-01")), "shift_end before shift_start", "shift_end"),
        ("cities", put("time_zone", "Pacific", row=1), "unknown time zone", "time_zone"),
        ("control_series", twice(), "duplicated key", "city, month, series, hour_of_week"),
        ("calls", put("initial_type", "415"), "unexpected code", "initial_type"),
    ],
)
def test_what_pandera_cannot_say_is_a_finding(some, name, corrupt, rule, field):
    found = cc.data.findings(corrupt(some[name].copy()), table=name)
    assert (rule, field) in set(zip(found["rule"], found["field"], strict=True))


@pytest.mark.parametrize(("name", "corrupt", "named"), CORRUPTIONS[:1] + CORRUPTIONS[8:13])
def test_validate_refuses_the_same_and_shows_no_restricted_value(some, name, corrupt, named):
    with pytest.raises(DataError) as caught:
        cc.data.validate(corrupt(some[name].copy()), table=name)
    assert named[0].split()[0] in str(caught.value)


def test_an_unexpected_code_warns_or_is_refused_or_ignored(some):
    odd = put("final_type", "415")(some["calls"].head(20).copy())
    with pytest.warns(pa.errors.SchemaWarning, match="final_type has an unexpected code"):
        cc.data.schema("calls").validate(odd, lazy=True)
    with pytest.raises(pa.errors.SchemaErrors, match="final_type has an unexpected code"):
        cc.data.schema("calls", codes="refuse").validate(odd, lazy=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cc.data.schema("calls", codes="ignore").validate(odd, lazy=True)


def test_columns_of_the_city_are_let_through(some):
    more = some["cities"].assign(mayor="unknown")
    assert "mayor" in cc.data.schema("cities").validate(more).columns


@pytest.mark.parametrize("name", sorted(cc.data.dictionary.tables()))
def test_every_table_has_a_schema_of_its_fields(name):
    table, schema = cc.data.dictionary.table(name), cc.data.schema(name)
    assert tuple(schema.columns) == table.names
    assert [column for column, entry in schema.columns.items() if entry.required] == list(table.required)
    assert all(entry.nullable != entry.required for entry in schema.columns.values())


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    """The written module, imported from a folder of its own."""
    path = tmp_path_factory.mktemp("schemas") / "schemas.py"
    path.write_text(cc.data.schemas.schemas_module(), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("written_schemas", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_written_module_holds_the_same_schemas(module, some):
    assert set(module.schemas) == set(cc.data.dictionary.tables())
    for name, schema in module.schemas.items():
        assert schema == cc.data.schema(name), name
    assert len(module.schemas["cities"].validate(some["cities"])) == len(some["cities"])


def test_without_pandera_the_mend_is_said(monkeypatch):
    real = builtins.__import__

    def absent(name, *arguments, **options):
        if name.startswith("pandera"):
            raise ModuleNotFoundError("No module named 'pandera'", name="pandera")
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(CausalError, match=r"mend: install coresponder-causal\[schemas\]"):
        cc.data.schema("calls")


def test_months_with_a_gap_in_their_type_are_no_months(some):
    days = some["city_panel"].assign(month=some["city_panel"]["month"].dt.to_timestamp().to_numpy(np.dtype("M8[us]")))
    with pytest.raises(pa.errors.SchemaErrors, match="month"):
        cc.data.schema("city_panel").validate(days, lazy=True)
