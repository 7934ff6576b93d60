"""Spark for a few rows."""

from __future__ import annotations

import pytest


@pytest.fixture
def few_partitions(monkeypatch):
    """Let sessions of Spark begin with two partitions: 200, the default, are slow for little data."""
    pytest.importorskip("pyspark", reason="needs the extra spark (and Java 17)")
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--conf spark.sql.shuffle.partitions=2 pyspark-shell")
