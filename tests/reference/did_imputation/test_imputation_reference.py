"""Imputation against R didimputation 0.5.0 (commit 906648e) on fixest 0.14.2, all units kept (fixef.rm = "none").

The numbers and their script (02_did_family.R) lie in ``didimputation`` in the folder of outside numbers. With fixest's
own setting R would drop units with a single period before their start.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.notes import quietly
from coresponder_causal.design import PanelDesign
from coresponder_causal.estimate.did_imputation import did_imputation

pytestmark = pytest.mark.filterwarnings("ignore::coresponder_causal.core.errors.IdentificationWarning")

# fixest finds its fixed effects by iteration until 1e-6 of a step is left: seen as 2e-8 in effects, not in errors.
EFFECT, STD_ERROR = 1e-7, 1e-8


def expected(golden, key):
    found = json.loads((golden / "didimputation.json").read_text())["results"][key]
    return pd.DataFrame({name: np.atleast_1d(found[name]) for name in ("term", "estimate", "std.error")})


def counties(golden):
    frame = pd.read_csv(golden / "data" / "mpdta.csv")
    return frame.assign(cohort=frame["first.treat"].where(frame["first.treat"] > 0))


def castle(golden):
    frame = pd.read_csv(golden / "data" / "bacon_castle.csv", usecols=["state", "year", "post", "l_homicide"])
    return frame.assign(cohort=frame["state"].map(frame[frame["post"] == 1].groupby("state")["year"].min()))


def simulated(golden):
    frame = pd.read_csv(golden / "data" / "didimputation_df_het.csv")
    return frame.assign(cohort=frame["g"].where(frame["g"] > 0))


MADE = {
    "mpdta": (counties, "lemp", "countyreal"),
    "castle": (castle, "l_homicide", "state"),
    "df_het": (simulated, "dep_var", "unit"),
}


def estimated(golden, name, *, covariates=(), change=lambda frame: frame, cluster=None, **options):
    make, outcome, unit = MADE[name]
    d = PanelDesign.from_frame(
        change(make(golden)),
        outcome=outcome,
        unit=unit,
        time="year",
        cohort="cohort",
        covariates=covariates,
        cluster=cluster,
    )
    return did_imputation(d, leave_one_out=False, **options).tidy().set_index("term")


def assert_same(tidy, wanted):
    for term, estimate, std_error in wanted.itertuples(index=False):
        own = "overall" if term == "treat" else f"event_time={term}"
        assert tidy.estimate[own] == pytest.approx(estimate, rel=0, abs=EFFECT)
        assert tidy.std_error[own] == pytest.approx(std_error, rel=STD_ERROR)


@pytest.mark.parametrize("name", MADE)
def test_all_treated_rows(golden, name):
    assert_same(estimated(golden, name, leads=0), expected(golden, f"{name}_static"))


def test_errors_by_clusters_above_the_unit(golden):
    assert_same(estimated(golden, "df_het", cluster="state"), expected(golden, "df_het_static_cl_state"))


@pytest.mark.parametrize(("name", "key"), [("mpdta", "mpdta_es"), ("castle", "castle_es"), ("df_het", "df_het_es_pre")])
def test_by_time_since_the_start(golden, name, key):
    wanted = expected(golden, key)
    assert_same(estimated(golden, name), wanted[wanted["term"].astype(int) >= 0])


def test_covariates_with_a_slope_in_each_year(golden):
    years = [2004, 2005, 2006, 2007]
    with quietly():
        tidy = estimated(
            golden,
            "mpdta",
            leads=0,
            covariates=[f"lpop_{year}" for year in years],
            change=lambda f: f.assign(**{f"lpop_{year}": f["lpop"] * (f["year"] == year) for year in years}),
        )
    assert_same(tidy, expected(golden, "mpdta_es_lpop_year"))


@pytest.mark.parametrize(("name", "key", "leads"), [("castle", "castle_es", 4), ("df_het", "df_het_es_pre", 5)])
def test_leads_are_those_of_fixest_but_for_its_factor(golden, name, key, leads):
    """R fits them by feols, with its factor c/(c − 1)·(n − 1)/(n − k) for the k leads and periods."""
    make, _, unit = MADE[name]
    wanted, tidy = expected(golden, key), estimated(golden, name, leads=leads)
    wanted = wanted[wanted["term"].astype(int) < 0]
    frame = make(golden)
    untreated = frame[~(frame["year"] >= frame["cohort"])]
    clusters, n, spent = untreated[unit].nunique(), len(untreated), leads + untreated["year"].nunique()
    factor = np.sqrt(clusters / (clusters - 1) * (n - 1) / (n - spent))
    for term, estimate, std_error in wanted.itertuples(index=False):
        assert tidy.estimate[f"event_time={term}"] == pytest.approx(estimate, rel=0, abs=EFFECT)
        assert factor * tidy.std_error[f"event_time={term}"] == pytest.approx(std_error, rel=1e-6)
