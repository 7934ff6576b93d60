"""Metrics of files against metrics in memory, to the last digit, and one engine against the other."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.data import metrics, metrics_of_files
from coresponder_causal.data.metrics_expressions import in_engine
from coresponder_causal.simulate import WorldConfig, world

IN_MEMORY = {
    "M08",
    "M09",
    "M10",
    "M11",
    "M29",
    "M31",
    "M35",
    "M36",
    "M38",
    "M39",
    "M42",
    "M44",
    "M45",
    "M46",
    "M47",
    "M49",
}


@pytest.fixture(scope="module")
def tables():
    """Tables of three cities: some persons, codes and answers not known, some calls not asked for, calls at one moment.

    Persons of different cities bear the same codes; the last city ends half a year before the others.
    """
    made, rng = (
        dict(world(seed=4, config=WorldConfig(n_comparison=2, monthly_calls=12)).tables),
        np.random.default_rng(1),
    )
    calls = made["calls"]
    some = rng.random((6, len(calls))) < 0.1
    calls["person"] = ("p" + calls["person"].str[-2:]).mask(some[0])
    calls["arrest"] = calls["arrest"].astype("boolean").mask(some[1])
    calls["team_on_duty"] = calls["team_on_duty"].astype("boolean").mask(some[2])
    calls["final_type"] = calls["final_type"].mask(some[3])
    calls["received_at"] = calls["received_at"].dt.floor("D").where(some[4], calls["received_at"])
    calls["origin"] = np.where(some[5], "officer_initiated", "911")
    cities = sorted(calls["city"].unique())
    early = calls["received_at"] < calls["received_at"].max() - pd.Timedelta(days=182)
    made["calls"] = calls[early | calls["city"].ne(cities[-1])]
    return made


@pytest.fixture(scope="module")
def files(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for name in ("calls", "contacts", "outcomes", "cities", "schedule", "rides", "surveys", "narratives"):
        tables[name].to_parquet(folder / f"{name}.parquet", index=False)
    return {path.stem: path for path in folder.glob("*.parquet")}


def told(made, notes):
    """Metrics, what lacks but rows in memory left out, and the notes of the same."""
    left = made["lacks"].str.contains("in memory")
    return (
        made[~left].reset_index(drop=True),
        set(made.loc[left, "metric"]),
        [n for n in notes if "in memory" not in str(n)],
    )


def both(tables, files, **options):
    """Metrics of files and those in memory, of the parts that both have."""
    with quietly(), collecting() as here:
        of_files, left, notes = told(metrics_of_files(files, **options), here)
    with quietly(), collecting() as there:
        in_memory = metrics({name: tables[name] for name in files}, **options)
    parts = pd.MultiIndex.from_frame(of_files[["metric", "part"]])
    kept = pd.MultiIndex.from_frame(in_memory[["metric", "part"]]).isin(parts)
    return of_files, in_memory[kept].reset_index(drop=True), left, notes, there


@pytest.mark.parametrize(
    "options",
    [
        {"period": "year", "by": ["city", "shift"], "start": "2020-07-15"},
        {"period": "all", "by": ["priority", "crisis_flagged"], "only": ["M07", "M12", "M15", "M24", "M40"]},
        {"period": "quarter", "only": ["M01", "M03", "M27"]},
    ],
)
def test_metrics_of_files_are_those_in_memory_to_the_last_digit(options, tables, files):
    of_files, in_memory, left, notes, there = both(tables, files, **options)
    pd.testing.assert_frame_equal(of_files, in_memory, check_exact=True)
    assert left <= IN_MEMORY
    assert [str(note) for note in there] == [str(note) for note in notes]
    assert of_files["value"].notna().sum() > 20


def test_hours_come_from_the_shifts_where_calls_do_not_say_them(tables, files, tmp_path):
    silent = tables["calls"].drop(columns="team_on_duty")
    silent.to_parquet(tmp_path / "calls.parquet", index=False)
    given = {**tables, "calls": silent}
    found = both(given, {**files, "calls": tmp_path / "calls.parquet"}, period="all", only=["M07"], by=["city"])
    pd.testing.assert_frame_equal(found[0], found[1], check_exact=True)
    assert found[0]["denominator"].gt(0).any()


def test_what_needs_its_rows_in_memory_is_named(files):
    with quietly(), collecting() as notes:
        made = metrics_of_files(files, only=["M15", "M29"], period="all")
    assert made.loc[made["metric"].eq("M29"), "lacks"].tolist() == ["its rows in memory: see data.metrics"]
    assert any("M29: parts of these" in str(note) for note in notes)
    assert not any("M15" in str(note) for note in notes)


def test_tables_of_a_connection_of_ones_own_are_counted_there(files):
    connection = ibis.duckdb.connect()
    own = {name: connection.read_parquet(str(files[name])) for name in ("calls", "outcomes")}
    asked = {"only": ["M15", "M24"], "period": "all"}
    with quietly():
        counted = metrics_of_files(own, **asked)
        pd.testing.assert_frame_equal(counted, metrics_of_files({name: files[name] for name in own}, **asked))
    other = {**own, "outcomes": ibis.duckdb.connect().read_parquet(str(files["outcomes"]))}
    with pytest.raises(DataError, match="several connections"):
        metrics_of_files(other)


@pytest.mark.engines
@pytest.mark.usefixtures("few_partitions")
def test_spark_counts_to_the_last_digit_what_duckdb_counts(files):
    asked = {"only": ["M24", "M28", "M40"], "period": "year", "by": ["city"]}
    with quietly():
        made = {engine: metrics_of_files(files, engine=engine, **asked) for engine in ("duckdb", "spark")}
    pd.testing.assert_frame_equal(made["spark"], made["duckdb"], check_exact=True)


def test_tables_that_break_rules_are_refused_with_all_of_them(tmp_path):
    bad = pd.DataFrame({
        "call_id": ["a", "a", None], "city": "Davis", "arrest": ["yes", "no", "no"], "initial_type": "other",
        "final_type": "other", "received_at": pd.to_datetime(["2021-01-01", "2021-01-02", "2021-01-03"]),
    })  # fmt: skip
    bad.assign(received_at=bad["received_at"].dt.tz_localize("UTC")).to_parquet(tmp_path / "types.parquet")
    with pytest.raises(DataError, match="breaks 2 rules") as raised:
        metrics_of_files({"calls": tmp_path / "types.parquet"}, only=["M15"])
    assert "calls.arrest is string, not yes or no" in str(raised.value)
    assert "without a zone" in str(raised.value)
    bad.assign(arrest=True).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(DataError, match="breaks 2 rules") as raised:
        metrics_of_files({"calls": tmp_path / "rows.parquet"}, only=["M15"])
    assert "calls.call_id is missing in 1 rows" in str(raised.value)
    assert "1 rows of calls repeat a call_id" in str(raised.value)


def test_an_expression_that_no_engine_computes_is_refused():
    with pytest.raises(DataError, match="an engine cannot compute '1 < age < 3'"):
        in_engine("1 < age < 3", ibis.memtable(pd.DataFrame({"age": [2]})))


def test_a_field_of_decimals_makes_no_groups(tables, files):
    with pytest.raises(DataError, match="its values are no groups"), quietly():
        metrics_of_files(files, only=["M15"], by=["minutes_on_scene"])


def test_files_without_the_name_of_their_table_are_refused():
    with pytest.raises(DataError, match=r"are a str without names\n  mend: name each, such as"):
        metrics_of_files("calls.parquet")
