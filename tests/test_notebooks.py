"""The notebooks keep their rules, and what was executed is what their sources say."""

import shutil
from pathlib import Path

import pytest

from coresponder_causal.core.errors import DataError
from coresponder_causal.notebooks import check

FOLDER = Path(__file__).parents[1] / "notebooks"


def test_the_notebooks_keep_all_rules():
    check(FOLDER)


def test_a_check_changed_after_its_execution_is_found(tmp_path):
    for path in FOLDER.glob("00_*"):
        shutil.copy(path, tmp_path)
    [source] = tmp_path.glob("*.py")
    source.write_text(source.read_text(encoding="utf-8").replace("assert ", "assert not ", 1), encoding="utf-8")
    with pytest.raises(DataError, match="the source is no longer what was executed"):
        check(tmp_path)
