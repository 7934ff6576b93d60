"""Where the tests find data that this repository does not carry."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Tests run in several processes: two BLAS threads in each make small matrices ten times slower on two cores. This acts
# because nothing has imported numpy yet.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

CHECKOUT = Path(__file__).resolve().parents[1]


def _folder(variable: str, default: str) -> Path:
    folder = Path(os.environ.get(variable, CHECKOUT.parent / "shared" / default))
    if not folder.is_dir():
        pytest.skip(f"needs {variable}: {folder} is not a folder")
    return folder


@pytest.fixture(scope="session")
def golden() -> Path:
    """Numbers of outside programs, with the data they were computed from."""
    return _folder("CORESPONDER_GOLDEN", "golden")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Public data sets that may be read but not redistributed."""
    return _folder("CORESPONDER_DATA", "data")
