"""The same files make the same wheel, byte for byte, whoever builds it and when."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("coresponder_causal", "data_dictionary", "reproductions", "LICENSE", "README.md", "pyproject.toml")


@pytest.mark.full
def test_two_builds_from_copies_of_another_age_are_the_same(tmp_path):
    found = []
    for number, day in enumerate((1_000_000_000, 1_700_000_000)):
        copy = tmp_path / f"copy{number}"
        for name in SOURCES:
            take = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy.mkdir(exist_ok=True)
            take(ROOT / name, copy / name)
        for path in copy.rglob("*"):
            os.utime(path, (day, day))
        command = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(tmp_path / "out"),
            str(copy),
        ]
        environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000", "PYTHONHASHSEED": str(number)}
        subprocess.run(command, check=True, capture_output=True, env=environment, timeout=300)
        (wheel,) = (tmp_path / "out").glob("*.whl")
        found.append(hashlib.sha256(wheel.read_bytes()).hexdigest())
        wheel.unlink()
    assert found[0] == found[1]
