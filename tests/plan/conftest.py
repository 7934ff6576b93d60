"""A small town's study with a plan beside it, as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresponder_causal import plan

CITIES = ("Davis", "Woodland", "Folsom", "Rocklin", "Chico", "Redding", "Roseville")
MONTHS = pd.period_range("2017-01", periods=60, freq="M")
STUDY = """
[study]
title = "A town"
simulated = true
[tables]
city_panel = "city_panel.csv"
control_series = "control_series.csv"
programmes = "programmes.csv"
[treated]
city = "Davis"
start = "2020-07-15"
[outcomes]
primary = "calls"
controls = ["burglary"]
[designs]
run = ["series", "cities"]
[series]
outcomes = ["calls", "arrest"]
[cities]
outcomes = ["calls", "arrest"]
"""


def written(folder: Path) -> Path:
    """Write tables, study and plan; return the study's file."""
    rng = np.random.default_rng(9)
    keys = pd.MultiIndex.from_product([CITIES, MONTHS.astype(str)], names=["city", "month"]).to_frame(index=False)
    counts = {"calls": 150, "arrest": 40, "force": 1}
    panel = keys.assign(population=60_000, **{name: rng.poisson(mean, len(keys)) for name, mean in counts.items()})
    controls = keys.assign(series="burglary", count=rng.poisson(70, len(keys)))
    programme = {
        "city": "Roseville",
        "programme": "SMART",
        "start_earliest": "2019-03-01",
        "start_latest": "2019-04-01",
        "source": "council minutes",
        "certainty": "documented",
    }
    tables = {"city_panel": panel, "control_series": controls, "programmes": pd.DataFrame([programme])}
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    file = folder / "STUDY.toml"
    file.write_text(STUDY, encoding="utf-8")
    example = plan.write_example_plan(plan.read_study(file))
    example.write_text(example.read_text().replace("months_after = 30 ", "months_after = 18 "), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def town() -> Callable[[Path], Path]:
    """Give what writes the town into a folder."""
    return written


@pytest.fixture(scope="session")
def series_alone() -> Callable[[Path], Path]:
    """Give what writes the town without a plan, with one design and fewer months, to be run fast."""

    def write(folder: Path) -> Path:
        file = written(folder)
        (folder / "PLAN.toml").unlink()
        for name in ("city_panel", "control_series"):
            table = pd.read_csv(folder / f"{name}.csv")
            table[table["month"] >= "2018-07"].to_csv(folder / f"{name}.csv", index=False)
        text = STUDY.replace('["series", "cities"]', '["series"]').replace('outcomes = ["calls", "arrest"]', "")
        file.write_text(text.replace("[series]", "").replace("[cities]", ""), encoding="utf-8")
        return file

    return write
