"""The saturated regression against R fixest 0.14.2 (sunab), numbers and script in ``fixest_feols_sunab``."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.did_interaction import did_interaction

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")

EXACT = {"rtol": 1e-9, "atol": 1e-11}  # one closed form


def expected(golden, key):
    found = json.loads((golden / "fixest_feols_sunab.json").read_text())["results"][key]
    return pd.DataFrame({name: np.atleast_1d(found[name]) for name in ("term", "estimate", "se")})


def staggered(golden):
    frame = pd.read_csv(golden / "data" / "fixest_base_stagg.csv")
    frame["cohort"] = frame["year_treated"].where(frame["year_treated"] < 100)
    return PanelDesign.from_frame(frame, outcome="y", unit="id", time="year", cohort="cohort", covariates=["x1"])


def counties(golden):
    frame = pd.read_csv(golden / "data" / "mpdta.csv")
    frame["cohort"] = frame["first.treat"].where(frame["first.treat"] > 0)
    return PanelDesign.from_frame(frame, outcome="lemp", unit="countyreal", time="year", cohort="cohort")


@pytest.mark.parametrize(
    ("make", "key", "by"),
    [
        (staggered, "stagg_sunab_es", "event_time"),
        (staggered, "stagg_sunab_att", "event_time"),
        (staggered, "stagg_sunab_cohort", "cohort"),
        (counties, "mpdta_sunab_es", "event_time"),
        (counties, "mpdta_sunab_att", "event_time"),
    ],
)
def test_effects_and_errors(golden, make, key, by):
    tidy = did_interaction(make(golden), by=by, small_sample="fixest").tidy().set_index("term")
    wanted = expected(golden, key)
    wanted = wanted[wanted["term"] != "x1"]
    names = wanted["term"].str.replace("year::", "event_time=").str.replace("cohort::", "cohort=")
    own = tidy.loc[names.replace("ATT", "overall")]
    np.testing.assert_allclose(own["estimate"], wanted["estimate"], **EXACT)
    np.testing.assert_allclose(own["std_error"], wanted["se"], **EXACT)
    assert len(tidy) == len(wanted) + 1 or key.endswith("att")
