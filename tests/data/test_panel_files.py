"""Panels of files against panels in memory, repeat contact against pandas, and one engine against the other."""

import pickle
from importlib.util import find_spec

import ibis
import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import collecting, quietly
from coresponder_causal.data import metrics, panel, panel_of_files
from coresponder_causal.simulate import WorldConfig, world

HORIZONS = (30, 90, 365)


@pytest.fixture(scope="module")
def study():
    return world(seed=4, config=WorldConfig(n_comparison=3, monthly_calls=40))


@pytest.fixture(scope="module")
def calls(study):
    """Calls of four cities, some without a person, some not asked for, some outcomes not known."""
    frame, rng = study.tables["calls"], np.random.default_rng(1)
    frame["person"] = frame["person"].mask(rng.random(len(frame)) < 0.2)
    frame["arrest"] = frame["arrest"].astype("boolean").mask(rng.random(len(frame)) < 0.1)
    return frame.assign(origin=np.where(rng.random(len(frame)) < 0.05, "officer_initiated", "911"))


@pytest.fixture(scope="module")
def folder(calls, tmp_path_factory):
    made = tmp_path_factory.mktemp("calls")
    for city, own in calls.groupby("city"):
        own.to_parquet(made / f"{city}.parquet", index=False)
    return made


def by_pandas(calls, days):
    """Calls followed, and followed by another, worked out row by row."""
    asked = calls[calls["origin"] == "911"].sort_values(["received_at", "call_id"])
    last = asked["city"].map(asked.groupby("city")["received_at"].max())
    known = asked[asked["person"].notna()]
    following = known.groupby(["city", "person"])["received_at"].shift(-1)
    ends = known["received_at"] + pd.Timedelta(days=days)
    followed = ends <= last.loc[known.index]
    return known.assign(followed=followed, again=followed & (following <= ends)).groupby("city")[["followed", "again"]]


@pytest.mark.parametrize("period", ["month", "week", "hour_of_week"])
def test_the_panel_of_files_is_the_panel(period, calls, folder, study):
    cities = study.tables["cities"]
    with collecting() as here, quietly():
        in_memory = panel(calls, period=period, cities=cities)
    with collecting() as there, quietly():
        of_files = panel_of_files(folder, period=period, cities=cities)
    pd.testing.assert_frame_equal(of_files, in_memory, check_exact=True)
    assert there == here


def test_repeat_contact_is_counted_as_row_by_row(calls, folder):
    with quietly():
        made = panel_of_files(folder, repeat=HORIZONS)
    sums = made.groupby("city").sum(numeric_only=True)
    for days in HORIZONS:
        expected = by_pandas(calls, days).sum()
        np.testing.assert_array_equal(sums[f"followed_{days}d"], expected["followed"])
        np.testing.assert_array_equal(sums[f"again_{days}d"], expected["again"])
    assert 0 < sums["again_30d"].sum() < sums["again_90d"].sum() < sums["again_365d"].sum()


def test_among_the_eligible_it_is_metric_m28(calls, tmp_path):
    own = calls[calls["city"] == "West Sacramento"]
    own.to_parquet(tmp_path / "calls.parquet", index=False)
    with quietly():
        made = panel_of_files(tmp_path, among="eligible", repeat=HORIZONS).sum(numeric_only=True)
        told = metrics({"calls": own}, period="all", only=["M28"])
    assert made["calls"] < (own["origin"] == "911").sum()
    np.testing.assert_array_equal(told["numerator"], [made[f"again_{days}d"] for days in HORIZONS])
    np.testing.assert_array_equal(told["denominator"], [made[f"followed_{days}d"] for days in HORIZONS])


def frame(**columns):
    made = {"city": "Davis", "person": "p", **columns}
    made["received_at"] = pd.to_datetime(made["received_at"])
    return pd.DataFrame(made).assign(call_id=[f"c{row}" for row in range(len(made["received_at"]))])


def repeats(calls, tmp_path, **options):
    calls.to_parquet(tmp_path / "calls.parquet", index=False)
    with quietly():
        made = panel_of_files(tmp_path, repeat=[30], **options)
    return made[["followed_30d", "again_30d"]].sum().tolist()


def test_the_horizon_ends_on_its_last_moment(tmp_path):
    inside = frame(received_at=["2021-01-01 10:00", "2021-01-31 10:00"])
    assert repeats(inside, tmp_path) == [1, 1]
    assert repeats(inside.assign(received_at=inside["received_at"] + pd.to_timedelta([0, 1], unit="s")), tmp_path) == [
        1,
        0,
    ]


