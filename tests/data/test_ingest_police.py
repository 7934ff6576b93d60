"""Public tables by way of another interpreter: a made-up one, so that no network is needed."""

import sys

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.data import ingest

FAKE = """\
import pandas as pd


class Source:
    def __init__(self, name, state=None):
        self.name = name

    def load(self, table_type, date, agency=None):
        assert (self.name, table_type, date) == ("Sacramento", "CALLS FOR SERVICE", 2023)
        self.table = pd.DataFrame({"ID": [1, 2], "Time": ["2023-07-01 12:00", "2023-07-02 12:00"]})
        return self
"""


@pytest.fixture
def asked(tmp_path):
    """A mapping, and an interpreter in which a made-up openpolicedata stands."""
    (tmp_path / "openpolicedata.py").write_text(FAKE)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    wanted = {
        "source": "Sacramento",
        "table": "CALLS FOR SERVICE",
        "year": 2023,
        "python": str(python),
        "cache": "kept",
    }
    entry = {"name": "opd", "table": "calls", "openpolicedata": wanted, "constants": {"city": "Sacramento"}}
    return {"source": [entry | {"columns": {"call_id": "ID", "received_at": "Time"}}]}


def test_a_table_is_fetched_once_and_then_read_from_the_cache(asked, tmp_path):
    done = ingest(asked, base=tmp_path)
    assert done.tables["calls"]["call_id"].tolist() == ["1", "2"]
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "sacramento_calls_for_service_2023.csv",
        "sacramento_calls_for_service_2023.csv.sha256",
    ]
    asked["source"][0]["openpolicedata"]["python"] = "no such interpreter"
    assert len(ingest(asked, base=tmp_path).tables["calls"]) == 2


def test_a_changed_cache_is_refused(asked, tmp_path):
    ingest(asked, base=tmp_path)
    with (tmp_path / "kept" / "sacramento_calls_for_service_2023.csv").open("a") as file:
        file.write("3,2023-07-03 12:00\n")
    with pytest.raises(DataError, match="does not agree with its checksum"):
        ingest(asked, base=tmp_path)


def test_no_interpreter_and_one_that_fails_are_said(asked, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENPOLICEDATA_PYTHON", raising=False)
    python = asked["source"][0]["openpolicedata"].pop("python")
    with pytest.raises(DataError, match="no interpreter with openpolicedata is named"):
        ingest(asked, base=tmp_path)
    monkeypatch.setenv("OPENPOLICEDATA_PYTHON", python)
    asked["source"][0]["openpolicedata"]["year"] = 1900
    with pytest.raises(DataError, match="could not fetch Sacramento: AssertionError"):
        ingest(asked, base=tmp_path)
    assert not (tmp_path / "kept").exists()
