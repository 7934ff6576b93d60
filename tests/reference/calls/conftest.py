"""The data of LaLonde as MatchIt ships them, and what R found with them: read once for every test of calls."""

import json

import pandas as pd
import pytest

from coresponder_causal.design.calls import CallDesign


@pytest.fixture(scope="session")
def frame(golden):
    """LaLonde's units, each a call."""
    table = pd.read_csv(golden / "data" / "matchit_lalonde.csv")
    return table.assign(call_id=range(len(table)))


@pytest.fixture(scope="session")
def calls(frame):
    """The design that most comparisons start from."""
    covariates = ["age", "educ", "race", "married", "nodegree", "re74", "re75"]
    return CallDesign.from_frame(frame, outcome="re78", treatment="treat", covariates=covariates)


@pytest.fixture(scope="session")
def in_r(golden):
    """Results of MatchIt, by the name of the comparison."""
    return json.loads((golden / "matchit_lalonde.json").read_text(encoding="utf-8"))["results"]


@pytest.fixture(scope="session")
def weighted_in_r(golden):
    """Results of WeightIt, by the name of the comparison."""
    return json.loads((golden / "weightit_lalonde.json").read_text(encoding="utf-8"))["results"]
