"""Two-way fits against R fixest (feols, 0.14.2; the calls stand beside the numbers in the reference files)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.errors import IdentificationWarning
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.did_two_way import did_two_way

# The same closed form from the same data: both lose a few units in the last place to the order of summation.
EXACT = {"rtol": 1e-9}
starts_differ = pytest.mark.filterwarnings("ignore:units start at:coresponder_causal.core.errors.IdentificationWarning")


def reference(golden, file, call):
    return json.loads((golden / file).read_text(encoding="utf-8"))["results"][call]


def assert_same(result, expected, order):
    """Compare estimate, standard error and p-value; fixest lists its terms in another order."""
    for ours, theirs in ((result.params, "estimate"), (result.bse, "se"), (result.pvalues, "p")):
        np.testing.assert_allclose(ours[order], expected[theirs], **EXACT)
    assert result.n_obs == expected["nobs"]


@starts_differ
def test_staggered_panel_with_a_covariate(golden):
    frame = pd.read_csv(golden / "data" / "fixest_base_stagg.csv")
    frame["cohort"] = frame["year_treated"].where(frame["treated"] == 1)
    d = PanelDesign.from_frame(frame, outcome="y", unit="id", time="year", cohort="cohort", covariates=["x1"])
    expected = reference(golden, "fixest_feols_sunab.json", "stagg_twfe")
    assert_same(did_two_way(d), expected, ["x1", "mean_post"])


@starts_differ
@pytest.mark.parametrize(("cluster", "call"), [(None, "mpdta_twfe"), ("state", "mpdta_twfe_state")])
def test_clusters_of_units_and_of_states(golden, cluster, call):
    frame = pd.read_csv(golden / "data" / "mpdta.csv")
    frame["cohort"] = frame["first.treat"].where(frame["first.treat"] > 0)
    d = PanelDesign.from_frame(frame, outcome="lemp", unit="countyreal", time="year", cohort="cohort", cluster=cluster)
    expected = reference(golden, "fixest_feols_sunab.json", call)
    assert_same(did_two_way(d), {key: np.atleast_1d(value) for key, value in expected.items()}, ["mean_post"])


@pytest.fixture
def city_weeks(golden):
    """14 cities of 24 start at four times."""
    frame = pd.read_csv(golden / "data" / "city_week_calls.csv")
    return frame.assign(cohort=frame["g"].where(frame["g"] > 0), people=frame["pop"] / 1e5)


def test_log_rates(golden, city_weeks):
    d = PanelDesign.from_frame(
        city_weeks, outcome="calls", unit="city", time="week", cohort="cohort", covariates=["unemp"], exposure="pop"
    )
    with pytest.warns(IdentificationWarning, match="units start at 4 different times"):
        result = did_two_way(d, log=True)
    assert_same(result, reference(golden, "fixest_fepois_city_week.json", "feols_lograte"), ["mean_post", "unemp"])
    assert result.scale == "log_ratio"


@starts_differ
def test_rates_weighted_by_population(golden, city_weeks):
    d = PanelDesign.from_frame(
        city_weeks,
        outcome="calls",
        unit="city",
        time="week",
        cohort="cohort",
        covariates=["unemp"],
        exposure="people",
        weights="pop",
    )
    expected = reference(golden, "fixest_fepois_city_week.json", "feols_rate_wpop")
    assert_same(did_two_way(d), expected, ["mean_post", "unemp"])
