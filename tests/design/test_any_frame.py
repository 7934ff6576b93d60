"""Frames of polars and tables of pyarrow go in wherever a pandas frame does, and make the same design."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from coresponder_causal import data
from coresponder_causal.core.errors import DataError
from coresponder_causal.core.notes import quietly
from coresponder_causal.testing.examples import examples, simulated_city


def of_polars(frame):
    return pl.from_pandas(with_plain_times(frame))


def of_pyarrow(frame):
    return pa.Table.from_pandas(with_plain_times(frame), preserve_index=False)


def with_plain_times(frame):
    """Periods of pandas as text: no other library has them."""
    periods = {name: frame[name].astype(str) for name in frame if isinstance(frame[name].dtype, pd.PeriodDtype)}
    return frame.assign(**periods)


converted = pytest.mark.parametrize("into", [of_polars, of_pyarrow])


@converted
@pytest.mark.parametrize("name", [name for name in examples if name != "HistoryDesign"])  # its example adds rows
def test_every_design_is_the_same(name, into):
    example = examples[name]
    with quietly():
        frame = example.frame()
        given, taken = example.design(frame, "calls"), example.design(into(frame), "calls")
    assert taken.describe() == given.describe()
    pd.testing.assert_frame_equal(
        taken.source.astype(str), with_plain_times(given.source).astype(str), check_dtype=False
    )


@converted
def test_metrics_panels_and_quality_are_the_same(into):
    tables = {name: simulated_city().tables[name] for name in ("calls", "schedule", "cities")}
    tables["calls"] = tables["calls"].head(400)
    others = {name: into(table) for name, table in tables.items()}
    with quietly():
        pd.testing.assert_frame_equal(
            data.panel(others["calls"], unit="city", period="month"),
            data.panel(tables["calls"], unit="city", period="month"),
        )
        pd.testing.assert_frame_equal(data.metrics(others), data.metrics(tables))
        theirs, ours = data.quality(others["calls"], table="calls"), data.quality(tables["calls"], table="calls")
    for part in ("rows", "findings", "completeness", "issues"):
        pd.testing.assert_frame_equal(getattr(theirs, part), getattr(ours, part))


@converted
def test_what_is_no_table_in_memory_is_refused(into):
    frame = examples["SeriesDesign"].frame()
    lazy = pl.from_pandas(with_plain_times(frame)).lazy()
    with pytest.raises(DataError, match="collect a lazy frame first"):
        examples["SeriesDesign"].design(lazy, "calls")