def test_the_same_code_in_two_cities_is_two_persons_and_no_code_is_nobody(tmp_path):
    stamps = ["2021-01-01", "2021-01-02", "2021-06-01", "2021-06-01"]
    cities = ["Davis", "Chico", "Davis", "Chico"]
    assert repeats(frame(received_at=stamps, city=cities), tmp_path) == [2, 0]
    assert repeats(frame(received_at=stamps, person=[None, None, "p", "q"]), tmp_path) == [0, 0]


def test_calls_are_known_until_the_last_call_of_their_own_city(tmp_path):
    stamps, cities = ["2021-01-01", "2021-01-20", "2021-06-01"], ["Davis", "Davis", "Chico"]
    assert repeats(frame(received_at=stamps, city=cities), tmp_path) == [0, 0]
    assert repeats(frame(received_at=stamps, city=cities), tmp_path, until="2021-01-31") == [1, 1]


def test_little_memory_changes_nothing(folder, tmp_path):
    with quietly():
        free = panel_of_files(folder, repeat=HORIZONS, period="week")
        limited = panel_of_files(
            str(folder / "*.parquet"), repeat=HORIZONS, period="week", memory_limit="100MB", spill_to=tmp_path
        )
    pd.testing.assert_frame_equal(limited, free, check_exact=True)


def test_a_table_of_ones_own_connection_is_taken(calls, folder):
    connection = ibis.duckdb.connect()
    own = connection.create_table("calls", connection.read_parquet(str(folder / "*.parquet")))
    with quietly():
        pd.testing.assert_frame_equal(panel_of_files(own, repeat=[90]), panel_of_files(folder, repeat=[90]))
    assert own.count().to_pandas() == len(calls)


@pytest.mark.engines
@pytest.mark.usefixtures("few_partitions")
@pytest.mark.parametrize(("period", "among"), [("week", "all"), ("hour_of_week", "eligible")])
def test_spark_counts_to_the_last_digit_what_duckdb_counts(period, among, folder):
    made = {}
    for engine in ("duckdb", "spark"):
        with quietly(), collecting() as notes:
            made[engine] = panel_of_files(folder, among=among, repeat=HORIZONS, period=period, engine=engine), notes
    pd.testing.assert_frame_equal(made["spark"][0], made["duckdb"][0], check_exact=True)
    assert pickle.dumps(made["spark"][1]) == pickle.dumps(made["duckdb"][1])


def test_options_that_are_none_are_listed_together(folder):
    with pytest.raises(DataError, match="breaks 2 rules") as raised:
        panel_of_files(folder, period="year", repeat=[0, 30])
    assert "period='year'" in str(raised.value)
    with pytest.raises(DataError, match="breaks 3 rules") as raised:
        panel_of_files([folder / "none.parquet", __file__], memory_limit="plenty")
    assert "there are no files" in str(raised.value)
    assert "no Parquet files" in str(raised.value)
    with pytest.raises(DataError, match="its own settings"):
        panel_of_files(folder, engine="spark", memory_limit="1GB")
    with pytest.raises(DataError, match="until is 'soon'"):
        panel_of_files(folder, repeat=[30], until="soon")


@pytest.mark.skipif(find_spec("pyspark") is not None, reason="the extra spark is installed")
def test_an_engine_that_is_not_installed_says_how_to_install_it(folder):
    with pytest.raises(DataError, match="Java 17"):
        panel_of_files(folder, engine="spark")


def test_tables_that_break_rules_are_refused_with_all_of_them(tmp_path):
    bad = frame(received_at=["2021-01-01", "2021-01-02", None])
    bad.assign(call_id=["a", "a", "b"], city=["Davis", None, "Chico"]).to_parquet(tmp_path / "calls.parquet")
    with pytest.raises(DataError, match="breaks 4 rules") as raised:
        panel_of_files(tmp_path, cities=pd.DataFrame({"city": ["Davis"], "population": [66_900]}))
    for said in ("city is missing in 1", "received_at is missing in 1", "1 rows repeat a call", "not in cities: Chico"):
        assert said in str(raised.value)


def test_columns_of_another_type_are_refused(tmp_path):
    bad = frame(received_at=["2021-01-01", "2021-01-02"]).assign(arrest=["yes", "no"]).drop(columns="person")
    bad["received_at"] = bad["received_at"].dt.tz_localize("UTC")
    bad.to_parquet(tmp_path / "calls.parquet")
    with pytest.raises(DataError, match="breaks 3 rules") as raised:
        panel_of_files(tmp_path, repeat=[30])
    assert "time zone" in str(raised.value)
    assert "'person' is missing" in str(raised.value)
