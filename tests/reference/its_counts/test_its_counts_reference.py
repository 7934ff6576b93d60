"""Counts against R 4.2.2: glm, sandwich 3.0-2 (Newey–West), MASS 7.3-58 (negative binomial), tsModel (harmonics).

Numbers and script (06_its.R) lie in the folder of outside numbers: the Sicilian smoking ban (Lopez Bernal et al. 2017,
doi:10.1093/ije/dyw098, their tutorial's models) and R's ``Seatbelts``.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from coresponder_causal.design import SeriesDesign
from coresponder_causal.estimate import its_counts

# R stops at a relative change of the deviance of 1e-8: its coefficients are then right to about 1e-9, and its
# variance, whose weights are those of the last step but one, to 2e-6 at the worst here (vans).
COEFFICIENTS, VARIANCES = 1e-8, 3e-6
few_periods = pytest.mark.filterwarnings(
    "ignore:.* periods after the start:coresponder_causal.core.errors.IdentificationWarning"
)


def stored(golden, name, item):
    return json.loads((golden / f"its_{name}.json").read_text())["results"][item]


def of(expected, term, item="estimate"):
    return expected[item][expected["term"].index(term)]


def sicily(golden):
    frame = pd.read_csv(golden / "data" / "its_sicily.csv")
    return SeriesDesign.from_frame(frame, outcome="aces", time="time", start=37, exposure="stdpop", season=12)


def seatbelts(golden, outcome):
    frame = pd.read_csv(golden / "data" / "its_seatbelts.csv")
    return SeriesDesign.from_frame(frame, outcome=outcome, time="t", start=170, exposure="kms", season=12)


def level(fit):
    return float(fit.estimate[1]), float(np.sqrt(fit.vcov[1, 1]))


@pytest.mark.parametrize(("item", "pairs"), [("model2_quasi", 0), ("model3_quasi_harmonic", 2)])
def test_sicily_by_quasi_poisson(golden, item, pairs):
    expected = stored(golden, "sicily", item)
    fit = its_counts(sicily(golden), errors="quasi", harmonics=pairs, slope_change=False)
    estimate, std_error = level(fit)
    assert estimate == pytest.approx(of(expected, "smokban"), rel=COEFFICIENTS)
    assert std_error == pytest.approx(of(expected, "smokban", "se"), rel=VARIANCES)
    assert fit.extra["dispersion"] == pytest.approx(expected["dispersion"], rel=1e-5)
    assert fit.df[1] == expected["df_resid"]
    assert fit.pvalues["level_change"] == pytest.approx(of(expected, "smokban", "p"), rel=1e-5)


@pytest.mark.parametrize("lags", [1, 3, 6, 12])
def test_sicily_by_newey_west(golden, lags):
    expected = stored(golden, "sicily", "model3_quasi_harmonic")
    fit = its_counts(sicily(golden), errors="newey-west", lags=lags, slope_change=False)
    estimate, std_error = level(fit)
    assert estimate == pytest.approx(of(expected, "smokban"), rel=COEFFICIENTS)
    assert std_error == pytest.approx(of(expected, "smokban", f"se_NW{lags}_adj"), rel=VARIANCES)
    assert fit.extra["std_error_newey_west"] == pytest.approx(std_error, rel=1e-12)
    assert fit.extra["std_error_quasi"] == pytest.approx(of(expected, "smokban", "se"), rel=VARIANCES)


@few_periods
def test_sicily_with_a_change_of_slope(golden):
    """R counts the time since the ban from period 36, and its first full month is 37: its level is one slope off."""
    expected = stored(golden, "sicily", "model4_slope_centred")
    fit = its_counts(sicily(golden), errors="quasi", slope_change=True)
    slope = of(expected, "tc")
    np.testing.assert_allclose(fit.estimate[1:3], [of(expected, "smokban") + slope, slope], rtol=1e-7)
    assert np.sqrt(fit.vcov[2, 2]) == pytest.approx(of(expected, "tc", "se"), rel=VARIANCES)


def test_sicily_with_and_without_the_ban(golden):
    expected = stored(golden, "sicily", "counterfactual_m3")
    path = its_counts(sicily(golden), errors="quasi", slope_change=False).path
    np.testing.assert_allclose(path["fitted"], expected["fitted"], rtol=COEFFICIENTS)
    np.testing.assert_allclose(path["counterfactual"], expected["counterfactual"], rtol=COEFFICIENTS)
    averted = (path["counterfactual"] - path["fitted"])[path["dose"] > 0].sum()
    assert averted == pytest.approx(expected["averted"], rel=1e-7)


def test_sicily_by_negative_binomial(golden):
    """R takes a dispersion of 1 where ours is estimated, as for Poisson: the standard errors differ by its root."""
    expected = stored(golden, "sicily", "negbin_harmonic")
    fit = its_counts(sicily(golden), family="negative-binomial", errors="quasi", slope_change=False)
    estimate, std_error = level(fit)
    assert 1 / fit.extra["alpha"] == pytest.approx(expected["theta"], rel=1e-6)
    assert estimate == pytest.approx(of(expected, "smokban"), rel=1e-7)
    as_r = std_error / np.sqrt(fit.extra["dispersion"])
    assert as_r == pytest.approx(of(expected, "smokban", "se"), rel=VARIANCES)


@pytest.mark.parametrize(
    ("outcome", "item"), [("DriversKilled", "quasi_DriversKilled"), ("VanKilled", "poisson_VanKilled")]
)
def test_seat_belts_with_kilometres_as_exposure(golden, outcome, item):
    """The second is R's Poisson regression, whose dispersion is 1; its series has a mean of 9 and is the rarer one."""
    expected = stored(golden, "seatbelts", item)
    fit = its_counts(seatbelts(golden, outcome), errors="quasi", slope_change=False)
    estimate, std_error = level(fit)
    assert estimate == pytest.approx(of(expected, "law"), rel=COEFFICIENTS)
    spread = 1.0 if item.startswith("quasi") else np.sqrt(fit.extra["dispersion"])
    assert std_error / spread == pytest.approx(of(expected, "law", "se"), rel=VARIANCES)
    for lags in (1, 12):
        again = its_counts(seatbelts(golden, outcome), errors="newey-west", lags=lags, slope_change=False)
        assert level(again)[1] == pytest.approx(of(expected, "law", f"se_NW{lags}_adj"), rel=VARIANCES)
