"""The estimator itself against R 4.2.2 (prais 1.1.4, sandwich 3.0-2) and against published interrupted series.

Numbers and script (06_its.R) lie in the folder of outside numbers. The series here: Sicily (Lopez Bernal et
al. 2017, doi:10.1093/ije/dyw098), R's ``Seatbelts``, quetiapine (Schaffer et al. 2021, doi:10.1186/s12874-021-01235-8)
and the Nile (Cobb 1978; catalogue v18, v19). ARIMA and counts by quasi-Poisson are other methods'.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.core.serial import ols
from coresponder_causal.design import SeriesDesign
from coresponder_causal.design.modelled_series import modelled_series
from coresponder_causal.design.segmented import segmented
from coresponder_causal.estimate import its_segmented

# the same closed form, numbers stored with 15 digits
CLOSED_FORM = 1e-10
# both iterate: R to a change of ρ of 1e-10, this package to 1e-8
ITERATED = 1e-7
few_periods = pytest.mark.filterwarnings(
    "ignore:.* periods after the start:coresponder_causal.core.errors.IdentificationWarning"
)


def stored(golden, name, item):
    return json.loads((golden / f"its_{name}.json").read_text())["results"][item]


def standard_errors(result, number):
    return np.sqrt(np.diag(result.vcov))[1 : 1 + number]


def sicily(golden):
    frame = pd.read_csv(golden / "data" / "its_sicily.csv")
    frame["rate"] = 1e5 * frame["aces"] / frame["stdpop"]
    # R counts the time since the ban from period 36, and its first full month is 37: its level is one slope earlier.
    return SeriesDesign.from_frame(frame, outcome="rate", time="time", start=37, season=None)


def seatbelts(golden, **options):
    frame = pd.read_csv(golden / "data" / "its_seatbelts.csv")
    frame["petrol"], frame["km"] = np.log(frame["PetrolPrice"]), np.log(frame["kms"])
    return SeriesDesign.from_frame(frame, outcome="drivers", time="t", start=170, **options)


@few_periods
def test_sicily_by_prais_winsten(golden):
    expected = stored(golden, "sicily", "prais_rate")["twostep_FALSE"]
    assert expected["term"] == ["(Intercept)", "time", "smokban", "tc"]
    fit = its_segmented(sicily(golden), link="identity", errors="prais-winsten", slope_change=True)
    _, _, level, slope = expected["estimate"]
    np.testing.assert_allclose(fit.estimate[1:3], [level + slope, slope], rtol=ITERATED)
    assert fit.extra["rho"] == pytest.approx(expected["rho"], abs=1e-8)
    assert standard_errors(fit, 2)[1] == pytest.approx(expected["se"][3], rel=ITERATED)


@few_periods
@pytest.mark.parametrize(("errors", "lags", "item"), [("ols", 0, "se"), ("newey-west", 6, "se_NW6_adj")])
def test_sicily_by_least_squares(golden, errors, lags, item):
    expected = stored(golden, "sicily", "ols_rate_segmented")
    fit = its_segmented(sicily(golden), link="identity", errors=errors, lags=lags, slope_change=True)
    _, _, level, slope = expected["estimate"]
    np.testing.assert_allclose(fit.estimate[1:3], [level + slope, slope], rtol=CLOSED_FORM)
    assert standard_errors(fit, 2)[1] == pytest.approx(expected[item][3], rel=CLOSED_FORM)


@few_periods
@pytest.mark.parametrize("lags", [1, 3, 6, 12])
def test_seat_belts_with_month_levels_and_covariates(golden, lags):
    expected = stored(golden, "seatbelts", "ols_log_drivers")
    assert expected["term"][1:4] == ["t", "law", "after"]
    d = seatbelts(golden, season=12, controls=["petrol", "km"])
    fit = its_segmented(d, errors="newey-west", lags=lags, harmonics="dummies", slope_change=True)
    np.testing.assert_allclose(fit.estimate[1:3], expected["estimate"][2:4], rtol=CLOSED_FORM)
    np.testing.assert_allclose(standard_errors(fit, 2), expected[f"se_NW{lags}_adj"][2:4], rtol=CLOSED_FORM)
    assert fit.extra["lags"] == lags


def test_the_published_law_of_seat_belts(golden):
    """Catalogue v19: level and season deterministic, so that maximum likelihood is least squares; five decimals."""
    d = seatbelts(golden, season=12, controls=["petrol"])
    fit = its_segmented(d, errors="ols", harmonics="dummies", trend=False, slope_change=False)
    made = segmented(d, season="dummies", trend=False, slope_change=False)
    petrol = ols(modelled_series(d, "log"), made.matrix).beta[made.names.index("petrol")]
    np.testing.assert_allclose([petrol, fit.estimate[1]], [-0.45213, -0.19714], rtol=0, atol=5e-6)


def test_the_published_means_of_the_nile(golden):
    """Catalogue v18: 1097.75 before 1899, 849.97 from then on; printed with two decimals."""
    frame = pd.read_csv(golden / "data" / "nile.csv")
    d = SeriesDesign.from_frame(frame, outcome="y", time="year", start=1899)
    fit = its_segmented(d, link="identity", errors="ols", trend=False, slope_change=False)
    before, after = fit.path["fitted"].iloc[[0, -1]]
    np.testing.assert_allclose([before, after], [1097.75, 849.97], atol=0.005)
    assert fit.estimate[1] == pytest.approx(849.97 - 1097.75, abs=0.01)


@few_periods
def test_quetiapine_by_segmented_least_squares(golden):
    """Dispensings fell from January 2014; the ramp is 1 in its first month, so its level is one slope earlier."""
    expected = stored(golden, "quetiapine", "segmented_ols")
    assert expected["term"][2:] == ["step", "ramp"]
    frame = pd.read_csv(golden / "data" / "its_quetiapine.csv").assign(t=np.arange(48))
    d = SeriesDesign.from_frame(frame, outcome="dispensings", time="t", start=36, season=None)
    _, _, step, ramp = expected["estimate"]
    for errors, item in (("ols", "se"), ("newey-west", "se_NW6_adj")):
        fit = its_segmented(d, link="identity", errors=errors, lags=6, slope_change=True)
        np.testing.assert_allclose(fit.estimate[1:3], [step + ramp, ramp], rtol=CLOSED_FORM)
        assert standard_errors(fit, 2)[1] == pytest.approx(expected[item][3], rel=CLOSED_FORM)
