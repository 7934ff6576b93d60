"""Where the tests find data that this repository does not carry."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
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


@pytest.fixture
def forked() -> Callable[[Callable[[], object]], int]:
    """What runs something in a process of its own, with all that is imported here, and gives that process's number."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")

    def start(run: Callable[[], object]) -> int:
        if number := os.fork():
            return number
        try:
            run()
        finally:
            os._exit(1 if sys.exc_info()[0] else 0)

    return start
